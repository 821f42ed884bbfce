//! The log, read back: which rows, in which order, by whom.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::{Duration, SystemTime};

use migrate_runtime::{ErrorKind, Force, LogEntry, LogFilter, Migrator, Since};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, trials};

use crate::{first, migrator, three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        the_newest_rows_come_last,
        rows_are_picked_by_time,
        rows_are_picked_by_migration,
        a_version_that_nobody_knows_is_refused,
        where_nothing_has_run_there_is_no_log,
        an_adopted_history_has_no_log_yet,
        a_role_that_may_only_read_reads_the_log,
        a_role_that_may_not_read_it_is_told_what_it_needs,
        a_table_of_that_name_that_is_not_ours_is_refused
    ]
}

fn filter(set: impl FnOnce(&mut LogFilter)) -> LogFilter {
    let mut filter = LogFilter::default();
    set(&mut filter);
    filter
}

#[track_caller]
fn read(database: &TestDatabase, filter: &LogFilter) -> Vec<LogEntry> {
    let logs = migrator(&three(), database).logs(filter).unwrap_or_else(|it| panic!("{it:?}"));
    assert_eq!(logs.database, database.name());
    logs.entries.unwrap()
}

/// As in `up 1 ok`, with the last digit of the version.
fn words(entries: &[LogEntry]) -> Vec<String> {
    let word = |it: &LogEntry| {
        let version = it.version.as_deref().map_or("-", |it| &it[it.len() - 1..]);
        format!("{} {version} {}", it.command, it.outcome)
    };
    entries.iter().map(word).collect()
}

fn the_newest_rows_come_last() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    migrator(&set, &database).down(NonZeroUsize::MIN).unwrap();
    let all = ["up 1 ok", "up 2 ok", "up 3 ok", "down 3 ok"];
    assert_eq!(words(&read(&database, &LogFilter::default())), all);
    let limited = |count| {
        let filter = filter(|it| it.limit = NonZeroU32::new(count));
        let logs = migrator(&set, &database).logs(&filter).unwrap();
        (words(&logs.entries.unwrap()), logs.has_older)
    };
    assert_eq!(limited(2), (all[2..].iter().map(ToString::to_string).collect(), true));
    assert!(!limited(4).1);
    assert_eq!(limited(u32::MAX).0, all);
    let entry = &read(&database, &LogFilter::default())[0];
    assert!(entry.duration().unwrap() < Duration::from_mins(10), "{entry:?}");
    assert_eq!((entry.retries, entry.db_role.as_str()), (0, "migration"));
}

fn rows_are_picked_by_time() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let since = |it| read(&database, &filter(|filter| filter.since = Some(it))).len();
    assert_eq!(since(Since::Ago(Duration::from_hours(1))), 3);
    assert_eq!(since(Since::Ago(Duration::MAX)), 3);
    assert_eq!(since(Since::Time(SystemTime::UNIX_EPOCH)), 3);
    assert_eq!(
        since(Since::Time(SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 200))),
        0
    );
    // By the server's clock, and to the microsecond.
    database.execute(
        "ALTER TABLE _migrations_log DISABLE TRIGGER append_only;
         UPDATE _migrations_log SET started_at = now() - interval '5 h',
             finished_at = now() - (id * interval '1 h')",
    );
    assert_eq!(since(Since::Ago(Duration::from_mins(90))), 1);
    assert_eq!(since(Since::Ago(Duration::from_mins(150))), 2);
    database.execute("UPDATE _migrations_log SET finished_at = NULL");
    assert_eq!(
        since(Since::Ago(Duration::from_hours(4))),
        0,
        "what has no end counts from its start"
    );
    database
        .execute("UPDATE _migrations_log SET finished_at = 'infinity', started_at = '-infinity'");
    assert_eq!(since(Since::Ago(Duration::ZERO)), 3);
}

