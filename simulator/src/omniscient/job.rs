//! What the scheduler knows of a job.

use std::sync::Arc;
use std::time::Duration;

use crate::active::{Active, Outcome};
use crate::api::{Call, Endpoint};
use crate::ledger::Ask;
use crate::limits::Dimension;
use crate::server::Server;
use crate::workload::{Job, Priority, request};

/// A job with the truth about its request.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Its position in the list.
    pub(super) index: usize,
    pub(super) arrival: Duration,
    pub(super) priority: Priority,
    pub(super) after: Option<usize>,
    pub(super) call: Call,
    /// What it needs if nothing can be read from the cache.
    asks: Vec<Ask>,
    /// How it is answered if it is sent at the beginning of time and nothing can be read from the cache.
    answer: Active,
    /// How long its answer takes.
    pub(super) service: Duration,
    /// How long it takes with those that have to come after it.
    pub(super) tail: Duration,
    /// Whether it is still to be sent.
    pub(super) is_waiting: bool,
    /// How often it was sent.
    pub(super) sent: u32,
}

impl Known {
    pub(super) fn new(server: &Server, job: &Job, index: usize, arrival: Duration, api_key: &str) -> Self {
        let request = request(job, index, api_key);
        let read = Call::read(&request);
        let is_waiting = read.is_ok();
        let call = read.unwrap_or_default();
        let production = server.production(Duration::ZERO, &request, &call, false);
        let answer = Active::new(0, Arc::from(&*call.group), production, Outcome::Served);
        let service = answer.ends_at();
        let Job { priority, after, .. } = *job;
        let asks = call.asks();
        Self { index, arrival, priority, after, call, asks, answer, service, tail: service, is_waiting, sent: 0 }
    }

    /// The call, where so much can be read from the cache.
    pub(super) fn call_now(&self, look: impl FnOnce(&crate::cache::Prefix) -> crate::cache::CacheUse) -> Call {
        let cache_use = self.call.prefix.as_ref().map(look).unwrap_or_default();
        Call { cache_use, ..self.call.clone() }
    }

    /// What it takes in a dimension.
    pub(super) fn takes(&self, dimension: Dimension) -> u64 {
        match dimension {
            Dimension::OutputTokens if self.call.endpoint == Endpoint::Messages => self.answer.production.tokens(),
            // How much of a prompt will be read from the cache is not asked here: nothing of it counts.
            Dimension::InputTokens if self.call.prefix.is_some() => 0,
            _ => self.asks.iter().filter(|ask| ask.dimension == dimension).map(|ask| ask.charge).sum(),
        }
    }

    /// How the call is answered if it arrives at `at`.
    pub(super) fn answer(&self, at: Duration, call: &Call) -> Active {
        let mut answer = self.answer.clone();
        answer.production = answer.production.later(at);
        if call.endpoint == Endpoint::Messages {
            answer.input_correction = call.input_correction();
            answer.charges_output = true;
        }
        answer
    }
}
