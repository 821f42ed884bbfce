//! `DROP SCHEMA … CASCADE` on the way up.

use crate::lint::context::list;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "drop-schema",
    severity: Severity::Warning,
    title: "a schema and everything in it is dropped",
    harm: "Every table, view, function and type of the schema is gone, whoever made it, and what in other schemas \
           depends on them too. No down script brings the rows back. All tables of the schema are locked against \
           readers at once. Without CASCADE, only an empty schema can be dropped.",
    way_out: "-- name what is to go, each in its turn, so that the server stops at what nobody thought of:\nDROP TABLE archive.contracts;\nDROP SCHEMA archive;",
    examples: &[
        Example::found("", "DROP SCHEMA s CASCADE"),
        Example::found(
            "CREATE SCHEMA s; CREATE TABLE s.t (a int)",
            "DROP SCHEMA IF EXISTS s, p CASCADE",
        ),
        Example::fine("", "DROP SCHEMA s"),
        Example::fine("", "CREATE SCHEMA s; CREATE TABLE s.t (a int); DROP SCHEMA s CASCADE"),
        Example::fine("", "CREATE SCHEMA s").with_down("DROP SCHEMA s CASCADE"),
        Example::found(
            "CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE TABLE s.u (a int); CREATE TABLE t (a int)",
            "CREATE SCHEMA o; DROP SCHEMA s CASCADE",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::DropSchema { schemas, .. } = &context.action.what else { return };
    let made = |schema: &String| {
        let is_it =
            |it: &What| matches!(it, What::CreateSchema { schema: new, .. } if new == schema);
        context.before.iter().any(|it| is_it(&it.action.what))
    };
    let gone = schemas.iter().filter(|it| !made(it));
    let gone = list(gone.map(|it| ObjectName::plain(it.as_str())));
    if !context.is_up() || !context.action.cascades || gone.is_empty() {
        return;
    }
    let is_in = |it: &ObjectName| it.schema.as_ref().is_some_and(|it| schemas.contains(it));
    let count = context.known.tables.iter().filter(|(name, _)| is_in(name)).count();
    let known = match count {
        0 => String::new(),
        1 => ", one table that earlier migrations made among it".to_owned(),
        _ => format!(", {count} tables that earlier migrations made among it"),
    };
    sink.report(
        context.action.range,
        format!("everything in {gone} is gone for good{known}"),
        "drop by name what is to go, and then the schema without CASCADE; take a backup first \
         (`up --with-backup`)",
    );
}
