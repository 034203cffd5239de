//! The workloads of the table: what is asked for, of which server, and what is known of it beforehand.

use std::time::Duration as StdDuration;

use tidegate::options::{Value, record};
use tidegate::time::{Duration, Instant};
use tidegate_simulator::Options;
use tidegate_simulator::bound::lower_bound_with_arrivals;
use tidegate_simulator::workload::{self, Job, Priority};

use crate::world::{Task, std_duration};

/// One workload with its server.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: &'static str,
    pub tasks: Vec<Task>,
    pub processes: usize,
    /// The server's options.
    pub server: String,
    /// What a limiter is told of it: what the provider publishes.
    pub told: Value,
    /// The least time for it, in milliseconds.
    pub bound_ms: f64,
    /// The least that must be clean of it: told, and told nothing.
    pub least_clean: [f64; 2],
}

/// The limits of a model group as they are published, and how they are enforced.
#[derive(Clone, Copy, Debug)]
struct Limits {
    rpm: u64,
    itpm: u64,
    otpm: u64,
    tpm: u64,
    burst_ms: u64,
    enforcement: &'static str,
    is_burst_hidden: bool,
}

/// What is made into a scenario.
struct Plan {
    name: &'static str,
    workload: &'static str,
    jobs: usize,
    limits: Limits,
    /// Further options of the server.
    server: &'static str,
    neighbour: f64,
    processes: usize,
    least_clean: [f64; 2],
}

const AMPLE: Limits = Limits {
    rpm: 100_000,
    itpm: 50_000_000,
    otpm: 20_000_000,
    tpm: 0,
    burst_ms: 60_000,
    enforcement: "token-bucket",
    is_burst_hidden: false,
};

const MIXED: Limits = Limits { rpm: 220, itpm: 180_000, otpm: 32_000, ..AMPLE };

const PLAN: Plan = Plan {
    name: "mixed",
    workload: "mixed",
    jobs: 300,
    limits: MIXED,
    server: "",
    neighbour: 0.0,
    processes: 1,
    least_clean: [0.86, 0.86],
};

/// Every workload, `factor` times as long as usual.
pub fn all(seed: u64, factor: usize) -> Vec<Scenario> {
    plans().into_iter().map(|plan| plan.make(seed, factor)).collect()
}

/// The workload of this name.
pub fn named(name: &str, seed: u64) -> Scenario {
    plans().into_iter().find(|plan| plan.name == name).expect("a known workload").make(seed, 1)
}

fn plans() -> Vec<Plan> {
    let window = Limits { rpm: 2_000, itpm: 300_000, otpm: 60_000, burst_ms: 10_000, ..AMPLE };
    vec![
        Plan { name: "requests", workload: "requests-bound", jobs: 400, limits: Limits { rpm: 240, ..AMPLE }, ..PLAN },
        Plan {
            name: "input 1:100",
            workload: "input-bound",
            limits: Limits { itpm: 400_000, rpm: 2_000, ..AMPLE },
            ..PLAN
        },
        Plan {
            name: "output, max ×10",
            workload: "output-bound",
            limits: Limits { otpm: 80_000, rpm: 2_000, ..AMPLE },
            least_clean: [0.84, 0.84],
            ..PLAN
        },
        PLAN,
        Plan {
            name: "interactive+batch",
            workload: "interactive-and-batch",
            jobs: 400,
            limits: Limits { rpm: 1_000, itpm: 300_000, otpm: 120_000, ..AMPLE },
            ..PLAN
        },
        Plan { name: "two models", workload: TWO_MODELS, jobs: 600, limits: MIXED, ..PLAN },
        Plan { name: "neighbour 40 %", neighbour: 0.4, least_clean: [0.87, 0.86], ..PLAN },
        Plan {
            name: "faults 2 %",
            server: r#", "faults": { "overloaded": 0.006, "error": 0.006, "drop": 0.004, "slow": 0.004 }"#,
            ..PLAN
        },
        Plan {
            name: "1/s hidden",
            workload: "requests-bound",
            jobs: 60,
            limits: Limits { rpm: 60, burst_ms: 1_000, is_burst_hidden: true, ..AMPLE },
            least_clean: [0.9, 0.85],
            ..PLAN
        },
        Plan {
            name: "8/s hidden",
            workload: "requests-bound",
            jobs: 320,
            limits: Limits { rpm: 480, burst_ms: 1_000, is_burst_hidden: true, ..AMPLE },
            least_clean: [0.93, 0.92],
            ..PLAN
        },
        Plan {
            name: "burst 5 s hidden",
            limits: Limits { rpm: 2_000, itpm: 400_000, otpm: 60_000, burst_ms: 5_000, is_burst_hidden: true, ..AMPLE },
            least_clean: [0.83, 0.78],
            ..PLAN
        },
        Plan { name: "four processes", jobs: 640, processes: 4, least_clean: [0.85, 0.74], ..PLAN },
        Plan {
            name: "four, burst of 5 s",
            jobs: 640,
            processes: 4,
            limits: Limits { itpm: 800_000, burst_ms: 5_000, ..AMPLE },
            least_clean: [0.78, 0.78],
            ..PLAN
        },
        Plan {
            name: "output, burst of 5 s",
            workload: "output-bound",
            jobs: 200,
            limits: Limits { otpm: 120_000, burst_ms: 5_000, ..AMPLE },
            least_clean: [0.82, 0.8],
            ..PLAN
        },
        Plan {
            name: "openai max_tokens",
            workload: OPENAI,
            limits: Limits { rpm: 2_000, tpm: 350_000, ..AMPLE },
            least_clean: [0.85, 0.84],
            ..PLAN
        },
        Plan {
            name: "cached prefix",
            workload: "cached-prefix",
            jobs: 400,
            limits: Limits { rpm: 240, itpm: 100_000, otpm: 60_000, ..AMPLE },
            ..PLAN
        },
        Plan {
            name: "fixed 10 s",
            limits: Limits { enforcement: "fixed-window", ..window },
            least_clean: [0.83, 0.8],
            ..PLAN
        },
        Plan {
            name: "sliding 10 s",
            limits: Limits { enforcement: "sliding-window", ..window },
            least_clean: [0.7, 0.55],
            ..PLAN
        },
        Plan {
            name: "refusals charged",
            workload: "requests-bound",
            jobs: 320,
            limits: Limits { rpm: 480, burst_ms: 5_000, is_burst_hidden: true, ..AMPLE },
            server: r#", "chargeRefusals": true"#,
            least_clean: [0.88, 0.88],
            ..PLAN
        },
    ]
}

