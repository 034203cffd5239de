//! Tidegate's core: every decision of a client-side rate limiter, and nothing else.
//!
//! A [`Limiter`](limiter::Limiter) says when a request may go, what a response means for those that wait, and when to
//! look again. It does no I/O, reads no clock and draws no chance from anywhere but its seed: time, randomness and bytes
//! are arguments, decisions are return values. So the same core serves JavaScript runtimes (compiled to WebAssembly),
//! native programs, and tests that run hours in milliseconds; the same calls give the same answers everywhere.
//!
//! # Driving it
//!
//! Whoever owns a limiter tells it what happens, drains what it says, and calls again when it wants:
//!
//! 1. tell it something: [`submit_request`](limiter::Limiter::submit_request),
//!    [`handle_response`](limiter::Limiter::handle_response), [`handle_timeout`](limiter::Limiter::handle_timeout), …
//! 2. do what [`poll_output`](limiter::Limiter::poll_output) says, until it says `None`;
//! 3. call `handle_timeout` at the instant that [`poll_timeout`](limiter::Limiter::poll_timeout) names, if it names one.
//!
//! Here a driver in virtual time sends six requests under a limit of two per second. What would be a sleep is an
//! assignment.
//!
//! ```
//! use tidegate::cost::Stated;
//! use tidegate::headers::HeaderBlock;
//! use tidegate::limiter::{HttpRequest, HttpResponse, Limiter, Output, Verdict};
//! use tidegate::options::{Value, parse, record};
//! use tidegate::queue::Priority;
//! use tidegate::request::Body;
//! use tidegate::time::{Instant, WallTime};
//!
//! let options = record([("limits", record([("default", record([("rps", Value::from(2.0))]))]))]);
//! let mut limiter = Limiter::new(&parse(&options)?, 42);
//! let mut now = Instant::ZERO;
//!
//! for _ in 0..6 {
//!     let request = HttpRequest {
//!         method: "GET",
//!         url: "https://api.example.com/items",
//!         headers: HeaderBlock::new(b""),
//!         body: Body::None,
//!         replayable: true,
//!         priority: Priority::NORMAL,
//!         tenant: "",
//!         max_wait: None,
//!         stated: Stated::default(),
//!         count: None,
//!     };
//!     limiter.submit_request(now, &request)?;
//! }
//!
//! let mut sent_at = Vec::new();
//! loop {
//!     while let Some(output) = limiter.poll_output() {
//!         if let Output::Start(ticket) = output {
//!             sent_at.push(now.as_millis_f64());
//!             // The request is sent, and this comes back at once.
//!             let response = HttpResponse { status: 200, headers: HeaderBlock::new(b""), body: None };
//!             let verdict = limiter.handle_response(now, WallTime::default(), ticket, &response);
//!             assert_eq!(verdict, Verdict::Deliver);
//!         }
//!     }
//!     let Some(wake_up) = limiter.poll_timeout() else { break };
//!     now = wake_up.at;
//!     limiter.handle_timeout(now);
//! }
//! // Two at once, then one every half second. A request may reach its server 50 ms after it was sent, and a full bucket
//! // fills no further until then.
//! assert_eq!(sent_at, [0.0, 0.0, 550.0, 1_050.0, 1_550.0, 2_050.0]);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # Parts
//!
//! * [`limiter`] is the state machine; [`policy`] what it is told, [`options`] how that is read from plain data.
//! * [`ledger`] holds several limits of one scope, taken from together or not at all; [`quota`] and [`cost`] are its words.
//! * [`request`], [`headers`] and [`usage`] read what is sent and what comes back, and never panic on it.
//! * [`tokens`] estimates how many model tokens a text has, before anybody counted them.
//! * [`queue`], [`schedule`], [`forecast`], [`backoff`] and [`random`] are the smaller machines inside.
//!
//! # Panics
//!
//! A panic means a bug. No input causes one, neither from the network nor from the user.
#![no_std]

extern crate alloc;

mod archive;
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
pub mod patterns;
pub mod policy;
pub mod prompt_cache;
pub mod provider;
pub mod queue;
pub mod quota;
pub mod random;
mod recent;
pub mod request;
mod retry_budget;
pub mod schedule;
mod scope;
mod slab;
mod throttle;
pub mod time;
pub mod tokens;
pub mod usage;
