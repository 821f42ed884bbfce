//! The one table of error kinds: the word for machines, and the exit code of the command line.

/// What went wrong, as far as a program has to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The command line does not make sense.
    Usage,
    /// The configuration does not make sense.
    Config,
    /// There is no such version, or there are not so many migrations.
    NoSuchVersion,
    /// What was asked for cannot be done with these scripts, and nothing was tried.
    Impossible,
    /// The server cannot be reached, or does not let us in.
    Connect,
    /// The role lacks a right.
    Privilege,
    /// The server is a standby, or allows no writing.
    Standby,
    /// A proxy hands our statements to more than one session.
    Pooler,
    /// A statement of a script failed.
    Sql,
    /// Locks of others were in the way until the deadline.
    LockTimeout,
    /// The connection was lost while a script ran.
    ConnectionLost,
    /// A script changed after it ran.
    Edited,
    /// A pending migration is older than one that has run.
    OutOfOrder,
    /// The down script in the binary is not the one that the database kept.
    ScriptDiffers,
    /// While we waited for the lock, somebody else changed what there is to do.
    PlanChanged,
    /// The folder has changed since this debug binary was built.
    StaleBuild,
    /// The history table is not ours, or of a newer layout.
    ForeignHistory,
    /// Another runner holds the lock.
    LockHeld,
    /// A protected environment changes only with consent.
    Consent,
    /// Work outside a transaction began and did not end.
    Unfinished,
    /// There is no such backup.
    NoSuchBackup,
    /// A backup is not what it was when it was taken.
    DamagedBackup,
    /// One of PostgreSQL's own programs is not installed, or too old for the server.
    MissingProgram,
    /// One of PostgreSQL's own programs failed.
    Program,
    /// Others are connected to a database that is to be replaced.
    InUse,
    /// A backup could not be restored.
    RestoreFailed,
    /// A file, a stream or the system refused something.
    Io,
    /// A signal or a call to [`Interrupt::interrupt`](crate::Interrupt::interrupt).
    Interrupted,
    /// A bug in this library.
    Internal,
}

const TABLE: [(ErrorKind, &str, u8); 29] = [
    (ErrorKind::Usage, "usage", 2),
    (ErrorKind::Config, "config", 2),
    (ErrorKind::NoSuchVersion, "no_such_version", 2),
    (ErrorKind::Impossible, "impossible", 2),
    (ErrorKind::Connect, "connect", 3),
    (ErrorKind::Privilege, "privilege", 3),
    (ErrorKind::Standby, "standby", 3),
    (ErrorKind::Pooler, "pooler", 3),
    (ErrorKind::Sql, "sql", 1),
    (ErrorKind::LockTimeout, "lock_timeout", 1),
    (ErrorKind::ConnectionLost, "connection_lost", 1),
    (ErrorKind::Edited, "edited", 5),
    (ErrorKind::OutOfOrder, "out_of_order", 5),
    (ErrorKind::ScriptDiffers, "script_differs", 5),
    (ErrorKind::PlanChanged, "plan_changed", 5),
    (ErrorKind::StaleBuild, "stale_build", 5),
    (ErrorKind::ForeignHistory, "foreign_history", 5),
    (ErrorKind::LockHeld, "lock_held", 6),
    (ErrorKind::Consent, "consent", 7),
    (ErrorKind::Unfinished, "unfinished", 8),
    (ErrorKind::NoSuchBackup, "no_such_backup", 2),
    (ErrorKind::DamagedBackup, "damaged_backup", 1),
    (ErrorKind::MissingProgram, "missing_program", 2),
    (ErrorKind::Program, "program", 1),
    (ErrorKind::InUse, "in_use", 1),
    (ErrorKind::RestoreFailed, "restore_failed", 1),
    (ErrorKind::Io, "io", 1),
    (ErrorKind::Interrupted, "interrupted", 130),
    (ErrorKind::Internal, "internal", 70),
];

impl ErrorKind {
    /// The word that JSON output uses.
    pub fn as_str(self) -> &'static str {
        self.entry().1
    }

    /// The exit code of a command that fails in this way.
    pub fn exit_code(self) -> u8 {
        self.entry().2
    }

    /// Every kind, with its word and its exit code.
    pub fn all() -> impl Iterator<Item = (ErrorKind, &'static str, u8)> {
        TABLE.into_iter()
    }

    fn entry(self) -> (ErrorKind, &'static str, u8) {
        TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_lists_every_kind_at_its_own_place() {
        for (index, (kind, word, _)) in TABLE.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{word}");
        }
        assert_eq!(ErrorKind::Internal as usize + 1, TABLE.len());
    }
}
