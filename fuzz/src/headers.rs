//! One response as text, and what must hold of every reading of it. Shared by the fuzz target and by the tests that
//! replay its corpus, so that neither can check less than the other.

use tidegate::headers::{HeaderBlock, Kind, MAX_RETRY_AFTER, Response, needs_body, read};
use tidegate::provider::Provider;
use tidegate::time::{Duration, WallTime};

/// Reads `input` as a response and panics if the reading breaks a promise of the parser.
///
/// The first line is the provider, or `?`, and the status; then come the headers, an empty line and the body.
pub fn check(input: &[u8]) {
    let (first, rest) = cut(input, b"\n");
    let (provider, status) = cut(first, b" ");
    let status = core::str::from_utf8(status).ok().and_then(|status| status.parse().ok()).unwrap_or(429);
    let (headers, body) = cut(rest, b"\n\n");
    let response = Response {
        provider: core::str::from_utf8(provider).ok().and_then(Provider::from_name),
        status,
        headers: HeaderBlock::new(headers),
        body: (!body.is_empty()).then_some(body),
    };
    check_reading(&response, WallTime::from_unix_millis(1_795_435_200_000));
}

/// Reads `response` and panics if the reading breaks a promise of the parser.
pub fn check_reading(response: &Response<'_>, now: WallTime) {
    let signal = read(response, now);
    assert!(signal.retry_after.is_none_or(|wait| wait <= MAX_RETRY_AFTER), "a wait above the cap: {signal:?}");
    for limit in signal.limits() {
        assert!(limit.limit.is_none_or(|limit| limit < 1 << 53), "a limit that JavaScript cannot hold: {limit:?}");
        assert!(limit.remaining.is_none_or(|left| left < 1 << 53), "a rest that JavaScript cannot hold: {limit:?}");
        if let (Some(most), Some(left)) = (limit.limit, limit.remaining) {
            assert!(left <= most, "more left than there is: {limit:?}");
        }
        if let Some(reset_at) = limit.reset_at {
            assert!(reset_at >= now, "a reset in the past: {limit:?}");
            assert!(reset_at.since(now) <= Duration::DAY.times(366), "a reset too far ahead: {limit:?}");
        }
        assert!(limit.window != Some(Duration::ZERO), "an empty window: {limit:?}");
        assert!(limit.window != Some(Duration::MAX), "a window that is no length: {limit:?}");
        assert!(!limit.dimension.contains('-'), "a dimension in the spelling of a header: {limit:?}");
    }
    assert!(signal.limits().count() <= 16);
    assert!(signal.kind != Kind::Ok || !signal.retryable, "a success is not retried: {signal:?}");
    assert_eq!(format!("{signal:?}"), format!("{:?}", read(response, now)), "two readings differ");
    assert!(response.status >= 400 || !needs_body(response.provider, response.status, response.headers));
}

fn cut<'a>(text: &'a [u8], divider: &[u8]) -> (&'a [u8], &'a [u8]) {
    match text.windows(divider.len()).position(|window| window == divider) {
        Some(at) => (&text[..at], &text[at + divider.len()..]),
        None => (text, b""),
    }
}
