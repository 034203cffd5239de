//! Errors that come inside a success: in a stream after its headers, from GraphQL, from Slack.

use super::grammar::calendar::fixed_digits;
use super::json::Json;
use super::refusal::{MAX_BODY_BYTES, Refusal};
use super::signal::Kind;
use crate::names;
use crate::provider::Provider;
use crate::usage::{class_of_word, more_telling};

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
        match Json::parse(body) {
            Some(root @ Json::Object(_)) => Self::in_value(provider, root, false, false),
            // Google's streams that are not of events: what failed is an object of its own among the answers.
            Some(answers @ Json::Array(_)) => answers.items().enumerate().find_map(|(index, item)| {
                let item = Some(item).filter(|item| matches!(item.member("error"), Some(Json::Object(_))))?;
                Self::in_value(provider, item, false, index > 0)
            }),
            _ => Self::in_events(provider, body),
        }
    }

    /// Looks through a stream of events.
    fn in_events(provider: Provider, body: &'a [u8]) -> Option<Self> {
        let mut delivered = false;
        let mut event = &b""[..];
        for line in body.split(|byte| matches!(byte, b'\n' | b'\r')) {
            if let Some(name) = line.strip_prefix(b"event:") {
                event = name.trim_ascii();
            } else if let Some(data) = line.strip_prefix(b"data:") {
                let called_so = event == b"error";
                let found = Json::parse(data).and_then(|root| Self::in_value(provider, root, called_so, delivered));
                if found.is_some() {
                    return found;
                }
                delivered |= event != b"ping";
            }
        }
        None
    }

    #[inline(never)]
    fn in_value(provider: Provider, root: Json<'a>, called_so: bool, after_delivery: bool) -> Option<Self> {
        // OpenAI's Responses wrap the error of a stream that failed.
        let root =
            root.member("response").filter(|response| response.path(&["error", "code"]).is_some()).unwrap_or(root);
        let status = slack(root).or_else(|| graphql(root)).or_else(|| error_status(root, called_so))?;
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
pub(crate) fn graphql(root: Json<'_>) -> Option<u16> {
    root.member("errors")?.items().find_map(|error| {
        let paths = [&["type"][..], &["extensions", "code"]];
        paths.into_iter().find_map(|path| names::find(GRAPHQL_STATUSES, error.path(path)?.text()?.as_bytes()))
    })
}

/// The status that belongs to an error object, by its number or by its words. One that has neither is an error where
/// the event or the object itself is called so; elsewhere it may be a part of the answer.
fn error_status(root: Json<'_>, called_so: bool) -> Option<u16> {
    let says_so = root.member("type").is_some_and(|kind| kind.is("error"));
    let (error, certain) = match root.member("error") {
        Some(error @ Json::Object(_)) => (error, says_so || called_so),
        _ if says_so => (root, called_so),
        _ => return None,
    };
    let code = error.member("code");
    let number = code.and_then(Json::raw_text).filter(|code| code.len() == 3).and_then(fixed_digits);
    if let Some(status @ 400..600) = number {
        return u16::try_from(status).ok();
    }
    let words = [&["details", "error_code"][..], &["code"], &["type"], &["status"]];
    let classes = words.into_iter().filter_map(|path| class_of_word(error.path(path)?.text()?.as_bytes()));
    match classes.reduce(more_telling).or(certain.then_some(Kind::ServerError))? {
        Kind::RateLimit => Some(429),
        Kind::Overloaded => Some(529),
        Kind::QuotaExhausted => Some(402),
        Kind::ClientError => Some(400),
        Kind::ServerError => Some(500),
        Kind::Ok => None,
    }
}

const GRAPHQL_STATUSES: &[(&str, u16)] = &[
    ("RATE_LIMITED", 429),
    ("RATELIMITED", 429),
    ("RATE_LIMIT", 429),
    ("THROTTLED", 429),
    // Shopify: the query costs more than the bucket can ever hold.
    ("MAX_COST_EXCEEDED", 413),
];
