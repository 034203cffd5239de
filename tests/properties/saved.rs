//! Saved state that somebody has changed, and what a server sees of a limiter whose process began anew.

use proptest::prelude::*;
use tidegate::cost::{Cost, Stated};
use tidegate::headers::HeaderBlock;
use tidegate::limiter::{HttpRequest, HttpResponse, Limiter, Output, ScopeId, Submission, Ticket, Verdict};
use tidegate::options::{Value, parse, record};
use tidegate::queue::Priority;
use tidegate::request::Body;
use tidegate::time::{Duration, Instant, WallTime};
use tidegate::usage::Usage;

use super::limiter::{Enforced, enforced};

/// `value` as it is after it was written as JSON and read again.
pub(super) fn through_json(value: &Value) -> Value {
    of_json(&serde_json::from_str(&to_json(value).to_string()).unwrap())
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Nothing | Value::Other(_) => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Record(fields) => fields.iter().map(|(name, field)| (name.clone(), to_json(field))).collect(),
    }
}

fn of_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Nothing,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap()),
        serde_json::Value::String(text) => text.as_str().into(),
        serde_json::Value::Array(items) => Value::List(items.iter().map(of_json).collect()),
        serde_json::Value::Object(fields) => {
            Value::Record(fields.iter().map(|(name, field)| (name.clone(), of_json(field))).collect())
        }
    }
}

const NOW: Instant = Instant::from_nanos(60 * 86_400_000_000_000);

const WALL: WallTime = WallTime::from_unix_millis(1_795_435_200_000);

/// Limits of every kind.
fn options() -> Value {
    let number = |number: u32| Value::from(f64::from(number));
    let limit = |dimension: &str, enforcement: &str| {
        let [dimension, enforcement] = [dimension, enforcement].map(Value::from);
        let amount = ("amount", number(9));
        record([("dimension", dimension), amount, ("periodMs", number(4_000)), ("enforcement", enforcement)])
    };
    let limits =
        vec![limit("requests", "sliding-window"), limit("custom", "fixed-window"), limit("requests", "token-bucket")];
    record([(
        "limits",
        record([
            ("claude-a", record([("rpm", number(90)), ("itpm", number(9_000)), ("otpm", number(6_000))])),
            ("default", record([("limits", Value::List(limits)), ("concurrency", number(30))])),
        ]),
    )])
}

fn submit(limiter: &mut Limiter, now: Instant, model: &str) {
    let body = format!(r#"{{"model":"{model}","max_tokens":800,"messages":[{{"role":"user","content":"words"}}]}}"#);
    let request = HttpRequest {
        method: "POST",
        url: "https://api.example/v1/messages",
        headers: HeaderBlock::new(b"anthropic-version: 2023-06-01"),
        body: Body::Bytes(body.as_bytes()),
        replayable: true,
        priority: Priority::NORMAL,
        tenant: "x",
        max_wait: None,
        stated: Stated::default(),
        count: None,
    };
    let _ = limiter.submit_request(now, &request);
    let cost = Cost { custom: 1, ..Cost::REQUEST };
    let _ = limiter.submit(now, Submission { priority: Priority::HIGH, ..Submission::new(cost) });
}

/// Drives `limiter` for a while, and lets its server answer in every way; beginning with what is in flight already.
fn drive(limiter: &mut Limiter, rounds: u64) {
    let mut in_flight: Vec<Ticket> = limiter.in_flight_tickets().collect();
    let mut now = NOW;
    for round in 0..rounds {
        now += Duration::from_millis(170 * (round % 5));
        submit(limiter, now, if round % 3 == 0 { "claude-z" } else { "claude-a" });
        limiter.handle_timeout(now);
        while let Some(output) = limiter.poll_output() {
            if let Output::Start(ticket) = output {
                in_flight.push(ticket);
            }
        }
        let Some(ticket) = in_flight.pop() else { continue };
        let (status, headers) = ANSWERS[(round % ANSWERS.len() as u64) as usize];
        let response = HttpResponse { status, headers: HeaderBlock::new(headers.as_bytes()), body: Some(b"{}") };
        match limiter.handle_response(now, WALL, ticket, &response) {
            Verdict::Observe => {
                let usage = Usage { input_tokens: Some(9), output_tokens: Some(round), ..Usage::default() };
                limiter.extend_by(now, ticket, &usage);
                limiter.finish_with(now, ticket, round % 2 == 0, Some(usage));
            }
            Verdict::Deliver | Verdict::Retry | Verdict::NeedBody => {
                limiter.settle(now, ticket, Cost { custom: 3, ..Cost::REQUEST });
            }
        }
        limiter.snapshot(now);
        let _ = limiter.estimate(now, ScopeId::DEFAULT, Cost::REQUEST, Priority::LOW, "x");
    }
}

const ANSWERS: [(u16, &str); 8] = [
    (200, "content-type: application/json\nx-ratelimit-limit: 30\nx-ratelimit-remaining: 11\nx-ratelimit-reset: 7"),
    (529, ""),
    (529, "retry-after: 1"),
    (
        200,
        "content-type: application/json
anthropic-ratelimit-input-tokens-limit: 9000
anthropic-ratelimit-input-tokens-remaining: 100
anthropic-ratelimit-input-tokens-reset: 2026-11-23T12:00:40Z",
    ),
    (429, "retry-after: 1"),
    (529, ""),
    (529, ""),
    (429, r#"content-type: application/json"#),
];

/// Saved state in which something of everything is.
fn rich() -> Value {
    let mut limiter = Limiter::new(&parse(&options()).unwrap(), 3);
    drive(&mut limiter, 60);
    for _ in 0..4 {
        submit(&mut limiter, NOW + Duration::from_secs(40), "claude-a");
        limiter.handle_timeout(NOW + Duration::from_secs(41));
    }
    while limiter.poll_output().is_some() {}
    assert!(limiter.in_flight() > 3);
    limiter.save(NOW + Duration::from_secs(41), WALL)
}

/// How many values there are in `value`.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::List(items) => items.iter().map(size).sum(),
        Value::Record(fields) => fields.iter().map(|(_, field)| size(field)).sum(),
        _ => 0,
    }
}

