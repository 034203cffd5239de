//! A scheduler that knows everything: what is possible, for comparison with what a client achieves.
//!
//! It knows every job's true size and when it will be handed in, what the server really holds against every limit, what
//! the answers on their way will still be charged, and what will change. So it sends each request at the very instant at
//! which the server admits it. No client can: it has to learn from answers what this scheduler looks up.
//!
//! - The order is by priority, and within one by the order of the list. Where little else is left to do, whatever takes
//!   longest goes first, so that nobody waits for it alone. Where the scarcest limit would be wasted, the order is by what
//!   is taken of it: of a bucket that is full the largest is taken, and what is left of a window is filled with whatever
//!   fits, the largest first.
//! - A job of lower priority is not started if a job of higher priority that is still to come would have to wait for it.
//!   One that could never be started in that way is started when the limits are full, where waiting gains nothing.
//! - It overruns no limit on purpose. Where output is charged as it appears, a job is started if the limit has, or gets in
//!   the meantime, what is still to be produced by all answers on their way and by this one.
//! - A turn of a conversation is asked for when the one before it has been answered. Of several requests whose prompts
//!   begin alike and are not cached, the first is sent, and the others wait until its answer begins.
//! - Where most requests are turned away for load, it waits until that is over.

mod job;
mod view;

use std::time::Duration;

use crate::limits::Dimension;
use crate::server::{Server, Trace};
use crate::workload::Job;
use job::Known;
use view::{Candidate, Scarcest, View};

/// The scheduler. Every request must be the one of [`workload::request`](crate::workload::request), or at least have the
/// body and the headers of that.
///
/// ```
/// use std::time::Duration;
/// use tidegate_simulator::omniscient::{Next, Scheduler};
/// use tidegate_simulator::{Options, Server, workload};
///
/// let mut server = Server::new(Options::from_json(r#"{ "limits": { "default": { "rpm": 60, "burstMs": 1000 } } }"#)?);
/// let jobs = workload::generate("requests-bound", 5, 1).unwrap_or_default();
/// let mut scheduler = Scheduler::new(&server, &jobs, &[], "key");
/// let mut now = Duration::ZERO;
/// loop {
///     match scheduler.next(now, &mut server) {
///         Next::Start(job) => {
///             let exchange = server.handle(now, &workload::request(&jobs[job], job, "key"));
///             assert_eq!(exchange.status(), 200);
///         }
///         Next::WaitUntil(instant) => now = instant,
///         Next::Done => break,
///     }
/// }
/// assert_eq!(now, Duration::from_secs(4));
/// # Ok::<(), tidegate_simulator::OptionError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheduler {
    api_key: String,
    jobs: Vec<Known>,
    /// The model groups, in the order in which the jobs name them.
    groups: Vec<String>,
    transit: Duration,
    /// The jobs whose requests have not arrived.
    in_transit: Vec<usize>,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Send the request of this job, by its position in the list, and ask again.
    Start(usize),
    /// Ask again then.
    WaitUntil(Duration),
    /// There is nothing left to be sent.
    Done,
}

impl Scheduler {
    /// A scheduler of these jobs for the holder of a key. The job at a position is handed in at the instant at the same
    /// position of `arrivals`, or, where that list has ended, at the beginning.
    pub fn new(server: &Server, jobs: &[Job], arrivals: &[Duration], api_key: &str) -> Self {
        let mut known: Vec<Known> = Vec::with_capacity(jobs.len());
        for (index, job) in jobs.iter().enumerate() {
            let arrival = arrivals.get(index).copied().unwrap_or_default();
            known.push(Known::new(server, job, index, arrival, api_key));
        }
        // Whoever comes after a job stands behind it in the list.
        for index in (0..known.len()).rev() {
            let tail = known[index].tail;
            if let Some(before) = known[index].after.and_then(|before| known.get_mut(before)) {
                before.tail = before.tail.max(before.service + tail);
            }
        }
        let mut groups: Vec<String> = Vec::new();
        for job in &known {
            if !groups.contains(&job.call.group) {
                groups.push(job.call.group.clone());
            }
        }
        Self { api_key: api_key.to_owned(), jobs: known, groups, transit: Duration::ZERO, in_transit: Vec::new() }
    }

    /// The same scheduler, whose requests may take so long to the server. What is on its way counts as used, and a request
    /// is sent only if it would be admitted all that time. Default: no time.
    #[must_use]
    pub fn with_transit(self, transit: Duration) -> Self {
        Self { transit, ..self }
    }

    /// What is to be done at `now`. A job that is to be started counts as sent from then on.
    pub fn next(&mut self, now: Duration, server: &mut Server) -> Next {
        let now = server.advance(now);
        if self.jobs.iter().all(|job| !job.is_waiting) {
            return Next::Done;
        }
        let arrived = |job: usize| server.trace(&self.api_key, job).map_or(0, |trace| trace.arrived);
        self.in_transit.retain(|&job| arrived(job) < self.jobs[job].sent);
        let mut storms = server.options().storms.iter();
        if let Some(storm) = storms.find(|storm| storm.share >= WORTH_WAITING && storm.is_on(now)) {
            return Next::WaitUntil(Duration::from_millis(storm.until_ms));
        }
        let mut wake_up = Duration::MAX;
        for group in 0..self.groups.len() {
            match self.next_of_group(group, now, server) {
                Next::Start(index) => {
                    let job = &mut self.jobs[index];
                    job.is_waiting = false;
                    job.sent += 1;
                    self.in_transit.push(index);
                    return Next::Start(index);
                }
                Next::WaitUntil(at) => wake_up = wake_up.min(at),
                Next::Done => {}
            }
        }
        if wake_up == Duration::MAX { Next::Done } else { Next::WaitUntil(wake_up.max(now + SHORTEST_WAIT)) }
    }

