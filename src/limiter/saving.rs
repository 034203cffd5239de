//! The limiter's state as plain data that outlives it: where its quota stands, and what is in flight.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use super::Limiter;
use super::ticket::{Call, Entry, Ticket};
use crate::archive::Archive;
use crate::forecast::Forecasts;
use crate::ledger::Reservation;
use crate::options::{Field, OptionError, Value, record};
use crate::scope::Scope;
use crate::time::{Duration, Instant, WallTime};

impl Limiter {
    /// The state at `now`, which is `wall`, for [`restore`](Self::restore) of another limiter. Outputs are to be drained before.
    ///
    /// It holds the limits of every scope with what was used of them and what was learned of them, what else holds the scope
    /// back, what was learned of models, and what is in flight. It does not hold who waits, or pauses between two attempts:
    /// those ask again; nor what servers keep of prompts, the last inputs that were counted, who cannot count, which unknown
    /// models were told of, whether the limiter is paused, drained or closed. Of scopes that were not configured, the 1,024
    /// that were used last are in it, and those in which something is in flight.
    pub fn save(&mut self, now: Instant, wall: WallTime) -> Value {
        let mut scopes = Vec::new();
        // Where each scope stands among those that are saved, by its number.
        let mut places = Vec::new();
        for (index, is_learned) in self.scopes.to_save() {
            let mut archive = Archive::saving(now);
            archive.flag(is_learned);
            self.scopes.get_mut(index).keep(&mut archive);
            if places.len() <= index as usize {
                places.resize(index as usize + 1, 0);
            }
            places[index as usize] = scopes.len();
            scopes.push(archive.written());
        }
        let tickets: Vec<Ticket> = self.tickets.in_flight_tickets().collect();
        let in_flight = tickets.into_iter().filter_map(|ticket| self.save_flight(now, ticket, &places)).collect();
        let mut holds = Archive::saving(now);
        self.holds.keep(&mut holds);
        record([
            ("version", VERSION.into()),
            ("savedAtMs", wall.as_unix_millis().into()),
            ("generation", u64::from(self.tickets.generation()).into()),
            ("holds", holds.written()),
            ("scopes", Value::List(scopes)),
            ("inFlight", Value::List(in_flight)),
            ("learned", self.forecasts.describe()),
        ])
    }

    fn save_flight(&mut self, now: Instant, ticket: Ticket, places: &[usize]) -> Option<Value> {
        let entry = *self.tickets.get(ticket)?;
        let scope = *places.get(entry.scope as usize)?;
        let call = self.tickets.call(&entry).copied();
        let tenant = self.tickets.tenants.name(entry.tenant).into();
        let reservation = &mut self.tickets.flight_mut(ticket)?.reservation;
        let mut flight = Saved { ticket, scope: u32::try_from(scope).ok()?, entry, call, tenant };
        let mut archive = Archive::saving(now);
        flight.keep(&mut archive);
        reservation.keep(&mut archive);
        Some(archive.written())
    }

    /// Goes on where another limiter stopped, which [`save`](Self::save) described at another time and perhaps by another clock.
    /// Nothing may have been asked of this one before.
    ///
    /// What passed of wall time since then replenishes, less the millisecond by which two such times may be off; a wall clock
    /// that went back is one that stood still. Instants before the origin of the clock of `now` cannot be told apart, so that
    /// it should begin a month before.
    ///
    /// The options of this limiter count. Of a limit whose amount has changed, what was used stays used, up to all of it;
    /// limits that are not configured any longer are gone. What an option [`learned`](crate::policy::Policy::learned) says of
    /// models goes before what `saved` says.
    ///
    /// With `keeps_in_flight`, what was in flight still is, under the numbers of its tickets: it holds its permits, is
    /// answered, settled and given up. Without, it is taken for lost, and costs what it reserved.
    ///
    /// Tickets of the other limiter that were not in flight are unknown, but the numbers are used again: of every ticket that
    /// is given out for the same slot, one in 256 has the number of a certain earlier one. The first 128 that are given out
    /// have the number of none that was given out before the saving, nor of those given out after it as long as both are no
    /// more than 128.
    ///
    /// # Errors
    ///
    /// What is wrong with `saved`; then nothing is taken from it. Of another version nothing is taken either, without an error.
    pub fn restore(
        &mut self,
        now: Instant,
        wall: WallTime,
        saved: &Value,
        keeps_in_flight: bool,
    ) -> Result<(), OptionError> {
        let root = Value::Nothing;
        let root = Field::root(&root);
        self.take_over(now, wall, &root.member("saved", saved), keeps_in_flight).map_err(|error| *error)
    }

