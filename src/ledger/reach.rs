//! How far into a burst requests may go before answers have shown that it is there.
//!
//! Servers enforce a limit by the minute also by the second, and do not say so; and other programs start on the same quota
//! at the same instant. Whoever sends a whole burst at once then learns of it by as many refusals. So the burst is opened
//! step by step, counted by its *depth*: how much of it is missing once a request was sent.
//!
//! * At first the depth may be what is replenished in a second, and one request more.
//! * Refusals come at once and answers may take a minute. So while requests wait for it, the depth doubles in each 0.8
//!   seconds without bad news, and beyond a quarter of the burst in each 1.6: not in steps, but bit by bit, so that the
//!   first refusal comes when little more than the true burst was sent.
//! * A request that was served proves its depth, whoever else made it so deep.
//! * A refusal that the stated numbers do not explain shows that the true burst ends before its depth. It is tried again a
//!   little deeper after a minute, and after twice as long each time that fails.
//!
//! No replenishment is lost by it: a bucket that is not full fills, however little is missing.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// What is known of how deep one limit's burst is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// The depth that may be reached; the whole burst if it is as large.
    allowed: u64,
    /// The largest depth that was served.
    proven: u64,
    /// A larger one that was sent, and when.
    trial: Option<(u64, Instant)>,
    /// Until when the time is counted in `allowed` for which it stood in the way.
    blocked_since: Option<Instant>,
    /// When it stood in the way last.
    blocked_at: Instant,
    /// How often the true burst turned out to be smaller than what was tried, and when last.
    strikes: u8,
    struck_at: Instant,
    /// When a little more is tried.
    next_probe: Instant,
}

impl Default for Reach {
    /// The reach of what nothing is known of.
    fn default() -> Self {
        Self::new(FEW, 0)
    }
}

