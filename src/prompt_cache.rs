//! What a server is expected to have in its prompt cache.
//!
//! A request marks points up to which its prompt is to be kept. Whoever comes first writes them; once the server has
//! begun to answer it, others with the same beginning read them, and providers whose limits leave cache reads out
//! charge them only for the rest. Of many requests with the same new beginning one should therefore go first, and the
//! others wait until it is answered: a prompt that is written ten times at once is charged ten times.
//!
//! Source: <https://platform.claude.com/docs/en/build-with-claude/prompt-caching> (read 2026-11-23): an entry can be
//! read once the first response to it has begun, and lives for five minutes (or an hour) from its last use.

use alloc::vec::Vec;

use crate::request::{Prefix, Prefixes};
use crate::time::{Duration, Instant};

/// The entries that are known in one scope.
#[derive(Debug, Default)]
pub struct PromptCache {
    /// Sorted by the hash of the prompt's beginning. So few are moved faster than a tree is balanced.
    entries: Vec<Entry>,
}

/// What a request finds there.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Found {
    /// Model tokens that will be read, as estimated with the request.
    pub readable: u32,
    /// Somebody is writing more of this prompt: waiting for that request saves writing it again.
    pub writer: Option<Writer>,
}

/// A request whose answer has not begun.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Writer {
    /// Its number.
    pub request: u32,
    /// It is not waited for any longer than that.
    pub until: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    state: State,
    /// It is gone by then; while it is written, nobody waits for it any longer.
    until: Instant,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// By the request of this number, whose answer has not begun.
    Writing(u32),
    Ready,
    /// The server said that it kept nothing.
    Refused,
}

impl PromptCache {
    /// What a request with these `prefixes` finds at `now`.
    pub fn find(&self, prefixes: &Prefixes, now: Instant) -> Found {
        let mut found = Found::default();
        let mut writing = 0;
        // The longest that can be read counts; who writes no more than that is of no interest.
        for prefix in prefixes.earlier().iter().chain(prefixes.as_slice()) {
            let Some(entry) = self.get(prefix.hash, now) else { continue };
            match entry.state {
                State::Ready => found.readable = found.readable.max(prefix.tokens),
                State::Writing(request) if prefix.tokens >= writing => {
                    (writing, found.writer) = (prefix.tokens, Some(Writer { request, until: entry.until }));
                }
                State::Writing(_) | State::Refused => {}
            }
        }
        found.writer = found.writer.filter(|_| writing > found.readable);
        found
    }

    /// `request` is sent: what it finds is used once more, and what it does not find it writes.
    pub fn begin(&mut self, request: u32, prefixes: &Prefixes, now: Instant) {
        let readable = self.find(prefixes, now).readable;
        for prefix in prefixes.earlier() {
            if let Some(entry) = self.get_mut(prefix.hash, now)
                && entry.state == State::Ready
                && prefix.tokens == readable
            {
                entry.until = entry.until.max(now + life(prefix));
            }
        }
        for prefix in prefixes.as_slice() {
            let until = now + life(prefix);
            if let Some(entry) = self.get_mut(prefix.hash, now) {
                if entry.state == State::Ready {
                    entry.until = entry.until.max(until);
                }
                continue;
            }
            // What lies before the part that is read has been kept with it, whoever wrote it.
            let state = if prefix.tokens <= readable { State::Ready } else { State::Writing(request) };
            let until = if state == State::Ready { until } else { now + LONGEST_WRITING };
            self.insert(Entry { hash: prefix.hash, state, until }, now);
        }
    }

    /// The server has begun to answer a request with these `prefixes`: whoever comes now reads them. Returns who was
    /// writing them, for whom nobody has to wait any longer.
    pub fn ready(&mut self, prefixes: &Prefixes, now: Instant) -> Vec<u32> {
        let mut writers = Vec::new();
        for prefix in prefixes.as_slice() {
            let known = self.get(prefix.hash, now).map(|entry| entry.state);
            if let Some(State::Writing(writer)) = known {
                writers.push(writer);
            }
            if known != Some(State::Refused) {
                self.insert(Entry { hash: prefix.hash, state: State::Ready, until: now + life(prefix) }, now);
            }
        }
        writers
    }