/// The `place`-th value in `value`.
fn value_at(value: &mut Value, mut place: usize) -> Option<&mut Value> {
    if place == 0 {
        return Some(value);
    }
    place -= 1;
    let inside: Vec<&mut Value> = match value {
        Value::List(items) => items.iter_mut().collect(),
        Value::Record(fields) => fields.iter_mut().map(|(_, field)| field).collect(),
        _ => Vec::new(),
    };
    for item in inside {
        let count = size(item);
        if place < count {
            return value_at(item, place);
        }
        place -= count;
    }
    None
}

#[derive(Clone, Debug)]
enum Change {
    To(Value),
    Drop,
    Double,
}

fn change() -> impl Strategy<Value = Change> {
    let extremes =
        &[0.0, -1.0, 1.0, 0.5, 255.0, 256.0, 4_294_967_296.0, 9e15, -9e15, 1.8e19, 1e300, -1e300, f64::NAN][..];
    let number = prop_oneof![prop::sample::select(extremes), -1e6..1e6_f64, any::<f64>()].prop_map(Value::Number);
    let other = prop_oneof![
        Just(Value::Nothing),
        any::<bool>().prop_map(Value::Bool),
        ".{0,9}".prop_map(Value::Text),
        Just(Value::List(Vec::new())),
        Just(record([])),
    ];
    prop_oneof![
        12 => number.prop_map(Change::To),
        2 => other.prop_map(Change::To),
        1 => Just(Change::Drop),
        1 => Just(Change::Double),
    ]
}

fn apply(value: &mut Value, place: usize, change: &Change) {
    let count = size(value);
    let Some(found) = value_at(value, place % count) else { return };
    match (change, found) {
        (Change::To(new), found) => *found = new.clone(),
        (Change::Drop, Value::List(items)) => drop(items.pop()),
        (Change::Drop, Value::Record(fields)) => drop(fields.pop()),
        (Change::Double, Value::List(items)) => items.extend_from_within(..),
        (Change::Drop | Change::Double, _) => {}
    }
}

fn arbitrary() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nothing),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(Value::Number),
        ".{0,12}".prop_map(Value::Text),
    ];
    let names =
        &["version", "savedAtMs", "generation", "holds", "scopes", "inFlight", "learned", "models", "other"][..];
    leaf.prop_recursive(4, 60, 9, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..9).prop_map(Value::List),
            prop::collection::vec((prop::sample::select(names), inner), 0..9).prop_map(|fields| {
                Value::Record(fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect())
            }),
        ]
    })
}

