//! Whose conventions an API follows.

/// Whose conventions an API follows: which headers it sends, how it charges, how it refuses.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Provider {
    /// The Claude API, wherever it is served.
    Anthropic,
    /// The OpenAI API and the many that speak like it.
    OpenAi,
    /// Azure OpenAI.
    AzureOpenAi,
    /// Groq.
    Groq,
    /// Mistral.
    Mistral,
    /// Cohere.
    Cohere,
    /// The Gemini API.
    Gemini,
    /// Vertex AI.
    Vertex,
    /// Amazon Bedrock.
    Bedrock,
    /// Any other service of AWS.
    Aws,
    /// Together.
    Together,
    /// Fireworks.
    Fireworks,
    /// DeepSeek.
    DeepSeek,
    /// xAI.
    XAi,
    /// OpenRouter.
    OpenRouter,
    /// Cerebras.
    Cerebras,
    /// SambaNova.
    SambaNova,
    /// DigitalOcean's inference.
    DigitalOcean,
    /// GitHub.
    GitHub,
    /// X, formerly Twitter.
    X,
    /// Shopify.
    Shopify,
    /// Discord.
    Discord,
    /// Slack.
    Slack,
    /// Stripe.
    Stripe,
    /// Jira, Confluence and the rest of Atlassian.
    Atlassian,
    /// Salesforce.
    Salesforce,
    /// HubSpot.
    HubSpot,
    /// Any other HTTP API.
    #[default]
    Generic,
}

impl Provider {
    /// Every provider.
    pub const ALL: [Self; 28] = [
        Self::Anthropic,
        Self::OpenAi,
        Self::AzureOpenAi,
        Self::Groq,
        Self::Mistral,
        Self::Cohere,
        Self::Gemini,
        Self::Vertex,
        Self::Bedrock,
        Self::Aws,
        Self::Together,
        Self::Fireworks,
        Self::DeepSeek,
        Self::XAi,
        Self::OpenRouter,
        Self::Cerebras,
        Self::SambaNova,
        Self::DigitalOcean,
        Self::GitHub,
        Self::X,
        Self::Shopify,
        Self::Discord,
        Self::Slack,
        Self::Stripe,
        Self::Atlassian,
        Self::Salesforce,
        Self::HubSpot,
        Self::Generic,
    ];

    /// The name in options, snapshots and events.
    ///
    /// ```
    /// use tidegate::provider::Provider;
    /// assert_eq!(Provider::AzureOpenAi.name(), "azure-openai");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::AzureOpenAi => "azure-openai",
            Self::Groq => "groq",
            Self::Mistral => "mistral",
            Self::Cohere => "cohere",
            Self::Gemini => "gemini",
            Self::Vertex => "vertex",
            Self::Bedrock => "bedrock",
            Self::Aws => "aws",
            Self::Together => "together",
            Self::Fireworks => "fireworks",
            Self::DeepSeek => "deepseek",
            Self::XAi => "xai",
            Self::OpenRouter => "openrouter",
            Self::Cerebras => "cerebras",
            Self::SambaNova => "sambanova",
            Self::DigitalOcean => "digitalocean",
            Self::GitHub => "github",
            Self::X => "x",
            Self::Shopify => "shopify",
            Self::Discord => "discord",
            Self::Slack => "slack",
            Self::Stripe => "stripe",
            Self::Atlassian => "atlassian",
            Self::Salesforce => "salesforce",
            Self::HubSpot => "hubspot",
            Self::Generic => "generic",
        }
    }

    /// Whether it serves language models, and may so be who answers a request in OpenAI's dialect.
    pub(crate) const fn hosts_models(self) -> bool {
        !matches!(
            self,
            Self::Aws
                | Self::GitHub
                | Self::X
                | Self::Shopify
                | Self::Discord
                | Self::Slack
                | Self::Stripe
                | Self::Atlassian
                | Self::Salesforce
                | Self::HubSpot
                | Self::Generic
        )
    }

    /// The provider called `name`, also by a name for one of its faces or platforms.
    ///
    /// ```
    /// use tidegate::provider::Provider;
    /// assert_eq!(Provider::from_name("github"), Some(Provider::GitHub));
    /// assert_eq!(Provider::from_name("anthropic-oauth"), Some(Provider::Anthropic));
    /// assert_eq!(Provider::from_name("GitHub"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, provider)| *provider);
        Self::ALL.into_iter().find(|provider| provider.name() == name).or(alias)
    }
}

/// Other names under which a provider's conventions are met.
const ALIASES: [(&str, Provider); 9] = [
    // Subscription traffic has headers of its own, which are told by their names.
    ("anthropic-oauth", Provider::Anthropic),
    // Claude on Microsoft Foundry and on AWS: the same bodies, with or without the headers.
    ("anthropic-foundry", Provider::Anthropic),
    ("anthropic-aws", Provider::Anthropic),
    // API Management in front of anything: its policies refuse as HTTP says.
    ("azure-apim", Provider::Generic),
    ("generic-llm", Provider::Generic),
    // The IETF fields are read from everybody who sends them.
    ("ietf", Provider::Generic),
    ("cloudflare", Provider::Generic),
    ("litellm", Provider::Generic),
    ("twitter", Provider::X),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_a_name_that_leads_back_to_it() {
        for provider in Provider::ALL {
            assert_eq!(Provider::from_name(provider.name()), Some(provider));
        }
        assert_eq!(Provider::from_name("anthropic-oauth"), Some(Provider::Anthropic));
        assert_eq!(Provider::from_name(""), None);
    }
}
