//! One limit in force in one dimension: what decides, what is published, and what is true.

use std::time::Duration;

use crate::limits::{Dimension, Limit};
use crate::meter::Meter;
use crate::options::Neighbour;
use crate::tally::Tally;

/// The meters of one limit.
#[derive(Clone, Debug)]
pub struct Gate {
    dimension: Dimension,
    limit: Limit,
    enforced: Meter,
    /// What the headers speak of, where that is not what is enforced.
    published: Option<Meter>,
    tally: Tally,
    neighbour: Takings,
}

/// What the headers say about a limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reading {
    /// What is counted.
    pub dimension: Dimension,
    /// The amount a minute.
    pub limit: u64,
    /// Units left; 0 in debt.
    pub remaining: u64,
    /// When nothing will count as used any more.
    pub full_at: Duration,
}

impl Gate {
    /// A gate that nobody has passed.
    pub fn new(dimension: Dimension, limit: Limit) -> Self {
        Self {
            dimension,
            limit,
            enforced: limit.meter(),
            published: limit.published_meter(),
            tally: Tally::new(&limit),
            neighbour: Takings::default(),
        }
    }

    /// Lets the neighbour take what it would have taken by now.
    pub fn advance(&mut self, now: Duration, neighbour: &Neighbour) {
        while let Some((at, wanted)) = self.neighbour.next(now, neighbour, self.limit.per_minute) {
            let taken = wanted.min(u64::try_from(self.enforced.remaining(at)).unwrap_or(0));
            self.neighbour.taken += taken;
            self.count(at, taken as i64);
        }
    }

    /// Charges whoever calls, whether it fits or not.
    pub fn charge(&mut self, now: Duration, amount: i64) {
        self.tally.record(now, amount);
        self.count(now, amount);
    }

    /// The first instant at which `amount` would fit. `None`: never.
    pub fn fits_at(&self, now: Duration, amount: u64) -> Option<Duration> {
        let published = self.published.as_ref().map_or(Some(now), |meter| meter.fits_at(now, amount));
        Some(self.enforced.fits_at(now, amount)?.max(published?))
    }

    /// What is counted.
    pub fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// The limit in force.
    pub fn limit(&self) -> &Limit {
        &self.limit
    }

    /// What the headers say.
    pub fn reading(&self, now: Duration) -> Reading {
        let meter = self.published.as_ref().unwrap_or(&self.enforced);
        Reading {
            dimension: self.dimension,
            limit: self.limit.per_minute,
            remaining: u64::try_from(meter.remaining(now)).unwrap_or(0),
            full_at: meter.full_at(now),
        }
    }

    /// What is really left; negative in debt.
    pub fn remaining(&self, now: Duration) -> i64 {
        self.enforced.remaining(now)
    }

    /// When there is no debt left.
    pub fn paid_at(&self, now: Duration) -> Duration {
        self.enforced.fits_at(now, 0).unwrap_or(now)
    }

    /// The ground truth.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// What the neighbour took.
    pub fn taken_by_neighbour(&self) -> u64 {
        self.neighbour.taken
    }

    fn count(&mut self, now: Duration, amount: i64) {
        self.enforced.charge(now, amount);
        if let Some(published) = &mut self.published {
            published.charge(now, amount);
        }
    }
}

/// A neighbour's progress: it takes its share in steps of [`STEP_MS`].
#[derive(Clone, Debug, Default)]
struct Takings {
    step: u64,
    /// Parts of a unit that are owed but not yet a whole one.
    owed: u128,
    taken: u64,
}

impl Takings {
    /// The next step that is due, with the units it takes.
    fn next(&mut self, now: Duration, neighbour: &Neighbour, per_minute: u64) -> Option<(Duration, u64)> {
        if neighbour.share <= 0.0 {
            return None;
        }
        let from = Duration::from_millis(neighbour.from_ms);
        let until = neighbour.until_ms.map_or(Duration::MAX, Duration::from_millis).min(now);
        // What happened before the last few minutes no longer matters, so a jump of years costs nothing.
        let due = now.saturating_sub(from).as_millis() as u64 / STEP_MS;
        self.step = self.step.max(due.saturating_sub(STEPS_THAT_MATTER));
        let at = from + Duration::from_millis((self.step + 1).saturating_mul(STEP_MS));
        if at > until {
            return None;
        }
        self.step += 1;
        self.owed += u128::from(per_minute) * (neighbour.share * 1e6) as u128 * u128::from(STEP_MS);
        let units = self.owed / UNIT;
        self.owed %= UNIT;
        Some((at, units as u64))
    }
}

const STEP_MS: u64 = 100;
/// Ten minutes of steps.
const STEPS_THAT_MATTER: u64 = 6_000;
/// One unit in millionths of a unit times milliseconds of a minute.
const UNIT: u128 = 1_000_000 * 60_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn gate(limits: Limits) -> Gate {
        Gate::new(Dimension::Requests, limits.limit(Dimension::Requests).unwrap())
    }

    #[test]
    fn a_neighbour_takes_its_share_of_the_rate() {
        let mut gate = gate(Limits { rpm: Some(600), burst_ms: Some(6_000), ..Limits::default() });
        gate.advance(Duration::from_secs(30), &Neighbour { share: 0.4, ..Neighbour::default() });
        assert_eq!(gate.taken_by_neighbour(), 120);
        assert_eq!(gate.tally().charged(), 0);
    }

    #[test]
    fn a_neighbour_that_has_gone_takes_nothing_more() {
        let mut gate = gate(Limits { rpm: Some(600), ..Limits::default() });
        let neighbour = Neighbour { share: 0.5, from_ms: 10_000, until_ms: Some(20_000) };
        gate.advance(Duration::from_secs(300), &neighbour);
        assert_eq!(gate.taken_by_neighbour(), 50);
    }

    #[test]
    fn a_jump_of_years_takes_no_time() {
        let mut gate = gate(Limits { rpm: Some(600), ..Limits::default() });
        gate.advance(Duration::from_secs(3_000_000_000), &Neighbour { share: 0.5, ..Neighbour::default() });
        assert!(gate.taken_by_neighbour() > 0);
    }

    #[test]
    fn headers_speak_of_the_minute_when_the_burst_is_hidden() {
        let mut gate = gate(Limits { rpm: Some(60), burst_ms: Some(1_000), hide_burst: true, ..Limits::default() });
        gate.charge(Duration::ZERO, 1);
        assert_eq!(gate.reading(Duration::ZERO).remaining, 59);
        assert_eq!(gate.fits_at(Duration::ZERO, 1), Some(Duration::from_secs(1)));
    }

    #[test]
    fn debt_reads_as_nothing_left_and_says_when_it_is_paid() {
        let mut gate = gate(Limits { rpm: Some(60), ..Limits::default() });
        gate.charge(Duration::ZERO, 90);
        assert_eq!(gate.reading(Duration::ZERO).remaining, 0);
        assert_eq!(gate.remaining(Duration::ZERO), -30);
        assert_eq!(gate.paid_at(Duration::ZERO), Duration::from_secs(30));
    }
}
