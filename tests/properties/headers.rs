//! The parser of headers and bodies is total, bounded and exact.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::FileFailurePersistence;
use tidegate::headers::{HeaderBlock, Response, StatedLimit, read};
use tidegate::provider::Provider;
use tidegate::time::{Duration, WallTime};

use crate::promises::{check, check_reading};

/// 2026-11-23T12:00:00Z
const NOW: u64 = 1_795_435_200_000;

fn config() -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("regressions");
    ProptestConfig { failure_persistence: Some(Box::new(persistence)), cases: 1_000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_without_breaking_a_promise(
        provider in proptest::option::of(select(&Provider::ALL[..])),
        status in prop_oneof![Just(200), Just(429), Just(400), Just(403), any::<u16>()],
        headers in vec(any::<u8>(), 0..400),
        body in proptest::option::of(vec(any::<u8>(), 0..400)),
        now in prop_oneof![Just(NOW), any::<u64>()],
    ) {
        let response = Response { provider, status, headers: HeaderBlock::new(&headers), body: body.as_deref() };
        // The end of time leaves no room for an instant after it.
        check_reading(&response, WallTime::from_unix_millis(now.min(u64::MAX / 2)));
    }

    #[test]
    fn likely_names_with_unlikely_values_are_read_without_breaking_a_promise(
        provider in select(&Provider::ALL[..]),
        status in select(&[200_u16, 400, 402, 403, 429, 500, 503, 529][..]),
        fields in vec((select(NAMES), value()), 0..24),
    ) {
        let block = lines(&fields);
        let response = Response { provider: Some(provider), status, headers: HeaderBlock::new(block.as_bytes()), body: None };
        check_reading(&response, WallTime::from_unix_millis(NOW));
    }

    #[test]
    fn a_real_response_with_a_few_wrong_bytes_is_read_without_breaking_a_promise(
        file in select(CORPUS),
        wounds in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut input = file.to_vec();
        for (place, byte) in wounds {
            let place = place.index(input.len());
            input[place] = byte;
        }
        check(&input);
    }

    #[test]
    fn only_a_zero_or_a_past_date_is_no_wait(value in value()) {
        if wait_of(&value) == Some(Duration::ZERO) {
            let zero = |member: &str| {
                let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte == b'0');
                member.split('.').count() <= 2 && member.split('.').all(digits)
            };
            let dated = value.contains("19") || value.contains("20") || value.contains("-94 ") || value.contains("17954352");
            prop_assert!(value.split(',').any(|member| zero(member.trim())) || dated, "{value:?} was read as no wait");
        }
    }

    #[test]
    fn only_a_zero_is_nothing_left(value in value()) {
        let block = format!("x-ratelimit-remaining: {value}");
        if limit_of(&block).is_some_and(|limit| limit.remaining == Some(0)) {
            let zero = |member: &str| member.split('.').next().is_some_and(|whole| !whole.is_empty() && whole.bytes().all(|byte| byte == b'0'));
            prop_assert!(value.split(',').any(|member| zero(member.trim())), "{value:?} was read as nothing left");
        }
    }

    #[test]
    fn decimal_seconds_are_exact_to_the_millisecond(whole in 0_u64..86_400, fraction in 0_u64..1_000_000) {
        let expected = whole * 1_000 + fraction.div_ceil(1_000);
        let read = wait_of(&format!("{whole}.{fraction:06}"));
        prop_assert_eq!(read, Some(Duration::from_millis(expected.min(86_400_000))));
    }

    #[test]
    fn a_date_is_the_same_instant_in_every_spelling(ahead in 0_u64..86_400, offset in -1_439_i64..1_440) {
        let expected = Some(Duration::from_secs(ahead));
        let seconds = NOW / 1_000 + ahead;
        let [imf, rfc850, asctime] = http_dates(seconds);
        prop_assert_eq!(wait_of(&imf), expected, "{}", imf);
        prop_assert_eq!(wait_of(&rfc850), expected, "{}", rfc850);
        prop_assert_eq!(wait_of(&asctime), expected, "{}", asctime);
        let local = rfc3339(seconds.checked_add_signed(offset * 60).unwrap(), offset);
        prop_assert_eq!(wait_of(&local), expected, "{}", local);
    }

    #[test]
    fn a_duration_is_read_as_go_prints_it(millis in 0_u64..31_622_400_000) {
        let printed = go_duration(millis);
        let block = format!("x-ratelimit-remaining-tokens: 1\nx-ratelimit-reset-tokens: {printed}");
        let reset_at = limit_of(&block).and_then(|limit| limit.reset_at);
        prop_assert_eq!(reset_at, Some(WallTime::from_unix_millis(NOW + millis)), "{}", printed);
    }

    #[test]
    fn what_is_stated_is_read_back(limit in 0_u64..1 << 53, left in 0_u64..1 << 53, reset in 0_u64..31_622_400) {
        for [l, r, t] in [
            ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
            ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"],
        ] {
            let block = format!("{t}: {reset}\n{l}: {limit}\n{r}: {left}");
            let read = limit_of(&block).unwrap();
            prop_assert_eq!((read.limit, read.remaining), (Some(limit), Some(left.min(limit))));
            prop_assert_eq!(read.reset_at, Some(WallTime::from_unix_millis(NOW + reset * 1_000)));
        }
        let (quota, left) = (limit % 1_000_000_000_000_000, left % 1_000_000_000_000_000);
        let block = format!("RateLimit: \"a\";t={reset};r={left}\nRateLimit-Policy: \"a\";w=9;q={quota}");
        let read = limit_of(&block).unwrap();
        prop_assert_eq!((read.limit, read.remaining), (Some(quota), Some(left.min(quota))));
        prop_assert_eq!(read.reset_at, Some(WallTime::from_unix_millis(NOW + reset * 1_000)));
        prop_assert_eq!(read.window, Some(Duration::from_secs(9)));
    }

    #[test]
    fn order_and_case_of_the_fields_do_not_matter(
        fields in proptest::collection::hash_map(select(NAMES), value(), 0..12).prop_flat_map(|map| {
            let fields: Vec<_> = map.into_iter().collect();
            (Just(fields.clone()), Just(fields).prop_shuffle())
        }),
    ) {
        let (fields, mut shuffled) = fields;
        let shouted: Vec<_> = shuffled.drain(..).map(|(name, value)| (name.to_ascii_uppercase(), value)).collect();
        let shouted: Vec<_> = shouted.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        prop_assert_eq!(reading(&lines(&fields)), reading(&lines(&shouted)));
    }
}

