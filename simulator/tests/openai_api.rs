//! The simulated OpenAI-shaped API answers, charges and refuses as the documents say.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use client::{at, json, post, server};
use serde_json::{Value, json};
use tidegate_simulator::Request;

fn chat(max_tokens: u64, further: Value) -> Request {
    let messages = json!([{ "role": "user", "content": "When does the tide turn?" }]);
    let mut body = json!({ "model": "gpt-4o", "max_completion_tokens": max_tokens, "messages": messages });
    body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    let mut request = post("/v1/chat/completions", &body);
    request.headers[0] = ("Authorization".into(), "Bearer key".into());
    request
}

#[test]
fn a_completion_is_charged_by_what_it_may_be() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 100, "tpm": 10_000 } } }));
    let exchange = server.handle(at(0.0), &chat(2_500, json!({})));
    assert_eq!(exchange.status(), 200);
    assert_eq!(exchange.header("x-ratelimit-limit-tokens"), Some("10000"));
    assert_eq!(exchange.header("x-ratelimit-remaining-tokens"), Some("7500"));
    assert_eq!(exchange.header("x-ratelimit-reset-tokens"), Some("15s"));
    assert_eq!(exchange.header("x-ratelimit-reset-requests"), Some("600ms"));
    let usage = &json(&exchange)["usage"];
    assert!(usage["completion_tokens"].as_u64().unwrap() <= 2_500);
    assert_eq!(
        usage["total_tokens"].as_u64().unwrap(),
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap()
    );
}

#[test]
fn a_stream_ends_with_its_usage_only_where_asked_and_with_done_always() {
    let mut server = server(json!({}));
    let plain = server.handle(at(0.0), &chat(50, json!({ "stream": true }))).body();
    assert!(plain.ends_with("data: [DONE]\n\n") && !plain.contains("usage"));
    let asked = chat(50, json!({ "stream": true, "stream_options": { "include_usage": true } }));
    let with_usage = server.handle(at(0.0), &asked).body();
    assert!(with_usage.contains(r#""choices":[],"usage":{"#));
}

#[test]
fn those_that_are_shaped_like_openai_are_there_behind_their_prefixes_and_tell_the_usage_of_streams_unasked() {
    let mut server = server(json!({}));
    let stream = |path: &str, model: &str| {
        let mut request = post(path, &json!({ "model": model, "stream": true, "messages": [{ "content": "Tide?" }] }));
        request.headers[0] = ("Authorization".into(), "Bearer key".into());
        request
    };
    for (path, model, tells) in [
        ("/api/v1/chat/completions", "openai/gpt-4o", true),
        ("/v1/chat/completions", "mistral-large-latest", true),
        ("/openai/v1/chat/completions", "llama-4", false),
    ] {
        let exchange = server.handle(at(0.0), &stream(path, model));
        assert_eq!(exchange.status(), 200, "{path}");
        assert_eq!(exchange.body().contains(r#""usage":{"prompt_tokens""#), tells, "{path}");
    }
}

#[test]
fn a_refusal_says_how_long_to_wait_and_counts_as_a_request() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 100, "tpm": 10_000 } } }));
    server.handle(at(0.0), &chat(9_000, json!({})));
    let refusal = server.handle(at(0.0), &chat(2_000, json!({})));
    assert_eq!((refusal.status(), refusal.header("retry-after")), (429, Some("6")));
    let error = &json(&refusal)["error"];
    assert_eq!((&error["code"], &error["type"]), (&json!("rate_limit_exceeded"), &json!("tokens")));
    assert!(error["message"].as_str().unwrap().contains("Please try again in 6s."));
    assert_eq!(refusal.header("x-ratelimit-remaining-requests"), Some("98"));
}

#[test]
fn a_request_larger_than_the_limit_is_told_so() {
    let mut server = server(json!({ "limits": { "default": { "tpm": 10_000 } } }));
    let refusal = server.handle(at(0.0), &chat(20_000, json!({})));
    assert_eq!(refusal.status(), 429);
    assert!(json(&refusal)["error"]["message"].as_str().unwrap().starts_with("Request too large"));
}
