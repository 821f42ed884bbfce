//! A database for each test, with roles and with the server's port.

use std::sync::Mutex;

use migrate_runtime::testing;
use postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::server::{Server, server};

/// A database of its own on the server of this process; dropped, with its roles, at the end.
#[derive(Debug)]
pub struct TestDatabase {
    server: &'static Server,
    // Roles go after what they own, and fields go in this order.
    inner: testing::TestDatabase,
    roles: Roles,
}

/// The names of the roles that were made for a database.
#[derive(Debug)]
struct Roles(&'static Server, Mutex<Vec<String>>);

/// A role that may log in, and nothing else unless it was told.
#[derive(Clone, Debug)]
pub struct Role {
    /// Unique on the server, and a plain identifier.
    pub name: String,
    /// How it reaches the test's database through the socket, where no password is asked for.
    pub config: Config,
    /// How it reaches the test's database over TCP, with the right password.
    pub tcp: Config,
    /// The URL for [`config`](Role::config).
    pub url: String,
    /// The URL for [`tcp`](Role::tcp), password included.
    pub tcp_url: String,
}

impl TestDatabase {
    /// Makes an empty database on the server of this process.
    #[expect(clippy::new_without_default, reason = "what costs a database is no default")]
    pub fn new() -> TestDatabase {
        TestDatabase::on(server())
    }

    /// Makes an empty database on a server, such as one of a test's own.
    pub fn on(server: &'static Server) -> TestDatabase {
        let inner = testing::TestDatabase::on(&server.url("postgres"));
        let inner = inner.unwrap_or_else(|error| panic!("{error:?}"));
        TestDatabase { server, inner, roles: Roles(server, Mutex::default()) }
    }

    /// The name of the database.
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    /// The server that holds the database.
    pub fn server(&self) -> &'static Server {
        self.server
    }

    /// How the superuser reaches it, as a URL that every PostgreSQL program understands.
    pub fn url(&self) -> String {
        self.inner.url().to_owned()
    }

    /// How the superuser reaches it.
    pub fn config(&self) -> Config {
        self.inner.config()
    }

    /// How the superuser reaches it over TCP, password included, as a URL.
    pub fn tcp_url(&self) -> String {
        self.server.tcp_url(self.name())
    }

    /// A new connection of the superuser.
    #[track_caller]
    pub fn client(&self) -> Client {
        self.config().connect(NoTls).unwrap()
    }

    /// Runs statements as the superuser, on a connection of their own.
    #[track_caller]
    pub fn execute(&self, sql: &str) {
        let mut client = self.client();
        client.batch_execute(sql).unwrap_or_else(|error| panic!("{}: {sql}", describe(&error)));
    }

    /// What a query of the superuser gives: a line a row, `|` between columns, nothing for NULL.
    #[track_caller]
    pub fn text(&self, sql: &str) -> String {
        let messages = self.client().simple_query(sql);
        let messages = messages.unwrap_or_else(|error| panic!("{}: {sql}", describe(&error)));
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let fields = (0..row.len()).map(|index| row.get(index).unwrap_or_default());
                Some(fields.collect::<Vec<_>>().join("|"))
            }
            _ => None,
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    /// Makes a role with the attributes given, such as `NOINHERIT CONNECTION LIMIT 1`; its password
    /// is its own name. The name asked for gets the database's in front: roles are the server's.
    #[track_caller]
    pub fn role(&self, name: &str, attributes: &str) -> Role {
        let name = format!("{}_{name}", self.name());
        maintain(self.server, &format!("CREATE ROLE {name} LOGIN PASSWORD '{name}' {attributes}"));
        self.roles.1.lock().unwrap().push(name.clone());

        let mut config = self.config();
        config.user(&name);
        let port = self.server.tcp_port();
        let mut tcp = Config::new();
        tcp.host("127.0.0.1").port(port).user(&name).password(&name).dbname(self.name());
        let url = self.url().replacen("//migration@", &format!("//{name}@"), 1);
        let tcp_url = format!("postgresql://{name}:{name}@127.0.0.1:{port}/{}", self.name());
        Role { name, config, tcp, url, tcp_url }
    }
}

impl Drop for Roles {
    fn drop(&mut self) {
        let Ok(mut client) = self.0.config("postgres").connect(NoTls) else { return };
        // A test may have left something that holds on to a role; the server ends soon anyway.
        for role in self.1.get_mut().map_or(Vec::new(), std::mem::take) {
            drop(client.batch_execute(&format!("DROP ROLE IF EXISTS {role}")));
        }
    }
}

#[track_caller]
fn maintain(server: &Server, sql: &str) {
    let mut client = server.config("postgres").connect(NoTls).unwrap();
    client.batch_execute(sql).unwrap_or_else(|error| panic!("{}: {sql}", describe(&error)));
}

/// What the server said; the client's own text is no more than "db error".
fn describe(error: &postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
}
