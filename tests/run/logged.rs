//! Every end of every command that changes something has its row of the log, and only one.

use std::num::NonZeroUsize;
use std::time::Duration;

use migrate_runtime::{
    Decision, Down, Error, Event, Force, Interrupt, Limit, MigrationSet, Migrator, Repair,
    Settings, Up,
};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, set, trials, wait_until};

use super::locking::TAKE;
use crate::{first, migrator, three, up};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        what_is_done_is_logged,
        what_finds_nothing_to_do_is_not_logged,
        what_the_plan_refuses_is_logged,
        what_finds_the_lock_held_is_logged,
        what_is_interrupted_while_it_waits_is_logged,
        what_is_interrupted_in_a_script_is_logged,
        what_changed_while_it_waited_is_logged,
        what_was_not_agreed_to_is_logged,
        what_fails_is_logged,
        what_cannot_be_written_is_logged,
        a_role_that_may_not_read_the_kept_scripts_is_logged
    ]
}

type Ended = Result<(), Error>;
pub(super) type Command = fn(&mut Migrator) -> Ended;

/// Up to the third; the newest; up to the third; what is edited.
pub(super) const UP: Command = |it| it.up().map(drop);
const DOWN: Command = |it| it.down(NonZeroUsize::MIN).map(drop);
const FORCE: Command = |it| it.run_force(&to("3")).map(drop);
const REPAIR: Command = |it| it.run_repair(&accept()).map(drop);

/// Gives `repair` something to do.
pub(super) const EDITED: &str = "UPDATE _migrations SET checksum = repeat('0', 64) WHERE id = 2";

/// Every command, and what makes that there is something to do for it where two of three have run.
const ALL: [(&str, &str, Command); 4] =
    [("up", "", UP), ("down", "", DOWN), ("force", "", FORCE), ("repair", EDITED, REPAIR)];

pub(super) fn to(version: &str) -> Force {
    Force::to(format!("2026010100000{version}").parse().unwrap())
}

fn accept() -> Repair {
    let mut repair = Repair::default();
    repair.update_checksums = true;
    repair
}

fn impatient() -> Settings {
    let mut settings = Settings::default();
    settings.wait = Duration::ZERO;
    settings
}

/// Two of three have run.
pub(super) fn place(before: &str) -> TestDatabase {
    let database = TestDatabase::new();
    up(&first(&three(), 2), &database);
    database.execute(before);
    database
}

/// The rows after the first two, without their times.
pub(super) fn rows(database: &TestDatabase) -> String {
    database.text(
        "SELECT command, version, direction, outcome, sqlstate, message FROM _migrations_log
         WHERE id > 2 AND started_at <= finished_at ORDER BY id",
    )
}

#[track_caller]
fn check(database: &TestDatabase, name: &str, ended: &Ended, expected: &str) {
    let rows = rows(database);
    let is_one = rows.lines().count() == 1 && rows.starts_with(expected);
    assert!(is_one, "{name}: one row, `{expected}…`, expected\n{rows}");
    if let Err(error) = ended {
        assert!(error.is_logged(), "{name}: {error:?}");
    }
}

fn what_is_done_is_logged() {
    let expected = [
        "up|20260101000003|up|ok||",
        "down|20260101000002|down|ok||",
        "force|20260101000003||ok||",
        "repair|20260101000002||ok||",
    ];
    for ((name, before, command), expected) in ALL.into_iter().zip(expected) {
        let database = place(before);
        let ended = command(&mut migrator(&three(), &database));
        check(&database, name, &ended, expected);
    }
    let database = place("");
    let mut client = database.client();
    let ended = Migrator::new(&three(), postgres::Config::new()).up_with(&mut client).map(drop);
    check(&database, "up_with", &ended, expected[0]);
    let database = place("DROP TABLE _migrations_script");
    let ended = migrator(&three(), &database).run_repair(&Repair::default()).map(drop);
    let expected = "repair|||ok||the table _migrations_script is missing";
    check(&database, "missing table", &ended, expected);
}

