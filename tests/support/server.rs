//! One PostgreSQL server for each test process, started when the first test asks for it.
//!
//! It is gone when the process is, however that ends: a shell waits for the end of a pipe that the
//! process holds open, kills the server and removes its folder. Data is thrown away, so nothing is
//! flushed to disk. `initdb` takes longer than all the rest, so its result is kept beside the test
//! binaries and copied: with nextest, every test is a process.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use migrate_runtime::dev_database::{Search, ThrowAwayServer};
use postgres::{Config, NoTls};

/// A server for tests. Reached through its socket, everybody is let in; over TCP on the loopback
/// interface, it asks for a password.
#[derive(Debug)]
pub struct Server {
    inner: ThrowAwayServer,
    port: u16,
    /// Its standard input is the pipe that the end of this process closes.
    _supervisor: Child,
}

/// The server of this process.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::launch(Kind::Primary))
}

/// A server of this process that is a standby: it can be read and not written.
pub fn standby() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::launch(Kind::Standby))
}

/// Where tests look for server binaries: where a user's command would.
pub fn search() -> Search {
    let pg_bin = std::env::var_os("PG_BIN").map(PathBuf::from);
    Search { pg_bin, path: std::env::var_os("PATH"), ..Search::default() }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Primary,
    Standby,
}

const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=32MB",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "password_encryption=scram-sha-256",
    "jit=off",
];

const HBA: &str = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

impl Server {
    fn launch(kind: Kind) -> Server {
        let binaries = search().find().unwrap_or_else(|error| panic!("{error}"));
        // Not in `TMPDIR`, which may be a folder that the server's account cannot reach.
        let folder = tempfile::Builder::new().prefix("migration-tests-").tempdir_in("/tmp");
        let folder = folder.unwrap().keep();

        let server = ThrowAwayServer::new(&folder, binaries).unwrap().with_initdb("--no-sync");
        let server = SETTINGS.iter().fold(server, |server, it| server.with_setting(it));
        let supervisor = supervise(&folder, server.socket());
        fill(&server);
        fs::write(server.data().join("pg_hba.conf"), HBA).unwrap();
        if kind == Kind::Standby {
            fs::write(server.data().join("standby.signal"), "").unwrap();
        }
        let (inner, port) = start(&server);
        if kind == Kind::Primary {
            let mut client = inner.config("postgres").connect(NoTls).unwrap();
            client.batch_execute("ALTER ROLE migration PASSWORD 'migration'").unwrap();
        }
        Server { inner, port, _supervisor: supervisor }
    }

    /// How the superuser reaches `database` through the socket.
    pub fn config(&self, database: &str) -> Config {
        self.inner.config(database)
    }

    /// The same as [`config`](Server::config), as a URL.
    pub fn url(&self, database: &str) -> String {
        self.inner.url(database)
    }

    /// The port on 127.0.0.1 where the server asks for a password.
    pub fn tcp_port(&self) -> u16 {
        self.port
    }

    /// The folder of the socket.
    pub fn socket(&self) -> &Path {
        self.inner.socket()
    }

    /// The path of a program of the server's version, such as `pg_dump`.
    pub fn program(&self, name: &str) -> PathBuf {
        self.inner.binaries().program(name)
    }

    /// The server's major version.
    pub fn major(&self) -> u32 {
        self.inner.binaries().major.parse().unwrap()
    }

    /// What the server wrote.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.inner.log()).unwrap()).into_owned()
    }
}

/// Starts the server on a free port. Nobody holds it for us, so somebody else may be faster.
fn start(server: &ThrowAwayServer) -> (ThrowAwayServer, u16) {
    let mut attempts = 5;
    loop {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let server = server.clone().with_port(port);
        attempts -= 1;
        match server.start() {
            Ok(()) => return (server, port),
            Err(error) if attempts == 0 => panic!("{error}"),
            Err(_) => {}
        }
    }
}

/// Ends the server with this process. Started before the server, so that no moment is unguarded.
fn supervise(folder: &Path, socket: &Path) -> Child {
    const SCRIPT: &str = r#"
        read -r never
        process=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$process"
        for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
            kill -0 "$process" 2>/dev/null || break
            sleep 0.1
        done
        rm -rf "$1" "$2"
    "#;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, "sh"]).arg(folder).arg(socket).current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // A group of its own: Ctrl-C ends the test, and then it is this shell's turn.
    command.process_group(0).spawn().unwrap()
}

/// Gives the server its data: a copy of what an earlier process made, if there is one.
fn fill(server: &ThrowAwayServer) {
    // The primary and the standby of a process may want their data at the same moment.
    static FILLING: Mutex<()> = Mutex::new(());
    let _filling = FILLING.lock().unwrap();
    if server.data().exists() {
        return;
    }
    let Some(template) = template(server) else { return server.make_data().unwrap() };
    if template.is_dir() {
        return copy(&template, &server.data());
    }
    server.make_data().unwrap();
    let name = format!("{}-{}", template.display(), std::process::id());
    copy(&server.data(), Path::new(&name));
    if fs::rename(&name, &template).is_err() {
        // Somebody else was faster.
        fs::remove_dir_all(&name).unwrap();
    }
}

/// Beside the test binaries, so that `cargo clean` removes it.
fn template(server: &ThrowAwayServer) -> Option<PathBuf> {
    let binary = std::env::current_exe().unwrap();
    let deps = binary.ancestors().find(|it| it.ends_with("deps"))?;
    let version = &server.binaries().version;
    Some(deps.with_file_name(format!("migration-tests-postgresql-{version}")))
}

/// With owners and modes, which PostgreSQL insists on.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-Rp").arg(from).arg(to).status().unwrap();
    assert!(status.success(), "cannot copy {} to {}", from.display(), to.display());
}
