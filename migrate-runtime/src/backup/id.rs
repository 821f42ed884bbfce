//! The name of a backup: when it was taken, of which environment, and four characters at random.
//!
//! It becomes the name of a folder, so that nothing gets in that could lead to another one.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, ErrorKind};

/// The name of a backup, as in `20261125T221530Z-production-3f9c`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupId(String);

/// The time in an id, as in `20261125T221530Z`.
const TIME: usize = 16;
/// What tells apart those of one second.
const RANDOM: usize = 4;
/// How much of an environment's name an id has at most.
const LONGEST_NAME: usize = 32;

impl BackupId {
    /// An id for a backup of a time, as in `2026-11-25T22:15:30.123456Z`.
    pub(super) fn new(time: &str, environment: &str, random: &str) -> BackupId {
        let seconds = time.split('.').next().unwrap_or(time);
        let time: String = seconds.chars().filter(|it| !matches!(it, '-' | ':' | 'Z')).collect();
        BackupId(format!("{time}Z-{}-{random}", BackupId::word(environment)))
    }

    /// What ids have in the place of an environment's name.
    pub(crate) fn word(environment: &str) -> String {
        let plain = |it: char| if is_of_name(it) { it } else { '_' };
        let word: String = environment.chars().take(LONGEST_NAME).map(plain).collect();
        if word.is_empty() { "none".to_owned() } else { word }
    }

    /// The id as a text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The environment, as far as the id has its name.
    pub fn environment(&self) -> &str {
        &self.0[TIME + 1..self.0.len() - RANDOM - 1]
    }

    /// The time at which it was taken, as in `2026-11-25T22:15:30Z`.
    pub(super) fn time(&self) -> String {
        let it = |from: usize, to: usize| &self.0[from..to];
        let (year, month, day) = (it(0, 4), it(4, 6), it(6, 8));
        format!("{year}-{month}-{day}T{}:{}:{}Z", it(9, 11), it(11, 13), it(13, 15))
    }
}

fn is_of_name(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '_' || it == '-'
}

impl FromStr for BackupId {
    type Err = Error;

    fn from_str(text: &str) -> Result<BackupId, Error> {
        let is_time = |it: &str| {
            it.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                15 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            })
        };
        let parts = text.is_ascii().then(|| {
            let (time, rest) = text.split_at_checked(TIME)?;
            let (name, random) = rest.strip_prefix('-')?.rsplit_once('-')?;
            Some((time, name, random))
        });
        let is_id = parts.flatten().is_some_and(|(time, name, random)| {
            let is_hex = |it: u8| it.is_ascii_digit() || (b'a'..=b'f').contains(&it);
            is_time(time)
                && (1..=LONGEST_NAME).contains(&name.len())
                && name.chars().all(is_of_name)
                && random.len() == RANDOM
                && random.bytes().all(is_hex)
        });
        if is_id {
            return Ok(BackupId(text.to_owned()));
        }
        let what = "that is no id of a backup, which looks like 20261125T221530Z-production-3f9c";
        Err(Error::new(ErrorKind::NoSuchBackup, what)
            .with_state("nothing was changed")
            .with_hint("migration-cli backup list"))
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, environment: Option<&str>) {
        let id: Result<BackupId, Error> = text.parse();
        assert_eq!(id.as_ref().ok().map(BackupId::environment), environment, "{text}");
        assert!(id.is_ok_and(|it| it.as_str() == text) == environment.is_some());
    }

    #[test]
    fn an_id_is_of_one_form_and_never_a_path() {
        check("20261125T221530Z-production-3f9c", Some("production"));
        check("20261125T221530Z-pre-prod_2-0000", Some("pre-prod_2"));
        for text in [
            "",
            ".",
            "..",
            "../20261125T221530Z-production-3f9c",
            "20261125T221530Z-../../x-3f9c",
            "20261125T221530Z-a/b-3f9c",
            "20261125T221530Z-a.b-3f9c",
            "20261125T221530Z-a\\b-3f9c",
            "20261125T221530Z--3f9c",
            "20261125T221530Z-production-3F9C",
            "20261125T221530Z-production-3f9",
            "20261125T221530Z-production-3f9c.partial",
            "20261125T221530Z-production-3f9c/",
            "20261125T221530Z-productiön-3f9c",
            "20261125 221530Z-production-3f9c",
            "20261125T221530Z-production-3f9c\0",
            "-20261125T221530Z-production-3f9c",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn the_name_of_an_environment_is_made_plain() {
        let id = BackupId::new("2026-11-25T22:15:30.123456Z", "live/../EU 1 é", "3f9c");
        assert_eq!(id.as_str(), "20261125T221530Z-live____EU_1__-3f9c");
        assert_eq!(id.time(), "2026-11-25T22:15:30Z");
        assert_eq!(BackupId::word(""), "none");
        for it in [&id, &BackupId::new("2026-11-25T22:15:30Z", &"x".repeat(99), "3f9c")] {
            assert_eq!(it.as_str().parse::<BackupId>().unwrap(), *it);
        }
    }
}
