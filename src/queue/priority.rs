//! How urgent a request is.

/// Which of two waiting requests goes first: the one with the higher number, from −100 to 100.
///
/// Four numbers have names, and one such step apart they lie: critical 100, high 50, normal 0, low −50.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Priority(i8);

impl Priority {
    /// Before everything else.
    pub const CRITICAL: Self = Self(100);

    /// Somebody is looking at the screen.
    pub const HIGH: Self = Self(50);

    /// The ordinary case, and the default.
    pub const NORMAL: Self = Self(0);

    /// Work that can wait.
    pub const LOW: Self = Self(-50);

    /// Those that have names, the first to go first.
    pub const NAMED: [Self; 4] = [Self::CRITICAL, Self::HIGH, Self::NORMAL, Self::LOW];

    /// From one name to the next.
    pub const STEP: u8 = 50;

    const MOST: i8 = 100;

    /// The priority of this number; one beyond −100 or 100 means that bound.
    pub const fn clamped(number: i8) -> Self {
        if number > Self::MOST {
            Self(Self::MOST)
        } else if number < -Self::MOST {
            Self(-Self::MOST)
        } else {
            Self(number)
        }
    }

    /// The priority as a number.
    pub const fn number(self) -> i8 {
        self.0
    }

    /// The name in options and hints, if the number has one.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::CRITICAL => Some("critical"),
            Self::HIGH => Some("high"),
            Self::NORMAL => Some("normal"),
            Self::LOW => Some("low"),
            Self(_) => None,
        }
    }

    /// By how much it is higher than `other`; nothing if it is not.
    pub const fn above(self, other: Self) -> u8 {
        if self.0 > other.0 { self.0.abs_diff(other.0) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_a_step_apart_and_the_higher_number_goes_first() {
        for pair in Priority::NAMED.windows(2) {
            assert_eq!((pair[0].above(pair[1]), pair[1].above(pair[0])), (Priority::STEP, 0));
            assert!(pair[0] > pair[1]);
        }
        assert_eq!(Priority::default(), Priority::NORMAL);
    }

    #[test]
    fn a_number_out_of_range_means_the_bound() {
        assert_eq!(
            [127, 100, 7, -100, -128].map(|number| Priority::clamped(number).number()),
            [100, 100, 7, -100, -100]
        );
        assert_eq!(Priority::clamped(7).name(), None);
    }
}
