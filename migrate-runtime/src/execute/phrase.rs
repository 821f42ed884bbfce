//! The statements of ours that every script has around it.
//!
//! Where many scripts follow each other, the server reads and plans these statements once, under names, and then gets
//! nothing but their values: reading and planning is most of what they cost. A script that has prepared statements too,
//! or drops all of them, gets ours in full.

use migrate_core::Direction;

use super::Execution;
use super::frame::{Frame, Times};
use crate::audit::Entry;
use crate::connection::DEALLOCATE;
use crate::plan::Step;
use crate::quote::fill;
use crate::transport::Keep;

/// From how many scripts on it is worth it.
pub(super) const WORTH: usize = 4;

/// What stands before the statements that give names. Whoever keeps others from our tables keeps it waiting, and then
/// it is better to do without: a migration tells whom it waits for.
const BEFORE: [&str; 4] = [
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    "SET LOCAL lock_timeout = '10ms'",
    "SET LOCAL search_path = pg_catalog",
    // A pooler may have left some of another session.
    DEALLOCATE,
];

/// What stands before the planning of those that look for a row: their tables grow, however small they are now.
const PLANNING: [&str; 2] =
    ["SET LOCAL plan_cache_mode = force_generic_plan", "SET LOCAL enable_seqscan = off"];

/// One of the statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phrase {
    /// Proves that we hold the lock and that the step is still to do, and lets its script in: its version, and what is
    /// to be done before it.
    Enter,
    /// Proves that the script has left everything as it was.
    Left,
    /// Enters what ran: version, name, checksum.
    Ran,
    /// Takes out what was reverted: its version.
    Reverted,
    /// Keeps the way back: version, script, checksum, mode, statements.
    Keep,
    /// The row of the log: version and details.
    Log,
}

/// How a message says them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wording {
    InFull,
    /// By the names that they have in the session.
    ByName,
}

impl Phrase {
    const UP: [Phrase; 5] = [Phrase::Enter, Phrase::Left, Phrase::Ran, Phrase::Keep, Phrase::Log];
    const DOWN: [Phrase; 4] = [Phrase::Enter, Phrase::Left, Phrase::Reverted, Phrase::Log];

    fn name(self) -> &'static str {
        match self {
            Phrase::Enter => "migrate_enter",
            Phrase::Left => "migrate_left",
            Phrase::Ran => "migrate_ran",
            Phrase::Reverted => "migrate_reverted",
            Phrase::Keep => "migrate_keep",
            Phrase::Log => "migrate_log",
        }
    }

    /// How many values it has.
    fn values(self) -> usize {
        match self {
            Phrase::Left => 0,
            Phrase::Reverted => 1,
            Phrase::Enter | Phrase::Log => 2,
            Phrase::Ran => 3,
            Phrase::Keep => 5,
        }
    }

    /// The phrase by its name, with these values.
    pub(super) fn by_name(self, values: &[&str]) -> String {
        debug_assert_eq!(values.len(), self.values(), "{self:?}");
        match values {
            [] => format!("EXECUTE {}", self.name()),
            _ => format!("EXECUTE {}({})", self.name(), values.join(", ")),
        }
    }
}

/// Whether a script has one of these words, or is so long that what we do about them costs nothing next to what it does.
pub(super) fn mentions(sql: &str, words: &[&str]) -> bool {
    const LONG: usize = 64 << 10;
    let is_end = |it: char| !(it.is_ascii_alphanumeric() || it == '_');
    let is_one = |word: &str| words.iter().any(|it| word.eq_ignore_ascii_case(it));
    sql.len() > LONG || sql.split(is_end).any(is_one)
}

impl Execution<'_, '_> {
    /// Gives the phrases their names, where the steps are worth it and the session does not know them. The message is one
    /// of its own: whenever a phrase is said by name, the server copies the message in which it got that name.
    pub(super) fn name_phrases(&mut self, steps: &[Step]) {
        if !self.is_named || self.knows_names || steps.len() < WORTH {
            return;
        }
        let naming = self.frame.naming(steps[0].direction()).join(";\n");
        self.knows_names = self.session.send(&naming, Keep::Only(&[])).is_ok();
        if !self.knows_names {
            // What is wrong, the first phrase in full will tell. Those before it have their names already.
            self.is_named = false;
            self.session.forget_script();
        }
    }

    /// How the next message says what every step has. What the session knows after it is noted.
    pub(super) fn wording(&mut self, steps: &[Step]) -> Wording {
        // What a script calls may have to do with prepared statements too: the next guard looks, or the name is
        // unknown then.
        let prepares = |it: &Step| mentions(it.sql(), &["prepare", "deallocate"]);
        self.knows_names = self.knows_names && !steps.iter().any(prepares);
        if self.knows_names { Wording::ByName } else { Wording::InFull }
    }
}

impl Frame {
    /// The statements that give the phrases of a direction their names.
    pub(super) fn naming(&self, direction: Direction) -> Vec<String> {
        let phrases = match direction {
            Direction::Up => &Phrase::UP[..],
            Direction::Down => &Phrase::DOWN,
        };
        let name = |it: &Phrase| {
            let values = &["$1", "$2", "$3", "$4", "$5"][..it.values()];
            let phrase = match it {
                // No script is to have left any of its own.
                Phrase::Enter => {
                    let already = self.already(direction, values[0]);
                    self.enter(&self.guard(&already, values[1], Some(phrases.len())))
                }
                _ => self.phrase(*it, direction, (values, self.times())),
            };
            format!("PREPARE {} AS {phrase}", it.name())
        };
        let plan = |it: &Phrase| format!("EXPLAIN {}", it.by_name(&vec!["NULL"; it.values()]));
        let looks = phrases.iter().filter(|it| matches!(it, Phrase::Enter | Phrase::Reverted));
        let mut statements = BEFORE.map(str::to_owned).to_vec();
        statements.extend(phrases.iter().map(name));
        statements.extend(PLANNING.map(str::to_owned));
        statements.extend(looks.map(plan));
        statements.push("COMMIT".to_owned());
        statements
    }

    /// A phrase in full, with these values.
    pub(super) fn phrase(
        &self,
        phrase: Phrase,
        direction: Direction,
        (values, times): (&[&str], Times<'_>),
    ) -> String {
        let value = |it: usize| values.get(it).copied().unwrap_or("NULL");
        let version = ("version", value(0));
        let (schema, elapsed) = (("schema", &*self.store.schema), ("elapsed", times.elapsed));
        match phrase {
            Phrase::Enter => {
                self.enter(&self.guard(&self.already(direction, value(0)), value(1), None))
            }
            Phrase::Left => self.guard_after(),
            Phrase::Ran => {
                let (name, checksum) = (("name", value(1)), ("checksum", value(2)));
                fill(include_str!("ran.sql"), &[schema, version, name, checksum, elapsed])
            }
            Phrase::Reverted => fill(include_str!("reverted.sql"), &[schema, version, elapsed]),
            Phrase::Keep => {
                let names = ["version", "sql", "checksum", "mode", "statements"];
                let values: Vec<_> = names.into_iter().zip(values.iter().copied()).collect();
                fill(include_str!("keep_script.sql"), &[&[schema], &values[..]].concat())
            }
            Phrase::Log => {
                let entry =
                    Entry { direction: Some(direction), started_at: times.started, ..Entry::ok() };
                self.audit.row_with(&entry, value(0), value(1))
            }
        }
    }
}
