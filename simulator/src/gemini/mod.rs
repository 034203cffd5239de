//! Gemini's shapes: <https://ai.google.dev/api/generate-content> (read 2026-11-27 as npm:@google/genai@3.3.0 has them).

mod answer;

use serde_json::{Value, json};

use crate::api::{Call, Endpoint, Family, Problem};
use crate::exchange::Request;
use crate::ledger::Refusal;
use crate::limits::{Dimension, Limits};
use crate::route::Route;
use crate::tokenizer;

pub(crate) use answer::{content_body, count_body, stream_error_event, stream_texts};

/// What a model is allowed where the options say nothing. Invented: amounts differ by model, project and tier.
pub(crate) const FALLBACK_LIMITS: Limits = Limits {
    rpm: Some(1_000),
    itpm: Some(1_000_000),
    otpm: None,
    tpm: None,
    burst_ms: None,
    hide_burst: false,
    enforcement: crate::meter::Enforcement::TokenBucket,
};

/// How often tokens may be counted in a minute: <https://ai.google.dev/gemini-api/docs/rate-limits>.
pub(crate) const COUNT_TOKENS_RPM: u64 = 3_000;

/// Reads the body of a request to generate content, or to count it.
pub(crate) fn read(request: &Request, route: &Route<'_>) -> Result<Call, Problem> {
    let counting = route.endpoint == Endpoint::CountTokens;
    if route.stream && !request.path.contains("alt=sse") {
        return Err(invalid("This server streams server-sent events alone: ask for them with ?alt=sse."));
    }
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| invalid("Invalid JSON payload received. Unexpected end of string."))?;
    // To be counted with all that is around its contents, a request is wrapped.
    let body = if counting { body.get("generateContentRequest").unwrap_or(&body) } else { &body };
    if body["contents"].as_array().is_none_or(Vec::is_empty) {
        return Err(invalid("* GenerateContentRequest.contents: contents is not specified"));
    }
    let given = &body["generationConfig"]["maxOutputTokens"];
    let max_tokens = if given.is_null() { Some(DEFAULT_MAX_TOKENS) } else { given.as_u64() };
    let max_tokens = max_tokens.filter(|&max_tokens| max_tokens > 0).ok_or_else(|| {
        invalid("* GenerateContentRequest.generation_config.max_output_tokens: must be a positive integer")
    })?;
    let (input_tokens, input_characters) = measure(body);
    let group = if counting { crate::groups::COUNT_TOKENS_GROUP } else { &route.model };
    Ok(Call {
        family: Family::Gemini,
        endpoint: route.endpoint,
        model: route.model.clone().into_owned(),
        group: group.to_owned(),
        input_tokens,
        input_characters,
        max_tokens,
        stream: route.stream,
        include_usage: true,
        ..Call::default()
    })
}

/// The size of a prompt in tokens, and the characters of its texts.
fn measure(body: &Value) -> (u64, u64) {
    let system = &body["systemInstruction"];
    let contents = body["contents"].as_array().into_iter().flatten();
    let mut tokens = 0;
    let mut characters = 0;
    let mut add = |text: &str| {
        tokens += tokenizer::count(text);
        characters += text.chars().count() as u64;
    };
    let mut others = 0;
    for part in contents.chain([system]).flat_map(|content| content["parts"].as_array().into_iter().flatten()) {
        match part.get("text").and_then(Value::as_str) {
            Some(text) => add(text),
            None if part.get("inlineData").or(part.get("fileData")).is_some() => others += PICTURE_TOKENS,
            None => add(&part.to_string()),
        }
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        add(&tool.to_string());
    }
    (tokens + others, characters + 4 * others)
}

