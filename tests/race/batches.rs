//! Batches over many rows while others write them and runners are killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use migrate_runtime::{Event, MigrationSet, Migrator};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, child, set, trials};

pub(crate) fn tests() -> Vec<Trial> {
    trials![two_hundred_thousand_rows_are_migrated_once_beside_writers_by_runners_that_are_killed]
}

const ROWS: u32 = 200_000;
const WRITERS: u32 = 3;

const SCRIPT: &str = "ALTER TABLE rows ADD title_normalised text;
-- migrate:batch table=rows key=id size=1000 max-size=2000 target=50ms
UPDATE rows SET title_normalised = lower(title), changed = changed + 1
WHERE id >= :batch_start AND id < :batch_end;
-- migrate:verify
SELECT NOT EXISTS (SELECT FROM rows WHERE title_normalised IS DISTINCT FROM lower(title));";

fn migrations() -> MigrationSet {
    set(&[("20260101000001_normalise", SCRIPT, "ALTER TABLE rows DROP title_normalised")])
}

/// What a child does: `up`, with a line for each batch, behind which it waits until it may go on.
fn run(url: &str) {
    let migrator = Migrator::from_url(&migrations(), url).unwrap().on_event(|event| {
        if let Event::Batch { .. } = event {
            println!("> batch");
            std::io::stdin().read_line(&mut String::new()).unwrap();
        }
    });
    if let Err(error) = { migrator }.up() {
        panic!("{error:?}");
    }
}

fn two_hundred_thousand_rows_are_migrated_once_beside_writers_by_runners_that_are_killed() {
    if let Some(url) = child::argument() {
        return run(&url);
    }
    let database = TestDatabase::new();
    database.execute(&format!(
        "CREATE TABLE rows (id bigint PRIMARY KEY, title text NOT NULL, changed int NOT NULL DEFAULT 0, touched int NOT NULL DEFAULT 0);
         INSERT INTO rows SELECT n, 'Title ' || n FROM generate_series(1, {ROWS}) n; ANALYZE rows"
    ));
    let over = AtomicBool::new(false);
    let (database, over) = (&database, &over);
    let (kills, touched, held) = std::thread::scope(|scope| {
        let writers: Vec<_> =
            (1..=WRITERS).map(|it| scope.spawn(move || write(database, it.into(), over))).collect();
        let watcher = scope.spawn(|| watch(database, over));
        let kills = {
            // Also where a runner fails: the scope waits for its threads.
            let _end = Over(over);
            hit(database)
        };
        let touched: u64 = writers.into_iter().map(|it| it.join().unwrap()).sum();
        (kills, touched, watcher.join().unwrap())
    });
    assert!(kills >= 5, "{kills}");
    let counts = "SELECT count(*), min(changed), max(changed), sum(touched), count(*) FILTER (WHERE title_normalised = lower(title)) FROM rows";
    assert_eq!(database.text(counts), format!("{ROWS}|1|1|{touched}|{ROWS}"));
    assert_eq!(database.text("SELECT count(*) FROM _migrations"), "1");
    assert_eq!(database.text("SELECT count(*) FROM _migrations_progress"), "0");
    assert_eq!(held, Vec::<String>::new(), "whoever waited, waited for one batch");
}

/// Says that it is over when it goes.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Starts runners and kills them at random moments, until one comes to the end; gives the number of kills.
fn hit(database: &TestDatabase) -> u32 {
    let name = "race::batches::two_hundred_thousand_rows_are_migrated_once_beside_writers_by_runners_that_are_killed";
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for kills in 0.. {
        let mut command = child::command(name, &database.url());
        let mut runner = command.stdin(Stdio::piped()).spawn().unwrap();
        next(&mut random);
        // The moment: after so many batches, and then some way into the next one. Further it does not come before
        // it is hit, however fast the machine is: there are more than a hundred batches, and so some kills.
        let wanted = usize::try_from(random % 8 + 1).unwrap();
        let mut go_on = runner.stdin.take().unwrap();
        let lines = BufReader::new(runner.stdout.take().unwrap()).lines();
        let lines = lines.map_while(Result::ok).filter(|it| it.starts_with("> batch"));
        if lines.take(wanted).map(|_| writeln!(go_on).unwrap()).count() < wanted {
            let status = runner.wait().unwrap();
            assert!(status.success(), "{status}");
            return kills;
        }
        for _ in 0..random >> 32 & 0xfff {
            std::thread::yield_now();
        }
        runner.kill().unwrap();
        runner.wait().unwrap();
    }
    unreachable!("a runner comes to the end")
}

fn next(random: &mut u64) {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
}

/// Changes rows at random, each in a transaction of its own; gives how many.
fn write(database: &TestDatabase, seed: u64, over: &AtomicBool) -> u64 {
    let mut client = database.client();
    client.batch_execute("SET application_name = 'writer'").unwrap();
    let (mut random, mut count) = (seed << 32 | 0x9E37_79B9, 0);
    let update = client.prepare("UPDATE rows SET touched = touched + 1 WHERE id = $1").unwrap();
    while !over.load(Ordering::SeqCst) {
        next(&mut random);
        let id = i64::try_from(random % u64::from(ROWS)).unwrap() + 1;
        count += client.execute(&update, &[&id]).unwrap();
    }
    count
}

/// Looks who holds writers up: a transaction that began before the last batch was committed would be more than one.
fn watch(database: &TestDatabase, over: &AtomicBool) -> Vec<String> {
    let mut client = database.client();
    let question = "SELECT w.pid || ' waits for ' || r.query FROM pg_stat_activity w,
            unnest(pg_blocking_pids(w.pid)) AS b JOIN pg_stat_activity r ON r.pid = b, _migrations_progress p
        WHERE w.application_name = 'writer' AND r.application_name <> 'writer' AND r.xact_start < p.updated_at
          AND r.backend_xid IS NOT NULL";
    // One that has no number any more is just ending: its own mark is to be seen before its locks are gone.
    let mut found = Vec::new();
    while !over.load(Ordering::SeqCst) {
        // The tables are made by the first run.
        if let Ok(rows) = client.query(question, &[]) {
            found.extend(rows.iter().map(|it| it.get::<_, String>(0)));
        }
    }
    found
}
