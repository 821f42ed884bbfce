//! The role, its rights, and how many sessions it may have.

use super::check::{Check, CheckKind, or_ok};
use super::server::Server;
use super::{Examination, is_true, number, rows};
use crate::history::text;
use crate::transport::Reply;

/// How many sessions a run needs: its own, and one that looks who is in the way.
const NEEDED: i64 = 2;

/// What the role is and may do.
#[derive(Clone, Debug, Default)]
pub(super) struct Role {
    /// Quoted where it has to be.
    pub(super) name: String,
    superuser: bool,
    /// The role that logged in, and whether it is a superuser; it became the other one then.
    login: (String, bool),
    /// Whether it sees the sessions of others.
    pub(super) sees_all: bool,
    /// Whether it may make schemas.
    creates_schemas: bool,
    /// Quoted where it has to be.
    database: String,
    schema: Schema,
    /// The schema of the history, quoted where it has to be.
    pub(super) schema_name: String,
    /// The limits of role and database, each with how many sessions there are.
    limits: [(Option<i64>, i64); 2],
    sessions: i64,
    foreign: Vec<Foreign>,
    /// How many tables hide rows, and some of their names.
    hidden: (i64, String),
}

impl Role {
    /// Where nothing but its name is known of it, for hints.
    pub(super) fn unknown(name: &str, schema: &str) -> Role {
        let name = name.to_owned();
        Role { name, schema_name: schema.to_owned(), ..Role::default() }
    }
}

/// The schema of the history.
#[derive(Clone, Copy, Debug, Default)]
struct Schema {
    exists: bool,
    usage: bool,
    create: bool,
}

/// Tables of somebody else.
#[derive(Clone, Debug, Default)]
struct Foreign {
    owner: String,
    /// Whether our role may become the owner.
    member: bool,
    superuser: bool,
    count: i64,
    names: String,
}

pub(super) fn read(reply: &Reply) -> Option<Role> {
    let cells = rows(reply, 0).next()?;
    let limit = |at| (number(cells, at), number(cells, at + 1).unwrap_or(0));
    let foreign = rows(reply, 1).map(|it| Foreign {
        owner: text(it, 0).to_owned(),
        member: is_true(it, 1),
        superuser: is_true(it, 4),
        count: number(it, 2).unwrap_or(0),
        names: text(it, 3).to_owned(),
    });
    let hidden = rows(reply, 2).next()?;
    Some(Role {
        name: text(cells, 0).to_owned(),
        superuser: is_true(cells, 1),
        sees_all: is_true(cells, 2),
        creates_schemas: is_true(cells, 3),
        database: text(cells, 4).to_owned(),
        schema: Schema {
            exists: is_true(cells, 5),
            usage: is_true(cells, 6),
            create: is_true(cells, 7),
        },
        schema_name: text(cells, 13).to_owned(),
        login: (text(cells, 14).to_owned(), is_true(cells, 15)),
        limits: [limit(8), limit(10)],
        sessions: number(cells, 12)?,
        foreign: foreign.collect(),
        hidden: (number(hidden, 0)?, text(hidden, 1).to_owned()),
    })
}

pub(super) fn judge(
    role: &Result<Role, String>,
    server: &Server,
    examination: &Examination,
) -> Vec<Check> {
    const KINDS: [CheckKind; 5] = [
        CheckKind::Role,
        CheckKind::Schema,
        CheckKind::Ownership,
        CheckKind::RowSecurity,
        CheckKind::Connections,
    ];
    let role = match role {
        Ok(role) => role,
        Err(reason) => return Check::all_untold(&KINDS, reason),
    };
    let mut checks = vec![of_role(role, examination), of_schema(role)];
    checks.extend(of_ownership(role, server.major));
    checks.push(of_row_security(role));
    checks.extend(of_connections(role, server));
    checks
}

fn of_role(role: &Role, examination: &Examination) -> Check {
    const KIND: CheckKind = CheckKind::Role;
    let Role { name, login: (login, is_superuser), .. } = role;
    let login = match is_superuser {
        _ if login == name => String::new(),
        true => format!("; {login}, a superuser, logged in and became it"),
        false => format!("; {login} logged in and became it"),
    };
    if !role.superuser {
        return Check::ok(KIND, format!("{name}, not a superuser{login}"));
    }
    if examination.development {
        return Check::ok(KIND, format!("{name}, a superuser, as it may be in development{login}"));
    }
    let message = format!("{name} is a superuser: nothing stops a slip in a script{login}");
    let hint = "CREATE ROLE deploy LOGIN;   -- then \\password deploy, and make it the owner of schema and tables";
    Check::warning(KIND, message).hint(hint)
}

