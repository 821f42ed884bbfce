//! Three runners at once over work of every sort, hit at random again and again: killed, their session
//! ended by an administrator, or both, often while a statement waits for somebody. What is left at the
//! end is what one undisturbed run leaves.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use migrate_runtime::{Event, MigrationSet, Migrator};
use migration_tests::harness::Trial;
use migration_tests::{TestDatabase, child, set, trials, wait_until};
use postgres::Client;

pub(crate) fn tests() -> Vec<Trial> {
    let long = trials![two_hundred_rounds_of_hits_lose_double_and_spoil_nothing];
    let long = long.into_iter().map(|it| it.with_ignored_flag(true));
    trials![racing_runners_that_are_hit_lose_double_and_spoil_nothing]
        .into_iter()
        .chain(long)
        .collect()
}

const RUNNERS: usize = 3;
/// With the number of the round, what decides about every hit.
const SEED: u64 = 0x2545_F491_4F6C_DD1D;

const DOUBLE: &str = "UPDATE balance SET amount = amount * 2";

const BEFORE: &str = "CREATE TABLE balance (amount numeric NOT NULL);
    INSERT INTO balance VALUES (100);
    CREATE TABLE receipts (what text NOT NULL);
    CREATE TABLE stock (id int, other int, note text);
    INSERT INTO stock SELECT n, n % 7, 'note ' || n FROM generate_series(1, 4000) n;
    CREATE TABLE parted (id int) PARTITION BY RANGE (id);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (1) TO (100);
    CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (100) TO (200);
    INSERT INTO parted SELECT generate_series(1, 199)";

const TABLES_AND_INDEXES: &str = "-- migrate:no-transaction
CREATE TABLE made_1 (n int);
INSERT INTO receipts VALUES ('6 first');
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_note ON stock (note);
INSERT INTO receipts VALUES ('6 second');
CREATE TABLE made_2 AS SELECT n FROM generate_series(1, 50) n;
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS made_2_n ON made_2 (n);
INSERT INTO made_1 VALUES (1)";

const DROPS_AND_REBUILDS: &str = "-- migrate:no-transaction
UPDATE balance SET amount = amount * 2;
DROP INDEX CONCURRENTLY stock_note;
INSERT INTO receipts VALUES ('10 first');
REINDEX INDEX CONCURRENTLY stock_id;
INSERT INTO receipts VALUES ('10 second');
CREATE UNIQUE INDEX CONCURRENTLY stock_note ON stock (note, id);
VACUUM stock";

/// The indexes that are there at the end.
const INDEXES: &str = "made_2_n stock_id stock_note";
const RECEIPTS: &str = "10 first, 10 second, 12, 6 first, 6 second";

fn migrations(major: u32) -> MigrationSet {
    let detach = match major {
        ..14 => "ALTER TABLE parted DETACH PARTITION parted_1",
        _ => "ALTER TABLE parted DETACH PARTITION parted_1 CONCURRENTLY",
    };
    let last = format!("{DOUBLE}; INSERT INTO receipts VALUES ('12')");
    let scripts = [
        DOUBLE,
        "CREATE INDEX CONCURRENTLY stock_other ON stock (other)",
        DOUBLE,
        "CREATE UNIQUE INDEX CONCURRENTLY stock_id ON stock (id)",
        DOUBLE,
        TABLES_AND_INDEXES,
        "REINDEX INDEX CONCURRENTLY stock_other",
        DOUBLE,
        detach,
        DROPS_AND_REBUILDS,
        "DROP INDEX CONCURRENTLY stock_other",
        &last,
    ];
    let names: Vec<_> = (1..=scripts.len()).map(|it| format!("20260101{it:06}_work")).collect();
    let scripts: Vec<_> =
        names.iter().zip(scripts).map(|(name, up)| (name.as_str(), up, "SELECT 1")).collect();
    set(&scripts)
}

fn racing_runners_that_are_hit_lose_double_and_spoil_nothing() {
    rounds(15);
}

fn two_hundred_rounds_of_hits_lose_double_and_spoil_nothing() {
    println!("{:#?}", rounds(200));
}

/// What a child does: `up`, with a line for everything that happens.
fn run(major: u32, url: &str) {
    let set = migrations(major);
    let mut at = String::new();
    let migrator = Migrator::from_url(&set, url).unwrap().on_event(move |event| match event {
        Event::Connected { token, .. } => println!("> connected {token}"),
        Event::Locked => println!("> locked"),
        Event::Started { version, .. } => {
            at.clone_from(version);
            println!("> started {version}");
        }
        Event::Statement { index, .. } => {
            let migration = set.get(at.parse().unwrap()).unwrap();
            let alone = migration.up.statements[index - 1].kind.refuses_transaction();
            println!("> {} {at} {index}", if alone { "alone" } else { "statement" });
        }
        Event::Resumed { what, .. } => println!("> resumed {what}"),
        Event::Finished { done, .. } => println!("> ran {}", done.version),
        _ => {}
    });
    if let Err(error) = { migrator }.up() {
        panic!("{error:?}");
    }
}

