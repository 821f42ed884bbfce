use super::*;

#[test]
fn directives_of_the_header_are_read() {
    let directives = good(
        "-- A comment.\n--migrate:lock-timeout 2s\n--   migrate:statement-timeout   5min  \n\
         -- migrate:no-transaction\n-- migrate:no-parse because it is newer than we are\n\
         -- migrate:allow drop-table because nobody is awake\n-- migrate:allow index-not-concurrent because c\nSELECT 1",
    );
    assert_eq!(
        directives,
        SourceDirectives {
            no_transaction: true,
            lock_timeout_ms: Some(2_000),
            statement_timeout_ms: Some(300_000),
            no_parse: Some("it is newer than we are".to_owned()),
            irreversible: None,
            allow: vec![allow("drop-table", "nobody is awake"), allow("index-not-concurrent", "c")],
        }
    );
}

#[test]
fn what_is_no_directive_is_left_alone() {
    let sql = "-- migrates all rows\n-- we migrate: now\nSELECT '\n-- migrate:nothing\n';\n\
               SELECT $$\n-- migrate:nothing\n$$; /* to migrate:nothing */";
    assert_eq!(good(sql), SourceDirectives::default());
}

#[test]
fn unknown_words_are_refused_with_the_nearest() {
    let known = "the known ones are `no-transaction`, `no-parse`, `lock-timeout`, \
                 `statement-timeout`, `allow`, `irreversible`, `batch`, `verify`";
    check(
        "-- migrate:no-transacton",
        "unknown directive `no-transacton`",
        "did you mean `no-transaction`?",
    );
    check(
        "-- migrate:locktimeout 2s",
        "unknown directive `locktimeout`",
        "did you mean `lock-timeout`?",
    );
    check("-- migrate:No-Parse", "unknown directive `No-Parse`", "did you mean `no-parse`?");
    check("-- Migrate:foo", "unknown directive `foo`", known);
    check("-- migrate:", "a directive without its word", known);
}

#[test]
fn values_are_checked() {
    check(
        "-- migrate:no-transaction please",
        "`no-transaction` takes no value",
        "write `-- migrate:no-transaction`",
    );
    check(
        "-- migrate:lock-timeout",
        "`lock-timeout` needs a duration",
        "write `-- migrate:lock-timeout 2s`",
    );
    check(
        "-- migrate:statement-timeout 30",
        "`30` is not a duration",
        "write a number and its unit: `100ms`, `2s`, `5min` or `1h`",
    );
    check(
        "-- migrate:lock-timeout 0",
        "a lock timeout of 0 waits without limit",
        "everybody who needs the table waits behind it: write `2s` or less",
    );
    assert_eq!(good("-- migrate:statement-timeout 0\nSELECT 1").statement_timeout_ms, Some(0));
}

#[test]
fn reasons_are_required() {
    let help = "write `-- migrate:no-parse because REASON`";
    check("-- migrate:no-parse", "`no-parse` needs a reason", help);
    check("-- migrate:no-parse because ", "`no-parse` needs a reason", help);
    check("-- migrate:no-parse becausewe can", "`no-parse` needs a reason", help);
    check("-- migrate:no-parse it is new", "`no-parse` needs a reason", help);
    let help = "write `-- migrate:allow RULE because REASON`";
    check("-- migrate:allow", "`allow` needs the id of a rule", help);
    check("-- migrate:allow because a", "`allow` needs the id of a rule", help);
    check("-- migrate:allow Rule! because a", "`allow` needs the id of a rule", help);
    check("-- migrate:allow drop-table", "`allow drop-table` needs a reason", help);
}

#[test]
fn directives_stand_once_and_in_the_header() {
    let help = "directives belong into the header: move it above the first statement";
    check(
        "SELECT 1; -- migrate:lock-timeout 2s",
        "`lock-timeout` stands after the first statement",
        help,
    );
    check(
        "-- migrate:lock-timeout 2s\n-- migrate:lock-timeout 3s",
        "`lock-timeout` stands in this header twice",
        "keep one of them",
    );
    check(
        "-- migrate:allow drop-table because b\n-- migrate:allow drop-table because c",
        "`allow drop-table` stands in this header twice",
        "keep one of them",
    );
    check(
        "/* migrate:no-transaction */",
        "a directive in a block comment",
        "write `-- migrate:no-transaction` on a line of its own",
    );
}

/// The lint says so: a script that has run cannot be edited when a rule goes.
#[test]
fn rules_that_do_not_exist_are_no_problem() {
    let directives = good("-- migrate:allow drop-tabel because it is empty\nSELECT 1");
    assert_eq!(directives.allow, [allow("drop-tabel", "it is empty")]);
}

#[test]
fn irreversible_stands_in_place_of_sql() {
    let keep = "keep one: the SQL, or the directive that says why there is none";
    check(
        "-- migrate:irreversible because a",
        "`irreversible` in an up script",
        "it stands in a down script, instead of SQL",
    );
    let check = |sql, message, help| check_in(sql, Direction::Down, message, help);
    check("-- migrate:irreversible because a\nSELECT 1", "`irreversible` beside SQL", keep);
    check(
        "SELECT 1;\n-- migrate:irreversible because a",
        "`irreversible` stands after the first statement",
        keep,
    );
    check(
        "-- migrate:irreversible",
        "`irreversible` needs a reason",
        "write `-- migrate:irreversible because REASON`",
    );
}

#[test]
fn the_whole_directive_is_marked() {
    let header = header("SELECT 1;\n  -- migrate:foo bar  \nSELECT 2", Direction::Up);
    let sql = "SELECT 1;\n  -- migrate:foo bar  \nSELECT 2";
    assert_eq!(header.findings[0].range.of(sql), "-- migrate:foo bar");
}

fn allow(rule: &str, reason: &str) -> SourceAllow {
    SourceAllow { rule: rule.to_owned(), reason: reason.to_owned() }
}

fn header(sql: &str, direction: Direction) -> Header {
    let split = Split::of(sql);
    let mut statements: Vec<Statement> = split.statements.iter().map(|it| it.statement).collect();
    read(&split, &mut statements, direction)
}

#[track_caller]
fn good(sql: &str) -> SourceDirectives {
    let header = header(sql, Direction::Up);
    assert_eq!(header.findings, []);
    header.directives
}

#[track_caller]
fn check(sql: &str, message: &str, help: &str) {
    check_in(sql, Direction::Up, message, help);
}

#[track_caller]
fn check_in(sql: &str, direction: Direction, message: &str, help: &str) {
    let findings = header(sql, direction).findings;
    let found: Vec<_> = findings.iter().map(|it| (it.message.as_str(), it.help.as_str())).collect();
    assert_eq!(found, [(message, help)]);
}
