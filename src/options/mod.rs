//! From the user's options to a [`Policy`]: parsed once, wrong in one clear place or right for good.

mod limits;
mod provider;
mod queue;
mod reader;
mod value;

use alloc::boxed::Box;

pub(crate) use self::reader::Field;
pub use self::reader::OptionError;
pub use self::value::{Value, record};
use crate::backoff::{Backoff, Jitter};
use crate::forecast::Forecasts;
use crate::policy::{BudgetPolicy, Conventions, CountPolicy, Policy, RetryPolicy};
use crate::time::Duration;

/// Reads the options of a limiter.
///
/// ```
/// use tidegate::options::{Value, parse, record};
///
/// let wrong = record([("limits", record([("claude-*", record([("rpm", Value::from(-5.0))]))]))]);
/// assert_eq!(
///     parse(&wrong).unwrap_err().to_string(),
///     r#"Option limits["claude-*"].rpm is -5. Use a whole number from 1 to 1,000,000,000,000."#,
/// );
/// ```
///
/// # Errors
///
/// The first option that is unknown, of the wrong type, out of its range or in contradiction to another.
pub fn parse(options: &Value) -> Result<Policy, OptionError> {
    policy(&Field::root(options)).map_err(|error| *error)
}

/// Reads the option `provider` by itself.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_provider(provider: &Value) -> Result<Conventions, OptionError> {
    provider::read(&Field::root(&Value::Nothing).member("provider", provider)).map_err(|error| *error)
}

fn policy(field: &Field<'_>) -> Result<Policy, Box<OptionError>> {
    // The last four are the driver's own: it takes them out, and they are named here for whoever misspells one.
    field.expect_record(&[
        "limits",
        "retry",
        "queue",
        "provider",
        "countTokens",
        "learned",
        "saved",
        "fetch",
        "clock",
        "seed",
    ])?;
    let mut policy = Policy::default();
    limits::read(&field.field("limits"), &mut policy)?;
    policy.retry = retry(&field.field("retry"))?;
    queue::read(&field.field("queue"), &mut policy)?;
    if let Some(provider) = field.given("provider") {
        policy.provider = Some(provider::read(&provider)?);
    }
    if let Some(count) = field.given("countTokens") {
        policy.count_tokens = count_tokens(&count)?;
    }
    if let Some(learned) = field.given("learned") {
        policy.learned = Forecasts::read(&learned)?;
    }
    Ok(policy)
}

fn retry(field: &Field<'_>) -> Result<RetryPolicy, Box<OptionError>> {
    if field.is_false() {
        return Ok(RetryPolicy::NONE);
    }
    field.expect_record(&["attempts", "baseMs", "factor", "capMs", "jitter", "budget"])?;
    let mut retry = RetryPolicy::default();
    let (mut base, mut factor, mut cap, mut jitter) = (500, 200, 60_000, Jitter::default());
    if let Some(attempts) = field.given("attempts") {
        retry.attempts = u8::try_from(attempts.whole(1, 100)?).unwrap_or(u8::MAX);
    }
    if let Some(base_ms) = field.given("baseMs") {
        base = base_ms.whole(1, DAY_MS)?;
    }
    if let Some(growth) = field.given("factor") {
        factor = (growth.number(1, 100)? * 100.0) as u32;
    }
    if let Some(cap_ms) = field.given("capMs") {
        cap = cap_ms.whole(1, DAY_MS)?;
        if cap < base {
            return Err(cap_ms.error("The cap is below retry.baseMs: raise the one or lower the other."));
        }
    }
    if let Some(kind) = field.given("jitter") {
        jitter = kind.choice(JITTERS)?;
    }
    if let Some(budget) = field.given("budget") {
        retry.budget = retry_budget(&budget)?;
    }
    retry.backoff = Backoff::new(Duration::from_millis(base), factor, Duration::from_millis(cap.max(base)), jitter);
    Ok(retry)
}

fn retry_budget(field: &Field<'_>) -> Result<Option<BudgetPolicy>, Box<OptionError>> {
    if field.is_false() {
        return Ok(None);
    }
    if !field.is_record() {
        return Err(field.error("Use false, or an object with share and floorPerSecond."));
    }
    field.expect_record(&["share", "floorPerSecond"])?;
    let mut budget = BudgetPolicy::default();
    if let Some(share) = field.given("share") {
        budget.share_permille = (share.number(0, 1)? * 1_000.0) as u32;
    }
    if let Some(floor) = field.given("floorPerSecond") {
        budget.floor_per_second = u32::try_from(floor.whole(0, MOST_RETRIES)?).unwrap_or(u32::MAX);
    }
    Ok(Some(budget))
}

