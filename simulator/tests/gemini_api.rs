//! The simulated Gemini API answers, charges and refuses as the documents say.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use client::{at, json, post, server};
use serde_json::{Value, json};
use tidegate_simulator::{Exchange, OUTPUT_TOKENS_HEADER, Request, Server, tokenizer};

const MODEL: &str = "gemini-2.5-flash";

fn generate(verb: &str, input_tokens: u64, output_tokens: u64) -> Request {
    let body = json!({
        "contents": [{ "role": "user", "parts": [{ "text": tokenizer::text(input_tokens, 0) }] }],
        "generationConfig": { "maxOutputTokens": 8_000 },
    });
    with_key(post(&format!("/v1beta/models/{MODEL}:{verb}"), &body), output_tokens)
}

fn with_key(mut request: Request, output_tokens: u64) -> Request {
    request.headers =
        vec![("x-goog-api-key".into(), "key".into()), (OUTPUT_TOKENS_HEADER.into(), output_tokens.to_string())];
    request
}

fn events(exchange: &Exchange) -> Vec<Value> {
    let event = |text: &str| serde_json::from_str(text.strip_prefix("data: ").unwrap()).unwrap();
    exchange.body().split("\r\n\r\n").filter(|text| !text.is_empty()).map(event).collect()
}

fn charged(server: &mut Server, dimension: &str) -> i64 {
    server.stats(at(1_000.0)).organisations[0].groups[0].limit(dimension).unwrap().charged
}

#[test]
fn content_says_its_usage_and_no_header_tells_of_limits() {
    let mut server = server(json!({}));
    let exchange = server.handle(at(0.0), &generate("generateContent", 100, 40));
    let answer = json(&exchange);
    assert_eq!(exchange.status(), 200);
    let usage = &answer["usageMetadata"];
    assert_eq!(usage["promptTokenCount"], 100);
    assert_eq!((&usage["candidatesTokenCount"], &usage["totalTokenCount"]), (&json!(40), &json!(140)));
    let text = answer["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap();
    assert_eq!((tokenizer::count(text), &answer["candidates"][0]["finishReason"]), (40, &json!("STOP")));
    let names: Vec<&str> = exchange.head.as_ref().unwrap().headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["date", "content-type"]);
}

#[test]
fn the_input_is_limited_and_the_output_is_not() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 100, "itpm": 1_000, "otpm": 1 } } }));
    assert_eq!(server.handle(at(0.0), &generate("generateContent", 600, 5_000)).status(), 200);
    assert_eq!(server.handle(at(0.0), &generate("generateContent", 400, 5_000)).status(), 200);
    assert_eq!(server.handle(at(0.0), &generate("generateContent", 1, 1)).status(), 429);
    assert_eq!(charged(&mut server, "inputTokens"), 1_000);
}

#[test]
fn a_refusal_names_the_quota_and_the_wait_in_its_body_alone() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 100, "itpm": 1_000 } } }));
    server.handle(at(0.0), &generate("generateContent", 1_000, 1));
    let refusal = server.handle(at(0.0), &generate("generateContent", 251, 1));
    assert_eq!((refusal.status(), refusal.header("retry-after")), (429, None));
    let error = &json(&refusal)["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!(429), &json!("RESOURCE_EXHAUSTED")));
    let violation = &error["details"][0]["violations"][0];
    assert_eq!(violation["quotaId"], "GenerateContentPaidTierInputTokensPerModelPerMinute");
    assert_eq!((&violation["quotaValue"], &violation["quotaDimensions"]["model"]), (&json!("1000"), &json!(MODEL)));
    assert_eq!(error["details"][2]["retryDelay"], "15.06s");
    assert!(error["message"].as_str().unwrap().ends_with("Please retry in 15.06s."));
    // A refused request does not count.
    assert_eq!(charged(&mut server, "requests"), 1);
}

#[test]
fn a_stream_tells_the_usage_until_then_with_each_part_and_why_it_ended_with_the_last() {
    let mut server = server(json!({}));
    let exchange = server.handle(at(0.0), &generate("streamGenerateContent?alt=sse", 10, 300));
    assert_eq!(exchange.header("content-type"), Some("text/event-stream"));
    let events = events(&exchange);
    let counts: Vec<u64> =
        events.iter().map(|event| event["usageMetadata"]["candidatesTokenCount"].as_u64().unwrap()).collect();
    assert!(events.len() > 10 && counts.is_sorted() && counts.last() == Some(&300), "{counts:?}");
    let reasons = events.iter().filter(|event| !event["candidates"][0]["finishReason"].is_null());
    assert_eq!(reasons.count(), 1);
    assert_eq!(events.last().unwrap()["candidates"][0]["finishReason"], "STOP");
}

#[test]
fn tokens_are_counted_bare_or_wrapped_within_a_limit_of_their_own() {
    let mut server = server(json!({ "limits": { "count-tokens": { "rpm": 2 } } }));
    let counted = server.handle(at(0.0), &generate("countTokens", 77, 1));
    assert_eq!(json(&counted)["totalTokens"], 77);
    let contents = json!([{ "parts": [{ "text": tokenizer::text(50, 0) }] }]);
    let instruction = json!({ "parts": [{ "text": tokenizer::text(30, 1) }] });
    let wrapped = json!({ "generateContentRequest": { "contents": contents, "systemInstruction": instruction } });
    let wrapped = with_key(post(&format!("/v1beta/models/{MODEL}:countTokens"), &wrapped), 1);
    assert_eq!(json(&server.handle(at(0.0), &wrapped))["totalTokens"], 80);
    assert_eq!(server.handle(at(0.0), &wrapped).status(), 429);
    assert_eq!(server.handle(at(0.0), &generate("generateContent", 1, 1)).status(), 200);
}

#[test]
fn what_fails_fails_in_the_words_of_google() {
    let error = |options: Value, request: &Request| {
        let exchange = server(options).handle(at(0.0), request);
        (exchange.status(), json(&exchange)["error"]["status"].as_str().unwrap().to_owned())
    };
    let good = generate("generateContent", 10, 10);
    assert_eq!(error(json!({ "faults": { "overloaded": 1 } }), &good), (503, "UNAVAILABLE".into()));
    assert_eq!(error(json!({ "faults": { "error": 1 } }), &good), (500, "INTERNAL".into()));
    let nobody = Request { headers: Vec::new(), ..good.clone() };
    assert_eq!(error(json!({}), &nobody), (403, "PERMISSION_DENIED".into()));
    let empty = with_key(post(&format!("/v1beta/models/{MODEL}:generateContent"), &json!({ "contents": [] })), 1);
    assert_eq!(error(json!({}), &empty), (400, "INVALID_ARGUMENT".into()));
    let array = generate("streamGenerateContent", 10, 10);
    assert_eq!(error(json!({}), &array), (400, "INVALID_ARGUMENT".into()));
    let streamed = server(json!({ "faults": { "streamError": 1 } }))
        .handle(at(0.0), &generate("streamGenerateContent?alt=sse", 10, 400));
    assert_eq!(events(&streamed).last().unwrap()["error"]["status"], "UNAVAILABLE");
    // Of a refusal that is bare not even the wait is told.
    let options = json!({ "limits": { "default": { "rpm": 1 } }, "faults": { "bareRefusals": 1 } });
    let mut server = server(options);
    server.handle(at(0.0), &good);
    assert!(json(&server.handle(at(0.0), &good))["error"]["details"].is_null());
}
