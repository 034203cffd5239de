//! What servers say about their limits, in one normal form.
//!
//! [`read`] turns the status, the headers and, where it is at hand, the body of a response into a [`Signal`]. Foreign
//! text is read strictly and failed softly: what does not fit its grammar says nothing, and never reads as zero.

mod block;
mod classify;
mod clock;
mod codes;
mod custom;
mod gather;
mod grammar;
mod guess;
mod hint;
mod ietf;
mod inside;
mod json;
mod names;
mod refusal;
mod reset;
mod retry_after;
mod signal;
mod vendor;

pub use block::HeaderBlock;
pub(crate) use codes::is_quota_code;
pub use codes::{quota_codes, throttling_types};
pub use custom::{CustomLimit, CustomProvider};
pub use reset::Unit;
pub use retry_after::MAX_RETRY_AFTER;
pub(crate) use signal::MAX_LIMITS;
pub use signal::{Kind, Signal, StatedLimit};
pub use vendor::{READ_ON, Vendor, Window, vendors};

use gather::Fields;
use inside::Inside;
use refusal::Refusal;
use vendor::{Conventions, conventions_of};

use crate::provider::Provider;
use crate::time::WallTime;

/// A response as the parser sees it.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// Who answered, where the request told; `None` to guess from the headers. [`Provider::OpenAi`] is taken for a
    /// dialect: headers that bear the mark of another provider outrank it.
    pub provider: Option<Provider>,
    /// HTTP status.
    pub status: u16,
    /// All response headers.
    pub headers: HeaderBlock<'a>,
    /// The body, or the beginning of it, where it was read.
    pub body: Option<&'a [u8]>,
}

/// Reads what `response` says. `now` is the wall time at which it arrived.
///
/// ```
/// use tidegate::headers::{HeaderBlock, Kind, Response, read};
/// use tidegate::time::{Duration, WallTime};
///
/// let response = Response {
///     provider: None,
///     status: 429,
///     headers: HeaderBlock::new(b"retry-after: 7\nanthropic-ratelimit-requests-remaining: 0"),
///     body: None,
/// };
/// let signal = read(&response, WallTime::from_unix_millis(1_795_435_200_000));
/// assert_eq!((signal.kind, signal.retryable), (Kind::RateLimit, true));
/// assert_eq!(signal.retry_after, Some(Duration::from_secs(7)));
/// assert_eq!(signal.limits().next().and_then(|limit| limit.remaining), Some(0));
/// ```
pub fn read<'a>(response: &Response<'a>, now: WallTime) -> Signal<'a> {
    read_as(who_answered(response.provider, response.headers), None, response, now)
}

/// Reads what `response` says, where a user has described the API. `response.provider` says nothing here.
pub fn read_custom<'a>(response: &Response<'a>, custom: &'a CustomProvider, now: WallTime) -> Signal<'a> {
    read_as(custom.like, Some(custom), response, now)
}

/// A request to an API that speaks OpenAI's dialect may be answered by many; their headers tell them apart. What stands
/// in front of them, or answers like somebody who serves no models, is not whom the request went to.
fn who_answered(named: Option<Provider>, headers: HeaderBlock<'_>) -> Provider {
    match named {
        Some(provider) if provider != Provider::OpenAi => provider,
        None => guess::provider(headers).unwrap_or_default(),
        dialect => guess::provider(headers).filter(|found| found.hosts_models()).or(dialect).unwrap_or_default(),
    }
}

