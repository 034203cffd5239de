//! The simulated Claude API caches prompts as the documents say, and says what it read and wrote.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use client::{MODEL, at, events, json, post, server};
use proptest::prelude::*;
use serde_json::{Value, json};
use tidegate_simulator::{Exchange, GroupStats, OUTPUT_TOKENS_HEADER, Request, Server, tokenizer};

const GROUP: &str = "claude-sonnet-4.x";

/// A request of a cached system prompt of 2,000 tokens, 8 around it, and a question of 96 and 4 around it.
fn ask(question: u64, further: Value) -> Request {
    let mut body = json!({
        "model": MODEL,
        "max_tokens": 1_000,
        "system": [{ "type": "text", "text": tokenizer::text(2_000, 0), "cache_control": { "type": "ephemeral" } }],
        "messages": [{ "role": "user", "content": tokenizer::text(96, question) }],
    });
    body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    let mut request = post("/v1/messages", &body);
    request.headers.push((OUTPUT_TOKENS_HEADER.into(), "50".into()));
    request
}

/// `input_tokens`, `cache_creation_input_tokens` and `cache_read_input_tokens`.
fn split(usage: &Value) -> [u64; 3] {
    ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].map(|name| usage[name].as_u64().unwrap())
}

fn group(server: &mut Server, seconds: f64, group: &str) -> GroupStats {
    server.stats(at(seconds)).group("org-1", group).unwrap().clone()
}

fn begins(exchange: &Exchange) -> f64 {
    exchange.pieces[0].at.as_secs_f64()
}

#[test]
fn the_first_writes_the_prefix_and_the_others_read_it_free_of_the_input_limit() {
    let mut server = server(json!({}));
    let first = json(&server.handle(at(0.0), &ask(0, json!({}))));
    assert_eq!(split(&first["usage"]), [100, 2_008, 0]);
    assert_eq!(
        first["usage"]["cache_creation"],
        json!({ "ephemeral_5m_input_tokens": 2_008, "ephemeral_1h_input_tokens": 0 })
    );
    let second = server.handle(at(10.0), &ask(7, json!({ "stream": true })));
    let events = events(&second);
    assert_eq!(split(&events[0].1["message"]["usage"]), [100, 0, 2_008]);
    let (name, last) = &events[events.len() - 2];
    assert_eq!((name.as_str(), split(&last["usage"])), ("message_delta", [100, 0, 2_008]));
    let stats = group(&mut server, 60.0, GROUP);
    assert_eq!(stats.limit("inputTokens").unwrap().charged, 2_108 + 100);
    let cache = stats.cache;
    assert_eq!((cache.writes, cache.written_tokens, cache.reads, cache.read_tokens), (1, 2_008, 1, 2_008));
}

#[test]
fn an_entry_is_there_when_the_answer_that_writes_it_begins_and_not_before() {
    let mut server = server(json!({}));
    let first = server.handle(at(0.0), &ask(0, json!({ "stream": true })));
    let begins = begins(&first);
    let mut written = |seconds| split(&json(&server.handle(at(seconds), &ask(1, json!({}))))["usage"])[1];
    assert_eq!(written(begins - 0.001), 2_008);
    assert_eq!(written(begins), 0);
}

#[test]
fn who_leaves_before_the_answer_begins_writes_nothing() {
    let mut server = server(json!({}));
    let first = server.handle(at(0.0), &ask(0, json!({ "stream": true })));
    server.abort(at(begins(&first) - 0.001), first.id);
    assert_eq!(split(&json(&server.handle(at(5.0), &ask(1, json!({}))))["usage"]), [100, 2_008, 0]);
}

#[test]
fn who_leaves_after_the_answer_began_has_written() {
    let mut server = server(json!({}));
    let first = server.handle(at(0.0), &ask(0, json!({ "stream": true })));
    server.abort(at(begins(&first)), first.id);
    assert_eq!(split(&json(&server.handle(at(5.0), &ask(1, json!({}))))["usage"]), [100, 0, 2_008]);
}

#[test]
fn an_answer_that_never_comes_writes_nothing() {
    for fault in ["drop", "hang", "error", "overloaded"] {
        let mut server = server(json!({ "faults": { fault: 1.0 } }));
        server.handle(at(0.0), &ask(0, json!({})));
        server.handle(at(60.0), &ask(0, json!({})));
        assert_eq!(group(&mut server, 90.0, GROUP).cache.reads, 0, "{fault}");
    }
}