fn what_finds_nothing_to_do_is_not_logged() {
    let (database, two) = (place(""), first(&three(), 2));
    let mut migrator = migrator(&two, &database);
    migrator.up().unwrap();
    migrator.run_force(&to("2")).unwrap();
    migrator.run_repair(&accept()).unwrap();
    let mut down = Down::default();
    down.limit = Limit::To("20260101000002".parse().unwrap());
    migrator.run_down(&down).unwrap();
    migrator.plan_up(&Up::default()).unwrap();
    migrator.plan_force("20260101000009".parse().unwrap()).unwrap_err();
    migrator.status().unwrap();
    assert_eq!(rows(&database), "");
}

fn what_the_plan_refuses_is_logged() {
    #[track_caller]
    fn refused(before: &str, set: &MigrationSet, command: Command, expected: &str) {
        let database = place(before);
        let ended = command(&mut migrator(set, &database));
        assert!(ended.is_err());
        check(&database, expected, &ended, expected);
    }

    let alone = set(&[
        ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
        ("20260101000002_two", "CREATE TABLE two (id int)", "DROP TABLE two"),
        ("20260101000003_three", "VACUUM", "SELECT 1"),
    ]);
    let together: Command = |it| {
        let mut up = Up::default();
        up.single_transaction = true;
        it.run_up(&up).map(drop)
    };
    let unknown: Command = |it| {
        let mut up = Up::default();
        up.limit = Limit::To("20260101000009".parse().unwrap());
        it.run_up(&up).map(drop)
    };
    let other = "UPDATE _migrations_script SET down_sql = 'SELECT 1', statements =
        '{\"statements\": [{\"start\": 0, \"end\": 8, \"line\": 1, \"kind\": \"select\"}]}',
        down_checksum = encode(sha256('SELECT 1'), 'hex')";
    let begun = "INSERT INTO _migrations_progress (version, direction, statement,
        statement_checksum, run, started_at, updated_at)
        VALUES ('20260101000003', 'up', 1, repeat('0', 64), gen_random_uuid(), now(), now())";
    let three = three();
    refused(EDITED, &three, UP, "up|||refused||");
    refused("DELETE FROM _migrations WHERE id = 1", &three, UP, "up|||refused||");
    refused("", &three, unknown, "up|||refused||");
    refused("", &alone, together, "up|||refused||");
    refused("", &three, |it| it.down(NonZeroUsize::new(9).unwrap()).map(drop), "down|||refused||");
    refused(other, &three, DOWN, "down|||refused||");
    refused("", &three, |it| it.run_force(&to("9")).map(drop), "force|||refused||this binary has");
    // Found under the lock: whoever began it could be at it still.
    refused(begun, &three, UP, "up|||refused||");
    refused(begun, &three, REPAIR, "repair|||refused||");
    let decided: Command = |it| {
        let mut repair = Repair::default();
        repair.decision = Some(Decision::MarkDone);
        it.run_repair(&repair).map(drop)
    };
    refused(begun, &three, decided, "repair|||refused||");
    let lent: Command = |it| it.up().map(drop);
    refused(EDITED, &three, lent, "up|||refused||");
}

fn what_finds_the_lock_held_is_logged() {
    for (name, before, command) in ALL {
        let database = place(before);
        let mut holder = database.client();
        holder.batch_execute(TAKE).unwrap();
        let ended = command(&mut migrator(&three(), &database).with_settings(impatient()));
        assert_eq!(ended.as_ref().unwrap_err().exit_code(), 6, "{name}");
        let expected = format!("{name}|||refused||another runner holds the lock");
        check(&database, name, &ended, &expected);
    }
    let database = place("");
    let (mut holder, mut client) = (database.client(), database.client());
    holder.batch_execute(TAKE).unwrap();
    let migrator = Migrator::new(&three(), postgres::Config::new());
    let ended = migrator.with_settings(impatient()).up_with(&mut client).map(drop);
    check(&database, "up_with", &ended, "up|||refused||another runner holds the lock");
}

