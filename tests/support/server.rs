//! One PostgreSQL server for each test process, started when the first test asks for it.
//!
//! Users' servers (`migrate_runtime::testing`) with a port, passwords, and a standby if one is wanted.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use migrate_runtime::dev_database::ThrowAwayServer;
use migrate_runtime::testing::{Supervisor, explain, prepare_server};
use postgres::{Config, NoTls};

/// A server for tests. Reached through its socket, everybody is let in; over TCP on the loopback
/// interface, it asks for a password.
#[derive(Debug)]
pub struct Server {
    inner: ThrowAwayServer,
    port: u16,
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

const SETTINGS: &[&str] = &["listen_addresses=127.0.0.1", "password_encryption=scram-sha-256"];

const HBA: &str = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

impl Server {
    fn launch(kind: Kind) -> Server {
        let prepared = prepare_server();
        let (server, supervisor) = prepared.unwrap_or_else(|error| panic!("{}", explain(&error)));
        let server = SETTINGS.iter().fold(server, |server, it| server.with_setting(it));
        let server = match kind {
            Kind::Lasting => server.with_setting("synchronous_commit=on"),
            Kind::Primary | Kind::Standby => server,
        };
        fs::write(server.data().join("pg_hba.conf"), HBA).unwrap();
        if kind == Kind::Standby {
            fs::write(server.data().join("standby.signal"), "").unwrap();
        }
        let (inner, port) = start(&server);
        if kind != Kind::Standby {
            let mut client = inner.config("postgres").connect(NoTls).unwrap();
            client.batch_execute("ALTER ROLE migration PASSWORD 'migration'").unwrap();
        }
        Server { inner, port, _supervisor: supervisor }
    }

    /// A server for one test alone, which may end it, crash it and start it again.
    pub fn own() -> Server {
        Server::launch(Kind::Lasting)
    }

    /// Ends the server and waits until all of it is gone.
    pub fn stop(&self, end: End) {
        if end == End::Immediate {
            let process = fs::read_to_string(self.inner.data().join("postmaster.pid")).unwrap();
            signal("QUIT", process.lines().next().unwrap());
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

/// Sends a signal to a process of a server.
pub fn signal(name: &str, process: &str) {
    let status = Command::new("kill").args(["-s", name, process]).status().unwrap();
    assert!(status.success(), "kill -s {name} {process}");
}
