//! Who goes when, and who never.

use super::*;

#[test]
fn requests_start_in_order_as_the_quota_comes_back() {
    let mut world = World::new(default_limits([("rps", 2.0)]));
    let tickets: Vec<Ticket> = (0..4).map(|_| world.submit(Priority::NORMAL)).collect();
    assert_eq!(world.starts(), tickets[..2]);
    assert_eq!(world.wake(), (Duration::from_millis(500), Reason::Quota));
    assert_eq!(world.starts(), tickets[2..3]);
    assert_eq!(world.wake(), (Duration::from_millis(500), Reason::Quota));
    assert_eq!(world.starts(), tickets[3..]);
    assert_eq!(world.limiter.poll_timeout(), None);
}

#[test]
fn a_higher_priority_goes_first_and_a_newcomer_passes_nobody() {
    let mut world = World::new(default_limits([("rps", 1.0)]));
    world.submit(Priority::NORMAL);
    let low = world.submit(Priority::LOW);
    let critical = world.submit(Priority::CRITICAL);
    world.starts();
    let acquired = world.limiter.acquire_now(world.now, ScopeId::DEFAULT, Cost::REQUEST, Priority::CRITICAL);
    assert_eq!(acquired, Err(NotNow::MustWait));
    world.wake();
    assert_eq!(world.starts(), [critical]);
    world.wake();
    assert_eq!(world.starts(), [low]);
}

#[test]
fn what_cannot_start_in_time_is_refused_at_its_deadline_and_frees_its_place() {
    let mut world = World::new(default_limits([("concurrency", 1.0)]));
    let first = world.submit(Priority::NORMAL);
    let hasty = world.submit_within(Duration::SECOND).expect("admitted");
    let patient = world.submit(Priority::NORMAL);
    world.starts();
    assert_eq!(world.wake(), (Duration::SECOND, Reason::Deadline));
    let (starts, refusals) = world.drain();
    assert_eq!(starts, []);
    let expected =
        Refusal::DeadlineExceeded { scope: "default".into(), waited: Duration::SECOND, position: 0, expected: None };
    assert_eq!(refusals, [(hasty, expected)]);
    world.limiter.settle(world.now, first, Cost::REQUEST);
    assert_eq!(world.starts(), [patient]);
}

#[test]
fn what_can_start_at_its_deadline_starts() {
    let mut world = World::new(default_limits([("rps", 1.0)]));
    world.submit(Priority::NORMAL);
    let exact = world.submit_within(Duration::SECOND).expect("admitted");
    world.starts();
    world.wake();
    assert_eq!(world.starts(), [exact]);
}

#[test]
fn a_driver_that_comes_late_refuses_a_hundred_thousand_at_once() {
    let mut world = World::new(default_limits([("concurrency", 1.0)]));
    world.submit(Priority::NORMAL);
    for _ in 0..100_000 {
        world.submit_within(Duration::SECOND).expect("admitted");
    }
    world.starts();
    world.wait(Duration::from_secs(600));
    assert_eq!(world.drain().1.len(), 100_000);
    assert_eq!(world.limiter.waiting(), 0);
}

#[test]
fn a_request_larger_than_a_limit_is_refused_at_once_with_both_numbers() {
    let mut world = World::new(default_limits([("itpm", 100.0)]));
    let too_large = Submission::new(Cost { input_tokens: 101, ..Cost::REQUEST });
    let refusal = world.limiter.submit(world.now, too_large).expect_err("too large");
    assert_eq!(
        refusal.to_string(),
        "This request needs 101 of \"input_tokens\", but scope \"default\" never allows more than 100 at once. Make the \
         request smaller or raise the limit."
    );
    assert_eq!(world.limiter.poll_timeout(), None);
}

#[test]
fn low_priorities_leave_what_urgent_ones_took_lately() {
    let mut world = World::new(default_limits([("rps", 20.0)]));
    let urgent: Vec<Ticket> = (0..3).map(|_| world.submit(Priority::HIGH)).collect();
    let low: Vec<Ticket> = (0..20).map(|_| world.submit(Priority::LOW)).collect();
    assert_eq!(world.starts(), [&urgent[..], &low[..14]].concat());
    let soon = world.submit(Priority::HIGH);
    assert_eq!(world.starts(), [soon]);
    // Two are there, and the four of this second are left.
    assert_eq!(world.wake(), (Duration::from_millis(150), Reason::Quota));
    assert_eq!(world.starts(), low[14..15]);
}

