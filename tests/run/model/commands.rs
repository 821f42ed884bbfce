//! What people and accidents do to a database.

use migrate_runtime::{Decision, Direction};
use migration_tests::End;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use super::scripts::{Barrier, Binary, Number, Sort, barrier};

#[derive(Clone, Copy, Debug)]
pub(super) enum Command {
    Run {
        binary: Binary,
        way: Way,
    },
    Force {
        binary: Binary,
        to: Number,
    },
    Repair {
        binary: Binary,
        decision: Option<Decision>,
    },
    Hit(Hit),
    /// Between two commands.
    Restart(End),
    /// Makes the table without which some of the scripts fail.
    Go,
}

/// Up or down, and how far.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Up { until: Until, out_of_order: bool },
    Down(Until),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Until {
    All,
    Steps(u8),
    Number(Number),
}

/// A run that is hit while a statement of one of its scripts waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) binary: Binary,
    pub(super) way: Way,
    /// The migration in which it is hit. As it is generated: which of those that it would run.
    pub(super) at: Number,
    pub(super) fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The process is killed, and the server ends its session before the statement goes on.
    Kill,
    /// The process is killed, and the statement goes on at once.
    KillAndLetGo,
    /// An administrator ends the session.
    Terminate,
    /// Somebody asks the runner to stop.
    Interrupt,
    /// The server is started again.
    Restart(End),
}

impl Command {
    /// The binary that runs it, or one that looks on.
    pub(super) fn binary(self) -> Binary {
        match self {
            Command::Run { binary, .. }
            | Command::Force { binary, .. }
            | Command::Repair { binary, .. }
            | Command::Hit(Hit { binary, .. }) => binary,
            Command::Restart(_) | Command::Go => Binary::Newest,
        }
    }
}

impl Way {
    pub(super) fn direction(self) -> Direction {
        match self {
            Way::Up { .. } => Direction::Up,
            Way::Down(_) => Direction::Down,
        }
    }

    /// As the log has it.
    pub(super) fn command(self) -> &'static str {
        match self {
            Way::Up { .. } => "up",
            Way::Down(_) => "down",
        }
    }
}

impl Hit {
    pub(super) fn barrier(self) -> Barrier {
        barrier(self.at, self.way.direction())
    }
}

/// So many migrations are in a set at most; a version or two more do not exist.
const MOST: Number = 8;

pub(super) fn sets() -> impl Strategy<Value = Vec<Sort>> {
    // Those that cannot run where another one is missing, or stops them, are fewer.
    let sort = prop_oneof![
        2 => select([Sort::Plain, Sort::Indexed, Sort::GatedIndex, Sort::Calling].as_slice()),
        1 => select(Sort::ALL.as_slice()),
    ];
    vec(sort, 1..=usize::from(MOST))
}

pub(super) fn commands(most: usize) -> impl Strategy<Value = Vec<Command>> {
    vec(command(), 1..=most)
}

fn command() -> impl Strategy<Value = Command> {
    let run = (binary(), way()).prop_map(|(binary, way)| Command::Run { binary, way });
    let force = (binary(), 1..=MOST + 1).prop_map(|(binary, to)| Command::Force { binary, to });
    let decision = option::of(select([Decision::Retry, Decision::MarkDone].as_slice()));
    let repair = (binary(), decision);
    let repair = repair.prop_map(|(binary, decision)| Command::Repair { binary, decision });
    prop_oneof![
        12 => run,
        2 => force,
        4 => repair,
        14 => hit().prop_map(Command::Hit),
        1 => end().prop_map(Command::Restart),
        2 => Just(Command::Go),
    ]
}

fn end() -> impl Strategy<Value = End> {
    select([End::Fast, End::Immediate].as_slice())
}

fn binary() -> impl Strategy<Value = Binary> {
    prop_oneof![
        8 => Just(Binary::Newest),
        1 => (1..=MOST).prop_map(Binary::First),
        1 => (1..=MOST).prop_map(Binary::Without),
    ]
}

fn way() -> impl Strategy<Value = Way> {
    let up =
        (until(), any::<bool>()).prop_map(|(until, out_of_order)| Way::Up { until, out_of_order });
    prop_oneof![3 => up, 2 => until().prop_map(Way::Down)]
}

fn until() -> impl Strategy<Value = Until> {
    prop_oneof![
        4 => Just(Until::All),
        3 => (1..=4_u8).prop_map(Until::Steps),
        1 => (1..=MOST).prop_map(Until::Number),
    ]
}

fn hit() -> impl Strategy<Value = Hit> {
    let fate = prop_oneof![
        3 => Just(Fate::Kill),
        2 => Just(Fate::KillAndLetGo),
        3 => Just(Fate::Terminate),
        1 => Just(Fate::Interrupt),
        1 => end().prop_map(Fate::Restart),
    ];
    let parts = (binary(), way(), 0..3_u8, fate);
    parts.prop_map(|(binary, way, at, fate)| Hit { binary, way, at, fate })
}
