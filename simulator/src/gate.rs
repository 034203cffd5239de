//! One limit in force in one dimension: what decides, what is published, and what is true.

use std::collections::VecDeque;
use std::time::Duration;

use crate::limits::{Dimension, Limit};
use crate::meter::Meter;
use crate::options::{NEIGHBOUR_STEP_MS, Neighbour};
use crate::tally::Tally;

/// The meters of one limit.
#[derive(Clone, Debug)]
pub struct Gate {
    dimension: Dimension,
    limit: Limit,
    enforced: Meter,
    /// What is published, where that is not what is enforced.
    published: Option<Meter>,
    /// What the headers speak of, where that is not what is published now.
    past: Option<Past>,
    tally: Tally,
    neighbour: Takings,
}

/// What can be said about a limit.
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
            published: limit.published().map(|published| published.meter()),
            past: None,
            tally: Tally::new(&limit),
            neighbour: Takings::default(),
        }
    }

    /// The same gate, of which the headers tell what was true `age` ago.
    #[must_use]
    pub fn told_late(self, age: Duration) -> Self {
        let stated = self.limit.published().unwrap_or(self.limit);
        let past = Past { age, limit: stated, meter: stated.meter(), since: VecDeque::new() };
        Self { past: (!age.is_zero()).then_some(past), ..self }
    }

    /// The same gate, for which nothing was counted but what decides.
    #[must_use]
    pub(crate) fn without_truth(&self) -> Self {
        Self {
            dimension: self.dimension,
            limit: self.limit,
            enforced: self.enforced.clone(),
            published: self.published.clone(),
            past: None,
            tally: Tally::new(&self.limit),
            neighbour: self.neighbour.clone(),
        }
    }

    /// Lets the neighbour take what it would have taken by now.
    pub fn advance(&mut self, now: Duration, neighbour: &Neighbour) {
        while let Some((at, wanted)) = self.neighbour.next(now, neighbour, self.limit.per_minute) {
            if wanted > 0 && self.enforced.remaining(at) >= 0 {
                self.neighbour.taken += wanted;
                self.count(at, wanted as i64);
            }
        }
        if let Some(past) = &mut self.past {
            past.advance(now);
        }
    }

    /// Another limit is in force from now on.
    pub fn change(&mut self, now: Duration, limit: Limit) {
        let used = self.enforced.used(now);
        self.published = limit.published().map(|published| match self.published.take() {
            Some(mut meter) => {
                meter.change(now, &published);
                meter
            }
            None => {
                let mut meter = published.meter();
                meter.charge(now, used);
                meter
            }
        });
        self.enforced.change(now, &limit);
        self.tally.change(&limit);
        if let Some(past) = &mut self.past {
            past.since.push_back((now, Event::Change(limit.published().unwrap_or(limit))));
        }
        self.limit = limit;
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

    /// What the headers say. Those that tell late tell what was true when the gate was last advanced.
    pub fn stated(&self, now: Duration) -> Reading {
        let Some(Past { age, limit, meter, .. }) = &self.past else { return self.reading(now) };
        self.reading_of(meter, limit, now.saturating_sub(*age))
    }

    /// What is published, as it is now.
    pub fn reading(&self, now: Duration) -> Reading {
        let meter = self.published.as_ref().unwrap_or(&self.enforced);
        self.reading_of(meter, &self.limit, now)
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

    fn reading_of(&self, meter: &Meter, limit: &Limit, now: Duration) -> Reading {
        Reading {
            dimension: self.dimension,
            limit: limit.per_minute,
            remaining: u64::try_from(meter.remaining(now)).unwrap_or(0),
            full_at: meter.full_at(now),
        }
    }

    fn count(&mut self, now: Duration, amount: i64) {
        self.enforced.charge(now, amount);
        if let Some(published) = &mut self.published {
            published.charge(now, amount);
        }
        if let Some(past) = &mut self.past {
            past.since.push_back((now, Event::Charge(amount)));
        }
    }
}

/// A limit as it was some time ago.
#[derive(Clone, Debug)]
struct Past {
    age: Duration,
    limit: Limit,
    meter: Meter,
    /// What has happened since, in the order of time.
    since: VecDeque<(Duration, Event)>,
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Charge(i64),
    Change(Limit),
}

impl Past {
    fn advance(&mut self, now: Duration) {
        let Some(until) = now.checked_sub(self.age) else { return };
        while let Some(&(at, event)) = self.since.front().filter(|&&(at, _)| at <= until) {
            match event {
                Event::Charge(amount) => self.meter.charge(at, amount),
                Event::Change(limit) => {
                    self.meter.change(at, &limit);
                    self.limit = limit;
                }
            }
            self.since.pop_front();
        }
    }
}

/// A neighbour's progress: it takes its share in steps of [`NEIGHBOUR_STEP_MS`].
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
        let due = now.saturating_sub(from).as_millis() as u64 / NEIGHBOUR_STEP_MS;
        self.step = self.step.max(due.saturating_sub(STEPS_THAT_MATTER));
        let at = from + Duration::from_millis((self.step + 1).saturating_mul(NEIGHBOUR_STEP_MS));
        if at > until {
            return None;
        }
        self.step += 1;
        let end_ms = at.as_millis() as u64;
        let present_ms = neighbour.present_ms(end_ms) - neighbour.present_ms(end_ms - NEIGHBOUR_STEP_MS);
        self.owed += u128::from(per_minute) * (neighbour.share * 1e6) as u128 * u128::from(present_ms);
        let units = self.owed / UNIT;
        self.owed %= UNIT;
        Some((at, units as u64))
    }
}

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
        let neighbour = Neighbour { share: 0.5, from_ms: 10_000, until_ms: Some(20_000), ..Neighbour::default() };
        gate.advance(Duration::from_secs(300), &neighbour);
        assert_eq!(gate.taken_by_neighbour(), 50);
    }

    #[test]
    fn a_neighbour_that_comes_again_takes_its_share_while_it_is_there() {
        let mut gate = gate(Limits { rpm: Some(600), ..Limits::default() });
        let neighbour = Neighbour { share: 0.5, every_ms: Some(10_000), for_ms: Some(2_550), ..Neighbour::default() };
        gate.advance(Duration::from_secs(5), &neighbour);
        assert_eq!(gate.taken_by_neighbour(), 12);
        gate.advance(Duration::from_secs(40), &neighbour);
        assert_eq!(gate.taken_by_neighbour(), 51);
    }

    #[test]
    fn a_client_that_takes_all_there_is_does_not_starve_the_neighbour() {
        let mut gate = gate(Limits { rpm: Some(600), burst_ms: Some(1_000), ..Limits::default() });
        let neighbour = Neighbour { share: 0.4, ..Neighbour::default() };
        for millisecond in 0..60_000 {
            let now = Duration::from_millis(millisecond);
            gate.advance(now, &neighbour);
            if gate.fits_at(now, 1) == Some(now) {
                gate.charge(now, 1);
            }
        }
        assert!((238..=240).contains(&gate.taken_by_neighbour()), "{}", gate.taken_by_neighbour());
        assert!((365..=372).contains(&gate.tally().charged()), "{}", gate.tally().charged());
    }

    #[test]
    fn a_neighbour_takes_nothing_from_a_limit_in_debt() {
        let mut gate = gate(Limits { rpm: Some(600), burst_ms: Some(1_000), ..Limits::default() });
        gate.charge(Duration::ZERO, 110);
        let neighbour = Neighbour { share: 0.5, ..Neighbour::default() };
        gate.advance(Duration::from_millis(9_950), &neighbour);
        assert_eq!((gate.taken_by_neighbour(), gate.remaining(Duration::from_millis(9_950))), (0, -1));
        gate.advance(Duration::from_secs(20), &neighbour);
        assert!((49..=51).contains(&gate.taken_by_neighbour()), "{}", gate.taken_by_neighbour());
    }

    #[test]
    fn headers_that_tell_late_tell_what_was_true_then() {
        let limit = Limits { rpm: Some(60), ..Limits::default() }.limit(Dimension::Requests).unwrap();
        let mut gate = Gate::new(Dimension::Requests, limit).told_late(Duration::from_secs(3));
        let stated = |gate: &mut Gate, now| {
            gate.advance(Duration::from_secs(now), &Neighbour::default());
            gate.stated(Duration::from_secs(now))
        };
        gate.charge(Duration::from_secs(1), 30);
        assert_eq!(stated(&mut gate, 3).remaining, 60);
        assert_eq!(stated(&mut gate, 4).remaining, 30);
        assert_eq!((stated(&mut gate, 14).remaining, gate.reading(Duration::from_secs(14)).remaining), (40, 43));
        gate.change(Duration::from_secs(15), Limit { per_minute: 120, at_once: 120, ..limit });
        assert_eq!((stated(&mut gate, 17).limit, stated(&mut gate, 17).remaining), (60, 43));
        // Sixteen units were missing when the limit was raised.
        assert_eq!((stated(&mut gate, 18).limit, stated(&mut gate, 18).remaining), (120, 104));
    }

    #[test]
    fn what_was_used_stays_used_when_the_limit_changes() {
        let mut gate = gate(Limits { rpm: Some(60), ..Limits::default() });
        gate.charge(Duration::ZERO, 60);
        let lowered = Limits { rpm: Some(30), burst_ms: Some(20_000), hide_burst: true, ..Limits::default() };
        gate.change(Duration::from_secs(20), lowered.limit(Dimension::Requests).unwrap());
        // Forty are missing, of ten and of thirty.
        let now = Duration::from_secs(20);
        assert_eq!((gate.remaining(now), gate.paid_at(now)), (-30, Duration::from_secs(80)));
        assert_eq!((gate.reading(now).remaining, gate.reading(Duration::from_secs(60)).remaining), (0, 10));
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
