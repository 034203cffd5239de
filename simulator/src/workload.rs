//! Seeded lists of requests to push through a limiter.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::Family;
use crate::exchange::Request;
use crate::random::Random;
use crate::server::{JOB_HEADER, OUTPUT_TOKENS_HEADER};
use crate::{claude, openai, tokenizer};

/// One request of a workload, with the truth about it. In JSON the names are in `camelCase`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Job {
    /// Whose API is asked: `claude` (the default) or `openai`.
    #[serde(default, skip_serializing_if = "is_claude")]
    pub api: Api,
    /// The model's name.
    pub model: String,
    /// The true size of the prompt, all of it, if the request has [`body`] as its body.
    pub input_tokens: u64,
    /// The true size of the answer: to be sent as [`OUTPUT_TOKENS_HEADER`].
    pub output_tokens: u64,
    /// What the request allows its answer to be.
    pub max_tokens: u64,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// `critical`, `high`, `normal` or `low`.
    pub priority: Priority,
    /// What of its prompt other jobs have too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// The position in the list of the job whose answer must have come before this one is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<usize>,
}

/// Whose API a job asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// The Claude API.
    #[default]
    Claude,
    /// OpenAI's.
    OpenAi,
}

impl Api {
    pub(crate) fn family(self) -> Family {
        match self {
            Self::Claude => Family::Claude,
            Self::OpenAi => Family::OpenAi,
        }
    }
}

/// A prompt that begins like those of others, with the marks that let the server cache it. In JSON the names are in
/// `camelCase`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Shared {
    /// Jobs with the same number have the same system prompt.
    pub system: u64,
    /// How large it is.
    pub system_tokens: u64,
    /// Jobs with the same number are turns of one conversation.
    pub conversation: u64,
    /// The sizes of the conversation's earlier messages: the user's and the assistant's in turn.
    pub history: Vec<u64>,
    /// Whether the conversation is cached as it grows, and not the system prompt alone.
    pub grows: bool,
}

/// How urgent a job is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
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
pub const NAMES: [&str; 8] = [
    "mixed",
    "input-bound",
    "output-bound",
    "requests-bound",
    "interactive-and-batch",
    "cached-prefix",
    "two-models",
    "openai-max-tokens",
];

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
        "two-models" => two_models,
        "openai-max-tokens" => openai_max_tokens,
        "cached-prefix" => return Some(cached_prefix(count, &mut Random::new(seed, name.as_bytes()))),
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

/// The path of the request that a job stands for.
pub fn path(job: &Job) -> &'static str {
    match job.api {
        Api::Claude => claude::MESSAGES,
        Api::OpenAi => openai::CHAT_COMPLETIONS,
    }
}

/// The request that the job at `index` of a list stands for, as the holder of a key makes it. Its text is the variant
/// `index` of its size.
pub fn request(job: &Job, index: usize, api_key: &str) -> Request {
    let mut headers = vec![
        ("content-type".into(), "application/json".into()),
        (OUTPUT_TOKENS_HEADER.into(), job.output_tokens.to_string()),
        (JOB_HEADER.into(), index.to_string()),
    ];
    match job.api {
        Api::Claude => {
            headers.push(("x-api-key".into(), api_key.into()));
            headers.push(("anthropic-version".into(), "2023-06-01".into()));
        }
        Api::OpenAi => headers.push(("authorization".into(), format!("Bearer {api_key}"))),
    }
    Request { method: "POST".into(), path: path(job).into(), headers, body: body(job, index as u64).into() }
}

/// The body of the request that a job stands for, as JSON. `variant` chooses among texts of the same size.
///
/// What a job shares with others is marked for the prompt cache of Claude's API; OpenAI's API knows no such marks.
pub fn body(job: &Job, variant: u64) -> String {
    match job.api {
        Api::Claude => message(job, variant),
        Api::OpenAi => completion(job, variant),
    }
}

/// The text of a single message that makes a chat completion's prompt `input_tokens` tokens large.
pub(crate) fn completion_prompt(input_tokens: u64, variant: u64) -> String {
    tokenizer::text(input_tokens.saturating_sub(SMALLEST_COMPLETION_PROMPT_TOKENS), variant)
}

fn completion(job: &Job, variant: u64) -> String {
    let Job { model, input_tokens, max_tokens, stream, .. } = job;
    let messages = json!([{ "role": "user", "content": completion_prompt(*input_tokens, variant) }]);
    let mut body =
        json!({ "model": model, "max_completion_tokens": max_tokens, "stream": stream, "messages": messages });
    if *stream {
        body["stream_options"] = json!({ "include_usage": true });
    }
    body.to_string()
}

