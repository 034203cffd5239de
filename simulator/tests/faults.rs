//! What goes wrong goes wrong as it should, and is counted.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use client::{at, events, json, messages, server};
use serde_json::json;
use tidegate_simulator::{Ending, Exchange, GroupStats};

/// One request to a server on which one kind of fault always happens, and what it counted a minute later.
fn always(fault: &str, stream: bool) -> (Exchange, GroupStats) {
    let mut server = server(json!({ "faults": { fault: 1.0 } }));
    let exchange = server.handle(at(0.0), &messages(500, 400, stream));
    let stats = server.stats(at(60.0));
    (exchange, stats.group("org-1", "claude-sonnet-4.x").unwrap().clone())
}

#[test]
fn an_overloaded_service_answers_529_and_charges_nothing() {
    let (exchange, stats) = always("overloaded", false);
    assert_eq!((exchange.status(), &json(&exchange)["error"]["type"]), (529, &json!("overloaded_error")));
    assert_eq!(stats.counts.overloaded, 1);
    assert!(stats.limits.iter().all(|limit| limit.charged == 0));
    assert_eq!(exchange.header("retry-after"), None);
}

#[test]
fn a_failing_service_answers_500_and_charges_the_request() {
    let (exchange, stats) = always("error", false);
    assert_eq!((exchange.status(), &json(&exchange)["error"]["type"]), (500, &json!("api_error")));
    assert_eq!((stats.counts.errors, stats.limit("requests").unwrap().charged), (1, 1));
}

#[test]
fn a_dropped_connection_answers_nothing_but_is_charged() {
    let (exchange, stats) = always("drop", false);
    assert_eq!(exchange.head, None);
    assert!(matches!(exchange.ending, Ending::Lost(_)));
    assert_eq!((stats.counts.lost, stats.limit("requests").unwrap().charged), (1, 1));
    assert_eq!(stats.limit("outputTokens").unwrap().charged, 0);
}

#[test]
fn a_cut_connection_leaves_half_an_answer() {
    let (stream, stats) = always("cut", true);
    assert_eq!(stream.status(), 200);
    assert!(matches!(stream.ending, Ending::Lost(_)));
    assert!(!stream.body().contains("message_stop"));
    assert_eq!(stream.pieces.last().map(|piece| piece.at), stream.ends_at());
    let (whole_stream, _) = always("bareRefusals", true);
    assert!(stream.pieces.len() < whole_stream.pieces.len() * 2 / 3);
    let charged = stats.limit("outputTokens").unwrap().charged;
    assert!((100..300).contains(&charged), "{charged}");
    let (whole, _) = always("cut", false);
    assert!(serde_json::from_str::<serde_json::Value>(&whole.body()).is_err());
}

#[test]
fn a_hung_request_never_ends() {
    let (exchange, stats) = always("hang", false);
    assert_eq!((exchange.head.clone(), exchange.ends_at()), (None, None));
    assert_eq!(stats.counts.lost, 1);
}

#[test]
fn a_stream_can_end_with_an_error_event() {
    let (exchange, stats) = always("streamError", true);
    let events = events(&exchange);
    let (name, data) = events.last().unwrap();
    assert_eq!((name.as_str(), &data["error"]["type"]), ("error", &json!("overloaded_error")));
    assert_eq!((exchange.status(), exchange.ending, stats.counts.errors), (200, Ending::Complete, 1));
    let (whole, _) = always("streamError", false);
    assert_eq!(json(&whole)["type"], "message");
}

#[test]
fn a_slow_answer_takes_ten_times_as_long() {
    let (slow, _) = always("slow", true);
    let (usual, _) = always("overloaded", true);
    assert_eq!(usual.status(), 529);
    let first = slow.pieces[0].at;
    // 400 tokens at 8 a second, a quarter faster or slower.
    assert!((37.0..=63.0).contains(&(slow.ends_at().unwrap() - first).as_secs_f64()));
}

#[test]
fn a_bare_refusal_says_nothing_but_its_status() {
    let mut server = server(json!({ "limits": { "default": { "rpm": 1 } }, "faults": { "bareRefusals": 1.0 } }));
    server.handle(at(0.0), &messages(100, 1, false));
    let refusal = server.handle(at(0.0), &messages(100, 1, false));
    assert_eq!((refusal.status(), refusal.header("retry-after")), (429, None));
    assert_eq!(refusal.header("anthropic-ratelimit-requests-limit"), None);
}

#[test]
fn an_organisation_s_luck_does_not_depend_on_others() {
    let luck = |disturbed: bool| {
        let mut server = server(json!({ "seed": 5, "faults": { "overloaded": 0.5 } }));
        let mut request = messages(100, 1, false);
        (0..50)
            .map(|_| {
                if disturbed {
                    request.headers[0].1 = "other".into();
                    server.handle(at(0.0), &request);
                }
                request.headers[0].1 = "key".into();
                server.handle(at(0.0), &request).status()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(luck(false), luck(true));
}
