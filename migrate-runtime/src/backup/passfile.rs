//! Hands a password to a program of PostgreSQL: in a file that only this user may read, never in the
//! arguments or the environment, which others see.
//!
//! On Linux the file has no name. It is in memory, is the program's standard input, and is gone with the
//! last process that has it, however that ends.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::process::{Command, Stdio};

/// The name under which the program finds its standard input.
#[cfg(target_os = "linux")]
const STDIN: &str = "/proc/self/fd/0";
#[cfg(not(target_os = "linux"))]
const STDIN: &str = "/dev/fd/0";

/// Lets `command` find the password, or none: then it does not find one in the caller's own file either.
pub(super) fn attach(command: &mut Command, password: Option<&[u8]>) -> io::Result<()> {
    let mut file = private_file()?;
    file.write_all(&line(password.unwrap_or_default()))?;
    file.rewind()?;
    command.env("PGPASSFILE", STDIN).stdin(Stdio::from(file));
    Ok(())
}

/// A line of a password file that fits every connection; nothing for an empty password.
fn line(password: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let mut line = b"*:*:*:*:".to_vec();
    for byte in password {
        if matches!(byte, b':' | b'\\') {
            line.push(b'\\');
        }
        line.push(*byte);
    }
    line.push(b'\n');
    line
}

/// The library refuses one that others may read, whatever its name.
#[cfg(target_os = "linux")]
fn private_file() -> io::Result<File> {
    use std::os::unix::fs::PermissionsExt as _;

    let file = File::from(rustix::fs::memfd_create("pgpass", rustix::fs::MemfdFlags::CLOEXEC)?);
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Elsewhere it has a name for a moment.
#[cfg(not(target_os = "linux"))]
fn private_file() -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    let path = std::path::Path::new("/tmp").join(format!("pgpass-{}", uuid::Uuid::new_v4()));
    let mut options = std::fs::OpenOptions::new();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_the_file_is_escaped() {
        #[track_caller]
        fn check(password: &str, expected: &str) {
            assert_eq!(line(password.as_bytes()), expected.as_bytes());
        }

        check("", "");
        check("secret", "*:*:*:*:secret\n");
        check(r"a:b\c", "*:*:*:*:a\\:b\\\\c\n");
    }
}
