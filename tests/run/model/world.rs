//! The real thing: runs commands against a server, hits them, and says what the database has become.

use std::num::NonZeroUsize;
use std::thread::JoinHandle;
use std::time::Duration;

use migrate_runtime::testing::TestDatabase;
use migrate_runtime::{
    Down, Error, Force, Limit, MigrationSet, Migrator, Repair, Run, Settings, State, Up, Version,
};
use migration_tests::{End, Server, child, wait_until};
use postgres::{Client, Config, NoTls};

use super::commands::{Command, Fate, Hit, Until, Way};
use super::reference::{Reference, Said, Sent};
use super::scripts::{Barrier, Binary, FIXTURE, Number, Sort, version};
use super::{argument, parsed};

/// A database of a case, on a server of the test's own.
pub(super) struct World<'s> {
    server: &'s Server,
    database: TestDatabase,
    sorts: Vec<Sort>,
    /// The last row of the log that was looked at.
    seen: i64,
    /// How many runs were hit while they waited.
    pub(super) hits: u32,
}

impl World<'_> {
    pub(super) fn new<'s>(server: &'s Server, sorts: &[Sort]) -> World<'s> {
        let database = TestDatabase::on(&server.url("postgres")).unwrap();
        let world = World { server, database, sorts: sorts.to_vec(), seen: 0, hits: 0 };
        world.client().batch_execute(FIXTURE).unwrap();
        world
    }

    fn client(&self) -> Client {
        self.database.config().connect(NoTls).unwrap()
    }

    fn text(&self, sql: &str) -> String {
        text(&mut self.client(), sql)
    }

    pub(super) fn run(&mut self, command: Command) -> Said {
        let config = self.database.config();
        match command {
            Command::Run { binary, way } => {
                run(Migrator::new(&binary.set(&self.sorts), config), way)
            }
            Command::Force { binary, to } => {
                let force = Force::to(typed(to));
                let forced = Migrator::new(&binary.set(&self.sorts), config).run_force(&force);
                forced.map_or_else(|error| failed(&error), |_| Said::Done(Vec::new()))
            }
            Command::Repair { binary, decision } => {
                let mut repair = Repair::default();
                repair.decision = decision;
                let repaired = Migrator::new(&binary.set(&self.sorts), config).run_repair(&repair);
                repaired.map_or_else(|error| failed(&error), |it| Said::Done(numbers(&it.done)))
            }
            Command::Hit(hit) => self.hit(hit),
            Command::Restart(end) => {
                self.restart(end);
                Said::Nothing
            }
            Command::Go => {
                self.client().batch_execute("CREATE TABLE IF NOT EXISTS go (n int)").unwrap();
                Said::Nothing
            }
        }
    }

    fn restart(&self, end: End) {
        self.server.stop(end);
        self.server.start();
    }

    fn hit(&mut self, hit: Hit) -> Said {
        let mut barrier = self.client();
        barrier.execute("SELECT pg_advisory_lock(4242, $1)", &[&hit.barrier()]).unwrap();
        match hit.fate {
            Fate::Kill | Fate::KillAndLetGo => self.kill(hit, barrier),
            Fate::Interrupt | Fate::Terminate | Fate::Restart(_) => self.cut_off(hit, barrier),
        }
    }

    /// A runner that is a process of its own.
    fn kill(&mut self, hit: Hit, barrier: Client) -> Said {
        let argument = argument(self.database.url(), &self.sorts, hit);
        let mut process = child::spawn(super::CHILD, &argument);
        if !self.waits(hit.barrier(), || process.try_wait().unwrap().is_some()) {
            let output = process.wait_with_output().unwrap();
            child::assert_passed(&output);
            return parsed(&String::from_utf8_lossy(&output.stdout));
        }
        process.kill().unwrap();
        process.wait().unwrap();
        if hit.fate == Fate::Kill {
            self.terminate();
        }
        drop(barrier);
        self.wait_for_sessions();
        Said::Nothing
    }

    /// A runner that loses its connection and comes back, or is asked to stop.
    fn cut_off(&mut self, hit: Hit, barrier: Client) -> Said {
        let set = hit.binary.set(&self.sorts);
        let migrator = Migrator::new(&set, self.database.config()).with_settings(patient());
        let interrupt = migrator.interrupt();
        let running: JoinHandle<Said> = std::thread::spawn(move || run(migrator, hit.way));
        if self.waits(hit.barrier(), || running.is_finished()) {
            match hit.fate {
                Fate::Restart(end) => self.restart(end),
                Fate::Interrupt => {
                    interrupt.interrupt();
                    wait_until("the runner stops", || running.is_finished());
                }
                _ => self.terminate(),
            }
        }
        drop(barrier);
        running.join().unwrap()
    }

    /// Whether the runner comes to the barrier, or to its end.
    fn waits(&mut self, barrier: Barrier, mut has_ended: impl FnMut() -> bool) -> bool {
        let waiting = format!(
            "SELECT count(*)::text FROM pg_locks WHERE NOT granted AND classid = 4242 AND objid = {barrier}
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        );
        let mut client = self.client();
        let mut waits = false;
        wait_until("the runner waits or ends", || {
            waits = client.query_one(&waiting, &[]).unwrap().get::<_, String>(0) != "0";
            waits || has_ended()
        });
        self.hits += u32::from(waits);
        waits
    }

    /// Ends the sessions of runners.
    fn terminate(&self) {
        let ours = format!("SELECT pg_terminate_backend(pid, 60000)::text {OURS}");
        self.text(&ours);
    }

    fn wait_for_sessions(&self) {
        let ours = format!("SELECT count(*)::text {OURS}");
        wait_until("no session of a runner is left", || self.text(&ours) == "0");
    }

    /// What there is, as [`expected`] says it.
    pub(super) fn found(&mut self, binary: Binary) -> String {
        let mut client = self.client();
        let is_set_up = "SELECT (to_regclass('_migrations') IS NOT NULL)::text";
        let is_set_up = text(&mut client, is_set_up) == "true";
        let mut found = text(&mut client, SCHEMA);
        if is_set_up {
            found += &text(&mut client, HISTORY);
            found += &text(&mut client, &LOG.replace("{seen}", &self.seen.to_string()));
            let newest = "SELECT COALESCE(max(id), 0)::text FROM _migrations_log";
            self.seen = text(&mut client, newest).parse().unwrap();
        }
        let set = binary.set(&self.sorts);
        let status = Migrator::new(&set, self.database.config()).status().unwrap();
        let lines = status.entries.iter().map(|it| stands(&it.version, it.state));
        found + &lines.collect::<String>()
    }
}

