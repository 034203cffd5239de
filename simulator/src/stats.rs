//! The ground truth, for whoever judges a client.

use std::time::Duration;

use serde::Serialize;

use crate::cache::CacheCounts;
use crate::exchange::millis;
use crate::gate::Gate;
use crate::ledger::{Counts, Ledger};
use crate::organisation::Organisation;

/// What happened, per organisation and model group. In JSON the names are in `camelCase`, times in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// The instant that this is true at.
    pub now_ms: f64,
    /// The organisations, in the order in which they were named or appeared.
    pub organisations: Vec<OrganisationStats>,
}

/// One organisation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationStats {
    /// Its name.
    pub name: String,
    /// Its model groups, by name.
    pub groups: Vec<GroupStats>,
}

/// One model group of an organisation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupStats {
    /// The group.
    pub group: String,
    /// What became of the requests.
    pub counts: Counts,
    /// What was read from the prompt cache and written to it.
    pub cache: CacheCounts,
    /// Its limits.
    pub limits: Vec<LimitStats>,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LimitStats {
    /// What is counted.
    pub dimension: &'static str,
    /// The amount a minute.
    pub per_minute: u64,
    /// The most at once.
    pub at_once: u64,
    /// The time in which `at_once` comes back.
    pub window_ms: f64,
    /// What is left; negative in debt.
    pub remaining: i64,
    /// When there is no debt left: `now_ms` or later.
    pub paid_at_ms: f64,
    /// What the organisation was charged.
    pub charged: i64,
    /// The most that any window held.
    pub peak: i64,
    /// The most that a window can hold without the limit being broken; of limits that changed, that of the largest.
    pub allowed: u64,
    /// What the neighbour took.
    pub taken_by_neighbour: u64,
}

impl Stats {
    pub(crate) fn new(now: Duration, organisations: &[Organisation]) -> Self {
        let group = |(group, ledger): (&String, &Ledger)| GroupStats {
            group: group.clone(),
            counts: *ledger.counts(),
            cache: *ledger.cache(),
            limits: ledger.gates().iter().map(|gate| LimitStats::new(now, gate)).collect(),
        };
        let organisation = |organisation: &Organisation| OrganisationStats {
            name: organisation.name.clone(),
            groups: organisation.ledgers.iter().map(group).collect(),
        };
        Self { now_ms: millis(now), organisations: organisations.iter().map(organisation).collect() }
    }

    /// The figures of one group of one organisation.
    pub fn group(&self, organisation: &str, group: &str) -> Option<&GroupStats> {
        let organisation = self.organisations.iter().find(|stats| stats.name == organisation)?;
        organisation.groups.iter().find(|stats| stats.group == group)
    }
}

impl GroupStats {
    /// The figures of one limit, by the name of its dimension.
    pub fn limit(&self, dimension: &str) -> Option<&LimitStats> {
        self.limits.iter().find(|limit| limit.dimension == dimension)
    }
}

impl LimitStats {
    fn new(now: Duration, gate: &Gate) -> Self {
        let limit = gate.limit();
        Self {
            dimension: gate.dimension().name(),
            per_minute: limit.per_minute,
            at_once: limit.at_once,
            window_ms: millis(limit.window),
            remaining: gate.remaining(now),
            paid_at_ms: millis(gate.paid_at(now)),
            charged: gate.tally().charged(),
            peak: gate.tally().peak(),
            allowed: gate.tally().allowed(),
            taken_by_neighbour: gate.taken_by_neighbour(),
        }
    }
}
