//! The front door: `up`, `down`, `force`, `status`, `verify`, `info`.
//!
//! Reading and planning happen without the lock; then the lock is taken, the history is read again,
//! and what runs is only what was planned.

use std::fmt;
use std::num::NonZeroUsize;

use migrate_core::{MigrationSet, Version};

use crate::call::{Call, Request};
use crate::config::{Down, Limit, Settings, Up};
use crate::connect::connect;
use crate::connect_options::ConnectOptions;
use crate::connection::{Connection, Tell};
use crate::error::{Error, ErrorKind};
use crate::extras::{
    if_allowed, log_of, stamp_beside, stamp_of, stored_scripts, verification, verification_beside,
};
use crate::force::{self, Force, Forced};
use crate::history::{History, Server};
use crate::info::Info;
use crate::interrupt::Interrupt;
use crate::plan::{HistoryChange, Plan, plan_force};
use crate::progress::Event;
use crate::run::Run;
use crate::safeguard::Safeguard;
use crate::schema_drift::SchemaDrift;
use crate::status::Status;
use crate::verify::{self, Finding, Verification};

/// Runs the migrations of a set on one database.
///
/// Every call opens a connection of its own and closes it at the end, whatever happens, so that no
/// lock is left behind. The calls block; from asynchronous code they may be made anywhere, but a
/// thread for blocking work (`spawn_blocking`) keeps the others of its executor free.
///
/// Where that connection is lost in the middle of a run, it is opened again
/// ([`Settings::reconnect`](crate::Settings::reconnect)) and takes the lock, which the lost session
/// holds until the server has ended it. The history then tells exactly what was committed: that is
/// part of the [`Run`] although its answer never came, and the rest of the plan goes on. A script
/// outside of a transaction goes on where its progress and the catalogs tell how far it came. A step
/// over which the connection is lost three times ends the run.
pub struct Migrator {
    set: MigrationSet,
    connection: ConnectOptions,
    settings: Settings,
    listener: Box<dyn FnMut(&Event) + Send>,
    interrupt: Interrupt,
    agreed: Option<Plan>,
    safeguard: Option<Box<dyn Safeguard>>,
}

impl Migrator {
    /// Prepares to run `set` where `connection` leads. Nothing is opened yet.
    ///
    /// A server that vanishes without a word shall be noticed: unless `connection` says otherwise, a
    /// TCP connection sends keepalives after 30 s of silence, every 10 s, three times
    /// (`keepalives_idle`, `keepalives_interval`, `keepalives_retries`), and what was sent may stay
    /// unacknowledged for a minute (`tcp_user_timeout`).
    pub fn new(set: &MigrationSet, connection: impl Into<ConnectOptions>) -> Migrator {
        Migrator {
            set: *set,
            connection: connection.into(),
            settings: Settings::default(),
            listener: Box::new(|_| {}),
            interrupt: Interrupt::default(),
            agreed: None,
            safeguard: None,
        }
    }

    /// As [`new`](Migrator::new), with a connection URL or keyword string, by libpq's rules
    /// ([`ConnectOptions::parse`]). What does not parse is never repeated in the error, since it may hold a
    /// password.
    pub fn from_url(set: &MigrationSet, url: &str) -> Result<Migrator, Error> {
        Ok(Migrator::new(set, ConnectOptions::parse(url)?))
    }

