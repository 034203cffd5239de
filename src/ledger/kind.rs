//! Telling how a server enforces a limit that nobody configured, by what it says of it over time.
//!
//! Every answer states what is left and when the limit is whole again. Between two answers with a different rest, at
//! least two seconds' worth apart:
//!
//! | | the instant at which it is whole | whole at − now + time of what is left |
//! |---|---|---|
//! | token bucket | moves with what is taken | stays: the time in which it fills |
//! | fixed window | stays | changes with the rest |
//! | sliding window | moves with the last request | changes with the rest |
//!
//! Two pairs of answers that tell of a window, and none of a bucket, make it a window. How long it is, is the shortest usual
//! length whose share of the limit has room for the most that ever was left. A window is taken to slide, which is
//! safe, until its end is seen to stand still while time passes.

use crate::archive::Archive;
use crate::quota::Enforcement;
use crate::time::{Duration, Instant};

/// What a limit was seen to do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Kind {
    /// An earlier answer to compare with.
    anchor: Option<Seen>,
    /// The most that was left.
    most_left: u64,
    /// The most that can be left when the limit is whole, as far as answers tell.
    capacity: u64,
    buckets: u8,
    windows: u8,
    fixed: u8,
}

/// What one answer said.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// When its request was sent.
    pub(super) at: Instant,
    /// What was left.
    pub(super) left: u64,
    /// When the limit is whole again.
    pub(super) whole_at: Instant,
}

/// What a limit was found to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) enforcement: Enforcement,
    pub(super) period: Duration,
}

impl Kind {
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        let anchor = self.anchor.unwrap_or_default();
        let at = archive.maybe_instant(self.anchor.map(|_| anchor.at));
        let left = archive.whole(anchor.left);
        let whole_at = archive.instant(anchor.whole_at);
        self.anchor = at.map(|at| Seen { at, left, whole_at });
        self.most_left = archive.whole(self.most_left);
        self.capacity = archive.whole(self.capacity);
        self.buckets = archive.byte(self.buckets);
        self.windows = archive.byte(self.windows);
        self.fixed = archive.byte(self.fixed);
    }

    /// An answer said `seen` of a limit of `amount` in `period`. Says what the limit is, where that is known and no bucket.
    pub(super) fn see(&mut self, seen: Seen, amount: u64, period: Duration) -> Option<Found> {
        self.most_left = self.most_left.max(seen.left);
        let in_time = |time: Duration| {
            let units = u128::from(amount) * u128::from(time.as_nanos()) / u128::from(period.as_nanos().max(1));
            u64::try_from(units).unwrap_or(u64::MAX)
        };
        let to_come = in_time(seen.whole_at.since(seen.at) + Duration::SECOND);
        if seen.left > 0 {
            // Where nothing is left, a debt may be to come too.
            self.capacity = self.capacity.max(seen.left.saturating_add(to_come)).min(amount);
        }
        let Some(anchor) = self.anchor else {
            self.anchor = Some(seen);
            return None;
        };
        let time_of = |units: u64| {
            let nanos = u128::from(units) * u128::from(period.as_nanos()) / u128::from(amount.max(1));
            i64::try_from(nanos).unwrap_or(i64::MAX)
        };
        let between = |later: Instant, earlier: Instant| {
            i64::try_from(i128::from(later.as_nanos()) - i128::from(earlier.as_nanos())).unwrap_or(i64::MAX)
        };
        let rest = time_of(seen.left).saturating_sub(time_of(anchor.left));
        let passed = between(seen.at, anchor.at);
        let moved = between(seen.whole_at, anchor.whole_at);
        if rest.unsigned_abs() < TELLING {
            return self.found(amount, period);
        }
        let whole = rest.saturating_add(moved).saturating_sub(passed);
        let stands = moved.unsigned_abs() < STILL;
        let slides = moved.saturating_sub(passed).unsigned_abs() < STILL;
        if whole.unsigned_abs() < TELLING / 2 {
            self.buckets = self.buckets.saturating_add(1);
        } else if stands || slides {
            self.windows = self.windows.saturating_add(1);
            self.fixed = if slides && !stands { 0 } else { self.fixed.saturating_add(u8::from(!slides)) };
        }
        self.anchor = Some(seen);
        self.found(amount, period)
    }

    /// The most that goes at once: what is left and what will have come when the limit is whole, as answers say. `None` if
    /// none said so.
    pub(super) fn capacity(&self) -> Option<u64> {
        (self.capacity > 0).then_some(self.capacity)
    }

    /// Whether what is left changes as that of a bucket does, so that whatever is missing was taken by others.
    pub(super) const fn is_like_a_bucket(&self, amount: u64) -> bool {
        self.windows == 0 || self.capacity >= amount - amount / 10
    }

    fn found(&self, amount: u64, period: Duration) -> Option<Found> {
        if self.windows < 2 || self.windows <= self.buckets.saturating_mul(2) {
            return None;
        }
        let enforcement = if self.fixed > 0 { Enforcement::FixedWindow } else { Enforcement::SlidingWindow };
        let has_room = |secs: &&u64| {
            let share = u128::from(amount) * u128::from(**secs) * 1_000_000_000;
            share >= u128::from(self.most_left) * u128::from(period.as_nanos())
        };
        let secs = USUAL_SECS.iter().find(has_room).filter(|secs| Duration::from_secs(**secs) < period)?;
        Some(Found { enforcement, period: Duration::from_secs(*secs) })
    }
}

