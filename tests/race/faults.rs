//! The matrix of faults: every place of a run, in the client and in the server, with a script in a
//! transaction and with one outside, and everything that may happen there. The run that is hit ends as it
//! has to, the next one finds what is left to do, and then all is as one undisturbed run leaves it.

mod arena;
mod restore;
mod runner;

use std::os::unix::process::ExitStatusExt as _;

use migrate_runtime::fault::Point;
use migrate_runtime::{FindingKind, Migrator, Settings};
use migration_tests::harness::{self, Trial};
use migration_tests::proxy::Proxy;
use migration_tests::{End, TestDatabase, child, set, trials, wait_until};
use postgres::Client;

use self::arena::{Arena, Barrier, Mode, SESSIONS, Scripts, left, prepare};
use self::runner::{Ended, Runner};

/// Where a run is hit.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In the client, each time it comes there.
    Client(Point),
    /// In the server, where somebody holds it up.
    Server(Barrier),
}

use Barrier::{Number, Writer};
use Mode::{Batched, Standalone, Transactional};
use Place::{Client as Inside, Server as On};

/// Every place, by the name of its trial.
const PLACES: &[(Mode, &str, Place)] = &[
    (Transactional, "connected", Inside(Point::Connected)),
    (Transactional, "locked", Inside(Point::Locked)),
    (Transactional, "message_sent", Inside(Point::MessageSent)),
    (Transactional, "reply_read", Inside(Point::ReplyRead)),
    (Transactional, "schema_read", Inside(Point::SchemaRead)),
    (Transactional, "unlocking", Inside(Point::Unlocking)),
    (Transactional, "before_statement_1", On(Number(1))),
    (Transactional, "after_statement_1_before_2", On(Number(2))),
    (Transactional, "after_statement_2_before_3", On(Number(3))),
    (Transactional, "after_statement_3", On(Number(4))),
    (Transactional, "before_the_history_row", On(Number(12))),
    (Transactional, "inside_the_commit", On(Number(22))),
    (Standalone, "connected", Inside(Point::Connected)),
    (Standalone, "locked", Inside(Point::Locked)),
    (Standalone, "message_sent", Inside(Point::MessageSent)),
    (Standalone, "reply_read", Inside(Point::ReplyRead)),
    (Standalone, "schema_read", Inside(Point::SchemaRead)),
    (Standalone, "unlocking", Inside(Point::Unlocking)),
    (Standalone, "before_statement_1", On(Number(1))),
    (Standalone, "after_statement_1_before_its_mark", On(Number(33))),
    (Standalone, "after_statement_1_before_2", On(Number(2))),
    (Standalone, "before_the_mark_ahead_of_the_index", On(Number(44))),
    (Standalone, "inside_the_build_of_the_index", On(Writer)),
    (Standalone, "after_the_index_before_its_mark", On(Number(35))),
    (Standalone, "after_the_index_before_statement_3", On(Number(3))),
    (Standalone, "after_statement_3_before_its_mark", On(Number(37))),
    (Standalone, "after_statement_3", On(Number(4))),
    (Standalone, "before_the_history_row", On(Number(12))),
    (Standalone, "inside_the_commit", On(Number(22))),
    (Batched, "message_sent", Inside(Point::MessageSent)),
    (Batched, "reply_read", Inside(Point::ReplyRead)),
    (Batched, "inside_a_batch", On(Number(50))),
    (Standalone, "before_the_history_row_of_a_lone_index", On(Number(13))),
    (Standalone, "inside_the_commit_of_a_lone_index", On(Number(23))),
];

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// `kill -9` of the client; the server goes on with what it was told.
    Killed,
    /// The same, and the server finds out while it waits.
    Orphaned,
    /// The client panics, where it is the client's place.
    Panicked,
    /// The network between the two is gone, for a moment.
    Cut,
    /// An administrator ends the session.
    Terminated,
    /// The server is stopped and started again.
    Restarted,
    /// The server is stopped with `-m immediate` and started again.
    Crashed,
}

use Fault::{Crashed, Cut, Killed, Orphaned, Panicked, Restarted, Terminated};

const FAULTS: [Fault; 7] = [Killed, Orphaned, Panicked, Cut, Terminated, Restarted, Crashed];

impl Fault {
    fn may_happen(self, (mode, place): (Mode, Place), major: u32) -> bool {
        match self {
            // An older server does not look for its client before it has an answer for it, and none does
            // once the settings of the transaction have ended.
            Orphaned => match (mode, place) {
                (_, Inside(_)) | (Transactional, On(Number(22))) => false,
                (_, On(_)) => major >= 14,
            },
            Panicked => matches!(place, Place::Client(_)),
            _ => true,
        }
    }

    fn ends_the_client(self) -> bool {
        [Killed, Orphaned, Panicked].contains(&self)
    }
}

