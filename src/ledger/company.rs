//! Others who take from the same limit: another process, another team.
//!
//! They are known only by what they leave. Where a server states less than the ledger expected, somebody took the
//! difference; where it states more, they took less than they were thought to. What they took in each half second of the
//! last eight is added up so, without the half second in which it was most: errors of the ledger's own come seldom and
//! large, others take again and again. The mean is the rate at which they are expected to go on, so that wake-ups are right
//! and the next correction is small.
//!
//! Two programs that both take whatever the other leaves share a quota in no particular way: the one that was there first
//! has it all. So in company a program keeps a pace. It takes at
//!
//! ```text
//! 4/5 of what others leave  +  (what is left in the limit − a reserve) ÷ 3 seconds
//! ```
//!
//! Where N do so, each takes `5 × (left − reserve) ÷ 3 seconds` in balance, and all see the same `left`: everybody has the same
//! share, all of the quota is used, and a little is left over that keeps them from being refused. Whoever takes at a fixed
//! rate is given way to.

use super::bucket::Share;
use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// What is known of the others.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Company {
    share: Share,
    /// What they took in each of the last slots, as shares of what was replenished in it; the last is the present one.
    taken: [i32; SLOTS],
    /// The number of the present slot, counted from the origin of time.
    slot: u64,
    /// Nothing is sent before: the pace.
    next: Instant,
}

impl Company {
    pub(super) fn keep(&mut self, archive: &mut Archive<'_>) {
        let share = archive.signed(self.share.bits());
        self.share = Share::clamped(share, MOST);
        for taken in &mut self.taken {
            *taken = i32::try_from(archive.signed((*taken).into())).unwrap_or_default();
        }
        let slot = archive.past(Instant::from_nanos(self.slot * SLOT.as_nanos()));
        self.slot = slot.as_nanos() / SLOT.as_nanos();
        self.next = archive.instant_within(self.next, LONGEST);
    }

    /// Nothing is sent before, out of consideration.
    pub(super) const fn opens(&self) -> Instant {
        self.next
    }

    /// The ledger was corrected by `by`, where `in_a_slot` is replenished in a [`SLOT`]. Of what others seem to take in all
    /// slots, `doubt` may be what requests in flight of one's own write beyond their reservations. Says what others take now.
    pub(super) fn corrected(&mut self, by: i64, doubt: u64, in_a_slot: u64, now: Instant) -> Share {
        self.pass_time(now);
        let in_slots = |units: i64| (i128::from(units) << 16) / i128::from(in_a_slot.max(1));
        let part = in_slots(by);
        let part = i32::try_from(part).unwrap_or(if part < 0 { i32::MIN } else { i32::MAX });
        let doubt = i64::try_from(in_slots(i64::try_from(doubt).unwrap_or(i64::MAX))).unwrap_or(i64::MAX);
        let present = &mut self.taken[SLOTS - 1];
        *present = present.saturating_sub(part);
        let all: i64 = self.taken.iter().map(|taken| i64::from(*taken)).sum();
        let most = self.taken.iter().copied().max().map_or(0, i64::from);
        self.share = Share::clamped((all - most).saturating_sub(doubt) / (SLOTS as i64 - 1), MOST);
        self.share
    }

    /// Brings the slots up to `now`. Of time without news it is taken that others went on as before.
    fn pass_time(&mut self, now: Instant) {
        let slot = now.as_nanos() / SLOT.as_nanos();
        let passed = usize::try_from(slot.saturating_sub(self.slot)).unwrap_or(usize::MAX);
        self.slot = self.slot.max(slot);
        let mut share = self.share.bits();
        for _ in 0..passed.min(GONE) {
            share -= share / FADING;
            self.taken.copy_within(1.., 0);
            self.taken[SLOTS - 1] = i32::try_from(share).unwrap_or(0);
        }
    }

    /// A request was sent whose cost takes `alone` to be replenished, from a limit that has left what takes `left`.
    pub(super) fn sent(&mut self, alone: Duration, left: Duration, now: Instant) {
        if self.share < LEAST {
            return;
        }
        // While nobody of the company sends, what is left grows by what the others are thought to leave, and the pace with it:
        // at the time t it is pace + ours × t ÷ ADJUSTMENT. The next request goes when its sum is what this one cost.
        let adjustment = micros(ADJUSTMENT);
        let ours = i128::from(0x1_0000 - self.share.bits()) * MILLION / 0x1_0000;
        let stock = (micros(left) - micros(RESERVE) - micros(alone)).min(LONGEST_STOCK);
        let pace = ours * 4 / 5 + stock * MILLION / adjustment;
        let square = pace * pace + 2 * ours * MILLION * micros(alone) / adjustment;
        let root = i128::try_from(square.max(0).unsigned_abs().isqrt()).unwrap_or(i128::MAX);
        let wait = (root - pace).max(0) * adjustment / ours.max(1);
        let wait = Duration::from_nanos(u64::try_from(wait * 1_000).unwrap_or(u64::MAX)).min(LONGEST);
        self.next = self.next.max(now.before(SLACK)) + wait;
    }
}

fn micros(duration: Duration) -> i128 {
    i128::from(duration.as_nanos() / 1_000)
}

