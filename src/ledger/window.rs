//! A window limit, kept as a log of what was charged when.

use alloc::collections::VecDeque;

use crate::archive::Archive;
use crate::quota::{Enforcement, Quota};
use crate::time::{Duration, Instant};

/// No span of the period's length holds more than the amount; where the server's windows are fixed and their phase is
/// known, everything charged before the last boundary is forgotten early.
#[derive(Clone, Debug)]
pub struct Window {
    amount: u64,
    period: Duration,
    enforcement: Enforcement,
    /// Sorted by time. What was charged at `at` counts until `at + period`.
    charges: VecDeque<Charge>,
    used: u64,
    /// A boundary of the server's fixed windows; the others lie whole periods away.
    boundary: Option<Instant>,
    /// What others were found to have used, and when at the latest. It is in `charges` too.
    others: VecDeque<Charge>,
}

#[derive(Clone, Copy, Debug)]
struct Charge {
    at: Instant,
    amount: u64,
}

impl Window {
    /// An empty window.
    pub fn new(quota: &Quota) -> Self {
        Self {
            amount: quota.amount(),
            period: quota.period(),
            enforcement: quota.enforcement(),
            charges: VecDeque::new(),
            used: 0,
            boundary: None,
            others: VecDeque::new(),
        }
    }

    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.boundary = archive.maybe_instant(self.boundary);
        keep_charges(&mut self.charges, MAX_CHARGES, archive);
        keep_charges(&mut self.others, MAX_OTHERS, archive);
        self.used = self.charges.iter().map(|charge| charge.amount).sum();
    }

    /// Forgets what no longer counts at `now`.
    pub fn expire(&mut self, now: Instant) {
        if let (Enforcement::FixedWindow, Some(boundary)) = (self.enforcement, self.boundary)
            && boundary <= now
        {
            let periods = now.since(boundary).as_nanos() / self.period.as_nanos();
            let last = boundary + self.period.times(periods);
            self.boundary = Some(last + self.period);
            while let Some(charge) = self.charges.front().filter(|charge| charge.at < last) {
                self.used = self.used.saturating_sub(charge.amount);
                self.charges.pop_front();
            }
        }
        while let Some(charge) = self.charges.front().filter(|charge| charge.at + self.period <= now) {
            self.used = self.used.saturating_sub(charge.amount);
            self.charges.pop_front();
        }
    }

    /// The first instant at which `cost` fits and `leave` more, given that nothing else is charged; of the latter as much as
    /// fits besides. If `leave` is negative, so much less is enough. `None` if `cost` never fits.
    pub fn earliest(&self, cost: u64, leave: i64) -> Option<Instant> {
        if cost > self.amount {
            return None;
        }
        let needed = cost.saturating_add_signed(leave.max(0)).min(self.amount);
        let room = self.amount.saturating_add_signed(leave.min(0).saturating_neg());
        let mut surplus = (self.used + needed).saturating_sub(room);
        let mut at = Instant::ZERO;
        for charge in &self.charges {
            if surplus == 0 {
                break;
            }
            surplus = surplus.saturating_sub(charge.amount);
            at = charge.at + self.period;
        }
        let next_window = self.boundary.filter(|boundary| {
            self.enforcement == Enforcement::FixedWindow && self.charges.back().is_none_or(|last| last.at < *boundary)
        });
        Some(next_window.map_or(at, |boundary| at.min(boundary)))
    }

    /// The same after `before` more was taken, each part of it as soon as there was room.
    ///
    /// What is taken when it can be comes back a period later: the instants at which there is room come again in each.
    pub fn earliest_after(&self, before: u64, cost: u64, leave: i64, now: Instant) -> Option<Instant> {
        let first = self.earliest(cost, leave)?;
        if before == 0 {
            return Some(first);
        }
        let needed = before.saturating_add(cost.saturating_add_signed(leave.max(0)).min(self.amount));
        let boundary = self.boundary.filter(|_| self.enforcement == Enforcement::FixedWindow);
        if let Some(boundary) = boundary.filter(|boundary| *boundary > now) {
            let left = self.amount.saturating_sub(self.used);
            return Some(match needed.saturating_sub(left) {
                0 => now,
                beyond => boundary + self.period.times((beyond - 1) / self.amount),
            });
        }
        let rounds = (needed - 1) / self.amount;
        let rest = self.earliest(needed - rounds * self.amount, leave.min(0))?;
        Some(rest.max(now) + self.period.times(rounds))
    }

    /// Charges `cost` for a request that the server counts at `counted_at` or before.
    pub fn take(&mut self, cost: u64, counted_at: Instant) {
        if cost == 0 {
            return;
        }
        self.used = self.used.saturating_add(cost);
        // A clock that went back: the log stays sorted, the charge counts as long as the newest one.
        let at = self.charges.back().map_or(counted_at, |last| last.at.max(counted_at));
        match self.charges.back_mut() {
            Some(last) if last.at == at => last.amount = last.amount.saturating_add(cost),
            _ => self.charges.push_back(Charge { at, amount: cost }),
        }
        if self.charges.len() > MAX_CHARGES {
            self.merge_close();
        }
    }

    /// Takes back `cost` of what was charged at `counted_at`.
    pub fn give_back(&mut self, cost: u64, counted_at: Instant) {
        let first = self.charges.partition_point(|charge| charge.at < counted_at);
        let mut left = cost;
        for charge in self.charges.range_mut(first..) {
            let part = left.min(charge.amount);
            charge.amount -= part;
            left -= part;
            self.used = self.used.saturating_sub(part);
            if left == 0 {
                break;
            }
        }
    }

    /// What is left at `now`; negative when more was charged than allowed.
    pub fn level(&mut self, now: Instant) -> i64 {
        self.expire(now);
        i64::try_from(i128::from(self.amount) - i128::from(self.used)).unwrap_or(i64::MIN)
    }

    /// When the span began that a server counted at `at`.
    pub fn began(&self, at: Instant) -> Instant {
        let latest = at.before(self.period);
        let boundary = self.boundary.filter(|_| self.enforcement == Enforcement::FixedWindow);
        boundary.map_or(latest, |boundary| {
            // `boundary` may lie before or after; all boundaries are whole periods apart.
            let period = self.period.as_nanos().max(1);
            let ahead = boundary.as_nanos() % period;
            let into = (at.as_nanos() % period + period - ahead) % period;
            at.before(Duration::from_nanos(into))
        })
    }

    /// A server said that at `at` so much was used that others must have used `used` at least of what counted then.
    pub fn note_others(&mut self, used: u64, at: Instant, now: Instant) {
        let began = self.began(at);
        if began < self.began(now).before(self.period) || (self.boundary.is_some() && began < self.began(now)) {
            return;
        }
        let known: u64 = self.others.iter().filter(|charge| charge.at > began).map(|charge| charge.amount).sum();
        let amount = used.saturating_sub(known).min(self.amount);
        if amount == 0 {
            return;
        }
        self.insert(Charge { at, amount });
        self.others.push_back(Charge { at, amount });
        if self.others.len() > MAX_OTHERS {
            self.others.pop_front();
        }
    }

    /// Enters a charge where its time is. One that no longer counts goes with the next look.
    fn insert(&mut self, charge: Charge) {
        if charge.amount > 0 {
            let place = self.charges.partition_point(|other| other.at <= charge.at);
            self.charges.insert(place, charge);
            self.used = self.used.saturating_add(charge.amount);
        }
        if self.charges.len() > MAX_CHARGES {
            self.merge_close();
        }
    }

    /// Charges what is missing so that at most `most` is left at `now`.
    pub fn lower_to(&mut self, most: i64, now: Instant) {
        let surplus = i128::from(self.level(now)) - i128::from(most);
        if surplus > 0 {
            self.take(u64::try_from(surplus).unwrap_or(u64::MAX).min(self.amount), now);
        }
    }

    /// Forgets, the oldest first, what a server no longer counts if at least `least` is left at `now`.
    pub fn raise_to(&mut self, least: i64, now: Instant) {
        let mut missing =
            i128::from(least.min(i64::try_from(self.amount).unwrap_or(i64::MAX))) - i128::from(self.level(now));
        while let Some(charge) = self.charges.front_mut().filter(|_| missing > 0) {
            let part = charge.amount.min(u64::try_from(missing).unwrap_or(u64::MAX));
            charge.amount -= part;
            self.used = self.used.saturating_sub(part);
            missing -= i128::from(part);
            if charge.amount == 0 {
                self.charges.pop_front();
            }
        }
    }

    /// Learns that the server's window ends at `boundary`.
    pub fn align(&mut self, boundary: Instant) {
        self.boundary = Some(boundary);
    }

    /// Follows a quota that changed; what was charged stays charged.
    pub fn retune(&mut self, quota: &Quota) {
        self.amount = quota.amount();
        self.period = quota.period();
        self.enforcement = quota.enforcement();
    }

    /// Merges charges that lie close together. A merged charge counts from its latest instant, so it is freed late by at
    /// most one grain, never early.
    fn merge_close(&mut self) {
        let grain = Duration::from_nanos(self.period.as_nanos() / GRAINS);
        let mut merged: VecDeque<Charge> = VecDeque::new();
        let mut opened = Instant::ZERO;
        for charge in &self.charges {
            match merged.back_mut() {
                Some(last) if charge.at.since(opened) <= grain => {
                    *last = Charge { at: charge.at, amount: last.amount.saturating_add(charge.amount) };
                }
                _ => {
                    opened = charge.at;
                    merged.push_back(*charge);
                }
            }
        }
        self.charges = merged;
    }
}

