//! Scopes: what a server counts together, and which request belongs where.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use crate::archive::Archive;
use crate::ledger::{Before, Ledger, Limit, Reach, Tally, part};
use crate::patterns::Patterns;
use crate::policy::Policy;
use crate::prompt_cache::{Found, PromptCache};
use crate::queue::{Ahead, Arrivals, Headroom, MOST_TAKEN, Priority, Queue};
use crate::recent::Recent;
use crate::request::{Facts, Family, Prefixes};
use crate::retry_budget::RetryBudget;
use crate::throttle::{Served, Throttle, Traffic};
use crate::time::{Duration, Instant};

/// What a server counts together: its limits, and who waits for them.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) ledger: Ledger,
    pub(crate) queue: Queue,
    /// What those in the queue take.
    pub(crate) load: Tally,
    pub(crate) arrivals: Arrivals,
    pub(crate) headroom: Headroom,
    pub(crate) prompts: PromptCache,
    /// Nothing starts before, because a server said so.
    pub(crate) shut_until: Instant,
    /// What else holds it back since its server refused something; `None` where nothing does.
    pub(crate) throttle: Option<Box<Throttle>>,
    /// Until when that held back whoever was first in the queue.
    held_until: Instant,
    pub(crate) traffic: Traffic,
    pub(crate) retries: RetryBudget,
    /// Requests between two attempts.
    pub(crate) pausing: u32,
    /// Whether its server has said anything yet.
    pub(crate) has_answered: bool,
    /// Whether its server has ever served a request.
    pub(crate) has_served: bool,
    /// How many requests may be under way until it has.
    opening: Reach,
}

impl Scope {
    /// When a request may be sent for all that is known of the server. While that is nothing, a few are under way at first,
    /// and more as time passes without a refusal.
    pub(crate) fn may_learn(&mut self, now: Instant) -> Option<Instant> {
        let in_flight = self.ledger.in_flight();
        if self.has_answered || !self.ledger.is_unlimited() {
            return None;
        }
        self.opening.pass_time(UNKNOWN, now);
        let open = UNKNOWN - self.opening.leave(UNKNOWN);
        if in_flight < open {
            return None;
        }
        self.opening.block(in_flight + 1 - open, UNKNOWN, now)
    }

    /// Its server has answered.
    #[inline]
    pub(crate) fn note_answer(&mut self) {
        if !self.has_answered && self.ledger.is_unlimited() {
            self.throttle = Some(Box::new(Throttle::at_first()));
        }
        self.has_answered = true;
    }

    /// When the next request may start, as far as it depends on what the server refused. It may be sooner once something
    /// in flight is answered or ends.
    #[inline]
    pub(crate) fn opens_at(&mut self, now: Instant) -> Instant {
        if self.throttle.is_some() { self.throttled_until(now) } else { self.shut_until }
    }

    /// Whether the next request may start, as far as it depends on what the server refused.
    #[inline]
    pub(crate) fn is_open(&mut self, now: Instant) -> bool {
        self.shut_until <= now && (self.throttle.is_none() || self.throttled_until(now) <= now)
    }

    /// A request has started.
    #[inline]
    pub(crate) fn began(&mut self, now: Instant) {
        if self.throttle.is_some() {
            self.began_throttled(now);
        }
    }

    /// The server served a request that was sent at `sent_at`, or at least did not mind its load.
    #[inline]
    pub(crate) fn served(&mut self, now: Instant, sent_at: Instant) -> Served {
        let Some(throttle) = &mut self.throttle else { return Served::default() };
        let served = throttle.served(now, sent_at);
        if throttle.is_at_rest(now) {
            self.throttle = None;
        }
        served
    }

    #[inline(never)]
    fn throttled_until(&mut self, now: Instant) -> Instant {
        let in_flight = self.ledger.in_flight();
        let throttled = self.throttle.as_mut().map_or(Instant::ZERO, |throttle| throttle.earliest(now, in_flight));
        let until = throttled.max(self.shut_until);
        self.held_until = if until > now { until } else { Instant::ZERO };
        until
    }

