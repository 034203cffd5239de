//! The bytes of some exchanges, kept in `golden.jsonl`: what a change alters shows, and the wasm build is held to the
//! same file (`tests/simulator/golden.test.mjs`), so that a seed means the same on every machine.
//!
//! After a change that is meant to alter them: `UPDATE_GOLDEN=1 cargo test -p tidegate-simulator --test golden`.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;

use std::fs;
use std::time::Duration;

use client::{messages, post};
use serde_json::{Value, json};
use tidegate_simulator::{Options, Request, Server, tokenizer};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden.jsonl");

#[test]
fn the_bytes_are_those_that_were_kept() {
    let lines = play();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(FILE, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }
    let kept: Vec<Value> =
        fs::read_to_string(FILE).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, kept);
}

/// The options, every request with its answer, and the statistics at the end: one value each.
fn play() -> Vec<Value> {
    let options = json!({
        "seed": 20_261_123,
        "limits": {
            "default": { "rpm": 6, "itpm": 3_000, "otpm": 600, "burstMs": 30_000 },
            "claude-sonnet-5": { "rpm": 60, "itpm": 30_000, "otpm": 600 },
            "gpt-4o": { "rpm": 60, "tpm": 1_000, "enforcement": "sliding-window" },
        },
        "faults": { "overloaded": 0.1, "error": 0.1, "drop": 0.1, "cut": 0.1, "streamError": 0.1 },
        "neighbour": { "share": 0.25, "fromMs": 3_000 },
    });
    let mut server = Server::new(Options::from_json(&options.to_string()).unwrap());
    let chat =
        json!({ "model": "gpt-4o", "max_completion_tokens": 40, "messages": [{ "role": "user", "content": "Tide?" }] });
    let unsized_message =
        json!({ "model": "claude-opus-5", "max_tokens": 60, "messages": [{ "role": "user", "content": "Tide?" }] });
    let text = tokenizer::text(1_100, 3);
    let cached = |round: u64| {
        let system = json!([{ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } }]);
        let messages = json!([{ "role": "user", "content": format!("Tide {round}?") }]);
        let settings = json!({ "model": "claude-sonnet-5", "max_tokens": 9, "cache_control": { "type": "ephemeral" } });
        let mut body = json!({ "system": system, "messages": messages });
        body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        post("/v1/messages", &body)
    };
    let mut lines = vec![json!({ "options": options })];
    for round in 0..6_u64 {
        let kinds = [
            messages(40 + 300 * round, 5 + 10 * round, round % 2 == 0),
            post("/v1/messages", &unsized_message),
            post("/v1/chat/completions", &chat),
            cached(round),
        ];
        for (index, request) in kinds.into_iter().enumerate() {
            let now = Duration::from_millis(2_500 * round + 7 * index as u64);
            let exchange = server.handle(now, &request).to_json();
            lines.push(json!({ "now": now.as_millis() as u64, "request": describe(&request), "exchange": exchange }));
        }
    }
    lines.push(json!({ "now": 60_000, "stats": server.stats(Duration::from_secs(60)) }));
    // Numbers as a reader of the file sees them.
    lines.iter().map(|line| serde_json::from_str(&line.to_string()).unwrap()).collect()
}

fn describe(request: &Request) -> Value {
    let headers: String = request.headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    let body = std::str::from_utf8(&request.body).unwrap();
    json!({ "method": request.method, "path": request.path, "headers": headers, "body": body })
}
