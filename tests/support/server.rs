//! One PostgreSQL server for each test process, started when the first test asks for it.
//!
//! Users' servers (`migrate_runtime::testing`) with a port, passwords, and a standby if one is wanted.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use migrate_runtime::dev_database::ThrowAwayServer;
use migrate_runtime::testing::{Supervisor, prepare_server};
use postgres::{Config, NoTls};

use crate::child;

/// A server for tests. Reached through its socket, everybody is let in; over TCP on the loopback
/// interface, it asks for a password.
pub struct Server {
    inner: ThrowAwayServer,
    port: u16,
    /// The superuser's over TCP. Made anew for each server: whoever else is on this machine could run
    /// programs as this user with it.
    password: String,
    _supervisor: Supervisor,
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

/// How a server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Sessions are ended and rolled back, and the data is left in order.
    Fast,
    /// Everything stops at once, as after a crash: the next start recovers from the log.
    Immediate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Primary,
    /// What is committed outlives a crash, as it does unless somebody chose otherwise.
    Lasting,
    Standby,
}

const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "password_encryption=scram-sha-256",
    "max_prepared_transactions=4",
];

/// In a file, where a test that wants it can turn it on: its workers are sessions and locks that no test counts on.
const AUTO: &str = "autovacuum = off\n";

const HBA: &str = "local all,replication all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

impl Server {
    fn launch(kind: Kind) -> Server {
        let prepared = prepare_server();
        let (server, supervisor) = prepared.unwrap_or_else(|error| panic!("{error:?}"));
        let server = SETTINGS.iter().fold(server, |server, it| server.with_setting(it));
        let server = match kind {
            Kind::Lasting => server.with_setting("synchronous_commit=on"),
            Kind::Primary | Kind::Standby => server,
        };
        fs::write(server.data().join("pg_hba.conf"), HBA).unwrap();
        append(&server, AUTO);
        if kind == Kind::Standby {
            fs::write(server.data().join("standby.signal"), "").unwrap();
        }
        let (inner, port) = start(&server);
        let mut client = inner.config("postgres").connect(NoTls).unwrap();
        let password = client.query_one("SELECT gen_random_uuid()::text", &[]).unwrap().get(0);
        if kind != Kind::Standby {
            let sql = format!("ALTER ROLE migration PASSWORD '{password}'");
            client.batch_execute(&sql).unwrap();
        }
        Server { inner, port, password, _supervisor: supervisor }
    }

    /// A server for one test alone, which may end it, crash it and start it again.
    pub fn own() -> Server {
        Server::launch(Kind::Lasting)
    }

    /// A server for one test alone, and a standby that follows it.
    pub fn own_with_standby() -> (Server, Server) {
        let primary = Server::own();
        primary.stop(End::Fast);
        let (server, supervisor) = prepare_server().unwrap_or_else(|error| panic!("{error:?}"));
        let server = SETTINGS.iter().fold(server, |server, it| server.with_setting(it));
        let (from, to) = (primary.inner.data(), server.data());
        fs::remove_dir_all(&to).unwrap();
        // With the owner of every file, which `std::fs` does not keep.
        let copied = Command::new("cp").arg("-a").args([&from, &to]).status().unwrap();
        assert!(copied.success(), "{copied}");
        let socket = primary.socket().display();
        let follow =
            format!("primary_conninfo = 'host={socket} port={} user=migration'\n", primary.port);
        append(&server, &follow);
        fs::write(to.join("standby.signal"), "").unwrap();
        primary.start();
        let (inner, port) = start(&server);
        let standby =
            Server { inner, port, password: primary.password.clone(), _supervisor: supervisor };
        (primary, standby)
    }

    /// Ends the server and waits until all of it is gone.
    pub fn stop(&self, end: End) {
        if end == End::Immediate {
            let process = fs::read_to_string(self.inner.data().join("postmaster.pid")).unwrap();
            assert!(child::signal("QUIT", process.lines().next().unwrap()));
        }
        self.inner.stop().unwrap();
    }

    /// Starts the server again and waits until it accepts connections.
    pub fn start(&self) {
        self.inner.start().unwrap();
    }

    /// The next start makes it a standby, without a primary that it could follow.
    pub fn become_standby(&self) {
        fs::write(self.inner.data().join("standby.signal"), "").unwrap();
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

    /// The superuser's password over TCP.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// How the superuser reaches `database` over TCP, password included, as a URL.
    pub fn tcp_url(&self, database: &str) -> String {
        let Server { port, password, .. } = self;
        format!("postgresql://migration:{password}@127.0.0.1:{port}/{database}")
    }

    /// The folder of the socket.
    pub fn socket(&self) -> &Path {
        self.inner.socket()
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

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("port", &self.port).finish_non_exhaustive()
    }
}

/// Adds to the settings that `ALTER SYSTEM` writes.
fn append(server: &ThrowAwayServer, settings: &str) {
    let mut file = fs::OpenOptions::new();
    let file = file.append(true).open(server.data().join("postgresql.auto.conf"));
    file.unwrap().write_all(settings.as_bytes()).unwrap();
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