impl Plan {
    fn make(self, seed: u64, factor: usize) -> Scenario {
        let tasks: Vec<Task> = self.hand_out(self.generate(self.jobs * factor, seed));
        Scenario {
            name: self.name,
            processes: self.processes,
            server: self.server(seed),
            told: self.told(),
            bound_ms: self.bound_ms(&tasks, seed),
            least_clean: self.least_clean,
            tasks,
        }
    }

    fn generate(&self, count: usize, seed: u64) -> Vec<Job> {
        workload::generate(self.workload, count, seed).expect("a known workload")
    }

    /// Everything is there from the beginning, but what somebody waits for comes one by one. Several processes have
    /// unequal work.
    fn hand_out(&self, jobs: Vec<Job>) -> Vec<Task> {
        let mut next = Instant::ZERO;
        let count = jobs.len();
        // Four of ten jobs for the first of four, three for the second, two, and one.
        let parts = self.processes * (self.processes + 1) / 2;
        let share = |place: usize| {
            let mut part = place * parts / count;
            (0..self.processes).find(|process| {
                let own = self.processes - process;
                let is_here = part < own;
                part = part.saturating_sub(own);
                is_here
            })
        };
        // One after the other by turns, so that each process has jobs of every size.
        let order = (0..count).map(|index| (index * 7_919) % count);
        jobs.into_iter()
            .zip(order)
            .map(|(job, place)| {
                let is_urgent = job.priority == Priority::High;
                next += Duration::from_millis(if is_urgent { 500 } else { 0 });
                Task { at: if is_urgent { next } else { Instant::ZERO }, process: share(place).unwrap_or(0), job }
            })
            .collect()
    }

    fn server(&self, seed: u64) -> String {
        let neighbour = self.neighbour;
        let limits = self.limits.of_server();
        let further = self.server;
        format!(
            r#"{{ "seed": {seed}, "timing": {TIMING}, "limits": {{ "default": {limits} }},
            "neighbour": {{ "share": {neighbour} }} {further} }}"#
        )
    }

    fn bound_ms(&self, tasks: &[Task], seed: u64) -> f64 {
        let options = Options::from_json(&self.server(seed)).expect("the simulator's options are right");
        let jobs: Vec<Job> = tasks.iter().map(|task| task.job.clone()).collect();
        let arrivals: Vec<StdDuration> = tasks.iter().map(|task| std_duration(task.at)).collect();
        lower_bound_with_arrivals(&jobs, &arrivals, &options, StdDuration::ZERO).ms
    }

    fn told(&self) -> Value {
        let Limits { rpm, itpm, otpm, tpm, burst_ms, enforcement, .. } = self.limits;
        let (pattern, amounts) = if self.workload == OPENAI {
            ("gpt-*", vec![("requests", rpm), ("tokens", tpm)])
        } else {
            ("claude-*", vec![("requests", rpm), ("input_tokens", itpm), ("output_tokens", otpm)])
        };
        let of = |pattern: &str| {
            let limit = |&(dimension, amount): &(&str, u64)| {
                // Windows are known to be windows; the burst of a bucket is taken to be the minute that is published.
                let period_ms = if enforcement == "token-bucket" { 60_000 } else { burst_ms };
                record([
                    ("dimension", dimension.into()),
                    ("amount", (amount * period_ms / 60_000).into()),
                    ("periodMs", period_ms.into()),
                    ("enforcement", enforcement.into()),
                ])
            };
            let limits = Value::List(amounts.iter().map(limit).collect());
            (pattern.to_owned(), record([("limits", limits)]))
        };
        let scopes = if self.workload == TWO_MODELS {
            vec![of("claude-sonnet-*"), of("claude-opus-*")]
        } else {
            vec![of(pattern)]
        };
        record([("limits", Value::Record(scopes))])
    }
}

impl Limits {
    fn of_server(self) -> String {
        let Self { rpm, itpm, otpm, tpm, burst_ms, enforcement, is_burst_hidden: hidden } = self;
        let tpm = if tpm > 0 { format!(r#""tpm": {tpm}, "#) } else { String::new() };
        format!(
            r#"{{ {tpm}"rpm": {rpm}, "itpm": {itpm}, "otpm": {otpm}, "burstMs": {burst_ms}, "hideBurst": {hidden},
            "enforcement": "{enforcement}" }}"#
        )
    }
}

/// Answers come faster than those of most models, so that a single long one does not decide about the whole.
const TIMING: &str = r#"{ "firstTokenMs": 300, "tokensPerSecond": 400 }"#;
const TWO_MODELS: &str = "two-models";
const OPENAI: &str = "openai-max-tokens";
