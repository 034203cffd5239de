//! What a completion looks like, whole and streamed.

use serde_json::{Value, json};

use crate::api::{Call, Family};
use crate::tokenizer;

/// A whole completion. `created` is the unix time in seconds.
pub(crate) fn completion_body(call: &Call, id: u64, created: u64, output_tokens: u64) -> String {
    let message = json!({ "role": "assistant", "content": tokenizer::text(output_tokens, id) });
    let choice = json!({ "index": 0, "message": message, "finish_reason": finish_reason(call, output_tokens) });
    let mut body = envelope(call, id, created, "chat.completion", json!([choice]));
    body["usage"] = usage(call, output_tokens);
    body.to_string()
}

/// The texts of a streamed completion: one that opens it, one for each piece of `pieces` tokens, one that closes it.
pub(crate) fn stream_texts(call: &Call, id: u64, created: u64, pieces: &[u64]) -> (String, Vec<String>, String) {
    let chunk = |choices: Value| envelope(call, id, created, "chat.completion.chunk", choices);
    let choice = |delta: Value, reason: Option<&str>| json!([{ "index": 0, "delta": delta, "finish_reason": reason }]);
    let opening = event(&chunk(choice(json!({ "role": "assistant", "content": "" }), None)));
    let delta = |(index, &tokens): (usize, &u64)| {
        let text = tokenizer::text(tokens, id + index as u64);
        event(&chunk(choice(json!({ "content": text }), None)))
    };
    let output_tokens = pieces.iter().sum();
    let mut closing = event(&chunk(choice(json!({}), Some(finish_reason(call, output_tokens)))));
    if call.include_usage {
        let mut last = chunk(json!([]));
        last["usage"] = usage(call, output_tokens);
        closing.push_str(&event(&last));
    }
    closing.push_str("data: [DONE]\n\n");
    (opening, pieces.iter().enumerate().map(delta).collect(), closing)
}

/// An error in the middle of a stream, after a status of 200.
pub(crate) fn stream_error_event() -> String {
    format!("data: {}\n\n", super::error_body(&Family::OpenAi.overloaded()))
}

fn envelope(call: &Call, id: u64, created: u64, object: &str, choices: Value) -> Value {
    json!({
        "id": format!("chatcmpl-sim{id:012}"),
        "object": object,
        "created": created,
        "model": call.model,
        "system_fingerprint": "fp_simulated",
        "choices": choices,
    })
}

fn usage(call: &Call, output_tokens: u64) -> Value {
    json!({
        "prompt_tokens": call.input_tokens,
        "completion_tokens": output_tokens,
        "total_tokens": call.input_tokens + output_tokens,
    })
}

fn finish_reason(call: &Call, output_tokens: u64) -> &'static str {
    if output_tokens >= call.max_tokens { "length" } else { "stop" }
}

fn event(chunk: &Value) -> String {
    format!("data: {chunk}\n\n")
}
