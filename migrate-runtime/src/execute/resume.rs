//! Going on with a script that stopped half-way: what came of the statement that is in doubt, and where
//! the script goes on.

use migrate_core::{Statement, StatementKind};

use super::message::Place;
use super::standalone::Work;
use super::verdict::{Doubt, Verdict, doubt, question, verdict};
use super::{Execution, Failed};
use crate::config::Decision;
use crate::error::{Error, ErrorKind};
use crate::plan::{Resume, Step};
use crate::progress::Event;
use crate::transport::Keep;

impl Execution<'_, '_> {
    /// The number of the statement, from 0, with which the script goes on.
    pub(super) fn settle(&mut self, work: &mut Work<'_>) -> Result<usize, Failed> {
        let Some(resume) = work.step.resume().cloned() else { return Ok(0) };
        let number = (resume.work.statement as usize).saturating_sub(1);
        work.recorded = Some(number);
        self.restore_settings(work, number)?;
        let Some(statement) = work.step.statements().get(number).copied() else {
            self.resumed(work.step, number, "every statement is done");
            return Ok(number);
        };
        let verdict = self.judge(work, &resume, &statement)?;
        let (first, what) = match verdict {
            Verdict::Done => {
                self.mark_done(work, number)?;
                (number + 1, "is done")
            }
            Verdict::Again { before } => {
                for cleanup in &before {
                    self.alone(work, number, cleanup)?;
                }
                let what = if before.is_empty() {
                    "is not done, and runs"
                } else {
                    "left something invalid, which was dropped; it runs again"
                };
                (number, what)
            }
            Verdict::Finish(rest) => {
                self.alone(work, number, &rest)?;
                self.mark_done(work, number)?;
                (number + 1, "was half done, and is finished")
            }
            Verdict::Unknown => return Err(undecided(work, &resume, &statement)),
        };
        self.resumed(work.step, number, what);
        Ok(first)
    }

    /// What the statements before set in their session is gone with it.
    fn restore_settings(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        let step = work.step;
        let before = step.statements().iter().take(number);
        for statement in before.filter(|it| it.kind == StatementKind::Set) {
            let sql = statement.range.of(step.sql()).to_owned();
            self.say(work, &sql)?;
        }
        Ok(())
    }

    fn judge(
        &mut self,
        work: &Work<'_>,
        resume: &Resume,
        statement: &Statement,
    ) -> Result<Verdict, Failed> {
        match resume.decision {
            Some(Decision::MarkDone) => return Ok(Verdict::Done),
            Some(Decision::Retry) | None => {}
        }
        let sql = statement.range.of(work.step.sql());
        let again = Verdict::Again { before: Vec::new() };
        match doubt(&resume.work, statement.kind, sql) {
            Doubt::None | Doubt::Harmless => Ok(again),
            Doubt::Unknown if resume.decision == Some(Decision::Retry) => Ok(again),
            Doubt::Unknown => Ok(Verdict::Unknown),
            Doubt::Ask(target) => {
                let reply = self.session.ask(&question(&target));
                let reply = reply.map_err(|error| Failed::new(work.index, error))?;
                let rows: Vec<&[Option<String>]> = reply.of(0).collect();
                // Who says that it runs again has looked: what looks done is none of it.
                let failed = resume.work.failed || resume.decision == Some(Decision::Retry);
                Ok(verdict(&target, &rows, failed))
            }
        }
    }

    /// Runs a statement of ours that PostgreSQL refuses in a transaction. It waits for locks as long as
    /// it takes: one that gives up leaves something invalid behind.
    fn alone(&mut self, work: &mut Work<'_>, number: usize, sql: &str) -> Result<(), Failed> {
        self.say(work, "SET lock_timeout = 0")?;
        if let Err(failure) = self.session.send(sql, Keep::Only(&[])) {
            return Err(self.fail(work, Some(Place { statement: number, byte: None }), failure));
        }
        let (_, value) = &self.frame.settings(work.step.script())[0];
        let again = format!("SET lock_timeout = {value}");
        self.say(work, &again)
    }

    fn resumed(&mut self, step: &Step, number: usize, what: &str) {
        let what = match step.statements().len() {
            count if number < count => format!("statement {} {what}", number + 1),
            _ => what.to_owned(),
        };
        self.session.tell(Event::Resumed { version: step.version().to_owned(), what });
    }
}

/// Nobody knows whether the statement had its effect: a person does.
fn undecided(work: &Work<'_>, resume: &Resume, statement: &Statement) -> Failed {
    let step = work.step;
    let number = resume.work.statement;
    let message = format!(
        "migration {}_{} is unfinished: whether statement {number} of its {} script had its effect, the catalogs cannot tell",
        step.version(),
        step.name(),
        step.direction(),
    );
    let place =
        Place { statement: number as usize - 1, byte: Some(statement.range.start as usize) };
    let error = Error::new(ErrorKind::Unfinished, message)
        .with_location(Some(super::describe::locate(step, place)))
        .with_state("nothing was changed by this run of it")
        .with_hint("migration-cli repair --retry   # it had none: runs it, and goes on")
        .with_hint("migration-cli repair --mark-done   # it had it: goes on behind it");
    Failed::new(work.index, error)
}