fn check_hostile(saved: &Value, keeps: bool) {
    let mut limiter = Limiter::new(&parse(&options()).unwrap(), 3);
    match limiter.restore(NOW, WALL, saved, keeps) {
        Ok(()) => {
            // Twice through: what was taken over is saved and restored like anything else.
            let again = limiter.save(NOW, WALL);
            let mut next = Limiter::new(&parse(&options()).unwrap(), 3);
            next.restore(NOW, WALL, &through_json(&again), keeps).unwrap();
            assert_eq!(next.in_flight(), limiter.in_flight());
            drive(&mut next, 12);
        }
        Err(error) => {
            assert!(error.option.starts_with("saved"), "{error}");
            assert_eq!(limiter.in_flight(), 0);
        }
    }
    drive(&mut limiter, 40);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_saved_state_harms_however_it_was_changed(
        changes in prop::collection::vec((any::<usize>(), change()), 1..6),
        keeps in any::<bool>(),
    ) {
        thread_local!(static RICH: Value = rich());
        let mut saved = RICH.with(Clone::clone);
        for (place, change) in &changes {
            apply(&mut saved, *place, change);
        }
        check_hostile(&saved, keeps);
    }

    #[test]
    fn nothing_harms_that_was_never_saved(value in arbitrary(), is_of_this_version in any::<bool>()) {
        let mut value = value;
        if let (true, Value::Record(fields)) = (is_of_this_version, &mut value) {
            fields.retain(|(name, _)| name != "version");
            fields.push(("version".to_owned(), 1.0.into()));
        }
        check_hostile(&value, true);
    }

    /// Its clocks tell milliseconds and each process has its own; the server's is exact.
    #[test]
    fn no_server_sees_more_than_it_allows_because_a_process_began_anew(
        enforced in enforced(),
        lives in prop::collection::vec((prop::collection::vec(0..1_500_000_u64, 1..12), 0..3_000_000_u64), 2..5),
    ) {
        let policy = parse(&enforced.options()).unwrap();
        let mut limiter = Limiter::new(&policy, 1);
        // In microseconds since the first process began; the present one began at `began`.
        let (mut passed, mut began) = (700_u64, 0);
        let mut starts = Vec::new();
        for (waits, gap) in &lives {
            for wait in waits {
                passed += wait;
                let now = NOW + Duration::from_nanos((passed - began) * 1_000);
                while let Ok(ticket) = limiter.acquire_now(now, ScopeId::DEFAULT, Cost::REQUEST, Priority::NORMAL) {
                    starts.push((NOW + Duration::from_nanos(passed * 1_000), 1));
                    if !matches!(enforced, Enforced::Concurrency { .. }) {
                        limiter.release(ticket);
                    }
                }
            }
            let wall = |passed: u64| WallTime::from_unix_millis((WALL.as_unix_millis() * 1_000 + passed) / 1_000);
            let saved = limiter.save(NOW + Duration::from_nanos((passed - began) * 1_000), wall(passed));
            passed += gap;
            began = passed;
            limiter = Limiter::new(&policy, 1);
            limiter.restore(NOW, wall(passed), &through_json(&saved), true).unwrap();
        }
        prop_assert!(enforced.allows(&starts, limiter.in_flight() as usize));
    }
}

#[test]
fn any_number_of_saved_state_may_be_any_other() {
    let rich = rich();
    for place in 0..size(&rich) {
        for number in [9e15, 1.8e19, -1e300] {
            let mut saved = rich.clone();
            if let Some(found @ Value::Number(_)) = value_at(&mut saved, place) {
                *found = Value::Number(number);
                let mut limiter = Limiter::new(&parse(&options()).unwrap(), 3);
                match limiter.restore(NOW, WALL, &saved, true) {
                    Ok(()) => drive(&mut limiter, 6),
                    Err(error) => assert!(error.option.starts_with("saved"), "{error}"),
                }
            }
        }
    }
}

#[test]
fn a_clock_that_is_years_off_admits_no_more_than_a_full_limit_and_holds_nobody_for_ever() {
    let saved = rich();
    for wall in [0, 1, WALL.as_unix_millis() + 100 * 366 * 86_400_000, u64::MAX] {
        for now in [Instant::ZERO, NOW, Instant::from_nanos(u64::MAX / 2)] {
            let mut limiter = Limiter::new(&parse(&options()).unwrap(), 3);
            limiter.restore(now, WallTime::from_unix_millis(wall), &saved, false).unwrap();
            let mut count = 0;
            while limiter.acquire_now(now, ScopeId::DEFAULT, Cost::REQUEST, Priority::NORMAL).is_ok() {
                count += 1;
            }
            assert!(count <= 9, "{count} at {now:?}");
            let later = now + Duration::from_secs(120);
            assert!(limiter.acquire_now(later, ScopeId::DEFAULT, Cost::REQUEST, Priority::NORMAL).is_ok());
        }
    }
}
