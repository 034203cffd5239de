//! Tickets: one for every request from its submission to its end, over all its attempts.

use super::charging::ModelTerms;
use crate::archive::Archive;
use crate::cost::Cost;
use crate::forecast::Subject;
use crate::ledger::Reservation;
use crate::provider::Provider;
use crate::queue::{Priority, TenantId, Tenants};
use crate::request::Prefixes;
use crate::slab::Slab;
use crate::time::{Duration, Instant};
use crate::usage::UsageReader;

/// A request's number. It fits into 31 bits, so that it is a small integer in every JavaScript engine: a slot, used
/// again after the request's end, and eight bits that tell the users of a slot apart.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Ticket(u32);

impl Ticket {
    /// The most tickets at once: 2²³.
    pub const MOST: u32 = 1 << 23;

    const GENERATION_BITS: u32 = 8;

    const fn new(slot: u32, generation: u8) -> Self {
        Self(slot << Self::GENERATION_BITS | generation as u32)
    }

    /// The ticket whose bits are `bits`. One that was never given out is unknown to every limiter, which is harmless.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// The ticket as a number.
    pub const fn bits(self) -> u32 {
        self.0
    }

    pub(super) const fn slot(self) -> u32 {
        self.0 >> Self::GENERATION_BITS
    }

    const fn generation(self) -> u8 {
        (self.0 & 0xff) as u8
    }
}

/// What is known of a request as long as it lasts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) scope: u32,
    pub(super) cost: Cost,
    pub(super) submitted_at: Instant,
    /// It must have started by then; the end of time if it need not.
    pub(super) deadline: Instant,
    pub(super) phase: Phase,
    pub(super) priority: Priority,
    pub(super) tenant: TenantId,
    pub(super) attempt: u8,
    generation: u8,
    /// Slot of the HTTP call; `NO_CALL` for a bare acquisition.
    call: u32,
}

/// Where in its life a request is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// In its scope's queue.
    Waiting,
    /// Started; the slot of its flight.
    InFlight(u32),
    /// Between two attempts.
    Pausing,
}

/// What a started request holds.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) reservation: Reservation,
    pub(super) reader: Option<alloc::boxed::Box<UsageReader>>,
}

/// What is known of an HTTP request besides its cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) provider: Provider,
    /// Whose answer it is, and what its text lets expect of it.
    pub(super) subject: Subject,
    /// What is known of its tokens, and need not be estimated.
    pub(super) known: Known,
    /// What of its model's name matters for its charge.
    pub(super) terms: ModelTerms,
    /// The most model tokens it may write; `None` if it does not say.
    pub(super) max_tokens: Option<u32>,
    /// Whether a model reads it, so that tokens are counted.
    pub(super) counts_tokens: bool,
    /// Whether sending it twice does no harm.
    pub(super) idempotent: bool,
    /// Whether its body can be sent again.
    pub(super) replayable: bool,
    pub(super) previous_delay: Duration,
    /// Attempts that were refused for reasons that say nothing of it, and do not count.
    pub(super) excused: u8,
    /// The slot of whom it waits for to write the beginning of its prompt.
    pub(super) follows: Option<u32>,
    /// How many more of those that hang it will wait for.
    pub(super) patience: u8,
    /// Slot of its prompt's points; [`NO_PROMPT`](Self::NO_PROMPT) if it has none.
    pub(super) prompt: u32,
}

/// What is known of a call's model tokens before it is sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Known {
    /// Read, as the caller states.
    pub(super) input: Option<u32>,
    /// Written, as the caller states.
    pub(super) output: Option<u32>,
    /// Of the whole prompt, as the provider counted it.
    pub(super) counted: Option<u32>,
}

impl Entry {
    /// One of nothing.
    pub(super) fn unknown() -> Self {
        Self {
            scope: 0,
            cost: Cost::default(),
            submitted_at: Instant::ZERO,
            deadline: super::END_OF_TIME,
            phase: Phase::Waiting,
            priority: Priority::NORMAL,
            tenant: TenantId::NAMELESS,
            attempt: 1,
            generation: 0,
            call: NO_CALL,
        }
    }

    /// Where it is in its life is kept by whoever keeps it.
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.cost.keep(archive);
        self.submitted_at = archive.past(self.submitted_at);
        let deadline = archive.maybe_instant(Some(self.deadline).filter(|deadline| *deadline != super::END_OF_TIME));
        self.deadline = deadline.unwrap_or(super::END_OF_TIME);
        let priority = archive.signed(self.priority.number().into());
        self.priority = Priority::clamped(i8::try_from(priority).unwrap_or_default());
        self.attempt = archive.byte(self.attempt);
    }
}

impl Call {
    /// Two that hang are an outage, and no bad luck.
    pub(super) const PATIENCE: u8 = 2;

    /// Whether an answer may say what the call used of what it reserved.
    pub(super) const fn settles_by_usage(&self) -> bool {
        self.counts_tokens || self.known.input.is_some() || self.known.output.is_some()
    }

