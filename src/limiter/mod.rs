//! The limiter: a state machine that decides which request goes when, and what an answer means.
//!
//! It does no I/O and reads no clock. A driver calls it and does what it says. Its methods are of four kinds:
//!
//! * **getters** take `&self` and change nothing;
//! * **commands** come from the program: [`submit`](Limiter::submit), [`submit_request`](Limiter::submit_request),
//!   [`acquire_now`](Limiter::acquire_now), [`settle`](Limiter::settle), [`release`](Limiter::release),
//!   [`cancel`](Limiter::cancel), and for all of it [`pause`](Limiter::pause), [`resume`](Limiter::resume),
//!   [`drain`](Limiter::drain), [`close`](Limiter::close);
//! * **`handle_*`** come from the world: a response, a failure, a piece of a body, the passing of time; so does
//!   [`look`](Limiter::look), from callers that may vanish;
//! * **`poll_*`** say what is to be done: [`poll_output`](Limiter::poll_output) until it says `None`, then
//!   [`poll_timeout`](Limiter::poll_timeout) for when to call [`handle_timeout`](Limiter::handle_timeout).
//!
//! Commands and `handle_*` may change what both polls say; nothing else does. Calling `handle_timeout` early is harmless,
//! calling it at the stated instant always makes progress.
//!
//! ```
//! use tidegate::cost::Cost;
//! use tidegate::limiter::{Limiter, Output, Submission};
//! use tidegate::options::{Value, parse, record};
//! use tidegate::time::{Duration, Instant};
//!
//! let options = record([("limits", record([("default", record([("rps", Value::from(1.0))]))]))]);
//! let mut limiter = Limiter::new(&parse(&options)?, 42);
//! let start = Instant::ZERO;
//!
//! let first = limiter.submit(start, Submission::new(Cost::REQUEST))?;
//! let second = limiter.submit(start, Submission::new(Cost::REQUEST))?;
//! assert_eq!(limiter.poll_output(), Some(Output::Start(first)));
//! assert_eq!(limiter.poll_output(), None);
//!
//! let wake_up = limiter.poll_timeout().expect("somebody waits");
//! assert_eq!(wake_up.at, start + Duration::SECOND);
//! limiter.handle_timeout(wake_up.at);
//! assert_eq!(limiter.poll_output(), Some(Output::Start(second)));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod backfill;
mod charge;
mod charging;
mod counting;
mod describe;
mod following;
mod http;
mod outlook;
mod output;
mod presence;
mod progress;
mod running;
mod saving;
mod snapshot;
mod ticket;
mod turns;

#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use self::counting::Counting;
pub use self::counting::{Count, CountRequest, Submitted};
pub use self::http::{HttpRequest, HttpResponse};
pub use self::outlook::Outlook;
pub use self::output::{Event, Output, Reason, Refusal, Verdict, WakeUp};
use self::presence::Presences;
pub use self::presence::Told;
use self::running::Running;
pub use self::ticket::Ticket;
use self::ticket::{NewTicket, Phase, Tickets};
use self::turns::Turns;
use crate::cost::Cost;
use crate::forecast::Forecasts;
use crate::ledger::Holds;
use crate::policy::{Conventions, Policy, QueuePolicy, RetryPolicy};
use crate::queue::{Places, Priority, Tenants};
use crate::random::Random;
use crate::schedule::Schedule;
use crate::scope::Scopes;
use crate::time::{Duration, Instant};
use crate::tokens::Weights;

/// A limiter for one program. See the [module documentation](self) for how to drive it.
#[derive(Debug)]
pub struct Limiter {
    scopes: Scopes,
    forecasts: Forecasts,
    tickets: Tickets,
    /// Who stands where in the scopes' queues.
    places: Places,
    /// When to look after which scope.
    openings: Schedule,
    /// Which scope is next where only so many may be in flight over all.
    turns: Turns,
    /// When to look after which ticket: its deadline while it waits, the end of its pause while it pauses.
    alarms: Schedule,
    /// Who waits for whom to write their common prompt, sorted by the slot of who writes.
    followers: Vec<(u32, Vec<Ticket>)>,
    outputs: VecDeque<Output>,
    waiting: u32,
    retry: RetryPolicy,
    queue: QueuePolicy,
    provider: Option<Conventions>,
    /// By which the texts of requests are counted.
    weights: Arc<Weights>,
    random: Random,
    /// Who is asked for the size of requests.
    counting: Counting,
    running: Running,
    /// For how long requests are in flight, over all scopes.
    holds: Holds,
    /// Requests that are over, since when they were in flight, and where. When they ended is the next instant that is told.
    untimed: Vec<(u32, Instant)>,
    /// Whose callers may vanish, and when to ask after them.
    presences: Presences,
}

/// The number of a scope, as [`Limiter::scope_of_model`] gives it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ScopeId(u32);

