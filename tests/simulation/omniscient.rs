//! What is possible: the same jobs, network and server, with somebody who knows all of them.

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use tidegate::random::Random;
use tidegate::time::{Duration, Instant};
use tidegate_simulator::omniscient::{Next, Scheduler};
use tidegate_simulator::workload::{self, Job};
use tidegate_simulator::{Ending, Options, Server};

use crate::outcome::{Life, Outcome};
use crate::process::Network;
use crate::scenario::Scenario;
use crate::world::{core_instant, std_duration};

#[derive(Clone, Copy, Debug)]
enum Happening {
    Arrive(usize),
    /// The attempt came to nothing, which is known now.
    Fail(usize),
}

/// Runs `scenario` as the scheduler of the simulator has it.
pub fn run(scenario: &Scenario, network: Network, seed: u64) -> Outcome {
    let mut server = Server::new(Options::from_json(&scenario.server).expect("the simulator's options are right"));
    let jobs: Vec<Job> = scenario.tasks.iter().map(|task| task.job.clone()).collect();
    // The connection is made before the first request, so that all of them take no longer than they may.
    let connected_at = std_duration(Instant::ZERO + network.connecting);
    let arrivals: Vec<StdDuration> =
        scenario.tasks.iter().map(|task| std_duration(task.at).max(connected_at)).collect();
    let transit = StdDuration::from_nanos(network.slowest_there.as_nanos());
    let mut scheduler = Scheduler::new(&server, &jobs, &arrivals, KEY).with_transit(transit);
    let mut random = Random::new(seed);
    let mut way = |slowest: Duration| StdDuration::from_nanos(random.up_to(slowest.as_nanos()));

    let mut outcome = Outcome::new(server.clone().stats(StdDuration::ZERO));
    outcome.lives = scenario.tasks.iter().map(|task| Life { handed_in_at: Some(task.at), ..Life::default() }).collect();
    let mut agenda: BTreeMap<(StdDuration, u64), Happening> = BTreeMap::new();
    let mut happenings = 0;
    let mut now = StdDuration::ZERO;
    loop {
        let mut plan = |at: StdDuration, happening: Happening| {
            happenings += 1;
            agenda.insert((at, happenings), happening);
        };
        let wake_up = match scheduler.next(now, &mut server) {
            Next::Start(job) => {
                outcome.attempts += 1;
                outcome.lives[job].started_at.get_or_insert(core_instant(now));
                plan(now + way(network.slowest_there), Happening::Arrive(job));
                continue;
            }
            Next::WaitUntil(at) => Some(at),
            Next::Done => None,
        };
        let first = agenda.first_key_value().map(|(&(at, _), _)| at);
        let Some(next) = first.into_iter().chain(wake_up).min() else { break };
        now = now.max(next);
        if first != Some(next) {
            continue;
        }
        let Some((_, happening)) = agenda.pop_first() else { continue };
        match happening {
            Happening::Fail(job) => scheduler.again(job),
            Happening::Arrive(job) => {
                let exchange = server.handle(now, &workload::request(&jobs[job], job, KEY));
                let back = way(network.slowest_back);
                let lost_at = if let Ending::Lost(at) = exchange.ending { at } else { now };
                match &exchange.head {
                    Some(head) if head.status == 200 && exchange.ending == Ending::Complete => {
                        let ended_at = exchange.ends_at().expect("it is complete") + back;
                        let life = &mut outcome.lives[job];
                        life.begun_at = Some(core_instant(head.at + back));
                        life.ended_at = Some(core_instant(ended_at));
                        life.is_complete = true;
                        outcome.makespan = outcome.makespan.max(ended_at);
                    }
                    Some(head) => {
                        happenings += 1;
                        agenda.insert((head.at.max(lost_at) + back, happenings), Happening::Fail(job));
                    }
                    None => {
                        happenings += 1;
                        agenda.insert((lost_at + back, happenings), Happening::Fail(job));
                    }
                }
            }
        }
    }
    outcome.stats = server.stats(outcome.makespan);
    outcome
}

const KEY: &str = "key";
