use super::*;

const WAY_OUT: &str =
    "if PostgreSQL accepts it, write `-- migrate:no-parse because REASON` into the header";

#[test]
fn good_statements_pass() {
    good("");
    good("CREATE TABLE a (b bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, c text NOT NULL);");
    good("CREATE SCHEMA a CREATE TABLE b (c int); SELECT 1");
    good("ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0) NOT VALID;");
    good("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;");
    good("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;");
    good("INSERT INTO a VALUES (1, 'é') ON CONFLICT DO NOTHING RETURNING b;");
    good("CREATE TABLE a PARTITION OF b FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');");
}

#[test]
fn misspelt_key_words_are_found() {
    check("CREATE TABEL a (b int)", "TABEL", "unexpected `TABEL`", "`TABLE`");
    check("SELECT * FORM a", "FORM", "unexpected `FORM`", "`FROM`");
    check("UPDATE a SET b = 1 WERE c", "WERE", "unexpected `WERE`", "`WHERE`");
    check("DROP TABLE IF EXIST a", "EXIST", "unexpected `EXIST`", "`EXISTS`");
    check("ALTER TABLE a ADD b int NOT NUL", "NUL", "unexpected `NUL`", "`NULL`");
    let instead = "`COLUMN` instead of `COLUM`";
    check("ALTER TABLE a ADD COLUM b int", "int", "unexpected `int`", instead);
}

#[test]
fn what_was_expected_is_said_where_it_helps() {
    check("CREATE VIEW a SELECT 1", "SELECT", "unexpected `SELECT`, expected `AS`", "");
    check("GRANT SELECT ON a", "", "the statement ends too early, expected `TO`", "");
    check("SELECT 1 +", "", "the statement ends too early", "");
    check("CREATE TABLE a (b int, )", ",", "unexpected `,`", "");
    check("SELECT 'ä', FROM a", ",", "unexpected `,`", "");
    check("FOO BAR", "FOO", "unexpected `FOO`", "");
    let long = format!("SELECT 1 '{}\n'", "x".repeat(60));
    let constant = &long[9..];
    check(&long, constant, &format!("unexpected `'{}…`", "x".repeat(39)), "");
}

#[test]
fn bodies_in_sql_are_parsed_too() {
    let function = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS";
    check(&format!("{function} $a$ SELECT 1 2; $a$"), "2", "unexpected `2`", "");
    check(&format!("{function} ' SELECT ''é'' 2; '"), "2", "unexpected `2`", "");
    check(&format!("{function} $$ SELECT 1 + $$"), "", "the body ends too early", "");
}

#[test]
fn each_statement_has_its_own_problem() {
    let sql = "SELECT 1 2 3; SELECT 1; SELECT (1 2) (3); SELECT )";
    let split = Split::of(sql);
    let findings = parse(&split, split.statements.iter()).findings;
    let found: Vec<&str> = findings.iter().map(|it| it.range.of(sql)).collect();
    assert_eq!(found, ["2", "2", ")"]);
}

#[test]
fn variables_of_psql_are_named() {
    let sql = "SELECT :'a', :b";
    let split = Split::of(sql);
    let findings = parse(&split, split.statements.iter()).findings;
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].kind, ProblemKind::PsqlCommand);
    assert_eq!(findings[0].range.of(sql), ":'a'");
    assert_eq!(findings[0].message, "`:'a'` is a variable of psql");
}

/// The parser recurses: what passes here has to fit into the smallest stack, that of a test.
#[test]
fn large_statements_cost_neither_stack_nor_time() {
    let nested = |open: &str, close: &str, times| {
        good(&format!("SELECT {}1{}", open.repeat(times), close.repeat(times)));
    };
    for times in [20, 45, 120, 160, 240, 490, 5_000] {
        nested("(", ")", times);
        nested("f(", ")", times);
        nested("(SELECT ", ")", times);
        nested("ARRAY[", "]", times);
        nested("CASE WHEN a THEN ", " END", times);
        nested("NOT ", "", times);
        nested("- ", "", times);
        nested("1 + ", "", times);
        nested("f(a, b) || ", "", times);
        good(&format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(times)));
        good(&format!("SELECT * FROM a{}", " JOIN b ON (c)".repeat(times)));
    }
    let body = "(".repeat(20_000) + &")".repeat(20_000);
    good(&format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT {body} $$"));
    good(&format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $a$ SELECT {body} $a$"));
    good(&format!("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ' SELECT {body} '"));
    good(&format!("INSERT INTO a VALUES (0){}", ", (1, 'x')".repeat(2_000)));
}

#[track_caller]
fn good(sql: &str) {
    let split = Split::of(sql);
    assert_eq!(split.faults, []);
    assert_eq!(parse(&split, split.statements.iter()).findings, []);
}

/// `meant` is what the help asks after "did you mean", if it does.
#[track_caller]
fn check(sql: &str, marked: &str, message: &str, meant: &str) {
    let split = Split::of(sql);
    let findings = parse(&split, split.statements.iter()).findings;
    let [finding] = findings.as_slice() else { panic!("{sql}: {findings:?}") };
    assert_eq!((finding.range.of(sql), finding.message.as_str()), (marked, message));
    let help = match meant {
        "" => WAY_OUT.to_owned(),
        _ => format!("did you mean {meant}?\n{WAY_OUT}"),
    };
    assert_eq!(finding.help, help);
}
