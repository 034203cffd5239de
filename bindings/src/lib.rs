//! The boundary between the core and JavaScript: types in and out, nothing decided here.
//!
//! On the hot path only numbers and short strings cross. Options, snapshots, refusals and events cross as plain data
//! (see `plain`), because they are rare.

mod limiter;
mod panics;
mod parse;
mod plain;
mod tokens;
mod usage;

use wasm_bindgen::prelude::wasm_bindgen;

pub use self::limiter::CoreLimiter;
pub use self::panics::install as install_panic_hook;
pub use self::parse::parse_rate_limit;
pub use self::tokens::{add_token_tables, estimate_tokens};
pub use self::usage::CoreUsage;

/// Names of the request headers whose values [`CoreLimiter::submit_request`] wants. Never a credential's.
#[wasm_bindgen(js_name = requestHeaders)]
pub fn request_headers() -> Vec<String> {
    tidegate::request::HEADERS_OF_INTEREST.iter().map(|name| (*name).to_owned()).collect()
}

/// How much of a refusal's body is enough to tell what it means.
#[wasm_bindgen(js_name = bodyPeekBytes)]
pub fn body_peek_bytes() -> u32 {
    BODY_PEEK_BYTES
}

#[wasm_bindgen(start)]
fn start() {
    panics::install();
}

/// Error bodies are a few hundred bytes; Google's, with all their details, a few thousand.
const BODY_PEEK_BYTES: u32 = 64 * 1_024;
