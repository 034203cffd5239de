//! What an organisation has in the prompt cache, and what a request finds there.
//!
//! The rules are those of <https://platform.claude.com/docs/en/build-with-claude/prompt-caching> (captures of 2026-07-28
//! and 2026-10-08): an entry is the whole prompt up to a breakpoint; it is there from when the answer that writes it
//! begins; a request reads the longest entry that it finds within twenty blocks before one of its breakpoints, and every
//! reading lets the entry live its time again.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// A prompt with the places at which it may be read from the cache or written to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefix {
    /// The ends of the blocks, in the order in which the model reads them.
    pub(crate) blocks: Vec<Block>,
    /// In the order of the blocks.
    pub(crate) breakpoints: Vec<Breakpoint>,
    /// The least number of tokens that the model's cache takes.
    pub(crate) minimum: u64,
}

/// Everything up to the end of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Block {
    /// Tells this beginning of a prompt from every other.
    pub(crate) fingerprint: u64,
    pub(crate) tokens: u64,
    pub(crate) characters: u64,
}

/// A block after which the prompt is to be cached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Breakpoint {
    /// The block's position.
    pub(crate) block: usize,
    pub(crate) life: Life,
}

/// How long an entry lives unread.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Life {
    FiveMinutes,
    OneHour,
}

/// What the cache does for one request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct CacheUse {
    /// The number of blocks that are read.
    blocks: usize,
    pub(crate) read_tokens: u64,
    pub(crate) read_characters: u64,
    /// Tokens that are written to live five minutes.
    pub(crate) five_minutes: u64,
    /// Tokens that are written to live an hour.
    pub(crate) one_hour: u64,
}

/// The traffic of a cache. In JSON the names are in `camelCase`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CacheCounts {
    /// Answers for which something was read from the cache.
    pub reads: u64,
    /// Answers for which something was written to the cache.
    pub writes: u64,
    /// Tokens read.
    pub read_tokens: u64,
    /// Tokens written.
    pub written_tokens: u64,
}

/// The entries of one organisation. Fingerprints tell models apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cache {
    entries: BTreeMap<u64, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    life: Life,
    expires_at: Duration,
}

impl Cache {
    /// What the cache would do for a request that came now.
    pub(crate) fn look(&self, now: Duration, prefix: &Prefix) -> CacheUse {
        let Some(last) = prefix.cached_blocks() else { return CacheUse::default() };
        let is_there = |block: &usize| {
            let entry = prefix.blocks.get(*block).and_then(|block| self.entries.get(&block.fingerprint));
            entry.is_some_and(|entry| now < entry.expires_at)
        };
        // A later breakpoint looks first, and what it finds is longer than what an earlier one could.
        let found = prefix.breakpoints.iter().rev().find_map(|breakpoint| {
            let furthest = (breakpoint.block + 1).saturating_sub(LOOKBACK);
            (furthest..=breakpoint.block).rev().find(is_there)
        });
        let blocks = found.map_or(0, |block| block + 1);
        let read = prefix.end_of(blocks);
        // Up to the last breakpoint of an hour all that is new is written for an hour, and the rest for five minutes.
        let of_an_hour = prefix.breakpoints.iter().filter(|breakpoint| breakpoint.life == Life::OneHour);
        let hour_ends = of_an_hour.map(|breakpoint| breakpoint.block + 1).filter(|&end| end <= last).max().unwrap_or(0);
        let hour_ends = prefix.end_of(hour_ends).tokens.max(read.tokens);
        let ends = prefix.end_of(last).tokens.max(read.tokens);
        CacheUse {
            blocks,
            read_tokens: read.tokens,
            read_characters: read.characters,
            five_minutes: ends - hour_ends,
            one_hour: hour_ends - read.tokens,
        }
    }

    /// The request was let in: what it reads lives its time again.
    pub(crate) fn read(&mut self, now: Duration, prefix: &Prefix, cache_use: CacheUse) {
        for block in prefix.blocks.iter().take(cache_use.blocks) {
            if let Some(entry) = self.entries.get_mut(&block.fingerprint).filter(|entry| now < entry.expires_at) {
                entry.expires_at = now + entry.life.duration();
            }
        }
    }

    /// The answer begins: what the request marked can be read from now on.
    pub(crate) fn write(&mut self, now: Duration, prefix: &Prefix) {
        self.entries.retain(|_, entry| now < entry.expires_at);
        for &Breakpoint { block, life } in &prefix.breakpoints {
            let Some(block) = prefix.blocks.get(block).filter(|block| block.tokens >= prefix.minimum) else { continue };
            let entry = self.entries.entry(block.fingerprint).or_insert(Entry { life, expires_at: now });
            entry.life = entry.life.max(life);
            entry.expires_at = entry.expires_at.max(now + life.duration());
        }
    }
}

impl Prefix {
    /// How many blocks are cached in the end: those up to the last breakpoint that is far enough from the beginning.
    fn cached_blocks(&self) -> Option<usize> {
        let long_enough = |breakpoint: &&Breakpoint| {
            self.blocks.get(breakpoint.block).is_some_and(|block| block.tokens >= self.minimum)
        };
        self.breakpoints.iter().rev().find(long_enough).map(|breakpoint| breakpoint.block + 1)
    }

    fn end_of(&self, blocks: usize) -> Block {
        let nothing = Block { fingerprint: 0, tokens: 0, characters: 0 };
        blocks.checked_sub(1).and_then(|last| self.blocks.get(last)).copied().unwrap_or(nothing)
    }
}

impl Life {
    const fn duration(self) -> Duration {
        match self {
            Self::FiveMinutes => Duration::from_secs(300),
            Self::OneHour => Duration::from_secs(3_600),
        }
    }
}

