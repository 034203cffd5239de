//! Laws that hold whatever a server answers.

use super::*;

/// A scope and a server that answers at random, from `random`.
struct Play {
    throttle: Throttle,
    random: Random,
    now: Instant,
    shut_until: Instant,
    /// When each of those in flight was sent.
    flying: alloc::vec::Vec<Instant>,
}

impl Play {
    fn new(seed: u64) -> Self {
        let throttle = if seed.is_multiple_of(2) { Throttle::default() } else { Throttle::at_first() };
        let now = Instant::from_nanos(1 + (seed << 40));
        let flying = alloc::vec::Vec::new();
        Self { throttle, random: Random::new(seed), now, shut_until: Instant::ZERO, flying }
    }

    fn opens_at(&mut self) -> Instant {
        self.throttle.earliest(self.now, self.flying.len() as u64).max(self.shut_until)
    }

    fn start_if_open(&mut self) -> bool {
        let is_open = self.opens_at() <= self.now;
        if is_open {
            self.throttle.began(self.now, self.flying.len() as u64);
            self.flying.push(self.now);
        }
        is_open
    }

    /// One of those in flight is answered: `good` of sixteen are served.
    fn answer(&mut self, good: u64) {
        if self.flying.is_empty() {
            return;
        }
        let place = self.random.up_to(self.flying.len() as u64 - 1) as usize;
        let sent_at = self.flying.swap_remove(place);
        if self.random.up_to(15) < good {
            self.throttle.served(self.now, sent_at);
            return;
        }
        let ordered = [None, Some(Duration::ZERO), Some(Duration::from_millis(700)), Some(Duration::MINUTE)];
        let ordered = ordered[self.random.up_to(3) as usize];
        let attempt = Attempt { sent_at, ordered, others: self.flying.len() as u64 };
        let backoff = Backoff::default();
        let cause = match self.random.up_to(5) {
            0 => Cause::Quota,
            1 => Cause::Unstated,
            2 => Cause::Growth(self.random.up_to(300) as u32),
            _ => {
                self.throttle.overloaded(self.now, &attempt, &mut self.random);
                return;
            }
        };
        let before = self.shut_until;
        let refused = self.throttle.refused(self.now, &attempt, cause, self.shut_until, &backoff, &mut self.random);
        assert!(refused.until >= before, "a shut is never shortened");
        assert!(refused.until >= self.now + ordered.unwrap_or(Duration::ZERO), "nor is what the server ordered");
        self.shut_until = refused.until;
    }

    fn step(&mut self, good: u64) {
        match self.random.up_to(9) {
            0..=3 => _ = self.start_if_open(),
            4..=7 => self.answer(good),
            8 => self.now += Duration::from_nanos(self.random.up_to(3_000_000_000)),
            _ => self.now = self.opens_at().max(self.now),
        }
    }
}

#[test]
fn whatever_was_answered_somebody_starts_within_minutes_though_nothing_is_answered_any_more() {
    for seed in 0..400 {
        let mut play = Play::new(seed);
        (0..seed * 3).for_each(|_| play.step(seed % 17));
        let begin = play.now;
        let mut looks = 0;
        while !play.start_if_open() {
            let next = play.opens_at();
            assert!(next > play.now, "seed {seed}: looking again would be of no use");
            play.now = next;
            looks += 1;
            assert!(looks < 10, "seed {seed}");
        }
        let waited = play.now.since(begin);
        assert!(waited < Duration::from_secs(200), "seed {seed}: {waited:?}");
    }
}

#[test]
fn once_a_server_serves_for_long_nothing_is_left_of_the_trouble() {
    for seed in 0..200 {
        let mut play = Play::new(seed);
        (0..600).for_each(|_| play.step(seed % 16));
        let mut served = 0;
        while !play.throttle.is_at_rest(play.now) {
            if !play.start_if_open() {
                play.now = play.opens_at();
            }
            play.now += Duration::from_millis(500);
            play.answer(16);
            served += 1;
            assert!(served < 20_000, "seed {seed}: {:?}", play.throttle);
        }
    }
}

#[test]
fn the_trouble_of_a_scope_takes_no_more_than_is_said() {
    assert!(size_of::<Throttle>() <= 320, "{}", size_of::<Throttle>());
}

#[test]
fn the_same_seed_has_the_same_waits() {
    let waits = |seed| {
        let mut play = Play::new(seed);
        (0..500).map(|_| play.step(8)).count();
        (play.now, play.shut_until, play.flying)
    };
    assert_eq!(waits(7), waits(7));
    assert_ne!(waits(7), waits(9));
}

#[test]
fn a_clock_that_jumps_or_goes_back_harms_nothing() {
    let mut play = Play::new(11);
    for number in 0..3_000 {
        play.step(9);
        match number % 50 {
            10 => play.now = Instant::ZERO,
            20 => play.now = Instant::from_nanos(u64::MAX - play.random.up_to(1_000)),
            30 => play.now = Instant::from_nanos(play.random.bits()),
            _ => {}
        }
    }
}
