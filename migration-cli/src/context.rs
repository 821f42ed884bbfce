//! What every command works with: the set, the flags, the environment, the two streams, the report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use migrate_runtime::dev_database::{DevDatabase, DevStatus, Running, Search};
use migrate_runtime::{
    ConnectOptions, ErrorKind, Identity, Interrupt, MigrationSet, Migrator, Outcome, Record,
    Settings, TlsMode, postgres,
};

use crate::cli::GlobalArgs;
use crate::config::{Config, DriftConfig};
use crate::env_vars::{EnvVars, MIGRATION_SCRATCH_URL, PATH, PG_BIN, RUST_LOG, Sourced, TERM};
use crate::environment::{Choice, DEVELOPMENT, Database, Described, Environment};
use crate::error::CommandError;
use crate::interrupt::{self, Prompt};
use crate::limits::{self, BatchArgs};
use crate::output::{Detail, Progress, Report, Ui};
use crate::schema_file::SchemaConfig;
use crate::secret::redact;

/// Where the embedded database normally lies; it is elsewhere where its server could not reach it.
const EMBEDDED_FOLDER: &str = ".migration/";

/// What is known before any configuration is read.
pub(crate) struct Start<'a> {
    pub(crate) set: &'static MigrationSet,
    pub(crate) global: GlobalArgs,
    pub(crate) ui: Ui,
    pub(crate) report: &'a mut Report,
    /// The command as it was typed, for hints.
    pub(crate) typed: String,
}

/// What a command works with.
pub(crate) struct Context<'a> {
    pub(crate) set: &'static MigrationSet,
    pub(crate) global: GlobalArgs,
    pub(crate) environment: Environment,
    pub(crate) ui: Ui,
    pub(crate) report: &'a mut Report,
    /// What is said about the file of the schema.
    pub(crate) schema: SchemaConfig,
    /// The folder of `migration.toml`, else the working directory.
    pub(crate) project: PathBuf,
    /// The working directory.
    pub(crate) here: PathBuf,
    /// The command as it was typed, for hints.
    pub(crate) typed: String,
    /// What `[drift]` says.
    pub(crate) drift: DriftConfig,
    /// What a command that runs scripts was told about batches.
    pub(crate) batches: BatchArgs,
    vars: EnvVars,
    pub(crate) prompt: Prompt,
    /// Where the database is that the command was about to work on.
    opened: Option<ConnectOptions>,
}

/// A migrator, and the progress that it reports to.
pub(crate) struct Session {
    pub(crate) migrator: Migrator,
    pub(crate) progress: Progress,
}

impl<'a> Start<'a> {
    pub(crate) fn new(
        set: &'static MigrationSet,
        global: GlobalArgs,
        ui: &Ui,
        report: &'a mut Report,
        typed: String,
    ) -> Start<'a> {
        let ui = ui.clone().with_detail(match (global.quiet, global.verbose) {
            (true, _) => Detail::Quiet,
            (false, 0) => Detail::Normal,
            (false, _) => Detail::Verbose,
        });
        start_log(&global, &ui);
        Start { set, global, ui, report, typed }
    }

    /// Reads the configuration and chooses the environment. Touches no database.
    pub(crate) fn context(self) -> Result<Context<'a>, CommandError> {
        let url = self.global.database_url.clone();
        self.context_of(url.as_deref())
    }

    /// The same for a command to which the database of the environment is nothing: what names it is not even
    /// read.
    pub(crate) fn context_apart(self) -> Result<Context<'a>, CommandError> {
        let context = self.context_of(Some("postgres://"))?;
        context.report.environment = None;
        Ok(context)
    }

    fn context_of(self, url: Option<&str>) -> Result<Context<'a>, CommandError> {
        let Start { set, global, ui, report, typed } = self;
        let here = std::env::current_dir()
            .map_err(|error| CommandError::io("there is no working directory", &error))?;
        let vars = EnvVars::load(&here)?;
        let ui = ui.with_dumb(vars.raw(&TERM).is_some_and(|it| it == "dumb"));
        let config = Config::load(&here, global.config.as_deref())?;
        let choice = Choice { name: global.env.as_deref(), url };
        let environment = Environment::choose(choice, &vars, &config)?;
        report.environment = Some(environment.name.clone());
        let project = config.path.as_deref().and_then(Path::parent).unwrap_or(&here).to_owned();
        let (prompt, opened, schema) = (Prompt::default(), None, config.schema);
        Ok(Context {
            set,
            global,
            environment,
            ui,
            report,
            schema,
            project,
            here,
            typed,
            drift: config.drift,
            batches: BatchArgs::default(),
            vars,
            prompt,
            opened,
        })
    }

    /// Prints a text that is the result as a whole.
    pub(crate) fn print_text(self, text: String) -> Result<u8, CommandError> {
        self.ui.result(text.trim_end())?;
        self.report.text = Some(text);
        Ok(0)
    }
}

