//! How long to wait before another attempt when the server does not say.

use crate::random::Random;
use crate::time::Duration;

/// The random part of a delay. It always lies inside the cap.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Jitter {
    /// None: callers that failed together retry together.
    None,
    /// Uniform from zero to the delay: the fewest calls in contention (AWS Architecture Blog, "Exponential Backoff And
    /// Jitter").
    #[default]
    Full,
    /// Half the delay, and uniform up to the other half.
    Equal,
    /// Uniform from the base to three times the previous delay.
    Decorrelated,
}

/// Exponential backoff: `base × factor^(n−1)` before the n-th retry, at most `cap`, with jitter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Backoff {
    base: Duration,
    factor_percent: u32,
    cap: Duration,
    jitter: Jitter,
}

impl Default for Backoff {
    /// 500 ms, doubled each time, at most 60 s, full jitter.
    fn default() -> Self {
        Self::new(Duration::from_millis(500), 200, Duration::MINUTE, Jitter::Full)
    }
}

impl Backoff {
    /// Delays that start at `base`, grow by `factor_percent` / 100 each time (at least 100) and end at `cap`.
    pub const fn new(base: Duration, factor_percent: u32, cap: Duration, jitter: Jitter) -> Self {
        let factor_percent = if factor_percent < 100 { 100 } else { factor_percent };
        Self { base, factor_percent, cap, jitter }
    }

    /// The longest delay.
    pub const fn cap(&self) -> Duration {
        self.cap
    }

    /// The delay before retry number `retry`, the first being 1. `previous` is the delay before the one before it.
    ///
    /// ```
    /// use tidegate::backoff::{Backoff, Jitter};
    /// use tidegate::random::Random;
    /// use tidegate::time::Duration;
    ///
    /// let backoff = Backoff::new(Duration::from_millis(100), 200, Duration::SECOND, Jitter::None);
    /// let mut random = Random::new(1);
    /// let delays = [1, 2, 3, 4, 5].map(|retry| backoff.delay(retry, Duration::ZERO, &mut random).as_millis_ceil());
    /// assert_eq!(delays, [100, 200, 400, 800, 1_000]);
    /// ```
    pub fn delay(&self, retry: u32, previous: Duration, random: &mut Random) -> Duration {
        let full = self.exponential(retry);
        let chosen = match self.jitter {
            Jitter::None => full,
            Jitter::Full => Duration::from_nanos(random.up_to(full.as_nanos())),
            Jitter::Equal => {
                let half = full.as_nanos() / 2;
                Duration::from_nanos(full.as_nanos() - half + random.up_to(half))
            }
            Jitter::Decorrelated => {
                let most = previous.max(self.base).times(3).as_nanos();
                let base = self.base.as_nanos();
                Duration::from_nanos(base.saturating_add(random.up_to(most - base.min(most))))
            }
        };
        chosen.min(self.cap)
    }

    fn exponential(&self, retry: u32) -> Duration {
        let mut delay = u128::from(self.base.as_nanos());
        let cap = u128::from(self.cap.as_nanos());
        for _ in 1..retry {
            if delay >= cap || self.factor_percent == 100 {
                break;
            }
            delay = delay * u128::from(self.factor_percent) / 100;
        }
        Duration::from_nanos(u64::try_from(delay.min(cap)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(jitter: Jitter) -> alloc::vec::Vec<Duration> {
        let backoff = Backoff::new(Duration::from_millis(100), 200, Duration::from_secs(2), jitter);
        let mut random = Random::new(3);
        let mut previous = Duration::ZERO;
        (0..2_000)
            .map(|n| {
                previous = backoff.delay(n % 12 + 1, previous, &mut random);
                previous
            })
            .collect()
    }

    #[test]
    fn no_jitter_ever_leaves_the_cap() {
        for jitter in [Jitter::None, Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
            assert!(delays(jitter).into_iter().all(|delay| delay <= Duration::from_secs(2)), "{jitter:?}");
        }
    }

    #[test]
    fn each_jitter_keeps_its_floor() {
        let least = |jitter| delays(jitter).into_iter().min().expect("not empty");
        assert!(least(Jitter::Full) < Duration::from_millis(10));
        assert!(least(Jitter::Equal) >= Duration::from_millis(50));
        assert!(least(Jitter::Decorrelated) >= Duration::from_millis(100));
    }

    #[test]
    fn a_factor_of_one_and_enormous_retry_counts_end() {
        let constant = Backoff::new(Duration::SECOND, 0, Duration::MINUTE, Jitter::None);
        assert_eq!(constant.delay(u32::MAX, Duration::ZERO, &mut Random::new(0)), Duration::SECOND);
        let steep = Backoff::new(Duration::SECOND, u32::MAX, Duration::MAX, Jitter::None);
        assert_eq!(steep.delay(u32::MAX, Duration::ZERO, &mut Random::new(0)), Duration::MAX);
    }
}
