//! OpenAI's shapes: <https://developers.openai.com/api/docs/guides/rate-limits>.

mod answer;
mod headers;

use serde_json::{Value, json};

use crate::api::{Call, Endpoint, Family, Problem};
use crate::cache::CacheUse;
use crate::exchange::Request;
use crate::ledger::Refusal;
use crate::limits::{Dimension, Limits};
use crate::tokenizer;

pub(crate) use answer::{completion_body, stream_error_event, stream_texts};
pub(crate) use headers::limit_headers;

pub(crate) const CHAT_COMPLETIONS: &str = "/v1/chat/completions";

/// What a model is allowed where the options say nothing. Invented: amounts differ by model and account.
pub(crate) const FALLBACK_LIMITS: Limits = Limits {
    rpm: Some(500),
    itpm: None,
    otpm: None,
    tpm: Some(200_000),
    burst_ms: None,
    hide_burst: false,
    enforcement: crate::meter::Enforcement::TokenBucket,
};

/// Reads the body of a chat completion request.
pub(crate) fn read(request: &Request) -> Result<Call, Problem> {
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| invalid("We could not parse the JSON body of your request."))?;
    let model = body["model"].as_str().filter(|model| !model.is_empty());
    let model = model.ok_or_else(|| invalid("you must provide a model parameter"))?;
    let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| invalid("Missing required parameter: 'messages'."))?;
    let max_tokens = [&body["max_completion_tokens"], &body["max_tokens"]].into_iter().find_map(Value::as_u64);
    let (tokens, characters) = measure(messages);
    Ok(Call {
        family: Family::OpenAi,
        endpoint: Endpoint::ChatCompletions,
        model: model.to_owned(),
        group: model.to_owned(),
        input_tokens: tokens,
        input_characters: characters,
        prefix: None,
        cache_use: CacheUse::default(),
        max_tokens: max_tokens.unwrap_or(DEFAULT_MAX_TOKENS).max(1),
        stream: body["stream"] == true,
        include_usage: body["stream_options"]["include_usage"] == true || tells_usage_always(request, model),
    })
}

/// Whether streams end with their usage whether asked or not, as those of OpenRouter do, which stands under `/api/v1`, and
/// those of Mistral: <https://openrouter.ai/docs/use-cases/usage-accounting> and npm:@mistralai/mistralai@2.7.0
/// `models/components/completionchunk` (read 2026-11-27).
fn tells_usage_always(request: &Request, model: &str) -> bool {
    request.path.starts_with("/api/v1/") || model.split('-').next().is_some_and(|family| MISTRAL.contains(&family))
}

/// The size of a prompt in tokens, and the characters of its texts.
pub(crate) fn measure(messages: &[Value]) -> (u64, u64) {
    let mut tokens = PROMPT_TOKENS;
    let mut characters = 0;
    for message in messages {
        let parts = message["content"].as_array().into_iter().flatten().map(|part| &part["text"]);
        for text in parts.chain([&message["content"]]).filter_map(Value::as_str) {
            tokens += tokenizer::count(text);
            characters += text.chars().count() as u64;
        }
        tokens += MESSAGE_TOKENS;
    }
    (tokens, characters)
}

/// The refusal of a request over a limit; one that is larger than the limit says so.
pub(crate) fn refused(organisation: &str, call: &Call, refusal: &Refusal, wait_ms: u64) -> Problem {
    let (kind, what) = match refusal.reading.dimension {
        Dimension::Requests => ("requests", "requests per min (RPM)"),
        Dimension::InputTokens | Dimension::OutputTokens | Dimension::Tokens => ("tokens", "tokens per min (TPM)"),
    };
    let (model, limit, asked) = (&call.model, refusal.reading.limit, refusal.asked);
    let message = if refusal.fits_at.is_some() {
        let used = limit.saturating_sub(refusal.reading.remaining);
        let wait = headers::go_duration(std::time::Duration::from_millis(wait_ms));
        format!(
            "Rate limit reached for {model} in organization {organisation} on {what}: \
             Limit {limit}, Used {used}, Requested {asked}. Please try again in {wait}."
        )
    } else {
        format!(
            "Request too large for {model} in organization {organisation} on {what}: Limit {limit}, Requested {asked}. \
             The input or output tokens must be reduced in order to run successfully."
        )
    };
    Problem { status: 429, kind, code: Some("rate_limit_exceeded"), details: None, message }
}

pub(crate) fn error_body(problem: &Problem) -> String {
    json!({
        "error": { "message": problem.message, "type": problem.kind, "param": null, "code": problem.code },
    })
    .to_string()
}

fn invalid(message: &str) -> Problem {
    Problem { status: 400, kind: "invalid_request_error", code: None, details: None, message: message.to_owned() }
}

/// How the names of Mistral's models begin.
const MISTRAL: [&str; 7] = ["codestral", "devstral", "magistral", "ministral", "mistral", "pixtral", "voxtral"];
/// Tokens around every prompt.
pub(crate) const PROMPT_TOKENS: u64 = 3;
/// Tokens around every message.
pub(crate) const MESSAGE_TOKENS: u64 = 4;
/// What an answer may have where the request does not say.
const DEFAULT_MAX_TOKENS: u64 = 4_096;
