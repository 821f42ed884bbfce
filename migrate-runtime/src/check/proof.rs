//! Up, down, up again, for one migration after the other; then all down, and all up.

use std::fmt::Write as _;
use std::time::Duration;

use migrate_core::{Migration, MigrationSet, Mode};

use super::cache::{Cache, Keys};
use super::databases::Databases;
use super::reader::Reader;
use super::report::{
    CheckFinding, CheckFindingKind, CheckReport, Proven, Round, lacking, newest, parted,
    proven_before, script,
};
use crate::config::{Down, Limit, Settings, Up};
use crate::connect_options::ConnectOptions;
use crate::error::{Error, ErrorKind, Location};
use crate::interrupt::Interrupt;
use crate::migrator::Migrator;
use crate::progress::Event;
use crate::quote::ident;
use crate::run::Run;
use crate::schema::{Difference, Schema};

use CheckFindingKind as Kind;

/// What keeps the proof from being made, and is not the fault of a script.
const OUTSIDE: [ErrorKind; 11] = [
    ErrorKind::Interrupted,
    ErrorKind::Connect,
    ErrorKind::ConnectionLost,
    ErrorKind::Standby,
    ErrorKind::Pooler,
    ErrorKind::StaleBuild,
    ErrorKind::LockHeld,
    ErrorKind::Config,
    ErrorKind::ForeignHistory,
    ErrorKind::Io,
    ErrorKind::Internal,
];

/// Whether the next migration can be looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Goes,
    Ends,
}

/// A proof on its way.
pub(super) struct Proof<'p, 'a> {
    set: MigrationSet,
    databases: &'p mut Databases<'a>,
    settings: Settings,
    interrupt: Interrupt,
    keys: &'p Keys,
    cache: &'p mut Cache,
    /// The present database.
    options: ConnectOptions,
    reader: Reader,
    report: CheckReport,
    /// The schema of the present database, where it was read.
    now: Schema,
    /// How many migrations have run there.
    ran: usize,
    /// What there was before the first migration, or after the last one that cannot be reverted.
    floor: Schema,
}

impl<'p, 'a> Proof<'p, 'a> {
    pub(super) fn new(
        set: MigrationSet,
        databases: &'p mut Databases<'a>,
        (settings, interrupt): (Settings, Interrupt),
        (keys, cache): (&'p Keys, &'p mut Cache),
        server: String,
    ) -> Proof<'p, 'a> {
        let report = CheckReport::new(&set, server);
        let options = ConnectOptions::from(postgres::Config::new());
        let (now, floor, ran) = (Schema::default(), Schema::default(), 0);
        let reader = Reader::new(settings.clone(), interrupt.clone());
        Proof {
            set,
            databases,
            settings,
            interrupt,
            keys,
            cache,
            options,
            reader,
            report,
            now,
            ran,
            floor,
        }
    }

    pub(super) fn make(mut self) -> Result<CheckReport, Error> {
        self.begin()?;
        self.floor = self.schema()?;
        self.now = self.floor.clone();
        if self.each()? == Next::Goes {
            self.round()?;
        }
        Ok(self.report)
    }

    /// An empty database, with what the migrations expect.
    fn begin(&mut self) -> Result<(), Error> {
        self.reader.close();
        self.options = self.databases.fresh()?;
        self.ran = 0;
        let setup = self.databases.setup();
        let (failed, hint) = (setup.failed(), setup.hint());
        let mut setup = setup.sql.clone();
        if self.settings.schema != "public" {
            // Else the first migration would seem to make it.
            let schema = ident(&self.settings.schema);
            setup = format!("CREATE SCHEMA IF NOT EXISTS {schema};\n{setup}");
        }
        if setup.trim().is_empty() {
            return Ok(());
        }
        self.migrator()
            .call("check", |mut connection, _| connection.run_alone(&setup, &failed))
            .map_err(|it| it.with_state("no migration was proven").with_hint(hint))
    }

    fn each(&mut self) -> Result<Next, Error> {
        let total = self.set.len();
        for (index, migration) in self.set.iter().enumerate() {
            if self.cache.has(&self.keys.migrations[index]) {
                self.report.migrations[index].proven = proven_before(migration);
                // The round ends here: what is there has to be known.
                let is_floor = migration.down.directives().irreversible.is_some();
                if !is_floor {
                    continue;
                }
            }
            let (version, name) = (migration.version.to_string(), migration.name.to_owned());
            let event = Event::Proving { index: index + 1, total, version, name };
            self.databases.connection().tell(event);
            if self.one(index, migration)? == Next::Ends {
                return Ok(Next::Ends);
            }
        }
        self.catch_up(total)
    }