/// Runs a command that waits for the lock, and does something meanwhile.
fn while_it_waits(
    database: &TestDatabase,
    command: Command,
    meanwhile: impl FnOnce(&Interrupt, postgres::Client),
) -> Ended {
    let mut holder = database.client();
    holder.batch_execute(TAKE).unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let mut waiting = migrator(&three(), database).on_event(move |event| {
        if let Event::WaitingForLock { .. } = event {
            sender.send(()).unwrap();
        }
    });
    let interrupt = waiting.interrupt();
    std::thread::scope(|scope| {
        let ended = scope.spawn(move || command(&mut waiting));
        receiver.recv().unwrap();
        meanwhile(&interrupt, holder);
        ended.join().unwrap()
    })
}

fn what_is_interrupted_while_it_waits_is_logged() {
    for (name, before, command) in ALL {
        let database = place(before);
        let ended = while_it_waits(&database, command, |it, _holder| it.interrupt());
        assert!(ended.as_ref().unwrap_err().is_interrupted(), "{name}");
        check(&database, name, &ended, &format!("{name}|||interrupted||interrupted"));
    }
}

fn what_is_interrupted_in_a_script_is_logged() {
    #[track_caller]
    fn interrupted(up: &str, down: &str, command: Command, expected: &str) {
        let database = TestDatabase::new();
        let set = set(&[("20260101000001_one", up, down)]);
        if up == "SELECT 1" {
            crate::up(&set, &database);
        }
        let mut migrator = migrator(&set, &database);
        let interrupt = migrator.interrupt();
        let running = std::thread::spawn(move || command(&mut migrator));
        let sleeping = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event = 'PgSleep'";
        wait_until("it sleeps", || database.text(sleeping) == "1");
        interrupt.interrupt();
        let error = running.join().unwrap().unwrap_err();
        assert!(error.is_logged() && error.is_interrupted(), "{error:?}");
        let log = "SELECT command, version, direction, outcome, sqlstate FROM _migrations_log
            ORDER BY id DESC LIMIT 1";
        assert_eq!(database.text(log), expected);
        let count = if up == "SELECT 1" { "2" } else { "1" };
        assert_eq!(database.text("SELECT count(*) FROM _migrations_log"), count);
    }

    let alone = "-- migrate:no-transaction\nSELECT pg_sleep(600)";
    interrupted("SELECT pg_sleep(600)", "SELECT 1", UP, "up|20260101000001|up|interrupted|57014");
    interrupted(alone, "SELECT 1", UP, "up|20260101000001|up|interrupted|57014");
    interrupted(
        "SELECT 1",
        "SELECT pg_sleep(600)",
        DOWN,
        "down|20260101000001|down|interrupted|57014",
    );
    interrupted("SELECT 1", alone, DOWN, "down|20260101000001|down|interrupted|57014");
}

fn what_changed_while_it_waited_is_logged() {
    let again = "UPDATE _migrations SET checksum = repeat('1', 64) WHERE id = 1";
    for (name, before, command) in ALL {
        let database = place(before);
        let change = if name == "repair" { again } else { "DELETE FROM _migrations WHERE id = 2" };
        let ended = while_it_waits(&database, command, |_, mut holder| {
            holder.batch_execute(change).unwrap();
        });
        assert_eq!(ended.as_ref().unwrap_err().exit_code(), 5, "{name}");
        check(&database, name, &ended, &format!("{name}|||refused||another runner changed"));
    }
}

