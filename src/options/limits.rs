//! The option `limits`: which models share which limits.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::reader::{Field, OptionError};
use crate::cost::Dimension;
use crate::ledger::{Limit, Origin};
use crate::pattern::Pattern;
use crate::patterns::Patterns;
use crate::policy::{Policy, ScopePolicy};
use crate::quota::{Enforcement, Quota};
use crate::time::Duration;

/// Reads `limits` into `policy`.
pub(super) fn read(field: &Field<'_>, policy: &mut Policy) -> Result<(), Box<OptionError>> {
    let mut claims = Claims::default();
    for (name, value) in field.entries()? {
        let scope = field.member(name, value);
        let limits = scope_limits(&scope)?;
        let models = scope.given("models");
        if name == DEFAULT {
            if let Some(models) = models {
                return Err(models.error("The default is for every other model: give the scope another name."));
            }
            policy.default = Some(limits);
            continue;
        }
        let mut patterns = Vec::new();
        match models {
            None => patterns.push(claims.claim(&scope, name)?),
            Some(models) => {
                for (index, model) in models.items()?.iter().enumerate() {
                    let model = models.item(index, model);
                    patterns.push(claims.claim(&model, model.text()?)?);
                }
                if patterns.is_empty() {
                    return Err(models.error("Name at least one model, or leave it out to use the key as the pattern."));
                }
            }
        }
        policy.scopes.push(ScopePolicy { name: name.clone(), models: patterns, limits });
    }
    Ok(())
}

/// All patterns, and where they were written.
#[derive(Default)]
struct Claims {
    patterns: Patterns,
    paths: Vec<String>,
}

impl Claims {
    /// What `field` claims, unless it is unclear whether it or an earlier claim has a model.
    fn claim(&mut self, field: &Field<'_>, pattern: &str) -> Result<Pattern, Box<OptionError>> {
        let pattern = Pattern::new(pattern);
        if let Some(earlier) = self.patterns.rival(&pattern).and_then(|earlier| self.paths.get(earlier as usize)) {
            return Err(field.error(&format!(
                "It claims the same models as {earlier}, and neither is more specific: write more of the name in one of them."
            )));
        }
        self.patterns.insert(&pattern, u32::try_from(self.paths.len()).unwrap_or(u32::MAX));
        self.paths.push(field.path());
        Ok(pattern)
    }
}

fn scope_limits(scope: &Field<'_>) -> Result<Vec<Limit>, Box<OptionError>> {
    scope.expect_record(SCOPE_OPTIONS)?;
    let origin = match scope.given("published") {
        Some(date) => date.text().map(|_| Origin::Published)?,
        None => Origin::Configured,
    };
    let mut limits = Vec::new();
    for (name, dimension, period) in SHORTHANDS {
        if let Some(amount) = scope.given(name) {
            let quota = Quota::new(amount.whole(1, Quota::MAX_AMOUNT)?, *period);
            limits.push(Limit::new(*dimension, quota, origin));
        }
    }
    if let Some(most) = scope.given("concurrency") {
        limits.push(Limit::concurrency(most.whole(1, Quota::MAX_AMOUNT)?));
    }
    let long_forms = scope.field("limits");
    for (index, limit) in long_forms.items()?.iter().enumerate() {
        limits.push(long_form(&long_forms.item(index, limit), origin)?);
    }
    if limits.is_empty() {
        return Err(scope.error("Give it at least one limit, or leave it out."));
    }
    Ok(limits)
}

fn long_form(limit: &Field<'_>, origin: Origin) -> Result<Limit, Box<OptionError>> {
    limit.expect_record(&["dimension", "amount", "periodMs", "burst", "enforcement"])?;
    let dimension = limit.field("dimension").choice(DIMENSIONS)?;
    let amount = limit.field("amount").whole(1, Quota::MAX_AMOUNT)?;
    if dimension == Dimension::Concurrency {
        for name in ["periodMs", "burst", "enforcement"] {
            if let Some(needless) = limit.given(name) {
                return Err(
                    needless.error("Concurrency counts what is in flight, not what happens in a period: leave it out.")
                );
            }
        }
        return Ok(Limit::concurrency(amount));
    }
    let longest = Quota::MAX_PERIOD.as_millis_ceil();
    let period = Duration::from_millis(limit.field("periodMs").whole(1, longest)?);
    let mut quota = Quota::new(amount, period);
    if let Some(enforcement) = limit.given("enforcement") {
        quota = quota.with_enforcement(enforcement.choice(ENFORCEMENTS)?);
    }
    if let Some(burst) = limit.given("burst") {
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
