//! A role that may make no database restores in one transaction.

use std::sync::atomic::{AtomicBool, Ordering};

use migrate_runtime::{ErrorKind, Event, Migrator, Restore, Way};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials, whole_dump};

use super::Stage;
use crate::{three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_role_that_may_make_no_database_restores_in_place,
        what_came_later_stays_and_is_told_before,
        what_depends_on_the_old_keeps_it,
        others_in_the_way_are_waited_for_until_the_deadline,
        others_in_the_way_are_told_and_waited_for,
        others_in_the_way_are_ended_where_that_was_asked_for,
        in_place_can_be_chosen,
        what_depends_on_each_other_comes_back,
        what_is_not_utf_8_needs_a_new_database,
        the_log_goes_on_in_place,
        a_commit_takes_as_long_as_it_takes,
        the_way_is_the_one_that_was_shown
    ]
}

fn a_role_that_may_make_no_database_restores_in_place() {
    let (stage, role) = Stage::owned("");
    let before = whole_dump(&stage.database.url());
    stage.database.execute("DROP TABLE two; INSERT INTO one VALUES (99)");
    let mut migrator = Migrator::new(&three(), role.config);
    let plan = migrator.plan_restore(&stage.backups, &stage.wanted()).unwrap();
    let why = format!("the role {} may not create databases", role.name);
    assert_eq!((plan.way, plan.why_in_place), (Way::InPlace, Some(why)));
    assert_eq!(plan.stays, Vec::<String>::new());
    let restored = migrator.run_restore(&stage.backups, &stage.wanted()).unwrap();
    assert_eq!((restored.way, restored.kept), (Way::InPlace, None));
    assert_eq!(whole_dump(&stage.database.url()), before);
    let log = "SELECT outcome, detail ->> 'way' FROM _migrations_log WHERE command = 'restore'";
    assert_eq!(stage.database.text(log), "ok|in_place");
    assert_eq!(migrator.up().unwrap().done.len(), 0);
    assert_eq!(stage.databases(), "NAME");
}

fn what_came_later_stays_and_is_told_before() {
    let (stage, role) = Stage::owned("");
    let mut migrator = Migrator::new(&three(), role.config.clone());
    let mut client = role.config.connect(postgres::NoTls).unwrap();
    client.batch_execute("CREATE TABLE later (id int); INSERT INTO one VALUES (99)").unwrap();
    drop(client);
    let plan = migrator.plan_restore(&stage.backups, &stage.wanted()).unwrap();
    assert_eq!(plan.stays, [format!("TABLE public later {}", role.name)]);
    migrator.run_restore(&stage.backups, &stage.wanted()).unwrap();
    assert_eq!(stage.database.text("SELECT to_regclass('later'), count(*) FROM one"), "later|1");
}

fn what_depends_on_the_old_keeps_it() {
    let (stage, role) = Stage::owned("");
    let mut migrator = Migrator::new(&three(), role.config.clone());
    stage.database.execute("INSERT INTO one VALUES (99); CREATE VIEW later AS SELECT id FROM one");
    let error = migrator.run_restore(&stage.backups, &stage.wanted()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::RestoreFailed, 1));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("other objects depend on it"), "{cause}");
    let hint = format!("ALTER ROLE {} CREATEDB;", role.name);
    assert!(error.hints().iter().any(|it| it.starts_with(&hint)), "{error:?}");
    let untouched = format!("database {} is what it was before, and serves", stage.database.name());
    assert_eq!(error.state(), Some(untouched.as_str()));
    stage.is_untouched();
    let log = "SELECT outcome FROM _migrations_log WHERE command = 'restore'";
    assert_eq!(stage.database.text(log), "failed");
    stage.database.execute("DROP VIEW later");
    migrator.run_restore(&stage.backups, &stage.wanted()).unwrap();
}

/// Somebody who comes once the restore is on its way, and holds a table.
const HOLD: &str = "BEGIN; LOCK TABLE one IN ACCESS SHARE MODE";

fn others_in_the_way_are_waited_for_until_the_deadline() {
    let (stage, role) = Stage::owned("");
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut settings = migrate_runtime::Settings::default();
    settings.lock_deadline = std::time::Duration::ZERO;
    let holder = std::sync::Mutex::new(None);
    let config = stage.database.config();
    let migrator = Migrator::new(&three(), role.config).with_settings(settings);
    let shared: &'static std::sync::Mutex<Option<postgres::Client>> = Box::leak(Box::new(holder));
    let mut migrator = migrator.on_event(move |event| {
        if matches!(event, Event::Restoring { step } if step.contains("in place")) {
            let mut client = config.connect(postgres::NoTls).unwrap();
            client.batch_execute(HOLD).unwrap();
            *shared.lock().unwrap() = Some(client);
        }
    });
    let error = migrator.run_restore(&stage.backups, &stage.wanted()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse, "{error:?}");
    *shared.lock().unwrap() = None;
    stage.is_untouched();
}

