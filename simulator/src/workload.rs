//! Seeded lists of requests to push through a limiter.

use serde::{Deserialize, Serialize};

use crate::claude;
use crate::random::Random;
use crate::tokenizer;

/// One request of a workload, with the truth about it. In JSON the names are in `camelCase`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Job {
    /// The model's name.
    pub model: String,
    /// The true size of the prompt, if it is one message with [`prompt`] as its text.
    pub input_tokens: u64,
    /// The true size of the answer: to be sent as [`OUTPUT_TOKENS_HEADER`](crate::OUTPUT_TOKENS_HEADER).
    pub output_tokens: u64,
    /// What the request allows its answer to be.
    pub max_tokens: u64,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// `critical`, `high`, `normal` or `low`.
    pub priority: Priority,
}

/// How urgent a job is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Before everything.
    Critical,
    /// Somebody waits for it.
    High,
    /// Neither.
    #[default]
    Normal,
    /// Whenever there is room.
    Low,
}

/// The named kinds of workload.
pub const NAMES: [&str; 5] = ["mixed", "input-bound", "output-bound", "requests-bound", "interactive-and-batch"];

/// `count` jobs of a named kind, or `None` if there is no such kind.
///
/// ```
/// use tidegate_simulator::workload;
/// assert_eq!(workload::generate("mixed", 300, 1).map(|jobs| jobs.len()), Some(300));
/// assert_eq!(workload::generate("mixed", 300, 1), workload::generate("mixed", 300, 1));
/// ```
pub fn generate(name: &str, count: usize, seed: u64) -> Option<Vec<Job>> {
    let make = match name {
        "mixed" => mixed,
        "input-bound" => input_bound,
        "output-bound" => output_bound,
        "requests-bound" => requests_bound,
        "interactive-and-batch" => interactive_and_batch,
        _ => return None,
    };
    let mut random = Random::new(seed, name.as_bytes());
    Some((0..count).map(|_| make(&mut random)).collect())
}

/// The text of a single user message that makes a Messages request `input_tokens` tokens large, to the token.
///
/// `variant` chooses among texts of the same size. Below [`SMALLEST_PROMPT_TOKENS`] the text is empty.
pub fn prompt(input_tokens: u64, variant: u64) -> String {
    tokenizer::text(input_tokens.saturating_sub(SMALLEST_PROMPT_TOKENS), variant)
}

/// What a Messages request costs apart from the text of its single message.
pub const SMALLEST_PROMPT_TOKENS: u64 = claude::PROMPT_TOKENS + claude::MESSAGE_TOKENS;

/// Sizes from a line to a long report, half of them streamed.
fn mixed(random: &mut Random) -> Job {
    let input_tokens = random.log_normal(600).clamp(20, 8_000);
    let output_tokens = random.log_normal(100).clamp(1, 2_000);
    job(input_tokens, output_tokens, 4_096, random.below(2) == 0)
}

/// Long prompts, 1 : 100 in size, with short answers.
fn input_bound(random: &mut Random) -> Job {
    let input_tokens = random.log_normal(1_500).clamp(120, 12_000);
    job(input_tokens, random.between(5, 30), 64, random.below(4) == 0)
}

/// Short prompts with long answers, allowed to be ten times as long.
fn output_bound(random: &mut Random) -> Job {
    let output_tokens = random.log_normal(300).clamp(20, 3_000);
    job(random.between(20, 60), output_tokens, output_tokens * 10, random.below(2) == 0)
}

/// Many small requests.
fn requests_bound(random: &mut Random) -> Job {
    job(random.between(20, 60), random.between(1, 20), 64, false)
}

/// One in five is somebody waiting for a stream; the others are a batch that takes all there is.
fn interactive_and_batch(random: &mut Random) -> Job {
    if random.below(5) == 0 {
        let small = job(random.between(50, 400), random.between(20, 150), 1_024, true);
        Job { priority: Priority::High, ..small }
    } else {
        let large =
            job(random.log_normal(1_200).clamp(100, 8_000), random.log_normal(150).clamp(10, 1_500), 4_096, false);
        Job { priority: Priority::Low, ..large }
    }
}

fn job(input_tokens: u64, output_tokens: u64, max_tokens: u64, stream: bool) -> Job {
    Job { model: MODEL.into(), input_tokens, output_tokens, max_tokens, stream, priority: Priority::Normal }
}

const MODEL: &str = "claude-sonnet-5";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_generated_and_no_other() {
        for name in NAMES {
            let jobs = generate(name, 500, 3).unwrap();
            assert!(jobs.iter().all(|job| (1..=job.max_tokens).contains(&job.output_tokens)), "{name}");
            assert!(jobs.iter().all(|job| job.input_tokens > SMALLEST_PROMPT_TOKENS), "{name}");
        }
        assert_eq!(generate("other", 1, 3), None);
    }

    #[test]
    fn mixed_jobs_are_of_very_different_sizes() {
        let jobs = generate("mixed", 500, 3).unwrap();
        let largest = jobs.iter().map(|job| job.input_tokens).max().unwrap();
        let smallest = jobs.iter().map(|job| job.input_tokens).min().unwrap();
        assert!(largest >= 50 * smallest, "{smallest} to {largest}");
        let streamed = jobs.iter().filter(|job| job.stream).count();
        assert!((200..300).contains(&streamed), "{streamed}");
    }
}
