//! Waiting before a batch, until those who would suffer from it are better.

use std::time::Duration;

use super::health::{self, Trouble};
use super::passage::Passage;
use super::refuse::{Ending, goes_on};
use crate::audit::Outcome;
use crate::deadline::{Deadline, between};
use crate::error::ErrorKind;
use crate::execute::standalone::Work;
use crate::execute::{Execution, Failed};
use crate::progress::Event;

/// The pause before it is looked again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(1));

impl Execution<'_, '_> {
    /// Waits as long as a standby lags or somebody waits for a lock on the table, until the deadline for locks.
    pub(super) fn wait_for_health(
        &mut self,
        work: &mut Work<'_>,
        passage: &mut Passage,
    ) -> Result<(), Failed> {
        let settings = self.session.settings;
        let (oid, max_lag) = (&passage.table.oid, settings.max_replication_lag);
        let questions = health::questions(oid, max_lag, self.session.server.version);
        let mut deadline: Option<Deadline> = None;
        while let Some(trouble) = self.trouble(work, passage, &questions)? {
            let deadline = deadline.get_or_insert_with(|| Deadline::after(settings.lock_deadline));
            if deadline.is_over() {
                let step = work.step;
                let (version, name) = (step.version(), step.name());
                let message = format!(
                    "migration {version}_{name} waited {} s before a batch: {}",
                    settings.lock_deadline.as_secs(),
                    trouble.reason()
                );
                let hints =
                    vec![goes_on(work, passage.number), trouble.hint(step.direction().as_str())];
                let (outcome, kind) = (Outcome::Failed, ErrorKind::LockTimeout);
                let ending = Ending { outcome, kind, message, hints };
                return Err(self.stop_at(work, passage.number, ending));
            }
            self.session.tell(Event::BatchPaused {
                version: work.step.version().to_owned(),
                reason: trouble.reason(),
            });
            drop(self.session.interrupt.sleep(between(PAUSE.0, PAUSE.1).min(deadline.left())));
            self.check_interrupt(work.step, work.index, work.situation(self.done.len()))?;
            self.check_batch_time(work, passage)?;
        }
        Ok(())
    }

    fn trouble(
        &mut self,
        work: &mut Work<'_>,
        passage: &mut Passage,
        questions: &[String],
    ) -> Result<Option<Trouble>, Failed> {
        let answers = self.ask_ourselves(work, passage.number, questions)?;
        let [standbys, waiting] = answers.as_slice() else { return Ok(None) };
        if health::has_hidden(standbys) && self.session.batches.tells_of_standbys() {
            let role = self.session.server.role.clone();
            self.session.tell(Event::Warning {
                message: format!(
                    "batches wait for no standby: the role {role} may not see how far behind they are (GRANT pg_monitor TO {role})"
                ),
            });
        }
        let max_lag = self.session.settings.max_replication_lag;
        Ok(health::read([standbys, waiting], &mut passage.sizes, max_lag))
    }
}
