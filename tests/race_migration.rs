//! Several processes on one database, and processes that are killed.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "a child tells its parent how far it is")]

mod race {
    pub(crate) mod batches;
    pub(crate) mod faults;
    pub(crate) mod killed;
    pub(crate) mod production_data;
}

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ExitCode};

use migrate_runtime::{Event, MigrationSet, Migrator};
use migration_tests::doubling::{BALANCE, DOUBLE, HALVE, assert_each_ran_once, doubling};
use migration_tests::harness::{self, Trial};
use migration_tests::{BLOCKED, TestDatabase, child, set, trials, wait_until};

fn main() -> ExitCode {
    harness::run(tests(), race::production_data::tests())
}

fn tests() -> Vec<Trial> {
    let mut tests = trials![
        two_to_eight_processes_on_a_fresh_database_all_succeed,
        three_replicas_double_the_balance_once,
        three_processes_build_one_index_concurrently,
        runners_killed_at_random_moments_lose_and_double_nothing,
        sessions_ended_at_random_moments_lose_and_double_nothing,
        a_runner_killed_just_before_the_history_row_runs_once,
        an_older_program_reverts_what_a_newer_one_ran
    ];
    tests.extend(race::batches::tests());
    tests.extend(race::killed::tests());
    tests.extend(race::faults::tests());
    tests
}

/// How often a runner is killed.
const ROUNDS: u32 = 50;

/// What a child does: `up`, with a line for every migration that has run.
fn run_up(url: &str, set: &MigrationSet) {
    let migrator = Migrator::from_url(set, url).unwrap();
    let migrator = migrator.on_event(|event| {
        if let Event::Finished { done, .. } = event {
            println!("ran {}", done.version);
        }
    });
    if let Err(error) = { migrator }.up() {
        panic!("{error:?}");
    }
}

fn two_to_eight_processes_on_a_fresh_database_all_succeed() {
    if let Some(url) = child::argument() {
        return run_up(&url, &doubling(12));
    }
    let name = "two_to_eight_processes_on_a_fresh_database_all_succeed";
    for count in [2, 3, 4, 4, 5, 8, 8] {
        let database = TestDatabase::new();
        database.execute(BALANCE);
        let children: Vec<Child> =
            (0..count).map(|_| child::spawn(name, &database.url())).collect();
        children.into_iter().for_each(child::assert_success);
        assert_each_ran_once(&database, 12);
        let log =
            "SELECT count(*), count(DISTINCT version) FROM _migrations_log WHERE outcome = 'ok'";
        assert_eq!(database.text(log), "12|12", "{count} at once");
    }
}

fn three_replicas_double_the_balance_once() {
    if let Some(url) = child::argument() {
        return run_up(&url, &doubling(2));
    }
    let database = TestDatabase::new();
    database.execute(BALANCE);
    Migrator::new(&doubling(1), database.config()).up().unwrap();
    let name = "three_replicas_double_the_balance_once";
    let children: Vec<Child> = (0..3).map(|_| child::spawn(name, &database.url())).collect();
    children.into_iter().for_each(child::assert_success);
    assert_each_ran_once(&database, 2);
}

fn three_processes_build_one_index_concurrently() {
    // Whoever waited for the lock inside a statement would hold a snapshot that CONCURRENTLY waits for.
    let indexed = set(&[
        ("20260101000001_rows", "CREATE TABLE rows (n int)", "DROP TABLE rows"),
        (
            "20260101000002_index",
            "CREATE INDEX CONCURRENTLY rows_n ON rows (n)",
            "DROP INDEX CONCURRENTLY rows_n",
        ),
    ]);
    if let Some(url) = child::argument() {
        return run_up(&url, &indexed);
    }
    for _ in 0..5 {
        let database = TestDatabase::new();
        let name = "three_processes_build_one_index_concurrently";
        let children: Vec<Child> = (0..3).map(|_| child::spawn(name, &database.url())).collect();
        children.into_iter().for_each(child::assert_success);
        let valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'rows_n'::regclass";
        assert_eq!(database.text(valid), "t");
        assert_eq!(database.text("SELECT count(*) FROM _migrations"), "2");
    }
}

