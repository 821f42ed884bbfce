//! The reference: what a database has to be after each command, in memory.
//!
//! Written from what is promised, and not from how it is done: it calls nothing of the library.

mod hit;
mod plan;

use migrate_runtime::{Decision, Direction, ErrorKind};

use super::commands::{Command, Hit, Way};
use super::scripts::{Barrier, Binary, Number, Op, Refused, Schema, Script, Sort, version};

/// What a database has to be.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    sorts: Vec<Sort>,
    pub(super) schema: Schema,
    /// What ran, in the order in which it did.
    pub(super) history: Vec<Number>,
    pub(super) progress: Option<Progress>,
    /// Whether the tables of the history are there.
    pub(super) is_set_up: bool,
    /// The rows that the last command wrote: command, version, direction, outcome.
    pub(super) log: Vec<String>,
}

/// Work outside a transaction that has begun and not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) step: Step,
    /// Those before it are done.
    pub(super) statement: usize,
    pub(super) sent: Sent,
    /// Whether what is there now tells what it did: what it makes was missing, or what it drops was there.
    tells: bool,
}

/// Whether the next statement of unfinished work was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// It will share a transaction with the mark that it is done.
    No,
    /// It may have had its effect.
    Alone,
    /// So may it, but the server has said that it failed.
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) number: Number,
    pub(super) direction: Direction,
}

/// What a command says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The migrations that ran or were reverted.
    Done(Vec<Number>),
    Failed(ErrorKind, Vec<Number>),
    /// Nothing: its process was killed.
    Nothing,
}

/// How a step ended.
enum End {
    Done,
    Failed(ErrorKind),
    /// It waits at the barrier, with this statement.
    Waits(usize),
}

/// What runs the steps of one command.
#[derive(Clone, Copy)]
struct Run {
    command: &'static str,
    barrier: Option<Barrier>,
    decision: Option<Decision>,
}

impl Reference {
    pub(super) fn new(sorts: &[Sort]) -> Reference {
        Reference {
            sorts: sorts.to_vec(),
            schema: Schema::default(),
            history: Vec::new(),
            progress: None,
            is_set_up: false,
            log: Vec::new(),
        }
    }

    /// A hit in the migration that is meant, if the command would run one.
    pub(super) fn aim(&self, command: Command) -> Command {
        let Command::Hit(hit) = command else { return command };
        let steps = self.plan(hit.binary, hit.way).unwrap_or_default();
        let meant = steps.iter().cycle().nth(usize::from(hit.at));
        Command::Hit(Hit { at: meant.map_or(0, |it| it.number), ..hit })
    }

    /// What may come of a command: more than one thing where nobody can tell how fast the server is.
    pub(super) fn after(&self, command: Command) -> Vec<(Reference, Said)> {
        let mut next = self.clone();
        next.log.clear();
        let said = match command {
            Command::Run { binary, way } => next.run(binary, way),
            Command::Force { binary, to } => next.force(binary, to),
            Command::Repair { binary, decision } => next.repair(binary, decision),
            Command::Hit(hit) => return next.hit(hit),
            Command::Restart(_) => Said::Nothing,
            Command::Go => {
                next.schema.go = true;
                Said::Nothing
            }
        };
        vec![(next, said)]
    }

    fn newest(&self) -> Number {
        Number::try_from(self.sorts.len()).unwrap()
    }

    fn all(&self, binary: Binary) -> impl Iterator<Item = Number> + use<> {
        (1..=self.newest()).filter(move |it| binary.has(*it))
    }

    fn has(&self, binary: Binary, number: Number) -> bool {
        self.all(binary).any(|it| it == number)
    }

    fn script(&self, step: Step) -> Script {
        self.sorts[usize::from(step.number) - 1].script(step.number, step.direction)
    }

    fn ran(&self, number: Number) -> bool {
        self.history.contains(&number)
    }

    fn write(&mut self, command: &str, step: Option<Step>, outcome: &str) {
        let row = match step {
            Some(Step { number, direction }) => {
                format!("{command} {} {direction} {outcome}", version(number))
            }
            None => format!("{command} - - {outcome}"),
        };
        self.log.push(row);
    }

    /// A refusal is written where there is a log.
    fn refuse(&mut self, command: &str, kind: ErrorKind) -> Said {
        if self.is_set_up {
            self.write(command, None, "refused");
        }
        Said::Failed(kind, Vec::new())
    }

    fn run(&mut self, binary: Binary, way: Way) -> Said {
        let run = Run { command: way.command(), barrier: None, decision: None };
        match self.plan(binary, way) {
            Ok(steps) => self.steps(steps, run).0,
            Err(kind) => self.refuse(run.command, kind),
        }
    }

    /// Runs steps until one fails or waits; says with which statement of which one.
    fn steps(&mut self, steps: Vec<Step>, run: Run) -> (Said, Option<(Step, usize)>) {
        let mut done = Vec::new();
        self.is_set_up |= !steps.is_empty();
        for step in steps {
            match self.step(step, run) {
                End::Done => done.push(step.number),
                End::Failed(kind) => return (Said::Failed(kind, done), None),
                End::Waits(statement) => return (Said::Done(done), Some((step, statement))),
            }
        }
        (Said::Done(done), None)
    }

