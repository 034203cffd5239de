//! The least time in which any client could get a workload done.
//!
//! For each model group and dimension, with `total` the sum over the jobs:
//!
//! - Token bucket: `total` cannot have been charged before `(total − capacity) / rate`.
//! - Sliding window of `amount`: the last of `k = ⌈total / amount⌉` windows' worth cannot begin before `(k − 1) · window`.
//! - Fixed window: the same, but the first window is the rest of the one that the start falls into.
//!
//! Where charging is what admits a request (requests, and input as it was estimated), the last one admitted still has
//! to be served, so the shortest service time is added. Output is charged while it is produced: nothing is added. The
//! longest single service time is a bound of its own. The bound is the largest of all these.
//!
//! Input that can be read from the prompt cache is not counted: of each beginning of a prompt that is cached, one job
//! writes it, and all others read it.
//!
//! It holds for every schedule that keeps the limits. A server that charges output as it appears lets a client overrun
//! them: whoever starts everything at once is done early and leaves a debt. Such a client is done when its debt is paid
//! ([`LimitStats::paid_at_ms`](crate::LimitStats)), and with that reading the bound holds for token buckets whatever a
//! client does.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use crate::api::Family;
use crate::claude::MESSAGE_TOKENS;
use crate::exchange::millis;
use crate::groups::{group_of, minimum_to_cache, reads_count};
use crate::limits::{Dimension, Limit};
use crate::meter::Enforcement;
use crate::options::{Options, Timing};
use crate::organisation::limits_of;
use crate::tokenizer;
use crate::workload::{Job, prompt};

/// The bound, and where it comes from. In JSON the names are in `camelCase`, times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bound {
    /// The least time.
    pub ms: f64,
    /// What binds: a dimension, or `service` if a single answer takes longest.
    pub binding: &'static str,
    /// The longest single service time.
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

/// The least time in which the jobs can be done by one organisation through the Claude API, from `start` on, if nothing
/// was used before and nobody else uses anything.
pub fn lower_bound(jobs: &[Job], options: &Options, start: Duration) -> Bound {
    let mut groups: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
    for job in jobs {
        groups.entry(group_of(&job.model).unwrap_or(&job.model)).or_default().push(job);
    }
    let limits: Vec<LimitBound> =
        groups.iter().flat_map(|(group, jobs)| bounds_of_group(group, jobs, options, start)).collect();
    let service_ms = jobs.iter().map(|job| millis(service(job, &options.timing))).fold(0.0, f64::max);
    let longest = limits.iter().filter(|limit| limit.ms > service_ms).max_by(|one, other| one.ms.total_cmp(&other.ms));
    Bound {
        ms: longest.map_or(service_ms, |limit| limit.ms),
        binding: longest.map_or("service", |limit| limit.dimension),
        service_ms,
        limits,
    }
}

fn bounds_of_group(group: &str, jobs: &[&Job], options: &Options, start: Duration) -> Vec<LimitBound> {
    let limits = limits_of(Family::Claude, group, options, None);
    let shortest = jobs.iter().map(|job| service(job, &options.timing)).min().unwrap_or_default();
    let bound = |dimension| {
        let limit = limits.limit(dimension)?;
        let (total, least) = match dimension {
            Dimension::Requests => {
                let total = jobs.len() as u64;
                (total, charged_at(&limit, total, start) + shortest)
            }
            Dimension::InputTokens => {
                let charged = charged_input(group, jobs);
                let total = charged.iter().sum();
                // An estimate that was too high is corrected later, so the smaller of the two is charged for certain.
                let on_admission =
                    jobs.iter().zip(charged).map(|(job, charged)| charged.min(estimate(job, charged))).sum();
                (total, charged_at(&limit, total, start).max(charged_at(&limit, on_admission, start) + shortest))
            }
            Dimension::OutputTokens => {
                let total = jobs.iter().map(|job| job.output_tokens).sum();
                (total, charged_at(&limit, total, start))
            }
            Dimension::Tokens => return None,
        };
        Some(LimitBound { group: group.to_owned(), dimension: dimension.name(), total, ms: millis(least) })
    };
    Dimension::ALL.into_iter().filter_map(bound).collect()
}

/// The earliest time after `start` at which `total` can have been charged.
fn charged_at(limit: &Limit, total: u64, start: Duration) -> Duration {
    let Some(beyond) = total.checked_sub(limit.at_once).filter(|&beyond| beyond > 0) else { return Duration::ZERO };
    let further_windows = (total.div_ceil(limit.at_once) - 1).min(u32::MAX.into()) as u32;
    match limit.enforcement {
        Enforcement::TokenBucket => {
            let nanos = u128::from(beyond) * MINUTE.as_nanos() / u128::from(limit.per_minute);
            Duration::from_nanos(nanos.min(u64::MAX.into()) as u64)
        }
        Enforcement::SlidingWindow => limit.window.saturating_mul(further_windows),
        Enforcement::FixedWindow => {
            let into = Duration::from_nanos((start.as_nanos() % limit.window.as_nanos()) as u64);
            limit.window.saturating_mul(further_windows) - into
        }
    }
}

/// The shortest time in which the job can be answered, as far as the timing may vary.
fn service(job: &Job, timing: &Timing) -> Duration {
    let (least, _) = timing.factors_permille();
    let first = Duration::from_micros(timing.first_token_ms * least);
    let per_token_ns = 1_000_000 * least / timing.tokens_per_second.max(1);
    first + Duration::from_nanos(per_token_ns.saturating_mul(job.output_tokens.saturating_sub(1)))
}

/// The input that counts for each job where everything that can be read from the cache is.
fn charged_input(group: &str, jobs: &[&Job]) -> Vec<u64> {
    let mut charged: Vec<u64> = jobs.iter().map(|job| job.input_tokens).collect();
    if reads_count(group) {
        return charged;
    }
    // The turns that were asked for, of each conversation that is cached as it grows.
    let shared = jobs.iter().filter_map(|job| Some((&job.model, job.shared.as_ref()?)));
    let turns: BTreeSet<_> = shared
        .filter(|(_, shared)| shared.grows)
        .map(|(model, shared)| (model, shared.system, shared.conversation, shared.history.len()))
        .collect();
    let mut written = BTreeSet::new();
    for (job, charged) in jobs.iter().zip(&mut charged) {
        let Job { model, input_tokens, shared: Some(shared), .. } = job else { continue };
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
            None if written.contains(&system) => shared.system_end(),
            None => 0,
        };
        written.insert(system);
        if read >= minimum {
            *charged = charged.saturating_sub(read);
        }
    }
    charged
}

/// What the server takes so many tokens of the job's prompt for.
fn estimate(job: &Job, tokens: u64) -> u64 {
    // The variants of a text of one size differ by a few characters; a word is room for that. So do the parts of a
    // prompt, each with a title of figures.
    let parts = job.shared.as_ref().map_or(0, |shared| shared.history.len() as u64 + 2);
    tokenizer::estimate(prompt(tokens, 0).len() as u64)
        .saturating_sub(LONGEST_WORD_TOKENS + parts * LONGEST_TITLE_TOKENS)
}

const MINUTE: Duration = Duration::from_secs(60);
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
