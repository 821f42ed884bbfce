use super::*;
use crate::{Mode, Place, StatementKind};

#[test]
fn statements_and_their_lines_are_found() {
    let script = good("-- A table.\nCREATE TABLE a (b int);\n\nINSERT INTO a VALUES (1);\n");
    let found: Vec<_> = script.statements.iter().map(|it| (it.line, it.kind)).collect();
    assert_eq!(found, [(2, StatementKind::CreateTable), (4, StatementKind::Insert)]);
    assert_eq!(script.mode, Mode::Transactional);
}

#[test]
fn a_script_runs_alone_only_if_it_must_or_says_so() {
    let modes = |sql, mode| assert_eq!(good(sql).mode, mode, "{sql}");
    modes("SELECT 1; SELECT 2", Mode::Transactional);
    modes("VACUUM", Mode::Standalone);
    modes("CREATE INDEX CONCURRENTLY a ON b (c); VACUUM b;", Mode::Standalone);
    modes(
        "CREATE INDEX CONCURRENTLY a ON b (c);\n-- migrate:verify\nSELECT true",
        Mode::Standalone,
    );
    modes("-- migrate:verify\nSELECT true", Mode::Transactional);
    modes("-- migrate:no-transaction\nSELECT 1", Mode::Standalone);
    modes("-- migrate:no-transaction\nSELECT 1; VACUUM", Mode::Standalone);
}

#[test]
fn begin_and_commit_around_a_script_are_taken_off() {
    let check = |sql: &str, expected: &[&str]| {
        let script = good(sql);
        let sent: Vec<&str> = script.statements.iter().map(|it| it.range.of(&script.sql)).collect();
        assert_eq!(sent, expected, "{sql}");
    };
    check("BEGIN; SELECT 1; SELECT 2; COMMIT;", &["SELECT 1", "SELECT 2"]);
    check("-- a\nbegin work;\nSELECT 1;\nend transaction", &["SELECT 1"]);
    check("START TRANSACTION; SELECT 1; COMMIT AND NO CHAIN; -- b", &["SELECT 1"]);
    check("BEGIN;\n-- migrate:lock-timeout 2s\nSELECT 1; COMMIT", &["SELECT 1"]);
}

#[test]
fn savepoints_and_prepared_statements_are_left_alone() {
    let script = good(
        "SAVEPOINT a; SELECT 1; ROLLBACK TO a; ROLLBACK WORK TO SAVEPOINT a; RELEASE a; \
         PREPARE b AS SELECT 1; DO $$ BEGIN COMMIT; END $$; \
         CREATE FUNCTION c() RETURNS int BEGIN ATOMIC SELECT 1; END;",
    );
    assert_eq!(script.statements.len(), 8);
}

#[test]
fn line_ends_and_byte_order_marks_change_nothing() {
    let unix = good("SELECT 'a\nb';\n");
    assert!(unix.verbatim);
    for other in ["\u{feff}SELECT 'a\nb';\n", "SELECT 'a\r\nb';\r\n", "\u{feff}SELECT 'a\r\nb';\n"]
    {
        let script = good(other);
        assert_eq!((&script.sql, script.checksum), (&unix.sql, unix.checksum), "{other:?}");
        assert_eq!(script.statements, unix.statements);
        assert!(!script.verbatim);
    }
    // A carriage return alone is text: it may stand in a constant.
    let old = good("SELECT 'a\rb';\n");
    assert_eq!(old.sql, "SELECT 'a\rb';\n");
    assert_ne!(old.checksum, unix.checksum);
}

#[test]
fn scripts_without_statements_are_empty() {
    let help = "write what the migration does, or delete both of its scripts";
    check("", &[("1:1", "a script without a statement", help)]);
    check(" -- nothing\n;; /* here */ ;\n", &[("1:1", "a script without a statement", help)]);
    check("\u{feff}\r\n", &[("1:1", "a script without a statement", help)]);
    check("BEGIN; COMMIT;", &[("1:1", "a script without a statement", help)]);
}