    /// `request` ended without an answer: what it was to write is not there.
    pub fn abandon(&mut self, request: u32, prefixes: &Prefixes) {
        for prefix in prefixes.as_slice() {
            let Ok(place) = self.place(prefix.hash) else { continue };
            if self.entries.get(place).is_some_and(|entry| entry.state == State::Writing(request)) {
                self.entries.remove(place);
            }
        }
    }

    /// The server said how much of the prompt came from its cache or went into it (both together `cached`, of `whole`
    /// model tokens). What it did not keep is not to be waited for again while its entry would have lived.
    pub fn learn(&mut self, prefixes: &Prefixes, cached: u64, whole: u64, estimated_whole: u64, now: Instant) {
        for prefix in prefixes.as_slice() {
            // The estimate of a part is as wrong as that of the whole.
            let expected = u128::from(prefix.tokens) * u128::from(whole) / u128::from(estimated_whole.max(1));
            if u128::from(cached) * 8 < expected * 7 {
                self.insert(Entry { hash: prefix.hash, state: State::Refused, until: now + life(prefix) }, now);
            }
        }
    }

    fn insert(&mut self, entry: Entry, now: Instant) {
        if let Ok(known) = self.place(entry.hash) {
            self.entries[known] = entry;
            return;
        }
        if self.entries.len() >= MOST_ENTRIES {
            self.entries.retain(|entry| entry.until > now);
        }
        if self.entries.len() >= MOST_ENTRIES {
            let soonest = (0..self.entries.len()).min_by_key(|place| self.entries[*place].until);
            soonest.map(|place| self.entries.remove(place));
        }
        let place = self.place(entry.hash).unwrap_or_else(|place| place);
        self.entries.insert(place, entry);
    }

    /// The entry of that hash, if it still lives.
    fn get(&self, hash: u64, now: Instant) -> Option<&Entry> {
        self.entries.get(self.place(hash).ok()?).filter(|entry| entry.until > now)
    }

    fn get_mut(&mut self, hash: u64, now: Instant) -> Option<&mut Entry> {
        let place = self.place(hash).ok()?;
        self.entries.get_mut(place).filter(|entry| entry.until > now)
    }

    /// Where the entry stands, or where it would.
    fn place(&self, hash: u64) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&hash, |entry| entry.hash)
    }
}

/// From its last use.
const fn life(prefix: &Prefix) -> Duration {
    if prefix.is_long_lived { Duration::from_secs(3_600) } else { Duration::from_secs(300) }
}

/// Prompts are chosen by whoever writes requests: a bound on what is remembered of them.
const MOST_ENTRIES: usize = 1_024;

