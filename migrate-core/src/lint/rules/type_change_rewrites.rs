//! `ALTER COLUMN … TYPE` that writes every row anew.

use crate::Work;
use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::{Change, Conversion, ObjectName, What};

pub(super) static RULE: Rule = Rule {
    id: "type-change-rewrites",
    severity: Severity::Error,
    title: "a column changes its type and every row is written anew",
    harm: "The table is locked in ACCESS EXCLUSIVE mode while every row is written anew and every index is \
           built: nobody can read or write it. Some changes cost nothing, as from varchar(50) to \
           varchar(100) or text, and from numeric(10, 2) to numeric(12, 2).",
    way_out: "ALTER TABLE contracts ADD COLUMN owner_id_new bigint;\n-- a trigger that keeps both alike, then in the next migration:\n-- migrate:batch table=contracts key=id size=5000\nUPDATE contracts SET owner_id_new = owner_id\nWHERE id >= :batch_start AND id < :batch_end AND owner_id_new IS NULL;\n-- in the one after that, in one transaction:\nALTER TABLE contracts RENAME COLUMN owner_id TO owner_id_old;\nALTER TABLE contracts RENAME COLUMN owner_id_new TO owner_id;",
    examples: &[
        Example::found("CREATE TABLE t (a int)", "ALTER TABLE t ALTER a TYPE bigint"),
        Example::found("CREATE TABLE t (a text)", "ALTER TABLE t ALTER a TYPE varchar(10)"),
        Example::found("CREATE TABLE t (a text)", "ALTER TABLE t ALTER a TYPE text USING lower(a)"),
        Example::found(
            "CREATE TABLE t (a json)",
            "ALTER TABLE t ALTER a TYPE jsonb USING a::jsonb",
        ),
        Example::found(
            "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a e)",
            "ALTER TYPE e RENAME TO old; CREATE TYPE e AS ENUM ('b'); ALTER TABLE t ALTER a TYPE e USING a::text::e",
        ),
        // In another time zone than UTC.
        Example::found("CREATE TABLE t (a timestamp)", "ALTER TABLE t ALTER a TYPE timestamptz"),
        // The type before may be any.
        Example::found("", "ALTER TABLE t ALTER a TYPE text"),
        Example::found(
            "CREATE TABLE t (a text); CREATE INDEX i ON t (a)",
            "ALTER TABLE t ALTER a TYPE text COLLATE \"C\"",
        ),
        Example::found(
            "CREATE TABLE t (a timestamp UNIQUE)",
            "SET LOCAL timezone = 'UTC'; ALTER TABLE t ALTER a TYPE timestamptz",
        ),
        Example::fine(
            "CREATE TABLE t (a timestamp)",
            "SET LOCAL timezone TO 'UTC'; ALTER TABLE t ALTER a TYPE timestamptz",
        ),
        Example::fine(
            "CREATE TABLE t (a timestamp)",
            "SET TIME ZONE 'UTC'; ALTER TABLE t ALTER a TYPE timestamptz",
        ),
        Example::fine("CREATE TABLE t (a varchar(50))", "ALTER TABLE t ALTER a TYPE varchar(100)"),
        Example::fine("CREATE TABLE t (a varchar(50))", "ALTER TABLE t ALTER a TYPE text"),
        Example::fine(
            "CREATE TABLE t (a varchar)",
            "ALTER TABLE t ALTER a TYPE text USING a::text",
        ),
        Example::fine("CREATE TABLE t (a numeric(8,2))", "ALTER TABLE t ALTER a TYPE numeric(9,2)"),
        Example::fine("CREATE TABLE t (a int)", "ALTER TABLE t ALTER a TYPE integer"),
        Example::fine("CREATE TABLE t (a text)", "ALTER TABLE t ALTER a TYPE text COLLATE \"C\""),
        Example::fine("", "CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint"),
        Example::fine(
            "CREATE TABLE t (a int); CREATE DOMAIN d AS int",
            "ALTER TABLE t ALTER a TYPE d",
        ),
        Example::fine(
            "CREATE TABLE t (a timestamp, b int); CREATE INDEX i ON t (b)",
            "SET LOCAL timezone = 'UTC'; ALTER TABLE t ALTER a TYPE timestamptz",
        ),
        Example::found(
            "CREATE TABLE t (a timestamp)",
            "SET LOCAL timezone = 'Europe/Berlin'; ALTER TABLE t ALTER a TYPE timestamptz",
        ),
        Example::found(
            "CREATE TABLE t (a timestamp)",
            "SELECT 'timezone', 'UTC'; ALTER TABLE t ALTER a TYPE timestamptz",
        ),
        Example::found(
            "CREATE TABLE t (a int)",
            "SET LOCAL timezone = 'UTC'; ALTER TABLE t ALTER a TYPE bigint",
        ),
        Example::found(
            "CREATE TABLE t (a timestamp, b int); CREATE INDEX i ON t (b, a)",
            "SET LOCAL timezone = 'UTC'; SET LOCAL lock_timeout = '1s'; ALTER TABLE t ALTER a TYPE timestamptz",
        ),
    ],
    check: Check::Action(check),
};

const WAY: &str = "add a column of the new type, keep both alike by a trigger, fill it in batches (`-- migrate:batch`), and swap the \
     names later";

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let Some((table, Change::SetType { column, ty, .. })) = context.altered() else { return };
    // What is on partitions is the same once more.
    let Some(claim) = context.hardest().filter(|it| it.relation == *table) else { return };
    let wait = format!("reads and writes of {table} wait while");
    let range = context.action.range;
    let name = ObjectName::plain(column.as_str());
    let Some(from) = context.known.column(table, column).map(|it| &it.ty) else {
        return sink.report_unsure(
            range,
            format!("{wait} every row is written anew, unless {name} can become {ty} as it is"),
            WAY,
        );
    };
    let is_free_in_utc = !claim.is_certain && from.conversion(ty) == Conversion::FreeInUtc;
    if claim.work == Work::Build || (is_free_in_utc && is_in_utc(context)) {
        if has_index(context, table, column) {
            sink.report(range, format!("{wait} the indexes on {name} are built anew"), WAY);
        }
        return;
    }
    let message = format!("{wait} every row is written anew: {name} becomes {ty}, and was {from}");
    if claim.is_certain {
        sink.report(range, message, WAY);
    } else if is_free_in_utc {
        let message = format!("{message}; only where TimeZone is UTC the rows stay as they are");
        let help = "SET LOCAL timezone = 'UTC' before it, if the times that are there are meant in UTC: then only \
                    indexes on the column are built anew";
        sink.report(range, message, help);
    } else {
        sink.report_unsure(
            range,
            format!("{message}, unless the one is the other underneath"),
            WAY,
        );
    }
}

/// Whether the script has set the time zone to UTC.
fn is_in_utc(context: &ActionContext<'_>) -> bool {
    let zone = context.before.iter().rev().find_map(|it| {
        let text = it.action.range.of(&context.script.sql).to_ascii_lowercase();
        let is_zone = text.contains("timezone") || text.contains("time zone");
        (is_zone && matches!(it.action.what, What::Set { .. })).then_some(text)
    });
    zone.is_some_and(|it| it.contains("utc"))
}

fn has_index(context: &ActionContext<'_>, table: &ObjectName, column: &str) -> bool {
    let uses = |it: &[Option<String>]| it.iter().flatten().any(|it| it == column);
    context.known.indexes.of(table).any(|(_, it)| uses(&it.columns))
        || context.known.has_index(table, &[column.to_owned()])
}