    fn step(&mut self, step: Step, run: Run) -> End {
        let Script { standalone, ops } = self.script(step);
        if standalone {
            return self.standalone(step, &ops, run);
        }
        let before = self.schema.clone();
        for (index, op) in ops.iter().enumerate() {
            if run.barrier.is_some() && op.barrier(&self.schema) == run.barrier {
                self.schema = before;
                return End::Waits(index);
            }
            if op.run(&mut self.schema).is_err() {
                self.schema = before;
                self.write(run.command, Some(step), "failed");
                return End::Failed(ErrorKind::Sql);
            }
        }
        self.enter(step, run);
        End::Done
    }

    /// The row of the history, that of the log, and the end of the progress.
    fn enter(&mut self, step: Step, run: Run) {
        match step.direction {
            Direction::Up => self.history.push(step.number),
            Direction::Down => self.history.retain(|it| *it != step.number),
        }
        self.progress = None;
        self.write(run.command, Some(step), "ok");
    }

    fn standalone(&mut self, step: Step, ops: &[Op], run: Run) -> End {
        let first = match self.settle(step, ops, run) {
            Ok(first) => first,
            Err(kind) => {
                self.write(run.command, Some(step), "refused");
                return End::Failed(kind);
            }
        };
        for (index, op) in ops.iter().enumerate().skip(first) {
            if op.runs_alone() {
                self.mark(step, index, Some(*op));
            }
            if run.barrier.is_some() && op.barrier(&self.schema) == run.barrier {
                if op.runs_alone() {
                    op.begin(&mut self.schema).expect("what fails does not wait");
                }
                return End::Waits(index);
            }
            if let Err(refused) = op.run(&mut self.schema) {
                let begun = self.progress.is_some();
                if let Some(progress) = &mut self.progress
                    && (op.runs_alone(), refused) == (true, Refused::Server)
                {
                    progress.sent = Sent::Failed;
                }
                self.write(run.command, Some(step), "failed");
                return End::Failed(if begun { ErrorKind::Unfinished } else { ErrorKind::Sql });
            }
            self.mark(step, index + 1, None);
        }
        self.enter(step, run);
        End::Done
    }

    fn mark(&mut self, step: Step, statement: usize, alone: Option<Op>) {
        let Schema { tables, indexes, .. } = &self.schema;
        let tells = alone.is_some_and(|op| match op {
            Op::Index(it) => tables.contains_key(&it.table) && !indexes.contains_key(&it.index),
            Op::DropIndex(index) => indexes.contains_key(&index),
            _ => false,
        });
        let sent = alone.map_or(Sent::No, |_| Sent::Alone);
        self.progress = Some(Progress { step, statement, sent, tells });
    }

    /// The statement to go on with, or why nobody knows.
    fn settle(&mut self, step: Step, ops: &[Op], run: Run) -> Result<usize, ErrorKind> {
        let Some(progress) = self.progress else { return Ok(0) };
        let Some(op) = ops.get(progress.statement) else { return Ok(ops.len()) };
        let in_doubt = progress.sent != Sent::No && matches!(op, Op::Call(..));
        let is_done = match (in_doubt, run.decision) {
            (true, None) | (false, Some(Decision::MarkDone)) => return Err(ErrorKind::Unfinished),
            (true, Some(Decision::MarkDone)) => true,
            (true, Some(Decision::Retry)) => false,
            (false, _) => progress.tells && self.looks_done(progress, *op),
        };
        if is_done {
            self.mark(step, progress.statement + 1, None);
        }
        Ok(progress.statement + usize::from(is_done))
    }

    /// What the catalogs tell. An index that a build left invalid goes.
    fn looks_done(&mut self, progress: Progress, op: Op) -> bool {
        let indexes = &mut self.schema.indexes;
        let looks = match op {
            Op::Index(build) => {
                indexes.retain(|index, it| *index != build.index || it.valid);
                indexes.contains_key(&build.index)
            }
            Op::DropIndex(index) => !indexes.contains_key(&index),
            _ => false,
        };
        looks && progress.sent != Sent::Failed
    }

    /// The history becomes exactly the migrations up to one, and nothing is unfinished.
    fn force(&mut self, binary: Binary, to: Number) -> Said {
        if !self.has(binary, to) {
            return self.refuse("force", ErrorKind::NoSuchVersion);
        }
        let wanted: Vec<Number> = self.all(binary).filter(|it| *it <= to).collect();
        let mut history = self.history.clone();
        history.retain(|it| wanted.contains(it));
        history.extend(wanted.iter().filter(|it| !self.ran(**it)));
        if history != self.history || self.progress.is_some() {
            self.is_set_up = true;
            self.log.push(format!("force {} - ok", version(to)));
        }
        self.history = history;
        self.progress = None;
        Said::Done(Vec::new())
    }

    fn repair(&mut self, binary: Binary, decision: Option<Decision>) -> Said {
        let Some(Progress { step, .. }) = self.progress else { return Said::Done(Vec::new()) };
        if step.direction == Direction::Up && !self.has(binary, step.number) {
            return self.refuse("repair", ErrorKind::Unfinished);
        }
        let run = Run { command: "repair", barrier: None, decision };
        self.steps(vec![step], run).0
    }
}
