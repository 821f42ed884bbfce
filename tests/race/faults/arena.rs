//! Where the matrix takes place: servers that may be ended, databases with barriers, the migrations, and
//! what one undisturbed run of them leaves.

use std::sync::Mutex;

use migrate_runtime::{Limit, MigrationSet, Migrator, Up};
use migration_tests::{Server, TestDatabase, set, wait_until};
use postgres::Client;

/// How the second migration runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// In one transaction with its row.
    Transactional,
    /// Statement by statement, an index built concurrently among them. The third migration is such an
    /// index alone.
    Standalone,
    /// Statement by statement, one of them in batches.
    Batched,
}

/// What scripts there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scripts {
    /// The work alone.
    Plain,
    /// With a statement before and after each that waits where a barrier is held.
    Barred,
}

impl Mode {
    pub(super) fn parse(word: &str) -> Mode {
        let modes = [Mode::Transactional, Mode::Standalone, Mode::Batched];
        modes.into_iter().find(|it| format!("{it:?}") == word).unwrap()
    }
}

impl Scripts {
    pub(super) fn parse(word: &str) -> Scripts {
        let sorts = [Scripts::Plain, Scripts::Barred];
        sorts.into_iter().find(|it| format!("{it:?}") == word).unwrap()
    }
}

const DOUBLE: &str = "UPDATE balance SET amount = amount * 2";
const BATCHES: &str = "-- migrate:batch table=ledger key=id size=12 max-size=12
UPDATE ledger SET changed = changed + 1 WHERE id >= :batch_start AND id < :batch_end";
const LONE: &str = "CREATE UNIQUE INDEX CONCURRENTLY stock_id ON stock (id)";
const FIRST: &str = "CREATE TABLE made_1 (n int);
    UPDATE balance SET amount = amount * 2;
    INSERT INTO receipts VALUES ('first')";
const THIRD: &str = "UPDATE balance SET amount = amount * 2;
    INSERT INTO receipts VALUES ('third')";

/// Three migrations; the second is the one that is hit.
pub(super) fn migrations(mode: Mode, scripts: Scripts) -> MigrationSet {
    let (head, middle, third) = match mode {
        Mode::Transactional => {
            ("", "CREATE TABLE made_2 AS SELECT generate_series(1, 50) n", THIRD)
        }
        Mode::Standalone => (
            "-- migrate:no-transaction\n",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_note ON stock (note)",
            LONE,
        ),
        Mode::Batched => ("", BATCHES, THIRD),
    };
    let statements = [DOUBLE, middle, "INSERT INTO receipts VALUES ('second')"];
    let statements: Vec<_> = match scripts {
        Scripts::Plain => statements.map(str::to_owned).to_vec(),
        Scripts::Barred => {
            let after = |(number, it): (usize, &str)| format!("{it};\nSELECT barrier({number})");
            let before = std::iter::once("SELECT barrier(1)".to_owned());
            before.chain((2..).zip(statements).map(after)).collect()
        }
    };
    let second = format!("{head}{}", statements.join(";\n"));
    set(&[
        ("20260101000001_first", FIRST, "SELECT 1"),
        ("20260101000002_second", &second, "SELECT 1"),
        ("20260101000003_third", third, "SELECT 1"),
    ])
}

/// What is there before the first migration. A barrier waits as long as it takes: the limits of scripts
/// are not for it.
const BEFORE: &str = include_str!("before.sql");

/// Barriers around our own rows, by the last digit of the version or by the number of the statement that a
/// mark names. That the last one really is inside the COMMIT, it proves itself: what comes between the
/// rows and the COMMIT has happened.
const AROUND_OUR_ROWS: &str = include_str!("barriers.sql");

/// Servers of this process that nobody else works with just now.
static FREE: Mutex<Vec<&'static Server>> = Mutex::new(Vec::new());

/// A server that its holder may end and start again.
pub(super) struct Arena(pub(super) &'static Server);

impl Arena {
    pub(super) fn enter() -> Arena {
        let free = FREE.lock().unwrap().pop();
        // It ends with this process, as every server of the tests does.
        Arena(free.unwrap_or_else(|| Box::leak(Box::new(Server::own()))))
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // Nobody knows in which state a failed test leaves its server.
        if !std::thread::panicking() {
            FREE.lock().unwrap().push(self.0);
        }
    }
}

/// Empties a database, and brings it to where a run begins: with barriers, the first migration has run.
pub(super) fn prepare(database: &TestDatabase, mode: Mode, scripts: Scripts) {
    database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    database.execute(BEFORE);
    if scripts == Scripts::Barred {
        let mut first = Up::default();
        first.limit = Limit::Steps(std::num::NonZeroUsize::MIN);
        let set = migrations(mode, scripts);
        let run = Migrator::new(&set, database.config()).run_up(&first);
        run.unwrap_or_else(|error| panic!("{error:?}"));
        database.execute(AROUND_OUR_ROWS);
    }
}

/// What holds a run up inside the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Barrier {
    /// A statement of the script or a trigger, by number.
    Number(u32),
    /// A writer for whom an index that is built concurrently has to wait.
    Writer,
}

impl Barrier {
    /// Holds it until the connection is closed.
    pub(super) fn hold(self, database: &TestDatabase) -> Client {
        let mut client = database.client();
        let sql = match self {
            Barrier::Number(number) => format!("SELECT pg_advisory_lock(4200, {number})"),
            Barrier::Writer => "BEGIN; INSERT INTO stock VALUES (0, 'rolled back')".to_owned(),
        };
        client.batch_execute(&sql).unwrap();
        client
    }

    /// Waits until a run is held up.
    pub(super) fn wait(self, cell: &str, database: &TestDatabase) {
        let waiting = match self {
            Barrier::Number(number) => format!(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                 AND classid = 4200 AND objid = {number}
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            Barrier::Writer => "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock'
                AND query ILIKE '%INDEX CONCURRENTLY%' AND pid <> pg_backend_pid()"
                .to_owned(),
        };
        wait_until(&format!("{cell}: it waits there"), || database.text(&waiting) == "1");
    }
}

/// The sessions of runners in a database.
pub(super) const SESSIONS: &str = "FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'migrate-runtime/%'";

/// All that is in the database once no runner is there any more: relations with columns, indexes and
/// whether they are good, rows, history, log, progress, and the locks that are held.
const ALL: &str = include_str!("left.sql");

/// What is left in the end.
pub(super) fn left(cell: &str, database: &TestDatabase) -> String {
    let sessions = format!("SELECT count(*) {SESSIONS}");
    wait_until(&format!("{cell}: no runner is left"), || database.text(&sessions) == "0");
    database.text(ALL)
}
