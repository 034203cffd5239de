//! One pass over the headers, which finds every field that says something about limits.

use alloc::borrow::Cow;

use super::block::HeaderBlock;
use super::clock::Clock;
use super::grammar::members::members;
use super::grammar::number::{Decimal, MILLI_NANOS, count};
use super::names::{self, Family, Figure, Key, WindowWord};
use super::reset::Unit;
use super::signal::{MAX_LIMITS, Signal, StatedLimit};
use super::vendor::{Conventions, Window, conventions_of};
use super::{ietf, retry_after};
use crate::provider::Provider;
use crate::time::{Duration, WallTime};

/// The fields of one response that matter, as they are written.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    values: [Option<&'a [u8]>; Field::COUNT],
    drafts: [Option<Draft<'a>>; MAX_LIMITS],
}

/// A field that is known by its whole name.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Field {
    RetryAfterMs,
    RetryAfter,
    AmzRetryAfter,
    ShouldRetry,
    StripeShouldRetry,
    ErrorType,
    ContentType,
    Date,
    Age,
    RateLimit,
    RateLimitPolicy,
    /// GitHub's resource or Discord's bucket: the name of the plain limit.
    Resource,
    ShopifyCalls,
}

impl Field {
    const COUNT: usize = Self::ShopifyCalls as usize + 1;
}

/// The figures of one limit, as they are written.
#[derive(Debug)]
struct Draft<'a> {
    family: Family,
    dimension: Cow<'static, str>,
    word: Option<&'static WindowWord>,
    figures: [Option<&'a [u8]>; Figure::COUNT],
}

