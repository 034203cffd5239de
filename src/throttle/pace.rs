//! How fast a scope may grow once its server has said that it grows too fast.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// A distance between starts that shrinks slowly.
///
/// A server that limits acceleration serves what it served lately, and a part more. So starts are spaced as they were
/// served in the last ten seconds, an eighth less at first, and the rate grows by a quarter each ten seconds. A further refusal takes the rate back
/// to what is served then, and doubles the time in which it grows: servers grow at rates that they do not tell (OpenAI's by
/// half in 15 minutes, for the largest customers).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    interval: Duration,
    next_at: Instant,
    /// When the interval began to be what it is, or will have been for a span; `None` until one does, because where nothing is served nothing grows.
    grown_at: Option<Instant>,
    growth_time: Duration,
    /// When the latest refusal was taken for a new one.
    lowered_at: Instant,
    /// When it last held somebody back.
    held_at: Instant,
}

impl Pace {
    /// The pace after a refusal at `now`, when `served` requests were admitted in the last ten seconds.
    pub(crate) fn new(now: Instant, served: u32) -> Self {
        Self {
            interval: interval(served),
            next_at: now,
            grown_at: None,
            growth_time: GROWTH_TIME,
            lowered_at: now,
            held_at: now,
        }
    }

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.interval = archive.duration(self.interval).min(interval(LEAST));
        self.next_at = archive.instant_within(self.next_at, self.interval);
        self.grown_at = archive.maybe_instant(self.grown_at);
        self.growth_time = archive.duration(self.growth_time).clamp(GROWTH_TIME, LONGEST_GROWTH_TIME);
        self.lowered_at = archive.past(self.lowered_at);
        self.held_at = archive.past(self.held_at);
    }

    /// Another request, which was sent at `sent_at`, was refused for growing too fast.
    pub(crate) fn refused(&mut self, now: Instant, sent_at: Instant, served: u32) {
        if sent_at > self.lowered_at {
            self.growth_time = self.growth_time.times(2).min(LONGEST_GROWTH_TIME);
            self.lowered_at = now;
        }
        // Of many that are refused together, each is one less that was served.
        self.interval = self.interval.max(interval(served));
        self.grown_at = None;
        self.held_at = now;
    }

    /// When the next request may start.
    pub(crate) fn earliest(&mut self, now: Instant) -> Instant {
        while let Some(grown_at) = self.grown_at
            && grown_at + self.growth_time <= now
            && self.interval > SHORTEST
        {
            self.grown_at = Some(grown_at + self.growth_time);
            self.interval = Duration::from_nanos(self.interval.as_nanos() / 5 * 4);
        }
        if self.next_at > now {
            self.held_at = now;
        }
        self.next_at
    }

    /// A request starts.
    pub(crate) fn began(&mut self, now: Instant) {
        self.next_at = self.next_at.max(now) + self.interval;
        // The server compares with what it served the span before, which was nothing: this one only repeats.
        self.grown_at.get_or_insert(now + super::Traffic::SPAN);
    }

    /// Whether it has held nobody back for a minute, or is too fast to hold anybody.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.interval <= SHORTEST || now.since(self.held_at) > FORGOTTEN
    }

    /// Starts a minute.
    pub(crate) const fn per_minute(&self) -> u64 {
        let interval = if self.interval.is_zero() { 1 } else { self.interval.as_nanos() };
        Duration::MINUTE.as_nanos() / interval
    }
}

/// The distance at which an eighth less start than were served.
fn interval(served: u32) -> Duration {
    Duration::from_nanos(super::Traffic::SPAN.as_nanos() / 7 * 8 / u64::from(served.max(LEAST)))
}

/// A quarter more in the span over which the rate is measured.
const GROWTH_TIME: Duration = super::Traffic::SPAN;

/// A quarter in eight minutes is half in fifteen, the slowest growth that is published: OpenAI's for the largest customers
/// (<https://developers.openai.com/api/docs/guides/rate-limits>, read 2026-11-23).
const LONGEST_GROWTH_TIME: Duration = Duration::from_secs(480);

/// Where next to nothing was served, somebody has to try what goes.
const LEAST: u32 = 2;

/// Ten thousand a second are no pace.
const SHORTEST: Duration = Duration::from_nanos(100_000);

const FORGOTTEN: Duration = Duration::MINUTE;

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_nanos(1_000_000_000_000);

    /// Starts from `from` on for `secs` seconds, when as many as may do.
    fn starts(pace: &mut Pace, from: Instant, secs: u64) -> u32 {
        let (mut count, mut now, end) = (0, from, from + Duration::from_secs(secs));
        while now < end {
            let next = pace.earliest(now);
            if next <= now {
                pace.began(now);
                count += 1;
            } else {
                now = next;
            }
        }
        count
    }

    #[test]
    fn it_goes_on_with_what_was_served_and_grows_by_a_quarter_each_ten_seconds() {
        let mut pace = Pace::new(T, 100);
        let counts = [0, 1, 2, 3].map(|span| starts(&mut pace, T + Duration::from_secs(10 * span), 10));
        for (count, expected) in counts.into_iter().zip([87, 87, 109, 136]) {
            assert!(count.abs_diff(expected) <= 1, "{counts:?}");
        }
    }

    #[test]
    fn refusals_of_one_burst_are_one_and_each_takes_one_off() {
        let mut pace = Pace::new(T, 99);
        for served in (40..99).rev() {
            pace.refused(T, T.before(Duration::SECOND), served);
        }
        assert_eq!((pace.per_minute(), pace.growth_time), (210, GROWTH_TIME));
        pace.refused(T + Duration::SECOND, T + Duration::from_nanos(1), 40);
        assert_eq!(pace.growth_time, GROWTH_TIME.times(2));
    }

    #[test]
    fn it_ends_when_it_holds_nobody_back() {
        let mut pace = Pace::new(T, 10);
        assert!(!pace.is_over(T + Duration::MINUTE));
        assert!(pace.is_over(T + Duration::from_secs(61)));
        pace.began(T + Duration::MINUTE);
        pace.earliest(T + Duration::MINUTE);
        assert!(!pace.is_over(T + Duration::from_secs(61)));
    }

    #[test]
    fn an_instant_centuries_ahead_takes_no_time() {
        let mut pace = Pace::new(T, 1);
        pace.earliest(Instant::from_nanos(u64::MAX));
        assert!(pace.is_over(Instant::from_nanos(u64::MAX)));
    }
}
