//! How many requests an overloaded server is sent at once.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// A limit on requests in flight that exists only while a server is overloaded.
///
/// Each overload that is more than bad luck takes one off it, as the request that was turned away was one too many; answers
/// raise it again; and when it has held nobody back for half a minute, it is gone.
///
/// How many answers raise it depends on whether fewer requests are a remedy. Each time that the limit has grown, the first
/// request that uses its new place is a probe. Where more are turned away the more there are, the probe is: each that is
/// doubles the answers that it takes. Where they are turned away at random, however many there are, most probes are served:
/// each that is halves them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Congestion {
    /// The last 32 starts, the latest lowest, of which those are marked that met an overload. Starts are counted, and not
    /// answers, because an overload is told at once, and what was served may take a minute.
    history: u32,
    /// When the history last changed.
    noted_at: Instant,
    /// Zero for none.
    limit: u32,
    /// Up to here the limit grows by one with each answer.
    threshold: u32,
    /// Answers since the limit grew.
    credit: u32,
    /// Two to this power is how many answers it takes to grow by one.
    caution: u8,
    probe: Trial,
    /// How long the latest overload took to be told.
    told_within: Duration,
    /// Answers that it takes at least, where a server has shown how many requests it takes.
    patience: u32,
    /// Whether the limit stands only on a refusal that may have had another reason.
    suspicion: Trial,
    /// How many requests beyond a suspected limit were served.
    passed: u8,
    lowered_at: Instant,
    held_at: Instant,
    /// When something last moved: an answer, or a start beyond the limit because there was none.
    moved_at: Instant,
}

/// A request that shows whether there is room beyond the limit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Trial {
    #[default]
    None,
    /// The next one that goes there.
    Due,
    /// It was sent at this instant.
    Sent(Instant),
}

impl Trial {
    fn keep(&mut self, archive: &mut Archive<'_>) {
        let (is_due, sent_at) = match *self {
            Self::None => (false, None),
            Self::Due => (true, None),
            Self::Sent(at) => (true, Some(at)),
        };
        let is_due = archive.flag(is_due);
        *self = match archive.maybe_instant(sent_at) {
            Some(at) => Self::Sent(at),
            None if is_due => Self::Due,
            None => Self::None,
        };
    }
}

impl Congestion {
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.history = archive.small(self.history);
        self.noted_at = archive.past(self.noted_at);
        self.limit = archive.small(self.limit);
        self.threshold = archive.small(self.threshold);
        self.credit = archive.small(self.credit).min(MOST_PATIENCE);
        self.caution = archive.byte(self.caution).min(MOST_CAUTION);
        self.probe.keep(archive);
        self.told_within = archive.duration(self.told_within);
        self.patience = archive.small(self.patience).min(MOST_PATIENCE);
        self.suspicion.keep(archive);
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

    /// Whether overloads are more than bad luck: an eighth of the last starts met one.
    pub(crate) const fn is_known(&self) -> bool {
        self.limit > 0 || self.history.count_ones() >= KNOWN
    }

    /// Whether half of the last twenty starts met an overload.
    pub(crate) const fn is_storm(&self) -> bool {
        (self.history & RECENT).count_ones() >= STORM
    }

    /// The server said that it is overloaded, to a request that was sent at `sent_at`; `in_flight` were under way. Says
    /// whether the limit was lowered.
    pub(crate) fn overloaded(&mut self, now: Instant, sent_at: Instant, in_flight: u64) -> bool {
        self.forget_what_is_old(now);
        // Its own place would take an instant for each start; it is among the latest.
        self.history |= self.history.wrapping_add(1);
        self.moved_at = now;
        self.told_within = now.since(sent_at);
        if self.probe == Trial::Sent(sent_at) {
            self.probe = Trial::None;
            if self.history.count_ones() <= MANY {
                self.caution = (self.caution + 1).clamp(USUAL_CAUTION, MOST_CAUTION);
            }
        } else if self.history.count_ones() < KNOWN {
            return false;
        }
        let before = self.limit;
        if before == 0 {
            self.limit = u32::try_from(in_flight).unwrap_or(u32::MAX);
            (self.caution, self.credit) = (USUAL_CAUTION, 0);
        }
        self.lower(now, self.limit.saturating_sub(1).max(1));
        self.suspicion = Trial::None;
        self.threshold = self.limit;
        self.limit != before
    }

