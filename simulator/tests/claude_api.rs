//! The simulated Claude API answers, charges and refuses as the documents say.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use client::{MODEL, at, events, json, messages, post, server};
use serde_json::json;
use tidegate_simulator::{Ending, tokenizer};

const GROUP: &str = "claude-sonnet-4.x";

#[test]
fn a_message_comes_whole_when_its_last_token_is_there() {
    let mut server = server(json!({ "timing": { "firstTokenMs": 400, "tokensPerSecond": 100 } }));
    let exchange = server.handle(at(1.0), &messages(300, 201, false));
    assert_eq!(exchange.status(), 200);
    assert_eq!(exchange.header("content-type"), Some("application/json"));
    let message = json(&exchange);
    assert_eq!(message["type"], "message");
    assert_eq!(message["model"], MODEL);
    assert_eq!(message["stop_reason"], "end_turn");
    assert_eq!(message["usage"]["input_tokens"], 300);
    assert_eq!(message["usage"]["output_tokens"], 201);
    assert_eq!(tokenizer::count(message["content"][0]["text"].as_str().unwrap()), 201);
    // 0.4 s and 2 s, each a quarter faster or slower.
    let took = exchange.ends_at().unwrap() - at(1.0);
    assert!((1.8..=3.0).contains(&took.as_secs_f64()), "{took:?}");
    assert_eq!(exchange.head.as_ref().unwrap().at, exchange.ends_at().unwrap());
}

#[test]
fn a_stream_spreads_the_documented_events_over_the_production() {
    let mut server = server(json!({}));
    let exchange = server.handle(at(0.0), &messages(300, 201, true));
    assert_eq!(exchange.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let events = events(&exchange);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["message_start", "content_block_start", "ping"]);
    assert_eq!(names[names.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    assert!(names[3..names.len() - 3].iter().all(|name| *name == "content_block_delta"));
    assert!(events.iter().all(|(name, data)| data["type"] == *name));
    assert_eq!(events[0].1["message"]["usage"]["input_tokens"], 300);
    assert_eq!(events[names.len() - 2].1["usage"]["output_tokens"], 201);
    let text: String = events.iter().filter_map(|(_, data)| data["delta"]["text"].as_str()).collect();
    assert_eq!(tokenizer::count(&text), 201);
    let times: Vec<_> = exchange.pieces.iter().map(|piece| piece.at).collect();
    assert!(times.is_sorted() && times[0] < times[times.len() - 1]);
    assert_eq!(exchange.ending, Ending::Complete);
}

#[test]
fn a_refusal_has_the_documented_body_and_headers_and_costs_nothing() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 2, "itpm": 80_000, "otpm": 16_000 } } }));
    server.handle(at(0.0), &messages(300, 10, false));
    server.handle(at(0.0), &messages(300, 10, false));
    for _ in 0..3 {
        let refusal = server.handle(at(0.5), &messages(300, 10, false));
        assert_eq!(refusal.status(), 429);
        assert_eq!(refusal.header("retry-after"), Some("30"));
        assert_eq!(refusal.header("anthropic-ratelimit-requests-limit"), Some("2"));
        assert_eq!(refusal.header("anthropic-ratelimit-requests-remaining"), Some("0"));
        assert_eq!(refusal.header("anthropic-ratelimit-requests-reset"), Some("2026-11-23T12:01:00Z"));
        assert_eq!(refusal.header("anthropic-ratelimit-tokens-limit"), Some("96000"));
        let body = json(&refusal);
        assert_eq!((&body["type"], &body["error"]["type"]), (&json!("error"), &json!("rate_limit_error")));
        assert_eq!(body["request_id"], refusal.header("request-id").unwrap());
    }
    assert_eq!(server.handle(at(30.0), &messages(300, 10, false)).status(), 200);
    let stats = server.stats(at(60.0));
    let group = stats.group("org-1", GROUP).unwrap();
    assert_eq!((group.counts.requests, group.counts.served, group.counts.refused), (6, 3, 3));
    assert_eq!(group.limit("requests").unwrap().charged, 3);
}

#[test]
fn refusals_can_be_made_to_cost_a_request() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 1 } }, "chargeRefusals": true }));
    server.handle(at(0.0), &messages(300, 10, false));
    assert_eq!(server.handle(at(0.0), &messages(300, 10, false)).header("retry-after"), Some("120"));
}

