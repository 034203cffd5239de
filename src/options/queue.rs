//! The option `queue`: how much may wait, how long, and who goes first.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::DAY_MS;
use super::reader::{Field, OptionError};
use crate::pattern::Pattern;
use crate::patterns::Patterns;
use crate::policy::{HeadroomPolicy, Policy};
use crate::queue::{AgeingPolicy, Share};
use crate::time::Duration;

/// Reads `queue` into `policy`.
pub(super) fn read(field: &Field<'_>, policy: &mut Policy) -> Result<(), Box<OptionError>> {
    field.expect_record(&["maxDepth", "maxWaitMs", "headroom", "ageingMs", "shares", "concurrency"])?;
    let queue = &mut policy.queue;
    if let Some(depth) = field.given("maxDepth") {
        queue.max_depth = u32::try_from(depth.whole(0, MOST_DEPTH)?).unwrap_or(u32::MAX);
    }
    if let Some(wait) = field.given("maxWaitMs") {
        queue.max_wait = Some(Duration::from_millis(wait.whole(0, 31 * DAY_MS)?));
    }
    if let Some(headroom) = field.given("headroom") {
        queue.headroom = match headroom.choice(&[("auto", HeadroomPolicy::Auto)]) {
            Ok(auto) => auto,
            Err(_) => HeadroomPolicy::Share((headroom.share()? * 1_000.0) as u16),
        };
    }
    if let Some(ageing) = field.given("ageingMs") {
        queue.ageing = AgeingPolicy::new(Duration::from_millis(ageing.whole(1, DAY_MS)?));
    }
    if let Some(most) = field.given("concurrency") {
        queue.concurrency = u32::try_from(most.whole(1, MOST_DEPTH)?).ok().and_then(NonZeroU32::new);
    }
    policy.shares = shares(&field.field("shares"))?;
    Ok(())
}

fn shares(field: &Field<'_>) -> Result<Vec<(Pattern, Share)>, Box<OptionError>> {
    let (mut shares, mut patterns): (Vec<(Pattern, Share)>, _) = (Vec::new(), Patterns::default());
    for (name, value) in field.entries()? {
        let factor = field.member(name, value);
        let share = Share::thousandths(factor.factor()?);
        let pattern = Pattern::new(name);
        if let Some((earlier, _)) = patterns.rival(&pattern).and_then(|earlier| shares.get(earlier as usize)) {
            let earlier = field.member(earlier.text(), value).path();
            return Err(factor
                .error(&format!("Some tenants match it and {earlier}, and neither is more specific: make one so.")));
        }
        patterns.insert(&pattern, u32::try_from(shares.len()).unwrap_or(u32::MAX));
        shares.push((pattern, share));
    }
    Ok(shares)
}

/// What a ticket can number.
const MOST_DEPTH: u64 = 8_000_000;
