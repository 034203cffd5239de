//! What goes wrong with a request.

use crate::options::Faults;
use crate::random::Random;

/// What becomes of a request apart from limits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    /// Nothing goes wrong.
    Answered,
    /// The service is busy.
    Overloaded,
    /// The service fails.
    Error,
    /// The connection is lost before an answer.
    Dropped,
    /// The connection is lost in the middle of the answer.
    Cut,
    /// No answer comes.
    Hung,
    /// A stream ends with an error in its middle.
    StreamError,
    /// The answer is produced slowly.
    Slow,
}

impl Fate {
    /// Draws one. Every request draws exactly once, so that changing one share does not shift the others' draws.
    pub(crate) fn draw(faults: &Faults, random: &mut Random) -> Self {
        let mut position = random.below(MILLION);
        let shares = [
            (faults.overloaded, Self::Overloaded),
            (faults.error, Self::Error),
            (faults.drop, Self::Dropped),
            (faults.cut, Self::Cut),
            (faults.hang, Self::Hung),
            (faults.stream_error, Self::StreamError),
            (faults.slow, Self::Slow),
        ];
        for (share, fate) in shares {
            let width = millionths(share);
            if position < width {
                return fate;
            }
            position -= width;
        }
        Self::Answered
    }
}

/// Whether something of that share happens this time.
pub(crate) fn happens(share: f64, random: &mut Random) -> bool {
    random.below(MILLION) < millionths(share)
}

fn millionths(share: f64) -> u64 {
    (share * MILLION as f64).round() as u64
}

const MILLION: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_happen_as_often_as_they_should() {
        let faults = Faults { overloaded: 0.1, hang: 0.02, ..Faults::default() };
        let mut random = Random::new(1, b"faults");
        let fates: Vec<Fate> = (0..100_000).map(|_| Fate::draw(&faults, &mut random)).collect();
        let count = |fate| fates.iter().filter(|&&drawn| drawn == fate).count();
        assert!((9_700..10_300).contains(&count(Fate::Overloaded)));
        assert!((1_850..2_150).contains(&count(Fate::Hung)));
        assert_eq!(count(Fate::Cut), 0);
    }

    #[test]
    fn a_share_of_one_is_always_and_a_share_of_zero_never() {
        let mut random = Random::new(1, b"ends");
        assert!((0..1_000).all(|_| happens(1.0, &mut random) && !happens(0.0, &mut random)));
    }
}
