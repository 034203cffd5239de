//! The `anthropic-ratelimit-*` headers: <https://platform.claude.com/docs/en/api/rate-limits>.

use std::time::Duration;

use crate::calendar::rfc3339;
use crate::gate::Reading;
use crate::limits::Dimension;

/// The headers that tell of every limit. `unix` is the wall time at the origin of the readings' clock.
pub(crate) fn limit_headers(readings: &[Reading], unix: Duration) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for reading in readings {
        match reading.dimension {
            Dimension::Requests => push(&mut headers, "requests", reading, unix),
            Dimension::InputTokens => push(&mut headers, "input-tokens", &rounded(reading), unix),
            Dimension::OutputTokens => push(&mut headers, "output-tokens", &rounded(reading), unix),
            Dimension::Tokens => {}
        }
    }
    if let Some(sum) = sum_of_tokens(readings) {
        push(&mut headers, "tokens", &rounded(&sum), unix);
    }
    headers
}

fn push(headers: &mut Vec<(String, String)>, name: &str, reading: &Reading, unix: Duration) {
    let values = [
        ("limit", reading.limit.to_string()),
        ("remaining", reading.remaining.to_string()),
        ("reset", rfc3339(unix + reading.full_at)),
    ];
    headers.extend(values.map(|(field, value)| (format!("anthropic-ratelimit-{name}-{field}"), value)));
}

/// "Rounded to the nearest thousand": so the documents say of the tokens remaining.
fn rounded(reading: &Reading) -> Reading {
    Reading { remaining: (reading.remaining + 500) / 1_000 * 1_000, ..*reading }
}

/// `tokens-*` shows the most restrictive limit in force, which is the sum of input and output where no workspace limit
/// binds. It is not a limit of its own.
fn sum_of_tokens(readings: &[Reading]) -> Option<Reading> {
    let of = |dimension| readings.iter().find(|reading| reading.dimension == dimension);
    let (input, output) = (of(Dimension::InputTokens)?, of(Dimension::OutputTokens)?);
    Some(Reading {
        dimension: Dimension::Tokens,
        limit: input.limit + output.limit,
        remaining: input.remaining + output.remaining,
        full_at: input.full_at.max(output.full_at),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(dimension: Dimension, limit: u64, remaining: u64) -> Reading {
        Reading { dimension, limit, remaining, full_at: Duration::from_millis(30_500) }
    }

    #[test]
    fn tokens_are_rounded_to_the_nearest_thousand_and_requests_are_not() {
        let readings = [
            reading(Dimension::Requests, 1_000, 999),
            reading(Dimension::InputTokens, 80_000, 79_499),
            reading(Dimension::OutputTokens, 16_000, 15_500),
        ];
        let headers = limit_headers(&readings, Duration::from_secs(1_795_435_200));
        let value = |name: &str| headers.iter().find(|(header, _)| header == name).unwrap().1.as_str();
        assert_eq!(value("anthropic-ratelimit-requests-remaining"), "999");
        assert_eq!(value("anthropic-ratelimit-input-tokens-remaining"), "79000");
        assert_eq!(value("anthropic-ratelimit-output-tokens-remaining"), "16000");
        assert_eq!(value("anthropic-ratelimit-input-tokens-reset"), "2026-11-23T12:00:31Z");
        assert_eq!(value("anthropic-ratelimit-tokens-limit"), "96000");
        assert_eq!(value("anthropic-ratelimit-tokens-remaining"), "95000");
    }
}
