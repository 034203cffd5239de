//! Everything at once, drawn from a seed.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tidegate::options::Value;
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};
use tidegate_simulator::workload::{self, Job};

use super::{NETWORK, Program, Trial, timing, told_as};
use crate::process::{Clock, Death, Network};
use crate::world::{Patience, Task};

/// A trial of which everything is drawn.
pub fn drawn(seed: u64) -> Trial {
    let mut draw = Draw(Random::new(seed ^ 0x9a0b));
    let name = *draw.one_of(&workload::NAMES);
    let jobs = workload::generate(name, draw.between(30, 160) as usize, seed).expect("a known workload");
    let (limits, told) = draw.limits(&jobs);
    let mut server = json!({ "seed": seed, "timing": timing(), "limits": { "default": limits.clone() } });
    for (name, value) in draw.troubles(&limits) {
        server[name] = value;
    }
    let hangs = server["faults"]["hang"].as_f64().unwrap_or(0.0) > 0.0;
    let patience = draw.patience(jobs.len(), hangs);
    let programs = draw.programs();
    let tasks = draw.tasks(jobs, programs.len());
    Trial { server, told, programs, patience, is_persistent: draw.happens(50), ..Trial::of(seed, tasks, limits) }
}

struct Draw(Random);

impl Draw {
    fn happens(&mut self, percent: u64) -> bool {
        self.0.up_to(99) < percent
    }

    fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.0.up_to(most.saturating_sub(least))
    }

    fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.0.up_to(of.len() as u64 - 1) as usize]
    }

    /// A share of up to so many per cent.
    fn share(&mut self, most_percent: u64) -> f64 {
        self.0.up_to(most_percent * 100) as f64 / 10_000.0
    }

    fn duration(&mut self, most_ms: u64) -> Duration {
        Duration::from_millis(self.0.up_to(most_ms))
    }

    fn instant(&mut self, most_ms: u64) -> Instant {
        Instant::ZERO + self.duration(most_ms)
    }

    /// The server's limits, which are mostly such that the jobs take minutes, and what a limiter is told of them.
    fn limits(&mut self, jobs: &[Job]) -> (Json, Value) {
        let enforcement =
            *self.one_of(&["token-bucket", "token-bucket", "token-bucket", "fixed-window", "sliding-window"]);
        let burst_ms = if self.happens(40) { 60_000 } else { self.between(1_000, 60_000) };
        let costs: [fn(&Job) -> u64; 3] =
            [|_| 1, |job| job.input_tokens, |job| job.output_tokens.max(job.max_tokens / 4)];
        let amounts = costs.map(|cost| {
            let total: u64 = jobs.iter().map(cost).sum();
            let largest = jobs.iter().map(cost).max().unwrap_or(1);
            let minutes_tenths = if self.happens(40) { 1 } else { self.between(3, 40) };
            // What is larger than everything that may go at once is never served, which happens too, but rarely.
            let needed = if self.happens(97) { largest * 2 * 60_000 / burst_ms } else { 1 };
            (total * 10 / minutes_tenths).max(needed).max(2)
        });
        let [rpm, itpm, otpm] = amounts;
        let tpm = itpm + otpm * 4;
        let limits = json!({
            "rpm": rpm, "itpm": itpm, "otpm": otpm, "tpm": tpm,
            "burstMs": burst_ms, "enforcement": enforcement, "hideBurst": self.happens(30),
        });
        let period_ms = if enforcement == "token-bucket" { 60_000 } else { burst_ms };
        let told = match self.0.up_to(9) {
            0..=2 => Value::Nothing,
            3..=5 => told_as(amounts, period_ms, enforcement, burst_ms),
            6 => told_as(amounts, 60_000, "token-bucket", 60_000),
            7 => told_as(amounts.map(|amount| amount * 2), period_ms, enforcement, burst_ms),
            8 => told_as(amounts, 60_000, "sliding-window", 60_000),
            _ => told_as(amounts.map(|amount| (amount / 2).max(1)), period_ms, enforcement, burst_ms),
        };
        (limits, told)
    }

    /// Options of the server under which things go wrong.
    fn troubles(&mut self, limits: &Json) -> BTreeMap<&'static str, Json> {
        let mut troubles = BTreeMap::new();
        let mut faults = serde_json::Map::new();
        for name in ["overloaded", "error", "drop", "cut", "hang", "streamError", "slow"] {
            if self.happens(20) {
                faults.insert(name.into(), self.share(12).into());
            }
        }
        if self.happens(30) {
            faults.insert("bareRefusals".into(), self.share(100).into());
        }
        troubles.insert("faults", Json::Object(faults));
        if self.happens(20) {
            let storm = |draw: &mut Self| {
                let from = draw.between(0, 60_000);
                json!({ "fromMs": from, "untilMs": from + draw.between(100, 30_000), "share": draw.share(100) })
            };
            troubles.insert("storms", (0..self.between(1, 3)).map(|_| storm(self)).collect());
        }
        if self.happens(30) {
            let mut neighbour = json!({ "share": self.share(70), "fromMs": self.between(0, 30_000) });
            if self.happens(50) {
                let every = self.between(500, 60_000);
                neighbour["everyMs"] = every.into();
                neighbour["forMs"] = self.between(1, every).into();
            }
            if self.happens(30) {
                neighbour["untilMs"] = self.between(30_000, 120_000).into();
            }
            troubles.insert("neighbour", neighbour);
        }
        if self.happens(20) {
            let change = |draw: &mut Self| {
                let mut limits = limits.clone();
                let percent = draw.between(60, 300);
                for name in ["rpm", "itpm", "otpm", "tpm"] {
                    limits[name] = (limits[name].as_u64().expect("an amount") * percent / 100).max(1).into();
                }
                json!({ "atMs": draw.between(0, 90_000), "limits": { "default": limits } })
            };
            troubles.insert("changes", (0..self.between(1, 4)).map(|_| change(self)).collect());
        }
        if self.happens(12) {
            let ramp = json!({ "perMinute": self.between(30, 300), "growthPercent": self.between(10, 200), "everyMs": self.between(500, 20_000) });
            troubles.insert("ramp", ramp);
        }
        if self.happens(12) {
            troubles.insert("maxInFlight", self.between(1, 30).into());
        }
        if self.happens(25) {
            let lie = match self.0.up_to(2) {
                0 => json!({ "hide": true }),
                1 => json!({ "factor": self.share(400) }),
                _ => json!({ "staleMs": self.between(1, 10_000) }),
            };
            troubles.insert("headers", lie);
        }
        for name in ["chargeRefusals", "chargeOverloads"] {
            if self.happens(20) {
                troubles.insert(name, true.into());
            }
        }
        if self.happens(20) {
            let skew = i64::try_from(self.between(0, 2 * MOST_SKEW_MS)).expect("hours") - MOST_SKEW_MS as i64;
            troubles.insert("clockSkewMs", skew.into());
        }
        troubles
    }

    fn patience(&mut self, jobs: usize, hangs: bool) -> BTreeMap<usize, Patience> {
        let leavers = if self.happens(20) { 25 } else { 0 };
        let mut patience = BTreeMap::new();
        for job in 0..jobs {
            if self.happens(leavers) {
                let leaves = match self.0.up_to(2) {
                    0 => Patience::Queue(self.duration(30_000)),
                    1 => Patience::Flight(self.duration(60_000)),
                    _ => Patience::Answer(self.duration(4_000)),
                };
                patience.insert(job, leaves);
            }
            // Where servers never answer, everybody gives up some time.
            if hangs {
                patience.insert(job, Patience::Flight(Duration::from_secs(60) + self.duration(20_000)));
            }
        }
        patience
    }

    fn programs(&mut self) -> Vec<Program> {
        let count = if self.happens(60) { 1 } else { self.between(2, 6) as usize };
        let program = |draw: &mut Self, index: usize| {
            let is_last = index + 1 == count;
            let heir =
                (!is_last && draw.happens(80)).then(|| draw.between(index as u64 + 1, count as u64 - 1) as usize);
            let is_mortal = !is_last && draw.happens(35);
            Program {
                clock: draw.clock(),
                network: draw.network(),
                death: is_mortal.then(|| Death { at: draw.instant(60_000), is_noticed: draw.happens(50), heir }),
            }
        };
        (0..count).map(|index| program(self, index)).collect()
    }

    fn clock(&mut self) -> Clock {
        let from = self.instant(60_000);
        match self.0.up_to(14) {
            0 => Clock::Still { from, until: from + self.duration(20_000) },
            1 => Clock::Ahead { from, by: self.duration(3_600_000) },
            2 => Clock::Behind { from, by: self.duration(20_000) },
            _ => Clock::True,
        }
    }

    fn network(&mut self) -> Network {
        if self.happens(60) {
            return NETWORK;
        }
        Network {
            slowest_there: self.duration(300),
            slowest_back: self.duration(300),
            connecting: self.duration(1_500),
        }
    }

    fn tasks(&mut self, jobs: Vec<Job>, processes: usize) -> Vec<Task> {
        let spread = *self.one_of(&[0, 0, 5_000, 60_000]);
        let late: Vec<Duration> =
            (0..processes).map(|_| if self.happens(70) { Duration::ZERO } else { self.duration(40_000) }).collect();
        let place = |draw: &mut Self, job: Job| {
            let process = draw.between(0, processes as u64 - 1) as usize;
            Task { at: draw.instant(spread) + late[process], process, job }
        };
        jobs.into_iter().map(|job| place(self, job)).collect()
    }
}

/// Twelve hours.
const MOST_SKEW_MS: u64 = 12 * 3_600_000;
