//! What can be asked of a simulated server.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use crate::groups::Tier;
use crate::limits::Limits;

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
    /// Somebody else who uses the same quota.
    pub neighbour: Neighbour,
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

/// Somebody else who takes a share of every limit, steadily and never more than fits.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Neighbour {
    /// The share of each limit, from 0 to 1. Default 0: nobody.
    pub share: f64,
    /// When it comes, in milliseconds of the caller's clock. Default 0.
    pub from_ms: u64,
    /// When it goes. Default: never.
    pub until_ms: Option<u64>,
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
            limits.check(group)?;
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
    }
}