/// A trial for each place: `race::faults::standalone::inside_the_build_of_the_index`.
pub(crate) fn tests() -> Vec<Trial> {
    let trial = |&(mode, place, at): &(Mode, &str, Place)| {
        let name = format!("{}::{place}", format!("{mode:?}").to_lowercase());
        let (module, child_of) = (module_path!(), format!("race::faults::{name}"));
        harness::trial(module, &name, move || check(&child_of, mode, at))
    };
    PLACES
        .iter()
        .map(trial)
        .chain(trials![a_message_that_was_sent_is_carried_out_without_its_client])
        .chain(restore::tests())
        .collect()
}

/// Otherwise `message_sent` would be the same as the place before it.
fn a_message_that_was_sent_is_carried_out_without_its_client() {
    if let Some(argument) = child::argument() {
        return runner::run(&argument);
    }
    let trial = "race::faults::a_message_that_was_sent_is_carried_out_without_its_client";
    let (mode, scripts, place) = (Transactional, Scripts::Plain, Place::Client(Point::MessageSent));
    let matrix = Matrix { trial, arena: Arena::enter(), mode, scripts, place };
    let database = TestDatabase::on(matrix.arena.0);
    // After that of the third migration, the schema is read and recorded.
    let (_, last) = matrix.undisturbed(&database);
    let last = last - 2;
    prepare(&database, mode, scripts);
    let mut runner = matrix.runner(Some((Point::MessageSent, last)), &database.url());
    assert!(runner.says(&format!("at MessageSent {last}")));
    let ran = "SELECT count(*) FROM _migrations";
    wait_until("the third one has run", || database.text(ran) == "3");
    runner.tell("go on");
    assert!(runner.end().status.success());
}

/// Everything that may happen at one place.
fn check(trial: &str, mode: Mode, place: Place) {
    if let Some(argument) = child::argument() {
        return runner::run(&argument);
    }
    let arena = Arena::enter();
    let scripts = match place {
        Place::Client(_) => Scripts::Plain,
        Place::Server(_) => Scripts::Barred,
    };
    let matrix = Matrix { trial, arena, mode, scripts, place };
    let first = TestDatabase::on(matrix.arena.0);
    let (undisturbed, passages) = matrix.undisturbed(&first);
    assert!(passages > 0, "nobody comes to {place:?}");
    // Emptied for every fault, which takes less time than a new one.
    let others = (1..passages).map(|_| TestDatabase::on(matrix.arena.0));
    let databases: Vec<_> = std::iter::once(first).chain(others).collect();
    let mut wrong = Vec::new();
    for fault in FAULTS {
        if !fault.may_happen((mode, place), matrix.arena.0.major()) {
            continue;
        }
        // All at once: one restart is for all of them.
        let mut cells: Vec<_> =
            (1..).zip(&databases).map(|(passage, it)| matrix.cell(it, fault, passage)).collect();
        matrix.strike(fault, &mut cells);
        wrong.extend(cells.into_iter().flat_map(|it| it.aftermath(&matrix, fault, &undisturbed)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

impl Place {
    /// Where the run still needs its connection, it tells that it lost it, and what came of the index.
    fn was_noticed(self, fault: Fault, hit: &Ended) -> bool {
        if fault.ends_the_client() {
            return true;
        }
        let resumed = |what: &str| hit.line("resumed").is_some_and(|it| it.contains(what));
        let is_rolled_back = fault != Cut;
        match self {
            On(Writer) if is_rolled_back && !resumed("left something invalid") => false,
            On(Number(35)) if is_rolled_back && !resumed("is done") => false,
            On(_) | Inside(Point::Locked) => hit.line("reconnecting").is_some(),
            // What it has to say may have been said.
            Inside(_) => true,
        }
    }
}

/// A place, and where it is.
struct Matrix<'a> {
    trial: &'a str,
    arena: Arena,
    mode: Mode,
    scripts: Scripts,
    place: Place,
}

/// A run that waits at its place for what will happen.
struct Cell<'d> {
    name: String,
    database: &'d TestDatabase,
    proxy: Option<Proxy>,
    runner: Runner,
    barrier: Option<Client>,
}

impl Matrix<'_> {
    fn runner(&self, stop: Option<(Point, usize)>, url: &str) -> Runner {
        Runner::start(self.trial, (self.mode, self.scripts), stop, url)
    }

    /// What one run leaves that nobody disturbs, and how often it comes to the place.
    fn undisturbed(&self, database: &TestDatabase) -> (String, usize) {
        prepare(database, self.mode, self.scripts);
        let ended = self.runner(None, &database.url()).end();
        assert!(ended.status.success(), "{ended:?}");
        let passages = match self.place {
            Place::Client(point) => ended.passed(point),
            Place::Server(_) => 1,
        };
        (left("undisturbed", database), passages)
    }

    /// Brings a run to its place.
    fn cell<'d>(&self, database: &'d TestDatabase, fault: Fault, passage: usize) -> Cell<'d> {
        let name = match self.place {
            Place::Client(point) => format!("{:?}, {point:?} {passage}, {fault:?}", self.mode),
            Place::Server(barrier) => format!("{:?}, {barrier:?}, {fault:?}", self.mode),
        };
        prepare(database, self.mode, self.scripts);
        let proxy = (fault == Cut).then(|| Proxy::socket(database));
        let url = proxy.as_ref().map_or_else(|| database.url(), Proxy::url);
        let (stop, barrier) = match self.place {
            Place::Client(point) => (Some((point, passage)), None),
            Place::Server(barrier) => (None, Some(barrier.hold(database))),
        };
        let runner = self.runner(stop, &url);
        Cell { name, database, proxy, runner, barrier }
    }

    /// Lets the fault happen once all of them are there, and lets go.
    fn strike(&self, fault: Fault, cells: &mut [Cell<'_>]) {
        for (passage, cell) in (1..).zip(&mut *cells) {
            match self.place {
                Place::Client(point) => {
                    let there = cell.runner.says(&format!("at {point:?} {passage}"));
                    assert!(there, "{}: it does not come there", cell.name);
                }
                Place::Server(barrier) => barrier.wait(&cell.name, cell.database),
            }
        }
        let server = self.arena.0;
        match fault {
            Restarted => {
                server.stop(End::Fast);
                server.start();
            }
            Crashed => {
                server.stop(End::Immediate);
                server.start();
            }
            _ => cells.iter_mut().for_each(|it| it.strike(fault)),
        }
        for cell in cells {
            drop(cell.barrier.take());
            if matches!(self.place, Place::Client(_)) && !fault.ends_the_client() {
                cell.runner.tell("go on");
            }
        }
    }
}

