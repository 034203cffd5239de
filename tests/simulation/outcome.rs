//! What a run came to.

use std::collections::BTreeMap;
use std::time::Duration as StdDuration;

use tidegate::limiter::{Event, Refusal};
use tidegate::time::{Duration, Instant};
use tidegate_simulator::Stats;

use crate::books::Books;

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// For each job, the statuses that its caller saw in the end: exactly one, 0 for a lost connection.
    pub answers: Vec<Vec<u16>>,
    /// What became of each job, and when.
    pub lives: Vec<Life>,
    /// What was said of each job's wait for its first attempt, and when, if the world asked.
    pub said: Vec<Vec<(Instant, Option<Duration>)>>,
    /// Jobs that a limiter refused.
    pub refusals: Vec<Refusal>,
    /// Attempts that the server did not serve, by status.
    pub declined: BTreeMap<u16, u32>,
    /// Attempts in all.
    pub attempts: u32,
    /// Jobs that were handed in once more: their process died before they started, or their caller gave up an attempt
    /// that hung.
    pub handed_again: u32,
    /// When the last answer ended.
    pub makespan: StdDuration,
    /// What the server says of it all at that instant.
    pub stats: Stats,
    /// What the limiters told, each with its process.
    pub events: Vec<(usize, Event)>,
    /// The limiters' books, if the world kept them.
    pub books: Option<Books>,
    /// What the limiters tell of themselves after an idle time, as text.
    pub size_of_snapshots: usize,
    /// The limits that were not full after an idle time.
    pub not_full: Vec<String>,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Life {
    pub process: usize,
    pub handed_in_at: Option<Instant>,
    /// Its first attempt.
    pub started_at: Option<Instant>,
    /// When the answer to its last attempt began.
    pub begun_at: Option<Instant>,
    pub ended_at: Option<Instant>,
    /// How often its caller handed it in again after an attempt that was not answered.
    pub handed_in_again: u32,
    /// Whether the answer was whole and no error.
    pub is_complete: bool,
    /// Whether a limiter refused it.
    pub is_refused: bool,
}

impl Life {
    /// How long it waited for its first attempt.
    pub fn wait(&self) -> Duration {
        self.since_handed_in(self.started_at).unwrap_or(Duration::ZERO)
    }

    /// How long its caller waited for the answer to begin.
    pub fn latency(&self) -> Option<Duration> {
        self.since_handed_in(self.begun_at)
    }

    fn since_handed_in(&self, at: Option<Instant>) -> Option<Duration> {
        Some(at?.since(self.handed_in_at?))
    }
}

impl Outcome {
    pub(crate) fn new(stats: Stats) -> Self {
        Self {
            answers: Vec::new(),
            lives: Vec::new(),
            said: Vec::new(),
            refusals: Vec::new(),
            declined: BTreeMap::new(),
            attempts: 0,
            handed_again: 0,
            makespan: StdDuration::ZERO,
            stats,
            events: Vec::new(),
            books: None,
            size_of_snapshots: 0,
            not_full: Vec::new(),
        }
    }

    /// When the last answer had ended and every debt was paid.
    pub fn paid_at(&self) -> StdDuration {
        let limits = self.stats.organisations.iter().flat_map(|organisation| &organisation.groups);
        let paid_at_ms = limits.flat_map(|group| &group.limits).map(|limit| limit.paid_at_ms).fold(0.0, f64::max);
        self.makespan.max(StdDuration::from_nanos((paid_at_ms * 1e6) as u64))
    }

    /// Jobs whose caller has the whole answer.
    pub fn completed(&self) -> usize {
        self.lives.iter().filter(|life| life.is_complete).count()
    }
}
