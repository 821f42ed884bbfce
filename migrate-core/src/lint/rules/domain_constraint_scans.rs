//! A constraint for a domain that is in use.

use crate::lint::context::list;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{DomainChange, What};

pub(super) static RULE: Rule = Rule {
    id: "domain-constraint-scans",
    severity: Severity::Error,
    title: "a domain gets a constraint and every table that uses it is read",
    harm: "`ALTER DOMAIN … ADD CHECK`, `SET NOT NULL` and `VALIDATE CONSTRAINT` lock every table with a column \
           of the domain in SHARE mode while all of its rows are read: nobody can write to any of them.",
    way_out: "-- for new rows at once, without a lock on any table:\nALTER DOMAIN amount ADD CONSTRAINT amount_check CHECK (VALUE > 0) NOT VALID;\n-- for the rows that are there a check on each table, then in the next migration VALIDATE CONSTRAINT:\nALTER TABLE contracts ADD CONSTRAINT contracts_amount_check CHECK (price > 0) NOT VALID;",
    examples: &[
        Example::found(
            "CREATE DOMAIN d AS int; CREATE TABLE t (a d)",
            "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0)",
        ),
        Example::found("", "ALTER DOMAIN d SET NOT NULL"),
        Example::found("", "ALTER DOMAIN d VALIDATE CONSTRAINT k"),
        Example::fine("", "ALTER DOMAIN d ADD CONSTRAINT k CHECK (VALUE > 0) NOT VALID"),
        Example::fine("", "CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CHECK (VALUE > 0)"),
        Example::fine("", "ALTER DOMAIN d DROP NOT NULL"),
        Example::found(
            "CREATE DOMAIN d AS int; CREATE TABLE t (a d); CREATE TABLE u (a int)",
            "CREATE TABLE n (a d); ALTER DOMAIN d ADD CHECK (VALUE > 0)",
        ),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let What::AlterDomain { domain, change } = &context.action.what else { return };
    let reads = matches!(
        change,
        DomainChange::AddCheck { not_valid: false }
            | DomainChange::SetNotNull
            | DomainChange::Validate
    );
    if !reads || context.fresh.types.contains(domain) {
        return;
    }
    let uses = |it: &crate::analysis::known::Table| {
        it.columns.values().any(|it| it.ty.object() == *domain)
    };
    let tables =
        context.known.tables.iter().filter(|(name, it)| uses(it) && !context.is_fresh(name));
    let names = list(tables.map(|(name, _)| name));
    let range = context.action.range;
    let help = "NOT VALID for new rows, and for the others a CHECK … NOT VALID on each table, validated in the next \
                migration";
    if names.is_empty() {
        let message = format!(
            "writes to every table that uses {domain} wait while it is read, unless none does"
        );
        sink.report_unsure(range, message, help);
    } else {
        let message = format!("writes to {names} wait while every row is checked");
        sink.report(range, message, help);
    }
}
