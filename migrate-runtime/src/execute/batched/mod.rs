//! A statement that runs in batches: each is a transaction of its own, in which the mark moves behind its rows.
//!
//! The rows are found by walking the index of the key from where the last batch ended, with no lock and no
//! transaction between two batches. What a batch covers, its mark says, so that it runs exactly once whatever ends
//! this process or its connection.

mod cursor;
mod health;
mod pause;
mod size;
mod table;
mod walk;

use std::time::Duration;

use migrate_core::{Batch, Direction, Manner, StatementKind};

use super::message::Place;
use super::patience::{Attempts, Limits};
use super::standalone::{Runs, Work, as_ourselves};
use super::transactional::position;
use super::{Execution, Failed, Message};
use crate::audit::Outcome;
use crate::deadline::Moment;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Point};
use crate::history::Batched;
use crate::progress::Event;
use crate::quote::literal;
use crate::sqlstate;
use crate::transport::{Failure, Keep, Reply};
use crate::watch::CALM;
use cursor::Cursor;
use table::Table;
use walk::{Found, Range, Start};

/// A statement on its way.
struct Course {
    /// The number of the statement, from 0.
    number: usize,
    batch: Batch,
    table: Table,
    cursor: Cursor,
    /// The cursor that the database has; nothing before the first batch.
    noted: Option<String>,
    /// The tries to get past the locks of others, until one batch gets through.
    attempts: Attempts,
}

impl Execution<'_, '_> {
    pub(super) fn run_batches(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        let mut course = self.open_batches(work, number)?;
        loop {
            work.batched = course.batched();
            self.check_interrupt(work.step, work.index, work.situation(self.done.len()))?;
            self.check_batch_time(work, &course)?;
            let Some(range) = self.next_range(work, &mut course)? else { break };
            if self.run_batch(work, &mut course, &range)? && !range.is_last {
                // An interruption ends the pause, and is told above.
                let pause = Duration::from_millis(course.batch.pause_ms.into());
                drop(self.session.interrupt.sleep(pause));
            }
        }
        self.close_batches(work, &course)
    }

    /// Finds out where to begin, or to go on, and refuses what cannot be walked.
    fn open_batches(&mut self, work: &mut Work<'_>, number: usize) -> Result<Course, Failed> {
        let (sql, statement) = (work.step.sql(), &work.step.statements()[number]);
        let Some(batch) = Batch::of(sql, statement) else {
            let wrong = ("the directive of its batches cannot be read".to_owned(), Vec::new());
            return Err(self.cannot_walk(work, number, wrong));
        };
        let reply = self.look(work, number, &Table::question(&batch))?;
        let rows: Vec<_> = reply.of(0).collect();
        let table = match Table::read(&batch, &rows) {
            Ok(table) => table,
            Err(wrong) => return Err(self.cannot_walk(work, number, wrong)),
        };
        self.refuse_rows_without_key(work, number, &table)?;
        let noted = match work.recorded {
            Some(recorded) if recorded == number => self.noted(work)?,
            _ => None,
        };
        let (cursor, noted) = if let Some((cursor, noted)) = noted {
            (cursor, Some(noted))
        } else {
            let reply = self.look(work, number, &table.estimate())?;
            let total = table::estimated(reply.first(0));
            let (inserted, size) = (table.inserted, batch.size);
            let cursor = Cursor { from: Start::First, rows: 0, total, batches: 0, size, inserted };
            (cursor, None)
        };
        let attempts = Attempts::new(self.session.settings);
        Ok(Course { number, batch, table, cursor, noted, attempts })
    }

    /// The cursor that the database has, as it is and as its text.
    fn noted(&mut self, work: &Work<'_>) -> Result<Option<(Cursor, String)>, Failed> {
        let reply = self.ask_progress(work, include_str!("cursor.sql"))?;
        let key = reply.of(1).filter_map(|it| it.first()?.clone()).collect();
        let row = reply.first(0).unwrap_or_default();
        let text = row.first().cloned().flatten();
        Ok(Cursor::read(row, key).zip(text))
    }