    #[cold]
    fn began_throttled(&mut self, now: Instant) {
        let others = self.ledger.in_flight().saturating_sub(1);
        if let Some(throttle) = &mut self.throttle {
            throttle.began(now, others);
        }
    }

    /// What those of the queue take who are `ahead`: of the limit that is waited for by their work, of all others as much
    /// as everybody takes on average.
    pub(crate) fn before(&self, ahead: Ahead) -> Before {
        if ahead.members == 0 {
            return Before::default();
        }
        let members = u64::from(ahead.members);
        let average = self.load.part(members, u64::from(self.queue.len()));
        let waited_for = self.ledger.waits_for().map(|dimension| {
            let (work, whole) = (ahead.work.as_nanos(), self.queue.work().as_nanos());
            (dimension, part(self.load.of(dimension), work, whole))
        });
        Before { members, average, waited_for }
    }

    /// How long `wait` becomes if those of higher priorities go on to come, and go first.
    pub(crate) fn with_newcomers(&mut self, wait: Duration, priority: Priority, now: Instant) -> Duration {
        let taken = self.arrivals.taken_before(priority, now);
        let taken = self.ledger.time_of_work().times(taken).as_nanos() / Duration::SECOND.as_nanos();
        wait.times(1_000).divided_by(1_000 - taken.min(MOST_TAKEN))
    }

    /// When what the server refused no longer holds back somebody whom `members` go before; `None` where nobody can tell.
    pub(crate) fn outlook_of_server(&self, now: Instant, members: u64) -> Option<Instant> {
        let mut at = now.max(self.shut_until);
        if self.ledger.is_unlimited() && !self.has_answered && members > 0 {
            return None;
        }
        let Some(throttle) = &self.throttle else { return Some(at) };
        if let Some(per_minute) = throttle.starts_per_minute() {
            at += Duration::MINUTE.times(members).divided_by(per_minute);
        }
        // How long calls take that are fewer than they were, nobody knows.
        let is_crowded =
            throttle.most_in_flight().is_some_and(|most| self.ledger.in_flight() + members >= u64::from(most));
        (!is_crowded).then_some(at)
    }

    /// Whoever waits in it is not kept, nor what its server keeps of prompts.
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.name = archive.text(&self.name);
        self.has_answered = archive.flag(self.has_answered);
        self.has_served = archive.flag(self.has_served);
        self.shut_until = archive.instant_within(self.shut_until, LONGEST_SHUT);
        self.traffic.keep(archive);
        self.retries.keep(archive);
        self.opening.keep(archive);
        self.headroom.keep(archive);
        if archive.flag(self.throttle.is_some()) {
            self.throttle.get_or_insert_default().keep(archive);
        }
        self.ledger.keep(archive);
    }

    /// Goes on where `saved` stopped.
    pub(crate) fn succeed(&mut self, saved: Self, now: Instant) {
        let name = core::mem::take(&mut self.name);
        let mut ledger = core::mem::take(&mut self.ledger);
        ledger.succeed(saved.ledger, now);
        *self = Self { name, ledger, ..saved };
    }

    fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.ledger.in_flight() == 0 && self.pausing == 0
    }
}

/// All scopes, and the rules that lead to them.
#[derive(Debug)]
pub(crate) struct Scopes {
    list: Vec<Scope>,
    patterns: Patterns,
    /// Whether one default serves all that no pattern claims.
    has_default: bool,
    /// Scopes that were not configured, by name.
    learned: BTreeMap<Arc<str>, u32>,
    /// Those, by their latest use.
    recent: Recent,
    /// Models that were told of, sorted.
    reported: Vec<String>,
}

/// Where a request belongs.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) scope: u32,
    /// The model is claimed by no pattern, and this is the first that is seen of it.
    pub(crate) is_news: bool,
}

impl Scopes {
    /// The scope of everything that belongs nowhere else.
    pub(crate) const DEFAULT: u32 = 0;