fn lines(fields: &[(&str, String)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

/// Everything that is read of a refusal with these headers, in an order of its own.
fn reading(block: &str) -> (Option<Duration>, bool, Vec<String>) {
    let signal = read(&refusal(block), WallTime::from_unix_millis(NOW));
    let mut limits: Vec<_> = signal.limits().map(|limit| format!("{limit:?}")).collect();
    limits.sort();
    (signal.retry_after, signal.retryable, limits)
}

fn wait_of(value: &str) -> Option<Duration> {
    let block = format!("retry-after: {value}");
    read(&refusal(&block), WallTime::from_unix_millis(NOW)).retry_after
}

fn limit_of(block: &str) -> Option<StatedLimit<'_>> {
    read(&refusal(block), WallTime::from_unix_millis(NOW)).limits().next().cloned()
}

fn refusal(block: &str) -> Response<'_> {
    let provider = Some(Provider::Generic);
    Response { provider, status: 429, headers: HeaderBlock::new(block.as_bytes()), body: None }
}

/// Values that are right, nearly right, and not at all.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,25}(\\.[0-9]{0,12})?",
        "[-+]?[0-9.,e]{0,8}",
        "[0-9.]{1,6}(ns|us|ms|s|m|h|d){0,3}([0-9]{1,3}s)?",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,7})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])?",
        "(Mon|Sun), [0-3][0-9] (Nov|Feb|Dec) (19|20)[0-9]{2} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] (GMT|UTC)",
        "\"[a-z\\\\\"]{0,6}\"(;[a-z]=[-0-9\":]{0,4}){0,3}(, )?",
        "(limit|remaining|reset)=[0-9]{0,5}(, ?(limit|remaining|reset)=[0-9]{0,5}){0,2}",
        "[0-9]{1,3}(;w=[0-9]{0,3})?(, [0-9]{1,3};w=[0-9]{1,3}){0,3}",
        "[ -~]{0,20}",
    ]
}