impl<'a> Fields<'a> {
    /// Collects the fields of `headers`. Of a field that came in several lines the first counts.
    pub(crate) fn of(headers: HeaderBlock<'a>) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers.iter() {
            let mut lower = [0; MAX_NAME_BYTES];
            if let Some(lower) = lower.get_mut(..name.len()) {
                lower.copy_from_slice(name);
                lower.make_ascii_lowercase();
                fields.take(lower, value);
            }
        }
        fields
    }

    /// Adds fields that a body repeats, where the headers do not have them.
    pub(crate) fn take_missing(&mut self, fields: impl Iterator<Item = (&'static [u8], &'a [u8])>) {
        for (name, value) in fields {
            self.take(name, value);
        }
    }

    fn take(&mut self, name: &[u8], value: &'a [u8]) {
        let place = match crate::names::find(FIELDS, name) {
            Some(field) => self.values.get_mut(field as usize),
            None => names::parse(name).and_then(|(key, figure)| self.draft(key)?.figures.get_mut(figure as usize)),
        };
        if let Some(place) = place {
            place.get_or_insert(value);
        }
    }

    /// The value of `field`, if it came.
    pub(crate) fn value(&self, field: Field) -> Option<&'a [u8]> {
        self.values[field as usize]
    }

    /// The limit that `key` names, or a new one while there is room.
    fn draft(&mut self, key: Key<'_>) -> Option<&mut Draft<'a>> {
        let Key { family, word, .. } = key;
        let dimension = names::dimension(key.dimension);
        let same = |draft: &Draft<'_>| draft.family == family && draft.word == word && draft.dimension == dimension;
        let place = self.drafts.iter().position(|draft| draft.as_ref().is_none_or(same))?;
        Some(self.drafts[place].get_or_insert_with(|| Draft::new(family, dimension, word)))
    }

    /// The clock by which dates in this response are read.
    pub(crate) fn clock(&self, now: WallTime) -> Clock {
        Clock::with_date(now, self.value(Field::Date).filter(|_| !self.come_from_a_cache()))
    }

    /// The wait that the fields order: the finer one first, and one that is malformed gives way to the next.
    pub(crate) fn retry_after(&self, clock: &Clock) -> Option<Duration> {
        let fine = self.value(Field::RetryAfterMs).and_then(retry_after::retry_after_millis);
        let standard = || self.value(Field::RetryAfter).and_then(|value| retry_after::retry_after(value, clock));
        let amazon = || self.value(Field::AmzRetryAfter).and_then(retry_after::retry_after_millis);
        fine.or_else(standard).or_else(amazon)
    }

    /// Whether the fields order a wait, however long.
    pub(crate) fn order_a_wait(&self) -> bool {
        self.retry_after(&self.clock(WallTime::default())).is_some()
    }

    /// The server's own word on retrying: exactly `true` or `false`, nothing else.
    pub(crate) fn should_retry(&self) -> Option<bool> {
        let words = [self.value(Field::ShouldRetry), self.value(Field::StripeShouldRetry)];
        words.into_iter().flatten().find_map(|word| crate::names::find(&[("true", true), ("false", false)], word))
    }

    /// States every limit that the fields give.
    pub(crate) fn state_limits(&self, vendor: &Conventions, clock: &Clock, signal: &mut Signal<'a>) {
        // Each generation of fields restates the older one for old clients: only the newest counts.
        let structured =
            ietf::state_limits(self.value(Field::RateLimit), self.value(Field::RateLimitPolicy), clock, signal);
        let plain_is_restated =
            structured || self.drafts().any(|draft| draft.family == Family::Triple && draft.counts());
        for draft in self.drafts() {
            let restated = match draft.family {
                Family::Triple => structured,
                Family::Plain => plain_is_restated && draft.is_bare(),
                Family::Anthropic
                | Family::Unified
                | Family::BySize
                | Family::TokenLimit
                | Family::EndpointCall
                | Family::HubSpot => false,
            };
            if !restated {
                self.state_limit(draft, vendor, clock, signal);
            }
        }
        if let Some(limit) = self.value(Field::ShopifyCalls).and_then(shopify_calls) {
            signal.state(limit);
        }
    }

    fn state_limit(&self, draft: &Draft<'a>, vendor: &Conventions, clock: &Clock, signal: &mut Signal<'a>) {
        let (limit, policy_window) = match (draft.family, draft.figure(Figure::Limit)) {
            (Family::Triple, Some(limit)) => ietf::older_limit(limit, self.value(Field::RateLimitPolicy)),
            (_, limit) => (limit.and_then(count), None),
        };
        let remaining = draft.figure(Figure::Remaining).and_then(count);
        let name = match draft.family {
            Family::Unified => draft.figure(Figure::Status),
            Family::Plain if draft.is_bare() => self.value(Field::Resource),
            Family::Plain
            | Family::Triple
            | Family::Anthropic
            | Family::BySize
            | Family::TokenLimit
            | Family::EndpointCall
            | Family::HubSpot => None,
        };
        let name = name.and_then(|name| core::str::from_utf8(name).ok()).filter(|name| !name.is_empty());
        let reset_at = match draft.figure(Figure::ResetAfter).and_then(|after| Unit::Seconds.read(after, clock)) {
            None => draft.figure(Figure::Reset).and_then(|reset| draft.reset_unit(vendor).read(reset, clock)),
            after => after,
        };
        let window = draft.window(vendor, name).or(policy_window);
        // A subscription's window states no number, but its status and its end are worth knowing.
        if limit.is_some()
            || remaining.is_some()
            || (draft.family == Family::Unified && (name.is_some() || reset_at.is_some()))
        {
            signal.state(StatedLimit {
                limit,
                remaining,
                reset_at,
                window,
                policy: name.or(draft.word.map(|word| word.word)).map(Cow::Borrowed),
                restates_others: draft.family == Family::Anthropic && draft.dimension == "tokens",
                ..StatedLimit::of(draft.dimension.clone())
            });
        }
    }

    /// Whether `Age` (RFC 9111 §5.1) shows that the response was stored. Caches write `Age: 0` on what they fetch anew.
    pub(crate) fn come_from_a_cache(&self) -> bool {
        self.value(Field::Age).and_then(Decimal::parse).is_some_and(|age| age.floor() > 0)
    }

    fn drafts(&self) -> impl Iterator<Item = &Draft<'a>> {
        self.drafts.iter().flatten()
    }

    /// Whether the plain limit says that nothing is left of it.
    pub(crate) fn nothing_remains(&self) -> bool {
        self.drafts()
            .any(|draft| draft.family == Family::Plain && draft.figure(Figure::Remaining).and_then(count) == Some(0))
    }

    /// Whether every limit that says what is left of it has something left, and there is one.
    pub(crate) fn nothing_is_used_up(&self) -> bool {
        let left = || self.drafts().filter_map(|draft| draft.figure(Figure::Remaining).and_then(count));
        left().next().is_some() && left().all(|left| left > 0)
    }
}

