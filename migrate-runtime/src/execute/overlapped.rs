//! Messages on their way while the server works on the ones before them: over a slow link, some steps cost one
//! round trip together.
//!
//! Each step has a message and a transaction of its own, as it has alone, and the server takes them in order.
//! After a failure none of those behind it runs: they begin with BEGIN, which the transaction that failed and is
//! still open refuses, and where it is not, as after a COMMIT that failed, their guards miss what the step before
//! them notes in the session when it is committed. Whoever dies meanwhile leaves the server with what it has
//! received. It stops once it notices that nobody reads its answers: one or two migrations later where the socket
//! was closed, perhaps after all of them where the client's machine is gone. The history tells.

use std::collections::VecDeque;

use migrate_core::Mode;

use super::patience::Attempts;
use super::{Execution, Failed, Message};
use crate::plan::Step;
use crate::transport::Answer;

/// How many steps at most are on their way at once, and how much text of their scripts: what is on its way is in
/// memory twice.
const MOST_STEPS: usize = 32;
const MOST_BYTES: usize = 256 << 10;

/// Messages that are on their way, in order, with the answers to come.
pub(super) type Ahead<'f> = VecDeque<(Message<'f>, Answer)>;

/// What is on its way before and behind a message.
#[derive(Clone, Copy, Default)]
pub(super) struct Neighbours<'s> {
    /// It runs only where this step is done.
    pub(super) before: Option<&'s Step>,
    pub(super) is_followed: bool,
}

impl Execution<'_, '_> {
    /// Runs the first of some steps, which run in transactions, or more of them; gives how many.
    pub(super) fn run_overlapped(&mut self, steps: &[Step], first: usize) -> Result<usize, Failed> {
        let steps = &steps[..self.overlapping(steps)];
        self.name_phrases(steps);
        // Before anything of it is sent.
        self.started(&steps[0], first);
        let frame = self.frame.clone();
        let mut ahead = Ahead::new();
        if steps.len() > 1 {
            self.check_interrupt(&steps[0], first, self.rolled_back())?;
            let attempts = Attempts::new(self.session.settings);
            for (offset, step) in steps.iter().enumerate() {
                let place = (std::slice::from_ref(step), first + offset);
                let neighbours = Neighbours {
                    before: offset.checked_sub(1).map(|it| &steps[it]),
                    is_followed: offset + 1 < steps.len(),
                };
                let wording = self.wording(place.0);
                let message = self.compose(&frame, place, (neighbours, wording), &attempts);
                let Some(answer) = self.session.post(message.text()) else { break };
                ahead.push_back((message, answer));
            }
        }
        for (offset, step) in steps.iter().enumerate() {
            if offset > 0 {
                self.started(step, first + offset);
            }
            self.run_together(std::slice::from_ref(step), first + offset, &mut ahead)?;
            if ahead.is_empty() {
                // A step that failed, and ran at another attempt, has none behind it any more.
                return Ok(offset + 1);
            }
        }
        Ok(steps.len())
    }

    /// How many of the next steps may be on their way at once.
    fn overlapping(&self, steps: &[Step]) -> usize {
        if !self.session.is_own() {
            return 1;
        }
        let mut bytes = 0;
        let fits = |it: &&Step| {
            // The down script goes along, to be kept in the database.
            bytes += it.sql().len() + it.undo().map_or(0, |it| it.sql.len());
            bytes <= MOST_BYTES && it.mode() != Mode::Standalone
        };
        steps.iter().take(MOST_STEPS).take_while(fits).count().max(1)
    }
}
