//! Progress on stderr: a line for every migration, and a bar below them on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use migrate_runtime::{Direction, Done, Event, Mode};

use super::style::{FAINT, GOOD, LABEL, Styled};
use super::ui::Ui;
use crate::text::{duration, plural};

/// Turns events into lines; cheap to clone, clones draw the same bar.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    ui: Ui,
    bar: ProgressBar,
    names: usize,
    said_waiting: bool,
}

/// Names longer than this do not push the times of all others to the right.
const WIDEST_NAME: usize = 48;

impl Progress {
    /// `names` are those that may appear: their times are written below each other.
    pub(crate) fn new<'a>(ui: &Ui, names: impl Iterator<Item = &'a str>) -> Progress {
        let names = names.map(str::len).max().unwrap_or_default().min(WIDEST_NAME);
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("  {bar:24} {pos}/{len}  {msg}  {elapsed}")
        {
            // The rest is drawn too: a run whose first migration takes long has a bar of nothing else.
            bar.set_style(style.progress_chars("━╸─"));
        }
        Progress { ui: ui.clone(), bar, names, said_waiting: false }
    }

    /// Says what happened.
    pub(crate) fn event(&mut self, event: &Event) {
        match event {
            Event::Connected { token, .. } => self.detail(&format!("Run {token}")),
            Event::WaitingForDatabase { reason } => self
                .waiting(&format!("Waiting for the database: {}", crate::secret::redact(reason))),
            Event::Reconnecting { reason } => {
                // What is waited for from here on is worth another line.
                self.said_waiting = false;
                self.note(&format!("Reconnecting: {}", crate::secret::redact(reason)));
            }
            Event::WaitingForLock { holder } => {
                self.waiting(&format!("Waiting for another runner: {holder}"));
            }
            Event::Planned { total, direction } => self.planned(*total, *direction),
            Event::Started { version, name, mode, .. } => self.started(version, name, *mode),
            Event::Statement { index, total, line } => {
                self.detail(&format!("    statement {index} of {total}, line {line}"));
            }
            Event::Resumed { version, what } => {
                self.note(&format!("  {version} began in another run: {what}"));
            }
            Event::Finished { index, total, done } => self.finished(*index, *total, done),
            Event::Retrying { version, attempt, pause, .. } => {
                let pause = duration(*pause);
                self.note(&format!(
                    "  {version}: a lock is in the way, attempt {attempt}; the next in {pause}"
                ));
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
        self.bar.finish_and_clear();
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
        self.note(&format!("{verb} {}", plural(total, "migration")));
        if self.ui.draws() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_length(total as u64);
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    fn started(&mut self, version: &str, name: &str, mode: Mode) {
        self.bar.set_message(format!("{version}_{name}"));
        if mode == Mode::Standalone {
            self.detail(&format!("  {version} runs statement by statement"));
        }
    }

    fn finished(&mut self, index: usize, total: usize, done: &Done) {
        let (digits, names) = (total.to_string().len(), self.names);
        let Done { version, name, execution_time, .. } = done;
        let count = Styled(FAINT, format!("{index:digits$}/{total}"));
        let mark = Styled(GOOD, "✓");
        let time = Styled(FAINT, format!("{:>9}", duration(*execution_time)));
        let name = Styled(LABEL, format!("{name:names$}"));
        self.note(&format!("  {mark} {count}  {version}  {name}  {time}"));
        self.bar.set_position(index as u64);
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
