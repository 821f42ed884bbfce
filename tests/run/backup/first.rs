//! The backup before the first step of `up` and `down`.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use migrate_runtime::backup::{Backup, Backups, Search};
use migrate_runtime::{ErrorKind, Event, MigrationSet, Migrator};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials, wait_until};
use postgres::NoTls;

use super::Bench;
use crate::{names, tables, three};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        it_is_taken_under_the_lock_and_before_the_first_step,
        with_nothing_to_do_there_is_none,
        the_first_run_of_all_has_one_too,
        before_reverting_too,
        a_failure_names_the_way_back,
        without_pg_dump_nothing_begins,
        without_the_backup_nothing_runs,
        a_lost_connection_does_not_take_it_again,
        what_another_runner_did_meanwhile_is_in_a_new_one,
        a_lent_connection_has_one_too,
        every_run_has_its_own,
        of_two_runners_at_once_one_takes_it
    ]
}

fn four() -> MigrationSet {
    with_fourth("CREATE TABLE four (id int)")
}

fn with_fourth(script: &str) -> MigrationSet {
    let scripts: Vec<(String, String, String)> = three()
        .iter()
        .map(|it| (format!("{}_{}", it.version, it.name), it.up.sql.into(), it.down.sql.into()))
        .chain([("20260101000004_four".into(), script.into(), "DROP TABLE four".into())])
        .collect();
    let scripts: Vec<_> =
        scripts.iter().map(|it| (it.0.as_str(), it.1.as_str(), it.2.as_str())).collect();
    set(&scripts)
}

/// What happened, in words.
type Told = Arc<Mutex<Vec<&'static str>>>;

fn telling(migrator: Migrator) -> (Migrator, Told) {
    let told = Told::default();
    let listener = Arc::clone(&told);
    let migrator = migrator.on_event(move |event| {
        let word = match event {
            Event::Locked => "locked",
            Event::BackupStarted { .. } => "backup",
            Event::BackedUp { .. } => "taken",
            Event::Planned { .. } => "planned",
            Event::Started { .. } => "step",
            Event::Reconnecting { .. } => "reconnecting",
            _ => return,
        };
        listener.lock().unwrap().push(word);
    });
    (migrator, told)
}

#[track_caller]
fn only(bench: &Bench) -> Backup {
    let [id] = bench.listed().try_into().unwrap();
    bench.verify(&id).unwrap_or_else(|error| panic!("{error:?}"))
}

fn ran(backup: &Backup) -> usize {
    backup.manifest.history.as_ref().map_or(0, Vec::len)
}

fn it_is_taken_under_the_lock_and_before_the_first_step() {
    let bench = Bench::new();
    let (migrator, told) = telling(bench.migrator(&four()));
    let run = migrator.with_backups(bench.backups()).up().unwrap();
    assert_eq!(names(&run.done), ["four"]);
    let backup = only(&bench);
    assert_eq!(run.backup.as_deref(), Some(backup.id.as_str()));
    assert_eq!(*told.lock().unwrap(), ["locked", "backup", "taken", "planned", "step"]);
    assert_eq!(ran(&backup), 3);
    let log = "SELECT command, outcome, detail->'backup'->>'id' FROM _migrations_log
        WHERE version IS NULL";
    assert_eq!(bench.database.text(log), format!("up|ok|{}", backup.id));
}

fn with_nothing_to_do_there_is_none() {
    let bench = Bench::new();
    // Not even a look for pg_dump.
    let nowhere = Search { pg_bin: Some("/nowhere".into()), ..Search::default() };
    let backups = Backups::new(bench.path()).with_search(nowhere);
    let run = bench.migrator(&three()).with_backups(backups).up().unwrap();
    assert_eq!((run.done.len(), run.backup), (0, None));
    assert!(!bench.path().exists());
}

fn the_first_run_of_all_has_one_too() {
    let bench = Bench::new();
    let empty = TestDatabase::new();
    let mut migrator = Migrator::new(&three(), empty.config()).with_backups(bench.backups());
    assert_eq!(migrator.up().unwrap().done.len(), 3);
    assert_eq!(only(&bench).manifest.history, None);
}

