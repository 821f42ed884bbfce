//! Keys of every sort, and tables that cannot be walked.

use migrate_runtime::{ErrorKind, Event, Settings};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials, wait_until};

use super::{changed, counting, listening, table};
use crate::{migrator, up, up_fails};

pub(super) fn tests() -> Vec<Trial> {
    trials![
        an_empty_table_has_no_batch,
        sparse_keys_cost_no_empty_batches,
        keys_may_be_of_any_type,
        keys_mean_the_same_in_every_session,
        composite_keys_are_walked_in_their_order,
        a_script_may_run_batches_as_another_role,
        a_statement_that_adds_to_its_own_table_ends,
        many_rows_with_one_key_are_one_batch,
        rows_that_go_away_are_no_trouble,
        partitions_are_walked_as_one_table,
        rows_behind_the_last_batch_are_seen,
        rows_before_it_are_told,
        what_cannot_be_walked_is_refused,
        rows_without_a_key_are_refused
    ]
}

fn an_empty_table_has_no_batch() {
    let database = TestDatabase::new();
    table(&database, 0);
    let (mut migrator, batches) = listening(migrator(&counting(""), &database));
    migrator.up().unwrap();
    assert_eq!(batches.try_iter().count(), 0);
}

fn sparse_keys_cost_no_empty_batches() {
    let database = TestDatabase::new();
    table(&database, 0);
    database.execute("INSERT INTO rows SELECT n * 10000000 FROM generate_series(-200, 200) n; INSERT INTO rows VALUES (2147483647), (-2147483648)");
    let (mut migrator, batches) = listening(migrator(&counting("size=50 max-size=50"), &database));
    migrator.up().unwrap();
    assert_eq!(changed(&database), "1: 403");
    let rows: Vec<u64> = batches.try_iter().map(|it| it.0).collect();
    assert_eq!(rows, [50, 50, 50, 50, 50, 50, 50, 50, 3]);
}