fn message(job: &Job, variant: u64) -> String {
    let Job { model, input_tokens, max_tokens, stream, shared, .. } = job;
    let Some(shared) = shared else {
        let messages = json!([{ "role": "user", "content": prompt(*input_tokens, variant) }]);
        return json!({ "model": model, "max_tokens": max_tokens, "stream": stream, "messages": messages }).to_string();
    };
    let ephemeral = json!({ "type": "ephemeral" });
    let text = named_text(shared.system_tokens, shared.system, 0);
    let mut body = json!({
        "model": model,
        "max_tokens": max_tokens,
        "stream": stream,
        "system": [{ "type": "text", "text": text, "cache_control": ephemeral }],
    });
    let sizes = shared.history.iter().copied().chain([shared.last_message(*input_tokens)]);
    let messages = sizes.zip(0..).map(|(tokens, place)| {
        let role = if place % 2 == 0 { "user" } else { "assistant" };
        json!({ "role": role, "content": named_text(tokens, shared.conversation, place + 1) })
    });
    body["messages"] = messages.collect();
    if shared.grows {
        body["cache_control"] = ephemeral;
    }
    body.to_string()
}

/// What a Messages request costs apart from the text of its single message.
pub const SMALLEST_PROMPT_TOKENS: u64 = claude::PROMPT_TOKENS + claude::MESSAGE_TOKENS;

/// The same for a chat completion.
const SMALLEST_COMPLETION_PROMPT_TOKENS: u64 = openai::PROMPT_TOKENS + openai::MESSAGE_TOKENS;

impl Shared {
    /// The prompt up to the end of the system prompt.
    pub(crate) fn system_end(&self) -> u64 {
        claude::PROMPT_TOKENS + self.system_tokens
    }

    /// The text of the last message, in a prompt of so many tokens.
    pub(crate) fn last_message(&self, input_tokens: u64) -> u64 {
        let before: u64 = self.history.iter().map(|tokens| tokens + claude::MESSAGE_TOKENS).sum();
        input_tokens.saturating_sub(self.system_end() + before + claude::MESSAGE_TOKENS)
    }
}

/// A text that differs from that of every other name from its first word on.
fn named_text(tokens: u64, name: u64, place: u64) -> String {
    let title = format!("{name}.{place}");
    let rest = tokens.saturating_sub(tokenizer::count(&title));
    title + &tokenizer::text(rest, name.wrapping_add(place))
}

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

/// Jobs of very different sizes for two models, each of which has limits of its own.
fn two_models(random: &mut Random) -> Job {
    let model = if random.below(2) == 0 { MODEL } else { OTHER_MODEL };
    Job { model: model.into(), ..mixed(random) }
}

/// Short prompts and answers, in requests that allow many times more, which is what they are charged for.
fn openai_max_tokens(random: &mut Random) -> Job {
    let output_tokens = random.log_normal(80).clamp(5, 500);
    let max_tokens = 512 << random.below(4);
    let plain = job(random.between(30, 300), output_tokens, max_tokens, random.below(2) == 0);
    Job { api: Api::OpenAi, model: OPENAI_MODEL.into(), ..plain }
}

/// Everybody has one large system prompt that is new to the server: most ask one question about it, and every fourth
/// job belongs to a conversation of several turns that grows.
fn cached_prefix(count: usize, random: &mut Random) -> Vec<Job> {
    let system = random.below(1_000_000);
    let system_tokens = random.between(6_000, 12_000);
    let mut jobs: Vec<Job> = Vec::with_capacity(count);
    // The job that was its last turn, of each conversation that goes on.
    let mut open: Vec<usize> = Vec::new();
    for index in 0..count {
        let turn = open.get(random.below(OPEN_CONVERSATIONS) as usize).copied().filter(|_| random.below(4) == 0);
        let question = random.log_normal(60).clamp(20, 400);
        let answer = random.log_normal(30).clamp(4, 300);
        let mut shared = match turn.and_then(|turn| jobs.get(turn)) {
            Some(last @ Job { shared: Some(shared), .. }) => {
                let last_question = shared.last_message(last.input_tokens);
                let said = [last_question, last.output_tokens.max(SHORTEST_NAMED_TEXT)];
                Shared { history: shared.history.iter().copied().chain(said).collect(), ..shared.clone() }
            }
            Some(_) | None => Shared {
                system,
                system_tokens,
                conversation: index as u64,
                history: Vec::new(),
                grows: open.len() < OPEN_CONVERSATIONS as usize,
            },
        };
        open.retain(|&other| Some(other) != turn);
        // No conversation goes on for ever.
        if shared.grows && shared.history.len() < LONGEST_HISTORY {
            open.push(index);
        }
        shared.history.shrink_to_fit();
        let before: u64 = shared.history.iter().map(|tokens| tokens + claude::MESSAGE_TOKENS).sum();
        let input_tokens = shared.system_end() + before + claude::MESSAGE_TOKENS + question;
        let plain = job(input_tokens, answer, 1_024, random.below(2) == 0);
        jobs.push(Job { shared: Some(shared), after: turn, ..plain });
    }
    jobs
}

