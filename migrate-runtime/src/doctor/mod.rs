//! `doctor`: what of server, role, connection, sessions and tables is in the way of a migration, or may be.
//!
//! What is read is read in a few questions, each of which may be refused without harm to the others; what it
//! means is decided by pure functions, an area a file. Changes nothing, and takes no lock.

#[cfg(feature = "backup")]
mod backups;
mod catalog;
mod check;
mod history;
mod replication;
mod role;
mod server;
mod traffic;

use std::time::{Duration, SystemTime};

use crate::call::Call;
use crate::connection::Connection;
use crate::deadline::Moment;
use crate::drift;
use crate::error::{Error, ErrorKind};
use crate::history::text;
use crate::migrator::Migrator;
use crate::quote::{fill, literal};
use crate::transport::Reply;

pub use check::{Check, CheckKind, Diagnosis, Level};

/// What an examination is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Examination {
    /// The clock of this machine, to compare the server's with; without one, they are not compared.
    pub clock: Option<fn() -> SystemTime>,
    /// For how long a transaction may be open before it counts as in the way: a minute unless told.
    pub long_transaction: Duration,
    /// Whether it is a development database of one's own: a superuser is in order there, and so is what
    /// makes a server fast and forgetful.
    pub development: bool,
    /// Where backups are kept and how they are taken, to see whether one could be taken now.
    #[cfg(feature = "backup")]
    pub backups: Option<crate::backup::Backups>,
}

impl Default for Examination {
    fn default() -> Examination {
        Examination {
            clock: None,
            long_transaction: Duration::from_mins(1),
            development: false,
            #[cfg(feature = "backup")]
            backups: None,
        }
    }
}

impl Examination {
    /// What can be told without any connection, for where there is none.
    pub fn without_connection(&self) -> Vec<Check> {
        #[cfg(feature = "backup")]
        return self.backups.as_ref().map(|it| backups::judge(it, None)).unwrap_or_default();
        #[cfg(not(feature = "backup"))]
        Vec::new()
    }
}

/// How long one question may take: on a server in trouble, the others are asked all the same.
const PATIENCE: &str = "SET LOCAL statement_timeout = '10s'; SET LOCAL search_path = pg_catalog;\n";

/// How many statements that is.
const BEFORE: usize = 2;

/// What the server's clock said, and between which moments of ours.
#[derive(Clone, Copy, Debug)]
struct Clocks {
    before: SystemTime,
    after: SystemTime,
}

/// Asks, and gives what is said where nothing can be told.
type Asked = Result<Reply, String>;

impl Migrator {
    /// Examines everything that a migration depends on, before one runs. Changes nothing and takes no lock; a
    /// role that may see little is told what it cannot see.
    ///
    /// ```no_run
    /// # use migrate_runtime::{Examination, Level, MigrationSet, Migrator};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # static MIGRATIONS: MigrationSet = MigrationSet::new(&[]);
    /// let mut migrator = Migrator::from_url(&MIGRATIONS, "postgres://deploy@db/app")?;
    /// let diagnosis = migrator.doctor(&Examination::default())?;
    /// for check in diagnosis.checks.iter().filter(|it| it.level != Level::Ok) {
    ///     println!("{}: {}", check.kind.as_str(), check.message);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn doctor(&mut self, examination: &Examination) -> Result<Diagnosis, Error> {
        self.call("doctor", |mut connection, call| examine(&mut connection, call, examination))
    }
}

fn examine(
    connection: &mut Connection<'_>,
    call: &Call<'_>,
    examination: &Examination,
) -> Result<Diagnosis, Error> {
    let (server, clocks) = ask_server(connection, examination)?;
    let server = server::read(&server, call.token.as_str());
    connection.behind_pooler = server.behind_pooler;
    let mut checks = server::judge(&server, clocks, examination);
    let pooler = connection.refuse_pooling();
    checks.push(server::of_pooler(server.behind_pooler.is_some(), keep(pooler)?));

    let values = [("schema_name", literal(&connection.settings.schema))];
    let role = ask(connection, &filled(include_str!("role.sql"), &values))?;
    let role = role.and_then(|it| role::read(&it).ok_or_else(no_sense));
    checks.extend(role::judge(&role, &server, examination));

    let role = role.unwrap_or_else(|_| role::Role::unknown(&server.role, &connection.store.schema));
    let question = traffic_question(examination);
    checks.extend(traffic::judge(ask(connection, &question)?.as_ref(), &role.name));
    checks.push(traffic::of_holder(&keep(connection.holder())?));

    let history = keep(call.read(connection).map(|it| it.1))?;
    let pending =
        history.as_ref().map(|it| drift::compare(&call.set, it).pending).unwrap_or_default();
    let catalog = ask(connection, &catalog::question())?;
    checks.extend(catalog::judge(catalog.as_ref(), &pending));
    let replication = ask(connection, include_str!("replication.sql"))?;
    checks.extend(replication::judge(replication.as_ref(), &server, &role));

    let prefix = literal(&format!("{}.", connection.store.schema));
    let question = filled(include_str!("history.sql"), &[("prefix", prefix)]);
    let tables = ask(connection, &question)?;
    checks.extend(history::judge(tables.as_ref(), &history, &role));
    #[cfg(feature = "backup")]
    if let Some(backups) = &examination.backups {
        let size = ask(connection, backups::SIZE)?;
        checks.extend(backups::judge(backups, Some((server.major, size.as_ref()))));
    }
    checks.sort_by_key(|it| it.kind);
    Ok(Diagnosis { database: server.database, checks })
}

fn traffic_question(examination: &Examination) -> String {
    let long = examination.long_transaction.as_secs().to_string();
    let statement = include_str!("../statement.sql").to_owned();
    filled(include_str!("traffic.sql"), &[("long", long), ("statement", statement)])
}

/// The first question is answered, or nothing can be told at all.
fn ask_server(
    connection: &mut Connection<'_>,
    examination: &Examination,
) -> Result<(Reply, Option<(Clocks, Duration)>), Error> {
    let clock = examination.clock;
    let (before, began) = (clock.map(|it| it()), Moment::now());
    let reply = connection.ask(&format!("{PATIENCE}{}", include_str!("server.sql")))?;
    let round_trip = began.age();
    let clocks = before.zip(clock.map(|it| it()));
    Ok((reply, clocks.map(|(before, after)| (Clocks { before, after }, round_trip))))
}

/// What is refused is told, and the examination goes on; a connection that is gone ends it.
fn ask(connection: &mut Connection<'_>, question: &str) -> Result<Asked, Error> {
    let answer = keep(connection.ask(&format!("{PATIENCE}{question}")))?;
    Ok(answer.map_err(|it| it.reason()))
}

fn keep<T>(answer: Result<T, Error>) -> Result<Result<T, Error>, Error> {
    match answer {
        Err(error) if error.kind() == ErrorKind::ConnectionLost || error.is_interrupted() => {
            Err(error)
        }
        answer => Ok(answer),
    }
}

fn no_sense() -> String {
    "the server's answer makes no sense".to_owned()
}

fn filled(template: &str, values: &[(&str, String)]) -> String {
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fill(template, &values)
}

/// The rows of one statement of a question.
fn rows(reply: &Reply, statement: usize) -> impl Iterator<Item = &[Option<String>]> {
    reply.of(BEFORE + statement)
}

fn number(cells: &[Option<String>], at: usize) -> Option<i64> {
    text(cells, at).parse().ok()
}

fn is_true(cells: &[Option<String>], at: usize) -> bool {
    text(cells, at) == "t"
}
