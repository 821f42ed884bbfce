//! `force`: the history says what somebody knows to be true.

use std::num::NonZeroUsize;

use migrate_runtime::{
    Error, ErrorKind, Force, Forced, HistoryChange, Identity, MigrationSet, Migrator, Settings,
    State,
};
use migration_tests::harness::Trial;
use migration_tests::proxy::Proxy;
use migration_tests::{TestDatabase, set, standby, trials};

use super::locking::TAKE;
use crate::{first, migrator, names, states, tables, three, up, up_fails};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_database_without_a_history_gets_a_baseline,
        what_is_newer_counts_as_not_run,
        what_was_edited_counts_as_it_is_now,
        unfinished_work_counts_as_ended,
        rows_of_newer_releases_go_and_those_of_other_tools_stay,
        every_row_of_a_repeated_version_goes_or_is_accepted,
        a_version_that_the_binary_does_not_have_is_refused,
        the_log_says_who_why_and_what,
        nothing_to_do_costs_one_round_trip,
        what_was_not_agreed_to_is_not_done,
        a_role_that_may_only_read_is_refused,
        a_standby_is_refused,
        a_table_of_another_shape_is_refused
    ]
}

pub(crate) fn to(second: u64) -> Force {
    Force::to(version(second).parse().unwrap())
}

fn version(second: u64) -> String {
    (20_260_101_000_000 + second).to_string()
}

#[track_caller]
pub(crate) fn force(set: &MigrationSet, database: &TestDatabase, second: u64) -> Forced {
    match migrator(set, database).run_force(&to(second)) {
        Ok(forced) => forced,
        Err(error) => panic!("{error:?}"),
    }
}

fn force_fails(set: &MigrationSet, database: &TestDatabase, second: u64) -> Error {
    migrator(set, database).run_force(&to(second)).expect_err("force should have failed")
}

pub(crate) fn added(change: &HistoryChange) -> Vec<&str> {
    change.added.iter().map(|it| it.name).collect()
}

pub(crate) fn removed(change: &HistoryChange) -> Vec<&str> {
    change.removed.iter().map(|it| it.name.as_str()).collect()
}

/// The versions in the history, by their last digit.
pub(crate) fn history(database: &TestDatabase) -> String {
    database.text("SELECT string_agg(right(version, 1), ' ' ORDER BY id) FROM _migrations")
}

fn a_database_without_a_history_gets_a_baseline() {
    let (database, set) = (TestDatabase::new(), three());
    database.execute("CREATE TABLE one (id int); CREATE TABLE two (id int)");
    let change = migrator(&set, &database).plan_force(to(2).version).unwrap();
    assert_eq!(added(&change), ["one", "two"]);
    assert_eq!(database.text("SELECT to_regclass('_migrations')"), "");

    assert_eq!(added(&force(&set, &database, 2).change), ["one", "two"]);
    let row = database.text("SELECT version, name, checksum, execution_time, applied_at > now() - interval '10 min' FROM _migrations WHERE id = 1");
    let checksum = set.iter().next().unwrap().up.checksum;
    assert_eq!(row, format!("{}|one|{checksum}|0|t", version(1)));
    assert_eq!(migrator(&set, &database).verify().unwrap().exit_code(), 0);

    assert_eq!(names(&up(&set, &database).done), ["three"]);
    assert_eq!(tables(&database), "one three two");
    // Any binary reverts what was forced: the way back was kept.
    let older = first(&set, 1);
    let run = migrator(&older, &database).down(NonZeroUsize::new(3).unwrap()).unwrap();
    assert_eq!(names(&run.done), ["three", "two", "one"]);
    assert_eq!(tables(&database), "");
}

fn what_is_newer_counts_as_not_run() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    assert_eq!(removed(&force(&set, &database, 1).change), ["three", "two"]);
    assert_eq!(history(&database), "1");
    assert_eq!(database.text("SELECT version FROM _migrations_script"), version(1));
    // No SQL of theirs ran.
    assert_eq!(tables(&database), "one three two");
    let status = migrator(&set, &database).status().unwrap();
    let expected = [("one", State::Applied), ("two", State::Pending), ("three", State::Pending)];
    assert_eq!(states(&status), expected);
    assert_eq!(added(&force(&set, &database, 3).change), ["two", "three"]);
    assert_eq!(names(&up(&set, &database).done), [""; 0]);
}