    /// Runs what was proven before, as far as `count` migrations.
    fn catch_up(&mut self, count: usize) -> Result<Next, Error> {
        if self.ran >= count {
            return Ok(Next::Goes);
        }
        let newest = self.set.iter().nth(count - 1).map(|it| it.version);
        let Some(newest) = newest else { return Ok(Next::Goes) };
        if let Err(error) = self.up_to(Limit::To(newest)) {
            self.script_failed(Kind::UpFailed, error)?;
            return Ok(Next::Ends);
        }
        self.ran = count;
        self.now = self.schema()?;
        Ok(Next::Goes)
    }

    /// One migration: up, down, up again.
    fn one(&mut self, index: usize, migration: &'static Migration) -> Result<Next, Error> {
        if self.catch_up(index)? == Next::Ends {
            return Ok(Next::Ends);
        }
        let before = std::mem::take(&mut self.now);
        match self.up_to(Limit::To(migration.version)) {
            Ok(time) => self.report.migrations[index].up = time,
            Err(error) => {
                self.script_failed(Kind::UpFailed, error)?;
                return Ok(Next::Ends);
            }
        }
        self.ran = index + 1;
        self.now = self.schema()?;
        if let Some(reason) = migration.down.directives().irreversible {
            self.report.migrations[index].proven = Proven::Irreversible(reason);
            self.floor = self.now.clone();
            self.cache.add(&self.keys.migrations[index]);
            return Ok(Next::Goes);
        }
        let found = self.report.findings.len();
        let next = self.down_and_up(index, migration, &before)?;
        let is_proven = self.report.findings.len() == found;
        self.report.migrations[index].proven = if is_proven { Proven::Now } else { Proven::Not };
        if is_proven {
            self.cache.add(&self.keys.migrations[index]);
        }
        Ok(next)
    }

    fn down_and_up(
        &mut self,
        index: usize,
        migration: &'static Migration,
        before: &Schema,
    ) -> Result<Next, Error> {
        match self.down() {
            Ok(time) => self.report.migrations[index].down = time,
            Err(error) => {
                self.script_failed(Kind::DownFailed, error)?;
                // Rolled back, it has changed nothing.
                let is_whole = migration.down.mode == Mode::Transactional;
                if is_whole && self.schema()? == self.now {
                    return Ok(Next::Goes);
                }
                return self.again(index);
            }
        }
        let restored = self.schema()?;
        let (differs, notes) = parted(before.diff(&restored));
        self.report.migrations[index].notes = notes;
        let is_restored = differs.is_empty();
        if !is_restored {
            self.differs(Kind::DownDiffers, migration, (&restored, differs));
        }
        match self.up_to(Limit::To(migration.version)) {
            Ok(_) => {}
            // What was left behind is in its way: that was told.
            Err(error) if !is_restored && !OUTSIDE.contains(&error.kind()) => {
                let reason = error.reason();
                if let Some(finding) = self.report.findings.last_mut() {
                    let _ = write!(finding.message, ", and so it cannot run again: {reason}");
                }
                return self.again(index);
            }
            Err(error) => {
                self.script_failed(Kind::UpAgainFailed, error)?;
                return self.again(index);
            }
        }
        let after = self.schema()?;
        let (differs, _) = parted(self.now.diff(&after));
        if differs.is_empty() {
            return Ok(Next::Goes);
        }
        if is_restored {
            self.differs(Kind::UpAgainDiffers, migration, (&after, differs));
        }
        self.again(index)
    }

    /// A new database where the migrations ran as far as one, and nothing else happened.
    fn again(&mut self, index: usize) -> Result<Next, Error> {
        self.begin()?;
        self.catch_up(index + 1)
    }

    /// All down, and all up.
    fn round(&mut self) -> Result<(), Error> {
        if !self.report.is_clean() {
            return Ok(());
        }
        if self.cache.has(&self.keys.round) {
            self.report.round = Round::ProvenBefore;
            return Ok(());
        }
        let is_floor = |it: &&Migration| it.down.directives().irreversible.is_some();
        let floor = self.set.iter().rev().find(is_floor).map(|it| it.version);
        let limit = floor.map_or(Limit::All, Limit::To);
        self.report.round = Round::Failed;
        if self.set.iter().next_back().map(|it| it.version) != floor {
            if let Err(error) = self.run_down(limit) {
                return self.script_failed(Kind::AllDownFailed, error);
            }
            let empty = self.schema()?;
            let (differs, _) = parted(self.floor.diff(&empty));
            if !differs.is_empty() {
                self.all_differ(Kind::AllDownDiffers, differs);
            }
            if let Err(error) = self.up_to(Limit::All) {
                return self.script_failed(Kind::AllUpFailed, error);
            }
            let full = self.schema()?;
            let (differs, _) = parted(self.now.diff(&full));
            if !differs.is_empty() {
                self.all_differ(Kind::AllUpDiffers, differs);
            }
        }
        if self.report.is_clean() {
            self.report.round = floor.map_or(Round::Proven, Round::ProvenDownTo);
            self.cache.add(&self.keys.round);
        }
        Ok(())
    }

