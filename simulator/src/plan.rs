//! From the production of an answer to the bytes that carry it.

use std::time::Duration;

use crate::api::{Call, Endpoint};
use crate::exchange::{Ending, Exchange, Head, Piece};
use crate::fate::Fate;
use crate::production::Production;
use crate::{claude, openai};

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
    /// The unix time in seconds.
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
        let mut text = match self.call.endpoint {
            Endpoint::ChatCompletions => openai::completion_body(self.call, self.id, self.created, tokens),
            Endpoint::Messages | Endpoint::CountTokens => claude::message_body(self.call, self.id, tokens),
        };
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
        Exchange { id: self.id, head: Some(head), pieces: vec![Piece { at, text }], ending }
    }

    /// Server-sent events, each when its tokens are there.
    fn plan_stream(mut self) -> Exchange {
        let production: Vec<(Duration, u64)> =
            (0..self.production.pieces()).map(|index| self.production.piece(index)).collect();
        let tokens: Vec<u64> = production.iter().map(|&(_, tokens)| tokens).collect();
        let (opening, texts, closing) = match self.call.endpoint {
            Endpoint::ChatCompletions => openai::stream_texts(self.call, self.id, self.created, &tokens),
            Endpoint::Messages | Endpoint::CountTokens => claude::stream_texts(self.call, self.id, &tokens),
        };
        self.headers.push(header("content-type", "text/event-stream; charset=utf-8"));
        self.headers.push(header("cache-control", "no-cache"));
        let first_at = self.production.first_at();
        let last_at = self.production.ends_at(self.pieces);
        let mut pieces = vec![Piece { at: first_at, text: opening }];
        let produced = production.iter().zip(texts).take(self.pieces as usize);
        pieces.extend(produced.map(|(&(at, _), text)| Piece { at, text }));
        let ending = match self.fate {
            Fate::Cut => Ending::Lost(last_at),
            Fate::StreamError => {
                let text = match self.call.endpoint {
                    Endpoint::ChatCompletions => openai::stream_error_event(),
                    Endpoint::Messages | Endpoint::CountTokens => claude::stream_error_event(self.request_id),
                };
                pieces.push(Piece { at: last_at, text });
                Ending::Complete
            }
            Fate::Answered | Fate::Overloaded | Fate::Error | Fate::Dropped | Fate::Hung | Fate::Slow => {
                pieces.push(Piece { at: last_at, text: closing });
                Ending::Complete
            }
        };
        Exchange { id: self.id, head: Some(Head { at: first_at, status: 200, headers: self.headers }), pieces, ending }
    }
}

pub(crate) fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}