    /// The server refused a request perhaps because others are in flight, of which there are `others`. Of many that are
    /// refused together each leaves one less, so that what remains is what the server takes. The next request goes all
    /// the same: if it is refused too, it is so, else the limit is a little higher, and after some such there is none. Says whether the limit was lowered.
    pub(crate) fn crowded(&mut self, now: Instant, sent_at: Instant, others: u64) -> bool {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        if matches!(self.suspicion, Trial::Sent(at) if sent_at >= at) {
            self.suspicion = Trial::None;
        }
        if others == 0 || (self.limit > 0 && self.limit <= others) {
            return false;
        }
        if self.limit == 0 {
            self.suspicion = Trial::Due;
        }
        self.passed = 0;
        if self.lowered_at < sent_at || self.limit == 0 {
            self.patience = self.patience.max(LEAST_PATIENCE / 4).saturating_mul(4).min(MOST_PATIENCE);
        }
        self.lower(now, others);
        (self.threshold, self.credit) = (0, 0);
        true
    }

    /// The breaker opened: the way back begins with one.
    pub(crate) fn collapse(&mut self, now: Instant) {
        self.threshold = self.limit / 2;
        self.lower(now, 1);
        (self.suspicion, self.probe) = (Trial::None, Trial::None);
        (self.caution, self.credit, self.history) = (USUAL_CAUTION, 0, 0);
    }

    /// The server answered a request that was sent at `sent_at`, and was not overloaded. Says whether the limit is gone.
    pub(crate) fn served(&mut self, now: Instant, sent_at: Instant) -> bool {
        self.moved_at = now;
        if self.limit == 0 {
            return false;
        }
        if matches!(self.suspicion, Trial::Sent(at) if sent_at >= at) {
            return self.pass();
        }
        if self.probe == Trial::Sent(sent_at) {
            self.pass_probe();
        }
        self.credit += 1;
        if self.credit >= self.needed() {
            self.grow(now);
        }
        self.has_ended(now)
    }

    /// When the next request may start, with `in_flight` under way.
    pub(crate) fn earliest(&mut self, now: Instant, in_flight: u64) -> Instant {
        if self.limit == 0 || in_flight < u64::from(self.limit) || self.has_ended(now) {
            return Instant::ZERO;
        }
        match self.suspicion {
            Trial::Due => return Instant::ZERO,
            Trial::Sent(at) if at + NO_REFUSAL > now => return at + NO_REFUSAL,
            Trial::Sent(_) => {
                self.pass();
                return Instant::ZERO;
            }
            Trial::None => {}
        }
        self.held_at = now;
        // The limit is a guess. Where all of the few that it lets go hang, it would hang everybody.
        self.moved_at + STANDSTILL
    }

    /// A request starts, with `in_flight` under way besides.
    pub(crate) fn began(&mut self, now: Instant, in_flight: u64) {
        self.forget_what_is_old(now);
        self.history <<= 1;
        if self.limit == 0 || in_flight + 1 < u64::from(self.limit) {
            return;
        }
        if self.probe == Trial::Due {
            self.probe = Trial::Sent(now);
        }
        if in_flight >= u64::from(self.limit) {
            self.moved_at = now;
            if self.suspicion == Trial::Due {
                self.suspicion = Trial::Sent(now);
            }
        }
    }

    /// How many answers raise the limit by one.
    fn needed(&self) -> u32 {
        if self.limit < self.threshold {
            return 1;
        }
        // Where few are in flight, a round of answers is as good as eight.
        let rounds = 1 << self.caution.saturating_sub(USUAL_CAUTION);
        (1 << self.caution).min(self.limit.saturating_mul(rounds)).max(self.patience)
    }

    /// Raises the limit by one. One probe at a time: which of several was turned away would tell nothing.
    fn grow(&mut self, now: Instant) {
        self.limit = self.limit.saturating_add(1);
        self.credit = 0;
        if let Trial::Sent(at) = self.probe {
            if at + self.told_within.times(SURE) > now {
                return;
            }
            self.pass_probe();
        }
        self.probe = Trial::Due;
    }

    /// The probe was not turned away.
    fn pass_probe(&mut self) {
        self.probe = Trial::None;
        self.caution = self.caution.saturating_sub(1);
    }

    /// The request that was to tell went through: the limit is not where it was suspected, but may be a little further. Says
    /// whether it is gone.
    fn pass(&mut self) -> bool {
        self.passed += 1;
        self.limit = self.limit.saturating_add(self.limit / 4 + 1);
        self.suspicion = Trial::Due;
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

    fn forget_what_is_old(&mut self, now: Instant) {
        if now.since(self.noted_at) > FORGOTTEN {
            self.history = 0;
        }
        self.noted_at = now;
    }
}

/// After six, a server has taken four times as many as it was suspected to.
const PASSES: u8 = 6;

/// Four of 32: of a hundred requests of which two meet an overload by chance, hardly one sees it.
const KNOWN: u32 = 4;

/// Where more than a quarter are turned away, that a probe is says nothing of its place.
const MANY: u32 = 8;

const STORM: u32 = 10;
const RECENT: u32 = (1 << 20) - 1;

/// Eight answers: a round of them raises the limit by an eighth, as long as nothing is known of the server.
const USUAL_CAUTION: u8 = 3;

/// 512 answers.
const MOST_CAUTION: u8 = 9;

/// What is turned away is so after about the same time each time; after four times as long it is being served.
const SURE: u64 = 4;

const LEAST_PATIENCE: u32 = 8;
const MOST_PATIENCE: u32 = 512;

/// After ten seconds in which nothing started, what was before says nothing of now.
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

