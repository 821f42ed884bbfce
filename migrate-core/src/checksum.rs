//! Checksums: SHA-256 of a script's text.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The SHA-256 of a script, after a byte order mark and carriage returns were taken out.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum([u8; 32]);

/// A text is not a checksum: it is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChecksumError;

impl Checksum {
    /// Hashes a text.
    pub fn of(text: &str) -> Checksum {
        Checksum(Sha256::digest(text.as_bytes()).into())
    }

    /// The 32 bytes of the hash.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    #[doc(hidden)] // For generated code, which was given the hash by the macro.
    pub const fn embedded(bytes: [u8; 32]) -> Checksum {
        Checksum(bytes)
    }

    fn digits(&self) -> impl Iterator<Item = [u8; 2]> {
        let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
        self.0.iter().map(move |byte| [digit(byte >> 4), digit(byte & 15)])
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By the byte, `{:02x}` was a seventh of all that a run did on the client.
        f.write_str(&self.digits().flatten().map(char::from).collect::<String>())
    }
}

/// Whether it is written like that, in small letters.
impl PartialEq<str> for Checksum {
    fn eq(&self, text: &str) -> bool {
        text.len() == 64 && self.digits().eq(text.as_bytes().chunks_exact(2))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Checksum({self})")
    }
}

impl FromStr for Checksum {
    type Err = ChecksumError;

    fn from_str(text: &str) -> Result<Checksum, ChecksumError> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(ChecksumError);
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let nibble = |digit: u8| char::from(digit).to_digit(16).ok_or(ChecksumError);
            *byte = u8::try_from(nibble(digits[0])? * 16 + nibble(digits[1])?).unwrap_or_default();
        }
        Ok(Checksum(bytes))
    }
}

impl fmt::Display for ChecksumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a checksum has 64 hexadecimal digits")
    }
}

impl std::error::Error for ChecksumError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_sha256sum_does() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Checksum::of("").to_string(), empty);
        assert_eq!(Checksum::of(""), *empty);
        for other in [&empty[1..], &empty.to_uppercase(), &empty.replace("855", "854"), ""] {
            assert_ne!(Checksum::of(""), *other);
        }
        assert_eq!(empty.parse(), Ok(Checksum::of("")));
    }

    #[test]
    fn refuses_what_is_not_a_checksum() {
        assert_eq!("e3b0".parse::<Checksum>(), Err(ChecksumError));
        assert_eq!("g".repeat(64).parse::<Checksum>(), Err(ChecksumError));
        assert_eq!("é".repeat(32).parse::<Checksum>(), Err(ChecksumError));
    }
}
