//! The ledger of one scope: several limits, taken from together or not at all.
//!
//! ```text
//! reserve ──► Reservation ──► settle(actual)   what the server really charged, both ways, debt allowed
//!                        └──► cancel           nothing was charged
//! ```
//! Between the two the reservation is in flight. Every reservation ends in exactly one of them.

mod bucket;
mod company;
mod holds;
mod kind;
mod lately;
mod limit;
mod marks;
mod meter;
mod outlook;
mod overdraft;
mod reach;
mod saving;
mod spare;
mod sync;
mod tally;
mod way;
mod window;

use alloc::vec::Vec;

pub(crate) use self::holds::Holds;
use self::lately::{Ended, Lately};
pub use self::limit::{Limit, LimitState, Origin};
use self::marks::{Marks, Sums};
pub use self::meter::Earliest;
pub(crate) use self::outlook::{Asker, Before};
pub(crate) use self::reach::Reach;
pub use self::spare::Wish;
pub use self::sync::{Change, Statement};
pub(crate) use self::tally::{Tally, part};
use self::way::Way;
use crate::cost::{Cost, Dimension};
use crate::quota::Quota;
use crate::time::{Duration, Instant};

/// The limits of one scope and what was taken from them.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    limits: Vec<Limit>,
    sums: Sums,
    /// What is reserved and neither settled nor cancelled.
    in_flight: Tally,
    permits: u64,
    /// `sums` as they were.
    marks: Marks,
    /// When the request was sent whose answer told most recently how things stand.
    synced_to: Instant,
    way: Way,
    /// Which limit the latest to be refused would have waited for the longest.
    waits_for: Option<usize>,
    /// What ended lately.
    lately: Lately,
    /// By how much more was reserved for those that ended than was expected of them when they came.
    raised: Tally,
}

/// What one request holds until it is settled or cancelled.
#[must_use = "a reservation is settled or cancelled, or the quota it holds is lost"]
#[derive(Debug)]
pub struct Reservation {
    cost: Cost,
    /// What was expected when the request came.
    expected: Cost,
    sent_at: Instant,
    counted_at: Instant,
}

/// What a request leaves in every limit for those who may come. Whoever takes so much of a burst that less is left over
/// leaves half of that rest, so that it starts before the limit is full.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Leave {
    /// As much as this; permits are not left.
    pub cost: Cost,
    /// But no less than so many thousandths of a limit's burst, also of its permits.
    pub least: u16,
    /// And no more than so many.
    pub most: u16,
}

impl Leave {
    /// What is left of `burst` in `dimension` by whom takes `cost`.
    fn of(&self, dimension: Dimension, burst: u64, cost: u64) -> u64 {
        let part =
            |thousandths: u16| u64::try_from(u128::from(burst) * u128::from(thousandths) / 1_000).unwrap_or(burst);
        let wished = if dimension == Dimension::Concurrency { 0 } else { self.cost.of(dimension) };
        wished.min(part(self.most)).max(part(self.least)).min(burst.saturating_sub(cost) / 2)
    }
}

impl Reservation {
    /// What was reserved.
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// The same of a request that was `expected` to take something else when it came.
    pub(crate) const fn instead_of(self, expected: Cost) -> Self {
        Self { expected, ..self }
    }

    /// When.
    pub const fn sent_at(&self) -> Instant {
        self.sent_at
    }
}

impl Ledger {
    /// A ledger that keeps `limits`.
    pub fn new(limits: impl IntoIterator<Item = Limit>) -> Self {
        Self { limits: limits.into_iter().collect(), ..Self::default() }
    }

    /// Reservations that are neither settled nor cancelled.
    pub const fn in_flight(&self) -> u64 {
        self.permits
    }

    /// Whether no limit is known.
    pub const fn is_unlimited(&self) -> bool {
        self.limits.is_empty()
    }

    /// Every limit as it stands at `now`.
    pub fn states(&mut self, now: Instant) -> impl Iterator<Item = LimitState> {
        self.limits.iter_mut().map(move |limit| limit.state(now))
    }

