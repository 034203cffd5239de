//! State as plain data and back, by one description for both directions.
//!
//! Whatever is saved has a method `keep`, which hands each of its fields to an [`Archive`] and takes back what the archive
//! says: the same value while it is saved, the saved one while it is restored. So there is no second list of fields that
//! could be in another order.
//!
//! The data is a list of numbers and a few texts. Instants stand in it as nanoseconds after the instant of the saving. The
//! time that has passed since is taken off when they are restored, so that it replenishes.
//!
//! What is read may have been written by anybody. A value of another kind than expected, a list that is too short or too long
//! is an error; a number out of its range is brought into it, by `keep` where arithmetic depends on it.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::options::{Field, OptionError, Value};
use crate::quota::Quota;
use crate::time::{Duration, Instant};

/// Fields on their way into plain data, or out of it.
pub(crate) struct Archive<'a> {
    /// The instant of the saving, in nanoseconds of the present clock. It may lie before the clock's origin.
    saved_at: i128,
    now: Instant,
    /// What is being written; while it is read, nothing.
    written: Vec<Value>,
    /// What is being read, if anything is.
    read: Option<Reading<'a>>,
}

struct Reading<'a> {
    list: &'a Field<'a>,
    items: &'a [Value],
    next: usize,
    /// The first thing that was wrong. From then on nothing is read.
    error: Option<Box<OptionError>>,
}

impl<'a> Archive<'a> {
    /// One that writes what is so at `now`.
    pub(crate) fn saving(now: Instant) -> Self {
        Self { saved_at: i128::from(now.as_nanos()), now, written: Vec::new(), read: None }
    }

    /// One that reads `list`, at `now`, which was written `age` ago.
    pub(crate) fn restoring(list: &'a Field<'a>, now: Instant, age: Duration) -> Result<Self, Box<OptionError>> {
        let items = list.items()?;
        let saved_at = i128::from(now.as_nanos()) - i128::from(age.as_nanos());
        Ok(Self { saved_at, now, written: Vec::new(), read: Some(Reading { list, items, next: 0, error: None }) })
    }

    /// What was written.
    pub(crate) fn written(self) -> Value {
        Value::List(self.written)
    }