#[test]
fn a_cached_prompt_may_be_larger_than_the_limit_of_the_input() {
    let limits = json!({ "limits": { "default": { "itpm": 3_000 } } });
    let mut with_cache = server(limits.clone());
    let statuses: Vec<u16> =
        (0..10_u32).map(|n| with_cache.handle(at(f64::from(n) * 3.0), &ask(n.into(), json!({}))).status()).collect();
    assert_eq!(statuses, [200; 10]);
    let mut without = server(limits);
    let plain = |n: u32| ask(n.into(), json!({ "system": tokenizer::text(2_000, 0) }));
    let refused = (0..10_u32).filter(|&n| without.handle(at(f64::from(n) * 3.0), &plain(n)).status() == 429);
    assert!(refused.count() >= 6);
}

#[test]
fn where_reads_count_they_are_charged_and_stated_all_the_same() {
    let mut server = server(json!({}));
    let haiku = |question| ask(question, json!({ "model": "claude-3-5-haiku-latest" }));
    server.handle(at(0.0), &haiku(0));
    // Its cache takes no less than 2,048 tokens.
    assert_eq!(split(&json(&server.handle(at(10.0), &haiku(1)))["usage"]), [2_108, 0, 0]);
    let longer = |question| {
        let system =
            json!([{ "type": "text", "text": tokenizer::text(2_100, 0), "cache_control": { "type": "ephemeral" } }]);
        ask(question, json!({ "model": "claude-3-5-haiku-latest", "system": system }))
    };
    server.handle(at(20.0), &longer(0));
    assert_eq!(split(&json(&server.handle(at(30.0), &longer(1)))["usage"]), [100, 0, 2_108]);
    let charged = group(&mut server, 90.0, "claude-haiku-3.5").limit("inputTokens").unwrap().charged;
    assert_eq!(charged, 2 * 2_108 + 2 * 2_208);
}

#[test]
fn organisations_and_models_share_no_cache() {
    let mut server = server(json!({ "organisations": [{ "name": "harbour", "apiKeys": ["key", "spare"] }] }));
    let mut usage = |seconds, key: &str, model: &str| {
        let mut request = ask(0, json!({ "model": model }));
        request.headers[0].1 = key.into();
        split(&json(&server.handle(at(seconds), &request))["usage"])
    };
    assert_eq!(usage(0.0, "key", MODEL), [100, 2_008, 0]);
    assert_eq!(usage(10.0, "spare", MODEL), [100, 0, 2_008]);
    assert_eq!(usage(20.0, "foreign", MODEL), [100, 2_008, 0]);
    // Of the same group, and another model.
    assert_eq!(usage(30.0, "key", "claude-sonnet-4-6"), [100, 2_008, 0]);
    assert_eq!(usage(40.0, "key", "claude-sonnet-4-5-20250929"), [100, 0, 2_008]);
}

#[test]
fn a_conversation_that_is_cached_as_it_grows_reads_its_last_turn() {
    let mut server = server(json!({}));
    let mut messages = vec![json!({ "role": "user", "content": tokenizer::text(96, 1) })];
    let mut turn = |seconds, messages: &[Value]| {
        let request = ask(0, json!({ "messages": messages, "cache_control": { "type": "ephemeral" } }));
        split(&json(&server.handle(at(seconds), &request))["usage"])
    };
    assert_eq!(turn(0.0, &messages), [0, 2_108, 0]);
    messages.push(json!({ "role": "assistant", "content": tokenizer::text(46, 2) }));
    messages.push(json!({ "role": "user", "content": tokenizer::text(36, 3) }));
    assert_eq!(turn(10.0, &messages), [0, 90, 2_108]);
    assert_eq!(turn(20.0, &messages), [0, 0, 2_198]);
    messages[0] = json!({ "role": "user", "content": "Another question." });
    assert_eq!(turn(30.0, &messages)[2], 2_008);
}

