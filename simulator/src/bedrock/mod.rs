//! Amazon Bedrock's shapes: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html>
//! (read 2026-11-27 as npm:@aws-sdk/client-bedrock-runtime@3.1164.0 has them).

mod answer;
mod frame;

use serde_json::{Value, json};

use crate::api::{Call, Endpoint, Family, Problem};
use crate::exchange::Request;
use crate::groups::COUNT_TOKENS_GROUP;
use crate::ledger::Refusal;
use crate::limits::{Dimension, Limits};
use crate::plan::header;
use crate::route::Route;
use crate::{claude, tokenizer};

pub(crate) use answer::{converse_body, converse_frames, count_body, invoke_body, invoke_frames, stream_error_frame};

/// What a model is allowed where the options say nothing. Invented: amounts differ by model, account and region.
pub(crate) const FALLBACK_LIMITS: Limits = Limits {
    rpm: Some(200),
    itpm: None,
    otpm: None,
    tpm: Some(200_000),
    burst_ms: None,
    hide_burst: false,
    enforcement: crate::meter::Enforcement::TokenBucket,
};

/// What a token that is written takes of the limit in the end: "burndown rates",
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html> (a capture, read 2026-11-23).
pub(crate) fn burndown(model: &str) -> u64 {
    BURNDOWN.iter().find(|(names, _)| names.iter().any(|name| model.contains(name))).map_or(1, |&(_, rate)| rate)
}

/// Reads a request of any operation.
pub(crate) fn read(request: &Request, route: &Route<'_>) -> Result<Call, Problem> {
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| invalid("Malformed input request, please reformat your input and try again."))?;
    let counting = route.endpoint == Endpoint::CountTokens;
    let (tokens, characters, max_tokens) = match route.endpoint {
        Endpoint::Invoke => read_invoke(&route.model, &body)?,
        Endpoint::CountTokens => {
            let input = body["input"].get("converse");
            read_converse(input.ok_or_else(|| invalid("This server counts what Converse is asked: input.converse"))?)?
        }
        Endpoint::Converse | Endpoint::Messages | Endpoint::ChatCompletions | Endpoint::GenerateContent => {
            read_converse(&body)?
        }
    };
    Ok(Call {
        family: Family::Bedrock,
        endpoint: route.endpoint,
        model: route.model.clone().into_owned(),
        group: if counting { COUNT_TOKENS_GROUP } else { &route.model }.to_owned(),
        input_tokens: tokens,
        input_characters: characters,
        max_tokens,
        stream: route.stream,
        include_usage: true,
        ..Call::default()
    })
}

/// The size of the prompt, its characters, and what the answer may have: of a message to Claude.
fn read_invoke(model: &str, body: &Value) -> Result<(u64, u64, u64), Problem> {
    if !model.contains("claude") {
        return Err(invalid("This server knows the bodies of Claude alone: ask other models by Converse."));
    }
    if body["anthropic_version"] != "bedrock-2023-05-31" {
        return Err(invalid("anthropic_version: Field required"));
    }
    if body["messages"].as_array().is_none_or(Vec::is_empty) {
        return Err(invalid("messages: Field required"));
    }
    let max_tokens = body["max_tokens"].as_u64().filter(|&max_tokens| max_tokens > 0);
    let max_tokens = max_tokens.ok_or_else(|| invalid("max_tokens: Field required"))?;
    let (tokens, characters) = claude::measure_all(body);
    Ok((tokens, characters, max_tokens))
}

/// The same of a request in Bedrock's own words.
fn read_converse(body: &Value) -> Result<(u64, u64, u64), Problem> {
    let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
    let messages = messages.ok_or_else(|| invalid("The value at messages is empty. Provide at least one message."))?;
    let mut tokens = PROMPT_TOKENS + MESSAGE_TOKENS * messages.len() as u64;
    let mut characters = 0;
    let system = body["system"].as_array().into_iter().flatten();
    for block in messages.iter().flat_map(|message| message["content"].as_array().into_iter().flatten()).chain(system) {
        let text = block["text"].as_str().map_or_else(|| block.to_string(), str::to_owned);
        tokens += tokenizer::count(&text);
        characters += text.chars().count() as u64;
    }
    if let Some(tools) = body.get("toolConfig") {
        tokens += tokenizer::count(&tools.to_string());
    }
    let given = &body["inferenceConfig"]["maxTokens"];
    let max_tokens = if given.is_null() { Some(DEFAULT_MAX_TOKENS) } else { given.as_u64() };
    let max_tokens = max_tokens.filter(|&max_tokens| max_tokens > 0).ok_or_else(|| {
        invalid(
            "Value at 'inferenceConfig.maxTokens' failed to satisfy constraint: Member must have value greater than or \
             equal to 1",
        )
    })?;
    Ok((tokens, characters, max_tokens))
}

/// The refusal of a request over a limit: no header and no word says when to come again.
pub(crate) fn refused(refusal: &Refusal) -> Problem {
    match refusal.reading.dimension {
        Dimension::Requests => throttled("Too many requests, please wait before trying again."),
        Dimension::InputTokens | Dimension::OutputTokens | Dimension::Tokens => {
            throttled("Too many tokens, please wait before trying again.")
        }
    }
}

pub(crate) fn throttled(message: &str) -> Problem {
    problem(429, "ThrottlingException", message)
}

pub(crate) fn overloaded() -> Problem {
    problem(503, "ServiceUnavailableException", "Bedrock is unable to process your request.")
}

pub(crate) fn internal() -> Problem {
    problem(
        500,
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
    )
}

pub(crate) fn unauthenticated() -> Problem {
    problem(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
}

pub(crate) fn error_body(problem: &Problem) -> String {
    json!({ "message": problem.message }).to_string()
}

/// What names the error, as the body does not.
pub(crate) fn error_headers(problem: &Problem) -> Vec<(String, String)> {
    let kind = problem.kind;
    vec![header("x-amzn-errortype", &format!("{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"))]
}

fn invalid(message: &str) -> Problem {
    problem(400, "ValidationException", message)
}

fn problem(status: u16, kind: &'static str, message: &str) -> Problem {
    Problem { status, kind, code: None, details: None, message: message.to_owned() }
}

/// By part of the model's id, the more special first.
const BURNDOWN: [(&[&str], u64); 3] =
    [(&["sonnet-5", "opus-5", "fable-5", "gpt-5.6"], 10), (&["opus-4-8"], 15), (&["anthropic.claude"], 5)];

/// Tokens around every prompt, and around every message.
pub(crate) const PROMPT_TOKENS: u64 = 4;
const MESSAGE_TOKENS: u64 = 3;
/// What an answer may have where the request does not say. Invented: in truth it is all that the model can write.
const DEFAULT_MAX_TOKENS: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_costs_what_the_page_says_of_the_model() {
        for (model, rate) in [
            ("us.anthropic.claude-sonnet-5-v1:0", 10),
            ("anthropic.claude-opus-4-8-v1:0", 15),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", 5),
            ("amazon.nova-pro-v1:0", 1),
        ] {
            assert_eq!(burndown(model), rate, "{model}");
        }
    }
}
