//! How long a scope is shut after a refusal, and which refusals are one and the same.

use crate::archive::Archive;
use crate::backoff::Backoff;
use crate::random::Random;
use crate::time::{Duration, Instant};

/// The latest shut of a scope.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shut {
    began_at: Option<Instant>,
    /// Shuts since the last request that was served.
    in_a_row: u8,
    /// The latest backoff.
    previous: Duration,
}

impl Shut {
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.began_at = archive.maybe_instant(self.began_at);
        self.in_a_row = archive.byte(self.in_a_row);
        self.previous = archive.duration(self.previous).min(Duration::DAY);
    }

    /// Whether the refusal of a request that was sent at `sent_at` has the same cause as the latest shut: the request was
    /// on its way already.
    pub(crate) fn explains(&self, sent_at: Instant) -> bool {
        self.began_at.is_some_and(|began_at| sent_at <= began_at)
    }

    /// Shuts since the last request that was served.
    pub(crate) const fn in_a_row(&self) -> u8 {
        self.in_a_row
    }

    /// A new shut; says how long it lasts. What the server ordered is never shortened; where it ordered nothing, each shut
    /// without a success since the one before is longer.
    pub(crate) fn begin(
        &mut self,
        now: Instant,
        ordered: Option<Duration>,
        backoff: &Backoff,
        random: &mut Random,
    ) -> Duration {
        self.began_at = Some(now);
        self.in_a_row = self.in_a_row.saturating_add(1);
        let Some(ordered) = ordered else {
            self.previous = backoff.delay(u32::from(self.in_a_row), self.previous, random);
            return self.previous;
        };
        ordered + self.spread(ordered, random)
    }

    /// A request that was sent at `sent_at` was served.
    pub(crate) fn served(&mut self, sent_at: Instant) {
        if !self.explains(sent_at) {
            self.in_a_row = 0;
            self.previous = Duration::ZERO;
        }
    }

    /// Whether it may be forgotten at `now`.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.in_a_row == 0 && self.began_at.is_none_or(|began_at| now.since(began_at) > REMEMBERED)
    }

    /// A random addition to an ordered wait, because many processes were told the same instant and do not know of each
    /// other. Each refusal in a row, which says that they are still together, doubles it.
    fn spread(&self, ordered: Duration, random: &mut Random) -> Duration {
        let usual = Duration::from_nanos(ordered.as_nanos() / 10).min(USUAL_SPREAD);
        let doublings = u32::from(self.in_a_row.saturating_sub(1).min(10));
        let most = usual.times(1 << doublings).min(LONGEST_SPREAD).min(ordered);
        Duration::from_nanos(random.up_to(most.as_nanos()))
    }
}

/// Nobody notices a second after a wait that is ten times as long.
const USUAL_SPREAD: Duration = Duration::SECOND;

/// Eight seconds apart, a dozen processes meet a server one by one.
const LONGEST_SPREAD: Duration = Duration::from_secs(8);

/// A refusal that comes later than this after a shut is not by a request that was sent before.
const REMEMBERED: Duration = Duration::MINUTE;

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_nanos(1_000_000_000);

    fn lengths(ordered: Option<Duration>, times: usize) -> alloc::vec::Vec<Duration> {
        let (mut shut, mut random, backoff) = (Shut::default(), Random::new(5), Backoff::default());
        (0..times).map(|_| shut.begin(T, ordered, &backoff, &mut random)).collect()
    }

    #[test]
    fn an_ordered_wait_is_never_shortened_and_at_most_doubled() {
        for ordered in [Duration::ZERO, Duration::from_millis(20), Duration::SECOND, Duration::MINUTE] {
            for (shuts, length) in lengths(Some(ordered), 300).into_iter().enumerate() {
                assert!(length >= ordered && length <= ordered.times(2), "{length:?}");
                assert!(length.less(ordered) <= LONGEST_SPREAD);
                assert!(shuts > 0 || length.less(ordered).as_nanos() <= ordered.as_nanos() / 10, "{length:?}");
            }
        }
    }

    #[test]
    fn backoffs_grow_with_each_shut_in_a_row_and_start_again_after_a_success() {
        let lengths = lengths(None, 200);
        assert!(lengths[0] <= Duration::from_millis(500));
        assert!(lengths.iter().all(|length| *length <= Duration::MINUTE));
        assert!(lengths[7..].iter().any(|length| *length > Duration::from_secs(50)));
        let (mut shut, mut random) = (Shut::default(), Random::new(5));
        for _ in 0..8 {
            shut.begin(T, None, &Backoff::default(), &mut random);
        }
        shut.served(T + Duration::SECOND);
        assert!(shut.begin(T, None, &Backoff::default(), &mut random) <= Duration::from_millis(500));
    }

    #[test]
    fn what_was_on_its_way_when_the_shut_began_neither_prolongs_nor_ends_the_row() {
        let mut shut = Shut::default();
        assert!(!shut.explains(Instant::ZERO));
        shut.begin(T, None, &Backoff::default(), &mut Random::new(1));
        assert!(shut.explains(T) && !shut.explains(T + Duration::from_nanos(1)));
        shut.served(T);
        assert_eq!(shut.in_a_row(), 1);
        shut.served(T + Duration::from_nanos(1));
        assert_eq!(shut.in_a_row(), 0);
    }
}