    /// Sets waiting, time limits, schema and identity.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Migrator {
        self.settings = settings;
        self
    }

    /// Whoever runs this agrees to changes of a protected database
    /// ([`Settings::confirmed`](crate::Settings::confirmed)).
    pub fn confirm(&mut self) {
        self.settings.confirmed = true;
    }

    /// What was shown to a person, who agreed to it: the next `up` or `down` runs just that, and refuses where
    /// there is anything else to do by then.
    pub fn agree_to(&mut self, plan: Plan) {
        self.agreed = Some(plan);
    }

    /// Tells `listener` what happens, as it happens.
    #[must_use]
    pub fn on_event(mut self, listener: impl FnMut(&Event) + Send + 'static) -> Migrator {
        self.listener = Box::new(listener);
        self
    }

    /// Lets `up` and `down` do something before their first step.
    #[cfg(feature = "backup")]
    pub(crate) fn with_safeguard(self, safeguard: Box<dyn Safeguard>) -> Migrator {
        Migrator { safeguard: Some(safeguard), ..self }
    }

    /// The migrations.
    pub(crate) fn set(&self) -> &MigrationSet {
        &self.set
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How a connection comes about.
    #[cfg(feature = "backup")]
    pub(crate) fn options(&self) -> &ConnectOptions {
        &self.connection
    }

    /// Lets a handle that there is stop what this migrator does.
    #[cfg(feature = "check")]
    pub(crate) fn with_interrupt(self, interrupt: Interrupt) -> Migrator {
        Migrator { interrupt, ..self }
    }

    /// A handle that stops what this migrator does, from any thread.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Runs every pending migration, oldest first.
    pub fn up(&mut self) -> Result<Run, Error> {
        self.run_up(&Up::default())
    }

    /// Runs pending migrations as told.
    pub fn run_up(&mut self, up: &Up) -> Result<Run, Error> {
        self.refuse_stale_build()?;
        let ran = self.call("up", |connection, call| call.run(connection, Request::Up(up)));
        self.agreed = None;
        ran
    }

    /// Reverts the migrations that ran last, newest first.
    pub fn down(&mut self, count: NonZeroUsize) -> Result<Run, Error> {
        self.run_down(&Down { limit: Limit::Steps(count), ..Down::default() })
    }

    /// Reverts migrations as told.
    pub fn run_down(&mut self, down: &Down) -> Result<Run, Error> {
        let ran = self.call("down", |connection, call| call.run(connection, Request::Down(down)));
        self.agreed = None;
        ran
    }

    /// What [`run_up`](Migrator::run_up) would run now. Changes nothing and takes no lock.
    pub fn plan_up(&mut self, up: &Up) -> Result<Plan, Error> {
        self.refuse_stale_build()?;
        self.call("up", |mut connection, call| {
            let (server, history) = call.read(&mut connection)?;
            Ok(call.plan(&mut connection, &server, &history, Request::Up(up))??)
        })
    }

    /// What [`run_down`](Migrator::run_down) would revert now. Changes nothing and takes no lock.
    pub fn plan_down(&mut self, down: &Down) -> Result<Plan, Error> {
        self.call("down", |mut connection, call| {
            let (server, history) = call.read(&mut connection)?;
            Ok(call.plan(&mut connection, &server, &history, Request::Down(down))??)
        })
    }

    /// Makes the history say that exactly the migrations up to a version ran. Runs no script: for a
    /// database that has what they make, whatever its history says.
    pub fn run_force(&mut self, force: &Force) -> Result<Forced, Error> {
        self.refuse_stale_build()?;
        self.call("force", |mut connection, call| {
            let read = call.read(&mut connection)?;
            force::run(connection, &call.set, read, force)
        })
    }

    /// What [`run_force`](Migrator::run_force) would change now. Changes nothing and takes no lock.
    pub fn plan_force(&mut self, version: Version) -> Result<HistoryChange, Error> {
        self.refuse_stale_build()?;
        self.call("force", |mut connection, call| {
            let (_, history) = call.read(&mut connection)?;
            Ok(plan_force(&call.set, &history, version)?)
        })
    }

    /// The state of every migration. A role that may only read is enough.
    pub fn status(&mut self) -> Result<Status, Error> {
        self.call("status", |mut connection, call| {
            let (server, history) = call.read(&mut connection)?;
            Ok(status(&call.set, history, server))
        })
    }

    /// As [`status`](Migrator::status), and what of the schema was changed by hand since the last run: the same
    /// message tells whether anything was, and only then the schema is read. A role that may only read is enough.
    pub fn status_with_drift(&mut self) -> Result<(Status, SchemaDrift), Error> {
        self.call("status", |mut connection, call| {
            let beside = stamp_beside(call.settings);
            let (server, history, reply) = call.read_with(&mut connection, beside.as_deref())?;
            let stamp = reply.as_ref().and_then(stamp_of);
            let drift = connection.schema_drift(&server, &history, stamp)?;
            Ok((status(&call.set, history, server), drift))
        })
    }

    /// Compares binary, history and database. A role that may only read is enough.
    pub fn verify(&mut self) -> Result<Verification, Error> {
        Ok(self.verify_with_drift()?.0)
    }

    /// As [`verify`](Migrator::verify), and what of that was changed by hand since the last run.
    pub fn verify_with_drift(&mut self) -> Result<(Verification, SchemaDrift), Error> {
        self.call("verify", |mut connection, call| {
            let beside = verification_beside(&connection);
            let (server, history, reply) = call.read_with(&mut connection, Some(&beside))?;
            verification(&mut connection, &call.set, (&server, history, reply))
        })
    }

    /// One migration in full: state, scripts, and what the log says. A role that may only read is
    /// enough. The version is a text, since another tool may have written others than ours.
    pub fn info(&mut self, version: &str) -> Result<Info, Error> {
        self.call("info", |mut connection, call| {
            let (server, history) = call.read(&mut connection)?;
            // What was typed may be any text; asked for is what the history has.
            let ran = history.rows.iter().map(|it| it.version.as_str());
            let ran: Vec<_> = ran.filter(|it| *it == version).take(1).collect();
            let stored = if_allowed(stored_scripts(&mut connection, &server, Some(&ran)))?;
            let log = log_of(&mut connection, version)?;
            let status = Status::new(&call.set, history, server.database);
            Info::new(&call.set, version, status, &stored.unwrap_or_default(), log)
        })
    }

    /// Compares a debug binary with the folder that it was built from. A release binary never looks at
    /// a folder, and has nothing to say here.
    pub fn verify_offline(&self) -> Vec<Finding> {
        verify::offline(&self.set)
    }

    /// Runs every pending migration over a connection that belongs to the caller.
    ///
    /// The guarantees are the same, except that there is no reconnecting and no interrupting, and an
    /// error knows its statement only where the server gave a position. Settings and roles of the
    /// session are put back as they were. Temporary objects are not touched, and neither are custom
    /// parameters (`app.tenant`), which PostgreSQL does not list: one that a script sets stays set.
    pub fn up_with(&mut self, client: &mut postgres::Client) -> Result<Run, Error> {
        self.refuse_stale_build()?;
        let call = Call::new(&self.set, &self.settings, &self.interrupt, "up");
        let call = Call { safeguard: self.safeguard.as_deref(), ..call };
        refuse_schema(call.settings)?;
        let listener = &mut self.listener;
        outside_of_async(|| {
            let mut tell = |event: Event| listener(&event);
            let connection =
                Connection::lent(client, call.parts(), call.settings, call.interrupt, &mut tell)?;
            call.run(connection, Request::Up(&Up::default()))
        })
    }

    pub(crate) fn call<T: Send>(
        &mut self,
        command: &'static str,
        work: impl FnOnce(Connection<'_>, &Call<'_>) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let options = self.connection.clone();
        self.call_to(&options, command, work)
    }

    /// As [`call`](Migrator::call), to another database of the server.
    pub(crate) fn call_to<T: Send>(
        &mut self,
        config: &ConnectOptions,
        command: &'static str,
        work: impl FnOnce(Connection<'_>, &Call<'_>) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let mut call = Call::new(&self.set, &self.settings, &self.interrupt, command);
        call.agreed = self.agreed.as_ref();
        call.safeguard = self.safeguard.as_deref();
        refuse_schema(call.settings)?;
        let listener = &mut self.listener;
        outside_of_async(|| {
            let mut tell = |event: Event| listener(&event);
            let link = connect(
                config,
                call.settings,
                (&call.token, call.command),
                call.interrupt,
                &mut tell,
            )?;
            let tell: Tell<'_> = &mut tell;
            let link = (link, config);
            let connection =
                Connection::own(link, call.parts(), call.settings, call.interrupt, tell);
            work(connection, &call)
        })
    }

    /// Files whose times lie in the past fool cargo: then a debug binary is older than its folder.
    pub(crate) fn refuse_stale_build(&self) -> Result<(), Error> {
        let stale = self.verify_offline();
        let Some(first) = stale.first() else { return Ok(()) };
        let more = match stale.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let error = Error::new(ErrorKind::StaleBuild, format!("{}{more}", first.message));
        let hint = first.hint.clone().unwrap_or_default();
        Err(error.with_state("nothing was changed").with_hint(hint))
    }
}

fn status(set: &MigrationSet, history: History, server: Server) -> Status {
    Status { recorded: server.recorded, ..Status::new(set, history, server.database) }
}

fn refuse_schema(settings: &Settings) -> Result<(), Error> {
    if !settings.schema.is_empty() && !settings.schema.contains('\0') {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Config, "the schema of the history has no name")
        .with_state("nothing was changed")
        .with_hint("leave Settings::schema at its default, `public`"))
}

/// Our own runtime cannot be entered from a thread that drives another one.
pub(crate) fn outside_of_async<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if tokio::runtime::Handle::try_current().is_err() {
        return work();
    }
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

impl fmt::Debug for Migrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The connection may hold a password.
        f.debug_struct("Migrator")
            .field("set", &self.set)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
