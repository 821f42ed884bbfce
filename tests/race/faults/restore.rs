//! The matrix of faults of `restore`: what happens at each of its steps, and that the database is what it was
//! before or the restored one, as a whole, lets everybody in, and is restored by the next run, which leaves
//! nothing of the one that was hit.

use std::os::unix::process::ExitStatusExt as _;
use std::sync::OnceLock;

use migrate_runtime::backup::{BackupId, Backups};
use migrate_runtime::fault::Point;
use migrate_runtime::testing::search;
use migrate_runtime::{Interrupt, MigrationSet, Migrator, Restore};
use migration_tests::harness::{self, Trial};
use migration_tests::proxy::Proxy;
use migration_tests::{End, TestDatabase, child, set, trials, wait_until};
use postgres::NoTls;

use super::arena::Arena;
use super::runner::{Ended, Runner, stop_at};

/// Every place, by the name of its trial; whether in place; and what is certain once somebody is killed there.
const PLACES: &[(&str, Point, bool, After)] = &[
    ("checked", Point::RestoreChecked, false, After::Old),
    ("made", Point::RestoreMade, false, After::Old),
    ("created", Point::RestoreCreated, false, After::Old),
    ("filled", Point::RestoreFilled, false, After::Old),
    ("compared", Point::RestoreCompared, false, After::Old),
    ("blocked", Point::RestoreBlocked, false, After::Either),
    ("swapped", Point::RestoreSwapped, false, After::Restored),
    ("in_place_filled", Point::RestoreFilled, true, After::Old),
    ("in_place_compared", Point::RestoreCompared, true, After::Old),
    ("in_place_committed", Point::RestoreSwapped, true, After::Restored),
];

/// What is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Old,
    Restored,
    Either,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// `kill -9`.
    Killed,
    /// A signal that asks for the end.
    Interrupted,
    /// The network is gone, for a moment.
    Cut,
    /// An administrator ends the sessions of the run.
    Terminated,
    /// The server is stopped with `-m immediate` and started again.
    Crashed,
}

use Fault::{Crashed, Cut, Interrupted, Killed, Terminated};

const FAULTS: [Fault; 5] = [Killed, Interrupted, Cut, Terminated, Crashed];

/// A trial for each place: `race::faults::restore::blocked`.
pub(super) fn tests() -> Vec<Trial> {
    let trial = |&(name, point, in_place, after): &(&'static str, Point, bool, After)| {
        let child_of = format!("race::faults::restore::{name}");
        harness::trial(module_path!(), name, move || check(&child_of, point, in_place, after))
    };
    let own = trials![
        a_program_that_outlives_its_run_is_ended_by_the_next,
        nobody_gets_in_between_the_lock_and_the_new_name
    ];
    PLACES.iter().map(trial).chain(own).collect()
}

fn migrations() -> MigrationSet {
    set(&[("20260101000001_one", "CREATE TABLE one (id int)", "DROP TABLE one")])
}

/// A database, and a backup of it from before its second row.
struct Stage {
    arena: Arena,
    database: TestDatabase,
    backups: Backups,
    backup: BackupId,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new(before: &str) -> Stage {
        let arena = Arena::enter();
        let database = TestDatabase::on(arena.0);
        let mut migrator = Migrator::new(&migrations(), database.config());
        migrator.up().unwrap();
        database.execute(before);
        let folder = tempfile::tempdir().unwrap();
        let backups = Backups::new(folder.path().join("backups")).with_search(search());
        let backup = migrator.backup(&backups).unwrap().id.clone();
        Stage { arena, database, backups, backup, folder }
    }

    fn runner(&self, trial: &str, (point, in_place): (Option<Point>, bool), url: &str) -> Runner {
        let point = point.map_or("None".to_owned(), |it| format!("{it:?}"));
        let folder = self.folder.path().display();
        Runner::spawn(trial, &format!("{point} {in_place} {folder} {} {url}", self.backup))
    }

    /// What a query gives in another database, as a text.
    fn text(&self, sql: &str) -> String {
        let mut client = self.arena.0.config("postgres").connect(NoTls).unwrap();
        let text: Option<String> = client.query_one(sql, &[]).unwrap().get(0);
        text.unwrap_or_default()
    }

    /// Waits until nothing of a run is left on the server, programs included.
    fn settled(&self, cell: &str) {
        let sessions = "SELECT count(*)::text FROM pg_stat_activity
            WHERE application_name ~ '^(migrate-runtime/|pg_restore|pg_dump)'";
        wait_until(&format!("{cell}: no runner is left"), || self.text(sessions) == "0");
    }

