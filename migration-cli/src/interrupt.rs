//! SIGINT and SIGTERM: the first asks the run to stop, the second does not wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use migrate_runtime::{ErrorKind, Interrupt};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::CommandError;
use crate::output::Ui;

/// Whether somebody is being asked at this moment: then nothing runs that a signal could stop.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prompt(Arc<AtomicBool>);

impl Prompt {
    /// Somebody is being asked for as long as `ask` takes.
    pub(crate) fn during<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.0.store(true, Ordering::SeqCst);
        let answer = ask();
        self.0.store(false, Ordering::SeqCst);
        answer
    }

    fn is_open(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// From now on, a signal interrupts the run. The thread that listens ends with the process.
pub(crate) fn on_signal(interrupt: Interrupt, prompt: Prompt, ui: &Ui) -> Result<(), CommandError> {
    let ui = ui.clone();
    let mut asked = false;
    listen(move || {
        if asked {
            leave();
        }
        asked = true;
        if !prompt.is_open() {
            ui.warn("interrupted, cancelling the running statement; once more leaves at once");
        }
        interrupt.interrupt();
    })
}

/// From now on, a signal ends the prompt, and the program where nobody is being asked: what it does cannot
/// be interrupted.
pub(crate) fn on_signal_at(prompt: Prompt) -> Result<Interrupt, CommandError> {
    let interrupt = Interrupt::default();
    let asked = interrupt.clone();
    listen(move || {
        if asked.is_asked() || !prompt.is_open() {
            leave();
        }
        asked.interrupt();
    })?;
    Ok(interrupt)
}

fn listen(mut on_signal: impl FnMut() + Send + 'static) -> Result<(), CommandError> {
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| CommandError::io("cannot listen to signals", &error))?;
    thread::spawn(move || signals.forever().for_each(|_| on_signal()));
    Ok(())
}

#[expect(clippy::exit, reason = "the person has asked twice; the server rolls back by itself")]
fn leave() -> ! {
    std::process::exit(ErrorKind::Interrupted.exit_code().into())
}
