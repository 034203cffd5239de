//! What comes in and what goes out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::base64;

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

    /// The key that the request is made with: `x-api-key`, `x-goog-api-key`, the bearer of `authorization`, or the access
    /// key id of whoever signed it for AWS. Signatures are not checked.
    pub fn api_key(&self) -> Option<&str> {
        let named = self.header("x-api-key").or_else(|| self.header("x-goog-api-key"));
        let authorization = || {
            let value = self.header("authorization")?;
            let signer = || value.strip_prefix("AWS4-HMAC-SHA256 Credential=")?.split('/').next();
            value.strip_prefix("Bearer ").or_else(signer)
        };
        named.or_else(authorization).map(str::trim).filter(|key| !key.is_empty())
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
    pub bytes: Vec<u8>,
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
        let bytes = text.into_bytes();
        Self {
            id,
            head: Some(Head { at, status, headers }),
            pieces: vec![Piece { at, bytes }],
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

    /// The body in one piece. Of what is no text, use [`bytes`](Self::bytes).
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// The bytes of the body.
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|piece| &piece.bytes).copied().collect()
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
    /// where `ending` is `"complete"`, `"lost"` or `"never"`, and a piece that is no text is `[at, { base64 }]`.
    pub fn to_json(&self) -> Value {
        let head = self
            .head
            .as_ref()
            .map(|head| json!({ "at": millis(head.at), "status": head.status, "headers": head.headers }));
        let piece = |Piece { at, bytes }: &Piece| match std::str::from_utf8(bytes) {
            Ok(text) => json!([millis(*at), text]),
            Err(_) => json!([millis(*at), { "base64": base64::encode(bytes) }]),
        };
        let pieces: Vec<Value> = self.pieces.iter().map(piece).collect();
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
