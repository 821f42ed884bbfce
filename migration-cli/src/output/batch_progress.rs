//! The progress of statements that run in batches: a bar of rows on a terminal, a line a minute elsewhere.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use migrate_runtime::{Batched, Event};

use super::ui::Ui;
use crate::secret::redact;
use crate::text::{duration, shorten};

/// Where nothing is drawn, a line that often.
const PAUSE: Duration = Duration::from_mins(1);

/// What was done longer ago says nothing about how fast it goes.
const WINDOW: Duration = Duration::from_mins(1);

/// Turns the events of batches into what is shown, on the bar of the run.
#[derive(Clone, Debug)]
pub(super) struct BatchProgress {
    ui: Ui,
    bar: ProgressBar,
    /// The statement that began last, counted from 1.
    statement: usize,
    course: Option<Course>,
    /// What the bar of the run had: how many migrations are done, and how many there are.
    of_run: (u64, u64),
}

/// A statement on its way.
#[derive(Clone, Debug, Default)]
struct Course {
    version: String,
    statement: usize,
    pace: Pace,
    done: u64,
    total: u64,
    /// How many rows were told of last.
    told: u64,
    lines: Due,
    pauses: Due,
}

impl BatchProgress {
    /// Draws on a bar that says how many migrations are done.
    pub(super) fn new(ui: &Ui, bar: &ProgressBar) -> BatchProgress {
        BatchProgress {
            ui: ui.clone(),
            bar: bar.clone(),
            statement: 0,
            course: None,
            of_run: (0, 0),
        }
    }

    /// Whether the bar is about rows at the moment.
    pub(super) fn is_open(&self) -> bool {
        self.course.is_some()
    }

    /// A batch of the migration with this title was committed, or waits.
    pub(super) fn event(&mut self, event: &Event, title: &str) {
        let now = Instant::now();
        match event {
            Event::Batch { version, statement, rows, took, done, total, .. } => {
                self.statement = *statement;
                let course = self.open(version, title);
                let began = now.checked_sub(*took).unwrap_or(now);
                course.committed((began, now), *rows, (*done, *total));
                self.show(now);
            }
            Event::BatchPaused { version, reason } => {
                self.open(version, title);
                self.show_pause(now, &redact(reason));
            }
            _ => {}
        }
    }

    /// A statement begins. After a lost connection, it may be the one that was on its way.
    pub(super) fn begins(&mut self, statement: usize) {
        self.statement = statement;
        if self.course.as_ref().is_some_and(|it| it.statement != statement) {
            self.end();
        }
    }

    /// The statement has ended well.
    pub(super) fn end(&mut self) {
        let Some(course) = self.course.take() else { return };
        if self.ui.draws() {
            let (done, total) = self.of_run;
            // Only then with the other style: no row is taken for a migration.
            self.bar.set_length(total);
            self.bar.set_position(done);
            style_of_run(&self.bar);
        } else if let Some(line) = course.last_line() {
            self.ui.note(line);
        }
    }

    /// The course of the statement; the bar is about its rows from now on.
    fn open(&mut self, version: &str, title: &str) -> &mut Course {
        let statement = self.statement;
        let is_same = |it: &Course| it.version == version && it.statement == statement;
        if !self.course.as_ref().is_some_and(is_same) {
            self.end();
            if self.ui.draws() {
                self.of_run = (self.bar.position(), self.bar.length().unwrap_or_default());
                self.draw_rows(title);
            }
        }
        let version = version.to_owned();
        self.course.get_or_insert_with(|| Course { version, statement, ..Course::default() })
    }

