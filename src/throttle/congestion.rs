//! How many requests an overloaded server is sent at once.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// A limit on requests in flight that exists only while a server is overloaded.
///
/// It is additive increase and multiplicative decrease, as in TCP: the first overload that is more than bad luck takes it
/// to seven tenths of what is in flight, once for everything that was under way; answers raise it again; and when it has
/// held nobody back for half a minute, it is gone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Congestion {
    /// The last 32 answers, the latest lowest: whether they said that the server is overloaded.
    history: u32,
    answered_at: Instant,
    /// Zero for none.
    limit: u32,
    /// Up to here the limit grows by one with each answer.
    threshold: u32,
    /// Answers since the limit grew.
    credit: u32,
    /// Answers that it takes to grow by one, where a server has shown how many it takes.
    patience: u32,
    suspicion: Suspicion,
    /// How many requests beyond a suspected limit were served.
    passed: u8,
    lowered_at: Instant,
    held_at: Instant,
    /// When something last moved: an answer, or a start beyond the limit because there was none.
    moved_at: Instant,
}

/// Whether the limit stands on more than a refusal that may have had another reason.
#[derive(Clone, Copy, Debug, Default)]
enum Suspicion {
    #[default]
    Proven,
    /// The next request goes all the same, to see.
    Open,
    /// One was sent at this instant to see.
    Tried(Instant),
}