fn what_was_edited_counts_as_it_is_now() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let edited = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_second", "CREATE TABLE two (id bigint)", "DROP TABLE two CASCADE"),
        ("20260101000003_three", "CREATE TABLE three (id int)", "DROP TABLE three"),
    ]);
    assert_eq!(up_fails(&edited, &database).kind(), ErrorKind::Edited);
    let before = database.text("SELECT id, applied_at FROM _migrations");
    let change = force(&edited, &database, 3).change;
    assert_eq!(change.accepted.len(), 1);
    assert_eq!(change.accepted[0].ran, three().iter().nth(1).unwrap().up.checksum.to_string());
    assert!(change.added.is_empty() && change.removed.is_empty());
    assert_eq!(database.text("SELECT id, applied_at FROM _migrations ORDER BY id"), before);
    assert_eq!(database.text("SELECT name FROM _migrations WHERE id = 2"), "second");
    // The way back is the new one too.
    let verification = migrator(&edited, &database).verify().unwrap();
    assert_eq!((verification.findings, verification.status.count(State::Applied)), (vec![], 3));
    up(&edited, &database);
}

fn unfinished_work_counts_as_ended() {
    let database = TestDatabase::new();
    let script = "-- migrate:no-transaction\nCREATE TABLE one (id int);\nSELECT 1 / 0";
    let set = set(&[
        ("20260101000001_one", script, "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
    ]);
    assert_eq!(up_fails(&set, &database).kind(), ErrorKind::Unfinished);
    let change = force(&set, &database, 1).change;
    assert_eq!((change.ended.len(), change.ended[0].statement), (1, 2));
    assert_eq!(added(&change), ["one"]);
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
    assert_eq!(names(&up(&set, &database).done), ["two"]);
}

fn rows_of_newer_releases_go_and_those_of_other_tools_stay() {
    let (database, newer) = (TestDatabase::new(), three());
    up(&newer, &database);
    database.execute(
        "INSERT INTO _migrations (version, name, checksum, execution_time)
         VALUES ('V1', 'of_another_tool', 'crc32:17', 7)",
    );
    let older = first(&newer, 2);
    assert_eq!(removed(&force(&older, &database, 2).change), ["three"]);
    assert_eq!(history(&database), "1 2 1");
    let status = migrator(&older, &database).status().unwrap();
    assert_eq!((status.count(State::Applied), status.count(State::Unknown)), (2, 1));
}

fn every_row_of_a_repeated_version_goes_or_is_accepted() {
    let (database, set) = (TestDatabase::new(), three());
    database.execute(
        "CREATE TABLE _migrations (id SERIAL PRIMARY KEY, version VARCHAR(255) NOT NULL,
            name VARCHAR(255) NOT NULL, applied_at TIMESTAMPTZ DEFAULT now(),
            checksum VARCHAR(64) NOT NULL, execution_time INTEGER NOT NULL);
         INSERT INTO _migrations (version, name, checksum, execution_time)
            SELECT '2026010100000' || n % 3 + 1, 'x', 'crc32', 0 FROM generate_series(0, 5) n",
    );
    let change = force(&set, &database, 2).change;
    assert_eq!((change.accepted.len(), removed(&change)), (2, vec!["x"]));
    assert_eq!(history(&database), "1 2 1 2");
    assert_eq!(database.text("SELECT count(DISTINCT checksum) FROM _migrations"), "2");
    assert_eq!(migrator(&set, &database).verify().unwrap().exit_code(), 0);
    assert!(force(&set, &database, 2).change.is_empty());
}

fn a_version_that_the_binary_does_not_have_is_refused() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 1), &database);
    let error = force_fails(&set, &database, 9);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::NoSuchVersion, 2));
    assert_eq!(error.to_string(), format!("this binary has no migration {}", version(9)));
    assert_eq!(error.hints(), [format!("migration-cli force {}", version(3))]);
    assert_eq!(error.state(), Some("nothing was changed"));
    assert_eq!(history(&database), "1");
    let refused = "SELECT command, outcome FROM _migrations_log ORDER BY id DESC LIMIT 1";
    assert_eq!(database.text(refused), "force|refused");
}

