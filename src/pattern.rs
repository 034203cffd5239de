//! Patterns of model names.

use alloc::string::String;
use alloc::vec;

/// A model name in which `*` stands for any run of characters, also none.
///
/// ```
/// use tidegate::pattern::Pattern;
/// let sonnets = Pattern::new("claude-sonnet-4-*");
/// assert!(sonnets.matches("claude-sonnet-4-6"));
/// assert!(!sonnets.matches("claude-sonnet-5"));
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Pattern(String);

impl Pattern {
    /// A pattern as the user writes it.
    pub fn new(text: &str) -> Self {
        Self(String::from(text))
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether `model` is one of the names meant. Letter case matters, as it does to providers.
    pub fn matches(&self, model: &str) -> bool {
        let (pattern, model) = (self.0.as_bytes(), model.as_bytes());
        let (mut p, mut m) = (0, 0);
        // Where to go back to: behind the last star, with it one character longer.
        let mut star = None;
        while m < model.len() {
            if pattern.get(p) == Some(&b'*') {
                star = Some((p + 1, m));
                p += 1;
            } else if pattern.get(p) == Some(&model[m]) {
                p += 1;
                m += 1;
            } else if let Some((behind, at)) = star {
                star = Some((behind, at + 1));
                (p, m) = (behind, at + 1);
            } else {
                return false;
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }

    /// How closely the pattern describes its names: an exact name above all, then the number of literal characters.
    /// Of two patterns that match a model, the one with the higher specificity has it.
    pub fn specificity(&self) -> (bool, usize) {
        let stars = self.0.bytes().filter(|byte| *byte == b'*').count();
        (stars == 0, self.0.len() - stars)
    }

    /// Whether some name is meant by both patterns.
    pub fn overlaps(&self, other: &Self) -> bool {
        overlap(self.0.as_bytes(), other.0.as_bytes())
    }
}

/// Whether the ends `one[i..]` and `two[j..]` have a name in common, for all `i` and `j` from the last to the first.
fn overlap(one: &[u8], two: &[u8]) -> bool {
    let columns = two.len() + 1;
    let mut common = vec![false; (one.len() + 1) * columns];
    for i in (0..=one.len()).rev() {
        for j in (0..=two.len()).rev() {
            let at = i * columns + j;
            common[at] = match (one.get(i), two.get(j)) {
                (None, None) => true,
                // A star stands for nothing, or for one more character of the other side.
                (Some(b'*'), other) => common[at + columns] || (other.is_some() && common[at + 1]),
                (other, Some(b'*')) => common[at + 1] || (other.is_some() && common[at + columns]),
                (Some(a), Some(b)) => a == b && common[at + columns + 1],
                (None, Some(_)) | (Some(_), None) => false,
            };
        }
    }
    common[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run_of_characters() {
        for (pattern, model, expected) in [
            ("claude-*", "claude-", true),
            ("*", "anything", true),
            ("*-latest", "claude-3-5-haiku-latest", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("claude-sonnet-4", "claude-sonnet-4-6", false),
            ("claude-sonnet-4", "Claude-Sonnet-4", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(model), expected, "{pattern} on {model}");
        }
    }

    #[test]
    fn overlap_is_a_name_that_both_match() {
        for (one, two, expected) in [
            ("claude-*-5", "claude-sonnet-*", true),
            ("claude-opus-*", "claude-sonnet-*", false),
            ("*a", "*b", false),
            ("a*", "*b", true),
            ("abc", "abc", true),
            ("gpt-4*", "gpt-5*", false),
        ] {
            assert_eq!(Pattern::new(one).overlaps(&Pattern::new(two)), expected, "{one} and {two}");
            assert_eq!(Pattern::new(two).overlaps(&Pattern::new(one)), expected, "{two} and {one}");
        }
    }

    #[test]
    fn an_exact_name_is_closer_than_any_pattern() {
        assert!(Pattern::new("gpt").specificity() > Pattern::new("gpt-5-*").specificity());
        assert!(Pattern::new("gpt-5-*").specificity() > Pattern::new("gpt-*").specificity());
    }
}
