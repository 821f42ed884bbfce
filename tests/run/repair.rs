//! `repair`: what it finds, what it mends, and what it leaves to a person.

use migrate_runtime::{ErrorKind, Event, Force, Mend, MendKind, Migrator, Repair, Repaired, State};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials, wait_until};

use crate::{first, migrator, names, three, unaware, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        where_all_is_well_there_is_nothing_to_repair,
        tables_that_are_missing_are_made,
        invalid_indexes_are_told_and_left,
        an_index_that_is_being_built_is_left_alone,
        edited_scripts_are_accepted_when_that_is_asked_for,
        edited_scripts_are_accepted_and_unfinished_work_goes_on,
        what_was_accepted_is_told_when_the_rest_fails,
        scripts_that_could_not_be_accepted_are_accepted_by_the_same_command,
        two_scripts_that_are_unfinished_are_both_told_and_force_ends_them,
        what_was_not_agreed_to_is_not_mended,
        what_a_newer_release_ran_is_left,
        a_dry_run_changes_nothing,
        a_role_without_rights_is_told_so,
        a_repair_waits_for_the_lock_like_every_runner
    ]
}

#[track_caller]
fn repair(set: &migrate_runtime::MigrationSet, database: &TestDatabase) -> Repaired {
    let repaired = migrator(set, database).run_repair(&Repair::default());
    repaired.unwrap_or_else(|error| panic!("{error:?}"))
}

fn kinds(repaired: &Repaired) -> Vec<(MendKind, bool)> {
    repaired.found.iter().map(|it| (it.kind, it.action.is_some())).collect()
}

fn where_all_is_well_there_is_nothing_to_repair() {
    let database = TestDatabase::new();
    assert_eq!(repair(&three(), &database).found, []);
    assert_eq!(database.text("SELECT to_regclass('_migrations') IS NULL"), "t", "nothing was made");
    up(&three(), &database);
    assert_eq!(repair(&three(), &database).found, []);
    assert_eq!(database.text("SELECT count(*) FROM _migrations_log"), "3");
}

fn tables_that_are_missing_are_made() {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute("DROP TABLE _migrations_script, _migrations_progress, _migrations_log");
    let repaired = repair(&three(), &database);
    assert_eq!(kinds(&repaired), [(MendKind::MissingTable, true); 3]);
    assert_eq!(repair(&three(), &database).found, []);
    let log = "SELECT command, outcome, message FROM _migrations_log";
    let expected = "repair|ok|the table _migrations_log is missing; the table _migrations_script is missing; \
                    the table _migrations_progress is missing";
    assert_eq!(database.text(log), expected);
}

/// What holds every runner up.
const LOCK: &str = "SELECT pg_advisory_lock(
    ('x' || left(encode(sha256('migrate:public._migrations'), 'hex'), 8))::bit(32)::int, 1)";

const INDEXED: [(&str, &str, &str); 2] = [
    ("20260101000001_table", "CREATE TABLE rows (id int, other int)", "DROP TABLE rows"),
    (
        "20260101000002_index",
        "CREATE INDEX CONCURRENTLY rows_id ON rows (id)",
        "DROP INDEX CONCURRENTLY rows_id",
    ),
];

