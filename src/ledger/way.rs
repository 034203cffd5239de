//! How much later than it is sent a request may reach its server.
//!
//! That matters where a bucket is full, and fills no further until the request is there: after it, one has to wait so much
//! longer. A server that enforces one request a second has a full bucket before each.
//!
//! The way is shorter than the shortest answer took, way back and all; so a quick answer, such as a refusal, tells of it.
//! Where a burst turned out to end early all the same, the way may be longer.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// The longest way that is reckoned with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    longest: Duration,
    /// What it has proved to be at least.
    least: Duration,
}

impl Default for Way {
    fn default() -> Self {
        Self { longest: USUAL, least: SHORTEST }
    }
}

impl Way {
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.longest = archive.duration(self.longest).clamp(SHORTEST, LONGEST);
        self.least = archive.duration(self.least).clamp(SHORTEST, LONGEST);
    }

    /// When the server has counted what is sent now, at the latest.
    pub(super) fn counted_at(&self, now: Instant) -> Instant {
        now + self.longest
    }

    /// An answer came after `time`.
    pub(super) fn answered_in(&mut self, time: Duration) {
        self.longest = self.longest.min(time).max(self.least);
    }

    /// A request was refused that came too early, as it seems.
    pub(super) fn was_longer(&mut self) {
        let more = Duration::from_nanos(self.longest.as_nanos() / 2);
        self.least = (self.longest + more).min(LONGEST);
        self.longest = self.least;
    }
}

/// The spread of ways through a public network; first connections take longer.
const USUAL: Duration = Duration::from_millis(50);
const SHORTEST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    fn longest(way: &Way) -> u64 {
        way.counted_at(Instant::ZERO).since(Instant::ZERO).as_millis_ceil()
    }

    #[test]
    fn a_quick_answer_shortens_it_and_a_slow_one_says_nothing() {
        let mut way = Way::default();
        assert_eq!(longest(&way), 50);
        way.answered_in(Duration::from_millis(300));
        assert_eq!(longest(&way), 50);
        way.answered_in(Duration::from_millis(22));
        assert_eq!(longest(&way), 22);
        way.answered_in(Duration::ZERO);
        assert_eq!(longest(&way), 4);
    }

    #[test]
    fn what_proved_too_short_stays_longer() {
        let mut way = Way::default();
        way.answered_in(Duration::from_millis(20));
        way.was_longer();
        assert_eq!(longest(&way), 30);
        way.answered_in(Duration::from_millis(20));
        assert_eq!(longest(&way), 30);
        for _ in 0..9 {
            way.was_longer();
        }
        assert_eq!(longest(&way), 100);
    }
}
