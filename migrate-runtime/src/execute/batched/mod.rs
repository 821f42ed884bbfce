//! A statement that runs in batches: each is a transaction of its own, in which the mark moves behind its rows.
//!
//! The rows are found by walking the index of the key from where the last batch ended, with no lock and no
//! transaction between two batches. What a batch covers, its mark says, so that it runs exactly once whatever ends
//! this process or its connection.

mod cursor;
mod end;
mod health;
mod look;
mod passage;
mod pause;
mod refuse;
mod size;
mod table;
mod walk;

use std::time::Duration;

use migrate_core::Batch;

use super::patience::Attempts;
use super::standalone::{Runs, Work, as_ourselves};
use super::transactional::position;
use super::{Execution, Failed, Message};
use crate::deadline::Moment;
use crate::fault::{self, Point};
use crate::progress::Event;
use crate::sqlstate;
use crate::transport::{Failure, Keep};
use cursor::Cursor;
use end::Upto;
use health::LogSizes;
use passage::Passage;
use table::Table;
use walk::{End, Found, Range, Start};

impl Execution<'_, '_> {
    pub(super) fn run_batches(&mut self, work: &mut Work<'_>, number: usize) -> Result<(), Failed> {
        let mut passage = self.open_batches(work, number)?;
        loop {
            work.batched = passage.batched();
            self.check_interrupt(work.step, work.index, work.situation(self.done.len()))?;
            let Some(range) = self.next_range(work, &mut passage)? else { break };
            self.check_batch_time(work, &passage)?;
            if self.run_batch(work, &mut passage, &range)? && !range.is_last {
                // An interruption ends the pause, and is told above.
                let pause = Duration::from_millis(passage.batch.pause_ms.into());
                drop(self.session.interrupt.sleep(pause.min(self.batch_time_left())));
            }
        }
        self.close_batches(work, &passage)
    }

    /// Finds out where to begin, or to go on, and refuses what cannot be walked.
    fn open_batches(&mut self, work: &mut Work<'_>, number: usize) -> Result<Passage, Failed> {
        let (sql, statement) = (work.step.sql(), &work.step.statements()[number]);
        let Some(batch) = Batch::of(sql, statement) else {
            let wrong = ("the directive of its batches cannot be read".to_owned(), Vec::new());
            return Err(self.cannot_walk(work, number, wrong));
        };
        let rows = self.look(work, number, &Table::question(&batch))?;
        let rows: Vec<&[Option<String>]> = rows.iter().map(Vec::as_slice).collect();
        let table = match Table::read(&batch, &rows) {
            Ok(table) => table,
            Err(wrong) => return Err(self.cannot_walk(work, number, wrong)),
        };
        let noted = match work.recorded {
            Some(recorded) if recorded == number => self.noted(work, number)?,
            _ => None,
        };
        let attempts = Attempts::new(self.session.settings);
        let (cursor, noted) = match noted {
            Some((cursor, noted)) => (cursor, Some(noted)),
            None => (Cursor::first(&batch, table.inserted), None),
        };
        let sizes = LogSizes::default();
        let mut passage = Passage { number, batch, table, cursor, noted, attempts, sizes };
        // Before the first question that takes a lock on it.
        self.wait_for_health(work, &mut passage)?;
        self.refuse_rows_without_key(work, number, &passage.table)?;
        if passage.noted.is_none() {
            self.measure(work, &mut passage)?;
        }
        Ok(passage)
    }

    /// The cursor that the database has, as it is and as its text.
    fn noted(
        &mut self,
        work: &Work<'_>,
        number: usize,
    ) -> Result<Option<(Cursor, String)>, Failed> {
        let about = |sql: &str| self.frame.about(work.step, sql);
        let key = |path: &str| about(&include_str!("key.sql").replace("{path}", path));
        let questions =
            [about(include_str!("cursor.sql")), key("'{batch,at}'"), key("'{batch,until}'")];
        let mut answers = self.ask_ourselves(work, number, &questions)?.into_iter();
        let row = answers.next().and_then(|it| it.into_iter().next()).unwrap_or_default();
        let mut key = || answers.next().map(look::column).unwrap_or_default();
        let (at, until) = (key(), key());
        Ok(Cursor::read(&row, at, until).zip(row.first().cloned().flatten()))
    }

    /// How many rows there are to walk, and where they end.
    fn measure(&mut self, work: &mut Work<'_>, passage: &mut Passage) -> Result<(), Failed> {
        let number = passage.number;
        if let Some((end, rows)) = self.end_of_half(work, passage)? {
            (passage.cursor.until, passage.cursor.total) = (end, rows);
            return Ok(());
        }
        let plan = self.look(work, number, &passage.table.estimate())?;
        passage.cursor.total = table::estimated(plan.first().map(Vec::as_slice));
        let statement = &work.step.statements()[number];
        if passage.batch.adds_to(statement.range.of(work.step.sql())) {
            let last = self.look_for_keys(work, number, &passage.table.last_key())?;
            let last = last.and_then(|it| it.into_iter().collect());
            passage.cursor.until = last.map_or(End::Nowhere, End::With);
        }
        Ok(())
    }

