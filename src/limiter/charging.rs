//! How each provider charges: what a request takes as it is admitted, what is corrected later, and what is free.

use crate::names;
use crate::provider::Provider;

/// How a provider counts the model tokens of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Charging {
    /// What counts of the output.
    pub(super) output: Output,
    /// Whether what the answer says it used is charged in the end. Otherwise the admission's charge stays.
    pub(super) settles: bool,
    /// Whether tokens that were read from a cache count.
    pub(super) cache_reads: CacheReads,
    /// Whether a request that was refused, or failed on the server, stays charged.
    pub(super) failures_count: bool,
}

/// What counts of the output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Output {
    /// What is written, as it appears; the maximum of a request plays no part.
    AsProduced,
    /// The maximum of a request beside its input, at admission.
    Maximum,
    /// The larger of the maximum and the number of characters by four, at admission.
    LargerOfMaximumAndInput,
    /// Nothing.
    Nothing,
}

/// Whether tokens that were read from a cache count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CacheReads {
    /// Like any other.
    Count,
    /// They do not.
    AreFree,
    /// They do not, but for the models that are marked so.
    AreFreeForMost,
}

/// What of a model's name matters for what is charged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct ModelTerms {
    /// How many tokens Bedrock charges for one that is written.
    pub(super) burndown: u8,
    /// Whether Anthropic counts what it reads from a cache.
    pub(super) counts_cache_reads: bool,
}

impl ModelTerms {
    /// The terms of the model called `name`, wherever it is served.
    pub(super) fn of(name: &str) -> Self {
        let burndown = BURNDOWN
            .iter()
            .find(|(part, _)| names::contains(name.as_bytes(), part))
            .map_or(1, |(_, burndown)| *burndown);
        let counts_cache_reads = COUNT_CACHE_READS.iter().any(|part| names::contains(name.as_bytes(), part));
        Self { burndown, counts_cache_reads }
    }
}

/// How `provider` charges. The pages were read on 2026-11-23; what they leave open is charged as for most others: what is
/// used counts, and failures do not.
pub(super) const fn charging(provider: Provider) -> Charging {
    let usual =
        Charging { output: Output::AsProduced, settles: true, cache_reads: CacheReads::Count, failures_count: false };
    match provider {
        // Input is estimated at first and corrected, output counts as it appears, and `max_tokens` does not:
        // <https://platform.claude.com/docs/en/api/rate-limits>. Vertex AI serves the same models.
        Provider::Anthropic | Provider::Vertex => Charging { cache_reads: CacheReads::AreFreeForMost, ..usual },
        // "The maximum of max_tokens and the estimated number of tokens based on the character count"; unsuccessful
        // requests count, and nothing is said of a refund: <https://developers.openai.com/api/docs/guides/rate-limits>.
        Provider::OpenAi => Charging {
            output: Output::LargerOfMaximumAndInput,
            settles: false,
            cache_reads: CacheReads::Count,
            failures_count: true,
        },
        // Prompt, `max_tokens` and `best_of`, as estimated, and not what is billed in the end:
        // <https://learn.microsoft.com/azure/foundry/openai/how-to/quota>.
        Provider::AzureOpenAi => Charging { output: Output::Maximum, settles: false, ..usual },
        // Input, cache and `max_tokens`; in the end input, cache writes and the output many times over: "How tokens are
        // counted" in the user guide, <https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html>.
        Provider::Bedrock => Charging { output: Output::Maximum, cache_reads: CacheReads::AreFree, ..usual },
        // An estimate with `max_completion_tokens`, then the truth; what was cached has a limit of its own:
        // <https://inference-docs.cerebras.ai/support/rate-limits>.
        Provider::Cerebras => Charging { output: Output::Maximum, cache_reads: CacheReads::AreFree, ..usual },
        // Tokens per minute are input tokens: <https://ai.google.dev/gemini-api/docs/rate-limits>.
        Provider::Gemini => Charging { output: Output::Nothing, ..usual },
        // "Cached tokens do not count": <https://console.groq.com/docs/rate-limits>; the headers of Fireworks speak of
        // prompts adjusted for the cache: <https://docs.fireworks.ai/serverless/rate-limits>.
        Provider::Groq | Provider::Fireworks => Charging { cache_reads: CacheReads::AreFree, ..usual },
        // xAI counts all kinds of tokens: <https://docs.x.ai/developers/rate-limits>. Of the others nothing is known.
        Provider::XAi
        | Provider::Mistral
        | Provider::Cohere
        | Provider::Together
        | Provider::DeepSeek
        | Provider::OpenRouter
        | Provider::SambaNova
        | Provider::DigitalOcean
        | Provider::Aws
        | Provider::GitHub
        | Provider::X
        | Provider::Shopify
        | Provider::Discord
        | Provider::Slack
        | Provider::Stripe
        | Provider::Atlassian
        | Provider::Salesforce
        | Provider::HubSpot
        | Provider::Generic => usual,
    }
}

/// By part of the name, the more special first: "burndown rates" on the page of Bedrock above. Fable 5.1 and its family
/// have a `fable-5` in their names, as Sonnet 5 has a `sonnet-5`.
const BURNDOWN: [(&str, u8); 6] =
    [("sonnet-5", 10), ("opus-5", 10), ("fable-5", 10), ("gpt-5.6", 10), ("opus-4-8", 15), ("anthropic.claude", 5)];

/// Marked on Anthropic's page above. The name is older than the order of the parts in later ones.
const COUNT_CACHE_READS: [&str; 2] = ["3-5-haiku", "haiku-3-5"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bedrock_charges_for_a_written_token_depends_on_the_model() {
        for (name, burndown) in [
            ("us.anthropic.claude-sonnet-5-v1:0", 10),
            ("anthropic.claude-opus-4-8-v1:0", 15),
            ("anthropic.claude-sonnet-4-5-20250929-v1:0", 5),
            ("anthropic.claude-3-5-sonnet-20241022-v2:0", 5),
            ("openai.gpt-5.6", 10),
            ("amazon.nova-pro-v1:0", 1),
        ] {
            assert_eq!(ModelTerms::of(name).burndown, burndown, "{name}");
        }
    }

    #[test]
    fn only_the_oldest_haiku_counts_what_it_reads_from_a_cache() {
        assert!(ModelTerms::of("claude-3-5-haiku-20241022").counts_cache_reads);
        assert!(!ModelTerms::of("claude-3-5-sonnet-20241022").counts_cache_reads);
        assert!(!ModelTerms::of("claude-haiku-4-5").counts_cache_reads);
    }
}
