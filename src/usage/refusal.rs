//! The class of an error that came inside a success.

use crate::headers::Kind;

/// The class that `word`, an error's type, code or status, names.
///
/// Sources, read 2026-11-23: <https://platform.claude.com/docs/en/api/errors> and npm:@anthropic-ai/sdk@1.12.0
/// `src/resources/shared.ts`; <https://developers.openai.com/api/docs/guides/error-codes>; Google's status names,
/// <https://ai.google.dev/gemini-api/docs/troubleshooting>, and the codes of its Interactions API,
/// <https://www.developersdigest.tech/errors/api/gemini-api>.
pub(super) fn of_word(word: &[u8]) -> Option<Kind> {
    Some(match word {
        b"rate_limit_error"
        | b"rate_limit_exceeded"
        | b"ramp_limit_exceeded"
        | b"slow_down"
        | b"tokens"
        | b"requests"
        | b"too_many_requests"
        | b"RESOURCE_EXHAUSTED" => Kind::RateLimit,
        b"overloaded_error" | b"server_is_overloaded" | b"service_unavailable_error" | b"UNAVAILABLE" => {
            Kind::Overloaded
        }
        b"billing_error"
        | b"enforced_spend_limit_reached"
        | b"contract_spend_limit_reached"
        | b"linked_organization_spend_limit_reached"
        | b"linked_organization_billing_unavailable"
        | b"insufficient_quota"
        | b"credit_balance_exhausted"
        | b"organization_spend_limit_exceeded"
        | b"project_spend_limit_exceeded"
        | b"organization_usage_limit_exceeded"
        | b"quota_exceeded" => Kind::QuotaExhausted,
        b"invalid_request_error"
        | b"authentication_error"
        | b"permission_error"
        | b"not_found_error"
        | b"conflict_error"
        | b"request_too_large"
        | b"context_length_exceeded"
        | b"invalid_request"
        | b"failed_precondition"
        | b"not_found"
        | b"INVALID_ARGUMENT"
        | b"PERMISSION_DENIED"
        | b"UNAUTHENTICATED"
        | b"NOT_FOUND"
        | b"FAILED_PRECONDITION" => Kind::ClientError,
        _ => return None,
    })
}

/// The class that `status`, an HTTP status written in the body, names.
pub(super) fn of_status(status: u64) -> Option<Kind> {
    Some(match status {
        429 => Kind::RateLimit,
        402 => Kind::QuotaExhausted,
        498 | 503 | 529 => Kind::Overloaded,
        400..=499 => Kind::ClientError,
        _ => return None,
    })
}

/// The more telling of two classes of one error: its type may say `rate_limit_error` where its code says that the
/// money is gone.
pub(super) fn more_telling(one: Kind, other: Kind) -> Kind {
    if rank(other) > rank(one) { other } else { one }
}

fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Ok => 0,
        // What an error is taken for until it says more.
        Kind::ServerError => 1,
        Kind::ClientError => 2,
        Kind::RateLimit => 3,
        Kind::Overloaded => 4,
        Kind::QuotaExhausted => 5,
    }
}

/// The longest word above has 39 bytes.
pub(super) const WORD_BYTES: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_outweighs_the_type_in_either_order() {
        assert_eq!(more_telling(Kind::RateLimit, Kind::QuotaExhausted), Kind::QuotaExhausted);
        assert_eq!(more_telling(Kind::QuotaExhausted, Kind::RateLimit), Kind::QuotaExhausted);
        assert_eq!(more_telling(Kind::ServerError, Kind::ClientError), Kind::ClientError);
    }

    #[test]
    fn statuses_and_words_agree() {
        assert_eq!(of_status(429), of_word(b"rate_limit_error"));
        assert_eq!(of_status(529), of_word(b"overloaded_error"));
        assert_eq!(of_status(402), of_word(b"billing_error"));
        assert_eq!(of_status(404), of_word(b"not_found_error"));
        assert_eq!(of_status(500), None);
        assert_eq!(of_word(b"something new"), None);
    }
}
