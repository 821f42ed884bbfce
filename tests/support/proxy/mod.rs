//! A proxy in front of the server that counts what passes and breaks what it is told to break.
//!
//! ```ignore
//! let proxy = Proxy::socket(&database);
//! let mut client = proxy.config().connect(NoTls)?;
//! proxy.reset();
//! client.batch_execute("SELECT 1; SELECT 2")?;
//! assert_eq!(proxy.counts().round_trips, 1);
//!
//! proxy.set(Fault::CutOnReply("COMMIT", 1));
//! ```

mod pump;
mod stream;
#[cfg(test)]
mod tests;
mod wire;

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::thread;
use std::time::Duration;

use postgres::Config;
use tempfile::TempDir;

use self::stream::{Address, Listener, Stream};
use crate::{Role, Server, TestDatabase};

/// A proxy in front of the server of a test's database.
#[derive(Debug)]
pub struct Proxy {
    database: String,
    server: &'static Server,
    address: Address,
    port: u16,
    /// Holds the socket.
    folder: TempDir,
    state: Arc<Shared>,
}

/// What has passed since the last [`Proxy::reset`]. Logging in and saying goodbye do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Sessions that clients asked for.
    pub sessions: u32,
    /// Requests to cancel a statement.
    pub cancels: u32,
    /// How often a client sent something, be it in several messages, and the server answered.
    pub round_trips: u32,
    /// Simple queries (`Query`); one may hold many statements.
    pub queries: u32,
    /// Simple queries that were sent when no other one was on its way over the same connection: what a client waits
    /// for, however much it sends ahead.
    pub waits: u32,
    /// Statements of the extended protocol that were prepared (`Parse`).
    pub prepared: u32,
    /// How often a server was ready for the next query (`ReadyForQuery`).
    pub ready: u32,
}

/// What goes wrong. A cut happens once, and then all is well again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Whatever passes, either way, is held up for so long.
    Delay(Duration),
    /// Nothing passes any more, either way, and nobody is told; goes on where it stopped when
    /// another fault (or none) is set.
    BlackHole,
    /// New connections end at once.
    Refuse,
    /// The connection ends instead of delivering the n-th simple query from now, counted from 1.
    CutBeforeQuery(u32),
    /// The n-th simple query from now is delivered, and the connection ends for the client. The
    /// server works on and its answer is lost.
    CutAfterQuery(u32),
    /// The connection ends when so many bytes from now have been delivered to clients.
    CutAfterBytes(usize),
    /// The connection ends instead of delivering this command tag, as in `COMMIT`, for the n-th time from now.
    CutOnReply(&'static str, u32),
}

/// What the threads of a proxy share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    fault: Fault,
    sql: Vec<String>,
    open: Vec<Stream>,
    links: Vec<Weak<pump::Link>>,
    over: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Proxy {
    /// A proxy on a Unix socket, in front of the server's socket.
    #[track_caller]
    pub fn socket(database: &TestDatabase) -> Proxy {
        let (folder, port) = (folder(), database.server().tcp_port());
        let name = format!(".s.PGSQL.{port}");
        let path = folder.path().join(&name);
        let listener = Listener::Unix(UnixListener::bind(&path).unwrap());
        let server = Address::Unix(database.server().socket().join(name));
        Proxy::start(database, Address::Unix(path), port, folder, listener, server)
    }

    /// A proxy on a TCP port of 127.0.0.1, in front of the server's, which asks for a password.
    #[track_caller]
    pub fn tcp(database: &TestDatabase) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (listener, server) = (Listener::Tcp(listener), database.server().tcp_port());
        Proxy::start(database, Address::Tcp(port), port, folder(), listener, Address::Tcp(server))
    }

    fn start(
        database: &TestDatabase,
        address: Address,
        port: u16,
        folder: TempDir,
        listener: Listener,
        server: Address,
    ) -> Proxy {
        let state = Arc::new(Shared::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || pump::accept(&listener, &server, &shared));
        Proxy {
            database: database.name().to_owned(),
            server: database.server(),
            address,
            port,
            folder,
            state,
        }
    }

    /// How the superuser reaches the test's database through the proxy.
    pub fn config(&self) -> Config {
        self.config_of("migration", self.server.password())
    }

    /// How a role reaches the test's database through the proxy.
    pub fn config_for(&self, role: &Role) -> Config {
        self.config_of(&role.name, &role.name)
    }

    fn config_of(&self, user: &str, password: &str) -> Config {
        let mut config = Config::new();
        match &self.address {
            Address::Unix(_) => config.host_path(self.folder.path()),
            Address::Tcp(_) => config.host("127.0.0.1").password(password),
        };
        config.port(self.port).user(user).dbname(&self.database);
        config
    }

    /// The same as [`config`](Proxy::config), as a URL.
    pub fn url(&self) -> String {
        self.url_of("migration", self.server.password())
    }

    /// The same as [`config_for`](Proxy::config_for), as a URL.
    pub fn url_for(&self, role: &Role) -> String {
        self.url_of(&role.name, &role.name)
    }

    fn url_of(&self, user: &str, password: &str) -> String {
        let (database, port) = (&self.database, self.port);
        match &self.address {
            Address::Unix(_) => {
                let folder = self.folder.path().display();
                format!("postgresql://{user}@/{database}?host={folder}&port={port}")
            }
            Address::Tcp(_) => {
                format!("postgresql://{user}:{password}@127.0.0.1:{port}/{database}")
            }
        }
    }

    /// From now on, this goes wrong.
    pub fn set(&self, fault: Fault) {
        self.state.lock().fault = fault;
        self.state.changed.notify_all();
    }

    /// What is still to go wrong: a cut that has happened is no more.
    pub fn fault(&self) -> Fault {
        self.state.lock().fault
    }

    /// What has passed since the last [`reset`](Proxy::reset).
    pub fn counts(&self) -> Counts {
        self.state.lock().counts
    }

    /// The SQL that clients have sent since the last [`reset`](Proxy::reset), one text a message.
    pub fn sql(&self) -> Vec<String> {
        self.state.lock().sql.clone()
    }

    /// Counts from zero again.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        state.counts = Counts::default();
        state.sql.clear();
    }

    /// Ends every connection there is, now.
    pub fn cut_all(&self) {
        self.state.lock().open.drain(..).for_each(|it| it.cut());
    }
}

impl Proxy {
    /// Ends every connection for its client, now; the server is not told, and finds out when it answers.
    pub fn forget_clients(&self) {
        let links: Vec<_> = self.state.lock().links.drain(..).collect();
        links.iter().filter_map(Weak::upgrade).for_each(|it| it.forget_client());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.lock().over = true;
        self.state.changed.notify_all();
        self.cut_all();
        // Wakes the thread that accepts connections, which then sees that it is over.
        drop(self.address.connect());
    }
}

/// In `/tmp`, because the path of a socket must be short.
fn folder() -> TempDir {
    tempfile::Builder::new().prefix("migration-proxy-").tempdir_in("/tmp").unwrap()
}
