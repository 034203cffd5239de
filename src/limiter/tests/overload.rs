//! What refusals, storms and bursts of them mean for those that wait, and for how many attempts there are.

use super::*;

fn retrying<const N: usize>(retry: [(&str, Value); N], limits: Value) -> World {
    World::with_options(record([("retry", record(retry)), ("limits", limits)]))
}

fn send_many(world: &mut World, count: usize) -> Vec<Ticket> {
    (0..count).map(|_| world.send(SMALL).expect("admitted")).collect()
}

/// Lets time pass until something starts; says how long that was.
fn wait_for_start(world: &mut World) -> (Duration, Vec<Ticket>) {
    let begin = world.now;
    loop {
        let starts = world.starts();
        if !starts.is_empty() {
            return (world.now.since(begin), starts);
        }
        world.wake();
    }
}

fn breakers(world: &World) -> Vec<bool> {
    let opened =
        |event: &Event| if let Event::Breaker { open_for, .. } = event { Some(open_for.is_some()) } else { None };
    world.events.iter().filter_map(opened).collect()
}

#[test]
fn a_burst_of_refusals_is_one_shut_and_late_ones_prolong_it_by_no_more_than_they_state() {
    let mut world = World::new(default_limits([("rpm", 600.0)]));
    let tickets = send_many(&mut world, 50);
    world.starts_of(50);
    let begin = world.now;
    for (number, ticket) in (0..).zip(&tickets) {
        world.wait(Duration::from_millis(number % 2));
        assert_eq!(world.answer(*ticket, 429, "retry-after: 7"), Verdict::Retry);
    }
    let (_, starts) = wait_for_start(&mut world);
    assert_eq!(starts.len(), 1, "one goes to try");
    let waited = world.now.since(begin);
    // The first adds a spread of up to a tenth; the last came 25 ms later.
    assert!(waited >= Duration::from_millis(7_025) && waited <= Duration::from_millis(7_725), "{waited:?}");
}

#[test]
fn refusals_without_a_word_are_one_shut_a_burst_and_longer_ones_each_time_nothing_was_served() {
    let retry = [("jitter", "none".into()), ("attempts", 100.0.into())];
    let mut world = retrying(retry, default_limits([("rpm", 600.0)]));
    let mut tickets = send_many(&mut world, 40);
    let mut waits = Vec::new();
    for round in 0..4 {
        if round == 0 {
            world.starts_of(40);
        }
        world.wait(Duration::from_millis(10));
        for ticket in tickets {
            assert_eq!(world.answer(ticket, 429, ""), Verdict::Retry);
        }
        let (waited, starts) = wait_for_start(&mut world);
        waits.push(waited);
        tickets = starts;
    }
    assert_eq!(waits, [500, 1_000, 2_000, 4_000].map(Duration::from_millis));
    world.wait(Duration::from_millis(10));
    world.answer(tickets[0], 200, "");
    let next = world.starts();
    world.wait(Duration::from_millis(10));
    assert_eq!(world.answer(next[0], 429, ""), Verdict::Retry);
    assert_eq!(wait_for_start(&mut world).0, Duration::from_millis(500));
}

#[test]
fn refusals_whose_wait_was_obeyed_take_no_attempt_and_no_budget_but_have_an_end() {
    let none = record([("share", 0.0.into()), ("floorPerSecond", 0.0.into())]);
    let retry = [("attempts", 2.0.into()), ("budget", none)];
    let mut world = retrying(retry, default_limits([("rpm", 6_000.0)]));
    for attempts_of_a_server in [2, 33] {
        assert_eq!(refused_for_ever(&mut world), attempts_of_a_server);
        // It has served somebody, so it may again.
        let served = world.send(SMALL).expect("admitted");
        wait_for_start(&mut world);
        world.answer(served, 200, "");
    }
}

/// Attempts that a request makes at a server that refuses each.
fn refused_for_ever(world: &mut World) -> u32 {
    let ticket = world.send(SMALL).expect("admitted");
    let mut attempts = 1;
    wait_for_start(world);
    while world.answer(ticket, 429, "retry-after: 1") == Verdict::Retry {
        wait_for_start(world);
        attempts += 1;
    }
    attempts
}

#[test]
fn whoever_wants_one_attempt_gets_one() {
    for retry in [Value::Bool(false), record([("attempts", 1.0.into())])] {
        let mut world = World::with_options(record([("retry", retry)]));
        for (status, headers) in [(429, "retry-after: 1"), (529, ""), (500, "")] {
            let ticket = world.send(SMALL).expect("admitted");
            wait_for_start(&mut world);
            assert_eq!(world.answer(ticket, status, headers), Verdict::Deliver);
        }
    }
}

