//! What is known of each provider, one row each, with the page it was read on.

use super::reset::Unit;
use crate::provider::Provider;
use crate::time::Duration;

/// What the parser knows of one provider.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    /// Whose row this is.
    pub provider: Provider,
    /// The header fields that state its limits. `{a,b}` stands for one or the other, `<dimension>` and `<window>` for
    /// any.
    pub fields: &'static [&'static str],
    /// What else is worth knowing.
    pub notes: &'static str,
    /// How it writes the instant in `x-ratelimit-reset` and the fields like it.
    pub reset: Unit,
    /// Over which span its limits count, where the field's own name does not say so.
    pub windows: &'static [Window],
    /// Statuses of which the body may tell another class, or a wait, than the status alone.
    pub telling_bodies: &'static [u16],
    /// Beginnings of header names that give this provider away when a caller does not name it. No other server may be
    /// expected to send them: whoever is taken for somebody else is read by the wrong conventions.
    pub marks: &'static [&'static str],
    /// Where its conventions are described.
    pub source: &'static str,
}

/// The span over which a provider counts some of its limits.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// How the names of the dimensions begin to which this applies; empty for all.
    pub dimension: &'static str,
    /// The server's name for the limit to which this applies; `None` for any.
    pub policy: Option<&'static str>,
    /// The span.
    pub span: Duration,
}

/// Every row, in the order in which a provider is guessed.
pub fn vendors() -> &'static [Vendor] {
    &VENDORS
}

/// What the parser itself reads of a row. The rest is for people, and no program that only parses carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conventions {
    pub(crate) provider: Provider,
    pub(crate) reset: Unit,
    pub(crate) windows: &'static [Window],
    pub(crate) telling_bodies: &'static [u16],
    pub(crate) marks: &'static [&'static str],
}

impl Conventions {
    const fn of(vendor: &Vendor) -> Self {
        let Vendor { provider, reset, windows, telling_bodies, marks, .. } = *vendor;
        Self { provider, reset, windows, telling_bodies, marks }
    }
}

/// The conventions of every provider, in the order in which one is guessed.
pub(crate) static CONVENTIONS: [Conventions; VENDORS.len()] = {
    let mut all = [Conventions::of(&GENERIC); VENDORS.len()];
    let mut index = 0;
    while index < all.len() {
        all[index] = Conventions::of(&VENDORS[index]);
        index += 1;
    }
    all
};

/// The conventions of `provider`.
pub(crate) fn conventions_of(provider: Provider) -> &'static Conventions {
    // Every provider has a row.
    CONVENTIONS.iter().find(|row| row.provider == provider).unwrap_or(&CONVENTIONS[0])
}

/// When the pages named in the table were read.
pub const READ_ON: &str = "2026-11-23";

const fn window(dimension: &'static str, span: Duration) -> Window {
    Window { dimension, policy: None, span }
}

const fn named_window(policy: &'static str, span: Duration) -> Window {
    Window { dimension: "requests", policy: Some(policy), span }
}

const HOUR: Duration = Duration::from_secs(3_600);

/// Refusals whose meaning an OpenAI-like body can change: a quota that is spent, a request that is too large.
const OPENAI_BODIES: &[u16] = &[400, 403, 429];

const GENERIC: Vendor = Vendor {
    provider: Provider::Generic,
    fields: &[
        "x-ratelimit-{limit,remaining,reset}",
        "x-ratelimit-{limit,remaining,reset}-<dimension>",
        "x-ratelimit-{limit,remaining,reset}-<dimension>-<window>",
        "ratelimit",
        "ratelimit-policy",
        "ratelimit-{limit,remaining,reset}",
    ],
    notes: "Read from every provider. The newest generation of fields in a response counts.",
    reset: Unit::Any,
    windows: &[],
    telling_bodies: OPENAI_BODIES,
    marks: &[],
    source: "https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers-11",
};

