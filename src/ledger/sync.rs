//! Bringing the ledger in line with what a server states.
//!
//! A response says how much was left at some moment between the sending of its request and now. The ledger cannot know
//! the moment, but it knows what it did since, and so has a bound from each side on what is left now:
//!
//! * **at most** `remaining + replenished since − charged after`: what was sent safely after the request is not yet in the
//!   server's number;
//! * **at least** `remaining − reserved since − in flight`: everything that was not sent safely before the request, or has
//!   still to be charged or to be corrected, charged.
//!
//! Safely means by more than the network's spread, within which requests overtake each other.
//!
//! A ledger that says more than the first is brought down to it, one that says less than the second is brought up to it,
//! and one between them knows better than the header.
//!
//! `remaining: 0` may hide a debt, so it gives no lower bound. In a refusal, the ordered wait tells how deep it is: when it
//! is over, there is just enough for the refused request.

use super::kind::{Found, Seen};
use super::limit::{Limit, Origin};
use super::{Ledger, Reservation};
use crate::cost::{Cost, Dimension};
use crate::quota::{Enforcement, Quota};
use crate::time::{Duration, Instant};

/// What a response states of one limit.
#[derive(Clone, Copy, Debug)]
pub struct Statement {
    /// What is counted.
    pub dimension: Dimension,
    /// The limit.
    pub limit: Option<u64>,
    /// What was left.
    pub remaining: Option<u64>,
    /// How far the true number may lie from `remaining`, because the server rounds.
    pub rounding: u64,
    /// The span over which the limit counts, where it is known.
    pub window: Option<Duration>,
    /// When the window ends, or the bucket is full.
    pub reset_at: Option<Instant>,
    /// For a refusal: how long until the refused request would be served.
    pub retry_after: Option<Duration>,
    /// How such a server counts, for a limit that nobody configured.
    pub enforcement: Enforcement,
}

impl Statement {
    /// Whether what was left explains that a request of `cost` was refused.
    pub fn explains(&self, cost: Cost) -> bool {
        let needed = if self.dimension.is_charged_late() { 1 } else { cost.of(self.dimension) };
        // A server's own estimate of the request may be a little higher.
        self.remaining.is_some_and(|remaining| remaining < needed + needed / 4 + self.rounding)
    }
}

/// A limit that a statement changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Change {
    /// What is counted.
    pub dimension: Dimension,
    /// The quota from now on.
    pub quota: Quota,
    /// Whether the limit was unknown before.
    pub learned: bool,
}

