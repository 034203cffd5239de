//! What tells requests apart whose answers have other lengths.

/// What a request asks of its answer. Its number is small, and no order or member is read into it.
///
/// | bits | meaning |
/// |---|---|
/// | 0 | there are tools |
/// | 1 | one must be used |
/// | 2–3 | thinking: 0 off or not mentioned, 1 little, 2 more, 3 as much as the model likes |
/// | 4 | the output has a prescribed form |
/// | 5 | it comes as a stream |
/// | 6–11 | 1 + the binary logarithm of the most that may be written; 0 if nothing is said |
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Kind {
    pub(super) has_tools: bool,
    pub(super) is_forced: bool,
    pub(super) thinking: Thinking,
    pub(super) is_structured: bool,
    pub(super) is_stream: bool,
    pub(super) max_tokens: Option<u64>,
}

/// How much a model is to think.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Thinking {
    #[default]
    Off,
    Little,
    More,
    Free,
}

impl Thinking {
    /// By a budget in model tokens; a negative one, Gemini's for "as the model likes", is not read as a number.
    pub(super) const fn of_budget(tokens: u64) -> Self {
        match tokens {
            0 => Self::Off,
            1..=LITTLE => Self::Little,
            _ => Self::More,
        }
    }

    /// By a word: a type or an effort.
    pub(super) fn of_word(word: &[u8]) -> Option<Self> {
        crate::names::find(WORDS, word)
    }
}

impl Kind {
    pub(super) fn number(self) -> u16 {
        let most = self.max_tokens.map_or(0, |most| 1 + most.max(1).ilog2() as u16);
        u16::from(self.has_tools)
            | u16::from(self.is_forced) << 1
            | (self.thinking as u16) << 2
            | u16::from(self.is_structured) << 4
            | u16::from(self.is_stream) << 5
            | most << 6
    }
}

/// The words of `thinking.type` (Anthropic), `reasoning_effort` and `reasoning.effort` (OpenAI), `thinkingLevel`
/// (Gemini) and `output_config.effort` (Anthropic), by npm:@anthropic-ai/sdk@1.12.0 and npm:openai@6.49.0.
const WORDS: &[(&str, Thinking)] = &[
    ("disabled", Thinking::Off),
    ("none", Thinking::Off),
    ("minimal", Thinking::Little),
    ("MINIMAL", Thinking::Little),
    ("low", Thinking::Little),
    ("LOW", Thinking::Little),
    ("medium", Thinking::More),
    ("MEDIUM", Thinking::More),
    ("enabled", Thinking::Little),
    ("adaptive", Thinking::Free),
    ("high", Thinking::Free),
    ("HIGH", Thinking::Free),
    ("xhigh", Thinking::Free),
    ("max", Thinking::Free),
];

/// Half of the budgets in the examples of <https://platform.claude.com/docs/en/build-with-claude/extended-thinking>
/// (read 2026-11-23) are 4,000 or less.
const LITTLE: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_differ_have_other_numbers() {
        let kinds = [
            Kind::default(),
            Kind { has_tools: true, ..Kind::default() },
            Kind { is_forced: true, ..Kind::default() },
            Kind { thinking: Thinking::Little, ..Kind::default() },
            Kind { thinking: Thinking::More, ..Kind::default() },
            Kind { thinking: Thinking::Free, ..Kind::default() },
            Kind { is_structured: true, ..Kind::default() },
            Kind { is_stream: true, ..Kind::default() },
            Kind { max_tokens: Some(0), ..Kind::default() },
            Kind { max_tokens: Some(1_024), ..Kind::default() },
            Kind { max_tokens: Some(2_048), ..Kind::default() },
            Kind { max_tokens: Some(u64::MAX), ..Kind::default() },
        ];
        for (index, kind) in kinds.iter().enumerate() {
            for other in kinds.iter().skip(index + 1) {
                assert_ne!(kind.number(), other.number(), "{kind:?} {other:?}");
            }
        }
    }

    #[test]
    fn maxima_of_one_magnitude_are_of_one_kind() {
        let number = |most| Kind { max_tokens: Some(most), ..Kind::default() }.number();
        assert_eq!(number(1_024), number(2_047));
    }
}
