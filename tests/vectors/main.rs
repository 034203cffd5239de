//! What servers send, written down once and read by the Rust core and by the built package alike.

mod headers;
