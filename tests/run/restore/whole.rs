//! What is restored is what was backed up, and what it replaces is kept until it is dropped.

use migrate_runtime::{Error, ErrorKind, Event, Migrator, Way};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials, wait_until, whole_dump};

use super::Stage;
use crate::{first, migrator, three, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_restored_database_is_the_one_that_was_backed_up,
        what_is_replaced_is_kept_until_it_is_dropped,
        a_database_that_is_gone_is_made_again,
        two_restores_of_what_is_gone_do_not_meet,
        a_database_without_a_history_is_restored,
        a_restore_is_in_the_log,
        a_password_opens_every_connection,
        what_was_unfinished_is_unfinished_and_goes_on,
        what_is_restored_has_drifted_as_much_as_what_was_backed_up
    ]
}

fn a_restored_database_is_the_one_that_was_backed_up() {
    let stage = Stage::new();
    let before = whole_dump(&stage.database.url());
    stage.database.execute("DROP TABLE two; INSERT INTO one VALUES (99); CREATE TABLE later ()");
    let restored = stage.restore();
    assert_eq!(restored.way, Way::Beside);
    assert_eq!(whole_dump(&stage.database.url()), before);
    // It has what its queries are planned with.
    let planned = "SELECT count(*) FROM pg_statistic WHERE starelid = 'one'::regclass";
    assert_eq!(stage.database.text(planned), "1");
    assert_eq!(up(&three(), &stage.database).done.len(), 0);
}

fn what_is_replaced_is_kept_until_it_is_dropped() {
    let stage = Stage::new();
    stage.database.execute("INSERT INTO one VALUES (99)");
    stage.database.execute(&format!("COMMENT ON DATABASE {} IS 'mine'", stage.database.name()));
    let first = stage.restore().kept.unwrap();
    let name = stage.database.name();
    assert!(first.starts_with(&format!("{name}_before_restore_20")), "{first}");
    assert_eq!(stage.text_in(&first, "SELECT id::text FROM one"), "1\n99");
    let comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = ";
    let ours = stage.text_in("postgres", &format!("{comment} '{name}'"));
    assert_eq!(ours, "mine");
    let theirs = stage.text_in("postgres", &format!("{comment} '{first}'"));
    assert!(theirs.contains(stage.backup.as_str()) && theirs.ends_with("\nmine"), "{theirs}");

    // Somebody else's of such a name stays.
    stage.database.execute(&format!("CREATE DATABASE {name}_before_restore_x"));
    let kept = stage.migrator().kept_by_restore(&stage.backup).unwrap();
    assert_eq!(kept.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), [first.as_str()]);
    let mut config = stage.database.config();
    let holder = config.dbname(&first).connect(postgres::NoTls).unwrap();
    let shown = stage.migrator().kept_by_restore(&stage.backup).unwrap();
    assert_eq!(shown[0].others.len(), 1, "{shown:?}");
    let error = stage.migrator().drop_kept(&stage.backup, &kept).unwrap_err();
    assert_eq!((error.kind(), error.state()), (ErrorKind::InUse, Some("nothing was dropped")));
    assert!(error.hints()[0].contains("WITH (FORCE)"), "{error:?}");
    drop(holder);
    let left = "SELECT count(*) FROM pg_stat_activity WHERE datname = ";
    let count = || stage.text_in("postgres", &format!("{left} '{first}'"));
    wait_until("the holder is gone", || count() == "0");
    assert_eq!(stage.migrator().drop_kept(&stage.backup, &kept).unwrap(), [first.as_str()]);
    assert_eq!(stage.databases(), "NAME\nNAME_before_restore_x");
    let error = stage.migrator().kept_by_restore(&stage.backup).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::NoSuchBackup, 2));
    stage.database.execute(&format!("DROP DATABASE {name}_before_restore_x"));
}