    /// What is not known before it is read.
    pub(super) fn unknown() -> Self {
        Self {
            provider: Provider::Generic,
            subject: Subject::default(),
            known: Known::default(),
            terms: ModelTerms::of(""),
            max_tokens: None,
            counts_tokens: false,
            idempotent: false,
            replayable: false,
            previous_delay: Duration::ZERO,
            excused: 0,
            follows: None,
            patience: Self::PATIENCE,
            prompt: Self::NO_PROMPT,
        }
    }

    /// Its prompt and whom it follows are not kept: what servers keep of prompts is learned anew.
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        let provider = archive.byte(self.provider as u8);
        self.provider = Provider::ALL.get(usize::from(provider)).copied().unwrap_or_default();
        self.subject.keep(archive);
        self.known.input = archive.maybe(self.known.input);
        self.known.output = archive.maybe(self.known.output);
        self.known.counted = archive.maybe(self.known.counted);
        self.terms.burndown = archive.byte(self.terms.burndown);
        self.terms.counts_cache_reads = archive.flag(self.terms.counts_cache_reads);
        self.max_tokens = archive.maybe(self.max_tokens);
        self.counts_tokens = archive.flag(self.counts_tokens);
        self.idempotent = archive.flag(self.idempotent);
        self.replayable = archive.flag(self.replayable);
        self.previous_delay = archive.duration(self.previous_delay).min(Duration::DAY);
        self.excused = archive.byte(self.excused);
    }

    /// The slot of the prompt of a call that marks no points.
    pub(super) const NO_PROMPT: u32 = u32::MAX;
}

/// All requests that have not ended.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    entries: Slab<Entry>,
    flights: Slab<Flight>,
    calls: Slab<Call>,
    prompts: Slab<Prefixes>,
    /// Whose they are.
    pub(super) tenants: Tenants,
    generation: u8,
}

/// A request about to be entered.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewTicket<'a> {
    pub(super) scope: u32,
    pub(super) cost: Cost,
    pub(super) priority: Priority,
    /// The name of its tenant.
    pub(super) tenant: &'a str,
    pub(super) submitted_at: Instant,
    pub(super) deadline: Instant,
}

/// What a request about to be entered is besides, if it goes to a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewCall<'a> {
    pub(super) call: &'a Call,
    /// What of its prompt servers may keep.
    pub(super) prefixes: &'a Prefixes,
}

impl Tickets {
    /// No tickets yet, of tenants that share as `tenants` says.
    pub(super) fn new(tenants: Tenants) -> Self {
        Self { tenants, ..Self::default() }
    }

    /// Whether no further ticket can be given out.
    pub(super) fn are_exhausted(&self) -> bool {
        self.entries.is_full() && self.entries.capacity() >= Ticket::MOST
    }

    /// Whether every request has ended.
    pub(super) fn are_over(&self) -> bool {
        self.entries.len() == 0
    }

    /// How many have started and not ended.
    pub(super) fn in_flight(&self) -> u32 {
        self.flights.len()
    }

    #[inline]
    pub(super) fn insert(&mut self, new: &NewTicket<'_>, call: Option<NewCall<'_>>) -> Ticket {
        // One counter for all slots: the bits of a slot's users differ as long as fewer than 256 requests lie between.
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let call = call.map_or(NO_CALL, |call| self.insert_call(call));
        let NewTicket { scope, cost, priority, tenant, submitted_at, deadline } = *new;
        let (phase, tenant) = (Phase::Waiting, self.tenants.enter(tenant));
        let entry =
            Entry { scope, cost, submitted_at, deadline, phase, priority, tenant, attempt: 1, generation, call };
        Ticket::new(self.entries.insert(entry), generation)
    }

    fn insert_call(&mut self, NewCall { call, prefixes }: NewCall<'_>) -> u32 {
        let is_marked = !prefixes.as_slice().is_empty();
        let prompt = if is_marked { self.prompts.insert(*prefixes) } else { Call::NO_PROMPT };
        self.calls.insert(Call { prompt, ..*call })
    }

    #[inline]
    pub(super) fn get(&self, ticket: Ticket) -> Option<&Entry> {
        self.entries.get(ticket.slot()).filter(|entry| entry.generation == ticket.generation())
    }