    fn migrator(&self) -> Migrator {
        Migrator::new(&self.set, self.options.clone())
            .with_settings(self.settings.clone())
            .with_interrupt(self.interrupt.clone())
    }

    fn schema(&mut self) -> Result<Schema, Error> {
        self.reader.read(&self.options)
    }

    /// How long the last one took.
    fn up_to(&self, limit: Limit) -> Result<Option<Duration>, Error> {
        let run = self.migrator().run_up(&Up { limit, ..Up::default() })?;
        Ok(time(&run))
    }

    fn down(&self) -> Result<Option<Duration>, Error> {
        self.run_down(Limit::Steps(std::num::NonZeroUsize::MIN))
    }

    fn run_down(&self, limit: Limit) -> Result<Option<Duration>, Error> {
        let run = self.migrator().run_down(&Down { limit, ..Down::default() })?;
        Ok(time(&run))
    }

    /// A script that failed is a finding; anything else ends the proof.
    fn script_failed(&mut self, kind: CheckFindingKind, error: Error) -> Result<(), Error> {
        if OUTSIDE.contains(&error.kind()) {
            return Err(error);
        }
        let failed = error.partial().and_then(|it| it.failed.as_ref());
        let version = failed.and_then(|it| it.0.parse().ok());
        let index = self.set.iter().position(|it| Some(it.version) == version);
        if let Some(index) = index {
            self.report.migrations[index].proven = Proven::Not;
        }
        let what = match kind {
            Kind::UpFailed => "its up script fails",
            Kind::DownFailed => "its down script fails",
            Kind::UpAgainFailed => "its up script fails when it runs again after its down script",
            Kind::AllDownFailed => "its down script fails when all of them are reverted",
            _ => "its up script fails when all of them run again",
        };
        let of_script = |it| script(&self.set, &self.set.as_slice()[it], kind.direction());
        let place = error.location().cloned().or_else(|| index.map(of_script));
        let place = place.or_else(|| newest(&self.set, kind.direction()));
        let reason = error.reason();
        let hints = error.server_hint().into_iter().chain(lacking(&error)).map(str::to_owned);
        let hints = hints.collect();
        self.report.findings.push(CheckFinding {
            kind,
            version,
            place,
            message: format!("{what}: {reason}"),
            hints,
            differences: Vec::new(),
            error: Some(error),
        });
        Ok(())
    }

    fn differs(
        &mut self,
        kind: Kind,
        migration: &'static Migration,
        (now, differences): (&Schema, Vec<Difference>),
    ) {
        let message = match kind {
            Kind::DownDiffers => "its down script does not restore what was there",
            _ => "run again after its down script, its up script makes something else",
        };
        let place = script(&self.set, migration, kind.direction());
        let mut hints = now.ways_back(&differences);
        if kind == Kind::DownDiffers {
            hints.push(IRREVERSIBLE.to_owned());
        }
        let version = Some(migration.version);
        self.push(kind, (version, Some(place)), message, (hints, differences));
    }

    fn all_differ(&mut self, kind: Kind, differences: Vec<Difference>) {
        let message = match kind {
            Kind::AllDownDiffers => "all of them reverted, the database is not as it was",
            _ => "all of them reverted and run again, the database is not as it was",
        };
        let place = newest(&self.set, kind.direction());
        self.push(kind, (None, place), message, (Vec::new(), differences));
    }

    fn push(
        &mut self,
        kind: Kind,
        (version, place): (Option<migrate_core::Version>, Option<Location>),
        message: &str,
        (hints, differences): (Vec<String>, Vec<Difference>),
    ) {
        let message = message.to_owned();
        let error = None;
        let finding = CheckFinding { kind, version, place, message, hints, differences, error };
        self.report.findings.push(finding);
    }
}

/// What a down script says that cannot restore what was there.
const IRREVERSIBLE: &str = "-- migrate:irreversible because REASON   -- as the whole down script, where there is no way back";

fn time(run: &Run) -> Option<Duration> {
    run.done.last().map(|it| it.execution_time)
}