#[test]
fn input_is_charged_as_estimated_and_corrected_when_the_answer_begins() {
    let mut server = server(json!({}));
    let exchange = server.handle(at(0.0), &messages(5_000, 10, true));
    let charged = |server: &mut tidegate_simulator::Server, now| {
        server.stats(now).group("org-1", GROUP).unwrap().limit("inputTokens").unwrap().charged
    };
    assert_ne!(charged(&mut server, at(0.0)), 5_000);
    assert_eq!(charged(&mut server, exchange.pieces[0].at), 5_000);
}

#[test]
fn output_is_charged_as_it_appears_goes_into_debt_and_max_tokens_is_free() {
    let mut server = server(json!({ "limits": { "default": { "otpm": 600 } } }));
    let exchange = server.handle(at(0.0), &messages(100, 1_000, true));
    assert_eq!(exchange.header("anthropic-ratelimit-output-tokens-limit"), Some("600"));
    let half_way = exchange.pieces[exchange.pieces.len() / 2].at;
    let stats = server.stats(half_way);
    let charged = stats.group("org-1", GROUP).unwrap().limit("outputTokens").unwrap().charged;
    assert!((400..600).contains(&charged), "{charged}");
    let end = exchange.ends_at().unwrap();
    let stats = server.stats(end);
    let limit = stats.group("org-1", GROUP).unwrap().limit("outputTokens").unwrap();
    assert_eq!(limit.charged, 1_000);
    assert!(limit.remaining < 0);
    let refusal = server.handle(end, &messages(100, 10, true));
    assert_eq!(refusal.status(), 429);
    assert!(json(&refusal)["error"]["message"].as_str().unwrap().contains("output tokens"));
}

#[test]
fn an_answer_is_never_longer_than_allowed() {
    let mut server = server(json!({}));
    let mut request = messages(100, 1_000, false);
    request.body = String::from_utf8(request.body).unwrap().replace("100000", "70").into();
    let message = json(&server.handle(at(0.0), &request));
    assert_eq!((&message["usage"]["output_tokens"], &message["stop_reason"]), (&json!(70), &json!("max_tokens")));
}

#[test]
fn a_retry_has_the_size_that_the_first_attempt_had() {
    let mut server = server(json!({}));
    let mut request = messages(100, 1, false);
    request.headers.pop();
    let mut size = |seconds| json(&server.handle(at(seconds), &request))["usage"]["output_tokens"].as_u64().unwrap();
    let first = size(0.0);
    assert!(first > 1);
    assert_eq!(size(7.0), first);
}

#[test]
fn a_clock_that_goes_back_stands_still() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 1 } } }));
    server.handle(at(30.0), &messages(100, 1, false));
    assert_eq!(server.handle(at(0.0), &messages(100, 1, false)).header("retry-after"), Some("60"));
    assert_eq!(server.stats(at(0.0)).now_ms, 30_000.0);
}

#[test]
fn a_client_that_goes_away_pays_for_what_was_produced() {
    let mut server = server(json!({}));
    let exchange = server.handle(at(0.0), &messages(100, 1_000, true));
    let half_way = exchange.pieces[exchange.pieces.len() / 2].at;
    server.abort(half_way, exchange.id);
    let stats = server.stats(at(3_600.0));
    let group = stats.group("org-1", GROUP).unwrap();
    let charged = group.limit("outputTokens").unwrap().charged;
    assert!((400..600).contains(&charged), "{charged}");
    assert_eq!((group.counts.aborted, group.counts.served, group.counts.in_flight), (1, 0, 0));
}

#[test]
fn keys_of_one_organisation_share_its_limits_and_others_do_not() {
    let mut server = server(json!({
        "limits": { "default": { "rpm": 1 } },
        "organisations": [{ "name": "harbour", "apiKeys": ["one", "two"] }],
    }));
    let mut with_key = |name: &str, value: &str| {
        let mut request = messages(100, 1, false);
        request.headers[0] = (name.into(), value.into());
        server.handle(at(0.0), &request).status()
    };
    assert_eq!(with_key("x-api-key", "one"), 200);
    assert_eq!(with_key("authorization", "Bearer two"), 429);
    assert_eq!(with_key("x-api-key", "three"), 200);
    assert!(server.stats(at(0.0)).group("harbour", GROUP).is_some());
}

