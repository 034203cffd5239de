//! The waiting line of one scope: first by priority, then first come, first served.

mod headroom;

use alloc::vec::Vec;

pub use self::headroom::Headroom;

/// Which of two waiting requests goes first.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
#[repr(u8)]
pub enum Priority {
    /// Before everything else.
    Critical,
    /// Somebody is looking at the screen.
    High,
    /// The ordinary case.
    #[default]
    Normal,
    /// Work that can wait.
    Low,
}

impl Priority {
    /// Every priority, the first to go first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Normal, Self::Low];

    /// The name in options and hints.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// A line for each priority. Members are small integers; joining, leaving from anywhere and taking the first are O(1).
#[derive(Clone, Debug, Default)]
pub struct Queue {
    lines: [Line; Priority::ALL.len()],
    len: u32,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    first: u32,
    last: u32,
}

impl Default for Line {
    fn default() -> Self {
        Self { first: NOBODY, last: NOBODY }
    }
}

/// Who stands next to whom. One table serves all queues, because nobody stands in two.
#[derive(Clone, Debug, Default)]
pub struct Neighbours(Vec<Pair>);

#[derive(Clone, Copy, Debug)]
struct Pair {
    before: u32,
    behind: u32,
}

impl Queue {
    /// A position further back is not counted out: a hundred thousand that leave from behind would each walk the line.
    pub const MOST_COUNTED: u32 = 1_000;

    /// How many wait.
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Whether nobody waits.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Who goes next.
    pub fn first(&self) -> Option<u32> {
        self.lines.iter().map(|line| line.first).find(|first| *first != NOBODY)
    }

    /// Whether somebody waits whom a newcomer of `priority` may not pass.
    pub fn is_ahead_of(&self, priority: Priority) -> bool {
        self.len > 0 && self.lines[..=priority as usize].iter().any(|line| line.first != NOBODY)
    }

    /// How many stand before `member`, counted up to [`MOST_COUNTED`](Self::MOST_COUNTED).
    pub fn position(&self, member: u32, priority: Priority, neighbours: &Neighbours) -> u32 {
        let mut position = 0;
        for (class, line) in self.lines.iter().enumerate().take(priority as usize + 1) {
            let mut at = line.first;
            while at != NOBODY && !(class == priority as usize && at == member) {
                if position == Self::MOST_COUNTED {
                    return position;
                }
                position += 1;
                at = neighbours.0[at as usize].behind;
            }
        }
        position
    }

    /// `member` joins behind everybody of its priority.
    pub fn push_back(&mut self, member: u32, priority: Priority, neighbours: &mut Neighbours) {
        let line = &mut self.lines[priority as usize];
        neighbours.set(member, Pair { before: line.last, behind: NOBODY });
        match line.last {
            NOBODY => line.first = member,
            last => neighbours.0[last as usize].behind = member,
        }
        line.last = member;
        self.len += 1;
    }

    /// `member` joins before everybody of its priority: it has waited before.
    pub fn push_front(&mut self, member: u32, priority: Priority, neighbours: &mut Neighbours) {
        let line = &mut self.lines[priority as usize];
        neighbours.set(member, Pair { before: NOBODY, behind: line.first });
        match line.first {
            NOBODY => line.last = member,
            first => neighbours.0[first as usize].before = member,
        }
        line.first = member;
        self.len += 1;
    }

    /// `member`, which stands in this queue, leaves.
    pub fn remove(&mut self, member: u32, priority: Priority, neighbours: &mut Neighbours) {
        let line = &mut self.lines[priority as usize];
        let Pair { before, behind } = neighbours.0[member as usize];
        match before {
            NOBODY => line.first = behind,
            before => neighbours.0[before as usize].behind = behind,
        }
        match behind {
            NOBODY => line.last = before,
            behind => neighbours.0[behind as usize].before = before,
        }
        self.len -= 1;
    }
}

impl Neighbours {
    fn set(&mut self, member: u32, pair: Pair) {
        let slot = member as usize;
        if slot >= self.0.len() {
            self.0.resize(slot + 1, Pair { before: NOBODY, behind: NOBODY });
        }
        self.0[slot] = pair;
    }
}

const NOBODY: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn order(queue: &mut Queue, neighbours: &mut Neighbours, priorities: &[Priority]) -> Vec<u32> {
        let mut order = Vec::new();
        while let Some(first) = queue.first() {
            queue.remove(first, priorities[first as usize], neighbours);
            order.push(first);
        }
        order
    }

    #[test]
    fn higher_priorities_go_first_and_equals_in_order_of_arrival() {
        let (mut queue, mut neighbours) = (Queue::default(), Neighbours::default());
        let priorities =
            [Priority::Low, Priority::Normal, Priority::Critical, Priority::Normal, Priority::High, Priority::Low];
        for (member, priority) in (0..).zip(priorities) {
            queue.push_back(member, priority, &mut neighbours);
        }
        assert_eq!(queue.position(3, Priority::Normal, &neighbours), 3);
        assert_eq!(order(&mut queue, &mut neighbours, &priorities), [2, 4, 1, 3, 0, 5]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_position_far_back_is_not_counted_out() {
        let (mut queue, mut neighbours) = (Queue::default(), Neighbours::default());
        (0..5_000).for_each(|member| queue.push_back(member, Priority::Low, &mut neighbours));
        assert_eq!(queue.position(999, Priority::Low, &neighbours), 999);
        assert_eq!(queue.position(4_999, Priority::Low, &neighbours), Queue::MOST_COUNTED);
    }

    #[test]
    fn members_leave_from_anywhere() {
        for gone in 0..3 {
            let (mut queue, mut neighbours) = (Queue::default(), Neighbours::default());
            (0..3).for_each(|member| queue.push_back(member, Priority::Low, &mut neighbours));
            queue.remove(gone, Priority::Low, &mut neighbours);
            let left = order(&mut queue, &mut neighbours, &[Priority::Low; 3]);
            assert_eq!(left, (0..3).filter(|member| *member != gone).collect::<Vec<_>>());
        }
    }

    #[test]
    fn who_waited_before_goes_before_its_equals_only() {
        let (mut queue, mut neighbours) = (Queue::default(), Neighbours::default());
        queue.push_back(0, Priority::High, &mut neighbours);
        queue.push_back(1, Priority::Normal, &mut neighbours);
        queue.push_front(2, Priority::Normal, &mut neighbours);
        let priorities = [Priority::High, Priority::Normal, Priority::Normal];
        assert_eq!(order(&mut queue, &mut neighbours, &priorities), [0, 2, 1]);
    }

    #[test]
    fn a_newcomer_may_pass_only_lower_priorities() {
        let (mut queue, mut neighbours) = (Queue::default(), Neighbours::default());
        queue.push_back(0, Priority::Normal, &mut neighbours);
        assert!(!queue.is_ahead_of(Priority::High));
        assert!(queue.is_ahead_of(Priority::Normal));
        assert!(queue.is_ahead_of(Priority::Low));
    }
}
