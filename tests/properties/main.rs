//! Laws that hold for any input.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test may")]

mod corpus;
mod headers;

#[path = "../../fuzz/src/headers.rs"]
mod promises;
