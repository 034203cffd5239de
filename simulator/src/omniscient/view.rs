//! The future of one model group, and what fits into it.

use std::time::Duration;

use super::job::Known;
use crate::active::Active;
use crate::api::Call;
use crate::cache::{Cache, Prefix};
use crate::foresight::PATIENCE;
use crate::gate::Gate;
use crate::ledger::Ask;
use crate::limits::{Dimension, Limits};
use crate::meter::Enforcement;
use crate::options::Neighbour;
use crate::ramp::Acceleration;
use crate::server::Server;

/// What is there at an instant, and what is sure to come.
#[derive(Debug)]
pub(super) struct View {
    now: Duration,
    transit: Duration,
    neighbour: Neighbour,
    /// With what is on its way to the server taken off.
    gates: Vec<Gate>,
    /// The limits to come, in the order of time.
    changes: Vec<(Duration, Limits)>,
    acceleration: Option<Acceleration>,
    most_in_flight: Option<u64>,
    /// When those end that are in flight, in the order of time.
    endings: Vec<Duration>,
    /// What the answers to all these will be charged.
    charges: Charges,
    /// Jobs of higher priority that are still to come, in the order of time.
    to_come: Vec<(Duration, Vec<Ask>)>,
    cache: Cache,
    /// What will be in the cache when those answers begin that have not.
    writers: Vec<(Duration, Prefix)>,
}

/// A job that might be next.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    job: &'a Known,
    call: Call,
    asks: Vec<Ask>,
}

/// The limit of which the least is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scarcest {
    pub(super) dimension: Dimension,
    /// How long it needs for all that is left to do.
    pub(super) left: Duration,
    /// How long its windows are, if it has any.
    pub(super) window: Option<Duration>,
    pub(super) is_full: bool,
}

impl<'a> Candidate<'a> {
    pub(super) fn new(job: &'a Known, view: &View) -> Self {
        let call = job.call_now(|prefix| view.cache.look(view.now, prefix));
        let asks = call.asks();
        Self { job, call, asks }
    }

    fn ask(&self, dimension: Dimension) -> Option<&Ask> {
        self.asks.iter().find(|ask| ask.dimension == dimension)
    }
}