/// The refusal of a request over a limit: the body names the quota and the wait, and no header does.
pub(crate) fn refused(call: &Call, refusal: &Refusal, wait_ms: u64) -> Problem {
    let (metric, quota) = match refusal.reading.dimension {
        Dimension::Requests => ("generate_requests_per_model", "GenerateRequestsPerMinutePerProjectPerModel"),
        Dimension::InputTokens | Dimension::OutputTokens | Dimension::Tokens => {
            ("generate_content_paid_tier_input_token_count", "GenerateContentPaidTierInputTokensPerModelPerMinute")
        }
    };
    let metric = format!("generativelanguage.googleapis.com/{metric}");
    let (limit, delay) = (refusal.reading.limit, delay(wait_ms));
    let message = format!(
        "You exceeded your current quota, please check your plan and billing details. For more information on this \
         error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n* Quota exceeded for metric: {metric}, \
         limit: {limit}, model: {}\nPlease retry in {delay}.",
        call.model
    );
    let violation = json!({
        "quotaMetric": metric,
        "quotaId": quota,
        "quotaDimensions": { "location": "global", "model": call.model },
        "quotaValue": limit.to_string(),
    });
    let link = json!({
        "description": "Learn more about Gemini API quotas",
        "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
    });
    let details = json!([
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation] },
        { "@type": "type.googleapis.com/google.rpc.Help", "links": [link] },
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay },
    ]);
    Problem { details: Some(Box::new(details)), ..problem(429, "RESOURCE_EXHAUSTED", &message) }
}

/// The refusal that says no more.
pub(crate) fn exhausted() -> Problem {
    problem(429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")
}

pub(crate) fn overloaded() -> Problem {
    problem(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
}

pub(crate) fn internal() -> Problem {
    problem(500, "INTERNAL", "An internal error has occurred. Please retry.")
}

pub(crate) fn unauthenticated() -> Problem {
    let message = "Method doesn't allow unregistered callers (callers without established identity). Please use API \
                   Key or other form of API consumer identity to call this API.";
    problem(403, "PERMISSION_DENIED", message)
}

pub(crate) fn error_body(problem: &Problem) -> String {
    let mut error = json!({ "code": problem.status, "message": problem.message, "status": problem.kind });
    if let Some(details) = &problem.details {
        error["details"] = Value::clone(details);
    }
    json!({ "error": error }).to_string()
}

fn invalid(message: &str) -> Problem {
    problem(400, "INVALID_ARGUMENT", message)
}

fn problem(status: u16, kind: &'static str, message: &str) -> Problem {
    Problem { status, kind, code: None, details: None, message: message.to_owned() }
}

/// A duration as protobuf writes it in JSON: `34s`, `15.065s`.
fn delay(wait_ms: u64) -> String {
    let fraction = format!("{:03}", wait_ms % 1_000);
    match fraction.trim_end_matches('0') {
        "" => format!("{}s", wait_ms / 1_000),
        fraction => format!("{}.{fraction}s", wait_ms / 1_000),
    }
}

/// What an answer may have where the request does not say: that of Gemini 2.0 Flash, and of many others.
const DEFAULT_MAX_TOKENS: u64 = 8_192;
/// A small picture, or a tile of a large one: <https://ai.google.dev/gemini-api/docs/tokens>.
const PICTURE_TOKENS: u64 = 258;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_written_as_protobuf_writes_it() {
        let cases = [(0, "0s"), (34_000, "34s"), (15_065, "15.065s"), (1_500, "1.5s"), (7, "0.007s")];
        for (wait_ms, written) in cases {
            assert_eq!(delay(wait_ms), written);
        }
    }

    #[test]
    fn instructions_contents_pictures_and_tools_all_count() {
        let plain = measure(&json!({ "contents": [{ "parts": [{ "text": "tide gate" }] }] }));
        assert_eq!(plain, (2, 9));
        let more = measure(&json!({
            "contents": [{ "parts": [{ "text": "tide gate" }, { "inlineData": { "data": "AAAA" } }] }],
            "systemInstruction": { "parts": [{ "text": "so" }] },
        }));
        assert_eq!(more.0, 2 + 1 + PICTURE_TOKENS);
        let tools = measure(&json!({ "contents": [{ "parts": [{ "text": "tide gate" }] }], "tools": [{ "x": 1 }] }));
        assert!(tools.0 > plain.0);
    }
}
