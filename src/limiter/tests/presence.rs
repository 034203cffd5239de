//! Callers that may vanish, each with a timer of its own.

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;

use super::*;

/// Callers that look when they are told to, and nobody else who lets time pass.
struct Callers {
    world: World,
    told: Told,
    /// When each of those that are there looks next.
    next: BTreeMap<Ticket, Instant>,
    looks: u32,
    /// Who started in the core, and when its caller knew.
    started: BTreeMap<Ticket, Instant>,
    known: BTreeMap<Ticket, Instant>,
}

impl Callers {
    fn new(limits: Value, told: Told) -> Self {
        let world = World::new(limits);
        Self { world, told, next: BTreeMap::new(), looks: 0, started: BTreeMap::new(), known: BTreeMap::new() }
    }

    fn submit(&mut self) -> Ticket {
        let ticket = self.world.submit(Priority::NORMAL);
        self.look(ticket);
        ticket
    }

    /// One that looks once, and never again.
    fn submit_and_vanish(&mut self) -> Ticket {
        let ticket = self.submit();
        self.next.remove(&ticket);
        ticket
    }

    fn look(&mut self, ticket: Ticket) {
        self.looks += 1;
        let wait = self.world.limiter.look(self.world.now, ticket, self.told);
        match wait {
            Some(wait) => _ = self.next.insert(ticket, self.world.now + wait),
            None => _ = self.next.remove(&ticket),
        }
        self.drain();
        if self.started.contains_key(&ticket) && wait.is_some() {
            self.learn(ticket);
        }
    }

    /// The caller knows that its ticket has started, and says so.
    fn learn(&mut self, ticket: Ticket) {
        if let Entry::Vacant(entry) = self.known.entry(ticket) {
            entry.insert(self.world.now);
            self.look(ticket);
        }
    }

    fn drain(&mut self) {
        for ticket in self.world.starts() {
            self.started.insert(ticket, self.world.now);
            if self.told == Told::AtOnce && self.next.contains_key(&ticket) {
                self.learn(ticket);
            }
        }
    }

    fn release(&mut self, ticket: Ticket) {
        self.world.limiter.settle(self.world.now, ticket, Cost::REQUEST);
        self.next.remove(&ticket);
        self.drain();
    }

    /// Lets `time` pass, in which whoever is to look looks.
    fn pass(&mut self, time: Duration) {
        let until = self.world.now + time;
        while let Some((&ticket, &at)) = self.next.iter().min_by_key(|(_, at)| **at).filter(|(_, at)| **at <= until) {
            self.world.now = self.world.now.max(at);
            self.look(ticket);
        }
        self.world.now = until;
    }

    /// The longest that anybody did not know of its start.
    fn lateness(&self) -> Duration {
        let late = |(ticket, at): (&Ticket, &Instant)| self.known[ticket].since(*at);
        self.started.iter().map(late).max().unwrap_or_default()
    }
}

const BOTH: [Told; 2] = [Told::AtOnce, Told::WhenItLooks];

#[test]
fn whoever_is_first_looks_when_its_quota_is_back() {
    for told in BOTH {
        let mut callers = Callers::new(default_limits([("rps", 1.0)]), told);
        let tickets: Vec<Ticket> = (0..4).map(|_| callers.submit()).collect();
        let start = callers.world.now;
        callers.pass(Duration::from_secs(3));
        for (second, ticket) in tickets.iter().enumerate() {
            assert_eq!(callers.known[ticket].since(start), Duration::from_secs(second as u64), "{told:?}");
        }
    }
}

#[test]
fn nobody_learns_of_its_start_later_than_a_part_of_its_wait() {
    let mut callers = Callers::new(default_limits([("concurrency", 1.0)]), Told::WhenItLooks);
    let mut running = callers.submit();
    for held in [20, 300, 4_000] {
        let waits = callers.submit();
        callers.pass(Duration::from_millis(held));
        callers.release(running);
        callers.pass(Duration::from_millis(50));
        let late = callers.known[&waits].since(callers.started[&waits]);
        let bound = Duration::from_millis(held / 16).max(QUICKEST).min(SLOWEST);
        assert!(late <= bound + Duration::from_millis(1), "after {held} ms: {late:?}");
        running = waits;
    }
}

#[test]
fn a_thousand_who_wait_do_not_look_all_the_time() {
    for (told, most_a_second, latest) in [(Told::AtOnce, 110, 0), (Told::WhenItLooks, 650, 100)] {
        let mut callers = Callers::new(default_limits([("rps", 10.0)]), told);
        (0..1_010).for_each(|_| _ = callers.submit());
        assert_eq!(callers.started.len(), 10);
        callers.looks = 0;
        callers.pass(Duration::from_secs(100));
        assert_eq!(callers.started.len(), 1_010, "{told:?}");
        // Each start is two looks: when it comes, and when it is known.
        let waiting = callers.looks - 2_000;
        assert!(waiting / 100 <= most_a_second, "{told:?}: {waiting} looks");
        assert!(callers.lateness() <= Duration::from_millis(latest), "{told:?}: {:?}", callers.lateness());
    }
}

