//! Progress on stderr: a line for every migration, and a bar below them on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};
use migrate_runtime::{BackupSummary, Direction, Done, Event, Mode};

use super::backup_progress::BackupProgress;
use super::batch_progress::{BatchProgress, style_of_run};
use super::style::{FAINT, GOOD, LABEL, Styled};
use super::ui::Ui;
use crate::secret::redact;
use crate::text::{duration, plural, printable};

/// Turns events into lines; cheap to clone, clones draw the same bar.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    ui: Ui,
    bar: ProgressBar,
    names: usize,
    said_waiting: bool,
    is_proving: bool,
    /// The migration on its way.
    current: String,
    /// What the building of an index was at when that was last said.
    phase: String,
    backup: BackupProgress,
    batches: BatchProgress,
}

/// Names longer than this do not push the times of all others to the right.
const WIDEST_NAME: usize = 48;

impl Progress {
    /// `names` are those that may appear: their times are written below each other.
    pub(crate) fn new<'a>(ui: &Ui, names: impl Iterator<Item = &'a str>) -> Progress {
        let names = names.map(str::len).max().unwrap_or_default().min(WIDEST_NAME);
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        style_of_run(&bar);
        let batches = BatchProgress::new(ui, &bar);
        Progress {
            ui: ui.clone(),
            bar,
            names,
            said_waiting: false,
            is_proving: false,
            current: String::new(),
            phase: String::new(),
            backup: BackupProgress::new(ui),
            batches,
        }
    }

    /// Says what happened.
    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Connected { token, .. } => self.detail(&format!("Run {token}")),
            Event::WaitingForDatabase { reason } => {
                self.waiting(&format!("Waiting for the database: {}", redact(reason)));
            }
            Event::Reconnecting { reason } => {
                // What is waited for from here on is worth another line.
                self.said_waiting = false;
                self.note(&format!("Reconnecting: {}", redact(reason)));
            }
            Event::WaitingForLock { holder } => {
                self.waiting(&format!("Waiting for another runner: {holder}"));
            }
            Event::Planned { total, direction } => self.planned(*total, *direction),
            Event::Started { version, name, mode, .. } => self.started(version, name, *mode),
            Event::Statement { index, total, line } => {
                self.batches.begins(*index);
                if !self.batches.is_open() {
                    // What the building of an index was at is over.
                    self.bar.set_message(self.current.clone());
                }
                self.detail(&format!("    statement {index} of {total}, line {line}"));
            }
            Event::Batch { .. } | Event::BatchPaused { .. } => {
                self.batches.event(event, &self.current);
            }
            Event::Resumed { version, what } => {
                self.note(&format!("  {version} began in another run: {what}"));
            }
            Event::Finished { index, total, done } => self.finished(*index, *total, done),
            Event::Retrying { version, attempt, pause, .. } => {
                self.retrying(version, *attempt, *pause);
            }
            Event::Blocked { version, blockers } => {
                for blocker in blockers {
                    let blocker = redact(&printable(&blocker.to_string()));
                    self.note(&format!("  {version} waits for {blocker}"));
                }
            }
            Event::IndexBuild { version, phase, done, total } => {
                self.building(version, phase, (*done, *total));
            }
            Event::BackupStarted { .. } | Event::BackupProgress { .. } | Event::BackedUp { .. } => {
                self.backup.event(event);
            }
            Event::Restoring { step } => self.note(&format!("  {}", printable(step))),
            Event::Checking { index, total, what } => self.checking(*index, *total, what),
            Event::Proving { index, total, version, name } => {
                self.proving((*index, *total), version, name);
            }
            Event::Warning { message } => {
                let ui = self.ui.clone();
                self.aside(|| ui.warn(ui.in_our_name(message)));
            }
            Event::Notice { severity, message } => {
                self.note(&format!("    {severity}: {message}"));
            }
            _ => {}
        }
    }

    /// Takes the bar away, before anything else is written.
    pub(crate) fn end(&self) {
        self.backup.end();
        self.bar.finish_and_clear();
    }

    /// The backup that was taken.
    pub(crate) fn backup(&self) -> Option<BackupSummary> {
        self.backup.taken()
    }

    fn planned(&mut self, total: usize, direction: Direction) {
        self.said_waiting = false;
        if total == 0 {
            return;
        }
        let verb = match direction {
            Direction::Up => "Running",
            Direction::Down => "Reverting",
        };
        self.begin(&format!("{verb} {}", plural(total, "migration")), total);
    }

    fn started(&mut self, version: &str, name: &str, mode: Mode) {
        self.phase.clear();
        self.current = format!("{version}_{name}");
        if !self.batches.is_open() {
            self.bar.set_message(self.current.clone());
        }
        if mode == Mode::Standalone {
            self.detail(&format!("  {version} runs statement by statement"));
        }
    }

    /// The first attempts are over before anybody could read of them, and of many, ever fewer are told.
    fn retrying(&self, version: &str, attempt: u32, pause: Duration) {
        let pause = duration(pause);
        let line = format!(
            "  {version}: a lock is in the way, attempt {attempt} gave up; the next in {pause}"
        );
        if attempt > 3 && attempt.is_power_of_two() {
            self.note(&line);
        } else {
            self.detail(&line);
        }
    }

    /// Below the lines on a terminal, elsewhere a line for each phase.
    fn building(&mut self, version: &str, phase: &str, (done, total): (u64, u64)) {
        let part =
            (done * 100).checked_div(total).map(|it| format!(", {it} %")).unwrap_or_default();
        let line = format!("{version}: {phase}{part}");
        if self.ui.draws() {
            self.bar.set_message(line);
        } else if self.phase != phase {
            phase.clone_into(&mut self.phase);
            self.note(&format!("  {line}"));
        }
    }

    fn finished(&mut self, index: usize, total: usize, done: &Done) {
        self.batches.end();
        let (digits, names) = (total.to_string().len(), self.names);
        let Done { version, name, execution_time, .. } = done;
        let count = Styled(FAINT, format!("{index:digits$}/{total}"));
        let mark = Styled(GOOD, "✓");
        let time = Styled(FAINT, format!("{:>9}", duration(*execution_time)));
        let name = Styled(LABEL, format!("{name:names$}"));
        self.note(&format!("  {mark} {count}  {version}  {name}  {time}"));
        self.bar.set_position(index as u64);
    }

    fn checking(&mut self, index: usize, total: usize, what: &str) {
        if index == 1 {
            let what = format!("Comparing {} with the rows", plural(total, "constraint"));
            self.begin(&what, total);
        }
        let digits = total.to_string().len();
        self.detail(&format!("  {index:digits$}/{total}  {}", printable(what)));
        self.bar.set_position(index.saturating_sub(1) as u64);
        self.bar.set_message(printable(what).replace('\n', " "));
    }

    /// The result has a line for each: here, only the bar tells.
    fn proving(&mut self, (index, total): (usize, usize), version: &str, name: &str) {
        if !std::mem::replace(&mut self.is_proving, true) {
            self.begin("Running, reverting and running again, on a database of its own", total);
        }
        let digits = total.to_string().len();
        self.detail(&format!("  {index:digits$}/{total}  {version}  {name}"));
        self.bar.set_position(index.saturating_sub(1) as u64);
        self.bar.set_message(format!("{version}_{name}"));
    }

    /// Says what is being done, and shows the bar.
    fn begin(&self, what: &str, total: usize) {
        self.note(what);
        if self.ui.draws() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(total as u64);
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Once is enough: an attempt a second would fill the screen.
    fn waiting(&mut self, line: &str) {
        if !self.said_waiting {
            self.said_waiting = true;
            self.note(line);
        }
    }

    fn note(&self, line: &str) {
        self.aside(|| self.ui.note(line));
    }

    fn detail(&self, line: &str) {
        self.aside(|| self.ui.detail(line));
    }

    /// Writes above the bar.
    fn aside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }
}
