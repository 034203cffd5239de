//! What was said of a wait when it began, half-way and each second, beside what it came to.
//!
//! `cargo test --test simulation estimates -- --nocapture` prints for each traffic:
//!
//! * of all who waited, the *error*: the difference between what was said and the true wait, as a part of that, or of a
//!   second where it is shorter; and its sign, where more was said than was true being positive;
//! * of those who waited for more than two seconds, the error in seconds and as a part;
//! * for how many nobody could tell anything;
//! * *jumps*: by how much the foreseen start moves from one question to the next, a second later, in seconds and as a part of
//!   what was said, or of a second.
//!
//! What is improved is improved by the tuning seeds, which `TIDEGATE_TUNING=1` prints too, and what is promised is measured by
//! the others.

mod bare;
mod http;

use tidegate::time::{Duration, Instant};

/// By these the estimates were made.
const TUNING: [u64; 2] = [1, 2];
/// By these they are measured, and by nothing else.
const MEASURING: [u64; 4] = [2_001, 2_002, 2_003, 2_004];

/// A wait, and what was said of it.
#[derive(Clone, Debug, Default)]
pub struct Wait {
    pub submitted_at: Instant,
    pub started_at: Instant,
    /// When something was said, and what.
    pub said: Vec<(Instant, Option<Duration>)>,
}

/// What was said, and what it should have been, in seconds.
#[derive(Clone, Copy, Debug)]
struct Saying {
    said: f64,
    truth: f64,
}

impl Wait {
    fn whole(&self) -> Duration {
        self.started_at.since(self.submitted_at)
    }

    /// What was said when `part` hundredths of the wait were over; `None` if nobody could tell.
    fn at(&self, part: u64) -> Option<Saying> {
        let at = self.submitted_at + Duration::from_nanos(self.whole().as_nanos() / 100 * part);
        let (when, said) = self.said.iter().rev().find(|(when, _)| *when <= at)?;
        Some(Saying { said: seconds((*said)?), truth: seconds(self.started_at.since(*when)) })
    }

    /// How far the foreseen start moves from each question to the next, in seconds, and as a part of what was said before.
    fn jumps(&self) -> impl Iterator<Item = (f64, f64)> {
        self.said.windows(2).filter_map(|two| {
            let [(one, first), (two, then)] = two else { return None };
            let (first, then) = (seconds((*first)?), seconds((*then)?));
            let moved = (then + seconds(two.since(*one)) - first).abs();
            Some((moved, moved / first.max(1.0)))
        })
    }
}

impl Saying {
    fn off(&self) -> f64 {
        self.said - self.truth
    }

    fn part(&self) -> f64 {
        self.off() / self.truth.max(1.0)
    }
}

/// The median and the 95th percentile.
#[derive(Clone, Copy, Debug)]
struct Spread {
    median: f64,
    p95: f64,
}

impl Spread {
    fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let mut numbers: Vec<f64> = numbers.collect();
        numbers.sort_by(f64::total_cmp);
        let at = |percent: usize| numbers.get(numbers.len() * percent / 100).copied().unwrap_or(f64::NAN);
        Self { median: at(50), p95: at(95) }
    }
}

/// What is said of all who waited in one traffic.
#[derive(Clone, Copy, Debug)]
struct Errors {
    waited: usize,
    at_first: Spread,
    half_way: Spread,
    /// The medians of the signed errors.
    signs: [f64; 2],
    /// Of waits of more than two seconds: in seconds at submission and half-way, and as parts.
    long: [Spread; 4],
    /// At submission and half-way.
    unknown: [f64; 2],
    jumps: [Spread; 2],
}

impl Errors {
    fn of(waits: &[Wait]) -> Self {
        let waited = || waits.iter().filter(|wait| !wait.whole().is_zero());
        let at = |part: u64| waited().filter_map(move |wait| wait.at(part));
        let long = |part: u64| waited().filter(|wait| wait.whole() > LONG).filter_map(move |wait| wait.at(part));
        let count = waited().count();
        let errors = |part| Spread::of(at(part).map(|saying| saying.part().abs()));
        let sign = |part| Spread::of(at(part).map(|saying| saying.part())).median;
        let seconds = |part| Spread::of(long(part).map(|saying| saying.off().abs()));
        let parts = |part| Spread::of(long(part).map(|saying| saying.part().abs()));
        Self {
            waited: count,
            at_first: errors(0),
            half_way: errors(50),
            signs: [sign(0), sign(50)],
            long: [seconds(0), seconds(50), parts(0), parts(50)],
            unknown: [0, 50].map(|part| 1.0 - at(part).count() as f64 / count as f64),
            jumps: [
                Spread::of(waited().flat_map(Wait::jumps).map(|(seconds, _)| seconds)),
                Spread::of(waited().flat_map(Wait::jumps).map(|(_, part)| part)),
            ],
        }
    }

    fn head() {
        eprintln!(
            "{:<34} waited | error first, half-way    | sign          | > 2 s: seconds first, half-way | part first, half-way     | ? first, half | jumps: s, part",
            ""
        );
    }

    fn print(&self, name: &str) {
        let two = |Spread { median, p95 }: Spread| format!("{median:>5.2} {p95:>5.2}");
        let [first, half, first_part, half_part] = self.long.map(two);
        eprintln!(
            "{name:<34} {:>6} | {}, {} | {:>+5.2}, {:>+5.2} | {first}, {half}     | {first_part}, {half_part} | {:>4.1} {:>4.1} | {}, {}",
            self.waited,
            two(self.at_first),
            two(self.half_way),
            self.signs[0],
            self.signs[1],
            self.unknown[0] * 100.0,
            self.unknown[1] * 100.0,
            two(self.jumps[0]),
            two(self.jumps[1]),
        );
    }

    /// Errors are no larger than `most`, at submission and then half-way, each the median and the 95th percentile; half-way
    /// nobody can tell of no more than `unknown`; and from one question to the next the foreseen start stays where it is.
    fn check(&self, name: &str, most: [f64; 4], unknown: f64) {
        let errors = [self.at_first.median, self.at_first.p95, self.half_way.median, self.half_way.p95];
        assert!(self.waited > 50, "{name}: {} had to wait", self.waited);
        // Where nothing was known at submission, there is no error.
        let is_larger = |(error, most): (f64, f64)| error > most;
        assert!(!errors.into_iter().zip(most).any(is_larger), "{name}: {errors:?} and {most:?}");
        assert!(self.unknown[1] < unknown, "{name}: {:?}", self.unknown);
        assert!(self.jumps[1].median < 0.15, "{name}: {:?}", self.jumps);
    }
}

/// Measures traffic, prints what it came to, and says it.
fn measure(name: &str, mut run: impl FnMut(u64) -> Vec<Wait>) -> Errors {
    eprintln!("{name}");
    let mut errors = |seeds: &[u64]| Errors::of(&seeds.iter().flat_map(|seed| run(*seed)).collect::<Vec<_>>());
    if std::env::var_os("TIDEGATE_TUNING").is_some() {
        errors(&TUNING).print(&format!("  seeds {TUNING:?}"));
    }
    let measured = errors(&MEASURING);
    measured.print(&format!("  seeds {MEASURING:?}"));
    measured
}

fn seconds(duration: Duration) -> f64 {
    duration.as_millis_f64() / 1e3
}

const LONG: Duration = Duration::from_secs(2);
