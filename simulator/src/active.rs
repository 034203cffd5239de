//! Answers that are being produced.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use crate::api::Reservation;
use crate::cache::{CacheUse, Prefix};
use crate::production::Production;

/// An answer on its way: where it is charged, and how far it is.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    /// The position of the organisation.
    pub(crate) organisation: usize,
    pub(crate) group: Arc<str>,
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
    /// What was taken for the answer, and is settled when it ends.
    pub(crate) reservation: Option<Reservation>,
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
    /// The position of the organisation.
    pub(crate) organisation: usize,
    pub(crate) group: Arc<str>,
    pub(crate) input: i64,
    /// Tokens that count.
    pub(crate) output: u64,
    /// What is charged of the sum of tokens; negative where more was reserved.
    pub(crate) tokens: i64,
    pub(crate) outcome: Outcome,
    pub(crate) cache_use: CacheUse,
    /// What can be read from the cache from now on.
    pub(crate) cached: Option<Prefix>,
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
    pub(crate) fn new(organisation: usize, group: Arc<str>, production: Production, outcome: Outcome) -> Self {
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
            reservation: None,
            outcome,
            steps: 0,
        }
    }

    /// Whether it has not begun.
    pub(crate) fn is_to_begin(&self) -> bool {
        self.steps == 0
    }

    /// Whether its end makes room.
    pub(crate) fn gives_back(&self) -> bool {
        self.reservation.is_some()
    }

    /// What is to be charged of the sum of tokens if the answer ends now; negative where more was reserved.
    pub(crate) fn settlement(&self) -> i64 {
        let Some(Reservation { reserved, burndown }) = self.reservation else { return 0 };
        let produced: u64 = (0..self.steps.saturating_sub(1)).map(|piece| self.production.piece(piece).1).sum();
        (produced * burndown) as i64 - reserved as i64
    }

    /// When its last step is done.
    pub(crate) fn ends_at(&self) -> Duration {
        self.production.ends_at(self.pieces)
    }

    /// What is still to be charged, and when: of the input, and of the output.
    pub(crate) fn charges_to_come(&self) -> impl Iterator<Item = (Duration, i64, u64)> {
        (self.steps..=self.pieces).map(|step| {
            let (input, output) = self.charges(step);
            (self.at(step), input, output)
        })
    }

    fn at(&self, step: u64) -> Duration {
        step.checked_sub(1).map_or(self.production.first_at(), |piece| self.production.piece(piece).0)
    }

    /// What a step charges of the input and of the output.
    fn charges(&self, step: u64) -> (i64, u64) {
        match step.checked_sub(1) {
            None => (self.input_correction, 0),
            Some(piece) if self.charges_output => (0, self.production.piece(piece).1),
            Some(_) => (0, 0),
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

    /// The answers that are of interest, with all that is to come of them.
    pub(crate) fn only(&self, is_wanted: impl Fn(&Active) -> bool) -> Self {
        let active: BTreeMap<u64, Active> = self
            .active
            .iter()
            .filter(|(_, answer)| is_wanted(answer))
            .map(|(&id, answer)| (id, answer.clone()))
            .collect();
        let due = active.iter().map(|(&id, answer)| Reverse((answer.at(answer.steps), id))).collect();
        Self { active, due }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Active> {
        self.active.values()
    }

    /// The next step that has happened by `now`.
    pub(crate) fn next_step(&mut self, now: Duration) -> Option<Step> {
        loop {
            let Reverse((at, id)) = *self.due.peek().filter(|Reverse((at, _))| *at <= now)?;
            self.due.pop();
            let Some(answer) = self.active.get_mut(&id) else { continue };
            let is_first = answer.steps == 0;
            let (input, output) = answer.charges(answer.steps);
            answer.steps += 1;
            let is_last = answer.steps > answer.pieces;
            let step = Step {
                at,
                organisation: answer.organisation,
                group: Arc::clone(&answer.group),
                input,
                output,
                tokens: if is_last { answer.settlement() } else { 0 },
                outcome: answer.outcome,
                cache_use: answer.cache_use,
                cached: answer.cached.take(),
                is_first,
                is_last,
            };
            if is_last {
                self.active.remove(&id);
            } else {
                self.due.push(Reverse((answer.at(answer.steps), id)));
            }
            return Some(step);
        }
    }
}