#[test]
fn a_first_one_that_has_vanished_delays_the_others_for_a_stated_time() {
    for told in BOTH {
        let mut callers = Callers::new(default_limits([("concurrency", 1.0)]), told);
        let running = callers.submit();
        let vanished = callers.submit_and_vanish();
        let behind = callers.submit();
        callers.release(running);
        assert!(callers.started.contains_key(&vanished));
        callers.pass(Duration::from_secs(15));
        assert!(callers.known.contains_key(&behind), "{told:?}");
        assert_eq!(callers.world.limiter.in_flight(), 1);
        assert_eq!(callers.world.limiter.waiting(), 0);
    }
}

#[test]
fn whoever_vanished_before_it_knew_of_its_start_is_charged_nothing() {
    let mut callers = Callers::new(default_limits([("rpd", 2.0), ("concurrency", 1.0)]), Told::AtOnce);
    let running = callers.submit();
    callers.submit_and_vanish();
    let behind = callers.submit();
    callers.release(running);
    callers.pass(Duration::from_secs(15));
    assert!(callers.known.contains_key(&behind), "the second of a day's two requests is still there");
}

#[test]
fn one_in_flight_that_has_vanished_ends_and_is_charged_as_reserved() {
    let mut callers = Callers::new(default_limits([("rpd", 2.0), ("concurrency", 1.0)]), Told::AtOnce);
    let gone = callers.submit();
    callers.next.remove(&gone);
    let behind = callers.submit();
    callers.pass(Duration::from_secs(25));
    assert!(callers.known.contains_key(&behind));
    callers.release(behind);
    let third = callers.submit();
    callers.pass(Duration::from_secs(60));
    assert!(!callers.started.contains_key(&third), "the day's two requests are used up");
}

#[test]
fn one_in_flight_that_goes_on_looking_is_left_alone_for_ever() {
    let mut callers = Callers::new(default_limits([("concurrency", 1.0)]), Told::WhenItLooks);
    let long = callers.submit();
    let behind = callers.submit();
    callers.pass(Duration::from_secs(3_600));
    assert!(callers.known.contains_key(&long) && !callers.started.contains_key(&behind));
    callers.release(long);
    callers.pass(Duration::SECOND);
    assert!(callers.known.contains_key(&behind));
}

#[test]
fn a_program_that_was_busy_for_an_hour_gives_nobody_up() {
    let mut callers = Callers::new(default_limits([("concurrency", 2.0)]), Told::AtOnce);
    let tickets: Vec<Ticket> = (0..50).map(|_| callers.submit()).collect();
    callers.world.now += Duration::from_secs(3_600);
    callers.pass(Duration::from_secs(60));
    assert_eq!((callers.world.limiter.in_flight(), callers.world.limiter.waiting()), (2, 48));
    for ticket in tickets {
        assert!(callers.world.limiter.look(callers.world.now, ticket, Told::AtOnce).is_some());
    }
}

#[test]
fn a_late_look_of_one_that_is_over_says_nothing_of_who_has_its_place_now() {
    let mut callers = Callers::new(default_limits([("concurrency", 1.0)]), Told::AtOnce);
    let first = callers.submit();
    callers.release(first);
    let second = callers.submit_and_vanish();
    assert_eq!(second.slot(), first.slot());
    let behind = callers.submit();
    assert_eq!(callers.world.limiter.look(callers.world.now, first, Told::AtOnce), None);
    callers.pass(Duration::from_secs(25));
    assert!(callers.known.contains_key(&behind));
}

#[test]
fn a_pause_keeps_nobody_looking_in_a_loop() {
    for told in BOTH {
        let mut callers = Callers::new(default_limits([("rps", 1.0)]), told);
        callers.submit();
        let waits = callers.submit();
        callers.world.limiter.pause();
        callers.looks = 0;
        callers.pass(Duration::from_secs(60));
        assert!(callers.looks <= 60 * 20 + 100, "{told:?}: {} looks", callers.looks);
        callers.world.limiter.resume(callers.world.now);
        callers.drain();
        callers.pass(Duration::from_millis(50));
        assert!(callers.known.contains_key(&waits));
    }
}

#[test]
fn a_clock_that_stands_still_or_goes_back_neither_gives_up_nor_holds_up() {
    let mut callers = Callers::new(default_limits([("rps", 1.0)]), Told::WhenItLooks);
    callers.submit();
    let waits = callers.submit();
    for _ in 0..100 {
        callers.look(waits);
    }
    callers.world.now = Instant::ZERO;
    callers.look(waits);
    callers.pass(Duration::from_secs(3));
    assert!(callers.known.contains_key(&waits));
}

const QUICKEST: Duration = Duration::from_millis(5);
const SLOWEST: Duration = Duration::from_millis(50);