fn invalid_indexes_are_told_and_left() {
    let (database, set) = (TestDatabase::new(), set(&INDEXED));
    up(&set, &database);
    database.execute(
        "CREATE INDEX theirs ON rows (other);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('rows_id'::regclass, 'theirs'::regclass)",
    );
    let repaired = repair(&set, &database);
    assert_eq!(kinds(&repaired), [(MendKind::InvalidIndex, false); 2]);
    let hint = repaired.found[1].hint.as_ref().unwrap();
    assert!(hint.starts_with("REINDEX INDEX CONCURRENTLY public.theirs;"), "{hint}");
    assert_eq!(database.text("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "2");

    // What a rebuild left is of no use to anybody.
    database.execute("ALTER INDEX rows_id RENAME TO \"Rows_ccnew1\"");
    database.execute("ALTER INDEX theirs RENAME TO theirs_ccold");
    for Mend { hint, .. } in repair(&set, &database).found {
        let hint = hint.unwrap();
        assert!(hint.starts_with("DROP INDEX CONCURRENTLY public."), "{hint}");
        database.execute(&hint);
    }
    assert_eq!(repair(&set, &database).found, []);
}

fn an_index_that_is_being_built_is_left_alone() {
    let (database, set) = (TestDatabase::new(), set(&INDEXED));
    up(&set, &database);
    database.execute("DROP INDEX rows_id");
    let mut reader = database.client();
    let mut open = reader.transaction().unwrap();
    open.batch_execute("INSERT INTO rows VALUES (1, 1)").unwrap();
    let config = database.config();
    let building = std::thread::spawn(move || {
        let mut client = config.connect(postgres::NoTls).unwrap();
        client.batch_execute("CREATE INDEX CONCURRENTLY rows_id ON rows (id)").unwrap();
    });
    let built = "SELECT count(*) FROM pg_stat_progress_create_index
        WHERE index_relid <> 0 AND datname = current_database()";
    wait_until("the index is being built", || database.text(built) == "1");
    let repaired = repair(&set, &database);
    assert_eq!(kinds(&repaired), [(MendKind::InvalidIndex, false)]);
    assert!(repaired.found[0].found.contains("works on its table"), "{repaired:?}");
    open.rollback().unwrap();
    building.join().unwrap();
    assert_eq!(repair(&set, &database).found, []);
}

fn edited_scripts_are_accepted_when_that_is_asked_for() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let edited = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one CASCADE"),
        ("20260101000002_two", "CREATE TABLE two (id bigint)", "DROP TABLE two"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    let told = [(MendKind::Edited, false), (MendKind::ScriptDiffers, false)];
    assert_eq!(kinds(&repair(&edited, &database)), told);
    assert_eq!(up_fails(&edited, &database).kind(), ErrorKind::Edited);

    let mut wanted = Repair::default();
    wanted.update_checksums = true;
    let repaired = migrator(&edited, &database).run_repair(&wanted).unwrap();
    assert_eq!(kinds(&repaired), told.map(|it| (it.0, true)));
    let log =
        "SELECT detail ->> 'reason', jsonb_array_length(detail -> 'accepted') FROM _migrations_log
        WHERE command = 'repair'";
    assert_eq!(database.text(log), "repair --update-checksums|2");
    // Each of them shows it.
    for version in ["20260101000001", "20260101000002"] {
        let log = migrator(&edited, &database).info(version).unwrap().log.unwrap();
        let last = log.last().unwrap();
        assert_eq!((last.command.as_str(), last.outcome.as_str()), ("repair", "ok"), "{version}");
    }
    assert!(repaired.found[0].found.contains("20260101000002_two"), "{repaired:?}");
    assert_eq!(migrator(&edited, &database).verify().unwrap().findings, []);
    let kept = "SELECT down_sql FROM _migrations_script WHERE version = '20260101000001'";
    assert_eq!(database.text(kept), "DROP TABLE one CASCADE");
    up(&edited, &database);
}

fn edited_scripts_are_accepted_and_unfinished_work_goes_on() {
    let database = TestDatabase::new();
    let last = "-- migrate:no-transaction\nCREATE TABLE two ();\nINSERT INTO missing VALUES (1)";
    let with = |first| {
        set(&[
            ("20260101000001_one", first, "DROP TABLE one"),
            ("20260101000002_two", last, "DROP TABLE two"),
        ])
    };
    up_fails(&with("CREATE TABLE one (id int)"), &database);
    database.execute("CREATE TABLE missing (n int)");
    let mut wanted = Repair::default();
    wanted.update_checksums = true;
    let edited = with("CREATE TABLE one (id bigint)");
    let repaired = migrator(&edited, &database).run_repair(&wanted).unwrap();
    assert_eq!(kinds(&repaired), [(MendKind::Unfinished, true), (MendKind::Edited, true)]);
    assert_eq!(names(&repaired.done), ["two"]);
    assert_eq!(database.text("SELECT count(*) FROM missing"), "1");
    let unaware = migrator(&edited, &database).with_settings(unaware()).verify();
    assert_eq!(unaware.unwrap().findings, []);
}

fn what_was_accepted_is_told_when_the_rest_fails() {
    let database = TestDatabase::new();
    let last = "-- migrate:no-transaction\nCREATE TABLE two ();\nINSERT INTO missing VALUES (1)";
    let with = |first| {
        let first = ("20260101000001_one", first, "DROP TABLE one");
        set(&[first, ("20260101000002_two", last, "DROP TABLE two")])
    };
    up_fails(&with("CREATE TABLE one (id int)"), &database);
    let mut wanted = Repair::default();
    wanted.update_checksums = true;
    let edited = with("CREATE TABLE one (id bigint)");
    let error = migrator(&edited, &database).run_repair(&wanted).unwrap_err();
    let state = "1 edited script was accepted; 20260101000002_two is unfinished: statement 1 is done, statement 2 is not";
    assert_eq!(error.state(), Some(state));
    let status = migrator(&edited, &database).status().unwrap();
    assert!(status.entries.iter().all(|it| it.state != State::Edited));
}

fn scripts_that_could_not_be_accepted_are_accepted_by_the_same_command() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    database.execute("UPDATE _migrations SET checksum = repeat('0', 64) WHERE version LIKE '%1'");
    database.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
         CREATE TRIGGER refuse BEFORE UPDATE ON _migrations EXECUTE FUNCTION refuse()",
    );
    let mut wanted = Repair::default();
    wanted.update_checksums = true;
    let error = migrator(&set, &database).run_repair(&wanted).unwrap_err();
    assert_eq!(error.to_string(), "accepting edited scripts failed");
    assert_eq!(error.state(), Some("nothing was changed"));
    assert_eq!(error.hints(), ["migration-cli repair --update-checksums"]);
    database.execute("DROP FUNCTION refuse CASCADE");
    migrator(&set, &database).run_repair(&wanted).unwrap();
    assert_eq!(migrator(&set, &database).verify().unwrap().findings, []);
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "3");
}

