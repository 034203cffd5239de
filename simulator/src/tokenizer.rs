//! The stand-in tokenizer: what the simulated servers hold to be the true size of a text.
//!
//! It is nobody's tokenizer. It is deterministic, it averages near 3.6 characters a token on English prose, and it
//! varies from text to text, so that a client that counts characters is wrong by the margins it would be wrong by.

/// The number of tokens of a text.
///
/// - A run of letters costs one token for each four letters begun; one blank before it is free.
/// - A run of digits costs one token for each three digits begun.
/// - Every other visible character costs one token, and so does a run of further white space.
/// - Outside ASCII, every character costs one token.
///
/// ```
/// use tidegate_simulator::tokenizer::count;
/// assert_eq!(count("the tide turns"), 4); // the | tide | turn·s
/// assert_eq!(count("2026!"), 3);
/// ```
pub fn count(text: &str) -> u64 {
    let mut tokens = 0;
    let mut characters = text.chars().peekable();
    while let Some(first) = characters.next() {
        let kind = Kind::of(first);
        let mut length = 1;
        while characters.next_if(|&next| Kind::of(next) == kind && kind != Kind::Single).is_some() {
            length += 1;
        }
        tokens += match kind {
            Kind::Letter => u64::div_ceil(length, 4),
            Kind::Digit => u64::div_ceil(length, 3),
            // A single blank belongs to the word that follows it.
            Kind::Blank => u64::from(length > 1 || first != ' '),
            Kind::Single => 1,
        };
    }
    tokens
}

/// What a server holds a text to be before it has looked closely: one token for each four characters begun.
pub fn estimate(characters: u64) -> u64 {
    characters.div_ceil(4)
}

/// Text of exactly `tokens` tokens, beginning at the given word of an endless round.
///
/// ```
/// use tidegate_simulator::tokenizer::{count, text};
/// assert_eq!(count(&text(1_000, 0)), 1_000);
/// ```
pub fn text(tokens: u64, mut word: u64) -> String {
    let mut text = String::new();
    let mut left = tokens;
    while left > 0 {
        let next = WORDS[(word % WORDS.len() as u64) as usize];
        // A word of one token ends the text when the next of the round would be too much.
        let next = if count(next) > left { " so" } else { next };
        text.push_str(next);
        left -= count(next);
        word += 1;
    }
    text
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Letter,
    Digit,
    Blank,
    Single,
}

impl Kind {
    fn of(character: char) -> Self {
        match character {
            'a'..='z' | 'A'..='Z' => Self::Letter,
            '0'..='9' => Self::Digit,
            ' ' | '\n' | '\t' | '\r' => Self::Blank,
            _ => Self::Single,
        }
    }
}

/// Joined in any order they stay apart, because each begins with a blank or is punctuation.
const WORDS: [&str; 32] = [
    " the", " harbour", " gate", " opens", " when", " water", " outside", " allows", ",", " and", " every", " vessel",
    " waits", " its", " turn", " in", " order", ".", " No", " pilot", " leaves", " before", " high", " tide", ",",
    " for", " a", " keel", " that", " touches", " ground", ".",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn english_prose_has_about_three_point_six_characters_a_token() {
        let prose = "A tide gate opens when the water outside allows, and shuts when it does not. Tidegate does that \
                     for requests to rate-limited APIs: it never sends what the server will refuse, and it leaves \
                     none of your quota unused while work is waiting.";
        let per_token = prose.chars().count() as f64 / count(prose) as f64;
        assert!((3.3..3.9).contains(&per_token), "{per_token}");
    }

    #[test]
    fn white_space_alone_costs_little_and_other_scripts_cost_a_token_a_character() {
        assert_eq!(count(""), 0);
        assert_eq!(count("a\n\n\n\nb"), 3);
        assert_eq!(count("潮門"), 2);
    }

    proptest! {
        #[test]
        fn generated_text_has_exactly_the_tokens_asked_for(tokens in 0_u64..3_000, word in 0_u64..100) {
            prop_assert_eq!(count(&text(tokens, word)), tokens);
        }

        #[test]
        fn any_text_can_be_counted_and_has_no_more_tokens_than_characters(text in "\\PC*") {
            prop_assert!(count(&text) <= text.chars().count() as u64);
        }
    }
}