impl Reach {
    /// The reach of a limit of which `first` and a `few` more may be missing from the beginning.
    pub(crate) const fn new(first: u64, few: u64) -> Self {
        Self {
            // Of nothing, nothing would ever grow.
            allowed: if first == 0 && few == 0 { 1 } else { first.saturating_add(few) },
            proven: 0,
            trial: None,
            blocked_since: None,
            blocked_at: Instant::ZERO,
            strikes: 0,
            struck_at: Instant::ZERO,
            next_probe: Instant::ZERO,
        }
    }

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        // Of nothing, nothing would ever grow.
        self.allowed = archive.whole(self.allowed).max(1);
        self.proven = archive.whole(self.proven);
        let tried_at = archive.maybe_instant(self.trial.map(|(_, at)| at));
        let depth = archive.whole(self.trial.map_or(0, |(depth, _)| depth));
        self.trial = tried_at.map(|at| (depth, at));
        self.blocked_since = archive.maybe_instant(self.blocked_since);
        self.blocked_at = archive.past(self.blocked_at);
        self.strikes = archive.byte(self.strikes);
        self.struck_at = archive.past(self.struck_at);
        self.next_probe = archive.instant(self.next_probe);
    }

    /// Whether a burst of `burst` is open in full.
    pub(crate) const fn is_open(&self, burst: u64) -> bool {
        self.allowed >= burst
    }

    /// How much of `burst` must be left.
    pub(crate) const fn leave(&self, burst: u64) -> u64 {
        burst.saturating_sub(self.allowed)
    }

    /// A request would fit into the burst, and `missing` more would have to be open for it. Says when to look again, if no
    /// refusal comes.
    pub(crate) fn block(&mut self, missing: u64, burst: u64, now: Instant) -> Option<Instant> {
        if self.strikes > 0 {
            return None;
        }
        let since = *self.blocked_since.get_or_insert(now);
        self.blocked_at = now;
        let doubling = self.doubling(burst);
        let nanos = (u128::from(missing) * u128::from(doubling.as_nanos())).div_ceil(u128::from(self.allowed.max(1)));
        // What takes longer is looked at again when twice as much is open.
        Some(since + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).min(doubling))
    }

    /// Whether the end of the true burst was found, so that time alone opens no more.
    pub(crate) const fn has_end(&self) -> bool {
        self.strikes > 0
    }

    /// How long it takes until requests may be sent that reach to `depth`, of which so much comes back in a second, if
    /// somebody waits all the time and no refusal comes.
    pub(crate) fn opens_in(&self, depth: u64, per_second: u64, burst: u64) -> Duration {
        let mut passed = Duration::ZERO;
        let mut ahead = *self;
        while !ahead.is_open(burst) {
            let back = u128::from(per_second) * u128::from(passed.as_nanos()) / u128::from(Duration::SECOND.as_nanos());
            let missing = depth.saturating_sub(u64::try_from(back).unwrap_or(u64::MAX)).saturating_sub(ahead.allowed);
            if missing == 0 {
                break;
            }
            // It opens bit by bit, and what is open opens more.
            let more = ahead.allowed.div_ceil(STEPS);
            let step = ahead.doubling(burst).divided_by(STEPS);
            passed = passed + if missing < more { step.times(missing).divided_by(more) } else { step };
            ahead.allowed = ahead.allowed.saturating_add(more.min(missing));
        }
        passed
    }

    /// Opens what opens by time alone.
    pub(crate) fn pass_time(&mut self, burst: u64, now: Instant) {
        // What comes back meanwhile lets requests go too, so that one that fits is no end of the wait.
        if now.since(self.blocked_at) > PAUSE {
            self.blocked_since = None;
        }
        let Some(since) = self.blocked_since.filter(|_| self.strikes == 0) else { return };
        let doubling = u128::from(self.doubling(burst).as_nanos());
        let passed = u128::from(now.since(since).as_nanos()).min(doubling);
        let more = u64::try_from(u128::from(self.allowed) * passed / doubling).unwrap_or(u64::MAX);
        if more > 0 {
            self.allowed = self.allowed.saturating_add(more);
            self.blocked_since = Some(now);
        }
    }

    /// In which time without bad news as much again opens.
    const fn doubling(&self, burst: u64) -> Duration {
        if self.allowed < burst / SHY_PART { DOUBLING } else { LONG_DOUBLING }
    }

    /// A request was sent that reaches to `depth`.
    pub(crate) fn sent(&mut self, depth: u64, now: Instant) {
        let is_telling = depth > self.proven || self.is_probe(depth, now);
        match &mut self.trial {
            None if is_telling => self.trial = Some((depth, now)),
            Some((deepest, at)) if *at == now => *deepest = depth.max(*deepest),
            None | Some(_) => {}
        }
    }

    /// A request that was sent at `sent_at` was served.
    pub(crate) fn served(&mut self, sent_at: Instant, now: Instant) {
        let Some((depth, _)) = self.trial.filter(|(_, at)| *at <= sent_at) else { return };
        self.trial = None;
        self.reached(depth);
        if self.is_probe(depth, now) {
            self.allowed = self.allowed.saturating_add(self.allowed / MARGIN + 1);
        }
    }

    /// Whether a request that reaches to `depth` shows that a little more may be there than was found a while ago.
    fn is_probe(&self, depth: u64, now: Instant) -> bool {
        self.strikes > 0 && now >= self.next_probe && depth >= self.allowed - self.allowed / MARGIN
    }

    /// A request was served at `depth`, whoever else made it so.
    pub(crate) fn reached(&mut self, depth: u64) {
        if depth <= self.proven {
            return;
        }
        self.blocked_since = None;
        self.proven = self.proven.max(depth);
        if self.strikes == 0 {
            self.allowed = self.allowed.max(self.proven);
        }
    }

    /// A request of `cost` that was sent at `sent_at` was refused, and so the true burst ends before the present `depth`,
    /// which contains it. Of many that were sent together each refusal tells of its own cost. Says whether the end was known.
    pub(crate) fn refused(&mut self, depth: u64, cost: u64, sent_at: Instant, now: Instant) -> bool {
        self.trial = None;
        self.blocked_since = None;
        if depth <= self.proven {
            // What was proven is so no longer.
            self.proven = 0;
        }
        let found = depth.saturating_sub(cost);
        self.allowed = self.allowed.min(found - found / MARGIN).max(cost).max(self.proven);
        let was_known = self.strikes > 0 && sent_at > self.struck_at;
        if self.strikes == 0 || was_known {
            self.strikes = self.strikes.saturating_add(1);
            self.struck_at = now;
            self.next_probe = now + PATIENCE.times(1 << u64::from(self.strikes.min(10)));
        }
        was_known
    }
}

