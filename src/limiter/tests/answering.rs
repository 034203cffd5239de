//! What answers, failures and bodies mean for those that wait.

use super::*;

#[test]
fn closing_refuses_what_waits_and_lets_what_flies_land() {
    let mut world = World::new(default_limits([("rpm", 1.0)]));
    let flying = world.send(SMALL).expect("admitted");
    world.starts();
    let waiting = world.submit(Priority::NORMAL);
    world.limiter.close(world.now);
    assert_eq!(world.drain().1, [(waiting, Refusal::Closed)]);
    assert_eq!(world.send(SMALL), Err(Refusal::Closed));
    assert_eq!(world.answer(flying, 529, ""), Verdict::Deliver);
    assert_eq!(world.limiter.poll_timeout(), None);
}

#[test]
fn one_refusal_shuts_the_scope_for_everybody_until_the_stated_instant() {
    let mut world = World::new(default_limits([("rpm", 600.0)]));
    let tickets: Vec<Ticket> = (0..3).map(|_| world.send(SMALL).expect("admitted")).collect();
    world.starts();
    assert_eq!(world.answer(tickets[0], 429, "retry-after: 7"), Verdict::Retry);
    let late = world.send(SMALL).expect("admitted");
    assert_eq!(world.starts(), []);
    let (waited, reason) = world.wake();
    assert_eq!(reason, Reason::Cooldown);
    assert!(waited >= Duration::from_secs(7) && waited <= Duration::from_millis(7_700), "{waited:?}");
    // Who was refused has waited before and goes first, and the others when it is clear that the server serves again.
    assert_eq!(world.starts(), [tickets[0]]);
    world.answer(tickets[0], 200, "");
    assert_eq!(world.starts(), [late]);
    assert!(world.events.iter().any(|event| matches!(event, Event::Refused { kind: Kind::RateLimit, .. })));
}

#[test]
fn an_overloaded_server_delays_the_request_and_not_the_scope() {
    let mut world = World::new(default_limits([("rpm", 600.0)]));
    let ticket = world.send(SMALL).expect("admitted");
    world.starts();
    assert_eq!(world.answer(ticket, 529, ""), Verdict::Retry);
    let other = world.send(SMALL).expect("admitted");
    assert_eq!(world.starts(), [other]);
    let (waited, reason) = world.wake();
    assert!(waited <= Duration::from_millis(500), "{waited:?}");
    assert_eq!(reason, Reason::Backoff);
    assert_eq!(world.starts(), [ticket]);
}

#[test]
fn after_the_last_attempt_the_caller_gets_the_answer() {
    let retry = ("retry", record([("attempts", 2.0.into())]));
    let mut world = World::with_options(record([retry]));
    let ticket = world.send(SMALL).expect("admitted");
    world.starts();
    assert_eq!(world.answer(ticket, 500, ""), Verdict::Retry);
    world.wake();
    assert_eq!(world.starts(), [ticket]);
    assert_eq!(world.answer(ticket, 500, ""), Verdict::Deliver);
    assert_eq!((world.limiter.waiting(), world.limiter.poll_timeout()), (0, None));
}

#[test]
fn a_spent_budget_and_a_wrong_request_are_not_tried_again() {
    let mut world = World::with_options(Value::Nothing);
    for (status, headers) in [(402, ""), (400, ""), (404, ""), (429, "x-should-retry: false")] {
        let ticket = world.send(SMALL).expect("admitted");
        world.wait(Duration::DAY);
        world.starts();
        assert_eq!(world.answer(ticket, status, headers), Verdict::Deliver, "{status}");
    }
}

#[test]
fn a_failed_connection_repeats_only_what_does_no_harm_twice() {
    let mut world = World::with_options(Value::Nothing);
    for (method, url, expected) in [
        ("POST", "https://api.example/v1/messages", Verdict::Retry),
        ("GET", "https://shop.example/orders", Verdict::Retry),
        ("POST", "https://shop.example/orders", Verdict::Deliver),
    ] {
        let ticket = world.send_as(method, url, SMALL).expect("admitted");
        world.starts();
        assert_eq!(world.limiter.handle_failure(world.now, ticket), expected, "{method} {url}");
        world.limiter.cancel(world.now, ticket);
    }
}

