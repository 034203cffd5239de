//! What comes in and what goes out.

use std::time::Duration;

use serde_json::{Value, json};

/// A request as a server sees it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Request {
    /// `POST` and the like.
    pub method: String,
    /// The path, with or without a query.
    pub path: String,
    /// Names (in any case) and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The key that the request is made with: `x-api-key`, or the bearer of `authorization`.
    pub fn api_key(&self) -> Option<&str> {
        let bearer = || self.header("authorization")?.strip_prefix("Bearer ");
        self.header("x-api-key").or_else(bearer).map(str::trim).filter(|key| !key.is_empty())
    }
}

/// The whole answer to a request, planned in advance: what is sent, and when.
///
/// Until the plan is through, the client may go away: tell [`Server::abort`](crate::Server::abort).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Exchange {
    /// Names the exchange to `abort`.
    pub id: u64,
    /// Status line and headers, unless nothing is ever answered.
    pub head: Option<Head>,
    /// The body, in order of time.
    pub pieces: Vec<Piece>,
    /// How it ends.
    pub ending: Ending,
}

/// Status line and headers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// When they are sent.
    pub at: Duration,
    /// The status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
}

/// A part of the body.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Piece {
    /// When it is sent.
    pub at: Duration,
    /// What is sent.
    pub text: String,
}

/// How an exchange ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// With the last piece.
    Complete,
    /// With the connection lost at that instant.
    Lost(Duration),
    /// Not at all.
    Never,
}

impl Exchange {
    /// An answer that is sent all at once.
    pub(crate) fn whole(id: u64, at: Duration, status: u16, headers: Vec<(String, String)>, text: String) -> Self {
        Self {
            id,
            head: Some(Head { at, status, headers }),
            pieces: vec![Piece { at, text }],
            ending: Ending::Complete,
        }
    }

    /// The status, or 0 if nothing is ever answered.
    pub fn status(&self) -> u16 {
        self.head.as_ref().map_or(0, |head| head.status)
    }

    /// The first value of a header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = &self.head.as_ref()?.headers;
        headers.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }

    /// The body in one piece.
    pub fn body(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }

    /// When nothing more will come; `None` if that is never known.
    pub fn ends_at(&self) -> Option<Duration> {
        match self.ending {
            Ending::Complete => self.pieces.last().map(|piece| piece.at),
            Ending::Lost(at) => Some(at),
            Ending::Never => None,
        }
    }

    /// The plan as JSON, with times in milliseconds:
    /// `{ id, head: { at, status, headers: [[name, value]] } | null, pieces: [[at, text]], ending, endsAt | null }`,
    /// where `ending` is `"complete"`, `"lost"` or `"never"`.
    pub fn to_json(&self) -> Value {
        let head = self
            .head
            .as_ref()
            .map(|head| json!({ "at": millis(head.at), "status": head.status, "headers": head.headers }));
        let pieces: Vec<Value> = self.pieces.iter().map(|piece| json!([millis(piece.at), piece.text])).collect();
        let ending = match self.ending {
            Ending::Complete => "complete",
            Ending::Lost(_) => "lost",
            Ending::Never => "never",
        };
        let ends_at = self.ends_at().map(millis);
        json!({ "id": self.id, "head": head, "pieces": pieces, "ending": ending, "endsAt": ends_at })
    }
}

/// Milliseconds as JavaScript counts them.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}

/// The time that JavaScript's milliseconds say; what is no time is the origin.
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
pub(crate) fn from_millis(millis: f64) -> Duration {
    // Rounded, so that an instant that was told is itself when it comes back. `as` saturates and maps NaN to zero.
    Duration::from_nanos((millis * 1e6).round() as u64)
}
