//! The state machine that both forms of weights share: what a character is in its place.
//!
//! A state says what the characters before were, as far as tokenizers care: how far into a word, a number or a run of
//! spaces the text is. What a character weighs depends on the state and its class; so does the state that follows. The
//! exact form has a weight for each pair of state and class, a *cell*; the small form one for each *kind* of cell.

use super::class::kinds as class;

/// States.
pub(super) const STATES: usize = 100;

/// Pairs of state and class, by `state * 32 + class`.
pub(super) const CELLS: usize = STATES * class::COUNT;

/// After the cells stand the weights of a mark that is the one before it again: the second, the third, every later one,
/// for each class of marks.
pub(super) const CELLS_AND_REPEATS: usize = CELLS + 3 * MARKS as usize;

/// What a character in its place means: which state follows, and which kind of cell it is.
#[derive(Clone, Copy)]
pub(super) struct Step(u16);

impl Step {
    /// Where a text begins.
    pub(super) const START: usize = 0;

    /// The step that a character of class `class` takes from `state`.
    pub(super) fn of(state: usize, class: u8) -> (usize, Self) {
        let cell = (state << 5) | usize::from(class);
        (cell, Self(STEPS.get(cell).copied().unwrap_or_default()))
    }

    pub(super) const fn next(self) -> usize {
        (self.0 >> 6) as usize
    }

    pub(super) const fn kind(self) -> usize {
        (self.0 & 63) as usize
    }
}

/// The state after a mark that is the one before it again, and the place of its weight after the cells, if `class` is
/// that of a mark.
pub(super) fn repeat(state: usize, class: u8) -> Option<(usize, usize)> {
    let mark = class.checked_sub(class::QUOTE).filter(|mark| *mark < MARKS)?;
    let next = match state {
        REPEATED..REPEATED_LAST => state + 1,
        REPEATED_LAST => REPEATED_LAST,
        _ => REPEATED,
    };
    Some((next, CELLS + (next - REPEATED) * usize::from(MARKS) + usize::from(mark)))
}

/// Kinds of cells, by number: the small form has a weight for each. After a kind of letters whose next number is left out
/// comes that of the same letters with an accent.
pub(super) mod kind {
    /// The inside of a short word, a first space, and what else costs nothing by itself.
    pub(crate) const FREE: u8 = 0;
    pub(crate) const WORD: u8 = 1;
    pub(crate) const ACCENTED: u8 = 3;
    /// The fifth and sixth letter of a word.
    pub(crate) const FIFTH: u8 = 4;
    /// The seventh to ninth.
    pub(crate) const SEVENTH: u8 = 6;
    /// All later ones.
    pub(crate) const TENTH: u8 = 8;
    /// A capital after a small letter.
    pub(crate) const HUMP: u8 = 10;
    pub(crate) const CAPITAL: u8 = 11;
    /// A consonant after several capitals, as words hardly have it and encoded bytes do.
    pub(crate) const SCRAMBLED: u8 = 12;
    pub(crate) const NUMBER: u8 = 13;
    pub(crate) const NUMBER_AFTER_SPACE: u8 = 14;
    pub(crate) const NUMBER_AFTER_SPACES: u8 = 15;
    pub(crate) const DIGIT: u8 = 16;
    /// The fourth digit, the seventh, and so on: many tokenizers take three at a time.
    pub(crate) const FOURTH_DIGIT: u8 = 17;
    pub(crate) const FURTHER_SPACE: u8 = 18;
    pub(crate) const SPACE_AFTER_MARK: u8 = 19;
    pub(crate) const LINE: u8 = 20;
    pub(crate) const MARK: u8 = 21;
    pub(crate) const FURTHER_MARK: u8 = 22;
    pub(crate) const QUOTE_AFTER_SPACE: u8 = 23;
    pub(crate) const MARK_AFTER_QUOTE: u8 = 24;
    pub(crate) const REPEATED_MARK: u8 = 25;
    pub(crate) const SYMBOL: u8 = 26;
    pub(crate) const EMOJI: u8 = 27;
    pub(crate) const RAREST: u8 = 28;
    pub(crate) const CYRILLIC_WORD: u8 = 29;
    pub(crate) const CYRILLIC: u8 = 30;
    pub(crate) const GREEK: u8 = 31;
    pub(crate) const ARABIC: u8 = 32;
    pub(crate) const INDIC: u8 = 33;
    pub(crate) const THAI: u8 = 34;
    pub(crate) const HAN: u8 = 35;
    pub(crate) const KANA: u8 = 36;
    pub(crate) const HANGUL: u8 = 37;
    pub(crate) const RARE: u8 = 38;

    /// How many there are.
    pub(crate) const COUNT: usize = 39;
}