#[test]
fn when_the_budget_is_used_up_the_caller_gets_the_server_s_own_last_answer() {
    let budget = record([("share", 0.5.into()), ("floorPerSecond", 0.0.into())]);
    let mut world = retrying([("budget", budget)], default_limits([("rpm", 6_000.0)]));
    let tickets = send_many(&mut world, 20);
    world.starts();
    let verdicts: Vec<Verdict> = tickets.iter().map(|ticket| world.answer(*ticket, 500, "")).collect();
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Retry).count(), 10);
    assert_eq!(verdicts[10..], [Verdict::Deliver; 10]);
}

#[test]
fn a_retry_that_the_budget_does_not_have_yet_waits_for_it() {
    let budget = record([("share", 0.0.into()), ("floorPerSecond", 1.0.into())]);
    let mut world = retrying([("budget", budget), ("capMs", 2_000.0.into())], default_limits([("rpm", 6_000.0)]));
    let tickets = send_many(&mut world, 20);
    world.starts();
    let verdicts: Vec<Verdict> = tickets.iter().map(|ticket| world.answer(*ticket, 500, "")).collect();
    // Ten seconds' worth, and the two that come within the longest backoff.
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == Verdict::Retry).count(), 12);
    let delay = |event: &Event| if let Event::Retry { delay, .. } = event { Some(*delay) } else { None };
    assert_eq!(
        world.events.iter().filter_map(delay).collect::<Vec<_>>()[10..],
        [Duration::SECOND, Duration::from_secs(2)]
    );
}

#[test]
fn a_stray_overload_changes_nothing_for_others() {
    let mut world = World::new(default_limits([("rpm", 6_000.0)]));
    for number in 0..300 {
        let tickets = send_many(&mut world, 1);
        assert_eq!(world.starts(), tickets, "nobody is held back");
        let status = if number % 50 == 0 { 529 } else { 200 };
        world.answer(tickets[0], status, "");
        world.wait(Duration::from_millis(20));
        for retried in world.starts() {
            world.answer(retried, 200, "");
        }
    }
    let told = world.events.iter().any(|event| matches!(event, Event::Overload { .. } | Event::Breaker { .. }));
    assert!(!told, "{:?}", world.events);
}

#[test]
fn each_overload_of_a_burst_takes_one_and_a_storm_stops_everything() {
    let mut world = World::new(default_limits([("rpm", 60_000.0)]));
    let tickets = send_many(&mut world, 40);
    world.starts();
    world.wait(Duration::from_millis(50));
    for ticket in &tickets[..9] {
        assert_eq!(world.answer(*ticket, 529, ""), Verdict::Retry);
    }
    let limit = |event: &Event| if let Event::Overload { limit, .. } = event { *limit } else { None };
    // From the 37 that were under way when it was clear.
    assert_eq!(world.events.iter().filter_map(limit).collect::<Vec<_>>(), [36, 35, 34, 33, 32, 31]);
    for ticket in &tickets[9..] {
        assert_eq!(world.answer(*ticket, 529, "retry-after: 2"), Verdict::Retry);
    }
    assert_eq!(breakers(&world), [true]);
    let more = world.send(SMALL).expect("admitted");
    let acquired = world.limiter.acquire_now(world.now, ScopeId::DEFAULT, Cost::REQUEST, Priority::CRITICAL);
    assert_eq!(acquired, Err(NotNow::MustWait));
    // What the server ordered is a floor for everybody. Then one goes, and then nobody until it is answered.
    let (waited, trial) = wait_for_start(&mut world);
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    assert_eq!((trial.len(), breakers(&world).len()), (1, 1));
    assert_eq!(world.answer(trial[0], 529, ""), Verdict::Retry);
    let (_, second) = wait_for_start(&mut world);
    assert_ne!(second, trial, "somebody else tries");
    assert_eq!(world.answer(second[0], 200, ""), Verdict::Deliver);
    assert_eq!(breakers(&world), [true, true, false]);
    // From two on, each answer lets two go, to half of what it was; and everybody has an answer in the end.
    let mut rounds = Vec::new();
    let mut answered = Vec::from([second[0]]);
    while world.limiter.waiting() > 0 {
        let (_, starts) = wait_for_start(&mut world);
        rounds.push(starts.len());
        for ticket in &starts {
            assert_eq!(world.answer(*ticket, 200, ""), Verdict::Deliver);
        }
        answered.extend(starts);
    }
    assert_eq!(rounds[..3], [2, 4, 8]);
    assert!(rounds.iter().all(|starts| *starts <= 16), "{rounds:?}");
    assert!(answered.len() >= 40 && answered.contains(&more));
}

