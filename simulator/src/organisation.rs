//! Who is limited: an organisation, whatever key it uses.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::active::{Outcome, Step};
use crate::api::{Call, Endpoint, Family};
use crate::cache::Cache;
use crate::groups::{COUNT_TOKENS_GROUP, published_count_tokens_rpm, published_limits};
use crate::ledger::{Ledger, Refusal};
use crate::limits::{Dimension, Limits};
use crate::options::{Neighbour, Options};
use crate::random::Random;
use crate::{bedrock, gemini, openai};

/// Why a request is not admitted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Obstacle {
    /// A limit has no room for it.
    Limit(Refusal),
    /// Requests would grow too fast, until then.
    TooFast(Duration),
    /// Too many are being answered.
    TooManyInFlight,
}

/// An organisation with its ledgers and its own stream of chance, which no other organisation's requests disturb.
#[derive(Clone, Debug)]
pub(crate) struct Organisation {
    pub(crate) name: String,
    pub(crate) random: Random,
    /// What decides whom a storm hits, apart from everything else that goes wrong.
    pub(crate) storms: Random,
    pub(crate) ledgers: BTreeMap<String, Ledger>,
    pub(crate) cache: Cache,
}

impl Organisation {
    pub(crate) fn new(name: String, seed: u64) -> Self {
        Self {
            name,
            random: Random::new(seed, b"faults"),
            storms: Random::new(seed, b"storms"),
            ledgers: BTreeMap::new(),
            cache: Cache::default(),
        }
    }

    /// One of its ledgers, with what decides and without what is counted for the judge alone.
    pub(crate) fn only(&self, group: &str) -> Self {
        let ledgers = self.ledgers.get(group).map(|ledger| (group.to_owned(), ledger.without_truth()));
        Self {
            name: self.name.clone(),
            random: self.random.clone(),
            storms: self.storms.clone(),
            ledgers: ledgers.into_iter().collect(),
            cache: self.cache.clone(),
        }
    }

    /// A step of the production of an answer has happened.
    pub(crate) fn note(&mut self, step: &Step, neighbour: &Neighbour) {
        let Some(ledger) = self.ledgers.get_mut(&*step.group) else { return };
        ledger.advance(step.at, neighbour);
        ledger.charge(step.at, Dimension::InputTokens, step.input);
        ledger.charge(step.at, Dimension::OutputTokens, step.output as i64);
        ledger.charge(step.at, Dimension::Tokens, step.tokens);
        if step.is_first {
            ledger.cache_mut().note(step.cache_use);
        }
        if let Some(prefix) = &step.cached {
            self.cache.write(step.at, prefix);
        }
        if step.is_last {
            let counts = ledger.counts_mut();
            counts.in_flight -= 1;
            match step.outcome {
                Outcome::Served => counts.served += 1,
                Outcome::Error => counts.errors += 1,
                Outcome::Lost => counts.lost += 1,
            }
        }
    }

    /// What holds a request up at `now`, to which the organisation has been advanced.
    pub(crate) fn obstacle(&self, now: Duration, call: &Call, most_in_flight: Option<u64>) -> Option<Obstacle> {
        let ledger = self.ledgers.get(&*call.group)?;
        let crowded = |most| call.endpoint != Endpoint::CountTokens && ledger.counts().in_flight >= most;
        if most_in_flight.is_some_and(crowded) {
            return Some(Obstacle::TooManyInFlight);
        }
        if let Some(refusal) = ledger.refusal(now, &call.asks()) {
            return Some(Obstacle::Limit(refusal));
        }
        let slow_enough_at = ledger.slow_enough_at(now);
        (slow_enough_at > now).then_some(Obstacle::TooFast(slow_enough_at))
    }

    /// The ledger of a model group, made when first asked for.
    pub(crate) fn ledger(&mut self, family: Family, group: &str, options: &Options) -> &mut Ledger {
        let new = || {
            let ramp = options.ramp.as_ref().filter(|_| group != COUNT_TOKENS_GROUP);
            Ledger::new(&limits_of(family, group, options, None))
                .changing(changes_of(family, group, options))
                .ramped(ramp)
                .told_late(options.headers.age())
        };
        self.ledgers.entry(group.to_owned()).or_insert_with(new)
    }
}