fn keys_may_be_of_any_type() {
    for (sql_type, value) in [
        ("smallint", "n::smallint"),
        ("bigint", "n + 9223372036854775707"),
        ("numeric", "n / 7.0"),
        ("double precision", "n::float8 / 7"),
        ("uuid", "md5(n::text)::uuid"),
        ("text", "md5(n::text) || ' \u{201c}it''s\u{201d} \\ ' || n"),
        ("text COLLATE \"C\"", "chr(n + 32)"),
        ("varchar(20)", "'Ä' || n"),
        ("char(5)", "lpad(n::text, 4, 'x')"),
        ("date", "date '2026-01-01' + n"),
        ("timestamp", "timestamp '2026-01-01' + n * interval '1.000001 s'"),
        ("timestamptz", "timestamptz '2026-10-25 00:00+02' + n * interval '7 min'"),
        ("time", "time '00:00' + n * interval '1 min'"),
        ("interval", "n * interval '1 h'"),
        ("bytea", "decode(md5(n::text), 'hex')"),
        ("boolean", "n % 2 = 0"),
        ("inet", "'10.0.0.0'::inet + n"),
        ("int[]", "ARRAY[n, 1]"),
        ("\"My type\"", "'b'"),
    ] {
        let database = TestDatabase::new();
        database.execute(&format!(
            "SET datestyle = 'SQL, DMY'; CREATE TYPE \"My type\" AS ENUM ('b', 'a');
             CREATE TABLE rows (\"Id\" {sql_type} NOT NULL, changed int NOT NULL DEFAULT 0);
             CREATE INDEX ON rows (\"Id\");
             INSERT INTO rows SELECT {value} FROM generate_series(1, 100) n"
        ));
        let script = "SET datestyle = 'SQL, DMY'; SET timezone = 'Europe/Berlin';\n-- migrate:batch table=public.rows key=\"Id\" size=7 max-size=7\n\
                      UPDATE rows SET changed = changed + 1 WHERE \"Id\" >= :batch_start AND \"Id\" < :batch_end";
        up(&set(&[("20260101000001_count", script, "SELECT 1")]), &database);
        assert_eq!(changed(&database), "1: 100", "{sql_type}");
    }
}

/// Stops after each batch, and goes on in a session with other settings.
fn keys_mean_the_same_in_every_session() {
    for (sql_type, value) in [
        ("double precision", "n / 3.0::float8"),
        ("interval", "n * interval '1 month' - 2 * n * interval '25 hours'"),
        ("timestamptz", "timestamptz '2026-10-25 00:00+02' + n * interval '7 min'"),
        ("date[]", "ARRAY[date '2026-01-01' + n]"),
        ("tsrange", "tsrange(timestamp '2026-01-01' + n * interval '1 day', NULL)"),
    ] {
        let database = TestDatabase::new();
        database.execute(&format!(
            "CREATE TABLE rows (id {sql_type} PRIMARY KEY, changed int NOT NULL DEFAULT 0);
             INSERT INTO rows SELECT {value} FROM generate_series(1, 40) n"
        ));
        let set = counting("size=7 max-size=7");
        let name = database.name();
        let mut settings = Settings::default();
        settings.max_batch_time = std::time::Duration::from_nanos(1);
        let styles = [
            ("SQL, DMY", "sql_standard", "Asia/Kathmandu"),
            ("German", "postgres_verbose", "UTC"),
            ("Postgres, MDY", "iso_8601", "America/New_York"),
        ];
        for (date, interval, zone) in styles.into_iter().cycle().take(5) {
            database.execute(&format!(
                "ALTER DATABASE {name} SET datestyle = '{date}'; ALTER DATABASE {name} SET intervalstyle = '{interval}';
                 ALTER DATABASE {name} SET timezone = '{zone}'; ALTER DATABASE {name} SET extra_float_digits = 0"
            ));
            let error = migrator(&set, &database).with_settings(settings.clone()).up().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unfinished, "{sql_type}: {error:?}");
        }
        up(&set, &database);
        assert_eq!(changed(&database), "1: 40", "{sql_type}");
    }
}

fn a_script_may_run_batches_as_another_role() {
    let database = TestDatabase::new();
    table(&database, 40);
    let app = database.role("app", "");
    database.execute(&format!("GRANT ALL ON rows TO {}", app.name));
    let batch =
        format!("-- migrate:batch table=rows key=id size=10 max-size=10\n{};\n", super::COUNT);
    let script = format!("SET ROLE {};\n{batch}SELECT 1;\n{batch}", app.name);
    let set = set(&[("20260101000001_count", &script, "SELECT 1")]);
    let mut settings = Settings::default();
    settings.max_batch_time = std::time::Duration::from_nanos(1);
    let error = migrator(&set, &database).with_settings(settings).up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unfinished, "{error:?}");
    up(&set, &database);
    assert_eq!(changed(&database), "2: 40");
}

fn a_statement_that_adds_to_its_own_table_ends() {
    let insert = "INSERT INTO rows (changed) SELECT 1 FROM rows WHERE id >= :batch_start AND id < :batch_end";
    let within = format!(
        "WITH made AS ({insert} RETURNING id) UPDATE tally SET n = n + (SELECT count(*) FROM made)"
    );
    for statement in [insert, &within] {
        let database = TestDatabase::new();
        database.execute(
            "CREATE TABLE rows (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, changed int NOT NULL);
             INSERT INTO rows (changed) SELECT 0 FROM generate_series(1, 50);
             CREATE TABLE tally (n bigint); INSERT INTO tally VALUES (0)",
        );
        let script = format!("-- migrate:batch table=rows key=id size=20 max-size=20\n{statement}");
        let set = set(&[("20260101000001_double", &script, "SELECT 1")]);
        let mut settings = Settings::default();
        settings.max_batch_time = std::time::Duration::from_nanos(1);
        migrator(&set, &database).with_settings(settings).up().unwrap_err();
        up(&set, &database);
        assert_eq!(changed(&database), "0: 50, 1: 50", "{statement}");
    }
}