#[test]
fn streams_that_end_with_an_overload_count_as_such() {
    let mut world = World::new(default_limits([("rpm", 60_000.0)]));
    let tickets = send_many(&mut world, 20);
    world.starts();
    for ticket in &tickets[..10] {
        assert_eq!(world.answer(*ticket, 200, "content-type: text/event-stream"), Verdict::Observe);
        let event = b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\"}}\n\n";
        world.limiter.handle_chunk(world.now, *ticket, event);
        world.wait(Duration::from_millis(1));
    }
    tickets[..10].iter().for_each(|ticket| world.limiter.finish(world.now, *ticket, true));
    world.take_events();
    assert_eq!(breakers(&world), [true]);
}

#[test]
fn a_trial_that_hangs_hangs_nobody() {
    let mut world = World::new(default_limits([("rpm", 60_000.0)]));
    let tickets = send_many(&mut world, 20);
    world.starts();
    world.wait(Duration::from_millis(50));
    tickets.iter().for_each(|ticket| _ = world.answer(*ticket, 503, ""));
    wait_for_start(&mut world);
    let (waited, second) = wait_for_start(&mut world);
    assert_eq!((waited, second.len()), (Duration::from_secs(5), 1));
}

#[test]
fn a_server_that_takes_few_at_once_is_sent_as_many() {
    let mut world = World::new(default_limits([("rpm", 60_000.0)]));
    let tickets = send_many(&mut world, 30);
    world.starts();
    world.wait(Duration::from_millis(50));
    for ticket in &tickets[6..] {
        assert_eq!(world.answer(*ticket, 429, "retry-after: 1"), Verdict::Retry);
    }
    let (_, trial) = wait_for_start(&mut world);
    assert_eq!(world.answer(trial[0], 429, "retry-after: 1"), Verdict::Retry);
    // Six are in flight, and nobody goes before one of them ends.
    world.wait(Duration::from_secs(3));
    assert_eq!(world.starts(), []);
    world.answer(tickets[0], 200, "");
    assert_eq!(world.starts().len(), 1);
}

#[test]
fn growing_too_fast_spaces_what_starts_and_says_nothing_of_the_quota() {
    let status = 429;
    for (url, body) in [
        ("https://h/v1/messages", &br#"{"error":{"details":{"error_code":"ramp_limit_exceeded"}}}"#[..]),
        ("https://h/v1/chat/completions", br#"{"error":{"code":"slow_down"}}"#),
    ] {
        let mut world = World::new(default_limits([("rpd", 10_000.0)]));
        let tickets: Vec<Ticket> = (0..40).map(|_| world.send_as("POST", url, SMALL).expect("admitted")).collect();
        world.starts_of(40);
        world.wait(Duration::from_millis(50));
        // The server admits twenty.
        for ticket in &tickets[20..] {
            let headers = HeaderBlock::new(b"retry-after: 5\nanthropic-ratelimit-requests-remaining: 5");
            let head = HttpResponse { status, headers, body: None };
            assert_eq!(world.limiter.handle_response(world.now, WALL, *ticket, &head), Verdict::NeedBody);
            let whole = HttpResponse { body: Some(body), ..head };
            assert_eq!(world.limiter.handle_response(world.now, WALL, *ticket, &whole), Verdict::Retry);
        }
        world.starts();
        let (waited, _) = wait_for_start(&mut world);
        assert!(waited >= Duration::from_secs(5) && waited <= Duration::from_millis(5_500), "{waited:?}");
        for _ in 0..10 {
            // Twenty in ten seconds, less an eighth.
            let (waited, starts) = wait_for_start(&mut world);
            assert_eq!((waited.as_millis_ceil(), starts.len()), (572, 1), "{url}");
        }
        let snapshot = alloc::format!("{:?}", world.limiter.snapshot(world.now));
        assert!(snapshot.contains(r#"("startsPerMinute", Number(105.0))"#), "{snapshot}");
    }
}

#[test]
fn an_answer_that_streams_holds_its_place_to_its_end() {
    let mut world = World::new(default_limits([("concurrency", 1.0)]));
    let tickets = send_many(&mut world, 2);
    assert_eq!(world.starts(), tickets[..1]);
    assert_eq!(world.answer(tickets[0], 200, "content-type: text/event-stream"), Verdict::Observe);
    world.limiter.handle_chunk(world.now, tickets[0], b"data: {}\n\n");
    assert_eq!((world.starts(), world.limiter.poll_timeout()), (Vec::new(), None));
    world.limiter.finish(world.now, tickets[0], true);
    assert_eq!(world.starts(), tickets[1..]);
}