    /// The limit that `cost` can never pass, and its amount.
    pub fn impossible(&self, cost: Cost) -> Option<(Dimension, u64)> {
        self.limits
            .iter()
            .find(|limit| cost.of(limit.dimension()) > limit.largest_cost())
            .map(|limit| (limit.dimension(), limit.largest_cost()))
    }

    /// The most that can go at once in `dimension`, if it is limited.
    pub fn burst(&self, dimension: Dimension) -> Option<u64> {
        self.limits.iter().filter(|limit| limit.dimension() == dimension).map(Limit::burst).min()
    }

    /// The first instant at which every limit has room for `cost`.
    #[inline]
    pub fn earliest(&mut self, cost: Cost, now: Instant) -> Earliest {
        self.latest(now, |limit| limit.earliest(cost, now))
    }

    /// The latest of the instants that the limits say, and whether it is one to wait for: then that limit is the one waited for.
    #[inline]
    fn latest(&mut self, now: Instant, mut earliest: impl FnMut(&mut Limit) -> Earliest) -> Earliest {
        let mut latest = Earliest::At(now);
        for (index, limit) in self.limits.iter_mut().enumerate() {
            let later = latest.max(earliest(limit));
            if later != latest {
                self.waits_for = Some(index);
                latest = later;
            }
        }
        if latest == Earliest::At(now) { Earliest::At(Instant::ZERO) } else { latest }
    }

    /// Takes `cost` from every limit, or says when that will be possible and takes nothing.
    ///
    /// `counted_at` is the latest instant at which the server may count the request: `now` where nothing lies
    /// between, later where a network does.
    #[inline]
    pub fn reserve(&mut self, cost: Cost, now: Instant, counted_at: Instant) -> Result<Reservation, Earliest> {
        if !self.limits.iter_mut().all(|limit| limit.has_room(cost, now)) {
            return Err(self.earliest(cost, now));
        }
        Ok(self.take(cost, now, counted_at))
    }

    /// The same for a request to a server, which may know of more than the ledger: others, and a smaller burst.
    /// What `leave` says stays in every limit. Where output `is_charged_late`, as it is produced, more of it may be promised
    /// than is there.
    pub fn reserve_to_send(
        &mut self,
        cost: Cost,
        leave: Option<&Leave>,
        is_charged_late: bool,
        now: Instant,
    ) -> Result<Reservation, Earliest> {
        let earliest = self.earliest_to_send(cost, leave, is_charged_late, now);
        if !matches!(earliest, Earliest::At(at) if at <= now) {
            return Err(earliest);
        }
        let reservation = self.take(cost, now, self.way.counted_at(now));
        for limit in &mut self.limits {
            limit.sent(cost, now);
        }
        Ok(reservation)
    }

    /// When that will be possible.
    fn earliest_to_send(&mut self, cost: Cost, leave: Option<&Leave>, is_charged_late: bool, now: Instant) -> Earliest {
        let (in_flight, permits) = (self.in_flight, self.permits);
        self.latest(now, |limit| {
            let is_late = is_charged_late && limit.dimension() == Dimension::OutputTokens;
            let reserved = u64::try_from(in_flight.of(limit.dimension())).unwrap_or(0);
            let promised = is_late.then_some((reserved, permits));
            limit.earliest_to_send(cost, leave, promised, now)
        })
    }

    /// The server answered the request of `reservation`, whatever it said.
    pub fn answered(&mut self, reservation: &Reservation, now: Instant) {
        self.way.answered_in(now.since(reservation.sent_at));
    }

    /// The request of `reservation` was served.
    pub fn served(&mut self, reservation: &Reservation, now: Instant) {
        for limit in &mut self.limits {
            limit.served(reservation.sent_at, now);
        }
    }

    /// The request of `reservation` was refused, though the server's own numbers had room for it: it enforces a smaller
    /// burst than it states. Which limit's it is nobody says; it is sought where most is missing, in time, among those of a
    /// minute or less.
    pub fn refused_unexplained(&mut self, reservation: &Reservation, now: Instant) {
        let Reservation { cost, sent_at, .. } = *reservation;
        let took = |limit: &Limit| {
            let is_rate = limit.dimension() != Dimension::Concurrency && limit.quota().period() <= Duration::MINUTE;
            is_rate && cost.of(limit.dimension()) > 0
        };
        let depths = self.limits.iter_mut().filter(|limit| took(limit)).map(|limit| limit.depth(now).1);
        let deepest = depths.max().unwrap_or_default();
        for limit in self.limits.iter_mut().filter(|limit| took(limit)) {
            if limit.depth(now).1.times(2) >= deepest && limit.ended_before(cost, sent_at, now) {
                self.way.was_longer();
            }
        }
    }

