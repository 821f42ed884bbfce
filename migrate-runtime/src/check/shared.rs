//! Roles and tablespaces: what scripts make that belongs to the server, and outlives their database.
//!
//! It goes with that database, so that the next one begins as the first one did. On a server that others use too,
//! only what a script or the setup names goes: anything else that is new may be theirs.

use std::collections::BTreeSet;

use migrate_core::MigrationSet;

use crate::connection::Connection;
use crate::error::Error;
use crate::progress::Event;
use crate::transport::{Failure, FailureCause, Reply};

/// What there is of the server, and who made it.
#[derive(Default)]
pub(super) struct Shared {
    /// What was there before.
    there: BTreeSet<String>,
    /// What scripts and setup say, where others use the server too.
    said: Option<String>,
}

impl Shared {
    /// What there is before anything ran.
    pub(super) fn note(&mut self, connection: &mut Connection<'_>) -> Result<(), Error> {
        let found = connection.ask(include_str!("shared.sql"))?;
        self.there = names(&found).map(|it| it.0).collect();
        Ok(())
    }

    /// Others use the server too.
    pub(super) fn with_others(set: &MigrationSet, setup: &str) -> Shared {
        let scripts = set.iter().flat_map(|it| [it.up.sql, it.down.sql]);
        let said = scripts.chain([setup]).collect::<Vec<_>>().join("\n").to_lowercase();
        Shared { said: Some(said), ..Shared::default() }
    }

    /// Drops what was not there. What others depend on goes after them; what cannot be dropped stays, with a
    /// warning. Also after an interruption.
    pub(super) fn drop_new(&self, connection: &mut Connection<'_>) {
        loop {
            let Ok(found) = connection.send_last(include_str!("shared.sql")) else { return };
            let new = names(&found).filter(|(what, name)| self.is_new(what, name));
            let new: Vec<String> = new.map(|it| it.0).collect();
            let mut stays = Vec::new();
            for what in &new {
                if let Err(failure) = connection.send_last(&format!("DROP {what}")) {
                    stays.push(format!("{what} of the check stays: {}", reason(&failure)));
                }
            }
            if stays.len() == new.len() {
                let warnings = stays.into_iter().map(|message| Event::Warning { message });
                return warnings.for_each(|it| connection.tell(it));
            }
        }
    }

    fn is_new(&self, what: &str, name: &str) -> bool {
        !self.there.contains(what) && self.said.as_ref().is_none_or(|it| says(it, name))
    }
}

/// What is dropped, and what it is called.
fn names(reply: &Reply) -> impl Iterator<Item = (String, String)> + '_ {
    reply.of(0).filter_map(|it| Some((it.first()?.clone()?, it.get(1)?.clone()?)))
}

/// Whether a text in small letters has a name in it, not as a part of another one.
fn says(text: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let is_of_name = |it: char| it.is_alphanumeric() || it == '_';
    text.match_indices(&name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(is_of_name) && !after.starts_with(is_of_name)
    })
}

fn reason(failure: &Failure) -> String {
    match &failure.error {
        FailureCause::Postgres(error) => match error.as_db_error() {
            Some(error) => error.message().to_owned(),
            None => error.to_string(),
        },
        FailureCause::Abandoned => "the server did not answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_part_of_another_one() {
        assert!(says("create role app; create table t ()", "app"));
        assert!(says("grant select on t to \"my app\"", "My App"));
        assert!(!says("create role application", "app"));
        assert!(!says("create role my_app", "app"));
        assert!(!says("", "app"));
    }
}