    /// The databases that are about this one.
    fn databases(&self) -> String {
        let name = self.database.name();
        let sql = format!(
            "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE '{name}%'"
        );
        let kept = format!("{name}_before_restore_");
        let names = self.text(&sql);
        let names = names.split(' ').map(|it| if it.starts_with(&kept) { "kept" } else { it });
        names.collect::<Vec<_>>().join(" ").replace(name, "NAME")
    }

    fn found(&self) -> After {
        match self.database.text("SELECT string_agg(id::text, ' ' ORDER BY id) FROM one").as_str() {
            "1 99" => After::Old,
            "1" => After::Restored,
            other => panic!("neither the old database nor the restored one: {other}"),
        }
    }

    /// The next run, which is not disturbed; then all is as one run leaves it.
    fn restore_again(&self) {
        let mut migrator = Migrator::new(&migrations(), self.database.config());
        let restored = migrator.run_restore(&self.backups, &Restore::of(self.backup.clone()));
        restored.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(self.found(), After::Restored);
        let kept = migrator.kept_by_restore(&self.backup).unwrap();
        migrator.drop_kept(&self.backup, &kept).unwrap();
        assert_eq!(self.databases(), "NAME");
    }
}

fn check(trial: &str, point: Point, in_place: bool, after: After) {
    if let Some(argument) = child::argument() {
        return restore(&argument);
    }
    let stage = Stage::new("INSERT INTO one VALUES (1)");
    for fault in FAULTS {
        let cell = format!("{point:?}, {fault:?}");
        if stage.found() == After::Restored {
            stage.database.execute("INSERT INTO one VALUES (99)");
        }
        let proxy = (fault == Cut).then(|| Proxy::socket(&stage.database));
        let url = proxy.as_ref().map_or_else(|| stage.database.url(), Proxy::url);
        let mut runner = stage.runner(trial, (Some(point), in_place), &url);
        assert!(runner.says(&format!("at {point:?} 1")), "{cell}: it does not come there");
        match fault {
            Killed => runner.kill(),
            Interrupted => runner.tell("interrupt"),
            Cut => proxy.as_ref().unwrap().cut_all(),
            Terminated => {
                let end = "SELECT count(pg_terminate_backend(pid))::text FROM pg_stat_activity
                    WHERE application_name LIKE 'migrate-runtime/%'";
                assert_ne!(stage.text(end), "0", "{cell}");
            }
            Crashed => {
                stage.arena.0.stop(End::Immediate);
                stage.arena.0.start();
            }
        }
        if !matches!(fault, Killed | Interrupted) {
            runner.tell("go on");
        }
        let ended = runner.end();
        stage.settled(&cell);
        stage.is_as_expected((&cell, point), fault, after, &ended);
        stage.restore_again();
    }
}

impl Stage {
    /// The database lets in and is a whole one, and whoever lived to say which has said the truth.
    fn is_as_expected(
        &self,
        (cell, point): (&str, Point),
        fault: Fault,
        after: After,
        ended: &Ended,
    ) {
        let found = self.found();
        let words = format!("{cell}: {found:?}, {ended:#?}, {}", self.databases());
        assert!(self.databases().starts_with("NAME"), "{words}");
        if fault == Killed {
            assert_eq!(ended.status.signal(), Some(9), "{words}");
            assert!(after == After::Either || found == after, "{words}");
            return;
        }
        if ended.line("done").is_some() {
            assert_eq!(found, After::Restored, "{words}");
            return;
        }
        let state = ended.line("failed").unwrap_or_else(|| panic!("{words}"));
        // Where the connection was lost over the answer to a COMMIT, nobody can say which: before it is sent,
        // there is nothing to doubt.
        let is_in_doubt =
            state.contains(", or restored, as a whole") || state.contains("or the restored one");
        let may_commit =
            [Point::RestoreCompared, Point::RestoreBlocked, Point::RestoreSwapped].contains(&point);
        assert!(may_commit || !is_in_doubt, "{words}");
        assert!(is_in_doubt || found == After::Old, "{words}");
        if fault == Interrupted {
            assert!(state.starts_with("interrupted 130: ") && found == After::Old, "{words}");
            assert_eq!(self.databases(), "NAME", "{words}");
        }
    }
}

static INTERRUPT: OnceLock<Interrupt> = OnceLock::new();