fn the_log_says_who_why_and_what() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    database.execute(
        "UPDATE _migrations SET checksum = 'crc32' WHERE id = 2;
         INSERT INTO _migrations (version, name, checksum, execution_time)
         VALUES ('20260101000009', 'nine', 'md5', 0)",
    );
    let mut settings = Settings::default();
    let mut identity = Identity::default();
    identity.os_user = Some("ada".to_owned());
    identity.environment = Some("production".to_owned());
    settings.identity = identity;
    let mut why = to(3);
    why.reason = Some("restored by hand: \"it's\" \\ done\n".to_owned());
    let forced = migrator(&set, &database).with_settings(settings).run_force(&why).unwrap();
    let row = "SELECT command, version, direction, outcome, message, os_user, environment, run,
                      started_at <= finished_at FROM _migrations_log WHERE command = 'force'";
    let expected = format!("force|{}||ok||ada|production|{}|t", version(3), forced.token);
    assert_eq!(database.text(row), expected);
    let part = |path: &str| {
        let query = format!("SELECT {path} FROM _migrations_log WHERE command = 'force'");
        database.text(&query)
    };
    assert_eq!(part("detail ->> 'reason'"), why.reason.as_deref().unwrap());
    assert_eq!(part("detail -> 'added'"), r#"[{"version": "20260101000003"}]"#);
    assert_eq!(
        part("detail -> 'removed'"),
        r#"[{"name": "nine", "version": "20260101000009", "checksum": "md5"}]"#
    );
    assert_eq!(part("detail #>> '{accepted,0,ran}'"), "crc32");
    assert_eq!(part("detail -> 'ended'"), "[]");
    // It belongs to the log of each of them.
    let logged = |version: &str| {
        let info = migrator(&set, &database).info(version).unwrap();
        info.log.unwrap().iter().map(|it| it.command.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(logged(&version(1)), "up");
    assert_eq!(logged(&version(2)), "up force");
    assert_eq!(logged(&version(3)), "force");
}

fn nothing_to_do_costs_one_round_trip() {
    let database = TestDatabase::new();
    let (proxy, set) = (Proxy::socket(&database), three());
    let trips = |force: &Force| {
        proxy.reset();
        Migrator::new(&set, proxy.config()).run_force(force).unwrap();
        proxy.counts().round_trips
    };
    // Reading; lock and reading (an error, so a ROLLBACK); making the tables; the change; the schema that is
    // there, and recording it.
    assert_eq!(trips(&to(2)), 1 + 4 + 2);
    assert_eq!(trips(&to(2)), 1);
    // Reading; lock and reading; the schema; the change; the schema again; its record, which gives the lock back.
    assert_eq!(trips(&to(3)), 1 + 5);
    // While somebody else holds the lock, too.
    let mut holder = database.client();
    holder.batch_execute(TAKE).unwrap();
    assert_eq!(trips(&to(3)), 1);
}

fn what_was_not_agreed_to_is_not_done() {
    let (database, set) = (TestDatabase::new(), three());
    let mut agreed = to(2);
    agreed.agreed = Some(migrator(&set, &database).plan_force(agreed.version).unwrap());
    up(&first(&set, 1), &database);
    let error = migrator(&set, &database).run_force(&agreed).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::PlanChanged, 5));
    assert_eq!(error.to_string(), "the history has changed since the difference was shown");
    assert_eq!(history(&database), "1");
    agreed.agreed = Some(migrator(&set, &database).plan_force(agreed.version).unwrap());
    assert_eq!(added(&migrator(&set, &database).run_force(&agreed).unwrap().change), ["two"]);
}

fn a_role_that_may_only_read_is_refused() {
    let (database, set) = (TestDatabase::new(), three());
    let reader = database.role("reader", "");
    let mut reading = Migrator::new(&set, reader.config.clone());
    let error = reading.run_force(&to(1)).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3));
    assert_eq!(error.hints()[0], format!("GRANT CREATE ON SCHEMA \"public\" TO {};", reader.name));
    assert_eq!(database.text("SELECT to_regclass('_migrations')"), "");

    up(&first(&set, 2), &database);
    database.execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}", reader.name));
    assert_eq!(removed(&reading.plan_force(to(1).version).unwrap()), ["two"]);
    let error = reading.run_force(&to(1)).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3));
    assert_eq!(error.state(), Some("nothing was changed"));
    assert_eq!(history(&database), "1 2");
    assert!(reading.run_force(&to(2)).unwrap().change.is_empty());
}

fn a_standby_is_refused() {
    let config = standby().config("postgres");
    let error = Migrator::new(&three(), config).run_force(&to(1)).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Standby, 3));
}

fn a_table_of_another_shape_is_refused() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE _migrations (version bigint PRIMARY KEY, description text)");
    let error = force_fails(&three(), &database, 1);
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ForeignHistory, 5));
    assert_eq!(database.text("SELECT to_regclass('_migrations_log')"), "");
}
