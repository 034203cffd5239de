//! What can be asked of a simulated server.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;

use crate::groups::Tier;
use crate::limits::{LARGEST_AMOUNT, Limits};

/// The options of a [`Server`](crate::Server). Every field has a default; in JSON the names are in `camelCase`.
///
/// ```
/// use tidegate_simulator::Options;
/// let options = Options::from_json(r#"{ "seed": 7, "limits": { "default": { "rpm": 60, "burstMs": 1000 } } }"#)?;
/// assert_eq!(options.limits["default"].rpm, Some(60));
/// # Ok::<(), tidegate_simulator::OptionError>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Options {
    /// What every draw depends on. Default 0.
    pub seed: u64,
    /// The published tier whose amounts hold where `limits` says nothing. Default `start`.
    pub tier: Tier,
    /// Limits by model group (`"claude-sonnet-4.x"`, see [`groups`](crate::groups)), by model name where an API has no
    /// groups, or for every other one under `"default"`.
    pub limits: BTreeMap<String, Limits>,
    /// Organisations with the API keys that belong to them. A key nobody claims is an organisation of its own,
    /// named `org-1`, `org-2` … as they appear.
    pub organisations: Vec<OrganisationOptions>,
    /// How fast answers come.
    pub timing: Timing,
    /// What goes wrong.
    pub faults: Faults,
    /// Times in which the service is busier than `faults.overloaded` says.
    pub storms: Vec<Storm>,
    /// Somebody else who uses the same quota.
    pub neighbour: Neighbour,
    /// Limits that are replaced while the server runs. An entry takes the place of the whole entry of that name, as if
    /// it had been given in `limits`; what was used stays used.
    pub changes: Vec<Change>,
    /// How fast the number of requests may grow. Default: as fast as the limits allow.
    pub ramp: Option<Ramp>,
    /// The most requests of an organisation to a model group that are answered at a time. More are refused without a
    /// word about the quota. Default: no such limit.
    pub max_in_flight: Option<u64>,
    /// The most requests of an organisation to a model group that the service can answer at a time. Further ones find it
    /// overloaded, as `faults.overloaded` says. Default: no such limit.
    pub capacity: Option<u64>,
    /// What the headers tell of the limits. Default: the truth.
    pub headers: HeaderOptions,
    /// Whether refused requests count as requests. Default: as documented, which is no for the Claude API and yes for
    /// OpenAI's.
    pub charge_refusals: Option<bool>,
    /// Whether what an overloaded service turns away is charged all the same, as a request with its input. Default: no.
    pub charge_overloads: bool,
    /// By how much the server's wall clock is ahead, in milliseconds. Default 0.
    pub clock_skew_ms: i64,
    /// The unix time, in milliseconds, at the origin of the caller's clock. Default: 2026-11-23T12:00:00Z.
    pub wall_origin_ms: Option<u64>,
}

/// An organisation and its keys.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OrganisationOptions {
    /// Its name in statistics.
    pub name: String,
    /// Its API keys.
    pub api_keys: Vec<String>,
}

/// How fast answers come. Each request's own figures vary about these, drawn from the seed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Timing {
    /// Milliseconds from a request to the first token of its answer. Default 400.
    pub first_token_ms: u64,
    /// Tokens a second after that. Default 80.
    pub tokens_per_second: u64,
    /// Milliseconds until an error or a count is answered. Default 20.
    pub refusal_ms: u64,
    /// By which share a request's own wait and speed may differ from these, from 0 to 0.9. Default 0.25.
    pub variation: f64,
}

impl Default for Timing {
    fn default() -> Self {
        Self { first_token_ms: 400, tokens_per_second: 80, refusal_ms: 20, variation: 0.25 }
    }
}

/// What goes wrong: shares of all requests, each from 0 to 1, drawn from the seed. Together they may not exceed 1.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Faults {
    /// Answered 529 (503 by an OpenAI-shaped API) whatever the quota, and not charged.
    pub overloaded: f64,
    /// Answered 500 after being charged as a request with its input.
    pub error: f64,
    /// The connection is lost before anything was answered, after being charged.
    pub drop: f64,
    /// The connection is lost in the middle of the answer.
    pub cut: f64,
    /// Never answered, after being charged.
    pub hang: f64,
    /// A stream that sends an `error` event in the middle and ends.
    pub stream_error: f64,
    /// Produced at a tenth of the speed.
    pub slow: f64,
    /// Of all refusals, those that carry no headers at all.
    pub bare_refusals: f64,
}

