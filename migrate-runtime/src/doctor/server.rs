//! The server, the way to it, and its settings.

use std::time::{Duration, SystemTime};

use super::check::{Check, CheckKind};
use super::{Clocks, Examination, is_true, number, rows};
use crate::error::Error;
use crate::history::{standby, text, time};
use crate::transport::Reply;

/// Versions before the first are too old for the tables of the history; those after the last were not there
/// yet when this was written.
pub(super) const SUPPORTED: std::ops::RangeInclusive<i64> = 13..=18;

/// Clocks that are further apart give the log times that nobody can put beside those of other machines.
const APART: Duration = Duration::from_secs(5);

/// What the server says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Server {
    pub(super) database: String,
    version: String,
    pub(super) major: i64,
    pub(super) standby: bool,
    /// The session that answered, where something stands between it and us.
    pub(super) behind_pooler: Option<i32>,
    /// `socket`, `loopback`, or the address over which it is reached.
    reached: String,
    /// Version and cipher of the encryption.
    tls: Option<(String, String)>,
    time: Option<SystemTime>,
    /// The role of the session, who logged in, and the database, quoted where they have to be.
    pub(super) role: String,
    login: String,
    quoted_database: String,
    settings: Vec<(String, String)>,
    /// Where `session_replication_role` has its value from.
    replica_source: String,
    /// What applications are limited to, as `name=value`.
    limits: Vec<String>,
    /// How many tables there are.
    tables: i64,
}

impl Server {
    pub(super) fn setting(&self, name: &str) -> &str {
        let found = self.settings.iter().find(|it| it.0 == name);
        found.map(|it| it.1.as_str()).unwrap_or_default()
    }

    /// For tests: what it says of its settings alone.
    #[cfg(test)]
    pub(super) fn with(settings: &[(&str, &str)]) -> Server {
        let owned = |it: &(&str, &str)| (it.0.to_owned(), it.1.to_owned());
        Server { settings: settings.iter().map(owned).collect(), ..Server::default() }
    }

    pub(super) fn counted(&self, name: &str) -> i64 {
        self.setting(name).parse().unwrap_or(0)
    }
}

pub(super) fn read(reply: &Reply, token: &str) -> Server {
    let none: &[Option<String>] = &[];
    let cells = rows(reply, 0).next().unwrap_or(none);
    let is_ours = text(cells, 1) == token;
    let tls = is_true(cells, 7).then(|| (text(cells, 8).to_owned(), text(cells, 9).to_owned()));
    let replica = rows(reply, 1).find(|it| text(it, 0) == REPLICA);
    let pair = |it: &[Option<String>]| (text(it, 0).to_owned(), text(it, 1).to_owned());
    Server {
        behind_pooler: text(cells, 0).parse().ok().filter(|_| !is_ours),
        version: text(cells, 2).to_owned(),
        major: number(cells, 3).unwrap_or(0) / 10_000,
        database: text(cells, 4).to_owned(),
        standby: is_true(cells, 5),
        reached: text(cells, 6).to_owned(),
        tls,
        time: time(cells, 10),
        role: text(cells, 11).to_owned(),
        login: text(cells, 12).to_owned(),
        quoted_database: text(cells, 13).to_owned(),
        replica_source: replica.map(|it| text(it, 2).to_owned()).unwrap_or_default(),
        settings: rows(reply, 1).map(pair).collect(),
        limits: rows(reply, 2).map(|it| text(it, 0).to_owned()).collect(),
        tables: rows(reply, 3).next().and_then(|it| number(it, 0)).unwrap_or(0),
    }
}

pub(super) fn judge(
    server: &Server,
    clocks: Option<(Clocks, Duration)>,
    examination: &Examination,
) -> Vec<Check> {
    let mut checks = vec![of_version(server), of_standby(server), of_tls(server)];
    checks
        .extend(clocks.zip(server.time).map(|((clocks, trip), time)| of_clock(clocks, trip, time)));
    checks.extend(of_settings(server, examination));
    checks
}

fn of_version(Server { version, major, .. }: &Server) -> Check {
    const KIND: CheckKind = CheckKind::Server;
    let (first, last) = (SUPPORTED.start(), SUPPORTED.end());
    let text = format!("PostgreSQL {version}");
    if major < first {
        let message = format!("{text}: migrations need {first} or later");
        return Check::problem(KIND, message)
            .hint("https://www.postgresql.org/docs/current/upgrading.html");
    }
    if major > last {
        let message = format!("{text}: newer than every version that this program was tested on");
        return Check::warning(KIND, message)
            .hint("migration-cli --version   # is there a newer one of this program?");
    }
    Check::ok(KIND, text)
}

fn of_standby(server: &Server) -> Check {
    if !server.standby {
        return Check::ok(CheckKind::Standby, "no standby: the server can be written to");
    }
    Check::refused(CheckKind::Standby, &standby(&server.database))
}

