//! One limit's counter, whatever the kind of limit.

use super::bucket::{Share, TokenBucket};
use super::holds::Holds;
use super::window::Window;
use crate::archive::Archive;
use crate::cost::{Cost, Dimension};
use crate::quota::{Enforcement, Quota};
use crate::time::{Duration, Instant};

/// When a cost could go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Earliest {
    /// At this instant; now, if it is past.
    At(Instant),
    /// As soon as something in flight ends.
    AfterRelease,
    /// Never: the limit is smaller than the cost.
    Never,
}

impl Earliest {
    /// The later of two.
    pub fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::AfterRelease, _) | (_, Self::AfterRelease) => Self::AfterRelease,
            (Self::At(one), Self::At(two)) => Self::At(one.max(two)),
        }
    }
}

/// What counts against a limit.
#[derive(Clone, Debug)]
pub(super) enum Meter {
    Bucket(TokenBucket),
    Window(Window),
    /// How many may be in flight at once.
    Permits {
        limit: u64,
        in_flight: u64,
        /// For how long each is.
        holds: Holds,
    },
}

impl Meter {
    pub(super) fn new(quota: &Quota) -> Self {
        match quota.enforcement() {
            Enforcement::TokenBucket => Self::Bucket(TokenBucket::new(quota)),
            Enforcement::FixedWindow | Enforcement::SlidingWindow => Self::Window(Window::new(quota)),
        }
    }

    /// How many permits are held is not kept: those who hold them [`hold_again`](Self::hold_again).
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        match self {
            Self::Bucket(bucket) => bucket.keep(archive),
            Self::Window(window) => window.keep(archive),
            Self::Permits { holds, .. } => holds.keep(archive),
        }
    }

    /// A request holds a permit since `sent_at`, as before its state was saved.
    pub(super) fn hold_again(&mut self, sent_at: Instant) {
        if let Self::Permits { in_flight, holds, .. } = self {
            *in_flight += Cost::REQUEST.of(Dimension::Concurrency);
            holds.begin(sent_at);
        }
    }

    /// When `cost` fits and `leave` more; of the latter as much as ever fits besides. If it is negative, so much less is
    /// enough.
    pub(super) fn earliest(&mut self, cost: u64, leave: i64, now: Instant) -> Earliest {
        let at = match self {
            Self::Bucket(bucket) => bucket.earliest(cost, leave),
            Self::Window(window) => {
                window.expire(now);
                window.earliest(cost, leave)
            }
            Self::Permits { limit, in_flight, .. } => {
                let left = u64::try_from(leave).unwrap_or(0);
                if cost <= *limit && *in_flight + cost + left > *limit {
                    return Earliest::AfterRelease;
                }
                (cost <= *limit).then_some(Instant::ZERO)
            }
        };
        at.map_or(Earliest::Never, Earliest::At)
    }

    /// Whether [`earliest`](Self::earliest) is `now` or before.
    #[inline]
    pub(super) fn has_room(&mut self, cost: u64, leave: i64, now: Instant) -> bool {
        match self {
            Self::Bucket(bucket) => bucket.has_room(cost, leave, now),
            Self::Window(_) => matches!(self.earliest(cost, leave, now), Earliest::At(at) if at <= now),
            Self::Permits { limit, in_flight, .. } => *in_flight + cost + u64::try_from(leave).unwrap_or(0) <= *limit,
        }
    }

    #[inline]
    pub(super) fn take(&mut self, cost: u64, now: Instant, counted_at: Instant) {
        match self {
            Self::Bucket(bucket) => bucket.take(cost, now, counted_at),
            Self::Window(window) => window.take(cost, counted_at),
            Self::Permits { in_flight, holds, .. } => {
                *in_flight += cost;
                holds.begin(now);
            }
        }
    }

    /// Takes back `cost` of what was charged at `counted_at`. Permits are returned by [`Self::end`] alone.
    pub(super) fn give_back(&mut self, cost: u64, counted_at: Instant) {
        match self {
            Self::Bucket(bucket) => bucket.give_back(cost),
            Self::Window(window) => window.give_back(cost, counted_at),
            Self::Permits { .. } => {}
        }
    }

    /// A request that held `permits` since `sent_at` is over.
    pub(super) fn end(&mut self, permits: u64, sent_at: Instant) {
        if let Self::Permits { in_flight, holds, .. } = self {
            *in_flight = in_flight.saturating_sub(permits);
            holds.end(sent_at);
        }
    }

    /// When time has made room for `cost` and `leave` more, after `before` was taken as soon as it could be. `None` if never.
    pub(super) fn replenished_at(&mut self, cost: u64, leave: i64, before: u64, now: Instant) -> Option<Instant> {
        match self {
            Self::Bucket(bucket) => bucket.earliest_after(before, cost, leave, now),
            Self::Window(window) => {
                window.expire(now);
                window.earliest_after(before, cost, leave, now)
            }
            Self::Permits { .. } => Some(now),
        }
    }

    pub(super) fn level(&mut self, now: Instant) -> i64 {
        match self {
            Self::Bucket(bucket) => bucket.level(now),
            Self::Window(window) => window.level(now),
            Self::Permits { limit, in_flight, .. } => {
                i64::try_from(i128::from(*limit) - i128::from(*in_flight)).unwrap_or(i64::MAX)
            }
        }
    }

    /// What others take of what is replenished.
    pub(super) const fn share(&self) -> Share {
        match self {
            Self::Bucket(bucket) => bucket.share(),
            Self::Window(_) | Self::Permits { .. } => Share::NONE,
        }
    }

    /// From `now` on, others take `share` of what is replenished.
    pub(super) fn share_with_others(&mut self, share: Share, now: Instant) {
        if let Self::Bucket(bucket) = self {
            bucket.share_with_others(share, now);
        }
    }

    pub(super) fn replenished_in(&self, duration: Duration) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.replenished_in(duration),
            Self::Window(_) | Self::Permits { .. } => 0,
        }
    }

    pub(super) fn lower_to(&mut self, most: i64, now: Instant) {
        match self {
            Self::Bucket(bucket) => bucket.lower_to(most, now),
            Self::Window(window) => window.lower_to(most, now),
            Self::Permits { .. } => {}
        }
    }

    pub(super) fn raise_to(&mut self, least: i64, now: Instant) {
        match self {
            Self::Bucket(bucket) => bucket.raise_to(least, now),
            Self::Window(window) => window.raise_to(least, now),
            Self::Permits { .. } => {}
        }
    }

    /// The window, if it is one.
    pub(super) const fn window(&mut self) -> Option<&mut Window> {
        match self {
            Self::Window(window) => Some(window),
            Self::Bucket(_) | Self::Permits { .. } => None,
        }
    }

    /// Of a window, others had used `others` when something was sent at `at`, and at least `least` is left, if that is
    /// positive.
    pub(super) fn bound_window(&mut self, others: u64, least: i64, at: Instant, now: Instant) {
        if let Self::Window(window) = self {
            window.note_others(others, at, now);
            if least > 0 {
                window.raise_to(least, now);
            }
        }
    }

    pub(super) fn align(&mut self, boundary: Instant) {
        if let Self::Window(window) = self {
            window.align(boundary);
        }
    }

    pub(super) fn retune(&mut self, quota: &Quota, now: Instant) {
        match self {
            Self::Bucket(bucket) => bucket.retune(quota, now),
            Self::Window(window) => window.retune(quota),
            Self::Permits { limit, .. } => *limit = quota.amount(),
        }
    }
}