fn others_in_the_way_are_told_and_waited_for() {
    let stage = Stage::new();
    stage.database.execute("INSERT INTO one VALUES (99)");
    let (config, mut holder) = (stage.database.config(), None);
    let told: &'static AtomicBool = Box::leak(Box::default());
    let mut migrator = stage.migrator().on_event(move |event| match event {
        Event::Restoring { step } if step.contains("in place") => {
            let mut client = config.connect(postgres::NoTls).unwrap();
            client.batch_execute(HOLD).unwrap();
            holder.replace(client);
        }
        Event::Warning { message } if message.starts_with("waiting for others: ") => {
            told.store(true, Ordering::Release);
            holder.take();
        }
        _ => {}
    });
    let mut wanted = stage.wanted();
    wanted.in_place = true;
    assert_eq!(migrator.run_restore(&stage.backups, &wanted).unwrap().way, Way::InPlace);
    assert!(told.load(Ordering::Acquire));
    assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
}

fn others_in_the_way_are_ended_where_that_was_asked_for() {
    let stage = Stage::new();
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut holder = stage.database.client();
    holder.batch_execute(HOLD).unwrap();
    let mut wanted = stage.wanted();
    (wanted.in_place, wanted.disconnect) = (true, true);
    assert_eq!(stage.run(&wanted).unwrap().way, Way::InPlace);
    assert!(holder.batch_execute("SELECT 1").is_err(), "it was ended");
    assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
}

fn in_place_can_be_chosen() {
    let stage = Stage::new();
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut wanted = stage.wanted();
    wanted.in_place = true;
    assert_eq!(stage.run(&wanted).unwrap().way, Way::InPlace);
    assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
    // The log is append-only again.
    let mut client = stage.database.client();
    let error = client.batch_execute("DELETE FROM _migrations_log").unwrap_err();
    assert!(error.as_db_error().unwrap().message().contains("append-only"));
    assert_eq!(stage.databases(), "NAME");
}

fn the_way_is_the_one_that_was_shown() {
    let stage = Stage::new();
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut wanted: Restore = stage.wanted();
    wanted.agreed = Some(Way::InPlace);
    let error = stage.run(&wanted).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PlanChanged);
    stage.is_untouched();
}

fn what_depends_on_each_other_comes_back() {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute(
        "CREATE TABLE parted (id int PRIMARY KEY, other int, CHECK (id > 0)) PARTITION BY RANGE (id);
         CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (1) TO (100);
         CREATE INDEX parted_other ON parted (other); INSERT INTO parted SELECT n, n FROM generate_series(1, 50) n;
         CREATE TABLE child (id serial PRIMARY KEY, parted int REFERENCES parted, self int REFERENCES child);
         INSERT INTO child (parted) VALUES (1), (2); UPDATE child SET self = 1;
         CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE DOMAIN positive AS int CHECK (VALUE > 0);
         CREATE FUNCTION twice(positive) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2;';
         CREATE FUNCTION body() RETURNS text LANGUAGE plpgsql AS $f$ BEGIN
-- Name: no entry; Type: TABLE
             RETURN '\\.;
';
         END; $f$;
         CREATE FUNCTION standard(n int) RETURNS bigint LANGUAGE sql BEGIN ATOMIC
             SELECT CASE WHEN n > 1 THEN 1 END; SELECT count(*) FROM child; END;
         CREATE VIEW counted AS SELECT c.*, count(*) AS how_many FROM child c JOIN parted p ON true GROUP BY c.id;
         CREATE MATERIALIZED VIEW kept AS SELECT * FROM counted; CREATE INDEX ON kept (id);
         CREATE TABLE typed (it mood DEFAULT 'good', n positive, g int GENERATED ALWAYS AS (2) STORED, t text);
         INSERT INTO typed (n, t) VALUES (1, E'a\\tb\\nc\\\\'), (2, '\\.'), (3, NULL), (4, '');
         ALTER TABLE typed ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON typed USING (n > 1);
         CREATE RULE quiet AS ON DELETE TO typed DO INSTEAD NOTHING;
         CREATE SCHEMA \"odd; name\"; CREATE SEQUENCE \"odd; name\".\"it's\"; SELECT nextval('\"odd; name\".\"it''s\"');
         COMMENT ON TABLE typed IS 'it''s; \"odd\"'; CREATE STATISTICS st ON id, parted FROM child;
         SELECT lo_from_bytea(4711, '\\xdeadbeef'); GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
         CREATE PUBLICATION pub FOR TABLE child",
    );
    let stage = Stage::of(database, &three());
    let before = whole_dump(&stage.database.url());
    for in_place in [true, false] {
        stage
            .database
            .execute("TRUNCATE parted CASCADE; SELECT lo_unlink(4711); DROP TYPE mood CASCADE");
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        stage.run(&wanted).unwrap_or_else(|error| panic!("{error:?}"));
        let after = whole_dump(&stage.database.url());
        let differs = before.lines().zip(after.lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "in place: {in_place}");
        assert_eq!(after.len(), before.len());
    }
}