    pub(crate) fn new(policy: &Policy) -> Self {
        let default = Scope {
            name: "default".to_owned(),
            ledger: Ledger::new(policy.default.iter().flatten().map(Limit::unused)),
            ..Scope::default()
        };
        let mut scopes = Self {
            list: Vec::from([default]),
            patterns: Patterns::default(),
            has_default: policy.default.is_some(),
            learned: BTreeMap::new(),
            recent: Recent::default(),
            reported: Vec::new(),
        };
        for configured in &policy.scopes {
            let scope = scopes.add(configured.name.clone(), Ledger::new(configured.limits.iter().map(Limit::unused)));
            for pattern in &configured.models {
                scopes.patterns.insert(pattern, scope);
            }
        }
        scopes
    }

    /// The scope numbered `index`. Numbers come from this table alone; an unknown one means the default.
    #[inline]
    pub(crate) fn get_mut(&mut self, index: u32) -> &mut Scope {
        let index = if (index as usize) < self.list.len() { index as usize } else { 0 };
        &mut self.list[index]
    }

    /// Those that are worth a look, and how many are not: of those that were not configured, all but the
    /// [`MOST_SHOWN`] that were used last.
    pub(crate) fn shown_mut(&mut self) -> (impl Iterator<Item = &mut Scope>, usize) {
        let others = self.recent.len().saturating_sub(MOST_SHOWN);
        let mut is_shown = vec![true; self.list.len()];
        for other in self.recent.oldest_first().take(others) {
            is_shown[other as usize] = false;
        }
        (self.list.iter_mut().zip(is_shown).filter_map(|(scope, is_shown)| is_shown.then_some(scope)), others)
    }

    /// Those that are worth saving, whether they were learned: the configured ones, and those of the others in which something
    /// is in flight or that are among the [`MOST_SHOWN`] that were used last, the latest use last.
    pub(crate) fn to_save(&self) -> Vec<(u32, bool)> {
        let is_learned = |index: u32| self.learned.get(self.list[index as usize].name.as_str()) == Some(&index);
        let configured = (0..).take(self.list.len()).filter(|index| !is_learned(*index)).map(|index| (index, false));
        let old = self.recent.len().saturating_sub(MOST_SHOWN);
        let is_busy = |index: u32| self.list[index as usize].ledger.in_flight() > 0;
        let others = self.recent.oldest_first().enumerate();
        let others = others.filter(|(age, index)| *age >= old || is_busy(*index)).map(|(_, index)| (index, true));
        configured.chain(others).collect()
    }

    /// The number of the scope that was saved under `name`, if there is one still; one that was learned is learned again.
    pub(crate) fn of_saved(&mut self, name: &str, is_learned: bool) -> Option<u32> {
        if is_learned {
            return Some(self.own(name.to_owned())).filter(|index| *index != Self::DEFAULT);
        }
        let place = self.list.iter().position(|scope| scope.name == name)?;
        u32::try_from(place).ok().filter(|_| !self.learned.contains_key(name))
    }

    /// Whether scope `index` is to be looked after at `at` because its server refused something.
    pub(crate) fn is_held_until(&self, index: u32, at: Instant) -> bool {
        self.list.get(index as usize).is_some_and(|scope| scope.shut_until == at || scope.held_until == at)
    }

    /// What a request in scope `index` whose prompt has `prefixes` finds at its server.
    pub(crate) fn find_prompt(&self, index: u32, prefixes: &Prefixes, now: Instant) -> Found {
        self.list.get(index as usize).map_or(Found::default(), |scope| scope.prompts.find(prefixes, now))
    }

    pub(crate) fn name(&self, index: u32) -> String {
        self.list.get(index as usize).map(|scope| scope.name.clone()).unwrap_or_default()
    }

    /// Where a request for `model` belongs that says no more of itself.
    pub(crate) fn of_model(&mut self, model: &str) -> Place {
        if let Some(scope) = self.claimed(model) {
            return Place { scope, is_news: false };
        }
        let is_news = self.report(model);
        let scope = if self.has_default { Self::DEFAULT } else { self.own(model.to_owned()) };
        Place { scope, is_news }
    }

