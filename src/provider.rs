//! Whose conventions an API follows.

/// Whose conventions an API follows: which headers it sends, how it charges, how it refuses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Provider {
    /// The Claude API, wherever it is served.
    Anthropic,
    /// The OpenAI API and the many that speak like it.
    OpenAi,
    /// Azure OpenAI.
    AzureOpenAi,
    /// The Gemini API.
    Gemini,
    /// Vertex AI.
    Vertex,
    /// Amazon Bedrock.
    Bedrock,
    /// Any other HTTP API.
    #[default]
    Generic,
}
