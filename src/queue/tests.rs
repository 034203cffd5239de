//! Who goes next.

use alloc::vec;

use super::*;
use crate::random::Random;

const NOW: Instant = Instant::from_nanos(1_000_000_000_000);
const AGEING: AgeingPolicy = AgeingPolicy::DEFAULT;

/// A queue whose members all arrived at `NOW`, unless they say otherwise.
#[derive(Debug, Default)]
struct World {
    queue: Queue,
    places: Places,
    standings: Vec<Standing>,
    arrivals: Vec<Instant>,
}

impl World {
    fn join_at(&mut self, arrived: Instant, priority: Priority, tenant: u32, work: u64) -> u32 {
        let of = Tenancy { tenant: TenantId::numbered(tenant), share: Share::default() };
        let standing = Standing { priority, of, work };
        let member = u32::try_from(self.standings.len()).expect("small");
        self.standings.push(standing);
        self.arrivals.push(arrived);
        self.queue.join(member, standing, &mut self.places);
        member
    }

    fn join(&mut self, priority: Priority, tenant: u32, work: u64) -> u32 {
        self.join_at(NOW, priority, tenant, work)
    }

    fn come_back(&mut self, member: u32) {
        self.queue.come_back(member, self.standings[member as usize], &mut self.places);
    }

    fn leave(&mut self, member: u32) {
        self.queue.leave(member, self.standings[member as usize].priority, &mut self.places);
    }

    fn turn(&self, now: Instant) -> Option<Turn> {
        self.queue.turn(now, AGEING, &self.places, |member| self.arrivals[member as usize])
    }

    fn is_ahead_of(&self, priority: Priority, now: Instant) -> bool {
        self.queue.is_ahead_of(priority, now, AGEING, &self.places, |member| self.arrivals[member as usize])
    }

    fn serve_next(&mut self, now: Instant) -> Option<u32> {
        let Turn { member, priority } = self.turn(now)?;
        self.queue.serve(member, self.standings[member as usize], priority, &mut self.places);
        Some(member)
    }

    /// Serves everybody. Before, what is said of their order is held against it.
    fn order(&mut self) -> Vec<u32> {
        let told: Vec<u32> = self.queue.in_order(&self.places).collect();
        let mut work = 0;
        for (before, member) in told.iter().enumerate().take(Queue::MOST_COUNTED as usize) {
            let standing = self.standings[*member as usize];
            let ahead = self.queue.ahead_of(*member, standing.priority, &self.places);
            assert_eq!((ahead.members as usize, ahead.work.as_nanos(), ahead.is_exact), (before, work, true));
            work += standing.work;
        }
        let order: Vec<u32> = core::iter::from_fn(|| self.serve_next(NOW)).collect();
        assert_eq!(told, order);
        assert!(self.queue.is_empty());
        order
    }
}

#[test]
fn higher_priorities_go_first_and_equals_in_order_of_arrival() {
    let mut world = World::default();
    for priority in [
        Priority::LOW,
        Priority::NORMAL,
        Priority::CRITICAL,
        Priority::NORMAL,
        Priority::HIGH,
        Priority::LOW,
        Priority::clamped(49),
    ] {
        world.join(priority, 0, 1);
    }
    assert_eq!(world.order(), [2, 4, 6, 1, 3, 0, 5]);
}

#[test]
fn tenants_take_turns_by_what_they_take() {
    let mut world = World::default();
    let large: Vec<u32> = (0..3).map(|_| world.join(Priority::NORMAL, 1, 20)).collect();
    let small: Vec<u32> = (0..6).map(|_| world.join(Priority::NORMAL, 2, 10)).collect();
    let expected = [small[0], large[0], small[1], small[2], large[1], small[3], small[4], large[2], small[5]];
    assert_eq!(world.order(), expected);
}

#[test]
fn a_newcomer_waits_for_no_backlog_of_others_and_owes_nothing() {
    let mut world = World::default();
    let backlog: Vec<u32> = (0..100).map(|_| world.join(Priority::NORMAL, 1, 10)).collect();
    for expected in &backlog[..50] {
        assert_eq!(world.serve_next(NOW), Some(*expected));
    }
    let news: Vec<u32> = (0..2).map(|_| world.join(Priority::NORMAL, 2, 10)).collect();
    assert_eq!(world.order()[..4], [backlog[50], news[0], backlog[51], news[1]]);
}

