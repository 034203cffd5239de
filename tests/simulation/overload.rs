//! Servers that are overloaded, that limit what is in flight or how fast it grows, and that refuse without a word.

use tidegate::limiter::Limiter;
use tidegate::options::{Value, parse};
use tidegate::time::Instant;
use tidegate_simulator::workload;

use crate::outcome::Outcome;
use crate::process::{Network, Process};
use crate::world::World;

/// Runs `count` mixed jobs, all there from the beginning, against a server with plenty of quota and `trouble`.
fn run(trouble: &str, count: usize, options: &Value, seed: u64) -> Outcome {
    let server = format!(r#"{{ "seed": {seed}, "timing": {{ "firstTokenMs": 400, "tokensPerSecond": 400 }}, {trouble} }}"#);
    let policy = parse(options).expect("the limiter's options are right");
    let jobs = workload::generate("mixed", count, seed).expect("a known workload");
    let process = Process { network: Network::default(), ..Process::new(Limiter::new(&policy, seed), seed) };
    World::of(vec![process], &server).run(jobs.into_iter().map(|job| (Instant::ZERO, job)).collect())
}

fn report(label: &str, outcome: &Outcome) {
    let done = outcome.completed();
    let mut per = vec![0; 20];
    for life in &outcome.lives { let s = life.started_at.unwrap().as_nanos() / 10_000_000_000; per[(s as usize).min(19)] += 1; }
    let refusals: Vec<_> = outcome.events.iter().filter(|e| matches!(e.1, tidegate::limiter::Event::Refused{..})).map(|e| format!("{:?}", e.1)).collect();
    if label.starts_with("ramp") || label.starts_with("crowd 8") { eprintln!("{per:?} {refusals:#?}"); }
    eprintln!(
        "{label}: {done} done of {}, {} attempts, {:.1} s, declined {:?}",
        outcome.answers.len(),
        outcome.attempts,
        outcome.makespan.as_secs_f64(),
        outcome.declined
    );
}

const LIMITS: &str = r#""limits": { "default": { "rpm": 300, "itpm": 400000, "otpm": 60000, "burstMs": 15000 } }"#;
const AMPLE: &str = r#""limits": { "default": { "rpm": 30000, "itpm": 90000000, "otpm": 9000000 } }"#;

#[test]
fn explore() {
    for seed in 1..=3 {
        for (name, trouble) in [
            ("nothing", LIMITS.to_owned()),
            ("storm 1", format!(r#"{LIMITS}, "storms": [{{ "fromMs": 10000, "untilMs": 30000, "share": 1 }}]"#)),
            ("storm .5", format!(r#"{LIMITS}, "storms": [{{ "fromMs": 10000, "untilMs": 30000, "share": 0.5 }}]"#)),
            ("storm .2", format!(r#"{LIMITS}, "storms": [{{ "fromMs": 10000, "untilMs": 30000, "share": 0.2 }}]"#)),
            ("bare", format!(r#"{LIMITS}, "faults": {{ "bareRefusals": 1 }}"#)),
            ("faults", format!(r#"{LIMITS}, "faults": {{ "overloaded": 0.02, "error": 0.02, "drop": 0.02 }}"#)),
            ("ample", AMPLE.to_owned()),
            ("crowd 8", format!(r#"{AMPLE}, "maxInFlight": 8"#)),
            ("ramp", format!(r#"{AMPLE}, "ramp": {{ "perMinute": 120, "growthPercent": 50, "everyMs": 10000 }}"#)),
            ("ramp slow", format!(r#"{AMPLE}, "ramp": {{ "perMinute": 120, "growthPercent": 20, "everyMs": 60000 }}"#)),
        ] {
            let told = tidegate::options::record([("limits", tidegate::options::record([("claude-*", tidegate::options::record([("concurrency", 8.0.into())]))]))]);
            if name == "crowd 8" { report("crowd told", &run(&trouble, 300, &told, seed)); }
            report(&format!("{name} {seed}"), &run(&trouble, 300, &Value::Nothing, seed));
        }
    }
}