/// What happened in all rounds.
#[derive(Debug, Default)]
struct Figures {
    rounds: u64,
    doubled: u32,
    missing: u32,
    invalid: u32,
    killed: u32,
    terminated: u32,
    killed_and_terminated: u32,
    /// How many of them came during a statement outside a transaction.
    in_a_lone_statement: u32,
    resumed: BTreeMap<String, u32>,
}

fn rounds(count: u64) -> Figures {
    let mut figures = Figures::default();
    if let Some(argument) = child::argument() {
        let (major, url) = argument.split_once(' ').unwrap();
        run(major.parse().unwrap(), url);
        return figures;
    }
    let mut wrong = Vec::new();
    for round in 1..=count {
        let mut random = Random(SEED.wrapping_mul(2 * round + 1));
        let mut race = Race::start(round, &mut figures);
        for _ in 0..3 + random.below(4) {
            race.hit(&mut random);
        }
        race.end();
        // Nobody is hit any more.
        race.spawn();
        race.end();
        wrong.extend(
            race.wrong().into_iter().map(|it| format!("round {round} of seed {SEED}: {it}")),
        );
        race.figures.rounds = round;
    }
    assert!(wrong.is_empty(), "{}\n{figures:#?}", wrong.join("\n"));
    // Otherwise nothing was proven.
    let hits = figures.killed + figures.terminated + figures.killed_and_terminated;
    assert!(u64::from(hits) >= count && figures.terminated > 0, "{figures:#?}");
    assert!(figures.in_a_lone_statement > 0 && !figures.resumed.is_empty(), "{figures:#?}");
    figures
}

/// Xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

struct Runner {
    process: Child,
    token: Option<String>,
    last: String,
    hit: bool,
    ended: bool,
}

/// The number of a runner, and what it said; nothing at its end.
type Line = (usize, Option<String>);

struct Race<'f> {
    round: u64,
    database: TestDatabase,
    set: MigrationSet,
    runners: Vec<Runner>,
    /// The runner that said last that it works.
    working: usize,
    lines: (Sender<Line>, Receiver<Line>),
    figures: &'f mut Figures,
    /// Runners that failed without being hit.
    failed: Vec<String>,
}