/// Somebody else who takes a share of every limit, a tenth of a second's worth at a time.
///
/// It takes it whenever the limit is not in debt, and may draw it into debt by that: whoever takes all that comes as
/// soon as it comes does not starve it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Neighbour {
    /// The share of each limit, from 0 to 1. Default 0: nobody.
    pub share: f64,
    /// When it comes, in milliseconds of the caller's clock. Default 0.
    pub from_ms: u64,
    /// When it goes. Default: never.
    pub until_ms: Option<u64>,
    /// How often it comes again, from `from_ms` on. Default: it stays.
    pub every_ms: Option<u64>,
    /// How long it stays each time. To be given with `every_ms`.
    pub for_ms: Option<u64>,
}

/// A time in which the service is busy.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Storm {
    /// When it begins, in milliseconds of the caller's clock.
    pub from_ms: u64,
    /// When it is over.
    pub until_ms: u64,
    /// The share of requests, from 0 to 1, that are answered 529 (503 by an OpenAI-shaped API).
    pub share: f64,
}

/// Limits from an instant on.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Change {
    /// The instant, in milliseconds of the caller's clock.
    pub at_ms: u64,
    /// The new limits, named as those of the options are.
    pub limits: BTreeMap<String, Limits>,
}

/// An acceleration limit on the requests of each organisation to each model group.
///
/// In no span of `every_ms` are more admitted than the larger of `per_minute`, for so long a span, and what was admitted
/// in the span before it with `growth_percent` added. Further ones are refused for that reason.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Ramp {
    /// Requests a minute that are admitted whatever came before.
    pub per_minute: u64,
    /// By how much the number may grow from one span to the next, in per cent.
    pub growth_percent: u64,
    /// The length of a span in milliseconds.
    pub every_ms: u64,
}

/// What the headers tell of the limits. Refusals state the true wait in any case.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct HeaderOptions {
    /// Whether they tell nothing. Default false.
    pub hide: bool,
    /// By what the true remainder is multiplied; no more than the limit is stated. Default 1.
    pub factor: Option<f64>,
    /// How old what they state is, in milliseconds. Default 0.
    pub stale_ms: Option<u64>,
}

impl Options {
    /// Reads options written as JSON and checks them.
    pub fn from_json(json: &str) -> Result<Self, OptionError> {
        let options: Self = serde_json::from_str(json)
            .map_err(|error| OptionError { message: format!("simulator options: {error}") })?;
        options.check()?;
        Ok(options)
    }

    /// Whether the options make sense together.
    pub fn check(&self) -> Result<(), OptionError> {
        for (group, limits) in &self.limits {
            limits.check(&format!("limits[{group:?}]"))?;
        }
        for (index, change) in self.changes.iter().enumerate() {
            for (group, limits) in &change.limits {
                limits.check(&format!("changes[{index}].limits[{group:?}]"))?;
            }
        }
        let shares = self.faults.shares();
        let further = [("neighbour.share", self.neighbour.share), ("faults.bareRefusals", self.faults.bare_refusals)];
        for (name, share) in shares.into_iter().chain(further) {
            if !(0.0..=1.0).contains(&share) {
                return Err(OptionError::new(name, "a share from 0 to 1"));
            }
        }
        // A hair of room for shares that add up to 1 in decimal only.
        if shares.iter().map(|(_, share)| share).sum::<f64>() > 1.000_001 {
            return Err(OptionError::new("faults", "shares that add up to 1 at most"));
        }
        for (index, storm) in self.storms.iter().enumerate() {
            storm.check(&format!("storms[{index}]"))?;
        }
        self.neighbour.check()?;
        if let Some(ramp) = self.ramp {
            ramp.check()?;
        }
        if self.max_in_flight == Some(0) {
            return Err(OptionError::new("maxInFlight", "a whole number from 1"));
        }
        if self.capacity == Some(0) {
            return Err(OptionError::new("capacity", "a whole number from 1"));
        }
        self.headers.check()?;
        if !(1..=1_000_000).contains(&self.timing.tokens_per_second) {
            return Err(OptionError::new("timing.tokensPerSecond", "a whole number from 1 to 1,000,000"));
        }
        if !(0.0..=0.9).contains(&self.timing.variation) {
            return Err(OptionError::new("timing.variation", "a share from 0 to 0.9"));
        }
        if self.timing.first_token_ms > LONGEST_WAIT_MS || self.timing.refusal_ms > LONGEST_WAIT_MS {
            return Err(OptionError::new("timing", "waits of at most 3,600,000 ms"));
        }
        Ok(())
    }
}