/// All steps, computed when this is compiled. Tables by state and by class would take a quarter of these bytes, compress no
/// better, and count a third slower.
static STEPS: [u16; CELLS] = {
    let mut steps = [0; CELLS];
    let mut cell = 0;
    while cell < CELLS {
        let (state, class) = ((cell / class::COUNT) as u8, (cell % class::COUNT) as u8);
        steps[cell] = (next(state, class) as u16) << 6 | kind_of(state, class) as u16;
        cell += 1;
    }
    steps
};

/// The state after a character of class `class`. A run advances to its last state and stays there.
const fn next(state: u8, class: u8) -> u8 {
    match class {
        class::VOWEL | class::CONSONANT | class::ACCENTED => match state {
            LETTERS..=LETTERS_LAST => advance(state, LETTERS, LETTERS_LAST),
            // After capitals, the last of which is the first letter of this word.
            CAPITALS..=CAPITALS_LAST => LETTERS + 1,
            _ => LETTERS,
        },
        class::CAPITAL => advance(state, CAPITALS, CAPITALS_LAST),
        class::DIGIT => match state {
            DIGITS..DIGITS_LAST => state + 1,
            _ => DIGITS,
        },
        class::QUOTE..=class::CONTROL => {
            let after_mark = FIRST_MARK <= state && state <= REPEATED_LAST as u8;
            class - class::QUOTE + if after_mark { FURTHER_MARK } else { FIRST_MARK }
        }
        _ => {
            let (first, last) = run(class);
            advance(state, first, last)
        }
    }
}

const fn advance(state: u8, first: u8, last: u8) -> u8 {
    if state < first || state > last {
        first
    } else if state == last {
        last
    } else {
        state + 1
    }
}

/// The first and last state of the run of a class that makes runs of its own.
const fn run(class: u8) -> (u8, u8) {
    match class {
        class::SPACE => (SPACES, SPACES_LAST),
        class::NEWLINE => (27, 28),
        class::TAB => (29, 30),
        class::CYRILLIC => (50, 57),
        class::GREEK => (58, 61),
        class::ARABIC => (62, 67),
        class::INDIC => (68, 71),
        class::THAI => (72, 75),
        class::HAN => (76, 77),
        class::KANA => (78, 80),
        class::HANGUL => (81, 84),
        class::WIDE_MARK => (85, 85),
        class::TYPOGRAPHIC => (86, 86),
        class::SYMBOL => (87, 87),
        class::EMOJI => (88, 88),
        class::RARE => (89, 90),
        class::RAREST => (91, 91),
        class::HEBREW => (92, 95),
        _ => (96, 99),
    }
}

/// The kind of the cell in which `state` and `class` meet.
const fn kind_of(state: u8, class: u8) -> u8 {
    match class {
        class::VOWEL | class::CONSONANT => kind_of_letter(state, class, 0),
        class::ACCENTED => kind_of_letter(state, class, 1),
        class::CAPITAL => match state {
            LETTERS..=LETTERS_LAST => kind::HUMP,
            CAPITALS..=CAPITALS_LAST => kind::CAPITAL,
            _ => kind::WORD,
        },
        class::DIGIT => match state {
            DIGITS_LAST => kind::FOURTH_DIGIT,
            DIGITS..DIGITS_LAST => kind::DIGIT,
            SPACES => kind::NUMBER_AFTER_SPACE,
            23..=SPACES_LAST => kind::NUMBER_AFTER_SPACES,
            _ => kind::NUMBER,
        },
        class::SPACE | class::TAB => match state {
            SPACES..=SPACES_LAST | 29 | 30 => kind::FURTHER_SPACE,
            FIRST_MARK..FURTHER_MARK if class == class::SPACE => kind::SPACE_AFTER_MARK,
            _ => kind::FREE,
        },
        class::NEWLINE => match state {
            27 | 28 => kind::FREE,
            _ => kind::LINE,
        },
        class::QUOTE..=class::CONTROL | class::WIDE_MARK | class::TYPOGRAPHIC => match state {
            FIRST_MARK | FURTHER_MARK if class == class::OTHER_MARK => kind::MARK_AFTER_QUOTE,
            FIRST_MARK..50 | 85..=88 => kind::FURTHER_MARK,
            SPACES if class == class::QUOTE => kind::QUOTE_AFTER_SPACE,
            _ => kind::MARK,
        },
        class::SYMBOL => kind::SYMBOL,
        class::EMOJI => kind::EMOJI,
        class::RAREST => kind::RAREST,
        class::CYRILLIC => match state {
            50..=57 => kind::CYRILLIC,
            _ => kind::CYRILLIC_WORD,
        },
        class::GREEK | class::HEBREW => kind::GREEK,
        class::ARABIC => kind::ARABIC,
        class::THAI => kind::THAI,
        class::HAN => kind::HAN,
        class::KANA => kind::KANA,
        class::HANGUL => kind::HANGUL,
        class::RARE => kind::RARE,
        _ => kind::INDIC,
    }
}