fn composite_keys_are_walked_in_their_order() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE rows (tenant text, at timestamptz, id int, changed int NOT NULL DEFAULT 0, PRIMARY KEY (tenant, at, id));
         INSERT INTO rows SELECT 't' || n % 3, timestamptz '2026-01-01' + (n % 5) * interval '1 day', n FROM generate_series(1, 200) n",
    );
    let script = "-- migrate:batch table=rows key=tenant,at,id size=9 max-size=9\n\
                  UPDATE rows SET changed = changed + 1 WHERE (tenant, at, id) >= (:batch_start) AND (tenant, at, id) < (:batch_end)";
    let (mut migrator, batches) =
        listening(migrator(&set(&[("20260101000001_count", script, "SELECT 1")]), &database));
    migrator.up().unwrap();
    assert_eq!(changed(&database), "1: 200");
    assert!(batches.try_iter().all(|it| it.0 <= 9 && it.0 == it.1));
}

fn many_rows_with_one_key_are_one_batch() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE rows (id int NOT NULL, changed int NOT NULL DEFAULT 0); CREATE INDEX ON rows (id DESC);
         INSERT INTO rows SELECT n / 30 FROM generate_series(0, 99) n",
    );
    let (mut migrator, batches) = listening(migrator(&counting("size=8 max-size=8"), &database));
    migrator.up().unwrap();
    assert_eq!(changed(&database), "1: 100");
    let rows: Vec<u64> = batches.try_iter().map(|it| it.1).collect();
    assert_eq!(rows, [30, 30, 30, 10]);
}

fn rows_that_go_away_are_no_trouble() {
    let database = TestDatabase::new();
    table(&database, 300);
    let script = "-- migrate:batch table=rows key=id size=40 max-size=40\nDELETE FROM rows WHERE id >= :batch_start AND id < :batch_end AND id % 3 > 0";
    up(&set(&[("20260101000001_delete", script, "SELECT 1")]), &database);
    assert_eq!(changed(&database), "0: 100");
}

fn partitions_are_walked_as_one_table() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE rows (id int PRIMARY KEY, changed int NOT NULL DEFAULT 0) PARTITION BY HASH (id);
         CREATE TABLE rows_0 PARTITION OF rows FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE rows_1 PARTITION OF rows FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         INSERT INTO rows SELECT n FROM generate_series(1, 100) n",
    );
    up(&counting("size=30 max-size=30"), &database);
    assert_eq!(changed(&database), "1: 100");
}

/// An event handler that inserts rows as soon as the first batch is done.
fn inserting(database: TestDatabase, sql: &'static str) -> (TestDatabase, Vec<String>) {
    let (sender, warnings) = std::sync::mpsc::channel();
    let (mut looking, mut other) = (database.client(), Some(database.client()));
    let mut is_first = true;
    let mut migrator =
        migrator(&counting("size=40 max-size=40"), &database).on_event(move |event| match event {
            Event::Batch { .. } if std::mem::take(&mut is_first) => {
                let mut client = other.take().unwrap();
                let row = client.query_one("SELECT pg_backend_pid()", &[]).unwrap();
                client.batch_execute(sql).unwrap();
                drop(client);
                // Statistics are complete when a session has ended.
                let is_there = "SELECT FROM pg_stat_activity WHERE pid = $1";
                wait_until("the session has ended", || {
                    looking.query(is_there, &[&row.get::<_, i32>(0)]).unwrap().is_empty()
                });
            }
            Event::Warning { message } => sender.send(message.clone()).unwrap(),
            _ => {}
        });
    migrator.up().unwrap();
    drop(migrator);
    (database, warnings.iter().collect())
}

fn rows_behind_the_last_batch_are_seen() {
    let database = TestDatabase::new();
    table(&database, 100);
    let (database, _) =
        inserting(database, "INSERT INTO rows SELECT n FROM generate_series(101, 250) n");
    assert_eq!(changed(&database), "1: 250");
}

fn rows_before_it_are_told() {
    let database = TestDatabase::new();
    table(&database, 100);
    rows_before_it_are_told_of(database);
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE rows (id int PRIMARY KEY, changed int NOT NULL DEFAULT 0) PARTITION BY RANGE (id);
         CREATE TABLE rows_0 PARTITION OF rows DEFAULT; INSERT INTO rows SELECT n FROM generate_series(1, 100) n",
    );
    rows_before_it_are_told_of(database);
}