fn rows_are_picked_by_migration() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    migrator(&set, &database).run_force(&Force::to("20260101000003".parse().unwrap())).unwrap();
    let about = |version: &str| {
        let filter = filter(|it| it.version = Some(format!("2026010100000{version}")));
        words(&read(&database, &filter))
    };
    assert_eq!(about("1"), ["up 1 ok"]);
    // One row of `force` is about all that it changed.
    assert_eq!(about("3"), ["force 3 ok"]);
    migrator(&set, &database).run_force(&Force::to("20260101000001".parse().unwrap())).unwrap();
    assert_eq!(about("2"), ["up 2 ok", "force 1 ok"]);
}

fn a_version_that_nobody_knows_is_refused() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let asked = |version: &str| {
        let filter = filter(|it| it.version = Some(version.to_owned()));
        migrator(&three(), &database).logs(&filter)
    };
    let error = asked("20260101000009").unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::NoSuchVersion, 2));
    assert_eq!(error.hints(), ["migration-cli logs --version 20260101000003"]);
    // One that was reverted, and that no binary has any more, is in the log all the same.
    migrator(&three(), &database).down(NonZeroUsize::MIN).unwrap();
    let filter = filter(|it| it.version = Some("20260101000003".to_owned()));
    let logs = migrator(&first(&three(), 2), &database).logs(&filter).unwrap();
    assert_eq!(words(&logs.entries.unwrap()), ["up 3 ok", "down 3 ok"]);
    // Also where nothing of it is new enough.
    let late = Since::Time(SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 200));
    let late = |version: &str| {
        let mut filter = filter.clone();
        (filter.version, filter.since) = (Some(version.to_owned()), Some(late));
        migrator(&first(&three(), 2), &database).logs(&filter)
    };
    assert_eq!(words(&late("20260101000003").unwrap().entries.unwrap()), [""; 0]);
    assert_eq!(late("20260101000009").unwrap_err().kind(), ErrorKind::NoSuchVersion);
}

fn where_nothing_has_run_there_is_no_log() {
    let database = TestDatabase::new();
    let logs = migrator(&three(), &database).logs(&LogFilter::default()).unwrap();
    assert_eq!((logs.entries, logs.has_older), (None, false));
    assert_eq!(database.text("SELECT to_regclass('_migrations') IS NULL"), "t", "it was only read");
}

fn an_adopted_history_has_no_log_yet() {
    let database = TestDatabase::new();
    up(&three(), &database);
    database.execute(
        "DROP TABLE _migrations_log, _migrations_script, _migrations_progress, _migrations_meta",
    );
    assert_eq!(migrator(&three(), &database).logs(&LogFilter::default()).unwrap().entries, None);
}

fn a_role_that_may_only_read_reads_the_log() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let reader = database.role("reader", "");
    database.execute(&format!("GRANT SELECT ON _migrations, _migrations_log TO {}", reader.name));
    let logs = Migrator::new(&three(), reader.config).logs(&LogFilter::default()).unwrap();
    assert_eq!(logs.entries.unwrap().len(), 3);
}

fn a_role_that_may_not_read_it_is_told_what_it_needs() {
    let database = TestDatabase::new();
    up(&three(), &database);
    let reader = database.role("reader", "");
    database.execute(&format!("GRANT SELECT ON _migrations TO {}", reader.name));
    let mut migrator = Migrator::new(&three(), reader.config);
    let error = migrator.logs(&LogFilter::default()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3));
    // What the hint says works.
    database.execute(&error.hints()[0]);
    assert_eq!(migrator.logs(&LogFilter::default()).unwrap().entries.unwrap().len(), 3);
}

fn a_table_of_that_name_that_is_not_ours_is_refused() {
    let database = TestDatabase::new();
    database.execute("CREATE TABLE _migrations_log (id int)");
    let error = migrator(&three(), &database).logs(&LogFilter::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignHistory);
    assert!(error.to_string().contains("_migrations_log has another shape"), "{error}");
}
