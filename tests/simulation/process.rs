//! A program with its limiter, its clock and its way to the server.

use tidegate::limiter::Limiter;
use tidegate::random::Random;
use tidegate::time::{Duration, Instant};

/// One program.
pub struct Process {
    pub limiter: Limiter,
    pub network: Network,
    pub clock: Clock,
    pub death: Option<Death>,
    pub(crate) random: Random,
    /// When its first connection is there, once it has begun to make one.
    pub(crate) connected_at: Option<Instant>,
    pub(crate) wake_up: Option<(Instant, u64)>,
    pub(crate) is_dead: bool,
    /// Of its calls, those that are sent or being answered.
    pub(crate) in_flight: u32,
    /// Its calls that are not over.
    pub(crate) open: u32,
}

impl Process {
    /// A program whose calls take up to 40 ms to the server, drawn from the seed.
    pub fn new(limiter: Limiter, seed: u64) -> Self {
        Self {
            limiter,
            network: Network::default(),
            clock: Clock::True,
            death: None,
            random: Random::new(seed),
            connected_at: None,
            wake_up: None,
            is_dead: false,
            in_flight: 0,
            open: 0,
        }
    }

    /// What its clock shows at `now`.
    pub(crate) fn time(&self, now: Instant) -> Instant {
        self.clock.at(now)
    }

    /// When a call that is sent now reaches the server. Calls that are sent before the first connection is there wait
    /// for it.
    pub(crate) fn arrival(&mut self, now: Instant) -> Instant {
        let connected_at = *self.connected_at.get_or_insert(now + self.network.connecting);
        now.max(connected_at) + self.way(self.network.slowest_there)
    }

    /// How long an answer is on its way.
    pub(crate) fn way_back(&mut self) -> Duration {
        if self.network.slowest_back.is_zero() { Duration::ZERO } else { self.way(self.network.slowest_back) }
    }

    fn way(&mut self, slowest: Duration) -> Duration {
        Duration::from_nanos(self.random.up_to(slowest.as_nanos()))
    }
}

/// How long things are on their way.
#[derive(Clone, Copy, Debug)]
pub struct Network {
    /// The longest way of a request to the server.
    pub slowest_there: Duration,
    /// The longest way of an answer.
    pub slowest_back: Duration,
    /// How long the first connection takes to be made.
    pub connecting: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self { slowest_there: Duration::from_millis(40), slowest_back: Duration::ZERO, connecting: Duration::ZERO }
    }
}

/// What a program's monotonic clock shows.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The time.
    True,
    /// The time, but that it stands still for a while and never makes up for it.
    Still { from: Instant, until: Instant },
    /// The time, and from an instant on so much more.
    Ahead { from: Instant, by: Duration },
    /// The time, and from an instant on so much less.
    Behind { from: Instant, by: Duration },
}

impl Clock {
    fn at(self, now: Instant) -> Instant {
        match self {
            Self::Still { from, until } if now > from => now.before(now.min(until).since(from)),
            Self::Ahead { from, by } if now >= from => now + by,
            Self::Behind { from, by } if now >= from => now.before(by),
            Self::True | Self::Still { .. } | Self::Ahead { .. } | Self::Behind { .. } => now,
        }
    }
}

/// How a program ends before its work is done.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    pub at: Instant,
    /// Whether the server notices: then it stops producing what nobody reads.
    pub is_noticed: bool,
    /// The process to which the callers whose calls had not started turn. Without one these calls are lost as well.
    pub heir: Option<usize>,
}
