//! `DROP … CASCADE` on the way up; `drop-schema` and `truncate` speak of their own.

use crate::lint::context::list;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, ConstraintKind, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "drop-cascade",
    severity: Severity::Warning,
    title: "CASCADE drops what nobody named",
    harm: "Whatever depends on the object is dropped with it, without a word in the script: views over a table, \
           foreign keys that reference it, columns of a type, triggers of a function, and what depends on those in \
           turn. On the database of a colleague it may be nothing, in production a view that reports are made of. \
           Without CASCADE, the server refuses and lists what depends.",
    way_out: "-- name what depends on it, so that the server stops at what nobody thought of:\nDROP VIEW open_contracts;\nDROP TABLE contracts;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "DROP TABLE t CASCADE"),
        Example::found("", "ALTER TABLE t DROP COLUMN a CASCADE"),
        Example::found("", "ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE"),
        Example::found("", "DROP TYPE e CASCADE"),
        Example::found("", "DROP FUNCTION f(int) CASCADE"),
        Example::found("", "DROP EXTENSION citext CASCADE"),
        Example::found("", "DROP VIEW v CASCADE"),
        Example::fine("", "DROP TABLE t"),
        Example::fine("", "DROP TABLE t RESTRICT"),
        Example::fine("", "CREATE TABLE t (a int REFERENCES r ON DELETE CASCADE)"),
        Example::fine("", "CREATE TABLE t (a int); DROP TABLE t CASCADE"),
        Example::fine("", "TRUNCATE t CASCADE"),
        Example::fine("", "CREATE TABLE t (a int)").with_down("DROP TABLE t CASCADE"),
        Example::found(
            "CREATE TABLE r (a int PRIMARY KEY); CREATE TABLE t (a int REFERENCES r); CREATE TABLE u (a int REFERENCES t); CREATE VIEW v AS SELECT a FROM r; CREATE VIEW w AS SELECT a FROM t",
            "DROP TABLE r CASCADE",
        ),
        Example::found("", "DROP DOMAIN d CASCADE"),
        Example::fine("", "CREATE TYPE e AS ENUM ('a'); DROP TYPE e CASCADE"),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t DROP COLUMN a CASCADE"),
        Example::fine("", "REVOKE ALL ON t FROM r CASCADE"),
        Example::found(
            "CREATE TABLE t (a int PRIMARY KEY, b int REFERENCES t)",
            "DROP TABLE t CASCADE",
        ),
        Example::found("", "DROP COLLATION c CASCADE"),
        Example::found("", "DROP FOREIGN TABLE f CASCADE"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let what = &context.action.what;
    if !context.action.cascades || !context.is_up() {
        return;
    }
    let names = match what {
        What::DropTable { tables: names, .. } | What::DropView { views: names, .. } => {
            list(names.iter().filter(|it| !context.is_fresh(it)))
        }
        What::DropType { types, .. } => {
            let fresh = &context.fresh.types;
            list(types.iter().filter(|it| !fresh.contains(it)))
        }
        What::AlterTable {
            table,
            change:
                Change::DropColumn { column: name, .. }
                | Change::DropConstraint { constraint: name, .. },
            ..
        } if !context.is_fresh(table) => {
            format!("{table}.{}", ObjectName::plain(name.as_str()))
        }
        What::DropFunction { functions: names, .. }
        | What::DropSequence { sequences: names, .. } => list(names),
        What::DropExtension { extensions } => {
            list(extensions.iter().map(|it| ObjectName::plain(it.as_str())))
        }
        What::Other if is_drop(context) => "it".to_owned(),
        _ => return,
    };
    if names.is_empty() {
        return;
    }
    let known = dependents(context);
    let known = match known.as_slice() {
        [] => String::new(),
        known => format!(": {}", known.join(", ")),
    };
    sink.report(
        context.action.range,
        format!("whatever depends on {names} is dropped too{}, unnamed{known}", context.if_there()),
        "leave CASCADE out: the server lists what depends on it; drop that by name",
    );
}

fn is_drop(context: &ActionContext<'_>) -> bool {
    let text = context.action.range.of(&context.script.sql);
    text.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("drop"))
}

/// What is known to depend on the tables: views, and foreign keys of others.
fn dependents(context: &ActionContext<'_>) -> Vec<String> {
    let What::DropTable { tables, .. } = &context.action.what else { return Vec::new() };
    let views = context
        .known
        .views
        .iter()
        .filter(|(_, sources)| sources.iter().any(|it| tables.contains(it)));
    let views = views.map(|(view, _)| format!("the view {view}"));
    let mut found: Vec<String> = views.collect();
    for (table, known) in context.known.tables.iter().filter(|(it, _)| !tables.contains(it)) {
        let references = |it: &ConstraintKind| matches!(it, ConstraintKind::ForeignKey { table, .. } if tables.contains(table));
        let keys = known.constraints.iter().filter(|(_, it)| references(&it.kind));
        let key = |name: &String| ObjectName::plain(name.as_str());
        found.extend(keys.map(|(name, _)| format!("the foreign key {} of {table}", key(name))));
    }
    found
}