#[test]
fn what_is_left_for_nobody_goes_to_low_priorities_after_two_minutes() {
    let mut world = World::new(default_limits([("rpd", 100.0)]));
    for _ in 0..10 {
        world.submit(Priority::HIGH);
    }
    let low: Vec<Ticket> = (0..90).map(|_| world.submit(Priority::LOW)).collect();
    assert_eq!(world.starts()[10..], low[..80]);
    assert_eq!(world.wake(), (Duration::MINUTE, Reason::Quota));
    assert_eq!(world.starts(), []);
    assert_eq!(world.wake(), (Duration::MINUTE, Reason::Quota));
    assert_eq!(world.starts(), low[80..]);
}

#[test]
fn a_stated_headroom_is_kept_whoever_comes() {
    let queue = ("queue", record([("headroom", 0.25.into())]));
    let mut world = World::with_options(record([("limits", default_limits([("rpd", 100.0)])), queue]));
    let low: Vec<Ticket> = (0..100).map(|_| world.submit(Priority::LOW)).collect();
    assert_eq!(world.starts(), low[..75]);
    let acquire = |world: &mut World, priority| {
        world.limiter.acquire_now(world.now, ScopeId::DEFAULT, Cost::REQUEST, priority).is_ok()
    };
    assert!(!acquire(&mut world, Priority::NORMAL) && acquire(&mut world, Priority::HIGH));
}

#[test]
fn no_more_wait_than_may() {
    let queue = ("queue", record([("maxDepth", 1.0.into())]));
    let mut world = World::with_options(record([("limits", default_limits([("rpm", 1.0)])), queue]));
    world.submit(Priority::NORMAL);
    world.submit(Priority::NORMAL);
    let refused = world.limiter.submit(world.now, Submission::new(Cost::REQUEST));
    assert_eq!(
        refused,
        Err(Refusal::QueueFull { scope: "default".into(), limit: 1, expected: Some(Duration::MINUTE.times(2)) })
    );
    assert_eq!(world.limiter.waiting(), 1);
}

#[test]
fn a_cancelled_request_frees_its_place_wherever_it_stands() {
    let mut world = World::new(record([("default", record([("concurrency", 1.0.into())]))]));
    let (first, second, third) =
        (world.submit(Priority::NORMAL), world.submit(Priority::NORMAL), world.submit(Priority::NORMAL));
    assert_eq!(world.starts(), [first]);
    assert!(world.limiter.cancel(world.now, second));
    assert!(world.limiter.cancel(world.now, first));
    assert_eq!(world.starts(), [third]);
    assert!(world.limiter.cancel(world.now, third));
    assert!(!world.limiter.cancel(world.now, third));
    assert_eq!((world.starts(), world.limiter.waiting()), (Vec::new(), 0));
}

#[test]
fn a_release_starts_the_next_at_once() {
    let mut world = World::new(record([("default", record([("concurrency", 1.0.into())]))]));
    let (first, second) = (world.submit(Priority::NORMAL), world.submit(Priority::NORMAL));
    world.starts();
    assert_eq!(world.limiter.poll_timeout(), None);
    assert!(world.limiter.release(first));
    assert!(!world.limiter.release(first));
    world.wake();
    assert_eq!(world.starts(), [second]);
}

#[test]
fn a_stale_ticket_does_nothing() {
    let mut world = World::new(default_limits([("rpm", 10.0)]));
    let old = world.submit(Priority::NORMAL);
    world.starts();
    world.limiter.settle(world.now, old, Cost::REQUEST);
    let new = world.submit(Priority::NORMAL);
    assert_ne!(old, new);
    assert!(!world.limiter.cancel(world.now, old));
    world.limiter.settle(world.now, old, Cost::default());
    assert_eq!(world.answer(old, 429, "retry-after: 9"), Verdict::Deliver);
    assert_eq!(world.starts(), [new]);
}

