//! `force` when something comes between: other runners, lost connections, interruptions. As a whole or
//! not at all.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use migrate_runtime::{Error, ErrorKind, Event, Forced, MigrationSet, Migrator, Settings};
use migration_tests::harness::Trial;
use migration_tests::proxy::{Fault, Proxy};
use migration_tests::{TestDatabase, trials, wait_until};

use super::force::{added, force, history, removed, to};
use super::locking::TAKE;
use crate::{first, migrator, tables, three, unaware, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_history_that_changes_while_waiting_is_left_alone,
        whoever_forces_the_same_second_finds_nothing_to_do,
        forcing_and_running_at_once_leave_one_history,
        a_backend_that_ends_in_the_middle_changes_nothing,
        a_lost_answer_changes_everything_or_nothing,
        an_interruption_changes_nothing,
        a_row_that_somebody_holds_is_waited_for
    ]
}

/// Starts to force while somebody else holds the lock, who then does something and lets go.
fn meanwhile(
    set: &MigrationSet,
    database: &TestDatabase,
    second: u64,
    sql: &str,
) -> Result<Forced, Error> {
    let mut holder = database.client();
    holder.batch_execute(TAKE).unwrap();
    let (sender, receiver) = mpsc::channel();
    let mut forcing = migrator(set, database).on_event(move |event| {
        if let Event::WaitingForLock { .. } = event {
            sender.send(()).unwrap();
        }
    });
    let waiting = std::thread::spawn(move || forcing.run_force(&to(second)));
    receiver.recv().unwrap();
    holder.batch_execute(sql).unwrap();
    drop(holder);
    waiting.join().unwrap()
}

fn a_history_that_changes_while_waiting_is_left_alone() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    let delete = "DELETE FROM _migrations WHERE version = '20260101000002'";
    let error = meanwhile(&set, &database, 3, delete).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::PlanChanged, 5));
    assert_eq!(error.state(), Some("this run changed nothing"));
    assert_eq!(history(&database), "1");
}

fn whoever_forces_the_same_second_finds_nothing_to_do() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let delete = "DELETE FROM _migrations WHERE version <> '20260101000001'";
    assert!(meanwhile(&set, &database, 1, delete).unwrap().change.is_empty());
    assert_eq!(database.text("SELECT count(*) FROM _migrations_log WHERE command = 'force'"), "0");
}

fn forcing_and_running_at_once_leave_one_history() {
    let set = three();
    for _ in 0..10 {
        let database = TestDatabase::new();
        let (forced, ran) = std::thread::scope(|scope| {
            let forcing = scope.spawn(|| migrator(&set, &database).run_force(&to(3)));
            let running = scope.spawn(|| migrator(&set, &database).up());
            (forcing.join().unwrap(), running.join().unwrap())
        });
        // Whoever came second found nothing to do, or another history than the one it had planned for.
        let ran = ran.unwrap();
        let changed = match forced {
            Ok(forced) => added(&forced.change).len(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::PlanChanged, "{error:?}");
                0
            }
        };
        assert_eq!(ran.done.len() + changed, 3);
        assert_eq!(history(&database), "1 2 3");
        assert_eq!(tables(&database), if changed == 0 { "one three two" } else { "" });
        let log = "SELECT count(*) FILTER (WHERE command = 'up'), count(*) FILTER (WHERE command = 'force') FROM _migrations_log WHERE outcome = 'ok'";
        assert_eq!(database.text(log), if changed == 0 { "3|0" } else { "0|1" });
    }
}

/// Stops whoever writes a row of `force` into the log until this client is gone.
fn barrier(database: &TestDatabase) -> postgres::Client {
    database.execute(
        "CREATE FUNCTION barrier() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_advisory_lock(7); RETURN NEW; END $$;
         CREATE TRIGGER barrier BEFORE INSERT ON _migrations_log FOR EACH ROW
             WHEN (NEW.command = 'force' AND NEW.outcome = 'ok') EXECUTE FUNCTION barrier()",
    );
    let mut holder = database.client();
    holder.batch_execute("SELECT pg_advisory_lock(7)").unwrap();
    holder
}

