//! `headers.jsonl` and `headers-more.jsonl`: responses, and the normal form that each must be read as.
//!
//! The first file is shared with other parsers and kept as it came. The second, of the same form, holds what it lacks.

use std::collections::BTreeMap;

use serde_json::Value;
use tidegate::headers::{HeaderBlock, Response, Signal, needs_body, read};
use tidegate::provider::Provider;
use tidegate::time::{Duration, WallTime};

const VECTORS: [&str; 2] = [include_str!("headers.jsonl"), include_str!("headers-more.jsonl")];

/// Vectors that need a feature which a parser may lack. All of these are read.
const PROFILES: [&str; 5] = ["message-hint", "skew", "lenient-date", "epoch-in-retry-after", "ietf-next"];

#[test]
fn every_vector_is_read_as_expected() {
    let mut passed: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut failures = Vec::new();
    for vector in vectors() {
        let profile = vector["profile"].as_str();
        assert!(profile.is_none_or(|profile| PROFILES.contains(&profile)), "unknown profile in {vector}");
        let counts = passed.entry(vector["provider"].as_str().unwrap().to_owned()).or_default();
        counts.1 += 1;
        let (expected, actual) = (normal_form(&vector["expect"]), read_vector(&vector, true));
        if expected == actual {
            counts.0 += 1;
        } else {
            failures.push(format!("{}\n  expected {expected}\n  actual   {actual}", vector["id"]));
        }
    }
    for (provider, (passed, total)) in &passed {
        println!("{passed:>4} / {total:<4} {provider}");
    }
    assert!(failures.is_empty(), "{} vectors failed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_provider_needs_to_be_named_only_where_nothing_tells_it() {
    let told_apart = vectors().filter(|vector| read_vector(vector, true) != read_vector(vector, false));
    let told_apart: Vec<_> = told_apart.map(|vector| vector["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told_apart, NAMELESS);
}

#[test]
fn a_body_that_changes_the_class_is_asked_for() {
    let mut changed = 0;
    for vector in vectors().filter(|vector| vector["status"].as_u64() >= Some(400)) {
        let mut without_body = vector.clone();
        without_body["body"] = Value::Null;
        if read_vector(&vector, true)["kind"] != read_vector(&without_body, true)["kind"] {
            let block = block_of(&vector);
            let headers = HeaderBlock::new(block.as_bytes());
            assert!(needs_body(provider_of(&vector), status_of(&vector), headers), "{}", vector["id"]);
            changed += 1;
        }
    }
    assert!(changed > 20, "only {changed} bodies change a class");
}

/// Responses that bear no mark of their provider and are read otherwise if it is named.
const NAMELESS: [&str; 11] = [
    "groq-200-doc-sample",
    "gemini-interactions-429-quota-exceeded",
    "azure-200-split-spelling",
    "stripe-402-card",
    "openai-dur-epoch",
    "azure-200-bare-seconds",
    "azure-200-remaining-only",
    "azure-placeholder-limit-only",
    "groq-429",
    "groq-413-headers",
    "github-403-html",
];

fn vectors() -> impl Iterator<Item = Value> {
    VECTORS.into_iter().flat_map(str::lines).map(|line| serde_json::from_str(line).unwrap())
}

fn read_vector(vector: &Value, named: bool) -> Value {
    let block = block_of(vector);
    let body = match &vector["body"] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        parsed => Some(parsed.to_string()),
    };
    let response = Response {
        provider: provider_of(vector).filter(|_| named),
        status: status_of(vector),
        headers: HeaderBlock::new(block.as_bytes()),
        body: body.as_deref().map(str::as_bytes),
    };
    expectation(&read(&response, instant(vector["now"].as_str().unwrap())))
}

fn block_of(vector: &Value) -> String {
    let headers = vector["headers"].as_object().unwrap();
    headers.iter().map(|(name, value)| format!("{name}: {}\n", value.as_str().unwrap())).collect()
}

fn provider_of(vector: &Value) -> Option<Provider> {
    Some(Provider::from_name(vector["provider"].as_str().unwrap()).unwrap_or_default())
}

fn status_of(vector: &Value) -> u16 {
    u16::try_from(vector["status"].as_u64().unwrap()).unwrap()
}

/// The signal as a vector writes it.
fn expectation(signal: &Signal<'_>) -> Value {
    let limits: Vec<Value> = signal
        .limits()
        .map(|limit| {
            serde_json::json!({
                "dimension": limit.dimension,
                "limit": limit.limit,
                "remaining": limit.remaining,
                "reset_at_ms": limit.reset_at.map(WallTime::as_unix_millis),
                "window_ms": limit.window.map(Duration::as_millis_ceil),
                "policy": limit.policy,
            })
        })
        .collect();
    normal_form(&serde_json::json!({
        "retry_after_ms": signal.retry_after.map(Duration::as_millis_ceil),
        "limits": limits,
        "retryable": signal.retryable,
        "kind": signal.kind.name(),
    }))
}

/// Limits in an order of their own, and a policy in each.
fn normal_form(expectation: &Value) -> Value {
    let mut expectation = expectation.clone();
    let limits = expectation["limits"].as_array_mut().unwrap();
    for limit in limits.iter_mut() {
        limit.as_object_mut().unwrap().entry("policy").or_insert(Value::Null);
    }
    limits.sort_by_key(Value::to_string);
    expectation
}

/// `2026-11-23T12:00:00.000Z`, read apart from the parser under test.
fn instant(text: &str) -> WallTime {
    let field = |range: std::ops::Range<usize>| text[range].parse::<u64>().unwrap();
    let (year, month, day) = (field(0..4), field(5..7), field(8..10));
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days: u64 = (1970..year).map(|year| 365 + u64::from(leap(year))).sum::<u64>()
        + lengths[..month as usize - 1].iter().sum::<u64>()
        + day
        - 1;
    let seconds = days * 86_400 + field(11..13) * 3_600 + field(14..16) * 60 + field(17..19);
    WallTime::from_unix_millis(seconds * 1_000 + field(20..23))
}
