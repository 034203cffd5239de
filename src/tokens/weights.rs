//! What the characters of a text weigh, by tokenizer.

use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use super::counter::{Counter, Form, PAIRS};
use super::machine::CELLS_AND_REPEATS;
use super::small;
use super::tokenizer::Tokenizer;

/// The weights by which texts are counted: the small form for every tokenizer, and the exact form for those whose tables
/// were added. A tokenizer that nobody knows is always counted by the small form: the mean over many is nearer to it than
/// the exact weights of a few others.
///
/// ```
/// use tidegate::tokens::{EXACT_TABLES, Tokenizer, Weights};
///
/// let mut weights = Weights::new();
/// let text = "The tide comes in twice a day, and the gate opens when the water outside allows.";
/// let count = |weights: &Weights| {
///     let mut counter = weights.counter(Tokenizer::O200k);
///     counter.text(text.as_bytes());
///     counter.groups().tokens()
/// };
/// // Its tokenizer makes 18 tokens of it.
/// assert_eq!(count(&weights), 17);
/// weights.add_tables(EXACT_TABLES)?;
/// assert_eq!(count(&weights), 18);
/// # Ok::<(), tidegate::tokens::TablesError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Weights {
    /// Tables as they were added, or nothing.
    tables: Vec<u8>,
}

impl Weights {
    /// The small form, for every tokenizer.
    pub const fn new() -> Self {
        Self { tables: Vec::new() }
    }

    /// Adds exact tables, as [`EXACT_TABLES`](super::EXACT_TABLES) has them, in place of those that were added before.
    ///
    /// # Errors
    ///
    /// What is wrong with the bytes. All stays as it was then.
    pub fn add_tables(&mut self, bytes: &[u8]) -> Result<(), TablesError> {
        let tables = bytes.strip_prefix(SIGNATURE).ok_or(TablesError::Unrecognized)?;
        let (numbers, weights) = parts(tables).unwrap_or_default();
        if numbers.is_empty() || weights.len() != numbers.len() * TABLE {
            return Err(TablesError::Incomplete);
        }
        if numbers.iter().any(|&number| number >= Tokenizer::Unknown as u8) {
            return Err(TablesError::UnknownTokenizer);
        }
        self.tables = tables.into();
        Ok(())
    }

    /// Whether texts for `tokenizer` are counted by exact tables.
    pub fn is_exact(&self, tokenizer: Tokenizer) -> bool {
        self.table(tokenizer).is_some()
    }

    /// A counter for texts that `tokenizer` cuts.
    pub fn counter(&self, tokenizer: Tokenizer) -> Counter<'_> {
        let small = Form { weights: small::of(tokenizer), stride: 1, first: 0, is_exact: false };
        Counter::new(tokenizer, self.table(tokenizer).unwrap_or(small))
    }

    fn table(&self, tokenizer: Tokenizer) -> Option<Form<'_>> {
        let (numbers, weights) = parts(&self.tables)?;
        let first = numbers.iter().position(|&number| number == tokenizer as u8)?;
        Some(Form { weights, stride: numbers.len(), first, is_exact: true })
    }
}

/// The numbers of the tokenizers, and all weights.
fn parts(tables: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&count, rest) = tables.split_first()?;
    rest.split_at_checked(count.into())
}

/// Why tables were refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TablesError {
    /// They are no tables, or those of another version of this crate.
    Unrecognized,
    /// The last one is cut, or there is none.
    Incomplete,
    /// One is for a tokenizer that this version does not know.
    UnknownTokenizer,
}

impl fmt::Display for TablesError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Unrecognized => "these are no token tables of this version: use those that came with it",
            Self::Incomplete => "the token tables are cut: use the whole file",
            Self::UnknownTokenizer => {
                "the token tables name an unknown tokenizer: use those that came with this version"
            }
        })
    }
}

impl Error for TablesError {}

/// What tables begin with, the last byte being the version of their form: a change of classes, states or units makes it
/// another. After it come the number of tables, that of the tokenizer of each, and then the weights, of all tables the
/// first, of all the second, and so on: what is alike stands together, and is compressed the better for it.
const SIGNATURE: &[u8] = b"tokens\x01";

/// Weights of one table: those of the cells and repeats, and of the pairs of letters.
const TABLE: usize = CELLS_AND_REPEATS + PAIRS;

#[cfg(test)]
mod tests {
    use super::super::EXACT_TABLES;
    use super::*;

    #[test]
    fn tables_that_are_none_are_refused_and_nothing_is_added() {
        let mut weights = Weights::new();
        assert_eq!(weights.add_tables(b""), Err(TablesError::Unrecognized));
        assert_eq!(weights.add_tables(b"tokens\x02"), Err(TablesError::Unrecognized));
        assert_eq!(weights.add_tables(SIGNATURE), Err(TablesError::Incomplete));
        assert_eq!(weights.add_tables(b"tokens\x01\x00"), Err(TablesError::Incomplete));
        assert_eq!(weights.add_tables(b"tokens\x01\x02\x01"), Err(TablesError::Incomplete));
        assert_eq!(weights.add_tables(&EXACT_TABLES[..EXACT_TABLES.len() - 1]), Err(TablesError::Incomplete));
        for number in [Tokenizer::Unknown as u8, 200] {
            let mut bytes = EXACT_TABLES.to_vec();
            bytes[SIGNATURE.len() + 1] = number;
            assert_eq!(weights.add_tables(&bytes), Err(TablesError::UnknownTokenizer));
        }
        assert!(Tokenizer::ALL.iter().all(|tokenizer| !weights.is_exact(*tokenizer)));
    }

    #[test]
    fn tables_can_be_added_twice() {
        let mut weights = Weights::new();
        weights.add_tables(EXACT_TABLES).unwrap();
        weights.add_tables(EXACT_TABLES).unwrap();
        let exact: Vec<_> = Tokenizer::ALL.iter().copied().filter(|tokenizer| weights.is_exact(*tokenizer)).collect();
        let expected = [Tokenizer::Claude3, Tokenizer::Claude47, Tokenizer::O200k, Tokenizer::Gemma3];
        assert_eq!(exact, expected);
    }
}