#[test]
fn down_scripts_may_say_why_they_are_empty() {
    let say = "-- migrate:irreversible because the rows are gone";
    let (script, problems) = inspect(file(say.as_bytes()), Direction::Down, "m");
    assert_eq!(problems, []);
    let reason = script.unwrap().directives.irreversible;
    assert_eq!(reason.as_deref(), Some("the rows are gone"));
    let (_, problems) = inspect(file(b"-- nothing\n"), Direction::Down, "m");
    let help = "write what takes the change back, or `-- migrate:irreversible because REASON`";
    compare(&problems, &[("1:1", "a script without a statement", help)]);
}

#[test]
fn bytes_that_are_no_text_are_found() {
    check_bytes(
        b"SELECT 1;\nSELECT '\xe4';",
        &[("2:9", "byte 0xe4 is not UTF-8", "save the file as UTF-8")],
    );
    check_bytes(
        b"\xff\xfeS\0",
        &[("1:1", "byte 0xff is not UTF-8", "the file is UTF-16: save it as UTF-8")],
    );
    check(
        "SELECT 'ä\0';",
        &[("1:10", "a NUL byte", "PostgreSQL does not take it: was the file saved as UTF-16?")],
    );
}

#[test]
fn unfinished_merges_are_found_and_hide_the_rest() {
    let help = "finish the merge: keep one side and delete the marker lines";
    let marker = "a merge conflict marker";
    check("<<<<<<< HEAD\nSELEC 1;\n=======\nSELECT 2;\n>>>>>>> b\n", &[("1:1", marker, help)]);
    check(
        "SELECT $$\n>>>>>>> b\n$$;\n<<<<<<< a\n",
        &[("2:1", marker, help), ("4:1", marker, help)],
    );
    check("<<<<<<<\nSELECT 1;\n=======\n>>>>>>>\n", &[("1:1", marker, help)]);
    good("-- title\n-- =======\nSELECT 1 <<<<<<< 2;");
}

#[test]
fn transaction_control_is_refused() {
    let help = "delete it: the script and its history commit together; SAVEPOINT is allowed";
    let refused =
        |words: &str| format!("`{words}` in a script, which runs in a transaction of ours");
    check("SELECT 1;\n  COMMIT;", &[("2:3", &refused("COMMIT"), help)]);
    check(
        "BEGIN; SELECT 1; ROLLBACK",
        &[("1:1", &refused("BEGIN"), help), ("1:18", &refused("ROLLBACK"), help)],
    );
    check("SELECT 1; prepare transaction 'a'", &[("1:11", &refused("PREPARE TRANSACTION"), help)]);
    check("abort", &[("1:1", &refused("ABORT"), help)]);
    check(
        "BEGIN; SELECT 1; COMMIT AND CHAIN",
        &[("1:1", &refused("BEGIN"), help), ("1:18", &refused("COMMIT AND"), help)],
    );
    check(
        "BEGIN; SELECT 1; COMMIT; BEGIN; SELECT 2; COMMIT",
        &[("1:18", &refused("COMMIT"), help), ("1:26", &refused("BEGIN"), help)],
    );
    let level = "delete it: a migration runs in a READ COMMITTED transaction, with its history";
    check(
        "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; END",
        &[("1:1", &refused("BEGIN ISOLATION"), level), ("1:47", &refused("END"), help)],
    );
    check(
        "-- migrate:no-transaction\nVACUUM; COMMIT",
        &[(
            "2:9",
            "`COMMIT` in a script that runs statement by statement",
            "delete it: what may run in a transaction is committed together with the record of it",
        )],
    );
}

