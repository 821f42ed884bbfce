//! Interruption from outside: a signal handler, another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::error::{Error, ErrorKind};

/// Stops a run: the running statement is cancelled on the server and rolled back, and what is on its way behind it
/// does not run. What the server comes to the end of before it is told is done, and part of the result.
///
/// Clones belong together; any thread may interrupt.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: AtomicBool,
    notify: Notify,
}

impl Interrupt {
    /// Asks the run to stop. It ends with an error of the kind [`ErrorKind::Interrupted`].
    pub fn interrupt(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
        self.0.notify.notify_one();
    }

    /// Whether somebody has asked.
    pub fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst)
    }

    /// Completes when somebody interrupts; at once if somebody has.
    pub(crate) async fn asked(&self) {
        while !self.is_asked() {
            self.0.notify.notified().await;
        }
    }

    /// Fails if somebody has interrupted.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_asked() { Err(Interrupt::error()) } else { Ok(()) }
    }

    /// Waits, unless somebody interrupts.
    pub(crate) fn sleep(&self, time: Duration) -> Result<(), Error> {
        const SLICE: Duration = Duration::from_millis(20);
        let mut left = time;
        while !left.is_zero() {
            self.check()?;
            let slice = left.min(SLICE);
            std::thread::sleep(slice);
            left -= slice;
        }
        self.check()
    }

    pub(crate) fn error() -> Error {
        Error::new(ErrorKind::Interrupted, "interrupted")
    }
}
