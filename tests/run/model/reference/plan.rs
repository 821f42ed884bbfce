//! What a command has to do, and in which order, or why it does nothing; and how each migration stands.

use migrate_runtime::{Direction, ErrorKind, State};

use super::{Reference, Step};
use crate::run::model::commands::{Until, Way};
use crate::run::model::scripts::{Binary, Number};

type Planned = Result<Vec<Step>, ErrorKind>;

impl Reference {
    pub(super) fn plan(&self, binary: Binary, way: Way) -> Planned {
        match way {
            Way::Up { until, out_of_order } => self.plan_up(binary, until, out_of_order),
            Way::Down(until) => self.plan_down(until),
        }
    }

    /// How each migration stands that a binary or the history has.
    pub(in crate::run::model) fn states(&self, binary: Binary) -> Vec<(Number, State)> {
        let newest = self.history.iter().max().copied().unwrap_or(0);
        let state = |n: Number| match (self.ran(n), self.has(binary, n)) {
            _ if self.progress.is_some_and(|it| it.step.number == n) => Some(State::Unfinished),
            (true, true) => Some(State::Applied),
            (true, false) => Some(State::Unknown),
            (false, true) if n < newest => Some(State::OutOfOrder),
            (false, true) => Some(State::Pending),
            (false, false) => None,
        };
        self.all(Binary::Newest).filter_map(|n| Some((n, state(n)?))).collect()
    }

    /// Everything that is pending, oldest first, behind what has begun.
    fn plan_up(&self, binary: Binary, until: Until, out_of_order: bool) -> Planned {
        let begun = self.progress.map(|it| it.step);
        if begun.is_some_and(|it| it.direction == Direction::Down || !self.has(binary, it.number)) {
            return Err(ErrorKind::Unfinished);
        }
        let begun = begun.map(|it| it.number);
        let others = self.all(binary).filter(|it| !self.ran(*it) && Some(*it) != begun);
        let mut planned: Vec<Number> = begun.into_iter().chain(others).collect();
        match until {
            Until::All => {}
            Until::Steps(count) => planned.truncate(usize::from(count)),
            Until::Number(to) if !self.has(binary, to) => return Err(ErrorKind::NoSuchVersion),
            Until::Number(to) => planned.retain(|it| *it <= to),
        }
        if begun.is_some_and(|it| !planned.contains(&it)) {
            return Err(ErrorKind::Unfinished);
        }
        let newest = self.history.iter().copied().chain(begun).max().unwrap_or(0);
        let late = planned.iter().any(|it| *it < newest && Some(*it) != begun);
        if late && !out_of_order {
            return Err(ErrorKind::OutOfOrder);
        }
        let step = |number| Step { number, direction: Direction::Up };
        Ok(planned.into_iter().map(step).collect())
    }

    /// What ran last, newest first.
    fn plan_down(&self, until: Until) -> Planned {
        let begun = self.progress.map(|it| it.step);
        if begun.is_some_and(|it| it.direction == Direction::Up) {
            return Err(ErrorKind::Unfinished);
        }
        let mut rows: Vec<Number> = self.history.iter().rev().copied().collect();
        match until {
            Until::All => {}
            // One is what is reverted unless told: where nothing has run, nothing is to be done.
            Until::Steps(count) if usize::from(count) > rows.len().max(1) => {
                return Err(ErrorKind::NoSuchVersion);
            }
            Until::Steps(count) => rows.truncate(usize::from(count)),
            Until::Number(stays) => {
                let stays = rows.iter().position(|it| *it == stays);
                rows.truncate(stays.ok_or(ErrorKind::NoSuchVersion)?);
            }
        }
        let steps: Vec<Step> =
            rows.into_iter().map(|number| Step { number, direction: Direction::Down }).collect();
        if begun.is_some() && steps.first() != begun.as_ref() {
            return Err(ErrorKind::Unfinished);
        }
        if steps.iter().any(|it| self.script(*it).ops.is_empty()) {
            return Err(ErrorKind::Impossible);
        }
        Ok(steps)
    }
}
