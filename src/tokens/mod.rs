//! How many model tokens a text has, before anybody counted them.
//!
//! No vocabulary is carried: a vocabulary has megabytes. One pass over the text adds a weight for each character, which
//! depends on its class and on what stands before it. There are two forms of weights for the same pass:
//!
//! * the **small form**, 39 weights for each of twelve tokenizers, which everybody has: off by about 5 % on average over
//!   texts of 2 to 20 kB in prose of many languages, code and data, where four characters a token are off by 23 to 48 %;
//! * the **exact form**, a table of 4 kB for each tokenizer that is added ([`Weights::add_tables`]): off by 2 to 3 %.
//!
//! Either way the result is an estimate, and no tokenizer. Claude's since version 3 were never published: their weights were
//! fitted on what `ctok` 1.3.0 counts, a third party's reconstruction that agreed with 522 of 522 recorded answers of
//! Anthropic's token-counting endpoint. `data/token-weights/README.md` in the repository says where the figures
//! are from.

mod class;
mod counter;
mod groups;
mod machine;
mod small;
mod tokenizer;
mod weights;

pub use counter::Counter;
pub use groups::{GROUPS, Groups};
pub use tokenizer::Tokenizer;
pub use weights::{TablesError, Weights};

/// The exact tables that come with this crate, for [`Weights::add_tables`]: Claude 3 to 4.6, Claude since 4.7, GPT-4o and
/// later, Gemini. What does not name them does not carry them.
pub const EXACT_TABLES: &[u8] = include_bytes!("exact.bin");