impl View {
    /// The group of `sample`, as it is for the holder of a key.
    pub(super) fn new<'a>(
        now: Duration,
        transit: Duration,
        server: &mut Server,
        api_key: &str,
        sample: &Known,
        to_come: impl Iterator<Item = &'a Known>,
        in_transit: impl Iterator<Item = &'a Known>,
    ) -> Self {
        let neighbour = server.options().neighbour;
        let most_in_flight = server.options().max_in_flight;
        let family = sample.call.family;
        let (index, organisation, answers) = server.group(now, api_key, family, &sample.call.group);
        let ledger = organisation.ledgers.get(&sample.call.group).map(|ledger| ledger.without_truth());
        let (gates, changes, acceleration) = ledger.map(|ledger| ledger.into_parts()).unwrap_or_default();
        let mut view = Self {
            now,
            transit,
            neighbour,
            gates,
            changes,
            acceleration,
            most_in_flight,
            endings: Vec::new(),
            charges: Charges::from(now),
            to_come: Vec::new(),
            cache: organisation.cache.clone(),
            writers: Vec::new(),
        };
        for answer in answers.iter().filter(|answer| answer.organisation == index) {
            if let Some(prefix) = &answer.cached {
                view.writers.push((answer.production.first_at(), prefix.clone()));
            }
            if *answer.group == *sample.call.group {
                view.endings.push(answer.ends_at());
                view.charges.add(answer);
            }
        }
        for job in in_transit {
            let candidate = Candidate::new(job, &view);
            for gate in &mut view.gates {
                if let Some(ask) = candidate.ask(gate.dimension()) {
                    gate.charge(now, ask.charge as i64);
                }
            }
            if let Some(acceleration) = &mut view.acceleration {
                acceleration.admit(now);
            }
            let answer = job.answer(now, &candidate.call);
            if let Some(prefix) = &job.call.prefix {
                view.writers.push((answer.production.first_at().max(now), prefix.clone()));
            }
            view.endings.push(answer.ends_at());
            view.charges.add(&answer);
        }
        view.endings.sort_unstable();
        for job in to_come {
            let call = job.call_now(|prefix| view.cache.look(now, prefix));
            view.charges.add(&job.answer(job.arrival, &call));
            view.to_come.push((job.arrival, call.asks()));
        }
        view.to_come.sort_by_key(|&(arrival, _)| arrival);
        view
    }

    /// The limit that needs the longest time for all these.
    pub(super) fn scarcest<'a>(&self, jobs: impl Iterator<Item = &'a Known> + Clone) -> Option<Scarcest> {
        let of_gate = |gate: &Gate| {
            let limit = gate.limit();
            let total: u64 = jobs.clone().map(|job| job.takes(gate.dimension())).sum();
            let beyond = total.saturating_sub(u64::try_from(gate.remaining(self.now)).unwrap_or(0));
            let nanos = u128::from(beyond) * MINUTE.as_nanos() / u128::from(limit.per_minute);
            let is_window = match limit.enforcement {
                Enforcement::TokenBucket => false,
                Enforcement::FixedWindow | Enforcement::SlidingWindow => true,
            };
            Scarcest {
                dimension: gate.dimension(),
                left: Duration::from_nanos(nanos.min(u64::MAX.into()) as u64),
                window: is_window.then_some(limit.window),
                is_full: gate.remaining(self.now) >= limit.at_once as i64,
            }
        };
        self.gates.iter().map(of_gate).max_by_key(|scarcest| scarcest.left)
    }

    /// Whether the server would admit it now.
    pub(super) fn has_room_now(&self, candidate: &Candidate<'_>) -> bool {
        self.gates.iter().all(|gate| {
            candidate.ask(gate.dimension()).is_none_or(|ask| gate.fits_at(self.now, ask.fits) == Some(self.now))
        })
    }

    /// When more of the job's prompt can be read from the cache than now, if that is sure.
    pub(super) fn cached_at(&self, job: &Known) -> Option<Duration> {
        let prefix = job.call.prefix.as_ref()?;
        let found = self.cache.look(self.now, prefix).read_tokens;
        let finds_more = |(at, written): &&(Duration, Prefix)| {
            let mut cache = self.cache.clone();
            cache.write(*at, written);
            cache.look(*at, prefix).read_tokens > found
        };
        self.writers.iter().filter(finds_more).map(|&(at, _)| at).min()
    }

    /// The first instant at which the job may be started. `None`: never.
    pub(super) fn earliest(&self, candidate: &Candidate<'_>) -> Option<Duration> {
        let room_at = self.room_at(candidate, self.now)?;
        if self.holds(candidate, room_at) {
            return Some(room_at);
        }
        let mut before = room_at;
        for doubling in 0..DOUBLINGS {
            let at = self.room_at(candidate, room_at + SHORTEST_DELAY * (1 << doubling))?;
            if self.holds(candidate, at) {
                return self.first_between(candidate, before, at);
            }
            before = at;
        }
        // It would never be started: then it is when there is nothing to be gained by waiting.
        let delays =
            std::iter::once(Duration::ZERO).chain((0..DOUBLINGS).map(|doubling| SHORTEST_DELAY * (1 << doubling)));
        delays.map(|delay| room_at + delay).find(|&at| self.is_full(at)).or(Some(room_at + NEXT_LOOK))
    }

    /// The first instant up to `holds` at which the job holds, if it does not at `fails`, to a millisecond.
    fn first_between(&self, candidate: &Candidate<'_>, mut fails: Duration, mut holds: Duration) -> Option<Duration> {
        while holds.saturating_sub(fails) > PRECISION {
            let middle = self.room_at(candidate, fails + (holds - fails) / 2)?;
            if middle >= holds {
                break;
            }
            if self.holds(candidate, middle) {
                holds = middle;
            } else {
                fails = middle;
            }
        }
        Some(holds)
    }

    /// The first instant, `from` or later, at which the server has room for the job, if nothing else is sent.
    pub(super) fn room_at(&self, candidate: &Candidate<'_>, from: Duration) -> Option<Duration> {
        let mut at = from;
        for _ in 0..MOST_ROUNDS {
            let mut later = self.acceleration.as_ref().map_or(at, |acceleration| acceleration.fits_at(at));
            if let Some(most) = self.most_in_flight {
                // As many have to end as there are too many of.
                let excess = (self.endings.len() as u64 + 1).saturating_sub(most) as usize;
                later = later.max(excess.checked_sub(1).and_then(|last| self.endings.get(last)).copied().unwrap_or(at));
            }
            for gate in &self.gates {
                if let Some(ask) = candidate.ask(gate.dimension()) {
                    later = later.max(self.gate_fits_at(gate, ask.fits, at)?);
                }
            }
            if later == at {
                return Some(at);
            }
            at = later;
        }
        Some(at)
    }

    fn gate_fits_at(&self, gate: &Gate, amount: u64, from: Duration) -> Option<Duration> {
        let mut walk = Walk::new(self, gate, &self.charges);
        walk.advance(from);
        let mut at = from;
        let mut gives_up_at = None;
        loop {
            let needed =
                amount.saturating_add(self.taken_in_transit(&walk.gate, at)).min(walk.gate.limit().at_once.max(amount));
            match walk.gate.fits_at(at, needed) {
                Some(fits_at) if fits_at == at => return Some(at),
                // What happens until then may make it later; a raised limit, earlier.
                Some(fits_at) => at = walk.next_change().map_or(fits_at, |change| change.min(fits_at)),
                None => at = walk.next_change()?,
            }
            if at > *gives_up_at.get_or_insert(at.saturating_add(PATIENCE)) {
                return None;
            }
            walk.advance(at);
        }
    }

    /// What others may take while the request is on its way to the server.
    fn taken_in_transit(&self, gate: &Gate, at: Duration) -> u64 {
        if self.transit.is_zero() {
            return 0;
        }
        let (from, until) = (at.as_millis() as u64, (at + self.transit).as_millis() as u64 + 1);
        let taken = |now_ms| self.neighbour.taken(gate.limit().per_minute, now_ms);
        let charged: i64 = self.charges.of(gate.dimension(), at, at + self.transit);
        taken(until).saturating_sub(taken(from)) + u64::try_from(charged).unwrap_or(0)
    }

    /// Whether the job can be started at `at` so that nobody of higher priority has to wait for it and no limit is overrun.
    fn holds(&self, candidate: &Candidate<'_>, at: Duration) -> bool {
        let answer = candidate.job.answer(at, &candidate.call);
        let mut charges = self.charges.clone();
        charges.add(&answer);
        self.gates.iter().all(|gate| {
            let ask = candidate.ask(gate.dimension());
            self.gate_holds(gate, ask, &charges, at, answer.ends_at())
        })
    }

    fn gate_holds(&self, gate: &Gate, ask: Option<&Ask>, charges: &Charges, at: Duration, ends_at: Duration) -> bool {
        let mut walk = Walk::new(self, gate, charges);
        let to_come = |after: bool| self.to_come.iter().filter(move |(arrival, _)| (*arrival > at) == after);
        let of_gate = |asks: &[Ask]| asks.iter().find(|ask| ask.dimension == gate.dimension()).copied();
        for (arrival, asks) in to_come(false) {
            walk.advance(*arrival);
            if let Some(ask) = of_gate(asks) {
                walk.gate.charge(*arrival, ask.charge as i64);
            }
        }
        walk.advance(at);
        if let Some(ask) = ask {
            walk.gate.charge(at, ask.charge as i64);
        }
        // From here on what is charged must be there.
        walk.floor = -(self.neighbour.taken(gate.limit().per_minute, 100).saturating_add(1) as i64);
        if self.neighbour.share <= 0.0 {
            walk.floor = 0;
        }
        let refill = Duration::from_secs(60).mul_f64(gate.limit().at_once as f64 / gate.limit().per_minute as f64);
        let horizon = ends_at + 2 * gate.limit().window.max(refill);
        for (arrival, asks) in to_come(true).take_while(|(arrival, _)| *arrival <= horizon) {
            if !walk.advance(*arrival) {
                return false;
            }
            let Some(ask) = of_gate(asks) else { continue };
            if walk.gate.fits_at(*arrival, ask.fits) != Some(*arrival) {
                return false;
            }
            walk.gate.charge(*arrival, ask.charge as i64);
        }
        walk.advance(charges.end().min(horizon))
    }

    /// Whether every limit is full then.
    fn is_full(&self, at: Duration) -> bool {
        self.gates.iter().all(|gate| {
            let mut walk = Walk::new(self, gate, &self.charges);
            walk.advance(at);
            walk.gate.remaining(at) >= walk.gate.limit().at_once as i64
        })
    }
}

