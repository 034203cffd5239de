//! One limit of a scope: what it counts, how much it allows, where that number comes from.

use super::meter::{Earliest, Meter};
use super::{Leave, Reservation};
use crate::cost::{Cost, Dimension};
use crate::quota::Quota;
use crate::time::{Duration, Instant};

/// Where a limit's numbers come from, and so whether a server's headers may change them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// The user set it. The server's number wins when it is lower; a higher one is followed only if the user's number
    /// was the server's own before: a limit set below the server's is a cap, and stays.
    Configured,
    /// Copied from a provider's published table. The server's number always wins.
    Published,
    /// Stated by the server.
    Learned,
}

impl Origin {
    /// The name in snapshots.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configured => "configured",
            Self::Published => "published",
            Self::Learned => "learned",
        }
    }
}

/// One limit and what was taken from it.
#[derive(Clone, Debug)]
pub struct Limit {
    dimension: Dimension,
    quota: Quota,
    meter: Meter,
    origin: Origin,
    /// When a refusal told the level outright, whatever the ledger thought of it.
    told_at: Instant,
}

/// A limit as it stands at one instant, for snapshots.
#[derive(Clone, Copy, Debug)]
pub struct LimitState {
    /// What is counted.
    pub dimension: Dimension,
    /// What is allowed. For concurrency only the amount means anything.
    pub quota: Quota,
    /// What is left; negative in debt.
    pub level: i64,
    /// Where the numbers come from.
    pub origin: Origin,
}

impl Limit {
    /// A limit that nothing was taken from.
    pub fn new(dimension: Dimension, quota: Quota, origin: Origin) -> Self {
        if dimension == Dimension::Concurrency {
            return Self { origin, ..Self::concurrency(quota.amount()) };
        }
        Self { dimension, meter: Meter::new(&quota), quota, origin, told_at: Instant::ZERO }
    }

    /// At most `limit` requests in flight.
    pub fn concurrency(limit: u64) -> Self {
        // A permit has no period; the quota carries the amount alone.
        let quota = Quota::new(limit, Duration::SECOND);
        let meter = Meter::Permits { limit: quota.amount(), in_flight: 0 };
        Self { dimension: Dimension::Concurrency, quota, meter, origin: Origin::Configured, told_at: Instant::ZERO }
    }

    /// The same limit before anything was taken from it.
    pub fn unused(&self) -> Self {
        Self::new(self.dimension, self.quota, self.origin)
    }

    /// What is counted.
    pub const fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// What is allowed.
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }

    /// Where the numbers come from.
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// The largest cost that can ever go.
    pub const fn burst(&self) -> u64 {
        self.quota.burst()
    }

    pub(super) fn state(&mut self, now: Instant) -> LimitState {
        let level = self.meter.level(now);
        LimitState { dimension: self.dimension, quota: self.quota, level, origin: self.origin }
    }

    #[inline]
    pub(super) fn has_room(&mut self, cost: Cost, now: Instant) -> bool {
        self.meter.has_room(cost.of(self.dimension), now)
    }

    pub(super) fn earliest(&mut self, cost: Cost, now: Instant) -> Earliest {
        self.meter.earliest(cost.of(self.dimension), now)
    }

    /// When there will be room for `cost` and what it leaves.
    pub(super) fn earliest_leaving(&mut self, cost: Cost, leave: &Leave, now: Instant) -> Earliest {
        let own = cost.of(self.dimension);
        self.meter.earliest(own + leave.of(self.dimension, self.burst(), own), now)
    }

    #[inline]
    pub(super) fn take(&mut self, cost: Cost, now: Instant, counted_at: Instant) {
        self.meter.take(cost.of(self.dimension), now, counted_at);
    }

    pub(super) fn extend(&mut self, more: Cost, now: Instant) {
        // However much it grows, it is still one request in flight.
        if self.dimension != Dimension::Concurrency {
            self.meter.take(more.of(self.dimension), now, now);
        }
    }

    #[inline]
    pub(super) fn settle(&mut self, reservation: &Reservation, actual: Cost, now: Instant) {
        let Reservation { cost: reserved, sent_at, counted_at } = *reservation;
        let (mut reserved, mut actual) = (reserved.of(self.dimension), actual.of(self.dimension));
        if self.dimension.is_charged_late() && self.told_at > sent_at {
            // What was charged before the level was told is in it. Answers are written evenly, as far as is known.
            let (after, whole) = (now.since(self.told_at).as_nanos(), now.since(sent_at).as_nanos());
            reserved = to_come(reserved);
            actual = u64::try_from(u128::from(actual) * u128::from(after) / u128::from(whole.max(1))).unwrap_or(actual);
        }
        if self.dimension == Dimension::Concurrency {
            self.meter.end(reserved);
        } else if actual > reserved {
            self.meter.take(actual - reserved, now, now);
        } else if reserved > actual {
            self.meter.give_back(reserved - actual, counted_at);
        }
    }

    /// A request ends that cost what it reserved.
    #[inline]
    pub(super) fn end(&mut self) {
        self.meter.end(Cost::default().of(Dimension::Concurrency));
    }

    /// A refusal told at `now` that the level is `level`. Requests in flight have `reserved`, not yet all charged.
    pub(super) fn tell(&mut self, level: i64, reserved: u64, now: Instant) {
        let reserved = if self.dimension.is_charged_late() { to_come(reserved) } else { 0 };
        let level = level.saturating_sub(i64::try_from(reserved).unwrap_or(i64::MAX));
        if level < self.meter.level(now) {
            self.meter.lower_to(level, now);
            self.told_at = now;
        }
    }

    /// Whether a server's number for (`dimension`, `window`) is about this limit.
    pub(super) fn is_stated_by(&self, dimension: Dimension, window: Option<Duration>) -> bool {
        self.dimension == dimension && window.is_none_or(|window| window == self.quota.period())
    }

    /// Follows `amount` as a server stated it, where this limit's origin allows. Says whether anything changed.
    pub(super) fn follow(&mut self, amount: u64, now: Instant) -> bool {
        let own = self.quota.amount();
        if self.origin == Origin::Configured {
            if amount > own {
                return false;
            }
            // From here on the number is the server's, and goes where the server's goes.
            self.origin = Origin::Learned;
        }
        if amount == own || amount == 0 {
            return false;
        }
        self.quota = self.quota.with_amount(amount);
        self.meter.retune(&self.quota, now);
        true
    }

    pub(super) const fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }
}

/// Of what requests in flight have reserved, half is still to be charged, on average.
const fn to_come(reserved: u64) -> u64 {
    reserved / 2
}
