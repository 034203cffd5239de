//! Where a Messages request asks for its prompt to be cached.

use serde_json::Value;

use super::invalid;
use super::prompt::{MESSAGE_TOKENS, PROMPT_TOKENS, Prompt, text_of};
use crate::api::Problem;
use crate::cache::{Block, Breakpoint, EMPTY_FINGERPRINT, Life, Prefix, fingerprint};
use crate::groups::{minimum_to_cache, model_of};

/// The prompt as the cache sees it: tools, then the system prompt, then the messages. `None` if nothing is to be cached.
pub(super) fn read(model: &str, body: &Value) -> Result<Option<Prefix>, Problem> {
    let mut reading = Reading::new(model_of(model));
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for tool in list(&body["tools"]) {
        reading.add(&tool, |prompt| prompt.add_text(&text_of(&tool)))?;
    }
    // What changes how the system prompt is rendered makes another prefix of it, and of all that follows.
    reading.mix("system", &body["speed"]);
    reading.add_content(&body["system"])?;
    for setting in [&body["tool_choice"], &body["thinking"], &Value::Bool(has_image(&body["messages"]))] {
        reading.mix("messages", setting);
    }
    for message in list(&body["messages"]) {
        reading.mix("role", &message["role"]);
        reading.prompt.tokens += MESSAGE_TOKENS;
        reading.add_content(&message["content"])?;
    }
    if let Some(life) = life(&body["cache_control"])? {
        reading.mark_last(life)?;
    }
    reading.finish(minimum_to_cache(model))
}

struct Reading {
    prompt: Prompt,
    fingerprint: u64,
    blocks: Vec<Block>,
    /// For each block, whether it may be the end of what is cached.
    eligible: Vec<bool>,
    breakpoints: Vec<Breakpoint>,
}

impl Reading {
    fn new(model: &str) -> Self {
        Self {
            prompt: Prompt { tokens: PROMPT_TOKENS, characters: 0 },
            fingerprint: fingerprint(EMPTY_FINGERPRINT, model),
            blocks: Vec::new(),
            eligible: Vec::new(),
            breakpoints: Vec::new(),
        }
    }

    fn mix(&mut self, name: &str, value: &Value) {
        self.fingerprint = fingerprint(fingerprint(self.fingerprint, name), &value.to_string());
    }

    /// A string, or a list of blocks.
    fn add_content(&mut self, content: &Value) -> Result<(), Problem> {
        match content {
            Value::Array(blocks) => {
                blocks.iter().try_for_each(|block| self.add(block, |prompt| prompt.add_content(block)))
            }
            Value::String(_) => self.add(content, |prompt| prompt.add_content(content)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Ok(()),
        }
    }

    fn add(&mut self, block: &Value, measure: impl FnOnce(&mut Prompt)) -> Result<(), Problem> {
        measure(&mut self.prompt);
        self.fingerprint = fingerprint(self.fingerprint, &text_of(block));
        let Prompt { tokens, characters } = self.prompt;
        self.blocks.push(Block { fingerprint: self.fingerprint, tokens, characters });
        let is_eligible = is_eligible(block);
        self.eligible.push(is_eligible);
        if let Some(life) = life(&block["cache_control"])? {
            if !is_eligible {
                return Err(invalid("cache_control cannot be set for thinking blocks and empty text blocks"));
            }
            self.breakpoints.push(Breakpoint { block: self.blocks.len() - 1, life });
        }
        Ok(())
    }

    /// Automatic caching: the last block that can be marked is.
    fn mark_last(&mut self, life: Life) -> Result<(), Problem> {
        let Some(block) = self.eligible.iter().rposition(|&is_eligible| is_eligible) else { return Ok(()) };
        match self.breakpoints.last().filter(|breakpoint| breakpoint.block == block) {
            Some(breakpoint) if breakpoint.life == life => Ok(()),
            Some(_) => Err(invalid("cache_control: the last block has a cache_control with another ttl")),
            None => {
                self.breakpoints.push(Breakpoint { block, life });
                Ok(())
            }
        }
    }

    fn finish(self, minimum: u64) -> Result<Option<Prefix>, Problem> {
        let Self { blocks, breakpoints, .. } = self;
        if breakpoints.len() > MOST_BREAKPOINTS {
            let found = breakpoints.len();
            let message = format!("At most {MOST_BREAKPOINTS} blocks may have cache_control, but {found} do.");
            return Err(invalid(&message));
        }
        if !breakpoints.is_sorted_by(|earlier, later| earlier.life >= later.life) {
            return Err(invalid("cache_control: ttl '1h' must not come after ttl '5m'"));
        }
        Ok((!breakpoints.is_empty()).then_some(Prefix { blocks, breakpoints, minimum }))
    }
}

/// How long what a `cache_control` marks is to live; `None` if there is no such thing.
fn life(cache_control: &Value) -> Result<Option<Life>, Problem> {
    if cache_control.is_null() {
        return Ok(None);
    }
    if cache_control["type"] != "ephemeral" {
        return Err(invalid("cache_control.type: Input should be 'ephemeral'"));
    }
    match &cache_control["ttl"] {
        Value::Null => Ok(Some(Life::FiveMinutes)),
        ttl if ttl == "5m" => Ok(Some(Life::FiveMinutes)),
        ttl if ttl == "1h" => Ok(Some(Life::OneHour)),
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Err(invalid("cache_control.ttl: Input should be '5m' or '1h'"))
        }
    }
}

