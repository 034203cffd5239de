//! Which tokenizer a model has.

/// A family of tokenizers whose weights are known.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Tokenizer {
    /// Claude 3 to 4.6.
    Claude3,
    /// Claude 4.7 and later.
    Claude47,
    /// GPT-4o and later.
    O200k,
    /// GPT-3.5 and GPT-4.
    Cl100k,
    /// Gemini and Gemma.
    Gemma3,
    /// Nobody's in particular: a mean of the others.
    #[default]
    Unknown,
}

impl Tokenizer {
    /// The tokenizer of the model of that name, whatever a gateway puts before it.
    pub fn of_model(model: &str) -> Self {
        if model.contains("claude") { Self::Claude47 } else { Self::Unknown }
    }
}
