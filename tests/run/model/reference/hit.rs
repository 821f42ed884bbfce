//! A run that is hit while a statement of it waits.

use migrate_runtime::ErrorKind;

use super::{Reference, Run, Said, Script, Sent, Step};
use crate::run::model::commands::{Fate, Hit, Until, Way};
use crate::run::model::scripts::{Number, Op};

impl Reference {
    /// Runs, and is hit while a statement waits at the barrier, if it comes so far.
    pub(super) fn hit(mut self, hit: Hit) -> Vec<(Reference, Said)> {
        let way = hit.way;
        let run = Run { command: way.command(), barrier: Some(hit.barrier()), decision: None };
        let steps = match self.plan(hit.binary, way) {
            Ok(steps) => steps,
            Err(kind) => {
                let said = self.refuse(run.command, kind);
                return vec![(self, said)];
            }
        };
        let total = steps.len();
        let (said, waits) = self.steps(steps, run);
        let Some((step, statement)) = waits else { return vec![(self, said)] };
        match hit.fate {
            Fate::Kill => vec![(self, Said::Nothing)],
            Fate::KillAndLetGo => {
                let mut ended = self.clone();
                ended.let_go(step, statement, run);
                vec![(ended, Said::Nothing), (self, Said::Nothing)]
            }
            Fate::Interrupt => {
                let Said::Done(before) = said else { unreachable!("it waits") };
                if let Some(progress) = &mut self.progress
                    && progress.sent == Sent::Alone
                {
                    progress.sent = Sent::Failed;
                }
                self.write(run.command, Some(step), "interrupted");
                vec![(self, Said::Failed(ErrorKind::Interrupted, before))]
            }
            Fate::Terminate | Fate::Restart(_) => {
                let Said::Done(before) = said else { unreachable!("it waits") };
                let said = self.go_on(hit, total - before.len());
                vec![(self, said.behind(before))]
            }
        }
    }

    /// The client is gone; the server ends what it was sent.
    fn let_go(&mut self, step: Step, statement: usize, run: Run) {
        let Script { standalone, ops } = self.script(step);
        if !standalone {
            let before = self.schema.clone();
            if ops.iter().all(|it| it.run(&mut self.schema).is_ok()) {
                self.enter(step, run);
            } else {
                self.schema = before;
            }
            return;
        }
        match ops[statement] {
            Op::Index(build) => _ = build.end(&mut self.schema),
            Op::Call(..) => {}
            op => {
                op.run(&mut self.schema).expect("what waits does not fail");
                if statement + 1 == ops.len() {
                    self.enter(step, run);
                } else {
                    self.mark(step, statement + 1, None);
                }
            }
        }
    }

    /// The runner finds its way back, and does what is left.
    fn go_on(&mut self, hit: Hit, left: usize) -> Said {
        let until = Until::Steps(u8::try_from(left).unwrap());
        let way = match hit.way {
            Way::Up { out_of_order, .. } => Way::Up { until, out_of_order },
            Way::Down(_) => Way::Down(until),
        };
        self.run(hit.binary, way)
    }
}

impl Said {
    fn behind(self, mut before: Vec<Number>) -> Said {
        match self {
            Said::Done(after) => {
                before.extend(after);
                Said::Done(before)
            }
            Said::Failed(kind, after) => {
                before.extend(after);
                Said::Failed(kind, before)
            }
            Said::Nothing => Said::Nothing,
        }
    }
}