/// What `archive` has of `charges`, which are sorted by time. None lies further ahead than a request is under way.
fn keep_charges(charges: &mut VecDeque<Charge>, most: usize, archive: &mut Archive<'_>) {
    let count = archive.count(charges.len(), most);
    if archive.is_restoring() {
        charges.resize(count, Charge { at: Instant::ZERO, amount: 0 });
    }
    let mut last = Instant::ZERO;
    for charge in charges.iter_mut() {
        charge.at = archive.instant_within(charge.at, Duration::SECOND).max(last);
        charge.amount = archive.whole(charge.amount).min(Quota::MAX_AMOUNT);
        last = charge.at;
    }
}

/// Up to so many requests a window are kept exactly, 16 bytes each. Above, they are merged into grains: at most
/// `GRAINS + 1` of them fit into a window, so merging always makes room.
const MAX_CHARGES: usize = 1_024;

/// Of others the last few answers tell.
const MAX_OTHERS: usize = 64;

/// A merged charge is freed at most this part of the window late: 0.2 %.
const GRAINS: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn window(amount: u64, enforcement: Enforcement) -> Window {
        Window::new(&Quota::new(amount, Duration::from_secs(10)).with_enforcement(enforcement))
    }

    fn at(secs: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(secs)
    }

    #[test]
    fn a_charge_counts_for_one_period_and_no_longer() {
        let mut window = window(3, Enforcement::SlidingWindow);
        window.take(1, at(1));
        window.take(2, at(4));
        assert_eq!(window.earliest(1, 0), Some(at(11)));
        assert_eq!(window.earliest(2, 0), Some(at(14)));
        window.expire(at(11));
        assert_eq!(window.level(at(11)), 1);
    }

    #[test]
    fn more_than_the_amount_never_fits() {
        assert_eq!(window(3, Enforcement::SlidingWindow).earliest(4, 0), None);
    }

    #[test]
    fn a_fixed_window_of_unknown_phase_is_kept_as_a_sliding_one() {
        let mut window = window(1, Enforcement::FixedWindow);
        window.take(1, at(8));
        assert_eq!(window.earliest(1, 0), Some(at(18)));
    }

    #[test]
    fn a_known_boundary_frees_everything_before_it() {
        let mut window = window(1, Enforcement::FixedWindow);
        window.take(1, at(8));
        window.align(at(10));
        assert_eq!(window.earliest(1, 0), Some(at(10)));
        window.expire(at(10));
        assert_eq!(window.level(at(10)), 1);
        window.take(1, at(12));
        assert_eq!(window.earliest(1, 0), Some(at(20)));
    }

    #[test]
    fn what_is_given_back_frees_its_own_charge() {
        let mut window = window(10, Enforcement::SlidingWindow);
        window.take(6, at(1));
        window.take(4, at(2));
        window.give_back(4, at(2));
        assert_eq!(window.earliest(4, 0), Some(Instant::ZERO));
        assert_eq!(window.earliest(5, 0), Some(at(11)));
    }

    #[test]
    fn a_full_log_frees_late_and_never_early() {
        let mut window = window(1_000_000, Enforcement::SlidingWindow);
        for milli in 0..9_000 {
            window.take(1, Instant::ZERO + Duration::from_millis(milli));
        }
        assert!(window.charges.len() <= MAX_CHARGES);
        let late = Instant::ZERO + Duration::from_millis(14_500);
        window.expire(late);
        let exact = 9_000 - 4_501;
        assert!((exact..=exact + 20).contains(&window.used), "{} still counted, {exact} expected", window.used);
    }

    #[test]
    fn what_others_used_counts_from_when_it_was_told_of_and_once() {
        let mut window = window(10, Enforcement::SlidingWindow);
        window.take(2, at(1));
        window.note_others(5, at(3), at(4));
        assert_eq!(window.level(at(4)), 3);
        window.note_others(6, at(5), at(5));
        assert_eq!(window.level(at(5)), 2);
        assert_eq!(window.level(at(14)), 9);
        // Told too late: it counts no more.
        window.note_others(9, at(3), at(30));
        assert_eq!(window.level(at(30)), 10);
    }

    #[test]
    fn a_word_about_a_window_that_has_ended_says_nothing_of_the_next() {
        let mut window = window(10, Enforcement::FixedWindow);
        window.align(at(10));
        window.note_others(9, at(8), at(12));
        assert_eq!(window.level(at(12)), 10);
        window.note_others(4, at(12), at(12));
        assert_eq!(window.level(at(13)), 6);
        assert_eq!(window.level(at(20)), 10);
    }

    #[test]
    fn a_server_that_has_more_left_has_forgotten_the_oldest() {
        let mut window = window(10, Enforcement::FixedWindow);
        window.take(4, at(1));
        window.take(6, at(2));
        window.raise_to(5, at(3));
        assert_eq!(window.level(at(3)), 5);
        assert_eq!(window.earliest(6, 0), Some(at(12)));
        window.raise_to(50, at(3));
        assert_eq!(window.level(at(3)), 10);
    }
}
