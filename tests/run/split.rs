//! Where statements begin and end: the server agrees with the splitter, about texts of fragments that
//! matter to both.

use std::cell::RefCell;

use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};
use postgres::{Client, SimpleQueryMessage};
use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        statements_that_run_are_as_many_as_the_splitter_finds,
        texts_of_any_fragments_are_one_statement_where_the_splitter_finds_one
    ]
}

fn check<T: std::fmt::Debug>(
    cases: u32,
    texts: impl Strategy<Value = T>,
    test: impl Fn(T) -> Result<(), TestCaseError>,
) {
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(11),
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config).run(&texts, test).unwrap_or_else(|error| panic!("{error}"));
}

fn equal<T: PartialEq + std::fmt::Debug>(
    found: &T,
    expected: &T,
    text: &str,
) -> Result<(), TestCaseError> {
    if found == expected {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("{found:?}, not {expected:?}: {text}")))
}

/// Expressions that hide semicolons, and quotes of every sort, each of them complete.
const VALUES: &[&str] = &[
    "1",
    "-1",
    "1.5e0",
    "1 + -- ; '\n 2",
    "1+/* ; \" */2",
    "1 /* /* ; */ ; */",
    "2 -/* ' */ 1",
    "2*--;\n-1",
    "';'",
    "'it''s;'",
    r"'\'",
    "''",
    r"E'\';'",
    r"E'\\'",
    r"e'a''b\\\'; '",
    r"U&'\003b;'",
    "U&'!003b;' UESCAPE '!'",
    "N'n;'",
    "X'1f'",
    "B'01'",
    "'a'\n ';b'",
    "'a' -- '\n'''b'",
    "E'a'\n'\\';'",
    "'a'\r\n\t'b;'",
    "$$;$$",
    "$a$;'$b$\"$a$",
    "$é$ $$ ; $é$",
    "$_1$;$a$;$_1$",
    "(SELECT ';' WHERE 1 = (1))",
    "CASE WHEN true THEN ';' END",
    "(CASE WHEN 1 < 2 THEN 1 END)",
    "ARRAY[1, 2]::text",
    "'日本;'",
    "'\u{a0}'",
];

/// What a column can be called.
const LABELS: &[&str] = &[
    "",
    " AS \"a;b\"",
    " AS \"it's\"",
    " AS \"a\"\"b;\"",
    " AS U&\"\\003b;\"",
    " AS é",
    " AS a$b$c",
    " AS \"$$\"",
    " AS end",
    " AS \"case\"",
    " AS begin",
    " \"--\"",
    " atomic",
    " AS \u{a0}",
];

/// What may stand between two tokens.
const GAPS: &[&str] = &[
    " ",
    "\n",
    "\r\n",
    "\t",
    "\u{c}",
    " -- ; ' $$ \"\n",
    "--\n",
    "/* ; */",
    "/* ' /* \" */ $$ ; */",
    "/*/**/;*/",
    "/***/",
    " -- é\r",
    "/* \r\n ; */",
];

/// Whole statements; `#` is a value, `~` a gap.
const STATEMENTS: &[&str] = &[
    "SELECT~#",
    "VALUES~(#)",
    "TABLE~begin",
    "DO~$$ BEGIN PERFORM 1; END $$",
    "DO $do$ BEGIN PERFORM ';'; PERFORM $$;$$; END; $do$~LANGUAGE~plpgsql",
    "CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS text LANGUAGE sql AS~$f$ SELECT ';'; SELECT '' $f$",
    "CREATE OR REPLACE RULE r AS ON INSERT TO begin DO ALSO~(SELECT #;~SELECT 1;)",
    "CREATE OR REPLACE TEMPORARY VIEW v AS~SELECT atomic.n FROM begin~atomic",
    "PREPARE p AS~SELECT $1::text,$2::int; DEALLOCATE~p",
    "SAVEPOINT~s",
    "SET work_mem~=~'7MB'",
    "COMMENT~ON TABLE begin IS~'it''s; $$'",
    "SELECT n AS~end FROM begin",
    "SELECT # end",
    "SELECT begin.n FROM begin",
];

/// Bodies that are no text: `BEGIN ATOMIC` came with PostgreSQL 14.
const BODIES: &[&str] = &[
    "CREATE OR REPLACE FUNCTION pg_temp.g() RETURNS text LANGUAGE sql BEGIN~ATOMIC SELECT (#)::text;~SELECT 'a;'; END",
    "create or replace procedure pg_temp.p() begin atomic~insert into begin values (1);select case when true then case 1 when 1 then 2 end end; end",
    "CREATE OR REPLACE FUNCTION pg_temp.h() RETURNS void BEGIN ATOMIC~END",
    "CREATE OR REPLACE FUNCTION pg_temp.i() RETURNS int BEGIN ATOMIC SELECT 1 end; SELECT 2~case; END",
    "CREATE OR REPLACE FUNCTION pg_temp.j() RETURNS int BEGIN ATOMIC;; SELECT 1 AS \"end\";; END",
    "CREATE OR REPLACE FUNCTION pg_temp.r() RETURNS text RETURN~(#)::text",
];