fn stands(version: &str, state: State) -> String {
    format!("{version} is {state}\n")
}

/// The first column of all rows.
fn text(client: &mut Client, sql: &str) -> String {
    let rows = client.query(sql, &[]).unwrap_or_else(|error| panic!("{error:?}: {sql}"));
    rows.iter().map(|it| it.get::<_, Option<String>>(0).unwrap_or_default()).collect()
}

/// No limit for a lock: what waits at a barrier shall go on doing so.
fn patient() -> Settings {
    let mut settings = Settings::default();
    settings.lock_timeout = Duration::ZERO;
    settings
}

/// What a process of its own does.
pub(super) fn run_as_child(set: &MigrationSet, config: Config, way: Way) -> Said {
    run(Migrator::new(set, config).with_settings(patient()), way)
}

fn run(mut migrator: Migrator, way: Way) -> Said {
    let result = match way {
        Way::Up { until, out_of_order } => {
            let mut up = Up::default();
            up.limit = limit(until);
            up.allow_out_of_order = out_of_order;
            migrator.run_up(&up)
        }
        Way::Down(until) => {
            let mut down = Down::default();
            down.limit = limit(until);
            migrator.run_down(&down)
        }
    };
    result.map_or_else(|error| failed(&error), |Run { done, .. }| Said::Done(numbers(&done)))
}

fn limit(until: Until) -> Limit {
    match until {
        Until::All => Limit::All,
        Until::Steps(count) => Limit::Steps(NonZeroUsize::new(count.into()).unwrap()),
        Until::Number(number) => Limit::To(typed(number)),
    }
}

fn typed(number: Number) -> Version {
    version(number).parse().unwrap()
}