#[test]
fn a_body_that_cannot_be_sent_again_is_sent_once() {
    let mut world = World::with_options(Value::Nothing);
    let request = HttpRequest {
        method: "PUT",
        url: "https://files.example/a",
        headers: HeaderBlock::default(),
        body: Body::Opaque { length: None },
        replayable: false,
        priority: Priority::NORMAL,
        tenant: "",
        max_wait: None,
        stated: Stated::default(),
        count: None,
    };
    let ticket = world.limiter.submit_request(world.now, &request).expect("admitted");
    world.starts();
    assert_eq!(world.answer(ticket, 503, ""), Verdict::Deliver);
}

#[test]
fn what_a_request_used_settles_what_it_reserved() {
    let mut world = World::new(default_limits([("otpm", 10_000.0)]));
    let ticket = world.send(SMALL).expect("admitted");
    world.starts();
    assert_eq!(world.answer(ticket, 200, "content-type: application/json"), Verdict::Observe);
    world.limiter.handle_chunk(world.now, ticket, br#"{"usage":{"input_tokens":9,"output_tok"#);
    world.limiter.handle_chunk(world.now, ticket, br#"ens":42}}"#);
    world.limiter.finish(world.now, ticket, true);
    let snapshot = alloc::format!("{:?}", world.limiter.snapshot(world.now));
    assert!(snapshot.contains(r#"("available", Number(9958.0))"#), "{snapshot}");
    assert!(snapshot.contains(r#"("inFlight", Number(0.0))"#), "{snapshot}");
}

#[test]
fn an_answer_that_ends_with_an_error_is_charged_what_passed() {
    let mut world = World::new(default_limits([("otpm", 10_000.0)]));
    let start = r#"data: {"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}"#;
    let delta = alloc::format!(
        r#"data: {{"type":"content_block_delta","delta":{{"type":"text_delta","text":"{}"}}}}"#,
        "tide".repeat(300)
    );
    let error = r#"data: {"type":"error","error":{"type":"overloaded_error"}}"#;
    let ticket = world.send(SMALL).expect("admitted");
    world.starts();
    assert_eq!(world.answer(ticket, 200, "content-type: text/event-stream"), Verdict::Observe);
    for event in [start, &delta, error] {
        world.limiter.handle_chunk(world.now, ticket, alloc::format!("{event}\n\n").as_bytes());
    }
    world.limiter.finish(world.now, ticket, true);
    let snapshot = alloc::format!("{:?}", world.limiter.snapshot(world.now));
    assert!(snapshot.contains(r#"("available", Number(9700.0))"#), "{snapshot}");
}

#[test]
fn headers_teach_limits_that_nobody_configured() {
    let mut world = World::with_options(Value::Nothing);
    let ticket = world.send(SMALL).expect("admitted");
    world.starts();
    let headers =
        "anthropic-ratelimit-requests-limit: 2\nanthropic-ratelimit-requests-remaining: 1\ncontent-type: text/plain";
    assert_eq!(world.answer(ticket, 200, headers), Verdict::Deliver);
    let next: Vec<Ticket> = (0..2).map(|_| world.send(SMALL).expect("admitted")).collect();
    assert_eq!(world.starts_of(1), next[..1]);
    assert_eq!(world.events.len(), 1);
    // The bucket of two was full when the first came, and the server may have counted it a little later than that.
    world.wait(Duration::from_secs(28));
    assert_eq!(world.starts(), []);
    world.wait(Duration::from_secs(2));
    assert_eq!(world.starts(), next[1..]);
}

#[test]
fn a_server_that_never_spoke_gets_a_few_requests_until_it_does() {
    let mut world = World::with_options(Value::Nothing);
    let tickets: Vec<Ticket> = (0..10).map(|_| world.send(SMALL).expect("admitted")).collect();
    assert_eq!(world.starts(), tickets[..2]);
    assert_eq!(world.starts_of(1), tickets[2..3]);
    assert_eq!(world.answer(tickets[0], 200, ""), Verdict::Deliver);
    // Four, two more for each answer, and twice as many after a quarter of a second without a refusal.
    assert_eq!(world.starts(), tickets[3..7]);
    assert_eq!(world.wake(), (Duration::from_millis(250), Reason::Cooldown));
    assert_eq!(world.starts(), tickets[7..]);
}

#[test]
fn an_unknown_window_that_is_used_up_shuts_its_scope_until_its_end() {
    let mut world = World::with_options(Value::Nothing);
    let get = |world: &mut World| world.send_as("GET", "https://api.example/items?page=2", "");
    let first = get(&mut world).expect("admitted");
    world.starts();
    world.answer(first, 200, "x-ratelimit-remaining: 0\nx-ratelimit-reset: 30");
    let second = get(&mut world).expect("admitted");
    assert_eq!(world.starts(), []);
    assert_eq!(world.wake(), (Duration::from_secs(30), Reason::Cooldown));
    assert_eq!(world.starts(), [second]);
}

#[test]
fn a_window_whose_length_nobody_states_is_learned_from_its_end() {
    let mut world = World::with_options(Value::Nothing);
    let get = |world: &mut World| world.send_as("GET", "https://api.example/items", "").expect("admitted");
    let first = get(&mut world);
    world.starts();
    world.answer(first, 200, "x-ratelimit-limit: 10\nx-ratelimit-remaining: 6\nx-ratelimit-reset: 30");
    let sent: Vec<Ticket> = (0..9).map(|_| get(&mut world)).collect();
    let mut starts = world.starts();
    for _ in 0..29 {
        world.wait(Duration::SECOND);
        starts.extend(world.starts());
    }
    assert_eq!(starts, sent[..6], "as many as are left of the window");
    world.wait(Duration::SECOND);
    assert_eq!(world.starts(), sent[6..], "the next window is whole");
}

#[test]
fn an_unknown_model_is_told_of_once_and_has_the_default_scope() {
    let limits = record([("claude-*", record([("rpm", 1.0.into())])), ("default", record([("rpm", 2.0.into())]))]);
    let mut world = World::new(limits);
    let gpt = r#"{"model":"gpt-5","messages":[]}"#;
    for _ in 0..3 {
        world.send_as("POST", "https://api.example/v1/chat/completions", gpt).expect("admitted");
    }
    assert_eq!(world.starts_of(2).len(), 2);
    assert_eq!(world.events, [Event::UnknownModel { model: "gpt-5".into(), scope: "default".into() }]);
}

#[test]
fn a_million_hostile_model_names_take_bounded_memory() {
    let mut world = World::with_options(Value::Nothing);
    for number in 0..20_000 {
        let body = alloc::format!(r#"{{"model":"m{number}","messages":[]}}"#);
        let ticket = world.send(&body).expect("admitted");
        world.starts();
        world.answer(ticket, 200, "");
    }
    let Value::Record(snapshot) = world.limiter.snapshot(world.now) else { panic!("a snapshot is a record") };
    let field = |wanted: &str| snapshot.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
    assert!(matches!(field("scopes"), Some(Value::List(scopes)) if scopes.len() == 1_025));
    assert_eq!(field("otherScopes"), Some(&Value::from(15_360.0)));
}

#[test]
fn a_start_that_was_not_told_costs_nothing_when_it_is_cancelled() {
    let mut world = World::new(default_limits([("rpm", 1.0)]));
    let ticket = world.send(SMALL).expect("admitted");
    world.limiter.cancel(world.now, ticket);
    assert_eq!(world.starts(), []);
    world.send(SMALL).expect("admitted");
    assert_eq!(world.starts().len(), 1);
}

#[test]
fn a_request_that_started_and_was_not_sent_costs_nothing_when_it_is_cancelled() {
    let mut world = World::new(default_limits([("rpm", 1.0)]));
    let ticket = world.send(SMALL).expect("admitted");
    assert_eq!(world.starts(), [ticket]);
    assert!(world.limiter.cancel_unsent(world.now, ticket));
    let sent = world.send(SMALL).expect("admitted");
    assert_eq!(world.starts(), [sent]);
    assert!(world.limiter.cancel(world.now, sent));
    world.send(SMALL).expect("admitted");
    assert_eq!(world.starts(), []);
}

#[test]
fn the_same_seed_and_calls_give_the_same_waits() {
    let waits = |seed| {
        let mut world = World::with_options(Value::Nothing);
        world.limiter.reseed(seed);
        let ticket = world.send(SMALL).expect("admitted");
        (0..3)
            .map(|_| {
                world.starts();
                world.answer(ticket, 503, "");
                world.starts();
                world.wake().0
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
}

/// The first limit of the scope that has any: its period, its enforcement and what is available.
fn learned(world: &mut World) -> (Value, Value, Value) {
    let Value::Record(snapshot) = world.limiter.snapshot(world.now) else { panic!("a snapshot is a record") };
    let field = |record: &Value, name: &str| {
        let Value::Record(fields) = record else { panic!("{record:?} is no record") };
        fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let Some(Value::List(scopes)) = field(&Value::Record(snapshot), "scopes") else { panic!("scopes are a list") };
    let limits = scopes.iter().filter_map(|scope| field(scope, "limits"));
    let mut limit =
        limits.filter_map(|limits| if let Value::List(limits) = limits { limits.into_iter().next() } else { None });
    let limit = limit.next_back().expect("a limit");
    let part = |name| field(&limit, name).expect("stated");
    (part("periodMs"), part("enforcement"), part("available"))
}

const DIALECT: &str = r#"{"model":"m","max_completion_tokens":1000,"messages":[{"role":"user","content":"Hello"}]}"#;

#[test]
fn a_limit_of_unknown_period_is_a_bucket_by_the_minute_only_where_that_is_documented() {
    for (headers, expected) in [
        ("openai-version: 2020-10-01\nx-ratelimit-limit-requests: 60", (60_000.0, "token-bucket")),
        ("x-ms-deployment-name: d\nx-ratelimit-limit-tokens: 6000", (60_000.0, "token-bucket")),
        ("x-groq-region: x\nx-ratelimit-limit-requests: 14400", (86_400_000.0, "token-bucket")),
        (
            "x-ratelimit-policy: x\nratelimit: \"a\";r=5;t=30\nratelimit-policy: \"a\";q=60;w=30",
            (30_000.0, "fixed-window"),
        ),
    ] {
        let mut world = World::with_options(Value::Nothing);
        let url = if expected.1 == "token-bucket" { "https://h/v1/chat/completions" } else { "https://h/items" };
        let ticket = world.send_as("POST", url, DIALECT).expect("admitted");
        world.starts();
        world.answer(ticket, 200, headers);
        let (period, enforcement, _) = learned(&mut world);
        assert_eq!((period, enforcement), (Value::from(expected.0), Value::from(expected.1)), "{headers}");
    }
}

#[test]
fn a_dialect_is_charged_as_whoever_answers_charges() {
    let usage = br#"{"usage":{"prompt_tokens":2,"completion_tokens":8}}"#;
    let left_after = |mark: &str| {
        let mut world = World::new(default_limits([("tpd", 10_000.0)]));
        let ticket = world.send_as("POST", "https://h/v1/chat/completions", DIALECT).expect("admitted");
        world.starts();
        let headers = alloc::format!("content-type: application/json\n{mark}: x");
        assert_eq!(world.answer(ticket, 200, &headers), Verdict::Observe);
        world.limiter.handle_chunk(world.now, ticket, usage);
        world.limiter.finish(world.now, ticket, true);
        learned(&mut world).2
    };
    assert_eq!(left_after("x-groq-region"), Value::from(9_990.0));
    // What was reserved at admission is not refunded.
    assert_eq!(left_after("openai-version"), Value::from(9_000.0));
}

#[test]
fn what_a_described_api_states_is_no_bucket_of_the_provider_that_it_is_like() {
    let limit = record([("dimension", "requests".into()), ("limit", "x-quota".into()), ("windowMs", 5_000.0.into())]);
    let provider = record([("like", "openai".into()), ("limits", Value::List(Vec::from([limit])))]);
    let mut world = World::with_options(record([("provider", provider)]));
    let ticket = world.send_as("GET", "https://h/items", "").expect("admitted");
    world.starts();
    world.answer(ticket, 200, "X-Quota: 60");
    let (period, enforcement, _) = learned(&mut world);
    assert_eq!((period, enforcement), (Value::from(5_000.0), Value::from("fixed-window")));
}

#[test]
fn the_wait_that_an_overloaded_server_orders_says_nothing_of_the_quota() {
    let mut world = World::new(default_limits([("rpm", 60.0)]));
    let overloaded = world.send(SMALL).expect("admitted");
    world.starts();
    let headers = "retry-after: 30\nanthropic-ratelimit-requests-limit: 60\nanthropic-ratelimit-requests-remaining: 0";
    assert_eq!(world.answer(overloaded, 529, headers), Verdict::Retry);
    let other = world.send(SMALL).expect("admitted");
    world.wait(Duration::from_secs(2));
    assert_eq!(world.starts(), [other]);
}

#[test]
fn a_cut_answer_is_charged_by_the_tokens_that_other_answers_had_for_their_characters() {
    let mut world = World::new(default_limits([("otpm", 1_000_000.0)]));
    let mut settled = |body: &str, complete: bool| {
        // What was taken before comes back in the meantime.
        world.wait(Duration::from_secs(120));
        let ticket = world.send(SMALL).expect("admitted");
        world.starts();
        assert_eq!(world.answer(ticket, 200, "content-type: application/json"), Verdict::Observe);
        world.limiter.handle_chunk(world.now, ticket, body.as_bytes());
        world.limiter.finish(world.now, ticket, complete);
        let left = alloc::format!("{:?}", world.limiter.snapshot(world.now));
        let left = left.split_once(r#"("available", Number("#).expect("one limit").1;
        1_000_000.0 - left.split_once(')').expect("a number").0.parse::<f64>().expect("a number")
    };
    let beginning = alloc::format!(r#"{{"content":[{{"type":"text","text":"{}"#, "a".repeat(400));
    assert_eq!(settled(&beginning, false), 100.0);
    for _ in 0..60 {
        settled(&alloc::format!(r#"{beginning}"}}],"usage":{{"input_tokens":9,"output_tokens":200}}}}"#), true);
    }
    assert_eq!(settled(&beginning, false), 199.0);
    // An error inside a success ends an answer, too, and its usage is an early one.
    let failed = alloc::format!(
        r#"{beginning}"}}],"usage":{{"output_tokens":1}},"error":{{"type":"overloaded_error","message":"Overloaded"}}}}"#
    );
    assert_eq!(settled(&failed, true), 199.0);
}

#[test]
fn a_refusal_costs_a_request_where_refusals_count() {
    let left_after = |url: &str| {
        let mut world = World::new(default_limits([("rpd", 100.0)]));
        let ticket = world.send_as("POST", url, DIALECT).expect("admitted");
        world.starts();
        assert_eq!(world.answer(ticket, 429, "retry-after: 5"), Verdict::Retry);
        learned(&mut world).2
    };
    assert_eq!(left_after("https://h/v1/chat/completions"), Value::from(99.0));
    assert_eq!(left_after("https://h/v1/messages"), Value::from(100.0));
}