/// One gate on its way into the future.
struct Walk<'a> {
    gate: Gate,
    view: &'a View,
    charges: &'a [i64],
    origin: u64,
    /// The next of the charges.
    slot: usize,
    /// The next of the changes.
    change: usize,
    /// What may not be left of the gate after a charge.
    floor: i64,
}

impl<'a> Walk<'a> {
    fn new(view: &'a View, gate: &Gate, charges: &'a Charges) -> Self {
        let slots: &[i64] = match gate.dimension() {
            Dimension::InputTokens => &charges.input,
            Dimension::OutputTokens => &charges.output,
            Dimension::Requests | Dimension::Tokens => &[],
        };
        Self { gate: gate.clone(), view, charges: slots, origin: charges.origin, slot: 0, change: 0, floor: i64::MIN }
    }

    fn next_change(&self) -> Option<Duration> {
        self.view.changes.get(self.change).map(|&(at, _)| at)
    }

    /// Lets everything happen until `to`. Returns whether less than the floor was never left.
    fn advance(&mut self, to: Duration) -> bool {
        let neighbour = &self.view.neighbour;
        loop {
            while self.charges.get(self.slot) == Some(&0) {
                self.slot += 1;
            }
            let charge_at =
                self.charges.get(self.slot).map(|_| start_of(self.origin + self.slot as u64).max(self.view.now));
            let next = charge_at.into_iter().chain(self.next_change()).min().filter(|&at| at <= to);
            let Some(at) = next else { break };
            self.gate.advance(at, neighbour);
            if charge_at == Some(at) {
                let amount = self.charges[self.slot];
                self.slot += 1;
                self.gate.charge(at, amount);
                if amount > 0 && self.gate.remaining(at) < self.floor {
                    return false;
                }
            } else if let Some((_, limits)) = self.view.changes.get(self.change) {
                self.change += 1;
                if let Some(limit) = limits.limit(self.gate.dimension()) {
                    self.gate.change(at, limit);
                }
            }
        }
        self.gate.advance(to, neighbour);
        true
    }
}

