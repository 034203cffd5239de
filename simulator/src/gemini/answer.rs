//! What content looks like, whole and streamed.

use serde_json::{Value, json};

use crate::api::{Call, Family};
use crate::tokenizer;

/// A whole answer.
pub(crate) fn content_body(call: &Call, id: u64, output_tokens: u64) -> String {
    let text = tokenizer::text(output_tokens, id);
    response(call, id, &text, Some(finish_reason(call, output_tokens)), output_tokens).to_string()
}

/// The size of a prompt.
pub(crate) fn count_body(call: &Call) -> String {
    let tokens = call.input_tokens;
    json!({ "totalTokens": tokens, "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": tokens }] }).to_string()
}

/// The texts of a streamed answer: one for each piece of `pieces` tokens, and one that closes it. Nothing opens it.
pub(crate) fn stream_texts(call: &Call, id: u64, pieces: &[u64]) -> (String, Vec<String>, String) {
    let mut written = 0;
    let delta = |(index, &tokens): (usize, &u64)| {
        written += tokens;
        event(&response(call, id, &tokenizer::text(tokens, id + index as u64), None, written))
    };
    let texts = pieces.iter().enumerate().map(delta).collect();
    let output_tokens = pieces.iter().sum();
    let closing = event(&response(call, id, "", Some(finish_reason(call, output_tokens)), output_tokens));
    (String::new(), texts, closing)
}

/// An error in the middle of a stream, after a status of 200.
pub(crate) fn stream_error_event() -> String {
    format!("data: {}\r\n\r\n", super::error_body(&Family::Gemini.overloaded()))
}

/// A response, or a part of one: its usage is that of all parts until then.
fn response(call: &Call, id: u64, text: &str, finish_reason: Option<&str>, output_tokens: u64) -> Value {
    let mut candidate = json!({ "content": { "parts": [{ "text": text }], "role": "model" }, "index": 0 });
    if let Some(reason) = finish_reason {
        candidate["finishReason"] = reason.into();
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": call.input_tokens,
            "candidatesTokenCount": output_tokens,
            "totalTokenCount": call.input_tokens + output_tokens,
            "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": call.input_tokens }],
        },
        "modelVersion": call.model,
        "responseId": format!("sim{id:012}"),
    })
}

fn finish_reason(call: &Call, output_tokens: u64) -> &'static str {
    if output_tokens >= call.max_tokens { "MAX_TOKENS" } else { "STOP" }
}

fn event(response: &Value) -> String {
    format!("data: {response}\r\n\r\n")
}
