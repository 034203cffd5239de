//! The least time in which any client could get a workload done.
//!
//! For each model group and dimension, with `total` the sum over the jobs:
//!
//! - Token bucket: `total` cannot have been charged before `(total − capacity) / rate`.
//! - Sliding window of `amount`: the last of `k = ⌈total / amount⌉` windows' worth cannot begin before `(k − 1) · window`.
//! - Fixed window: the same, but the first window is the rest of the one that the start falls into.
//!
//! Where charging is what admits a request (requests, input as it was estimated, and what an answer may be), the last one
//! admitted still has to be served, so the shortest service time is added. Output is charged while it is produced:
//! nothing is added. The time of the longest conversation, every turn of which waits for the one before it, is a bound of
//! its own, and so is the sum of all service times over the number that may be in flight. The bound is the largest of
//! these.
//!
//! Jobs that are handed in later can be charged later only: the same holds from each arrival on, for the jobs that had not
//! been handed in before.
//!
//! What a neighbour is sure to take of a bucket is taken off. Of a window it may get nothing, if it comes too late in it.
//! A bucket's limit that changes is followed; of windows that change, the largest is counted.
//!
//! Input that can be read from the prompt cache is not counted: of each beginning of a prompt that is cached, one job
//! writes it, and all others read it.
//!
//! It holds for every schedule that keeps the limits. A server that charges output as it appears lets a client overrun
//! them: whoever starts everything at once is done early and leaves a debt. Such a client is done when its debt is paid
//! ([`LimitStats::paid_at_ms`](crate::LimitStats)), and with that reading the bound holds for token buckets whatever a
//! client does, unless there is a neighbour: from a limit in debt it takes nothing.

mod refill;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use self::refill::charged_at;
use crate::claude::MESSAGE_TOKENS;
use crate::exchange::millis;
use crate::groups::{group_of, minimum_to_cache, reads_count};
use crate::limits::{Dimension, Limit, Limits};
use crate::options::{Options, Timing};
use crate::organisation::{changes_of, limits_of};
use crate::tokenizer;
use crate::workload::{Api, Job, completion_prompt, prompt};

/// The bound, and where it comes from. In JSON the names are in `camelCase`, times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bound {
    /// The least time.
    pub ms: f64,
    /// What binds: a dimension, or `service` if it is how long answers take.
    pub binding: &'static str,
    /// The time that answers take: of the longest conversation, or of all where only so many may be in flight.
    pub service_ms: f64,
    /// The bound of each limit.
    pub limits: Vec<LimitBound>,
}

/// The bound of one limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitBound {
    /// The model group.
    pub group: String,
    /// What is counted.
    pub dimension: &'static str,
    /// What the jobs take.
    pub total: u64,
    /// The least time.
    pub ms: f64,
}

/// The least time in which the jobs can be done by one organisation, from `start` on, if nothing was used before.
pub fn lower_bound(jobs: &[Job], options: &Options, start: Duration) -> Bound {
    lower_bound_with_arrivals(jobs, &[], options, start)
}

/// The same for jobs that are handed in at these instants: each at the instant at its own position, or at `start` where the
/// list has ended.
pub fn lower_bound_with_arrivals(jobs: &[Job], arrivals: &[Duration], options: &Options, start: Duration) -> Bound {
    lower_bound_of_many(jobs, arrivals, &[], options, start)
}