fn what_was_not_agreed_to_is_not_mended() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    database.execute("DROP TABLE _migrations_script");
    let mut repair = Repair::default();
    repair.agreed = Some(migrator(&set, &database).plan_repair(&repair).unwrap().found);
    // Since it was shown.
    database.execute("DROP TABLE _migrations_progress");
    let error = migrator(&set, &database).run_repair(&repair).unwrap_err();
    assert_eq!(
        (error.kind(), error.state()),
        (ErrorKind::PlanChanged, Some("this run changed nothing"))
    );
    assert_eq!(database.text("SELECT to_regclass('_migrations_script') IS NULL"), "t");

    // What is left to a person needs no consent.
    repair.agreed = Some(migrator(&set, &database).plan_repair(&repair).unwrap().found);
    database.execute("DELETE FROM _migrations WHERE version = '20260101000002'");
    let repaired = migrator(&set, &database).run_repair(&repair).unwrap();
    assert_eq!(kinds(&repaired).last(), Some(&(MendKind::OutOfOrder, false)));
    assert_eq!(database.text("SELECT to_regclass('_migrations_script') IS NULL"), "f");

    // And where it was mended meanwhile, all is well.
    database.execute("ALTER TABLE _migrations_script RENAME TO elsewhere");
    let mut other = database.client();
    other.batch_execute(LOCK).unwrap();
    let mut waiting = migrator(&set, &database);
    let (sender, receiver) = std::sync::mpsc::channel();
    waiting = waiting.on_event(move |event| {
        if matches!(event, Event::WaitingForLock { .. }) {
            sender.send(()).unwrap();
        }
    });
    let thread = std::thread::spawn(move || waiting.run_repair(&Repair::default()));
    receiver.recv().unwrap();
    other.batch_execute("ALTER TABLE elsewhere RENAME TO _migrations_script").unwrap();
    drop(other);
    assert_eq!(kinds(&thread.join().unwrap().unwrap()), [(MendKind::OutOfOrder, false)]);
}

fn two_scripts_that_are_unfinished_are_both_told_and_force_ends_them() {
    let (database, set) = (TestDatabase::new(), set(&INDEXED));
    up(&set, &database);
    database.execute(
        "INSERT INTO _migrations_progress SELECT version, 'up', 1, checksum, NULL, gen_random_uuid(), now(), now()
         FROM _migrations; DELETE FROM _migrations",
    );
    let error = migrator(&set, &database).run_repair(&Repair::default()).unwrap_err();
    let told = "2 scripts are unfinished, and only one can go on: the up script of 20260101000001 stopped at statement 1, \
                the up script of 20260101000002 stopped at statement 1";
    assert_eq!((error.to_string().as_str(), error.exit_code()), (told, 8));
    assert!(error.hints()[0].starts_with("migration-cli force VERSION   # "), "{error:?}");
    assert_eq!(error.hints().len(), 1);
    let force = Force::to("20260101000002".parse().unwrap());
    migrator(&set, &database).run_force(&force).unwrap();
    assert_eq!(repair(&set, &database).found, []);
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "2");
}

fn what_a_newer_release_ran_is_left() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let repaired = repair(&first(&set, 2), &database);
    assert_eq!(kinds(&repaired), [(MendKind::Unknown, false)]);
    database.execute("DELETE FROM _migrations WHERE version = '20260101000002'");
    let repaired = repair(&set, &database);
    assert_eq!(kinds(&repaired), [(MendKind::OutOfOrder, false)]);
}

fn a_dry_run_changes_nothing() {
    let (database, set) = (TestDatabase::new(), set(&INDEXED));
    up(&set, &database);
    database.execute("DROP TABLE _migrations_script");
    for _ in 0..2 {
        let planned = migrator(&set, &database).plan_repair(&Repair::default()).unwrap();
        assert_eq!(kinds(&planned), [(MendKind::MissingTable, true)]);
    }
}

fn a_role_without_rights_is_told_so() {
    let (database, set) = (TestDatabase::new(), set(&INDEXED));
    up(&set, &database);
    database.execute("DROP TABLE _migrations_script");
    let reader = database.role("reader", "");
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", reader.name));
    let mut reading = Migrator::new(&set, reader.config.clone());
    assert_eq!(reading.plan_repair(&Repair::default()).unwrap().found.len(), 1);
    let error = reading.run_repair(&Repair::default()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3), "{error:?}");
}

fn a_repair_waits_for_the_lock_like_every_runner() {
    let (database, set) = (TestDatabase::new(), set(&INDEXED));
    up(&set, &database);
    database.execute("DROP TABLE _migrations_script");
    let mut other = database.client();
    other.batch_execute(LOCK).unwrap();
    let mut settings = migrate_runtime::Settings::default();
    settings.wait = std::time::Duration::ZERO;
    let mut waiting = migrator(&set, &database).with_settings(settings);
    let error = waiting.run_repair(&Repair::default()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::LockHeld, 6));
    drop(other);
    assert_eq!(kinds(&repair(&set, &database)), [(MendKind::MissingTable, true)]);
}
