//! Counts the model tokens of a text as it passes.

use super::class::{self, kinds};
use super::groups::{GROUPS, Groups};
use super::machine::{CELLS_AND_REPEATS, GROUP_OF, Step, kind, repeat};
use super::tokenizer::Tokenizer;

/// Counts a text that comes in pieces, by the weights of one tokenizer: see [`Weights::counter`](super::Weights::counter).
///
/// It is a state machine over characters that adds a weight for each. It allocates nothing, may be copied at any point
/// to come back to it, and takes any bytes: each that is not UTF-8 counts as one rare character.
#[derive(Clone, Copy, Debug)]
pub struct Counter<'w> {
    tokenizer: Tokenizer,
    form: Form<'w>,
    place: Place,
    /// By group, in [`UNIT`]s of a token.
    sums: Sums,
    /// What is known of a character that has not come completely.
    pending: u32,
    /// How many bytes of it are missing.
    missing: u8,
}

impl<'w> Counter<'w> {
    pub(super) const fn new(tokenizer: Tokenizer, form: Form<'w>) -> Self {
        Self { tokenizer, form, place: Place::START, sums: [0; GROUPS], pending: 0, missing: 0 }
    }

    /// The tokenizer.
    pub const fn tokenizer(&self) -> Tokenizer {
        self.tokenizer
    }

    /// Whether it counts by that tokenizer's exact tables.
    pub const fn is_exact(&self) -> bool {
        self.form.is_exact
    }

    /// Part of a text, as it stands in UTF-8; need not begin or end between characters.
    pub fn text(&mut self, part: &[u8]) {
        let mut rest = self.complete(part);
        let (form, mut place, mut sums) = (self.form, self.place, self.sums);
        while let Some((&first, after)) = rest.split_first() {
            let (class, character) = if let Some(&class) = class::OF_ASCII.get(usize::from(first)) {
                rest = after;
                (class, first.into())
            } else {
                let character = Pending::read(&mut rest);
                if character.missing != 0 {
                    (self.pending, self.missing) = (character.value, character.missing);
                    break;
                }
                (class::of(character.value), character.value)
            };
            place.step(&form, &mut sums, class, character);
        }
        (self.place, self.sums) = (place, sums);
    }

    /// One character of a text.
    pub fn scalar(&mut self, scalar: char) {
        self.cut();
        self.step(scalar.into());
    }

    /// The text ends; what comes next is another.
    pub fn end(&mut self) {
        self.cut();
        self.place = Place::START;
    }

    /// What was counted so far.
    pub fn groups(&self) -> Groups {
        let mut groups = [0; GROUPS];
        for (group, sum) in groups.iter_mut().zip(self.sums) {
            // A pair of letters may weigh less than nothing, and so may what consists of little else.
            *group = u32::try_from((sum.max(0) + UNIT / 32) / (UNIT / 16)).unwrap_or(u32::MAX);
        }
        Groups(groups)
    }

    #[inline(never)]
    fn step(&mut self, character: u32) {
        self.place.step(&self.form, &mut self.sums, class::of(character), character);
    }

    /// Completes a character that the part before began, and returns what comes after it.
    fn complete<'a>(&mut self, part: &'a [u8]) -> &'a [u8] {
        let mut rest = part;
        while self.missing != 0 {
            let Some((&byte, after)) = rest.split_first() else { break };
            let mut character = Pending { value: self.pending, missing: self.missing };
            if !character.add(byte) {
                self.cut();
                break;
            }
            rest = after;
            (self.pending, self.missing) = (character.value, character.missing);
            if self.missing == 0 {
                self.step(self.pending);
            }
        }
        rest
    }

    /// What began as a character ended before it was one.
    fn cut(&mut self) {
        if self.missing != 0 {
            self.missing = 0;
            self.step(Pending::INVALID.value);
        }
    }
}

/// The weights of one tokenizer, in one of their two forms; all in [`UNIT`]s of a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form<'w> {
    /// The small form: one for each kind of cell. The exact form: one for each cell and each repeat; then, by `previous *
    /// 27 + letter`, what a letter weighs more or less after another, in two's complement and in two [`UNIT`]s.
    pub(super) weights: &'w [u8],
    /// The distance from one weight to the next, between which are those of other tokenizers.
    pub(super) stride: usize,
    /// Where the first is.
    pub(super) first: usize,
    pub(super) is_exact: bool,
}

impl Form<'_> {
    #[inline(always)]
    fn weight(&self, index: usize) -> u8 {
        self.weights.get(index * self.stride + self.first).copied().unwrap_or_default()
    }
}

/// Where in a text one is.
#[derive(Clone, Copy, Debug)]
struct Place {
    state: usize,
    /// The letter of ASCII that came last, from 1; 0 if something else did.
    letter: usize,
    /// The character that came last.
    last: u32,
}