fn what_was_not_agreed_to_is_logged() {
    let database = place("");
    let mut force = to("3");
    force.agreed =
        Some(migrator(&three(), &database).plan_force("20260101000001".parse().unwrap()).unwrap());
    let ended = migrator(&three(), &database).run_force(&force).map(drop);
    check(&database, "force", &ended, "force|||refused||the history has changed since");

    let database = place(EDITED);
    let mut repair = accept();
    repair.agreed = Some(Vec::new());
    let ended = migrator(&three(), &database).run_repair(&repair).map(drop);
    check(&database, "repair", &ended, "repair|||refused||there is something else to mend");
}

fn what_fails_is_logged() {
    #[track_caller]
    fn failed(script: &str, expected: &str) {
        let broken = set(&[
            ("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one"),
            ("20260101000002_two", "CREATE TABLE two (id int)", script),
            ("20260101000003_three", script, "SELECT 1"),
        ]);
        for (direction, version, command) in [("up", "3", UP), ("down", "2", DOWN)] {
            let database = TestDatabase::new();
            up(&first(&broken, 2), &database);
            let ended = command(&mut migrator(&broken, &database));
            let expected =
                format!("{direction}|2026010100000{version}|{direction}|failed|{expected}");
            check(&database, &expected, &ended, &expected);
        }
        let database = TestDatabase::new();
        up(&first(&broken, 2), &database);
        let mut client = database.client();
        let ended = Migrator::new(&broken, postgres::Config::new()).up_with(&mut client).map(drop);
        check(&database, "up_with", &ended, "up|20260101000003|up|failed|");
    }

    failed("SELECT 1 / 0", "22012|division by zero");
    failed("-- migrate:no-transaction\nSELECT 1 / 0", "22012|division by zero");
    failed("DO $$ BEGIN RAISE 'no' USING ERRCODE = 'ZZ999'; END $$", "ZZ999|no");
}

fn what_cannot_be_written_is_logged() {
    let barrier = "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'not today' USING ERRCODE = 'ZZ001'; END $$;
        CREATE TRIGGER no BEFORE INSERT OR UPDATE OR DELETE ON _migrations
            FOR EACH STATEMENT EXECUTE FUNCTION no()";
    for (name, before, command) in ALL {
        let database = place(before);
        database.execute(barrier);
        let ended = command(&mut migrator(&three(), &database));
        let version = if ["down", "repair"].contains(&name) { "2" } else { "3" };
        let direction = if ["up", "down"].contains(&name) { name } else { "" };
        let expected = format!("{name}|2026010100000{version}|{direction}|failed|ZZ001|not today");
        check(&database, name, &ended, &expected);
    }
    // The tables that `repair` makes.
    let database = place(
        "DROP TABLE _migrations_script; CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE 'not today' USING ERRCODE = 'ZZ001'; END $$;
         CREATE EVENT TRIGGER no ON ddl_command_start WHEN tag IN ('CREATE TABLE') EXECUTE FUNCTION no()",
    );
    let ended = migrator(&three(), &database).run_repair(&Repair::default()).map(drop);
    check(&database, "missing table", &ended, "repair|||failed|ZZ001|not today");
    // What was done before it stays, and has its row.
    let database = place(&format!("DROP TABLE _migrations_script; {EDITED}; {barrier}"));
    let ended = REPAIR(&mut migrator(&three(), &database));
    assert!(ended.unwrap_err().is_logged());
    let expected = "repair|||ok||the table _migrations_script is missing\n\
        repair|20260101000002||failed|ZZ001|not today";
    assert_eq!(rows(&database), expected);
}

fn a_role_that_may_not_read_the_kept_scripts_is_logged() {
    let database = place("");
    let role = database.role("half", "");
    database.execute(&format!(
        "GRANT SELECT ON _migrations, _migrations_meta, _migrations_progress TO {0};
         GRANT INSERT ON _migrations_log TO {0}",
        role.name
    ));
    let ended = DOWN(&mut Migrator::new(&three(), role.config));
    check(&database, "down", &ended, "down|||failed|42501|permission denied for table");
    assert_eq!(
        database.text("SELECT db_role FROM _migrations_log WHERE id = 3"),
        role.name,
        "who it was"
    );
}
