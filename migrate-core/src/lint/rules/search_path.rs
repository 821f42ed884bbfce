//! `SET search_path` in a script.

use crate::lint::{Check, Example, Rule, ScriptContext, Severity, Sink};
use crate::sql::action::What;
use crate::sql::token::{TokenKind, Tokens};

pub(super) static RULE: Rule = Rule {
    id: "search-path",
    severity: Severity::Warning,
    title: "a script changes the search_path",
    harm: "The names behind it mean something else than they say: a table is made in another schema, and a statement \
           that finds nothing there works on `public`, or fails. The path is set back when the script has run, and \
           neither the lint nor a reader can tell which table a name in it was.",
    way_out: "CREATE TABLE archive.contracts (id bigint PRIMARY KEY);",
    examples: &[
        Example::found("", "SET search_path = s; CREATE TABLE t (a int)"),
        Example::found("", "SET LOCAL search_path TO s, public; CREATE TABLE t (a int)"),
        Example::found("", "SET SCHEMA 's'; CREATE TABLE t (a int)"),
        Example::found(
            "",
            "SELECT pg_catalog.set_config('search_path', 's', true); CREATE TABLE t (a int)",
        ),
        // Every name has to have its schema then: so pg_dump begins.
        Example::fine(
            "",
            "SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE s.t (a int)",
        ),
        Example::fine("", "SET search_path = pg_catalog; CREATE TABLE s.t (a int)"),
        Example::fine("", "SET LOCAL search_path = public; CREATE TABLE t (a int)"),
        Example::fine("", "SET search_path TO DEFAULT; CREATE TABLE t (a int)"),
        Example::fine("", "SET lock_timeout = '1s'; CREATE TABLE t (a int)"),
        Example::fine(
            "",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = s AS 'SELECT 1'",
        ),
        Example::fine("", "SET search_path = s"),
        Example::fine("", "SELECT set_config('lock_timeout', '1s', true); CREATE TABLE t (a int)"),
        Example::found(
            "",
            "SELECT set_config('search_path', current_setting('x'), true); CREATE TABLE t (a int)",
        ),
        Example::fine("", "SET TIME ZONE 'UTC'; CREATE TABLE t (a int)"),
    ],
    check: Check::Script(check),
};

fn check(context: &ScriptContext<'_>, sink: &mut Sink<'_>) {
    for (index, examined) in context.actions.iter().enumerate() {
        let sql = examined.action.range.of(&context.script.sql);
        let path = match &examined.action.what {
            What::Set { parameter, value, .. } if parameter == "search_path" => {
                path(value.trim_start_matches('='))
            }
            What::Set { parameter, .. } if parameter.is_empty() => match of_schema(sql) {
                Some(schema) => vec![schema],
                None => continue,
            },
            What::Select { .. } => match of_call(sql) {
                Some(value) => path(&value),
                None => continue,
            },
            _ => continue,
        };
        let harmless =
            path.iter().all(|it| ["", "pg_catalog", "public", "default"].contains(&it.as_str()));
        if harmless || index + 1 == context.actions.len() {
            continue;
        }
        sink.report(
            examined.action.range,
            format!("the names behind it are looked up in {}", path.join(", ")),
            format!("write the schema before each name, as in {}.contracts", path[0]),
        );
    }
}

/// The schemas that stand in a path, without quotes.
fn path(value: &str) -> Vec<String> {
    let value = value.trim().trim_start_matches("TO ").trim_start_matches("to ");
    let parts = value.split(',').map(|it| it.trim().trim_matches(['\'', '"']).trim());
    parts.map(str::to_lowercase).collect()
}

/// The schema of `SET SCHEMA 'x'`.
fn of_schema(sql: &str) -> Option<String> {
    let mut tokens = Tokens::of(sql);
    let is_set = tokens.next()?.is(sql, "set") && tokens.next()?.is(sql, "schema");
    let value = tokens.next().filter(|it| is_set && it.kind == TokenKind::Text)?;
    path(value.text(sql)).pop()
}

/// The value of `set_config('search_path', …)`.
fn of_call(sql: &str) -> Option<String> {
    let tokens: Vec<_> = Tokens::of(sql).collect();
    let at = tokens.iter().position(|it| it.is(sql, "set_config"))?;
    let name = tokens.get(at + 2)?.text(sql);
    if !name.trim_matches('\'').eq_ignore_ascii_case("search_path") {
        return None;
    }
    // What is worked out is not known, and is not nothing.
    let value = tokens.get(at + 4)?;
    let is_constant = value.kind == TokenKind::Text;
    Some(if is_constant { value.text(sql).trim_matches('\'').to_owned() } else { "…".to_owned() })
}