    /// Where a batch ends that takes back what had stopped.
    fn end_of_half(
        &mut self,
        work: &mut Work<'_>,
        passage: &Passage,
    ) -> Result<Option<(End, u64)>, Failed> {
        let Some(up) = work.step.half() else { return Ok(None) };
        let about = |sql: &str| self.frame.about(work.step, sql);
        let questions = [about(include_str!("upto.sql")), about(include_str!("upto_key.sql"))];
        let mut answers = self.ask_ourselves(work, passage.number, &questions)?.into_iter();
        let row = answers.next().and_then(|it| it.into_iter().next());
        let key = answers.next().map(look::column).unwrap_or_default();
        let upto = Upto::read(row.as_deref(), key);
        if upto.as_ref().is_some_and(|it| !it.is_of(up)) {
            let message = "its up script was changed since it stopped, and how far this has to go back cannot be told any more";
            let hint =
                "git log -p -- migrations   # bring back the script that began, and build again";
            let wrong = (message.to_owned(), vec![hint.to_owned()]);
            return Err(self.cannot_walk(work, passage.number, wrong));
        }
        Ok(upto.and_then(|it| it.end(up, &passage.batch)))
    }

    /// The keys of the next batch; nothing where there is no row any more.
    fn next_range(
        &mut self,
        work: &mut Work<'_>,
        passage: &mut Passage,
    ) -> Result<Option<Range>, Failed> {
        self.wait_for_health(work, passage)?;
        let Passage { number, table, cursor, .. } = &*passage;
        let (number, size) = (*number, cursor.size);
        let question = walk::question(table, (&cursor.from, &cursor.until), size);
        let row = self.look_for_keys(work, number, &question)?;
        let range = match walk::read(table, size, row.as_deref()) {
            Some(Found::Nothing) => return Ok(None),
            Some(Found::Range(range)) => Some(range),
            Some(Found::Same(key)) => {
                let question = walk::behind(table, &key, &cursor.until);
                let row = self.look_for_keys(work, number, &question)?;
                walk::read_behind(table, key, row.as_deref())
            }
            None => None,
        };
        // Else it would never come to an end.
        let range =
            range.filter(|it| !matches!(&cursor.from, Start::Behind(key) if *key == it.start));
        range.map(Some).ok_or_else(|| self.not_understood(work, number))
    }

    /// Runs one batch, and says whether it was committed; where locks were in its way, the next one is smaller.
    fn run_batch(
        &mut self,
        work: &mut Work<'_>,
        passage: &mut Passage,
        range: &Range,
    ) -> Result<bool, Failed> {
        if passage.attempts.made() == 0 {
            self.session.waits.next();
        }
        let limits = passage::patient(passage.attempts.limits(work.step.script()));
        let frame = self.frame.clone();
        let next = passage.behind(range);
        let (message, counted) =
            passage.message(&frame, work, range, &next, (limits, self.limits(work.step)));
        let looks = passage.attempts.pace(limits);
        let began = Moment::now();
        let attempt = message.attempt();
        let sent = self.session.send_watched(message.text(), Keep::Only(&[counted]), looks);
        let took = began.age();
        let failure = match sent {
            Ok(reply) => {
                fault::at(Point::ReplyRead);
                self.committed(work, passage, (range, next), reply.count(counted), took);
                return Ok(true);
            }
            Err(failure) => failure,
        };
        self.session.roll_back();
        if let Some(next) = self.again(&mut passage.attempts, &attempt, &failure) {
            passage.cursor.size = size::smaller(&passage.batch, passage.cursor.size);
            let situation = work.situation(self.done.len());
            self.wait_for_locks(work.step, &failure, next, (work.index, situation))?;
            return Ok(false);
        }
        if self.took_too_long(work, &failure, took) && passage.cursor.size > passage.batch.min_size
        {
            passage.cursor.size = size::smaller(&passage.batch, passage.cursor.size);
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
        passage: &mut Passage,
        (range, next): (&Range, Cursor),
        changed: u64,
        took: Duration,
    ) {
        passage.noted = Some(next.to_json());
        passage.cursor = next;
        passage.cursor.size = size::after(&passage.batch, passage.cursor.size, range.rows, took);
        passage.attempts = Attempts::new(self.session.settings);
        (work.recorded, work.in_doubt) = (Some(passage.number), false);
        work.batched = passage.batched();
        self.session.batches.note(passage.number + 1, range.rows, changed);
        let Cursor { rows, total, .. } = passage.cursor;
        self.session.tell(Event::Batch {
            version: work.step.version().to_owned(),
            statement: passage.number + 1,
            rows: range.rows,
            changed,
            took,
            done: rows,
            total,
        });
    }

    /// Moves the mark behind the statement.
    fn close_batches(&mut self, work: &mut Work<'_>, passage: &Passage) -> Result<(), Failed> {
        self.refuse_rows_without_key(work, passage.number, &passage.table)?;
        self.warn_of_insertions(work, passage)?;
        let frame = self.frame.clone();
        let mut message = Message::new(&frame);
        message.push("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
        as_ourselves(&mut message, |it| {
            it.guard_unless(&passage.is_elsewhere(work, it));
            work.mark(it, passage.number + 1, Runs::InTransaction);
        });
        message.commit();
        let text = message.text().to_owned();
        self.say(work, &text)?;
        (work.recorded, work.in_doubt, work.batched) = (Some(passage.number + 1), false, None);
        Ok(())
    }
}
