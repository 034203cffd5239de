//! Of many requests with the same new beginning, one goes first and writes it to the server's cache; the others follow
//! when its answer begins, and read it.

use alloc::vec::Vec;

use super::Limiter;
use super::ticket::{Call, Phase, Ticket};
use crate::prompt_cache::{Found, Writer};
use crate::request::Prefixes;
use crate::time::Instant;
use crate::usage::Usage;

impl Limiter {
    /// What of the ticket's prompt the server is expected to read from its cache, and who is writing more of it.
    pub(super) fn find_prompt(&self, now: Instant, ticket: Ticket) -> Found {
        let prompt = self.tickets.get(ticket).and_then(|entry| Some((entry.scope, self.tickets.prefixes(entry)?)));
        prompt.map_or(Found::default(), |(scope, prefixes)| self.scopes.find_prompt(scope, prefixes, now))
    }

    /// Lets the ticket, which is the first of its queue, wait beside it for whoever is writing its prompt's beginning.
    /// Says whether it does.
    pub(super) fn follow(&mut self, now: Instant, ticket: Ticket, writer: Writer) -> bool {
        let Some(entry) = self.tickets.get(ticket).copied() else { return false };
        let is_patient = |call: &&mut Call| call.patience > 0;
        // At its deadline it goes now or never.
        let Some(call) = self.tickets.call_mut(&entry).filter(is_patient).filter(|_| entry.deadline > now) else {
            return false;
        };
        call.follows = Some(writer.request);
        self.stand_aside(ticket);
        if let Some(entry) = self.tickets.get_mut(ticket) {
            entry.phase = Phase::Pausing;
        }
        self.set_aside(now, ticket, writer.until.min(entry.deadline).since(now));
        let place = self.followers_of(writer.request).unwrap_or_else(|place| {
            self.followers.insert(place, (writer.request, Vec::new()));
            place
        });
        let followers = &mut self.followers[place].1;
        if followers.len().is_power_of_two() {
            // Some may have given up meanwhile.
            let tickets = &self.tickets;
            followers.retain(|follower| tickets.follows(*follower));
        }
        followers.push(ticket);
        true
    }

    /// The ticket's pause ended by itself. If that is because whomever it followed took too long, all its followers are let
    /// go, and the first of them writes the prompt. Says whether it was so.
    pub(super) fn lose_patience(&mut self, now: Instant, ticket: Ticket) -> bool {
        let Some(entry) = self.tickets.get(ticket).copied() else { return false };
        let Some(call) = self.tickets.call_mut(&entry) else { return false };
        let Some(writer) = call.follows else { return false };
        if entry.deadline <= now {
            call.follows = None;
            return false;
        }
        self.release_followers(writer, 1);
        true
    }

    /// The ticket was started: what of its prompt nobody wrote yet, it writes.
    pub(super) fn begin_writing(&mut self, now: Instant, ticket: Ticket) {
        if let Some((scope, prefixes)) = self.prompt_of(ticket) {
            self.scopes.get_mut(scope).prompts.begin(ticket.slot(), &prefixes, now);
        }
    }

    /// The server has begun to answer the ticket: its prompt can be read from now on.
    pub(super) fn end_writing(&mut self, now: Instant, ticket: Ticket) {
        if let Some((scope, prefixes)) = self.prompt_of(ticket) {
            for writer in self.scopes.get_mut(scope).prompts.ready(&prefixes, now) {
                self.release_followers(writer, 0);
            }
        }
    }

    /// The ticket is no longer in flight. If the server never answered, nothing was written, and another goes first.
    pub(super) fn stop_writing(&mut self, ticket: Ticket) {
        if let Some((scope, prefixes)) = self.prompt_of(ticket) {
            self.scopes.get_mut(scope).prompts.abandon(ticket.slot(), &prefixes);
            self.release_followers(ticket.slot(), 0);
        }
    }

    /// The server told what it read from its cache and wrote to it.
    pub(super) fn learn_of_cache(&mut self, now: Instant, ticket: Ticket, usage: &Usage) {
        let Some((scope, prefixes)) = self.prompt_of(ticket) else { return };
        let Some(whole) = super::charge::whole_prompt(usage) else { return };
        let Some(call) = self.tickets.get(ticket).and_then(|entry| self.tickets.call(entry)) else { return };
        let estimate = call.subject.input.tokens();
        let cached = [usage.cache_creation_input_tokens, usage.cache_read_input_tokens].into_iter().flatten().sum();
        self.scopes.get_mut(scope).prompts.learn(&prefixes, cached, whole, estimate, now);
    }

    /// Whoever followed the ticket in slot `writer` stands first among its equals again, in the old order. The caller looks
    /// after the queue.
    fn release_followers(&mut self, writer: u32, lost_patience: u8) {
        let Ok(place) = self.followers_of(writer) else { return };
        let (_, followers) = self.followers.remove(place);
        let followers: Vec<Ticket> = followers.into_iter().filter(|follower| self.tickets.follows(*follower)).collect();
        for follower in followers.into_iter().rev() {
            let Some(entry) = self.tickets.get(follower).copied() else { continue };
            if let Some(call) = self.tickets.call_mut(&entry) {
                call.follows = None;
                call.patience = call.patience.saturating_sub(lost_patience);
            }
            self.end_pause(follower);
            self.rejoin(follower);
        }
    }

    /// Where the followers of the ticket in slot `writer` stand, or where they would.
    fn followers_of(&self, writer: u32) -> Result<usize, usize> {
        self.followers.binary_search_by_key(&writer, |(leader, _)| *leader)
    }

    /// The points of the ticket's prompt, if it has any, and its scope.
    fn prompt_of(&self, ticket: Ticket) -> Option<(u32, Prefixes)> {
        let entry = self.tickets.get(ticket)?;
        Some((entry.scope, *self.tickets.prefixes(entry)?))
    }
}
