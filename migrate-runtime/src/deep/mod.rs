//! `verify --deep`: every foreign key and every check, compared with the rows.
//!
//! PostgreSQL checks what is written while triggers and constraints are on, and a constraint that is added.
//! What was written with `session_replication_role = replica`, with triggers switched off, by a restored dump or
//! by a check whose function was changed since, nobody ever looks at again. All of it is read in one snapshot;
//! nothing stronger than ACCESS SHARE is taken, and of one table after the other.

mod constraint;

use crate::connection::Connection;
use crate::error::Error;
use crate::extras::{verification, verification_beside};
use crate::history::Server;
use crate::interrupt::Interrupt;
use crate::migrator::Migrator;
use crate::progress::Event;
use crate::quote::fill;
use crate::sqlstate;
use crate::transport::{Failure, FailureCause, Keep, Reply};
use crate::verify::{Finding, FindingKind, Verification, Violation};

use constraint::{COUNTED, Constraint, Sort};

/// Rows that policies hide would count as missing: where there are such, the query fails instead. And the planner
/// believes what constraints and the bounds of partitions say of their rows, which is what is in question here.
/// Functions of checks may find their tables by the path of the session; what is an operator of PostgreSQL stays one.
const BEGIN: [&str; 7] = [
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', 'pg_catalog', NULLIF(pg_catalog.current_setting('search_path'), '')), true)",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL row_security = off",
    "SET LOCAL constraint_exclusion = off",
    "SET LOCAL enable_partition_pruning = off",
];

/// Whatever is read under it is written with the schema of every name.
const QUALIFIED: &str = "SET LOCAL search_path = pg_catalog";

/// Ends what [`apart`] began, and gives its locks back: of RELEASE alone, the transaction would keep them.
const BACK: &str = "ROLLBACK TO SAVEPOINT one_of_many;\nRELEASE SAVEPOINT one_of_many";

impl Migrator {
    /// As [`verify`](Migrator::verify), and compares every foreign key and check constraint, validated or not,
    /// with the rows: in one snapshot that only reads, which takes as long as the database is big. Each is told
    /// as [`Event::Checking`]. A table that the role may not read as a whole is a finding.
    pub fn verify_deep(&mut self) -> Result<Verification, Error> {
        self.call("verify", |mut connection, call| {
            let beside = verification_beside(&connection);
            let (server, history, reply) = call.read_with(&mut connection, Some(&beside))?;
            let (mut verification, _) =
                verification(&mut connection, &call.set, (&server, history, reply))?;
            verification.findings.extend(examine(&mut connection, &server)?);
            Ok(verification)
        })
    }
}

fn examine(connection: &mut Connection<'_>, server: &Server) -> Result<Vec<Finding>, Error> {
    let mut begin = BEGIN.to_vec();
    if server.role_limits.transactions {
        begin.push("SET LOCAL transaction_timeout = 0");
    }
    if server.checks_client {
        // Without it, a query goes on for hours after the program that asked it was ended.
        begin.push("SET LOCAL client_connection_check_interval = '2s'");
    }
    let question = apart(&[QUALIFIED, include_str!("constraints.sql")]);
    let reply = connection.ask(&format!("{};\n{question}", begin.join(";\n")))?;
    let mut constraints: Vec<_> = reply.of(begin.len() + 2).map(Constraint::parse).collect();
    let total = constraints.len();
    let mut found = Vec::new();
    for (index, constraint) in constraints.iter_mut().enumerate() {
        let what = constraint.title();
        connection.tell(Event::Checking { index: index + 1, total, what });
        found.extend(examine_one(connection, constraint, &server.role)?);
    }
    // It has changed nothing: this only ends the snapshot.
    connection.ask("COMMIT")?;
    Ok(found)
}

fn examine_one(
    connection: &mut Connection<'_>,
    constraint: &mut Constraint,
    role: &str,
) -> Result<Option<Finding>, Error> {
    if let Some(why) = constraint.passed_over {
        let message = format!("{} was not compared: {why}", constraint.title());
        return Ok(Some(Finding::new(FindingKind::PassedOver, message)));
    }
    if let Some(question) = constraint.expression() {
        match attempt(connection, [QUALIFIED, &question])? {
            Ok(reply) => {
                let expression = reply.first(2).and_then(|it| it.first()?.clone());
                let Some(expression) = expression else {
                    return Ok(Some(changed(constraint, "it was dropped meanwhile")));
                };
                constraint.expression = expression;
            }
            Err(failure) => return Ok(Some(not_checked(constraint, &failure, role))),
        }
    }
    let tables = constraint.oids();
    let rewritten = fill(include_str!("rewritten.sql"), &[("tables", &tables)]);
    let reply = match attempt(connection, [&constraint.query(), &rewritten])? {
        Ok(reply) => reply,
        Err(failure) => return Ok(Some(not_checked(constraint, &failure, role))),
    };
    if let Some(table) = reply.first(2).and_then(|it| it.first()?.as_deref()) {
        let reason = format!("{table} was rewritten, truncated or given another place meanwhile");
        return Ok(Some(changed(constraint, &reason)));
    }
    Ok(broken(constraint, &reply))
}

