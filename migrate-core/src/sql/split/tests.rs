use super::*;

#[test]
fn semicolons_end_statements() {
    check("", &[]);
    check(" \n;;\t; -- only a comment;\n/* ; */", &[]);
    check("SELECT 1", &["SELECT 1"]);
    check("SELECT 1; SELECT 2;; ;SELECT 3\n;", &["SELECT 1", "SELECT 2", "SELECT 3"]);
    check("-- a\nSELECT 1 -- b;\n, 2 -- c;\n;", &["SELECT 1 -- b;\n, 2"]);
    check("/* ; */ SELECT /* ; */ 1 /* ; */; SELECT 2", &["SELECT /* ; */ 1", "SELECT 2"]);
}

#[test]
fn constants_hide_semicolons() {
    check("SELECT 'it''s; ';", &["SELECT 'it''s; '"]);
    check(r"SELECT E'\';', E'\\';SELECT 1", &[r"SELECT E'\';', E'\\'", "SELECT 1"]);
    check(r"SELECT '\';SELECT 1", &[r"SELECT '\'", "SELECT 1"]);
    check(r"SELECT U&'\0061;', u&'a''b;';", &[r"SELECT U&'\0061;', u&'a''b;'"]);
    check("SELECT N'x;', B'01;', X'ff;';", &["SELECT N'x;', B'01;', X'ff;'"]);
    // The word before the quote is a name here, not the E of an escape constant.
    check(r"SELECT tablE'\';SELECT 1", &[r"SELECT tablE'\'", "SELECT 1"]);
}

#[test]
fn a_constant_goes_on_after_a_line_end() {
    check("SELECT 'a'\n 'b;' -- c;\n 'd';", &["SELECT 'a'\n 'b;' -- c;\n 'd'"]);
    check("SELECT E'a'\n '\\';x';", &["SELECT E'a'\n '\\';x'"]);
    check("SELECT E'a' -- it's\n '\\';x';", &["SELECT E'a' -- it's\n '\\';x'"]);
    // Without a line end between, the second constant is one of its own.
    check("SELECT E'a' '\\';SELECT 1", &["SELECT E'a' '\\'", "SELECT 1"]);
}

