//! How many retries a scope may make: a share of its traffic, and a floor. So an outage is not multiplied by those who
//! try again, while a single failure in a quiet hour always has its second attempt.

use crate::archive::Archive;
use crate::time::{Duration, Instant};

/// What the budget is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BudgetPolicy {
    /// Retries for each thousand requests.
    pub share_permille: u32,
    /// Retries a second, whatever the traffic.
    pub floor_per_second: u32,
}

impl Default for BudgetPolicy {
    /// A fifth of the traffic, and ten a second: the defaults of Finagle's `RetryBudget` and of tower's `TpsBudget`.
    fn default() -> Self {
        Self { share_permille: 200, floor_per_second: 10 }
    }
}

/// What a scope has used of its budget.
///
/// The budget holds ten seconds' worth of both parts, and is full at first. Each retry takes one; each first attempt gives
/// its share back, each second the floor.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RetryBudget {
    /// What is missing to a full budget, in billionths of a retry.
    spent: u64,
    /// Until when the floor has been given back.
    at: Instant,
}

impl RetryBudget {
    pub(crate) fn keep(&mut self, archive: &mut Archive<'_>) {
        self.spent = archive.whole(self.spent);
        self.at = archive.past(self.at);
    }

    /// A first attempt was made.
    #[inline]
    pub(crate) const fn deposit(&mut self, policy: &BudgetPolicy) {
        self.spent = self.spent.saturating_sub(policy.share_permille as u64 * (RETRY / 1_000));
    }

    /// Takes one retry and says how long it has to wait for its turn: nothing where the budget has one, else until the
    /// floor has brought one. `None`, and nothing taken, if that is longer than `longest`.
    ///
    /// `starts` is how many requests started in the last ten seconds.
    pub(crate) fn withdraw(
        &mut self,
        now: Instant,
        policy: &BudgetPolicy,
        starts: u32,
        longest: Duration,
    ) -> Option<Duration> {
        let floor = u64::from(policy.floor_per_second);
        self.spent = self.spent.saturating_sub(floor.saturating_mul(now.since(self.at).as_nanos()));
        self.at = self.at.max(now);
        let share = u64::from(policy.share_permille) * u64::from(starts) * (RETRY / 1_000);
        let most = share.saturating_add(floor.saturating_mul(SPAN.as_nanos()));
        let missing = self.spent.saturating_add(RETRY).saturating_sub(most);
        let wait = match missing {
            0 => Duration::ZERO,
            _ if floor == 0 => return None,
            missing => Duration::from_nanos(missing.div_ceil(floor)),
        };
        if wait > longest {
            return None;
        }
        self.spent = self.spent.saturating_add(RETRY);
        Some(wait)
    }
}

/// One retry. With this unit the floor is as many of them a nanosecond as it is retries a second.
const RETRY: u64 = 1_000_000_000;

/// What a budget holds is worth this time of traffic: Finagle's and tower's time to live of a deposit.
const SPAN: Duration = super::throttle::Traffic::SPAN;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_nanos(50_000_000_000);
    const POLICY: BudgetPolicy = BudgetPolicy { share_permille: 200, floor_per_second: 10 };

    fn withdrawn(budget: &mut RetryBudget, now: Instant, starts: u32, longest: Duration) -> usize {
        (0..10_000).take_while(|_| budget.withdraw(now, &POLICY, starts, longest).is_some()).count()
    }

    #[test]
    fn at_first_it_holds_ten_seconds_of_the_floor_and_of_the_share() {
        let mut budget = RetryBudget::default();
        assert_eq!(withdrawn(&mut budget, NOW, 0, Duration::ZERO), 100);
        assert_eq!(withdrawn(&mut RetryBudget::default(), NOW, 1_000, Duration::ZERO), 300);
    }

    #[test]
    fn time_gives_the_floor_back_and_first_attempts_their_share() {
        let mut budget = RetryBudget::default();
        withdrawn(&mut budget, NOW, 0, Duration::ZERO);
        assert_eq!(withdrawn(&mut budget, NOW + Duration::SECOND, 0, Duration::ZERO), 10);
        (0..50).for_each(|_| budget.deposit(&POLICY));
        assert_eq!(withdrawn(&mut budget, NOW + Duration::SECOND, 0, Duration::ZERO), 10);
    }

    #[test]
    fn a_retry_that_is_not_there_yet_waits_for_the_floor_and_no_longer_than_it_may() {
        let mut budget = RetryBudget::default();
        withdrawn(&mut budget, NOW, 0, Duration::ZERO);
        let longest = Duration::from_secs(3);
        assert_eq!(budget.withdraw(NOW, &POLICY, 0, longest), Some(Duration::from_millis(100)));
        assert_eq!(withdrawn(&mut budget, NOW, 0, longest), 29);
        assert_eq!(budget.withdraw(NOW, &POLICY, 0, longest), None);
    }

    #[test]
    fn without_a_floor_there_is_only_the_share() {
        let policy = BudgetPolicy { floor_per_second: 0, ..POLICY };
        let mut budget = RetryBudget::default();
        assert_eq!(budget.withdraw(NOW, &policy, 4, Duration::DAY), None);
        assert_eq!(budget.withdraw(NOW, &policy, 5, Duration::DAY), Some(Duration::ZERO));
        assert_eq!(budget.withdraw(NOW, &policy, 5, Duration::DAY), None);
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_back() {
        let mut budget = RetryBudget::default();
        withdrawn(&mut budget, NOW, 0, Duration::ZERO);
        assert_eq!(withdrawn(&mut budget, Instant::ZERO, 0, Duration::ZERO), 0);
        assert_eq!(withdrawn(&mut budget, NOW, 0, Duration::ZERO), 0);
    }
}
