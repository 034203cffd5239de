//! How much of a quota is used, on every workload: a table.
//!
//! `cargo test --release --test simulation quota -- --nocapture` prints it. `TIDEGATE_SEEDS=7,8` makes it the mean and the
//! worst of these seeds, `TIDEGATE_FACTOR=4` the workloads four times as long.

use std::collections::BTreeMap;

use tidegate::limiter::Limiter;
use tidegate::options::{Value, parse};
use tidegate::time::{Duration, Instant};
use tidegate_simulator::workload::Priority;

use crate::omniscient;
use crate::outcome::Outcome;
use crate::process::{Network, Process};
use crate::scenario::{self, Scenario};
use crate::world::World;

/// What the limiters know of the limits at the beginning.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Knowledge {
    /// What is published.
    Told,
    Nothing,
    /// No limiter: somebody who knows whatever will happen.
    Everything,
}

/// A line of the table.
#[derive(Clone, Debug)]
pub struct Row {
    completed: usize,
    jobs: usize,
    /// The bound, in seconds.
    bound: f64,
    /// The time until the last answer has ended and every debt is paid, as a multiple of the bound.
    time: f64,
    pub refused: u64,
    /// The product of the shares: jobs completed, bound of time, requests that were not refused.
    pub clean: f64,
    /// What is clean, as a share of what is where everything is known beforehand.
    of_possible: f64,
    /// Of those that somebody waits for, from handing in to the beginning of the answer, in milliseconds.
    latencies: Option<[f64; 3]>,
    fairness: Option<Fairness>,
}

/// How several processes fared beside each other.
#[derive(Clone, Debug)]
struct Fairness {
    /// Jain's index of what each was served while all had work: 1 if all alike, 1/n if one had everything.
    jain: f64,
    /// When each had its last answer, as a multiple of the bound.
    ends: Vec<f64>,
}

pub fn run(scenario: &Scenario, knowledge: Knowledge, seed: u64) -> Row {
    let options = match knowledge {
        Knowledge::Told => scenario.told.clone(),
        Knowledge::Nothing => Value::Nothing,
        Knowledge::Everything => return Row::of(scenario, &omniscient::run(scenario, NETWORK, seed)),
    };
    let policy = parse(&options).expect("the limiter's options are right");
    let processes = (0..scenario.processes as u64).map(|number| {
        let own_seed = seed.wrapping_mul(1_000).wrapping_add(number);
        Process { network: NETWORK, ..Process::new(Limiter::new(&policy, own_seed), own_seed) }
    });
    let outcome = World::of(processes.collect(), &scenario.server).run_tasks(scenario.tasks.clone());
    Row::of(scenario, &outcome)
}

impl Row {
    fn of(scenario: &Scenario, outcome: &Outcome) -> Self {
        let groups = outcome.stats.organisations.iter().flat_map(|organisation| &organisation.groups);
        let (mut requests, mut refused) = (0, 0);
        for group in groups {
            requests += group.counts.requests;
            refused += group.counts.refused;
        }
        let (completed, jobs) = (outcome.completed(), scenario.tasks.len());
        let time = outcome.paid_at().as_secs_f64() * 1_000.0 / scenario.bound_ms;
        let served = 1.0 - refused as f64 / requests.max(1) as f64;
        let clean = completed as f64 / jobs as f64 / time * served;
        let has_processes = outcome.lives.iter().any(|life| life.process > 0);
        let fairness = has_processes.then(|| Fairness::of(scenario, outcome));
        let (bound, latencies) = (scenario.bound_ms / 1_000.0, latencies(scenario, outcome));
        Self { completed, jobs, bound, time, refused, clean, of_possible: 1.0, latencies, fairness }
    }

    fn print(&self, label: &str) {
        let Self { completed, jobs, bound, time, refused, clean, of_possible, .. } = self;
        let latencies = self
            .latencies
            .map_or(String::new(), |latencies| latencies.map(|latency| format!("{latency:>7.0}")).concat());
        let fairness = self.fairness.as_ref().map_or(String::new(), |Fairness { jain, ends }| {
            let ends: Vec<String> = ends.iter().map(|end| format!("{end:.2}")).collect();
            format!("  Jain {jain:.3}, ends {}", ends.join(" "))
        });
        eprintln!(
            "{label:<30} {completed:>5}/{jobs:<5} {bound:>6.1} {time:>7.3} {refused:>7} {clean:>7.3} {of_possible:>8.3} {latencies:<21}{fairness}"
        );
    }
}

impl Fairness {
    fn of(scenario: &Scenario, outcome: &Outcome) -> Self {
        let processes = 0..scenario.processes;
        let lives = || outcome.lives.iter().zip(&scenario.tasks).map(|(life, task)| (life, task.process, &task.job));
        let last = |process: usize, of: fn(&crate::outcome::Life) -> Option<Instant>| {
            lives().filter(|(_, whose, _)| *whose == process).filter_map(|(life, ..)| of(life)).max()
        };
        // Until somebody has nothing left to start, everybody has work.
        let until = processes.clone().filter_map(|process| last(process, |life| life.started_at)).min();
        let until = until.unwrap_or_default();
        let served = processes.clone().map(|process| {
            let started =
                lives().filter(|(life, whose, _)| *whose == process && life.started_at.is_some_and(|at| at <= until));
            started.map(|(.., job)| (job.input_tokens + job.output_tokens) as f64).sum::<f64>()
        });
        let served: Vec<f64> = served.collect();
        let (sum, squares) = (served.iter().sum::<f64>(), served.iter().map(|share| share * share).sum::<f64>());
        let end = |process| last(process, |life| life.ended_at).unwrap_or_default();
        Self {
            jain: sum * sum / (squares * served.len() as f64),
            ends: processes.map(|process| end(process).as_millis_f64() / scenario.bound_ms).collect(),
        }
    }
}