#[track_caller]
fn rows_before_it_are_told_of(database: TestDatabase) {
    let (database, warnings) =
        inserting(database, "INSERT INTO rows SELECT -n FROM generate_series(1, 7) n");
    assert_eq!(changed(&database), "0: 7, 1: 100");
    assert_eq!(
        warnings,
        [
            "7 rows were inserted into public.rows while the batches ran: with a key (id) behind the last batch they were seen, with one before it they were not; a query under `-- migrate:verify` tells whether any is left"
        ]
    );
}

fn what_cannot_be_walked_is_refused() {
    let refused = |made: &str, options: &str, message: &str| {
        let database = TestDatabase::new();
        database.execute(made);
        let script = format!("-- migrate:batch {options}\n{}", super::COUNT);
        let error = up_fails(&set(&[("20260101000001_count", &script, "SELECT 1")]), &database);
        assert_eq!(
            error.to_string(),
            format!(
                "migrations/20260101000001_count.up.sql:2: running migration 20260101000001_count: {message}"
            )
        );
        assert_eq!(error.kind(), ErrorKind::Sql);
        assert_eq!(error.state(), Some("nothing of 20260101000001_count was changed"));
        assert_eq!(error.location().map(|it| it.line), Some(2));
        assert_eq!(
            database.text("SELECT outcome FROM _migrations_log WHERE version IS NOT NULL"),
            "failed"
        );
    };
    let plain = "CREATE TABLE rows (id int PRIMARY KEY, changed int, other int)";
    refused("SELECT 1", "table=rows key=id", "there is no table rows");
    refused(plain, "table=rows key=ident", "the table public.rows has no column ident");
    let without = |columns: &str| {
        format!(
            "no index of public.rows begins with ({columns}): each batch would read the whole table"
        )
    };
    refused(plain, "table=rows key=other", &without("other"));
    refused(plain, "table=rows key=id,other", &without("id, other"));
    let table = "CREATE TABLE rows (id int, changed int, other int);";
    for index in [
        "CREATE INDEX ON rows USING hash (id)",
        "CREATE INDEX ON rows (id) WHERE id > 0",
        "CREATE INDEX ON rows ((id + 1))",
        "CREATE INDEX ON rows (other, id)",
        "CREATE INDEX ON rows (id NULLS FIRST)",
    ] {
        refused(&format!("{table} {index}"), "table=rows key=id", &without("id"));
    }
    refused(
        &format!("{table} CREATE INDEX ON rows (id, other DESC)"),
        "table=rows key=id,other",
        &without("id, other"),
    );
    refused(
        &format!("{table} CREATE INDEX ON rows (id) INCLUDE (other)"),
        "table=rows key=id,other",
        &without("id, other"),
    );
    refused(
        "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TABLE rows (id ext.citext PRIMARY KEY, changed int)",
        "table=rows key=id",
        "the operators of public.rows.id are in the schema ext, which is not in the search_path: rows would be compared in another order than the index has",
    );
    let text = "CREATE TABLE rows (id text, changed int); CREATE INDEX ON rows (id text_pattern_ops); CREATE INDEX ON rows (id COLLATE \"C\")";
    refused(text, "table=rows key=id", &without("id"));
}

fn rows_without_a_key_are_refused() {
    let database = TestDatabase::new();
    database.execute(
        "CREATE TABLE rows (id int UNIQUE, changed int NOT NULL DEFAULT 0); INSERT INTO rows VALUES (1), (2), (NULL)",
    );
    let set = counting("");
    let error = up_fails(&set, &database);
    let message = "migrations/20260101000001_count.up.sql:2: running migration 20260101000001_count: public.rows has rows whose key (id) is NULL, and no batch would have them";
    assert_eq!(error.to_string(), message);
    database.execute("DELETE FROM rows WHERE id IS NULL");
    up(&set, &database);
    assert_eq!(changed(&database), "1: 2");
}