impl Timing {
    /// The least and the largest factor, in thousandths, that a request's own time is of the usual one.
    pub(crate) fn factors_permille(&self) -> (u64, u64) {
        let variation = (self.variation * 1_000.0).round() as u64;
        (1_000_u64.saturating_sub(variation), 1_000 + variation)
    }
}

impl Neighbour {
    /// The time until `now` for which it has been there, in milliseconds.
    pub(crate) fn present_ms(&self, now_ms: u64) -> u64 {
        let since = now_ms.min(self.until_ms.unwrap_or(u64::MAX)).saturating_sub(self.from_ms);
        match (self.every_ms, self.for_ms) {
            (Some(every), Some(stay)) if every > 0 => {
                (since / every).saturating_mul(stay).saturating_add((since % every).min(stay))
            }
            _ => since,
        }
    }

    /// What it has taken until `now_ms` of a limit of so much a minute that always had room for it.
    pub(crate) fn taken(&self, per_minute: u64, now_ms: u64) -> u64 {
        let steps = now_ms.saturating_sub(self.from_ms) / NEIGHBOUR_STEP_MS * NEIGHBOUR_STEP_MS;
        let present_ms = self.present_ms(self.from_ms.saturating_add(steps));
        let millionths = u128::from(per_minute) * (self.share * 1e6) as u128 * u128::from(present_ms);
        (millionths / (1_000_000 * 60_000)).min(u64::MAX.into()) as u64
    }

    fn check(&self) -> Result<(), OptionError> {
        match (self.every_ms, self.for_ms) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(OptionError::new("neighbour.forMs", "a time, where everyMs is given")),
            (None, Some(_)) => Err(OptionError::new("neighbour.everyMs", "a time, where forMs is given")),
            (Some(every), _) if every == 0 || every > LONGEST_SPAN_MS => {
                Err(OptionError::new("neighbour.everyMs", "a whole number of milliseconds from 1 to 86,400,000"))
            }
            (Some(every), Some(stay)) if stay > every => Err(OptionError::new("neighbour.forMs", "everyMs at most")),
            (Some(_), Some(_)) => Ok(()),
        }
    }
}

impl Storm {
    /// Whether it is there.
    pub(crate) fn is_on(&self, now: Duration) -> bool {
        (Duration::from_millis(self.from_ms)..Duration::from_millis(self.until_ms)).contains(&now)
    }

    fn check(&self, name: &str) -> Result<(), OptionError> {
        if !(0.0..=1.0).contains(&self.share) {
            return Err(OptionError::new(&format!("{name}.share"), "a share from 0 to 1"));
        }
        if self.until_ms <= self.from_ms {
            return Err(OptionError::new(&format!("{name}.untilMs"), "a time after fromMs"));
        }
        Ok(())
    }
}

impl Ramp {
    fn check(&self) -> Result<(), OptionError> {
        if !(1..=LARGEST_AMOUNT).contains(&self.per_minute) {
            return Err(OptionError::new("ramp.perMinute", "a whole number from 1 to 10^12"));
        }
        if self.growth_percent > LARGEST_GROWTH_PERCENT {
            return Err(OptionError::new("ramp.growthPercent", "a whole number from 0 to 10,000"));
        }
        if !(1..=LONGEST_SPAN_MS).contains(&self.every_ms) {
            return Err(OptionError::new("ramp.everyMs", "a whole number of milliseconds from 1 to 86,400,000"));
        }
        Ok(())
    }
}

impl HeaderOptions {
    /// How old what they state is.
    pub(crate) fn age(&self) -> Duration {
        Duration::from_millis(self.stale_ms.unwrap_or(0))
    }

    fn check(&self) -> Result<(), OptionError> {
        if self.factor.is_some_and(|factor| !(0.0..=LARGEST_FACTOR).contains(&factor)) {
            return Err(OptionError::new("headers.factor", "a number from 0 to 1,000"));
        }
        if self.stale_ms.is_some_and(|stale_ms| stale_ms > LONGEST_SPAN_MS) {
            return Err(OptionError::new("headers.staleMs", "a whole number of milliseconds up to 86,400,000"));
        }
        Ok(())
    }
}

