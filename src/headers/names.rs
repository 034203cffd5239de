//! What a header name says about a limit: of which family it is, what is counted, and which figure the value gives.

use alloc::borrow::Cow;

use super::grammar::calendar::fixed_digits;
use crate::time::Duration;

/// Names that belong together: each states the figures of one limit in fields of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Family {
    /// `x-ratelimit-limit-tokens`, `x-rate-limit-limit`: what most servers send.
    Plain,
    /// `ratelimit-limit` of the older IETF drafts.
    Triple,
    /// `anthropic-ratelimit-input-tokens-limit`, `anthropic-fast-…`, `anthropic-priority-…`.
    Anthropic,
    /// `anthropic-ratelimit-unified-5h-reset`: subscriptions.
    Unified,
    /// `ratelimitbysize-limit`: Mistral's former fields.
    BySize,
    /// `x-tokenlimit-limit`: Together.
    TokenLimit,
    /// `x-trial-endpoint-call-limit`, `x-endpoint-monthly-call-limit`: Cohere.
    EndpointCall,
    /// `x-hubspot-ratelimit-max`, `x-hubspot-ratelimit-daily`.
    HubSpot,
}

/// Which figure of a limit a field gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Figure {
    /// The limit.
    Limit,
    /// What is left.
    Remaining,
    /// When it is replenished.
    Reset,
    /// In how many seconds it is replenished, beside a `Reset` by the server's clock.
    ResetAfter,
    /// `allowed`, `rejected`, …
    Status,
    /// The window in milliseconds.
    Window,
}

impl Figure {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::Window as usize + 1;
}

/// One limit among those of a response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Key<'n> {
    /// The family of names.
    pub(crate) family: Family,
    /// What is counted, as the name spells it.
    pub(crate) dimension: &'n [u8],
    /// The word for the window at the end of the name.
    pub(crate) word: Option<&'static WindowWord>,
}

/// A word in a header name that tells the window.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct WindowWord {
    /// The word.
    pub(crate) word: &'static str,
    /// The window.
    pub(crate) span: Duration,
}

/// Reads a header name in lower case.
pub(crate) fn parse(name: &[u8]) -> Option<(Key<'_>, Figure)> {
    match name.first()? {
        b'a' => anthropic(name.strip_prefix(b"anthropic-")?),
        b'r' => match name.strip_prefix(b"ratelimitbysize-") {
            Some(rest) => exactly(Family::BySize, b"tokens", rest),
            None => exactly(Family::Triple, b"requests", name.strip_prefix(b"ratelimit-")?),
        },
        b'x' => x(name.strip_prefix(b"x-")?),
        _ => None,
    }
}

/// The dimension as the normal form spells it, with `_` for `-`. Allocates only for one that no known server counts.
pub(crate) fn dimension(spelling: &[u8]) -> Cow<'static, str> {
    let underscored = || spelling.iter().map(|&byte| if byte == b'-' { b'_' } else { byte });
    match DIMENSIONS.iter().find(|known| known.len() == spelling.len() && known.bytes().eq(underscored())) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(underscored().map(char::from).collect()),
    }
}

/// `ratelimit-input-tokens-limit`, `fast-output-tokens-reset`, `ratelimit-unified-7d-status`
fn anthropic(name: &[u8]) -> Option<(Key<'_>, Figure)> {
    let hyphen = name.iter().rposition(|&byte| byte == b'-')?;
    let (named, figure) = (&name[..hyphen], figure(&name[hyphen + 1..])?);
    let (family, dimension) = match named.strip_prefix(b"ratelimit-") {
        Some(dimension) if dimension.starts_with(b"unified-") => (Family::Unified, dimension),
        Some(dimension) => (Family::Anthropic, dimension),
        None if named.starts_with(b"priority-") || named.starts_with(b"fast-") => (Family::Anthropic, named),
        None => return None,
    };
    let known = if family == Family::Unified { unified_window(dimension).is_some() } else { figure != Figure::Status };
    (known && is_dimension(dimension)).then_some((Key { family, dimension, word: None }, figure))
}

