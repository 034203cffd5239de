//! Laws that hold for every input, tried on many.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test may")]

mod corpus;
mod everything;
mod headers;
mod limiter;
mod prompts;
mod queue;
mod request;
mod restored;
mod samples;
mod saved;
mod standing;
mod tokens;
mod usage;

#[path = "../../fuzz/src/headers.rs"]
mod promises;
