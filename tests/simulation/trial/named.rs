//! Troubles one by one, each with a name and, for the rest, from a seed.

use serde_json::{Value as Json, json};
use tidegate::options::Value;
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};
use tidegate_simulator::workload;

use super::{Program, Trial, told, told_as};
use crate::process::{Clock, Death};
use crate::world::{Patience, Task};

/// What [`named`] knows.
pub const NAMES: [&str; 32] = [
    "refused without headers",
    "overloaded",
    "storms of overload",
    "reset before the answer",
    "cut in the answer",
    "error in the stream",
    "hung",
    "slow",
    "server clock ahead",
    "server clock behind",
    "headers that promise too much",
    "headers that are late",
    "no headers",
    "limits raised",
    "limits lowered",
    "limits up and down",
    "no more than eight at a time",
    "grow slowly",
    "refusals charged",
    "overloads charged",
    "neighbour comes and goes",
    "neighbour leaves",
    "processes die",
    "processes die unnoticed",
    "processes come late",
    "two thousand callers",
    "forty limiters",
    "clock stands still",
    "clock jumps",
    "clock goes back",
    "exact buckets",
    "exact windows",
];

/// The trial of this name.
pub fn named(name: &str, seed: u64) -> Trial {
    let mut random = Random::new(seed);
    let mixed = || Trial::of(seed, at_once("mixed", 160, seed), limits(MIXED));
    let with = |options: Json| {
        let mut trial = mixed();
        trial.told = told(MIXED);
        trial.server.as_object_mut().expect("an object").extend(options.as_object().expect("an object").clone());
        trial
    };
    let faults = |faults: Json| with(json!({ "faults": faults }));
    let anything = |trial: Trial| Trial { least_completed: 0.0, ..trial };
    match name {
        "refused without headers" => {
            // Told too much, and never corrected, so that it is refused at all.
            let told = told(MIXED.map(|amount| amount * 5 / 4));
            Trial { told, ..with(json!({ "faults": { "bareRefusals": 1.0 }, "headers": { "hide": true } })) }
        }
        "overloaded" => Trial { least_completed: 0.8, ..faults(json!({ "overloaded": 0.2 })) },
        "storms of overload" => with(json!({ "storms": [
            { "fromMs": 1_000, "untilMs": 8_000, "share": 0.9 },
            { "fromMs": 20_000, "untilMs": 30_000, "share": 1.0 },
        ] })),
        "reset before the answer" => Trial { least_completed: 0.8, ..faults(json!({ "drop": 0.15 })) },
        "cut in the answer" => Trial { least_completed: 0.75, ..faults(json!({ "cut": 0.15 })) },
        "error in the stream" => Trial { least_completed: 0.8, ..faults(json!({ "streamError": 0.15 })) },
        "hung" => {
            let trial = faults(json!({ "hang": 0.1 }));
            let patience = (0..trial.tasks.len()).map(|job| (job, Patience::Flight(Duration::from_secs(45)))).collect();
            Trial { patience, is_persistent: true, least_completed: 1.0, ..trial }
        }
        "slow" => Trial { least_completed: 1.0, ..faults(json!({ "slow": 0.3 })) },
        "server clock ahead" => {
            Trial { told: Value::Nothing, least_completed: 1.0, ..with(json!({ "clockSkewMs": HOURS_MS })) }
        }
        "server clock behind" => {
            Trial { told: Value::Nothing, least_completed: 1.0, ..with(json!({ "clockSkewMs": -HOURS_MS })) }
        }
        "headers that promise too much" => {
            Trial { least_completed: 0.97, ..with(json!({ "headers": { "factor": 3.0 } })) }
        }
        "headers that are late" => Trial { least_completed: 0.97, ..with(json!({ "headers": { "staleMs": 4_000 } })) },
        "no headers" => anything(Trial { told: Value::Nothing, ..with(json!({ "headers": { "hide": true } })) }),
        "limits raised" => with(
            json!({ "changes": [{ "atMs": 9_000, "limits": { "default": limits(MIXED.map(|amount| amount * 3)) } }] }),
        ),
        "limits lowered" => with(
            json!({ "changes": [{ "atMs": 9_000, "limits": { "default": limits(MIXED.map(|amount| amount / 3)) } }] }),
        ),
        "limits up and down" => with(json!({ "changes": [
            { "atMs": 5_000, "limits": { "default": limits(MIXED.map(|amount| amount / 3)) } },
            { "atMs": 40_000, "limits": { "default": limits(MIXED.map(|amount| amount * 2)) } },
            { "atMs": 70_000, "limits": { "default": limits(MIXED) } },
        ] })),
        "no more than eight at a time" => with(json!({ "maxInFlight": 8 })),
        "grow slowly" => with(json!({ "ramp": { "perMinute": 60, "growthPercent": 50, "everyMs": 5_000 } })),
        "refusals charged" => {
            let mut limits = limits(MIXED);
            limits["burstMs"] = 10_000.into();
            limits["hideBurst"] = true.into();
            with(json!({ "chargeRefusals": true, "limits": { "default": limits } }))
        }
        "overloads charged" => with(json!({ "chargeOverloads": true, "faults": { "overloaded": 0.1 } })),
        "neighbour comes and goes" => {
            with(json!({ "neighbour": { "share": 0.5, "everyMs": 20_000, "forMs": 10_000 } }))
        }
        "neighbour leaves" => with(json!({ "neighbour": { "share": 0.7, "untilMs": 30_000 } })),
        "processes die" => with_deaths(with(json!({})), true),
        "processes die unnoticed" => with_deaths(with(json!({})), false),
        "processes come late" => {
            let mut trial = with(json!({}));
            trial.programs = vec![Program::default(); 5];
            for (index, task) in trial.tasks.iter_mut().enumerate() {
                task.process = index % 5;
                task.at = Instant::ZERO + Duration::from_millis(4_000 * task.process as u64 + random.up_to(500));
            }
            trial
        }
        "two thousand callers" => {
            let amounts = [1_500, 5_000_000, 1_000_000];
            let trial = Trial::of(seed, at_once("requests-bound", 2_000, seed), limits(amounts));
            Trial { told: told(amounts), least_completed: 1.0, most_refused: 0.01, ..trial }
        }
        "forty limiters" => {
            let amounts = [600, 5_000_000, 1_000_000];
            let mut trial = Trial::of(seed, at_once("requests-bound", 800, seed), limits(amounts));
            trial.programs = vec![Program::default(); 40];
            for (index, task) in trial.tasks.iter_mut().enumerate() {
                task.process = index % 40;
                task.at = Instant::ZERO + Duration::from_millis(random.up_to(20_000));
            }
            Trial { told: told(amounts), ..trial }
        }
        "clock stands still" => {
            let from = Instant::ZERO + Duration::from_millis(random.up_to(20_000));
            with_clock(with(json!({})), Clock::Still { from, until: from + Duration::from_secs(15) })
        }
        "clock jumps" => {
            let from = Instant::ZERO + Duration::from_millis(random.up_to(20_000));
            with_clock(with(json!({})), Clock::Ahead { from, by: Duration::from_secs(3_600) })
        }
        "clock goes back" => {
            let from = Instant::ZERO + Duration::from_millis(5_000 + random.up_to(20_000));
            with_clock(with(json!({})), Clock::Behind { from, by: Duration::from_secs(4) })
        }
        "exact buckets" => {
            let burst_ms = 1_000 + random.up_to(59_000);
            let mut server = limits(EXACT);
            server["burstMs"] = burst_ms.into();
            let told = told_as(EXACT, 60_000, "token-bucket", burst_ms);
            exact(Trial { told, ..Trial::of(seed, at_once("requests-bound", 300, seed), server) })
        }
        "exact windows" => {
            let window_ms = 2_000 + random.up_to(28_000);
            let enforcement = ["fixed-window", "sliding-window"][random.up_to(1) as usize];
            let mut server = limits(EXACT);
            server["burstMs"] = window_ms.into();
            server["enforcement"] = enforcement.into();
            let told = told_as(EXACT, window_ms, enforcement, window_ms);
            exact(Trial { told, ..Trial::of(seed, at_once("requests-bound", 300, seed), server) })
        }
        _ => panic!("there is no trial of the name {name}"),
    }
}