/// A message whose statements leave nothing behind, the settings and locks neither: the first of them is its second.
fn apart(statements: &[&str]) -> String {
    format!("SAVEPOINT one_of_many;\n{};\n{BACK}", statements.join(";\n"))
}

/// What fails leaves the snapshot as it was. It takes as long as it takes: an interruption ends it.
fn attempt(
    connection: &mut Connection<'_>,
    statements: [&str; 2],
) -> Result<Result<Reply, Failure>, Error> {
    let failure = match connection.send(&apart(&statements), Keep::Only(&[1, 2])) {
        Ok(reply) => return Ok(Ok(reply)),
        Err(failure) => failure,
    };
    if connection.interrupt.is_asked() {
        return Err(Interrupt::error().with_state("nothing was changed"));
    }
    let code = failure.sqlstate().unwrap_or_default();
    if code.is_empty() || sqlstate::SESSION_ENDED.contains(&code) {
        return Err(connection.cannot_read(failure));
    }
    connection.ask(BACK)?;
    Ok(Err(failure))
}

fn broken(constraint: &Constraint, reply: &Reply) -> Option<Finding> {
    let count = reply.first(1)?.first()?.as_deref()?.parse::<u64>().ok()?;
    let violation = Violation {
        table: constraint.table.qualified.clone(),
        constraint: constraint.name.clone(),
        columns: constraint.columns(),
        rows: reply.of(1).map(|it| it.iter().skip(1).cloned().collect()).collect(),
        count: count.min(COUNTED),
        is_complete: count <= COUNTED,
    };
    let verb = if count == 1 { "row breaks" } else { "rows break" };
    let number =
        if violation.is_complete { count.to_string() } else { format!("at least {COUNTED}") };
    let (kind, why) = match &constraint.sort {
        Sort::ForeignKey(reference) => {
            let other = &reference.table.qualified;
            (FindingKind::ForeignKeyBroken, format!(": there is no such row in {other}"))
        }
        Sort::Check | Sort::Domain { .. } => (FindingKind::CheckBroken, String::new()),
    };
    let message = format!("{number} {verb} {}{why}", constraint.title());
    let hint = format!("{}   -- all of them", constraint.all());
    Some(Finding { hint: Some(hint), violation: Some(violation), ..Finding::new(kind, message) })
}

fn not_checked(constraint: &Constraint, failure: &Failure, role: &str) -> Finding {
    let reason = match &failure.error {
        FailureCause::Postgres(error) => error.as_db_error().map(|it| it.message().to_owned()),
        FailureCause::Abandoned => None,
    };
    let reason = reason.unwrap_or_else(|| "the server did not say why".to_owned());
    let is_right = failure.sqlstate() == Some(sqlstate::INSUFFICIENT_PRIVILEGE);
    let hint = match failure.sqlstate() {
        _ if is_right && constraint.is_hidden => {
            Some(format!("ALTER ROLE {role} BYPASSRLS;   -- or verify as the owner of the table"))
        }
        Some(sqlstate::INSUFFICIENT_PRIVILEGE) => {
            let grant = constraint.tables().into_iter().map(|it| {
                let (schema, table) = (&it.schema, &it.qualified);
                format!("GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {table} TO {role};")
            });
            Some(grant.collect::<Vec<_>>().join(" "))
        }
        Some(sqlstate::LOCK_NOT_AVAILABLE) => Some(
            "SELECT pid, query FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY xact_start;   -- who has locked it?".to_owned(),
        ),
        // On a standby, what its primary cleans up may be what the snapshot needs.
        Some(sqlstate::SERIALIZATION_FAILURE) => Some(
            "migration-cli verify --deep   # again; on a standby that gives way to its primary, ask the primary".to_owned(),
        ),
        // The catalogs are as old as the snapshot, and its tables are not.
        Some(sqlstate::UNDEFINED_TABLE | sqlstate::UNDEFINED_COLUMN) => Some(AGAIN.to_owned()),
        _ => None,
    };
    let message = format!("{} was not checked: {reason}", constraint.title());
    Finding { hint, ..Finding::new(FindingKind::NotChecked, message) }
}

const AGAIN: &str = "migration-cli verify --deep   # was it changed meanwhile?";

/// What was asked is no longer what is there.
fn changed(constraint: &Constraint, reason: &str) -> Finding {
    let message = format!("{} was not checked: {reason}", constraint.title());
    Finding { hint: Some(AGAIN.to_owned()), ..Finding::new(FindingKind::NotChecked, message) }
}