impl<'a> Draft<'a> {
    const fn new(family: Family, dimension: Cow<'static, str>, word: Option<&'static WindowWord>) -> Self {
        Self { family, dimension, word, figures: [None; Figure::COUNT] }
    }

    fn figure(&self, figure: Figure) -> Option<&'a [u8]> {
        self.figures[figure as usize]
    }

    /// Whether the name of the limit says neither what is counted nor over which window.
    fn is_bare(&self) -> bool {
        self.word.is_none() && self.dimension == "requests"
    }

    fn counts(&self) -> bool {
        let limit = self.figure(Figure::Limit).and_then(|limit| ietf::older_limit(limit, None).0);
        limit.is_some() || self.figure(Figure::Remaining).and_then(count).is_some()
    }

    fn reset_unit(&self, vendor: &Conventions) -> Unit {
        match self.family {
            Family::Anthropic => Unit::Rfc3339,
            Family::Unified => Unit::EpochSeconds,
            Family::BySize => Unit::Seconds,
            Family::Plain | Family::TokenLimit => vendor.reset,
            Family::Triple | Family::EndpointCall | Family::HubSpot => Unit::Any,
        }
    }

    /// The window that the name tells, or else the one that is known of the provider.
    fn window(&self, vendor: &Conventions, policy: Option<&str>) -> Option<Duration> {
        let stated = self
            .figure(Figure::Window)
            .and_then(Decimal::parse)
            .map(|millis| Duration::from_millis(millis.millis_of(MILLI_NANOS)));
        let named = self.word.map(|word| word.span);
        let known = |window: &&Window| {
            self.dimension.starts_with(window.dimension) && (window.policy.is_none() || window.policy == policy)
        };
        let known = match self.family {
            Family::Anthropic => conventions_of(Provider::Anthropic).windows.first().map(|window| window.span),
            Family::Unified => names::unified_window(self.dimension.as_bytes()),
            Family::Plain | Family::TokenLimit => vendor.windows.iter().find(known).map(|window| window.span),
            Family::Triple | Family::BySize | Family::EndpointCall | Family::HubSpot => None,
        };
        stated.filter(|window| !window.is_zero()).or(named).or(known)
    }
}

/// `32/40`: what is used, then the limit. Of several the fullest counts.
fn shopify_calls(value: &[u8]) -> Option<StatedLimit<'static>> {
    let calls = members(value).filter_map(|member| {
        let slash = member.iter().position(|&byte| byte == b'/')?;
        let limit = count(&member[slash + 1..])?;
        let used = Decimal::parse(&member[..slash])?.floor();
        Some((limit.saturating_sub(used), limit))
    });
    let (remaining, limit) = calls.min()?;
    Some(StatedLimit { limit: Some(limit), remaining: Some(remaining), ..StatedLimit::of(Cow::Borrowed("requests")) })
}

/// The fields that are known by their whole names.
const FIELDS: &[(&str, Field)] = &[
    ("retry-after-ms", Field::RetryAfterMs),
    ("retry-after", Field::RetryAfter),
    ("x-amz-retry-after", Field::AmzRetryAfter),
    ("x-should-retry", Field::ShouldRetry),
    ("stripe-should-retry", Field::StripeShouldRetry),
    ("x-amzn-errortype", Field::ErrorType),
    ("content-type", Field::ContentType),
    ("date", Field::Date),
    ("age", Field::Age),
    ("ratelimit", Field::RateLimit),
    ("ratelimit-policy", Field::RateLimitPolicy),
    ("x-ratelimit-resource", Field::Resource),
    ("x-ratelimit-bucket", Field::Resource),
    ("x-shopify-shop-api-call-limit", Field::ShopifyCalls),
];

/// No known field has a longer name.
const MAX_NAME_BYTES: usize = 80;