#[test]
fn who_has_twice_the_share_goes_twice_as_often() {
    let mut world = World::default();
    for nth in 0..30 {
        world.join(Priority::NORMAL, 1, 10);
        let of = Tenancy { tenant: TenantId::numbered(2), share: Share::thousandths(2_000) };
        let standing = Standing { priority: Priority::NORMAL, of, work: 10 };
        world.standings.push(standing);
        world.arrivals.push(NOW);
        world.queue.join(2 * nth + 1, standing, &mut world.places);
    }
    let order = world.order();
    assert_eq!(order[..30].iter().filter(|member| *member % 2 == 1).count(), 20);
}

#[test]
fn a_stream_of_new_tenants_starves_nobody() {
    let mut world = World::default();
    world.join(Priority::NORMAL, 1, 10);
    world.join(Priority::NORMAL, 1, 10);
    let patient = world.join(Priority::NORMAL, 1, 100);
    let mut served = Vec::new();
    for tenant in 2..50 {
        world.join(Priority::NORMAL, tenant, 10);
        served.extend(world.serve_next(NOW));
    }
    // Three wait at a time, and each of twelve rounds brings its end nearer by what those three take.
    let passes = served.iter().position(|member| *member == patient).expect("it is served");
    assert!(passes <= 36, "{passes}");
}

#[test]
fn members_leave_from_anywhere_and_the_order_of_the_others_stays() {
    let mut random = Random::new(3);
    let fill = |world: &mut World, random: &mut Random| {
        for _ in 0..12 {
            let priority = Priority::NAMED[usize::try_from(random.up_to(1)).expect("small")];
            let tenant = u32::try_from(random.up_to(2)).expect("small");
            world.join(priority, tenant, 10);
        }
        world.leave(0);
        world.come_back(0);
    };
    for round in 0..300 {
        let (mut whole, mut without) = (World::default(), World::default());
        fill(&mut whole, &mut Random::new(round));
        fill(&mut without, &mut Random::new(round));
        let gone = u32::try_from(random.up_to(11)).expect("small");
        without.leave(gone);
        let lane = |world: &World, member: &u32| {
            let Standing { priority, of, .. } = world.standings[*member as usize];
            (priority, of.tenant)
        };
        let (whole_order, order) = (whole.order(), without.order());
        assert_eq!(order.len(), 11);
        // Who stood behind it in its lane moves up; of the others nobody changes places with another.
        let others = |order: &[u32]| -> Vec<u32> {
            order.iter().filter(|member| lane(&whole, member) != lane(&whole, &gone)).copied().collect()
        };
        assert_eq!(others(&order), others(&whole_order));
        let own = |order: &[u32]| -> Vec<u32> {
            let own = order.iter().filter(|member| lane(&whole, member) == lane(&whole, &gone));
            own.filter(|member| **member != gone).copied().collect()
        };
        assert_eq!(own(&order), own(&whole_order));
    }
}

#[test]
fn who_waited_before_goes_before_its_equals_only() {
    let mut world = World::default();
    let (high, tired, fresh) =
        (world.join(Priority::HIGH, 0, 1), world.join(Priority::NORMAL, 1, 1), world.join(Priority::NORMAL, 0, 1));
    world.leave(fresh);
    world.come_back(fresh);
    assert_eq!(world.order(), [high, fresh, tired]);
}

#[test]
fn a_newcomer_may_pass_only_lower_priorities() {
    let mut world = World::default();
    world.join(Priority::NORMAL, 0, 1);
    let ahead = [Priority::HIGH, Priority::NORMAL, Priority::LOW].map(|priority| world.is_ahead_of(priority, NOW));
    assert_eq!(ahead, [false, true, true]);
}