impl Congestion {
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.history = archive.small(self.history);
        self.answered_at = archive.past(self.answered_at);
        self.limit = archive.small(self.limit);
        self.threshold = archive.small(self.threshold);
        self.credit = archive.small(self.credit).min(MOST_PATIENCE);
        self.patience = archive.small(self.patience).min(MOST_PATIENCE);
        let (is_open, tried_at) = match self.suspicion {
            Suspicion::Proven => (false, None),
            Suspicion::Open => (true, None),
            Suspicion::Tried(at) => (true, Some(at)),
        };
        let is_open = archive.flag(is_open);
        self.suspicion = match archive.maybe_instant(tried_at) {
            Some(at) => Suspicion::Tried(at),
            None if is_open => Suspicion::Open,
            None => Suspicion::Proven,
        };
        self.passed = archive.byte(self.passed).min(PASSES);
        self.lowered_at = archive.past(self.lowered_at);
        self.held_at = archive.past(self.held_at);
        self.moved_at = archive.past(self.moved_at);
    }

    /// The limit; `None` if there is none.
    pub(crate) fn limit(&self) -> Option<u32> {
        Some(self.limit).filter(|limit| *limit > 0)
    }

    /// Whether nothing is left of an overload.
    pub(crate) const fn is_over(&self) -> bool {
        self.history == 0 && self.limit == 0
    }

    /// Whether overloads are more than bad luck: an eighth of the last answers.
    pub(crate) const fn is_known(&self) -> bool {
        self.limit > 0 || self.history.count_ones() >= KNOWN
    }

    /// Whether half of the last twenty answers said that the server is overloaded.
    pub(crate) const fn is_storm(&self) -> bool {
        (self.history & RECENT).count_ones() >= STORM
    }

    /// The server said that it is overloaded, to a request that was sent at `sent_at`; `in_flight` were under way. Says
    /// whether the limit was lowered.
    pub(crate) fn overloaded(&mut self, now: Instant, sent_at: Instant, in_flight: u64) -> bool {
        self.note(now, 1);
        let is_news = self.lowered_at < sent_at || self.limit == 0;
        if !is_news || self.history.count_ones() < KNOWN {
            return false;
        }
        let used = u32::try_from(in_flight).unwrap_or(u32::MAX);
        let used = if self.limit > 0 { used.min(self.limit) } else { used };
        // Whole numbers: 7/10 of one is one, of two one.
        self.lower(now, (u64::from(used) * 7 / 10).max(1) as u32);
        self.suspicion = Suspicion::Proven;
        self.threshold = self.limit;
        true
    }

    /// The server refused a request perhaps because others are in flight, of which there are `others`. Of many that are
    /// refused together each leaves one less, so that what remains is what the server takes. The next request goes all
    /// the same: if it is refused too, it is so, else the limit is a little higher, and after some such there is none. Says whether the limit was lowered.
    pub(crate) fn crowded(&mut self, now: Instant, sent_at: Instant, others: u64) -> bool {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        if matches!(self.suspicion, Suspicion::Tried(at) if sent_at >= at) {
            self.suspicion = Suspicion::Proven;
        }
        if others == 0 || (self.limit > 0 && self.limit <= others) {
            return false;
        }
        if self.limit == 0 {
            self.suspicion = Suspicion::Open;
        }
        self.passed = 0;
        if self.lowered_at < sent_at || self.limit == 0 {
            self.patience = self.patience.max(FAST / 4).saturating_mul(4).min(MOST_PATIENCE);
        }
        self.lower(now, others);
        self.threshold = 0;
        true
    }

    /// The breaker opened: the way back begins with one.
    pub(crate) fn collapse(&mut self, now: Instant) {
        self.threshold = self.limit / 2;
        self.lower(now, 1);
        self.suspicion = Suspicion::Proven;
        self.history = 0;
    }

    /// The server answered a request that was sent at `sent_at`, and was not overloaded. Says whether the limit is gone.
    pub(crate) fn served(&mut self, now: Instant, sent_at: Instant) -> bool {
        self.note(now, 0);
        if self.limit == 0 {
            return false;
        }
        if matches!(self.suspicion, Suspicion::Tried(at) if sent_at >= at) {
            return self.pass();
        }
        self.credit += 1;
        let needed = if self.limit < self.threshold { 1 } else { self.limit.min(FAST).max(self.patience) };
        if self.credit >= needed {
            self.limit = self.limit.saturating_add(1);
            self.credit = 0;
        }
        self.has_ended(now)
    }

    /// When the next request may start, with `in_flight` under way.
    pub(crate) fn earliest(&mut self, now: Instant, in_flight: u64) -> Instant {
        if self.limit == 0 || in_flight < u64::from(self.limit) || self.has_ended(now) {
            return Instant::ZERO;
        }
        match self.suspicion {
            Suspicion::Open => return Instant::ZERO,
            Suspicion::Tried(at) if at + NO_REFUSAL > now => return at + NO_REFUSAL,
            Suspicion::Tried(_) => {
                self.pass();
                return Instant::ZERO;
            }
            Suspicion::Proven => {}
        }
        self.held_at = now;
        // The limit is a guess. Where all of the few that it lets go hang, it would hang everybody.
        self.moved_at + STANDSTILL
    }

    /// A request starts, with `in_flight` under way besides.
    pub(crate) fn began(&mut self, now: Instant, in_flight: u64) {
        if self.limit > 0 && in_flight >= u64::from(self.limit) {
            self.moved_at = now;
            if matches!(self.suspicion, Suspicion::Open) {
                self.suspicion = Suspicion::Tried(now);
            }
        }
    }

    /// The request that was to tell went through: the limit is not where it was suspected, but may be a little further. Says
    /// whether it is gone.
    fn pass(&mut self) -> bool {
        self.passed += 1;
        self.limit = self.limit.saturating_add(self.limit / 4 + 1);
        self.suspicion = Suspicion::Open;
        let is_gone = self.passed >= PASSES;
        if is_gone {
            self.lift();
        }
        is_gone
    }

    fn lift(&mut self) {
        self.limit = 0;
        self.passed = 0;
        self.patience = 0;
    }

    fn lower(&mut self, now: Instant, limit: u32) {
        self.limit = limit;
        self.credit = 0;
        (self.lowered_at, self.held_at, self.moved_at) = (now, now, now);
    }

    /// Ends the limit if it has held nobody back for a while. Says so.
    fn has_ended(&mut self, now: Instant) -> bool {
        let has_ended = now.since(self.held_at.max(self.lowered_at)) > UNUSED;
        if has_ended {
            self.lift();
        }
        has_ended
    }

    fn note(&mut self, now: Instant, overloaded: u32) {
        if now.since(self.answered_at) > FORGOTTEN {
            self.history = 0;
        }
        self.history = self.history << 1 | overloaded;
        (self.answered_at, self.moved_at) = (now, now);
    }
}

/// After six, a server has taken four times as many as it was suspected to.
const PASSES: u8 = 6;

/// Four of 32: of a hundred requests of which two meet an overload by chance, hardly one sees it.
const KNOWN: u32 = 4;

const STORM: u32 = 10;
const RECENT: u32 = (1 << 20) - 1;

/// Up to this limit a round trip of answers raises it by one, beyond by an eighth.
const FAST: u32 = 8;

const MOST_PATIENCE: u32 = 512;

/// After ten seconds without an answer, those before say nothing of now.
const FORGOTTEN: Duration = Duration::from_secs(10);

const UNUSED: Duration = Duration::from_secs(30);

/// A request that a server is to refuse is refused sooner than this.
const NO_REFUSAL: Duration = Duration::from_secs(2);

