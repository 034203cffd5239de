//! Who answered, where nobody says so.

use super::block::HeaderBlock;
use super::vendor::CONVENTIONS;
use crate::provider::Provider;

/// The first provider in the table of which a header bears the mark.
pub(crate) fn provider(headers: HeaderBlock<'_>) -> Option<Provider> {
    let mut candidates = &CONVENTIONS[..];
    let mut found = None;
    for (name, _) in headers.iter() {
        let bears =
            |mark: &&str| name.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark.as_bytes()));
        if let Some(index) = candidates.iter().position(|vendor| vendor.marks.iter().any(&bears)) {
            found = Some(candidates[index].provider);
            candidates = &candidates[..index];
        }
        if candidates.is_empty() {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_known_by_its_headers() {
        for (headers, provider) in [
            ("date: x\nAnthropic-RateLimit-Requests-Limit: 1", Some(Provider::Anthropic)),
            ("x-ratelimit-limit-tokens: 1\nopenai-processing-ms: 5", Some(Provider::OpenAi)),
            ("openai-processing-ms: 5\nazureml-model-session: d", Some(Provider::AzureOpenAi)),
            ("x-ratelimit-limit: 1\nX-GitHub-Request-Id: 1", Some(Provider::GitHub)),
            ("x-amzn-requestid: 1", Some(Provider::Aws)),
            ("x-ratelimit-limit: 1", None),
            // A content network in front, a hosting platform below, a gateway's own names: anybody's.
            ("x-amz-cf-id: 1\nx-do-app-origin: a\nx-ratelimit-scope: user\nx-rate-limit-limit: 1", None),
            ("", None),
        ] {
            assert_eq!(super::provider(HeaderBlock::new(headers.as_bytes())), provider, "{headers}");
        }
    }
}
