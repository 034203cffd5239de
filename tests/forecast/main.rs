//! What forecasts are worth on texts whose true sizes are known.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod accuracy;
mod documents;
mod streams;
