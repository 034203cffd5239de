//! Servers that are overloaded, that limit what is in flight or how fast it grows, and that refuse without a word.

use tidegate::limiter::{Event, Limiter};
use tidegate::options::{Value, parse, record};
use tidegate::time::Instant;
use tidegate_simulator::workload;

use crate::outcome::Outcome;
use crate::process::Process;
use crate::world::World;

/// Enough for 300 mixed jobs in three quarters of a minute.
const LIMITS: &str = r#""limits": { "default": { "rpm": 300, "itpm": 400000, "otpm": 60000, "burstMs": 15000 } }"#;
/// Enough for all of them at once.
const AMPLE: &str = r#""limits": { "default": { "rpm": 30000, "itpm": 90000000, "otpm": 9000000 } }"#;

/// Runs 300 mixed jobs, all there from the beginning, against a server with `trouble`. The limiter knows nothing of it.
fn run(trouble: &str, options: &Value, seed: u64) -> Outcome {
    let timing = r#""timing": { "firstTokenMs": 400, "tokensPerSecond": 400 }"#;
    let server = format!(r#"{{ "seed": {seed}, {timing}, {trouble} }}"#);
    let policy = parse(options).expect("the limiter's options are right");
    let jobs = workload::generate("mixed", JOBS, seed).expect("a known workload");
    let process = Process::new(Limiter::new(&policy, seed), seed);
    let outcome = World::of(vec![process], &server).run(jobs.into_iter().map(|job| (Instant::ZERO, job)).collect());
    eprintln!(
        "seed {seed}, {trouble}: {} done, {} attempts, {:.1} s, declined {:?}",
        outcome.completed(),
        outcome.attempts,
        outcome.makespan.as_secs_f64(),
        outcome.declined
    );
    outcome
}

/// The same for each seed; says how many attempts were declined with `status`, and after how many seconds all was done.
fn all_done(trouble: &str, status: u16, look: impl Fn(u32, f64, &str)) {
    for seed in seeds() {
        let outcome = run(trouble, &Value::Nothing, seed);
        assert_eq!(outcome.completed(), JOBS, "seed {seed}: something was lost");
        let declined = outcome.declined.get(&status).copied().unwrap_or(0);
        look(declined, outcome.makespan.as_secs_f64(), &format!("seed {seed}"));
    }
}

fn seeds() -> Vec<u64> {
    match std::env::var("TIDEGATE_SEEDS") {
        Ok(list) => list.split(',').map(|seed| seed.trim().parse().expect("a number")).collect(),
        Err(_) => vec![1, 2, 3],
    }
}

#[test]
fn a_storm_of_overloads_loses_nothing_and_meets_hardly_anybody() {
    let storm =
        |share: f64| format!(r#"{LIMITS}, "storms": [{{ "fromMs": 10000, "untilMs": 30000, "share": {share} }}]"#);
    all_done(&storm(1.0), 529, |overloads, seconds, label| {
        assert!(overloads <= 30, "{label}: {overloads}");
        // Without the storm it takes 48 seconds. The last trial may be half a storm late.
        assert!(seconds < 75.0, "{label}: {seconds}");
    });
    for share in [0.5, 0.2] {
        all_done(&storm(share), 529, |overloads, seconds, label| {
            assert!(overloads <= 60, "{label}: {overloads}");
            assert!(seconds < 68.0, "{label}: {seconds}");
        });
    }
}

#[test]
fn scattered_overloads_are_no_storm() {
    let faults = format!(r#"{LIMITS}, "faults": {{ "overloaded": 0.02, "error": 0.02, "drop": 0.02 }}"#);
    for seed in seeds() {
        let outcome = run(&faults, &Value::Nothing, seed);
        assert_eq!(outcome.completed(), JOBS, "seed {seed}");
        assert!(outcome.makespan.as_secs_f64() < 55.0, "seed {seed}");
        let opened = outcome.events.iter().any(|(_, event)| matches!(event, Event::Breaker { .. }));
        assert!(!opened, "seed {seed}");
    }
}

#[test]
fn how_many_a_server_takes_at_once_is_learned_from_a_handful_of_refusals() {
    let told = record([("limits", record([("claude-*", record([("concurrency", 8.0.into())]))]))]);
    let crowd = format!(r#"{AMPLE}, "maxInFlight": 8"#);
    for seed in seeds() {
        let possible = run(&crowd, &told, seed).makespan.as_secs_f64();
        let outcome = run(&crowd, &Value::Nothing, seed);
        assert_eq!(outcome.completed(), JOBS, "seed {seed}");
        let refusals = outcome.declined.get(&429).copied().unwrap_or(0);
        assert!(refusals <= 15, "seed {seed}: {refusals}");
        assert!(outcome.makespan.as_secs_f64() < possible * 1.25, "seed {seed}");
    }
}

#[test]
fn a_limit_on_growth_is_met_once_and_then_grown_with() {
    let ramp = |per_cent: u32, every_ms: u32| {
        format!(r#"{AMPLE}, "ramp": {{ "perMinute": 120, "growthPercent": {per_cent}, "everyMs": {every_ms} }}"#)
    };
    // Twenty in ten seconds and half as many again each time is 52 seconds for whoever knows it.
    all_done(&ramp(50, 10_000), 429, |refusals, seconds, label| {
        assert!(refusals <= 30 && seconds < 110.0, "{label}: {refusals} in {seconds} s");
    });
    // 120 a minute and a fifth more in the next is 121 seconds.
    all_done(&ramp(20, 60_000), 429, |refusals, seconds, label| {
        assert!(refusals <= 150 && seconds < 150.0, "{label}: {refusals} in {seconds} s");
    });
}

#[test]
fn refusals_without_a_word_are_met_by_one_at_a_time() {
    // What the headers say is three times what the server allows at once, and its refusals say nothing.
    let limits = r#""limits": { "default": { "rpm": 480, "itpm": 90000000, "otpm": 9000000, "burstMs": 5000, "hideBurst": true } }"#;
    all_done(&format!(r#"{limits}, "faults": {{ "bareRefusals": 1 }}"#), 429, |refusals, seconds, label| {
        assert!(refusals <= 120, "{label}: {refusals}");
        assert!(seconds < 80.0, "{label}: {seconds}");
    });
}

#[test]
fn an_outage_is_not_multiplied() {
    let server = format!(r#"{{ "seed": 1, {AMPLE}, "faults": {{ "error": 1 }} }}"#);
    let policy = parse(&Value::Nothing).expect("right");
    // Twenty-five a second for a minute.
    let jobs = workload::generate("requests-bound", 1_500, 1).expect("a known workload");
    let at = |number: u64| Instant::from_nanos(number * 40_000_000);
    let tasks = jobs.into_iter().zip(0..).map(|(job, number)| (at(number), job)).collect();
    let outcome = World::of(vec![Process::new(Limiter::new(&policy, 1), 1)], &server).run(tasks);
    let (firsts, retries) = (outcome.answers.len() as u32, outcome.attempts - outcome.answers.len() as u32);
    let seconds = outcome.makespan.as_secs_f64();
    eprintln!("{firsts} calls for a minute, {retries} retries, the last after {seconds:.1} s");
    assert!(outcome.answers.iter().all(|answers| answers == &[500]), "each caller sees the server's own answer, once");
    // Ten a second and a fifth of the calls, and what was saved for ten seconds.
    let budget = f64::from(firsts) * 0.2 + seconds * 10.0 + 100.0 + 0.2 * 250.0;
    assert!(f64::from(retries) <= budget, "{retries} of {budget}");
    assert!(retries > firsts / 2, "{retries}");
}

const JOBS: usize = 300;
