//! The moments at which this project's own tests let something go wrong: a connection that is cut, a server
//! that crashes, this process killed.
//!
//! Without the feature `fault-points` there is nothing here that could be called back, and the calls leave
//! no code behind. What happens at a point, the test that installs the hook decides; nothing else does, and
//! no variable of the environment.

/// A moment of a run.
#[cfg_attr(
    not(feature = "fault-points"),
    expect(unreachable_pub, reason = "public where the tests of this project ask for it")
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// A connection was opened, and nothing was said over it.
    Connected,
    /// The lock is held, and the history was read under it.
    Locked,
    /// A message is on its way to the server, and nothing of its answer was read.
    MessageSent,
    /// The answer to a message that ran a script, or wrote its row, was read, and nothing was noted yet.
    ReplyRead,
    /// The schema that a run left was read, and is not recorded yet.
    SchemaRead,
    /// A session ends: next, the lock is given back unless its last message did that, and the connection
    /// that held it is closed.
    Unlocking,
    /// A backup has begun: there is a folder for it, and nothing in it.
    #[cfg(feature = "backup")]
    BackupBegun,
    /// Everything was dumped, and nothing of it was read back.
    #[cfg(feature = "backup")]
    BackupDumped,
    /// The archive was read back, and nothing was written about it.
    #[cfg(feature = "backup")]
    BackupRead,
    /// The backup is complete, and not called one yet.
    #[cfg(feature = "backup")]
    BackupWritten,
    /// The backup is called one.
    #[cfg(feature = "backup")]
    BackupRenamed,
    /// A backup that is to be restored was proved, and nothing was made yet.
    #[cfg(feature = "backup")]
    RestoreChecked,
    /// The new database is there, and nothing says what it is.
    #[cfg(feature = "backup")]
    RestoreMade,
    /// The new database is there, empty.
    #[cfg(feature = "backup")]
    RestoreCreated,
    /// The archive was restored, into the new database or in place.
    #[cfg(feature = "backup")]
    RestoreFilled,
    /// The new database was compared, and has everything but its name.
    #[cfg(feature = "backup")]
    RestoreCompared,
    /// The rename holds its locks, and waits for our session in the old database alone.
    #[cfg(feature = "backup")]
    RestoreBlocked,
    /// The new database has its name.
    #[cfg(feature = "backup")]
    RestoreSwapped,
}

#[cfg(feature = "fault-points")]
mod hook {
    use std::sync::OnceLock;

    use super::Point;

    static HOOK: OnceLock<fn(Point)> = OnceLock::new();

    /// From now on, and for good, this is called at every point by the thread that comes to it. It may
    /// block, panic, or never return.
    pub fn install(hook: fn(Point)) {
        assert!(HOOK.set(hook).is_ok(), "a process has one hook");
    }

    pub(crate) fn at(point: Point) {
        if let Some(hook) = HOOK.get() {
            hook(point);
        }
    }

    pub(crate) async fn sent() {
        // One turn for the task that owns the socket: it writes what it was handed.
        tokio::task::yield_now().await;
        at(Point::MessageSent);
    }
}

#[cfg(feature = "fault-points")]
pub use hook::install;
#[cfg(feature = "fault-points")]
pub(crate) use hook::{at, sent};

/// Nothing.
#[cfg(not(feature = "fault-points"))]
pub(crate) const fn at(_: Point) {}

/// Nothing, at once.
#[cfg(not(feature = "fault-points"))]
pub(crate) fn sent() -> std::future::Ready<()> {
    at(Point::MessageSent);
    std::future::ready(())
}
