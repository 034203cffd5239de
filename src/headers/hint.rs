//! Waits in the free text of a refusal: "Please try again in 2m59.56s." The last resort, where no field tells.

use super::grammar::go_duration;
use super::retry_after::capped;
use crate::names;
use crate::time::Duration;

/// The wait that `message` mentions after one of the known phrases.
///
/// A number needs its unit: "retry after 45" could be anything.
pub(crate) fn wait(message: &str) -> Option<Duration> {
    PHRASES.iter().find_map(|phrase| {
        let start = find_ignoring_case(message.as_bytes(), phrase)? + phrase.len();
        let mut words = message.as_bytes().get(start..)?.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let first = without_punctuation(words.next()?);
        if first.last().is_some_and(u8::is_ascii_alphabetic) {
            return go_duration::parse_millis(first).map(capped);
        }
        let unit = without_punctuation(words.next()?);
        let short = names::find(UNITS, unit.strip_suffix(b"s").unwrap_or(unit))?;
        go_duration::parse_millis(&[first, short.as_bytes()].concat()).map(capped)
    })
}

fn without_punctuation(mut word: &[u8]) -> &[u8] {
    while let [rest @ .., b'.' | b',' | b';' | b'!' | b')'] = word {
        word = rest;
    }
    word
}

/// Where `phrase` first stands in `text`.
#[inline(never)]
pub(crate) fn find_ignoring_case(text: &[u8], phrase: &str) -> Option<usize> {
    text.windows(phrase.len()).position(|window| window.eq_ignore_ascii_case(phrase.as_bytes()))
}

/// Groq and OpenAI, Azure, Gemini.
const PHRASES: [&str; 3] = ["try again in ", "retry after ", "retry in "];

/// Words for units, singular, and what a duration calls them.
const UNITS: &[(&str, &str)] =
    &[("second", "s"), ("sec", "s"), ("minute", "m"), ("hour", "h"), ("day", "d"), ("millisecond", "ms")];

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(message: &str) -> Option<u64> {
        wait(message).map(Duration::as_millis_ceil)
    }

    #[test]
    fn waits_are_found_in_what_servers_write() {
        for (message, expected) in [
            ("Rate limit reached ... Please try again in 5.289s. Visit https://example.com", 5_289),
            ("Please try again in 2m59.56s. Visit", 179_560),
            ("... Please retry after 45 seconds.", 45_000),
            ("Please retry after 1 second.", 1_000),
            ("Please retry in 34.074824224s.", 34_075),
            ("TRY AGAIN IN 20ms", 20),
            ("please try again in 6 minutes, thank you", 360_000),
            ("try again in 90 days", 86_400_000),
        ] {
            assert_eq!(millis(message), Some(expected), "{message}");
        }
    }

    #[test]
    fn text_without_number_and_unit_is_no_wait() {
        for message in [
            "",
            "try again in ",
            "Please try again in a few minutes",
            "retry after 45",
            "retry after -5s",
            "try again in 5 bananas",
        ] {
            assert_eq!(millis(message), None, "{message}");
        }
    }
}