const STANDSTILL: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    const T: Instant = Instant::from_nanos(1_000_000_000_000);

    fn later(millis: u64) -> Instant {
        T + Duration::from_millis(millis)
    }

    #[test]
    fn a_stray_overload_costs_nothing() {
        let mut congestion = Congestion::default();
        for number in 0..500 {
            if number % 50 == 0 {
                assert!(!congestion.overloaded(later(number), T, 100));
            } else {
                congestion.served(later(number), T);
            }
            assert_eq!(congestion.limit(), None);
        }
    }

    #[test]
    fn a_burst_of_overloads_is_one() {
        let mut congestion = Congestion::default();
        let lowered = (0..50).filter(|late| congestion.overloaded(later(100 + late), T, 50 - late)).count();
        assert_eq!((lowered, congestion.limit()), (1, Some(32)));
        // Those that were sent since tell something new.
        assert!(congestion.overloaded(later(400), later(300), 32));
        assert_eq!(congestion.limit(), Some(22));
    }

    #[test]
    fn answers_raise_it_by_one_a_round_trip_and_large_ones_by_an_eighth() {
        let mut congestion = Congestion { limit: 4, ..Congestion::default() };
        (congestion.held_at, congestion.lowered_at) = (T, T);
        let mut grown_to = [0; 3];
        for (place, answers) in [4, 5, 6].into_iter().enumerate() {
            (0..answers).for_each(|_| _ = congestion.served(T, T));
            grown_to[place] = congestion.limit;
        }
        assert_eq!(grown_to, [5, 6, 7]);
        congestion.limit = 80;
        (0..80).for_each(|_| _ = congestion.served(T, T));
        assert_eq!(congestion.limit, 90);
    }

    #[test]
    fn it_is_gone_when_it_has_held_nobody_back_for_half_a_minute() {
        let mut congestion = Congestion::default();
        (0..4).for_each(|_| _ = congestion.overloaded(T, T, 10));
        assert_eq!(congestion.limit(), Some(7));
        assert_eq!(congestion.earliest(later(20_000), 7), T + STANDSTILL);
        assert!(!congestion.served(later(49_000), T));
        assert!(congestion.served(later(50_001), T));
        assert_eq!(congestion.limit(), None);
    }

    #[test]
    fn after_a_collapse_it_doubles_to_half_of_what_it_was() {
        let mut congestion = Congestion { limit: 40, ..Congestion::default() };
        congestion.collapse(T);
        (0..19).for_each(|_| _ = congestion.served(later(1), T));
        assert_eq!(congestion.limit(), Some(20));
        (0..7).for_each(|_| _ = congestion.served(later(1), T));
        assert_eq!(congestion.limit(), Some(20));
    }

    #[test]
    fn of_requests_that_are_refused_because_of_others_those_others_remain() {
        let mut congestion = Congestion::default();
        // Fifty at once, of which the server takes ten.
        for refused in 0..40 {
            congestion.crowded(later(100), T, 49 - refused);
        }
        assert_eq!(congestion.limit(), Some(10));
        // One more tries, and is refused.
        assert_eq!(congestion.earliest(later(101), 10), Instant::ZERO);
        congestion.began(later(101), 10);
        assert_eq!(congestion.earliest(later(102), 11), later(101) + NO_REFUSAL);
        congestion.crowded(later(103), later(101), 10);
        assert_eq!(congestion.earliest(later(104), 10), later(101) + STANDSTILL);
        let mut answers = [0; 4];
        for (count, round) in answers.iter_mut().zip(2..) {
            let now = later(100 * round);
            while congestion.limit() == Some(10) {
                congestion.served(now, T);
                *count += 1;
            }
            congestion.crowded(now, now, 10);
        }
        assert_eq!(answers, [8, 32, 128, 512]);
    }

    #[test]
    fn a_refusal_that_had_another_reason_limits_nothing_for_long() {
        for served in [false, true] {
            let mut congestion = Congestion::default();
            congestion.crowded(T, T, 3);
            let mut passed = 0;
            while let Some(limit) = congestion.limit() {
                let now = 3_000 * (passed + 1);
                congestion.began(later(now), u64::from(limit));
                if served {
                    congestion.served(later(now + 1), later(now));
                } else {
                    // Nor was it refused: it is being served.
                    assert_eq!(congestion.earliest(later(now + 2_000), u64::from(limit) + 1), Instant::ZERO);
                }
                passed += 1;
            }
            assert_eq!(passed, 6);
            assert_eq!(congestion.limit(), None);
        }
    }

    #[test]
    fn a_standstill_lets_one_go_at_a_time() {
        let mut congestion = Congestion::default();
        (0..4).for_each(|_| _ = congestion.overloaded(T, T, 1));
        let first = congestion.earliest(T, 1);
        assert_eq!(first, T + STANDSTILL);
        congestion.began(first, 1);
        assert_eq!(congestion.earliest(first, 2), first + STANDSTILL);
    }
}
