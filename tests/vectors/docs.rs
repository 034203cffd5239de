//! `docs/headers.md`, written from the tables of the parser and from what it does.
//!
//! `UPDATE_DOCS=1 cargo test --test vectors docs` rewrites the page.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use tidegate::headers::{
    CustomLimit, CustomProvider, HeaderBlock, Kind, MAX_RETRY_AFTER, READ_ON, Response, Unit, Vendor, Window,
    quota_codes, read, read_custom, throttling_types, vendors,
};
use tidegate::provider::Provider;
use tidegate::time::{Duration, WallTime};

#[test]
fn the_page_on_headers_says_what_the_parser_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/headers.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/headers.md is out of date: UPDATE_DOCS=1 cargo test --test vectors docs");
}

fn page() -> String {
    let [waits, providers, units, drafts, classes, codes] =
        [waits(), providers(), units(), drafts(), classes(), codes()];
    format!(
        "<!-- Written by tests/vectors/docs.rs from the parser's own tables: edit those. -->\n\n\
         # What Tidegate reads from a response\n\n\
         Every response is read into one form: the limits that the server states, the wait that it orders, and a class that says what to do next.\n\
         A value is read by its whole grammar or not at all: what is malformed says nothing, and never counts as zero.\n\n\
         ## The wait\n\n{waits}\n\
         ## Providers\n\n{providers}\n\
         ## Units of a reset\n\n{units}\n\
         ## The IETF fields\n\n{drafts}\n\
         ## Classes\n\n{classes}\n\
         ## Codes\n\n{codes}"
    )
}

fn waits() -> String {
    let mut text = String::from(
        "The first of these that is well-formed counts.\n\n\
         1. `retry-after-ms`: milliseconds.\n\
         2. `retry-after`: seconds, an HTTP-date or an RFC 3339 timestamp.\n\
         3. `x-amz-retry-after`: milliseconds.\n\
         4. In the body: `retryDelay` of a `google.rpc.RetryInfo`, Discord's `retry_after`.\n\
         5. In the message of a refusal, a phrase like \"try again in 5.3s\", if number and unit are there.\n\n",
    );
    let hours = MAX_RETRY_AFTER.as_millis_ceil() / 3_600_000;
    writeln!(
        text,
        "No wait is longer than {hours} hours; a date in the past is no wait; of several values the longest counts."
    )
    .unwrap();
    text += "Where `Date` shows that the server's clock differs from yours by more than two seconds, dates are read by the server's clock.\n\n";
    text += "| `retry-after` | wait |\n|---|---|\n";
    for value in [
        "7",
        "1.5",
        "Mon, 23 Nov 2026 12:02:00 GMT",
        "Monday, 23-Nov-26 12:02:00 GMT",
        "Mon Nov 23 12:02:00 2026",
        "2026-11-23T13:02:00+01:00",
        "Fri, 31 Dec 1999 23:59:59 GMT, 120",
        "1795435230",
        "315360000",
        "-1",
        "30s",
        "soon",
    ] {
        let block = format!("retry-after: {value}");
        let wait = read(&response(Provider::Generic, 429, &block), now()).retry_after;
        writeln!(text, "| `{value}` | {} |", wait.map_or("none".into(), span)).unwrap();
    }
    text += "\n(The time is 2026-11-23T12:00:00Z.)\n";
    text
}

fn providers() -> String {
    let mut text = format!(
        "Pages and packages were read on {READ_ON}.\n\
         *Reset* is the unit of `x-ratelimit-reset` and its like; *window* is the span that is known where the name of the field does not tell it; \
         *body* lists the statuses of which the body can tell more than the headers.\n\n\
         | provider | fields | reset | window | body | notes | source |\n|---|---|---|---|---|---|---|\n"
    );
    let mut rows: Vec<&Vendor> = vendors().iter().collect();
    rows.sort_by_key(|vendor| vendor.provider);
    for vendor in rows {
        let fields: Vec<_> = vendor.fields.iter().map(|field| format!("`{field}`")).collect();
        let windows: Vec<_> = vendor.windows.iter().map(window).collect();
        let bodies: Vec<_> = vendor.telling_bodies.iter().map(u16::to_string).collect();
        let Vendor { provider, reset, notes, source, .. } = vendor;
        let source = if source.starts_with("https") { format!("<{source}>") } else { format!("`{source}`") };
        writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {notes} | {source} |",
            provider.name(),
            fields.join(", "),
            if vendor.fields.iter().any(|field| field.contains("reset")) { reset.name() } else { "" },
            windows.join(", "),
            bodies.join(" "),
        )
        .unwrap();
    }
    text
}

fn window(window: &Window) -> String {
    let whose = window.policy.unwrap_or(if window.dimension.is_empty() { "all" } else { window.dimension });
    format!("{whose}: {}", span(window.span))
}

fn units() -> String {
    let mut text = String::from("| unit | value | read as |\n|---|---|---|\n");
    for (unit, values) in UNITS {
        for value in values {
            let api = CustomProvider {
                limits: vec![CustomLimit {
                    dimension: "requests".into(),
                    remaining: Some("left".into()),
                    reset: Some("reset".into()),
                    unit,
                    ..CustomLimit::default()
                }],
                ..CustomProvider::default()
            };
            let block = format!("left: 1\nreset: {value}");
            let signal = read_custom(&response(Provider::Generic, 200, &block), &api, now());
            let reset_at = signal.limits().next().and_then(|limit| limit.reset_at);
            let read = reset_at.map_or("nothing".into(), |at| format!("in {}", span(at.since(now()))));
            writeln!(text, "| {} | `{value}` | {read} |", unit.name()).unwrap();
        }
    }
    text += "\nAn instant in the past is now; one more than 366 days ahead is not believed; of several the latest counts.\n";
    text
}

