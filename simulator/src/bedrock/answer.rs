//! What answers look like: JSON, or messages of an event stream.

use serde_json::{Value, json};

use super::frame::frame;
use crate::api::{Call, Family};
use crate::{base64, claude, tokenizer};

/// A whole answer of Converse.
pub(crate) fn converse_body(call: &Call, id: u64, output_tokens: u64, latency_ms: u64) -> String {
    let content = json!([{ "text": tokenizer::text(output_tokens, id) }]);
    json!({
        "output": { "message": { "role": "assistant", "content": content } },
        "stopReason": stop_reason(call, output_tokens),
        "usage": usage(call, output_tokens),
        "metrics": { "latencyMs": latency_ms },
    })
    .to_string()
}

/// A whole answer of InvokeModel, which is a message of the Claude API.
pub(crate) fn invoke_body(call: &Call, id: u64, output_tokens: u64) -> String {
    claude::message_body(call, id, output_tokens)
}

/// The size of a prompt.
pub(crate) fn count_body(call: &Call) -> String {
    json!({ "inputTokens": call.input_tokens }).to_string()
}

/// The messages of ConverseStream: those that open it, one for each piece of `pieces` tokens, those that close it.
pub(crate) fn converse_frames(
    call: &Call,
    id: u64,
    pieces: &[u64],
    latency_ms: u64,
) -> (Vec<u8>, Vec<Vec<u8>>, Vec<u8>) {
    let opening = event("messageStart", &json!({ "role": "assistant" }));
    let delta = |(index, &tokens): (usize, &u64)| {
        let text = tokenizer::text(tokens, id + index as u64);
        event("contentBlockDelta", &json!({ "contentBlockIndex": 0, "delta": { "text": text } }))
    };
    let output_tokens = pieces.iter().sum();
    let closing = [
        event("contentBlockStop", &json!({ "contentBlockIndex": 0 })),
        event("messageStop", &json!({ "stopReason": stop_reason(call, output_tokens) })),
        event("metadata", &json!({ "usage": usage(call, output_tokens), "metrics": { "latencyMs": latency_ms } })),
    ];
    (opening, pieces.iter().enumerate().map(delta).collect(), closing.concat())
}

/// The messages of InvokeModelWithResponseStream: the events of the Claude API, each in a message of its own.
pub(crate) fn invoke_frames(
    call: &Call,
    id: u64,
    pieces: &[u64],
    first_ms: u64,
    latency_ms: u64,
) -> (Vec<u8>, Vec<Vec<u8>>, Vec<u8>) {
    let (opening, deltas, mut closing) = claude::stream_events(call, id, pieces);
    if let Some(last) = closing.last_mut() {
        last["amazon-bedrock-invocationMetrics"] = json!({
            "inputTokenCount": call.input_tokens,
            "outputTokenCount": pieces.iter().sum::<u64>(),
            "invocationLatency": latency_ms,
            "firstByteLatency": first_ms,
        });
    }
    let chunks = |events: Vec<Value>| events.iter().flat_map(chunk).collect();
    (chunks(opening), deltas.iter().map(chunk).collect(), chunks(closing))
}

/// An error in the middle of a stream, after a status of 200.
pub(crate) fn stream_error_frame() -> Vec<u8> {
    let problem = Family::Bedrock.overloaded();
    let headers =
        [(":exception-type", "serviceUnavailableException"), (":content-type", JSON), (":message-type", "exception")];
    frame(&headers, super::error_body(&problem).as_bytes())
}

fn chunk(data: &Value) -> Vec<u8> {
    event("chunk", &json!({ "bytes": base64::encode(data.to_string().as_bytes()) }))
}

fn event(kind: &str, payload: &Value) -> Vec<u8> {
    let headers = [(":event-type", kind), (":content-type", JSON), (":message-type", "event")];
    frame(&headers, payload.to_string().as_bytes())
}

fn usage(call: &Call, output_tokens: u64) -> Value {
    json!({
        "inputTokens": call.input_tokens,
        "outputTokens": output_tokens,
        "totalTokens": call.input_tokens + output_tokens,
    })
}

fn stop_reason(call: &Call, output_tokens: u64) -> &'static str {
    if output_tokens >= call.max_tokens { "max_tokens" } else { "end_turn" }
}

const JSON: &str = "application/json";
