//! Pauses, drains, and the most in flight over all scopes.

use alloc::format;

use super::*;

fn with_concurrency(most: u64, limits: Value) -> World {
    World::with_options(record([("limits", limits), ("queue", record([("concurrency", most.into())]))]))
}

/// Scopes for models `a`, `b` and `c`, of which each allows `rps`.
fn three_scopes(rps: f64) -> Value {
    record(["a", "b", "c"].map(|name| (name, record([("rps", Value::from(rps))]))))
}

impl World {
    fn submit_to(&mut self, model: &str, priority: Priority) -> Ticket {
        let scope = self.limiter.scope_of_model(model);
        let submission = Submission { scope, priority, ..Submission::new(Cost::REQUEST) };
        self.limiter.submit(self.now, submission).expect("admitted")
    }

    fn release(&mut self, ticket: Ticket) {
        if self.limiter.release(ticket) {
            let due = self.limiter.poll_timeout().map(|wake_up| wake_up.at <= self.now);
            assert_eq!(due, Some(true), "a release that matters is due at once");
            self.limiter.handle_timeout(self.now);
        }
    }
}

#[test]
fn nothing_starts_while_paused_and_all_that_can_when_resumed() {
    let mut world = World::new(three_scopes(2.0));
    world.limiter.pause();
    let tickets = ["a", "a", "a", "b"].map(|model| world.submit_to(model, Priority::default()));
    let acquired = world.limiter.acquire_now(world.now, ScopeId::DEFAULT, Cost::REQUEST, Priority::default());
    assert_eq!((world.starts(), acquired), (Vec::new(), Err(NotNow::MustWait)));
    assert_eq!(world.limiter.poll_timeout(), None, "nothing happens by itself");
    world.limiter.resume(world.now);
    assert_eq!(world.starts(), [tickets[0], tickets[1], tickets[3]]);
    assert_eq!(world.wake(), (Duration::from_millis(500), Reason::Quota));
    assert_eq!(world.starts(), [tickets[2]]);
}

#[test]
fn a_paused_limiter_meets_deadlines_and_what_is_in_flight_ends() {
    let mut world = World::new(record([("default", record([("concurrency", 1.0.into())]))]));
    let first = world.submit(Priority::default());
    let hasty = world.submit_within(Duration::SECOND).expect("admitted");
    let patient = world.submit(Priority::default());
    assert_eq!(world.starts(), [first]);
    world.limiter.pause();
    world.release(first);
    assert_eq!(world.wake(), (Duration::SECOND, Reason::Deadline));
    let (starts, refusals) = world.drain();
    assert_eq!((starts, refusals.len()), (Vec::new(), 1));
    assert_eq!(refusals[0].0, hasty);
    world.limiter.resume(world.now);
    assert_eq!(world.starts(), [patient]);
}

#[test]
fn a_retry_that_is_due_in_a_pause_waits_for_its_end() {
    let mut world = World::new(default_limits([("rpm", 60.0)]));
    let ticket = world.send(SMALL).expect("admitted");
    assert_eq!(world.starts(), [ticket]);
    assert_eq!(world.answer(ticket, 500, ""), Verdict::Retry);
    world.limiter.pause();
    world.wake();
    assert_eq!((world.starts(), world.limiter.poll_timeout()), (Vec::new(), None));
    world.limiter.resume(world.now);
    assert_eq!(world.starts(), [ticket]);
}

