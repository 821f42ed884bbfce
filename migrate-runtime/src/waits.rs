//! What a migration waited for so far: told as events while it waits, kept for the error and for the log.

use std::time::Duration;

use crate::deadline::Moment;
use crate::progress::{Blocker, Event};
use crate::quote::json_text;
use crate::watch::{Build, Sight};

/// Whoever is gone sooner is no trouble, and more often than this nobody reads.
const SOON: Duration = Duration::from_secs(1);

/// So often nobody may be seen who is still blamed: a look may come when an attempt has just ended.
const MISSED: u32 = 1;

/// What one migration waited for.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    version: String,
    /// How often it was sent again because of the locks of others; of a script that runs statement by
    /// statement, this one.
    pub(crate) retries: u32,
    /// How often the statements before it were.
    earlier: u32,
    /// Who was in the way when somebody was last seen there.
    pub(crate) blockers: Vec<Blocker>,
    /// How many looks since then have seen nobody.
    missed: u32,
    /// Who was told, and when.
    told: Vec<Option<i32>>,
    told_at: Option<Moment>,
}

impl Waits {
    pub(crate) fn of(version: &str) -> Waits {
        Waits { version: version.to_owned(), ..Waits::default() }
    }

    /// The next statement of the same migration begins.
    pub(crate) fn next(&mut self) {
        let (earlier, version) = (self.all_retries(), std::mem::take(&mut self.version));
        *self = Waits { version, earlier, ..Waits::default() };
    }

    /// How often anything of the migration was sent again.
    pub(crate) fn all_retries(&self) -> u32 {
        self.earlier + self.retries
    }

    /// Notes what is seen; gives what is worth telling.
    pub(crate) fn note(&mut self, sight: Sight) -> Vec<Event> {
        let (blockers, build) = match sight {
            Sight::Seen { blockers, build } => (blockers, build),
            Sight::Blind(reason) => {
                let message = format!("what a migration waits for cannot be seen: {reason}");
                return vec![Event::Warning { message }];
            }
        };
        let mut events = Vec::new();
        if blockers.is_empty() {
            self.missed += 1;
        } else {
            self.missed = 0;
            events.extend(self.worth_telling(&blockers));
            self.blockers = blockers;
        }
        if self.missed > MISSED {
            self.blockers.clear();
        }
        if let Some(Build { phase, done, total }) = build {
            let version = self.version.clone();
            events.push(Event::IndexBuild { version, phase, done, total });
        }
        events
    }

    /// On a busy table, others are in the way at every look, and soon gone: they are not told one by one.
    fn worth_telling(&mut self, blockers: &[Blocker]) -> Option<Event> {
        let stays = |it: &&Blocker| it.transaction_age.is_none_or(|it| it >= SOON);
        let blockers: Vec<_> = blockers.iter().filter(stays).cloned().collect();
        let mut pids: Vec<_> = blockers.iter().map(|it| it.pid).collect();
        pids.sort_unstable();
        if pids.is_empty() || pids == self.told || self.told_at.is_some_and(|it| it.age() < SOON) {
            return None;
        }
        (self.told, self.told_at) = (pids, Some(Moment::now()));
        Some(Event::Blocked { version: self.version.clone(), blockers })
    }

    /// How long to wait for those who are in the way, where all of them give way after a time.
    pub(crate) fn yield_after(&self) -> Option<Duration> {
        let times = self.blockers.iter().map(|it| it.yields_after);
        times.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// For the log: members of a JSON object, with those who were in the way of what failed.
    pub(crate) fn members(&self, blockers: &[Blocker]) -> Vec<String> {
        let mut members = Vec::new();
        if self.all_retries() > 0 {
            members.push(format!("\"retries\": {}", self.all_retries()));
        }
        if !blockers.is_empty() {
            // What others run is not for everybody who reads the log.
            let named = |it: &Blocker| Blocker { statement: None, ..it.clone() }.to_string();
            let text = |it: &Blocker| format!("\"{}\"", json_text(&named(it)));
            let texts: Vec<_> = blockers.iter().map(text).collect();
            members.push(format!("\"blockers\": [{}]", texts.join(", ")));
        }
        members
    }
}