impl Ledger {
    /// Takes over what the answer to `reservation` states. `refused` says that the answered request was not served,
    /// so that the server's number does not contain it.
    pub fn sync(
        &mut self,
        reservation: &Reservation,
        refused: bool,
        statement: &Statement,
        now: Instant,
    ) -> Option<Change> {
        if reservation.sent_at < self.synced_to {
            // A late answer knows less than the ledger.
            return None;
        }
        self.synced_to = reservation.sent_at;
        let dimension = statement.dimension;
        let own = reservation.cost.of(dimension).cast_signed();
        let refunded = if refused { own } else { 0 };
        let spread = reservation.counted_at.since(reservation.sent_at);
        let after = self.marks.after(reservation.counted_at);
        let charged_after = after.map_or(0, |mark| self.sums.charged.since(&mark.sums.charged, dimension)) + refunded;
        let before = self.marks.until(reservation.sent_at.before(spread));
        let reserved_since = self.sums.reserved.since(&before.sums.reserved, dimension) - own;
        let in_flight = self.in_flight.of(dimension);
        // What requests in flight are still to bring out is not counted. What they brought in is, but as a guess of the
        // server's own, which it corrects while they run; how far it is off only their answers tell.
        let is_to_come = dimension.is_charged_late();
        let is_open = is_to_come || dimension == Dimension::InputTokens;
        let counted = if is_open && !refused { 0 } else { own };
        // What calls wrote that have ended since may not have been counted either.
        let ended = if is_to_come { self.sums.settled.since(&before.sums.settled, dimension) } else { 0 };
        let pending = in_flight + reserved_since - counted + ended;

        let seen = statement.remaining.zip(statement.reset_at).zip(statement.limit.zip(statement.window));
        let seen = seen.map(|((left, whole_at), quota)| {
            let (at, rounding) = (reservation.sent_at, statement.rounding);
            (Seen { at, come_at: now, left, rounding, whole_at }, quota)
        });
        // Of a window that ended before its answer came, or of which the answer was long in coming, nobody knows when it did.
        let boundary = statement.reset_at.filter(|at| *at > now && now.since(reservation.sent_at) <= PROMPT);
        let is_same = |limit: &Limit| limit.is_stated_by(dimension, statement.window);
        let is_rate = |limit: &Limit| {
            let stated = statement.limit.zip(statement.window);
            stated.is_some_and(|(amount, window)| limit.is_rate_of(dimension, amount, window))
        };
        let known = self.limits.iter().position(is_same).or_else(|| self.limits.iter().position(is_rate));
        let Some(index) = known else {
            let period = statement.window.or_else(|| usual_period(statement.reset_at?.since(now)))?;
            let quota =
                Quota::new(statement.limit.filter(|limit| *limit > 0)?, period).with_enforcement(statement.enforcement);
            let limit = self.learn(dimension, &quota);
            if let Some((seen, (amount, window))) = seen {
                limit.recognise(seen, amount, window, now);
            }
            if let Some(boundary) = boundary {
                limit.meter().align(boundary);
            }
            if let Some(remaining) = statement.remaining {
                // Nothing is known of this limit but what stands here: the cautious bound is the whole truth.
                limit.meter().lower_to(signed(remaining).saturating_sub(pending), now);
                limit.is_down_to(remaining);
            }
            return Some(Change { dimension, quota, learned: true });
        };
        let limit = &mut self.limits[index];
        let changed = is_same(limit) && statement.limit.is_some_and(|amount| limit.follow(amount, now));
        let change = changed.then(|| Change { dimension, quota: *limit.quota(), learned: false });
        if let Some(reset_at) = statement.reset_at.filter(|_| statement.window.is_none()) {
            limit.lasts_at_least(reset_at.since(now), now);
        }
        if let Some(boundary) = boundary {
            limit.meter().align(boundary);
        }
        let found = seen.and_then(|(seen, (amount, window))| limit.recognise(seen, amount, window, now));
        let is_bucket_again = found == Some(Found::Bucket) && limit.become_what_it_was(now);
        if let Some(remaining) = statement.remaining {
            limit.is_down_to(remaining);
        }
        if let (true, Some(0), Some(wait)) = (refused, statement.remaining, statement.retry_after) {
            // When the wait is over, there is room for the refused request, which is about to give back what it holds;
            // where answers are charged as they are written, anything above zero is room.
            let missing = signed(limit.meter().replenished_in(wait));
            let level = i64::from(is_to_come).saturating_sub(missing);
            limit.tell(level, u64::try_from(in_flight).unwrap_or(0), now);
        }
        // A cap of the user's own below the server's limit is not what the server is counting down.
        let is_cap = limit.origin() == Origin::Configured
            && limit.is_stated_by(dimension, statement.window)
            && statement.limit.is_some_and(|stated| stated > limit.quota().amount());
        if let Some(window) = limit.meter().window() {
            // What a window counted at the sending it may have forgotten since, so that it is looked at as it was then.
            let began = self.marks.until(window.began(reservation.sent_at).before(spread));
            let until = after.map_or(self.sums.charged, |mark| mark.sums.charged);
            let own = u64::try_from(until.since(&began.sums.charged, dimension) - refunded).unwrap_or(0);
            if let Some(remaining) = statement.remaining.filter(|_| !is_cap) {
                let amount = limit.quota().amount();
                let used = amount.saturating_sub(remaining.saturating_add(statement.rounding));
                let least = signed(remaining.saturating_sub(statement.rounding)).saturating_sub(pending);
                limit.meter().bound_window(used.saturating_sub(own), least, reservation.sent_at, now);
            }
        } else if let Some(remaining) = statement.remaining {
            let since_sent = now.since(reservation.sent_at);
            let left_by_others = signed(limit.left_by_others(since_sent));
            let most = signed(remaining.saturating_add(statement.rounding)).saturating_add(left_by_others);
            let least = signed(remaining.saturating_sub(statement.rounding)).saturating_sub(pending);
            let least = Some(least).filter(|_| remaining > 0 && !is_cap);
            limit.bound(most.saturating_sub(charged_after), least, in_flight, now);
        }
        let mut is_news = is_bucket_again;
        if let Some(Found::Window { enforcement, period }) = found {
            is_news |= self.limits[index].become_window(enforcement, period, now);
            for other in self.limits.iter_mut().filter(|limit| !limit.was_found_a_window()) {
                other.become_window(enforcement, period, now);
            }
        }
        let quota = *self.limits[index].quota();
        if is_news { Some(Change { dimension, quota, learned: false }) } else { change }
    }
}

