//! Running sums, one a unit of cost.

use crate::archive::Archive;
use crate::cost::{Cost, Dimension};

/// Sums over many requests. They wrap only after 2⁶³ units.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    requests: i64,
    input_tokens: i64,
    output_tokens: i64,
    custom: i64,
}

impl Tally {
    #[inline]
    pub(crate) const fn add(&mut self, cost: Cost) {
        self.requests += cost.requests as i64;
        self.input_tokens += cost.input_tokens as i64;
        self.output_tokens += cost.output_tokens as i64;
        self.custom += cost.custom as i64;
    }

    #[inline]
    pub(crate) const fn subtract(&mut self, cost: Cost) {
        self.requests -= cost.requests as i64;
        self.input_tokens -= cost.input_tokens as i64;
        self.output_tokens -= cost.output_tokens as i64;
        self.custom -= cost.custom as i64;
    }

    /// The `part`-th part of the `whole`, `part` being no more than that.
    pub(crate) fn part(&self, part: u64, whole: u64) -> Self {
        let share = |units| self::part(units, part, whole);
        Self {
            requests: share(self.requests),
            input_tokens: share(self.input_tokens),
            output_tokens: share(self.output_tokens),
            custom: share(self.custom),
        }
    }

    /// What is left without `others`.
    pub(super) const fn less(&self, others: &Self) -> Self {
        Self {
            requests: self.requests - others.requests,
            input_tokens: self.input_tokens - others.input_tokens,
            output_tokens: self.output_tokens - others.output_tokens,
            custom: self.custom - others.custom,
        }
    }

    /// What was added in `dimension` after `earlier`.
    pub(super) const fn since(&self, earlier: &Self, dimension: Dimension) -> i64 {
        self.of(dimension) - earlier.of(dimension)
    }

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.requests = archive.signed(self.requests);
        self.input_tokens = archive.signed(self.input_tokens);
        self.output_tokens = archive.signed(self.output_tokens);
        self.custom = archive.signed(self.custom);
    }

    pub(crate) const fn of(&self, dimension: Dimension) -> i64 {
        match dimension {
            Dimension::Requests => self.requests,
            Dimension::InputTokens => self.input_tokens,
            Dimension::OutputTokens => self.output_tokens,
            Dimension::TotalTokens => self.input_tokens + self.output_tokens,
            // Permits are counted by their meter; no server states them.
            Dimension::Concurrency => 0,
            Dimension::Custom => self.custom,
        }
    }
}

/// The `part`-th part of `units` in the `whole`, to the nearest unit: of numbers of 128 bits that would take ten times as long.
#[inline]
pub(crate) fn part(units: i64, part: u64, whole: u64) -> i64 {
    (units as f64 * part as f64 / whole.max(1) as f64 + 0.5) as i64
}