#[test]
fn quoted_names_hide_semicolons() {
    check(r#"SELECT "a;b", "c"";d", 1;"#, &[r#"SELECT "a;b", "c"";d", 1"#]);
    check(
        r#"CREATE TABLE "it's" (a int); SELECT 1"#,
        &[r#"CREATE TABLE "it's" (a int)"#, "SELECT 1"],
    );
    check(r#"SELECT U&"\0062;x", 1"#, &[r#"SELECT U&"\0062;x", 1"#]);
}

#[test]
fn dollar_quotes_need_their_own_tag() {
    check("SELECT $a$;$b$;$a$; SELECT 2", &["SELECT $a$;$b$;$a$", "SELECT 2"]);
    check(
        "DO $$ BEGIN PERFORM 1; END $$; SELECT 2",
        &["DO $$ BEGIN PERFORM 1; END $$", "SELECT 2"],
    );
    check("SELECT $é$;$é$;", &["SELECT $é$;$é$"]);
    check("SELECT $$a$b$;$$;", &["SELECT $$a$b$;$$"]);
}

#[test]
fn dollars_elsewhere_are_no_quotes() {
    check("SELECT a$b$c; SELECT 1", &["SELECT a$b$c", "SELECT 1"]);
    check("SELECT a$b$ ; SELECT $1, $2", &["SELECT a$b$", "SELECT $1, $2"]);
    check("SELECT é$;$;", &["SELECT é$", "$"]);
    check("SELECT $a-b; SELECT 1", &["SELECT $a-b", "SELECT 1"]);
    // A number and a parameter do end before a tag.
    check("SELECT 1$a$;$a$;", &["SELECT 1$a$;$a$"]);
    check("SELECT $1$a$;$a$;", &["SELECT $1$a$;$a$"]);
}

#[test]
fn comments_nest_and_interrupt_operators() {
    check("/* a /* b ; */ ; */ SELECT 1;", &["SELECT 1"]);
    check("SELECT 1 @--;\n 2;", &["SELECT 1 @--;\n 2"]);
    check("SELECT 1+/* ; */2;", &["SELECT 1+/* ; */2"]);
    check("SELECT 1 -- a\r, 2;", &["SELECT 1 -- a\r, 2"]);
}

#[test]
fn parentheses_hide_semicolons() {
    let rule = "CREATE RULE r AS ON INSERT TO t DO (INSERT INTO u VALUES (1); DELETE FROM v;)";
    check(&format!("{rule}; SELECT 1"), &[rule, "SELECT 1"]);
    // One that was never opened closes nothing.
    check("SELECT 1); SELECT 2", &["SELECT 1)", "SELECT 2"]);
}

#[test]
fn bodies_in_sql_hide_semicolons() {
    let body = "CREATE FUNCTION f() RETURNS int LANGUAGE sql \
         BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END";
    check(&format!("{body}; SELECT 1"), &[body, "SELECT 1"]);
    let nested = "create or replace procedure p() begin atomic \
         select case when (case when a then b end) then case x when 1 then 2 end end; end";
    check(&format!("{nested}; SELECT 1"), &[nested, "SELECT 1"]);
    let named = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end, t.case FROM t; END";
    check(&format!("{named}; SELECT 1"), &[named, "SELECT 1"]);
    // Both are names where no statement ends before them, and labels need no AS.
    let labels = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC; SELECT 1 end; SELECT 2 case; SELECT x.end FROM x; END";
    check(&format!("{labels}; SELECT 1"), &[labels, "SELECT 1"]);
    let empty = "CREATE FUNCTION f() RETURNS void BEGIN ATOMIC END";
    check(&format!("{empty}; SELECT 1"), &[empty, "SELECT 1"]);
    check(
        "CREATE FUNCTION f() RETURNS int RETURN 1; SELECT 1",
        &["CREATE FUNCTION f() RETURNS int RETURN 1", "SELECT 1"],
    );
}

#[test]
fn transaction_control_is_no_body() {
    check("BEGIN; SELECT 1; END;", &["BEGIN", "SELECT 1", "END"]);
    check(
        "SELECT CASE WHEN a THEN b END; SELECT 1",
        &["SELECT CASE WHEN a THEN b END", "SELECT 1"],
    );
    check("SELECT 1 FROM begin atomic; SELECT 2", &["SELECT 1 FROM begin atomic", "SELECT 2"]);
    let view = "CREATE VIEW v AS SELECT 1 FROM begin atomic";
    check(&format!("{view}; SELECT 2"), &[view, "SELECT 2"]);
}

#[test]
fn data_of_copy_is_no_sql() {
    check(
        "COPY t (a) FROM stdin;\n1;\nit's\n\\.\nSELECT 1;",
        &["COPY t (a) FROM stdin", "SELECT 1"],
    );
    check("COPY t FROM stdin; SELECT 1;", &["COPY t FROM stdin", "SELECT 1"]);
}

#[test]
fn lines_are_those_of_the_first_token() {
    let statements =
        split("-- one\nSELECT 1;\n\n/* x\n */ SELECT\n2; SELECT '\n';SELECT 3").unwrap();
    let lines: Vec<u32> = statements.iter().map(|it| it.line).collect();
    assert_eq!(lines, [2, 5, 6, 7]);
}

#[test]
fn what_has_no_end_is_found_at_its_beginning() {
    check_error("SELECT 1; SELECT 'a", 17, "this quote is never closed");
    check_error("SELECT E'a\\'", 7, "this quote is never closed");
    check_error("SELECT \"a''", 7, "this quoted name is never closed");
    check_error("SELECT U&\"a", 7, "this quoted name is never closed");
    check_error("SELECT $a$ $A$ $$", 7, "this dollar quote is never closed");
    check_error("/* a /* b */", 0, "this comment is never closed");
    check_error("SELECT (1, (2);", 7, "this parenthesis is never closed");
    check_error("SELECT ('a", 8, "this quote is never closed");
    check_error("\\c other\nSELECT 1", 0, "a command of psql, which the server does not know");
}

#[track_caller]
fn check(sql: &str, expected: &[&str]) {
    let statements = split(sql).unwrap();
    let statements: Vec<&str> = statements.iter().map(|it| it.range.of(sql)).collect();
    assert_eq!(statements, expected);
}

#[track_caller]
fn check_error(sql: &str, start: u32, message: &str) {
    let error = split(sql).unwrap_err();
    assert_eq!((error.range.start, error.message), (start, message));
    assert_eq!(error.to_string(), message);
}
