//! What a request takes from the quota: a number in each dimension.

use crate::archive::Archive;

/// What a limit counts.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Dimension {
    /// Requests, whatever their size.
    Requests,
    /// Model tokens read by the model.
    InputTokens,
    /// Model tokens written by the model.
    OutputTokens,
    /// Model tokens, read and written together.
    TotalTokens,
    /// Requests in flight at once. Taken at the start, returned at the end; time gives nothing back.
    Concurrency,
    /// A unit of the user's own: points, bytes, credits.
    Custom,
}

impl Dimension {
    /// Every dimension, in the order in which limits are listed.
    pub const ALL: [Self; 6] =
        [Self::Requests, Self::InputTokens, Self::OutputTokens, Self::TotalTokens, Self::Concurrency, Self::Custom];

    /// Whether servers may charge it while an answer is written, and not when they admit the request.
    pub const fn is_charged_late(self) -> bool {
        matches!(self, Self::OutputTokens | Self::TotalTokens)
    }

    /// The name in options, snapshots, events and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::TotalTokens => "tokens",
            Self::Concurrency => "concurrency",
            Self::Custom => "custom",
        }
    }
}

/// How much one request takes in each dimension.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Cost {
    /// Requests, 1 for an ordinary call.
    pub requests: u32,
    /// Model tokens read.
    pub input_tokens: u32,
    /// Model tokens written.
    pub output_tokens: u32,
    /// Units of the user's own.
    pub custom: u32,
}

/// What a caller states of a cost, in place of what would be estimated; `None` where nothing is stated.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stated {
    /// Requests.
    pub requests: Option<u32>,
    /// Model tokens read.
    pub input_tokens: Option<u32>,
    /// Model tokens written.
    pub output_tokens: Option<u32>,
    /// Units of the user's own.
    pub custom: Option<u32>,
}

impl Stated {
    /// What is stated of one request; the rest is nothing.
    pub fn cost(self) -> Cost {
        Cost {
            requests: self.requests.unwrap_or(1),
            input_tokens: self.input_tokens.unwrap_or(0),
            output_tokens: self.output_tokens.unwrap_or(0),
            custom: self.custom.unwrap_or(0),
        }
    }
}

impl Cost {
    /// One request without tokens.
    pub const REQUEST: Self = Self { requests: 1, input_tokens: 0, output_tokens: 0, custom: 0 };

    /// Adds `more`, up to what a cost can hold.
    pub const fn add(&mut self, more: Self) {
        self.requests = self.requests.saturating_add(more.requests);
        self.input_tokens = self.input_tokens.saturating_add(more.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.custom = self.custom.saturating_add(more.custom);
    }

    /// What is left of it beyond `other`, in each unit.
    #[must_use]
    pub const fn beyond(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(other.requests),
            input_tokens: self.input_tokens.saturating_sub(other.input_tokens),
            output_tokens: self.output_tokens.saturating_sub(other.output_tokens),
            custom: self.custom.saturating_sub(other.custom),
        }
    }

    /// The larger of two in each dimension.
    pub fn most(self, other: Self) -> Self {
        Self {
            requests: self.requests.max(other.requests),
            input_tokens: self.input_tokens.max(other.input_tokens),
            output_tokens: self.output_tokens.max(other.output_tokens),
            custom: self.custom.max(other.custom),
        }
    }

    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.requests = archive.small(self.requests);
        self.input_tokens = archive.small(self.input_tokens);
        self.output_tokens = archive.small(self.output_tokens);
        self.custom = archive.small(self.custom);
    }

    /// The part that counts in `dimension`.
    pub const fn of(self, dimension: Dimension) -> u64 {
        match dimension {
            Dimension::Requests => self.requests as u64,
            Dimension::InputTokens => self.input_tokens as u64,
            Dimension::OutputTokens => self.output_tokens as u64,
            Dimension::TotalTokens => self.input_tokens as u64 + self.output_tokens as u64,
            // A request holds one permit however large it is.
            Dimension::Concurrency => 1,
            Dimension::Custom => self.custom as u64,
        }
    }
}
