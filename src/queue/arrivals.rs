//! How much of a limit those take who come later and go first.
//!
//! Whoever waits is passed by all of higher priority who come meanwhile. When they will come nobody knows, but how much of
//! them came in the last half minute to minute is known, and a wait grows by as much.

use super::Priority;
use crate::time::{Duration, Instant};

/// The work that came lately, by priority.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Arrivals {
    /// In nanoseconds, of those who are about critical, high and normal, since the epoch began.
    work: [u64; CLASSES],
    /// In the epoch before.
    earlier: [u64; CLASSES],
    began: Instant,
}

impl Arrivals {
    /// A request of `priority` came that takes `work`: the time, in nanoseconds, in which so much is replenished.
    #[inline]
    pub(crate) fn note(&mut self, priority: Priority, work: u64, now: Instant) {
        self.turn_to(now);
        if let Some(sum) = self.work.get_mut(class(priority)) {
            *sum = sum.saturating_add(work);
        }
    }

    /// The part of the time that those take who are more urgent than `priority` by about one of the named ones, in thousandths:
    /// 875 at most.
    pub(crate) fn taken_before(&mut self, priority: Priority, now: Instant) -> u64 {
        self.turn_to(now);
        let above = class(priority).min(CLASSES);
        let work =
            self.work[..above].iter().chain(&self.earlier[..above]).fold(0, |sum: u64, work| sum.saturating_add(*work));
        // Half a minute and more: of a shorter time, a single request says too much.
        let time = now.since(self.began) + EPOCH;
        let part = u128::from(work) * 1_000 / u128::from(time.as_nanos());
        u64::try_from(part).unwrap_or(u64::MAX).min(MOST_TAKEN)
    }

    #[inline]
    fn turn_to(&mut self, now: Instant) {
        let gone = now.since(self.began);
        if gone >= EPOCH {
            self.earlier = if gone < EPOCH.times(2) { self.work } else { [0; CLASSES] };
            self.work = [0; CLASSES];
            self.began = now;
        }
    }
}

/// The named priority that is nearest, counted from the first to go first.
const fn class(priority: Priority) -> usize {
    (Priority::CRITICAL.above(priority) as usize + Priority::STEP as usize / 2) / Priority::STEP as usize
}

/// The lowest is passed by those above alone.
const CLASSES: usize = 3;

const EPOCH: Duration = Duration::from_secs(30);

/// Who is overdue has every eighth start.
pub(crate) const MOST_TAKEN: u64 = 875;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Instant {
        Instant::from_nanos(1_000_000_000_000) + Duration::from_secs(secs)
    }

    #[test]
    fn what_came_lately_is_expected_to_go_on() {
        let mut arrivals = Arrivals::default();
        for second in 0..100 {
            arrivals.note(Priority::HIGH, 250_000_000, at(second));
            arrivals.note(Priority::LOW, 900_000_000, at(second));
        }
        let taken = |priority| arrivals.clone().taken_before(priority, at(100));
        assert!((230..=260).contains(&taken(Priority::NORMAL)), "{}", taken(Priority::NORMAL));
        assert_eq!(taken(Priority::NORMAL), taken(Priority::LOW));
        assert_eq!([taken(Priority::HIGH), taken(Priority::CRITICAL)], [0, 0]);
        assert_eq!(taken(Priority::clamped(-100)), taken(Priority::LOW), "the lowest are alike");
        assert_eq!(arrivals.taken_before(Priority::LOW, at(170)), 0, "they come no longer");
    }

    #[test]
    fn a_single_flood_is_no_stream_and_nobody_takes_all() {
        let mut arrivals = Arrivals::default();
        arrivals.note(Priority::HIGH, 3_000_000_000, at(0));
        assert_eq!(arrivals.taken_before(Priority::LOW, at(0)), 100);
        arrivals.note(Priority::HIGH, u64::MAX, at(0));
        assert_eq!(arrivals.taken_before(Priority::LOW, at(0)), MOST_TAKEN);
    }
}