#[test]
fn who_is_overdue_gets_every_eighth_turn_and_no_more() {
    let mut world = World::default();
    let low: Vec<u32> = (0..3).map(|_| world.join(Priority::LOW, 0, 1)).collect();
    let after = |secs| NOW + Duration::from_secs(secs);
    let serve = |world: &mut World, now| {
        world.join(Priority::HIGH, 0, 1);
        world.serve_next(now).expect("they wait")
    };
    // High ones pass for a minute.
    assert!((0..100).all(|_| serve(&mut world, after(59)) > low[2]));
    assert_eq!(serve(&mut world, after(60)), low[0]);
    for next in &low[1..] {
        assert!((0..MOST_PASSES).all(|_| serve(&mut world, after(61)) > low[2]));
        assert!(world.is_ahead_of(Priority::HIGH, after(61)) && world.is_ahead_of(Priority::HIGH, NOW));
        assert_eq!(world.turn(after(61)), Some(Turn { member: *next, priority: Priority::HIGH }));
        assert_eq!(serve(&mut world, after(61)), *next);
    }
}

#[test]
fn those_that_start_without_waiting_pass_too() {
    let mut world = World::default();
    let low = world.join(Priority::LOW, 0, 1);
    let later = NOW + Duration::from_secs(61);
    (0..MOST_PASSES - 1).for_each(|_| world.queue.note_start(Priority::HIGH));
    assert!(!world.is_ahead_of(Priority::HIGH, later));
    world.queue.note_start(Priority::HIGH);
    assert!(world.is_ahead_of(Priority::HIGH, later));
    assert!(!world.is_ahead_of(Priority::CRITICAL, later) && !world.is_ahead_of(Priority::HIGH, NOW));
    assert_eq!(world.turn(later), Some(Turn { member: low, priority: Priority::HIGH }));
}

#[test]
fn however_many_lower_priorities_are_overdue_most_turns_are_those_of_the_highest() {
    let mut world = World::default();
    for number in -100..100 {
        for _ in 0..20 {
            world.join(Priority::clamped(number), 0, 1);
        }
    }
    let later = NOW + Duration::from_secs(1_000);
    let mut overdue = 0;
    for _ in 0..800 {
        let urgent = world.join(Priority::CRITICAL, 0, 1);
        let served = world.serve_next(later).expect("they wait");
        overdue += u32::from(world.standings[served as usize].priority < Priority::CRITICAL);
        assert!(served <= urgent);
    }
    assert_eq!(overdue, 800 / 8);
}

#[test]
fn a_place_far_back_is_estimated() {
    let mut world = World::default();
    for nth in 0..50_000 {
        world.join(Priority::NORMAL, nth % 5, 10);
    }
    let ahead = |world: &World, member| world.queue.ahead_of(member, Priority::NORMAL, &world.places);
    for member in [10_000, 30_000, 49_999] {
        let Ahead { members, work, is_exact } = ahead(&world, member);
        assert!(!is_exact && members.abs_diff(member) < 20, "{members} before {member}");
        assert!(work.as_nanos().abs_diff(u64::from(member) * 10) < 200, "{work:?} before {member}");
    }
    // Half of those before it go.
    (0..40_000).step_by(2).for_each(|member| world.leave(member));
    let Ahead { members, .. } = ahead(&world, 49_999);
    assert!(members.abs_diff(29_999) < 600, "{members}");
}

#[test]
fn a_newcomer_learns_what_would_go_before_it() {
    let mut world = World::default();
    world.join(Priority::HIGH, 0, 7);
    (0..10).for_each(|_| {
        world.join(Priority::NORMAL, 1, 10);
    });
    world.join(Priority::LOW, 2, 9);
    let ahead = |tenant, priority| {
        let of = Tenancy { tenant: TenantId::numbered(tenant), share: Share::default() };
        let Ahead { members, work, is_exact } = world.queue.ahead_of_newcomer(priority, of, 10, &world.places);
        (members, work.as_nanos(), is_exact)
    };
    assert_eq!(ahead(1, Priority::NORMAL), (11, 107, true));
    assert_eq!(ahead(3, Priority::NORMAL), (2, 17, false));
    assert_eq!(ahead(3, Priority::CRITICAL), (0, 0, true));
    assert_eq!(ahead(3, Priority::clamped(-100)), (12, 116, true));
}

#[test]
fn empty_lines_are_few() {
    let mut world = World::default();
    for number in -100..=100 {
        let member = world.join(Priority::clamped(number), 0, 1);
        world.leave(member);
    }
    assert!(world.queue.lines.len() <= Priority::NAMED.len());
    assert_eq!(world.order(), vec![0; 0]);
}