    fn draw_rows(&self, title: &str) {
        let (done, total) = self.of_run;
        let columns = Ui::columns_of_stderr();
        let width = bar_width(columns);
        style(&self.bar, &format!("  {{prefix}}  {{elapsed}}\n  {{bar:{width}}} {{msg}}"));
        let title = format!("{done}/{total} {title}");
        self.bar.set_prefix(shorten(&title, columns.saturating_sub(10)));
        self.bar.set_message("");
        self.bar.set_length(1);
        self.bar.set_position(0);
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    fn show(&mut self, now: Instant) {
        let Some(course) = &mut self.course else { return };
        if self.ui.draws() {
            let columns = Ui::columns_of_stderr();
            self.bar.set_length(course.total);
            self.bar.set_position(course.done);
            self.bar.set_message(course.words(beside_bar(columns)));
        } else if let Some(line) = course.line(now) {
            self.ui.note(line);
        }
    }

    fn show_pause(&mut self, now: Instant, reason: &str) {
        let Some(course) = &mut self.course else { return };
        if self.ui.draws() {
            let columns = beside_bar(Ui::columns_of_stderr());
            self.bar.set_message(shorten(&format!("waits: {reason}"), columns));
        } else if course.pauses.at(now) {
            let line = format!("{} waits before its next batch: {reason}", course.version);
            self.ui.note(format!("  {}", shorten(&line, usize::MAX)));
        }
    }
}

/// The bar of a run counts migrations.
pub(super) fn style_of_run(bar: &ProgressBar) {
    style(bar, "  {bar:24} {pos}/{len}  {msg}  {elapsed}");
}

/// The rest is drawn too: a run whose first migration takes long has a bar of nothing else.
fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
}

/// How long the bar is on a terminal of so many columns: the words beside it matter more.
fn bar_width(columns: usize) -> usize {
    match columns {
        0..60 => 8,
        60..100 => 16,
        _ => 24,
    }
}

/// How many columns are left beside it. The last one is left free, since some terminals wrap there.
fn beside_bar(columns: usize) -> usize {
    columns.saturating_sub(bar_width(columns) + 4)
}

impl Course {
    fn committed(
        &mut self,
        (began, now): (Instant, Instant),
        rows: u64,
        (done, total): (u64, u64),
    ) {
        // What earlier runs have done says nothing about how fast it goes.
        self.pace.note(began, done.saturating_sub(rows));
        self.pace.note(now, done);
        (self.done, self.total) = (done, total.max(done));
    }

    /// How far it is, in as many words as fit into so many columns.
    fn words(&self, columns: usize) -> String {
        let Course { done, total, .. } = self;
        let part = Some(format!("{} %", self.percent()));
        let rows = Some(format!("{done} of about {total} rows"));
        let rate = self.pace.rate().map(|it| format!("{it} rows/s"));
        let left = self.left().map(|it| format!("{it} left"));
        let choices = [
            vec![&part, &rows, &rate, &left],
            vec![&part, &rows, &left],
            vec![&part, &rows],
            vec![&part, &left],
        ];
        let lines = choices.into_iter().map(|it| {
            let words: Vec<&str> = it.into_iter().flatten().map(String::as_str).collect();
            words.join("  ")
        });
        let fits = lines.into_iter().find(|it| it.chars().count() <= columns);
        fits.or(part).unwrap_or_default()
    }

    /// What is told of a batch that was committed; nothing where that is too soon.
    fn line(&mut self, now: Instant) -> Option<String> {
        if !self.lines.at(now) {
            return None;
        }
        self.told = self.done;
        let Course { version, statement, done, total, .. } = &*self;
        let mut line = format!(
            "  {version}: statement {statement}, {done} of about {total} rows ({} %)",
            self.percent()
        );
        // Writing to a string does not fail.
        let _ = self.pace.rate().map(|it| write!(line, ", {it} rows/s"));
        let _ = self.left().map(|it| write!(line, ", {it} left"));
        Some(line)
    }

    /// What is told at the end, unless that was told already.
    fn last_line(&self) -> Option<String> {
        let Course { version, statement, done, told, .. } = self;
        (done != told).then(|| format!("  {version}: statement {statement} is done, {done} rows"))
    }

    fn percent(&self) -> u8 {
        Batched::percent_of(self.done, self.total)
    }

    fn left(&self) -> Option<String> {
        let rows = self.total - self.done;
        let seconds = rows.checked_div(self.pace.rate()?).filter(|_| rows > 0)?;
        Some(match seconds {
            0..60 => format!("{seconds} s"),
            _ => duration(Duration::from_secs(seconds)),
        })
    }
}

/// Whether a line is due: at once, and then as often as people want to read it.
#[derive(Clone, Copy, Debug, Default)]
struct Due {
    last: Option<Instant>,
}