/// Costs are stated, requests and output bind, and what the server guesses of the input does not.
fn exact(trial: Trial) -> Trial {
    Trial { states_costs: true, is_exact: true, least_completed: 1.0, ..trial }
}

fn with_clock(trial: Trial, clock: Clock) -> Trial {
    Trial { programs: vec![Program { clock, ..Program::default() }], ..trial }
}

/// Of four processes, one dies with its work, one leaves what waits to the third, which leaves it to the last.
fn with_deaths(mut trial: Trial, is_noticed: bool) -> Trial {
    let death = |seconds: u64, heir: Option<usize>| {
        Some(Death { at: Instant::ZERO + Duration::from_secs(seconds), is_noticed, heir })
    };
    let deaths = [death(6, None), death(10, Some(2)), death(15, Some(3)), None];
    trial.programs = deaths.map(|death| Program { death, ..Program::default() }).to_vec();
    for (index, task) in trial.tasks.iter_mut().enumerate() {
        task.process = index % 4;
        task.at = Instant::ZERO + Duration::from_millis(index as u64 * 20);
    }
    trial
}

fn at_once(workload: &str, jobs: usize, seed: u64) -> Vec<Task> {
    let jobs = workload::generate(workload, jobs, seed).expect("a known workload");
    jobs.into_iter().map(|job| Task { at: Instant::ZERO, process: 0, job }).collect()
}

/// Limits of the server, by the minute: requests, input and output tokens.
fn limits([rpm, itpm, otpm]: [u64; 3]) -> Json {
    json!({ "rpm": rpm, "itpm": itpm, "otpm": otpm })
}

const MIXED: [u64; 3] = [120, 90_000, 16_000];
const EXACT: [u64; 3] = [300, 10_000_000, 4_000];
const HOURS_MS: i64 = 3 * 3_600_000;
