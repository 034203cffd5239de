//! An API that nobody here knows, as its user describes it: plain data, no code.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::block::HeaderBlock;
use super::clock::Clock;
use super::grammar::number::count;
use super::reset::Unit;
use super::retry_after::retry_after_in;
use super::signal::{Kind, Signal, StatedLimit};
use crate::provider::Provider;
use crate::time::Duration;

/// How an API states its limits and refuses.
///
/// ```
/// use tidegate::headers::{CustomLimit, CustomProvider, HeaderBlock, Kind, Response, Unit, read_custom};
/// use tidegate::time::{Duration, WallTime};
///
/// let api = CustomProvider {
///     limits: vec![CustomLimit {
///         dimension: "requests".into(),
///         limit: Some("x-quota".into()),
///         remaining: Some("x-quota-left".into()),
///         reset: Some("x-quota-renews".into()),
///         unit: Unit::EpochMillis,
///         window: Some(Duration::MINUTE),
///     }],
///     statuses: vec![(418, Kind::RateLimit)],
///     ..CustomProvider::default()
/// };
/// let response = Response {
///     provider: None,
///     status: 418,
///     headers: HeaderBlock::new(b"X-Quota: 60\nX-Quota-Left: 0\nX-Quota-Renews: 1795435209000"),
///     body: None,
/// };
/// let signal = read_custom(&response, &api, WallTime::from_unix_millis(1_795_435_200_000));
/// let limit = signal.limits().next().unwrap();
/// assert_eq!((limit.limit, limit.remaining), (Some(60), Some(0)));
/// assert_eq!(limit.reset_at, Some(WallTime::from_unix_millis(1_795_435_209_000)));
/// assert_eq!((signal.kind, signal.retryable), (Kind::RateLimit, true));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CustomProvider {
    /// Whose conventions hold for everything that is not described here. Default: those of HTTP.
    pub like: Provider,
    /// The limits that its headers state. They replace those that would be read otherwise, unless there are none.
    pub limits: Vec<CustomLimit>,
    /// The header in which it orders a wait, beside `Retry-After`, and its unit.
    pub retry_after: Option<(String, Unit)>,
    /// What its statuses mean where they do not mean what they usually mean.
    pub statuses: Vec<(u16, Kind)>,
}

/// The header fields of one limit. Each may be missing; names are compared without case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CustomLimit {
    /// What is counted: `requests`, `tokens`, `input_tokens`, `output_tokens`, `custom`, or a name of your own.
    pub dimension: String,
    /// The field with the limit.
    pub limit: Option<String>,
    /// The field with what is left of it.
    pub remaining: Option<String>,
    /// The field with the instant at which it is replenished.
    pub reset: Option<String>,
    /// How that instant is written. Default: whatever it looks like.
    pub unit: Unit,
    /// The span over which the limit counts, where it is known.
    pub window: Option<Duration>,
}

impl CustomProvider {
    /// States the limits that `headers` give.
    pub(crate) fn state_limits<'a>(&'a self, headers: HeaderBlock<'a>, clock: &Clock, signal: &mut Signal<'a>) {
        for described in &self.limits {
            let field = |name: &Option<String>| name.as_deref().and_then(|name| headers.value(name));
            let (limit, remaining) =
                (field(&described.limit).and_then(count), field(&described.remaining).and_then(count));
            if limit.is_some() || remaining.is_some() {
                signal.state(StatedLimit {
                    limit,
                    remaining,
                    reset_at: field(&described.reset).and_then(|reset| described.unit.read(reset, clock)),
                    window: described.window,
                    ..StatedLimit::of(Cow::Borrowed(&described.dimension))
                });
            }
        }
    }

    /// The wait that its own field orders.
    pub(crate) fn retry_after(&self, headers: HeaderBlock<'_>, clock: &Clock) -> Option<Duration> {
        let (name, unit) = self.retry_after.as_ref()?;
        retry_after_in(*unit, headers.value(name)?, clock)
    }

    /// What `status` means to it.
    pub(crate) fn kind(&self, status: u16) -> Option<Kind> {
        self.statuses.iter().find(|(described, _)| *described == status).map(|(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::super::{Response, read_custom};
    use super::*;
    use crate::time::WallTime;

    /// 2026-11-23T12:00:00Z
    const NOW: WallTime = WallTime::from_unix_millis(1_795_435_200_000);

    fn read<'a>(custom: &'a CustomProvider, status: u16, headers: &'a str, body: Option<&'a str>) -> Signal<'a> {
        let headers = HeaderBlock::new(headers.as_bytes());
        read_custom(&Response { provider: None, status, headers, body: body.map(str::as_bytes) }, custom, NOW)
    }

    #[test]
    fn described_limits_replace_the_usual_ones() {
        let points =
            CustomLimit { dimension: "points".into(), remaining: Some("x-points".into()), ..Default::default() };
        let custom = CustomProvider { limits: vec![points], ..CustomProvider::default() };
        let signal = read(&custom, 200, "X-Points: 5\nx-ratelimit-remaining: 1", None);
        assert!(signal.limits().map(|limit| (&*limit.dimension, limit.remaining)).eq([("points", Some(5))]));
        assert_eq!(read(&custom, 200, "X-Points: many", None).limits().count(), 0);
        assert_eq!(read(&custom, 200, "X-Points: 5\nAge: 30", None).limits().count(), 0, "as a cache stored it");
    }

    #[test]
    fn what_is_not_described_is_read_as_usual() {
        let custom = CustomProvider { like: Provider::GitHub, ..CustomProvider::default() };
        let signal = read(&custom, 403, "x-ratelimit-remaining: 0\nretry-after: 3", None);
        assert_eq!((signal.kind, signal.limits().count()), (Kind::RateLimit, 1));
        assert_eq!(signal.retry_after, Some(Duration::from_secs(3)));
    }

    #[test]
    fn its_own_wait_counts_before_the_standard_one_unless_malformed() {
        let wait = Some(("x-wait".into(), Unit::Millis));
        let custom = CustomProvider { retry_after: wait, ..CustomProvider::default() };
        let wait = |headers| read(&custom, 429, headers, None).retry_after;
        assert_eq!(wait("X-Wait: 1500\nretry-after: 9"), Some(Duration::from_millis(1_500)));
        assert_eq!(wait("X-Wait: soon\nretry-after: 9"), Some(Duration::from_secs(9)));
        assert_eq!(wait("X-Wait: 99999999999"), Some(Duration::DAY));
    }

    #[test]
    fn a_described_status_has_its_class_unless_the_body_is_certain() {
        let statuses = vec![(403, Kind::RateLimit), (404, Kind::Ok)];
        let custom = CustomProvider { statuses, ..CustomProvider::default() };
        let class = |status, headers, body| {
            let signal = read(&custom, status, headers, body);
            (signal.kind, signal.retryable)
        };
        assert_eq!(class(403, "", None), (Kind::RateLimit, true));
        assert_eq!(class(403, "x-should-retry: false", None), (Kind::RateLimit, false));
        assert_eq!(class(404, "x-should-retry: true", None), (Kind::Ok, false));
        let spent = Some("{\"error\":{\"code\":\"insufficient_quota\"}}");
        assert_eq!(class(403, "", spent), (Kind::QuotaExhausted, false));
    }
}