/// A text that the server takes as a whole.
fn scripts(major: u32) -> impl Strategy<Value = String> {
    let bodies = BODIES.iter().filter(|_| major >= 14);
    let templates: Vec<_> = STATEMENTS.iter().chain(bodies).copied().collect();
    let gap = || vec(select(GAPS), 1..3).prop_map(|it| it.concat());
    let filled = (select(templates), vec(select(VALUES), 1), vec(gap(), 2)).prop_map(fill);
    let column =
        (select(VALUES), select(LABELS)).prop_map(|(value, label)| format!("{value}{label}"));
    let columns = vec(column, 1..4).prop_map(|it| format!("SELECT {}", it.join(", ")));
    let statement = prop_oneof![2 => filled, 1 => columns];
    let separator = select([";", ";", ";;", "; ;"].as_slice());
    let piece = (gap(), statement, gap(), separator);
    let piece =
        piece.prop_map(|(before, it, after, separator)| format!("{before}{it}{after}{separator}"));
    (vec(piece, 0..8), gap()).prop_map(|(pieces, gap)| pieces.concat() + &gap)
}

fn fill((template, values, gaps): (&str, Vec<&str>, Vec<String>)) -> String {
    let gaps = gaps.iter().fold(template.to_owned(), |text, it| text.replacen('~', it, 1));
    values.iter().fold(gaps.replace('~', " "), |text, it| text.replacen('#', it, 1))
}

/// How many statements of a text run; what they did is rolled back.
fn run(client: &mut Client, text: &str) -> Result<usize, postgres::Error> {
    client.batch_execute("BEGIN").unwrap();
    // The answer to nothing at all looks like one to a statement: with another one behind it, it does not.
    let messages = client.simple_query(&format!("{text}\n;SELECT"));
    client.batch_execute("ROLLBACK").unwrap();
    let is_end = |it: &&SimpleQueryMessage| matches!(it, SimpleQueryMessage::CommandComplete(_));
    messages.map(|it| it.iter().filter(is_end).count() - 1)
}

fn statements_that_run_are_as_many_as_the_splitter_finds() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE begin (n int)");
    let client = RefCell::new(database.client());
    check(1_500, scripts(database.server().major()), |text| {
        let mut client = client.borrow_mut();
        let found = migrate_core::split(&text).map(|it| it.len());
        let ran = run(&mut client, &text);
        let ran = ran.map_err(|error| TestCaseError::fail(format!("{error:?}: {text}")))?;
        equal(&found, &Ok(ran), &text)
    });
}

/// What opens, closes, hides and separates.
const FRAGMENTS: &[&str] = &[
    "'",
    "''",
    "E'",
    "\\'",
    "U&'",
    "\"",
    "$$",
    "$a$",
    "a$",
    "$1",
    "(",
    ")",
    "--",
    "/*",
    "*/",
    "*",
    "-",
    "+",
    "/",
    "\r",
    "\\",
    ".",
    "é",
    "\u{b}",
    "begin",
    " atomic ",
    "create function a() returns int begin atomic ",
    "create view a as select 1 from ",
    " case ",
    " end",
    "do ",
    "as",
];

/// What is complete by itself, so that some of the texts are SQL.
const PARTS: &[&str] = &[
    "select 1",
    ";select 2",
    ";",
    ";",
    " ",
    "\n",
    "\r\n",
    ", 1",
    " 'a;'",
    "\n'b;'",
    " E'\\';'",
    " $$;$$",
    " $a$;$$;$a$",
    "/*;*/",
    "--;\n",
    " as \"a;\"",
    " a",
    "(select 1)",
    " case when true then 1 end",
    "; end",
    "create function a() returns int begin atomic select 1; end",
];

/// How many statements the server finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    None,
    One,
    Several,
    /// It is no SQL.
    Refused,
}

/// Asks the server to prepare a text as one statement, which it does not do with more.
fn found(client: &mut Client, text: &str) -> Found {
    let error = match client.prepare(text) {
        Ok(prepared) if prepared.columns().is_empty() => {
            // Nothing at all has no columns, and neither has what is done without an answer.
            return if run(client, text).is_ok_and(|it| it == 0) {
                Found::None
            } else {
                Found::One
            };
        }
        Ok(_) => return Found::One,
        Err(error) => error,
    };
    let error = error.as_db_error().unwrap();
    let message = error.message();
    if message == "cannot insert multiple commands into a prepared statement" {
        return Found::Several;
    }
    // What the scanner and the grammar say; everything else is said about a statement.
    let refused = [
        "syntax error",
        "subquery in FROM must have an alias",
        "unterminated ",
        "trailing junk",
        "invalid Unicode",
        "zero-length delimited",
    ];
    if refused.iter().any(|it| message.starts_with(it)) { Found::Refused } else { Found::One }
}

fn texts_of_any_fragments_are_one_statement_where_the_splitter_finds_one() {
    let database = TestDatabase::new();
    let client = RefCell::new(database.client());
    let agreed = RefCell::new([0; 4]);
    let part = prop_oneof![1 => select(FRAGMENTS), 3 => select(PARTS)];
    let parts = vec(part, 0..4).prop_map(|it| it.concat());
    let pieces = (select(["", "select 1", "select 1"].as_slice()), parts)
        .prop_map(|(one, it)| format!("{one}{it}"));
    check(8_000, vec(pieces, 1..4).prop_map(|it| it.join(";")), |text| {
        let mut client = client.borrow_mut();
        let whole = found(&mut client, &text);
        agreed.borrow_mut()[whole as usize] += 1;
        let Ok(statements) = migrate_core::split(&text) else {
            return equal(&whole, &Found::Refused, &text);
        };
        let expected = match (whole, statements.len()) {
            (Found::Refused, _) => return Ok(()),
            (_, 0) => Found::None,
            (_, 1) => Found::One,
            (_, _) => Found::Several,
        };
        equal(&whole, &expected, &text)?;
        for statement in &statements {
            equal(&found(&mut client, statement.range.of(&text)), &Found::One, &text)?;
        }
        Ok(())
    });
    let agreed = agreed.into_inner();
    assert!(agreed.iter().all(|it| *it > 50), "too little was proven: {agreed:?}");
}
