//! The progress of a backup on stderr: a bar on a terminal, a line now and then elsewhere.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use migrate_runtime::{BackupStep, BackupSummary, Event};

use super::style::{FAINT, GOOD, LABEL, Styled};
use super::ui::Ui;
use crate::text::bytes;

/// Turns the events of a backup into lines; cheap to clone, clones draw the same bar.
#[derive(Clone, Debug)]
pub(super) struct BackupProgress {
    ui: Ui,
    bar: ProgressBar,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    taken: Option<BackupSummary>,
    /// When something was said last.
    said: Option<Instant>,
}

/// Where nothing is drawn, a line that often.
const PAUSE: Duration = Duration::from_secs(10);

impl BackupProgress {
    pub(super) fn new(ui: &Ui) -> BackupProgress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg}  {elapsed}") {
            bar.set_style(style);
        }
        BackupProgress { ui: ui.clone(), bar, state: Arc::default() }
    }

    pub(super) fn event(&mut self, event: &Event) {
        match event {
            Event::BackupStarted { id, database_bytes } => {
                self.state().said = Some(Instant::now());
                let size = bytes(*database_bytes);
                self.ui.note(format!("Taking backup {id} of a database of {size}"));
            }
            Event::BackupProgress { step, done, total } => self.progress(*step, *done, *total),
            Event::BackedUp { backup } => {
                self.end();
                let (mark, id) = (Styled(GOOD, "✓"), Styled(LABEL, &backup.id));
                let size = Styled(FAINT, bytes(backup.size_bytes));
                self.ui.note(format!("  {mark} backup {id}  {size}"));
                self.state().taken = Some(backup.clone());
            }
            _ => {}
        }
    }

    /// Takes the bar away, before anything else is written.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    pub(super) fn taken(&self) -> Option<BackupSummary> {
        self.state().taken.clone()
    }

    fn progress(&self, step: BackupStep, done: u64, total: u64) {
        // How much the archive will have, nobody knows before.
        let line = match step {
            BackupStep::Dumping => format!("dumping, {} so far", bytes(done)),
            BackupStep::ReadingBack => format!("reading {} back", bytes(total)),
            BackupStep::Hashing => format!("checksum, {} of {}", bytes(done), bytes(total)),
            _ => return,
        };
        if self.ui.draws() {
            if self.bar.is_hidden() {
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
                self.bar.enable_steady_tick(Duration::from_millis(100));
            }
            self.bar.set_message(line);
            return;
        }
        // What is over sooner needs no line.
        let since = self.state().said.get_or_insert_with(Instant::now).elapsed();
        if since >= PAUSE {
            self.state().said = Some(Instant::now());
            self.ui.note(format!("  {line}"));
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
