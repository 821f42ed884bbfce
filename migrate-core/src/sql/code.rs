//! Statements that may do anything: code, and queries that call functions of which nothing is known.

use crate::sql::action::What;
use crate::sql::pattern::fits;
use crate::sql::token::{Token, TokenKind, Tokens};

/// What may stand before a parenthesis in a query, and changes no object with a name: key words, types, and
/// functions.
const HARMLESS: [&str; 71] = [
    "all",
    "and",
    "any",
    "array",
    "as",
    "between",
    "by",
    "cast",
    "distinct",
    "else",
    "except",
    "exists",
    "filter",
    "from",
    "in",
    "intersect",
    "lateral",
    "limit",
    "not",
    "on",
    "or",
    "over",
    "row",
    "select",
    "set",
    "some",
    "then",
    "union",
    "using",
    "values",
    "when",
    "where",
    "char",
    "numeric",
    "timestamp",
    "timestamptz",
    "varchar",
    "abs",
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "clock_timestamp",
    "coalesce",
    "concat",
    "count",
    "current_setting",
    "format",
    "gen_random_uuid",
    "generate_series",
    "greatest",
    "json_build_object",
    "jsonb_build_object",
    "least",
    "length",
    "lower",
    "max",
    "md5",
    "min",
    "nextval",
    "now",
    "nullif",
    "pg_advisory_xact_lock",
    "pg_notify",
    "set_config",
    "setval",
    "string_agg",
    "sum",
    "to_regclass",
    "unnest",
    "upper",
];

/// Statements that are not read, and take no lock on a table that anybody would notice.
const QUIET: [&str; 8] = [
    "create|alter|drop role|user|group|database|tablespace|extension|language|conversion|server|subscription",
    "create|drop or? replace? aggregate|cast|operator|collation|transform|trusted|procedural|language",
    "alter aggregate|operator|collation|conversion|procedural|system|default|publication|statistics|large",
    "create|alter|drop text|access|event|foreign",
    "drop routine|publication|statistics",
    "alter routine",
    "set|reset|show|notify|listen|unlisten|discard|savepoint|release|rollback|checkpoint|load|deallocate|close",
    "explain|prepare|declare|fetch|move|import",
];

/// Whether an action is code, or calls some.
pub(crate) fn may_do_anything(what: &What, sql: &str) -> bool {
    if !matches!(what, What::Select { .. }) {
        return *what == What::Code;
    }
    let tokens: Vec<Token> = Tokens::of(sql).collect();
    tokens.windows(2).any(|it| {
        let [name, next] = it else { return false };
        let is_name = matches!(name.kind, TokenKind::Word | TokenKind::QuotedName);
        is_name && next.is_symbol(b'(') && !HARMLESS.iter().any(|known| name.is(sql, known))
    })
}

/// Whether an action is about relations that it does not name: it does anything, or something to all of them.
pub(crate) fn may_be_about_any(what: &What, sql: &str) -> bool {
    match what {
        What::ReindexAll { .. } => true,
        What::Vacuum { tables, full: true } => tables.is_empty(),
        What::Other => !is_quiet(sql),
        _ => may_do_anything(what, sql),
    }
}

fn is_quiet(sql: &str) -> bool {
    let tokens: Vec<Token> = Tokens::of(sql).filter(|it| !it.is_comment()).collect();
    // What EXPLAIN ANALYZE explains is done.
    let runs = fits("explain", sql, &tokens) && tokens.iter().any(|it| it.is(sql, "analyze"));
    !runs && QUIET.iter().any(|it| fits(it, sql, &tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_are_not_read_are_quiet_or_not() {
        for sql in [
            "CREATE ROLE x LOGIN",
            "/* a */ alter default privileges grant select on tables to x",
            "CREATE OR REPLACE AGGREGATE a (int) (sfunc = f, stype = int)",
            "DROP OPERATOR CLASS x USING btree",
            "CREATE TEXT SEARCH DICTIONARY d (template = simple)",
            "EXPLAIN SELECT 1",
            "RESET ALL",
        ] {
            assert!(!may_be_about_any(&What::Other, sql), "{sql}");
        }
        for sql in [
            "CLUSTER",
            "COPY t FROM '/tmp/x'",
            "EXPLAIN (ANALYZE) UPDATE t SET a = 1",
            "EXECUTE p",
            "REASSIGN OWNED BY a TO b",
            "DROP OWNED BY a",
            "SECURITY LABEL ON TABLE t IS 'x'",
        ] {
            assert!(may_be_about_any(&What::Other, sql), "{sql}");
        }
    }

    #[test]
    fn queries_that_call_functions_of_ones_own_do_anything() {
        let query = What::Select { sources: Vec::new(), locks_rows: false };
        for sql in ["SELECT f()", "SELECT lower(f (a)) FROM t", "SELECT s.\"F\"(1)"] {
            assert!(may_be_about_any(&query, sql), "{sql}");
        }
        for sql in [
            "SELECT setval('s', (SELECT max(id) FROM t))",
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "WITH x AS (SELECT 1) SELECT a::varchar(3) FROM t WHERE (a) IN (1) AND (b)",
        ] {
            assert!(!may_be_about_any(&query, sql), "{sql}");
        }
    }
}
