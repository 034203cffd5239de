//! What a server counts together: one organisation's use of one model group, in every dimension.

use std::time::Duration;

use serde::Serialize;

use crate::cache::CacheCounts;
use crate::gate::{Gate, Reading};
use crate::limits::{Dimension, Limits};
use crate::options::{Neighbour, Ramp};
use crate::ramp::Acceleration;

/// The gates of one organisation and model group. A request passes all of them or none.
#[derive(Clone, Debug)]
pub struct Ledger {
    gates: Vec<Gate>,
    /// The limits that are still to come, the next one last.
    changes: Vec<(Duration, Limits)>,
    acceleration: Option<Acceleration>,
    counts: Counts,
    cache: CacheCounts,
}

/// What became of the requests, as the server saw it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Requests that arrived.
    pub requests: u64,
    /// Answered to the end.
    pub served: u64,
    /// Refused because of a limit (429).
    pub refused: u64,
    /// Refused because of load (529 or 503).
    pub overloaded: u64,
    /// Answered with a server error, or with an error in the middle of a stream.
    pub errors: u64,
    /// Lost: the connection was dropped or cut, or the server never answered.
    pub lost: u64,
    /// Given up by the client while the answer was being produced.
    pub aborted: u64,
    /// Being answered now.
    pub in_flight: u64,
}

/// What a request needs in one dimension.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// What is counted.
    pub dimension: Dimension,
    /// What must fit for the request to be admitted.
    pub fits: u64,
    /// What is charged on admission.
    pub charge: u64,
}

/// Why a request was not admitted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The limit that holds the request up longest.
    pub reading: Reading,
    /// What did not fit.
    pub asked: u64,
    /// When it would, if nobody else came. `None`: never, it is larger than the limit.
    pub fits_at: Option<Duration>,
}

impl Ledger {
    /// A ledger in which nothing has been used.
    pub fn new(limits: &Limits) -> Self {
        let gates = Dimension::ALL
            .into_iter()
            .filter_map(|dimension| limits.limit(dimension).map(|limit| Gate::new(dimension, limit)))
            .collect();
        Self {
            gates,
            changes: Vec::new(),
            acceleration: None,
            counts: Counts::default(),
            cache: CacheCounts::default(),
        }
    }

    /// The same ledger, whose limits change at these instants, in the order of time.
    #[must_use]
    pub fn changing(self, mut changes: Vec<(Duration, Limits)>) -> Self {
        changes.reverse();
        Self { changes, ..self }
    }

    /// The same ledger, in which the number of requests may only grow so fast.
    #[must_use]
    pub fn ramped(self, ramp: Option<&Ramp>) -> Self {
        Self { acceleration: ramp.map(Acceleration::new), ..self }
    }

    /// The same ledger, of which the headers tell what was true `age` ago.
    #[must_use]
    pub fn told_late(self, age: Duration) -> Self {
        let gates = self.gates.into_iter().map(|gate| gate.told_late(age)).collect();
        Self { gates, ..self }
    }

    /// The same ledger without what has been counted for the judge alone.
    #[must_use]
    pub(crate) fn without_truth(&self) -> Self {
        Self {
            gates: self.gates.iter().map(Gate::without_truth).collect(),
            changes: self.changes.clone(),
            acceleration: self.acceleration.clone(),
            counts: self.counts,
            cache: self.cache,
        }
    }

    /// The gates, the limits that are still to come in the order of time, and what holds growth back.
    pub(crate) fn into_parts(mut self) -> (Vec<Gate>, Vec<(Duration, Limits)>, Option<Acceleration>) {
        self.changes.reverse();
        (self.gates, self.changes, self.acceleration)
    }

    /// When the limits change next.
    pub fn next_change(&self) -> Option<Duration> {
        self.changes.last().map(|&(at, _)| at)
    }

    /// Lets happen what happens by now: the neighbour takes its share, and limits change.
    pub fn advance(&mut self, now: Duration, neighbour: &Neighbour) {
        while let Some((at, limits)) = self.changes.pop_if(|(at, _)| *at <= now) {
            for gate in &mut self.gates {
                gate.advance(at, neighbour);
                if let Some(limit) = limits.limit(gate.dimension()) {
                    gate.change(at, limit);
                }
            }
        }
        for gate in &mut self.gates {
            gate.advance(now, neighbour);
        }
    }

    /// Charges all that is asked, whether it fits or not.
    pub fn admit(&mut self, now: Duration, asks: &[Ask]) {
        for ask in asks {
            self.charge(now, ask.dimension, ask.charge as i64);
        }
        if let Some(acceleration) = &mut self.acceleration {
            acceleration.admit(now);
        }
    }

