//! The simulated Bedrock answers, charges and refuses as the documents say.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use client::{at, json, post, server};
use serde_json::{Value, json};
use tidegate_simulator::{Exchange, OUTPUT_TOKENS_HEADER, Request, Server, tokenizer};

const NOVA: &str = "amazon.nova-pro-v1:0";
const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// What stands around the single message of a request to Converse.
const AROUND: u64 = 7;

fn converse(model: &str, operation: &str, input_tokens: u64, max_tokens: u64, output_tokens: u64) -> Request {
    let text = tokenizer::text(input_tokens - AROUND, 0);
    let body = json!({
        "messages": [{ "role": "user", "content": [{ "text": text }] }],
        "inferenceConfig": { "maxTokens": max_tokens },
    });
    signed(&format!("/model/{}/{operation}", model.replace(':', "%3A")), &body, output_tokens)
}

fn invoke(operation: &str, output_tokens: u64) -> Request {
    let body = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 1_000,
        "messages": [{ "role": "user", "content": "When does the tide turn?" }],
    });
    signed(&format!("/model/{}/{operation}", CLAUDE.replace(':', "%3A")), &body, output_tokens)
}

fn signed(path: &str, body: &Value, output_tokens: u64) -> Request {
    let mut request = post(path, body);
    let credential =
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261127/us-east-1/bedrock/aws4_request, SignedHeaders=host";
    request.headers =
        vec![("authorization".into(), credential.into()), (OUTPUT_TOKENS_HEADER.into(), output_tokens.to_string())];
    request
}

/// The messages of an event stream: the name of the event or exception, and the payload.
fn messages(exchange: &Exchange) -> Vec<(String, Value)> {
    let bytes = exchange.bytes();
    let mut rest = bytes.as_slice();
    let mut messages = Vec::new();
    while !rest.is_empty() {
        let number = |at: usize| u32::from_be_bytes(rest[at..at + 4].try_into().unwrap()) as usize;
        let (length, headers) = (number(0), number(4));
        let head = &rest[12..12 + headers];
        // The first header names the event: a length, the name, the type of a string, a length, the string.
        let name = head[0] as usize;
        let value = usize::from(head[name + 3]);
        let kind = String::from_utf8(head[name + 4..name + 4 + value].to_vec()).unwrap();
        messages.push((kind, serde_json::from_slice(&rest[12 + headers..length - 4]).unwrap()));
        rest = &rest[length..];
    }
    messages
}

fn charged(server: &mut Server, seconds: f64) -> i64 {
    server.stats(at(seconds)).organisations[0].groups[0].limit("tokens").unwrap().charged
}

#[test]
fn the_maximum_is_reserved_and_what_was_written_counts_in_the_end() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 100, "tpm": 10_000 } } }));
    let exchange = server.handle(at(0.0), &converse(NOVA, "converse", 500, 4_000, 100));
    assert_eq!(exchange.status(), 200);
    let answer = json(&exchange);
    assert_eq!(answer["usage"], json!({ "inputTokens": 500, "outputTokens": 100, "totalTokens": 600 }));
    assert_eq!(
        (&answer["stopReason"], &answer["output"]["message"]["role"]),
        (&json!("end_turn"), &json!("assistant"))
    );
    assert_eq!(charged(&mut server, 0.0), 4_500);
    assert_eq!(charged(&mut server, 60.0), 600);
}

#[test]
fn what_claude_writes_takes_five_times_as_much_in_the_end() {
    let mut server = server(json!({}));
    server.handle(at(0.0), &converse(CLAUDE, "converse", 500, 4_000, 1_000));
    assert_eq!(charged(&mut server, 0.0), 4_500);
    assert_eq!(charged(&mut server, 600.0), 5_500);
}

#[test]
fn an_answer_that_is_given_up_is_settled_by_what_was_written_of_it() {
    let mut server = server(json!({ "timing": { "firstTokenMs": 100, "tokensPerSecond": 100, "variation": 0 } }));
    let exchange = server.handle(at(0.0), &converse(NOVA, "converse-stream", 500, 4_000, 1_000));
    server.abort(at(5.1), exchange.id);
    let charged = charged(&mut server, 5.1);
    assert!((980..=1_010).contains(&charged), "{charged}");
}

#[test]
fn a_refusal_is_named_in_a_header_and_does_not_say_when_to_come_again() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 100, "tpm": 10_000 } } }));
    server.handle(at(0.0), &converse(NOVA, "converse", 500, 9_000, 10));
    let refusal = server.handle(at(0.0), &converse(NOVA, "converse", 500, 9_000, 10));
    assert_eq!((refusal.status(), refusal.header("retry-after")), (429, None));
    assert!(refusal.header("x-amzn-errortype").unwrap().starts_with("ThrottlingException:"));
    assert_eq!(json(&refusal), json!({ "message": "Too many tokens, please wait before trying again." }));
    // When the answer is there most of what it took comes back.
    assert_eq!(server.handle(at(10.0), &converse(NOVA, "converse", 500, 9_000, 10)).status(), 200);
}