impl ScopeId {
    /// The scope of everything that belongs nowhere else.
    pub const DEFAULT: Self = Self(Scopes::DEFAULT);

    /// The scope of this number; an unknown one means the default.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The scope as a number.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// A request to be let through.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// Where it counts.
    pub scope: ScopeId,
    /// What it takes.
    pub cost: Cost,
    /// Who goes first.
    pub priority: Priority,
    /// Whose it is: those of one name share with those of others. Empty for the one of all that name none.
    pub tenant: &'a str,
    /// The longest wait; `None` for the policy's.
    pub max_wait: Option<Duration>,
}

impl Submission<'_> {
    /// `cost` in the default scope, at normal priority, of nobody in particular.
    pub const fn new(cost: Cost) -> Self {
        Self { scope: ScopeId::DEFAULT, cost, priority: Priority::NORMAL, tenant: "", max_wait: None }
    }
}

/// Why [`Limiter::acquire_now`] did not grant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotNow {
    /// Not yet: quota is missing, or somebody waits already.
    MustWait,
    /// Never.
    Refused(Refusal),
}

impl Limiter {
    /// A limiter that follows `policy`. The same seed and the same calls give the same answers everywhere.
    pub fn new(policy: &Policy, seed: u64) -> Self {
        Self {
            scopes: Scopes::new(policy),
            forecasts: policy.learned.clone(),
            tickets: Tickets::new(Tenants::new(&policy.shares)),
            places: Places::default(),
            openings: Schedule::default(),
            turns: Turns::default(),
            alarms: Schedule::default(),
            followers: Vec::new(),
            outputs: VecDeque::new(),
            waiting: 0,
            retry: policy.retry,
            queue: policy.queue,
            provider: policy.provider.clone(),
            weights: Arc::default(),
            random: Random::new(seed),
            counting: Counting::new(policy.count_tokens),
            running: Running::default(),
            holds: Holds::default(),
            untimed: Vec::new(),
            presences: Presences::default(),
        }
    }

    /// Starts the random sequence anew at `seed`. For callers who get no randomness at the limiter's making.
    pub const fn reseed(&mut self, seed: u64) {
        self.random = Random::new(seed);
    }

    /// Requests that have not started.
    pub const fn waiting(&self) -> u32 {
        self.waiting
    }

    /// Requests that have started and not ended, over all scopes.
    pub fn in_flight(&self) -> u32 {
        self.tickets.in_flight()
    }

    /// What the ticket's request holds while it is in flight.
    pub fn reserved(&self, ticket: Ticket) -> Option<Cost> {
        self.tickets.flight(ticket).map(|flight| flight.reservation.cost())
    }

    /// The scope in which requests for `model` count.
    pub fn scope_of_model(&mut self, model: &str) -> ScopeId {
        let place = self.scopes.of_model(model);
        self.tell_of_news(&place, model);
        ScopeId(place.scope)
    }

    /// Lets `cost` go at once, or not at all. Nobody who waits is passed over.
    ///
    /// # Errors
    ///
    /// [`NotNow::MustWait`], or [`NotNow::Refused`] if no waiting would help.
    #[inline]
    pub fn acquire_now(
        &mut self,
        now: Instant,
        scope: ScopeId,
        cost: Cost,
        priority: Priority,
    ) -> Result<Ticket, NotNow> {
        if !self.running.accepts() || self.tickets.are_exhausted() {
            return Err(NotNow::Refused(self.no_admission(scope.0)));
        }
        if self.is_held_over_all() && self.must_wait_for_all(priority) {
            return Err(self.never(scope.0, cost).map_or(NotNow::MustWait, NotNow::Refused));
        }
        let target = self.scopes.get_mut(scope.0);
        let arrived = |slot| self.tickets.submitted_at(slot);
        if !target.is_open(now) || target.queue.is_ahead_of(priority, now, self.queue.ageing, &self.places, arrived) {
            return Err(self.never(scope.0, cost).map_or(NotNow::MustWait, NotNow::Refused));
        }
        let reserved = match target.headroom.left_by(priority, self.queue.headroom, now) {
            Some((leave, _)) => target.ledger.reserve_leaving(cost, &leave, now, now),
            None => target.ledger.reserve(cost, now, now),
        };
        match reserved {
            Ok(reservation) => {
                target.began(now);
                target.headroom.note(priority, cost, now);
                if !target.queue.is_empty() {
                    target.queue.note_start(priority);
                }
                let new =
                    NewTicket { scope: scope.0, cost, priority, tenant: "", submitted_at: now, deadline: END_OF_TIME };
                let ticket = self.tickets.insert(&new, None);
                self.holds.begin(now);
                self.tickets.start(ticket, reservation);
                Ok(ticket)
            }
            Err(_) => Err(self.never(scope.0, cost).map_or(NotNow::MustWait, NotNow::Refused)),
        }
    }

