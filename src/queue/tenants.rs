//! Who shares a scope's quota with whom, and who is due how much of it.
//!
//! A tenant is known by a name that the program gives, or whoever calls it. So no more names are kept than there are
//! requests that have not ended: a tenant without any is forgotten, and gains nothing by it, because a place in a line
//! depends on what is in the line alone.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;

use crate::pattern::Pattern;
use crate::patterns::Patterns;
use crate::slab::Slab;

/// Part of a tenant in what several want, as a factor to everybody else's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Share(u32);

/// A tenant's number, as long as it has requests.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct TenantId(u32);

/// Whose a request is, and what that one is due.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Tenancy {
    /// The tenant.
    pub tenant: TenantId,
    /// Its share.
    pub share: Share,
}

/// All tenants that have requests.
#[derive(Debug, Default)]
pub struct Tenants {
    /// In thousandths.
    shares: Patterns,
    numbers: BTreeMap<Arc<str>, u32>,
    known: Slab<Tenant>,
    /// Of those that name none.
    nameless: Share,
}

#[derive(Debug)]
struct Tenant {
    name: Arc<str>,
    share: Share,
    requests: u32,
}

impl Default for Share {
    /// As much as everybody else.
    fn default() -> Self {
        Self(Self::ONE)
    }
}

impl Share {
    const ONE: u32 = 1_000;

    /// A share in thousandths of an ordinary one; none is less than 1.
    pub const fn thousandths(thousandths: u32) -> Self {
        Self(if thousandths == 0 { 1 } else { thousandths })
    }

    /// For how much of an ordinary tenant's time `work` counts: of who has twice the share, for half. Never for nothing.
    #[inline]
    pub fn stretch(self, work: u64) -> u64 {
        let work = work.max(1);
        if self.0 == Self::ONE { work } else { work.saturating_mul(u64::from(Self::ONE)).div_ceil(u64::from(self.0)) }
    }
}

impl TenantId {
    /// The one of all requests that name none.
    pub const NAMELESS: Self = Self(0);

    pub(super) const fn number(self) -> u32 {
        self.0
    }

    #[cfg(test)]
    pub(super) const fn numbered(number: u32) -> Self {
        Self(number)
    }
}

impl Tenants {
    /// Tenants whose names match a pattern of `configured` have its share; of several patterns the most specific counts.
    pub fn new(configured: &[(Pattern, Share)]) -> Self {
        let mut shares = Patterns::default();
        for (pattern, Share(thousandths)) in configured {
            shares.insert(pattern, *thousandths);
        }
        let nameless = share_of("", &shares);
        Self { shares, nameless, ..Self::default() }
    }

    /// A request of the tenant called `name` begins. Of a name, the first 256 characters count.
    pub fn enter(&mut self, name: &str) -> TenantId {
        if name.is_empty() {
            return TenantId::NAMELESS;
        }
        let name = shortened(name);
        if let Some(slot) = self.numbers.get(name) {
            if let Some(tenant) = self.known.get_mut(*slot) {
                tenant.requests += 1;
            }
            return TenantId(*slot + 1);
        }
        let name: Arc<str> = name.into();
        let share = share_of(&name, &self.shares);
        let slot = self.known.insert(Tenant { name: Arc::clone(&name), share, requests: 1 });
        self.numbers.insert(name, slot);
        TenantId(slot + 1)
    }

    /// The name of `tenant`.
    pub fn name(&self, tenant: TenantId) -> &str {
        let slot = tenant.0.checked_sub(1);
        slot.and_then(|slot| self.known.get(slot)).map_or("", |tenant| &tenant.name)
    }

    /// A request of `tenant` has ended. With its last one, it is forgotten.
    #[inline]
    pub fn leave(&mut self, tenant: TenantId) {
        if tenant != TenantId::NAMELESS {
            self.leave_named(tenant.0 - 1);
        }
    }

