//! What the body of a refusal adds: a class that the status hides, a wait, a quota.

use alloc::borrow::Cow;

use super::codes::{GITHUB_MESSAGES, GROWTH_CODES, QUOTA_MESSAGES, is_quota_code, is_throttling};
use super::grammar::number::{Decimal, SECOND_NANOS, count, digits, saturating};
use super::hint::{self, find_ignoring_case};
use super::inside::graphql;
use super::json::Json;
use super::retry_after::capped;
use super::signal::{Kind, Signal, StatedLimit};
use crate::names;
use crate::provider::Provider;
use crate::time::Duration;

/// The body of a refusal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal<'a> {
    provider: Provider,
    root: Json<'a>,
    error: Json<'a>,
}

impl<'a> Refusal<'a> {
    /// Looks into `body`, if it is JSON.
    pub(crate) fn parse(provider: Provider, body: &'a [u8]) -> Option<Self> {
        Some(Self::of(provider, Json::parse(&body[..body.len().min(MAX_BODY_BYTES)])?))
    }

    /// Looks into a JSON value. Some servers wrap the object into an array.
    pub(crate) fn of(provider: Provider, root: Json<'a>) -> Self {
        let root = if let Json::Array(_) = root { root.items().next().unwrap_or(Json::Null) } else { root };
        let error = root.member("error").filter(|error| matches!(error, Json::Object(_))).unwrap_or(root);
        Self { provider, root, error }
    }

    /// The class that the body tells, where it is another than the status tells. Nothing else outranks it.
    pub(crate) fn kind(&self, status: u16) -> Option<Kind> {
        match status {
            429 | 498 | 500.. if self.is_too_large() => Some(Kind::ClientError),
            402 if self.is_in_flight_budget() => Some(Kind::RateLimit),
            400 | 402 | 403 | 429 if self.is_quota_exhausted() => Some(Kind::QuotaExhausted),
            400 | 403 if self.is_rate_limit_in_disguise() => Some(Kind::RateLimit),
            _ => None,
        }
    }

