//! Answers that are being produced.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use crate::cache::{CacheUse, Prefix};
use crate::production::Production;

/// An answer on its way: where it is charged, and how far it is.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    /// The position of the organisation.
    pub(crate) organisation: usize,
    pub(crate) group: String,
    pub(crate) production: Production,
    /// The pieces that will be produced.
    pub(crate) pieces: u64,
    /// What the estimate of the input was short of; negative if it was too much.
    pub(crate) input_correction: i64,
    /// What was read from the cache, and is written to it.
    pub(crate) cache_use: CacheUse,
    /// What can be read from the cache once the answer has begun.
    pub(crate) cached: Option<Prefix>,
    /// Whether tokens are charged as they appear.
    pub(crate) charges_output: bool,
    pub(crate) outcome: Outcome,
    /// Steps done: the first settles the input, each further one is a piece.
    steps: u64,
}

/// As what an answer counts when its production is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Served,
    Error,
    Lost,
}

/// A step of production that has happened.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) at: Duration,
    pub(crate) answer: Active,
    pub(crate) input: i64,
    pub(crate) output: u64,
    /// Whether it was the first.
    pub(crate) is_first: bool,
    /// Whether it was the last.
    pub(crate) is_last: bool,
}

/// All answers being produced, in the order of what happens next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    active: BTreeMap<u64, Active>,
    due: BinaryHeap<Reverse<(Duration, u64)>>,
}

impl Active {
    pub(crate) fn new(organisation: usize, group: String, production: Production, outcome: Outcome) -> Self {
        let pieces = production.pieces();
        Self {
            organisation,
            group,
            production,
            pieces,
            input_correction: 0,
            cache_use: CacheUse::default(),
            cached: None,
            charges_output: false,
            outcome,
            steps: 0,
        }
    }
}

impl Answers {
    pub(crate) fn insert(&mut self, id: u64, answer: Active) {
        self.due.push(Reverse((answer.production.first_at(), id)));
        self.active.insert(id, answer);
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Active> {
        // Its entry in `due` finds nothing when its time comes.
        self.active.remove(&id)
    }

    /// The next step that has happened by `now`.
    pub(crate) fn next_step(&mut self, now: Duration) -> Option<Step> {
        loop {
            let Reverse((at, id)) = *self.due.peek().filter(|Reverse((at, _))| *at <= now)?;
            self.due.pop();
            let Some(answer) = self.active.get_mut(&id) else { continue };
            let (input, output) = match answer.steps.checked_sub(1) {
                None => (answer.input_correction, 0),
                Some(piece) => (0, answer.production.piece(piece).1),
            };
            let is_first = answer.steps == 0;
            answer.steps += 1;
            let is_last = answer.steps > answer.pieces;
            let answer = answer.clone();
            if is_last {
                self.active.remove(&id);
            } else {
                self.due.push(Reverse((answer.production.piece(answer.steps - 1).0, id)));
            }
            return Some(Step { at, answer, input, output, is_first, is_last });
        }
    }
}