fn failed(error: &Error) -> Said {
    let done = error.partial().map(|it| numbers(&it.done)).unwrap_or_default();
    Said::Failed(error.kind(), done)
}

fn numbers(done: &[migrate_runtime::Done]) -> Vec<Number> {
    done.iter().map(|it| it.version[12..].parse().unwrap()).collect()
}

const OURS: &str = "FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'migrate-runtime/%'";

/// Tables with their rows, indexes, calls.
const SCHEMA: &str = r"
    SELECT 'table ' || relname || ' ' || (xpath('/row/c/text()',
        query_to_xml('SELECT count(*) AS c FROM ' || oid::regclass, false, true, '')))[1]::text || E'\n'
    FROM (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
          AND relname NOT LIKE '\_migrations%' AND relname NOT IN ('go', 'calls') ORDER BY relname) AS it
    UNION ALL
    SELECT 'index ' || relname || ' on ' || indrelid::regclass || ' ' ||
        CASE WHEN indisvalid THEN 'valid' ELSE 'invalid' END || E'\n'
    FROM (SELECT * FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
          WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE '\_migrations%' ORDER BY relname) AS it
    UNION ALL
    SELECT 'calls ' || n || ' ' || c || E'\n' FROM (SELECT n, count(*) AS c FROM calls GROUP BY n ORDER BY n) AS it";

/// In the order of the ids; with a script that undoes it for each.
const HISTORY: &str = r"
    SELECT 'ran ' || version || ' ' || name || ' ' || checksum || E'\n'
    FROM (SELECT * FROM _migrations ORDER BY id) AS it
    UNION ALL
    SELECT 'kept ' || version || E'\n' FROM (SELECT * FROM _migrations_script ORDER BY version) AS it
    UNION ALL
    SELECT 'begun ' || version || ' ' || direction || ' ' || statement || ' ' ||
        CASE WHEN cursor ->> 'alone' = 'true' THEN 'alone' ELSE '-' END || ' ' ||
        CASE WHEN cursor ->> 'failed' = 'true' THEN 'failed' ELSE '-' END || E'\n'
    FROM _migrations_progress";

const LOG: &str = r"
    SELECT 'log ' || command || ' ' || COALESCE(version, '-') || ' ' || COALESCE(direction, '-') || ' ' || outcome
        || CASE WHEN started_at <= finished_at THEN '' ELSE ' at odd times' END
        || CASE WHEN run = first_value(run) OVER (ORDER BY id) THEN '' ELSE ' by another run' END || E'\n'
    FROM _migrations_log WHERE id > {seen} ORDER BY id";

/// What there has to be.
pub(super) fn expected(reference: &Reference, sorts: &[Sort], binary: Binary) -> String {
    let mut lines = Vec::new();
    let schema = &reference.schema;
    lines.extend(schema.tables.iter().map(|(n, rows)| format!("table t_{n} {rows}")));
    lines.extend(schema.indexes.iter().map(|(n, it)| {
        format!("index i_{n} on t_{} {}", it.table, if it.valid { "valid" } else { "invalid" })
    }));
    lines.extend(schema.calls.iter().map(|(n, count)| format!("calls {n} {count}")));
    let newest = Binary::Newest.set(sorts);
    lines.extend(reference.history.iter().map(|n| {
        let migration = newest.get(typed(*n)).unwrap();
        format!("ran {} {} {}", migration.version, migration.name, migration.up.checksum)
    }));
    let mut kept = reference.history.clone();
    kept.sort_unstable();
    lines.extend(kept.into_iter().map(|n| format!("kept {}", version(n))));
    lines.extend(reference.progress.map(|it| {
        let sent = match it.sent {
            Sent::No => "- -",
            Sent::Alone => "alone -",
            Sent::Failed => "alone failed",
        };
        let (version, statement) = (version(it.step.number), it.statement + 1);
        format!("begun {version} {} {statement} {sent}", it.step.direction)
    }));
    lines.extend(reference.log.iter().map(|it| format!("log {it}")));
    let states = reference.states(binary).into_iter();
    let states: String = states.map(|(n, state)| stands(&version(n), state)).collect();
    lines.into_iter().map(|it| it + "\n").collect::<String>() + &states
}
