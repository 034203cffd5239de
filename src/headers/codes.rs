//! The words by which servers call their refusals.

/// Codes in the body that make a refusal [`Kind::QuotaExhausted`](super::Kind::QuotaExhausted), whoever sends them.
pub fn quota_codes() -> &'static [&'static str] {
    &QUOTA_CODES
}

/// Error types of AWS that make a refusal [`Kind::RateLimit`](super::Kind::RateLimit), whatever its status.
pub fn throttling_types() -> &'static [&'static str] {
    &AWS_THROTTLING
}

/// Whether `code` means that a quota is spent, whoever sends it.
#[inline(never)]
pub(crate) fn is_quota_code(code: &[u8]) -> bool {
    QUOTA_CODES.iter().any(|known| known.as_bytes() == code)
}

/// Whether `name` is a throttling error of AWS, as in `x-amzn-errortype`, perhaps with its namespace or
/// twice.
pub(crate) fn is_throttling(name: &[u8]) -> bool {
    let name = name.split(|byte| matches!(byte, b':' | b',')).next().unwrap_or_default();
    let name = name.rsplit(|&byte| byte == b'#').next().unwrap_or_default();
    AWS_THROTTLING.iter().any(|known| known.as_bytes() == name)
}

/// Codes that mean a balance, a cap or an allowance that is used up.
///
/// Anthropic: npm:@anthropic-ai/sdk@1.12.0 src/resources/shared.ts.
/// OpenAI: <https://developers.openai.com/api/docs/guides/error-codes>.
const QUOTA_CODES: [&str; 12] = [
    "enforced_spend_limit_reached",
    "contract_spend_limit_reached",
    "linked_organization_spend_limit_reached",
    "linked_organization_billing_unavailable",
    "billing_error",
    "insufficient_quota",
    "credit_balance_exhausted",
    "organization_spend_limit_exceeded",
    "project_spend_limit_exceeded",
    "organization_usage_limit_exceeded",
    "billing_hard_limit_reached",
    "billing_not_active",
];

/// Codes that mean that the use grows too fast.
///
/// Anthropic: npm:@anthropic-ai/sdk@1.12.0 src/resources/shared.ts.
/// OpenAI: <https://developers.openai.com/api/docs/guides/error-codes>.
pub(crate) const GROWTH_CODES: [&str; 2] = ["ramp_limit_exceeded", "slow_down"];

/// How Anthropic's refusals begin that carry no code for a limit that the user set, or for a balance.
pub(crate) const QUOTA_MESSAGES: [&str; 3] = [
    "You have reached your specified API usage limits",
    "You have reached your specified workspace API usage limits",
    "Your credit balance is too low",
];

/// npm:@octokit/plugin-throttling@11.0.5; the last is how GitHub's primary refusal begins.
pub(crate) const GITHUB_MESSAGES: [&str; 3] = ["secondary rate limit", "abuse detection", "api rate limit exceeded"];

/// npm:@smithy/core@3.41.0 service-error-classification.
const AWS_THROTTLING: [&str; 14] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
];