fn the_log_goes_on_in_place() {
    let (stage, role) = Stage::owned("");
    let mut migrator = Migrator::new(&three(), role.config);
    migrator.run_restore(&stage.backups, &stage.wanted()).unwrap();
    let again = migrator.run_restore(&stage.backups, &stage.wanted()).unwrap();
    let log =
        "SELECT string_agg(command, ' ' ORDER BY id), count(DISTINCT id) FROM _migrations_log";
    assert_eq!(stage.database.text(log), "up up up backup restore restore|6");
    let newest = "SELECT run FROM _migrations_log ORDER BY id DESC LIMIT 1";
    assert_eq!(stage.database.text(newest), again.token);
    // Without the right to keep them for a moment, the restore says so and goes on.
    let name = stage.database.name();
    stage
        .database
        .execute(&format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC, {}", role.name));
    let (sender, warnings) = std::sync::mpsc::channel();
    let mut migrator = migrator.on_event(move |event| {
        if let Event::Warning { message } = event {
            sender.send(message.clone()).unwrap();
        }
    });
    migrator.run_restore(&stage.backups, &stage.wanted()).unwrap();
    let warning = warnings.try_recv().unwrap();
    assert!(
        warning.starts_with("the rows of the log since the backup cannot be kept: "),
        "{warning}"
    );
    assert_eq!(stage.database.text(log), "up up up restore|4");
}

/// What is checked at the end of a transaction waits there for somebody else.
const LATE: &str =
    "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $f$ BEGIN
        PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $f$;
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON _migrations_log DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION late()";

/// Longer than any other message of ours that has to get through.
const LONGER: &str =
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT'
    AND wait_event = 'advisory' AND clock_timestamp() - query_start > interval '11 s'";

fn a_commit_takes_as_long_as_it_takes() {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute("INSERT INTO one VALUES (1)");
    database.execute(LATE);
    let stage = Stage::of(database, &three());
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut wanted = stage.wanted();
    wanted.in_place = true;
    let (sender, holders) = std::sync::mpsc::channel();
    let config = stage.database.config();
    let mut migrator = stage.migrator().on_event(move |event| {
        if matches!(event, Event::Restoring { step } if step.contains("in place")) {
            let mut client = config.connect(postgres::NoTls).unwrap();
            client.batch_execute("SELECT pg_advisory_lock(4711)").unwrap();
            sender.send(client).unwrap();
        }
    });
    let restored = std::thread::scope(|scope| {
        let restoring = scope.spawn(|| migrator.run_restore(&stage.backups, &wanted));
        let holder = holders.recv().unwrap();
        migration_tests::wait_until("the commit has waited for long", || {
            restoring.is_finished() || stage.database.text(LONGER) == "1"
        });
        drop(holder);
        restoring.join().unwrap()
    });
    assert_eq!(restored.unwrap().way, Way::InPlace);
    assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
}

fn what_is_not_utf_8_needs_a_new_database() {
    let database = TestDatabase::new();
    let name = database.name().to_owned();
    let mut server = database.server().config("postgres").connect(postgres::NoTls).unwrap();
    server.batch_execute(&format!("DROP DATABASE {name}")).unwrap();
    let latin = "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'";
    server.batch_execute(&format!("CREATE DATABASE {name} {latin}")).unwrap();
    up(&three(), &database);
    database.execute("CREATE TABLE \"größe\" (it text); INSERT INTO \"größe\" VALUES ('ä')");
    let stage = Stage::of(database, &three());
    let mut wanted = stage.wanted();
    wanted.in_place = true;
    let error = stage.run(&wanted).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::RestoreFailed, 1), "{error:?}");
    assert!(error.to_string().contains("LATIN1"), "{error:?}");
    assert_eq!(stage.database.text("SELECT it FROM \"größe\""), "ä");
    stage.restore();
    assert_eq!(stage.database.text("SELECT it FROM \"größe\""), "ä");
}
