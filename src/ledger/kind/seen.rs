//! What one answer said of a limit, and how exactly.

use core::ops::{Add, Sub};

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// What one answer said. It was true at an unknown moment between the sending of its request and the coming of the answer,
/// which may be far apart.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ledger) struct Seen {
    /// When its request was sent.
    pub(in crate::ledger) at: Instant,
    /// When it came.
    pub(in crate::ledger) come_at: Instant,
    /// What was left.
    pub(in crate::ledger) left: u64,
    /// How far the true number may lie from `left`.
    pub(in crate::ledger) rounding: u64,
    /// When the limit is whole again, as it was read when the answer came: that is this instant or, if it had passed by then
    /// or was stated as a time from the telling, one that lies earlier by no more than the answer took.
    pub(in crate::ledger) whole_at: Instant,
}

/// From the least to the most that something can be, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) least: i64,
    pub(super) most: i64,
}

impl Seen {
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.at = archive.instant(self.at);
        self.come_at = archive.instant(self.come_at);
        self.left = archive.whole(self.left);
        self.rounding = archive.whole(self.rounding);
        self.whole_at = archive.instant(self.whole_at);
    }

    /// The time in which what is left comes, of a limit of `amount` in `period`. Where nothing is left, any debt may be.
    pub(super) fn time_of_left(&self, amount: u64, period: Duration) -> Span {
        let time_of = |units: u64| {
            let nanos = u128::from(units) * u128::from(period.as_nanos()) / u128::from(amount.max(1));
            i64::try_from(nanos).unwrap_or(i64::MAX)
        };
        let least = if self.left > self.rounding { time_of(self.left - self.rounding) } else { i64::MIN };
        Span { least, most: time_of(self.left.saturating_add(self.rounding)) }
    }

    pub(super) fn told_at(&self) -> Span {
        Span { least: nanos(self.at), most: nanos(self.come_at) }
    }

    pub(super) fn whole_at(&self) -> Span {
        let whole_at = nanos(self.whole_at);
        Span { least: whole_at.saturating_sub(self.took()), most: whole_at }
    }

    /// The time from the telling until the limit is whole.
    pub(super) fn until_whole(&self) -> Span {
        let most = nanos(self.whole_at).saturating_sub(nanos(self.at));
        Span { least: most.saturating_sub(self.took()), most }
    }

    /// What is left and what will have come when the limit of `amount` in `period` is whole, and a second's worth more,
    /// because instants are stated in whole seconds.
    pub(super) fn capacity(&self, amount: u64, period: Duration) -> u64 {
        // One that has passed may have been any: it was whole at once, as it seems.
        let is_past = self.whole_at <= self.come_at + Duration::SECOND;
        let rest = if is_past { Duration::ZERO } else { self.whole_at.since(self.at) } + Duration::SECOND;
        let units = u128::from(amount) * u128::from(rest.as_nanos()) / u128::from(period.as_nanos().max(1));
        self.left.saturating_add(u64::try_from(units).unwrap_or(u64::MAX))
    }

    /// Whether there is much less doubt of it than of `other`.
    pub(super) fn is_clearer_than(&self, other: &Self) -> bool {
        let (owes, owed) = (self.left <= self.rounding, other.left <= other.rounding);
        owes <= owed && (owed && !owes || self.took() < other.took() / 2)
    }

    fn took(&self) -> i64 {
        nanos(self.come_at).saturating_sub(nanos(self.at)).max(0)
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { least: self.least.saturating_add(other.least), most: self.most.saturating_add(other.most) }
    }
}

impl Sub for Span {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { least: self.least.saturating_sub(other.most), most: self.most.saturating_sub(other.least) }
    }
}

fn nanos(instant: Instant) -> i64 {
    i64::try_from(instant.as_nanos()).unwrap_or(i64::MAX)
}