/// The same for so many jobs like each: as many as the number at its own position says, or one where the list has ended.
/// It takes no longer for more of them.
pub fn lower_bound_of_many(
    jobs: &[Job],
    arrivals: &[Duration],
    counts: &[u32],
    options: &Options,
    start: Duration,
) -> Bound {
    let mut groups: BTreeMap<(Api, &str), Vec<Arriving<'_>>> = BTreeMap::new();
    let mut ends: Vec<Duration> = Vec::with_capacity(jobs.len());
    for (index, job) in jobs.iter().enumerate() {
        let at = arrivals.get(index).copied().unwrap_or_default().max(start);
        let count = counts.get(index).copied().unwrap_or(1).max(1);
        let service = service(job, &options.timing);
        let asked = job.after.and_then(|before| ends.get(before)).copied().unwrap_or_default().max(at);
        ends.push(asked + service);
        let group = match job.api {
            Api::Claude => group_of(&job.model).unwrap_or(&job.model),
            Api::OpenAi => &job.model,
        };
        groups.entry((job.api, group)).or_default().push(Arriving { job, count, at, service });
    }
    let mut service = ends.iter().max().map_or(Duration::ZERO, |end| *end - start);
    let mut limits: Vec<LimitBound> = Vec::new();
    for ((api, group), jobs) in &groups {
        limits.extend(bounds_of_group(*api, group, jobs, options, start));
        if let Some(most) = options.max_in_flight.into_iter().chain(options.capacity).min() {
            let of_all = jobs.iter().map(|arriving| arriving.service.saturating_mul(arriving.count));
            let total = of_all.fold(Duration::ZERO, Duration::saturating_add);
            let seconds = total.as_secs_f64() / most.max(1) as f64;
            service = service.max(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
        }
    }
    let service_ms = millis(service);
    let longest = limits.iter().filter(|limit| limit.ms > service_ms).max_by(|one, other| one.ms.total_cmp(&other.ms));
    Bound {
        ms: longest.map_or(service_ms, |limit| limit.ms),
        binding: longest.map_or("service", |limit| limit.dimension),
        service_ms,
        limits,
    }
}

/// A job that is handed in at some instant, and how many there are that are like it.
#[derive(Clone, Copy, Debug)]
struct Arriving<'a> {
    job: &'a Job,
    count: u32,
    at: Duration,
    service: Duration,
}

/// What a job and those like it take of a limit.
#[derive(Clone, Copy, Debug)]
struct Share {
    /// For certain, and what of it in order to be admitted.
    total: u64,
    on_admission: u64,
    at: Duration,
    service: Duration,
}

fn bounds_of_group(
    api: Api,
    group: &str,
    jobs: &[Arriving<'_>],
    options: &Options,
    start: Duration,
) -> Vec<LimitBound> {
    let first = (Duration::ZERO, limits_of(api.family(), group, options, None));
    let course: Vec<(Duration, Limits)> =
        std::iter::once(first).chain(changes_of(api.family(), group, options)).collect();
    let bound = |dimension| {
        let course: Vec<(Duration, Limit)> =
            course.iter().filter_map(|(at, limits)| Some((*at, limits.limit(dimension)?))).collect();
        if course.is_empty() {
            return None;
        }
        let shares = shares(api, group, jobs, dimension)?;
        let charged_at = |total, from| charged_at(&course, &options.neighbour, total, from);
        let mut least = Duration::ZERO;
        let later = shares.iter().any(|share| share.at > start);
        // What somebody else may have written to the cache is nobody's of those who come later.
        let later_shares =
            if later { later_than_others(api, group, jobs, dimension, shares.clone()) } else { Vec::new() };
        for (from, shares) in arrivals_of(start, &shares, &later_shares) {
            let total = sum(shares.iter().map(|share| share.total));
            let on_admission = sum(shares.iter().map(|share| share.on_admission));
            let shortest = shares.iter().map(|share| share.service).min().unwrap_or_default();
            let admitted = if on_admission > 0 { charged_at(on_admission, from) + shortest } else { Duration::ZERO };
            least = least.max(from - start + charged_at(total, from).max(admitted));
        }
        let total = sum(shares.iter().map(|share| share.total));
        Some(LimitBound { group: group.to_owned(), dimension: dimension.name(), total, ms: millis(least) })
    };
    Dimension::ALL.into_iter().filter_map(bound).collect()
}

fn sum(amounts: impl Iterator<Item = u64>) -> u64 {
    amounts.fold(0, u64::saturating_add)
}

/// What each job takes of the limit in a dimension, if the API has such limits.
fn shares(api: Api, group: &str, jobs: &[Arriving<'_>], dimension: Dimension) -> Option<Vec<Share>> {
    let share = |arriving: &Arriving<'_>, total: u64, on_admission: u64| Share {
        total: total.saturating_mul(arriving.count.into()),
        on_admission: on_admission.saturating_mul(arriving.count.into()),
        at: arriving.at,
        service: arriving.service,
    };
    Some(match (dimension, api) {
        (Dimension::Requests, _) => jobs.iter().map(|arriving| share(arriving, 1, 1)).collect(),
        (Dimension::InputTokens, Api::Claude) => {
            let charged = charged_input(group, jobs, false);
            // What one of several writes to the cache, the others read.
            let others = charged_input(group, jobs, true);
            let of_one = |((arriving, first), other): ((_, u64), u64)| input_share(arriving, first, first.min(other));
            jobs.iter().zip(charged).zip(others).map(of_one).collect()
        }
        (Dimension::OutputTokens, Api::Claude) => {
            jobs.iter().map(|arriving| share(arriving, arriving.job.output_tokens, 0)).collect()
        }
        (Dimension::Tokens, Api::OpenAi) => {
            let of_one = |arriving: &Arriving<'_>| {
                let Job { input_tokens, max_tokens, .. } = arriving.job;
                let tokens = (*max_tokens).max(estimate(arriving.job, *input_tokens));
                share(arriving, tokens, tokens)
            };
            jobs.iter().map(of_one).collect()
        }
        (Dimension::InputTokens | Dimension::OutputTokens, Api::OpenAi) | (Dimension::Tokens, Api::Claude) => {
            return None;
        }
    })
}

