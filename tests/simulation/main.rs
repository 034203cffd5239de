//! The limiter against the simulator in virtual time: hours of traffic in milliseconds, every random draw from a seed.
//!
//! A failing run names its seed; `TIDEGATE_SEEDS=7,8` runs those and no others.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod api;
mod books;
mod claude;
mod estimates;
mod faults;
mod kinds;
mod omniscient;
mod outcome;
mod overload;
mod process;
mod queue;
mod quota;
mod remedy;
mod scenario;
mod settling;
mod soak;
mod trial;
mod world;