    /// The request of a job was not answered, or not to its end: it is to be sent once more.
    pub fn again(&mut self, job: usize) {
        if let Some(job) = self.jobs.get_mut(job) {
            job.is_waiting = true;
        }
    }

    fn next_of_group(&self, group: usize, now: Duration, server: &mut Server) -> Next {
        let group = &self.groups[group];
        let waiting = || self.jobs.iter().enumerate().filter(|(_, job)| job.is_waiting && job.call.group == *group);
        let mut wake_up = Duration::MAX;
        let mut ready: Vec<(usize, &Known)> = Vec::new();
        for (index, job) in waiting() {
            match self.ready_at(job, now, server) {
                Some(at) if at <= now => ready.push((index, job)),
                Some(at) => wake_up = wake_up.min(at),
                None => {}
            }
        }
        let until = |wake_up: Duration| if wake_up == Duration::MAX { Next::Done } else { Next::WaitUntil(wake_up) };
        let Some(priority) = ready.iter().map(|(_, job)| job.priority).min() else { return until(wake_up) };
        let to_come = waiting().map(|(_, job)| job).filter(|job| job.priority < priority && job.arrival > now);
        let in_transit = self.in_transit.iter().map(|&job| &self.jobs[job]).filter(|job| job.call.group == *group);
        let view = View::new(now, self.transit, server, &self.api_key, ready[0].1, to_come, in_transit);

        ready.retain(|(_, job)| job.priority == priority);
        let scarcest = view.scarcest(waiting().map(|(_, job)| job));
        // What is charged while it is produced cannot be packed.
        let packed = scarcest.filter(|scarcest| scarcest.dimension != Dimension::OutputTokens);
        let is_window = packed.is_some_and(|scarcest| scarcest.window.is_some());
        let by_size = packed.filter(|scarcest| scarcest.is_full || is_window);
        ready.sort_by_cached_key(|(_, job)| {
            // Where nothing takes longer than all the rest together, its length does not matter.
            let is_long = scarcest
                .is_none_or(|Scarcest { left, window, .. }| job.tail + window.unwrap_or_default() + SLACK >= left);
            let size = by_size.map_or(0, |scarcest| job.takes(scarcest.dimension));
            std::cmp::Reverse((if is_long { job.tail } else { Duration::ZERO }, size))
        });
        let mut attempts = 0;
        for (index, job) in ready.iter().copied() {
            // Others may pass whoever waits for its prompt to be cached.
            if let Some(at) = view.cached_at(job) {
                wake_up = wake_up.min(at);
                continue;
            }
            let candidate = Candidate::new(job, &view);
            if attempts > 0 && !view.has_room_now(&candidate) {
                continue;
            }
            match view.earliest(&candidate) {
                Some(at) if at <= now => return Next::Start(index),
                Some(at) => {
                    wake_up = wake_up.min(at);
                    attempts += 1;
                }
                // It can never be admitted.
                None => {}
            }
            if attempts > if is_window { MOST_ATTEMPTS } else { 0 } {
                break;
            }
        }
        if let Some((_, smallest)) = ready.last().filter(|_| is_window && attempts > 0) {
            let smallest = Candidate::new(smallest, &view);
            let at = if view.has_room_now(&smallest) { Some(now + NEXT_LOOK) } else { view.room_at(&smallest, now) };
            wake_up = wake_up.min(at.unwrap_or(Duration::MAX));
        }
        until(wake_up)
    }

    /// When a job can be sent as far as it and its conversation are concerned. `None`: that is not known.
    fn ready_at(&self, job: &Known, now: Duration, server: &mut Server) -> Option<Duration> {
        let Some(before) = job.after else { return Some(job.arrival) };
        let earlier = self.jobs.get(before)?;
        if earlier.is_waiting {
            return None;
        }
        let ends_at = match server.trace(&self.api_key, earlier.index) {
            Some(Trace { arrived, whole: true, ends_at: Some(ends_at) }) if arrived >= earlier.sent => ends_at,
            // It is on its way, or somebody is about to say that it has to be sent again.
            Some(_) | None => now + POLL,
        };
        Some(ends_at.max(job.arrival))
    }
}

/// A storm that turns more away than it lets through is waited for.
const WORTH_WAITING: f64 = 0.5;
/// What takes within this of all that is left to do is among the longest.
const SLACK: Duration = Duration::from_secs(5);
/// How many are looked at that would fit into what is left of a window but have to wait for another reason.
const MOST_ATTEMPTS: usize = 20;
/// How soon to look again where it is not known when something will be.
const POLL: Duration = Duration::from_millis(5);
/// How soon to look again where something would fit but has to wait for another reason.
const NEXT_LOOK: Duration = Duration::from_millis(20);
/// No wait is nothing.
const SHORTEST_WAIT: Duration = Duration::from_nanos(1);
