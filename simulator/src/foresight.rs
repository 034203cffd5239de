//! What will become of an organisation if nothing more arrives.

use std::time::Duration;

use crate::active::Answers;
use crate::api::Call;
use crate::options::Options;
use crate::organisation::{Obstacle, Organisation};

/// One model group of an organisation, and what is on its way, from an instant on.
#[derive(Debug)]
pub(crate) struct Future<'a> {
    organisation: Organisation,
    answers: Answers,
    options: &'a Options,
    now: Duration,
}

impl<'a> Future<'a> {
    /// The future of an organisation whose answers these are, all of which have been advanced to `now`.
    pub(crate) fn new(organisation: Organisation, answers: Answers, options: &'a Options, now: Duration) -> Self {
        Self { organisation, answers, options, now }
    }

    /// The first instant, now or later, at which the request is admitted. `None`: never, or a neighbour keeps it out for an
    /// hour after it would have fitted, as one who always holds a part of a window does with what needs all of it.
    pub(crate) fn admits_at(mut self, call: &Call) -> Option<Duration> {
        let mut call = call.clone();
        let mut gives_up_at = None;
        loop {
            if let Some(prefix) = &call.prefix {
                call.cache_use = self.organisation.cache.look(self.now, prefix);
            }
            let room_at = match self.organisation.obstacle(self.now, &call, self.options.max_in_flight) {
                None => return Some(self.now),
                // What comes meanwhile can only make it later, except by the reliefs that are looked for below.
                Some(Obstacle::Limit(refusal)) => refusal.fits_at,
                Some(Obstacle::TooFast(until)) => Some(until),
                Some(Obstacle::TooManyInFlight) => None,
            };
            if self.now > *gives_up_at.get_or_insert(room_at.unwrap_or(self.now).saturating_add(PATIENCE)) {
                return None;
            }
            let next = room_at.into_iter().chain(self.next_relief(&call)).filter(|&at| at > self.now).min()?;
            self.advance(next, &call);
        }
    }

    /// When the next thing happens that can make room before time does: an answer begins, of which the input may have been
    /// overestimated and from whose prompt may be read, one ends that gives something back, or the limits change.
    fn next_relief(&self, call: &Call) -> Option<Duration> {
        let beginnings =
            self.answers.iter().filter(|answer| answer.is_to_begin()).map(|answer| answer.production.first_at());
        let endings = self.answers.iter().filter(|answer| self.options.max_in_flight.is_some() || answer.gives_back());
        let endings = endings.map(|answer| answer.ends_at());
        let change = self.organisation.ledgers.get(&call.group).and_then(|ledger| ledger.next_change());
        beginnings.chain(endings).chain(change).min()
    }

    fn advance(&mut self, now: Duration, call: &Call) {
        let neighbour = &self.options.neighbour;
        while let Some(step) = self.answers.next_step(now) {
            self.organisation.note(&step, neighbour);
        }
        if let Some(ledger) = self.organisation.ledgers.get_mut(&call.group) {
            ledger.advance(now, neighbour);
        }
        self.now = now;
    }
}

/// How long a request that would fit without a neighbour is tried. Whoever is kept out for so long is kept out for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3_600);
