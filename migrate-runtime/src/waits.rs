//! What a migration waited for so far: told as events while it waits, kept for the error and for the log.

use std::time::Duration;

use crate::progress::{Blocker, Event};
use crate::quote::json_text;
use crate::watch::Sight;

/// What one migration waited for.
#[derive(Debug, Default)]
pub(crate) struct Waits {
    version: String,
    /// How often it was sent again because of the locks of others.
    pub(crate) retries: u32,
    /// Who was in the way when somebody was last seen there.
    pub(crate) blockers: Vec<Blocker>,
    /// Why nobody can be seen; told once.
    blind: Option<String>,
}

impl Waits {
    pub(crate) fn of(version: &str) -> Waits {
        Waits { version: version.to_owned(), ..Waits::default() }
    }

    /// Notes what is seen; gives what is worth telling.
    pub(crate) fn note(&mut self, sight: Sight) -> Vec<Event> {
        let (blockers, build) = match sight {
            Sight::Seen { blockers, build } => (blockers, build),
            Sight::Blind(reason) => {
                log::debug!("who is in the way cannot be seen: {reason}");
                self.blind = Some(reason);
                return Vec::new();
            }
        };
        let version = self.version.clone();
        let mut events = Vec::new();
        let pids = |of: &[Blocker]| of.iter().map(|it| it.pid).collect::<Vec<_>>();
        if !blockers.is_empty() {
            if pids(&blockers) != pids(&self.blockers) {
                let (version, blockers) = (version.clone(), blockers.clone());
                events.push(Event::Blocked { version, blockers });
            }
            self.blockers = blockers;
        }
        if let Some(build) = build {
            let (phase, done, total) = (build.phase, build.done, build.total);
            events.push(Event::IndexBuild { version, phase, done, total });
        }
        events
    }

    /// How long to wait for those who are in the way, where all of them give way after a time.
    pub(crate) fn yield_after(&self) -> Option<Duration> {
        let times = self.blockers.iter().map(|it| it.yields_after);
        times.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Why nobody can be seen, if it was not said yet.
    pub(crate) fn take_blind(&mut self) -> Option<String> {
        self.blind.take()
    }

    /// For the log: a JSON object.
    pub(crate) fn detail(&self) -> String {
        let mut members = Vec::new();
        if self.retries > 0 {
            members.push(format!("\"retries\": {}", self.retries));
        }
        if !self.blockers.is_empty() {
            let text = |it: &Blocker| format!("\"{}\"", json_text(&it.to_string()));
            let texts: Vec<_> = self.blockers.iter().map(text).collect();
            members.push(format!("\"blockers\": [{}]", texts.join(", ")));
        }
        format!("{{{}}}", members.join(", "))
    }
}
