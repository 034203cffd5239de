//! What makes a server harder to live with than its limits: storms, changes, growth, crowds, and headers that do not
//! tell the truth.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use client::{at, json, messages, post, server};
use serde_json::{Value, json};
use tidegate_simulator::{Exchange, Request, Server};

fn small() -> Request {
    messages(20, 1, false)
}

fn chat() -> Request {
    let messages = json!([{ "role": "user", "content": "Tide?" }]);
    post("/v1/chat/completions", &json!({ "model": "gpt-4o", "max_tokens": 40, "messages": messages }))
}

fn remaining(exchange: &Exchange) -> Option<&str> {
    exchange.header("anthropic-ratelimit-requests-remaining")
}

/// The statuses of `count` small requests at one instant.
fn burst(server: &mut Server, now: f64, count: usize) -> Vec<u16> {
    (0..count).map(|_| server.handle(at(now), &small()).status()).collect()
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|&&seen| seen == status).count()
}

#[test]
fn a_storm_turns_its_share_away_while_it_lasts_and_charges_nothing() {
    let mut server = server(json!({ "storms": [{ "fromMs": 10_000, "untilMs": 20_000, "share": 0.4 }] }));
    assert_eq!(count(&burst(&mut server, 9.999, 200), 529), 0);
    let turned_away = count(&burst(&mut server, 10.0, 400), 529);
    assert!((120..200).contains(&turned_away), "{turned_away}");
    assert_eq!(count(&burst(&mut server, 20.0, 200), 529), 0);
    let stats = server.stats(at(20.0));
    let group = stats.group("org-1", "claude-sonnet-4.x").unwrap();
    assert_eq!(group.counts.overloaded as usize, turned_away);
    assert_eq!(group.limit("requests").unwrap().charged as usize, 800 - turned_away);
}

#[test]
fn a_storm_turns_openai_s_requests_away_with_503() {
    let mut server = server(json!({ "storms": [{ "fromMs": 0, "untilMs": 1_000, "share": 1.0 }] }));
    let exchange = server.handle(at(0.0), &chat());
    assert_eq!((exchange.status(), &json(&exchange)["error"]["code"]), (503, &json!("server_is_overloaded")));
}

#[test]
fn a_storm_leaves_what_else_goes_wrong_as_it_was() {
    let statuses = |options: Value| {
        let mut server = server(options);
        (0..60).map(|second| server.handle(at(second.into()), &small()).status()).collect::<Vec<_>>()
    };
    let calm = statuses(json!({ "seed": 3, "faults": { "error": 0.5 } }));
    let stormy = statuses(json!({
        "seed": 3,
        "faults": { "error": 0.5 },
        "storms": [{ "fromMs": 20_000, "untilMs": 40_000, "share": 1.0 }],
    }));
    assert_eq!((&calm[..20], &calm[40..]), (&stormy[..20], &stormy[40..]));
    assert_eq!(stormy[20..40], [529; 20]);
}

#[test]
fn limits_change_at_their_instant_and_what_was_used_stays_used() {
    let mut server = server(json!({
        "limits": { "default": { "rpm": 60 }, "claude-sonnet-4.x": { "rpm": 30 } },
        "changes": [
            { "atMs": 20_000, "limits": { "claude-sonnet-4.x": { "rpm": 10 } } },
            { "atMs": 10_000, "limits": { "claude-sonnet-4.x": { "rpm": 120 }, "default": { "rpm": 1 } } },
        ],
    }));
    assert_eq!(count(&burst(&mut server, 0.0, 40), 200), 30);
    // Five of the thirty came back, and then 120 a minute hold 90 more: 25 are still missing.
    let raised = server.handle(at(10.0), &small());
    assert_eq!((raised.header("anthropic-ratelimit-requests-limit"), remaining(&raised)), (Some("120"), Some("94")));
    // Twenty came back since; 6 are missing, of ten now.
    let lowered = server.handle(at(20.0), &small());
    assert_eq!((lowered.header("anthropic-ratelimit-requests-limit"), remaining(&lowered)), (Some("10"), Some("3")));
}

#[test]
fn a_change_of_the_default_holds_for_groups_that_have_no_entry_of_their_own() {
    let mut server = server(json!({
        "limits": { "default": { "rpm": 60 }, "claude-opus-5": { "rpm": 30 } },
        "changes": [{ "atMs": 0, "limits": { "default": { "rpm": 7 } } }],
    }));
    let limit = |server: &mut Server, model: &str| {
        let messages = json!([{ "role": "user", "content": "Tide?" }]);
        let body = json!({ "model": model, "max_tokens": 9, "messages": messages });
        let exchange = server.handle(at(1.0), &post("/v1/messages", &body));
        exchange.header("anthropic-ratelimit-requests-limit").map(str::to_owned)
    };
    assert_eq!(limit(&mut server, "claude-sonnet-5").as_deref(), Some("7"));
    assert_eq!(limit(&mut server, "claude-opus-5").as_deref(), Some("30"));
}

