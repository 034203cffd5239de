//! The class of an error that came inside a success.

use crate::headers::{Kind, is_quota_code};
use crate::names;

/// The class that `word`, an error's type, code or status, names.
///
/// Sources, read 2026-11-23: <https://platform.claude.com/docs/en/api/errors> and npm:@anthropic-ai/sdk@1.12.0
/// `src/resources/shared.ts`; <https://developers.openai.com/api/docs/guides/error-codes>; Google's status names,
/// <https://ai.google.dev/gemini-api/docs/troubleshooting>, and the codes of its Interactions API,
/// <https://www.developersdigest.tech/errors/api/gemini-api>; read 2026-11-27: the exceptions in the streams of Bedrock,
/// npm:@aws-sdk/client-bedrock-runtime@3.1164.0.
pub(crate) fn of_word(word: &[u8]) -> Option<Kind> {
    if is_quota_code(word) { Some(Kind::QuotaExhausted) } else { names::find(WORDS, word) }
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
pub(crate) fn more_telling(one: Kind, other: Kind) -> Kind {
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

const WORDS: &[(&str, Kind)] = &[
    ("rate_limit_error", Kind::RateLimit),
    ("rate_limit_exceeded", Kind::RateLimit),
    ("ramp_limit_exceeded", Kind::RateLimit),
    ("slow_down", Kind::RateLimit),
    ("tokens", Kind::RateLimit),
    ("requests", Kind::RateLimit),
    ("too_many_requests", Kind::RateLimit),
    ("RESOURCE_EXHAUSTED", Kind::RateLimit),
    ("rate_limit_reached", Kind::RateLimit),
    ("throttlingException", Kind::RateLimit),
    ("ThrottlingException", Kind::RateLimit),
    ("overloaded_error", Kind::Overloaded),
    ("server_is_overloaded", Kind::Overloaded),
    ("service_unavailable_error", Kind::Overloaded),
    ("UNAVAILABLE", Kind::Overloaded),
    ("serviceUnavailableException", Kind::Overloaded),
    ("quota_exceeded", Kind::QuotaExhausted),
    ("invalid_request_error", Kind::ClientError),
    ("validationException", Kind::ClientError),
    ("authentication_error", Kind::ClientError),
    ("permission_error", Kind::ClientError),
    ("not_found_error", Kind::ClientError),
    ("conflict_error", Kind::ClientError),
    ("request_too_large", Kind::ClientError),
    ("context_length_exceeded", Kind::ClientError),
    ("invalid_request", Kind::ClientError),
    ("invalid_prompt", Kind::ClientError),
    ("failed_precondition", Kind::ClientError),
    ("not_found", Kind::ClientError),
    ("INVALID_ARGUMENT", Kind::ClientError),
    ("PERMISSION_DENIED", Kind::ClientError),
    ("UNAUTHENTICATED", Kind::ClientError),
    ("NOT_FOUND", Kind::ClientError),
    ("FAILED_PRECONDITION", Kind::ClientError),
    ("api_error", Kind::ServerError),
    ("server_error", Kind::ServerError),
    ("timeout_error", Kind::ServerError),
    ("INTERNAL", Kind::ServerError),
    ("DEADLINE_EXCEEDED", Kind::ServerError),
];

/// The longest of them, and of the codes of a spent quota, has 39 bytes.
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
