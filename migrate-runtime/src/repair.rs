//! `repair`: what an interruption or an edit left behind is brought back to a known state.

use crate::audit::Entry;
use crate::call::Call;
use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::execute::{self, Broken, Transactions, Wanted};
use crate::extras::{if_allowed, stored_scripts};
use crate::history::{History, Server, StoredScript};
use crate::mend::{Evidence, InvalidIndex, Mend, MendKind, Repair, accepted, findings, mended};
use crate::migrator::Migrator;
use crate::plan::{HistoryChange, Plan, Refusal, plan_repair};
use crate::progress::Event;
use crate::quote::json_text;
use crate::recording::Before;
use crate::refuse::plan_changed;
use crate::run::Done;
use crate::schema_drift::SchemaDrift;
use crate::session::Session;
use crate::snapshot::Snapshot;

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

/// What the log says about accepted scripts.
const REASON: &str = "repair --update-checksums";

/// And about an accepted schema.
const ACCEPT_SCHEMA: &str = "repair --accept-schema";

/// What is read from the database before it is judged.
struct Look {
    stored: Vec<StoredScript>,
    missing: Vec<String>,
    invalid: Vec<InvalidIndex>,
    /// The schema, and what has drifted of it, where it is to be accepted.
    schema: Option<(Snapshot, Vec<String>)>,
}

impl Migrator {
    /// What [`run_repair`](Migrator::run_repair) would do now. Changes nothing and takes no lock.
    pub fn plan_repair(&mut self, repair: &Repair) -> Result<Repaired, Error> {
        self.refuse_stale_build()?;
        self.call("repair", |mut connection, call| {
            let (server, history) = call.read(&mut connection)?;
            let look = Look::at(&mut connection, (&server, &history), repair)?;
            let found = findings(&look.evidence(call, &history, repair)?, repair);
            let (token, database) = (call.token.clone(), server.database);
            Ok(Repaired { token, database, found, done: Vec::new() })
        })
    }

    /// Goes on with unfinished work, makes tables that are missing, accepts edited scripts if it is told to,
    /// and says what is left to a person.
    pub fn run_repair(&mut self, repair: &Repair) -> Result<Repaired, Error> {
        self.refuse_stale_build()?;
        self.call("repair", |mut connection, call| {
            let (server, before) = call.read(&mut connection)?;
            let planned = plan(&mut connection, call, (&server, &before), repair);
            let planned = planned.map_err(|it| connection.end(it))?;
            let (token, database) = (call.token.clone(), server.database.clone());
            if let Some(found) = planned.clone().filter(|it| mended(it).is_empty()) {
                return Ok(Repaired { token, database, found, done: Vec::new() });
            }
            let (mut session, history) = connection.lock(&server)?;
            let done = write(&mut session, call, (&before, &history), (repair, planned));
            let (found, done) = done.map_err(|it| session.end(it))?;
            Ok(Repaired { token, database, found, done })
        })
    }
}

/// What is found without the lock; nothing where somebody may still be at the work that looks unfinished.
fn plan(
    connection: &mut Connection<'_>,
    call: &Call<'_>,
    (server, history): (&Server, &History),
    repair: &Repair,
) -> Result<Option<Vec<Mend>>, Error> {
    let look = Look::at(connection, (server, history), repair)?;
    let planned = match look.evidence(call, history, repair) {
        Ok(evidence) => Some(findings(&evidence, repair)),
        // Whoever began it may be at it still: the lock tells.
        Err(refusal) if refusal.is_about_unfinished() => None,
        Err(refusal) => return Err(refusal.into()),
    };
    if planned.as_ref().is_some_and(|it| mended(it).is_empty()) {
        return Ok(planned);
    }
    let is_other =
        |agreed: &Vec<Mend>| planned.as_ref().is_some_and(|it| mended(it) != mended(agreed));
    if repair.agreed.as_ref().is_some_and(is_other) {
        return Err(plan_changed("there is something else to mend than what was shown"));
    }
    server.refuse_standby()?;
    Ok(planned)
}

/// Looks again under the lock, and mends what was found before it.
fn write(
    session: &mut Session<'_>,
    call: &Call<'_>,
    (before, history): (&History, &History),
    (repair, planned): (&Repair, Option<Vec<Mend>>),
) -> Result<(Vec<Mend>, Vec<Done>), Error> {
    let server = session.server.clone();
    let look = Look::at(session, (&server, history), repair)?;
    let evidence = look.evidence(call, history, repair)?;
    let found = findings(&evidence, repair);
    if mended(&found).is_empty() {
        return Ok((found, Vec::new()));
    }
    let same_work = history.unfinished == before.unfinished;
    if !same_work || planned.is_none_or(|it| mended(&it) != mended(&found)) {
        return Err(changed());
    }
    if !evidence.missing.is_empty() {
        session.make_tables()?;
        log(session, &found);
    }
    let drifted = look.schema.as_ref().filter(|it| !it.1.is_empty());
    let before = match drifted {
        Some((snapshot, drift)) => {
            let accepted = accept(session, snapshot, drift)?;
            let is_left = |it: &&Mend| !matches!(it.kind, MendKind::Drift | MendKind::MissingTable);
            if !mended(&found).into_iter().any(|it| is_left(&it)) {
                return Ok((found, Vec::new()));
            }
            accepted
        }
        None => session.look_before(history)?,
    };
    let done = mend(session, &evidence, repair);
    if done.as_ref().err().is_none_or(|it| it.kind() != ErrorKind::ConnectionLost) {
        session.record_after(before);
    }
    let accepted = drifted.map(|_| "the schema was".to_owned());
    Ok((found, done.map_err(|it| after_accepting(accepted, it))?))
}