/// The median, the 95th and the 99th percentile of those that somebody waits for.
fn latencies(scenario: &Scenario, outcome: &Outcome) -> Option<[f64; 3]> {
    let urgent = outcome.lives.iter().zip(&scenario.tasks).filter(|(_, task)| task.job.priority == Priority::High);
    let mut waits: Vec<f64> =
        urgent.map(|(life, _)| life.latency().map_or(f64::INFINITY, Duration::as_millis_f64)).collect();
    waits.sort_by(f64::total_cmp);
    let at = |percent: usize| waits.get(waits.len() * percent / 100).copied();
    Some([at(50)?, at(95)?, at(99)?])
}

impl Scenario {
    fn least_clean(&self, knowledge: Knowledge) -> f64 {
        match knowledge {
            Knowledge::Told => self.least_clean[0],
            Knowledge::Nothing => self.least_clean[1],
            Knowledge::Everything => 0.75,
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |number| number.parse().expect("a number"))
}

fn seeds() -> Vec<u64> {
    match std::env::var("TIDEGATE_SEEDS") {
        Ok(list) => list.split(',').map(|seed| seed.trim().parse().expect("a number")).collect(),
        Err(_) => vec![1],
    }
}

/// The rows of one workload, one a seed.
#[derive(Default)]
struct Rows(Vec<(u64, Row)>);

impl Rows {
    fn worst(&self) -> &(u64, Row) {
        let by = |row: &Row| (row.of_possible, row.clean);
        let worst = self.0.iter().min_by(|one, other| by(&one.1).partial_cmp(&by(&other.1)).expect("numbers"));
        worst.expect("a seed")
    }

    fn mean(&self, of: fn(&Row) -> f64) -> f64 {
        self.0.iter().map(|(_, row)| of(row)).sum::<f64>() / self.0.len() as f64
    }

    fn print(&self, label: &str) {
        let (seed, worst) = self.worst();
        worst.print(label);
        if self.0.len() > 1 {
            let most_refused = self.0.iter().max_by_key(|(_, row)| row.refused).expect("a seed");
            eprintln!(
                "{:<30} means: clean {:.3}, of possible {:.3}; above is the worst seed, {seed}; most refused: {} at seed {}",
                "",
                self.mean(|row| row.clean),
                self.mean(|row| row.of_possible),
                most_refused.1.refused,
                most_refused.0
            );
        }
    }
}

#[test]
fn every_workload_uses_its_quota() {
    let factor = number("TIDEGATE_FACTOR", 1) as usize;
    let seeds = seeds();
    let heading = ["bound s", "time", "refused", "clean", "possible", "p50", "p95", "p99"];
    let [bound, time, refused, clean, possible, p50, p95, p99] = heading;
    eprintln!(
        "{:<30} {:>11}{bound:>7} {time:>7} {refused:>7} {clean:>7} {possible:>8} {p50:>7}{p95:>7}{p99:>7}",
        "", "completed"
    );
    let mut broken = Vec::new();
    let mut means: BTreeMap<Knowledge, Vec<(String, f64)>> = BTreeMap::new();
    let by_seed: Vec<Vec<Scenario>> = seeds.iter().map(|&seed| scenario::all(seed, factor)).collect();
    for place in 0..by_seed[0].len() {
        let mut possible = Vec::new();
        for knowledge in [Knowledge::Everything, Knowledge::Told, Knowledge::Nothing] {
            let mut rows = Rows::default();
            let (name, least) = (by_seed[0][place].name, by_seed[0][place].least_clean(knowledge));
            let label = format!("{name}, {knowledge:?}");
            for (scenarios, &seed) in by_seed.iter().zip(&seeds) {
                let mut row = run(&scenarios[place], knowledge, seed);
                match knowledge {
                    Knowledge::Everything => possible.push(row.clean),
                    Knowledge::Told | Knowledge::Nothing => row.of_possible = row.clean / possible[rows.0.len()],
                }
                if row.clean < least || least > 0.0 && row.completed < row.jobs {
                    broken.push(format!("{label}, seed {seed}: less than {least} is clean, or jobs are lost: {row:?}"));
                }
                rows.0.push((seed, row));
            }
            rows.print(&label);
            means.entry(knowledge).or_default().push((label, rows.mean(|row| row.of_possible)));
        }
    }
    for (knowledge, means) in &means {
        let mean = means.iter().map(|(_, clean)| clean).sum::<f64>() / means.len() as f64;
        let (worst, clean) = means.iter().min_by(|one, other| one.1.total_cmp(&other.1)).expect("a row");
        eprintln!("{knowledge:?}: {mean:.3} of what is possible on average, {clean:.3} at worst: {worst}");
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A way of 40 ms and back, after look-up and handshakes.
const NETWORK: Network = Network {
    slowest_there: Duration::from_millis(40),
    slowest_back: Duration::from_millis(20),
    connecting: Duration::from_millis(120),
};
