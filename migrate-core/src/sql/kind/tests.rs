use super::StatementKind::*;
use super::*;
use crate::split;

#[test]
fn a_kind_is_the_index_of_its_row() {
    for (index, row) in ROWS.iter().enumerate() {
        assert_eq!(row.kind as usize, index);
        assert_eq!(row.kind.as_str(), row.word);
        assert_eq!(StatementKind::from_word(row.word), Some(row.kind));
        assert!(row.word.bytes().all(|it| it.is_ascii_lowercase() || it == b'-'), "{}", row.word);
        assert!(row.about.starts_with(" `") || row.kind == Other, "{}", row.about);
    }
    assert_eq!(StatementKind::from_word("no-such-word"), None);
}

#[test]
fn statements_that_refuse_a_transaction_are_recognised() {
    let check = |sql, kind| check(sql, kind, true);
    check("CREATE INDEX CONCURRENTLY a ON b (c)", CreateIndexConcurrently);
    check("create unique /* c */ index -- d\n concurrently ON b (c)", CreateIndexConcurrently);
    check("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON b (c)", CreateIndexConcurrently);
    check("DROP INDEX CONCURRENTLY IF EXISTS a", DropIndexConcurrently);
    check("REINDEX INDEX CONCURRENTLY a", ReindexConcurrently);
    check("REINDEX (VERBOSE) TABLE CONCURRENTLY a", ReindexConcurrently);
    check("REINDEX (VERBOSE, CONCURRENTLY) TABLE a", ReindexConcurrently);
    check("REINDEX (CONCURRENTLY true, TABLESPACE b) INDEX a", ReindexConcurrently);
    check("REINDEX (concurrently 1) INDEX a", ReindexConcurrently);
    check("REINDEX SCHEMA a", ReindexAll);
    check("REINDEX (VERBOSE) SCHEMA CONCURRENTLY a", ReindexAll);
    check("REINDEX DATABASE CONCURRENTLY a", ReindexAll);
    check("REINDEX SYSTEM", ReindexAll);
    check("VACUUM", Vacuum);
    check("VACUUM (FULL, ANALYZE) a", Vacuum);
    check("vacuum full a", Vacuum);
    check("CLUSTER", ClusterAll);
    check("CLUSTER VERBOSE", ClusterAll);
    check("CLUSTER (VERBOSE)", ClusterAll);
    check("ALTER TABLE a DETACH PARTITION b CONCURRENTLY", DetachPartitionConcurrently);
    check(
        "ALTER TABLE IF EXISTS \"s\".\"a;b\" * DETACH PARTITION s.b CONCURRENTLY",
        DetachPartitionConcurrently,
    );
    check("CREATE DATABASE a", CreateDatabase);
    check("DROP DATABASE IF EXISTS a WITH (FORCE)", DropDatabase);
    check("ALTER DATABASE a SET TABLESPACE b", AlterDatabaseSetTablespace);
    check("CREATE TABLESPACE a LOCATION '/a'", CreateTablespace);
    check("DROP TABLESPACE a", DropTablespace);
    check("ALTER SYSTEM SET a = 1", AlterSystem);
    check("DISCARD ALL", DiscardAll);
    check("CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c", CreateSubscription);
    check(
        "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (copy_data = false)",
        CreateSubscription,
    );
    check(
        "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (create_slot = on)",
        CreateSubscription,
    );
    check("ALTER SUBSCRIPTION a REFRESH PUBLICATION", AlterSubscriptionRefresh);
    check("ALTER SUBSCRIPTION a ADD PUBLICATION b", AlterSubscriptionRefresh);
}

#[test]
fn statements_that_look_as_if_they_did_are_let_into_a_transaction() {
    let check = |sql, kind| check(sql, kind, false);
    check("CREATE INDEX a ON b (c)", CreateIndex);
    check("CREATE INDEX \"concurrently\" ON b (c)", CreateIndex);
    check("DROP INDEX \"concurrently\"", DropIndex);
    check("REINDEX TABLE a", Reindex);
    check("REINDEX (CONCURRENTLY false) TABLE a", Reindex);
    check("REINDEX (CONCURRENTLY 'off') TABLE a", Reindex);
    check("REINDEX TABLE schema", Reindex);
    check("CLUSTER a USING b", Cluster);
    check("CLUSTER VERBOSE a USING b", Cluster);
    check("CLUSTER (VERBOSE) a", Cluster);
    check("CLUSTER b ON a", Cluster);
    check("ANALYZE", Analyze);
    check("REFRESH MATERIALIZED VIEW CONCURRENTLY a", RefreshMaterializedViewConcurrently);
    check("ALTER TYPE a.b ADD VALUE IF NOT EXISTS 'c'", AlterTypeAddValue);
    check("CHECKPOINT", Other);
    check("LOAD 'a'", Other);
    check("DROP SUBSCRIPTION a", Other);
    check("CREATE EXTENSION a", CreateExtension);
    check("ALTER TABLE a DETACH PARTITION b", DetachPartition);
    check("ALTER TABLE a DETACH PARTITION b FINALIZE", DetachPartition);
    check("ALTER DATABASE a SET work_mem = '1MB'", Other);
    check("DISCARD TEMP", Other);
    check(
        "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (x, create_slot = false)",
        CreateSubscriptionWithoutSlot,
    );
    check(
        "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (connect = 'off')",
        CreateSubscriptionWithoutSlot,
    );
    check(
        "ALTER SUBSCRIPTION a SET PUBLICATION b WITH (refresh = false)",
        AlterSubscriptionWithoutRefresh,
    );
    check("ALTER SUBSCRIPTION a SET (slot_name = NONE)", Other);
    check("SELECT 'VACUUM'", Select);
    check("\"VACUUM\"", Other);
}