fn job(input_tokens: u64, output_tokens: u64, max_tokens: u64, stream: bool) -> Job {
    Job {
        api: Api::Claude,
        model: MODEL.into(),
        input_tokens,
        output_tokens,
        max_tokens,
        stream,
        priority: Priority::Normal,
        shared: None,
        after: None,
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_claude(api: &Api) -> bool {
    *api == Api::Claude
}

const MODEL: &str = "claude-sonnet-5";
/// A model of another group.
const OTHER_MODEL: &str = "claude-haiku-4-5";
const OPENAI_MODEL: &str = "gpt-4o";
/// Conversations that go on at a time.
const OPEN_CONVERSATIONS: u64 = 12;
/// Six turns.
const LONGEST_HISTORY: usize = 10;
/// The title of a text is its name, a point and its place.
const SHORTEST_NAMED_TEXT: u64 = 8;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Options, Server};

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
    fn a_body_is_as_large_as_its_job_says() {
        for name in NAMES {
            for (job, index) in generate(name, 60, 3).unwrap().iter().zip(0..) {
                let body: serde_json::Value = serde_json::from_str(&body(job, index)).unwrap();
                let measured = match job.api {
                    Api::Claude => claude::measure(&body),
                    Api::OpenAi => openai::measure(body["messages"].as_array().unwrap()).0,
                };
                assert_eq!(measured, job.input_tokens, "{name}, job {index}");
            }
        }
    }

    #[test]
    fn conversations_grow_by_what_was_said() {
        let jobs = generate("cached-prefix", 400, 3).unwrap();
        let turns = jobs.iter().filter(|job| job.after.is_some()).count();
        assert!((60..140).contains(&turns), "{turns}");
        for (index, job) in jobs.iter().enumerate() {
            let shared = job.shared.as_ref().unwrap();
            assert_eq!(job.after.is_some(), !shared.history.is_empty());
            let Some(before) = job.after else { continue };
            let (earlier, before) = (&jobs[before], before);
            assert!(before < index);
            let messages = |job: &Job| {
                let body: serde_json::Value = serde_json::from_str(&body(job, 0)).unwrap();
                body["messages"].as_array().unwrap().clone()
            };
            assert_eq!(messages(job)[..shared.history.len() - 1], messages(earlier)[..]);
        }
    }

    #[test]
    fn requests_are_understood_by_the_api_that_they_are_for() {
        for name in NAMES {
            for (index, job) in generate(name, 20, 3).unwrap().iter().enumerate() {
                let exchange = Server::new(Options::default()).handle(Duration::ZERO, &request(job, index, "key"));
                assert_eq!(exchange.status(), 200, "{name}, job {index}");
                let body = exchange.body();
                let usage = if job.api == Api::OpenAi { "completion_tokens" } else { "output_tokens" };
                assert!(body.contains(&format!(r#""{usage}":{}"#, job.output_tokens)), "{body}");
            }
        }
    }

    #[test]
    fn two_models_share_the_jobs_and_openai_s_are_allowed_far_more_than_they_need() {
        let jobs = generate("two-models", 400, 3).unwrap();
        let other = jobs.iter().filter(|job| job.model == OTHER_MODEL).count();
        assert!((160..240).contains(&other), "{other}");
        let jobs = generate("openai-max-tokens", 400, 3).unwrap();
        let allowed: u64 = jobs.iter().map(|job| job.max_tokens).sum();
        let needed: u64 = jobs.iter().map(|job| job.output_tokens).sum();
        assert!(allowed > 10 * needed, "{allowed} for {needed}");
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