impl Due {
    /// Whether one is due now, which then is the last one.
    fn at(&mut self, now: Instant) -> bool {
        let is_due = self.last.is_none_or(|it| now.saturating_duration_since(it) >= PAUSE);
        if is_due {
            self.last = Some(now);
        }
        is_due
    }
}

/// How many rows were done when, over the last minute.
#[derive(Clone, Debug, Default)]
struct Pace {
    notes: VecDeque<(Instant, u64)>,
}

impl Pace {
    /// So many rows were done then, of all that there are.
    fn note(&mut self, at: Instant, done: u64) {
        // Between two notes lies the pause too: a batch that begins where the last one ended adds nothing.
        if self.notes.back().is_some_and(|it| it.1 >= done) {
            return;
        }
        self.notes.push_back((at, done));
        let is_old = |it: &(Instant, u64)| at.saturating_duration_since(it.0) >= WINDOW;
        // One that is as old as the window stays, to measure from.
        while self.notes.len() > 2 && self.notes.get(1).is_some_and(is_old) {
            self.notes.pop_front();
        }
    }

    /// Rows a second, pauses included.
    fn rate(&self) -> Option<u64> {
        let (from, to) = (self.notes.front()?, self.notes.back()?);
        let millis = to.0.saturating_duration_since(from.0).as_millis();
        let rows = u128::from(to.1.saturating_sub(from.1));
        u64::try_from((rows * 1000).checked_div(millis)?).ok().filter(|it| *it > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    /// A statement after one batch of 1000 rows, which took a second, and one more after each of these pauses.
    fn course(pauses: &[u64]) -> (Course, Instant) {
        let mut course =
            Course { version: "20260101000001".into(), statement: 2, ..Course::default() };
        let (mut now, mut done) = (Instant::now(), 90_000);
        for pause in [&0].into_iter().chain(pauses) {
            let began = now + seconds(*pause);
            (now, done) = (began + seconds(1), done + 1000);
            course.committed((began, now), 1000, (done, 200_000));
        }
        (course, now)
    }

    #[test]
    fn a_line_is_due_at_once_and_then_once_a_minute() {
        let (mut due, start) = (Due::default(), Instant::now());
        let told: Vec<u64> = (0..200).filter(|it| due.at(start + seconds(*it))).collect();
        assert_eq!(told, [0, 60, 120, 180]);
        assert!(due.at(start + seconds(900)) && !due.at(start + seconds(959)));
    }

    #[test]
    fn how_fast_it_goes_is_measured_over_the_last_minute_with_its_pauses() {
        #[track_caller]
        fn check(pauses: &[u64], expected: u64) {
            assert_eq!(course(pauses).0.pace.rate(), Some(expected));
        }

        check(&[], 1000);
        check(&[0, 0], 1000);
        check(&[1], 666);
        check(&[99], 10);
        check(&[&[99], &[0; 70][..]].concat(), 1000);
        assert_eq!(Course::default().pace.rate(), None);
    }

    #[test]
    fn a_line_has_how_far_it_is_and_the_last_one_comes_once() {
        let (mut course, now) = course(&[]);
        let line = "  20260101000001: statement 2, 91000 of about 200000 rows (45 %), 1000 rows/s, 1 min 49 s left";
        assert_eq!(course.line(now).as_deref(), Some(line));
        assert_eq!(course.last_line(), None);
        course.committed((now, now + seconds(1)), 1000, (92_000, 92_000));
        assert_eq!(course.line(now + seconds(1)), None);
        let last = "  20260101000001: statement 2 is done, 92000 rows";
        assert_eq!(course.last_line().as_deref(), Some(last));
        assert_eq!(course.left(), None);
        assert_eq!(course.percent(), 99);
    }

    #[test]
    fn the_words_beside_the_bar_fit() {
        #[track_caller]
        fn check(columns: usize, expected: &str) {
            let (course, _) = course(&[]);
            let words = course.words(beside_bar(columns));
            assert_eq!(words, expected);
            assert!(3 + bar_width(columns) + words.len() < columns);
        }

        check(120, "45 %  91000 of about 200000 rows  1000 rows/s  1 min 49 s left");
        check(80, "45 %  91000 of about 200000 rows  1 min 49 s left");
        check(60, "45 %  91000 of about 200000 rows");
        check(40, "45 %  1 min 49 s left");
        check(20, "45 %");
    }
}
