//! What holds whatever goes wrong.

use tidegate::limiter::Limiter;
use tidegate::options::{parse, record};
use tidegate::time::{Duration, Instant};
use tidegate_simulator::Api;
use tidegate_simulator::workload::{self, Job};

use crate::process::Process;
use crate::trial::{self, NAMES, Trial};
use crate::world::{Task, World};

/// Of named trials that once showed something: name and seed.
/// A window that freed output before its server did.
const WORST: [(&str, u64); 1] = [("exact windows", 1048)];
/// Of drawn trials that once showed something.
const WORST_DRAWN: [u64; 0] = [];

fn seeds(default: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    match std::env::var("TIDEGATE_SEEDS") {
        Ok(list) => list.split(',').map(|seed| seed.trim().parse().expect("a number")).collect(),
        Err(_) => default.collect(),
    }
}

fn check(trial: &Trial, label: &str) {
    let figures = trial::watched(label, || trial.check(label));
    eprintln!("{label:<45} {figures}");
    trial.expect(figures, label);
}

#[test]
fn every_job_ends_once_and_no_limit_is_lost_whatever_goes_wrong() {
    for name in NAMES {
        for seed in seeds(1..=1) {
            check(&trial::named(name, seed), &format!("{name}, seed {seed}"));
        }
    }
    for (name, seed) in WORST {
        check(&trial::named(name, seed), &format!("{name}, seed {seed}"));
    }
}

#[test]
fn every_job_ends_once_when_everything_goes_wrong_at_once() {
    for seed in seeds(1..=40).into_iter().chain(WORST_DRAWN) {
        check(&trial::drawn(seed), &format!("drawn, seed {seed}"));
    }
}

#[test]
fn the_same_seed_leads_to_the_same_outcome() {
    for seed in seeds(41..=44) {
        trial::drawn(seed).check_that_it_repeats(&format!("drawn, seed {seed}"));
    }
    for name in ["processes die", "hung", "storms of overload"] {
        trial::named(name, 1).check_that_it_repeats(name);
    }
}

#[test]
fn names_of_others_choosing_do_not_grow_what_is_kept() {
    let options = r#"{ "seed": 1, "timing": { "firstTokenMs": 20 }, "limits": { "default": { "rpm": 1000000 } } }"#;
    // With one scope for all of them: how many there may be without it is tested where scopes are.
    let one_scope = record([("limits", record([("default", record([("rpm", 1e6.into())]))]))]);
    let kept = |jobs: usize| {
        let jobs = workload::generate("requests-bound", jobs, 1).expect("a known workload").into_iter().enumerate();
        let jobs = jobs.map(|(index, job)| {
            // A name that is new with every job. Long ones and those of odd characters are not kept at all.
            let rest = match index % 8 {
                0 => "x".repeat(2_000),
                1 => "\u{202e}\"\\".repeat(20),
                _ => "-".repeat(100),
            };
            let model = format!("gpt-{index:04}{rest}");
            let at = Instant::ZERO + Duration::from_millis(10 * index as u64);
            Task { at, process: 0, job: Job { api: Api::OpenAi, model, ..job } }
        });
        let policy = parse(&one_scope).expect("right");
        let outcome = World::of(vec![Process::new(Limiter::new(&policy, 1), 1)], options).run_tasks(jobs.collect());
        assert!(outcome.lives.iter().all(|life| life.is_complete));
        outcome.size_of_snapshots
    };
    let [some, many] = [kept(1_400), kept(2_800)];
    assert!(some > 10_000, "it shows what was learned: {some}");
    assert!(many < some * 11 / 10, "{some} bytes and {many} bytes");
}