fn a_database_that_is_gone_is_made_again() {
    let stage = Stage::new();
    let name = stage.database.name();
    let role = stage.database.role("reader", "");
    stage.database.execute(&format!(
        "COMMENT ON DATABASE {name} IS 'it''s'; ALTER DATABASE {name} SET search_path = public, \"B b\";
         ALTER DATABASE {name} CONNECTION LIMIT 17; REVOKE ALL ON DATABASE {name} FROM PUBLIC;
         GRANT CONNECT ON DATABASE {name} TO {};", role.name));
    let Stage { database, .. } = stage;
    let stage = Stage::of(database, &three());
    let name = stage.database.name();
    let before = whole_dump(&stage.database.url());
    let properties = format!(
        "SELECT concat_ws(' ', datconnlimit, datacl, shobj_description(oid, 'pg_database'), pg_encoding_to_char(encoding),
            datcollate, pg_get_userbyid(datdba), (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = d.oid))
         FROM pg_database d WHERE datname = '{name}'");
    let had = stage.database.text(&properties);
    stage.text_in("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    let plan = stage.migrator().plan_restore(&stage.backups, &stage.wanted()).unwrap();
    assert_eq!((plan.way, plan.others.len()), (Way::Anew, 0));
    let restored = stage.restore();
    assert_eq!((restored.way, restored.kept), (Way::Anew, None));
    assert_eq!(whole_dump(&stage.database.url()), before);
    assert_eq!(stage.database.text(&properties), had);
    assert_eq!(stage.databases(), "NAME");
}

fn two_restores_of_what_is_gone_do_not_meet() {
    let stage = Stage::new();
    let name = stage.database.name();
    stage.text_in("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
    let second: &'static std::sync::Mutex<Vec<Error>> = Box::leak(Box::default());
    let (other, backups, wanted) =
        (std::sync::Mutex::new(stage.migrator()), stage.backups.clone(), stage.wanted());
    let mut migrator = stage.migrator().on_event(move |event| {
        if matches!(event, Event::Restoring { step } if step.starts_with("Comparing")) {
            let run = other.lock().unwrap().run_restore(&backups, &wanted);
            second.lock().unwrap().push(run.unwrap_err());
        }
    });
    migrator.run_restore(&stage.backups, &stage.wanted()).unwrap();
    let errors = second.lock().unwrap();
    assert_eq!((errors[0].kind(), errors[0].exit_code()), (ErrorKind::LockHeld, 6), "{errors:?}");
    assert_eq!(stage.databases(), "NAME");
}

fn a_restore_is_in_the_log() {
    let stage = Stage::new();
    let restored = stage.restore();
    let log =
        "SELECT command, outcome, run, detail ->> 'backup', detail ->> 'kept', detail ->> 'way',
        started_at < finished_at FROM _migrations_log ORDER BY id DESC LIMIT 1";
    let expected = format!(
        "restore|ok|{}|{}|{}|beside|t",
        restored.token,
        stage.backup,
        restored.kept.unwrap()
    );
    assert_eq!(stage.database.text(log), expected);
}

fn a_password_opens_every_connection() {
    let (stage, role) = Stage::owned("CREATEDB");
    let mut migrator = Migrator::new(&three(), role.tcp);
    for in_place in [false, true] {
        stage.database.execute("INSERT INTO one VALUES (99)");
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        let restored = migrator.run_restore(&stage.backups, &wanted);
        restored.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
    }
    let kept = migrator.kept_by_restore(&stage.backup).unwrap();
    assert_eq!(migrator.drop_kept(&stage.backup, &kept).unwrap().len(), 1);
}

/// A script outside of a transaction that stopped at its second statement: there are duplicates.
const STOPPED: [(&str, &str, &str); 2] = [
    ("20260101000001_rows", "CREATE TABLE rows (n int)", "DROP TABLE rows"),
    (
        "20260101000002_index",
        "-- migrate:no-transaction\nCREATE TABLE made (n int);\nCREATE UNIQUE INDEX CONCURRENTLY rows_n ON rows (n);\nINSERT INTO made VALUES (1)",
        "-- migrate:no-transaction\nDROP INDEX CONCURRENTLY rows_n;\nDROP TABLE made",
    ),
];

fn what_was_unfinished_is_unfinished_and_goes_on() {
    let set = migration_tests::set(&STOPPED);
    let database = TestDatabase::new();
    up(&first(&set, 1), &database);
    database.execute("INSERT INTO rows VALUES (1), (1)");
    up_fails(&set, &database);
    let stage = Stage::of(database, &set);
    stage.database.execute("DELETE FROM rows; DELETE FROM _migrations_progress; DROP TABLE made");
    for in_place in [false, true] {
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        stage.run(&wanted).unwrap_or_else(|error| panic!("{error:?}"));
        // The invalid index is in no archive, and nobody's lock is: the progress says where to go on.
        let found = migrator(&set, &stage.database).verify().unwrap();
        assert_eq!(found.exit_code(), 8, "{found:?}");
        stage.database.execute("DELETE FROM rows WHERE ctid = (SELECT min(ctid) FROM rows)");
        assert_eq!(up(&set, &stage.database).done.len(), 1);
        let done = "SELECT (SELECT count(*) FROM made), indisvalid FROM pg_index WHERE indexrelid = 'rows_n'::regclass";
        assert_eq!(stage.database.text(done), "1|t");
        assert_eq!(stage.database.text("SELECT count(*) FROM _migrations_progress"), "0");
        assert_eq!(migrator(&set, &stage.database).verify().unwrap().exit_code(), 0);
    }
}

fn a_database_without_a_history_is_restored() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE one AS SELECT 1 AS id");
    let stage = Stage::of(database, &three());
    for in_place in [false, true] {
        stage.database.execute("INSERT INTO one VALUES (99)");
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        stage.run(&wanted).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
    }
}

/// Much of it is written in other words once it was dumped and read again.
const REWRITTEN: &str = "
    CREATE TABLE t (gone int, a varchar(9) CHECK (a IN ('x', 'y')), b int DEFAULT 1 NOT NULL, at timestamptz DEFAULT '2026-01-01 12:00+02');
    ALTER TABLE t DROP COLUMN gone;
    CREATE TABLE child (c int) INHERITS (t);
    CREATE TABLE parts (at date NOT NULL, kind varchar(3) CHECK (kind = ANY ('{a,b}'))) PARTITION BY RANGE (at);
    CREATE TABLE part PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE INDEX on_a ON t (lower(a)) WHERE a IN ('x', 'y') AND b BETWEEN 1 AND 3;
    CREATE VIEW v AS SELECT t.*, CASE WHEN a = 'x' THEN 1 END AS one FROM t WHERE a LIKE 'x%' AND b IN (1, 2);
    CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM v;
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER touch BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION f();
    CREATE POLICY own ON t USING (a IN ('x', 'z'));
    CREATE DOMAIN d AS varchar(4) DEFAULT 'x' CHECK (VALUE IN ('x', 'y'));
    GRANT SELECT (a) ON t TO PUBLIC; COMMENT ON COLUMN t.a IS 'it''s'";

fn what_is_restored_has_drifted_as_much_as_what_was_backed_up() {
    for in_place in [false, true] {
        let database = TestDatabase::new();
        let set = migration_tests::set(&[("20260101000001_all", REWRITTEN, "SELECT 1")]);
        up(&set, &database);
        let stage = Stage::of(database, &set);
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        stage.run(&wanted).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(migrator(&set, &stage.database).verify().unwrap().findings, []);

        stage.database.execute("DROP INDEX on_a");
        let stage = Stage::of(stage.database, &set);
        stage.database.execute("CREATE TABLE later ()");
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        stage.run(&wanted).unwrap_or_else(|error| panic!("{error:?}"));
        let found = migrator(&set, &stage.database).verify().unwrap().findings;
        let mut told: Vec<_> = found.iter().map(|it| it.message.as_str()).collect();
        assert_eq!(told.pop(), Some("the schema has drifted: index on_a is missing"));
        // In place, what is not in the backup stays.
        let stays = ["the schema has drifted: table later is new"];
        assert_eq!(told, if in_place { stays.as_slice() } else { &[] });
    }
}