fn read_as<'a>(
    provider: Provider,
    custom: Option<&'a CustomProvider>,
    response: &Response<'a>,
    now: WallTime,
) -> Signal<'a> {
    let mut fields = Fields::of(response.headers);
    let clock = fields.clock(now);
    let mut signal = Signal::default();
    signal.provider = provider;

    let inside = response.body.filter(|_| response.status < 300).and_then(|body| Inside::find(provider, body));
    let (status, refusal) = match (response.body, inside) {
        (_, Some(inside)) => (inside.status, Some(inside.refusal)),
        (Some(body), None) if response.status >= 400 => (response.status, Refusal::parse(provider, body)),
        _ => (response.status, None),
    };
    if let Some(refusal) = &refusal {
        fields.take_missing(refusal.headers());
    }
    // A cache repeats what the server said of its limits long ago.
    if !fields.come_from_a_cache() {
        match custom.filter(|custom| !custom.limits.is_empty()) {
            Some(custom) => custom.state_limits(response.headers, &clock, &mut signal),
            None => fields.state_limits(plain_fields_of(provider), &clock, &mut signal),
        }
    }
    // The headers of a success do not speak of the error that came inside it.
    let should_retry = fields.should_retry().filter(|_| response.status >= 400);
    let described = custom.and_then(|custom| custom.kind(status));
    (signal.kind, signal.retryable) =
        classify::classify(provider, status, &fields, refusal.as_ref(), described, should_retry);
    signal.grows_too_fast = signal.kind == Kind::RateLimit && refusal.as_ref().is_some_and(Refusal::is_of_growth);
    signal.retryable &= !inside.is_some_and(|inside| inside.after_delivery);
    let own = custom.and_then(|custom| custom.retry_after(response.headers, &clock));
    signal.retry_after = own.or_else(|| fields.retry_after(&clock));
    if let Some(refusal) = &refusal {
        refusal.state_limits(&mut signal);
        signal.retry_after = signal.retry_after.or_else(|| refusal.retry_after());
        if matches!(signal.kind, Kind::RateLimit | Kind::Overloaded) {
            signal.retry_after = signal.retry_after.or_else(|| refusal.hint());
        }
    }
    signal
}

/// By whose conventions `x-ratelimit-…` is read. Anthropic sends no such fields: they are a gateway's.
fn plain_fields_of(provider: Provider) -> &'static Conventions {
    conventions_of(if provider == Provider::Anthropic { Provider::Generic } else { provider })
}

/// Whether the class of a refusal cannot be told from status and headers alone and a JSON body could tell it.
///
/// False for everything below 400. `provider` is `None` to guess from the headers, as in [`Response`].
///
/// ```
/// use tidegate::headers::{HeaderBlock, needs_body};
/// use tidegate::provider::Provider;
///
/// let none = HeaderBlock::new(b"");
/// let wait = HeaderBlock::new(b"retry-after: 7");
/// let left = HeaderBlock::new(b"retry-after: 7\nanthropic-ratelimit-requests-remaining: 5");
/// assert!(needs_body(Some(Provider::Anthropic), 429, none)); // a spend cap looks like this
/// assert!(needs_body(Some(Provider::Anthropic), 429, left)); // a limit on growth looks like this
/// assert!(!needs_body(Some(Provider::Anthropic), 429, wait));
/// assert!(needs_body(Some(Provider::OpenAi), 429, wait));
/// assert!(!needs_body(Some(Provider::OpenAi), 503, wait));
/// ```
pub fn needs_body(provider: Option<Provider>, status: u16, headers: HeaderBlock<'_>) -> bool {
    let provider = who_answered(provider, headers);
    status >= 400 && classify::needs_body(provider, status, &Fields::of(headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stands_in_front_of_a_dialect_is_not_who_answers_it() {
        for (headers, provider) in [
            ("x-groq-region: fra", Provider::Groq),
            ("x-amzn-requestid: 1\nx-amzn-errortype: TooManyRequestsException", Provider::OpenAi),
            ("x-ratelimit-bucket: b\nstripe-version: 1", Provider::OpenAi),
            ("x-github-request-id: 1", Provider::OpenAi),
        ] {
            let headers = HeaderBlock::new(headers.as_bytes());
            assert_eq!(who_answered(Some(Provider::OpenAi), headers), provider);
            assert!(needs_body(Some(Provider::OpenAi), 429, headers));
        }
        let aws = HeaderBlock::new(b"x-amzn-requestid: 1");
        assert_eq!(who_answered(None, aws), Provider::Aws);
        assert!(needs_body(None, 429, aws), "the gateway may stand before any API");
        assert_eq!(who_answered(Some(Provider::Groq), aws), Provider::Groq);
    }
}
