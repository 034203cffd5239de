//! The `x-ratelimit-*` headers, with their durations written as Go writes them.

use std::time::Duration;

use crate::gate::Reading;
use crate::limits::Dimension;

/// The headers that tell of every limit at `now`.
pub(crate) fn limit_headers(readings: &[Reading], now: Duration) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for reading in readings {
        let name = match reading.dimension {
            Dimension::Requests => "requests",
            Dimension::Tokens => "tokens",
            Dimension::InputTokens | Dimension::OutputTokens => continue,
        };
        let reset = go_duration(reading.full_at.saturating_sub(now));
        let values =
            [("limit", reading.limit.to_string()), ("remaining", reading.remaining.to_string()), ("reset", reset)];
        headers.extend(values.map(|(field, value)| (format!("x-ratelimit-{field}-{name}"), value)));
    }
    headers
}

/// A duration as Go's `time.Duration.String` writes it, in whole milliseconds rounded up: `1h2m3.5s`, `6m0s`, `120ms`.
pub(crate) fn go_duration(duration: Duration) -> String {
    let millis = duration.as_nanos().div_ceil(1_000_000) as u64;
    if millis == 0 {
        return "0s".into();
    }
    if millis < 1_000 {
        return format!("{millis}ms");
    }
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1_000 % 60);
    let fraction = format!("{:03}", millis % 1_000);
    let fraction = fraction.trim_end_matches('0');
    let seconds = if fraction.is_empty() { format!("{seconds}s") } else { format!("{seconds}.{fraction}s") };
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes}m{seconds}"),
        _ => format!("{hours}h{minutes}m{seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        let written = |millis| go_duration(Duration::from_millis(millis));
        let cases =
            [(0, "0s"), (17, "17ms"), (1_000, "1s"), (8_640, "8.64s"), (360_000, "6m0s"), (3_723_500, "1h2m3.5s")];
        for (millis, expected) in cases {
            assert_eq!(written(millis), expected);
        }
        assert_eq!(go_duration(Duration::from_nanos(1)), "1ms");
    }
}
