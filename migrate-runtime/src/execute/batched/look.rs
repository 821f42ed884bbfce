//! Questions between two batches: about the rows as the role that the script has become, about everything else as
//! ourselves.

use crate::execute::message::Place;
use crate::execute::patience::{Attempt, Attempts};
use crate::execute::standalone::{Work, as_ourselves};
use crate::execute::{Execution, Failed, Message};
use crate::transport::{Keep, Reply};
use crate::watch::CALM;

/// The rows of an answer.
pub(super) type Rows = Vec<Vec<Option<String>>>;

/// What makes the text of a key mean the key, and nothing beside it, in whatever session it is read again.
const EXACT: [&str; 3] = [
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL DateStyle = 'ISO'",
    "SET LOCAL IntervalStyle = 'postgres'",
];

impl Execution<'_, '_> {
    /// Asks about the rows.
    pub(super) fn look(
        &mut self,
        work: &Work<'_>,
        number: usize,
        sql: &str,
    ) -> Result<Rows, Failed> {
        let reply = self.ask(work, number, sql)?;
        Ok(rows(&reply, 0))
    }

    /// Asks for keys; the first row of the answer.
    pub(super) fn look_for_keys(
        &mut self,
        work: &Work<'_>,
        number: usize,
        sql: &str,
    ) -> Result<Option<Vec<Option<String>>>, Failed> {
        let frame = self.frame.clone();
        let mut message = Message::new(&frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED");
        for setting in EXACT {
            message.push(setting);
        }
        let asked = message.statements();
        message.push(sql);
        message.commit();
        let reply = self.ask(work, number, message.text())?;
        Ok(reply.first(asked).map(<[_]>::to_vec))
    }

    /// Asks about the server and about our own tables; the rows of each answer.
    pub(super) fn ask_ourselves(
        &mut self,
        work: &Work<'_>,
        number: usize,
        questions: &[String],
    ) -> Result<Vec<Rows>, Failed> {
        let frame = self.frame.clone();
        let mut message = Message::new(&frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED");
        let mut first = 0;
        as_ourselves(&mut message, |it| {
            first = it.statements();
            for sql in questions {
                it.push(sql);
            }
        });
        message.commit();
        let reply = self.ask(work, number, message.text())?;
        Ok((first..).take(questions.len()).map(|it| rows(&reply, it)).collect())
    }

    /// Whoever is in the way is waited for as before any statement.
    fn ask(&mut self, work: &Work<'_>, number: usize, message: &str) -> Result<Reply, Failed> {
        let mut attempts = Attempts::new(self.session.settings);
        let limit = self.limits(work.step).tables;
        loop {
            let attempt = Attempt::begins(Some(limit));
            let failure = match self.session.send_watched(message, Keep::All, CALM) {
                Ok(reply) => return Ok(reply),
                Err(failure) => failure,
            };
            self.session.roll_back();
            let Some(next) = self.again(&mut attempts, &attempt, &failure) else {
                let place = Place { statement: number, byte: None };
                return Err(self.fail(work, Some(place), failure));
            };
            let situation = work.situation(self.done.len());
            self.wait_for_locks(work.step, &failure, next, (work.index, situation))?;
        }
    }
}

fn rows(reply: &Reply, statement: usize) -> Rows {
    reply.of(statement).map(<[_]>::to_vec).collect()
}

/// Whether the only cell of an answer is true.
pub(super) fn is_true(rows: &Rows) -> bool {
    rows.first().and_then(|it| it.first()?.as_deref()) == Some("t")
}

/// The first cells of all rows.
pub(super) fn column(rows: Rows) -> Vec<String> {
    rows.into_iter().filter_map(|it| it.into_iter().next()?).collect()
}
