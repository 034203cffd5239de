//! What is allowed: an amount in a period, how much of it may go at once, and how the server counts.

use crate::archive::Archive;
use crate::time::Duration;

/// How a server holds its callers to a limit. A client that assumes the wrong one wastes quota or is refused.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Enforcement {
    /// The quota comes back continuously, up to the burst. Claude's and OpenAI's limits are of this kind.
    #[default]
    TokenBucket,
    /// A counter that starts anew at fixed instants. Where they lie is learned from the server's resets; until it
    /// is known, the limit is kept as a sliding window, which is safe under every phase.
    FixedWindow,
    /// No span of the window's length may ever hold more than the amount.
    SlidingWindow,
}

impl Enforcement {
    /// Every way, in the order in which they are numbered.
    pub(crate) const ALL: [Self; 3] = [Self::TokenBucket, Self::FixedWindow, Self::SlidingWindow];

    /// The name in options and snapshots.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TokenBucket => "token-bucket",
            Self::FixedWindow => "fixed-window",
            Self::SlidingWindow => "sliding-window",
        }
    }
}

/// An amount in a period.
///
/// A token bucket whose burst equals its amount lets almost twice the amount through in one period: a full bucket
/// and a period's replenishment. That is what servers with such buckets allow; for a strict ceiling in every span,
/// use [`Enforcement::SlidingWindow`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quota {
    amount: u64,
    period: Duration,
    burst: u64,
    enforcement: Enforcement,
}

impl Quota {
    /// The longest period: 31 days.
    pub const MAX_PERIOD: Duration = Duration::from_secs(31 * 86_400);
    /// The largest amount and burst: 10¹².
    pub const MAX_AMOUNT: u64 = 1_000_000_000_000;

    /// `amount` in every `period`, all of which may go at once, from a token bucket.
    ///
    /// Values outside the ranges are brought into them: an amount is at least 1 and at most [`Self::MAX_AMOUNT`], a
    /// period at least 1 ms and at most [`Self::MAX_PERIOD`].
    pub fn new(amount: u64, period: Duration) -> Self {
        let amount = amount.clamp(1, Self::MAX_AMOUNT);
        let period = period.clamp(Duration::from_millis(1), Self::MAX_PERIOD);
        Self { amount, period, burst: amount, enforcement: Enforcement::TokenBucket }
    }

    /// The same quota with another burst, 1 to [`Self::MAX_AMOUNT`]. Windows have no burst of their own.
    pub fn with_burst(self, burst: u64) -> Self {
        Self { burst: burst.clamp(1, Self::MAX_AMOUNT), ..self }
    }

    /// The same quota, counted in another way.
    pub const fn with_enforcement(self, enforcement: Enforcement) -> Self {
        Self { enforcement, ..self }
    }

    /// The same quota with another amount. A burst that equalled the amount follows it.
    pub fn with_amount(self, amount: u64) -> Self {
        let burst = if self.burst == self.amount { amount } else { self.burst };
        Self { amount: amount.clamp(1, Self::MAX_AMOUNT), ..self }.with_burst(burst)
    }

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        let amount = archive.whole(self.amount);
        let period = archive.duration(self.period);
        let burst = archive.whole(self.burst);
        let enforcement = archive.byte(self.enforcement as u8);
        let enforcement = Enforcement::ALL.get(usize::from(enforcement)).copied().unwrap_or_default();
        *self = Self::new(amount, period).with_burst(burst).with_enforcement(enforcement);
    }

    /// How much is replenished in a period.
    pub const fn amount(&self) -> u64 {
        self.amount
    }

    /// The span over which the amount counts.
    pub const fn period(&self) -> Duration {
        self.period
    }

    /// The most that can go at once, and so the largest cost that can ever go.
    pub const fn burst(&self) -> u64 {
        match self.enforcement {
            Enforcement::TokenBucket => self.burst,
            Enforcement::FixedWindow | Enforcement::SlidingWindow => self.amount,
        }
    }

    /// How the server counts.
    pub const fn enforcement(&self) -> Enforcement {
        self.enforcement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_that_equals_the_amount_follows_it() {
        assert_eq!(Quota::new(60, Duration::MINUTE).with_amount(90).burst(), 90);
        assert_eq!(Quota::new(60, Duration::MINUTE).with_burst(1).with_amount(90).burst(), 1);
    }

    #[test]
    fn a_window_lets_its_amount_go_at_once_whatever_the_burst_says() {
        let quota = Quota::new(10, Duration::SECOND).with_burst(3);
        assert_eq!(quota.with_enforcement(Enforcement::SlidingWindow).burst(), 10);
    }
}