    /// The wait that the body orders in a field of its own.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let google = self.detail("google.rpc.RetryInfo").and_then(|info| protobuf_duration(info.member("retryDelay")?));
        let discord = || match self.root.member("retry_after") {
            Some(Json::Number(seconds)) if self.is_discord() => Decimal::parse(seconds),
            _ => None,
        };
        google.or_else(discord).map(|seconds| capped(seconds.millis_of(SECOND_NANOS)))
    }

    /// The wait that the body mentions in free text only.
    pub(crate) fn hint(&self) -> Option<Duration> {
        self.message().and_then(|message| hint::wait(&message))
    }

    /// States the quotas that the body names as exceeded.
    pub(crate) fn state_limits(&self, signal: &mut Signal<'a>) {
        for violation in self.violations() {
            let quota = violation.member("quotaId").and_then(Json::raw_text).unwrap_or_default();
            let metric = violation.member("quotaMetric").and_then(Json::raw_text).unwrap_or_default();
            let value = violation.member("quotaValue").and_then(Json::raw_text);
            if quota.is_empty() && metric.is_empty() {
                continue;
            }
            signal.state(StatedLimit {
                limit: value.and_then(count),
                remaining: Some(0),
                window: GOOGLE_WINDOWS.iter().find(|(name, _)| names::contains(quota, name)).map(|(_, span)| *span),
                policy: Json::Text(quota).text().filter(|quota| !quota.is_empty()),
                ..StatedLimit::of(Cow::Borrowed(google_dimension(metric)))
            });
        }
    }

    /// The rate-limit headers that OpenRouter repeats in the body, as names and values.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static [u8], &'a [u8])> {
        let headers = self.error.path(&["metadata", "headers"]);
        REPEATED_HEADERS.into_iter().filter_map(move |name| match headers?.member_in_any_case(name) {
            Some(Json::Text(value) | Json::Number(value)) => Some((name.as_bytes(), value)),
            _ => None,
        })
    }

    fn is_quota_exhausted(&self) -> bool {
        let is_code = |code: &str| {
            is_quota_code(code.as_bytes()) || (self.provider == Provider::Gemini && code == "quota_exceeded")
        };
        self.has_code(&is_code)
            || self.message().is_some_and(|message| QUOTA_MESSAGES.iter().any(|known| message.starts_with(known)))
            || self.violations().any(|violation| is_per_day(violation))
            || self.root.member("policyName").is_some_and(|policy| policy.is("DAILY"))
    }

    /// Whether the use grew too fast, whatever is left of the quota.
    pub(crate) fn is_of_growth(&self) -> bool {
        self.has_code(&|code| GROWTH_CODES.contains(&code))
    }

    /// Whether the request is larger than the limit itself, so that it never fits. OpenAI and Groq have no code for
    /// that, but write both numbers.
    fn is_too_large(&self) -> bool {
        self.has_code(&|code| code == "request_too_large")
            || self.message().is_some_and(|message| {
                let numbers =
                    (number_after(message.as_bytes(), ": limit "), number_after(message.as_bytes(), ", requested "));
                message.starts_with("Request too large")
                    || matches!(numbers, (Some(limit), Some(requested)) if requested > limit)
            })
    }

    fn is_rate_limit_in_disguise(&self) -> bool {
        let type_names = [self.root.member("__type"), self.error.member("code"), self.root.member("errorCode")];
        let is_known = |name: &[u8]| is_throttling(name) || name == b"REQUEST_LIMIT_EXCEEDED";
        let github = matches!(self.provider, Provider::GitHub | Provider::Generic)
            && self.message().is_some_and(|message| {
                GITHUB_MESSAGES.iter().any(|known| find_ignoring_case(message.as_bytes(), known).is_some())
            });
        github
            || graphql(self.root) == Some(429)
            || type_names.into_iter().flatten().filter_map(Json::raw_text).any(is_known)
    }

    /// `{"retry_after":64.57,"global":true}`, by which it is known where nobody named it.
    fn is_discord(&self) -> bool {
        let looks_so = || matches!(self.root.member("global"), Some(Json::Boolean(_)));
        self.provider == Provider::Discord || (self.provider == Provider::Generic && looks_so())
    }

    /// Too many requests at once for the balance at OpenRouter; the balance itself is there.
    fn is_in_flight_budget(&self) -> bool {
        let source = self.error.path(&["metadata", "limit_source"]);
        source.is_some_and(|source| source.is("openrouter_in_flight_budget"))
    }

    /// Whether one of the words by which the error is called is such a one.
    #[inline(never)]
    fn has_code(&self, is_it: &dyn Fn(&str) -> bool) -> bool {
        let paths = [&["details", "error_code"][..], &["code"], &["type"]];
        paths.into_iter().filter_map(|path| self.error.path(path)?.text()).any(|code| is_it(&code))
    }

    #[inline(never)]
    fn message(&self) -> Option<Cow<'a, str>> {
        let message = self.error.member("message").or_else(|| self.root.member("message"));
        message.or_else(|| self.root.member("error")).and_then(Json::text)
    }

    fn violations(&self) -> impl Iterator<Item = Json<'a>> {
        let failure = self.detail("google.rpc.QuotaFailure").and_then(|failure| failure.member("violations"));
        failure.unwrap_or(Json::Null).items()
    }

    /// The first of the error details of one type (google.rpc.Status).
    #[inline(never)]
    fn detail(&self, type_name: &str) -> Option<Json<'a>> {
        self.error.member("details")?.items().find(|detail| {
            let name = detail.member("@type").and_then(Json::text).unwrap_or_default();
            name.strip_prefix("type.googleapis.com/") == Some(type_name)
        })
    }
}

/// The whole number that stands in `text` after `phrase`. One that goes on behind a comma or a point is not whole.
#[inline(never)]
fn number_after(text: &[u8], phrase: &str) -> Option<u64> {
    let start = find_ignoring_case(text, phrase)? + phrase.len();
    let (number, rest) = digits(text.get(start..)?);
    let goes_on = matches!(rest, [b',' | b'.', b'0'..=b'9', ..]);
    (!number.is_empty() && !goes_on).then(|| saturating(number))
}

/// A duration in protobuf's JSON: seconds, at most nine decimals, and an `s`.
fn protobuf_duration(value: Json<'_>) -> Option<Decimal> {
    let number = value.raw_text()?.strip_suffix(b"s")?;
    let decimals = number.iter().position(|&byte| byte == b'.').map_or(0, |point| number.len() - point - 1);
    Decimal::parse(number).filter(|_| decimals <= 9)
}

/// A daily quota is gone until midnight, though the wait beside it says seconds.
fn is_per_day(violation: Json<'_>) -> bool {
    violation.member("quotaId").and_then(Json::raw_text).is_some_and(|quota| names::contains(quota, "PerDay"))
}

fn google_dimension(metric: &[u8]) -> &'static str {
    match () {
        () if names::contains(metric, "input_token") => "input_tokens",
        () if names::contains(metric, "output_token") => "output_tokens",
        () if names::contains(metric, "token") => "tokens",
        () => "requests",
    }
}

/// No refusal is longer; what follows in a body that is says nothing about limits.
pub(crate) const MAX_BODY_BYTES: usize = 65_536;

/// Words of a `quotaId`.
const GOOGLE_WINDOWS: [(&str, Duration); 4] = [
    ("PerMinute", Duration::MINUTE),
    ("PerDay", Duration::DAY),
    ("PerHour", Duration::from_secs(3_600)),
    ("PerSecond", Duration::SECOND),
];

const REPEATED_HEADERS: [&str; 4] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"];
