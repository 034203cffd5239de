//! A token bucket, stored as one instant (GCRA).
//!
//! The *theoretical arrival time* (TAT) is the instant at which the bucket will be full again. Taking `n` tokens moves
//! it `n` emission intervals into the future; time does the replenishing by passing. The bucket holds
//! `burst − (TAT − now) / interval` tokens; a TAT further away than the burst is debt.
//!
//! A request reaches its server some time after it was sent. Where the server's bucket is full, it does not fill further
//! until then: replenishment that the client counts from the sending on is not there. `lag` is how much of it may be
//! missing. It delays what comes when the burst is used up, and never the burst itself.
//!
//! Others may take from the same bucket, at a rate that is a `share` of its replenishment. For whoever counts here the TAT
//! then moves on by that share of the time that passes, as long as the bucket is not full.

use crate::archive::Archive;
use crate::quota::Quota;
use crate::time::{Duration, Instant};

/// A bucket that fills continuously.
#[derive(Clone, Debug)]
pub struct TokenBucket {
    /// When the bucket is full again, if every request was counted as it was sent.
    tat: Ticks,
    /// How much later it is full again, if every request was counted as late as it may have been.
    lag: Ticks,
    /// Until then the latest of those requests may be uncounted, and nothing is replenished that would lag.
    counted_by: Ticks,
    /// Time to replenish one token.
    interval: Ticks,
    /// Time to replenish `burst` tokens.
    span: Ticks,
    burst: u64,
    /// What others take, as a share of the replenishment.
    share: Share,
    /// Until when that is counted in `tat`.
    shared_until: Ticks,
}

/// A part of a whole, in units of 2⁻¹⁶; less than the whole.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Share(u16);

impl Share {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// `part` in units of 2⁻¹⁶, at least nothing and at most `most`.
    pub fn clamped(part: i64, most: Self) -> Self {
        Self(u16::try_from(part.max(0)).unwrap_or(u16::MAX)).min(most)
    }

    /// A share in hundredths, 99 at most.
    pub const fn percent(percent: u16) -> Self {
        let percent = if percent > 99 { 99 } else { percent };
        Self((percent as u32 * 0x1_0000 / 100) as u16)
    }

    /// The share in units of 2⁻¹⁶.
    pub const fn bits(self) -> i64 {
        self.0 as i64
    }

    fn of(self, ticks: u128) -> u128 {
        (ticks * u128::from(self.0)) >> 16
    }

    /// How long it takes until the rest of the time adds up to `ticks`.
    fn stretched(self, ticks: u128) -> u128 {
        (ticks << 16).div_ceil(0x1_0000 - u128::from(self.0))
    }
}

