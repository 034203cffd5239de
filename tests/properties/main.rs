//! Laws that hold for any input.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test may")]