/// What they take of an input limit, the first of them and each of the others.
fn input_share(arriving: &Arriving<'_>, first: u64, other: u64) -> Share {
    // An estimate that was too high is corrected later, so the smaller of the two is charged for certain.
    let admitted = |charged: u64| charged.min(estimate(arriving.job, charged));
    let others = u64::from(arriving.count - 1);
    let first_admitted = admitted(first);
    let other_admitted = if other == first { first_admitted } else { admitted(other) };
    Share {
        total: first.saturating_add(other.saturating_mul(others)),
        on_admission: first_admitted.saturating_add(other_admitted.saturating_mul(others)),
        at: arriving.at,
        service: arriving.service,
    }
}

/// The shares again, for jobs of which others may have been done before.
fn later_than_others(
    api: Api,
    group: &str,
    jobs: &[Arriving<'_>],
    dimension: Dimension,
    mut shares: Vec<Share>,
) -> Vec<Share> {
    if (dimension, api) == (Dimension::InputTokens, Api::Claude) {
        for ((arriving, share), charged) in jobs.iter().zip(&mut shares).zip(charged_input(group, jobs, true)) {
            *share = input_share(arriving, charged, charged);
        }
    }
    shares.sort_by_key(|share| share.at);
    shares
}

/// From which instants on the jobs that were not handed in before are to be looked at: all of them from `start` on, and
/// those of `later`, which are in the order of time, from their arrivals on.
fn arrivals_of<'a>(start: Duration, all: &'a [Share], later: &'a [Share]) -> Vec<(Duration, &'a [Share])> {
    let mut instants: Vec<Duration> = later.iter().map(|share| share.at).filter(|&at| at > start).collect();
    instants.dedup();
    // Any of them is a bound: of very many, some will do.
    let stride = instants.len().div_ceil(MOST_ARRIVALS).max(1);
    let from = |at: Duration| (at, &later[later.partition_point(|share| share.at < at)..]);
    std::iter::once((start, all)).chain(instants.into_iter().step_by(stride).map(from)).collect()
}

