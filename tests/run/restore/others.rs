//! Others who are connected: shown, waited for, ended only where that was asked for.

use std::sync::Mutex;
use std::time::Duration;

use migrate_runtime::{ErrorKind, Event, Migrator, Settings};
use migration_tests::harness::Trial;
use migration_tests::{trials, wait_until};
use postgres::{Client, NoTls};

use super::Stage;
use crate::three;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        others_are_told_before_anything_is_done,
        others_are_ended_where_that_was_asked_for,
        somebody_who_comes_before_the_swap_is_waited_for,
        somebody_who_stays_keeps_the_old_database,
        somebody_in_the_new_database_is_in_the_way_too,
        a_role_that_may_not_end_others_is_told_so,
        no_runner_gets_in_between,
        who_has_a_table_of_the_whole_server_is_not_in_the_way,
        who_changes_the_database_is_waited_for,
        a_prepared_transaction_is_told
    ]
}

/// A client that somebody else opened while a restore was on its way.
type Shared = &'static Mutex<Option<Client>>;

fn shared() -> Shared {
    Box::leak(Box::default())
}

/// Connects when the restore says that it begins with this, with the database called so.
fn at_step(
    migrator: Migrator,
    stage: &Stage,
    (word, new): (&'static str, bool),
    shared: Shared,
) -> Migrator {
    let config = stage.database.config();
    migrator.on_event(move |event| {
        let Event::Restoring { step } = event else { return };
        if !step.starts_with(word) {
            return;
        }
        let mut config = config.clone();
        if new {
            config.dbname(step.rsplit(' ').next().unwrap());
        }
        *shared.lock().unwrap() = Some(config.connect(NoTls).unwrap());
    })
}

fn others_are_told_before_anything_is_done() {
    let stage = Stage::new();
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut config = stage.database.config();
    let other = config.application_name("reports").connect(NoTls).unwrap();
    let plan = stage.migrator().plan_restore(&stage.backups, &stage.wanted()).unwrap();
    let shown: Vec<_> = plan.others.iter().filter_map(|it| it.application.as_deref()).collect();
    assert_eq!(shown, ["reports"]);
    let error = stage.run(&stage.wanted()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::InUse, 1));
    let message = error.to_string();
    assert!(message.contains(", application reports, role migration, for "), "{message}");
    assert_eq!(error.state(), Some("nothing was changed"));
    let hint = format!("migration-cli restore {} --disconnect", stage.backup);
    assert!(error.hints()[0].starts_with(&hint), "{error:?}");
    drop(other);
    stage.is_untouched();
    stage.restore();
}

fn others_are_ended_where_that_was_asked_for() {
    let stage = Stage::new();
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut others = [stage.database.client(), stage.database.client()];
    // One that comes back as soon as it is ended, as a pool does, and never for long without a session.
    let (config, over) = (stage.database.config(), std::sync::atomic::AtomicBool::new(false));
    let restored = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::SeqCst) {
                if let Ok(mut client) = config.connect(NoTls) {
                    drop(client.batch_execute("SELECT pg_sleep(30)"));
                }
            }
        });
        let mut wanted = stage.wanted();
        wanted.disconnect = true;
        let restored = stage.run(&wanted);
        over.store(true, std::sync::atomic::Ordering::SeqCst);
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%' AND pid <> pg_backend_pid()";
        wait_until("the pool has no session", || stage.text_in("postgres", end) == "0");
        restored
    });
    restored.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(others.iter_mut().all(|it| it.batch_execute("SELECT 1").is_err()));
    assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
}

fn somebody_who_comes_before_the_swap_is_waited_for() {
    let (stage, other) = (Stage::new(), shared());
    stage.database.execute("INSERT INTO one VALUES (99)");
    let migrator = at_step(stage.migrator(), &stage, ("Putting", false), other);
    let restored = std::thread::scope(|scope| {
        let restoring = scope.spawn(|| { migrator }.run_restore(&stage.backups, &stage.wanted()));
        wait_until("the other one is there", || other.lock().unwrap().is_some());
        // The old database still serves.
        other
            .lock()
            .unwrap()
            .as_mut()
            .unwrap()
            .batch_execute("INSERT INTO one VALUES (7)")
            .unwrap();
        *other.lock().unwrap() = None;
        restoring.join().unwrap()
    });
    let kept = restored.unwrap_or_else(|error| panic!("{error:?}")).kept.unwrap();
    assert_eq!(stage.text_in(&kept, "SELECT id::text FROM one ORDER BY 1"), "1\n7\n99");
}

/// What waits for nobody.
fn impatient(migrator: Migrator) -> Migrator {
    let mut settings = Settings::default();
    settings.wait = Duration::ZERO;
    migrator.with_settings(settings)
}

