//! The statements of ours that every script has around it.
//!
//! Where many scripts follow each other, the server reads and plans these statements once, under names, and then gets
//! nothing but their values: reading and planning is most of what they cost. A script that has prepared statements too,
//! or drops all of them, gets ours in full.

use migrate_core::Direction;

use super::Execution;
use super::frame::{Ending, Frame};
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
    /// Enters what ran, into the log too, and keeps the way back: version, details, name, checksum; then the down
    /// script, its checksum, mode and statements.
    Ran,
    /// Takes out what was reverted, and tells the log: version, details.
    Reverted,
}

/// How a message says them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wording {
    InFull,
    /// By the names that they have in the session.
    ByName,
}

impl Phrase {
    fn name(self) -> &'static str {
        match self {
            Phrase::Enter => "migrate_enter",
            Phrase::Left => "migrate_left",
            Phrase::Ran => "migrate_ran",
            Phrase::Reverted => "migrate_reverted",
        }
    }

    /// The phrase by its name, with these values.
    pub(super) fn by_name(self, values: &[&str]) -> String {
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
        let ending = self.ending();
        let done = match direction {
            Direction::Up => {
                let values = ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8"];
                (Phrase::Ran, self.ran(values, ending))
            }
            Direction::Down => (Phrase::Reverted, self.reverted(["$1", "$2"], ending)),
        };
        // No script is to have left any of its own.
        let guard = self.guard(&self.already(direction, "$1"), "$2", Some(3));
        let left = (Phrase::Left, format!("SELECT {}", self.left));
        let phrases = [(Phrase::Enter, self.enter(&guard)), left, done];
        let name = |(phrase, sql): &(Phrase, String)| format!("PREPARE {} AS {sql}", phrase.name());
        let plan = |it: Phrase| format!("EXPLAIN {}", it.by_name(&["NULL"; 2]));
        let looks = phrases
            .iter()
            .map(|it| it.0)
            .filter(|it| matches!(it, Phrase::Enter | Phrase::Reverted));
        let mut statements = BEFORE.map(str::to_owned).to_vec();
        statements.extend(phrases.iter().map(name));
        statements.extend(PLANNING.map(str::to_owned));
        statements.extend(looks.map(plan));
        statements.push("COMMIT".to_owned());
        statements
    }

    /// What a migration that ran writes, in one statement; the values are those of [`Phrase::Ran`].
    pub(super) fn ran(&self, values: [&str; 8], ending: Ending<'_>) -> String {
        let [version, detail, name, checksum, kept @ ..] = values;
        let kept = self.keep(version, kept);
        let logged = self.logged(Direction::Up, (version, detail), ending);
        let values = [
            ("schema", &*self.store.schema),
            ("version", version),
            ("name", name),
            ("checksum", checksum),
            ("elapsed", ending.elapsed),
        ];
        let ran = fill(include_str!("ran.sql"), &values);
        format!("WITH kept AS ({kept}), logged AS ({logged})\n{ran}")
    }

    /// What one that was reverted writes; the values are those of [`Phrase::Reverted`].
    pub(super) fn reverted(&self, [version, detail]: [&str; 2], ending: Ending<'_>) -> String {
        let logged = self.logged(Direction::Down, (version, detail), ending);
        let values = [
            ("schema", &*self.store.schema),
            ("version", version),
            ("elapsed", ending.elapsed),
            ("logged", &format!(",\n     logged AS ({logged})")),
        ];
        fill(include_str!("reverted.sql"), &values)
    }

    fn logged(
        &self,
        direction: Direction,
        (version, detail): (&str, &str),
        ending: Ending<'_>,
    ) -> String {
        let direction = Some(direction);
        let entry = Entry { direction, started_at: ending.started, ..Entry::ok() };
        self.audit.row_with(&entry, version, detail)
    }

    /// The statement that keeps the way back of a version, where there is one; the values are those of
    /// [`kept`](super::undo::kept).
    pub(super) fn keep(&self, version: &str, kept: [&str; 4]) -> String {
        let [sql, checksum, mode, statements] = kept;
        let values = [
            ("schema", &*self.store.schema),
            ("version", version),
            ("sql", sql),
            ("checksum", checksum),
            ("mode", mode),
            ("statements", statements),
        ];
        fill(include_str!("keep_script.sql"), &values)
    }
}
