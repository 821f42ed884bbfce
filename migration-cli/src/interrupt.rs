//! SIGINT and SIGTERM: the first asks the run to stop, the second does not wait for it.

use std::thread;

use migrate_runtime::{ErrorKind, Interrupt};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::CommandError;
use crate::output::Ui;

/// From now on, a signal interrupts the run. The thread that listens ends with the process.
pub(crate) fn on_signal(interrupt: Interrupt, ui: &Ui) -> Result<(), CommandError> {
    let mut signals = Signals::new([SIGINT, SIGTERM])
        .map_err(|error| CommandError::io("cannot listen to signals", &error))?;
    let ui = ui.clone();
    thread::spawn(move || {
        let mut asked = false;
        for _ in signals.forever() {
            if asked {
                leave();
            }
            asked = true;
            ui.warn("interrupted, cancelling the running statement; once more leaves at once");
            interrupt.interrupt();
        }
    });
    Ok(())
}

#[expect(clippy::exit, reason = "the person has asked twice; the server rolls back by itself")]
fn leave() -> ! {
    std::process::exit(ErrorKind::Interrupted.exit_code().into())
}
