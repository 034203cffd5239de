//! The waiting line of one scope: first by priority, then by turns of the tenants, then first come, first served.
//!
//! * [`Priority`] is a number; whoever waits too long gets a part all the same ([`AgeingPolicy`]).
//! * Of one priority, tenants take turns by what they take of the limit that they wait for, and by their [`Share`].
//! * Whoever waited before, and comes back, stands first among its equals.
//!
//! Joining, leaving from anywhere and starting are O(log n) in the tenants that wait, and O(1) where there is one. What goes
//! before somebody [`Queue::ahead_of`] tells, and [`Queue::in_order`] who.

mod ageing;
mod arrivals;
mod headroom;
mod lanes;
mod line;
mod order;
mod places;
mod priority;
mod tenants;

#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub use self::ageing::{AgeingPolicy, MOST_PASSES};
pub(crate) use self::arrivals::{Arrivals, MOST_TAKEN};
pub use self::headroom::Headroom;
use self::line::Line;
pub use self::order::{Ahead, InOrder};
pub use self::places::Places;
pub use self::priority::Priority;
pub use self::tenants::{Share, Tenancy, TenantId, Tenants};
use crate::time::{Duration, Instant};

/// Everybody who waits in one scope. Members are small integers.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// The highest priority first.
    lines: Vec<Line>,
    len: u32,
    /// How many started since somebody started because it was overdue.
    since_overdue: u8,
    /// Whose turn it was when others went beside it, and how many.
    beside: Option<(u32, u8)>,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Turn {
    /// Who.
    pub member: u32,
    /// The priority that counts now: its own, or a higher one against which it is overdue.
    pub priority: Priority,
}

/// How somebody stands in the queue.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Standing {
    /// Its priority.
    pub priority: Priority,
    /// Its tenant.
    pub of: Tenancy,
    /// What it takes of the limit that the scope waits for: in nanoseconds, the time in which so much is replenished.
    pub work: u64,
}

impl Queue {
    /// How many wait.
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// How many wait at each priority at which somebody does, the highest first.
    pub fn waiting(&self) -> impl Iterator<Item = (Priority, u32)> {
        self.lines.iter().filter(|line| !line.is_empty()).map(|line| (line.priority, line.len()))
    }

    /// What all who wait take of the limit that is waited for.
    pub fn work(&self) -> Duration {
        duration(self.lines.iter().map(Line::work).sum())
    }

    /// Whether nobody waits.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whose turn it is at `now`. `arrived` says since when a member waits.
    #[inline]
    pub fn turn(
        &self,
        now: Instant,
        ageing: AgeingPolicy,
        places: &Places,
        arrived: impl Fn(u32) -> Instant,
    ) -> Option<Turn> {
        let highest = self.lines.iter().find(|line| !line.is_empty())?;
        self.overdue(highest.priority, now, ageing, places, arrived)
            .or_else(|| Some(Turn { member: highest.first(places)?, priority: highest.priority }))
    }

    /// Whether `member`, which stands here at `priority`, goes before all its equals.
    #[inline]
    pub fn is_first(&self, member: u32, priority: Priority, places: &Places) -> bool {
        let line = self.lines.iter().find(|line| line.priority == priority);
        line.and_then(|line| line.first(places)) == Some(member)
    }

    /// Whether somebody waits whom a newcomer of `priority` may not pass.
    #[inline]
    pub fn is_ahead_of(
        &self,
        priority: Priority,
        now: Instant,
        ageing: AgeingPolicy,
        places: &Places,
        arrived: impl Fn(u32) -> Instant,
    ) -> bool {
        self.len > 0
            && (self.lines.iter().any(|line| line.priority >= priority && !line.is_empty())
                || self.overdue(priority, now, ageing, places, arrived).is_some())
    }

