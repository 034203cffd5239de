//! The IETF's `RateLimit` and `RateLimit-Policy` in every draft that servers send.
//!
//! | drafts | form |
//! |---|---|
//! | 00 to 03 | `RateLimit-Limit: 100, 100;w=10` beside `RateLimit-Remaining` and `RateLimit-Reset` |
//! | 04 to 06 | the three, and `RateLimit-Policy: 10;w=1, 50;w=60` |
//! | 07 | `RateLimit: limit=100, remaining=50, reset=5` and `RateLimit-Policy: 100;w=10` |
//! | 08 to 11 | `RateLimit: "default";r=50;t=30` and `RateLimit-Policy: "default";q=100;w=60` |
//!
//! A field that is malformed anywhere is ignored whole; the other one is still read.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::clock::Clock;
use super::grammar::number::count;
use super::grammar::structured::{Bare, Dictionary, List, Parameters};
use super::names;
use super::signal::{Signal, StatedLimit};
use crate::time::{Duration, WallTime};

/// What the parameters of `RateLimit` are called. A draft that renames them is one more line.
const NAMES: [Names; 2] = [
    // Drafts 08 to 11.
    Names { remaining: "r", reset: "t" },
    // The editors' plan for the next: https://github.com/ietf-wg-httpapi/ratelimit-headers/pull/164
    Names { remaining: "a", reset: "w" },
];

#[derive(Clone, Copy, Debug)]
struct Names {
    remaining: &'static str,
    reset: &'static str,
}

/// A member of `RateLimit`.
#[derive(Clone, Copy, Debug)]
struct Left<'a> {
    name: &'a [u8],
    remaining: u64,
    reset_seconds: Option<u64>,
}

/// A member of `RateLimit-Policy`.
#[derive(Clone, Copy, Debug)]
struct Policy<'a> {
    name: &'a [u8],
    quota: u64,
    unit: Option<&'a [u8]>,
    window: Option<Duration>,
}

/// States the limits of the structured fields, and tells whether there were any.
///
/// Limits and policies join by name; either may name what the other does not.
pub(crate) fn state_limits<'a>(
    ratelimit: Option<&'a [u8]>,
    policy: Option<&'a [u8]>,
    clock: &Clock,
    signal: &mut Signal<'a>,
) -> bool {
    let left = ratelimit.and_then(|field| named_list(field, left)).unwrap_or_default();
    let policies = policy.and_then(|field| named_list(field, named_policy)).unwrap_or_default();
    let before = signal.limits().count();
    for policy in &policies {
        signal.state(joined(Some(policy), left.iter().find(|left| left.name == policy.name), clock));
    }
    for left in left.iter().filter(|left| policies.iter().all(|policy| policy.name != left.name)) {
        signal.state(joined(None, Some(left), clock));
    }
    if let Some(limit) = ratelimit.and_then(|field| dictionary(field, policy, clock)) {
        signal.state(limit);
    }
    signal.limits().count() > before
}

/// The limit of `RateLimit-Limit`, which may carry the policies itself, and the window of the policy in force: the
/// first with the same quota.
pub(crate) fn older_limit(limit: &[u8], policy: Option<&[u8]>) -> (Option<u64>, Option<Duration>) {
    let in_force = count(limit).or_else(|| List::parse(limit)?.iter().next().and_then(|(bare, _)| unsigned(bare)));
    let window = in_force.and_then(|quota| older_window(quota, Some(limit)).or_else(|| older_window(quota, policy)));
    (in_force, window)
}

/// The window of the first policy for `quota` in a list like `10;w=1, 50;w=60`.
#[inline(never)]
fn older_window(quota: u64, policies: Option<&[u8]>) -> Option<Duration> {
    let policies = List::parse(policies?)?;
    policies.iter().find_map(|(bare, parameters)| {
        let same = unsigned(bare) == Some(quota);
        let seconds = parameters.value("w").and_then(unsigned).filter(|&seconds| seconds > 0)?;
        same.then_some(Duration::from_secs(seconds))
    })
}

