//! Tidegate's core: every decision of a client-side rate limiter, and nothing else.
#![no_std]

extern crate alloc;

pub mod cost;
pub mod headers;
mod json;
pub mod provider;
pub mod request;
pub mod time;
pub mod usage;
