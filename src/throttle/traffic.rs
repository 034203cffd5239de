//! How many requests started lately.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// Starts of the last ten seconds, in two counters: those of the span that runs, and of the one before, of which the part
/// counts that is not over for ten seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Traffic {
    began_at: Instant,
    current: u32,
    previous: u32,
}

impl Traffic {
    /// Long enough to be a rate, and short enough to be today's.
    pub(crate) const SPAN: Duration = Duration::from_secs(10);

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.began_at = archive.past(self.began_at);
        self.current = archive.small(self.current);
        self.previous = archive.small(self.previous);
    }

    /// A request starts.
    #[inline]
    pub(crate) fn note(&mut self, now: Instant) {
        self.turn(now);
        self.current = self.current.saturating_add(1);
    }

    /// One of those that started was turned away, and does not count.
    pub(crate) const fn take_back(&mut self) {
        match self.current {
            0 => self.previous = self.previous.saturating_sub(1),
            some => self.current = some - 1,
        }
    }

    /// Starts in the ten seconds before `now`.
    pub(crate) fn recent(&mut self, now: Instant) -> u32 {
        self.turn(now);
        let left = Self::SPAN.less(now.since(self.began_at)).as_nanos();
        let before = u128::from(self.previous) * u128::from(left) / u128::from(Self::SPAN.as_nanos());
        self.current.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }

    #[inline]
    fn turn(&mut self, now: Instant) {
        let elapsed = now.since(self.began_at);
        if elapsed >= Self::SPAN {
            let is_next = elapsed < Self::SPAN.times(2);
            self.previous = if is_next { self.current } else { 0 };
            self.current = 0;
            self.began_at = if is_next { self.began_at + Self::SPAN } else { now };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_is_counted_as_it_is() {
        let mut traffic = Traffic::default();
        let mut now = Instant::from_nanos(1);
        for number in 0..1_000_u32 {
            traffic.note(now);
            now += Duration::from_millis(50);
            assert!(number < 400 || (198..=202).contains(&traffic.recent(now)), "{}", traffic.recent(now));
        }
    }

    #[test]
    fn what_is_over_is_forgotten_and_what_was_turned_away_does_not_count() {
        let mut traffic = Traffic::default();
        let now = Instant::from_nanos(1);
        (0..10).for_each(|_| traffic.note(now));
        (0..4).for_each(|_| traffic.take_back());
        assert_eq!(traffic.recent(now), 6);
        assert_eq!(traffic.recent(now + Duration::from_secs(25)), 0);
    }
}