/// The window in `unified-5h` or `unified-7d-sonnet`.
pub(crate) fn unified_window(dimension: &[u8]) -> Option<Duration> {
    let window = dimension.strip_prefix(b"unified")?.split(|&byte| matches!(byte, b'-' | b'_')).nth(1)?;
    let (unit, count) = window.split_last().filter(|(_, count)| (1..=3).contains(&count.len()))?;
    let span = match unit {
        b'h' => Duration::from_secs(3_600),
        b'd' => Duration::DAY,
        _ => return None,
    };
    let count = fixed_digits(count).filter(|&count| count > 0)?;
    Some(span.times(u64::from(count)))
}

/// Names after `x-`.
fn x(name: &[u8]) -> Option<(Key<'_>, Figure)> {
    if let Some(rest) = name.strip_prefix(b"ratelimit-").or_else(|| name.strip_prefix(b"rate-limit-")) {
        return plain(rest);
    }
    if let Some(rest) = name.strip_prefix(b"tokenlimit-") {
        return exactly(Family::TokenLimit, b"tokens", rest);
    }
    if let Some(rest) = name.strip_prefix(b"hubspot-ratelimit-") {
        return hubspot(rest);
    }
    let call = |word| Key { family: Family::EndpointCall, dimension: b"requests", word };
    if let Some(rest) = name.strip_prefix(b"trial-endpoint-call-") {
        return Some((call(None), figure(rest)?));
    }
    let monthly = name.strip_prefix(b"endpoint-monthly-call-")?;
    Some((call(window_word(b"month")), figure(monthly)?))
}

/// `limit`, `remaining-tokens`, `reset-requests-day`, `limit-tokens-per-minute`, `limit-second`
fn plain(name: &[u8]) -> Option<(Key<'_>, Figure)> {
    let end = name.iter().position(|&byte| byte == b'-').unwrap_or(name.len());
    let (figure, rest) = (figure(&name[..end])?, name[end..].strip_prefix(b"-").unwrap_or_default());
    if figure == Figure::Reset && rest == b"after" {
        return Some((Key { family: Family::Plain, dimension: b"requests", word: None }, Figure::ResetAfter));
    }
    let last = rest.iter().rposition(|&byte| byte == b'-').map_or(0, |hyphen| hyphen + 1);
    let word = window_word(&rest[last..]);
    let dimension = match (word, &rest[..last]) {
        (None, _) => rest,
        (Some(_), before) => before.strip_suffix(b"per-").unwrap_or(before).strip_suffix(b"-").unwrap_or_default(),
    };
    let dimension = match dimension {
        b"" | b"req" | b"request" => &b"requests"[..],
        named => named,
    };
    let stands_alone = !matches!(figure, Figure::Status | Figure::Window);
    (stands_alone && is_dimension(dimension)).then_some((Key { family: Family::Plain, dimension, word }, figure))
}

/// `max`, `remaining`, `interval-milliseconds`; `daily`, `daily-remaining`; `secondly`, `secondly-remaining`
fn hubspot(name: &[u8]) -> Option<(Key<'static>, Figure)> {
    let (word, figure) = crate::names::find(HUBSPOT, name)?;
    let word = window_word(word);
    Some((Key { family: Family::HubSpot, dimension: b"requests", word }, figure))
}

fn exactly<'n>(family: Family, dimension: &'static [u8], name: &'n [u8]) -> Option<(Key<'n>, Figure)> {
    let figure = figure(name).filter(|figure| *figure != Figure::Status)?;
    Some((Key { family, dimension, word: None }, figure))
}

fn figure(word: &[u8]) -> Option<Figure> {
    crate::names::find(FIGURES, word)
}

fn window_word(word: &[u8]) -> Option<&'static WindowWord> {
    WINDOW_WORDS.iter().find(|known| known.word.as_bytes() == word)
}

fn is_dimension(spelling: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=MAX_DIMENSION_BYTES).contains(&spelling.len()) && spelling.iter().all(word)
}

/// What follows `x-hubspot-ratelimit-`: the word for the window, and the figure.
const HUBSPOT: &[(&str, (&[u8], Figure))] = &[
    ("max", (b"", Figure::Limit)),
    ("remaining", (b"", Figure::Remaining)),
    ("interval-milliseconds", (b"", Figure::Window)),
    ("daily", (b"day", Figure::Limit)),
    ("daily-remaining", (b"day", Figure::Remaining)),
    ("secondly", (b"second", Figure::Limit)),
    ("secondly-remaining", (b"second", Figure::Remaining)),
];

