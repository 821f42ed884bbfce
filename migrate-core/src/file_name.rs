//! File names: `YYYYMMDDHHMMSS_name.up.sql` and `.down.sql`.

use std::fmt;
use std::str::FromStr;

use crate::{Version, VersionError};

/// The name of a script's file, taken apart.
///
/// ```
/// use migrate_core::{Direction, FileName};
///
/// let file: FileName = "20240320000000_create_iam_tables.up.sql".parse().unwrap();
/// assert_eq!((file.name.as_str(), file.direction), ("create_iam_tables", Direction::Up));
/// assert_eq!(file.twin().to_string(), "20240320000000_create_iam_tables.down.sql");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName {
    /// The version of the migration.
    pub version: Version,
    /// The name of the migration.
    pub name: String,
    /// Which of its two scripts it is.
    pub direction: Direction,
}

/// Which of a migration's two scripts to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Make the change.
    Up,
    /// Take the change back.
    Down,
}

/// Why a name is not the name of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileNameError {
    /// It does not end in `.up.sql` or `.down.sql`.
    Ending,
    /// There is no underscore between a version and a name.
    NoName,
    /// What stands before the first underscore is not a version.
    Version(VersionError),
    /// The name has other characters than `a`–`z`, `0`–`9` and `_`.
    Name,
}

impl FileName {
    /// The name of the migration's other script.
    #[must_use]
    pub fn twin(&self) -> FileName {
        let direction = match self.direction {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
        };
        FileName { direction, ..self.clone() }
    }
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<FileName, FileNameError> {
        let with = |direction: Direction| {
            text.strip_suffix(direction.ending()).map(|stem| (stem, direction))
        };
        let found = with(Direction::Up).or_else(|| with(Direction::Down));
        let (stem, direction) = found.ok_or(FileNameError::Ending)?;
        let (version, name) = stem.split_once('_').ok_or(FileNameError::NoName)?;
        let version = version.parse().map_err(FileNameError::Version)?;
        if !is_migration_name(name) {
            return Err(FileNameError::Name);
        }
        Ok(FileName { version, name: name.to_owned(), direction })
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}{}", self.version, self.name, self.direction.ending())
    }
}

impl Direction {
    /// The word that the database keeps for this direction.
    pub const fn as_str(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }

    /// The direction that a word of the database means.
    pub fn from_word(word: &str) -> Option<Direction> {
        [Direction::Up, Direction::Down].into_iter().find(|it| it.as_str() == word)
    }

    /// How the names of such scripts end.
    pub const fn ending(self) -> &'static str {
        match self {
            Direction::Up => ".up.sql",
            Direction::Down => ".down.sql",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for FileNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileNameError::Ending => {
                f.write_str("the name ends in neither `.up.sql` nor `.down.sql`")
            }
            FileNameError::NoName => f.write_str("the file has no name between version and ending"),
            FileNameError::Version(error) => error.fmt(f),
            FileNameError::Name => f.write_str("a name has only a to z, 0 to 9 and underscores"),
        }
    }
}

impl std::error::Error for FileNameError {}

/// Whether a text may stand between the version and the ending.
pub fn is_migration_name(text: &str) -> bool {
    let allowed = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    !text.is_empty() && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_were_written() {
        check("20240320000000_a.up.sql", None);
        check("20240320000000_create_2_tables.down.sql", None);
        check("20240320000000__.up.sql", None);
    }

    #[test]
    fn other_names_are_refused() {
        use FileNameError::{Ending, Name, NoName};
        check("20240320000000_a.sql", Ending);
        check("20240320000000_a.UP.sql", Ending);
        check("20240320000000_a.up.sql~", Ending);
        check("20240320000000.up.sql", NoName);
        check("20240320000000_.up.sql", Name);
        check("20240320000000_Add.up.sql", Name);
        check("20240320000000_add-users.up.sql", Name);
        check("20240320000000_über.up.sql", Name);
        check("20240320000000_a.up.down.sql", Name);
        check("1_a.up.sql", FileNameError::Version(VersionError::NotFourteenDigits));
        check("_a.up.sql", FileNameError::Version(VersionError::NotFourteenDigits));
        check("20240230000000_a.up.sql", FileNameError::Version(VersionError::NoSuchTime));
    }

    #[track_caller]
    fn check(text: &str, error: impl Into<Option<FileNameError>>) {
        let parsed = text.parse::<FileName>();
        assert_eq!(parsed.clone().err(), error.into(), "{text}");
        if let Ok(name) = parsed {
            assert_eq!(name.to_string(), text);
            assert_eq!(name.twin().twin(), name);
        }
    }
}