#[test]
fn what_fits_only_what_is_in_flight_changes_nothing_of_what_waits_or_pauses() {
    let mut world = World::new(default_limits([("concurrency", 1.0)]));
    let first = world.submit(Priority::NORMAL);
    let waits = world.submit(Priority::NORMAL);
    let sent = world.send(SMALL).expect("admitted");
    for ticket in [waits, sent] {
        world.limiter.settle(world.now, ticket, Cost::REQUEST);
        assert_eq!(world.limiter.handle_failure(world.now, ticket), Verdict::Deliver);
        assert!(!world.limiter.release(ticket));
    }
    assert_eq!(world.limiter.waiting(), 2);
    world.starts();
    world.limiter.settle(world.now, first, Cost::REQUEST);
    assert_eq!(world.starts(), [waits]);
    world.limiter.settle(world.now, waits, Cost::REQUEST);
    assert_eq!(world.starts(), [sent]);
    assert_eq!(world.limiter.handle_failure(world.now, sent), Verdict::Retry);
    assert_eq!(world.limiter.handle_failure(world.now, sent), Verdict::Deliver);
    world.limiter.settle(world.now, sent, Cost::REQUEST);
    assert_eq!((world.limiter.waiting(), world.limiter.in_flight(), world.starts()), (1, 0, vec![]));
    assert_eq!(world.wake().1, Reason::Backoff);
    assert_eq!(world.starts(), [sent]);
}

fn tokens(input_tokens: u32, priority: Priority, tenant: &str) -> Submission<'_> {
    Submission { priority, tenant, ..Submission::new(Cost { input_tokens, ..Cost::REQUEST }) }
}

/// A bucket of a hundred model tokens, of which ten are left, and someone large who waits for all of them, with nine behind.
fn behind_a_large_one(options: Value) -> (World, Ticket) {
    let mut world = World::with_options(options);
    let used = world.limiter.submit(world.now, tokens(90, Priority::NORMAL, "")).expect("admitted");
    let large = world.limiter.submit(world.now, tokens(100, Priority::NORMAL, "large")).expect("admitted");
    assert_eq!(world.starts(), [used]);
    for _ in 0..9 {
        world.limiter.submit(world.now, tokens(100, Priority::NORMAL, "large")).expect("admitted");
    }
    assert_eq!(world.starts(), []);
    (world, large)
}

fn bucket_of_a_hundred(queue: Value) -> Value {
    record([("limits", record([("default", record([("itpm", 100.0.into())]))])), ("queue", queue)])
}

#[test]
fn a_newcomer_whose_turn_it_is_starts_at_once_however_many_wait() {
    let (mut world, _) = behind_a_large_one(bucket_of_a_hundred(record([("headroom", 0.0.into())])));
    let small = world.limiter.submit(world.now, tokens(10, Priority::NORMAL, "small")).expect("admitted");
    assert_eq!(world.starts(), [small], "another tenant's turn ends sooner");
}

#[test]
fn when_the_first_gives_up_others_start_at_once_though_someone_else_became_overdue() {
    let queue = record([("headroom", 0.0.into()), ("ageingMs", 1_000.0.into())]);
    let (mut world, large) = behind_a_large_one(bucket_of_a_hundred(queue));
    let low = world.limiter.submit(world.now, tokens(5, Priority::LOW, "")).expect("admitted");
    for _ in 0..7 {
        let nothing = world.limiter.submit(world.now, tokens(0, Priority::CRITICAL, "")).expect("admitted");
        assert_eq!(world.starts(), [nothing]);
    }
    world.wait(Duration::from_secs(4));
    assert_eq!(world.starts(), [], "nobody looks before there is room for the first");
    world.limiter.cancel(world.now, large);
    assert_eq!(world.starts(), [low]);
}

#[test]
fn a_share_of_the_permits_is_left_for_what_is_urgent() {
    let limits = record([("default", record([("concurrency", 8.0.into())]))]);
    let mut world = World::with_options(record([("limits", limits), ("queue", record([("headroom", 0.25.into())]))]));
    let low: Vec<Ticket> = (0..9).map(|_| world.submit(Priority::LOW)).collect();
    assert_eq!(world.starts(), low[..6]);
    let now = world.now;
    assert_eq!(world.limiter.acquire_now(now, ScopeId::DEFAULT, Cost::REQUEST, Priority::LOW), Err(NotNow::MustWait));
    let high: Vec<Ticket> = (0..3).map(|_| world.submit(Priority::HIGH)).collect();
    assert_eq!(world.starts(), high[..2]);
    world.limiter.settle(world.now, low[0], Cost::REQUEST);
    assert_eq!(world.starts(), high[2..]);
    world.limiter.settle(world.now, low[1], Cost::REQUEST);
    assert_eq!(world.starts(), [], "two are left");
    for ticket in high {
        world.limiter.settle(world.now, ticket, Cost::REQUEST);
    }
    assert_eq!(world.starts(), low[6..8]);
}
