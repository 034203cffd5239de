//! Tidegate's core: every decision of a client-side rate limiter, and nothing else.
#![no_std]

extern crate alloc;

pub mod backoff;
pub mod cost;
pub mod forecast;
pub mod headers;
mod json;
pub mod ledger;
pub mod limiter;
mod names;
pub mod options;
pub mod pattern;
pub mod policy;
pub mod provider;
pub mod queue;
pub mod quota;
pub mod random;
pub mod request;
pub mod schedule;
mod scope;
mod slab;
pub mod time;
pub mod usage;
