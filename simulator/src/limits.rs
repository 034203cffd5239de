//! What a server allows: amounts a minute in each dimension, and how they are enforced.

use std::time::Duration;

use serde::Deserialize;

use crate::meter::{Enforcement, FixedWindow, Meter, SlidingWindow, TokenBucket};
use crate::options::OptionError;

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Dimension {
    /// Requests.
    Requests,
    /// Model tokens of prompts that are not read from a cache.
    InputTokens,
    /// Model tokens of answers.
    OutputTokens,
    /// Model tokens of prompt and answer together, where an API limits the sum.
    Tokens,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 4] = [Self::Requests, Self::InputTokens, Self::OutputTokens, Self::Tokens];

    /// The name in options and statistics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::InputTokens => "inputTokens",
            Self::OutputTokens => "outputTokens",
            Self::Tokens => "tokens",
        }
    }
}

/// The limits of one model group, as amounts a minute.
///
/// A dimension that is not given keeps the tier's amount; what the tier does not know is not limited.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Limits {
    /// Requests a minute.
    pub rpm: Option<u64>,
    /// Input tokens a minute.
    pub itpm: Option<u64>,
    /// Output tokens a minute.
    pub otpm: Option<u64>,
    /// Tokens a minute, input and output together (OpenAI's kind).
    pub tpm: Option<u64>,
    /// How much time's worth of the amounts may be used at once, in milliseconds: what a bucket holds, or how long a
    /// window is. Default 60,000. 60 requests a minute with a burst of 1,000 ms are enforced as 1 a second.
    pub burst_ms: Option<u64>,
    /// Whether the headers hide a burst shorter than a minute and speak of the whole minute. Default false.
    pub hide_burst: bool,
    /// The algorithm. Default `token-bucket`.
    pub enforcement: Enforcement,
}

impl Limits {
    /// These limits where given, else those of `fallback`.
    #[must_use]
    pub fn or(self, fallback: Self) -> Self {
        Self {
            rpm: self.rpm.or(fallback.rpm),
            itpm: self.itpm.or(fallback.itpm),
            otpm: self.otpm.or(fallback.otpm),
            tpm: self.tpm.or(fallback.tpm),
            ..self
        }
    }

    /// The limit in one dimension, if there is one.
    pub fn limit(&self, dimension: Dimension) -> Option<Limit> {
        let per_minute = match dimension {
            Dimension::Requests => self.rpm,
            Dimension::InputTokens => self.itpm,
            Dimension::OutputTokens => self.otpm,
            Dimension::Tokens => self.tpm,
        }?;
        let burst_ms = self.burst_ms.unwrap_or(MINUTE_MS);
        let at_once = u128::from(per_minute) * u128::from(burst_ms) / u128::from(MINUTE_MS);
        Some(Limit {
            per_minute,
            at_once: at_once.clamp(1, i64::MAX as u128) as u64,
            window: Duration::from_millis(burst_ms),
            hide_burst: self.hide_burst,
            enforcement: self.enforcement,
        })
    }

    /// `name` is what the options call them.
    pub(crate) fn check(&self, name: &str) -> Result<(), OptionError> {
        let amounts = [("rpm", self.rpm), ("itpm", self.itpm), ("otpm", self.otpm), ("tpm", self.tpm)];
        for (dimension, amount) in amounts {
            if amount.is_some_and(|amount| amount == 0 || amount > LARGEST_AMOUNT) {
                return Err(OptionError::new(&format!("{name}.{dimension}"), "a whole number from 1 to 10^12"));
            }
        }
        if self.burst_ms.is_some_and(|burst_ms| burst_ms == 0 || burst_ms > LONGEST_BURST_MS) {
            let option = format!("{name}.burstMs");
            return Err(OptionError::new(&option, "a whole number of milliseconds from 1 to 86,400,000"));
        }
        Ok(())
    }
}

/// One amount with its enforcement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// The amount a minute.
    pub per_minute: u64,
    /// The most at once: a bucket's capacity, a window's amount.
    pub at_once: u64,
    /// The time in which `at_once` comes back.
    pub window: Duration,
    /// Whether the headers speak of a whole minute all the same.
    pub hide_burst: bool,
    /// The algorithm.
    pub enforcement: Enforcement,
}

impl Limit {
    /// A meter for what is enforced.
    pub fn meter(&self) -> Meter {
        match self.enforcement {
            Enforcement::TokenBucket => {
                Meter::TokenBucket(TokenBucket::new(self.per_minute, Duration::from_millis(MINUTE_MS), self.at_once))
            }
            Enforcement::FixedWindow => Meter::FixedWindow(FixedWindow::new(self.at_once, self.window)),
            Enforcement::SlidingWindow => Meter::SlidingWindow(SlidingWindow::new(self.at_once, self.window)),
        }
    }

    /// What is published, where that is not what is enforced.
    pub fn published(&self) -> Option<Self> {
        let minute = Duration::from_millis(MINUTE_MS);
        let published = Self { at_once: self.per_minute, window: minute, ..*self };
        (self.hide_burst && self.window < minute).then_some(published)
    }
}

const MINUTE_MS: u64 = 60_000;
/// Room for a thousand times the largest limit published today, and no product of it overflows.
pub(crate) const LARGEST_AMOUNT: u64 = 1_000_000_000_000;
/// The longest period that any provider limits is a day.
const LONGEST_BURST_MS: u64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_a_minute_with_a_burst_of_a_second_is_one_a_second() {
        let limits = Limits { rpm: Some(60), burst_ms: Some(1_000), ..Limits::default() };
        let mut meter = limits.limit(Dimension::Requests).unwrap().meter();
        meter.charge(Duration::ZERO, 1);
        assert_eq!(meter.fits_at(Duration::ZERO, 1), Some(Duration::from_secs(1)));
        assert_eq!(meter.fits_at(Duration::ZERO, 2), None);
    }

    #[test]
    fn a_hidden_burst_is_published_as_a_whole_minute() {
        let limits = Limits { rpm: Some(60), burst_ms: Some(1_000), hide_burst: true, ..Limits::default() };
        let limit = limits.limit(Dimension::Requests).unwrap();
        assert_eq!(limit.published().unwrap().meter().remaining(Duration::ZERO), 60);
        assert_eq!(limit.meter().remaining(Duration::ZERO), 1);
    }

    #[test]
    fn a_dimension_nobody_limits_has_no_limit() {
        assert_eq!(Limits::default().limit(Dimension::Tokens), None);
    }
}