fn runners_killed_at_random_moments_lose_and_double_nothing() {
    const MIGRATIONS: usize = 8;
    if let Some(url) = child::argument() {
        return run_up(&url, &doubling(MIGRATIONS));
    }
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for round in 0..ROUNDS {
        let database = TestDatabase::new();
        database.execute(BALANCE);
        let name = "runners_killed_at_random_moments_lose_and_double_nothing";
        let mut runner = child::spawn(name, &database.url());
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // The moment: after so many migrations, and then some way into the next one.
        let lines = BufReader::new(runner.stdout.take().unwrap()).lines();
        let wanted = usize::try_from(random % MIGRATIONS as u64).unwrap();
        let seen =
            lines.map_while(Result::ok).filter(|it| it.starts_with("ran ")).take(wanted).count();
        for _ in 0..random >> 32 & 0xff {
            std::thread::yield_now();
        }
        runner.kill().unwrap();
        runner.wait().unwrap();
        let exists = database.text("SELECT to_regclass('_migrations') IS NOT NULL") == "t";
        let count = "SELECT count(*) FROM _migrations";
        let before: usize = if exists { database.text(count).parse().unwrap() } else { 0 };
        assert!(before >= seen, "round {round}: {seen} had run, the history has {before}");

        run_up(&database.url(), &doubling(MIGRATIONS));
        assert_each_ran_once(&database, MIGRATIONS);
        let made = "SELECT count(*) FROM pg_class WHERE relname LIKE 'made\\_%' AND relkind = 'r'";
        assert_eq!(database.text(made), MIGRATIONS.to_string(), "round {round}");
    }
}

fn sessions_ended_at_random_moments_lose_and_double_nothing() {
    const MIGRATIONS: usize = 8;
    // Whoever holds the lock of the migrations; twice at most, as a third time ends a run.
    const END: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objid = 1 AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut hits = 0;
    for round in 0..ROUNDS / 2 {
        let database = TestDatabase::new();
        database.execute(BALANCE);
        let run = || Migrator::new(&doubling(MIGRATIONS), database.config()).up();
        let (runs, ended) = std::thread::scope(|scope| {
            let runners: Vec<_> = (0..2).map(|_| scope.spawn(run)).collect();
            let mut client = database.client();
            let mut ended = 0;
            while ended < 2 && !runners.iter().all(std::thread::ScopedJoinHandle::is_finished) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                for _ in 0..random >> 32 & 0xff {
                    std::thread::yield_now();
                }
                ended += client.query_one(END, &[]).unwrap().get::<_, i64>(0);
            }
            let ends = runners.into_iter().map(|it| it.join().unwrap());
            (ends.collect::<Result<Vec<_>, _>>(), ended)
        });
        let runs = runs.unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        // Each migration is listed by the one that ran it, though it may not have seen the answer.
        let mut done: Vec<_> = runs.iter().flat_map(|it| &it.done).map(|it| &it.version).collect();
        done.sort();
        let expected: Vec<_> = (1..=MIGRATIONS).map(|it| format!("20260101{it:06}")).collect();
        assert_eq!(done, expected.iter().collect::<Vec<_>>(), "round {round}, {ended} ended");
        assert_each_ran_once(&database, MIGRATIONS);
        hits += ended;
    }
    assert!(hits > 0, "no session was ended");
}

fn a_runner_killed_just_before_the_history_row_runs_once() {
    // The script ends by waiting for a lock that the test holds: all is done but the row.
    let waiting = set(&[(
        "20260101000001_double",
        &format!("-- migrate:lock-timeout 1min\n{DOUBLE}; SELECT pg_advisory_xact_lock(42)"),
        HALVE,
    )]);
    if let Some(url) = child::argument() {
        return run_up(&url, &waiting);
    }
    let database = TestDatabase::new();
    database.execute(BALANCE);
    let mut barrier = database.client();
    barrier.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
    let name = "a_runner_killed_just_before_the_history_row_runs_once";
    let mut runner = child::spawn(name, &database.url());
    wait_until("the script waits", || database.text(BLOCKED) == "1");
    runner.kill().unwrap();
    runner.wait().unwrap();
    drop(barrier);
    run_up(&database.url(), &waiting);
    assert_each_ran_once(&database, 1);
}

fn an_older_program_reverts_what_a_newer_one_ran() {
    // Two processes, as two releases are: the first has three migrations, the second has two.
    if let Some(argument) = child::argument() {
        let (release, url) = argument.split_once(' ').unwrap();
        if release == "newer" {
            return run_up(url, &doubling(3));
        }
        let mut older = Migrator::from_url(&doubling(2), url).unwrap();
        let run = older.down(std::num::NonZeroUsize::MIN).unwrap();
        assert_eq!(run.done[0].version, "20260101000003");
        return;
    }
    let database = TestDatabase::new();
    database.execute(BALANCE);
    let name = "an_older_program_reverts_what_a_newer_one_ran";
    child::assert_success(child::spawn(name, &format!("newer {}", database.url())));
    assert_each_ran_once(&database, 3);
    child::assert_success(child::spawn(name, &format!("older {}", database.url())));
    assert_each_ran_once(&database, 2);
    assert_eq!(database.text("SELECT to_regclass('made_3')"), "");
}