    /// No range has the rows without a key.
    fn refuse_rows_without_key(
        &mut self,
        work: &mut Work<'_>,
        number: usize,
        table: &Table,
    ) -> Result<(), Failed> {
        let Some(question) = table.without_key() else { return Ok(()) };
        if !self.look(work, number, &question)?.is_true(0) {
            return Ok(());
        }
        let (name, columns) = (&table.name, table.names());
        let message =
            format!("{name} has rows whose key ({columns}) is NULL, and no batch would have them");
        let hint = format!(
            "SELECT * FROM {name} WHERE ({columns}) IS NULL;   -- give them a key, or take another one"
        );
        Err(self.cannot_walk(work, number, (message, vec![hint])))
    }

    /// The keys of the next batch; nothing where there is no row any more.
    fn next_range(
        &mut self,
        work: &mut Work<'_>,
        course: &mut Course,
    ) -> Result<Option<Range>, Failed> {
        self.wait_for_health(work, course)?;
        let (number, size) = (course.number, course.cursor.size);
        let question = walk::question(&course.table, &course.cursor.from, size);
        let reply = self.look(work, number, &question)?;
        match walk::read(&course.table, size, reply.first(0)) {
            Some(Found::Nothing) => Ok(None),
            Some(Found::Range(range)) => Ok(Some(range)),
            Some(Found::Same(key)) => {
                let reply = self.look(work, number, &walk::behind(&course.table, &key))?;
                let range = walk::read_behind(&course.table, key, reply.first(0));
                range.map(Some).ok_or_else(|| self.not_understood(work, number))
            }
            None => Err(self.not_understood(work, number)),
        }
    }

    /// Runs one batch, and says whether it was committed; where locks were in its way, the next one is smaller.
    fn run_batch(
        &mut self,
        work: &mut Work<'_>,
        course: &mut Course,
        range: &Range,
    ) -> Result<bool, Failed> {
        self.session.waits.next();
        let limits = course.limits(course.attempts.limits(work.step.script()));
        let frame = self.frame.clone();
        let next = course.behind(range);
        let (message, counted) =
            course.message(&frame, work, range, &next, (limits, self.limits(work.step)));
        let looks = course.attempts.pace(limits);
        let began = Moment::now();
        let attempt = message.attempt();
        let sent = self.session.send_watched(message.text(), Keep::Only(&[counted]), looks);
        let took = began.age();
        let failure = match sent {
            Ok(reply) => {
                fault::at(Point::ReplyRead);
                self.committed(work, course, (range, next), reply.count(counted), took);
                return Ok(true);
            }
            Err(failure) => failure,
        };
        self.session.roll_back();
        if let Some(next) = self.again(&mut course.attempts, &attempt, &failure) {
            course.cursor.size = size::smaller(&course.batch, course.cursor.size);
            let situation = work.situation(self.done.len());
            self.wait_for_locks(work.step, &failure, next, (work.index, situation))?;
            return Ok(false);
        }
        if self.took_too_long(work, &failure, took) && course.cursor.size > course.batch.min_size {
            course.cursor.size = size::smaller(&course.batch, course.cursor.size);
            return Ok(false);
        }
        let steps = std::slice::from_ref(work.step);
        let place = message.locate(failure.completed, position(&failure), steps).map(|it| it.1);
        Err(self.fail(work, place, failure))
    }

    /// Whether it was our own limit that ended it.
    fn took_too_long(&self, work: &Work<'_>, failure: &Failure, took: Duration) -> bool {
        let own = work.step.script().statement_timeout_ms();
        let limit = own
            .map_or(self.session.settings.statement_timeout, |it| Duration::from_millis(it.into()));
        let is_cancelled = failure.sqlstate() == Some(sqlstate::QUERY_CANCELED);
        is_cancelled && !self.session.interrupt.is_asked() && !limit.is_zero() && took >= limit
    }