#[test]
fn a_drain_finishes_what_was_accepted_and_is_told_once() {
    let mut world = World::new(default_limits([("rps", 1.0)]));
    let (first, second) = (world.submit(Priority::default()), world.send(SMALL).expect("admitted"));
    assert_eq!(world.starts(), [first]);
    world.limiter.drain();
    assert_eq!(world.limiter.submit(world.now, Submission::new(Cost::REQUEST)), Err(Refusal::Draining));
    assert_eq!(world.send(SMALL), Err(Refusal::Draining));
    let acquired = world.limiter.acquire_now(world.now, ScopeId::DEFAULT, Cost::REQUEST, Priority::default());
    assert_eq!(acquired, Err(NotNow::Refused(Refusal::Draining)));
    world.limiter.settle(world.now, first, Cost::REQUEST);
    world.wake();
    assert_eq!(world.starts(), [second]);
    assert_eq!(world.answer(second, 500, ""), Verdict::Retry, "what was accepted is tried again");
    while world.limiter.waiting() > 0 {
        world.wake();
    }
    assert_eq!(world.starts(), [second]);
    assert!(!world.events.contains(&Event::Drained));
    assert_eq!(world.answer(second, 404, ""), Verdict::Deliver);
    assert_eq!(world.limiter.poll_timeout().map(|wake_up| wake_up.reason), Some(Reason::Output));
    world.drain();
    world.limiter.drain();
    world.drain();
    assert_eq!(world.events.iter().filter(|event| **event == Event::Drained).count(), 1);
    assert_eq!(world.limiter.poll_timeout(), None);
}

#[test]
fn an_idle_limiter_is_drained_at_once_and_a_release_may_be_the_last() {
    let mut world = World::new(default_limits([("rps", 1.0)]));
    let held = world
        .limiter
        .acquire_now(world.now, ScopeId::DEFAULT, Cost::REQUEST, Priority::default())
        .expect("quota is there");
    world.limiter.drain();
    assert_eq!(world.limiter.poll_timeout(), None);
    assert!(world.limiter.release(held), "there is something to tell");
    world.drain();
    assert_eq!(world.events, [Event::Drained]);

    let mut idle = World::new(default_limits([("rps", 1.0)]));
    idle.limiter.drain();
    assert_eq!(idle.limiter.poll_output(), Some(Output::Event(Event::Drained)));
}

#[test]
fn a_drain_of_a_paused_limiter_waits_until_it_is_resumed_or_closed() {
    for is_closed in [false, true] {
        let mut world = World::new(default_limits([("rps", 1.0)]));
        world.limiter.pause();
        let ticket = world.submit(Priority::default());
        world.limiter.drain();
        assert_eq!((world.starts(), world.limiter.poll_timeout()), (Vec::new(), None));
        if is_closed {
            world.limiter.close(world.now);
            assert_eq!(world.drain().1, [(ticket, Refusal::Closed)]);
        } else {
            world.limiter.resume(world.now);
            assert_eq!(world.starts(), [ticket]);
            world.limiter.cancel(world.now, ticket);
            world.drain();
        }
        assert_eq!(world.events, [Event::Drained]);
    }
}

#[test]
fn no_more_are_in_flight_over_all_scopes_than_may() {
    let mut world = with_concurrency(2, three_scopes(100.0));
    let first = world.submit_to("a", Priority::default());
    let second = world.submit_to("b", Priority::default());
    let third = world.submit_to("c", Priority::default());
    assert_eq!(world.starts(), [first, second]);
    let scope = world.limiter.scope_of_model("a");
    let acquire = |world: &mut World| world.limiter.acquire_now(world.now, scope, Cost::REQUEST, Priority::default());
    assert_eq!(acquire(&mut world), Err(NotNow::MustWait));
    assert_eq!(world.limiter.poll_timeout(), None);
    world.release(first);
    assert_eq!(world.starts(), [third]);
    world.limiter.settle(world.now, second, Cost::REQUEST);
    assert!(acquire(&mut world).is_ok());
    assert_eq!((world.limiter.in_flight(), world.limiter.poll_timeout()), (2, None));
}

#[test]
fn a_free_place_goes_to_the_highest_priority_and_among_equals_in_turn() {
    let mut world = with_concurrency(1, three_scopes(100.0));
    let running = world.submit_to("c", Priority::default());
    let a = [(); 2].map(|()| world.submit_to("a", Priority::default()));
    let b = [(); 2].map(|()| world.submit_to("b", Priority::default()));
    assert_eq!(world.starts(), [running]);
    // A newcomer of a high priority stands in its scope before its equals, and its scope before all others.
    let urgent = world.submit_to("b", Priority::HIGH);
    let mut order = alloc::vec![running];
    while let Some(last) = order.last().copied() {
        world.release(last);
        let starts = world.starts();
        if starts.is_empty() {
            break;
        }
        assert_eq!(starts.len(), 1);
        order.extend(starts);
    }
    assert_eq!(order[1..], [urgent, a[0], b[0], a[1], b[1]]);
}