/// Thinking blocks are cached with what surrounds them, and empty texts not at all; neither can be marked.
fn is_eligible(block: &Value) -> bool {
    match block["type"].as_str() {
        Some("thinking" | "redacted_thinking") => false,
        Some("text") => block["text"] != "",
        Some(_) | None => *block != "",
    }
}

/// Adding the first image anywhere, or removing the last, makes other messages of them all.
fn has_image(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(has_image),
        Value::Object(members) => {
            members.get("type").is_some_and(|kind| kind == "image") || members.get("content").is_some_and(has_image)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

const MOST_BREAKPOINTS: usize = 4;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::prompt::measure;
    use super::*;

    fn short() -> Value {
        json!({ "type": "ephemeral" })
    }

    fn text(text: &str) -> Value {
        json!({ "type": "text", "text": text })
    }

    fn marked(mut block: Value, cache_control: &Value) -> Value {
        block["cache_control"] = cache_control.clone();
        block
    }

    fn prefix(body: &Value) -> Prefix {
        read("claude-sonnet-5", body).unwrap().unwrap()
    }

    fn error(body: &Value) -> Problem {
        read("claude-sonnet-5", body).unwrap_err()
    }

    fn user(content: &Value) -> Value {
        json!({ "role": "user", "content": content })
    }

    #[test]
    fn the_order_is_tools_system_messages_and_all_of_it_is_measured() {
        let mut body = json!({
            "messages": [user(&json!("How high is the tide?")), user(&json!([text("So?"), marked(text("Well?"), &short())]))],
            "system": [text("You keep a gate."), marked(text("You know the tides."), &short())],
            "tools": [marked(json!({ "name": "look", "input_schema": { "type": "object" } }), &short())],
        });
        let marked_blocks: Vec<usize> = prefix(&body).breakpoints.iter().map(|breakpoint| breakpoint.block).collect();
        assert_eq!(marked_blocks, [0, 2, 5]);
        let last = *prefix(&body).blocks.last().unwrap();
        let whole = measure(&body);
        assert_eq!((last.tokens, last.characters), (whole.tokens, whole.characters));
        // The marks are no part of the prompt.
        body["tools"][0].as_object_mut().unwrap().remove("cache_control");
        assert_eq!(measure(&body), whole);
        assert_eq!(prefix(&body).blocks.last(), Some(&last));
    }

    #[test]
    fn a_change_alters_all_that_comes_after_it_and_nothing_before() {
        let body = json!({
            "tools": [{ "name": "look" }],
            "system": "Keep the gate.",
            "messages": [user(&json!("Tide?")), user(&json!("And now?"))],
            "cache_control": short(),
        });
        let fingerprints = |body: &Value| prefix(body).blocks.iter().map(|block| block.fingerprint).collect::<Vec<_>>();
        let before = fingerprints(&body);
        let kept = |change: &dyn Fn(&mut Value)| {
            let mut body = body.clone();
            change(&mut body);
            fingerprints(&body).iter().zip(&before).take_while(|(now, then)| now == then).count()
        };
        assert_eq!(kept(&|body| body["tools"][0]["name"] = json!("see")), 0);
        assert_eq!(kept(&|body| body["speed"] = json!("fast")), 1);
        assert_eq!(kept(&|body| body["system"] = json!("Keep the lock.")), 1);
        assert_eq!(kept(&|body| body["tool_choice"] = json!({ "type": "any" })), 2);
        assert_eq!(kept(&|body| body["thinking"] = json!({ "type": "enabled", "budget_tokens": 1_024 })), 2);
        assert_eq!(kept(&|body| body["messages"][1]["content"] = json!([{ "type": "image" }])), 2);
        assert_eq!(kept(&|body| body["messages"][0]["role"] = json!("assistant")), 2);
        assert_eq!(kept(&|body| body["messages"][1]["content"] = json!("And then?")), 3);
        assert_eq!(kept(&|body| body["max_tokens"] = json!(7)), 4);
        let other_model = read("claude-opus-5", &body).unwrap().unwrap();
        assert_ne!(other_model.blocks[0].fingerprint, before[0]);
        let snapshot = read("claude-sonnet-5-20260801", &body).unwrap().unwrap();
        assert_eq!(snapshot.blocks[0].fingerprint, before[0]);
    }

    #[test]
    fn automatic_caching_marks_the_last_block_that_can_be_marked() {
        let automatic = |content: Value| {
            let body = json!({ "messages": [user(&json!("Tide?")), user(&content)], "cache_control": short() });
            prefix(&body).breakpoints.iter().map(|breakpoint| breakpoint.block).collect::<Vec<_>>()
        };
        assert_eq!(automatic(json!("Well?")), [1]);
        assert_eq!(automatic(json!([text("Well?"), text(""), { "type": "thinking", "thinking": "hm" }])), [1]);
        assert_eq!(automatic(json!([text("Well?"), marked(text("So?"), &short())])), [2]);
        let nothing = json!({ "messages": [user(&json!([text("")]))], "cache_control": short() });
        assert!(read("claude-sonnet-5", &nothing).unwrap().is_none());
        assert!(read("claude-sonnet-5", &json!({ "messages": [user(&json!("Tide?"))] })).unwrap().is_none());
    }

    #[test]
    fn what_the_documents_refuse_is_refused() {
        let four = json!([0, 1, 2, 3].map(|_| marked(text("Tide?"), &short())));
        let hour = json!({ "type": "ephemeral", "ttl": "1h" });
        let with = |content: Value, further: Value| {
            let mut body = json!({ "messages": [user(&content), user(&json!("Well?"))] });
            body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
            body
        };
        assert!(read("claude-sonnet-5", &with(four.clone(), json!({}))).is_ok());
        let cases = [
            with(four, json!({ "cache_control": short() })),
            with(json!([0, 1, 2, 3, 4].map(|_| marked(text("Tide?"), &short()))), json!({})),
            with(json!([marked(text("Tide?"), &short())]), json!({ "cache_control": hour })),
            with(json!([marked(text("Tide?"), &json!({ "type": "lasting" }))]), json!({})),
            with(json!([marked(text("Tide?"), &json!({ "type": "ephemeral", "ttl": "2h" }))]), json!({})),
            with(json!([marked(text(""), &short())]), json!({})),
            with(json!([marked(json!({ "type": "thinking", "thinking": "hm" }), &short())]), json!({})),
            json!({ "messages": [user(&json!([marked(text("Tide?"), &hour)]))], "cache_control": short() }),
        ];
        for body in cases {
            assert_eq!((error(&body).status, error(&body).kind), (400, "invalid_request_error"), "{body}");
        }
        let ordered = with(json!([marked(text("Tide?"), &hour)]), json!({ "cache_control": short() }));
        assert!(read("claude-sonnet-5", &ordered).is_ok());
    }
}