    fn committed(
        &mut self,
        work: &mut Work<'_>,
        course: &mut Course,
        (range, next): (&Range, Cursor),
        changed: u64,
        took: Duration,
    ) {
        course.noted = Some(next.to_json());
        course.cursor = next;
        course.cursor.size = size::after(&course.batch, course.cursor.size, range.rows, took);
        course.attempts = Attempts::new(self.session.settings);
        (work.recorded, work.in_doubt) = (Some(course.number), false);
        work.batched = course.batched();
        self.session.batches.note(course.number + 1, range.rows, changed);
        let Cursor { rows, total, .. } = course.cursor;
        self.session.tell(Event::Batch {
            version: work.step.version().to_owned(),
            statement: course.number + 1,
            rows: range.rows,
            changed,
            took,
            done: rows,
            total,
        });
    }

    /// Moves the mark behind the statement.
    fn close_batches(&mut self, work: &mut Work<'_>, course: &Course) -> Result<(), Failed> {
        self.refuse_rows_without_key(work, course.number, &course.table)?;
        self.warn_of_insertions(work, course)?;
        let frame = self.frame.clone();
        let mut message = Message::new(&frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        as_ourselves(&mut message, |it| {
            it.guard_unless(&course.is_elsewhere(work, it));
            work.mark(it, course.number + 1, Runs::InTransaction);
        });
        message.commit();
        let text = message.text().to_owned();
        self.say(work, &text)?;
        (work.recorded, work.in_doubt, work.batched) = (Some(course.number + 1), false, None);
        Ok(())
    }

    /// Rows that came behind the walk were not seen. Where a query verifies the outcome, it tells whether that matters.
    fn warn_of_insertions(&mut self, work: &mut Work<'_>, course: &Course) -> Result<(), Failed> {
        let kind = work.step.statements()[course.number].kind;
        let is_own = matches!(kind, StatementKind::Insert | StatementKind::Merge);
        if is_own || work.step.statements().iter().any(|it| it.manner == Manner::Verify) {
            return Ok(());
        }
        let question =
            format!("SELECT pg_catalog.pg_stat_get_tuples_inserted({})", course.table.oid);
        let reply = self.look(work, course.number, &question)?;
        let now = reply.first(0).and_then(|it| it.first()?.as_deref()?.parse::<u64>().ok());
        let inserted = now.unwrap_or_default().saturating_sub(course.cursor.inserted);
        if inserted > 0 {
            let (name, columns) = (&course.table.name, course.table.names());
            let rows = if inserted == 1 { "1 row was" } else { &format!("{inserted} rows were") };
            self.session.tell(Event::Warning {
                message: format!(
                    "{rows} inserted into {name} while the batches ran: with a key ({columns}) behind the last batch they were seen, with one before it they were not; a query under `-- migrate:verify` tells whether any is left"
                ),
            });
        }
        Ok(())
    }

    /// Ends a run between two batches that has used the time it was given.
    fn check_batch_time(&mut self, work: &mut Work<'_>, course: &Course) -> Result<(), Failed> {
        let began = self.session.batches.began();
        let limit = self.session.settings.max_batch_time;
        // A run that came that far does one at least: else a short time would never get anywhere.
        if limit.is_zero() || began.age() < limit || !self.session.batches.has_any() {
            return Ok(());
        }
        let step = work.step;
        let message = format!(
            "migration {}_{} stopped between two batches, as the limit for their time says",
            step.version(),
            step.name()
        );
        Err(self.stopped(work, course, Outcome::Interrupted, message, &[]))
    }

    /// Ends a script at a batch with an error of ours; what was done stays, and the next run goes on.
    fn stopped(
        &mut self,
        work: &mut Work<'_>,
        course: &Course,
        outcome: Outcome,
        message: String,
        hints: &[String],
    ) -> Failed {
        let (step, number) = (work.step, course.number);
        let kind =
            if work.recorded.is_some() { ErrorKind::Unfinished } else { ErrorKind::LockTimeout };
        let state = super::describe::state(false, step, work.situation(self.done.len()));
        let mut error = Error::new(kind, message)
            .with_location(Some(super::describe::locate(
                step,
                Place { statement: number, byte: None },
            )))
            .with_state(state)
            .with_hint(format!(
                "migration-cli {}   # goes on at statement {}",
                step.direction(),
                number + 1
            ));
        for hint in hints {
            error = error.with_hint(hint);
        }
        self.stop(work, outcome, error)
    }

    /// Ends a script whose rows cannot be walked.
    fn cannot_walk(
        &mut self,
        work: &mut Work<'_>,
        number: usize,
        (message, hints): table::Wrong,
    ) -> Failed {
        let step = work.step;
        let verb = if step.direction() == Direction::Up { "running" } else { "reverting" };
        let what = format!("{verb} migration {}_{}", step.version(), step.name());
        let kind = if work.recorded.is_some() { ErrorKind::Unfinished } else { ErrorKind::Sql };
        let state = super::describe::state(false, step, work.situation(self.done.len()));
        let mut error = Error::new(kind, format!("{what}: {message}"))
            .with_location(Some(super::describe::locate(
                step,
                Place { statement: number, byte: None },
            )))
            .with_state(state);
        for hint in hints {
            error = error.with_hint(hint);
        }
        let again = format!("migration-cli {}   # once that is mended", step.direction());
        self.stop(work, Outcome::Failed, error.with_hint(again))
    }

    fn not_understood(&mut self, work: &mut Work<'_>, number: usize) -> Failed {
        self.cannot_walk(
            work,
            number,
            ("the server's answer makes no sense".to_owned(), Vec::new()),
        )
    }

    /// Asks about the rows, as the role that the script has become.
    fn look(&mut self, work: &Work<'_>, number: usize, question: &str) -> Result<Reply, Failed> {
        let (pid, place) = (CALM, Place { statement: number, byte: None });
        let answer = self.session.send_watched(question, Keep::All, pid);
        answer.map_err(|failure| self.fail(work, Some(place), failure))
    }
}

impl Course {
    fn batched(&self) -> Option<Batched> {
        let Cursor { rows, total, batches, .. } = self.cursor;
        Some(Batched { rows, total: total.max(rows), batches }).filter(|it| it.batches > 0)
    }

