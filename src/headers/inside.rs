//! Errors that come inside a success: in a stream after its headers, from GraphQL, from Slack.

use super::json::Json;
use super::refusal::{MAX_BODY_BYTES, Refusal};
use crate::names;
use crate::provider::Provider;

/// An error found in the body of a response whose status says success.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inside<'a> {
    /// The status that the error would have had by itself.
    pub(crate) status: u16,
    /// The error.
    pub(crate) refusal: Refusal<'a>,
    /// Whether parts of the answer were delivered before it. Such a stream must not be replayed.
    pub(crate) after_delivery: bool,
}

impl<'a> Inside<'a> {
    /// Looks for an error in `body`.
    pub(crate) fn find(provider: Provider, body: &'a [u8]) -> Option<Self> {
        let body = &body[..body.len().min(MAX_BODY_BYTES)];
        if let Some(root @ (Json::Object(_) | Json::Array(_))) = Json::parse(body) {
            return Self::in_value(provider, root, false);
        }
        let mut delivered = false;
        let mut event = &b""[..];
        for line in body.split(|byte| matches!(byte, b'\n' | b'\r')) {
            if let Some(name) = line.strip_prefix(b"event:") {
                event = name.trim_ascii();
            } else if let Some(data) = line.strip_prefix(b"data:") {
                if let Some(found) = Json::parse(data).and_then(|root| Self::in_value(provider, root, delivered)) {
                    return Some(found);
                }
                delivered |= event != b"ping";
            }
        }
        None
    }

    fn in_value(provider: Provider, root: Json<'a>, after_delivery: bool) -> Option<Self> {
        // OpenAI's Responses wrap the error of a stream that failed.
        let root =
            root.member("response").filter(|response| response.path(&["error", "code"]).is_some()).unwrap_or(root);
        let status = slack(root).or_else(|| graphql(root)).or_else(|| error_status(root))?;
        Some(Self { status, refusal: Refusal::of(provider, root), after_delivery })
    }
}

/// `{"ok":false,"error":"ratelimited"}`
fn slack(root: Json<'_>) -> Option<u16> {
    let refused = root.member("ok") == Some(Json::Boolean(false));
    let limited = root.member("error").is_some_and(|error| error.is("ratelimited") || error.is("rate_limited"));
    (refused && limited).then_some(429)
}

/// `{"errors":[{"type":"RATE_LIMITED"}]}`, `{"errors":[{"extensions":{"code":"THROTTLED"}}]}`
fn graphql(root: Json<'_>) -> Option<u16> {
    root.member("errors")?.items().find_map(|error| {
        let names = [error.member("type"), error.path(&["extensions", "code"])];
        names.into_iter().flatten().find_map(|name| names::find(GRAPHQL_STATUSES, name.text()?.as_bytes()))
    })
}

/// The status that belongs to the type or the code of an error object.
fn error_status(root: Json<'_>) -> Option<u16> {
    let root = if let Json::Array(_) = root { root.items().next()? } else { root };
    let error = match root.member("error") {
        Some(error @ Json::Object(_)) => error,
        _ if root.member("type").is_some_and(|kind| kind.is("error")) => root,
        _ => return None,
    };
    let names = [error.path(&["details", "error_code"]), error.member("code"), error.member("type")];
    names.into_iter().flatten().find_map(|name| match name {
        Json::Number(code) => core::str::from_utf8(code).ok()?.parse().ok().filter(|code| (400..600).contains(code)),
        Json::Object(_) | Json::Array(_) | Json::Text(_) | Json::Boolean(_) | Json::Null => {
            names::find(STATUSES, name.text()?.as_bytes())
        }
    })
}

/// <https://platform.claude.com/docs/en/api/errors>,
/// <https://developers.openai.com/api/docs/guides/error-codes>
const STATUSES: &[(&str, u16)] = &[
    ("invalid_request_error", 400),
    ("authentication_error", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("not_found_error", 404),
    ("request_too_large", 413),
    ("rate_limit_error", 429),
    ("api_error", 500),
    ("timeout_error", 504),
    ("overloaded_error", 529),
    ("rate_limit_exceeded", 429),
    ("slow_down", 429),
    ("insufficient_quota", 429),
    ("credit_balance_exhausted", 429),
    ("organization_spend_limit_exceeded", 429),
    ("project_spend_limit_exceeded", 429),
    ("organization_usage_limit_exceeded", 429),
    ("server_error", 500),
    ("server_is_overloaded", 503),
];

const GRAPHQL_STATUSES: &[(&str, u16)] = &[
    ("RATE_LIMITED", 429),
    ("RATELIMITED", 429),
    ("RATE_LIMIT", 429),
    ("THROTTLED", 429),
    // Shopify: the query costs more than the bucket can ever hold.
    ("MAX_COST_EXCEEDED", 413),
];