impl TokenBucket {
    /// A full bucket.
    pub fn new(quota: &Quota) -> Self {
        // Rounding up makes the bucket slower than the server's by less than a tick a token, never faster.
        let interval = Ticks(ticks(quota.period().as_nanos()).0.div_ceil(u128::from(quota.amount())));
        let burst = quota.burst();
        Self {
            tat: Ticks(0),
            lag: Ticks(0),
            counted_by: Ticks(0),
            interval,
            span: interval.times(burst),
            burst,
            share: Share::NONE,
            shared_until: Ticks(0),
        }
    }

    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        let now = ticks(archive.now().as_nanos());
        let deepest = now.0 + ticks(MAX_DEBT.as_nanos()).0 + self.span.0;
        self.tat = Ticks(self.tat.kept(archive).0.min(deepest));
        self.counted_by = Ticks(self.counted_by.kept(archive).0.min(deepest));
        self.shared_until = Ticks(self.shared_until.kept(archive).0.min(now.0));
        // A duration, which is no further from nothing than an instant from its origin.
        let lag = archive.whole((self.lag.0 >> FRACTION_BITS) as u64).min(MAX_LAG.as_nanos());
        self.lag = Ticks(ticks(lag).0 + u128::from(archive.small(self.lag.0 as u32)));
        self.share = Share::clamped(archive.signed(self.share.bits()), Share::percent(99));
    }

    /// The first instant at which `cost` tokens are there and `leave` more; of the latter as many as fit besides. If `leave` is
    /// negative, so many fewer are enough. `None` if the bucket never holds `cost`.
    pub fn earliest(&self, cost: u64, leave: i64) -> Option<Instant> {
        (cost <= self.burst).then(|| self.opens(cost, leave).instant_ceil())
    }

    /// The same after `before` more was taken, each part of it as soon as it was there.
    pub fn earliest_after(&self, before: u64, cost: u64, leave: i64, now: Instant) -> Option<Instant> {
        if cost > self.burst {
            return None;
        }
        let tat = if before == 0 {
            self.tat
        } else {
            let taken = self.interval.0.saturating_mul(u128::from(before)).min(ticks(MAX_AHEAD.as_nanos()).0);
            Ticks(self.tat.0.max(ticks(now.as_nanos()).0) + taken)
        };
        Some(self.opens_after(tat, cost, leave).instant_ceil())
    }

    /// Whether `cost` tokens are there at `now` and `leave` more: whether [`earliest`](Self::earliest) is `now` or before.
    #[inline]
    pub fn has_room(&self, cost: u64, leave: i64, now: Instant) -> bool {
        cost <= self.burst && self.opens(cost, leave) <= ticks(now.as_nanos())
    }

    #[inline]
    fn opens(&self, cost: u64, leave: i64) -> Ticks {
        self.opens_after(self.tat, cost, leave)
    }

    /// The same if the bucket were full at `tat`.
    #[inline]
    fn opens_after(&self, tat: Ticks, cost: u64, leave: i64) -> Ticks {
        let full = tat.0 + self.interval.times(cost.saturating_add_signed(leave.max(0)).min(self.burst)).0;
        let fewer = if leave < 0 { self.interval.times(leave.unsigned_abs().min(self.burst)).0 } else { 0 };
        let prompt = full.saturating_sub(self.span.0 + fewer);
        let late = prompt + self.lag.0;
        let opens = if late > self.counted_by.0 { late } else { prompt };
        if self.share == Share::NONE || opens <= self.shared_until.0 {
            return Ticks(opens);
        }
        Ticks(self.shared_until.0 + self.share.stretched(opens - self.shared_until.0))
    }

    /// Takes `cost` tokens at `now`, into debt if need be, for a request that the server counts at `counted_at` or before.
    #[inline]
    pub fn take(&mut self, cost: u64, now: Instant, counted_at: Instant) {
        self.count_others(now);
        let (now, counted_at) = (ticks(now.as_nanos()), ticks(counted_at.as_nanos()));
        let late = self.tat.0 + self.lag.0;
        let from = self.tat.0.max(now.0);
        let latest = late.max(counted_at.0);
        if late < counted_at.0 || from == now.0 {
            self.counted_by = Ticks(latest);
        }
        self.lag = Ticks(latest.saturating_sub(from));
        let deepest = now.0 + ticks(MAX_DEBT.as_nanos()).0 + self.span.0;
        self.tat = Ticks((from + self.interval.times(cost).0).min(deepest.max(self.tat.0)));
    }

    /// Puts `cost` tokens back.
    pub fn give_back(&mut self, cost: u64) {
        self.tat = Ticks(self.tat.0.saturating_sub(self.interval.times(cost).0));
    }

    /// Tokens in the bucket at `now`, rounded down; negative in debt.
    pub fn level(&self, now: Instant) -> i64 {
        let now = ticks(now.as_nanos());
        let tat = self.tat.0 + self.share.of(now.0.saturating_sub(self.shared_until.0));
        let full_again = if now < self.counted_by { tat } else { tat + self.lag.0 };
        let missing = full_again.saturating_sub(now.0).div_ceil(self.interval.0);
        clamp_to_i64(i128::from(self.burst) - i128::try_from(missing).unwrap_or(i128::MAX))
    }

    /// Tokens replenished in `duration`, rounded up.
    pub fn replenished_in(&self, duration: Duration) -> u64 {
        u64::try_from(ticks(duration.as_nanos()).0.div_ceil(self.interval.0)).unwrap_or(u64::MAX)
    }

    /// What others take, as a share of the replenishment.
    pub const fn share(&self) -> Share {
        self.share
    }

    /// From `now` on, others take `share` of what is replenished.
    pub fn share_with_others(&mut self, share: Share, now: Instant) {
        self.count_others(now);
        self.share = share;
        self.shared_until = self.shared_until.max(ticks(now.as_nanos()));
    }

    /// Counts what others took until `now`.
    #[inline]
    fn count_others(&mut self, now: Instant) {
        let now = ticks(now.as_nanos());
        if self.share == Share::NONE || now <= self.shared_until {
            return;
        }
        // Of a bucket that is full they take what would overflow: then this adds up to less than the time that passed.
        self.tat.0 += self.share.of(now.0 - self.shared_until.0);
        self.shared_until = now;
    }

    /// Brings the level at `now` down to `most`.
    pub fn lower_to(&mut self, most: i64, now: Instant) {
        self.count_others(now);
        if most < self.level(now) {
            self.tat = self.tat.max(self.tat_at_level(most, now));
        }
    }

    /// Brings the level at `now` up to `least`.
    pub fn raise_to(&mut self, least: i64, now: Instant) {
        self.count_others(now);
        self.tat = self.tat.min(self.tat_at_level(least, now));
    }

    /// Follows a quota that changed: what is missing from the bucket stays missing.
    pub fn retune(&mut self, quota: &Quota, now: Instant) {
        let missing = i128::from(self.burst) - i128::from(self.level(now));
        let Self { tat, lag, counted_by, share, .. } = *self;
        *self = Self { tat, lag, counted_by, share, shared_until: ticks(now.as_nanos()), ..Self::new(quota) };
        self.tat = self.tat_at_level(clamp_to_i64(i128::from(self.burst) - missing), now);
    }

    fn tat_at_level(&self, level: i64, now: Instant) -> Ticks {
        let missing = (i128::from(self.burst) - i128::from(level)).clamp(0, i128::from(u64::MAX));
        let ahead = self.interval.0.saturating_mul(missing.unsigned_abs());
        let most = ticks(MAX_DEBT.as_nanos()).0 + self.span.0;
        Ticks(ticks(now.as_nanos()).0 + ahead.min(most))
    }
}