const VENDORS: [Vendor; Provider::ALL.len()] = [
    Vendor {
        provider: Provider::Anthropic,
        fields: &[
            "anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}",
            "anthropic-{priority,fast}-{input-tokens,output-tokens}-{limit,remaining,reset}",
            "anthropic-ratelimit-unified-{5h,7d}-{reset,status}",
        ],
        notes: "`tokens` restates the most restrictive of the others. Unified resets are epoch seconds. A 429 without Retry-After may be a spend cap.",
        reset: Unit::Rfc3339,
        windows: &[window("", Duration::MINUTE)],
        telling_bodies: &[400, 403, 429],
        marks: &["anthropic-"],
        source: "https://platform.claude.com/docs/en/api/rate-limits",
    },
    Vendor {
        provider: Provider::AzureOpenAi,
        fields: &["x-ratelimit-{limit,remaining,reset}-{requests,tokens}", "x-rate-limit-reset-tokens"],
        notes: "−1 stands for unknown.",
        reset: Unit::Duration,
        windows: &[window("", Duration::MINUTE)],
        telling_bodies: OPENAI_BODIES,
        marks: &["x-ms-deployment-name", "azureml-model-session", "x-ms-rai-invoked"],
        source: "https://learn.microsoft.com/azure/foundry/openai/how-to/quota",
    },
    Vendor {
        provider: Provider::OpenAi,
        fields: &["x-ratelimit-{limit,remaining,reset}-{requests,tokens,project-tokens}"],
        notes: "A spent balance and a request that is too large are 429 as well.",
        reset: Unit::Duration,
        windows: &[],
        telling_bodies: OPENAI_BODIES,
        marks: &["openai-"],
        source: "https://developers.openai.com/api/docs/guides/rate-limits",
    },
    Vendor {
        provider: Provider::Groq,
        fields: &["x-ratelimit-{limit,remaining,reset}-{requests,tokens}"],
        notes: "498 is a lack of capacity.",
        reset: Unit::Duration,
        windows: &[window("requests", Duration::DAY), window("tokens", Duration::MINUTE)],
        telling_bodies: OPENAI_BODIES,
        marks: &["x-groq-"],
        source: "https://console.groq.com/docs/rate-limits",
    },
    Vendor {
        provider: Provider::Mistral,
        fields: &[
            "x-ratelimit-{limit,remaining}-{tokens,req}-{minute,month}",
            "ratelimitbysize-{limit,remaining,reset}",
        ],
        notes: "`ratelimitbysize` is the former generation, in seconds.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: OPENAI_BODIES,
        marks: &["mistral-", "ratelimitbysize-", "x-ratelimit-limit-req-", "x-ratelimit-tokens-query-cost"],
        source: "https://github.com/mistralai/client-ts/issues/169",
    },
    Vendor {
        provider: Provider::Cohere,
        fields: &["x-trial-endpoint-call-{limit,remaining}", "x-endpoint-monthly-call-limit"],
        notes: "Trial keys only.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: OPENAI_BODIES,
        marks: &["x-trial-endpoint-call-", "x-endpoint-monthly-call-"],
        source: "npm:cohere-ai@8.1.0 core/fetcher/requestWithRetries.js",
    },
    Vendor {
        provider: Provider::Gemini,
        fields: &[],
        notes: "The body names the quotas (`QuotaFailure`) and the wait (`RetryInfo`). A quota per day is exhausted, whatever the wait says.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[400, 403, 429, 503],
        marks: &["x-gemini-service-tier"],
        source: "https://ai.google.dev/gemini-api/docs/rate-limits",
    },
    Vendor {
        provider: Provider::Vertex,
        fields: &[],
        notes: "The body may name the wait (`RetryInfo`).",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[403, 429, 503],
        marks: &["x-vertex-ai-"],
        source: "https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429",
    },
    Vendor {
        provider: Provider::Bedrock,
        fields: &[],
        notes: "`x-amzn-errortype` names the refusal, also on a 400.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[400],
        marks: &["x-amzn-bedrock-"],
        source: "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html",
    },
    Vendor {
        provider: Provider::Aws,
        fields: &[],
        notes: "`x-amzn-errortype` names the refusal, also on a 400; `x-amz-retry-after` is in milliseconds.",
        reset: Unit::Any,
        windows: &[],
        // Behind what looks like AWS may stand any API: others let its gateways and caches answer for them.
        telling_bodies: OPENAI_BODIES,
        marks: &["x-amzn-errortype", "x-amzn-requestid"],
        source: "npm:@smithy/core@3.41.0 service-error-classification",
    },
    Vendor {
        provider: Provider::Together,
        fields: &["x-ratelimit-{limit,remaining,reset}", "x-tokenlimit-{limit,remaining}"],
        notes: "Limits are per second.",
        reset: Unit::Seconds,
        windows: &[window("requests", Duration::SECOND), window("tokens", Duration::SECOND)],
        telling_bodies: OPENAI_BODIES,
        marks: &["x-tokenlimit-"],
        source: "https://docs.together.ai/docs/rate-limits",
    },
    Vendor {
        provider: Provider::Fireworks,
        fields: &[
            "x-ratelimit-limit-tokens-{prompt,cache-adjusted-prompt,generated}",
            "x-ratelimit-{limit,remaining}-requests",
        ],
        notes: "Tokens are limited per second.",
        reset: Unit::Any,
        windows: &[window("requests", Duration::MINUTE), window("tokens", Duration::SECOND)],
        telling_bodies: OPENAI_BODIES,
        marks: &["fireworks-", "x-ratelimit-over-limit", "x-ratelimit-limit-tokens-prompt"],
        source: "https://docs.fireworks.ai/serverless/rate-limits",
    },
    Vendor {
        provider: Provider::DeepSeek,
        fields: &[],
        notes: "The limit is of requests in flight.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: OPENAI_BODIES,
        marks: &["x-ds-"],
        source: "https://api-docs.deepseek.com/quick_start/error_codes",
    },
    Vendor {
        provider: Provider::XAi,
        fields: &["x-ratelimit-{limit,remaining}-{requests,tokens}"],
        notes: "",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: OPENAI_BODIES,
        marks: &["x-xai-"],
        source: "https://docs.x.ai/developers/rate-limits",
    },
    Vendor {
        provider: Provider::OpenRouter,
        fields: &["x-ratelimit-{limit,remaining,reset}"],
        notes: "Repeated in the body of a refusal. A 402 for requests in flight can be retried.",
        // Milliseconds since 1970 are what is seen; no page says so.
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[400, 402, 403, 429],
        marks: &["x-openrouter-", "x-generation-id"],
        source: "https://openrouter.ai/docs/api_reference/limits",
    },
    Vendor {
        provider: Provider::Cerebras,
        fields: &["x-ratelimit-{limit,remaining,reset}-{requests,tokens}-{minute,hour,day}"],
        notes: "",
        reset: Unit::Seconds,
        windows: &[],
        telling_bodies: OPENAI_BODIES,
        marks: &["x-cerebras-"],
        source: "https://inference-docs.cerebras.ai/support/rate-limits",
    },
    Vendor {
        provider: Provider::SambaNova,
        fields: &["x-ratelimit-{limit,remaining,reset}-requests", "x-ratelimit-{limit,remaining,reset}-requests-day"],
        notes: "",
        reset: Unit::Duration,
        windows: &[window("requests", Duration::MINUTE)],
        telling_bodies: OPENAI_BODIES,
        marks: &["x-sambanova-"],
        source: "https://docs.sambanova.ai/cloud/docs/get-started/rate-limits",
    },
    Vendor {
        provider: Provider::DigitalOcean,
        fields: &["x-ratelimit-{limit,remaining,reset}-tokens-per-minute"],
        notes: "",
        reset: Unit::EpochSeconds,
        windows: &[],
        telling_bodies: OPENAI_BODIES,
        // Its names are anybody's, and read as well without a mark.
        marks: &[],
        source: "https://docs.digitalocean.com/products/inference/reference/quota-specific-response-headers/",
    },
    Vendor {
        provider: Provider::GitHub,
        fields: &["x-ratelimit-{limit,remaining,reset}", "x-ratelimit-resource"],
        notes: "Refuses with 403 as well as 429, and GraphQL with 200.",
        reset: Unit::EpochSeconds,
        windows: &[named_window("core", HOUR), named_window("graphql", HOUR), named_window("search", Duration::MINUTE)],
        telling_bodies: &[403],
        marks: &["x-github-", "x-ratelimit-resource"],
        source: "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api",
    },
    Vendor {
        provider: Provider::X,
        fields: &["x-rate-limit-{limit,remaining,reset}"],
        notes: "",
        reset: Unit::EpochSeconds,
        windows: &[],
        telling_bodies: &[],
        marks: &["x-twitter-"],
        source: "https://docs.x.com/fundamentals/rate-limits",
    },
    Vendor {
        provider: Provider::Shopify,
        fields: &["x-shopify-shop-api-call-limit"],
        notes: "The value is what is used, then the limit. GraphQL refuses with 200.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[],
        marks: &["x-shopify-", "x-shopid"],
        source: "https://shopify.dev/docs/api/admin-rest/usage/rate-limits",
    },
    Vendor {
        provider: Provider::Discord,
        fields: &["x-ratelimit-{limit,remaining,reset,reset-after}", "x-ratelimit-bucket"],
        notes: "`reset-after` counts before `reset`. The body repeats the wait.",
        reset: Unit::EpochSeconds,
        windows: &[],
        telling_bodies: &[429],
        marks: &["x-ratelimit-bucket", "x-ratelimit-global"],
        source: "https://discord.com/developers/docs/topics/rate-limits",
    },
    Vendor {
        provider: Provider::Slack,
        fields: &[],
        notes: "Refuses with 429, or with 200 and `ratelimited`.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[],
        marks: &["x-slack-"],
        source: "https://docs.slack.dev/apis/web-api/rate-limits",
    },
    Vendor {
        provider: Provider::Stripe,
        fields: &[],
        notes: "`stripe-should-retry` says whether to retry. A 402 is a declined card.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[],
        marks: &["stripe-"],
        source: "https://docs.stripe.com/rate-limits",
    },
    Vendor {
        provider: Provider::Atlassian,
        fields: &["x-ratelimit-{limit,remaining,reset}"],
        notes: "Fields that begin with `beta-` are for information and not read.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[],
        marks: &["atl-", "x-arequestid"],
        source: "https://developer.atlassian.com/cloud/jira/platform/rate-limiting/",
    },
    Vendor {
        provider: Provider::Salesforce,
        fields: &[],
        notes: "Refuses with 403 and `REQUEST_LIMIT_EXCEEDED`.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[403],
        marks: &["sforce-"],
        source: "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm",
    },
    Vendor {
        provider: Provider::HubSpot,
        fields: &[
            "x-hubspot-ratelimit-{max,remaining,interval-milliseconds}",
            "x-hubspot-ratelimit-{daily,secondly}",
            "x-hubspot-ratelimit-{daily,secondly}-remaining",
        ],
        notes: "A 429 whose policy is `DAILY` is an allowance used up.",
        reset: Unit::Any,
        windows: &[],
        telling_bodies: &[429],
        marks: &["x-hubspot-"],
        source: "https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines",
    },
    GENERIC,
];

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;
    use crate::headers::names;

    #[test]
    fn every_provider_has_exactly_one_row() {
        for provider in Provider::ALL {
            assert_eq!(VENDORS.iter().filter(|vendor| vendor.provider == provider).count(), 1, "{}", provider.name());
        }
    }

    #[test]
    fn every_field_in_the_table_is_read() {
        for vendor in vendors() {
            for name in vendor.fields.iter().flat_map(|pattern| expanded(pattern)) {
                let known = names::parse(name.as_bytes()).is_some() || READ_ELSEWHERE.contains(&name.as_str());
                assert!(known, "{}: {name}", vendor.provider.name());
            }
        }
    }

    /// Every name for which a pattern stands.
    fn expanded(pattern: &str) -> Vec<String> {
        let pattern = pattern.replace("<dimension>", "tokens").replace("<window>", "day");
        let Some((before, rest)) = pattern.split_once('{') else { return Vec::from([pattern]) };
        let (choices, after) = rest.split_once('}').unwrap();
        choices.split(',').flat_map(|choice| expanded(&[before, choice, after].concat())).collect()
    }

    const READ_ELSEWHERE: [&str; 5] = [
        "ratelimit",
        "ratelimit-policy",
        "x-ratelimit-resource",
        "x-ratelimit-bucket",
        "x-shopify-shop-api-call-limit",
    ];
}