/// 1970 and later, without the parser's own arithmetic.
fn civil(unix_seconds: u64) -> (u64, usize, u64, usize, String) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut days, mut year, mut month) = (unix_seconds / 86_400, 1970, 0);
    let weekday = usize::try_from((days + 3) % 7).unwrap();
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let time = unix_seconds % 86_400;
    let clock = format!("{:02}:{:02}:{:02}", time / 3_600, time / 60 % 60, time % 60);
    (year, month, days + 1, weekday, clock)
}

fn http_dates(unix_seconds: u64) -> [String; 3] {
    let (year, month, day, weekday, clock) = civil(unix_seconds);
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][month];
    let weekday = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][weekday];
    [
        format!("{}, {day:02} {month} {year} {clock} GMT", &weekday[..3]),
        format!("{weekday}, {day:02}-{month}-{:02} {clock} GMT", year % 100),
        format!("{} {month} {day:2} {clock} {year}", &weekday[..3]),
    ]
}

fn rfc3339(local_seconds: u64, offset_minutes: i64) -> String {
    let (year, month, day, _, clock) = civil(local_seconds);
    let (sign, offset) = (if offset_minutes < 0 { '-' } else { '+' }, offset_minutes.abs());
    format!("{year}-{:02}-{day:02}T{clock}{sign}{:02}:{:02}", month + 1, offset / 60, offset % 60)
}

/// `time.Duration.String`
fn go_duration(millis: u64) -> String {
    let decimals = |whole: u64, part: u64| {
        let text = format!("{whole}.{part:03}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let seconds = format!("{}s", decimals(millis / 1_000 % 60, millis % 1_000));
    match (millis / 3_600_000, millis / 60_000 % 60) {
        (0, 0) if millis > 0 && millis < 1_000 => format!("{millis}ms"),
        (0, 0) => seconds,
        (0, minutes) => format!("{minutes}m{seconds}"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}"),
    }
}

const NAMES: &[&str] = &[
    "retry-after",
    "retry-after-ms",
    "x-amz-retry-after",
    "x-should-retry",
    "date",
    "age",
    "ratelimit",
    "ratelimit-policy",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-ratelimit-reset-after",
    "x-ratelimit-resource",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens-day",
    "x-ratelimit-reset-tokens",
    "x-tokenlimit-limit",
    "x-shopify-shop-api-call-limit",
    "x-hubspot-ratelimit-max",
    "x-hubspot-ratelimit-interval-milliseconds",
    "anthropic-ratelimit-requests-limit",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-unified-5h-reset",
    "anthropic-ratelimit-unified-5h-status",
    "content-type",
];

const CORPUS: &[&[u8]] = &[
    include_bytes!("../../fuzz/corpus/headers/anthropic-200-full-set"),
    include_bytes!("../../fuzz/corpus/headers/anthropic-429-contract-spend"),
    include_bytes!("../../fuzz/corpus/headers/gemini-429-per-minute"),
    include_bytes!("../../fuzz/corpus/headers/ietf-200-pk-and-bytes"),
    include_bytes!("../../fuzz/corpus/headers/ietf01-burst-comment"),
    include_bytes!("../../fuzz/corpus/headers/openai-429-request-too-large"),
    include_bytes!("../../fuzz/corpus/headers/openrouter-repeats-headers"),
    include_bytes!("../../fuzz/corpus/headers/ra-dup-seconds-date"),
    include_bytes!("../../fuzz/corpus/headers/stream-error-after-delivery"),
];