impl Place {
    const START: Self = Self { state: Step::START, letter: 0, last: 0 };

    #[inline(always)]
    fn step(&mut self, form: &Form<'_>, sums: &mut Sums, class: u8, character: u32) {
        let (cell, step) = Step::of(self.state, class);
        let (mut next, mut kind, mut cell) = (step.next(), step.kind(), cell);
        if character == self.last
            && let Some((state, repeated)) = repeat(self.state, class)
        {
            (next, kind, cell) = (state, kind::REPEATED_MARK.into(), repeated);
        }
        let letter = if class <= kinds::CAPITAL { (character & 31) as usize } else { 0 };
        let weight = if form.is_exact {
            let pair = form.weight(CELLS_AND_REPEATS + self.letter * LETTERS + letter).cast_signed();
            i64::from(form.weight(cell)) + 2 * i64::from(pair)
        } else {
            form.weight(kind).into()
        };
        let group = GROUP_OF.get(usize::from(class)).copied().unwrap_or_default();
        if let Some(sum) = sums.get_mut(usize::from(group)) {
            *sum += weight;
        }
        *self = Self { state: next, letter, last: character };
    }
}

/// A character of several bytes, as far as they have come.
struct Pending {
    value: u32,
    missing: u8,
}

impl Pending {
    /// What stands for bytes that are no character.
    const INVALID: Self = Self { value: 0xFFFD, missing: 0 };

    /// The character with which `text` begins, as far as it is there, and takes it away.
    fn read(text: &mut &[u8]) -> Self {
        let Some((&first, mut rest)) = text.split_first() else { return Self::INVALID };
        let mut character = Self::begin(first);
        while character.missing != 0 {
            match rest.split_first() {
                Some((&byte, after)) if character.add(byte) => rest = after,
                Some(_) => character = Self::INVALID,
                None => break,
            }
        }
        *text = rest;
        character
    }

    /// What the first byte says. Forms that are longer than they need to be, and halves of pairs, pass.
    const fn begin(byte: u8) -> Self {
        let missing = match byte {
            0xC2..=0xDF => 1,
            0xE0..=0xEF => 2,
            0xF0..=0xF4 => 3,
            _ => return Self::INVALID,
        };
        Self { value: byte as u32 & (0x3F >> missing), missing }
    }

    /// Adds a byte, if it can be one of this character.
    const fn add(&mut self, byte: u8) -> bool {
        let fits = byte & 0xC0 == 0x80;
        if fits {
            self.value = self.value << 6 | (byte & 0x3F) as u32;
            self.missing -= 1;
        }
        fits
    }
}

type Sums = [i64; GROUPS];

/// Of a token: what weights and sums are in.
const UNIT: i64 = 64;

/// The letters, and what is none.
const LETTERS: usize = 27;

/// Pairs of them.
pub(super) const PAIRS: usize = LETTERS * LETTERS;

#[cfg(test)]
mod tests {
    use super::super::Weights;
    use super::*;

    /// Sixteenths of a token by the small form for Claude 3, in which a word weighs one token, and a line 69/64.
    fn count(feed: impl FnOnce(&mut Counter<'_>)) -> u32 {
        let weights = Weights::new();
        let mut counter = weights.counter(Tokenizer::Claude3);
        feed(&mut counter);
        counter.groups().0.iter().sum()
    }

    #[test]
    fn what_comes_after_the_end_of_a_text_begins_another() {
        let whole = count(|counter| counter.text(b"abcd"));
        let apart = count(|counter| {
            counter.text(b"ab");
            counter.end();
            counter.text(b"cd");
        });
        assert_eq!((whole, apart), (16, 32));
    }

    #[test]
    fn a_character_that_is_cut_by_the_end_or_by_another_is_a_rare_one() {
        let rare = count(|counter| counter.scalar('\u{FFFD}'));
        let cut = |then: &dyn Fn(&mut Counter<'_>)| {
            count(|counter| {
                counter.text("😀".as_bytes().split_at(3).0);
                assert_eq!(counter.groups().tokens(), 0);
                then(counter);
            })
        };
        assert_eq!(cut(&|counter| counter.end()), rare);
        assert_eq!(cut(&|counter| counter.scalar('a')), rare + 16);
        assert_eq!(cut(&|counter| counter.text(b"a")), rare + 16);
    }

    #[test]
    fn tokens_are_told_apart_by_group() {
        let weights = Weights::new();
        let mut counter = weights.counter(Tokenizer::Claude3);
        counter.text("word\nédité Привет 漢字 한국 नमस्ते ไทย שלום አማ 7".as_bytes());
        assert!(counter.groups().0.iter().all(|group| *group > 0), "{:?}", counter.groups());
        assert_eq!(Groups([1, 0, 0, 0, 0, 0, 0, 0, 0, 16]).tokens(), 2);
    }
}