fn drafts() -> String {
    let mut text = String::from(
        "The newest generation in a response counts, so that one limit is never counted twice.\n\
         A field that is malformed anywhere is ignored whole.\n\n\
         | fields | limit | remaining | reset | window | name |\n|---|---|---|---|---|---|\n",
    );
    for fields in [
        "RateLimit: \"default\";r=50;t=30",
        "RateLimit: \"default\";r=50;t=30\nRateLimit-Policy: \"default\";q=100;w=60",
        "RateLimit-Policy: \"burst\";q=100;w=60",
        "RateLimit: limit=100, remaining=50, reset=5\nRateLimit-Policy: 100;w=10",
        "RateLimit-Limit: 10\nRateLimit-Policy: 10;w=1, 50;w=60\nRateLimit-Remaining: 9\nRateLimit-Reset: 1",
        "RateLimit-Limit: 100, 100;w=10\nRateLimit-Remaining: 50\nRateLimit-Reset: 5",
        "X-RateLimit-Limit: 60\nX-RateLimit-Remaining: 56\nX-RateLimit-Reset: 1795435240",
        "RateLimit: \"default\";a=50;w=30",
        "RateLimit: default;r=50;t=30",
    ] {
        let signal = read(&response(Provider::Generic, 200, fields), now());
        let shown = fields.replace('\n', "`<br>`");
        let number = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
        match signal.limits().next() {
            Some(limit) => writeln!(
                text,
                "| `{shown}` | {} | {} | {} | {} | {} |",
                number(limit.limit),
                number(limit.remaining),
                limit.reset_at.map_or(String::new(), |at| format!("in {}", span(at.since(now())))),
                limit.window.map_or(String::new(), span),
                limit.policy.as_deref().unwrap_or_default(),
            ),
            None => writeln!(text, "| `{shown}` | nothing | | | | |"),
        }
        .unwrap();
    }
    text
}

fn classes() -> String {
    let mut text =
        String::from("By the status alone, for any provider:\n\n| class | tried again | statuses |\n|---|---|---|\n");
    let class = |provider, status| {
        let signal = read(&response(provider, status, ""), now());
        (signal.kind, signal.retryable)
    };
    for kind in Kind::ALL {
        for retryable in [true, false] {
            let statuses = (200..600).filter(|&status| class(Provider::Generic, status) == (kind, retryable));
            let statuses = ranges(statuses);
            if !statuses.is_empty() {
                let again = if retryable { "yes" } else { "no" };
                writeln!(text, "| `{}` | {again} | {statuses} |", kind.name()).unwrap();
            }
        }
    }
    text += "\nElsewhere:\n\n";
    for provider in Provider::ALL {
        for status in (200..600).filter(|&status| class(provider, status) != class(Provider::Generic, status)) {
            writeln!(text, "- `{}`: {status} is `{}`.", provider.name(), class(provider, status).0.name()).unwrap();
        }
    }
    text += "- `x-should-retry` and `stripe-should-retry`, exactly `true` or `false`, decide whether an error is tried again.\n\
             - A body that names a spent quota, or a request larger than the limit, decides over everything else.\n\
             - `github`: a 403 with `retry-after`, with nothing remaining or with the text of a secondary limit is `rate_limit`.\n\
             - An error inside a success (a stream's `error` event, GraphQL, Slack) has the class of its own status, and is not tried again once a part of the answer was delivered.\n";
    text
}

fn codes() -> String {
    let list = |codes: &[&str]| codes.iter().map(|code| format!("- `{code}`\n")).collect::<String>();
    format!(
        "In the body of a 400, 402, 403 or 429 these make it `quota_exhausted`:\n\n{}\n\
         These error types of AWS, in `x-amzn-errortype` or in the body, make a refusal `rate_limit`:\n\n{}",
        list(quota_codes()),
        list(throttling_types()),
    )
}

fn ranges(numbers: impl Iterator<Item = u16>) -> String {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let shown = |(first, last): (u16, u16)| if first == last { first.to_string() } else { format!("{first}–{last}") };
    ranges.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn span(span: Duration) -> String {
    let millis = span.as_millis_ceil();
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    match units.into_iter().find(|(unit, _)| millis > 0 && millis.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", millis / unit),
        None => format!("{millis} ms"),
    }
}

fn response(provider: Provider, status: u16, headers: &str) -> Response<'_> {
    Response { provider: Some(provider), status, headers: HeaderBlock::new(headers.as_bytes()), body: None }
}

/// 2026-11-23T12:00:00Z
fn now() -> WallTime {
    WallTime::from_unix_millis(1_795_435_200_000)
}

const UNITS: [(Unit, &[&str]); 8] = [
    (Unit::Any, &["9", "1795435209", "1795435209000", "9s", "2026-11-23T12:00:09Z", "500000000"]),
    (Unit::Seconds, &["9", "0.5"]),
    (Unit::Millis, &["9000"]),
    (Unit::EpochSeconds, &["1795435209", "1795435209.5"]),
    (Unit::EpochMillis, &["1795435209000"]),
    (Unit::Duration, &["6m0s", "120ms", "9", "PT9S"]),
    (Unit::Rfc3339, &["2026-11-23T12:00:09Z", "2026-11-23T12:00:09"]),
    (Unit::HttpDate, &["Mon, 23 Nov 2026 12:00:09 GMT"]),
];