/// What answers will be charged, in slots of [`SLOT`]: what is taken, at the beginning of its slot; what is given back, at
/// the end.
#[derive(Clone, Debug)]
struct Charges {
    /// The number of the first slot.
    origin: u64,
    input: Vec<i64>,
    output: Vec<i64>,
}

impl Charges {
    fn from(now: Duration) -> Self {
        Self { origin: slot_of(now), input: Vec::new(), output: Vec::new() }
    }

    fn add(&mut self, answer: &Active) {
        for (at, input, output) in answer.charges_to_come() {
            let slot = (slot_of(at).saturating_sub(self.origin)).min(MOST_SLOTS) as usize;
            if input != 0 {
                add(&mut self.input, slot + usize::from(input < 0), input);
            }
            if output != 0 {
                add(&mut self.output, slot, output as i64);
            }
        }
    }

    /// What is taken between two instants.
    fn of(&self, dimension: Dimension, from: Duration, until: Duration) -> i64 {
        let slots = match dimension {
            Dimension::InputTokens => &self.input,
            Dimension::OutputTokens => &self.output,
            Dimension::Requests | Dimension::Tokens => return 0,
        };
        let range = slot_of(from).saturating_sub(self.origin)..=slot_of(until).saturating_sub(self.origin);
        range.filter_map(|slot| slots.get(slot as usize)).filter(|&&amount| amount > 0).sum()
    }

    /// When there are no more.
    fn end(&self) -> Duration {
        start_of(self.origin + self.input.len().max(self.output.len()) as u64)
    }
}

fn add(slots: &mut Vec<i64>, slot: usize, amount: i64) {
    if slots.len() <= slot {
        slots.resize(slot + 1, 0);
    }
    slots[slot] += amount;
}

fn slot_of(at: Duration) -> u64 {
    (at.as_nanos() / SLOT.as_nanos()) as u64
}

fn start_of(slot: u64) -> Duration {
    Duration::from_millis(slot.saturating_mul(SLOT.as_millis() as u64))
}

const MINUTE: Duration = Duration::from_secs(60);
/// As long as a piece of an answer takes.
const SLOT: Duration = Duration::from_millis(50);
/// An hour of slots: what comes later is taken to come then.
const MOST_SLOTS: u64 = 72_000;
/// How exactly an instant is looked for that is not that of an admission.
const PRECISION: Duration = Duration::from_millis(1);
const SHORTEST_DELAY: Duration = Duration::from_millis(5);
/// The last delay that is tried is 82 s: then every limit of a minute that was not used is full.
const DOUBLINGS: u32 = 15;
/// When to look again if nothing was found.
const NEXT_LOOK: Duration = Duration::from_secs(1);
/// Each round waits for at least one limit; more than a few are never needed.
const MOST_ROUNDS: usize = 64;