/// What is there counts, from now on, as what the migrations made.
fn accept(
    session: &mut Session<'_>,
    snapshot: &Snapshot,
    drift: &[String],
) -> Result<Before, Error> {
    let texts: Vec<_> = drift.iter().map(|it| format!("\"{}\"", json_text(it))).collect();
    let detail = format!(r#"{{"reason": "{ACCEPT_SCHEMA}", "drift": [{}]}}"#, texts.join(", "));
    let began = session.began();
    let entry = Entry { detail: &detail, started_at: &began, ..Entry::ok() };
    let row = session.audit.row(&entry);
    match session.accept_schema(snapshot, &row) {
        Ok(before) => {
            session.audit.note(&entry, None);
            Ok(before)
        }
        Err(error) => {
            let error = match error.kind() {
                ErrorKind::ConnectionLost => error
                    .with_state("the schema was accepted as a whole or not at all")
                    .with_hint(format!("migration-cli {ACCEPT_SCHEMA}   # again")),
                _ => error.with_state("nothing was accepted"),
            };
            Err(session.log_error(None, None, error))
        }
    }
}

fn changed() -> Error {
    plan_changed("another runner changed the database while this one waited for the lock")
}

impl Look {
    fn at(
        connection: &mut Connection<'_>,
        (server, history): (&Server, &History),
        repair: &Repair,
    ) -> Result<Look, Error> {
        let stored = if_allowed(stored_scripts(connection, server, None))?.unwrap_or_default();
        let message = format!(
            "{};\n{}",
            connection.store.side_tables(),
            include_str!("history/invalid_indexes.sql")
        );
        let reply = connection.ask(&message)?;
        let cell = |row: &[Option<String>], at: usize| row.get(at).cloned().flatten();
        let missing = reply.of(0).filter_map(|it| cell(it, 0)).collect();
        let invalid = reply
            .of(1)
            .filter_map(|it| Some(InvalidIndex { qualified: cell(it, 0)?, builder: cell(it, 1) }));
        let invalid = invalid.collect();
        let mut schema = None;
        if repair.accept_schema && history.has_begun() {
            let (snapshot, made) = connection.look_at_schema(server)?;
            let drift = SchemaDrift::new(&snapshot, made, connection.settings);
            schema = Some((snapshot, drift.findings().into_iter().map(|it| it.message).collect()));
        }
        Ok(Look { stored, missing, invalid, schema })
    }

    fn evidence<'e>(
        &'e self,
        call: &'e Call<'_>,
        history: &'e History,
        repair: &Repair,
    ) -> Result<Evidence<'e>, Refusal> {
        let unfinished = plan_repair(&call.set, history, &self.stored, repair)?;
        // What the script that goes on is about to mend is no finding of its own.
        let invalid = if unfinished.is_some() { Vec::new() } else { self.invalid.clone() };
        Ok(Evidence {
            set: &call.set,
            history,
            stored: &self.stored,
            missing: self.missing.clone(),
            invalid,
            unfinished,
            drift: self.schema.as_ref().map(|it| it.1.clone()).unwrap_or_default(),
        })
    }
}

fn mend(
    session: &mut Session<'_>,
    evidence: &Evidence<'_>,
    repair: &Repair,
) -> Result<Vec<Done>, Error> {
    let accepted = accepted(evidence);
    let scripts = match accepted.len() {
        _ if !repair.update_checksums => None,
        0 => None,
        1 => Some("1 edited script was".to_owned()),
        count => Some(format!("{count} edited scripts were")),
    };
    if repair.update_checksums
        && let Some(newest) = accepted.iter().map(|it| it.migration.version).max()
    {
        let change = HistoryChange { accepted, ..HistoryChange::default() };
        let wanted = Wanted {
            version: newest,
            reason: Some(REASON),
            what: "accepting edited scripts",
            command: "migration-cli repair --update-checksums",
            is_last: false,
        };
        execute::force(session, &change, wanted)?;
    }
    match &evidence.unfinished {
        Some(plan) => go_on(session, plan).map_err(|it| after_accepting(scripts, it)),
        None => Ok(Vec::new()),
    }
}

/// What was accepted stays accepted, whatever becomes of what comes after it.
fn after_accepting(what: Option<String>, error: Error) -> Error {
    let Some(what) = what else { return error };
    let state = format!("{what} accepted; {}", error.state().unwrap_or_default());
    error.with_state(state)
}

fn go_on(session: &mut Session<'_>, plan: &Plan) -> Result<Vec<Done>, Error> {
    let mut done = Vec::new();
    session.tell(Event::Planned { total: plan.steps.len(), direction: plan.direction });
    match execute::run(session, plan, Transactions::OneEach, &mut done) {
        Ok(()) => Ok(done),
        Err(Broken::Failed(error) | Broken::Lost(error)) => Err(error),
    }
}

/// The tables that were made, whatever becomes of the rest, which has rows of its own.
fn log(session: &mut Session<'_>, found: &[Mend]) {
    let done = found.iter().filter(|it| it.kind == MendKind::MissingTable);
    let done: Vec<&str> = done.map(|it| it.found.as_str()).collect();
    let (message, began) = (done.join("; "), session.began());
    session.log(&Entry { message: Some(&message), started_at: &began, ..Entry::ok() });
}