impl Race<'_> {
    fn start(round: u64, figures: &mut Figures) -> Race<'_> {
        let database = TestDatabase::new();
        database.execute(BEFORE);
        let set = migrations(database.server().major());
        let (runners, failed) = (Vec::new(), Vec::new());
        let mut race =
            Race { round, database, set, runners, working: 0, lines: channel(), figures, failed };
        (0..RUNNERS).for_each(|_| race.spawn());
        race
    }

    fn spawn(&mut self) {
        let name = "race::killed::racing_runners_that_are_hit_lose_double_and_spoil_nothing";
        let argument = format!("{} {}", self.database.server().major(), self.database.url());
        let mut process = child::spawn(name, &argument);
        let output = BufReader::new(process.stdout.take().unwrap());
        let (number, sender) = (self.runners.len(), self.lines.0.clone());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // Nobody listens once the test has failed.
                if let Some(line) = line.strip_prefix("> ") {
                    let _ = sender.send((number, Some(line.to_owned())));
                }
            }
            let _ = sender.send((number, None));
        });
        let (token, last) = (None, String::new());
        self.runners.push(Runner { process, token, last, hit: false, ended: false });
    }

    /// Reads so many lines, for so long; says whether there are more to come.
    fn read(&mut self, lines: u64, time: Duration) -> bool {
        let end = Instant::now() + time;
        for _ in 0..lines {
            if self.runners.iter().all(|it| it.ended) {
                return false;
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.1.recv_timeout(left) {
                Ok((number, line)) => self.note(number, line),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => unreachable!("we hold a sender"),
            }
        }
        true
    }

    fn note(&mut self, number: usize, line: Option<String>) {
        let runner = &mut self.runners[number];
        let Some(line) = line else {
            runner.ended = true;
            let status = runner.process.wait().unwrap();
            if !status.success() && !runner.hit {
                let mut said = String::new();
                runner.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                self.failed.push(format!("not hit, but failed: {said}"));
            }
            return;
        };
        match line.split_once(' ') {
            Some(("connected", token)) => runner.token = Some(token.to_owned()),
            Some(("resumed", what)) => {
                let what = what.split_once(|it: char| it.is_ascii_digit());
                let what = what.map_or("every statement is done", |it| it.1.trim_start());
                *self.figures.resumed.entry(what.to_owned()).or_default() += 1;
            }
            _ => self.working = number,
        }
        runner.last = line;
    }

    /// Hits a runner at a random moment, and puts another one in its place.
    fn hit(&mut self, random: &mut Random) {
        if !self.read(random.below(14), Duration::from_secs(10)) {
            return;
        }
        let mut open = if random.below(2) == 0 { self.hold_up() } else { None };
        if !self.read(u64::MAX, Duration::from_micros(random.below(60_000))) {
            return;
        }
        let alive: Vec<usize> = (0..self.runners.len())
            .filter(|it| !self.runners[*it].ended && !self.runners[*it].hit)
            .collect();
        if alive.is_empty() {
            return;
        }
        let any = alive[usize::try_from(random.below(alive.len() as u64)).unwrap()];
        let at_work = random.below(3) > 0 && alive.contains(&self.working);
        let victim = &mut self.runners[if at_work { self.working } else { any }];
        victim.hit = true;
        if victim.last.starts_with("alone ") {
            self.figures.in_a_lone_statement += 1;
        }
        let token = victim.token.clone();
        let sort = if token.is_some() { random.below(3) } else { 0 };
        if sort != 1 {
            victim.process.kill().unwrap();
        }
        let ended = sort != 0
            && {
                let token = token.unwrap_or_default();
                let end = format!(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '%/{token}'"
                );
                self.database.text(&end) == "t"
            };
        match (sort != 1, ended) {
            (true, false) => self.figures.killed += 1,
            (false, true) => self.figures.terminated += 1,
            (true, true) => self.figures.killed_and_terminated += 1,
            // Its session had ended by itself.
            (false, false) => {}
        }
        if let Some(open) = &mut open {
            open.batch_execute("ROLLBACK").unwrap();
        }
        self.spawn();
    }

    /// A writer and reader for whom the statements that run concurrently have to wait; unless one of them
    /// is in the way.
    fn hold_up(&self) -> Option<Client> {
        let mut client = self.database.client();
        let hold = "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL lock_timeout = '20ms';
            LOCK TABLE stock, parted IN ROW EXCLUSIVE MODE; SELECT count(*) FROM receipts";
        client.batch_execute(hold).ok().map(|()| client)
    }

    fn end(&mut self) {
        let running = self.read(u64::MAX, Duration::from_mins(2));
        assert!(!running, "a runner does not end");
    }

    /// What is not as one undisturbed run leaves it.
    fn wrong(&mut self) -> Vec<String> {
        let database = &self.database;
        let ours = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE 'migrate-runtime/%'";
        wait_until("no session of a runner is left", || database.text(ours) == "0");
        let count = |sql: &str| database.text(sql).parse::<u32>().unwrap();
        let total = u32::try_from(self.set.len()).unwrap();
        let rows = count("SELECT count(*) FROM _migrations");
        let versions = count("SELECT count(DISTINCT version) FROM _migrations");
        let receipts = count("SELECT count(*) FROM receipts");
        let whats = count("SELECT count(DISTINCT what) FROM receipts");
        let invalid = count("SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready)");
        self.figures.doubled += rows - versions + receipts - whats;
        self.figures.missing += total - versions + 5 - whats;
        self.figures.invalid += invalid;

        let mut wrong = std::mem::take(&mut self.failed);
        let mut check = |sql: &str, expected: &str| {
            let found = database.text(sql);
            if found != expected {
                wrong.push(format!("{sql}: {found}, not {expected}"));
            }
        };
        let total = total.to_string();
        check("SELECT count(*) FROM _migrations", &total);
        check("SELECT count(DISTINCT version) FROM _migrations", &total);
        check("SELECT count(*) FROM _migrations_log WHERE outcome = 'ok'", &total);
        check("SELECT count(*) FROM _migrations_progress", "0");
        // Six migrations double it.
        check("SELECT amount::text FROM balance", "6400");
        check("SELECT string_agg(what, ', ' ORDER BY what COLLATE \"C\") FROM receipts", RECEIPTS);
        check("SELECT count(*) FROM made_1", "1");
        check("SELECT count(*) FROM pg_index WHERE NOT (indisvalid AND indisready)", "0");
        check(
            "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_class c
             WHERE c.relkind = 'i' AND c.relname ~ '^(stock|made|parted)'",
            INDEXES,
        );
        check("SELECT string_agg(inhrelid::regclass::text, ' ') FROM pg_inherits", "parted_2");
        wrong
    }
}

impl Drop for Race<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("in round {} of seed {SEED}", self.round);
        }
        for runner in self.runners.iter_mut().filter(|it| !it.ended) {
            // It may have ended by itself.
            drop(runner.process.kill());
            drop(runner.process.wait());
        }
    }
}