fn of_schema(role: &Role) -> Check {
    const KIND: CheckKind = CheckKind::Schema;
    let Role { name, database, schema_name: schema, .. } = role;
    let (missing, hint) = match role.schema {
        Schema { exists: false, .. } if role.creates_schemas => {
            return Check::ok(KIND, format!("{schema} is not there yet, and the role may make it"));
        }
        Schema { exists: false, .. } => (
            format!("{schema} is not there, and {name} may not make it"),
            format!(
                "CREATE SCHEMA {schema} AUTHORIZATION {name};   -- or GRANT CREATE ON DATABASE {database} TO {name};"
            ),
        ),
        Schema { usage: false, .. } => (
            format!("{name} may not use {schema}"),
            format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {name};"),
        ),
        Schema { create: false, .. } => (
            format!("{name} may not make tables in {schema}"),
            format!("GRANT CREATE ON SCHEMA {schema} TO {name};"),
        ),
        Schema { .. } => return Check::ok(KIND, format!("{name} may make tables in {schema}")),
    };
    Check::problem(KIND, missing).hint(hint)
}

fn of_ownership(role: &Role, major: i64) -> Vec<Check> {
    const KIND: CheckKind = CheckKind::Ownership;
    let Role { name, schema_name: schema, .. } = role;
    let foreign = role.foreign.iter().map(|it| {
        let Foreign { owner, member, superuser, count, names } = it;
        let more = if *count > 3 { ", …" } else { "" };
        let tables = if *count == 1 { "table" } else { "tables" };
        let message = format!(
            "{count} {tables} in {schema} belong to {owner}, and {name} cannot alter them: {names}{more}"
        );
        let hint = match (superuser, member) {
            // Whoever may become a superuser is one.
            (true, _) => {
                let tables: Vec<_> = names.split(", ").collect();
                given(schema, &tables, name, *count - 3)
            }
            (false, true) if major >= 16 => {
                format!("GRANT {owner} TO {name} WITH INHERIT TRUE;   -- it is a member already")
            }
            (false, true) => {
                format!("ALTER ROLE {name} INHERIT;   -- it is a member of {owner} already")
            }
            (false, false) => format!("GRANT {owner} TO {name};"),
        };
        Check::warning(KIND, message).hint(hint)
    });
    or_ok(foreign.collect(), KIND, &format!("{name} can alter every table in {schema}"))
}

/// What gives tables to a role, and how many are left.
pub(super) fn given(schema: &str, tables: &[&str], role: &str, left: i64) -> String {
    let given = tables.iter().map(|it| format!("ALTER TABLE {schema}.{it} OWNER TO {role};"));
    let given: Vec<_> = given.collect();
    let rest = if left > 0 { format!("   -- and {left} more") } else { String::new() };
    format!("{}{rest}", given.join(" "))
}

fn of_row_security(role: &Role) -> Check {
    const KIND: CheckKind = CheckKind::RowSecurity;
    let (count, names) = &role.hidden;
    if *count == 0 {
        return Check::ok(KIND, "no policy hides rows from the role");
    }
    let more = if *count > 3 { ", …" } else { "" };
    let message = format!(
        "policies hide rows from {}: an UPDATE of a migration passes over them in {names}{more}",
        role.name
    );
    Check::warning(KIND, message).hint(format!(
        "ALTER ROLE {} BYPASSRLS;   -- or run migrations as the owner of these tables",
        role.name
    ))
}

fn of_connections(role: &Role, server: &Server) -> Vec<Check> {
    const KIND: CheckKind = CheckKind::Connections;
    let (login, is_superuser) = &role.login;
    let reserved = server.counted("superuser_reserved_connections");
    let reserved = if *is_superuser { 0 } else { reserved };
    let all = server.counted("max_connections") - reserved;
    let database = &role.database;
    let [of_role, of_database] = role.limits;
    let own = if *is_superuser { None } else { of_role.0 };
    let limits = [
        (
            Some(all),
            role.sessions,
            "the server has",
            "SELECT usename, datname, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3;   -- whose are they?".to_owned(),
        ),
        (own, of_role.1, "the role may have", format!("ALTER ROLE {login} CONNECTION LIMIT 5;")),
        (
            of_database.0.filter(|_| !is_superuser),
            of_database.1,
            "the database may have",
            format!("ALTER DATABASE {database} CONNECTION LIMIT -1;"),
        ),
    ];
    let found = limits.into_iter().filter_map(|(limit, used, whose, hint)| {
        let limit = limit?;
        // Ours is among those that are counted.
        let free = (limit - used).max(0);
        let tight = free + 1 < NEEDED;
        let message = format!(
            "{whose} {limit} and {free} are free: without a second one, nobody can tell who is in the way of a migration"
        );
        tight.then(|| Check::warning(KIND, message).hint(hint))
    });
    let free = (all - role.sessions).max(0);
    or_ok(found.collect(), KIND, &format!("{free} of {all} are free"))
}

#[cfg(test)]
#[path = "role_tests.rs"]
mod tests;