    /// A batch is small: it waits no longer for rows than for tables, so that nobody waits long for those that it
    /// has changed already.
    fn limits(&self, limits: Limits) -> Limits {
        Limits { rows: limits.tables, ..limits }
    }

    /// Where the walk goes on after a batch.
    fn behind(&self, range: &Range) -> Cursor {
        let end = range.end.clone();
        let cursor = &self.cursor;
        let rows = cursor.rows + range.rows;
        Cursor {
            from: if range.is_last { Start::Behind(end) } else { Start::At(end) },
            rows,
            total: cursor.total.max(rows),
            batches: cursor.batches + 1,
            ..cursor.clone()
        }
    }

    /// An expression: whether the history or the mark is not where this batch begins.
    fn is_elsewhere(&self, work: &Work<'_>, message: &Message<'_>) -> String {
        let already = message.already(work.step);
        let (schema, _) = message.owner();
        let noted = self.noted.as_ref().map_or("NULL".to_owned(), |it| literal(it));
        format!(
            "{already} OR (SELECT cursor -> 'batch' FROM {schema}._migrations_progress WHERE version = {} AND direction = '{}') IS DISTINCT FROM {noted}::jsonb",
            literal(work.step.version()),
            work.step.direction()
        )
    }

    /// The message of a batch, and the number of the statement in it whose rows count.
    fn message<'f>(
        &self,
        frame: &'f super::Frame,
        work: &Work<'_>,
        range: &Range,
        next: &Cursor,
        (limits, usual): (Limits, Limits),
    ) -> (Message<'f>, usize) {
        let mut message = Message::new(frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        as_ourselves(&mut message, |it| it.guard_unless(&self.is_elsewhere(work, it)));
        let is_ours = !work.step.sets_lock_timeout();
        if is_ours {
            message.limit(limits.rows);
        }
        let counted = message.statements();
        let (start, end) = (self.table.literals(&range.start), self.table.literals(&range.end));
        message.batch(work.step, self.number, (&start, &end, range.is_last), limits.rows);
        message.push("SET CONSTRAINTS ALL IMMEDIATE");
        if is_ours {
            message.limit(usual.tables);
        }
        let batch = next.to_json();
        as_ourselves(&mut message, |it| work.mark_batch(it, self.number, &batch));
        message.commit();
        (message, counted)
    }
}
