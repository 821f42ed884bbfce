//! Takes a stream of bytes apart into the messages of PostgreSQL's protocol.

/// One message, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The type byte; none for what comes before the session proper.
    pub(super) kind: Option<u8>,
    pub(super) raw: Vec<u8>,
}

/// What the first message of a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// A session.
    Session,
    /// Encryption first; the answer is one byte.
    Encryption,
    /// The end of somebody else's statement.
    Cancel,
}

/// Cuts one direction of a connection into messages.
#[derive(Debug)]
pub(super) struct Framer {
    buffer: Vec<u8>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The client's opening has a length and no type.
    Opening,
    /// The server's answer to a request for encryption.
    OneByte,
    Session,
    /// Encrypted, or something else that we cannot read.
    Opaque,
}

impl Framer {
    pub(super) fn of_client() -> Framer {
        Framer { buffer: Vec::new(), phase: Phase::Opening }
    }

    pub(super) fn of_server() -> Framer {
        Framer { buffer: Vec::new(), phase: Phase::Session }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The client has asked for encryption.
    pub(super) fn expect_one_byte(&mut self) {
        self.phase = Phase::OneByte;
    }

    /// From here on nothing can be read.
    pub(super) fn give_up(&mut self) {
        self.phase = Phase::Opaque;
    }

    /// The next message that is there in full.
    pub(super) fn next(&mut self) -> Option<Message> {
        let (kind, length) = match self.phase {
            Phase::Opening => (None, self.length_at(0)?),
            Phase::OneByte => (None, 1),
            Phase::Session => (Some(*self.buffer.first()?), 1 + self.length_at(1)?),
            Phase::Opaque => (None, self.buffer.len()),
        };
        if length == 0 || self.buffer.len() < length {
            return None;
        }
        let rest = self.buffer.split_off(length);
        let message = Message { kind, raw: std::mem::replace(&mut self.buffer, rest) };
        self.phase = match self.phase {
            Phase::Opening if message.opening() == Opening::Encryption => Phase::Opening,
            Phase::OneByte if message.raw != b"N" => Phase::Opaque,
            Phase::Opening | Phase::OneByte | Phase::Session => Phase::Session,
            Phase::Opaque => Phase::Opaque,
        };
        Some(message)
    }

    fn length_at(&self, start: usize) -> Option<usize> {
        let bytes = self.buffer.get(start..start + 4)?;
        let length = u32::from_be_bytes(bytes.try_into().ok()?);
        usize::try_from(length).ok()
    }
}

impl Message {
    /// What a message without a type asks for.
    pub(super) fn opening(&self) -> Opening {
        let code = self.raw.get(4..8).and_then(|it| it.try_into().ok()).map(u32::from_be_bytes);
        match code {
            Some(80_877_102) => Opening::Cancel,
            Some(80_877_103 | 80_877_104) => Opening::Encryption,
            _ => Opening::Session,
        }
    }

    /// The SQL of a Query or a Parse.
    pub(super) fn sql(&self) -> Option<String> {
        let body = self.raw.get(5..)?;
        let text = match self.kind? {
            b'Q' => body.split(|it| *it == 0).next(),
            b'P' => body.split(|it| *it == 0).nth(1),
            _ => None,
        };
        text.map(|it| String::from_utf8_lossy(it).into_owned())
    }

    /// What a `CommandComplete` says, as in `COMMIT` or `INSERT 0 1`.
    pub(super) fn tag(&self) -> Option<String> {
        let body = self.raw.get(5..).filter(|_| self.kind == Some(b'C'))?;
        Some(String::from_utf8_lossy(body.split(|it| *it == 0).next()?).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCRYPTION: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];
    const STARTUP: &[u8] = &[0, 0, 0, 9, 0, 3, 0, 0, 0];

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind], &length[..], body].concat()
    }

    /// Feeds the stream in pieces of every size: where it is cut must not matter.
    #[track_caller]
    fn check(framer: fn() -> Framer, stream: &[u8], expected: &[Option<u8>]) {
        for size in 1..=stream.len() {
            let mut framer = framer();
            let mut kinds = Vec::new();
            let mut raw = Vec::new();
            for piece in stream.chunks(size) {
                framer.push(piece);
                while let Some(message) = framer.next() {
                    kinds.push(message.kind);
                    raw.extend(message.raw);
                }
            }
            assert_eq!((kinds.as_slice(), raw.as_slice()), (expected, stream), "pieces of {size}");
        }
    }

    #[test]
    fn a_client_opens_and_then_sends_typed_messages() {
        let stream = [STARTUP, &message(b'Q', b"SELECT 1\0"), &message(b'X', b"")].concat();
        check(Framer::of_client, &stream, &[None, Some(b'Q'), Some(b'X')]);
    }

    #[test]
    fn a_client_may_ask_for_encryption_first() {
        let stream = [ENCRYPTION, STARTUP, &message(b'S', b"")].concat();
        check(Framer::of_client, &stream, &[None, None, Some(b'S')]);
    }

    #[test]
    fn a_server_may_refuse_encryption_and_go_on() {
        let framer = || {
            let mut framer = Framer::of_server();
            framer.expect_one_byte();
            framer
        };
        let stream = [b"N", message(b'R', &[0, 0, 0, 0]).as_slice()].concat();
        check(framer, &stream, &[None, Some(b'R')]);
    }

    #[test]
    fn text_is_read_where_it_stands() {
        let read = |kind, body: &[u8]| Message { kind: Some(kind), raw: message(kind, body) };
        assert_eq!(read(b'Q', b"SELECT 1\0").sql().unwrap(), "SELECT 1");
        assert_eq!(read(b'P', b"name\0SELECT 2\0\0\0").sql().unwrap(), "SELECT 2");
        assert_eq!(read(b'S', b"").sql(), None);
        assert_eq!(read(b'C', b"INSERT 0 1\0").tag().unwrap(), "INSERT 0 1");
        assert_eq!(read(b'Z', b"I").tag(), None);
    }
}