fn somebody_who_stays_keeps_the_old_database() {
    let (stage, other) = (Stage::new(), shared());
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut migrator = at_step(impatient(stage.migrator()), &stage, ("Putting", false), other);
    let error = migrator.run_restore(&stage.backups, &stage.wanted()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::InUse, 1), "{error:?}");
    assert!(error.state().unwrap().ends_with("nothing is left of the new database"), "{error:?}");
    other.lock().unwrap().as_mut().unwrap().batch_execute("SELECT 1").unwrap();
    *other.lock().unwrap() = None;
    stage.is_untouched();
    let log = "SELECT outcome FROM _migrations_log WHERE command = 'restore'";
    assert_eq!(stage.database.text(log), "failed");
    stage.restore();
}

fn somebody_in_the_new_database_is_in_the_way_too() {
    // As a collector of statistics is, which looks at every database of a server.
    let (stage, other) = (Stage::new(), shared());
    stage.database.execute("INSERT INTO one VALUES (99)");
    let mut migrator = at_step(impatient(stage.migrator()), &stage, ("Restoring", true), other);
    let error = migrator.run_restore(&stage.backups, &stage.wanted()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InUse, "{error:?}");
    assert!(error.state().unwrap().ends_with("nothing is left of the new database"), "{error:?}");
    stage.is_untouched();
    let mut wanted = stage.wanted();
    wanted.disconnect = true;
    migrator.run_restore(&stage.backups, &wanted).unwrap();
}

fn a_role_that_may_not_end_others_is_told_so() {
    let (stage, role) = Stage::owned("CREATEDB");
    stage.database.execute("INSERT INTO one VALUES (99)");
    let superuser = stage.database.client();
    let mut wanted = stage.wanted();
    wanted.disconnect = true;
    let mut migrator = Migrator::new(&three(), role.config);
    let error = migrator.run_restore(&stage.backups, &wanted).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Privilege, 3), "{error:?}");
    assert!(
        error.to_string().starts_with("this role may not end the session of pid "),
        "{error:?}"
    );
    drop(superuser);
    stage.is_untouched();
}

fn who_has_a_table_of_the_whole_server_is_not_in_the_way() {
    let stage = Stage::new();
    let mut client = stage.database.server().config("postgres").connect(NoTls).unwrap();
    client.batch_execute("BEGIN; ANALYZE pg_shseclabel").unwrap();
    for in_place in [true, false] {
        stage.database.execute("INSERT INTO one VALUES (99)");
        let mut wanted = stage.wanted();
        wanted.in_place = in_place;
        stage.run(&wanted).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
    }
}

fn who_changes_the_database_is_waited_for() {
    let (stage, other) = (Stage::new(), shared());
    stage.database.execute("INSERT INTO one VALUES (99)");
    let name = stage.database.name();
    let config = stage.database.server().config("postgres");
    let comment = format!("BEGIN; COMMENT ON DATABASE {name} IS 'mine'");
    let mut migrator = stage.migrator().on_event(move |event| {
        if matches!(event, Event::Restoring { step } if step.starts_with("Putting")) {
            let mut client = config.connect(NoTls).unwrap();
            client.batch_execute(&comment).unwrap();
            *other.lock().unwrap() = Some(client);
        }
    });
    // Longer than a statement of ours waits for a lock otherwise.
    let waits = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%{name}_before_restore_%'
            AND clock_timestamp() - query_start > interval '3 s'"
    );
    let restored = std::thread::scope(|scope| {
        let restoring = scope.spawn(|| migrator.run_restore(&stage.backups, &stage.wanted()));
        wait_until("the rename waits", || {
            restoring.is_finished() || stage.text_in("postgres", &waits) == "1"
        });
        *other.lock().unwrap() = None;
        restoring.join().unwrap()
    });
    restored.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(stage.database.text("SELECT count(*) FROM one"), "1");
}

fn no_runner_gets_in_between() {
    // The lock of the migrations is held until nobody can get in any more.
    let stage = Stage::new();
    stage.database.execute("INSERT INTO one VALUES (99)");
    let config = stage.database.config();
    let errors: &'static Mutex<Vec<ErrorKind>> = Box::leak(Box::default());
    let mut migrator = stage.migrator().on_event(move |event| {
        if let Event::Restoring { .. } = event {
            let later = migration_tests::set(&[("20260101000009_later", "SELECT 1", "SELECT 1")]);
            let mut other = impatient(Migrator::new(&later, config.clone()));
            errors.lock().unwrap().push(other.up().unwrap_err().kind());
        }
    });
    migrator.run_restore(&stage.backups, &stage.wanted()).unwrap();
    let errors = errors.lock().unwrap();
    assert!(errors.len() > 3 && errors.iter().all(|it| *it == ErrorKind::LockHeld), "{errors:?}");
}

fn a_prepared_transaction_is_told() {
    let stage = Stage::new();
    let name = stage.database.name();
    stage.database.execute("INSERT INTO one VALUES (99)");
    stage
        .database
        .execute(&format!("BEGIN; INSERT INTO one VALUES (98); PREPARE TRANSACTION 'of {name}'"));
    let error = stage.run(&stage.wanted()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Impossible, 2));
    assert!(error.to_string().ends_with(&format!(": of {name}")), "{error:?}");
    stage.is_untouched();
    stage.database.execute(&format!("ROLLBACK PREPARED 'of {name}'"));
    stage.restore();
}