/// Draft 07.
fn dictionary<'a>(ratelimit: &[u8], policy: Option<&[u8]>, clock: &Clock) -> Option<StatedLimit<'a>> {
    let dictionary = Dictionary::parse(ratelimit)?;
    // Each may be missing, but one that is there and no count makes the field malformed.
    let figure = |name| match dictionary.value(name) {
        Some(value) => unsigned(value).map(Some),
        None => Some(None),
    };
    let (limit, remaining, reset) = (figure("limit")?, figure("remaining")?, figure("reset")?);
    (limit.is_some() || remaining.is_some()).then(|| StatedLimit {
        limit,
        remaining,
        reset_at: reset.and_then(|seconds| ahead(seconds, clock)),
        window: limit.and_then(|quota| older_window(quota, policy)),
        ..StatedLimit::of(Cow::Borrowed("requests"))
    })
}

/// The members of a list, if every one of them is well-formed for the field.
fn named_list<'a, T>(field: &'a [u8], read: fn(Bare<'a>, Parameters<'a>) -> Option<T>) -> Option<Vec<T>> {
    let mut members = Vec::new();
    for (bare, given) in List::parse(field)?.iter() {
        members.push(read(bare, given)?);
    }
    Some(members)
}

fn left<'a>(bare: Bare<'a>, given: Parameters<'a>) -> Option<Left<'a>> {
    let Bare::Text(name) = bare else { return None };
    let names = NAMES.iter().find(|names| given.value(names.remaining).is_some())?;
    partition_is_bytes(given)?;
    Some(Left {
        name,
        remaining: given.value(names.remaining).and_then(unsigned)?,
        reset_seconds: optional(given.value(names.reset), unsigned)?,
    })
}

fn named_policy<'a>(bare: Bare<'a>, given: Parameters<'a>) -> Option<Policy<'a>> {
    let Bare::Text(name) = bare else { return None };
    partition_is_bytes(given)?;
    Some(Policy {
        name,
        quota: given.value("q").and_then(unsigned)?,
        unit: optional(given.value("qu"), |unit| if let Bare::Text(unit) = unit { Some(unit) } else { None })?,
        window: optional(given.value("w"), |seconds| unsigned(seconds).filter(|&seconds| seconds > 0))?
            .map(Duration::from_secs),
    })
}

#[inline(never)]
fn joined<'a>(policy: Option<&Policy<'a>>, left: Option<&Left<'a>>, clock: &Clock) -> StatedLimit<'a> {
    let name = policy.map(|policy| policy.name).or(left.map(|left| left.name)).unwrap_or_default();
    let dimension = policy.and_then(|policy| policy.unit).map_or(Cow::Borrowed("requests"), names::dimension);
    StatedLimit {
        limit: policy.map(|policy| policy.quota),
        remaining: left.map(|left| left.remaining),
        reset_at: left.and_then(|left| ahead(left.reset_seconds?, clock)),
        window: policy.and_then(|policy| policy.window),
        policy: Some(unescaped(name)),
        ..StatedLimit::of(dimension)
    }
}

fn ahead(seconds: u64, clock: &Clock) -> Option<WallTime> {
    clock.instant(seconds.saturating_mul(1_000))
}

/// What a parameter that may be missing holds; `None` if it is there and malformed.
fn optional<'a, T>(value: Option<Bare<'a>>, read: impl Fn(Bare<'a>) -> Option<T>) -> Option<Option<T>> {
    match value {
        Some(value) => read(value).map(Some),
        None => Some(None),
    }
}

fn partition_is_bytes(given: Parameters<'_>) -> Option<()> {
    matches!(given.value("pk"), None | Some(Bare::Bytes)).then_some(())
}

fn unsigned(bare: Bare<'_>) -> Option<u64> {
    if let Bare::Integer(value) = bare { u64::try_from(value).ok() } else { None }
}

/// The text of a String. Its bytes are ASCII, as the grammar says.
fn unescaped(text: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(text) {
        Ok(text) if !text.contains('\\') => Cow::Borrowed(text),
        _ => {
            let mut escaped = false;
            let kept = text.iter().filter(|&&byte| {
                escaped = byte == b'\\' && !escaped;
                !escaped
            });
            kept.map(|&byte| char::from(byte)).collect::<String>().into()
        }
    }
}
