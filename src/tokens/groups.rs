//! Model tokens by kind of character.

/// Kinds of characters whose shares of an estimate are told apart, so that answers can correct each for itself.
pub const GROUPS: usize = 10;

/// Model tokens of a text by kind of character, in 1/16.
///
/// The kinds are, in order: letters of ASCII; digits; white space, punctuation, symbols and emoji; accented, Cyrillic,
/// Greek, Armenian and Georgian letters; Chinese and Japanese; Korean; scripts of India; Thai; Arabic and Hebrew; scripts
/// that are rare.
/// Tokenizers differ from each other mostly by a factor for each of these: of some twenty ways to divide, this one let a
/// regression learn an unknown tokenizer about as soon as the finest, of 63.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Groups(pub [u32; GROUPS]);

impl Groups {
    /// The sum, in model tokens, rounded up.
    pub fn tokens(&self) -> u64 {
        self.0.iter().map(|&part| u64::from(part)).sum::<u64>().div_ceil(16)
    }
}
