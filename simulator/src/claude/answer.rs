//! What a message looks like, whole and streamed: <https://platform.claude.com/docs/en/build-with-claude/streaming>.

use serde_json::{Value, json};

use crate::api::{Call, Family};
use crate::tokenizer;

/// A whole message.
pub(crate) fn message_body(call: &Call, id: u64, output_tokens: u64) -> String {
    let text = tokenizer::text(output_tokens, id);
    let mut message = message(call, id);
    message["content"] = json!([{ "type": "text", "text": text }]);
    message["stop_reason"] = json!(stop_reason(call, output_tokens));
    message["usage"] = usage(call, output_tokens);
    message.to_string()
}

/// The texts of a streamed message: one that opens it, one for each piece of `pieces` tokens, one that closes it.
pub(crate) fn stream_texts(call: &Call, id: u64, pieces: &[u64]) -> (String, Vec<String>, String) {
    let (opening, deltas, closing) = stream_events(call, id, pieces);
    let texts = |events: Vec<Value>| events.iter().map(text).collect();
    (texts(opening), deltas.iter().map(text).collect(), texts(closing))
}

/// The events of a streamed message: those that open it, one for each piece of `pieces` tokens, those that close it.
pub(crate) fn stream_events(call: &Call, id: u64, pieces: &[u64]) -> (Vec<Value>, Vec<Value>, Vec<Value>) {
    let mut start = message(call, id);
    start["usage"] = usage(call, 1);
    let opening = vec![
        event("message_start", json!({ "message": start })),
        event("content_block_start", json!({ "index": 0, "content_block": { "type": "text", "text": "" } })),
        event("ping", json!({})),
    ];
    let delta = |(index, &tokens): (usize, &u64)| {
        let text = tokenizer::text(tokens, id + index as u64);
        event("content_block_delta", json!({ "index": 0, "delta": { "type": "text_delta", "text": text } }))
    };
    let output_tokens = pieces.iter().sum();
    let stop = json!({ "stop_reason": stop_reason(call, output_tokens), "stop_sequence": null });
    let closing = vec![
        event("content_block_stop", json!({ "index": 0 })),
        // Cumulative, and once more with the input's side.
        event("message_delta", json!({ "delta": stop, "usage": usage(call, output_tokens) })),
        event("message_stop", json!({})),
    ];
    (opening, pieces.iter().enumerate().map(delta).collect(), closing)
}

/// An error in the middle of a stream, after a status of 200.
pub(crate) fn stream_error_event(request_id: &str) -> String {
    let problem = Family::Claude.overloaded();
    let error = json!({ "type": problem.kind, "message": problem.message });
    text(&event("error", json!({ "error": error, "request_id": request_id })))
}

fn message(call: &Call, id: u64) -> Value {
    json!({
        "id": format!("msg_sim{id:012}"),
        "type": "message",
        "role": "assistant",
        "model": call.model,
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": null,
    })
}

fn usage(call: &Call, output_tokens: u64) -> Value {
    json!({
        "input_tokens": call.uncached_input(),
        "cache_creation_input_tokens": call.cache_use.written(),
        "cache_read_input_tokens": call.cache_use.read_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": call.cache_use.five_minutes,
            "ephemeral_1h_input_tokens": call.cache_use.one_hour,
        },
        "output_tokens": output_tokens,
        "service_tier": "standard",
    })
}

fn stop_reason(call: &Call, output_tokens: u64) -> &'static str {
    if output_tokens >= call.max_tokens { "max_tokens" } else { "end_turn" }
}

/// One server-sent event, of which the data has the type once more.
fn text(event: &Value) -> String {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default())
}

fn event(kind: &str, rest: Value) -> Value {
    let mut data = json!({ "type": kind });
    if let (Value::Object(data), Value::Object(rest)) = (&mut data, rest) {
        data.extend(rest);
    }
    data
}
