//! Going on with a script that stopped half-way: what came of the statement that is in doubt, and where
//! the script goes on.

use migrate_core::Statement;

use super::alone::NOTE_LOCK_TIMEOUT;
use super::message::{Message, Place};
use super::standalone::Work;
use super::verdict::{Doubt, Verdict, doubt, question, verdict};
use super::{Execution, Failed};
use crate::audit::Outcome;
use crate::config::Decision;
use crate::error::{Error, ErrorKind};
use crate::plan::{Resume, Step};
use crate::progress::Event;
use crate::transport::{Keep, Reply};
use crate::watch::CALM;

impl Execution<'_, '_> {
    /// The number of the statement, from 0, with which the script goes on.
    pub(super) fn settle(&mut self, work: &mut Work<'_>) -> Result<usize, Failed> {
        let Some(resume) = work.step.resume().cloned() else { return Ok(0) };
        let number = resume.work.index();
        self.prove_lock(work)?;
        let known = self.ask_progress(work, include_str!("known.sql"))?;
        let known = known.first(0).unwrap_or_default();
        let is = |at: usize| known.get(at).and_then(|it| it.as_deref());
        if matches!(is(2), Some("true" | "t")) && number < work.step.statements().len() {
            return Err(self.refuse(work, lost_session(work, &resume)));
        }
        let Some(statement) = work.step.statements().get(number).copied() else {
            self.restore_session(work)?;
            self.resumed(work.step, number, "every statement is done");
            return Ok(number);
        };
        let verdict = self.judge(work, &resume, &statement, is(1) == Some("t"))?;
        if is(0) == Some("t") {
            self.restore_session(work)?;
        } else if number > 0 {
            // An older version kept no settings, and nobody knows what the statements before set.
            return Err(self.refuse(work, undecided(work, &resume, &statement)));
        }
        let (first, what) = match verdict {
            Verdict::Done => {
                self.mark_done(work, number)?;
                (number + 1, "is done")
            }
            Verdict::Again { before } => {
                for cleanup in &before {
                    self.alone(work, number, cleanup)?;
                }
                let what = if resume.work.batched.is_some() {
                    "goes on behind its last batch"
                } else if before.is_empty() {
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
            Verdict::Busy(pid) => {
                return Err(self.refuse(work, busy(work, &resume, &pid)));
            }
            Verdict::Unknown => {
                return Err(self.refuse(work, undecided(work, &resume, &statement)));
            }
        };
        self.resumed(work.step, number, what);
        Ok(first)
    }

    /// Ends before any statement ran.
    fn refuse(&mut self, work: &Work<'_>, error: Error) -> Failed {
        self.stop(work, Outcome::Refused, error)
    }

    /// Nothing is decided on a connection that does not hold the lock.
    fn prove_lock(&mut self, work: &mut Work<'_>) -> Result<(), Failed> {
        let frame = self.frame.clone();
        let mut message = Message::new(&frame);
        message.begin();
        message.guard(work.step);
        message.commit();
        let text = message.text().to_owned();
        self.say(work, &text)
    }

    /// Asks about the row of the progress, as the role that logged in.
    fn ask_progress(&mut self, work: &Work<'_>, sql: &str) -> Result<Reply, Failed> {
        let question = self.frame.about(work.step, sql);
        let answer = self.session.send(&question, Keep::All);
        answer.map_err(|failure| self.fail(work, Some(work.place()), failure))
    }

    /// What the statements before set in their session is gone with it.
    fn restore_session(&mut self, work: &mut Work<'_>) -> Result<(), Failed> {
        self.ask_progress(work, include_str!("restore.sql"))?;
        let reply = self.ask_progress(work, include_str!("restore_roles.sql"))?;
        let roles = reply.first(0).unwrap_or_default().to_vec();
        for (name, value) in ["session_authorization", "role"].into_iter().zip(roles) {
            if let Some(value) = value {
                self.say(work, &format!("SELECT pg_catalog.set_config('{name}', {value}, false)"))?;
            }
        }
        // Where a statement ran alone, this is what comes back after it.
        self.say(work, NOTE_LOCK_TIMEOUT)
    }

    fn judge(
        &mut self,
        work: &Work<'_>,
        resume: &Resume,
        statement: &Statement,
        is_noted: bool,
    ) -> Result<Verdict, Failed> {
        let sql = statement.range.of(work.step.sql());
        let again = Verdict::Again { before: Vec::new() };
        let doubt = match doubt(&resume.work, statement.kind, sql) {
            // What there was before it is not known, so that nothing can be told from what there is.
            Doubt::Ask(_) if !is_noted => Doubt::Unknown,
            doubt => doubt,
        };
        match (doubt, resume.decision) {
            (Doubt::Unknown, Some(Decision::MarkDone)) => Ok(Verdict::Done),
            (Doubt::Unknown, None) => Ok(Verdict::Unknown),
            // The catalogs know better than whoever gave the flag.
            (_, Some(Decision::MarkDone)) => Err(self.refuse(work, not_in_doubt(work, resume))),
            (Doubt::None | Doubt::Harmless | Doubt::Unknown, _) => Ok(again),
            (Doubt::Ask(target), _) => {
                let reply = self.ask_progress(work, &question(&target))?;
                let rows: Vec<&[Option<String>]> = reply.of(0).collect();
                Ok(verdict(&target, &rows, resume.work.failed))
            }
        }
    }

    /// Runs a statement of ours that PostgreSQL refuses in a transaction. It waits for locks as long as
    /// it takes: one that gives up leaves something invalid behind.
    fn alone(&mut self, work: &mut Work<'_>, number: usize, sql: &str) -> Result<(), Failed> {
        self.say(work, "SET lock_timeout = 0")?;
        if let Err(failure) = self.session.send_watched(sql, Keep::Only(&[]), CALM) {
            return Err(self.fail(work, Some(Place { statement: number, byte: None }), failure));
        }
        let again = self.limit_again(work.step);
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
fn undecided(work: &Work<'_>, resume: &Resume, statement: &Statement) -> Error {
    let step = work.step;
    let number = resume.work.statement;
    let message = format!(
        "migration {}_{} is unfinished: whether statement {number} of its {} script had its effect, the catalogs cannot tell",
        step.version(),
        step.name(),
        step.direction(),
    );
    let byte = Some(statement.range.start as usize);
    let place = Place { statement: resume.work.index(), byte };
    refused(message)
        .with_location(Some(super::describe::locate(step, place)))
        .with_hint("migration-cli repair --retry   # it had none: runs it, and goes on")
        .with_hint("migration-cli repair --mark-done   # it had it: goes on behind it")
}

fn stopped(work: &Work<'_>, resume: &Resume) -> String {
    let (step, number) = (work.step, resume.work.statement);
    let migration = format!("{}_{}", step.version(), step.name());
    format!(
        "migration {migration} is unfinished at statement {number} of its {} script",
        step.direction()
    )
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Unfinished, message).with_state("nothing was changed by this run of it")
}

/// A decision about something that is not in doubt would skip what has to run.
fn not_in_doubt(work: &Work<'_>, resume: &Resume) -> Error {
    let message =
        format!("{}, which is not in doubt: what came of it is known", stopped(work, resume));
    refused(message).with_hint("migration-cli repair   # goes on with it")
}

fn busy(work: &Work<'_>, resume: &Resume, pid: &str) -> Error {
    let message = format!(
        "{}, and session {pid} works on the same table: what is invalid now may be what it builds",
        stopped(work, resume)
    );
    let hint = format!("migration-cli {}   # once that session is done", work.step.direction());
    refused(message).with_hint(hint)
}

/// Temporary tables and prepared statements were for the statements that follow, and went with their
/// session: in their place, those could find something else of the same name.
fn lost_session(work: &Work<'_>, resume: &Resume) -> Error {
    let message = format!(
        "{}, and what the statements before it made for their session alone (temporary objects, prepared statements) is gone",
        stopped(work, resume)
    );
    let hint = format!(
        "migration-cli force {}   # once the rest of the script was done by hand",
        work.step.version()
    );
    super::describe::with_way_back(refused(message).with_hint(hint), work.step)
}
