//! The limiter's books, kept a second time beside it: what it reserved, what it settled, and for which end.

use std::collections::BTreeMap;

use tidegate::cost::{Cost, Dimension};
use tidegate::limiter::Limiter;
use tidegate::options::{Value, record};
use tidegate::time::Instant;

/// Amounts in the dimensions of [`DIMENSIONS`].
pub type Amounts = [i64; 3];

/// The dimensions that are audited.
pub const DIMENSIONS: [Dimension; 3] = [Dimension::Requests, Dimension::InputTokens, Dimension::OutputTokens];

/// How an attempt ended.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum End {
    /// Answered to the last byte.
    Complete,
    /// The answer was cut.
    Cut,
    /// The answer came to its end, and the end was an error.
    Error,
    /// Answered with this status and no success.
    Declined(u16),
    /// Never answered.
    Lost,
    /// Given up before it started.
    LeftQueue,
    /// Given up before its answer.
    LeftFlight,
    /// Given up while its answer came.
    LeftAnswer,
}

/// What attempts of one end came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    pub attempts: u32,
    /// What they held when they ended.
    pub reserved: Amounts,
    /// What the limiter booked for them.
    pub charged: Amounts,
    /// What the server stated in its answers.
    pub stated: Amounts,
}

/// The accounts of one run.
#[derive(Debug, Default)]
pub struct Books {
    pub accounts: BTreeMap<End, Account>,
}

impl Books {
    /// An attempt ended; the amounts are of it alone.
    pub fn note(&mut self, end: End, reserved: Cost, charged: Amounts, stated: Amounts) {
        let account = self.accounts.entry(end).or_default();
        account.attempts += 1;
        add(&mut account.reserved, amounts(reserved));
        add(&mut account.charged, charged);
        add(&mut account.stated, stated);
    }

    /// Everything together.
    pub fn total(&self) -> Account {
        let mut total = Account::default();
        for account in self.accounts.values() {
            total.attempts += account.attempts;
            add(&mut total.reserved, account.reserved);
            add(&mut total.charged, account.charged);
            add(&mut total.stated, account.stated);
        }
        total
    }

    /// The attempts that ended so.
    pub fn of(&self, end: End) -> Account {
        self.accounts.get(&end).copied().unwrap_or_default()
    }
}

/// Limits so large that they never bind and so slow that nothing comes back: what is missing from them is everything
/// that was ever booked.
pub fn counters() -> impl Iterator<Item = Value> {
    DIMENSIONS.into_iter().map(|dimension| {
        record([
            ("dimension", dimension.name().into()),
            ("amount", 1_u64.into()),
            ("periodMs", COUNTER_PERIOD_MS.into()),
            ("burst", COUNTER_BURST.into()),
        ])
    })
}

/// Everything that was ever booked: settled, or reserved and not yet settled.
pub fn booked(limiter: &mut Limiter, now: Instant) -> Amounts {
    let mut booked = [0; 3];
    each_limit(limiter, now, |limit| {
        let place = DIMENSIONS.iter().position(|dimension| text(limit, "dimension") == dimension.name());
        if let Some(place) = place.filter(|_| number(limit, "periodMs") == Some(COUNTER_PERIOD_MS)) {
            booked[place] = (COUNTER_BURST - number(limit, "available").expect("a level")) as i64;
        }
    });
    booked
}

/// The limits that are not full, in words. Counters are left out.
pub fn not_full(limiter: &mut Limiter, now: Instant) -> Vec<String> {
    let mut missing = Vec::new();
    each_limit(limiter, now, |limit| {
        let is_counter = number(limit, "periodMs") == Some(COUNTER_PERIOD_MS);
        if !is_counter && number(limit, "available") != number(limit, "burst") {
            missing.push(format!("{limit:?}"));
        }
    });
    missing
}

/// Calls in flight, over all scopes.
pub fn in_flight(limiter: &mut Limiter, now: Instant) -> u64 {
    let snapshot = limiter.snapshot(now);
    list(&snapshot, "scopes").iter().map(|scope| number(scope, "inFlight").expect("a count") as u64).sum()
}

/// `cost` in the dimensions that are audited.
pub fn amounts(cost: Cost) -> Amounts {
    DIMENSIONS.map(|dimension| i64::try_from(cost.of(dimension)).expect("a cost is small"))
}

pub fn add(to: &mut Amounts, amounts: Amounts) {
    for (to, amount) in to.iter_mut().zip(amounts) {
        *to += amount;
    }
}

fn each_limit(limiter: &mut Limiter, now: Instant, mut look: impl FnMut(&Value)) {
    let snapshot = limiter.snapshot(now);
    for scope in list(&snapshot, "scopes") {
        list(scope, "limits").iter().for_each(&mut look);
    }
}

fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    let Value::Record(members) = value else { panic!("{value:?} has no members") };
    members.iter().find(|(member, _)| member == name).map_or(&Value::Nothing, |(_, value)| value)
}

fn list<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    let Value::List(items) = member(value, name) else { panic!("{name} is no list") };
    items
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    let Value::Text(text) = member(value, name) else { panic!("{name} is no text") };
    text
}

fn number(value: &Value, name: &str) -> Option<f64> {
    if let Value::Number(number) = member(value, name) { Some(*number) } else { None }
}

/// The longest period there is: in an hour of a run, a thousandth of a unit comes back.
const COUNTER_PERIOD_MS: f64 = 31.0 * 86_400_000.0;
const COUNTER_BURST: f64 = 1e9;
