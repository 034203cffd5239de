//! From the production of an answer to the bytes that carry it.

use std::time::Duration;

use crate::api::{Call, Endpoint, Family};
use crate::exchange::{Ending, Exchange, Head, Piece};
use crate::fate::Fate;
use crate::production::Production;
use crate::{bedrock, claude, gemini, openai};

/// An answer that is about to be produced.
#[derive(Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) id: u64,
    pub(crate) request_id: &'a str,
    pub(crate) call: &'a Call,
    pub(crate) production: &'a Production,
    /// The pieces that will be produced: all of them, unless something goes wrong.
    pub(crate) pieces: u64,
    pub(crate) fate: Fate,
    /// When the request came.
    pub(crate) began_at: Duration,
    /// The same in seconds of unix time.
    pub(crate) created: u64,
    pub(crate) headers: Vec<(String, String)>,
}

impl Answer<'_> {
    /// The plan of what is sent when.
    pub(crate) fn plan(self) -> Exchange {
        if self.call.stream { self.plan_stream() } else { self.plan_whole() }
    }

    /// JSON, all of it when the last token is there.
    fn plan_whole(mut self) -> Exchange {
        let at = self.production.ends_at(self.pieces);
        let tokens = (0..self.production.pieces()).map(|index| self.production.piece(index).1).sum();
        let latency_ms = at.saturating_sub(self.began_at).as_millis() as u64;
        let mut text = match self.call.endpoint {
            Endpoint::ChatCompletions => openai::completion_body(self.call, self.id, self.created, tokens),
            Endpoint::GenerateContent => gemini::content_body(self.call, self.id, tokens),
            Endpoint::Converse => bedrock::converse_body(self.call, self.id, tokens, latency_ms),
            Endpoint::Invoke => bedrock::invoke_body(self.call, self.id, tokens),
            Endpoint::Messages | Endpoint::CountTokens => claude::message_body(self.call, self.id, tokens),
        };
        if self.call.endpoint == Endpoint::Invoke {
            self.headers.push(header("x-amzn-bedrock-input-token-count", &self.call.input_tokens.to_string()));
            self.headers.push(header("x-amzn-bedrock-output-token-count", &tokens.to_string()));
            self.headers.push(header("x-amzn-bedrock-invocation-latency", &latency_ms.to_string()));
        }
        self.headers.push(header("content-type", "application/json"));
        let head = Head { at, status: 200, headers: self.headers };
        let ending = if self.fate == Fate::Cut {
            // The generated text is ASCII, and so is everything around it but the model's name.
            let middle = (0..=text.len() / 2).rev().find(|&index| text.is_char_boundary(index)).unwrap_or(0);
            text.truncate(middle);
            Ending::Lost(at)
        } else {
            Ending::Complete
        };
        Exchange { id: self.id, head: Some(head), pieces: vec![Piece { at, bytes: text.into_bytes() }], ending }
    }

    /// Server-sent events, or the messages of AWS's event streams, each when its tokens are there.
    fn plan_stream(mut self) -> Exchange {
        let production: Vec<(Duration, u64)> =
            (0..self.production.pieces()).map(|index| self.production.piece(index)).collect();
        let tokens: Vec<u64> = production.iter().map(|&(_, tokens)| tokens).collect();
        let first_at = self.production.first_at();
        let last_at = self.production.ends_at(self.pieces);
        let (opening, parts, closing) = self.parts(&tokens, last_at);
        let content_type = match self.call.family {
            Family::Claude | Family::OpenAi => "text/event-stream; charset=utf-8",
            Family::Gemini => "text/event-stream",
            Family::Bedrock => "application/vnd.amazon.eventstream",
        };
        self.headers.push(header("content-type", content_type));
        self.headers.push(header("cache-control", "no-cache"));
        if self.call.endpoint == Endpoint::Invoke {
            self.headers.push(header("x-amzn-bedrock-content-type", "application/json"));
        }
        let mut pieces = vec![Piece { at: first_at, bytes: opening }];
        let produced = production.iter().zip(parts).take(self.pieces as usize);
        pieces.extend(produced.map(|(&(at, _), bytes)| Piece { at, bytes }));
        // Of Gemini's streams nothing comes before the first text.
        pieces.retain(|piece| !piece.bytes.is_empty());
        let ending = match self.fate {
            Fate::Cut => Ending::Lost(last_at),
            Fate::StreamError => {
                let bytes = match self.call.family {
                    Family::Claude => claude::stream_error_event(self.request_id).into_bytes(),
                    Family::OpenAi => openai::stream_error_event().into_bytes(),
                    Family::Gemini => gemini::stream_error_event().into_bytes(),
                    Family::Bedrock => bedrock::stream_error_frame(),
                };
                pieces.push(Piece { at: last_at, bytes });
                Ending::Complete
            }
            Fate::Answered | Fate::Overloaded | Fate::Error | Fate::Dropped | Fate::Hung | Fate::Slow => {
                pieces.push(Piece { at: last_at, bytes: closing });
                Ending::Complete
            }
        };
        Exchange { id: self.id, head: Some(Head { at: first_at, status: 200, headers: self.headers }), pieces, ending }
    }

    /// What opens a stream, what carries each of the pieces of so many tokens, and what closes it.
    fn parts(&self, tokens: &[u64], ends_at: Duration) -> (Vec<u8>, Vec<Vec<u8>>, Vec<u8>) {
        let latency_ms = ends_at.saturating_sub(self.began_at).as_millis() as u64;
        match self.call.endpoint {
            Endpoint::ChatCompletions => in_bytes(openai::stream_texts(self.call, self.id, self.created, tokens)),
            Endpoint::GenerateContent => in_bytes(gemini::stream_texts(self.call, self.id, tokens)),
            Endpoint::Converse => bedrock::converse_frames(self.call, self.id, tokens, latency_ms),
            Endpoint::Invoke => {
                let first_ms = self.production.first_at().saturating_sub(self.began_at).as_millis() as u64;
                bedrock::invoke_frames(self.call, self.id, tokens, first_ms, latency_ms)
            }
            Endpoint::Messages | Endpoint::CountTokens => in_bytes(claude::stream_texts(self.call, self.id, tokens)),
        }
    }
}

fn in_bytes((opening, texts, closing): (String, Vec<String>, String)) -> (Vec<u8>, Vec<Vec<u8>>, Vec<u8>) {
    (opening.into_bytes(), texts.into_iter().map(String::into_bytes).collect(), closing.into_bytes())
}

pub(crate) fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
