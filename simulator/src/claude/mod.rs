//! The Claude API's shapes: <https://platform.claude.com/docs/en/api/messages>.

mod answer;
mod cache_control;
mod headers;
mod prompt;

use serde_json::{Value, json};

use crate::api::{Call, Endpoint, Family, Problem};
use crate::cache::CacheUse;
use crate::exchange::Request;
use crate::groups::{COUNT_TOKENS_GROUP, group_of};
use crate::ledger::Refusal;
use crate::limits::Dimension;

pub(crate) use answer::{message_body, stream_error_event, stream_events, stream_texts};
pub(crate) use headers::limit_headers;
pub(crate) use prompt::{MESSAGE_TOKENS, PROMPT_TOKENS};

pub(crate) const MESSAGES: &str = "/v1/messages";
pub(crate) const COUNT_TOKENS: &str = "/v1/messages/count_tokens";

/// Reads the body of a Messages or `count_tokens` request.
pub(crate) fn read(request: &Request, endpoint: Endpoint) -> Result<Call, Problem> {
    if request.body.len() > LARGEST_BODY {
        let message = "Request exceeds the maximum allowed number of bytes.".into();
        return Err(Problem { status: 413, kind: "request_too_large", code: None, details: None, message });
    }
    if request.header("anthropic-version").is_none() {
        return Err(invalid("anthropic-version: header is required"));
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| invalid("The request body is not valid JSON."))?;
    let model = body["model"].as_str().filter(|model| !model.is_empty()).ok_or_else(|| required("model"))?;
    let Some(group) = group_of(model) else {
        return Err(Problem {
            status: 404,
            kind: "not_found_error",
            code: None,
            details: None,
            message: format!("model: {model}"),
        });
    };
    if body["messages"].as_array().is_none_or(Vec::is_empty) {
        return Err(required("messages"));
    }
    let counting = endpoint == Endpoint::CountTokens;
    let max_tokens = match body["max_tokens"].as_u64() {
        Some(max_tokens) if max_tokens > 0 => max_tokens,
        None if body["max_tokens"].is_null() && counting => 0,
        None if body["max_tokens"].is_null() => return Err(required("max_tokens")),
        Some(_) | None => return Err(invalid("max_tokens: Input should be a whole number greater than 0")),
    };
    let prompt = prompt::measure(&body);
    // Counting takes the marks and does nothing with them.
    let prefix = cache_control::read(model, &body)?.filter(|_| !counting);
    Ok(Call {
        family: Family::Claude,
        endpoint,
        model: model.to_owned(),
        group: if counting { COUNT_TOKENS_GROUP } else { group }.to_owned(),
        input_tokens: prompt.tokens,
        input_characters: prompt.characters,
        prefix,
        cache_use: CacheUse::default(),
        max_tokens,
        stream: body["stream"] == true && !counting,
        include_usage: true,
    })
}

/// The size of a Messages request with this body in tokens, and its characters.
pub(crate) fn measure_all(body: &Value) -> (u64, u64) {
    let prompt = prompt::measure(body);
    (prompt.tokens, prompt.characters)
}

/// The size of a Messages request with this body.
#[cfg(test)]
pub(crate) fn measure(body: &Value) -> u64 {
    prompt::measure(body).tokens
}

/// The refusal of a request over a limit. The wording is the simulator's own: clients must not read it.
pub(crate) fn refused(organisation: &str, call: &Call, refusal: &Refusal) -> Problem {
    let what = match refusal.reading.dimension {
        Dimension::Requests => "requests",
        Dimension::InputTokens => "input tokens",
        Dimension::OutputTokens => "output tokens",
        Dimension::Tokens => "tokens",
    };
    let limit = refusal.reading.limit;
    let message = format!(
        "This request would exceed the rate limit of {limit} {what} per minute of organization {organisation} (model: {}).",
        call.model
    );
    Problem { status: 429, kind: "rate_limit_error", code: None, details: None, message }
}

pub(crate) fn error_body(problem: &Problem, request_id: &str) -> String {
    let mut error = json!({ "type": problem.kind, "message": problem.message });
    if let Some(code) = problem.code {
        error["details"] = json!({ "error_code": code });
    }
    json!({ "type": "error", "error": error, "request_id": request_id }).to_string()
}

pub(crate) fn count_body(call: &Call) -> String {
    json!({ "input_tokens": call.input_tokens }).to_string()
}

fn required(field: &str) -> Problem {
    invalid(&format!("{field}: Field required"))
}

fn invalid(message: &str) -> Problem {
    Problem { status: 400, kind: "invalid_request_error", code: None, details: None, message: message.to_owned() }
}

/// 32 MB for Messages and `count_tokens`: the errors page.
const LARGEST_BODY: usize = 32 * 1024 * 1024;
