//! Telling how a server enforces a limit, by what it says of it over time.
//!
//! Every answer states what is left and when the limit is whole again. Between two answers:
//!
//! | | the instant at which it is whole | whole at − now + time of what is left |
//! |---|---|---|
//! | token bucket | moves with what is taken | stays: the time in which it fills |
//! | fixed window | stays until then | changes with the rest |
//! | sliding window | moves with the last request | changes with the rest |
//!
//! None of it is known exactly, so that all is reckoned in [spans](Span). A pair of answers tells of a window if no bucket
//! can have given both, and of a bucket if no window can. Two pairs of a window, and no more than half as many of a bucket,
//! make it a window; more pairs of a bucket than of a window make it a bucket again. How long a window is, is the shortest
//! usual length whose share of the limit has room for the most that ever was left. It is taken to slide, which is safe,
//! until its end is seen to stand still while time passes.

mod seen;

pub(super) use self::seen::Seen;
use self::seen::Span;
use crate::archive::Archive;
use crate::quota::Enforcement;
use crate::time::Duration;

/// What a limit was seen to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind {
    /// An earlier answer to compare with, and the limit that it stated.
    anchor: Option<(Seen, u64)>,
    /// The most that was left.
    most_left: u64,
    /// The most that can be left when the limit is whole, as far as answers tell.
    capacity: u64,
    buckets: u8,
    windows: u8,
    fixed: u8,
}

/// What a limit was found to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Found {
    Bucket,
    Window { enforcement: Enforcement, period: Duration },
}

impl Kind {
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        let (mut anchor, amount) = self.anchor.unwrap_or_default();
        let is_there = archive.flag(self.anchor.is_some());
        anchor.keep(archive);
        let amount = archive.whole(amount);
        self.anchor = is_there.then_some((anchor, amount));
        self.most_left = archive.whole(self.most_left);
        self.capacity = archive.whole(self.capacity);
        self.buckets = archive.byte(self.buckets);
        self.windows = archive.byte(self.windows);
        self.fixed = archive.byte(self.fixed);
    }

    /// An answer said `seen` of a limit of `amount` in `period`. Says what the limit is, where that is known.
    pub(super) fn see(&mut self, seen: Seen, amount: u64, period: Duration) -> Option<Found> {
        self.most_left = self.most_left.max(seen.left);
        if seen.left > 0 {
            // Where nothing is left, a debt may be to come too.
            self.capacity = self.capacity.max(seen.capacity(amount, period)).min(amount);
        }
        // What was said of another limit is not comparable.
        if let Some((anchor, _)) = self.anchor.filter(|(_, stated)| *stated == amount) {
            let pair = Pair::of(&anchor, &seen, amount, period);
            self.weigh(pair);
            if pair.is_open() && !seen.is_clearer_than(&anchor) {
                return self.found(amount, period);
            }
        }
        self.anchor = Some((seen, amount));
        self.found(amount, period)
    }

    fn weigh(&mut self, pair: Pair) {
        if self.buckets.max(self.windows) >= MANY {
            // So that what a server does today outweighs what it did long ago.
            (self.buckets, self.windows, self.fixed) = (self.buckets / 2, self.windows / 2, self.fixed / 2);
        }
        if pair.tells_of_a_bucket() {
            self.buckets = self.buckets.saturating_add(1);
        } else if pair.tells_of_a_window() {
            self.windows = self.windows.saturating_add(1);
            if !pair.slides {
                self.fixed = self.fixed.saturating_add(1);
            } else if !pair.stands && !pair.anew {
                self.fixed = 0;
            }
        }
    }

    /// The most that goes at once: what is left and what will have come when the limit is whole, as answers say. `None` if
    /// none said so.
    pub(super) fn capacity(&self) -> Option<u64> {
        (self.capacity > 0).then_some(self.capacity)
    }

    /// Whether what is left changes as that of a bucket does, so that whatever is missing was taken by others.
    pub(super) const fn is_like_a_bucket(&self, amount: u64) -> bool {
        self.windows <= self.buckets || self.capacity >= amount - amount / 10
    }

    fn found(&self, amount: u64, period: Duration) -> Option<Found> {
        if self.buckets > self.windows {
            return Some(Found::Bucket);
        }
        if self.windows < 2 || self.windows <= self.buckets.saturating_mul(2) {
            return None;
        }
        let enforcement = if self.fixed > 0 { Enforcement::FixedWindow } else { Enforcement::SlidingWindow };
        let has_room = |secs: &&u64| {
            let share = u128::from(amount) * u128::from(**secs) * 1_000_000_000;
            share >= u128::from(self.most_left) * u128::from(period.as_nanos())
        };
        let secs = USUAL_SECS.iter().find(has_room).filter(|secs| Duration::from_secs(**secs) < period)?;
        Some(Found::Window { enforcement, period: Duration::from_secs(*secs) })
    }
}

/// What two answers can have come from.
#[derive(Clone, Copy, Debug)]
struct Pair {
    bucket: bool,
    /// Surely no bucket.
    no_bucket: bool,
    /// A window whose end is the same.
    stands: bool,
    /// A window that was whole the same time after the answer.
    slides: bool,
    /// A window that began after the earlier one's end.
    anew: bool,
}

impl Pair {
    fn of(earlier: &Seen, later: &Seen, amount: u64, period: Duration) -> Self {
        let is_none = |span: Span| span.least <= STILL && span.most >= -STILL;
        let is_some = |span: Span| span.least > TELLING || span.most < -TELLING;
        let left = later.time_of_left(amount, period) - earlier.time_of_left(amount, period);
        let to_come = later.until_whole() - earlier.until_whole();
        Self {
            bucket: is_none(left + to_come),
            no_bucket: is_some(left + to_come),
            stands: is_none(later.whole_at() - earlier.whole_at()),
            slides: is_none(to_come),
            anew: (later.told_at() - earlier.whole_at()).most >= -STILL,
        }
    }

    const fn tells_of_a_bucket(self) -> bool {
        self.bucket && !self.stands && !self.slides && !self.anew
    }

    const fn tells_of_a_window(self) -> bool {
        self.no_bucket && (self.stands || self.slides)
    }

    /// Whether a later answer may tell more than this one beside the same earlier one.
    const fn is_open(self) -> bool {
        !self.no_bucket && (self.stands || self.slides)
    }
}

/// Resets are stated in whole seconds, all of them rounded in the same direction, and the ways of two requests differ by a
/// fifth of a second at most, as a rule.
const STILL: i64 = 1_200_000_000;
/// Where the caller's clock is wrong by about two seconds, some resets are read by it and others by the server's `Date`, which
/// has whole seconds too. So what excludes a bucket has to exceed that as well.
const TELLING: i64 = 2_500_000_000;
/// Pairs of answers of one kind, after which earlier ones count for half.
const MANY: u8 = 16;
const USUAL_SECS: [u64; 9] = [1, 2, 5, 10, 15, 20, 30, 60, 3_600];

#[cfg(test)]
mod tests;