/// The organisations and the keys that belong to them.
#[derive(Clone, Debug)]
pub(crate) struct Organisations {
    all: Vec<Organisation>,
    by_key: BTreeMap<String, usize>,
    seed: u64,
}

impl Organisations {
    pub(crate) fn new(options: &Options) -> Self {
        let mut organisations = Self { all: Vec::new(), by_key: BTreeMap::new(), seed: options.seed };
        for (index, organisation) in options.organisations.iter().enumerate() {
            organisations.all.push(Organisation::new(organisation.name.clone(), options.seed));
            organisations.by_key.extend(organisation.api_keys.iter().map(|key| (key.clone(), index)));
        }
        organisations
    }

    /// The position of the organisation that a key belongs to, if there is one.
    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// The position of the organisation that a key belongs to; a key nobody claims is a new one.
    pub(crate) fn of(&mut self, key: &str) -> usize {
        if let Some(&index) = self.by_key.get(key) {
            return index;
        }
        let index = self.all.len();
        self.all.push(Organisation::new(format!("org-{}", index + 1), self.seed));
        self.by_key.insert(key.to_owned(), index);
        index
    }

    pub(crate) fn at(&mut self, index: usize) -> &mut Organisation {
        &mut self.all[index]
    }

    pub(crate) fn all(&self) -> &[Organisation] {
        &self.all
    }

    pub(crate) fn all_mut(&mut self) -> &mut [Organisation] {
        &mut self.all
    }
}

/// The limits of a group at first, or after those changes that come by `until_ms`: those of the options by its name,
/// else the options' default, filled up with what is published.
pub(crate) fn limits_of(family: Family, group: &str, options: &Options, until_ms: Option<u64>) -> Limits {
    let entry = |name: &str| {
        let changed = options.changes.iter().filter(|change| until_ms.is_some_and(|until_ms| change.at_ms <= until_ms));
        // Of two at one instant the later in the list holds.
        let last = changed.filter(|change| change.limits.contains_key(name)).max_by_key(|change| change.at_ms);
        last.map_or(&options.limits, |change| &change.limits).get(name).copied()
    };
    let named = entry(group);
    if group == COUNT_TOKENS_GROUP {
        let rpm = Some(match family {
            Family::Gemini => gemini::COUNT_TOKENS_RPM,
            Family::Claude | Family::OpenAi | Family::Bedrock => published_count_tokens_rpm(options.tier),
        });
        return Limits {
            itpm: None,
            otpm: None,
            tpm: None,
            ..named.unwrap_or_default().or(Limits { rpm, ..Limits::default() })
        };
    }
    let given = named.or_else(|| entry("default")).unwrap_or_default();
    match family {
        Family::Claude => Limits { tpm: None, ..given.or(published_limits(options.tier, group)) },
        Family::OpenAi => Limits { itpm: None, otpm: None, ..given.or(openai::FALLBACK_LIMITS) },
        Family::Gemini => Limits { otpm: None, tpm: None, ..given.or(gemini::FALLBACK_LIMITS) },
        Family::Bedrock => Limits { itpm: None, otpm: None, ..given.or(bedrock::FALLBACK_LIMITS) },
    }
}

/// The limits that a group has later, in the order of time.
pub(crate) fn changes_of(family: Family, group: &str, options: &Options) -> Vec<(Duration, Limits)> {
    let mut instants: Vec<u64> = options.changes.iter().map(|change| change.at_ms).collect();
    instants.sort_unstable();
    instants.dedup();
    let limits = |at_ms| (Duration::from_millis(at_ms), limits_of(family, group, options, Some(at_ms)));
    let mut changes: Vec<(Duration, Limits)> = instants.into_iter().map(limits).collect();
    let mut before = limits_of(family, group, options, None);
    // A change of another group is none of this one.
    changes.retain(|(_, limits)| std::mem::replace(&mut before, *limits) != *limits);
    changes
}