/// Time in units of 2⁻³² ns, fine enough that a burst of single tokens adds up to exactly the burst.
///
/// No value reaches 2¹²⁵: an interval is at most 31 days (2⁸⁴ ticks), a cost at most 2³⁴ tokens when taken and 2⁴⁰ as a
/// burst.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Ticks(u128);

impl Ticks {
    /// No check for overflow, which costs more than the multiplication where 128 bits take several registers.
    #[inline]
    const fn times(self, count: u64) -> Self {
        Self(self.0 * count as u128)
    }

    /// The same instant as `archive` has it: nanoseconds and the fraction of one.
    fn kept(self, archive: &mut Archive<'_>) -> Self {
        let nanos = archive.nanos((self.0 >> FRACTION_BITS).cast_signed());
        let fraction = archive.small(self.0 as u32);
        // Before the clock's origin everything is as long ago as can be told.
        Self(u128::try_from(nanos).map_or(0, |nanos| nanos << FRACTION_BITS | u128::from(fraction)))
    }

    #[inline]
    fn instant_ceil(self) -> Instant {
        let nanos = self.0.saturating_add((1 << FRACTION_BITS) - 1) >> FRACTION_BITS;
        Instant::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[inline]
const fn ticks(nanos: u64) -> Ticks {
    Ticks((nanos as u128) << FRACTION_BITS)
}

fn clamp_to_i64(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

const FRACTION_BITS: u32 = 32;

/// Nobody looks further ahead than a year.
const MAX_AHEAD: Duration = Duration::DAY.times(366);

/// One absurd usage figure may not shut a scope for years. Real debts of several minutes have been seen
/// (`retry-after: 505` at 30,000 per minute), so the ceiling is far above them.
const MAX_DEBT: Duration = Duration::DAY;

/// Far longer than any request is under way to its server.
const MAX_LAG: Duration = Duration::SECOND;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_nanos(5_000_000_000);
    const LATE: Duration = Duration::from_millis(50);

    fn bucket(amount: u64, burst: u64) -> TokenBucket {
        TokenBucket::new(&Quota::new(amount, Duration::MINUTE).with_burst(burst))
    }

    fn take_if_there(bucket: &mut TokenBucket, cost: u64, now: Instant) -> bool {
        let there = bucket.earliest(cost, 0).is_some_and(|earliest| earliest <= now);
        if there {
            bucket.take(cost, now, now);
        }
        there
    }

    #[test]
    fn exactly_the_burst_goes_at_once_even_after_a_long_idle() {
        for burst in [1, 2, 7, 60, 999] {
            let mut bucket = bucket(7, burst);
            let late = NOW + Duration::DAY;
            let granted = (0..burst + 5).filter(|_| take_if_there(&mut bucket, 1, late)).count();
            assert_eq!(granted as u64, burst);
        }
    }

    #[test]
    fn there_is_room_from_the_earliest_instant_on() {
        for (taken, cost) in [(0, 1), (7, 1), (7, 7), (40, 3), (0, 8)] {
            let mut bucket = bucket(7, 7);
            bucket.take(taken, NOW, NOW + LATE);
            match bucket.earliest(cost, 0) {
                Some(Instant::ZERO) => assert!(bucket.has_room(cost, 0, Instant::ZERO)),
                Some(at) => {
                    assert!(bucket.has_room(cost, 0, at));
                    assert!(!bucket.has_room(cost, 0, at.before(Duration::from_nanos(1))));
                }
                None => assert!(!bucket.has_room(cost, 0, NOW + Duration::DAY)),
            }
        }
    }

    #[test]
    fn the_next_token_is_there_exactly_one_interval_later() {
        let mut bucket = bucket(60, 60);
        bucket.take(60, NOW, NOW);
        assert_eq!(bucket.earliest(1, 0), Some(NOW + Duration::SECOND));
        assert!(!take_if_there(&mut bucket, 1, NOW + Duration::from_nanos(999_999_999)));
        assert!(take_if_there(&mut bucket, 1, NOW + Duration::SECOND));
    }

    #[test]
    fn more_than_the_burst_never_fits() {
        assert_eq!(bucket(60, 10).earliest(11, 0), None);
        assert!(bucket(60, 10).earliest(10, 0).is_some());
    }

    #[test]
    fn debt_delays_what_comes_after_it() {
        let mut bucket = bucket(60, 60);
        bucket.take(90, NOW, NOW);
        assert_eq!(bucket.level(NOW), -30);
        assert_eq!(bucket.earliest(1, 0), Some(NOW + Duration::from_secs(31)));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_no_more() {
        let mut bucket = bucket(60, 60);
        bucket.take(60, NOW, NOW);
        bucket.give_back(10);
        assert_eq!(bucket.level(NOW), 10);
        bucket.give_back(1_000);
        assert_eq!(bucket.level(NOW), 60);
    }

    #[test]
    fn replenishment_starts_when_the_server_counts_the_request() {
        let mut bucket = bucket(60, 1);
        bucket.take(1, NOW, NOW + LATE);
        assert_eq!(bucket.earliest(1, 0), Some(NOW + Duration::SECOND + LATE));
    }

    #[test]
    fn a_burst_does_not_wait_for_the_server_to_count_it() {
        let mut bucket = bucket(60, 3);
        for _ in 0..3 {
            assert!(bucket.earliest(1, 0).is_some_and(|earliest| earliest <= NOW));
            bucket.take(1, NOW, NOW + LATE);
        }
        assert_eq!(bucket.earliest(1, 0), Some(NOW + Duration::SECOND + LATE));
    }

    #[test]
    fn a_bucket_that_is_in_use_loses_nothing_to_the_network() {
        let mut bucket = bucket(60, 3);
        let mut now = NOW;
        for _ in 0..100 {
            now = now.max(bucket.earliest(1, 0).expect("it fits"));
            bucket.take(1, now, now + LATE);
        }
        assert_eq!(now, NOW + Duration::from_secs(97) + LATE);
    }

    #[test]
    fn an_absurd_charge_shuts_the_bucket_for_a_day_at_most() {
        let mut bucket = bucket(1, 1);
        bucket.take(u64::from(u32::MAX), NOW, NOW);
        assert!(bucket.earliest(1, 0).is_some_and(|earliest| earliest <= NOW + Duration::DAY + Duration::MINUTE));
    }

    #[test]
    fn a_clock_that_goes_back_grants_nothing_extra() {
        let mut bucket = bucket(60, 60);
        bucket.take(60, NOW, NOW);
        assert!(!take_if_there(&mut bucket, 1, Instant::ZERO));
        assert!(!take_if_there(&mut bucket, 1, NOW));
    }

    #[test]
    fn levels_are_bounded_from_both_sides() {
        let mut bucket = bucket(60, 60);
        bucket.lower_to(20, NOW);
        assert_eq!(bucket.level(NOW), 20);
        bucket.lower_to(40, NOW);
        assert_eq!(bucket.level(NOW), 20);
        bucket.raise_to(30, NOW);
        assert_eq!(bucket.level(NOW), 30);
        bucket.raise_to(10_000, NOW);
        assert_eq!(bucket.level(NOW), 60);
    }

    #[test]
    fn a_raised_limit_adds_the_difference_and_a_lowered_one_takes_it() {
        let mut bucket = bucket(60, 60);
        bucket.take(40, NOW, NOW);
        bucket.retune(&Quota::new(100, Duration::MINUTE), NOW);
        assert_eq!(bucket.level(NOW), 60);
        bucket.retune(&Quota::new(50, Duration::MINUTE), NOW);
        assert_eq!(bucket.level(NOW), 10);
    }

    #[test]
    fn others_take_their_share_of_what_comes_back() {
        let mut bucket = bucket(60, 60);
        bucket.take(60, NOW, NOW);
        bucket.share_with_others(Share::percent(75), NOW);
        assert_eq!(bucket.level(NOW + Duration::from_secs(40)), 10);
        assert_eq!(bucket.earliest(1, 0), Some(NOW + Duration::from_secs(4)));
        bucket.share_with_others(Share::NONE, NOW + Duration::from_secs(40));
        assert_eq!(bucket.level(NOW + Duration::from_secs(50)), 20);
    }

    #[test]
    fn others_who_take_less_than_comes_back_do_not_empty_a_full_bucket() {
        let mut bucket = bucket(60, 60);
        bucket.share_with_others(Share::percent(99), NOW);
        let late = NOW + Duration::DAY;
        assert_eq!(bucket.level(late), 60);
        bucket.take(60, late, late);
        assert_eq!(bucket.level(late), 0);
    }

    #[test]
    fn what_is_to_be_left_delays_and_what_may_be_lacking_hastens() {
        let mut bucket = bucket(60, 60);
        bucket.take(60, NOW, NOW);
        let after = |secs| Some(NOW + Duration::from_secs(secs));
        assert_eq!(bucket.earliest(5, 10), after(15));
        assert_eq!(bucket.earliest(50, 30), after(60));
        assert_eq!(bucket.earliest(5, -2), after(3));
        assert!(bucket.has_room(5, -5, NOW) && !bucket.has_room(6, -5, NOW));
        assert_eq!(bucket.earliest(61, -60), None);
    }

    #[test]
    fn what_goes_before_somebody_is_taken_as_soon_as_it_is_there() {
        let mut bucket = bucket(60, 10);
        bucket.take(4, NOW, NOW);
        let mut step_by_step = bucket.clone();
        let mut at = NOW;
        for cost in [3, 7, 1, 10, 2] {
            at = at.max(step_by_step.earliest(cost, 0).expect("it fits"));
            step_by_step.take(cost, at, at);
        }
        let own = at.max(step_by_step.earliest(5, 0).expect("it fits"));
        assert_eq!(bucket.earliest_after(23, 5, 0, NOW), Some(own));
        assert_eq!(bucket.earliest_after(0, 5, 0, NOW), bucket.earliest(5, 0));
        assert_eq!(bucket.earliest_after(u64::MAX, 11, 0, NOW), None);
        assert!(bucket.earliest_after(u64::MAX, 1, 0, NOW).is_some());
    }

    #[test]
    fn a_bucket_that_is_full_is_not_lowered_by_a_word_that_says_so() {
        let mut bucket = bucket(60, 60);
        bucket.take(1, NOW, NOW + LATE);
        let later = NOW + Duration::from_millis(40);
        let before = bucket.level(later);
        bucket.lower_to(60, later);
        assert_eq!(bucket.level(later), before);
    }
}