    /// Where an HTTP request belongs.
    ///
    /// Limits are set for what models generate. What servers count apart from it (token counting, batches, …) has a
    /// scope of its own an origin, with the limits that the server states.
    pub(crate) fn of_request(&mut self, facts: &Facts<'_>) -> Place {
        let counted_apart = is_counted_apart(facts.family);
        let model = facts.model.filter(|_| !counted_apart);
        if let Some(scope) = model.and_then(|model| self.claimed(model)) {
            return Place { scope, is_news: false };
        }
        let is_news = model.is_some_and(|model| self.report(model));
        if self.has_default && !counted_apart {
            return Place { scope: Self::DEFAULT, is_news };
        }
        let place = match facts.workspace {
            Some(workspace) => format!("{} of {workspace}", facts.origin),
            None => facts.origin.to_owned(),
        };
        let key = match model {
            Some(model) => format!("{model} at {place}"),
            None if counted_apart => format!("{} at {place}", facts.family.name()),
            None => place,
        };
        Place { scope: self.own(key), is_news }
    }

    fn claimed(&self, model: &str) -> Option<u32> {
        self.patterns.find(model)
    }

    /// Notes that `model` is claimed by no pattern. Says whether that is worth telling: where patterns are, once a model.
    fn report(&mut self, model: &str) -> bool {
        let tells = !self.patterns.is_empty() || self.has_default;
        if !tells || self.reported.len() >= MOST_REPORTED {
            return false;
        }
        let place = self.reported.partition_point(|known| known.as_str() < model);
        let is_news = self.reported.get(place).is_none_or(|known| known != model);
        if is_news {
            self.reported.insert(place, model.to_owned());
        }
        is_news
    }

    /// The scope that `key` has for itself. Keys are chosen by whoever writes requests, so their number is bounded: an
    /// idle scope gives way to a new one, and where none is found the default serves.
    fn own(&mut self, key: String) -> u32 {
        if let Some(scope) = self.learned.get(key.as_str()).copied() {
            self.recent.touch(scope);
            return scope;
        }
        let Some(scope) = self.vacant() else { return Self::DEFAULT };
        self.list[scope as usize].name.clone_from(&key);
        self.learned.insert(key.into(), scope);
        self.recent.touch(scope);
        scope
    }

    /// A scope that nobody has: a new one, or of some that were used the longest ago an idle one. Those that are busy
    /// count as used now, so that the next search looks at others.
    fn vacant(&mut self) -> Option<u32> {
        if self.recent.len() < MOST_LEARNED {
            return Some(self.add(String::new(), Ledger::default()));
        }
        for _ in 0..MOST_SEARCHED {
            let scope = self.recent.oldest()?;
            let old = &mut self.list[scope as usize];
            if old.is_idle() {
                self.recent.remove(scope);
                self.learned.remove(old.name.as_str());
                *old = Scope::default();
                return Some(scope);
            }
            self.recent.touch(scope);
        }
        None
    }

    fn add(&mut self, name: String, ledger: Ledger) -> u32 {
        let index = u32::try_from(self.list.len()).unwrap_or(Self::DEFAULT);
        self.list.push(Scope { name, ledger, ..Scope::default() });
        index
    }
}

/// Whether servers count `family` apart from what models generate, and alike for all models (facts about Claude's API:
/// <https://platform.claude.com/docs/en/api/rate-limits>, read 2026-11-23).
const fn is_counted_apart(family: Family) -> bool {
    matches!(family, Family::CountTokens | Family::Batches | Family::Models | Family::Files)
}

/// The longest wait that a server can order, and the spread after it.
const LONGEST_SHUT: Duration = Duration::from_secs(86_400 + 60);

/// Of a server that has not answered yet, so many requests are taken to be too many.
const UNKNOWN: u64 = 256;

/// More models and servers than any program talks to; a scope takes about 1 KB.
const MOST_LEARNED: usize = 16_384;

/// About a megabyte of snapshot. Whoever looks for one of so many looks for one that is in use.
const MOST_SHOWN: usize = 1_024;

/// Whoever names models at random makes a request no slower than so many looks. Hardly ever are as many busy that were used
/// the longest ago.
const MOST_SEARCHED: usize = 64;

/// Further unknown models are not reported one by one.
const MOST_REPORTED: usize = 256;