    /// Lets a request wait for its turn. It starts, perhaps at once, when [`poll_output`](Self::poll_output) says so.
    ///
    /// # Errors
    ///
    /// The reason why it can never start.
    pub fn submit(&mut self, now: Instant, submission: Submission<'_>) -> Result<Ticket, Refusal> {
        let Submission { scope, cost, priority, tenant, max_wait } = submission;
        if let Some(refusal) = self.never(scope.0, cost) {
            return Err(refusal);
        }
        let new = NewTicket {
            scope: scope.0,
            cost,
            priority,
            tenant,
            submitted_at: now,
            deadline: self.deadline(now, max_wait),
        };
        self.enqueue(now, &new, cost, None)
    }

    /// The request, which is in flight, really cost `actual`. It is over. Of any other, this changes nothing.
    pub fn settle(&mut self, now: Instant, ticket: Ticket, actual: Cost) {
        if self.tickets.flight(ticket).is_none() {
            return;
        }
        self.end_flight(now, ticket, |_| actual);
        self.advance_scope_of(now, ticket);
        self.tickets.remove(ticket);
    }

    /// The request cost what it reserved. It is over. Says whether somebody may start because of that, or a drain is over:
    /// then [`poll_timeout`](Self::poll_timeout) is due at once.
    #[inline]
    pub fn release(&mut self, ticket: Ticket) -> bool {
        let Some((index, flight)) = self.tickets.end(ticket) else { return false };
        let scope = self.scopes.get_mut(index);
        let sent_at = flight.reservation.sent_at();
        scope.ledger.release(flight.reservation);
        self.holds.end(sent_at);
        let somebody_waits = !scope.queue.is_empty();
        if somebody_waits {
            self.openings.set(index, Instant::ZERO);
            self.note_untimed(index, sent_at);
        }
        if self.is_held_over_all() || self.running.has_to_tell() {
            self.released(index, sent_at, somebody_waits)
        } else {
            somebody_waits
        }
    }

    /// The program gave the request up, wherever it stood. Its place is free at once. Of a bare acquisition nothing is
    /// charged; an HTTP request that has started is charged as reserved, because the server has seen it. Says whether
    /// the request had not ended before.
    pub fn cancel(&mut self, now: Instant, ticket: Ticket) -> bool {
        self.give_up(now, ticket, true)
    }

    /// The same where nothing was sent since the request's last start: the server has seen nothing of it.
    pub fn cancel_unsent(&mut self, now: Instant, ticket: Ticket) -> bool {
        self.give_up(now, ticket, false)
    }

    fn give_up(&mut self, now: Instant, ticket: Ticket, is_sent: bool) -> bool {
        let Some(entry) = self.tickets.get(ticket).copied() else { return false };
        match entry.phase {
            Phase::Waiting => {
                let was_waited_for = self.may_be_waited_for(ticket);
                self.leave_queue(ticket);
                if !was_waited_for {
                    // For whoever stands before it, nothing has changed.
                    self.tickets.remove(ticket);
                    return true;
                }
            }
            Phase::Pausing => self.end_pause(ticket),
            Phase::InFlight(_) => {
                let untold = self.outputs.iter().position(|output| *output == Output::Start(ticket));
                if let Some(untold) = untold {
                    self.outputs.remove(untold);
                }
                let is_seen = is_sent && untold.is_none() && self.tickets.call(&entry).is_some();
                self.end_flight(now, ticket, |reserved| if is_seen { reserved } else { Cost::default() });
            }
        }
        self.advance_scope_of(now, ticket);
        self.tickets.remove(ticket);
        true
    }

    /// Why a newcomer of `cost` can never start in `scope`, if it cannot.
    fn never(&mut self, scope: u32, cost: Cost) -> Option<Refusal> {
        self.shut().or_else(|| self.impossible(scope, cost))
    }

    /// The limit of `scope` that `cost` can never pass, if there is one.
    fn impossible(&mut self, scope: u32, cost: Cost) -> Option<Refusal> {
        let target = self.scopes.get_mut(scope);
        let (dimension, limit) = target.ledger.impossible(cost)?;
        let scope = target.name.clone();
        Some(Refusal::InsufficientCapacity { scope, dimension, limit, cost: cost.of(dimension) })
    }

    fn no_admission(&self, scope: u32) -> Refusal {
        // Of more than eight million that wait, nobody can tell.
        self.shut().unwrap_or_else(|| Refusal::QueueFull {
            scope: self.scopes.name(scope),
            limit: Ticket::MOST,
            expected: None,
        })
    }

    fn deadline(&self, now: Instant, max_wait: Option<Duration>) -> Instant {
        max_wait.or(self.queue.max_wait).map_or(END_OF_TIME, |wait| now + wait)
    }
}

const END_OF_TIME: Instant = Instant::from_nanos(u64::MAX);
