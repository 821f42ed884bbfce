use super::*;
use crate::sql::action::{Change, ConstraintKind, Generated, Volatility};

fn actions(sql: &str) -> Vec<What> {
    read_of(sql).into_iter().map(|it| it.what).collect()
}

fn read_of(sql: &str) -> Vec<Action> {
    let parse = SourceFile::parse(sql);
    assert_eq!(parse.errors(), [], "{sql}");
    read(&parse.tree(), 0)
}

/// Every statement of the measured locks is read, and none of them is merely something else.
#[test]
fn what_a_statement_does_is_read() {
    #[track_caller]
    fn check(sql: &str, expected: &str) {
        let found = format!("{:?}", actions(sql));
        assert!(found.contains(expected), "{sql}: {found}");
    }
    check(
        "create table t (id int primary key, b int references r (id))",
        "ForeignKey { columns: [\"b\"], table: ObjectName { schema: None, name: \"r\" } }",
    );
    check("create table x partition of p default", "is_default_partition: true");
    check(
        "create table if not exists a.x (like y, check (a > 1)) inherits (z)",
        "like: [ObjectName { schema: None, name: \"y\" }]",
    );
    check(
        "create temp table x as select * from a join b using (c)",
        "sources: [ObjectName { schema: None, name: \"a\" }, ObjectName { schema: None, name: \"b\" }]",
    );
    check("drop table if exists a, b.c cascade", "if_exists: true");
    check(
        "create unique index concurrently on only t (a, lower(b)) where c",
        "columns: [Some(\"a\"), None], is_partial: true",
    );
    check("alter table t validate constraint k, alter a set statistics 1", "SetStatistics");
    check("alter table p detach partition c concurrently", "concurrently: true, finalize: false");
    check("create type e as enum ('a', 'it''s')", "labels: Some([\"a\", \"it's\"])");
    check(
        "alter type e add value if not exists 'x' before 'y'",
        "value: \"x\", if_not_exists: true",
    );
    check("create domain d as text check (value > '')", "has_constraint: true");
    check(
        "create function f() returns int language sql security definer set search_path = a as 'select 1'",
        "is_security_definer: true, sets_search_path: true",
    );
    check(
        "with x as (select 1 from a) update t set b = 1 from x",
        "has_where: false, sources: [ObjectName { schema: None, name: \"a\" }]",
    );
    check("insert into t values (1)", "has_values: true");
    check("set local search_path = 'a', b", "parameter: \"search_path\"");
    check("alter role x password 'y'", "Password");
    check("create role x login", "Other");
    check(
        "comment on column s.t.c is 'x'",
        "Comment { table: Some(ObjectName { schema: Some(\"s\"), name: \"t\" }) }",
    );
    check("alter function f(int) rename to g", "renamed_to: Some(\"g\")");
    check("alter function f security definer set search_path = ''", "sets_search_path: true");
    check("alter trigger x on t rename to y", "renamed_to: Some(\"y\")");
    check("alter policy x on t rename to y", "renamed_to: Some(\"y\")");
    check("alter schema x rename to y", "renamed_to: Some(\"y\")");
    check("alter materialized view x rename to y", "renamed_to: Some(\"y\")");
    check("alter type x rename value 'a' to 'b'", "from: \"a\", to: \"b\"");
    check("create function f() returns int return 1", "has_sql_body: true");
    check("update t set a = 1, (b, c) = (2, 3)", "columns: [\"a\", \"b\", \"c\"]");
    check("with x as (delete from t returning *) insert into u select * from x", "Delete {");
    check("create user mapping for u server s options (user 'a', password 'b')", "Password");
    check("create subscription s connection 'host=h password=x' publication p", "Password");
    check("create subscription s connection 'host=h' publication p", "Other");
    check("grant select on t, u to public", "Grant { tables: [");
    check("lock table t in share mode", "mode: Share }");
    check("lock table t in Row /* weak */\n exclusive mode", "mode: RowExclusive }");
    check("lock table t", "mode: AccessExclusive }");
    check("select * from t for update", "locks_rows: true");
    check("do $$ begin end $$", "Code");
    check("alter table t rename to u", "Rename { to: \"u\" }");
}

#[test]
fn what_takes_along_what_depends_on_it_says_so() {
    #[track_caller]
    fn check(sql: &str, expected: &[bool]) {
        let found = read_of(sql).into_iter().map(|it| it.cascades);
        assert_eq!(found.collect::<Vec<_>>(), expected, "{sql}");
    }
    for what in ["table", "foreign table", "index", "view", "materialized view", "schema", "type"] {
        check(&format!("drop {what} if exists a, b cascade"), &[true]);
        check(&format!("drop {what} a, b restrict"), &[false]);
        check(&format!("drop {what} a"), &[false]);
    }
    check("truncate t, u restart identity cascade", &[true]);
    check("truncate t", &[false]);
    check("alter table t drop column a cascade, drop column b", &[true, false]);
}

#[test]
fn elements_of_a_new_schema_are_in_it() {
    let sql = "create schema \"S\" create table t (id int references r) create index i on t (id)";
    let found = format!("{:?}", actions(sql));
    for expected in [
        "CreateSchema { schema: \"S\"",
        "CreateTable(NewTable { table: ObjectName { schema: Some(\"S\"), name: \"t\" }",
        "table: ObjectName { schema: Some(\"S\"), name: \"r\" } }",
        "index: Some(\"i\"), table: ObjectName { schema: Some(\"S\"), name: \"t\" }",
    ] {
        assert!(found.contains(expected), "{expected}: {found}");
    }
}

#[test]
fn columns_say_what_they_cost() {
    #[track_caller]
    fn column(definition: &str) -> crate::sql::action::Column {
        let found = actions(&format!("alter table t add column z {definition}"));
        match found.into_iter().next() {
            Some(What::AlterTable { change: Change::AddColumn { column, .. }, .. }) => column,
            other => panic!("{definition}: {other:?}"),
        }
    }
    assert_eq!(column("int default 5").default, Some(Volatility::Stable));
    assert_eq!(column("timestamptz default now()").default, Some(Volatility::Stable));
    assert_eq!(column("jsonb default '{}'::jsonb").default, Some(Volatility::Stable));
    assert_eq!(
        column("uuid default pg_catalog.gen_random_uuid()").default,
        Some(Volatility::Volatile)
    );
    assert_eq!(column("int default own()").default, Some(Volatility::Unknown));
    assert_eq!(column("int generated always as identity").generated, Some(Generated::Identity));
    assert_eq!(column("int generated always as (a) stored").generated, Some(Generated::Stored));
    assert_eq!(column("int generated always as (a) virtual").generated, Some(Generated::Virtual));
    assert!(column("bigserial").not_null);
    let check =
        |it: &crate::sql::action::Constraint| matches!(it.kind, ConstraintKind::Check { .. });
    assert!(column("int check (z > 1)").constraints.iter().any(check));
}

#[test]
fn a_check_may_prove_that_there_is_no_null() {
    let found =
        actions("alter table t add constraint k check ((a is not null) and b notnull) not valid");
    let Some(What::AlterTable { change: Change::AddConstraint(it), .. }) = found.first() else {
        panic!("{found:?}");
    };
    for unproven in ["a is not true", "a is not false", "a is not unknown", "(a) is null"] {
        let found = actions(&format!("alter table t add check ({unproven})"));
        assert!(format!("{found:?}").contains("Check { not_null: [] }"), "{found:?}");
    }
    let proven = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(it.kind, ConstraintKind::Check { not_null: proven });
    assert!(it.not_valid);
}