    /// The first instant, now or later, at which one more request is no faster growth than is allowed.
    pub fn slow_enough_at(&self, now: Duration) -> Duration {
        self.acceleration.as_ref().map_or(now, |acceleration| acceleration.fits_at(now))
    }

    /// What holds up a request longest, if anything does.
    pub fn refusal(&self, now: Duration, asks: &[Ask]) -> Option<Refusal> {
        let held_up = |ask: &Ask| {
            let gate = self.gates.iter().find(|gate| gate.dimension() == ask.dimension)?;
            let fits_at = gate.fits_at(now, ask.fits);
            let refusal = Refusal { reading: gate.reading(now), asked: ask.fits, fits_at };
            fits_at.is_none_or(|at| at > now).then_some(refusal)
        };
        // "Never" is later than any instant.
        asks.iter().filter_map(held_up).max_by_key(|refusal| refusal.fits_at.unwrap_or(Duration::MAX))
    }

    /// Charges one dimension, whether it fits or not; a negative amount gives back.
    pub fn charge(&mut self, now: Duration, dimension: Dimension, amount: i64) {
        let gate = self.gates.iter_mut().find(|gate| gate.dimension() == dimension);
        if let Some(gate) = gate.filter(|_| amount != 0) {
            gate.charge(now, amount);
        }
    }

    /// The counts, to be counted on.
    pub fn counts_mut(&mut self) -> &mut Counts {
        &mut self.counts
    }

    /// The counts.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The cache's counts, to be counted on.
    pub fn cache_mut(&mut self) -> &mut CacheCounts {
        &mut self.cache
    }

    /// The cache's counts.
    pub fn cache(&self) -> &CacheCounts {
        &self.cache
    }

    /// The gates.
    pub fn gates(&self) -> &[Gate] {
        &self.gates
    }

    /// What the headers say.
    pub fn readings(&self, now: Duration) -> Vec<Reading> {
        self.gates.iter().map(|gate| gate.stated(now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::meter::Enforcement;
    use crate::tally::allowed;

    fn ask(dimension: Dimension, amount: u64) -> Ask {
        Ask { dimension, fits: amount, charge: amount }
    }

    /// Admits what fits.
    fn try_admit(ledger: &mut Ledger, now: Duration, asks: &[Ask]) -> Option<Refusal> {
        let refusal = ledger.refusal(now, asks);
        if refusal.is_none() {
            ledger.admit(now, asks);
        }
        refusal
    }

    #[test]
    fn a_request_that_one_limit_refuses_is_told_the_limit_that_holds_it_up_longest() {
        let mut ledger = Ledger::new(&Limits { rpm: Some(60), itpm: Some(100), ..Limits::default() });
        let asks = [ask(Dimension::Requests, 1), ask(Dimension::InputTokens, 80)];
        ledger.admit(Duration::ZERO, &asks);
        let refusal = ledger.refusal(Duration::ZERO, &asks).unwrap();
        assert_eq!(refusal.reading.dimension, Dimension::InputTokens);
        assert_eq!(refusal.fits_at, Some(Duration::from_secs(36)));
        assert_eq!(ledger.readings(Duration::ZERO)[0].remaining, 59);
    }

    #[test]
    fn what_can_never_fit_is_told_from_what_must_wait() {
        let mut ledger = Ledger::new(&Limits { rpm: Some(1), itpm: Some(100), ..Limits::default() });
        ledger.charge(Duration::ZERO, Dimension::Requests, 1);
        let asks = [ask(Dimension::Requests, 1), ask(Dimension::InputTokens, 101)];
        let refusal = ledger.refusal(Duration::ZERO, &asks).unwrap();
        assert_eq!((refusal.reading.dimension, refusal.fits_at), (Dimension::InputTokens, None));
    }

    proptest! {
        #[test]
        fn what_is_admitted_never_exceeds_what_a_window_may_hold(
            enforcement in prop::sample::select(vec![
                Enforcement::TokenBucket, Enforcement::FixedWindow, Enforcement::SlidingWindow,
            ]),
            per_minute in 6_u64..600,
            burst_ms in 1_000_u64..60_000,
            asks in prop::collection::vec((0_u64..3_000, 1_u64..40), 1..200),
        ) {
            let limits = Limits { rpm: Some(per_minute), burst_ms: Some(burst_ms), enforcement, ..Limits::default() };
            let mut ledger = Ledger::new(&limits);
            let mut now = Duration::ZERO;
            for (gap, amount) in asks {
                now += Duration::from_millis(gap);
                try_admit(&mut ledger, now, &[ask(Dimension::Requests, amount)]);
                let gate = &ledger.gates()[0];
                prop_assert!(gate.remaining(now) >= 0);
                prop_assert!(gate.tally().peak() <= allowed(gate.limit()) as i64);
            }
        }
    }
}