impl Faults {
    /// The faults of which at most one happens to a request, by name.
    fn shares(&self) -> [(&'static str, f64); 7] {
        [
            ("faults.overloaded", self.overloaded),
            ("faults.error", self.error),
            ("faults.drop", self.drop),
            ("faults.cut", self.cut),
            ("faults.hang", self.hang),
            ("faults.streamError", self.stream_error),
            ("faults.slow", self.slow),
        ]
    }
}

/// An option that cannot be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OptionError {
    message: String,
}

impl OptionError {
    pub(crate) fn new(option: &str, wanted: &str) -> Self {
        Self { message: format!("simulator option {option}: expected {wanted}") }
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for OptionError {}

const LONGEST_WAIT_MS: u64 = 3_600_000;
/// How often a neighbour takes something.
pub(crate) const NEIGHBOUR_STEP_MS: u64 = 100;
/// A day, as for the longest period of a limit.
const LONGEST_SPAN_MS: u64 = 86_400_000;
/// A hundredfold from one span to the next limits nobody any more.
const LARGEST_GROWTH_PERCENT: u64 = 10_000;
/// A header that tells a thousand times the truth tells nothing.
const LARGEST_FACTOR: f64 = 1_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(json: &str) -> String {
        Options::from_json(json).unwrap_err().to_string()
    }

    #[test]
    fn no_options_are_good_options() {
        assert_eq!(Options::from_json("{}"), Ok(Options::default()));
    }

    #[test]
    fn a_wrong_option_is_named() {
        assert!(error_of(r#"{ "sed": 1 }"#).contains("unknown field `sed`"));
        assert!(error_of(r#"{ "limits": { "default": { "rpm": 0 } } }"#).contains(r#"limits["default"].rpm"#));
        assert!(error_of(r#"{ "faults": { "drop": 1.5 } }"#).contains("faults.drop"));
        assert!(error_of(r#"{ "faults": { "drop": 0.6, "hang": 0.6 } }"#).contains("add up"));
        assert!(error_of(r#"{ "timing": { "tokensPerSecond": 0 } }"#).contains("timing.tokensPerSecond"));
        for (json, name) in [
            (r#"{ "neighbour": { "everyMs": 10 } }"#, "neighbour.forMs"),
            (r#"{ "neighbour": { "forMs": 10 } }"#, "neighbour.everyMs"),
            (r#"{ "neighbour": { "everyMs": 0, "forMs": 0 } }"#, "neighbour.everyMs"),
            (r#"{ "neighbour": { "everyMs": 10, "forMs": 11 } }"#, "neighbour.forMs"),
            (r#"{ "storms": [{ "fromMs": 1, "untilMs": 2, "share": 2 }] }"#, "storms[0].share"),
            (r#"{ "storms": [{ "fromMs": 2, "untilMs": 2, "share": 1 }] }"#, "storms[0].untilMs"),
            (r#"{ "storms": [{ "fromMs": 2, "share": 1 }] }"#, "missing field `untilMs`"),
            (r#"{ "changes": [{ "atMs": 1, "limits": { "x": { "otpm": 0 } } }] }"#, r#"changes[0].limits["x"].otpm"#),
            (r#"{ "ramp": { "perMinute": 0, "growthPercent": 1, "everyMs": 1 } }"#, "ramp.perMinute"),
            (r#"{ "ramp": { "perMinute": 1, "growthPercent": 10001, "everyMs": 1 } }"#, "ramp.growthPercent"),
            (r#"{ "ramp": { "perMinute": 1, "growthPercent": 1, "everyMs": 0 } }"#, "ramp.everyMs"),
            (r#"{ "maxInFlight": 0 }"#, "maxInFlight"),
            (r#"{ "capacity": 0 }"#, "capacity"),
            (r#"{ "headers": { "factor": -1 } }"#, "headers.factor"),
            (r#"{ "headers": { "staleMs": 86400001 } }"#, "headers.staleMs"),
        ] {
            let error = error_of(json);
            assert!(error.contains(name), "{error} does not name {name}");
        }
    }

    #[test]
    fn a_neighbour_that_comes_and_goes_is_there_for_its_time_of_every_round() {
        let neighbour = Neighbour {
            from_ms: 1_000,
            every_ms: Some(500),
            for_ms: Some(200),
            until_ms: Some(2_300),
            ..Neighbour::default()
        };
        let present = [900, 1_100, 1_300, 1_500, 1_600, 2_250, 2_300, 9_000].map(|now| neighbour.present_ms(now));
        assert_eq!(present, [0, 100, 200, 200, 300, 600, 600, 600]);
    }
}
