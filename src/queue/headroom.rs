//! What lower priorities leave in every limit, so that whoever is more urgent finds quota when it comes.
//!
//! When the next urgent request comes nobody knows, but how they come is known: the most that they took in any second of
//! the last one or two minutes is what lower priorities leave. It is noted for each boundary between priorities that has
//! urgent ones above it. Nothing is left when none of them came for two minutes.

use core::cmp::Ordering;

use super::Priority;
use crate::archive::Archive;
use crate::cost::Cost;
use crate::ledger::Leave;
use crate::policy::HeadroomPolicy;
use crate::time::{Duration, Instant};

/// What was taken lately above each boundary.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headroom {
    /// By those above normal, which normal ones leave.
    above_normal: Demand,
    /// By normal ones and those above, which those below normal leave.
    above_low: Demand,
}

/// The largest amounts that were taken in a second.
#[derive(Clone, Copy, Debug, Default)]
struct Demand {
    /// In the second that ends at `second_ends`.
    second: Cost,
    second_ends: Instant,
    /// In any second of the epoch that ends at `epoch_ends`, in each dimension.
    peak: Cost,
    /// In any second of the epoch before.
    earlier_peak: Cost,
    epoch_ends: Instant,
}

impl Headroom {
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.above_normal.keep(archive);
        self.above_low.keep(archive);
    }

    /// A request of `priority` took `cost`.
    #[inline]
    pub fn note(&mut self, priority: Priority, cost: Cost, now: Instant) {
        if priority >= Priority::NORMAL {
            self.above_low.note(cost, now);
            if priority > Priority::NORMAL {
                self.above_normal.note(cost, now);
            }
        }
    }

    /// What a request of `priority` leaves, and when that may become less; `None` if it leaves nothing.
    #[inline]
    pub fn left_by(&mut self, priority: Priority, policy: HeadroomPolicy, now: Instant) -> Option<(Leave, Instant)> {
        let demand = match priority.cmp(&Priority::NORMAL) {
            Ordering::Greater => return None,
            Ordering::Equal => &mut self.above_normal,
            Ordering::Less => &mut self.above_low,
        };
        match policy {
            HeadroomPolicy::Share(0) => None,
            HeadroomPolicy::Share(share) => {
                Some((Leave { cost: Cost::default(), least: share, most: share }, END_OF_TIME))
            }
            HeadroomPolicy::Auto if demand.epoch_ends == Instant::ZERO => None,
            HeadroomPolicy::Auto => {
                demand.turn_to(now);
                let cost = demand.peak.most(demand.earlier_peak);
                (cost != Cost::default()).then_some((Leave { cost, least: 0, most: MOST_LEARNED }, demand.epoch_ends))
            }
        }
    }
}

impl Demand {
    fn keep(&mut self, archive: &mut Archive<'_>) {
        self.second.keep(archive);
        self.second_ends = archive.instant_within(self.second_ends, Duration::SECOND);
        self.peak.keep(archive);
        self.earlier_peak.keep(archive);
        self.epoch_ends = archive.instant_within(self.epoch_ends, EPOCH);
    }

    #[inline]
    fn note(&mut self, cost: Cost, now: Instant) {
        self.turn_to(now);
        // After a clock that went back, the second of before would never end.
        if now >= self.second_ends || self.second_ends.since(now) > Duration::SECOND {
            self.second = Cost::default();
            self.second_ends = now + Duration::SECOND;
        }
        self.second.add(cost);
        self.peak = self.peak.most(self.second);
    }

    /// Forgets what was longer ago.
    #[inline]
    fn turn_to(&mut self, now: Instant) {
        if now >= self.epoch_ends {
            let follows = now.since(self.epoch_ends) < EPOCH;
            self.earlier_peak = if follows { self.peak } else { Cost::default() };
            self.peak = Cost::default();
            self.epoch_ends = now + EPOCH;
        }
    }
}

const END_OF_TIME: Instant = Instant::from_nanos(u64::MAX);

/// Long enough for somebody who reads an answer before asking again. What is left for nobody comes back after two of
/// them at the latest.
const EPOCH: Duration = Duration::MINUTE;

/// In thousandths of a limit's burst: what was learned never takes more from lower priorities. A quarter began to cost
/// throughput where a burst is a few seconds long, an eighth made urgent requests wait there.
const MOST_LEARNED: u16 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::from_nanos(5_000_000_000);

    fn tokens(input_tokens: u32) -> Cost {
        Cost { input_tokens, ..Cost::REQUEST }
    }

    fn learned(headroom: &mut Headroom, priority: Priority, now: Instant) -> Option<(u32, u32)> {
        let left = headroom.left_by(priority, HeadroomPolicy::Auto, now);
        left.map(|(leave, _)| (leave.cost.requests, leave.cost.input_tokens))
    }

    #[test]
    fn the_most_that_urgent_ones_took_in_a_second_is_left() {
        let mut headroom = Headroom::default();
        for (millis, size) in [(0, 500), (900, 100), (1_100, 400), (1_200, 10), (1_300, 10)] {
            headroom.note(Priority::HIGH, tokens(size), START + Duration::from_millis(millis));
        }
        let now = START + Duration::from_secs(2);
        assert_eq!(learned(&mut headroom, Priority::NORMAL, now), Some((3, 600)));
        assert_eq!(learned(&mut headroom, Priority::LOW, now), Some((3, 600)));
        assert_eq!(learned(&mut headroom, Priority::HIGH, now), None);
    }

    #[test]
    fn nobody_leaves_anything_for_his_equals() {
        let mut headroom = Headroom::default();
        headroom.note(Priority::LOW, tokens(700), START);
        assert_eq!(learned(&mut headroom, Priority::LOW, START), None);
        headroom.note(Priority::NORMAL, tokens(70), START);
        assert_eq!(learned(&mut headroom, Priority::NORMAL, START), None);
        assert_eq!(learned(&mut headroom, Priority::LOW, START), Some((1, 70)));
    }

    #[test]
    fn who_has_not_come_for_two_minutes_is_not_expected() {
        let mut headroom = Headroom::default();
        headroom.note(Priority::HIGH, tokens(70), START);
        let after = |secs| START + Duration::from_secs(secs);
        let (_, until) = headroom.left_by(Priority::LOW, HeadroomPolicy::Auto, after(30)).expect("one came");
        assert_eq!(until, after(60));
        assert_eq!(learned(&mut headroom, Priority::LOW, after(119)), Some((1, 70)));
        assert_eq!(learned(&mut headroom, Priority::LOW, after(179)), None);
        assert_eq!(learned(&mut headroom, Priority::NORMAL, after(120)), None, "nobody looked in between");
    }

    #[test]
    fn a_clock_that_goes_back_adds_no_seconds_together() {
        let mut headroom = Headroom::default();
        for millis in [50_000, 40_000, 41_500] {
            headroom.note(Priority::HIGH, tokens(70), START + Duration::from_millis(millis));
        }
        assert_eq!(learned(&mut headroom, Priority::LOW, START), Some((1, 70)));
    }
}
