//! A seeded, virtual-time model of rate-limited servers: the judge of Tidegate's tests and benchmarks.
//!
//! A [`Server`] is given requests with the time at which they arrive, and answers each with an [`Exchange`]: everything
//! that it will send, and when. It enforces limits by algorithms of its own ([`meter`]), shares no code with Tidegate's
//! core, and tells the ground truth ([`Stats`]) that no client can see.
//!
//! Nothing here reads a clock or draws chance from anywhere but the seed: the same options and calls give the same bytes
//! on every machine.

mod active;
mod api;
mod base64;
mod bedrock;
pub mod bound;
mod cache;
mod calendar;
mod claude;
mod exchange;
mod fate;
mod foresight;
pub mod gate;
mod gemini;
pub mod groups;
pub mod ledger;
pub mod limits;
pub mod meter;
pub mod omniscient;
mod openai;
mod options;
mod organisation;
mod plan;
mod production;
mod ramp;
mod random;
mod route;
mod server;
mod stats;
pub mod tally;
pub mod tokenizer;
#[cfg(target_arch = "wasm32")]
mod wasm;
pub mod workload;

pub use cache::CacheCounts;
pub use exchange::{Ending, Exchange, Head, Piece, Request};
pub use options::{
    Change, Faults, HeaderOptions, Neighbour, OptionError, Options, OrganisationOptions, Ramp, Storm, Timing,
};
pub use server::{JOB_HEADER, OUTPUT_TOKENS_HEADER, Server};
pub use stats::{GroupStats, LimitStats, OrganisationStats, Stats};
pub use workload::Api;