#[test]
fn an_hour_is_stated_apart_and_lasts_an_hour() {
    let mut server = server(json!({}));
    let system = json!([{ "type": "text", "text": tokenizer::text(2_000, 0), "cache_control": { "type": "ephemeral", "ttl": "1h" } }]);
    let hour = ask(0, json!({ "system": system }));
    let usage = json(&server.handle(at(0.0), &hour))["usage"].clone();
    assert_eq!(usage["cache_creation"], json!({ "ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 2_008 }));
    assert_eq!(split(&json(&server.handle(at(3_500.0), &hour))["usage"]), [100, 0, 2_008]);
    assert_eq!(split(&json(&server.handle(at(7_099.0), &hour))["usage"]), [100, 0, 2_008]);
    assert_eq!(split(&json(&server.handle(at(10_700.0), &hour))["usage"]), [100, 2_008, 0]);
}

#[test]
fn five_breakpoints_are_refused_and_cost_nothing() {
    let mut server = server(json!({}));
    let block = json!({ "type": "text", "text": "Tide?", "cache_control": { "type": "ephemeral" } });
    let refused =
        server.handle(at(0.0), &ask(0, json!({ "messages": [{ "role": "user", "content": vec![block; 4] }] })));
    assert_eq!((refused.status(), &json(&refused)["error"]["type"]), (400, &json!("invalid_request_error")));
    assert!(server.stats(at(1.0)).organisations.is_empty());
}

#[test]
fn counting_takes_the_marks_and_knows_no_cache() {
    let mut server = server(json!({}));
    server.handle(at(0.0), &ask(0, json!({})));
    let mut request = ask(1, json!({}));
    request.path = "/v1/messages/count_tokens".into();
    assert_eq!(json(&server.handle(at(10.0), &request)), json!({ "input_tokens": 2_108 }));
}

#[test]
fn an_overloaded_service_can_be_made_to_charge() {
    let mut server = server(json!({ "faults": { "overloaded": 1.0 }, "chargeOverloads": true }));
    assert_eq!(server.handle(at(0.0), &ask(0, json!({}))).status(), 529);
    let stats = group(&mut server, 60.0, GROUP);
    assert_eq!(stats.limit("requests").unwrap().charged, 1);
    assert!(stats.limit("inputTokens").unwrap().charged > 1_500);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_token_of_a_prompt_is_read_written_or_neither_and_charged_unless_it_is_read(
        asked in prop::collection::vec((0_u64..200, 0_u64..3, 0_u64..3, 0_usize..4, any::<bool>()), 1..40),
    ) {
        let mut server = server(json!({ "limits": { "default": { "rpm": 100_000, "itpm": 100_000_000, "otpm": 10_000_000 } } }));
        let mut now = 0.0;
        let mut sum = [0; 3];
        // When the last answer began to a prompt with that system.
        let mut began = [None::<f64>; 3];
        for (gap, system, question, turns, automatic) in asked {
            now += gap as f64;
            let text = tokenizer::text(1_500 + 100 * system, system);
            let message = |turn: usize| {
                let role = ["user", "assistant"][turn % 2];
                json!({ "role": role, "content": tokenizer::text(50 + question, question + turn as u64) })
            };
            let mut further = json!({
                "system": [{ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } }],
                "messages": (0..=2 * turns).map(message).collect::<Vec<_>>(),
            });
            if automatic {
                further["cache_control"] = json!({ "type": "ephemeral" });
            }
            let mut request = ask(0, further);
            let exchange = server.handle(at(now), &request);
            let [input, written, read] = split(&json(&exchange)["usage"]);
            request.path = "/v1/messages/count_tokens".into();
            let whole = json(&server.handle(at(now), &request))["input_tokens"].as_u64().unwrap();
            prop_assert_eq!(input + written + read, whole);
            prop_assert!(automatic || input >= 50);
            let is_known = began[system as usize].is_some_and(|began| now < began + 300.0);
            prop_assert_eq!(read >= 1_500, is_known, "{} s, {:?}", now, began);
            // No answer takes as long to begin.
            now += 1.0;
            server.abort(at(now), exchange.id);
            began[system as usize] = Some(now - 1.0 + 0.5);
            for (sum, tokens) in sum.iter_mut().zip([input, written, read]) {
                *sum += tokens;
            }
        }
        let stats = group(&mut server, now, GROUP);
        prop_assert_eq!(stats.limit("inputTokens").unwrap().charged, (sum[0] + sum[1]) as i64);
        prop_assert_eq!((stats.cache.written_tokens, stats.cache.read_tokens), (sum[1], sum[2]));
    }
}