impl CacheUse {
    /// All that is written.
    pub(crate) const fn written(&self) -> u64 {
        self.five_minutes + self.one_hour
    }
}

impl CacheCounts {
    pub(crate) fn note(&mut self, cache_use: CacheUse) {
        self.reads += u64::from(cache_use.read_tokens > 0);
        self.writes += u64::from(cache_use.written() > 0);
        self.read_tokens += cache_use.read_tokens;
        self.written_tokens += cache_use.written();
    }
}

/// The fingerprint of what follows after `fingerprint` when `text` is added to it (FNV-1a, 64 bits).
pub(crate) fn fingerprint(fingerprint: u64, text: &str) -> u64 {
    // The end of a text is part of it, so that two texts are not the same as one that joins them.
    text.bytes()
        .chain([0xff])
        .fold(fingerprint, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The fingerprint of nothing.
pub(crate) const EMPTY_FINGERPRINT: u64 = 0xcbf2_9ce4_8422_2325;

/// "The system checks at most 20 positions per breakpoint, counting the breakpoint itself as the first."
const LOOKBACK: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// A prompt of blocks of 100 tokens each, called by the letters of `text`; each block of `breakpoints` is marked.
    fn prefix(text: &str, breakpoints: &[(usize, Life)]) -> Prefix {
        let mut hash = EMPTY_FINGERPRINT;
        let blocks = text.chars().zip(1..).map(|(letter, count)| {
            hash = fingerprint(hash, &letter.to_string());
            Block { fingerprint: hash, tokens: 100 * count, characters: 400 * count }
        });
        let breakpoints = breakpoints.iter().map(|&(block, life)| Breakpoint { block, life }).collect();
        Prefix { blocks: blocks.collect(), breakpoints, minimum: 100 }
    }

    fn short(text: &str) -> Prefix {
        prefix(text, &[(text.len() - 1, Life::FiveMinutes)])
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Tokens read, written for five minutes, and written for an hour.
    fn look(cache: &Cache, now: u64, prefix: &Prefix) -> (u64, u64, u64) {
        let found = cache.look(seconds(now), prefix);
        (found.read_tokens, found.five_minutes, found.one_hour)
    }

    #[test]
    fn a_growing_conversation_reads_what_its_last_turn_wrote() {
        let mut cache = Cache::default();
        assert_eq!(look(&cache, 0, &short("abc")), (0, 300, 0));
        cache.write(seconds(1), &short("abc"));
        assert_eq!(look(&cache, 2, &short("abcde")), (300, 200, 0));
        assert_eq!(look(&cache, 2, &short("abc")), (300, 0, 0));
        assert_eq!(look(&cache, 2, &short("ab")), (0, 200, 0));
        assert_eq!(look(&cache, 2, &short("xbcde")), (0, 500, 0));
    }

    #[test]
    fn an_entry_is_found_at_twenty_positions_and_no_further() {
        let letters: String = ('a'..='z').collect();
        let mut cache = Cache::default();
        cache.write(seconds(0), &short(&letters[..1]));
        assert_eq!(look(&cache, 1, &short(&letters[..20])), (100, 1_900, 0));
        assert_eq!(look(&cache, 1, &short(&letters[..21])), (0, 2_100, 0));
        // A second breakpoint looks for itself.
        let two = prefix(&letters[..21], &[(10, Life::FiveMinutes), (20, Life::FiveMinutes)]);
        assert_eq!(look(&cache, 1, &two), (100, 2_000, 0));
    }

    #[test]
    fn an_entry_lives_five_minutes_from_its_last_reading() {
        let mut cache = Cache::default();
        let prompt = short("abc");
        cache.write(seconds(0), &prompt);
        let found = cache.look(seconds(299), &prompt);
        assert_eq!(found.read_tokens, 300);
        cache.read(seconds(299), &prompt, found);
        assert_eq!(look(&cache, 598, &prompt), (300, 0, 0));
        assert_eq!(look(&cache, 599, &prompt), (0, 300, 0));
    }

    #[test]
    fn an_hour_is_written_up_to_its_breakpoint_and_five_minutes_beyond() {
        let mut cache = Cache::default();
        let prompt = prefix("abcdef", &[(1, Life::OneHour), (3, Life::FiveMinutes)]);
        assert_eq!(look(&cache, 0, &prompt), (0, 200, 200));
        cache.write(seconds(0), &prompt);
        assert_eq!(look(&cache, 299, &prompt), (400, 0, 0));
        assert_eq!(look(&cache, 3_000, &prompt), (200, 200, 0));
        assert_eq!(look(&cache, 3_600, &prompt), (0, 200, 200));
    }

    #[test]
    fn what_is_too_short_is_neither_written_nor_read() {
        let mut cache = Cache::default();
        let prompt = Prefix { minimum: 250, ..prefix("abc", &[(1, Life::FiveMinutes)]) };
        assert_eq!(look(&cache, 0, &prompt), (0, 0, 0));
        cache.write(seconds(0), &prompt);
        assert_eq!(look(&cache, 1, &prompt), (0, 0, 0));
        assert!(cache.entries.is_empty());
        let longer = Prefix { minimum: 250, ..prefix("abc", &[(1, Life::FiveMinutes), (2, Life::FiveMinutes)]) };
        assert_eq!(look(&cache, 1, &longer), (0, 300, 0));
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let mut cache = Cache::default();
        cache.write(seconds(0), &short("abc"));
        cache.write(seconds(300), &short("xyz"));
        assert_eq!(cache.entries.len(), 1);
    }
}
