//! What a server says of itself, for the head of a page about its database.

use std::time::SystemTime;

use crate::error::Error;
use crate::history::{text, time};
use crate::migrator::Migrator;

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerFacts {
    /// The name of the database.
    pub database: String,
    /// The role that everything is read as.
    pub role: String,
    /// The version, without what the packager adds, as in `15.18`.
    pub version: String,
    /// What its clock says.
    pub time: Option<SystemTime>,
    /// Whether it is a standby, which nobody can write to.
    pub is_standby: bool,
}

impl Migrator {
    /// What the server says of itself. A role that may only read is enough.
    pub fn server(&mut self) -> Result<ServerFacts, Error> {
        self.call("report", |mut connection, call| {
            let (server, _) = call.read(&mut connection)?;
            let reply = connection.ask(include_str!("server_facts.sql"))?;
            let cells = reply.of(0).next().unwrap_or_default();
            Ok(ServerFacts {
                database: server.database,
                role: server.role_name,
                version: text(cells, 0).to_owned(),
                time: time(cells, 1),
                is_standby: server.standby,
            })
        })
    }
}