impl Cell<'_> {
    /// What happens to one run alone.
    fn strike(&mut self, fault: Fault) {
        match fault {
            Killed => self.runner.kill(),
            Orphaned => {
                self.runner.kill();
                let sessions = format!("SELECT count(*) {SESSIONS}");
                wait_until(&self.name, || self.database.text(&sessions) == "0");
            }
            Panicked => self.runner.tell("panic"),
            Cut => self.proxy.as_ref().unwrap().cut_all(),
            Terminated => {
                // By its number: another session takes its place.
                let pid = self.database.text(&format!("SELECT pid {SESSIONS}"));
                let end = format!("SELECT pg_terminate_backend({pid})");
                assert_eq!(self.database.text(&end), "t", "{}: its session", self.name);
                let is_there = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}");
                wait_until(&self.name, || self.database.text(&is_there) == "0");
            }
            Restarted | Crashed => unreachable!("they happen to the server"),
        }
    }

    /// What is not as it has to be, after the run that was hit and after the next one.
    fn aftermath(self, matrix: &Matrix<'_>, fault: Fault, undisturbed: &str) -> Vec<String> {
        let Cell { name, database, runner, .. } = self;
        let mut wrong = Vec::new();
        let hit = runner.end();
        if let Err(expected) = hit.is_as_expected(fault) {
            wrong.push(format!("{name}: {expected}, but it ended with {hit:#?}"));
        }
        if !matrix.place.was_noticed(fault, &hit) {
            wrong.push(format!("{name}: it noticed nothing, {hit:#?}"));
        }
        let next = matrix.runner(None, &database.url()).end();
        if !next.status.success() {
            wrong.push(format!("{name}: the next run ended with {next:#?}"));
        }
        if hit.line("done").is_some() && next.line("done") != Some("") {
            wrong.push(format!("{name}: something was left to do, {next:#?}"));
        }
        wrong.extend(drift(database).map(|it| format!("{name}: {it}")));
        let left = left(&name, database);
        if left != undisturbed {
            wrong.push(format!("{name}: left\n{left}\ninstead of\n{undisturbed}"));
        }
        wrong
    }
}

/// Whatever was not recorded is not known, and nothing of it is called drift.
fn drift(database: &TestDatabase) -> Option<String> {
    let mut settings = Settings::default();
    // The barriers are made by hand.
    settings.ignore.objects = vec!["before_*".to_owned()];
    let migrator = Migrator::new(&set(&[]), database.config()).with_settings(settings);
    let verification = { migrator }.verify().unwrap();
    let drift = verification.findings.into_iter().find(|it| it.kind == FindingKind::Drift);
    drift.map(|it| it.message)
}

impl Ended {
    /// How a run has to end that was hit. One that has read the history survives whatever happens to its
    /// connection.
    fn is_as_expected(&self, fault: Fault) -> Result<(), &'static str> {
        let (is_right, expected) = match fault {
            Killed | Orphaned => (self.status.signal() == Some(9), "it is killed"),
            Panicked => {
                let told = self.complained.contains("as the parent wants it");
                (told && self.status.code() == Some(101), "it panics")
            }
            _ if self.line("connected").is_some() => {
                (self.status.success(), "it goes on to its end")
            }
            _ => {
                let failed = self.line("failed");
                (
                    failed == Some("connection_lost 1: nothing was changed"),
                    "it says that nothing was changed",
                )
            }
        };
        if is_right { Ok(()) } else { Err(expected) }
    }
}
