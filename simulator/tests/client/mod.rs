//! A small client for the tests: requests in the shapes of the two APIs.

#![allow(dead_code, reason = "not every test file uses all of it")]

use std::time::Duration;

use serde_json::{Value, json};
use tidegate_simulator::{Exchange, OUTPUT_TOKENS_HEADER, Options, Request, Server, workload};

pub const MODEL: &str = "claude-sonnet-4-5";

pub fn server(options: Value) -> Server {
    Server::new(Options::from_json(&options.to_string()).unwrap())
}

pub fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A Messages request of exactly so many tokens in and out.
pub fn messages(input_tokens: u64, output_tokens: u64, stream: bool) -> Request {
    let content = workload::prompt(input_tokens, 0);
    let messages = json!([{ "role": "user", "content": content }]);
    let body = json!({ "model": MODEL, "max_tokens": 100_000, "stream": stream, "messages": messages });
    let mut request = post("/v1/messages", &body);
    request.headers.push((OUTPUT_TOKENS_HEADER.into(), output_tokens.to_string()));
    request
}

pub fn post(path: &str, body: &Value) -> Request {
    Request {
        method: "POST".into(),
        path: path.into(),
        headers: vec![("X-Api-Key".into(), "key".into()), ("anthropic-version".into(), "2026-10-21".into())],
        body: body.to_string().into(),
    }
}

pub fn json(exchange: &Exchange) -> Value {
    serde_json::from_str(&exchange.body()).unwrap()
}

/// The events of a stream: their names and data.
pub fn events(exchange: &Exchange) -> Vec<(String, Value)> {
    let event = |text: &str| {
        let (name, data) = text.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        (name.to_owned(), serde_json::from_str(data).unwrap())
    };
    exchange.body().split("\n\n").filter(|text| !text.is_empty()).map(event).collect()
}