/// Requests that are sent at once to a server of which nothing is known.
const FEW: u64 = 2;
/// In so many steps what is to open is foreseen, for each doubling.
const STEPS: u64 = 2;
/// Refusals come within a tenth of it, and so of a tenth of what is open; and still the burst of a minute opens in seconds.
const DOUBLING: Duration = Duration::from_millis(800);
/// Beyond a part of the burst that others may have begun to use at the same time, in which first answers come.
const LONG_DOUBLING: Duration = Duration::from_millis(1_600);
/// Longer than the wait for anything that opens.
const PAUSE: Duration = Duration::from_secs(2);
/// Four programs that start together find room.
const SHY_PART: u64 = 4;
/// Requests arrive a little earlier and later than they are sent.
const MARGIN: u64 = 16;
/// With the first strike, a minute.
const PATIENCE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    const NOW: Instant = Instant::from_nanos(5_000_000_000);

    fn after(millis: u64) -> Instant {
        NOW + Duration::from_millis(millis)
    }

    /// Lets requests of one wait and go as they may, and says when each went.
    fn go(reach: &mut Reach, burst: u64, count: u64) -> Vec<Instant> {
        let mut now = NOW;
        let mut went = Vec::new();
        while (went.len() as u64) < count {
            reach.pass_time(burst, now);
            let (depth, open) = (went.len() as u64 + 1, burst - reach.leave(burst));
            if depth <= open {
                reach.sent(depth, now);
                went.push(now);
            } else {
                now = reach.block(depth - open, burst, now).expect("it opens by time");
            }
        }
        went
    }

    #[test]
    fn a_burst_opens_bit_by_bit_and_doubles_in_less_than_a_second() {
        let mut reach = Reach::new(16, 0);
        let went = go(&mut reach, 1_000, 128);
        assert_eq!(went[15], NOW);
        for pair in went[15..].windows(2) {
            assert!(pair[1] > pair[0] && pair[1].since(pair[0]) <= Duration::from_millis(50), "{pair:?}");
        }
        let took = went[127].since(NOW);
        assert!((Duration::from_millis(1_500)..Duration::from_millis(2_400)).contains(&took), "{took:?}");
    }

    #[test]
    fn a_request_far_larger_than_what_is_open_goes_after_as_many_doublings() {
        let mut reach = Reach::new(1, 0);
        let mut now = NOW;
        while 1_000_000 - reach.leave(1_000_000) < 1_000 {
            let next = reach.block(1_000, 1_000_000, now).expect("it opens by time");
            assert!(next > now);
            now = next;
            reach.pass_time(1_000_000, now);
        }
        assert_eq!(now.since(NOW), Duration::from_millis(8_000));
    }

    #[test]
    fn beyond_a_quarter_it_opens_half_as_fast() {
        let mut reach = Reach::new(100, 0);
        let went = go(&mut reach, 400, 104);
        assert_eq!(went[103].since(went[99]).as_millis_ceil(), 64);
    }

    #[test]
    fn idle_time_opens_nothing() {
        let mut reach = Reach::new(10, 0);
        reach.pass_time(1_000, after(60_000));
        assert_eq!(reach.leave(1_000), 990);
        reach.block(1, 1_000, after(60_000));
        reach.pass_time(1_000, after(70_000));
        assert_eq!(reach.leave(1_000), 990);
    }

    #[test]
    fn requests_that_go_by_what_comes_back_do_not_stop_it() {
        let mut reach = Reach::new(20, 0);
        // Something comes back every 20 ms, before anything opens.
        for step in 0..100 {
            reach.pass_time(1_000, after(step * 20));
            reach.block(1, 1_000, after(step * 20 + 1));
        }
        assert!(reach.leave(1_000) < 920, "{reach:?}");
    }

    #[test]
    fn an_answer_proves_the_depth_of_what_was_sent_with_it_or_before() {
        let mut reach = Reach::new(10, 0);
        reach.sent(40, after(100));
        reach.served(after(99), after(500));
        assert_eq!(reach.leave(100), 90);
        reach.served(after(100), after(500));
        assert_eq!(reach.leave(100), 60);
    }

    #[test]
    fn each_refusal_of_a_burst_takes_its_own_cost_and_all_are_one_strike() {
        let mut reach = Reach::new(100, 0);
        reach.sent(47, NOW);
        for depth in (41..=47).rev() {
            assert!(!reach.refused(depth, 1, NOW, after(20)));
        }
        // Forty were served, and a margin.
        assert_eq!(reach.leave(100), 62);
        assert_eq!(reach.block(1, 100, after(900)), None);
        assert!(reach.refused(38, 1, after(900), after(920)), "the end was known");
    }

    #[test]
    fn what_was_too_deep_is_tried_again_after_a_minute_and_then_after_two() {
        let mut reach = Reach::new(100, 0);
        // All that is open is used and served, second by second.
        let use_up = |reach: &mut Reach, secs: core::ops::Range<u64>| {
            for sec in secs {
                reach.sent(100 - reach.leave(100), after(sec * 1_000));
                reach.served(after(sec * 1_000), after(sec * 1_000 + 500));
            }
            100 - reach.leave(100)
        };
        reach.refused(41, 1, NOW, NOW);
        assert_eq!(use_up(&mut reach, 1..60), 38);
        assert_eq!(use_up(&mut reach, 60..61), 41);
        assert!(reach.refused(41, 1, after(62_000), after(62_000)), "the end was known");
        let found = 100 - reach.leave(100);
        assert_eq!(use_up(&mut reach, 63..182), found);
        assert!(use_up(&mut reach, 182..184) > found);
    }

    #[test]
    fn a_single_request_that_is_refused_is_no_end_of_a_burst_below_its_own_cost() {
        let mut reach = Reach::new(1_000, 0);
        reach.refused(300, 300, NOW, NOW);
        assert_eq!(reach.leave(1_000), 700);
    }
}