    fn leave_named(&mut self, slot: u32) {
        let Some(tenant) = self.known.get_mut(slot) else { return };
        tenant.requests -= 1;
        if tenant.requests == 0
            && let Some(tenant) = self.known.remove(slot)
        {
            self.numbers.remove(&tenant.name);
        }
    }

    /// `tenant` with its share.
    #[inline]
    pub fn tenancy(&self, tenant: TenantId) -> Tenancy {
        let known = tenant.0.checked_sub(1).and_then(|slot| self.known.get(slot));
        Tenancy { tenant, share: known.map_or(self.nameless, |tenant| tenant.share) }
    }

    /// The tenant called `name`, if it has requests, or one that is like it.
    pub fn find(&self, name: &str) -> Tenancy {
        if name.is_empty() {
            return self.tenancy(TenantId::NAMELESS);
        }
        let name = shortened(name);
        match self.numbers.get(name) {
            Some(slot) => self.tenancy(TenantId(*slot + 1)),
            None => Tenancy { tenant: TenantId(u32::MAX), share: share_of(name, &self.shares) },
        }
    }

    /// How many have requests, without the one of all that name none.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether nobody named has requests.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }
}

fn share_of(name: &str, shares: &Patterns) -> Share {
    shares.find(name).map(Share).unwrap_or_default()
}

/// What of a name counts.
fn shortened(name: &str) -> &str {
    let end = name.char_indices().nth(MOST_CHARACTERS).map(|(end, _)| end);
    end.and_then(|end| name.get(..end)).unwrap_or(name)
}

/// As many characters as a hint may have.
const MOST_CHARACTERS: usize = 256;

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn the_most_specific_pattern_gives_the_share() {
        let share = Share::thousandths;
        let mut tenants = Tenants::new(&[
            (Pattern::new("*"), share(500)),
            (Pattern::new("team-a"), share(4_000)),
            (Pattern::new("team-*"), share(2_000)),
        ]);
        for (name, expected) in [("team-a", 4_000), ("team-b", 2_000), ("x", 500), ("", 500)] {
            let tenant = tenants.enter(name);
            assert_eq!(tenants.tenancy(tenant).share, share(expected), "{name}");
            assert_eq!(tenants.find(name), tenants.tenancy(tenant), "{name}");
        }
        assert_eq!(Tenants::new(&[]).find("y").share, Share::default());
    }

    #[test]
    fn who_has_no_request_is_forgotten() {
        let mut tenants = Tenants::default();
        let (one, again, other) = (tenants.enter("one"), tenants.enter("one"), tenants.enter("other"));
        assert_eq!((one == again, one == other, tenants.len()), (true, false, 2));
        tenants.leave(one);
        tenants.leave(other);
        assert_eq!(tenants.len(), 1);
        tenants.leave(again);
        assert!(tenants.is_empty());
        for nth in 0..10_000 {
            let tenant = tenants.enter(&format!("attacker {nth}"));
            tenants.leave(tenant);
        }
        assert_eq!((tenants.len(), tenants.known.capacity()), (0, 2));
    }

    #[test]
    fn an_endless_name_counts_to_its_256th_character() {
        let mut tenants = Tenants::default();
        let name = "ä".repeat(MOST_CHARACTERS);
        assert_eq!(tenants.enter(&name), tenants.enter(&format!("{name}x")));
        assert_ne!(tenants.enter(&name), tenants.enter(&name["ä".len()..]));
        assert_eq!(tenants.find(&format!("{name}x")).tenant, tenants.enter(&name));
    }

    #[test]
    fn work_counts_less_for_a_larger_share() {
        assert_eq!(Share::default().stretch(70), 70);
        assert_eq!(Share::thousandths(2_000).stretch(70), 35);
        assert_eq!(Share::thousandths(1).stretch(70), 70_000);
        assert_eq!(Share::thousandths(u32::MAX).stretch(0), 1);
    }
}
