//! What a statement made that the server called a success.

use migrate_core::{Target, target};

use super::describe::{before, locate};
use super::message::{Message, Place};
use super::standalone::{Work, as_ourselves};
use super::verdict::question;
use super::{Execution, Failed};
use crate::audit::Outcome;
use crate::error::{Error, ErrorKind};
use crate::plan::Step;
use crate::transport::Keep;

impl Execution<'_, '_> {
    /// `IF NOT EXISTS` is content with an invalid index too, which would then count as good.
    pub(super) fn check_made(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        let sql = work.step.statements()[number].range.of(work.step.sql());
        let Some(made @ Target::CreatedIndex { index: Some(_), .. }) = target(sql) else {
            return Ok(());
        };
        let frame = self.frame.clone();
        let question = frame.about(work.step, &question(&made));
        let mut message = Message::new(&frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED");
        let mut asked = 0;
        as_ourselves(&mut message, |it| {
            asked = it.statements();
            it.push(&question);
        });
        message.commit();
        let place = Place { statement: number, byte: None };
        let reply = match self.session.send(message.text(), Keep::Only(&[asked])) {
            Ok(reply) => reply,
            Err(failure) => return Err(self.fail(work, Some(place), failure)),
        };
        let invalid = reply.of(asked).find(|it| it[1].as_deref() != Some("t"));
        let Some(name) = invalid.and_then(|it| it[2].clone()) else { return Ok(()) };
        let before = before(self.done.len(), work.step.direction());
        Err(self.stop(work, Outcome::Failed, invalid_index(work.step, place, &name, &before)))
    }
}

fn invalid_index(step: &Step, place: Place, name: &str, before: &str) -> Error {
    let number = place.statement + 1;
    let done = match number {
        1 => String::new(),
        2 => "statement 1 is done, ".to_owned(),
        _ => format!("statements 1 to {} are done, ", number - 1),
    };
    let state = format!("{before}{done}statement {number} made nothing");
    let message = format!(
        "running migration {}_{}: the index {name} is invalid, was there before, and `IF NOT EXISTS` passes over it",
        step.version(),
        step.name()
    );
    Error::new(ErrorKind::Unfinished, message)
        .with_location(Some(locate(step, place)))
        .with_state(state)
        .with_hint(format!(
            "DROP INDEX CONCURRENTLY {name};   -- unless somebody builds it just now"
        ))
        .with_hint(format!("migration-cli {}   # goes on after that", step.direction()))
}