    #[inline]
    fn take(&mut self, cost: Cost, now: Instant, counted_at: Instant) -> Reservation {
        for limit in &mut self.limits {
            limit.take(cost, now, counted_at);
        }
        self.marks.note(now, &self.sums);
        self.permits += 1;
        self.sums.reserved.add(cost);
        self.sums.charged.add(cost);
        self.in_flight.add(cost);
        Reservation { cost, expected: cost, sent_at: now, counted_at }
    }

    /// The same if what `leave` says stays in every limit.
    pub fn reserve_leaving(
        &mut self,
        cost: Cost,
        leave: &Leave,
        now: Instant,
        counted_at: Instant,
    ) -> Result<Reservation, Earliest> {
        let earliest = self.earliest_leaving(cost, leave, now);
        let is_there = matches!(earliest, Earliest::At(at) if at <= now);
        if is_there { self.reserve(cost, now, counted_at) } else { Err(earliest) }
    }

    /// The first instant at which every limit has room for `cost` and what it is to leave.
    pub fn earliest_leaving(&mut self, cost: Cost, leave: &Leave, now: Instant) -> Earliest {
        self.latest(now, |limit| limit.earliest_leaving(cost, leave, now))
    }

    /// `reservation` turns out to need `more`, which is taken whether it is there or not.
    pub fn extend(&mut self, reservation: &mut Reservation, more: Cost, now: Instant) {
        for limit in &mut self.limits {
            limit.extend(more, now);
        }
        self.sums.reserved.add(more);
        self.in_flight.add(more);
        reservation.cost.add(more);
    }

    /// Ends `reservation` with what the request really cost. More than was reserved becomes debt.
    #[inline]
    pub fn settle(&mut self, reservation: Reservation, actual: Cost, now: Instant) {
        let reserved = reservation.cost;
        for limit in &mut self.limits {
            limit.settle(&reservation, actual, now);
        }
        self.permits = self.permits.saturating_sub(1);
        self.in_flight.subtract(reserved);
        if reservation.expected != reserved {
            self.raised.add(reserved);
            self.raised.subtract(reservation.expected);
        }
        self.sums.charged.subtract(reserved.beyond(actual));
        self.sums.settled.add(actual);
    }

    /// Ends `reservation` with what was reserved.
    #[inline]
    pub fn release(&mut self, reservation: Reservation) {
        for limit in &mut self.limits {
            limit.end(reservation.sent_at);
        }
        self.permits = self.permits.saturating_sub(1);
        self.in_flight.subtract(reservation.cost);
        self.sums.settled.add(reservation.cost);
    }

    /// Ends `reservation` of a request that cost nothing.
    pub fn cancel(&mut self, reservation: Reservation, now: Instant) {
        self.settle(reservation, Cost::default(), now);
    }

