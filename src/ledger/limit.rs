//! One limit of a scope: what it counts, how much it allows, where that number comes from.

mod saving;

use super::company::{Company, SLOT};
use super::holds::Holds;
use super::kind::{Found, Kind, Seen};
use super::meter::{Earliest, Meter};
use super::overdraft::Overdraft;
use super::reach::Reach;
use super::sync::usual_period;
use super::{Leave, Reservation};
use crate::cost::{Cost, Dimension};
use crate::quota::{Enforcement, Quota};
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
    const ALL: [Self; 3] = [Self::Configured, Self::Published, Self::Learned];

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
    /// What it was before a server had its say; `None` if that said so first.
    chosen: Option<Quota>,
    meter: Meter,
    origin: Origin,
    /// When a refusal told the level outright, whatever the ledger thought of it.
    told_at: Instant,
    /// How much of the burst requests over a network may use by now.
    reach: Reach,
    /// Who else takes from it.
    company: Company,
    /// What of it is promised and not used, where it is charged late.
    overdraft: Overdraft,
    /// How the server was seen to enforce it.
    kind: Kind,
    /// The burst by the numbers alone.
    largest_burst: u64,
    /// What it was, and its largest burst, before it was found to be a window.
    before: Option<(Quota, u64)>,
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
        Self {
            dimension,
            meter: Meter::new(&quota),
            quota,
            chosen: (origin != Origin::Learned).then_some(quota),
            origin,
            told_at: Instant::ZERO,
            reach: Self::first_reach(dimension, &quota),
            company: Company::default(),
            overdraft: Overdraft::default(),
            kind: Kind::default(),
            largest_burst: quota.burst(),
            before: None,
        }
    }

    /// At most `limit` requests in flight.
    pub fn concurrency(limit: u64) -> Self {
        // A permit has no period; the quota carries the amount alone.
        let quota = Quota::new(limit, Duration::SECOND);
        let meter = Meter::Permits { limit: quota.amount(), in_flight: 0, holds: Holds::default() };
        Self {
            dimension: Dimension::Concurrency,
            quota,
            chosen: Some(quota),
            meter,
            origin: Origin::Configured,
            told_at: Instant::ZERO,
            reach: Reach::new(u64::MAX, 0),
            company: Company::default(),
            overdraft: Overdraft::default(),
            kind: Kind::default(),
            largest_burst: quota.burst(),
            before: None,
        }
    }

    /// What of a burst may go at first: what comes back in a second, or the sixtieth part of a limit over more than a minute.
    /// Of output all of it: what is reserved of it is charged over seconds, and mostly less, so that answers tell in time.
    /// Of a window too: what goes late there comes back late.
    fn first_reach(dimension: Dimension, quota: &Quota) -> Reach {
        if dimension == Dimension::OutputTokens || quota.enforcement() != Enforcement::TokenBucket {
            return Reach::new(u64::MAX, 0);
        }
        let period = u128::from(quota.period().min(Duration::MINUTE).as_nanos());
        let first = u128::from(quota.amount()) * u128::from(Duration::SECOND.as_nanos()) / period;
        let first = u64::try_from(first).unwrap_or(u64::MAX);
        Reach::new(first, if dimension == Dimension::Requests { FEW_REQUESTS } else { 0 })
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

    /// The most that can go at once, as far as is known.
    pub const fn burst(&self) -> u64 {
        self.quota.burst()
    }

    /// The largest cost that can ever go. What a server's words let suppose of its burst refuses nothing.
    pub(super) const fn largest_cost(&self) -> u64 {
        self.largest_burst
    }

    /// `cost` in this dimension. What exceeds the burst and may go all the same goes when all of the burst is there.
    const fn needed(&self, cost: Cost) -> u64 {
        let cost = cost.of(self.dimension);
        let burst = self.quota.burst();
        if cost > burst && cost <= self.largest_burst { burst } else { cost }
    }

    pub(super) fn state(&mut self, now: Instant) -> LimitState {
        let level = self.meter.level(now);
        LimitState { dimension: self.dimension, quota: self.quota, level, origin: self.origin }
    }

    #[inline]
    pub(super) fn has_room(&mut self, cost: Cost, now: Instant) -> bool {
        self.meter.has_room(self.needed(cost), 0, now)
    }

    pub(super) fn earliest(&mut self, cost: Cost, now: Instant) -> Earliest {
        self.meter.earliest(self.needed(cost), 0, now)
    }

    /// When there will be room for `cost` and what it leaves.
    pub(super) fn earliest_leaving(&mut self, cost: Cost, leave: &Leave, now: Instant) -> Earliest {
        let own = self.needed(cost);
        self.meter.earliest(own, signed(leave.of(self.dimension, self.burst(), own)), now)
    }

    #[inline]
    pub(super) fn take(&mut self, cost: Cost, now: Instant, counted_at: Instant) {
        self.meter.take(cost.of(self.dimension), now, counted_at);
    }

    /// When a request may be sent to a server that has more to say in this than the meter. `promised`, where it is charged
    /// only as it is produced, is what requests in flight have reserved, and how many they are.
    pub(super) fn earliest_to_send(
        &mut self,
        cost: Cost,
        leave: Option<&Leave>,
        promised: Option<(u64, u64)>,
        now: Instant,
    ) -> Earliest {
        let (burst, cost) = (self.burst(), self.needed(cost));
        let leave = signed(leave.map_or(0, |leave| leave.of(self.dimension, burst, cost)));
        let pace = Earliest::At(self.company.opens());
        let overdraft = promised.map_or(0, |(reserved, calls)| self.overdraft(reserved + cost, calls + 1));
        let leave = leave - signed(overdraft);
        if cost == 0 || self.reach.is_open(burst) {
            return self.meter.earliest(cost, leave, now).max(pace);
        }
        self.reach.pass_time(burst, now);
        let earliest = self.meter.earliest(cost, leave.saturating_add(signed(self.reach.leave(burst))), now);
        let is_blocked = matches!(earliest, Earliest::At(at) if at > now) && self.meter.has_room(cost, leave, now);
        let opens = if is_blocked {
            let missing = (self.depth(now).0 + cost).saturating_sub(burst - self.reach.leave(burst));
            self.reach.block(missing.max(1), burst, now)
        } else {
            None
        };
        let earliest = match (earliest, opens) {
            (Earliest::At(at), Some(opens)) => Earliest::At(at.min(opens)),
            (earliest, _) => earliest,
        };
        earliest.max(pace)
    }

    /// A request of `cost` was sent to a server.
    pub(super) fn sent(&mut self, cost: Cost, now: Instant) {
        let cost = cost.of(self.dimension);
        if cost == 0 || self.dimension == Dimension::Concurrency {
            return;
        }
        let (depth, _) = self.depth(now);
        self.reach.sent(depth, now);
        let left = u64::try_from(self.meter.level(now)).unwrap_or(0);
        self.company.sent(self.time_of(cost), self.time_of(left), now);
    }

    /// A request that was sent at `sent_at` was served.
    pub(super) fn served(&mut self, sent_at: Instant, now: Instant) {
        self.reach.served(sent_at, now);
    }

    /// A server said that so much was `remaining`: somebody was served down to there.
    pub(super) fn is_down_to(&mut self, remaining: u64) {
        self.reach.reached(self.burst().saturating_sub(remaining));
    }

    /// How much is missing from the burst, and how long it takes to come back.
    pub(super) fn depth(&mut self, now: Instant) -> (u64, Duration) {
        let depth = i128::from(self.burst()) - i128::from(self.meter.level(now));
        let depth = u64::try_from(depth).unwrap_or(0);
        (depth, self.time_of(depth))
    }

    /// A request of `cost` was refused, and the end of this limit's true burst is why. Says whether that end was known, so
    /// that the request was not too many but too early.
    pub(super) fn ended_before(&mut self, cost: Cost, sent_at: Instant, now: Instant) -> bool {
        let (depth, _) = self.depth(now);
        self.reach.refused(depth, cost.of(self.dimension), sent_at, now)
    }

    /// What others leave of what is replenished in `duration`.
    pub(super) fn left_by_others(&self, duration: Duration) -> u64 {
        let replenished = self.meter.replenished_in(duration);
        let taken = (u128::from(replenished) * u128::from(self.meter.share().bits().unsigned_abs())) >> 16;
        replenished.saturating_sub(u64::try_from(taken).unwrap_or(0))
    }

    /// What `cost` takes of this limit, as the time in which so much is replenished: a day at most. Of calls in flight nothing
    /// is replenished; each counts for as much as any other.
    pub(super) fn work(&self, cost: Cost) -> u64 {
        let units = cost.of(self.dimension);
        let (period, amount) = (self.quota.period().as_nanos(), self.quota.amount().max(1));
        // In most cases a division of 64 bits is enough, which takes a third of the time.
        let nanos = units.checked_mul(period).map_or_else(|| self.time_of(units).as_nanos(), |nanos| nanos / amount);
        nanos.min(Duration::DAY.as_nanos())
    }

    fn time_of(&self, units: u64) -> Duration {
        let nanos = u128::from(units) * u128::from(self.quota.period().as_nanos()) / u128::from(self.quota.amount());
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// A server said that at most `most` is left, and perhaps that it is at least `least`, while requests in flight had
    /// `reserved` this much.
    pub(super) fn bound(&mut self, most: i64, least: Option<i64>, reserved: i64, now: Instant) {
        let before = self.meter.level(now);
        self.meter.lower_to(most, now);
        if let Some(least) = least {
            self.meter.raise_to(least, now);
        }
        let by = self.meter.level(now).saturating_sub(before);
        self.corrected(by, reserved, now);
    }

    /// The ledger was `by` off.
    fn corrected(&mut self, by: i64, reserved: i64, now: Instant) {
        if !self.kind.is_like_a_bucket(self.quota.amount()) {
            return;
        }
        // Answers outgrow what was reserved for them, and a server's own estimate of a prompt is what it charges at first.
        let reserved = u64::try_from(reserved).unwrap_or(0);
        let doubt = match self.dimension {
            Dimension::OutputTokens | Dimension::TotalTokens => reserved,
            Dimension::InputTokens => reserved / 4,
            Dimension::Requests | Dimension::Concurrency | Dimension::Custom => 0,
        };
        let share = self.company.corrected(by, doubt, self.meter.replenished_in(SLOT), now);
        self.meter.share_with_others(share, now);
    }

    pub(super) fn extend(&mut self, more: Cost, now: Instant) {
        // However much it grows, it is still one request in flight.
        if self.dimension != Dimension::Concurrency {
            self.meter.take(more.of(self.dimension), now, now);
        }
    }

    #[inline]
    pub(super) fn settle(&mut self, reservation: &Reservation, actual: Cost, now: Instant) {
        let Reservation { cost: reserved, sent_at, counted_at, .. } = *reservation;
        let (mut reserved, mut actual) = (reserved.of(self.dimension), actual.of(self.dimension));
        if self.dimension == Dimension::OutputTokens {
            self.overdraft.settled(reserved, actual, now.since(sent_at));
        }
        if self.dimension.is_charged_late() && self.told_at > sent_at {
            // What was charged before the level was told is in it. Answers are written evenly, as far as is known.
            let (after, whole) = (now.since(self.told_at).as_nanos(), now.since(sent_at).as_nanos());
            reserved = to_come(reserved);
            actual = u64::try_from(u128::from(actual) * u128::from(after) / u128::from(whole.max(1))).unwrap_or(actual);
        }
        let is_charged_late = self.dimension.is_charged_late();
        if self.dimension == Dimension::Concurrency {
            self.meter.end(reserved, sent_at);
            self.note_hold(now.since(sent_at));
        } else if let Some(window) = self.meter.window().filter(|_| is_charged_late) {
            // It was charged as it was produced, and when that was nobody knows: perhaps all of it just now.
            window.give_back(reserved, counted_at);
            window.take(actual, now);
        } else if actual > reserved {
            self.meter.take(actual - reserved, now, now);
        } else if reserved > actual {
            self.meter.give_back(reserved - actual, counted_at);
        }
    }

    /// A request ends that cost what it reserved.
    #[inline]
    pub(super) fn end(&mut self, sent_at: Instant) {
        self.meter.end(Cost::default().of(Dimension::Concurrency), sent_at);
    }

    /// A request was in flight for `duration`.
    pub(super) fn note_hold(&mut self, duration: Duration) {
        if let Meter::Permits { holds, .. } = &mut self.meter {
            holds.note(duration);
        }
    }

    /// How long a permit is held, if these are permits.
    pub(super) fn hold(&self) -> Option<Duration> {
        if let Meter::Permits { holds, .. } = &self.meter { Some(holds.mean()) } else { None }
    }

    /// When `cost` has its permit and leaves some, after `members` others have had theirs: `None` if never, and nothing
    /// inside where nobody can tell.
    pub(super) fn permitted_at(
        &self,
        cost: Cost,
        leave: Option<&Leave>,
        members: u64,
        now: Instant,
    ) -> Option<Option<Instant>> {
        let Meter::Permits { limit, in_flight, holds } = &self.meter else { return Some(Some(now)) };
        let own = self.needed(cost);
        let needed = own + leave.map_or(0, |leave| leave.of(self.dimension, *limit, own)) + members;
        let missing = (in_flight + needed).saturating_sub(*limit);
        (own <= *limit).then(|| holds.until_released(missing, *in_flight, now).map(|wait| now + wait))
    }

    /// When time has made room for `cost` and what it leaves, after `before` was taken as soon as it could be, if `back`
    /// comes back of what was taken. `None` if never.
    pub(super) fn replenished_at(
        &mut self,
        cost: Cost,
        leave: Option<&Leave>,
        back: u64,
        before: u64,
        now: Instant,
    ) -> Option<Instant> {
        let own = self.needed(cost);
        let leave = signed(leave.map_or(0, |leave| leave.of(self.dimension, self.burst(), own)));
        let leave = leave.saturating_sub(signed(back));
        // Who takes nothing waits for nobody.
        let before = if own == 0 { 0 } else { before };
        self.meter.replenished_at(own, leave, before, now)
    }

    /// The same for a request to a server, which may know of more than the ledger.
    pub(super) fn replenished_to_send(
        &mut self,
        cost: Cost,
        leave: Option<&Leave>,
        back: u64,
        before: u64,
        now: Instant,
    ) -> Option<Instant> {
        let (own, burst) = (self.needed(cost), self.burst());
        if own == 0 || self.reach.is_open(burst) {
            return self.replenished_at(cost, leave, back, before, now);
        }
        if self.reach.has_end() {
            let smaller = self.reach.leave(burst);
            let leave = leave.map_or(0, |leave| leave.of(self.dimension, burst, own)).saturating_add(smaller);
            return self.meter.replenished_at(own, signed(leave).saturating_sub(signed(back)), before, now);
        }
        let depth = self.depth(now).0.saturating_add(before).saturating_add(own);
        let opens_in = self.reach.opens_in(depth, self.left_by_others(Duration::SECOND), burst);
        let at = self.replenished_at(cost, leave, back, before, now)?;
        Some(at.max(now + opens_in))
    }

    /// How much more than is there may be promised of what is charged as it is produced, where `reserved` is promised to
    /// `calls`.
    pub(super) fn overdraft(&self, reserved: u64, calls: u64) -> u64 {
        self.overdraft.allowed(reserved, calls, self.left_by_others(Duration::SECOND))
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

    /// Whether `limit` a `window` is this limit in other words: a hundred in ten seconds are six hundred a minute.
    pub(super) fn is_rate_of(&self, dimension: Dimension, limit: u64, window: Duration) -> bool {
        let stated = u128::from(limit) * u128::from(self.quota.period().as_nanos());
        let own = u128::from(self.quota.amount()) * u128::from(window.as_nanos());
        self.dimension == dimension && stated.abs_diff(own) <= own / 100
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
        self.quota = self.quota.with_burst(self.largest_burst).with_amount(amount);
        self.largest_burst = self.quota.burst();
        self.meter.retune(&self.quota, now);
        true
    }

    /// A server said `seen` of a limit of `amount` in `period`. Says how it enforces this limit, where that is known and the
    /// numbers are the server's own.
    pub(super) fn recognise(&mut self, seen: Seen, amount: u64, period: Duration, now: Instant) -> Option<Found> {
        let found = self.kind.see(seen, amount, period);
        let is_bucket = self.quota.enforcement() == Enforcement::TokenBucket;
        // A burst that is smaller than a minute's shows in what is left and when all of it is there again.
        let burst = self.kind.capacity().filter(|_| is_bucket).map(|capacity| capacity.min(self.largest_burst));
        if let Some(burst) = burst.filter(|burst| *burst != self.quota.burst()) {
            self.quota = self.quota.with_burst(burst);
            self.meter.retune(&self.quota, now);
        }
        found.filter(|_| self.origin != Origin::Configured)
    }

    /// A server said that `rest` of this limit's window is still to come. A length that nobody stated, and that is shorter,
    /// was a guess.
    pub(super) fn lasts_at_least(&mut self, rest: Duration, now: Instant) {
        let is_guess = self.origin == Origin::Learned && self.quota.enforcement() == Enforcement::FixedWindow;
        if let Some(period) = usual_period(rest).filter(|_| is_guess && rest > self.quota.period() + Duration::SECOND) {
            self.quota = Quota::new(self.quota.amount(), period).with_enforcement(Enforcement::FixedWindow);
            self.meter.retune(&self.quota, now);
        }
    }

    /// Its server enforces limits as windows, and so this one, unless it is a cap or was seen to be a bucket. Says whether
    /// anything changed.
    pub(super) fn become_window(&mut self, enforcement: Enforcement, period: Duration, now: Instant) -> bool {
        let (before, largest_burst) = self.before.unwrap_or((self.quota, self.largest_burst));
        let is_open = self.origin != Origin::Configured && !self.kind.is_like_a_bucket(before.amount());
        if !is_open || (enforcement, period) == (self.quota.enforcement(), self.quota.period()) {
            return false;
        }
        let nanos = u128::from(before.period().as_nanos()).max(1);
        let share = u128::from(before.amount()) * u128::from(period.as_nanos()) / nanos;
        let quota = Quota::new(u64::try_from(share).unwrap_or(u64::MAX), period).with_enforcement(enforcement);
        if self.before.is_some() {
            // What was charged to it as another window counts on.
            self.quota = quota;
            self.largest_burst = quota.burst();
            self.meter.retune(&quota, now);
        } else {
            self.before = Some((before, largest_burst));
            self.start_anew(quota, quota.burst(), now);
        }
        true
    }

    /// Whether it was something else before it was found to be a window.
    pub(super) const fn was_found_a_window(&self) -> bool {
        self.before.is_some()
    }

    /// Its server was found not to enforce it as a window, if that is what it was taken for. Says whether anything changed.
    pub(super) fn become_what_it_was(&mut self, now: Instant) -> bool {
        let Some((quota, largest_burst)) = self.before.take() else { return false };
        self.start_anew(quota, largest_burst, now);
        true
    }

    /// Counts in another way from now on. No more is left than was.
    fn start_anew(&mut self, quota: Quota, largest_burst: u64, now: Instant) {
        let level = self.meter.level(now);
        self.quota = quota;
        self.largest_burst = largest_burst;
        self.meter = Meter::new(&quota);
        self.meter.lower_to(level, now);
        self.reach = Self::first_reach(self.dimension, &quota);
        self.company = Company::default();
    }

    pub(super) const fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }
}

/// Of the first requests to a server some are there at once, as a page or a program's start has them.
const FEW_REQUESTS: u64 = 1;

/// Of what requests in flight have reserved, half is still to be charged, on average.
const fn to_come(reserved: u64) -> u64 {
    reserved / 2
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