/// A fine grain of time against that of rates, and a coarse one against that of answers.
pub(super) const SLOT: Duration = Duration::from_millis(500);
const SLOTS: usize = 16;
/// Without news, others are expected to take a 32nd less in each slot: half after eleven seconds.
const FADING: i64 = 12;
/// After a minute without news they are gone, as good as.
const GONE: usize = 120;
/// Everybody finds a twentieth of a limit, and so learns when the others have gone.
const MOST: Share = Share::percent(80);
/// What is less is nobody, but errors of estimates.
const LEAST: Share = Share::percent(4);
const ADJUSTMENT: Duration = Duration::from_secs(3);
const RESERVE: Duration = Duration::from_millis(250);
const SLACK: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::MINUTE;
const MILLION: i128 = 1_000_000;
/// An hour in microseconds, far from where squares overflow.
const LONGEST_STOCK: i128 = 3_600_000_000;

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    const START: Instant = Instant::from_nanos(60_000_000_000);
    /// Ten come back in a second, five in a slot.
    const IN_A_SLOT: u64 = 5;

    fn at(millis: u64) -> Instant {
        START + Duration::from_millis(millis)
    }

    /// Corrects by what others took beyond what was expected of them, every half second.
    fn beside(company: &mut Company, from: u64, slots: u64, taken_in_a_slot: f64) -> Share {
        let mut owed = 0.0;
        let mut share = company.share;
        for slot in from..from + slots {
            let expected = share.bits() as f64 / 65_536.0 * IN_A_SLOT as f64;
            owed += taken_in_a_slot - expected;
            let by = owed as i64;
            owed -= by as f64;
            share = company.corrected(-by, 0, IN_A_SLOT, at(slot * 500));
        }
        share
    }

    fn percent(share: Share) -> i64 {
        share.bits() * 100 / 65_536
    }

    #[test]
    fn a_steady_neighbour_is_known_after_some_seconds() {
        let mut company = Company::default();
        let early = percent(beside(&mut company, 0, 8, 2.0));
        let late = percent(beside(&mut company, 8, 40, 2.0));
        assert!((10..40).contains(&early) && (34..46).contains(&late), "{early} and {late}");
        assert!(percent(beside(&mut company, 48, 40, 0.0)) < 6);
    }

    #[test]
    fn one_error_however_large_is_nobody() {
        let mut company = Company::default();
        assert_eq!(company.corrected(-1_000, 0, IN_A_SLOT, at(0)), Share::NONE);
        assert_eq!(company.corrected(0, 0, IN_A_SLOT, at(4_000)), Share::NONE);
    }

    #[test]
    fn what_own_requests_may_write_beyond_their_reservations_is_nobody() {
        let mut company = Company::default();
        let mut took = |doubt: u64| {
            company = Company::default();
            (0..40).map(|slot| company.corrected(-2, doubt, IN_A_SLOT, at(slot * 500))).last().expect("one")
        };
        assert_eq!(took(40), Share::NONE);
        assert!(took(8) > Share::NONE);
    }

    #[test]
    fn nobody_is_believed_to_take_all_and_who_is_not_heard_of_fades() {
        let mut company = Company::default();
        for slot in 0..40 {
            company.corrected(-100, 0, IN_A_SLOT, at(slot * 500));
        }
        assert_eq!(percent(company.share), 79);
        assert!(percent(company.corrected(0, 0, IN_A_SLOT, at(60_000))) < 30);
        assert_eq!(percent(company.corrected(0, 0, IN_A_SLOT, at(300_000))), 0);
    }

    /// Programs that know of each other's use exactly, on a limit of which one a second comes back.
    fn balance(programs: usize) -> (Vec<u64>, f64) {
        let second = Duration::SECOND;
        let mut companies = vec![Company::default(); programs];
        let mut sent = vec![0_u64; programs];
        // The first was there alone.
        let mut rates = vec![0.0; programs];
        rates[0] = 1.0;
        let (mut left, mut lowest) = (1.0_f64, f64::MAX);
        for step in 0..40_000_u64 {
            let now = at(step * 50);
            left = (left + 0.05).min(60.0);
            for turn in 0..programs {
                // Nobody is always the first to ask.
                let program = (turn + step as usize) % programs;
                let others: f64 = (0..programs).filter(|other| *other != program).map(|other| rates[other]).sum();
                companies[program].share = Share::clamped((others * 65_536.0) as i64, MOST);
                if companies[program].opens() <= now && left >= 1.0 {
                    companies[program].sent(second, Duration::from_millis_f64((left - 1.0) * 1_000.0), now);
                    left -= 1.0;
                    rates[program] += 0.1;
                    sent[program] += u64::from(step >= 20_000);
                }
                rates[program] *= 1.0 - 0.05 / 10.0;
            }
            if step >= 20_000 {
                lowest = lowest.min(left);
            }
        }
        (sent, lowest)
    }

    #[test]
    fn whoever_comes_later_gets_as_much_and_nothing_is_left_unused() {
        for programs in [2, 3, 4] {
            let (sent, lowest) = balance(programs);
            let all: u64 = sent.iter().sum();
            assert!((980..=1_020).contains(&all), "{sent:?}");
            let squares: u64 = sent.iter().map(|sent| sent * sent).sum();
            let jain = (all * all) as f64 / (programs as u64 * squares) as f64;
            // Four are one more than a share of four fifths can tell apart.
            assert!(jain > if programs < 4 { 0.99 } else { 0.9 }, "{sent:?}");
            assert!(lowest >= 0.0);
        }
    }

    #[test]
    fn alone_there_is_no_pace() {
        let mut company = Company::default();
        company.sent(Duration::MINUTE, Duration::ZERO, START);
        assert_eq!(company.opens(), Instant::ZERO);
    }
}