    /// Adds a limit that was not configured, as a server stated it.
    fn learn(&mut self, dimension: Dimension, quota: &Quota) -> &mut Limit {
        self.limits.push(Limit::new(dimension, *quota, Origin::Learned));
        // Just pushed.
        let last = self.limits.len() - 1;
        &mut self.limits[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_nanos(1_000_000_000);

    fn ledger() -> Ledger {
        Ledger::new([
            Limit::new(Dimension::Requests, Quota::new(2, Duration::MINUTE), Origin::Configured),
            Limit::new(Dimension::InputTokens, Quota::new(100, Duration::MINUTE), Origin::Configured),
            Limit::concurrency(3),
        ])
    }

    fn cost(input_tokens: u32) -> Cost {
        Cost { input_tokens, ..Cost::REQUEST }
    }

    fn levels(ledger: &mut Ledger) -> Vec<i64> {
        ledger.states(NOW).map(|state| state.level).collect()
    }

    #[test]
    fn a_reservation_takes_from_every_limit_or_from_none() {
        let mut ledger = ledger();
        let first = ledger.reserve(cost(80), NOW, NOW).expect("an empty ledger has room");
        assert_eq!(levels(&mut ledger), [1, 20, 2]);
        assert!(matches!(ledger.reserve(cost(30), NOW, NOW), Err(Earliest::At(at)) if at > NOW));
        assert_eq!(levels(&mut ledger), [1, 20, 2]);
        ledger.cancel(first, NOW);
        assert_eq!(levels(&mut ledger), [2, 100, 3]);
    }

    #[test]
    fn settling_corrects_both_ways() {
        let mut ledger = ledger();
        let small = ledger.reserve(cost(50), NOW, NOW).expect("room");
        ledger.settle(small, cost(10), NOW);
        assert_eq!(levels(&mut ledger), [1, 90, 3]);
        let large = ledger.reserve(cost(10), NOW, NOW).expect("room");
        ledger.settle(large, cost(200), NOW);
        assert_eq!(levels(&mut ledger), [0, -110, 3]);
    }

    #[test]
    fn what_was_taken_later_is_settled_with_the_rest() {
        let mut ledger = ledger();
        let mut growing = ledger.reserve(cost(50), NOW, NOW).expect("room");
        ledger.extend(&mut growing, Cost { requests: 0, ..cost(70) }, NOW);
        assert_eq!(levels(&mut ledger), [1, -20, 2]);
        ledger.settle(growing, cost(110), NOW);
        assert_eq!(levels(&mut ledger), [1, -10, 3]);
        assert_eq!(ledger.in_flight(), 0);
    }

    #[test]
    fn a_full_house_waits_for_a_release_and_not_for_time() {
        let mut ledger = Ledger::new([Limit::concurrency(1)]);
        let held = ledger.reserve(Cost::REQUEST, NOW, NOW).expect("room");
        assert_eq!(ledger.earliest(Cost::REQUEST, NOW), Earliest::AfterRelease);
        ledger.cancel(held, NOW);
        assert_eq!(ledger.earliest(Cost::REQUEST, NOW), Earliest::At(Instant::ZERO));
    }

    #[test]
    fn what_is_to_be_left_stays_in_every_limit_and_is_not_taken() {
        let mut ledger = ledger();
        let leave = Leave { cost: cost(30), least: 0, most: 1_000 };
        assert!(ledger.reserve_leaving(cost(60), &leave, NOW, NOW).is_ok());
        assert_eq!(levels(&mut ledger), [1, 40, 2]);
        let later = ledger.reserve_leaving(cost(20), &leave, NOW, NOW).expect_err("10 are missing");
        assert_eq!(later, Earliest::At(NOW + Duration::from_secs(6)));
        assert!(ledger.reserve(cost(20), NOW, NOW).is_ok());
    }

    #[test]
    fn a_large_request_leaves_half_of_what_it_does_not_need() {
        let leave = Leave { cost: cost(30), least: 0, most: 1_000 };
        for (size, left) in [(10, 30), (40, 30), (50, 25), (90, 5), (100, 0)] {
            assert_eq!(leave.of(Dimension::InputTokens, 100, size), left, "{size}");
        }
        assert!(ledger().reserve_leaving(cost(100), &leave, NOW, NOW).is_ok());
    }

    #[test]
    fn a_share_is_left_of_permits_too_and_what_was_learned_is_not() {
        let share = Leave { cost: Cost::default(), least: 250, most: 250 };
        let learned = Leave { cost: cost(30), least: 0, most: 200 };
        for (dimension, burst, expected) in [
            (Dimension::InputTokens, 100, (25, 20)),
            (Dimension::Concurrency, 8, (2, 0)),
            (Dimension::Requests, 3, (0, 0)),
        ] {
            assert_eq!((share.of(dimension, burst, 1), learned.of(dimension, burst, 1)), expected, "{dimension:?}");
        }
    }

    #[test]
    fn the_limit_that_can_never_be_passed_is_named() {
        assert_eq!(ledger().impossible(cost(101)), Some((Dimension::InputTokens, 100)));
        assert_eq!(ledger().earliest(cost(101), NOW), Earliest::Never);
    }
}
