//! The option `limits`: which models share which limits.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::reader::{Field, OptionError, Record};
use crate::cost::Dimension;
use crate::ledger::{Limit, Origin};
use crate::pattern::Pattern;
use crate::policy::{Policy, ScopePolicy};
use crate::quota::{Enforcement, Quota};
use crate::time::Duration;

/// Reads `limits` into `policy`.
pub(super) fn read(field: &Field<'_>, policy: &mut Policy) -> Result<(), OptionError> {
    let mut claims: Vec<Claim<'_>> = Vec::new();
    for (name, value) in field.entries()? {
        let scope = field.child(name, value);
        let options = scope.record(SCOPE_OPTIONS)?;
        let limits = scope_limits(&scope, &options)?;
        if name == DEFAULT {
            if let Some(models) = options.given("models") {
                return Err(models.error("The default is for every other model: give the scope another name."));
            }
            policy.default = Some(limits);
            continue;
        }
        let first = claims.len();
        match options.given("models") {
            None => claims.push(Claim::new(scope.clone(), Pattern::new(name))),
            Some(models) => {
                for model in models.items()? {
                    let pattern = Pattern::new(model.text()?);
                    claims.push(Claim::new(model, pattern));
                }
                if claims.len() == first {
                    return Err(models.error("Name at least one model, or leave it out to use the key as the pattern."));
                }
            }
        }
        let models = claims[first..].iter().map(|claim| claim.pattern.clone()).collect();
        policy.scopes.push(ScopePolicy { name: name.to_string(), models, limits });
    }
    refuse_ambiguity(&claims)
}

/// A pattern and where it was written.
struct Claim<'a> {
    field: Field<'a>,
    pattern: Pattern,
}

impl<'a> Claim<'a> {
    const fn new(field: Field<'a>, pattern: Pattern) -> Self {
        Self { field, pattern }
    }
}

fn refuse_ambiguity(claims: &[Claim<'_>]) -> Result<(), OptionError> {
    for (index, later) in claims.iter().enumerate() {
        for earlier in &claims[..index] {
            let alike = earlier.pattern.specificity() == later.pattern.specificity();
            if alike && earlier.pattern.overlaps(&later.pattern) {
                return Err(later.field.error(format!(
                    "It claims the same models as {}, and neither is more specific: write more of the name in one of \
                     them.",
                    earlier.field.error(String::new()).option
                )));
            }
        }
    }
    Ok(())
}

fn scope_limits(scope: &Field<'_>, options: &Record<'_>) -> Result<Vec<Limit>, OptionError> {
    let origin = match options.given("published") {
        Some(date) => date.text().map(|_| Origin::Published)?,
        None => Origin::Configured,
    };
    let mut limits = Vec::new();
    for (name, dimension, period) in SHORTHANDS {
        if let Some(amount) = options.given(name) {
            let quota = Quota::new(amount.whole(1, Quota::MAX_AMOUNT)?, *period);
            limits.push(Limit::new(*dimension, quota, origin));
        }
    }
    if let Some(most) = options.given("concurrency") {
        limits.push(Limit::concurrency(most.whole(1, Quota::MAX_AMOUNT)?));
    }
    for limit in options.field("limits").items()? {
        limits.push(long_form(&limit, origin)?);
    }
    if limits.is_empty() {
        return Err(scope.error("Give it at least one limit, or leave it out."));
    }
    Ok(limits)
}

fn long_form(field: &Field<'_>, origin: Origin) -> Result<Limit, OptionError> {
    let options = field.record(&["dimension", "amount", "periodMs", "burst", "enforcement"])?;
    let dimension = options.field("dimension").choice(DIMENSIONS)?;
    let amount = options.field("amount").whole(1, Quota::MAX_AMOUNT)?;
    if dimension == Dimension::Concurrency {
        for name in ["periodMs", "burst", "enforcement"] {
            if let Some(needless) = options.given(name) {
                return Err(
                    needless.error("Concurrency counts what is in flight, not what happens in a period: leave it out.")
                );
            }
        }
        return Ok(Limit::concurrency(amount));
    }
    let longest = Quota::MAX_PERIOD.as_millis_ceil();
    let period = Duration::from_millis(options.field("periodMs").whole(1, longest)?);
    let mut quota = Quota::new(amount, period);
    if let Some(enforcement) = options.given("enforcement") {
        quota = quota.with_enforcement(enforcement.choice(ENFORCEMENTS)?);
    }
    if let Some(burst) = options.given("burst") {
        if quota.enforcement() != Enforcement::TokenBucket {
            return Err(burst.error("Only a token-bucket has a burst: leave it out."));
        }
        quota = quota.with_burst(burst.whole(1, Quota::MAX_AMOUNT)?);
    }
    Ok(Limit::new(dimension, quota, origin))
}

/// The scope of every model that no other scope claims.
const DEFAULT: &str = "default";

const SCOPE_OPTIONS: &[&str] =
    &["models", "published", "rps", "rpm", "rph", "rpd", "itpm", "otpm", "tpm", "tpd", "concurrency", "limits"];

const SHORTHANDS: &[(&str, Dimension, Duration)] = &[
    ("rps", Dimension::Requests, Duration::SECOND),
    ("rpm", Dimension::Requests, Duration::MINUTE),
    ("rph", Dimension::Requests, Duration::from_secs(3_600)),
    ("rpd", Dimension::Requests, Duration::DAY),
    ("itpm", Dimension::InputTokens, Duration::MINUTE),
    ("otpm", Dimension::OutputTokens, Duration::MINUTE),
    ("tpm", Dimension::TotalTokens, Duration::MINUTE),
    ("tpd", Dimension::TotalTokens, Duration::DAY),
];

const DIMENSIONS: &[(&str, Dimension)] = &[
    ("requests", Dimension::Requests),
    ("input_tokens", Dimension::InputTokens),
    ("output_tokens", Dimension::OutputTokens),
    ("tokens", Dimension::TotalTokens),
    ("concurrency", Dimension::Concurrency),
    ("custom", Dimension::Custom),
];

const ENFORCEMENTS: &[(&str, Enforcement)] = &[
    ("token-bucket", Enforcement::TokenBucket),
    ("fixed-window", Enforcement::FixedWindow),
    ("sliding-window", Enforcement::SlidingWindow),
];