#[test]
fn statements_that_refuse_a_transaction_are_not_mixed_with_others() {
    let message =
        "`CREATE INDEX CONCURRENTLY` cannot run in a transaction, which the other statements need";
    let or = "`migration-cli create \"NAME\"`\nor write `-- migrate:no-transaction` into the header: \
              then every statement commits by itself";
    check(
        "SELECT 1;\n CREATE INDEX CONCURRENTLY a ON b (c);",
        &[("2:2", message, &format!("move it into a migration of its own: {or}"))],
    );
    check(
        "CREATE INDEX CONCURRENTLY a ON b (c);\nSELECT 1;\nVACUUM b",
        &[(
            "1:1",
            message,
            &format!(
                "move it into a migration of its own, and the statement of line 3 into another: {or}"
            ),
        )],
    );
    check(
        "BEGIN;\nVACUUM;\nCOMMIT;",
        &[(
            "2:1",
            "`VACUUM` cannot run between `BEGIN` and `COMMIT`",
            "delete `BEGIN` and `COMMIT`",
        )],
    );
    check(
        "-- migrate:no-transaction\nBEGIN;\nSELECT 1;\nCOMMIT;",
        &[(
            "2:1",
            "`BEGIN` and `COMMIT` around a script that is to run without a transaction",
            "keep one: `BEGIN` and `COMMIT`, or `-- migrate:no-transaction`",
        )],
    );
}

#[test]
fn what_only_psql_does_is_refused() {
    let psql = "a command of psql, which the server does not know";
    let help = "a script is sent to the server, not to psql: write SQL instead, or delete the line";
    check("\\set a 'it''s\nSELECT 1;\n\\i b.sql\n", &[("1:1", psql, help), ("3:1", psql, help)]);
    check("SELECT 1 \\g", &[("1:10", psql, help)]);
    check(
        "COPY a FROM stdin;\n1\n\\.\nSELECT 1;",
        &[(
            "1:1",
            "`COPY … FROM stdin` needs a client that sends the data",
            "write the rows as `INSERT INTO … VALUES …`",
        )],
    );
}

#[test]
fn what_has_no_end_is_refused() {
    check("SELECT 1;\nSELECT 'ä', (1, 'b;\n", &[("2:17", "this quote is never closed", "")]);
    check("SELECT (1;\nSELECT 2;", &[("1:8", "this parenthesis is never closed", "")]);
    check("SELECT 1; /* a", &[("1:11", "this comment is never closed", "")]);
}

#[test]
fn all_problems_of_a_script_are_found() {
    let (_, mut problems) = inspect(
        file(b"\\c\n-- migrate:foo\nCOMMIT; SELECT 1;\nVACUUM; SELECT '"),
        Direction::Up,
        "m",
    );
    crate::resolve::sort(&mut problems);
    let places: Vec<_> =
        problems.iter().map(|it| it.place.map(|it| (it.line, it.column))).collect();
    assert_eq!(places, [Some((1, 1)), Some((2, 1)), Some((3, 1)), Some((4, 1)), Some((4, 16))]);
    assert_eq!(problems[4].source_line.as_deref(), Some("VACUUM; SELECT '"));
    assert_eq!(problems[4].to_string(), "m/x.up.sql:4:16: this quote is never closed");
}

fn file(bytes: &[u8]) -> SourceFile {
    SourceFile { name: "x.up.sql".to_owned(), path: "x.up.sql".into(), bytes: bytes.to_owned() }
}

#[track_caller]
fn good(sql: &str) -> SourceScript {
    let (script, problems) = inspect(file(sql.as_bytes()), Direction::Up, "m");
    assert_eq!(problems, []);
    script.unwrap()
}

#[track_caller]
fn check(sql: &str, expected: &[(&str, &str, &str)]) {
    check_bytes(sql.as_bytes(), expected);
}

#[track_caller]
fn check_bytes(bytes: &[u8], expected: &[(&str, &str, &str)]) {
    let (_, problems) = inspect(file(bytes), Direction::Up, "m");
    compare(&problems, expected);
}

#[track_caller]
fn compare(problems: &[Problem], expected: &[(&str, &str, &str)]) {
    let place = |it: Place| format!("{}:{}", it.line, it.column);
    let found: Vec<_> = problems
        .iter()
        .map(|it| {
            let place = it.place.map(place).unwrap_or_default();
            (place, it.message.clone(), it.help.clone().unwrap_or_default())
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(place, message, help)| {
            ((*place).to_owned(), (*message).to_owned(), (*help).to_owned())
        })
        .collect();
    assert_eq!(found, expected);
}