/// A session that waits for a lock, once there is one.
fn waiting_pid(database: &TestDatabase) -> String {
    let query = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    wait_until("force waits", || !database.text(query).is_empty());
    database.text(query)
}

fn a_backend_that_ends_in_the_middle_changes_nothing() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    let holder = barrier(&database);
    let mut forcing = migrator(&set, &database);
    let running = std::thread::spawn(move || forcing.run_force(&to(3)));
    let pid = waiting_pid(&database);
    database.execute(&format!("SELECT pg_terminate_backend({pid})"));
    let error = running.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ConnectionLost, 1));
    assert_eq!(error.state(), Some("the history was changed as a whole or not at all"));
    assert_eq!(history(&database), "1 2");
    assert_eq!(database.text("SELECT count(*) FROM _migrations_script"), "2");
    drop(holder);
    // What the hint says works.
    assert_eq!(added(&force(&set, &database, 3).change), ["three"]);
}

fn a_lost_answer_changes_everything_or_nothing() {
    let set = three();
    for (fault, expected) in [
        (Fault::CutBeforeQuery(1), "1 2"),
        (Fault::CutAfterQuery(1), "1"),
        (Fault::CutOnReply("COMMIT", 1), "1"),
    ] {
        let database = TestDatabase::new();
        up(&first(&set, 2), &database);
        let proxy = Arc::new(Proxy::socket(&database));
        let cutting = Arc::clone(&proxy);
        let migrator = Migrator::new(&set, proxy.config()).with_settings(unaware());
        let migrator = migrator.on_event(move |event| {
            if let Event::Locked = event {
                cutting.set(fault);
            }
        });
        let error = { migrator }.run_force(&to(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionLost);
        assert_eq!(error.state(), Some("the history was changed as a whole or not at all"));
        let logged = "SELECT count(*) FROM _migrations_log WHERE command = 'force'";
        let changed = if expected == "1" { "1" } else { "0" };
        wait_until("the server is done", || database.text(logged) == changed);
        assert_eq!(history(&database), expected);
        let kept =
            "SELECT string_agg(right(version, 1), ' ' ORDER BY version) FROM _migrations_script";
        assert_eq!(database.text(kept), expected);
        // What the hint says works.
        force(&set, &database, 1);
        assert_eq!(history(&database), "1");
    }
}

fn an_interruption_changes_nothing() {
    let (database, set) = (TestDatabase::new(), three());
    up(&first(&set, 2), &database);
    let _holder = barrier(&database);
    let mut forcing = migrator(&set, &database);
    let interrupt = forcing.interrupt();
    let running = std::thread::spawn(move || forcing.run_force(&to(3)));
    waiting_pid(&database);
    interrupt.interrupt();
    let error = running.join().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130));
    assert_eq!(error.state(), Some("nothing was changed"));
    assert_eq!(history(&database), "1 2");
    let log = "SELECT outcome FROM _migrations_log WHERE command = 'force'";
    assert_eq!(database.text(log), "interrupted");
}

fn a_row_that_somebody_holds_is_waited_for() {
    let (database, set) = (TestDatabase::new(), three());
    up(&set, &database);
    let mut other = database.client();
    let hold = "BEGIN; SELECT FROM _migrations WHERE id = 3 FOR UPDATE";
    other.batch_execute(hold).unwrap();
    let mut settings = Settings::default();
    settings.lock_deadline = Duration::from_millis(50);
    let mut impatient = migrator(&set, &database).with_settings(settings);
    let error = impatient.run_force(&to(2)).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::LockTimeout, 1));
    assert_eq!(history(&database), "1 2 3");

    let mut forcing = migrator(&set, &database);
    let running = std::thread::spawn(move || forcing.run_force(&to(2)));
    wait_until("force waits for the row", || {
        let waiting = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        database.text(waiting) != "0"
    });
    other.batch_execute("COMMIT").unwrap();
    assert_eq!(removed(&running.join().unwrap().unwrap().change), ["three"]);
}