/// What a child does.
fn restore(argument: &str) {
    let mut words = argument.splitn(5, ' ');
    let mut word = || words.next().unwrap();
    let (point, in_place, folder) = (word().to_owned(), word() == "true", word());
    let backups = Backups::new(format!("{folder}/backups")).with_search(search());
    let mut wanted = Restore::of(word().parse().unwrap());
    wanted.in_place = in_place;
    let mut migrator = Migrator::from_url(&migrations(), word()).unwrap();
    INTERRUPT.set(migrator.interrupt()).unwrap();
    stop_at((point.clone(), 1), |told| {
        if told == "interrupt" {
            INTERRUPT.get().unwrap().interrupt();
        }
    });
    if point == "None" {
        std::thread::spawn(|| {
            let mut told = String::new();
            if std::io::stdin().read_line(&mut told).is_ok_and(|it| it > 0) {
                INTERRUPT.get().unwrap().interrupt();
            }
        });
    }
    match migrator.run_restore(&backups, &wanted) {
        Ok(restored) => println!("> done {}", restored.way.as_str()),
        Err(error) => {
            let (kind, code) = (error.kind().as_str(), error.exit_code());
            println!("> failed {kind} {code}: {}", error.state().unwrap_or_default());
            panic!("{error:?}");
        }
    }
}

fn a_program_that_outlives_its_run_is_ended_by_the_next() {
    if let Some(argument) = child::argument() {
        return restore(&argument);
    }
    // Its rows are checked by something that takes for ever, where that is asked for.
    let stage = Stage::new(
        "INSERT INTO one VALUES (1);
         CREATE FUNCTION slow(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
             IF current_setting('test.slow', true) = 'on' THEN PERFORM pg_sleep(3600); END IF; RETURN true; END $$;
         ALTER TABLE one ADD CHECK (public.slow(id))",
    );
    stage
        .database
        .execute("INSERT INTO one VALUES (99); ALTER ROLE migration SET test.slow = 'on'");
    let trial = "race::faults::restore::a_program_that_outlives_its_run_is_ended_by_the_next";
    let filling = "SELECT count(*)::text FROM pg_stat_activity
        WHERE application_name = 'pg_restore' AND wait_event = 'PgSleep'";
    for fault in [Killed, Interrupted] {
        let mut runner = stage.runner(trial, (None, false), &stage.database.url());
        wait_until("it fills the new database", || stage.text(filling) == "1");
        match fault {
            Killed => runner.kill(),
            _ => runner.tell("interrupt"),
        }
        drop(runner.end());
        assert_eq!(stage.found(), After::Old);
        if fault == Killed {
            assert_eq!(stage.text(filling), "1", "it goes on without us");
        }
        stage.database.execute("ALTER ROLE migration SET test.slow = 'off'");
        stage.restore_again();
        assert_eq!(stage.text(filling), "0");
        stage
            .database
            .execute("INSERT INTO one VALUES (99); ALTER ROLE migration SET test.slow = 'on'");
    }
    stage.database.execute("ALTER ROLE migration RESET test.slow");
}

fn nobody_gets_in_between_the_lock_and_the_new_name() {
    if let Some(argument) = child::argument() {
        return restore(&argument);
    }
    let stage = Stage::new("INSERT INTO one VALUES (1)");
    stage.database.execute("INSERT INTO one VALUES (99)");
    let trial = "race::faults::restore::nobody_gets_in_between_the_lock_and_the_new_name";
    let stop = (Some(Point::RestoreBlocked), false);
    let mut runner = stage.runner(trial, stop, &stage.database.url());
    assert!(runner.says("at RestoreBlocked 1"));
    let config = stage.database.config();
    let coming = std::thread::spawn(move || config.connect(NoTls).map(drop));
    let waits = "SELECT count(*)::text FROM pg_locks WHERE locktype = 'object' AND NOT granted
        AND classid = 'pg_database'::regclass AND mode = 'RowExclusiveLock'";
    wait_until("somebody waits to get in", || stage.text(waits) == "1");
    runner.tell("go on");
    let ended = runner.end();
    assert_eq!(ended.line("done"), Some("beside"), "{ended:#?}");
    // The name that was asked for was that of the old one.
    let error = coming.join().unwrap().unwrap_err();
    assert_eq!(error.code().unwrap().code(), "3D000", "{error:?}");
    assert_eq!(stage.found(), After::Restored);
    stage.restore_again();
}