/// The shortest time in which the job can be answered, as far as the timing may vary.
fn service(job: &Job, timing: &Timing) -> Duration {
    let (least, _) = timing.factors_permille();
    let first = Duration::from_micros(timing.first_token_ms * least);
    let per_token_ns = 1_000_000 * least / timing.tokens_per_second.max(1);
    first + Duration::from_nanos(per_token_ns.saturating_mul(job.output_tokens.saturating_sub(1)))
}

/// The input that counts for each job where everything that can be read from the cache is; `read_all` if what no job of
/// these has written can be read too.
fn charged_input(group: &str, jobs: &[Arriving<'_>], read_all: bool) -> Vec<u64> {
    let mut charged: Vec<u64> = jobs.iter().map(|arriving| arriving.job.input_tokens).collect();
    if reads_count(group) {
        return charged;
    }
    // The turns that were asked for, of each conversation that is cached as it grows.
    let shared = jobs.iter().filter_map(|Arriving { job, .. }| Some((&job.model, job.shared.as_ref()?)));
    let turns: BTreeSet<_> = shared
        .filter(|(_, shared)| shared.grows)
        .map(|(model, shared)| (model, shared.system, shared.conversation, shared.history.len()))
        .collect();
    let mut written = BTreeSet::new();
    for (arriving, charged) in jobs.iter().zip(&mut charged) {
        let Job { model, input_tokens, shared: Some(shared), .. } = arriving.job else { continue };
        let minimum = minimum_to_cache(model);
        // The system prompt is what comes before every turn of any conversation.
        let system = (model, shared.system, u64::MAX, usize::MAX);
        let last_turn =
            shared.history.len().checked_sub(2).filter(|&messages| {
                shared.grows && turns.contains(&(model, shared.system, shared.conversation, messages))
            });
        let read = match last_turn {
            // All that was said before the answer to it, which is the last of the earlier messages.
            Some(messages) => {
                let since: u64 = shared.history[messages + 1..].iter().map(|tokens| tokens + MESSAGE_TOKENS).sum();
                input_tokens.saturating_sub(shared.last_message(*input_tokens) + MESSAGE_TOKENS + since)
            }
            None if read_all || written.contains(&system) => shared.system_end(),
            None => 0,
        };
        written.insert(system);
        if read >= minimum {
            *charged = charged.saturating_sub(read);
        }
    }
    charged
}

/// What the server takes so many tokens of the job's prompt for, at least.
fn estimate(job: &Job, tokens: u64) -> u64 {
    let text = match job.api {
        Api::Claude => prompt(tokens, 0),
        Api::OpenAi => completion_prompt(tokens, 0),
    };
    // The variants of a text of one size differ by a few characters; a word is room for that. So do the parts of a
    // prompt, each with a title of figures.
    let parts = job.shared.as_ref().map_or(0, |shared| shared.history.len() as u64 + 2);
    tokenizer::estimate(text.len() as u64).saturating_sub(LONGEST_WORD_TOKENS + parts * LONGEST_TITLE_TOKENS)
}

/// How many arrivals are looked at.
const MOST_ARRIVALS: usize = 256;
const LONGEST_WORD_TOKENS: u64 = 2;
/// Six figures, a point and two figures, and what surrounds a message.
const LONGEST_TITLE_TOKENS: u64 = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exchange::Request;
    use crate::server::{OUTPUT_TOKENS_HEADER, Server};
    use crate::workload::{body, generate};

    fn options(json: &str) -> Options {
        Options::from_json(json).unwrap()
    }

    fn job(input_tokens: u64, output_tokens: u64) -> Job {
        let model = "claude-sonnet-4-5".into();
        Job { model, input_tokens, output_tokens, max_tokens: 10_000, stream: false, ..Job::default() }
    }

    fn request(job: &Job, variant: u64) -> Request {
        Request {
            method: "POST".into(),
            path: "/v1/messages".into(),
            headers: vec![
                ("x-api-key".into(), "key".into()),
                ("anthropic-version".into(), "2026-10-21".into()),
                (OUTPUT_TOKENS_HEADER.into(), job.output_tokens.to_string()),
            ],
            body: body(job, variant).into(),
        }
    }

    /// Sends the jobs in the given order, each as soon as the server takes it, and says when all is done and paid.
    fn makespan(jobs: &[Job], order: &[usize], options: &Options) -> Duration {
        let mut server = Server::new(options.clone());
        let mut now = Duration::ZERO;
        let mut done = Duration::ZERO;
        for &index in order {
            let request = request(&jobs[index], index as u64);
            loop {
                let exchange = server.handle(now, &request);
                if exchange.status() == 200 {
                    done = done.max(exchange.ends_at().unwrap());
                    break;
                }
                now += Duration::from_millis(10);
            }
        }
        let stats = server.stats(done);
        let paid = stats.organisations[0].groups[0].limits.iter().map(|limit| limit.paid_at_ms).fold(0.0, f64::max);
        done.max(crate::exchange::from_millis(paid))
    }

    fn orders(count: usize) -> Vec<Vec<usize>> {
        if count == 0 {
            return vec![Vec::new()];
        }
        let insert = |order: Vec<usize>| {
            (0..=order.len()).map(move |place| {
                let mut order = order.clone();
                order.insert(place, count - 1);
                order
            })
        };
        orders(count - 1).into_iter().flat_map(insert).collect()
    }

    #[test]
    fn each_dimension_binds_when_it_is_the_scarcest() {
        let jobs: Vec<Job> = (0..100).map(|_| job(1_000, 100)).collect();
        let bound = |json: &str| lower_bound(&jobs, &options(json), Duration::ZERO);
        let requests =
            bound(r#"{ "limits": { "default": { "rpm": 60, "burstMs": 10000 } }, "timing": { "firstTokenMs": 0 } }"#);
        // 100 requests, 10 at once, then one a second; and the shortest service is 99 tokens at 106 2/3 a second.
        assert_eq!(requests.binding, "requests");
        assert!((requests.ms - (90_000.0 + 928.125)).abs() < 0.001, "{}", requests.ms);
        let output = bound(r#"{ "limits": { "default": { "otpm": 6000, "burstMs": 10000 } } }"#);
        assert_eq!((output.binding, output.ms), ("outputTokens", 90_000.0));
        let input = bound(r#"{ "limits": { "default": { "itpm": 60000, "burstMs": 10000 } } }"#);
        assert_eq!(input.binding, "inputTokens");
        let service = bound(r#"{ "limits": { "default": { "rpm": 100000 } } }"#);
        assert_eq!(service.binding, "service");
    }

    #[test]
    fn many_that_are_alike_are_as_many_given_one_by_one() {
        let limits = r#"{ "limits": { "default": { "rpm": 60, "itpm": 60000, "otpm": 6000, "burstMs": 10000 } },
                          "maxInFlight": 3 }"#;
        let arrivals = [Duration::from_secs(2), Duration::from_secs(40)];
        for kind in ["mixed", "cached-prefix", "openai-max-tokens"] {
            let jobs = [generate(kind, 2, 7).unwrap(), vec![job(700, 90)]].concat();
            // As many of each, one after the other.
            let counts = [3, 5, 40];
            let each = |index: usize| std::iter::repeat_n(index, counts[index] as usize);
            let order: Vec<usize> = (0..jobs.len()).flat_map(each).collect();
            let alone: Vec<Job> = order.iter().map(|&index| Job { after: None, ..jobs[index].clone() }).collect();
            let jobs: Vec<Job> = jobs.into_iter().map(|job| Job { after: None, ..job }).collect();
            let late: Vec<Duration> =
                order.iter().map(|&index| arrivals.get(index).copied().unwrap_or_default()).collect();
            let options = options(limits);
            let one_by_one = lower_bound_with_arrivals(&alone, &late, &options, Duration::ZERO);
            assert_eq!(lower_bound_of_many(&jobs, &arrivals, &counts, &options, Duration::ZERO), one_by_one, "{kind}");
        }
    }

    #[test]
    fn more_than_time_can_hold_is_a_very_long_time() {
        let options = options(r#"{ "limits": { "default": { "rpm": 1, "itpm": 1, "otpm": 1 } }, "maxInFlight": 1 }"#);
        let bound = lower_bound_of_many(&[job(20_000, u64::MAX)], &[], &[u32::MAX], &options, Duration::from_secs(1));
        assert!(bound.ms > 1e12, "{bound:?}");
    }

    #[test]
    fn fixed_windows_count_what_is_left_of_the_first() {
        let jobs: Vec<Job> = (0..25).map(|_| job(20, 1)).collect();
        let json = r#"{ "limits": { "default": { "rpm": 60, "burstMs": 10000, "enforcement": "fixed-window" } },
                        "timing": { "firstTokenMs": 0 } }"#;
        assert_eq!(lower_bound(&jobs, &options(json), Duration::from_secs(4)).ms, 16_000.0);
    }

    #[test]
    fn a_patient_client_of_a_requests_limit_reaches_the_bound() {
        let jobs: Vec<Job> = (0..40).map(|_| job(20, 1)).collect();
        let options =
            options(r#"{ "limits": { "default": { "rpm": 600, "burstMs": 1000 } }, "timing": { "firstTokenMs": 0 } }"#);
        let order: Vec<usize> = (0..jobs.len()).collect();
        let bound = lower_bound(&jobs, &options, Duration::ZERO).ms;
        let reached = millis(makespan(&jobs, &order, &options));
        assert!((bound..bound * 1.01).contains(&reached), "{reached} against {bound}");
    }

    #[test]
    fn one_after_the_other_they_are_charged_for_what_the_bound_counts() {
        let jobs = generate("cached-prefix", 120, 5).unwrap();
        let options = options(r#"{ "limits": { "default": { "rpm": 100000, "itpm": 100000000, "otpm": 1000000 } } }"#);
        let bound = lower_bound(&jobs, &options, Duration::ZERO);
        let order: Vec<usize> = (0..jobs.len()).collect();
        let mut server = Server::new(options);
        let mut now = Duration::ZERO;
        for index in order {
            let exchange = server.handle(now, &request(&jobs[index], index as u64));
            assert_eq!(exchange.status(), 200);
            now = exchange.ends_at().unwrap();
        }
        let stats = server.stats(now);
        let group = &stats.organisations[0].groups[0];
        let total = bound.limits.iter().find(|limit| limit.dimension == "inputTokens").unwrap().total;
        let whole: u64 = jobs.iter().map(|job| job.input_tokens).sum();
        assert_eq!(group.limit("inputTokens").unwrap().charged, total as i64);
        assert_eq!(total + group.cache.read_tokens, whole);
        assert!(total * 10 < whole, "{total} of {whole}");
        assert_eq!(group.cache.reads, 119);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_order_of_a_few_jobs_beats_the_bound(
            sizes in prop::collection::vec((13_u64..400, 1_u64..200), 1..5),
            rpm in 6_u64..120,
            itpm in 3_000_u64..20_000,
            otpm in 600_u64..6_000,
            burst_ms in 10_000_u64..30_000,
        ) {
            let jobs: Vec<Job> = sizes.iter().map(|&(input, output)| job(input, output)).collect();
            let limits = format!(r#"{{ "rpm": {rpm}, "itpm": {itpm}, "otpm": {otpm}, "burstMs": {burst_ms} }}"#);
            let timing = r#"{ "firstTokenMs": 50, "tokensPerSecond": 1000 }"#;
            let options = options(&format!(r#"{{ "limits": {{ "default": {limits} }}, "timing": {timing} }}"#));
            let bound = lower_bound(&jobs, &options, Duration::ZERO).ms;
            let best = orders(jobs.len()).iter().map(|order| makespan(&jobs, order, &options)).min().unwrap();
            // A nanosecond of rounding.
            prop_assert!(bound <= millis(best) + 1e-6, "{bound} > {}", millis(best));
        }
    }
}