fn before_reverting_too() {
    let bench = Bench::new();
    let (migrator, told) = telling(bench.migrator(&three()));
    let mut migrator = migrator.with_backups(bench.backups());
    let run = migrator.down(NonZeroUsize::MIN).unwrap();
    assert_eq!(names(&run.done), ["three"]);
    assert_eq!(ran(&only(&bench)), 3);
    assert_eq!(*told.lock().unwrap(), ["locked", "backup", "taken", "planned", "step"]);
}

fn a_failure_names_the_way_back() {
    let bench = Bench::new();
    let set = with_fourth("CREATE TABLE one (id int)");
    let error = bench.migrator(&set).with_backups(bench.backups()).up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Sql, 1), "{error:?}");
    let id = only(&bench).id.clone();
    let hint =
        format!("migration-cli restore {id} --confirm   # the database as it was before this run");
    assert_eq!(error.hints().last(), Some(&hint), "{error:?}");
}

#[track_caller]
fn assert_untouched(bench: &Bench) {
    assert_eq!(tables(&bench.database), "one three two");
    assert_eq!(bench.database.text("SELECT count(*) FROM _migrations"), "3");
}

fn without_pg_dump_nothing_begins() {
    let bench = Bench::new();
    let nowhere = Search { pg_bin: Some("/nowhere".into()), ..Search::default() };
    let backups = Backups::new(bench.path()).with_search(nowhere);
    let (migrator, told) = telling(bench.migrator(&four()));
    let error = migrator.with_backups(backups).up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::MissingProgram, 2), "{error:?}");
    let state = "nothing was changed: no migration runs without the backup";
    assert_eq!(error.state(), Some(state));
    // The lock was not taken for it.
    assert_eq!(*told.lock().unwrap(), [""; 0]);
    assert_untouched(&bench);
}

fn without_the_backup_nothing_runs() {
    let bench = Bench::new();
    // Who owns the history and may make tables may still not read everything.
    let role = bench.database.role("app", "");
    bench.database.execute(&format!(
        "GRANT ALL ON SCHEMA public TO {0}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {0};
         GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {0}; CREATE TABLE secret (id int)",
        role.name
    ));
    let (migrator, told) = telling(Migrator::new(&four(), role.config.clone()));
    let error = migrator.with_backups(bench.backups()).up().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3), "{error:?}");
    let state = "nothing was changed: no migration runs without the backup";
    assert_eq!(error.state(), Some(state));
    assert!(!error.hints().iter().any(|it| it.contains("restore")), "{error:?}");
    assert_eq!(*told.lock().unwrap(), ["locked", "backup"]);
    assert_eq!(bench.names(), [""; 0]);
    let log = "SELECT command, outcome, message FROM _migrations_log WHERE version IS NULL";
    assert_eq!(bench.database.text(log), "up|failed|pg_dump failed");
    assert_eq!(bench.database.text("SELECT to_regclass('four') IS NULL"), "t");
}

/// Ends our session once `pg_dump` waits for a table, and does something before it lets that go on.
fn cut(bench: &Bench, meanwhile: impl FnOnce() + Send + 'static) -> std::thread::JoinHandle<()> {
    let mut blocker = bench.database.client();
    blocker.batch_execute("BEGIN; LOCK TABLE one").unwrap();
    let config = bench.database.config();
    std::thread::spawn(move || {
        let mut client = config.connect(NoTls).unwrap();
        let mut number = |sql: &str| client.query_one(sql, &[]).unwrap().get::<_, i64>(0);
        let waits = "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'pg_dump' AND wait_event_type = 'Lock' AND datname = current_database()";
        wait_until("pg_dump waits", || number(waits) == 1);
        let ours = "FROM pg_stat_activity WHERE application_name LIKE 'the tests%'
            AND datname = current_database()";
        assert_eq!(number(&format!("SELECT count(pg_terminate_backend(pid)) {ours}")), 1);
        wait_until("it has ended", || number(&format!("SELECT count(*) {ours}")) == 0);
        meanwhile();
        blocker.batch_execute("ROLLBACK").unwrap();
    })
}

