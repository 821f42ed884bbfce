//! Passwords in scripts.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;
use crate::sql::secret::holds_password;
use crate::sql::token::{Token, TokenKind, Tokens};

pub(in crate::lint) static RULE: Rule = Rule {
    id: "password-literal",
    severity: Severity::Error,
    title: "a password stands in a script",
    harm: "Whoever may read the repository, the binary, a backup of the history or the log of the server has it: a \
           script is in all of them, for ever, and the same password is on every database that the script runs on.",
    way_out: "CREATE ROLE app LOGIN;\n-- and on each database, by hand or by what deploys it, with psql, which sends only a hash:\n-- \\password app",
    examples: &[
        Example::found("", "CREATE ROLE app LOGIN PASSWORD 'canary'"),
        Example::found("", "ALTER USER app ENCRYPTED PASSWORD 'canary'"),
        Example::found("", "SELECT 1").with_down("ALTER ROLE app PASSWORD 'canary'"),
        Example::found(
            "",
            "CREATE USER MAPPING FOR app SERVER other OPTIONS (user 'app', password 'canary')",
        ),
        Example::found(
            "",
            "ALTER USER MAPPING FOR app SERVER other OPTIONS (SET password 'canary')",
        ),
        Example::found(
            "",
            "CREATE SUBSCRIPTION s CONNECTION 'host=db password=canary' PUBLICATION p",
        ),
        Example::found(
            "",
            "SELECT * FROM dblink('postgres://app:canary@db/x', 'SELECT 1') AS t (a int)",
        ),
        Example::found("", "DO $$ BEGIN CREATE ROLE app LOGIN PASSWORD 'canary'; END $$"),
        Example::found("", "DO $$ BEGIN EXECUTE 'ALTER ROLE app PASSWORD ''canary'''; END $$"),
        Example::found("", "SELECT 1")
            .with_down("DO $x$ BEGIN EXECUTE $y$ALTER ROLE app PASSWORD $z$canary$z$ $y$; END $x$"),
        Example::fine("", "DO $$ BEGIN EXECUTE 'ALTER ROLE app PASSWORD NULL'; END $$"),
        Example::fine("", "DO $$ BEGIN RAISE NOTICE 'no password'; END $$"),
        Example::fine("", "CREATE ROLE app LOGIN PASSWORD NULL"),
        Example::fine(
            "",
            "CREATE SUBSCRIPTION s CONNECTION 'host=db passfile=/run/pass' PUBLICATION p",
        ),
        Example::fine("", "CREATE TABLE users (password text NOT NULL DEFAULT 'none')"),
        Example::fine("", "CREATE USER MAPPING FOR app SERVER other OPTIONS (user 'app')"),
        Example::found("", "SELECT dblink_connect('c', 'host=db password=canary')"),
        Example::fine("", "SELECT * FROM dblink('host=db', 'SELECT 1') AS t (a int)"),
        Example::fine("", "SELECT 'password=canary' AS dblink_help"),
        Example::found("", "DO $$ BEGIN CREATE ROLE app PASSWORD /* its own */ 'canary'; END $$"),
        Example::fine("", "DO $$ BEGIN CREATE ROLE app PASSWORD ''; END $$"),
    ],
    check: Check::Action(check),
};

/// How deep constants lie in constants in which is looked.
const DEPTH: usize = 5;

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let sql = context.action.range.of(&context.script.sql);
    let is_found = match &context.action.what {
        What::Password => true,
        What::Select { .. }
        | What::Verify { .. }
        | What::Insert { .. }
        | What::CreateView { .. } => connects(sql),
        What::Code => [is_given, connects].iter().any(|it| is_within(sql, DEPTH, *it)),
        _ => false,
    };
    if is_found {
        sink.report_secret(
            context.action.range,
            "a password stands in the script",
            "give it to the role outside of migrations, with `\\password` of psql, and change this one: it is known",
        );
    }
}

/// Whether a function of dblink gets a password.
fn connects(sql: &str) -> bool {
    let tokens: Vec<_> = Tokens::of(sql).collect();
    let is_call =
        |it: &str| it.eq_ignore_ascii_case("dblink") || it.eq_ignore_ascii_case("dblink_connect");
    tokens.iter().any(|it| it.kind == TokenKind::Word && is_call(it.text(sql)))
        && tokens.iter().any(|it| it.kind == TokenKind::Text && holds_password(it.text(sql)))
}

/// Whether something is found in code, or in the constants of it.
fn is_within(sql: &str, depth: usize, finds: fn(&str) -> bool) -> bool {
    finds(sql) || depth > 0 && constants(sql).iter().any(|it| is_within(it, depth - 1, finds))
}

/// Whether it says `PASSWORD` and a constant.
fn is_given(sql: &str) -> bool {
    let tokens: Vec<Token> = Tokens::of(sql).filter(|it| !it.is_comment()).collect();
    let gives = |it: &[Token]| {
        it[0].is(sql, "password") && !it[1].text(sql).trim_matches(['\'', '$']).is_empty()
    };
    let mut pairs = tokens.windows(2).filter(|it| it[1].kind == TokenKind::Text);
    pairs.any(gives)
}

/// The constants of a text, without their quotes.
fn constants(sql: &str) -> Vec<String> {
    let constants = Tokens::of(sql).filter(|it| it.kind == TokenKind::Text);
    constants.filter_map(|it| inner(it.text(sql))).collect()
}

fn inner(constant: &str) -> Option<String> {
    if let Some(body) = constant.strip_prefix('$') {
        let tag = body.find('$')? + 2;
        return constant.get(tag..constant.len().checked_sub(tag)?).map(str::to_owned);
    }
    let body = constant.get(constant.find('\'')? + 1..)?;
    Some(body.strip_suffix('\'')?.replace("''", "'"))
}