/// How long a window is of which `rest` is still to come: the shortest usual length.
pub(super) fn usual_period(rest: Duration) -> Option<Duration> {
    USUAL_SECS.iter().map(|secs| Duration::from_secs(*secs)).find(|period| *period >= rest)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Within it an answer comes that waits for nothing to be produced.
const PROMPT: Duration = Duration::from_secs(2);

/// A second, a minute, a quarter of an hour, an hour, a day, a month.
const USUAL_SECS: [u64; 7] = [1, 10, 60, 900, 3_600, 86_400, 31 * 86_400];

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::cost::Cost;

    const NOW: Instant = Instant::from_nanos(1_000_000_000_000);

    fn ledger(amount: u64, origin: Origin) -> Ledger {
        Ledger::new([Limit::new(Dimension::Requests, Quota::new(amount, Duration::DAY), origin)])
    }

    fn states(limit: u64, remaining: u64) -> Statement {
        Statement {
            dimension: Dimension::Requests,
            limit: Some(limit),
            remaining: Some(remaining),
            rounding: 0,
            window: Some(Duration::DAY),
            reset_at: None,
            retry_after: None,
            enforcement: Enforcement::TokenBucket,
        }
    }

    /// `count` requests, sent so far apart that none overtakes another; the last at `NOW`.
    fn send(ledger: &mut Ledger, count: u64) -> Vec<Reservation> {
        let instants = (0..count).rev().map(|back| NOW.before(Duration::from_millis(30 * back)));
        instants.map(|now| ledger.reserve(Cost::REQUEST, now, now).expect("room")).collect()
    }

    fn level(ledger: &mut Ledger, now: Instant) -> i64 {
        ledger.states(now).next().expect("one limit").level
    }

    #[test]
    fn what_somebody_else_used_is_taken_off() {
        let mut ledger = ledger(100, Origin::Configured);
        let sent = send(&mut ledger, 1);
        ledger.sync(&sent[0], false, &states(100, 40), NOW);
        assert_eq!(level(&mut ledger, NOW), 40);
    }

    #[test]
    fn requests_sent_after_the_answered_one_are_not_in_its_number() {
        let mut ledger = ledger(100, Origin::Configured);
        let sent = send(&mut ledger, 10);
        ledger.sync(&sent[0], false, &states(100, 50), NOW);
        // Nine are subtracted, and one may have been replenished.
        assert_eq!(level(&mut ledger, NOW), 42);
    }

    #[test]
    fn a_servers_guess_at_an_input_gives_nothing_back_before_it_is_corrected() {
        let quota = Quota::new(1_000, Duration::DAY);
        let mut ledger = Ledger::new([Limit::new(Dimension::InputTokens, quota, Origin::Configured)]);
        let cost = Cost { input_tokens: 400, ..Cost::REQUEST };
        let sent = ledger.reserve(cost, NOW, NOW).expect("room");
        let guessed = Statement { dimension: Dimension::InputTokens, ..states(1_000, 900) };
        ledger.sync(&sent, false, &guessed, NOW);
        assert_eq!(level(&mut ledger, NOW), 600);
        ledger.settle(sent, Cost { input_tokens: 300, ..cost }, NOW);
        assert_eq!(level(&mut ledger, NOW), 700);
    }

    #[test]
    fn an_old_number_does_not_undo_what_was_replenished_since() {
        let mut ledger = ledger(60, Origin::Configured);
        let sent = send(&mut ledger, 60);
        let later = NOW + Duration::from_secs(43_200);
        ledger.sync(&sent[59], false, &states(60, 0), later);
        assert_eq!(level(&mut ledger, later), 30);
    }

    #[test]
    fn a_late_answer_does_not_overwrite_a_newer_one() {
        let mut ledger = ledger(100, Origin::Configured);
        let early = ledger.reserve(Cost::REQUEST, NOW, NOW).expect("room");
        let later = NOW + Duration::SECOND;
        let late = ledger.reserve(Cost::REQUEST, later, later).expect("room");
        ledger.sync(&late, false, &states(100, 70), later);
        ledger.sync(&early, false, &states(100, 10), later);
        assert_eq!(level(&mut ledger, later), 70);
    }

    #[test]
    fn a_ledger_that_is_too_dark_is_brought_up_to_what_is_certain() {
        let mut ledger = ledger(100, Origin::Learned);
        let lost = send(&mut ledger, 50);
        for reservation in lost {
            ledger.settle(reservation, Cost::REQUEST, NOW);
        }
        let later = [1_000, 1_030].map(|milli| NOW + Duration::from_millis(milli));
        let sent = later.map(|now| ledger.reserve(Cost::REQUEST, now, now).expect("room"));
        ledger.sync(&sent[1], false, &states(100, 90), later[1]);
        // The answered one is among the ninety; the other may be or not.
        assert_eq!(level(&mut ledger, later[1]), 89);
    }

    #[test]
    fn a_refusal_does_not_contain_the_request_it_refuses() {
        let mut ledger = ledger(100, Origin::Configured);
        let sent = ledger.reserve(Cost::REQUEST, NOW, NOW).expect("room");
        ledger.sync(&sent, true, &states(100, 0), NOW);
        ledger.cancel(sent, NOW);
        assert_eq!(level(&mut ledger, NOW), 0);
    }

    #[test]
    fn the_wait_that_a_refusal_orders_tells_how_deep_the_debt_is() {
        let mut ledger = ledger(60, Origin::Configured);
        let sent = ledger.reserve(Cost::REQUEST, NOW, NOW).expect("room");
        let statement = Statement { retry_after: Some(Duration::from_secs(43_200)), ..states(60, 0) };
        ledger.sync(&sent, true, &statement, NOW);
        ledger.cancel(sent, NOW);
        let then = NOW + Duration::from_secs(43_200);
        assert_eq!(level(&mut ledger, then), 1);
    }

    #[test]
    fn answers_under_way_when_a_refusal_tells_of_a_debt_are_charged_from_then_on() {
        let quota = Quota::new(86_400, Duration::DAY);
        let mut ledger = Ledger::new([Limit::new(Dimension::OutputTokens, quota, Origin::Configured)]);
        let writes = |output_tokens| Cost { output_tokens, ..Cost::REQUEST };
        let long = ledger.reserve(writes(100), NOW, NOW).expect("room");
        let sent = NOW + Duration::from_secs(99);
        let refused = ledger.reserve(writes(10), sent, sent).expect("room");
        let told = NOW + Duration::from_secs(100);
        let dimension = Dimension::OutputTokens;
        let statement = Statement { dimension, retry_after: Some(Duration::from_secs(30)), ..states(86_400, 0) };
        ledger.sync(&refused, true, &statement, told);
        ledger.cancel(refused, told);
        assert_eq!(level(&mut ledger, told), -29 - 50);
        // It wrote 400 tokens in 200 seconds: half of them since, and so much has come back meanwhile.
        let end = told + Duration::from_secs(100);
        ledger.settle(long, writes(400), end);
        assert_eq!(level(&mut ledger, end), -29 - 200 + 100);
    }

    #[test]
    fn an_unknown_limit_is_learned_with_what_is_in_flight_taken_off() {
        let mut ledger = Ledger::default();
        let sent = send(&mut ledger, 4);
        let change = ledger.sync(&sent[3], false, &states(50, 46), NOW).expect("learned");
        assert!(change.learned);
        // The answered one is counted; the other three may not be.
        assert_eq!((change.quota.amount(), level(&mut ledger, NOW)), (50, 43));
    }

    #[test]
    fn a_cap_below_the_servers_limit_stays() {
        let mut ledger = ledger(10, Origin::Configured);
        let sent = send(&mut ledger, 4);
        assert_eq!(ledger.sync(&sent[3], false, &states(1_000, 996), NOW), None);
        assert_eq!(level(&mut ledger, NOW), 6);
    }

    #[test]
    fn a_limit_that_was_the_servers_follows_it_up_and_down() {
        let mut ledger = ledger(100, Origin::Configured);
        let sent = send(&mut ledger, 1);
        assert_eq!(ledger.sync(&sent[0], false, &states(100, 99), NOW), None);
        let raised = ledger.sync(&sent[0], false, &states(200, 199), NOW).expect("raised");
        assert_eq!(raised.quota.amount(), 200);
        let lowered = ledger.sync(&sent[0], false, &states(50, 49), NOW).expect("lowered");
        assert_eq!((lowered.quota.amount(), lowered.learned), (50, false));
    }

    #[test]
    fn rounding_never_takes_what_may_be_there() {
        let mut ledger = ledger(100, Origin::Configured);
        let sent = send(&mut ledger, 30);
        ledger.sync(&sent[29], false, &Statement { rounding: 20, ..states(100, 60) }, NOW);
        assert_eq!(level(&mut ledger, NOW), 70);
    }

    #[test]
    fn a_cap_below_the_servers_window_forgets_nothing_for_what_the_server_has_left() {
        let quota = Quota::new(10, Duration::DAY).with_enforcement(Enforcement::SlidingWindow);
        let mut ledger = Ledger::new([Limit::new(Dimension::Requests, quota, Origin::Configured)]);
        let sent = send(&mut ledger, 4);
        assert_eq!(ledger.sync(&sent[3], false, &states(1_000, 996), NOW), None);
        assert_eq!(level(&mut ledger, NOW), 6);
    }

    #[test]
    fn a_window_follows_what_its_server_counts_at_the_sending() {
        let quota = Quota::new(10, Duration::DAY).with_enforcement(Enforcement::SlidingWindow);
        let mut ledger = Ledger::new([Limit::new(Dimension::Requests, quota, Origin::Configured)]);
        let sent = send(&mut ledger, 4);
        // Somebody else used three.
        ledger.sync(&sent[3], false, &states(10, 3), NOW);
        assert_eq!(level(&mut ledger, NOW), 3);
        let later = NOW + Duration::DAY + Duration::SECOND;
        assert_eq!(level(&mut ledger, later), 10);
    }

    #[test]
    fn a_limit_that_is_stated_by_the_minute_is_that_of_ten_seconds() {
        let quota = Quota::new(100, Duration::from_secs(10)).with_enforcement(Enforcement::FixedWindow);
        let mut ledger = Ledger::new([Limit::new(Dimension::Requests, quota, Origin::Configured)]);
        let sent = send(&mut ledger, 1);
        let by_the_minute = Statement { window: Some(Duration::MINUTE), ..states(600, 40) };
        assert_eq!(ledger.sync(&sent[0], false, &by_the_minute, NOW), None);
        assert_eq!((ledger.states(NOW).count(), level(&mut ledger, NOW)), (1, 40));
    }

    #[test]
    fn what_calls_wrote_that_have_ended_is_not_given_back_by_an_older_word() {
        let quota = Quota::new(86_400, Duration::DAY);
        let mut ledger = Ledger::new([Limit::new(Dimension::OutputTokens, quota, Origin::Configured)]);
        let writes = |output_tokens| Cost { output_tokens, ..Cost::REQUEST };
        let [short, long] = [100, 100].map(|tokens| ledger.reserve(writes(tokens), NOW, NOW).expect("room"));
        ledger.settle(short, writes(80), NOW);
        let stated = Statement { dimension: Dimension::OutputTokens, ..states(86_400, 86_400) };
        ledger.sync(&long, false, &stated, NOW);
        assert_eq!(level(&mut ledger, NOW), 86_400 - 180);
    }

    #[test]
    fn a_burst_that_is_smaller_than_a_minutes_is_known_by_when_it_is_whole() {
        let quota = Quota::new(600, Duration::MINUTE);
        let mut ledger = Ledger::new([Limit::new(Dimension::Requests, quota, Origin::Configured)]);
        let sent = send(&mut ledger, 1);
        let stated = Statement { reset_at: Some(NOW + Duration::from_secs(2)), ..states(600, 30) };
        ledger.sync(&sent[0], false, &Statement { window: Some(Duration::MINUTE), ..stated }, NOW);
        // Thirty are left, and twenty come in two seconds; ten in the second for which it is rounded.
        assert_eq!(ledger.burst(Dimension::Requests), Some(60));
        assert_eq!(ledger.impossible(Cost { requests: 600, ..Cost::default() }), None);
    }

    /// What changed by an answer at `millis` after now, with so much left of 600 a minute that is whole at `whole_at`.
    fn hear(ledger: &mut Ledger, millis: u64, left: u64, whole_at: u64) -> Option<Change> {
        let after = |millis| NOW + Duration::from_millis(millis);
        let sent = ledger.reserve(Cost::default(), after(millis), after(millis)).expect("it takes nothing");
        let stated = Statement { window: Some(Duration::MINUTE), reset_at: Some(after(whole_at)), ..states(600, left) };
        let change = ledger.sync(&sent, false, &stated, after(millis));
        ledger.cancel(sent, after(millis));
        change
    }

    #[test]
    fn what_is_found_to_be_a_window_is_told_once_and_undone_when_it_is_a_bucket() {
        let quota = Quota::new(600, Duration::MINUTE);
        let mut ledger = Ledger::new([Limit::new(Dimension::Requests, quota, Origin::Learned)]);
        let told = |change: Change| (change.quota.enforcement(), change.quota.amount(), change.quota.period());
        let changes = (0..90).filter_map(|step| hear(&mut ledger, 0, 99 - step, 10_000)).map(told);
        assert_eq!(changes.collect::<Vec<_>>(), [(Enforcement::SlidingWindow, 100, Duration::from_secs(10))]);
        let fills = |step: u64| (20_000 + 200 * step, 150 - 2 * step, 20_000 + 400 * step);
        let changes = (0..60).filter_map(|step| {
            let (at, left, whole_at) = fills(step);
            hear(&mut ledger, at, left, whole_at)
        });
        // That more is left than such a window holds makes it a longer one at first.
        let changes: Vec<_> = changes.map(told).collect();
        assert_eq!(changes[1..], [(Enforcement::TokenBucket, 600, Duration::MINUTE)], "{changes:?}");
        assert_eq!(level(&mut ledger, NOW + Duration::from_millis(fills(59).0)), 32);
    }

    #[test]
    fn the_end_of_a_fixed_window_is_not_learned_from_an_answer_that_came_late() {
        let quota = Quota::new(10, Duration::DAY).with_enforcement(Enforcement::FixedWindow);
        for (took, left) in [(1, 10), (3, 0)] {
            let mut ledger = Ledger::new([Limit::new(Dimension::Requests, quota, Origin::Learned)]);
            let sent = send(&mut ledger, 10);
            let (came, end) = (NOW + Duration::from_secs(took), NOW + Duration::from_secs(60));
            ledger.sync(&sent[9], false, &Statement { reset_at: Some(end), ..states(10, 0) }, came);
            assert_eq!(level(&mut ledger, end + Duration::SECOND), left, "{took} s");
        }
    }
}
