//! Where one stands, how long it is likely to take, and what need not wait because it cannot start in time.

use super::*;

impl World {
    fn submit_tokens(&mut self, input_tokens: u32, priority: Priority, tenant: &str) -> Ticket {
        let cost = Cost { input_tokens, ..Cost::REQUEST };
        self.limiter.submit(self.now, Submission { priority, tenant, ..Submission::new(cost) }).expect("admitted")
    }

    fn outlook(&mut self, ticket: Ticket) -> (u32, Option<u64>) {
        let outlook = self.limiter.outlook(self.now, ticket).expect("it waits");
        (outlook.position, outlook.expected.map(Duration::as_millis_ceil))
    }

    fn estimate(&mut self, input_tokens: u32, priority: Priority) -> Option<u64> {
        let cost = Cost { input_tokens, ..Cost::REQUEST };
        let estimate = self.limiter.estimate(self.now, ScopeId::DEFAULT, cost, priority, "").expect("it can start");
        estimate.map(Duration::as_millis_ceil)
    }
}

#[test]
fn the_expected_start_counts_what_goes_before_in_tokens() {
    let mut world = World::new(default_limits([("itpm", 60_000.0), ("rpm", 6_000.0)]));
    world.submit_tokens(60_000, Priority::NORMAL, "");
    let tickets = [5_000, 20_000, 1_000].map(|size| world.submit_tokens(size, Priority::NORMAL, ""));
    world.starts();
    let outlooks = tickets.map(|ticket| world.outlook(ticket));
    assert_eq!(outlooks, [(0, Some(5_000)), (1, Some(25_000)), (2, Some(26_000))]);
    assert_eq!(world.estimate(4_000, Priority::NORMAL), Some(30_000));
    assert_eq!(world.estimate(4_000, Priority::HIGH), Some(4_000), "it would go first");
    world.wait(Duration::from_secs(5));
    assert_eq!(world.starts(), tickets[..1]);
    assert_eq!(world.outlook(tickets[2]), (1, Some(21_000)));
    assert_eq!(world.limiter.outlook(world.now, tickets[0]), None, "it has started");
}

#[test]
fn an_estimate_says_what_can_never_start_and_what_can_at_once() {
    let mut world = World::new(default_limits([("itpm", 100.0)]));
    assert_eq!(world.estimate(100, Priority::LOW), Some(0));
    let large = Cost { input_tokens: 101, ..Cost::REQUEST };
    let refusal = world.limiter.estimate(world.now, ScopeId::DEFAULT, large, Priority::NORMAL, "");
    assert!(matches!(refusal, Err(Refusal::InsufficientCapacity { .. })), "{refusal:?}");
    world.limiter.drain();
    let refusal = world.limiter.estimate(world.now, ScopeId::DEFAULT, Cost::REQUEST, Priority::NORMAL, "");
    assert_eq!(refusal, Err(Refusal::Draining));
}

