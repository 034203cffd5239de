//! Many patterns at once.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::ops::Bound;

use crate::pattern::Pattern;

/// A number for each pattern. To find that of a name is O(log n) in the patterns that are a whole name or end in their only
/// star, and O(n) in all others.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    whole: BTreeMap<String, u32>,
    /// By what is before the star at their end.
    beginnings: BTreeMap<String, u32>,
    /// The most specific first.
    others: Vec<(Pattern, u32)>,
}

enum Form<'a> {
    Whole(&'a str),
    Beginning(&'a str),
    Other,
}

impl Patterns {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.beginnings.is_empty() && self.others.is_empty()
    }

    /// `pattern` has `number`, unless the same pattern has one already.
    pub fn insert(&mut self, pattern: &Pattern, number: u32) {
        match form(pattern) {
            Form::Whole(name) => {
                self.whole.entry(name.to_owned()).or_insert(number);
            }
            Form::Beginning(beginning) => {
                self.beginnings.entry(beginning.to_owned()).or_insert(number);
            }
            Form::Other => {
                let specificity = Reverse(pattern.specificity());
                let place = self.others.partition_point(|(other, _)| Reverse(other.specificity()) <= specificity);
                self.others.insert(place, (pattern.clone(), number));
            }
        }
    }

    /// The number of the most specific pattern that matches `name`.
    pub fn find(&self, name: &str) -> Option<u32> {
        if let Some(number) = self.whole.get(name) {
            return Some(*number);
        }
        let beginning = self.longest_beginning(name);
        let other = self.others.iter().find(|(pattern, _)| pattern.matches(name));
        match (beginning, other) {
            (Some((length, _)), Some((pattern, number))) if pattern.specificity().1 > length => Some(*number),
            (Some((_, number)), _) | (None, Some((_, number))) => Some(*number),
            (None, None) => None,
        }
    }

    /// The number of a pattern that means some name that `pattern` means too, and is as specific.
    pub fn rival(&self, pattern: &Pattern) -> Option<u32> {
        let specificity = pattern.specificity();
        let is_rival = |other: &Pattern| other.specificity() == specificity && other.overlaps(pattern);
        let others = || self.others.iter().find(|(other, _)| is_rival(other)).map(|(_, number)| *number);
        match form(pattern) {
            Form::Whole(name) => self.whole.get(name).copied(),
            Form::Beginning(beginning) => self.beginnings.get(beginning).copied().or_else(others),
            Form::Other => others().or_else(|| {
                let alike = self.beginnings.iter().filter(|(beginning, _)| beginning.len() == specificity.1);
                alike
                    .map(|(beginning, number)| (Pattern::new(&(beginning.clone() + "*")), number))
                    .find_map(|(other, number)| other.overlaps(pattern).then_some(*number))
            }),
        }
    }

    /// The longest of the beginnings that `name` has, its length and its number.
    fn longest_beginning(&self, name: &str) -> Option<(usize, &u32)> {
        // What `name` begins with is not after it in the alphabet; and what is before it has no more in common with it than
        // the last one before it.
        let mut end = name.len();
        loop {
            let before = (Bound::Unbounded, Bound::Included(&name[..end]));
            let (beginning, number) = self.beginnings.range::<str, _>(before).next_back()?;
            if name.starts_with(beginning.as_str()) {
                return Some((beginning.len(), number));
            }
            end = name.char_indices().zip(beginning.chars()).find(|((_, a), b)| a != b).map_or(0, |((at, _), _)| at);
        }
    }
}

fn form(pattern: &Pattern) -> Form<'_> {
    let text = pattern.text();
    let beginning = text.trim_end_matches('*');
    if beginning.contains('*') {
        Form::Other
    } else if beginning.len() == text.len() {
        Form::Whole(text)
    } else {
        Form::Beginning(beginning)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::random::Random;

    /// A text of few letters, so that many are alike.
    fn text(random: &mut Random, letters: &[&str]) -> String {
        (0..random.up_to(5))
            .map(|_| letters[usize::try_from(random.up_to(letters.len() as u64 - 1)).expect("few")])
            .collect()
    }

    #[test]
    fn it_finds_what_a_walk_through_all_patterns_finds() {
        let mut random = Random::new(7);
        for _ in 0..3_000 {
            let (mut patterns, mut list): (_, Vec<Pattern>) = (Patterns::default(), Vec::new());
            for number in 0..12 {
                let pattern = Pattern::new(&text(&mut random, &["a", "ä", "b", "*"]));
                let alike =
                    list.iter().any(|other| other.specificity() == pattern.specificity() && other.overlaps(&pattern));
                assert_eq!(patterns.rival(&pattern).is_some(), alike, "{pattern:?} among {list:?}");
                if !alike {
                    patterns.insert(&pattern, u32::try_from(list.len()).expect("few"));
                    list.push(pattern);
                }
                assert!(number == 0 || !patterns.is_empty());
            }
            for _ in 0..20 {
                let name = text(&mut random, &["a", "ä", "b", "c"]);
                let matching = (0..).zip(&list).filter(|(_, pattern)| pattern.matches(&name));
                let expected = matching.max_by_key(|(_, pattern)| pattern.specificity()).map(|(number, _)| number);
                assert_eq!(patterns.find(&name), expected, "{name} among {list:?}");
            }
        }
    }

    #[test]
    fn of_two_that_are_the_same_the_first_counts() {
        for text in ["a", "a*", "*a"] {
            let mut patterns = Patterns::default();
            patterns.insert(&Pattern::new(text), 1);
            patterns.insert(&Pattern::new(text), 2);
            assert_eq!(patterns.find("a"), Some(1), "{text}");
        }
    }

    #[test]
    fn ten_thousand_names_and_beginnings_are_no_burden() {
        let mut patterns = Patterns::default();
        for number in 0..10_000 {
            for text in [format!("model-{number:05}"), format!("family-{number:05}-*")] {
                let pattern = Pattern::new(&text);
                assert_eq!(patterns.rival(&pattern), None);
                patterns.insert(&pattern, number);
            }
        }
        for number in (0..10_000).rev() {
            assert_eq!(patterns.find(&format!("model-{number:05}")), Some(number));
            assert_eq!(patterns.find(&format!("family-{number:05}-large")), Some(number));
        }
        assert_eq!(patterns.find("model-1"), None);
    }
}
