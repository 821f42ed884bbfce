//! The proof, on a throw-away database, that every migration runs, is reverted, and runs again.
//!
//! ```no_run
//! use migrate_runtime::check::Checker;
//!
//! # /*
//! static MIGRATIONS: MigrationSet = embed_migrations!("migrations");
//! # */
//! # static MIGRATIONS: migrate_runtime::MigrationSet = migrate_runtime::embed_migrations!("../migrations");
//!
//! let report = Checker::new(&MIGRATIONS).run()?;
//! assert!(report.is_clean(), "{report}");
//! # Ok::<(), migrate_runtime::Error>(())
//! ```
//!
//! Each migration, oldest first, runs, is reverted, and runs again; after each, the schema is compared with what
//! it was ([`Schema::diff`](crate::schema::Schema::diff)). Then all of them are reverted, newest first, which has
//! to leave the empty database that there was, and all of them run. Scripts run as they do everywhere, over a
//! connection of their own with lock and history.
//!
//! A script that fails, and a down script that does not restore what was there, are findings of the report; an
//! error is what kept the proof from being made. What is not compared: rows, for there are none but those that
//! scripts write, and roles and what else belongs to the server.
//!
//! The database is made for it, and dropped at the end: on a server that is made for it as well, or on one that
//! the caller names ([`Checker::on_server`]), where no other database is touched. What was proven is remembered,
//! if there is a place for it ([`Checker::with_cache`]), and not done again until a script has changed.
//!
//! Roles and tablespaces outlive a database. Those that appear while it is proven are dropped with it: on a server
//! that the caller names only what a script or the setup names, since others may work there. What else scripts do
//! to the server stays there: settings by `ALTER SYSTEM`, and what they alter of a role that was there before,
//! its memberships among them. A server that is made for it takes all of that along.

mod cache;
mod databases;
mod proof;
mod reader;
mod report;
mod server;
mod shared;
mod text;

use std::fmt;
use std::path::PathBuf;

use migrate_core::MigrationSet;

use crate::config::Settings;
use crate::connect_options::ConnectOptions;
use crate::error::Error;
use crate::installed::Search;
use crate::interrupt::Interrupt;
use crate::migrator::Migrator;
use crate::progress::Event;

use cache::{Cache, Keys};
use databases::{Databases, Setup};
use proof::Proof;
pub use report::{CheckFinding, CheckFindingKind, CheckReport, Checked, Proven, Round};
use server::Server;

/// Proves a set of migrations on a database that is made for it.
#[must_use]
pub struct Checker {
    set: MigrationSet,
    settings: Settings,
    server: Option<ConnectOptions>,
    search: Search,
    setup: Setup,
    cache: Option<PathBuf>,
    interrupt: Interrupt,
    listener: Box<dyn FnMut(&Event) + Send>,
}

impl Checker {
    /// Prepares to prove `set`. Nothing is opened or started yet.
    pub fn new(set: &MigrationSet) -> Checker {
        Checker {
            set: *set,
            settings: Settings { record_schema: false, ..Settings::default() },
            server: None,
            search: Search::default(),
            setup: Setup::default(),
            cache: None,
            interrupt: Interrupt::default(),
            listener: Box::new(|_| {}),
        }
    }

    /// Sets the schema of the history and the time limits. Role, protection and environment are those of a real
    /// database, and mean nothing here.
    pub fn with_settings(self, settings: Settings) -> Checker {
        let mut settings = Settings { role: None, protected: false, confirmed: true, ..settings };
        settings.record_schema = false;
        settings.identity.environment = None;
        Checker { settings, ..self }
    }

    /// Makes the database on this server, with a role that may make databases. The database that the options
    /// name is where it is asked for, and not touched. Without it, a server is made from the programs of an
    /// installed PostgreSQL.
    pub fn on_server(self, server: impl Into<ConnectOptions>) -> Checker {
        Checker { server: Some(server.into()), ..self }
    }

    /// Where to look for those programs.
    pub fn with_search(self, search: Search) -> Checker {
        Checker { search, ..self }
    }

    /// SQL that runs in the new database first: for what migrations expect of their server, roles for example.
    pub fn with_setup(self, sql: impl Into<String>) -> Checker {
        Checker { setup: Setup { sql: sql.into(), file: None }, ..self }
    }

    /// The same from a file, whose name is told when it fails.
    pub fn with_setup_from(self, file: impl Into<String>, sql: impl Into<String>) -> Checker {
        Checker { setup: Setup { sql: sql.into(), file: Some(file.into()) }, ..self }
    }

    /// Remembers in this folder what was proven; it is made if it is missing.
    pub fn with_cache(self, folder: impl Into<PathBuf>) -> Checker {
        Checker { cache: Some(folder.into()), ..self }
    }

    /// Tells `listener` what is being checked, as [`Event::Proving`].
    pub fn on_event(self, listener: impl FnMut(&Event) + Send + 'static) -> Checker {
        Checker { listener: Box::new(listener), ..self }
    }

    /// A handle that ends it, from any thread.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Proves what is not proven yet.
    pub fn run(self) -> Result<CheckReport, Error> {
        // Once, and also where all of it is proven: whoever edits a script meanwhile disturbs nothing.
        Migrator::new(&self.set, postgres::Config::new()).refuse_stale_build()?;
        let set = self.set.with_source(None);
        let server = match self.server {
            Some(options) => Server::Given(Box::new(options)),
            None => Server::find(&self.search)?,
        };
        let (settings, interrupt) = (&self.settings, &self.interrupt);
        let major = server.major(&set, settings, interrupt)?;
        let keys = Keys::of(&set, &major, &settings.schema, &self.setup.sql);
        let mut cache = Cache::read(self.cache);
        if set.is_empty() || cache.has_all(&keys) {
            return Ok(CheckReport::known(&set, major));
        }
        let running = server.start()?;
        let mut migrator = Migrator::new(&set, running.options.clone())
            .with_settings(settings.clone())
            .with_interrupt(interrupt.clone())
            .on_event(self.listener);
        let setup = self.setup;
        let report = migrator.call("check", |connection, _| {
            let databases = Databases::new(connection, &running, setup, &set);
            databases.with(|databases| {
                let parts = (settings.clone(), interrupt.clone());
                Proof::new(set, databases, parts, (&keys, &mut cache), major).make()
            })
        });
        cache.write();
        drop(running);
        report
    }
}

impl fmt::Debug for Checker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options may hold a password.
        f.debug_struct("Checker").field("set", &self.set).finish_non_exhaustive()
    }
}