#[test]
fn model_groups_have_limits_of_their_own() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 1 }, "claude-opus-5": { "rpm": 2 } } }));
    let mut ask = |model: &str| {
        let body = json!({ "model": model, "max_tokens": 5, "messages": [{ "role": "user", "content": "Hi" }] });
        server.handle(at(0.0), &post("/v1/messages", &body)).status()
    };
    assert_eq!([ask("claude-sonnet-4-5"), ask("claude-sonnet-4-6"), ask("claude-sonnet-5")], [200, 429, 200]);
    assert_eq!([ask("claude-opus-5"), ask("claude-opus-5"), ask("claude-opus-5")], [200, 200, 429]);
}

#[test]
fn counting_tokens_is_free_exact_and_limited_apart() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 1 }, "count-tokens": { "rpm": 2 } } }));
    let mut request = messages(777, 1, false);
    request.path = "/v1/messages/count_tokens?beta=true".into();
    let exchange = server.handle(at(0.0), &request);
    assert_eq!(json(&exchange), json!({ "input_tokens": 777 }));
    assert_eq!(server.handle(at(0.0), &messages(777, 1, false)).status(), 200);
    assert_eq!(server.handle(at(0.0), &request).status(), 200);
    assert_eq!(server.handle(at(0.0), &request).status(), 429);
    // The default is about messages; counting has a published limit of its own.
    let mut server = client::server(json!({ "limits": { "default": { "rpm": 1 } } }));
    let counted = server.handle(at(0.0), &request);
    assert_eq!(counted.header("anthropic-ratelimit-requests-limit"), Some("5000"));
}

#[test]
fn wrong_requests_get_the_documented_errors_and_cost_nothing() {
    let mut server = server(json!({}));
    let good = json!({ "model": MODEL, "max_tokens": 5, "messages": [{ "role": "user", "content": "Hi" }] });
    let without = |field: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        post("/v1/messages", &body)
    };
    let mut unknown = good.clone();
    unknown["model"] = json!("claude-pelican-9");
    let mut keyless = post("/v1/messages", &good);
    keyless.headers.remove(0);
    let mut unversioned = post("/v1/messages", &good);
    unversioned.headers.remove(1);
    let mut garbled = post("/v1/messages", &good);
    garbled.body = vec![0xff, b'{'];
    let mut read = post("/v1/messages", &good);
    read.method = "GET".into();
    let cases = [
        (keyless, 401, "authentication_error"),
        (without("model"), 400, "invalid_request_error"),
        (without("max_tokens"), 400, "invalid_request_error"),
        (without("messages"), 400, "invalid_request_error"),
        (unversioned, 400, "invalid_request_error"),
        (garbled, 400, "invalid_request_error"),
        (read, 404, "not_found_error"),
        (post("/v1/pelicans", &good), 404, "not_found_error"),
        (post("/v1/messages", &unknown), 404, "not_found_error"),
    ];
    for (request, status, kind) in cases {
        let exchange = server.handle(at(0.0), &request);
        assert_eq!((exchange.status(), &json(&exchange)["error"]["type"]), (status, &json!(kind)));
        assert!(exchange.header("request-id").is_some_and(|id| id.starts_with("req_")));
    }
    assert!(server.stats(at(0.0)).organisations.is_empty());
}

#[test]
fn a_prompt_larger_than_the_limit_is_always_refused() {
    let mut server = server(json!({ "limits": { "default": { "itpm": 1_000 } } }));
    for minute in 0..3 {
        let refusal = server.handle(at(60.0 * f64::from(minute)), &messages(5_000, 1, false));
        assert_eq!(refusal.status(), 429);
        assert_eq!(refusal.header("retry-after"), Some("1"));
    }
}

#[test]
fn the_wall_clock_can_be_wrong() {
    let mut server = server(json!({ "clockSkewMs": -3_600_000 }));
    let exchange = server.handle(at(0.0), &messages(100, 1, false));
    assert_eq!(exchange.header("date"), Some("Mon, 23 Nov 2026 11:00:00 GMT"));
}