fn of_tls(server: &Server) -> Check {
    const KIND: CheckKind = CheckKind::Tls;
    if server.behind_pooler.is_some() {
        // What the server tells is about the pooler's own connection to it.
        let message = match &server.tls {
            Some((version, cipher)) => format!("{version}, {cipher}"),
            None => "none".to_owned(),
        };
        return Check::ok(
            KIND,
            format!(
                "from the pooler to the server: {message}; on the way to the pooler, what sslmode asks for"
            ),
        );
    }
    match (&server.tls, server.reached.as_str()) {
        (Some((version, cipher)), _) => Check::ok(KIND, format!("{version}, {cipher}")),
        (None, "socket") => Check::ok(KIND, "none, and none needed: a Unix socket"),
        (None, "loopback") => Check::ok(KIND, "none, and none needed: the same machine"),
        (None, address) => {
            let message = format!(
                "none: whoever is between here and {address} can read and change what is sent"
            );
            Check::warning(KIND, message)
                .hint("postgres://USER@HOST/DATABASE?sslmode=verify-full   # the server needs a certificate")
        }
    }
}

/// What refusing said, where there is a pooler.
pub(super) fn of_pooler(is_there: bool, refused: Result<(), Error>) -> Check {
    const KIND: CheckKind = CheckKind::Pooler;
    match refused {
        Err(error) => Check::refused(KIND, &error),
        Ok(()) if is_there => Check::ok(
            KIND,
            "there is one, and it keeps the connection on one session of the server",
        ),
        Ok(()) => Check::ok(KIND, "none between here and the server"),
    }
}

/// The answer was made somewhere between the two moments of ours, so that the way does not count.
fn of_clock(clocks: Clocks, round_trip: Duration, server: SystemTime) -> Check {
    const KIND: CheckKind = CheckKind::Clock;
    let (apart, word) = match server.duration_since(clocks.after) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(_) => (clocks.before.duration_since(server).unwrap_or_default(), "behind"),
    };
    if apart < APART {
        let millis = round_trip.as_millis();
        return Check::ok(
            KIND,
            format!("that of the server and this one agree (round trip {millis} ms)"),
        );
    }
    let seconds = apart.as_secs();
    let message = format!(
        "that of the server is {seconds} s {word} this one: versions of migrations come from here, times in the history from there"
    );
    Check::warning(KIND, message)
        .hint("timedatectl status   # on both machines: is the clock synchronised?")
}

fn of_settings(server: &Server, examination: &Examination) -> Vec<Check> {
    const KIND: CheckKind = CheckKind::Settings;
    let mut found = Vec::new();
    if server.setting(REPLICA) == "replica" {
        let message = "session_replication_role is replica: foreign keys and triggers are passed over, and what migrations write is not checked";
        found.push(Check::problem(KIND, message).hint(of_replica(server)));
    }
    let off = |name: &str| server.setting(name) == "off" && !examination.development;
    for (name, why) in [
        ("fsync", "a crash of the machine may destroy the database"),
        ("full_page_writes", "a crash of the machine may destroy the database"),
        ("synchronous_commit", "a crash may take back a migration that was reported as done"),
    ] {
        if off(name) {
            found.push(Check::warning(KIND, format!("{name} is off: {why}")).hint(format!(
                "ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();   -- where a role or a database has it: RESET it there"
            )));
        }
    }
    if server.setting("default_transaction_read_only") == "on" {
        let message = "default_transaction_read_only is on, and migrations write all the same: was this database to be left alone?";
        found.push(Check::warning(KIND, message).hint("SELECT name, setting, source, sourcefile FROM pg_settings WHERE name = 'default_transaction_read_only';"));
    }
    found.extend(of_locks(server));
    let limits = server.limits.join(", ");
    let none = if limits.is_empty() {
        "nothing that matters to migrations".to_owned()
    } else {
        format!("nothing that matters to migrations ({limits} do not count for them)")
    };
    super::check::or_ok(found, KIND, &none)
}

const REPLICA: &str = "session_replication_role";

/// What takes it back where it was set.
fn of_replica(Server { login, quoted_database: database, replica_source, .. }: &Server) -> String {
    match replica_source.as_str() {
        "database" => format!("ALTER DATABASE {database} RESET {REPLICA};"),
        "user" => format!("ALTER ROLE {login} RESET {REPLICA};"),
        "database user" => {
            format!("ALTER ROLE {login} IN DATABASE {database} RESET {REPLICA};")
        }
        "global" => format!("ALTER ROLE ALL RESET {REPLICA};"),
        "client" | "environment variable" => {
            "migration-cli config   # the options of the connection have it: take it out".to_owned()
        }
        _ => format!(
            "ALTER SYSTEM SET {REPLICA} = origin; SELECT pg_reload_conf();   -- or in its file: see pg_settings.sourcefile"
        ),
    }
}

/// A dump locks every table in one transaction, and so may a migration.
fn of_locks(server: &Server) -> Option<Check> {
    let per_session = server.counted("max_locks_per_transaction");
    let sessions = server.counted("max_connections") + server.counted("max_prepared_transactions");
    let (room, tables) = (per_session * sessions, server.tables);
    if room == 0 || tables * 5 < room * 4 {
        return None;
    }
    let message = format!(
        "max_locks_per_transaction = {per_session} leaves room for {room} locks, and there are {tables} tables: a backup, which locks all of them, may run out of shared memory"
    );
    let wanted = (tables * 2 / sessions.max(1) + 1).max(per_session * 2);
    Some(Check::warning(CheckKind::Settings, message).hint(format!(
        "ALTER SYSTEM SET max_locks_per_transaction = {wanted};   -- counts from the next start of the server"
    )))
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
