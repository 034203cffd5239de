//! From status, headers and body to a class.

use super::codes::is_throttling;
use super::gather::{Field, Fields};
use super::hint::find_ignoring_case;
use super::refusal::Refusal;
use super::signal::Kind;
use super::vendor::conventions_of;
use crate::provider::Provider;

/// The class of a response, and whether another attempt can succeed.
///
/// What the body tells is certain. Otherwise the server's own word on retrying, `should_retry`, outranks what the
/// status suggests. `described` is what a user says that the status means.
pub(crate) fn classify(
    provider: Provider,
    status: u16,
    fields: &Fields<'_>,
    body: Option<&Refusal<'_>>,
    described: Option<Kind>,
    should_retry: Option<bool>,
) -> (Kind, bool) {
    let told = body.and_then(|body| body.kind(status));
    let kind = told.or(described).unwrap_or_else(|| by_status(provider, status, fields));
    let retryable = match kind {
        Kind::RateLimit | Kind::Overloaded => true,
        Kind::ServerError => !NEVER_SERVED.contains(&status),
        Kind::Ok | Kind::QuotaExhausted | Kind::ClientError => false,
    };
    let hopeless = kind == Kind::Ok || matches!(told, Some(Kind::QuotaExhausted | Kind::ClientError));
    (kind, !hopeless && should_retry.unwrap_or(retryable))
}

/// Whether the class can be another once the body is read.
pub(crate) fn needs_body(provider: Provider, status: u16, fields: &Fields<'_>) -> bool {
    let told_by_headers = status != 429 && by_status(provider, status, fields) == Kind::RateLimit;
    let not_json = fields.value(Field::ContentType).is_some_and(|name| find_ignoring_case(name, "json").is_none());
    // A spend cap of Anthropic has no Retry-After, with a limit on growth there is something left of every other, and at
    // Discord the body only repeats it.
    let is_plain = provider == Provider::Discord || provider == Provider::Anthropic && !fields.nothing_is_used_up();
    let answered = status == 429 && is_plain && fields.order_a_wait();
    conventions_of(provider).telling_bodies.contains(&status) && !told_by_headers && !not_json && !answered
}

fn by_status(provider: Provider, status: u16, fields: &Fields<'_>) -> Kind {
    match status {
        ..400 => Kind::Ok,
        429 => Kind::RateLimit,
        498 | 503 | 529 => Kind::Overloaded,
        400..500 if fields.value(Field::ErrorType).is_some_and(is_throttling) => Kind::RateLimit,
        // Stripe's 402 is a card that was declined.
        402 if provider != Provider::Stripe => Kind::QuotaExhausted,
        403 if provider == Provider::GitHub && (fields.nothing_remains() || fields.order_a_wait()) => Kind::RateLimit,
        408 | 500.. => Kind::ServerError,
        _ => Kind::ClientError,
    }
}

/// Not implemented, HTTP version not supported, variant also negotiates, loop detected, not extended, network
/// authentication required: the same request meets the same answer.
const NEVER_SERVED: [u16; 6] = [501, 505, 506, 508, 510, 511];