    /// Who has been passed over for too long by what has priority `by`, or higher. Of several priorities they are those of
    /// the one that was passed most often since it had its turn, so that all of them have theirs.
    fn overdue(
        &self,
        by: Priority,
        now: Instant,
        ageing: AgeingPolicy,
        places: &Places,
        arrived: impl Fn(u32) -> Instant,
    ) -> Option<Turn> {
        if self.since_overdue < MOST_PASSES {
            return None;
        }
        let passed = self.lines.iter().filter(|line| line.passed >= u32::from(MOST_PASSES) && !line.is_empty());
        let overdue = passed.filter_map(|line| {
            let member = line.first(places)?;
            let priority = line.passed_by.max(by);
            let is_overdue = now.since(arrived(member)) >= ageing.most(line.priority, priority);
            is_overdue.then_some((line.passed, Turn { member, priority }))
        });
        overdue.max_by_key(|(passed, _)| *passed).map(|(_, turn)| turn)
    }

    /// `member` joins behind everybody of its tenant and priority.
    pub fn join(&mut self, member: u32, standing: Standing, places: &mut Places) {
        self.len += 1;
        self.line(standing.priority).join(member, standing.of, standing.work, places);
    }

    /// `member` joins before everybody of its priority: it has waited before, and had its turn among its tenants.
    pub fn come_back(&mut self, member: u32, standing: Standing, places: &mut Places) {
        self.len += 1;
        self.line(standing.priority).come_back(member, standing.work, places);
    }

    /// `member`, whose turn it is, stands aside, and comes back before its equals: its turn counts as used.
    pub fn stand_aside(&mut self, member: u32, standing: Standing, places: &mut Places) {
        self.len -= 1;
        self.line(standing.priority).serve(member, standing.work, places);
        self.tidy(member);
    }

    /// `member`, which stands in this queue, leaves, and takes nothing.
    pub fn leave(&mut self, member: u32, priority: Priority, places: &mut Places) {
        self.len -= 1;
        self.line(priority).leave(member, places);
        self.tidy(member);
    }

    /// `member`, which stands in this queue, starts and takes `standing.work`. It went as one of priority `turn`.
    pub fn serve(&mut self, member: u32, standing: Standing, turn: Priority, places: &mut Places) {
        self.len -= 1;
        self.line(standing.priority).serve(member, standing.work, places);
        self.note_start(standing.priority);
        if turn > standing.priority {
            self.since_overdue = 0;
        }
        self.tidy(member);
    }

    /// Whether another one may go beside `member`, whose turn it is and who has to wait.
    pub fn may_go_beside(&self, member: u32) -> bool {
        self.beside.is_none_or(|(first, count)| first != member || count < MOST_BESIDE)
    }

    /// One went beside `member`.
    pub fn note_beside(&mut self, member: u32) {
        let count = self.beside.filter(|(first, _)| *first == member).map_or(0, |(_, count)| count);
        self.beside = Some((member, count.saturating_add(1)));
    }

    /// Something of `priority` started, perhaps without waiting: it passed all that are below.
    #[inline]
    pub fn note_start(&mut self, priority: Priority) {
        self.since_overdue = self.since_overdue.saturating_add(1);
        for line in &mut self.lines {
            if line.priority == priority {
                (line.passed, line.passed_by) = (0, priority);
            } else if line.priority < priority && !line.is_empty() {
                line.passed = line.passed.saturating_add(1);
                line.passed_by = line.passed_by.max(priority);
            }
        }
    }

    /// The line of `priority`, which is made if it is not there.
    fn line(&mut self, priority: Priority) -> &mut Line {
        let place = self.lines.iter().position(|line| line.priority <= priority).unwrap_or(self.lines.len());
        if self.lines.get(place).is_none_or(|line| line.priority != priority) {
            if self.lines.is_empty() {
                // Most scopes see one priority only.
                self.lines.reserve_exact(1);
            }
            self.lines.insert(place, Line::new(priority));
        }
        &mut self.lines[place]
    }

    /// Forgets `member`, which has left, and keeps no more empty lines than there are named priorities.
    fn tidy(&mut self, member: u32) {
        self.beside = self.beside.filter(|(first, _)| *first != member);
        if self.lines.len() > Priority::NAMED.len()
            && let Some(empty) = self.lines.iter().position(Line::is_empty)
        {
            self.lines.remove(empty);
        }
    }
}

/// So many go beside one that waits for its limit. They do not delay it if they take what they reserved; if they take more,
/// it is passed by no more than these.
pub const MOST_BESIDE: u8 = 100;

/// Nanoseconds that may be more than a duration can say.
fn duration(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
