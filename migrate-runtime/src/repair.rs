//! `repair`: what an interruption or an edit left behind is brought back to a known state.

use crate::audit::{Entry, Outcome};
use crate::config::Repair;
use crate::connection::Connection;
use crate::error::Error;
use crate::execute::{self, Broken, Transactions, keep_script};
use crate::extras::{if_allowed, stored_scripts};
use crate::history::{History, Server, StoredScript};
use crate::mend::{Evidence, InvalidIndex, Mend, MendKind, accepted, findings, mending};
use crate::migrator::{Call, Migrator};
use crate::plan::{Plan, plan_repair};
use crate::progress::Event;
use crate::quote::{fill, literal};
use crate::refuse::plan_changed;
use crate::run::Done;
use crate::session::Session;
use crate::transport::Keep;

/// What `repair` found and did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Repaired {
    /// The token of the run.
    pub token: String,
    /// The name of the database, as the server gives it.
    pub database: String,
    /// Everything that was found; what has an action was mended, or would be.
    pub found: Vec<Mend>,
    /// What was unfinished and has ended now.
    pub done: Vec<Done>,
}

/// What is read from the database before it is judged.
struct Look {
    stored: Vec<StoredScript>,
    missing: Vec<String>,
    invalid: Vec<InvalidIndex>,
}

impl Migrator {
    /// What [`run_repair`](Migrator::run_repair) would do now. Changes nothing and takes no lock.
    pub fn plan_repair(&mut self, repair: &Repair) -> Result<Repaired, Error> {
        self.call("repair", |mut connection, call| {
            let (server, history) = call.read(&mut connection)?;
            let look = Look::at(&mut connection, &server)?;
            let evidence = look.evidence(call, &history, repair)?;
            let found = findings(&evidence, repair);
            let (token, database) = (call.token.clone(), server.database);
            Ok(Repaired { token, database, found, done: Vec::new() })
        })
    }

    /// Goes on with unfinished work, makes tables that are missing, mends invalid indexes that a run
    /// left behind, and says what is left to a person.
    pub fn run_repair(&mut self, repair: &Repair) -> Result<Repaired, Error> {
        self.call("repair", |mut connection, call| {
            let (server, history) = call.read(&mut connection)?;
            let look = Look::at(&mut connection, &server)?;
            let found = findings(&look.evidence(call, &history, repair)?, repair);
            let (token, database) = (call.token.clone(), server.database.clone());
            let mut repaired = Repaired { token, database, found, done: Vec::new() };
            if repaired.found.iter().all(|it| it.action.is_none()) {
                return Ok(repaired);
            }
            server.refuse_standby()?;
            let (mut session, history) = connection.lock()?;
            let server = session.server.clone();
            let look = Look::at(&mut session, &server)?;
            let evidence = look.evidence(call, &history, repair)?;
            if findings(&evidence, repair) != repaired.found {
                return Err(changed());
            }
            repaired.done = mend(&mut session, &evidence, repair)?;
            log(&mut session, &repaired.found);
            Ok(repaired)
        })
    }
}

fn changed() -> Error {
    plan_changed("another runner changed the database while this one waited for the lock")
}

impl Look {
    fn at(connection: &mut Connection<'_>, server: &Server) -> Result<Look, Error> {
        let stored = if_allowed(stored_scripts(connection, server))?.unwrap_or_default();
        let message = format!(
            "{};\n{}",
            connection.store.side_tables(),
            include_str!("history/invalid_indexes.sql")
        );
        let reply = connection.ask(&message)?;
        let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
        let missing = reply.of(0).filter_map(|it| cell(it, 0)).collect();
        let invalid = reply.of(1).filter_map(|it| {
            Some(InvalidIndex { qualified: cell(it, 0)?, name: cell(it, 1)?, builder: cell(it, 2) })
        });
        Ok(Look { stored, missing, invalid: invalid.collect() })
    }

    fn evidence<'e>(
        &'e self,
        call: &'e Call<'_>,
        history: &'e History,
        repair: &Repair,
    ) -> Result<Evidence<'e>, Error> {
        let unfinished = plan_repair(&call.set, history, &self.stored, repair.decision)?;
        // What the script that goes on is about to mend is no finding of its own.
        let invalid = if unfinished.is_some() { Vec::new() } else { self.invalid.clone() };
        Ok(Evidence {
            set: &call.set,
            history,
            stored: &self.stored,
            missing: self.missing.clone(),
            invalid,
            unfinished,
        })
    }
}

fn mend(
    session: &mut Session<'_>,
    evidence: &Evidence<'_>,
    repair: &Repair,
) -> Result<Vec<Done>, Error> {
    if !evidence.missing.is_empty() {
        session.make_tables()?;
    }
    for statement in evidence.invalid.iter().filter_map(|it| mending(it, evidence)) {
        // One that gives up waiting for a lock would leave the next invalid index.
        let sent = session.send("SET lock_timeout = 0", Keep::Only(&[]));
        let sent = sent.and_then(|_| session.send(&statement, Keep::Only(&[])));
        sent.map_err(|failure| {
            let error = session.cannot_read(failure);
            error.with_state(format!("not done: {statement}")).with_hint("migration-cli repair")
        })?;
    }
    let edited = accepted(evidence);
    if repair.update_checksums && !edited.is_empty() {
        let schema = session.store.schema.clone();
        let mut message = "BEGIN READ WRITE;\n".to_owned();
        for it in edited {
            let version = literal(&it.version.to_string());
            let values = [
                ("schema", schema.as_str()),
                ("version", &version),
                ("checksum", &literal(&it.up.checksum.to_string())),
            ];
            message += &fill(include_str!("history/accept.sql"), &values);
            message += ";\n";
            message += &keep_script(&schema, &version, &it.down);
            message += ";\n";
        }
        message += "COMMIT";
        if let Err(failure) = session.send(&message, Keep::Only(&[])) {
            session.roll_back();
            return Err(session.cannot_read(failure));
        }
    }
    match &evidence.unfinished {
        Some(plan) => go_on(session, plan),
        None => Ok(Vec::new()),
    }
}

fn go_on(session: &mut Session<'_>, plan: &Plan) -> Result<Vec<Done>, Error> {
    let mut done = Vec::new();
    session.tell(Event::Planned { total: plan.steps.len(), direction: plan.direction });
    match execute::run(session, plan, Transactions::OneEach, &mut done) {
        Ok(()) => Ok(done),
        Err(Broken::Failed(error) | Broken::Lost(error)) => Err(error),
    }
}

/// What was done beside the scripts, which have rows of their own.
fn log(session: &mut Session<'_>, found: &[Mend]) {
    let done = found.iter().filter(|it| it.kind != MendKind::Unfinished && it.action.is_some());
    let done: Vec<&str> = done.map(|it| it.found.as_str()).collect();
    if done.is_empty() {
        return;
    }
    session.log(&Entry {
        version: None,
        direction: None,
        outcome: Outcome::Ok,
        started_at: "pg_catalog.now()",
        sqlstate: None,
        message: Some(&done.join("; ")),
        detail: "{}",
    });
}
