//! For how long requests are in flight, and so when the next permit comes back.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// A running mean, in which the latest 64 or so requests count for most, and how far single ones are from it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holds {
    /// Seconds, and their squares.
    mean: f64,
    square: f64,
    seen: u32,
    /// Of the requests in flight, the sum of the instants at which they started, in units of 2¹⁰ ns. It wraps.
    began: u64,
}

impl Holds {
    /// Which requests are in flight is not kept here: whoever keeps them lets each [`begin`](Self::begin) again.
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.mean = archive.real(self.mean).clamp(0.0, LONGEST_SECONDS);
        self.square = archive.real(self.square).clamp(0.0, LONGEST_SECONDS * LONGEST_SECONDS);
        self.seen = archive.small(self.seen).min(MOST_SEEN);
    }

    /// A request starts.
    #[inline]
    pub(crate) const fn begin(&mut self, now: Instant) {
        self.began = self.began.wrapping_add(now.as_nanos() >> GRAIN);
    }

    /// A request that started at `sent_at` is over. For how long it was in flight, [`note`](Self::note) is told.
    #[inline]
    pub(crate) const fn end(&mut self, sent_at: Instant) {
        self.began = self.began.wrapping_sub(sent_at.as_nanos() >> GRAIN);
    }

    /// A request was in flight for `duration`.
    pub(crate) fn note(&mut self, duration: Duration) {
        let seconds = duration.as_millis_f64() / 1e3;
        self.seen = (self.seen + 1).min(MOST_SEEN);
        let weight = 1.0 / f64::from(self.seen);
        self.mean += (seconds - self.mean) * weight;
        self.square += (seconds * seconds - self.square) * weight;
    }

    /// How long a request is in flight.
    pub(crate) fn mean(&self) -> Duration {
        Duration::from_millis_f64(self.mean * 1e3)
    }

    /// How long it takes until `count` permits have come back, of `limit` that are all held; `None` as long as none has
    /// ever come back, because then nobody can tell.
    ///
    /// Those that are held now come back in the rest of their time. That is what is missing to the mean where all take
    /// alike, and the mean itself where it says nothing how long one has taken already; in between it is by how far times
    /// differ. From then on permits come back in turn.
    pub(crate) fn until_released(&self, count: u64, limit: u64, now: Instant) -> Option<Duration> {
        if count == 0 {
            return Some(Duration::ZERO);
        }
        if self.seen == 0 || limit == 0 {
            return None;
        }
        let all = limit as f64;
        let age = (now.as_nanos() >> GRAIN).wrapping_mul(limit).wrapping_sub(self.began).cast_signed();
        let age = (age as f64 * GRAIN_SECONDS / all).max(0.0);
        let spread = (self.square / (self.mean * self.mean).max(1e-12) - 1.0).clamp(0.0, 1.0);
        // The first to come back are the shortest. Where times differ, the others have shown by now how long they last at least.
        let seen = f64::from(self.seen);
        let mean = self.mean + age * all / seen * spread * (1.0 - seen / f64::from(MOST_SEEN));
        // One that is late may come at any moment.
        let rest = (mean - age).max(mean * LATE) * (1.0 - spread) + mean * spread;
        // Rounds of all permits, and of the last round so many.
        let (rounds, nth) = ((count - 1) / limit, (count - 1) % limit + 1);
        let first = 2.0 * rest * nth as f64 / (all + 1.0);
        Some(Duration::from_millis_f64((first.min(mean.max(rest)) + rounds as f64 * mean) * 1e3))
    }
}

/// Microseconds, nearly: fine enough, and a million of them fit.
const GRAIN: u32 = 10;

const GRAIN_SECONDS: f64 = 1_024e-9;

const MOST_SEEN: u32 = 64;

/// A year: no request takes longer.
const LONGEST_SECONDS: f64 = 31_622_400.0;

const LATE: f64 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_nanos(100_000_000_000);

    fn after(holds: &Holds, count: u64, limit: u64, now: Instant) -> Option<u64> {
        holds.until_released(count, limit, now).map(|wait| (wait.as_millis_f64() / 100.0).round() as u64)
    }

    #[test]
    fn nobody_can_tell_before_the_first_has_come_back() {
        let mut holds = Holds::default();
        holds.begin(NOW);
        assert_eq!(after(&holds, 1, 1, NOW), None);
        assert_eq!(after(&holds, 0, 1, NOW), Some(0));
        holds.note(Duration::from_secs(2));
        assert_eq!(after(&holds, 1, 1, NOW), Some(20));
    }

    #[test]
    fn where_all_take_alike_the_rest_of_the_time_is_known() {
        let mut holds = Holds::default();
        (0..5).for_each(|_| holds.note(Duration::from_secs(2)));
        holds.begin(NOW);
        assert_eq!(after(&holds, 1, 1, NOW + Duration::from_millis(1_500)), Some(5));
        assert_eq!(after(&holds, 4, 1, NOW + Duration::from_millis(1_500)), Some(65));
        assert_eq!(after(&holds, 1, 1, NOW + Duration::from_secs(9)), Some(1), "it is late");
    }

    #[test]
    fn where_times_differ_that_one_has_run_says_little() {
        let mut holds = Holds::default();
        for seconds in [1, 1, 1, 13] {
            holds.note(Duration::from_secs(seconds));
        }
        holds.begin(NOW);
        let later = NOW + Duration::from_secs(4);
        assert_eq!(after(&holds, 1, 1, later), Some(49), "the first four may be the shortest");
        (0..30).flat_map(|_| [1, 1, 1, 13]).for_each(|seconds| holds.note(Duration::from_secs(seconds)));
        assert!(after(&holds, 1, 1, later).is_some_and(|rest| (35..=50).contains(&rest)));
    }

    #[test]
    fn many_permits_come_back_one_after_the_other() {
        let mut holds = Holds::default();
        holds.note(Duration::from_secs(10));
        for second in 0..10 {
            holds.begin(NOW + Duration::from_secs(second));
        }
        let now = NOW + Duration::from_secs(10);
        assert!(after(&holds, 1, 10, now).is_some_and(|first| (5..=15).contains(&first)));
        assert!(after(&holds, 25, 10, now).is_some_and(|later| (240..=260).contains(&later)));
    }

    #[test]
    fn who_has_ended_is_not_counted_among_those_in_flight() {
        let mut holds = Holds::default();
        holds.note(Duration::from_secs(2));
        holds.begin(NOW);
        holds.begin(NOW + Duration::SECOND);
        holds.end(NOW);
        assert_eq!(after(&holds, 1, 1, NOW + Duration::from_secs(2)), Some(10));
    }
}