fn count_tokens(field: &Field<'_>) -> Result<Option<CountPolicy>, Box<OptionError>> {
    if let Ok(is_on) = field.truth() {
        return Ok(is_on.then(CountPolicy::default));
    }
    if !field.is_record() {
        return Err(field.error("Use true, false, or an object with aboveTokens and maxWaitMs."));
    }
    field.expect_record(&["aboveTokens", "maxWaitMs"])?;
    let mut count = CountPolicy::default();
    if let Some(above) = field.given("aboveTokens") {
        count.above_tokens = above.whole(0, MOST_TOKENS)?;
    }
    if let Some(wait) = field.given("maxWaitMs") {
        count.max_wait = Duration::from_millis(wait.whole(1, MOST_COUNT_WAIT_MS)?);
    }
    Ok(Some(count))
}

/// More retries a second than any program makes.
const MOST_RETRIES: u64 = 1_000_000;

const DAY_MS: u64 = 86_400_000;

/// What an estimate can hold.
const MOST_TOKENS: u64 = 4_294_967_295;

/// Ten minutes: whoever waits longer for an estimate had better send the request.
const MOST_COUNT_WAIT_MS: u64 = 600_000;

const JITTERS: &[(&str, Jitter)] =
    &[("full", Jitter::Full), ("none", Jitter::None), ("equal", Jitter::Equal), ("decorrelated", Jitter::Decorrelated)];

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};
    use alloc::vec;

    use super::*;
    use crate::headers::{CustomLimit, CustomProvider, Kind, Unit};
    use crate::provider::Provider;

    fn error(options: &Value) -> String {
        parse(options).expect_err("the options are wrong").to_string()
    }

    fn limits(scope: &str, fields: Value) -> Value {
        record([("limits", record([(scope, fields)]))])
    }

    fn described<const N: usize>(fields: [(&str, Value); N]) -> Value {
        record([("provider", record(fields))])
    }

    fn described_limit<const N: usize>(fields: [(&str, Value); N]) -> Value {
        described([("limits", Value::List(vec![record(fields)]))])
    }

    fn list<const N: usize>(items: [&str; N]) -> Value {
        Value::List(items.map(Value::from).into())
    }

    #[test]
    fn every_known_provider_can_be_named() {
        for provider in Provider::ALL {
            assert_eq!(parse_provider(&provider.name().into()), Ok(Conventions::Named(provider)));
        }
        assert_eq!(parse_provider(&"anthropic-aws".into()), Ok(Conventions::Named(Provider::Anthropic)));
    }

    #[test]
    fn an_unknown_api_can_be_described() {
        let limit = record([
            ("dimension", "requests".into()),
            ("limit", "X-Quota".into()),
            ("remaining", "X-Quota-Left".into()),
            ("reset", "X-Quota-Renews".into()),
            ("unit", "epoch_milliseconds".into()),
            ("windowMs", 60_000.0.into()),
        ]);
        let provider = record([
            ("like", "github".into()),
            ("limits", Value::List(vec![limit])),
            ("retryAfter", record([("header", "X-Wait".into()), ("unit", "milliseconds".into())])),
            ("statuses", record([("420", "rate_limit".into())])),
        ]);
        let described = CustomProvider {
            like: Provider::GitHub,
            limits: vec![CustomLimit {
                dimension: "requests".into(),
                limit: Some("X-Quota".into()),
                remaining: Some("X-Quota-Left".into()),
                reset: Some("X-Quota-Renews".into()),
                unit: Unit::EpochMillis,
                window: Some(Duration::MINUTE),
            }],
            retry_after: Some(("X-Wait".into(), Unit::Millis)),
            statuses: vec![(420, Kind::RateLimit)],
        };
        assert_eq!(parse_provider(&provider), Ok(Conventions::Described(described.into())));
    }

    #[test]
    fn the_budget_of_retries_can_be_set_and_switched_off() {
        let budget = |budget: Value| {
            parse(&record([("retry", record([("budget", budget)]))])).expect("the options are right").retry.budget
        };
        let own = record([("share", 0.05.into()), ("floorPerSecond", 3.0.into())]);
        assert_eq!(budget(own), Some(BudgetPolicy { share_permille: 50, floor_per_second: 3 }));
        assert_eq!(budget(record([])), Some(BudgetPolicy { share_permille: 200, floor_per_second: 10 }));
        assert_eq!(budget(Value::Bool(false)), None);
    }

    #[test]
    fn nothing_is_a_policy_too() {
        assert!(parse(&Value::Nothing).is_ok());
        assert!(parse(&record([])).is_ok());
    }

    #[test]
    fn every_wrong_option_is_named_with_its_value_and_its_fix() {
        for (options, expected) in [
            (Value::from("x"), r#"Option (all) is "x". Use an object."#),
            (
                record([("limit", 3.0.into())]),
                "Option limit is 3. There is no such option; use limits, retry, queue, provider, countTokens, learned, saved, fetch, clock or seed.",
            ),
            (
                limits("m", record([("rpm", 0.0.into())])),
                "Option limits.m.rpm is 0. Use a whole number from 1 to 1,000,000,000,000.",
            ),
            (
                limits("m", record([("rpm", "60".into())])),
                r#"Option limits.m.rpm is "60". Use a whole number from 1 to 1,000,000,000,000."#,
            ),
            (
                limits("m", record([("rpm", f64::NAN.into())])),
                "Option limits.m.rpm is NaN. Use a whole number from 1 to 1,000,000,000,000.",
            ),
            (
                limits("m", record([("rpm", 1.5.into())])),
                "Option limits.m.rpm is 1.500. Use a whole number from 1 to 1,000,000,000,000.",
            ),
            (
                limits("m", record([("rmp", 1.0.into())])),
                "Option limits.m.rmp is 1. There is no such option; use models, published, rps, rpm, rph, rpd, itpm, otpm, tpm, tpd, concurrency or limits.",
            ),
            (limits("m", 60.0.into()), "Option limits.m is 60. Use an object."),
            (limits("m", record([])), "Option limits.m is an object. Give it at least one limit, or leave it out."),
            (record([("retry", Value::Bool(true))]), "Option retry is true. Use an object."),
            (
                record([("retry", record([("attempts", 0.0.into())]))]),
                "Option retry.attempts is 0. Use a whole number from 1 to 100.",
            ),
            (
                record([("retry", record([("jitter", "some".into())]))]),
                r#"Option retry.jitter is "some". Use full, none, equal or decorrelated."#,
            ),
            (
                record([("retry", record([("capMs", 10.0.into())]))]),
                "Option retry.capMs is 10. The cap is below retry.baseMs: raise the one or lower the other.",
            ),
            (
                record([("retry", record([("budget", 0.2.into())]))]),
                "Option retry.budget is 0.200. Use false, or an object with share and floorPerSecond.",
            ),
            (
                record([("retry", record([("budget", record([("share", 20.0.into())]))]))]),
                "Option retry.budget.share is 20. Use a number from 0 to 1.",
            ),
            (
                record([("retry", record([("budget", record([("floorPerSecond", 0.5.into())]))]))]),
                "Option retry.budget.floorPerSecond is 0.500. Use a whole number from 0 to 1,000,000.",
            ),
            (
                record([("queue", record([("maxWaitMs", f64::INFINITY.into())]))]),
                "Option queue.maxWaitMs is Infinity. Use a whole number from 0 to 2,678,400,000.",
            ),
            (
                record([("queue", record([("concurrency", 0.0.into())]))]),
                "Option queue.concurrency is 0. Use a whole number from 1 to 8,000,000.",
            ),
            (
                record([("queue", record([("headroom", 1.0.into())]))]),
                r#"Option queue.headroom is 1. Use "auto" or a number from 0 to 0.9."#,
            ),
            (
                record([("queue", record([("ageingMs", 0.0.into())]))]),
                "Option queue.ageingMs is 0. Use a whole number from 1 to 86,400,000.",
            ),
            (record([("queue", record([("shares", 2.0.into())]))]), "Option queue.shares is 2. Use an object."),
            (
                record([("queue", record([("shares", record([("team-*", 0.0.into())]))]))]),
                r#"Option queue.shares["team-*"] is 0. Use a number from 0.001 to 1,000,000."#,
            ),
            (
                record([("queue", record([("shares", record([("team-*", "2".into())]))]))]),
                r#"Option queue.shares["team-*"] is "2". Use a number from 0.001 to 1,000,000."#,
            ),
            (
                record([("queue", record([("shares", record([("a*", 2.0.into()), ("*b", 3.0.into())]))]))]),
                r#"Option queue.shares["*b"] is 3. Some tenants match it and queue.shares["a*"], and neither is more specific: make one so."#,
            ),
            (
                record([("countTokens", "large".into())]),
                r#"Option countTokens is "large". Use true, false, or an object with aboveTokens and maxWaitMs."#,
            ),
            (
                record([("countTokens", record([("aboveTokens", (-1.0).into())]))]),
                "Option countTokens.aboveTokens is -1. Use a whole number from 0 to 4,294,967,295.",
            ),
            (
                record([("countTokens", record([("maxWaitMs", 0.0.into())]))]),
                "Option countTokens.maxWaitMs is 0. Use a whole number from 1 to 600,000.",
            ),
            (
                record([("countTokens", record([("above", 5.0.into())]))]),
                "Option countTokens.above is 5. There is no such option; use aboveTokens or maxWaitMs.",
            ),
            (
                record([("provider", "claude".into())]),
                r#"Option provider is "claude". Use anthropic, openai, azure-openai, groq, mistral, cohere, gemini, vertex, bedrock, aws, together, fireworks, deepseek, xai, openrouter, cerebras, sambanova, digitalocean, github, x, shopify, discord, slack, stripe, atlassian, salesforce, hubspot or generic, or an object that describes the API."#,
            ),
            (
                described([]),
                "Option provider is an object. Describe its limits, its retryAfter or its statuses, or give a name alone.",
            ),
            (
                described([("limit", list([]))]),
                "Option provider.limit is a list of 0. There is no such option; use like, limits, retryAfter or statuses.",
            ),
            (described([("limits", record([]))]), "Option provider.limits is an object. Use a list."),
            (
                described([("limits", Value::List(vec![3.0.into(); 17]))]),
                "Option provider.limits is a list of 17. Describe at most 16 limits.",
            ),
            (described([("limits", list(["x"]))]), r#"Option provider.limits[0] is "x". Use an object."#),
            (
                described_limit([("remaining", "x-left".into())]),
                "Option provider.limits[0].dimension is nothing. Use a text that is not empty.",
            ),
            (
                described_limit([("dimension", "requests".into()), ("reset", "x-reset".into())]),
                "Option provider.limits[0] is an object. Name the header field of its limit, of its remaining, or of both.",
            ),
            (
                described_limit([("dimension", "requests".into()), ("remaining", "X-Left: ".into())]),
                r#"Option provider.limits[0].remaining is "X-Left: ". Use the name of a header field."#,
            ),
            (
                described_limit([("dimension", "requests".into()), ("limit", "x".into()), ("unit", "hours".into())]),
                r#"Option provider.limits[0].unit is "hours". Use any, seconds, milliseconds, epoch_seconds, epoch_milliseconds, duration, rfc3339 or http_date."#,
            ),
            (
                described_limit([("dimension", "requests".into()), ("limit", "x".into()), ("windowMs", 0.0.into())]),
                "Option provider.limits[0].windowMs is 0. Use a whole number from 1 to 2,678,400,000.",
            ),
            (
                described([("retryAfter", record([("unit", "seconds".into())]))]),
                "Option provider.retryAfter.header is nothing. Use the name of a header field.",
            ),
            (
                described([("statuses", record([("42", "rate_limit".into())]))]),
                r#"Option provider.statuses.42 is "rate_limit". Use a status of three digits as the key."#,
            ),
            (
                described([("statuses", record([("420", "slow_down".into())]))]),
                r#"Option provider.statuses.420 is "slow_down". Use ok, rate_limit, overloaded, quota_exhausted, server_error or client_error."#,
            ),
        ] {
            assert_eq!(error(&options), expected);
        }
    }

    #[test]
    fn two_patterns_that_claim_a_model_alike_are_refused() {
        let rpm = || record([("rpm", 1.0.into())]);
        let alike = record([("limits", record([("claude-*-5", rpm()), ("claude-op*", rpm())]))]);
        assert_eq!(
            error(&alike),
            "Option limits[\"claude-op*\"] is an object. It claims the same models as limits[\"claude-*-5\"], and neither \
             is more specific: write more of the name in one of them."
        );
        let closer = record([("limits", record([("claude-*", rpm()), ("claude-opus-*", rpm())]))]);
        assert!(parse(&closer).is_ok());
        let named = |name: &str, model: &str| {
            (name.to_string(), record([("rpm", 1.0.into()), ("models", Value::List(vec![model.into()]))]))
        };
        let twice = record([("limits", Value::Record(vec![named("a", "gpt-5"), named("b", "gpt-5")]))]);
        assert!(
            error(&twice)
                .starts_with("Option limits.b.models[0] is \"gpt-5\". It claims the same models as limits.a.models[0]")
        );
    }

    #[test]
    fn counting_is_off_unless_it_is_asked_for() {
        let counting = |value: Value| parse(&record([("countTokens", value)])).expect("right").count_tokens;
        assert_eq!([counting(Value::Nothing), counting(Value::Bool(false))], [None; 2]);
        assert_eq!([counting(Value::Bool(true)), counting(record([]))], [Some(CountPolicy::default()); 2]);
        let own = counting(record([("aboveTokens", 500.0.into()), ("maxWaitMs", 250.0.into())]));
        assert_eq!(own, Some(CountPolicy { above_tokens: 500, max_wait: Duration::from_millis(250) }));
    }

    #[test]
    fn no_retry_is_one_attempt() {
        let policy = parse(&record([("retry", Value::Bool(false))])).expect("right");
        assert_eq!(policy.retry.attempts, 1);
    }
}