#[test]
fn a_scope_without_quota_holds_up_no_other_and_comes_back_when_it_has_some() {
    let mut world = with_concurrency(
        1,
        record([("a", record([("rps", Value::from(1.0))])), ("b", record([("rps", Value::from(100.0))]))]),
    );
    let first = world.submit_to("a", Priority::default());
    let second = world.submit_to("a", Priority::default());
    let other = world.submit_to("b", Priority::default());
    assert_eq!(world.starts(), [first]);
    world.release(first);
    assert_eq!(world.starts(), [other], "the next of the first scope has no quota");
    world.wake();
    assert_eq!(world.starts(), [], "it has, and no place is free");
    world.release(other);
    assert_eq!(world.starts(), [second]);
}

#[test]
fn what_has_waited_long_gets_every_eighth_place() {
    let mut world = with_concurrency(1, three_scopes(1_000.0));
    let running = world.submit_to("c", Priority::default());
    let low = world.submit_to("a", Priority::LOW);
    world.starts();
    world.now += Duration::from_secs(300);
    let mut last = running;
    let mut passes = 0;
    loop {
        let urgent = world.submit_to("b", Priority::CRITICAL);
        world.release(last);
        last = world.starts()[0];
        if last == low {
            break;
        }
        passes += 1;
        assert!(last != low && urgent != low && passes < 20);
    }
    assert_eq!(passes, 7);
}

#[test]
fn a_thousand_scopes_share_one_place_in_turn() {
    let mut world = with_concurrency(1, record([]));
    let mut tickets = Vec::new();
    for nth in 0..1_000 {
        let model = alloc::format!("model-{nth}");
        tickets.push(world.submit_to(&model, Priority::default()));
    }
    for ticket in tickets {
        assert_eq!(world.starts(), [ticket]);
        world.release(ticket);
    }
    assert_eq!((world.limiter.in_flight(), world.limiter.waiting()), (0, 0));
}

#[test]
fn closing_starts_nobody_on_the_way_however_many_wait() {
    let mut world = World::new(default_limits([("itpm", 1_000_000.0)]));
    let tokens =
        |input_tokens, priority| Submission { priority, ..Submission::new(Cost { input_tokens, ..Cost::REQUEST }) };
    let used = world.limiter.submit(world.now, tokens(1, Priority::NORMAL)).expect("admitted");
    assert_eq!(world.starts(), [used]);
    world.limiter.submit(world.now, tokens(1_000_000, Priority::CRITICAL)).expect("admitted");
    for nth in 0..60_000 {
        // The latest to come would be the first to start.
        let priority = Priority::clamped(i8::try_from(nth / 300 - 100).expect("few"));
        world.limiter.submit(world.now, tokens(10, priority)).expect("admitted");
    }
    assert_eq!(world.starts(), []);
    world.limiter.close(world.now);
    let (starts, refusals) = world.drain();
    assert_eq!((starts.len(), refusals.len()), (0, 60_001));
    let level = format!("{:?}", world.limiter.snapshot(world.now));
    assert!(level.contains(r#"("available", Number(999999.0))"#), "{level}");
    assert_eq!(world.limiter.poll_timeout(), None);
}

#[test]
fn what_a_lowered_limit_makes_impossible_in_a_drain_is_told_of_the_limit() {
    let mut world = World::new(default_limits([("itpm", 1_000.0)]));
    let first = world.send(SMALL).expect("admitted");
    let large = Submission::new(Cost { input_tokens: 900, ..Cost::REQUEST });
    world.limiter.submit(world.now, large).expect("admitted");
    world.limiter.submit(world.now, large).expect("admitted");
    world.limiter.drain();
    let headers = "anthropic-ratelimit-input-tokens-limit: 500\nanthropic-ratelimit-input-tokens-remaining: 0";
    world.answer(first, 200, headers);
    let (_, refusals) = world.drain();
    let (_, refusal) = refusals.last().expect("it can never start");
    assert!(matches!(refusal, Refusal::InsufficientCapacity { limit: 500, cost: 900, .. }), "{refusal}");
}