const fn kind_of_letter(state: u8, class: u8, accented: u8) -> u8 {
    match state {
        // The letter after the fourth is the fifth.
        4 | 5 => kind::FIFTH + accented,
        6..=8 => kind::SEVENTH + accented,
        9..=LETTERS_LAST => kind::TENTH + accented,
        16..=CAPITALS_LAST if class == class::CONSONANT => kind::SCRAMBLED,
        LETTERS..=CAPITALS_LAST => accented * kind::ACCENTED,
        _ => kind::WORD + accented,
    }
}

/// The group in which a character of each class counts: see [`Groups`](super::Groups).
pub(super) static GROUP_OF: [u8; class::COUNT] = {
    let mut groups = [0; class::COUNT];
    let mut class = 0;
    while class < class::COUNT {
        groups[class] = group_of(class as u8);
        class += 1;
    }
    groups
};

const fn group_of(class: u8) -> u8 {
    match class {
        class::VOWEL | class::CONSONANT | class::CAPITAL => 0,
        class::DIGIT => 1,
        class::SPACE..=class::CONTROL | class::WIDE_MARK | class::TYPOGRAPHIC | class::SYMBOL | class::EMOJI => 2,
        class::ACCENTED | class::CYRILLIC | class::GREEK => 3,
        class::HAN | class::KANA => 4,
        class::HANGUL => 5,
        class::INDIC | class::DEVANAGARI => 6,
        class::THAI => 7,
        class::ARABIC | class::HEBREW => 8,
        _ => 9,
    }
}

/// Classes of marks, which are `QUOTE` and those after it.
const MARKS: u8 = class::CONTROL - class::QUOTE + 1;

// States of runs, by number: the exact weights are stored by them.
const LETTERS: u8 = 1;
const LETTERS_LAST: u8 = 14;
const CAPITALS: u8 = 15;
const CAPITALS_LAST: u8 = 18;
const DIGITS: u8 = 19;
const DIGITS_LAST: u8 = 21;
const SPACES: u8 = 22;
const SPACES_LAST: u8 = 26;
const FIRST_MARK: u8 = 31;
const FURTHER_MARK: u8 = FIRST_MARK + MARKS;
const REPEATED: usize = 47;
const REPEATED_LAST: usize = 49;

#[cfg(test)]
mod tests {
    use super::super::GROUPS;
    use super::*;

    fn states(classes: &[u8]) -> alloc::vec::Vec<usize> {
        let mut state = Step::START;
        let mut advance = |class: &u8| {
            state = Step::of(state, *class).1.next();
            state
        };
        classes.iter().map(&mut advance).collect()
    }

    #[test]
    fn every_step_leads_to_a_state() {
        for state in 0..STATES {
            for class in 0..32 {
                let (cell, step) = Step::of(state, class);
                assert!(cell < CELLS && step.next() < STATES && step.kind() < kind::COUNT);
            }
        }
    }

    #[test]
    fn every_class_counts_in_a_group_and_every_group_has_a_class() {
        for group in 0..GROUPS {
            assert!(GROUP_OF.contains(&(group as u8)), "{group}");
        }
        assert!(GROUP_OF.iter().all(|group| usize::from(*group) < GROUPS));
    }

    #[test]
    fn a_run_advances_to_its_last_state_and_stays() {
        assert_eq!(states(&[class::SPACE; 7]), [22, 23, 24, 25, 26, 26, 26]);
        assert_eq!(states(&[class::VOWEL; 16])[13..], [14, 14, 14]);
        assert_eq!(states(&[class::DIGIT; 5]), [19, 20, 21, 19, 20]);
        assert_eq!(states(&[class::HAN, class::HAN, class::HAN, class::KANA]), [76, 77, 77, 78]);
    }

    #[test]
    fn a_small_letter_after_capitals_is_the_second_of_its_word() {
        assert_eq!(states(&[class::CAPITAL, class::CAPITAL, class::VOWEL, class::CONSONANT]), [15, 16, 2, 3]);
        assert_eq!(states(&[class::VOWEL, class::CAPITAL]), [1, 15]);
    }

    #[test]
    fn a_mark_is_the_first_of_its_group_or_a_later_one() {
        assert_eq!(states(&[class::QUOTE, class::BRACKET, class::CONTROL, class::SPACE]), [31, 42, 46, 22]);
    }

    #[test]
    fn a_mark_that_repeats_is_counted_apart() {
        assert_eq!(repeat(31, class::QUOTE), Some((47, CELLS)));
        assert_eq!(repeat(47, class::QUOTE), Some((48, CELLS + 8)));
        assert_eq!(repeat(49, class::CONTROL), Some((49, CELLS + 23)));
        assert_eq!(repeat(22, class::SPACE), None);
        assert_eq!(repeat(1, class::VOWEL), None);
        assert_eq!(CELLS_AND_REPEATS, 3_224);
    }
}