#[test]
fn growth_that_is_too_fast_is_refused_with_its_own_code_and_a_true_wait() {
    let mut server = server(json!({ "ramp": { "perMinute": 60, "growthPercent": 50, "everyMs": 10_000 } }));
    assert_eq!(count(&burst(&mut server, 2.0, 12), 200), 10);
    let refusal = server.handle(at(4.5), &small());
    assert_eq!((refusal.status(), refusal.header("retry-after")), (429, Some("8")));
    let error = &json(&refusal)["error"];
    assert_eq!(
        (&error["type"], &error["details"]["error_code"]),
        (&json!("rate_limit_error"), &json!("ramp_limit_exceeded"))
    );
    // The quota is there all the same: ten were used, and have come back.
    assert_eq!(remaining(&refusal), Some("1000"));
    assert_eq!(count(&burst(&mut server, 12.0, 20), 200), 15);
    assert_eq!(count(&burst(&mut server, 22.0, 30), 200), 22);
    // After a pause it begins anew.
    assert_eq!(count(&burst(&mut server, 42.0, 30), 200), 10);
    let openai = (0..11).map(|_| server.handle(at(50.0), &chat())).last().unwrap();
    assert_eq!((openai.status(), &json(&openai)["error"]["code"]), (429, &json!("slow_down")));
    assert_eq!(openai.header("retry-after"), Some("10"));
}

#[test]
fn too_many_in_flight_are_refused_without_a_word_about_the_quota() {
    let mut server = server(json!({ "maxInFlight": 3, "timing": { "variation": 0 } }));
    assert_eq!(burst(&mut server, 0.0, 4), [200, 200, 200, 429]);
    let refusal = server.handle(at(0.1), &small());
    assert_eq!((refusal.status(), refusal.header("retry-after"), remaining(&refusal)), (429, Some("1"), None));
    assert_eq!(json(&refusal)["error"]["type"], "rate_limit_error");
    // Counting tokens takes nobody's place.
    let body = json!({ "model": "claude-sonnet-4-5", "messages": [{ "role": "user", "content": "Tide?" }] });
    assert_eq!(server.handle(at(0.1), &post("/v1/messages/count_tokens", &body)).status(), 200);
    assert_eq!(burst(&mut server, 0.4, 1), [200]);
}

#[test]
fn beyond_its_capacity_the_service_is_overloaded() {
    let mut server = server(json!({ "capacity": 3, "timing": { "variation": 0 } }));
    assert_eq!(burst(&mut server, 0.0, 5), [200, 200, 200, 529, 529]);
    let overloaded = server.handle(at(0.1), &small());
    assert_eq!(json(&overloaded)["error"]["type"], "overloaded_error");
    // What was turned away holds no place, and counting tokens takes none.
    let body = json!({ "model": "claude-sonnet-4-5", "messages": [{ "role": "user", "content": "Tide?" }] });
    assert_eq!(server.handle(at(0.1), &post("/v1/messages/count_tokens", &body)).status(), 200);
    assert_eq!(burst(&mut server, 0.5, 4), [200, 200, 200, 529]);
}

#[test]
fn hidden_headers_leave_the_wait_in_refusals() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 1 } }, "headers": { "hide": true } }));
    let served = server.handle(at(0.0), &small());
    let refusal = server.handle(at(0.0), &small());
    assert_eq!((refusal.status(), refusal.header("retry-after")), (429, Some("60")));
    for exchange in [served, refusal] {
        let headers = exchange.head.unwrap().headers;
        assert!(!headers.iter().any(|(name, _)| name.contains("ratelimit")), "{headers:?}");
    }
}

#[test]
fn headers_can_state_a_multiple_of_what_is_left_but_no_more_than_the_limit() {
    let stated = |factor: f64, used: usize| {
        let mut server = server(json!({ "limits": { "default": { "rpm": 100 } }, "headers": { "factor": factor } }));
        burst(&mut server, 0.0, used - 1);
        server.handle(at(0.0), &small()).header("anthropic-ratelimit-requests-remaining").map(str::to_owned).unwrap()
    };
    assert_eq!((stated(2.0, 80), stated(2.0, 20), stated(0.5, 20)), ("40".into(), "100".into(), "40".into()));
}

#[test]
fn headers_can_state_what_was_true_some_time_ago() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 60 } }, "headers": { "staleMs": 3_000 } }));
    burst(&mut server, 0.0, 30);
    let requests = |server: &mut Server, now| {
        let exchange = server.handle(at(now), &small());
        let reset = exchange.header("anthropic-ratelimit-requests-reset").map(str::to_owned).unwrap();
        (remaining(&exchange).unwrap().to_owned(), reset)
    };
    assert_eq!(requests(&mut server, 2.5), ("60".into(), "2026-11-23T12:00:00Z".into()));
    assert_eq!(requests(&mut server, 5.0), ("32".into(), "2026-11-23T12:00:30Z".into()));
    // Of the charge at 2.5 s they know at 5.5 s.
    assert_eq!(requests(&mut server, 6.0), ("32".into(), "2026-11-23T12:00:31Z".into()));
}
