//! The script that `pg_restore` writes, piece by piece: statements, and the data behind `COPY`. Pure, but for
//! the reading.

use std::io::{self, BufRead};

/// A script that is being read.
pub(super) struct Script<R> {
    lines: R,
    /// The end of the data was read, and not said yet.
    ended: bool,
    /// What is made has its name in a comment before it; what is dropped has not.
    pub(super) is_making: bool,
}

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Statement(String),
    /// What follows is data, up to its end: [`Script::data`] reads it.
    Copy(String),
}

/// How much data is handed on at once.
const CHUNK: usize = 1 << 18;

/// What ends the data.
const END: &[u8] = b"\\.";

impl<R: BufRead> Script<R> {
    pub(super) fn new(lines: R) -> Script<R> {
        Script { lines, ended: false, is_making: false }
    }

    /// The next statement; nothing at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Piece>> {
        let mut text = String::new();
        loop {
            let from = text.len();
            if self.lines.read_line(&mut text)? == 0 {
                return Ok(Some(text).filter(|it| !it.trim().is_empty()).map(Piece::Statement));
            }
            let line = text[from..].trim_end();
            if from == 0 && (line.is_empty() || line.starts_with("--") || line.starts_with('\\')) {
                self.is_making |= line.starts_with("-- Name: ");
                text.clear();
                continue;
            }
            if line.ends_with(';') && is_whole(&text) {
                let statement = text.trim_end().trim_end_matches(';').to_owned();
                let copies = statement.starts_with("COPY ") && statement.ends_with(" FROM stdin");
                let piece =
                    if copies { Piece::Copy(statement) } else { Piece::Statement(statement) };
                return Ok(Some(piece));
            }
        }
    }

    /// Some of the data of a `COPY`; nothing once it has ended.
    pub(super) fn data(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut chunk = Vec::new();
        if std::mem::take(&mut self.ended) {
            return Ok(None);
        }
        while chunk.len() < CHUNK {
            let from = chunk.len();
            if self.lines.read_until(b'\n', &mut chunk)? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the data has no end"));
            }
            if chunk[from..].trim_ascii_end() == END {
                chunk.truncate(from);
                self.ended = !chunk.is_empty();
                return Ok(Some(chunk).filter(|it| !it.is_empty()));
            }
        }
        Ok(Some(chunk))
    }
}

/// Whether a text ends where a statement does. A semicolon may stand in a text or in the body of a function,
/// which is cut, unfinished as it is, into one statement with whatever comes next.
fn is_whole(text: &str) -> bool {
    const NEXT: &str = "\nSELECT";
    migrate_core::split(&format!("{text}{NEXT}")).is_ok_and(|it| it.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_read_statement_by_statement() {
        let text = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET a = 0;\n\n--\n-- Name: f\n--\n\n\
            CREATE FUNCTION f() RETURNS text\n    AS $$ BEGIN\n  RETURN ';\n';\nEND; $$;\n\n\
            CREATE FUNCTION g() RETURNS int\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1;\n SELECT CASE WHEN true THEN 2 END;\nEND;\n\n\
            COPY public.t (a) FROM stdin;\n1\n;\n\\.\n\n\nALTER TABLE t\n    ADD b int;\n\\unrestrict abc\n";
        let mut script = Script::new(text.as_bytes());
        let mut found = Vec::new();
        let mut making = Vec::new();
        while let Some(piece) = script.next().unwrap() {
            making.push(script.is_making);
            if let Piece::Copy(_) = piece {
                assert_eq!(script.data().unwrap().unwrap(), b"1\n;\n");
                assert_eq!(script.data().unwrap(), None);
            }
            found.push(piece);
        }
        let statement = |it: &str| Piece::Statement(it.to_owned());
        let expected = [
            statement("SET a = 0"),
            statement(
                "CREATE FUNCTION f() RETURNS text\n    AS $$ BEGIN\n  RETURN ';\n';\nEND; $$",
            ),
            statement(
                "CREATE FUNCTION g() RETURNS int\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1;\n SELECT CASE WHEN true THEN 2 END;\nEND",
            ),
            Piece::Copy("COPY public.t (a) FROM stdin".to_owned()),
            statement("ALTER TABLE t\n    ADD b int"),
        ];
        assert_eq!(found, expected);
        assert_eq!(making, [false, true, true, true, true]);
    }

    #[test]
    fn data_without_an_end_is_no_data() {
        let mut script = Script::new("COPY t FROM stdin;\n1\n2\n".as_bytes());
        assert!(matches!(script.next().unwrap(), Some(Piece::Copy(_))));
        assert!(script.data().is_err());
    }
}
