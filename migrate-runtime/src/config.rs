//! How a [`Migrator`](crate::Migrator) behaves: waiting, time limits, and who it says it is.
//!
//! Plain values. Where they come from (flags, variables, files) is the caller's business: the library
//! reads no environment.

use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_core::Version;

use crate::quote::ident;

/// Settings of a run. Start from [`Settings::default`] and assign fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Settings {
    /// The role that everything is done as (`SET ROLE`); the one that logs in unless told.
    pub role: Option<String>,
    /// The schema of the history table, and the first entry of the `search_path` of every script.
    pub schema: String,
    /// Whether the environment is a protected one. The first run notes that in the database, together with
    /// the name in [`identity`](Settings::identity).
    pub protected: bool,
    /// Whether changes of a database that is noted as protected are agreed to. A program that migrates when
    /// it starts has nobody to ask: true unless told.
    pub confirmed: bool,
    /// Whether the caller asks a person where that consent is missing. The log has no row about the refusal
    /// then: the caller tells it what came of the question, with [`Migrator::record`](crate::Migrator::record).
    pub asks: bool,
    /// How long one attempt waits for a lock (`lock_timeout`) where others would queue behind it; the first
    /// attempts give up sooner, and statements that work on rows wait for two seconds at least as long as
    /// no table is locked before them. Zero waits until `lock_deadline`.
    pub lock_timeout: Duration,
    /// How long a migration, or a statement of one that runs statement by statement, is attempted again and
    /// again while locks are in the way, from the first attempt that finds one; zero attempts it once.
    pub lock_deadline: Duration,
    /// How long one statement may run (`statement_timeout`); zero is without limit.
    pub statement_timeout: Duration,
    /// How long to wait while another runner holds the lock.
    pub wait: Duration,
    /// How long to keep trying while the server cannot be reached; zero tries once.
    pub wait_for_db: Duration,
    /// How long to keep trying to reach the server again after the connection was lost in the middle of
    /// a run, and it was our own: half a minute unless told, and never shorter than `wait_for_db`, so
    /// that a server which starts again, or a standby that takes over, is found. Zero never opens it again.
    pub reconnect: Duration,
    /// How long one attempt to connect may take, login included.
    pub connect_timeout: Duration,
    /// How long statements that run in batches (`-- migrate:batch`) may take in one run, all together: between two
    /// batches it stops then, as [`ErrorKind::Unfinished`](crate::ErrorKind::Unfinished), and the next run goes on.
    /// One batch is done in any case. Zero is without limit.
    pub max_batch_time: Duration,
    /// Batches wait as long as a standby is further behind than this, at most until `lock_deadline`. Zero never waits
    /// for one.
    pub max_replication_lag: Duration,
    /// What the log and the server's view of the session say about this process.
    pub identity: Identity,
    /// Whether each run that changed something records the schema that it leaves, so that
    /// [`Migrator::verify`](crate::Migrator::verify) can tell what was changed by hand since: true unless told.
    /// It is read after the last step, and before the first one where anything was written to the catalogs since the
    /// run before, which takes longer the more objects there are. Where it is off, nothing is compared either.
    pub record_schema: bool,
    /// What is no drift, whoever changed it.
    pub ignore: Ignore,
}

/// What is left out when the schema is compared with what the migrations made. Patterns stand for names with
/// their schema, `public.` may be left out, and `*` is anything: `tmp_*`, `audit.*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ignore {
    /// Objects, with everything that belongs to them.
    pub objects: Vec<String>,
    /// Objects whose grants may be others.
    pub grants: Vec<String>,
    /// Objects whose comments may be others.
    pub comments: Vec<String>,
    /// Tables whose partitions come and go.
    pub partitions_of: Vec<String>,
}

/// Who runs the migrations: kept with every row of the log.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Identity {
    /// The program, with its version; also the beginning of `application_name`.
    pub application: Option<String>,
    /// The account on the operating system.
    pub os_user: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The name of the environment.
    pub environment: Option<String>,
    /// The revision of the sources that the program was built from; that of the set unless told.
    pub revision: Option<String>,
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Everything.
    All,
    /// Up to and including this version; going down, this version stays.
    To(Version),
    /// So many migrations.
    Steps(NonZeroUsize),
}

/// What `up` is asked to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Up {
    /// How far to go; everything unless told.
    pub limit: Limit,
    /// All of it in one transaction, so that either everything is made or nothing.
    pub single_transaction: bool,
    /// Run migrations that are older than the newest one that has run.
    pub allow_out_of_order: bool,
}

/// What `down` is asked to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Down {
    /// How far to go; one migration unless told.
    pub limit: Limit,
    /// Which down script to take where the binary and the database have different ones.
    pub use_script: Option<ScriptSource>,
}

/// Where a down script comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptSource {
    /// The script in this binary.
    Embedded,
    /// The script that the database kept when the migration ran.
    Stored,
}

/// What a person says about a statement of which nobody can tell whether it had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It had none: it runs again.
    Retry,
    /// It had it: the script goes on behind it.
    MarkDone,
}

impl Settings {
    /// The `search_path` of every script.
    pub(crate) fn search_path(&self) -> String {
        match self.schema.as_str() {
            "public" => "public".to_owned(),
            other => format!("{}, public", ident(other)),
        }
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            role: None,
            schema: "public".to_owned(),
            protected: false,
            confirmed: true,
            asks: false,
            lock_timeout: Duration::from_millis(100),
            lock_deadline: Duration::from_mins(5),
            statement_timeout: Duration::ZERO,
            wait: Duration::from_mins(1),
            wait_for_db: Duration::ZERO,
            reconnect: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            max_batch_time: Duration::ZERO,
            max_replication_lag: Duration::from_secs(10),
            identity: Identity::default(),
            record_schema: true,
            ignore: Ignore::default(),
        }
    }
}

impl Default for Up {
    fn default() -> Up {
        Up { limit: Limit::All, single_transaction: false, allow_out_of_order: false }
    }
}

impl Default for Down {
    fn default() -> Down {
        Down { limit: Limit::Steps(NonZeroUsize::MIN), use_script: None }
    }
}
