//! Passwords in scripts.

use crate::lint::{ActionContext, Check, Example, Rule, Severity, Sink};
use crate::sql::action::What;
use crate::sql::secret::holds_password;
use crate::sql::token::{TokenKind, Tokens};

pub(super) static RULE: Rule = Rule {
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
        Example::fine("", "CREATE ROLE app LOGIN PASSWORD NULL"),
        Example::fine(
            "",
            "CREATE SUBSCRIPTION s CONNECTION 'host=db passfile=/run/pass' PUBLICATION p",
        ),
        Example::fine("", "CREATE TABLE users (password text NOT NULL DEFAULT 'none')"),
        Example::fine("", "CREATE USER MAPPING FOR app SERVER other OPTIONS (user 'app')"),
    ],
    check: Check::Action(check),
};

fn check(context: &ActionContext<'_>, sink: &mut Sink<'_>) {
    let sql = context.action.range.of(&context.script.sql);
    let is_found = match &context.action.what {
        What::Password => true,
        What::Select { .. } | What::Insert { .. } | What::CreateView { .. } => connects(sql),
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