    /// A limit of 20.
    fn limited(caution: u8) -> Congestion {
        let mut congestion = Congestion { limit: 20, caution, ..Congestion::default() };
        (congestion.held_at, congestion.lowered_at) = (T, T);
        congestion
    }

    /// Answers until it has grown by one.
    fn answers_to_grow(congestion: &mut Congestion) -> u32 {
        let before = congestion.limit;
        (1..)
            .find(|_| {
                congestion.served(T, T);
                congestion.limit > before
            })
            .unwrap_or(0)
    }

    #[test]
    fn a_stray_overload_costs_nothing() {
        let mut congestion = Congestion::default();
        for number in 0..500 {
            congestion.began(later(number), 100);
            if number % 50 == 0 {
                assert!(!congestion.overloaded(later(number), T, 100));
            } else {
                congestion.served(later(number), T);
            }
            assert_eq!(congestion.limit(), None);
        }
    }

    #[test]
    fn answers_to_what_was_sent_before_hide_no_overload() {
        let mut congestion = Congestion::default();
        for number in 0..10 {
            congestion.began(later(10 * number), 50);
            (0..5).for_each(|_| _ = congestion.served(later(10 * number), T));
            congestion.overloaded(later(10 * number + 5), later(10 * number), 50);
        }
        assert!(congestion.is_storm());
    }

    #[test]
    fn of_many_that_are_turned_away_together_what_was_not_remains() {
        let mut congestion = Congestion::default();
        let lowered = (0..50).filter(|late| congestion.overloaded(later(100 + late), T, 100 - late)).count();
        // The first three may have been bad luck.
        assert_eq!((lowered, congestion.limit()), (47, Some(50)));
    }

    #[test]
    fn an_eighth_of_a_round_raises_it_at_first_and_a_round_where_few_are_in_flight() {
        let mut congestion = limited(USUAL_CAUTION);
        assert_eq!(answers_to_grow(&mut congestion), 8);
        congestion.limit = 4;
        assert_eq!([0; 3].map(|_| answers_to_grow(&mut congestion)), [4, 5, 6]);
    }

    #[test]
    fn each_probe_that_is_turned_away_doubles_what_it_takes_and_each_that_is_served_halves_it() {
        let mut congestion = limited(USUAL_CAUTION);
        let mut answers = alloc::vec::Vec::new();
        for round in 1..=16 {
            answers.push(answers_to_grow(&mut congestion));
            let sent_at = later(100 * round);
            (0..8).for_each(|_| congestion.began(later(100 * round - 1), 0));
            congestion.began(sent_at, u64::from(congestion.limit) - 1);
            if round < 8 {
                assert!(congestion.overloaded(sent_at, sent_at, u64::from(congestion.limit)));
            } else {
                congestion.served(sent_at, sent_at);
            }
        }
        // The answer to a probe is one of those that raise it.
        assert_eq!(answers, [8, 16, 32, 64, 128, 256, 512, 512, 255, 127, 63, 31, 15, 7, 3, 1]);
    }

    #[test]
    fn a_probe_that_is_not_turned_away_for_long_is_served() {
        let mut congestion = limited(USUAL_CAUTION);
        congestion.told_within = Duration::from_millis(50);
        answers_to_grow(&mut congestion);
        congestion.began(later(100), 20);
        assert_eq!(congestion.probe, Trial::Sent(later(100)));
        for (after, caution) in [(299, USUAL_CAUTION), (300, USUAL_CAUTION - 1)] {
            congestion.grow(later(after));
            assert_eq!(congestion.caution, caution);
        }
    }

    #[test]
    fn a_request_that_is_no_probe_says_nothing_of_the_limit() {
        let mut congestion = limited(USUAL_CAUTION);
        answers_to_grow(&mut congestion);
        congestion.began(later(100), 20);
        assert!(!congestion.overloaded(later(120), later(99), 20));
        assert_eq!((congestion.limit(), congestion.caution), (Some(21), USUAL_CAUTION));
    }

    #[test]
    fn it_is_gone_when_it_has_held_nobody_back_for_half_a_minute() {
        let mut congestion = Congestion::default();
        (0..4).for_each(|_| _ = congestion.overloaded(T, T, 8));
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