#[test]
fn when_a_request_is_admitted_is_foreseen_with_what_others_give_back() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 100, "tpm": 10_000 } } }));
    let request = converse(NOVA, "converse", 500, 9_000, 10);
    let ends_at = server.handle(at(0.0), &request).ends_at().unwrap();
    assert_eq!(server.admits_at(at(0.0), &request), Some(ends_at));
    assert_eq!(server.handle(ends_at, &request).status(), 200);
}

#[test]
fn a_stream_of_converse_has_its_events_and_ends_with_the_usage() {
    let exchange = server(json!({})).handle(at(0.0), &converse(NOVA, "converse-stream", 20, 4_000, 200));
    assert_eq!(exchange.header("content-type"), Some("application/vnd.amazon.eventstream"));
    let messages = messages(&exchange);
    assert_eq!(messages[0], ("messageStart".into(), json!({ "role": "assistant" })));
    let texts = messages.iter().filter(|(kind, _)| kind == "contentBlockDelta");
    let text: String = texts.map(|(_, event)| event["delta"]["text"].as_str().unwrap()).collect();
    assert_eq!(tokenizer::count(&text), 200);
    let (last, metadata) = messages.last().unwrap();
    assert_eq!(last, "metadata");
    assert_eq!(metadata["usage"], json!({ "inputTokens": 20, "outputTokens": 200, "totalTokens": 220 }));
    assert!(metadata["metrics"]["latencyMs"].as_u64().unwrap() > 400);
}

#[test]
fn claude_is_invoked_in_its_own_words() {
    let mut server = server(json!({}));
    let exchange = server.handle(at(0.0), &invoke("invoke", 30));
    let message = json(&exchange);
    assert_eq!((&message["type"], &message["usage"]["output_tokens"]), (&json!("message"), &json!(30)));
    assert_eq!(exchange.header("x-amzn-bedrock-output-token-count"), Some("30"));

    let messages = messages(&server.handle(at(10.0), &invoke("invoke-with-response-stream", 30)));
    assert!(messages.len() > 5 && messages.iter().all(|(kind, _)| kind == "chunk"));
    assert!(messages.iter().all(|(_, payload)| payload["bytes"].is_string()));
}

#[test]
fn what_fails_fails_in_the_words_of_aws() {
    let error = |options: Value, request: &Request| {
        let exchange = server(options).handle(at(0.0), request);
        let kind = exchange.header("x-amzn-errortype").unwrap().split(':').next().unwrap().to_owned();
        assert!(json(&exchange)["message"].is_string());
        (exchange.status(), kind)
    };
    let good = converse(NOVA, "converse", 10, 100, 10);
    let overloaded = json!({ "faults": { "overloaded": 1 } });
    assert_eq!(error(overloaded, &good), (503, "ServiceUnavailableException".into()));
    assert_eq!(error(json!({ "faults": { "error": 1 } }), &good), (500, "InternalServerException".into()));
    let nobody = Request { headers: Vec::new(), ..good.clone() };
    assert_eq!(error(json!({}), &nobody), (403, "MissingAuthenticationTokenException".into()));
    let empty = signed("/model/m/converse", &json!({ "messages": [] }), 1);
    assert_eq!(error(json!({}), &empty), (400, "ValidationException".into()));
    let other = signed("/model/amazon.titan/invoke", &json!({ "inputText": "Tide?" }), 1);
    assert_eq!(error(json!({}), &other), (400, "ValidationException".into()));

    let mut broken = server(json!({ "faults": { "streamError": 1 } }));
    let stream = broken.handle(at(0.0), &converse(NOVA, "converse-stream", 10, 1_000, 400));
    let messages = messages(&stream);
    assert_eq!(messages.last().unwrap().0, "serviceUnavailableException");
    assert!(!messages.iter().any(|(kind, _)| kind == "metadata"));
}

#[test]
fn what_converse_is_asked_can_be_counted() {
    let mut server = server(json!({}));
    let text = tokenizer::text(93, 0);
    let input = json!({ "converse": { "messages": [{ "role": "user", "content": [{ "text": text }] }] } });
    let counted =
        server.handle(at(0.0), &signed(&format!("/model/{NOVA}/count-tokens"), &json!({ "input": input }), 1));
    assert_eq!(json(&counted), json!({ "inputTokens": 100 }));
}

#[test]
fn bytes_that_are_no_text_are_told_in_base64() {
    let exchange = server(json!({})).handle(at(0.0), &converse(NOVA, "converse-stream", 20, 4_000, 5));
    let told = exchange.to_json();
    let pieces = told["pieces"].as_array().unwrap();
    assert!(pieces.iter().all(|piece| piece[1].is_string() || piece[1]["base64"].is_string()));
    assert!(pieces.iter().any(|piece| piece[1]["base64"].is_string()));
}