    #[inline]
    pub(super) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        self.entries.get_mut(ticket.slot()).filter(|entry| entry.generation == ticket.generation())
    }

    /// Since when the request in `slot` is there.
    #[inline]
    pub(super) fn submitted_at(&self, slot: u32) -> Instant {
        self.entries.get(slot).map_or(Instant::ZERO, |entry| entry.submitted_at)
    }

    /// The ticket that is in `slot`.
    #[inline]
    pub(super) fn in_slot(&self, slot: u32) -> Option<Ticket> {
        self.entries.get(slot).map(|entry| Ticket::new(slot, entry.generation))
    }

    pub(super) fn call(&self, entry: &Entry) -> Option<&Call> {
        self.calls.get(entry.call)
    }

    pub(super) fn call_mut(&mut self, entry: &Entry) -> Option<&mut Call> {
        self.calls.get_mut(entry.call)
    }

    /// The points of the prompt of `entry`'s call, if it marks any.
    pub(super) fn prefixes(&self, entry: &Entry) -> Option<&Prefixes> {
        self.prompts.get(self.call(entry)?.prompt)
    }

    /// Whether the ticket waits for another one to write its prompt.
    pub(super) fn follows(&self, ticket: Ticket) -> bool {
        let entry = self.get(ticket).filter(|entry| entry.phase == Phase::Pausing);
        entry.and_then(|entry| self.call(entry)).is_some_and(|call| call.follows.is_some())
    }

    /// Every request that is in flight, by its slot.
    pub(super) fn in_flight_tickets(&self) -> impl Iterator<Item = Ticket> {
        let in_flight = |(_, entry): &(u32, &Entry)| matches!(entry.phase, Phase::InFlight(_));
        self.entries.iter().filter(in_flight).map(|(slot, entry)| Ticket::new(slot, entry.generation))
    }

    /// What tells the next request's ticket from earlier ones of its slot.
    pub(super) const fn generation(&self) -> u8 {
        self.generation
    }

    /// Gives tickets out from `generation` on.
    pub(super) const fn go_on_from(&mut self, generation: u8) {
        self.generation = generation;
    }

    /// A request of the tenant called `tenant` is in flight, under the number that it had when it was saved. No ticket of a
    /// higher slot is there.
    pub(super) fn resume(
        &mut self,
        ticket: Ticket,
        entry: Entry,
        reservation: Reservation,
        call: Option<&Call>,
        tenant: &str,
    ) {
        let flight = self.flights.insert(Flight { reservation, reader: None });
        let entry = Entry {
            phase: Phase::InFlight(flight),
            tenant: self.tenants.enter(tenant),
            generation: ticket.generation(),
            call: call.map_or(NO_CALL, |call| self.calls.insert(*call)),
            ..entry
        };
        self.entries.append(ticket.slot(), entry);
    }

    /// The ticket's request starts and holds `reservation`.
    #[inline]
    pub(super) fn start(&mut self, ticket: Ticket, reservation: Reservation) {
        if let Some(entry) = self.entries.get_mut(ticket.slot()) {
            entry.phase = Phase::InFlight(self.flights.insert(Flight { reservation, reader: None }));
        }
    }

    pub(super) fn flight(&self, ticket: Ticket) -> Option<&Flight> {
        match self.get(ticket)?.phase {
            Phase::InFlight(flight) => self.flights.get(flight),
            Phase::Waiting | Phase::Pausing => None,
        }
    }

    pub(super) fn flight_mut(&mut self, ticket: Ticket) -> Option<&mut Flight> {
        match self.get(ticket)?.phase {
            Phase::InFlight(flight) => self.flights.get_mut(flight),
            Phase::Waiting | Phase::Pausing => None,
        }
    }

    /// What the ticket's request holds, which from now on it does not; the caller settles it.
    #[inline]
    pub(super) fn land(&mut self, ticket: Ticket, phase: Phase) -> Option<Flight> {
        let entry = self.get_mut(ticket)?;
        let Phase::InFlight(flight) = entry.phase else { return None };
        entry.phase = phase;
        self.flights.remove(flight)
    }

    /// The request, which is in flight, is over: its scope, and what it holds; the caller settles it.
    #[inline]
    pub(super) fn end(&mut self, ticket: Ticket) -> Option<(u32, Flight)> {
        let entry = self.get(ticket)?;
        let Phase::InFlight(flight) = entry.phase else { return None };
        let (scope, call, tenant) = (entry.scope, entry.call, entry.tenant);
        self.entries.remove(ticket.slot());
        self.tenants.leave(tenant);
        self.remove_call(call);
        self.flights.remove(flight).map(|flight| (scope, flight))
    }

    /// The request is over.
    #[inline]
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Entry> {
        self.get(ticket)?;
        let entry = self.entries.remove(ticket.slot())?;
        self.tenants.leave(entry.tenant);
        self.remove_call(entry.call);
        Some(entry)
    }

    #[inline]
    fn remove_call(&mut self, call: u32) {
        if let Some(call) = self.calls.remove(call) {
            self.prompts.remove(call.prompt);
        }
    }

    /// Every request that has not started.
    pub(super) fn not_started(&self) -> impl Iterator<Item = Ticket> {
        self.entries
            .iter()
            .filter(|(_, entry)| !matches!(entry.phase, Phase::InFlight(_)))
            .map(|(slot, entry)| Ticket::new(slot, entry.generation))
    }
}

const NO_CALL: u32 = u32::MAX;
