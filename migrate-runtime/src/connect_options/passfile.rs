//! The password file of libpq: `HOST:PORT:DATABASE:USER:PASSWORD`, a line each, `*` for any.
//!
//! Source: <https://www.postgresql.org/docs/18/libpq-pgpass.html>.

use std::path::Path;

use super::parse::{unescape, value_until};

/// A line of the file.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Host, port, database, user.
    matches: [String; 4],
    password: String,
}

/// Reads the file. One that others may read is not used, as with libpq; why, is the error.
pub(crate) fn read(path: &Path) -> Result<Vec<Entry>, String> {
    let shown = path.display();
    let file = std::fs::metadata(path).map_err(|it| format!("cannot read {shown}: {it}"))?;
    if !file.is_file() {
        return Err(format!("{shown} is not a file, and holds no password"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.permissions().mode() & 0o077 != 0 {
            return Err(format!(
                "the password file {shown} is not used, since others may read it; chmod 600 {shown}"
            ));
        }
    }
    let text = std::fs::read(path).map_err(|it| format!("cannot read {shown}: {it}"))?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().filter_map(Entry::parse).collect())
}

/// The password of the first line that matches.
pub(crate) fn find<'e>(entries: &'e [Entry], place: [&str; 4]) -> Option<&'e str> {
    let found = entries.iter().find(|entry| {
        entry.matches.iter().zip(place).all(|(pattern, value)| pattern == "*" || pattern == value)
    });
    found.map(|it| it.password.as_str())
}

impl Entry {
    fn parse(line: &str) -> Option<Entry> {
        let line = line.trim_end_matches('\r');
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let mut rest = line;
        let mut matches = [const { String::new() }; 4];
        for field in &mut matches {
            let (value, after) = field_of(rest)?;
            // An escaped star is a star, and no name of ours is that.
            *field = value;
            rest = after;
        }
        let password = field_of(rest).map_or_else(|| unescape(rest), |(value, _)| value);
        Some(Entry { matches, password })
    }
}

/// The text before the first `:` that no backslash precedes.
fn field_of(text: &str) -> Option<(String, &str)> {
    value_until(text, |it| it == ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_matches_counts() {
        let text = "# mine\n\nh:5432:d:u:one\n*:*:*:u:two\nh\\:x:1:d\\\\:*:a\\:b\r\n*:1:*:*:c:rest\nbroken:line\n";
        let entries: Vec<Entry> = text.lines().filter_map(Entry::parse).collect();
        for (place, expected) in [
            (["h", "5432", "d", "u"], Some("one")),
            (["other", "5432", "d", "u"], Some("two")),
            (["h:x", "1", "d\\", "v"], Some("a:b")),
            (["h", "1", "x", "v"], Some("c")),
            (["h", "2", "x", "v"], None),
        ] {
            assert_eq!(find(&entries, place), expected, "{place:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, "*:*:*:*:canary\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let problem = read(&path).err().unwrap();
        assert!(problem.contains("chmod 600") && !problem.contains("canary"), "{problem}");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(find(&read(&path).ok().unwrap(), ["h", "1", "d", "u"]), Some("canary"));
        assert!(read(folder.path()).is_err(), "a folder");
    }
}
