//! What servers send, written down once and read by the Rust core and by the built package alike.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test may")]

mod docs;
mod headers;
