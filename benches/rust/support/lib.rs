//! What the benchmarks share: limiters with three limits, as a model of Claude's API has them, and how time is taken.

mod measure;

pub use self::measure::{ThreadTime, criterion};

use tidegate::cost::Cost;
use tidegate::limiter::{Limiter, ScopeId, Submission, Ticket};
use tidegate::options::{Value, parse, record};
use tidegate::queue::Priority;
use tidegate::time::{Duration, Instant};

/// What every request of the benchmarks takes.
pub const COST: Cost = Cost { requests: 1, input_tokens: 1_000, output_tokens: 200, custom: 0 };

/// So many requests that even one each microsecond never has to wait.
pub const PLENTY: u32 = 1_000_000_000;

/// A limiter with limits for requests, input tokens and output tokens: room for `requests` a minute in each.
pub fn three_limits(requests: u32) -> Limiter {
    let [input, output] = [COST.input_tokens, COST.output_tokens].map(|tokens| f64::from(requests) * f64::from(tokens));
    let limits = record([("rpm", f64::from(requests).into()), ("itpm", input.into()), ("otpm", output.into())]);
    let queue = record([("maxDepth", f64::from(PLENTY.min(8_000_000)).into())]);
    let options = record([("limits", record([("default", limits)])), ("queue", queue)]);
    limiter(&options)
}

/// A limiter whose quota is used up at the epoch, and is whole again, enough for `waiters`, a minute later.
pub fn used_up(waiters: u32) -> Limiter {
    let mut limiter = three_limits(waiters);
    let [input_tokens, output_tokens] = [COST.input_tokens, COST.output_tokens].map(|tokens| tokens * waiters);
    let all = Cost { requests: waiters, input_tokens, output_tokens, custom: 0 };
    let ticket = limiter.acquire_now(Instant::ZERO, ScopeId::DEFAULT, all, Priority::NORMAL);
    limiter.release(ticket.expect("the whole burst is there"));
    limiter
}

/// Lets `waiters` requests queue.
pub fn enqueue(limiter: &mut Limiter, waiters: u32, max_wait: Option<Duration>) -> Vec<Ticket> {
    let submission = Submission { max_wait, ..Submission::new(COST) };
    let submit = |_| limiter.submit(Instant::ZERO, submission).expect("the queue has room");
    (0..waiters).map(submit).collect()
}

fn limiter(options: &Value) -> Limiter {
    Limiter::new(&parse(options).expect("the options are right"), 42)
}