    fn take_over(
        &mut self,
        now: Instant,
        wall: WallTime,
        field: &Field<'_>,
        keeps_in_flight: bool,
    ) -> Result<(), Box<OptionError>> {
        match field.field("version").whole(1, u64::from(u32::MAX)) {
            Ok(VERSION) => {}
            Ok(_) => return Ok(()),
            Err(_) => return Err(field.error("Use what save() said.")),
        }
        if !self.tickets.are_over() {
            return Err(field.error("Give it to a limiter before anything else is asked of it."));
        }
        let saved_at = WallTime::from_unix_millis(field.field("savedAtMs").whole(0, LATEST_MS)?);
        let age = wall.since(saved_at).less(Duration::from_millis(1));
        let generation = field.field("generation").whole(0, u64::from(u8::MAX))?;
        let forecasts = Forecasts::read(&field.field("learned"))?;
        let mut holds = self.holds;
        let list = field.field("holds");
        let mut archive = Archive::restoring(&list, now, age)?;
        holds.keep(&mut archive);
        archive.finish()?;
        let scopes = read_scopes(&field.field("scopes"), now, age)?;
        let in_flight = read_in_flight(&field.field("inFlight"), scopes.len(), now, age)?;

        // From here on nothing fails.
        if self.forecasts.is_empty() {
            self.forecasts = forecasts;
        }
        self.holds = holds;
        self.tickets.go_on_from((generation as u8).wrapping_add(HALF_OF_ALL_GENERATIONS));
        let mut places = Vec::with_capacity(scopes.len());
        for (is_learned, scope) in scopes {
            let place = self.scopes.of_saved(&scope.name, is_learned);
            if let Some(index) = place {
                self.scopes.get_mut(index).succeed(scope, now);
            }
            places.push(place);
        }
        for (mut flight, reservation) in in_flight {
            // What was in flight in a scope that is no more holds nothing back.
            let Some(scope) = places.get(flight.scope as usize).copied().flatten() else { continue };
            let ledger = &mut self.scopes.get_mut(scope).ledger;
            if !keeps_in_flight || flight.ticket.slot() >= MOST_SLOTS {
                ledger.forfeit(&reservation);
                continue;
            }
            ledger.hold_again(&reservation);
            self.holds.begin(reservation.sent_at());
            flight.entry.scope = scope;
            self.tickets.resume(flight.ticket, flight.entry, reservation, flight.call.as_ref(), &flight.tenant);
        }
        Ok(())
    }

    /// The tickets of all requests that have started and not ended.
    pub fn in_flight_tickets(&self) -> impl Iterator<Item = Ticket> {
        self.tickets.in_flight_tickets()
    }
}

/// A request in flight, without what it holds.
struct Saved {
    ticket: Ticket,
    /// The place of its scope among those that are saved.
    scope: u32,
    entry: Entry,
    call: Option<Call>,
    /// The name of its tenant.
    tenant: String,
}

impl Saved {
    fn keep(&mut self, archive: &mut Archive<'_>) {
        self.ticket = Ticket::from_bits(archive.small(self.ticket.bits()));
        self.scope = archive.small(self.scope);
        self.tenant = archive.text(&self.tenant);
        self.entry.keep(archive);
        if archive.flag(self.call.is_some()) {
            self.call.get_or_insert_with(Call::unknown).keep(archive);
        }
    }
}

/// The scopes of a list, and whether each was learned.
fn read_scopes(list: &Field<'_>, now: Instant, age: Duration) -> Result<Vec<(bool, Scope)>, Box<OptionError>> {
    let mut scopes = Vec::new();
    for (index, item) in list.items()?.iter().enumerate() {
        let item = list.item(index, item);
        let mut archive = Archive::restoring(&item, now, age)?;
        let is_learned = archive.flag(false);
        let mut scope = Scope::default();
        scope.keep(&mut archive);
        archive.finish()?;
        scopes.push((is_learned, scope));
    }
    Ok(scopes)
}

/// What a list says is in flight in so many `scopes`.
fn read_in_flight(
    list: &Field<'_>,
    scopes: usize,
    now: Instant,
    age: Duration,
) -> Result<Vec<(Saved, Reservation)>, Box<OptionError>> {
    let mut all: Vec<(Saved, Reservation)> = Vec::new();
    for (index, item) in list.items()?.iter().enumerate() {
        let item = list.item(index, item);
        let mut archive = Archive::restoring(&item, now, age)?;
        let (entry, ticket) = (Entry::unknown(), Ticket::from_bits(0));
        let mut flight = Saved { ticket, scope: 0, entry, call: None, tenant: String::new() };
        flight.keep(&mut archive);
        let mut reservation = Reservation::NOTHING;
        reservation.keep(&mut archive);
        archive.finish()?;
        if flight.scope as usize >= scopes {
            return Err(item.error("It is in a scope that is not there: give what save() said, as it was."));
        }
        if all.last().is_some_and(|(last, _)| last.ticket.slot() >= flight.ticket.slot()) {
            return Err(item.error("Its ticket comes before the one above: give what save() said, as it was."));
        }
        all.push((flight, reservation));
    }
    Ok(all)
}

/// Raised whenever what is written changes its order or meaning. Providers, tokenizers, dimensions and enforcements are
/// written by their numbers: a new one stands at the end, or the version is raised.
const VERSION: u64 = 2;

/// Tickets that were given out after the saving and before the end have the next numbers.
const HALF_OF_ALL_GENERATIONS: u8 = 128;

/// A million waiting requests have as many slots, and a slot takes some 60 bytes, also where it is free.
const MOST_SLOTS: u32 = 1 << 20;

/// The year 9999.
const LATEST_MS: u64 = 253_402_300_799_999;