impl Context<'_> {
    /// Makes a migrator for the environment's database and says on stderr which one that is.
    pub(crate) fn session(&mut self) -> Result<Session, CommandError> {
        let connection = self.connection()?;
        self.opened = Some(connection.clone());
        let migrator = Migrator::new(self.set, connection).with_settings(self.settings());
        let progress = Progress::new(&self.ui, self.set.iter().map(|it| it.name));
        let mut listener = progress.clone();
        let migrator = migrator.on_event(move |event| listener.event(event));
        self.on_signal(migrator.interrupt())?;
        Ok(Session { migrator, progress })
    }

    /// From now on, a signal interrupts what runs, and ends what is asked.
    pub(crate) fn on_signal(&self, interrupt: Interrupt) -> Result<(), CommandError> {
        interrupt::on_signal(interrupt, self.prompt.clone(), &self.ui)
    }

    /// Leaves a row in the log of the database about what was refused before the library was asked to do it:
    /// consent that is missing, a plan that there cannot be, a signal while somebody was asked.
    pub(crate) fn log_refusal(&self, command: &'static str, error: &CommandError) {
        let Some(connection) = &self.opened else { return };
        let outcome = Outcome::of(error.kind);
        // What interrupts the library is its own to write: the server may not even have answered.
        let is_ours = outcome == Outcome::Interrupted && error.is_ours;
        if error.is_logged || !(is_ours || outcome == Outcome::Refused) {
            return;
        }
        let mut record = Record::new(command, outcome);
        record.message = Some(redact(&error.message));
        record.detail = vec![("kind", error.kind.as_str().to_owned())];
        let mut settings = self.settings();
        settings.wait_for_db = Duration::ZERO;
        let migrator = Migrator::new(self.set, connection.clone());
        // The refusal is what there is to tell, also where nobody can write that down.
        if let Err(error) = migrator.with_settings(settings).record(&record) {
            log::debug!("the refusal is not in the log of the database: {error}");
        }
    }

    /// The library does not know what was typed: where its hint repeats the command, this one does.
    pub(crate) fn with_ways_out(&self, error: CommandError) -> CommandError {
        match error.kind {
            ErrorKind::Consent => {
                let repeats =
                    |it: &str| it.starts_with("migration-cli ") && it.ends_with(" --confirm");
                error.with_hint_instead(repeats, &self.typed_with("--confirm"))
            }
            ErrorKind::Connect
                if self.opened.as_ref().is_some_and(|it| self.is_kept_encrypted(it)) =>
            {
                self.without_tls(error)
            }
            _ => error,
        }
    }

    /// Where the server has no TLS, `sslmode=disable` alone would be refused here.
    fn without_tls(&self, error: CommandError) -> CommandError {
        let disables = |it: &str| it.starts_with("sslmode=disable");
        let insecure = self.typed_with("--allow-insecure");
        let asked = self.environment.database();
        let demands = |it: &ConnectOptions| it.tls_mode() >= TlsMode::Require;
        match asked {
            Ok(Database::Server(options)) if !demands(&options) => {
                error.with_hint_instead(disables, &insecure)
            }
            _ if error.hints.iter().any(|it| disables(it)) => error.with_hint(insecure),
            _ => error,
        }
    }

    /// Whether the connection has to be encrypted, whatever else was asked for.
    pub(crate) fn is_kept_encrypted(&self, options: &ConnectOptions) -> bool {
        self.environment.protected && options.is_remote() && !self.global.allow_insecure
    }

    /// A migrator that is asked nothing about a database.
    pub(crate) fn offline(&self) -> Migrator {
        Migrator::new(self.set, postgres::Config::new()).with_settings(self.settings())
    }

    /// The embedded database of this project, if the environment may have one.
    pub(crate) fn embedded(&self) -> Result<DevDatabase, CommandError> {
        if !self.environment.may_embed() {
            let message =
                format!("the environment `{}` has no embedded database", self.environment.name);
            let error = CommandError::usage(message);
            return Err(match self.environment.name.as_str() {
                DEVELOPMENT => error.with_hint(
                    "delete `protected` under [environments.development], and it has one",
                ),
                _ => error.with_hint("migration-cli db status --env development"),
            });
        }
        Ok(DevDatabase::new(&self.project, self.search()?))
    }

    /// Where new scripts are written, as short as it can be said from the working directory.
    pub(crate) fn migrations_folder(&self) -> PathBuf {
        if let Some(folder) = &self.global.migrations_dir {
            return folder.clone();
        }
        let folder = self.project.join("migrations");
        let short = folder.strip_prefix(&self.here).map(Path::to_owned);
        short.unwrap_or(folder)
    }

    /// The `.env` file that counts, if there is one.
    pub(crate) fn dotenv_file(&self) -> Option<&Path> {
        self.vars.dotenv_file()
    }

    /// The folder of server binaries, where one was named.
    pub(crate) fn pg_bin(&self) -> Result<Option<Sourced>, CommandError> {
        self.vars.get(&PG_BIN)
    }

    /// The server that was named for a database to throw away.
    pub(crate) fn scratch_url(&self) -> Result<Option<Sourced>, CommandError> {
        self.vars.get(&MIGRATION_SCRATCH_URL)
    }

    /// Where server binaries are looked for.
    pub(crate) fn search(&self) -> Result<Search, CommandError> {
        let pg_bin = self.pg_bin()?.map(|it| PathBuf::from(it.value));
        Ok(Search { pg_bin, path: self.vars.raw(&PATH), ..Search::default() })
    }

    /// A path as short as it can be said: from the project's folder.
    pub(crate) fn shorten(&self, path: &Path) -> String {
        let short = path.strip_prefix(&self.project).unwrap_or(path);
        short.display().to_string()
    }

    fn connection(&mut self) -> Result<ConnectOptions, CommandError> {
        let name = self.environment.name.clone();
        match self.environment.database()? {
            Database::Server(options) => {
                let config = options.config();
                self.report.database = config.get_dbname().map(str::to_owned);
                let database = redact(&Described(config).to_string());
                self.ui.note(format!("Database: {database} (environment {name})"));
                for warning in self.environment.warning().iter().chain(options.warnings()) {
                    self.ui.warn(warning);
                }
                self.encrypted(*options)
            }
            Database::Embedded => {
                let database = self.embedded()?;
                self.announce_making(&database);
                let running = database.ensure_running()?;
                self.announce(&running);
                Ok(running.config.into())
            }
        }
    }

    /// Over a network, a protected environment is reached through TLS, and best by a server that proves who
    /// it is.
    fn encrypted(&self, options: ConnectOptions) -> Result<ConnectOptions, CommandError> {
        if !self.is_kept_encrypted(&options) {
            return Ok(options);
        }
        let (name, mode) = (&self.environment.name, options.tls_mode());
        if mode == TlsMode::Disable {
            let message = format!(
                "the environment `{name}` is protected, and sslmode=disable sends everything through the network as it is"
            );
            return Err(CommandError::new(ErrorKind::Consent, message)
                .with_state("nothing was changed")
                .with_hint("sslmode=verify-full sslrootcert=FILE   # in the database URL, or as PGSSLMODE and PGSSLROOTCERT")
                .with_hint(self.typed_with("--allow-insecure")));
        }
        if mode < TlsMode::VerifyFull {
            self.ui.warn(format!(
                "the environment `{name}` is protected, and sslmode={} does not prove which server answers; verify-full does",
                mode.as_str()
            ));
        }
        Ok(options.with_tls_required())
    }

    /// The first time takes seconds, which should not look like nothing. Whether there is a database
    /// is asked only where its usual folder is missing, since asking a running one is a connection.
    pub(crate) fn announce_making(&self, database: &DevDatabase) {
        let usual = self.project.join(EMBEDDED_FOLDER);
        // Nothing is made where no server is found.
        let found = || self.search().is_ok_and(|it| it.find().is_ok());
        if !usual.exists() && matches!(database.status(), Ok(DevStatus::Absent)) && found() {
            self.ui.note("Making a database for this project");
        }
    }

    /// Says which database the project has of its own, and what had to be done for it.
    pub(crate) fn announce(&mut self, running: &Running) {
        let Running { created, started, data, server_version, config, .. } = running;
        let what = match (created, started) {
            (true, _) => format!(", made by PostgreSQL {server_version}"),
            (false, true) => format!(", PostgreSQL {server_version} started"),
            (false, false) => String::new(),
        };
        let ours = self.project.join(EMBEDDED_FOLDER);
        let place =
            if data.starts_with(ours) { EMBEDDED_FOLDER.into() } else { self.shorten(data) };
        let name = config.get_dbname().unwrap_or(&self.environment.name);
        self.ui.note(format!("Database: {name} (embedded, {place}{what})"));
        self.report.database = Some(name.to_owned());
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        let section = &self.environment.section;
        limits::apply((&self.global.limits, &self.batches), section, &mut settings);
        if let Some(schema) = &section.schema {
            settings.schema.clone_from(schema);
        }
        settings.role.clone_from(&section.role);
        settings.protected = self.environment.protected;
        settings.confirmed = self.global.confirm;
        settings.asks = self.may_ask();
        let mut identity = Identity::default();
        identity.application = Some(self.ui.application());
        identity.os_user = whoami::username().ok();
        identity.host = whoami::hostname().ok();
        identity.environment = Some(self.environment.name.clone());
        settings.identity = identity;
        self.drift.apply(&mut settings);
        settings
    }
}

/// The log goes to stderr; `RUST_LOG` decides, else `-v` and `-q`.
fn start_log(global: &GlobalArgs, ui: &Ui) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => log::LevelFilter::Error,
        (false, 0) => log::LevelFilter::Warn,
        (false, 1) => log::LevelFilter::Info,
        (false, _) => log::LevelFilter::Debug,
    };
    let style = if ui.colors_stderr() {
        env_logger::WriteStyle::Always
    } else {
        env_logger::WriteStyle::Never
    };
    let mut builder = env_logger::Builder::new();
    // The style comes last: RUST_LOG_STYLE would colour a log in a pipe.
    builder.filter_level(level).parse_env(RUST_LOG.name).write_style(style);
    // An application that calls us may have a logger of its own: then that one is used.
    let _ = builder.try_init();
}
