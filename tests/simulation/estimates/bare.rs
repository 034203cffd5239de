//! Bare submissions, whose costs and ends are drawn.

use std::collections::BTreeMap;

use tidegate::cost::Cost;
use tidegate::limiter::{Limiter, Output, Submission, Ticket};
use tidegate::options::{Value, parse, record};
use tidegate::queue::Priority;
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};

use super::{Errors, Wait, measure};

/// A request, when it comes, and what becomes of it when it has started.
#[derive(Clone, Copy, Debug)]
struct Job {
    at: Instant,
    model: &'static str,
    priority: Priority,
    tenant: &'static str,
    reserved: u32,
    used: u32,
    held: Duration,
}

/// Runs `jobs` through a limiter with `options`, and asks once a second of everybody who waits.
fn run(options: &Value, jobs: &[Job]) -> Vec<Wait> {
    let mut limiter = Limiter::new(&parse(options).expect("the options are right"), 1);
    let mut lives = vec![Wait::default(); jobs.len()];
    let (mut waiting, mut ends): (BTreeMap<Ticket, usize>, BTreeMap<(Instant, Ticket), u32>) = Default::default();
    let (mut next, mut asked_at) = (0, Instant::ZERO);
    let mut now = Instant::ZERO;
    while next < jobs.len() || !waiting.is_empty() || !ends.is_empty() {
        let mut due = vec![asked_at + Duration::SECOND];
        due.extend(jobs.get(next).map(|job| job.at));
        due.extend(ends.keys().next().map(|(at, _)| *at));
        due.extend(limiter.poll_timeout().map(|wake_up| wake_up.at));
        now = now.max(due.into_iter().min().expect("somebody is asked every second"));
        while let Some((at, ticket)) = ends.keys().next().copied().filter(|(at, _)| *at <= now) {
            let used = ends.remove(&(at, ticket)).expect("just seen");
            limiter.settle(now, ticket, Cost { input_tokens: used, ..Cost::REQUEST });
        }
        while let Some(job) = jobs.get(next).filter(|job| job.at <= now) {
            let submission = Submission {
                scope: limiter.scope_of_model(job.model),
                priority: job.priority,
                tenant: job.tenant,
                ..Submission::new(Cost { input_tokens: job.reserved, ..Cost::REQUEST })
            };
            let ticket = limiter.submit(now, submission).expect("admitted");
            waiting.insert(ticket, next);
            lives[next].submitted_at = now;
            if let Some(outlook) = limiter.outlook(now, ticket) {
                lives[next].said.push((now, outlook.expected));
            }
            next += 1;
        }
        limiter.handle_timeout(now);
        while let Some(output) = limiter.poll_output() {
            if let Output::Start(ticket) = output {
                let job = waiting.remove(&ticket).expect("it waits");
                lives[job].started_at = now;
                ends.insert((now + jobs[job].held, ticket), jobs[job].used);
            }
        }
        if asked_at + Duration::SECOND <= now {
            asked_at = now;
            for (ticket, job) in &waiting {
                let outlook = limiter.outlook(now, *ticket).expect("it waits");
                lives[*job].said.push((now, outlook.expected));
            }
        }
    }
    lives
}

/// `count` jobs that come in a time of `seconds`, one after the other, the sizes and times of which `draw` changes.
fn jobs(count: u64, seconds: u64, seed: u64, mut draw: impl FnMut(&mut Job, &mut Random, u64)) -> Vec<Job> {
    let mut random = Random::new(seed);
    let mut jobs: Vec<Job> = (0..count)
        .map(|nth| {
            let reserved = u32::try_from(log_normal(&mut random, 500).min(8_000)).expect("small");
            let mut job = Job {
                at: Instant::from_nanos(1_000_000_000) + Duration::from_millis(random.up_to(seconds * 1_000)),
                model: "m",
                priority: Priority::NORMAL,
                tenant: "",
                reserved,
                used: reserved / 100 * u32::try_from(60 + random.up_to(40)).expect("small"),
                held: Duration::from_millis(log_normal(&mut random, 3_000).min(40_000)),
            };
            draw(&mut job, &mut random, nth);
            job
        })
        .collect();
    jobs.sort_by_key(|job| job.at);
    jobs
}

/// A whole number that is log-normal about `median`, with a sigma of 1.
fn log_normal(random: &mut Random, median: u32) -> u64 {
    // The sum of twelve even draws is normal, nearly.
    let normal = (0..12).map(|_| random.up_to(1_000) as f64 / 1_000.0).sum::<f64>() - 6.0;
    (f64::from(median) * normal.exp()) as u64
}

fn limits<const N: usize>(fields: [(&str, f64); N]) -> Value {
    record([("limits", record([("default", record(fields.map(|(name, number)| (name, Value::from(number)))))]))])
}

/// One kind of traffic, and the largest errors that are put up with: at submission, then half-way, each the median and the
/// 95th percentile.
type Case = (&'static str, Value, fn(u64) -> Vec<Job>, [f64; 4]);

fn cases() -> Vec<Case> {
    let window = record([
        ("dimension", "requests".into()),
        ("amount", 60.0.into()),
        ("periodMs", 60_000.0.into()),
        ("enforcement", "sliding-window".into()),
    ]);
    let window = record([("limits", record([("default", record([("limits", Value::List(vec![window]))]))]))]);
    let Value::Record(mut over_all) =
        record([("limits", record(["a", "b", "c"].map(|model| (model, record([("rps", Value::from(20.0))])))))])
    else {
        unreachable!("a record")
    };
    over_all.push(("queue".into(), record([("concurrency", 6.0.into())])));
    vec![
        (
            "one line, tokens",
            limits([("itpm", 60_000.0), ("rpm", 1_000.0)]),
            |seed| jobs(300, 60, seed, |_, _, _| {}),
            [0.2, 0.6, 0.2, 0.6],
        ),
        ("priorities and tenants", limits([("itpm", 90_000.0)]), mixed, [0.8, 4.0, 0.8, 4.5]),
        (
            "calls in flight",
            limits([("concurrency", 8.0)]),
            |seed| jobs(300, 60, seed, |_, _, _| {}),
            [0.3, 1.5, 0.3, 1.0],
        ),
        (
            "calls in flight, all alike",
            limits([("concurrency", 8.0)]),
            |seed| jobs(300, 60, seed, |job, _, _| job.held = Duration::from_secs(3)),
            [0.2, 0.8, 0.2, 0.8],
        ),
        ("a sliding window", window, |seed| jobs(300, 60, seed, |_, _, _| {}), [0.2, 0.5, 0.2, 0.5]),
        (
            "places of all scopes",
            Value::Record(over_all),
            |seed| jobs(300, 60, seed, |job, random, _| job.model = ["a", "b", "c"][random.up_to(2) as usize]),
            [0.4, 1.5, 0.4, 1.5],
        ),
    ]
}

/// A batch of low priority that comes at once, and five tenants whose requests come all the time.
fn mixed(seed: u64) -> Vec<Job> {
    jobs(400, 150, seed, |job, random, nth| {
        job.tenant = ["a", "b", "c", "d", "e"][random.up_to(4) as usize];
        if nth % 2 == 0 {
            (job.priority, job.at) = (Priority::LOW, Instant::from_nanos(1_000_000_000));
        } else if random.up_to(3) == 0 {
            job.priority = Priority::HIGH;
        }
    })
}

#[test]
fn what_is_said_of_waits_is_near_what_they_come_to() {
    Errors::head();
    for (name, options, jobs, most) in cases() {
        let errors = measure(name, |seed| run(&options, &jobs(seed)));
        errors.check(name, most, 0.1);
    }
}