const FIGURES: &[(&str, Figure)] =
    &[("limit", Figure::Limit), ("remaining", Figure::Remaining), ("reset", Figure::Reset), ("status", Figure::Status)];

/// A name is the server's choice; longer ones than this are nobody's.
const MAX_DIMENSION_BYTES: usize = 48;

/// What known servers count.
const DIMENSIONS: &[&str] = &[
    "requests",
    "tokens",
    "input_tokens",
    "output_tokens",
    "project_tokens",
    "fast_input_tokens",
    "fast_output_tokens",
    "priority_input_tokens",
    "priority_output_tokens",
    "unified_5h",
    "unified_7d",
    "tokens_prompt",
    "tokens_cache_adjusted_prompt",
    "tokens_generated",
    "content_bytes",
    "concurrent_requests",
];

static WINDOW_WORDS: [WindowWord; 5] = [
    WindowWord { word: "second", span: Duration::SECOND },
    WindowWord { word: "minute", span: Duration::MINUTE },
    WindowWord { word: "hour", span: Duration::from_secs(3_600) },
    WindowWord { word: "day", span: Duration::DAY },
    WindowWord { word: "month", span: Duration::from_secs(30 * 86_400) },
];

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn read(name: &str) -> Option<(Family, String, Option<&'static str>, Figure)> {
        let (key, figure) = parse(name.as_bytes())?;
        Some((key.family, dimension(key.dimension).into_owned(), key.word.map(|word| word.word), figure))
    }

    #[test]
    fn names_of_every_family_are_understood() {
        for (name, family, dimension, word, figure) in [
            ("x-ratelimit-limit", Family::Plain, "requests", None, Figure::Limit),
            ("x-rate-limit-reset-tokens", Family::Plain, "tokens", None, Figure::Reset),
            ("x-ratelimit-remaining-req-minute", Family::Plain, "requests", Some("minute"), Figure::Remaining),
            ("x-ratelimit-limit-tokens-per-minute", Family::Plain, "tokens", Some("minute"), Figure::Limit),
            ("x-ratelimit-limit-second", Family::Plain, "requests", Some("second"), Figure::Limit),
            ("x-ratelimit-reset-after", Family::Plain, "requests", None, Figure::ResetAfter),
            (
                "x-ratelimit-limit-tokens-cache-adjusted-prompt",
                Family::Plain,
                "tokens_cache_adjusted_prompt",
                None,
                Figure::Limit,
            ),
            ("x-ratelimit-limit-neural-nets", Family::Plain, "neural_nets", None, Figure::Limit),
            ("ratelimit-remaining", Family::Triple, "requests", None, Figure::Remaining),
            ("ratelimitbysize-reset", Family::BySize, "tokens", None, Figure::Reset),
            ("anthropic-ratelimit-input-tokens-limit", Family::Anthropic, "input_tokens", None, Figure::Limit),
            (
                "anthropic-priority-output-tokens-reset",
                Family::Anthropic,
                "priority_output_tokens",
                None,
                Figure::Reset,
            ),
            ("anthropic-ratelimit-unified-5h-status", Family::Unified, "unified_5h", None, Figure::Status),
            ("x-endpoint-monthly-call-limit", Family::EndpointCall, "requests", Some("month"), Figure::Limit),
            ("x-hubspot-ratelimit-daily-remaining", Family::HubSpot, "requests", Some("day"), Figure::Remaining),
        ] {
            assert_eq!(read(name), Some((family, dimension.into(), word, figure)), "{name}");
        }
    }

    #[test]
    fn names_that_only_look_alike_are_not() {
        for name in [
            "",
            "x-",
            "ratelimit",
            "ratelimit-foo",
            "x-foo-ratelimit",
            "x-ratelimit",
            "x-ratelimit-",
            "x-ratelimit-used",
            "x-ratelimit-tokens-query-cost",
            "x-ratelimit-over-limit",
            "x-ratelimit-limit-{tokens}",
            "beta-ratelimit-limit",
            "anthropic-ratelimit-unified-status",
            "anthropic-ratelimit-unified-overage-status",
            "anthropic-workspace-id",
            "anthropic-ratelimit-limit",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
    }
}