fn a_lost_connection_does_not_take_it_again() {
    let bench = Bench::new();
    let (migrator, told) = telling(bench.migrator(&four()));
    let mut migrator = migrator.with_backups(bench.backups());
    let cutting = cut(&bench, || {});
    let run = migrator.up().unwrap_or_else(|error| panic!("{error:?}"));
    cutting.join().unwrap();
    assert_eq!(names(&run.done), ["four"]);
    assert_eq!(ran(&only(&bench)), 3);
    let told = told.lock().unwrap();
    assert_eq!(told.iter().filter(|it| **it == "backup").count(), 1, "{told:?}");
    assert!(told.contains(&"reconnecting"), "{told:?}");
}

fn what_another_runner_did_meanwhile_is_in_a_new_one() {
    let bench = Bench::new();
    let five = {
        let four = four();
        let scripts: Vec<(String, &str, &str)> = four
            .iter()
            .map(|it| (format!("{}_{}", it.version, it.name), it.up.sql, it.down.sql))
            .chain([("20260101000005_five".into(), "CREATE TABLE five (id int)", "SELECT 1")])
            .collect();
        set(&scripts.iter().map(|it| (it.0.as_str(), it.1, it.2)).collect::<Vec<_>>())
    };
    let (migrator, _) = telling(bench.migrator(&five));
    let mut migrator = migrator.with_backups(bench.backups());
    let config = bench.database.config();
    let cutting = cut(&bench, move || {
        // While nobody has the lock.
        assert_eq!(names(&Migrator::new(&four(), config).up().unwrap().done), ["four"]);
    });
    let run = migrator.up().unwrap_or_else(|error| panic!("{error:?}"));
    cutting.join().unwrap();
    assert_eq!(names(&run.done), ["five"]);
    let [first, second] = bench.listed().try_into().unwrap();
    assert_eq!(ran(&bench.verify(&first).unwrap()), 3);
    assert_eq!(ran(&bench.verify(&second).unwrap()), 4);
    assert_eq!(run.backup.as_deref(), Some(second.as_str()));
}

fn a_lent_connection_has_one_too() {
    let bench = Bench::new();
    let mut migrator = bench.migrator(&four()).with_backups(bench.backups());
    let mut client = bench.database.client();
    let run = migrator.up_with(&mut client).unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(names(&run.done), ["four"]);
    assert_eq!(ran(&only(&bench)), 3);
    // Its caller has it back as it was, in no transaction.
    client.batch_execute("BEGIN; COMMIT").unwrap();
    // One of another database is refused before anything is dumped.
    let (other, before) = (TestDatabase::new(), bench.listed().len());
    let error = migrator.up_with(&mut other.client()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Impossible, 2), "{error:?}");
    let words = format!("the lent connection is to database {}", other.name());
    assert!(error.to_string().starts_with(&words), "{error:?}");
    assert_eq!(bench.listed().len(), before);
}

fn every_run_has_its_own() {
    let bench = Bench::new();
    let mut migrator = bench.migrator(&four()).with_backups(bench.backups());
    let first = migrator.up().unwrap().backup;
    assert_eq!(migrator.up().unwrap().backup, None);
    let second = migrator.down(NonZeroUsize::MIN).unwrap().backup;
    assert!(first.is_some() && second.is_some() && first != second);
    assert_eq!(bench.listed().len(), 2);
}

fn of_two_runners_at_once_one_takes_it() {
    let bench = Bench::new();
    let mut blocker = bench.database.client();
    blocker.batch_execute("BEGIN; LOCK TABLE one").unwrap();
    let start = || {
        let mut migrator = bench.migrator(&four()).with_backups(bench.backups());
        std::thread::spawn(move || migrator.up().unwrap())
    };
    let runners = [start(), start()];
    let ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name LIKE 'the tests%'";
    wait_until("both are there", || bench.database.text(ours) == "2");
    blocker.batch_execute("ROLLBACK").unwrap();
    let mut backups: Vec<_> = runners.map(|it| it.join().unwrap().backup).to_vec();
    backups.sort();
    assert_eq!(backups, [None, Some(only(&bench).id.to_string())]);
}
