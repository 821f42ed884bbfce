//! One PostgreSQL server in a folder of its own: make it, start it, find it alive, stop it.
//!
//! ```text
//! FOLDER/            the caller's; another account may pass through, but not change it
//!   lock             held while any process of the server lives (see `lock.rs`)
//!   server.log       what the server wrote
//!   data/            the account's; made as data.new and renamed when it is complete
//!   socket/          the account's; elsewhere when the path would be too long for a socket
//! ```
//!
//! The server trusts whoever reaches its socket, and only its own account and root can: the socket
//! is in a folder of mode 0700, and there is no TCP unless a test asks for it.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};
use rustix::process::{Pid, Signal, kill_process};

use super::account::Account;
use super::discovery::Binaries;
use super::error::Failure;
use super::lock::Lock;

/// The superuser that `initdb` makes.
pub(super) const SUPERUSER: &str = "migration";

/// How long a start, a recovery from a crash or a stop may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long another command, which may have to make the data first, is waited for.
pub(super) const PATIENCE_WITH_OTHERS: Duration = Duration::from_mins(3);

/// A server, alive or not.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) account: Account,
    pub(super) folder: PathBuf,
    /// The folder of the socket.
    pub(super) socket: PathBuf,
    pub(super) port: u16,
    /// More arguments of `initdb`.
    pub(super) initdb: Vec<String>,
    /// More settings of the server, as `name=value`.
    pub(super) settings: Vec<String>,
}

/// What one attempt to connect told.
pub(super) enum Answer {
    /// Connected.
    Ready(Box<Client>),
    /// Alive, but the database asked for does not exist.
    NoDatabase,
    /// Alive, and starting, recovering or shutting down.
    Busy,
    /// Nobody listens.
    Nobody,
}

impl Server {
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// How to reach `database` as the superuser.
    pub(super) fn config(&self, database: &str) -> Config {
        let mut config = Config::new();
        config.host_path(&self.socket).port(self.port).user(SUPERUSER).dbname(database);
        config
    }

    /// The same as [`config`](Server::config), as a URL that every PostgreSQL program understands.
    pub(super) fn url(&self, database: &str) -> String {
        let host = percent_encoded(&self.socket);
        let port = if self.port == 5432 { String::new() } else { format!("&port={}", self.port) };
        format!("postgresql://{SUPERUSER}@/{database}?host={host}{port}")
    }

    pub(super) fn try_lock(&self) -> Result<Option<Lock>, Failure> {
        let path = self.folder.join("lock");
        Lock::try_take(&path).map_err(Failure::io("lock", &path))
    }