/// An answer that has not begun after a minute is not worth waiting for any longer.
const LONGEST_WRITING: Duration = Duration::MINUTE;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_nanos(1_000_000_000);

    /// Points after so many thousand tokens; the first byte of each hash is whose conversation it is.
    fn prompt(whose: u64, thousands: &[u32]) -> Prefixes {
        let mut prefixes = Prefixes::default();
        for &thousand in thousands {
            let hash = whose << 32 | u64::from(thousand);
            prefixes.push(Prefix { hash, tokens: thousand * 1_000, is_long_lived: false }, &[]);
        }
        prefixes
    }

    /// Whom a request would have to wait for.
    fn writer(cache: &PromptCache, prefixes: &Prefixes, now: Instant) -> Option<u32> {
        cache.find(prefixes, now).writer.map(|writer| writer.request)
    }

    fn answered(request: u32, prefixes: &Prefixes) -> PromptCache {
        let mut cache = PromptCache::default();
        cache.begin(request, prefixes, NOW);
        cache.ready(prefixes, NOW);
        cache
    }

    #[test]
    fn nobody_reads_what_nobody_wrote() {
        assert_eq!(PromptCache::default().find(&prompt(1, &[2, 5]), NOW), Found::default());
    }

    #[test]
    fn who_comes_second_waits_for_the_writer_and_then_reads() {
        let (mut cache, prefixes) = (PromptCache::default(), prompt(1, &[2, 5]));
        cache.begin(7, &prefixes, NOW);
        let writer = Writer { request: 7, until: NOW + Duration::MINUTE };
        assert_eq!(cache.find(&prefixes, NOW), Found { readable: 0, writer: Some(writer) });
        assert_eq!(cache.ready(&prefixes, NOW), [7, 7]);
        assert_eq!(cache.find(&prefixes, NOW), Found { readable: 5_000, writer: None });
    }

    #[test]
    fn a_writer_without_an_answer_leaves_nothing_behind() {
        let (mut cache, prefixes) = (PromptCache::default(), prompt(1, &[2]));
        cache.begin(7, &prefixes, NOW);
        cache.abandon(8, &prefixes);
        assert_eq!(writer(&cache, &prefixes, NOW), Some(7));
        cache.abandon(7, &prefixes);
        assert_eq!(cache.find(&prefixes, NOW), Found::default());
    }

    #[test]
    fn a_writer_that_hangs_is_waited_for_no_longer_than_a_minute() {
        let (mut cache, prefixes) = (PromptCache::default(), prompt(1, &[2]));
        cache.begin(7, &prefixes, NOW);
        assert_eq!(writer(&cache, &prefixes, NOW + Duration::from_secs(59)), Some(7));
        assert_eq!(writer(&cache, &prefixes, NOW + Duration::MINUTE), None);
    }

    #[test]
    fn an_entry_lives_five_minutes_from_its_last_use() {
        let prefixes = prompt(1, &[2]);
        let mut cache = answered(7, &prefixes);
        let later = NOW + Duration::from_secs(299);
        assert_eq!(cache.find(&prefixes, later).readable, 2_000);
        cache.begin(8, &prefixes, later);
        assert_eq!(cache.find(&prefixes, later + Duration::from_secs(299)).readable, 2_000);
        assert_eq!(cache.find(&prefixes, later + Duration::from_secs(300)), Found::default());
    }

    #[test]
    fn what_a_conversation_adds_is_written_and_its_beginning_read() {
        let shared = prompt(1, &[2]);
        let mut cache = answered(7, &shared);
        let longer = prompt(1, &[2, 9]);
        assert_eq!(cache.find(&longer, NOW), Found { readable: 2_000, writer: None });
        cache.begin(8, &longer, NOW);
        assert_eq!((cache.find(&longer, NOW).readable, writer(&cache, &longer, NOW)), (2_000, Some(8)));
        // Who needs no more than the beginning does not wait for the rest.
        assert_eq!(cache.find(&shared, NOW), Found { readable: 2_000, writer: None });
    }

    #[test]
    fn a_conversation_that_grows_reads_what_its_last_turn_wrote() {
        let turn = prompt(1, &[5]);
        let mut cache = answered(7, &turn);
        let mut next = Prefixes::default();
        let [earlier, point] = [5, 9].map(|thousand| Prefix {
            hash: 1 << 32 | u64::from(thousand),
            tokens: thousand * 1_000,
            is_long_lived: false,
        });
        next.push(point, &[earlier]);
        let later = NOW + Duration::from_secs(200);
        assert_eq!(cache.find(&next, later).readable, 5_000);
        // Reading it keeps it for as long again.
        cache.begin(8, &next, later);
        assert_eq!(cache.find(&turn, later + Duration::from_secs(200)).readable, 5_000);
    }

    #[test]
    fn what_the_server_did_not_keep_is_neither_expected_nor_waited_for() {
        let prefixes = prompt(1, &[2, 5]);
        let mut cache = answered(7, &prefixes);
        // It kept the shorter one; its model tokens are a quarter more than was estimated.
        cache.learn(&prefixes, 2_500, 7_500, 6_000, NOW);
        assert_eq!(cache.find(&prefixes, NOW).readable, 2_000);
        cache.begin(8, &prefixes, NOW);
        assert_eq!(cache.find(&prefixes, NOW), Found { readable: 2_000, writer: None });
        cache.learn(&prefixes, 0, 7_500, 6_000, NOW);
        assert_eq!(cache.find(&prefixes, NOW), Found::default());
    }

    #[test]
    fn what_is_remembered_is_bounded_and_the_first_to_expire_goes_first() {
        let mut cache = PromptCache::default();
        for whose in 0..5_000 {
            let prefixes = prompt(whose, &[2]);
            cache.begin(7, &prefixes, NOW + Duration::from_millis(whose));
            cache.ready(&prefixes, NOW + Duration::from_millis(whose));
        }
        assert_eq!(cache.entries.len(), MOST_ENTRIES);
        assert_eq!(cache.find(&prompt(4_999, &[2]), NOW).readable, 2_000);
        assert_eq!(cache.find(&prompt(0, &[2]), NOW), Found::default());
    }
}
