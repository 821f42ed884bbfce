//! An error for somebody who sees nothing but what `unwrap` prints: on several lines, all that is known.
//!
//! No more secret than the message and its causes: nothing in an [`Error`] holds a password.

use std::error::Error as _;
use std::fmt;

use super::{Error, Location};

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        if let Some(location) = self.location() {
            draw(location, f)?;
        }
        let mut cause = self.source();
        while let Some(it) = cause {
            write!(f, "\nCaused by: {it}")?;
            cause = it.source();
        }
        let facts = [
            ("Detail", self.server_detail()),
            ("Server hint", self.server_hint()),
            ("Context", self.server_context()),
            ("SQLSTATE", self.sqlstate()),
            ("Kind", Some(self.kind().as_str())),
            ("State", self.state()),
        ];
        for (name, text) in facts {
            if let Some(text) = text {
                write!(f, "\n{name}: {text}")?;
            }
        }
        for blocker in self.blockers() {
            write!(f, "\nIn the way: {blocker}")?;
        }
        for done in self.partial().iter().flat_map(|it| &it.done) {
            write!(f, "\nDone before: {}_{}", done.version, done.name)?;
        }
        self.hints().iter().try_for_each(|hint| write!(f, "\nHint: {hint}"))
    }
}

/// The line of the script, and a mark under the place where the server told it.
fn draw(location: &Location, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (line, text) = (location.line.to_string(), &location.source_line);
    write!(f, "\n  {line} | {text}")?;
    let Some(column) = location.column else { return Ok(()) };
    let before = text.chars().take(column.saturating_sub(1) as usize);
    // A tab is as wide as the one above it.
    let blanks: String = before.map(|it| if it == '\t' { it } else { ' ' }).collect();
    write!(f, "\n  {:width$} | {blanks}^", "", width = line.len())
}

#[cfg(test)]
mod tests {
    use super::super::ErrorKind;
    use super::*;

    #[test]
    fn unwrap_shows_what_a_person_needs() {
        let location = Location {
            file: "migrations/20260101000000_a.up.sql".to_owned(),
            line: 3,
            column: Some(9),
            source_line: "\tamount numerc NOT NULL".to_owned(),
            statement: 1,
        };
        let error = Error::new(ErrorKind::Sql, "running migration 20260101000000_a failed")
            .with_source(std::io::Error::other("type \"numerc\" does not exist"))
            .with_location(Some(location))
            .with_state("nothing of 20260101000000_a was changed")
            .with_hint("migration-cli up");
        let expected = "\
migrations/20260101000000_a.up.sql:3:9: running migration 20260101000000_a failed
  3 | \tamount numerc NOT NULL
    | \t       ^
Caused by: type \"numerc\" does not exist
Kind: sql
State: nothing of 20260101000000_a was changed
Hint: migration-cli up";
        assert_eq!(format!("{error:?}"), expected);
        // Who asks for the wide form gets the same.
        assert_eq!(format!("{error:#?}"), expected);
    }

    #[test]
    fn what_is_not_known_takes_no_line() {
        assert_eq!(format!("{:?}", Error::new(ErrorKind::Io, "no")), "no\nKind: io");
    }
}
