//! What servers say about their limits, in one normal form.

mod block;
mod signal;

pub use block::HeaderBlock;
pub use signal::{Kind, Signal, StatedLimit};

use crate::provider::Provider;
use crate::time::WallTime;

/// A response as the parser sees it.
#[derive(Clone, Copy, Debug)]
pub struct Response<'a> {
    /// Who answered, where the request told; `None` to guess from the headers.
    pub provider: Option<Provider>,
    /// HTTP status.
    pub status: u16,
    /// All response headers.
    pub headers: HeaderBlock<'a>,
    /// The body, or the beginning of it, where it was read.
    pub body: Option<&'a [u8]>,
}

/// Reads what `response` says. `now` is the wall time at which it arrived.
pub fn read<'a>(response: &Response<'a>, now: WallTime) -> Signal<'a> {
    let _ = (response, now);
    Signal::default()
}

/// Whether only its body can tell what a refusal means.
pub fn needs_body(_provider: Option<Provider>, status: u16, headers: HeaderBlock<'_>) -> bool {
    status == 429 && headers.value("retry-after").is_none()
}