#[test]
fn ordinary_statements_have_their_kinds() {
    let check = |sql, kind| check(sql, kind, false);
    check("CREATE TABLE a (b int)", CreateTable);
    check("CREATE LOCAL TEMP TABLE a (b int)", CreateTable);
    check("CREATE UNLOGGED TABLE a (b int)", CreateTable);
    check("CREATE TABLE IF NOT EXISTS s.a PARTITION OF b DEFAULT", CreatePartition);
    check("CREATE TABLE a (b int) PARTITION BY RANGE (b)", CreateTable);
    check("ALTER TABLE a ADD COLUMN b int", AlterTable);
    check("ALTER TABLE ONLY a VALIDATE CONSTRAINT b", ValidateConstraint);
    check("ALTER TABLE a VALIDATE CONSTRAINT b, ADD COLUMN c int", AlterTable);
    check("ALTER TABLE a ATTACH PARTITION b DEFAULT", AttachPartition);
    check("ALTER TABLE if RENAME TO b", AlterTable);
    check("DROP TABLE a", DropTable);
    check("CREATE OR REPLACE VIEW a AS SELECT 1", CreateView);
    check("CREATE OR REPLACE FUNCTION a() RETURNS int RETURN 1", CreateFunction);
    check("CREATE CONSTRAINT TRIGGER a AFTER INSERT ON b EXECUTE FUNCTION c()", CreateTrigger);
    check("INSERT INTO a VALUES (1)", Insert);
    check("WITH a AS (SELECT 1) UPDATE b SET c = 1", Update);
    check("WITH RECURSIVE a AS (DELETE FROM b RETURNING *) SELECT * FROM a", Select);
    check("(((SELECT 1) UNION (SELECT 2)))", Select);
    check("COPY a FROM '/b'", Copy);
    check("COPY a (b, c) FROM STDIN WITH (FORMAT csv)", CopyFromStdin);
    check("COPY (SELECT 1 FROM stdin) TO '/b'", Copy);
    check("COMMENT ON TABLE a IS 'b'", Comment);
    check("SET LOCAL a = 1", Set);
    check("DO $$ BEGIN END $$", Do);
    check("SAVEPOINT a", Other);
    check("(", Other);
}

#[test]
fn what_others_wait_behind_is_told_apart() {
    let waits_for = |sql: &str| split(sql).unwrap()[0].kind.waits_for();
    let check = |expected: WaitsFor, all: &[&str]| {
        for sql in all {
            assert_eq!(waits_for(sql), expected, "{sql}");
        }
    };
    let nothing =
        ["SET a = 1", "CREATE FUNCTION a() RETURNS int RETURN 1", "CREATE TYPE a AS ENUM ()"];
    check(WaitsFor::Nothing, &nothing);
    let rows = [
        "INSERT INTO a VALUES (1)",
        "WITH a AS (SELECT 1) UPDATE b SET c = 1",
        "DELETE FROM a",
        "MERGE INTO a USING b ON c = d WHEN MATCHED THEN DELETE",
        "SELECT 1",
        "COPY a FROM '/b'",
        "ALTER TABLE a VALIDATE CONSTRAINT b",
        "ANALYZE a",
    ];
    check(WaitsFor::Rows, &rows);
    let tables = [
        "ALTER TABLE a VALIDATE CONSTRAINT b, ADD COLUMN c int",
        "DROP TABLE a",
        "TRUNCATE a",
        "CREATE INDEX ON a (b)",
        "CREATE TABLE a (b int REFERENCES c)",
        "LOCK a",
        "DO $$ BEGIN END $$",
        "CREATE TRIGGER a AFTER INSERT ON b EXECUTE FUNCTION c()",
        "REFRESH MATERIALIZED VIEW a",
        "SAVEPOINT a",
    ];
    check(WaitsFor::Tables, &tables);
}

#[track_caller]
fn check(sql: &str, kind: StatementKind, refuses: bool) {
    // An open parenthesis is no statement for `split`, but has to be looked at all the same.
    let found = match split(sql).as_deref() {
        Ok([statement]) => statement.kind,
        Ok(statements) => panic!("{sql}: {} statements", statements.len()),
        Err(_) => Other,
    };
    assert_eq!((found, found.refuses_transaction()), (kind, refuses), "{sql}");
}
