//! What a request is about: whose API, which model, how large.

/// Whose conventions an API follows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Provider {
    /// The Claude API, wherever it is served.
    Anthropic,
    /// The OpenAI API and the many that speak like it.
    OpenAi,
    /// Any other HTTP API.
    #[default]
    Generic,
}