    /// Makes sure that everything was read, and was right.
    pub(crate) fn finish(self) -> Result<(), Box<OptionError>> {
        match self.read {
            Some(Reading { error: Some(error), .. }) => Err(error),
            Some(reading) if reading.next < reading.items.len() => Err(reading.list.error(AS_IT_WAS)),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) const fn is_restoring(&self) -> bool {
        self.read.is_some()
    }

    /// A number.
    pub(crate) fn real(&mut self, value: f64) -> f64 {
        match self.pass(|| Value::Number(value)) {
            Some(Value::Number(number)) if number.is_finite() => *number,
            Some(_) => self.wrong(value),
            None => value,
        }
    }

    /// A number that is not negative.
    pub(crate) fn whole(&mut self, value: u64) -> u64 {
        let read = self.real(value as f64);
        if self.is_restoring() { read as u64 } else { value }
    }

    /// The same up to 2³² − 1.
    pub(crate) fn small(&mut self, value: u32) -> u32 {
        u32::try_from(self.whole(value.into())).unwrap_or(u32::MAX)
    }

    /// The same up to 255.
    pub(crate) fn byte(&mut self, value: u8) -> u8 {
        u8::try_from(self.whole(value.into())).unwrap_or(u8::MAX)
    }

    /// A number of 64 bits of which all matter.
    pub(crate) fn bits(&mut self, value: u64) -> u64 {
        let high = self.small((value >> 32) as u32);
        let low = self.small(value as u32);
        u64::from(high) << 32 | u64::from(low)
    }

    /// A number of either sign, up to ±2⁵².
    pub(crate) fn signed(&mut self, value: i64) -> i64 {
        let read = self.real(value as f64);
        if self.is_restoring() { (read as i64).clamp(-MOST_SIGNED, MOST_SIGNED) } else { value }
    }

    pub(crate) fn flag(&mut self, value: bool) -> bool {
        self.real(f64::from(u8::from(value))) != 0.0
    }

    /// How many things follow, of which there are `count`: at most `most`, or it is an error.
    pub(crate) fn count(&mut self, count: usize, most: usize) -> usize {
        let count = count.min(most);
        let read = usize::try_from(self.whole(count as u64)).unwrap_or(usize::MAX);
        if read > most { self.wrong(count) } else { read }
    }

    /// A number that may be absent.
    pub(crate) fn maybe(&mut self, value: Option<u32>) -> Option<u32> {
        let is_there = self.is_there(value.is_some());
        is_there.then(|| self.small(value.unwrap_or_default()))
    }

    pub(crate) fn duration(&mut self, value: Duration) -> Duration {
        Duration::from_nanos(self.whole(value.as_nanos()))
    }

    /// An instant, the longest period at most from now. The origin of a clock, which stands for never, is that of the other
    /// clock too.
    pub(crate) fn instant(&mut self, value: Instant) -> Instant {
        if !self.is_there(value != Instant::ZERO) {
            return Instant::ZERO;
        }
        let read = self.nanos(value.as_nanos().into());
        if self.is_restoring() { clamped(read).min(self.now + Quota::MAX_PERIOD) } else { value }
    }

    /// An instant that cannot lie ahead of now.
    pub(crate) fn past(&mut self, value: Instant) -> Instant {
        self.instant_within(value, Duration::ZERO)
    }

    /// An instant, `longest` at most from now.
    pub(crate) fn instant_within(&mut self, value: Instant, longest: Duration) -> Instant {
        let read = self.instant(value);
        if self.is_restoring() { read.min(self.now + longest) } else { read }
    }

    /// An instant that may be absent.
    pub(crate) fn maybe_instant(&mut self, value: Option<Instant>) -> Option<Instant> {
        let is_there = self.is_there(value.is_some());
        is_there.then(|| self.instant(value.unwrap_or_default()))
    }

    /// An instant in nanoseconds, however far it is.
    pub(crate) fn nanos(&mut self, value: i128) -> i128 {
        let read = self.real((value - self.saved_at) as f64);
        if self.is_restoring() {
            self.saved_at.saturating_add((read as i128).clamp(-FURTHEST, FURTHEST))
        } else {
            value
        }
    }

    /// A text.
    pub(crate) fn text(&mut self, value: &str) -> String {
        match self.pass(|| value.into()) {
            Some(Value::Text(text)) => text.clone(),
            Some(_) => self.wrong(String::new()),
            None => value.to_owned(),
        }
    }

    /// Whether something follows; what does not is written as nothing.
    fn is_there(&mut self, is_there: bool) -> bool {
        match &mut self.read {
            Some(reading) => {
                let is_there = !matches!(reading.items.get(reading.next), Some(Value::Nothing));
                reading.next += usize::from(!is_there);
                is_there
            }
            None => {
                if !is_there {
                    self.written.push(Value::Nothing);
                }
                is_there
            }
        }
    }

    /// Now.
    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    /// Writes a value, or says what was written in its place.
    fn pass(&mut self, value: impl FnOnce() -> Value) -> Option<&'a Value> {
        let Some(reading) = &mut self.read else {
            self.written.push(value());
            return None;
        };
        if reading.error.is_some() {
            return None;
        }
        let item = reading.items.get(reading.next);
        if item.is_none() {
            reading.error = Some(reading.list.error(AS_IT_WAS));
        }
        reading.next += 1;
        item
    }

    /// The value that was read last is none of those that may stand there; `instead` goes on.
    #[inline(never)]
    fn wrong<T>(&mut self, instead: T) -> T {
        if let Some(reading) = &mut self.read
            && let Some(last) = reading.next.checked_sub(1)
            && let Some(item) = reading.items.get(last)
            && reading.error.is_none()
        {
            reading.error = Some(reading.list.item(last, item).error(AS_IT_WAS));
        }
        instead
    }
}

/// The instant `nanos` after the clock's origin, or the origin.
fn clamped(nanos: i128) -> Instant {
    Instant::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
}

/// What whoever wrote something else by hand should do.
const AS_IT_WAS: &str = "Give what save() said, as it was.";

/// Sums of this size have room for as much again many times over.
const MOST_SIGNED: i64 = 1 << 52;

/// 31 days times 10¹², in nanoseconds: the emptiest bucket of the slowest quota.
const FURTHEST: i128 = 1 << 92;