/// Resets are stated in whole seconds, and answers are late.
const STILL: u64 = 1_200_000_000;
/// Less says nothing beside that.
const TELLING: u64 = 2_500_000_000;
const USUAL_SECS: [u64; 9] = [1, 2, 5, 10, 15, 20, 30, 60, 3_600];

#[cfg(test)]
mod tests {
    use super::*;

    /// Six hundred a minute, ten a second.
    const AMOUNT: u64 = 600;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    /// What a server would say that was asked at `times`, with what is left and the instant at which it is whole, rounded up
    /// to whole seconds.
    fn found(answers: impl IntoIterator<Item = (u64, u64, u64)>) -> (Option<Found>, Kind) {
        let mut kind = Kind::default();
        let mut found = None;
        for (millis, left, whole_at) in answers {
            let seen = Seen { at: at(millis), left, whole_at: at(whole_at.div_ceil(1_000) * 1_000) };
            found = kind.see(seen, AMOUNT, Duration::MINUTE).or(found);
        }
        (found, kind)
    }

    #[test]
    fn a_bucket_is_a_bucket_whatever_it_holds() {
        for burst in [600, 150] {
            // Two hundred milliseconds apart, four taken each time, and two come back.
            let answers = (0..60).map(|step| {
                let left = burst - (2 * step).min(burst);
                (200 * step, left, 200 * step + (burst - left) * 100)
            });
            let (found, kind) = found(answers);
            assert_eq!(found, None, "{burst}");
            assert!(kind.is_like_a_bucket(AMOUNT), "{burst}: {kind:?}");
            let capacity = kind.capacity().expect("it was told");
            assert!((burst..=burst + 21).contains(&capacity), "{burst}: {capacity}");
        }
    }

    #[test]
    fn a_fixed_window_is_found_before_its_second_end() {
        let answers =
            (0..40).map(|step| (400 * step, 99 - (4 * (step % 25)).min(99), (400 * step / 10_000 + 1) * 10_000));
        let (found, kind) = found(answers);
        let expected = Found { enforcement: Enforcement::FixedWindow, period: Duration::from_secs(10) };
        assert_eq!(found, Some(expected), "{kind:?}");
        assert!(!kind.is_like_a_bucket(AMOUNT));
    }

    #[test]
    fn a_sliding_window_is_whole_a_period_after_the_last_request() {
        let answers = (0..40).map(|step| (400 * step, 99 - (4 * step).min(99), 400 * step + 10_000));
        let (found, kind) = found(answers);
        let expected = Found { enforcement: Enforcement::SlidingWindow, period: Duration::from_secs(10) };
        assert_eq!(found, Some(expected), "{kind:?}");
    }

    #[test]
    fn a_burst_at_one_instant_is_taken_for_the_safe_kind() {
        let answers = (0..90).map(|step| (0, 99 - step, 10_000));
        assert_eq!(found(answers).0.map(|found| found.enforcement), Some(Enforcement::SlidingWindow));
    }

    #[test]
    fn nonsense_finds_nothing_and_ends() {
        let answers = [(0, u64::MAX, 0), (5, 0, u64::MAX / 2_000_000), (4, 7, 3), (u64::MAX / 2_000_000, u64::MAX, 9)];
        assert_eq!(found(answers).0, None);
    }
}