    /// The major version that made the data, or none when there is no data yet.
    pub(super) fn data_version(&self) -> Result<Option<String>, Failure> {
        let (data, path) = (self.data(), self.data().join("PG_VERSION"));
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Failure::io("read", &path)(error))
            }
            Err(_) if data.exists() => Err(Failure::Broken(data)),
            Err(_) => Ok(None),
        }
    }

    /// Makes the data folder. What an interrupted attempt left behind is thrown away.
    pub(super) fn initialise(&self, binaries: &Binaries, lock: &Lock) -> Result<(), Failure> {
        // Characters as in Unicode, order as bytes: the same on every machine, as a database for
        // development should be. Where the system knows no such locale, plain C has to do.
        let unicode = self.initdb(binaries, lock, "C.UTF-8");
        match unicode {
            Err(Failure::Program { output, .. }) if output.contains("locale") => {
                self.initdb(binaries, lock, "C")?;
            }
            other => other?,
        }
        let (new, data) = (self.folder.join("data.new"), self.data());
        fs::rename(&new, &data).map_err(Failure::io("rename", &new))
    }

    fn initdb(&self, binaries: &Binaries, lock: &Lock, ctype: &str) -> Result<(), Failure> {
        let new = self.folder.join("data.new");
        remove_folder(&new)?;
        self.account.make_private_folder(&new).map_err(Failure::io("make", &new))?;

        let program = binaries.program("initdb");
        let mut command = self.account.command(&program);
        command.envs(binaries.environment()).arg("--pgdata").arg(&new);
        command.args(["--encoding=UTF8", "--locale=C", "--auth=trust"]);
        command.args([format!("--lc-ctype={ctype}"), format!("--username={SUPERUSER}")]);
        command.args(&self.initdb);
        let lock = lock.to_stdio().map_err(Failure::io("share the lock in", &self.folder))?;
        let output = command.stdin(lock).output().map_err(Failure::io("run", &program))?;
        if output.status.success() {
            return Ok(());
        }
        let mut written = String::from_utf8_lossy(&output.stdout).into_owned();
        written.push_str(&String::from_utf8_lossy(&output.stderr));
        Err(Failure::Program { program, status: output.status.to_string(), output: written })
    }

    /// Starts the server and waits until it accepts connections. It outlives the caller.
    pub(super) fn start(&self, binaries: &Binaries, lock: &Lock) -> Result<(), Failure> {
        self.clear_traces_of_a_crash()?;
        self.make_socket_folder()?;
        let mut child = self.spawn(binaries, lock)?;
        let deadline = Deadline::new("start", PATIENCE);
        loop {
            if !matches!(self.probe("postgres")?, Answer::Busy | Answer::Nobody) {
                // Only a parent can take note of the end of a process.
                thread::spawn(move || child.wait());
                return Ok(());
            }
            if let Some(status) = self.ended(&mut child)? {
                return Err(Failure::Died { status: status.to_string(), log: self.last_log() });
            }
            deadline.pause(self)?;
        }
    }

    fn ended(&self, child: &mut Child) -> Result<Option<ExitStatus>, Failure> {
        child.try_wait().map_err(Failure::io("wait for the server in", &self.folder))
    }

    fn spawn(&self, binaries: &Binaries, lock: &Lock) -> Result<Child, Failure> {
        /// A log beyond this size starts anew with the server.
        const LONG_LOG: u64 = 1 << 20;
        let path = self.log();
        let is_long = fs::metadata(&path).is_ok_and(|it| it.len() > LONG_LOG);
        let mut options = OpenOptions::new();
        options.create(true).mode(0o600);
        let options = if is_long { options.write(true).truncate(true) } else { &mut options };
        let log = options.append(!is_long).open(&path).map_err(Failure::io("open", &path))?;
        let log_too = log.try_clone().map_err(Failure::io("open", &path))?;

        let program = binaries.program("postgres");
        let mut command = self.account.command(&program);
        command.envs(binaries.environment()).arg("-D").arg(self.data());
        command.args(["-p", &self.port.to_string(), "-c", "listen_addresses="]);
        command.arg("-c").arg(format!("unix_socket_directories={}", self.socket.display()));
        // Some packages' defaults would send the log elsewhere.
        command.args(["-c", "logging_collector=off", "-c", "log_destination=stderr"]);
        command.args(["-c", "unix_socket_permissions=0700"]);
        command.args(self.settings.iter().flat_map(|it| ["-c", it.as_str()]));
        let lock = lock.to_stdio().map_err(Failure::io("share the lock in", &self.folder))?;
        command.stdin(lock).stdout(log).stderr(log_too);
        // A group of its own: Ctrl-C in the terminal is not for the server.
        command.process_group(0).spawn().map_err(Failure::io("run", &program))
    }

    /// Holding the lock, nothing of an earlier server is alive; what it left would make the next
    /// one hesitate if the number of its process has been given to another one since.
    fn clear_traces_of_a_crash(&self) -> Result<(), Failure> {
        let socket = self.socket.join(format!(".s.PGSQL.{}", self.port));
        let socket_lock = self.socket.join(format!(".s.PGSQL.{}.lock", self.port));
        for path in [self.data().join("postmaster.pid"), socket, socket_lock] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Failure::io("remove", &path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Outside the server's folder the name of the socket folder can be foreseen, so an existing
    /// one has to be ours.
    fn make_socket_folder(&self) -> Result<(), Failure> {
        match self.account.make_private_folder(&self.socket) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                super::place::check_owner(&self.socket, self.account.uid())
            }
            made => made.map_err(Failure::io("make", &self.socket)),
        }
    }

    /// Tries to connect, once.
    pub(super) fn probe(&self, database: &str) -> Result<Answer, Failure> {
        let error = match self.config(database).connect(NoTls) {
            Ok(client) => return Ok(Answer::Ready(Box::new(client))),
            Err(error) => error,
        };
        match error.code() {
            // 57P01 to 57P03: starting, recovering, shutting down or crashing.
            Some(code) if code.code().starts_with("57P") => Ok(Answer::Busy),
            Some(&SqlState::INVALID_CATALOG_NAME) => Ok(Answer::NoDatabase),
            Some(_) => Err(Failure::Query(error)),
            None => Ok(Answer::Nobody),
        }
    }

    /// Whether the server behind `client` works on our data folder: both see the same
    /// `postmaster.pid`, that is the same process started at the same time.
    pub(super) fn owns(&self, client: &mut Client) -> Result<bool, Failure> {
        let theirs = client.query_one("SELECT pg_catalog.pg_read_file('postmaster.pid')", &[]);
        let theirs: String = theirs.map_err(Failure::Query)?.get(0);
        let ours = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let process_and_time = |text: &str| {
            let mut lines = text.lines().map(str::to_owned);
            (lines.next(), lines.nth(1))
        };
        Ok(process_and_time(&theirs) == process_and_time(&ours))
    }

    /// Stops the server, if it runs, and waits until all of it is gone. Says whether it ran.
    pub(super) fn stop(&self) -> Result<(bool, Lock), Failure> {
        let deadline = Deadline::new("stop", PATIENCE);
        let mut told = None;
        loop {
            if let Some(lock) = self.try_lock()? {
                return Ok((told.is_some(), lock));
            }
            // A number in `postmaster.pid` is to be trusted only while the server answers.
            let alive = !matches!(self.probe("postgres"), Ok(Answer::Nobody));
            let process = self.process().filter(|_| alive);
            if let Some(process) = process.filter(|it| told != Some(*it)) {
                // Fast shutdown: open transactions are rolled back.
                match kill_process(process, Signal::INT) {
                    Ok(()) | Err(rustix::io::Errno::SRCH) => told = Some(process),
                    Err(error) => return Err(Failure::io("stop", &self.folder)(error.into())),
                }
            }
            deadline.pause(self)?;
        }
    }

    /// The process that `postmaster.pid` names.
    pub(super) fn process(&self) -> Option<Pid> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
    }

    fn last_log(&self) -> String {
        let bytes = fs::read(self.log()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Bounds a wait for a condition.
pub(super) struct Deadline {
    action: &'static str,
    patience: Duration,
    end: Instant,
}

impl Deadline {
    pub(super) fn new(action: &'static str, patience: Duration) -> Deadline {
        Deadline { action, patience, end: Instant::now() + patience }
    }

    /// Waits a moment before the next look, or gives up.
    pub(super) fn pause(&self, server: &Server) -> Result<(), Failure> {
        if Instant::now() < self.end {
            thread::sleep(Duration::from_millis(20));
            return Ok(());
        }
        let (action, seconds) = (self.action, self.patience.as_secs());
        Err(Failure::Timeout { action, seconds, log: server.last_log() })
    }
}

/// Removes a folder with all that is in it, if it is there.
pub(super) fn remove_folder(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

fn percent_encoded(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte) {
            text.push(byte.into());
        } else {
            _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