#[test]
fn a_snapshot_says_how_many_wait_at_each_priority() {
    let mut world = World::new(default_limits([("rpm", 1.0)]));
    for priority in [Priority::LOW, Priority::NORMAL, Priority::LOW, Priority::LOW] {
        world.submit(priority);
    }
    let snapshot = alloc::format!("{:?}", world.limiter.snapshot(world.now));
    let line = |priority: f64, waiting: f64| {
        alloc::format!(r#"Record([("priority", Number({priority:?})), ("waiting", Number({waiting:?}))])"#)
    };
    // The first of them went at once.
    let expected = alloc::format!(r#"("priorities", List([{}, {}]))"#, line(0.0, 1.0), line(-50.0, 2.0));
    assert!(snapshot.contains(&expected), "{snapshot}");
}

#[test]
fn permits_come_back_as_fast_as_they_did() {
    let mut world = World::new(default_limits([("concurrency", 2.0)]));
    let mut held = [(); 2].map(|()| world.submit(Priority::NORMAL));
    let waiting = [(); 6].map(|()| world.submit(Priority::NORMAL));
    world.starts();
    assert_eq!(world.outlook(waiting[5]), (5, None), "nobody knows how long they take");
    for round in 0..2 {
        world.now += Duration::from_secs(10);
        for ticket in held {
            world.limiter.release(ticket);
        }
        world.limiter.handle_timeout(world.now);
        held = world.starts().try_into().expect("two");
        assert_eq!(held, waiting[2 * round..2 * round + 2]);
    }
    // Both end in ten seconds.
    let (position, expected) = world.outlook(waiting[5]);
    assert_eq!(position, 1);
    assert!(expected.is_some_and(|wait| (8_000..14_000).contains(&wait)), "{expected:?}");
    world.now += Duration::from_secs(6);
    let (_, later) = world.outlook(waiting[5]);
    assert!(later.is_some_and(|wait| (3_000..6_000).contains(&wait)), "{later:?}");
}

#[test]
fn the_places_of_all_scopes_are_foreseen_too() {
    let queue = ("queue", record([("concurrency", 1.0.into())]));
    let limits = record(["a", "b"].map(|name| (name, record([("rps", Value::from(100.0))]))));
    let mut world = World::with_options(record([("limits", limits), queue]));
    let scopes = ["a", "b"].map(|model| world.limiter.scope_of_model(model));
    let submit = |world: &mut World, scope| {
        world.limiter.submit(world.now, Submission { scope, ..Submission::new(Cost::REQUEST) }).expect("admitted")
    };
    let first = submit(&mut world, scopes[0]);
    let waiting = [0, 1, 0, 1].map(|scope: usize| submit(&mut world, scopes[scope]));
    world.starts();
    assert_eq!(world.outlook(waiting[0]), (0, None));
    world.now += Duration::from_secs(4);
    world.limiter.settle(world.now, first, Cost::REQUEST);
    assert_eq!(world.starts(), waiting[..1]);
    let outlooks = [1, 2, 3].map(|nth: usize| world.outlook(waiting[nth]).1);
    assert_eq!(outlooks, [Some(4_000), Some(4_000), Some(12_000)], "of two scopes, one goes first");
}

#[test]
fn nobody_can_tell_when_a_pause_of_the_program_ends() {
    let mut world = World::new(default_limits([("rps", 1.0)]));
    world.limiter.pause();
    let ticket = world.submit(Priority::NORMAL);
    assert_eq!(world.outlook(ticket), (0, None));
    assert_eq!(world.estimate(0, Priority::NORMAL), None);
    world.limiter.resume(world.now);
    world.starts();
    assert_eq!(world.estimate(0, Priority::NORMAL), Some(1_000));
}

#[test]
fn a_retry_is_expected_when_its_delay_is_over() {
    let mut world = World::new(default_limits([("rpm", 60.0)]));
    let ticket = world.send(SMALL).expect("admitted");
    world.starts();
    assert_eq!(world.answer(ticket, 500, "retry-after: 7"), Verdict::Retry);
    let (position, expected) = world.outlook(ticket);
    assert!(position == 0 && expected.is_some_and(|wait| (7_000..=8_000).contains(&wait)), "{expected:?}");
}

#[test]
fn a_shut_scope_opens_when_its_server_said() {
    let mut world = World::new(default_limits([("rpm", 60.0)]));
    let (first, second) = (world.send(SMALL).expect("admitted"), world.send(SMALL).expect("admitted"));
    world.starts();
    world.answer(first, 429, "retry-after: 20");
    world.answer(second, 429, "retry-after: 20");
    let estimate = world.estimate(0, Priority::CRITICAL);
    assert!(estimate.is_some_and(|wait| (20_000..=22_000).contains(&wait)), "{estimate:?}");
    let refused = world.submit_within(Duration::from_secs(19)).expect_err("the server said so");
    assert_eq!(refused.code(), "deadline-exceeded");
}

#[test]
fn a_deadline_that_cannot_be_met_is_refused_at_once_with_the_honest_wait() {
    let mut world = World::new(default_limits([("rpm", 60.0)]));
    for _ in 0..60 + 30 {
        world.submit(Priority::NORMAL);
    }
    assert_eq!(world.starts().len(), 60);
    let refusal = world.submit_within(Duration::from_secs(30)).expect_err("thirty go before it");
    assert_eq!(
        refusal.to_string(),
        "This request waited 0 ms in scope \"default\" with 30 before it and does not start by its deadline, where it \
         would wait 31000 ms from now. Give it more time or a higher priority."
    );
    assert_eq!((world.limiter.waiting(), world.limiter.poll_output()), (30, None), "it was never there");
    let exact = world.submit_within(Duration::from_secs(31)).expect("it can");
    world.limiter.cancel(world.now, exact);
    let urgent =
        Submission { priority: Priority::HIGH, max_wait: Some(Duration::SECOND), ..Submission::new(Cost::REQUEST) };
    assert!(world.limiter.submit(world.now, urgent).is_ok(), "it goes before all others");
}

#[test]
fn what_may_come_back_lets_a_deadline_be_tried() {
    let mut world = World::new(default_limits([("itpm", 1_000.0)]));
    let tickets = [(); 2].map(|()| world.submit_tokens(500, Priority::NORMAL, ""));
    world.starts();
    // Of what was reserved, half came back: so may half of what is in flight.
    world.limiter.settle(world.now, tickets[0], Cost { input_tokens: 250, ..Cost::REQUEST });
    let urgent = |tokens| Submission {
        max_wait: Some(Duration::SECOND),
        ..Submission::new(Cost { input_tokens: tokens, ..Cost::REQUEST })
    };
    assert!(world.limiter.submit(world.now, urgent(510)).is_ok(), "250 are there, and 250 may come");
    assert!(world.limiter.submit(world.now, urgent(990)).is_err());
}

#[test]
fn no_text_of_a_refusal_reads_as_a_failed_connection() {
    let scope = || alloc::string::String::from("default");
    for expected in [None, Some(Duration::SECOND)] {
        for refusal in [
            Refusal::QueueFull { scope: scope(), limit: 1, expected },
            Refusal::DeadlineExceeded { scope: scope(), waited: Duration::SECOND, position: 3, expected },
            Refusal::Draining,
            Refusal::Closed,
        ] {
            let text = refusal.to_string().to_lowercase();
            assert!(
                !["timeout", "timed out", "time out", "abort", "connection"].iter().any(|word| text.contains(word))
            );
            let described = alloc::format!("{:?}", refusal.describe());
            assert_eq!(described.contains("expectedMs"), expected.is_some() && text.contains("default"), "{described}");
        }
    }
}
