//! JSON read as it passes: one forward pass, in pieces of any size, without allocation or recursion.
//!
//! [`Lexer`] says what it meets to a [`Sink`], which keeps what it wants. Strings, escapes and nesting are held to
//! RFC 8259; numbers and words are read leniently, because a limiter that stops reading where a server goes on
//! would count too little.

mod lexer;
mod members;
mod plain;
mod scan;
mod word;

pub(crate) use lexer::{DEPTH_CAP, Lexer, Role, Sink};
pub(crate) use members::Members;
pub(crate) use plain::Plain;
pub(crate) use scan::{characters, line_end};
pub(crate) use word::Word;
