//! How large a Messages request is.

use serde_json::Value;

use crate::tokenizer;

/// A prompt's size, as it is and as it looks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Prompt {
    /// Its true size by the stand-in tokenizer.
    pub(crate) tokens: u64,
    /// Characters, with an image counted as so many as its tokens would have.
    pub(crate) characters: u64,
}

/// Measures the system prompt, the messages and the tools.
pub(crate) fn measure(body: &Value) -> Prompt {
    let mut prompt = Prompt { tokens: PROMPT_TOKENS, characters: 0 };
    prompt.add_content(&body["system"]);
    for message in body["messages"].as_array().into_iter().flatten() {
        prompt.tokens += MESSAGE_TOKENS;
        prompt.add_content(&message["content"]);
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        prompt.add_text(&text_of(tool));
    }
    prompt
}

/// A block as the model reads it: where it is cached is not written in it.
pub(super) fn text_of(block: &Value) -> String {
    match block.as_object() {
        Some(members) if members.contains_key("cache_control") => {
            let mut members = members.clone();
            members.shift_remove("cache_control");
            Value::Object(members).to_string()
        }
        Some(_) | None => block.to_string(),
    }
}

impl Prompt {
    /// A string, a content block, or a list of them.
    pub(super) fn add_content(&mut self, content: &Value) {
        match content {
            Value::String(text) => self.add_text(text),
            Value::Array(blocks) => blocks.iter().for_each(|block| self.add_content(block)),
            Value::Object(block) => match block.get("type").and_then(Value::as_str) {
                Some("text") => self.add_content(&block["text"]),
                Some("image" | "document") => {
                    self.tokens += IMAGE_TOKENS;
                    self.characters += IMAGE_TOKENS * 4;
                }
                Some("tool_result") => block.get("content").into_iter().for_each(|content| self.add_content(content)),
                Some(_) | None => self.add_text(&text_of(content)),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub(super) fn add_text(&mut self, text: &str) {
        self.tokens += tokenizer::count(text);
        self.characters += text.chars().count() as u64;
    }
}

/// Tokens around every prompt.
pub(crate) const PROMPT_TOKENS: u64 = 8;
/// Tokens around every message.
pub(crate) const MESSAGE_TOKENS: u64 = 4;
/// An image of the size the documents advise costs about 1,600 tokens; so does a page or two of a document.
const IMAGE_TOKENS: u64 = 1_600;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn system_messages_and_tools_all_count() {
        let one = measure(&json!({ "messages": [{ "role": "user", "content": "tide" }] }));
        assert_eq!(one, Prompt { tokens: PROMPT_TOKENS + MESSAGE_TOKENS + 1, characters: 4 });
        let blocks = json!({ "messages": [{ "role": "user", "content": [{ "type": "text", "text": "tide" }] }] });
        assert_eq!(measure(&blocks), one);
        let system = measure(&json!({ "system": "gate", "messages": [{ "role": "user", "content": "tide" }] }));
        assert_eq!(system.tokens, one.tokens + 1);
        let tools = json!({ "messages": [{ "role": "user", "content": "tide" }], "tools": [{ "name": "look" }] });
        assert!(measure(&tools).tokens > one.tokens);
    }

    #[test]
    fn an_image_costs_the_same_however_many_bytes_it_has() {
        let image = |data: &str| {
            let source = json!({ "type": "base64", "media_type": "image/png", "data": data });
            measure(&json!({ "messages": [{ "role": "user", "content": [{ "type": "image", "source": source }] }] }))
        };
        assert_eq!(image("AAAA"), image(&"A".repeat(10_000)));
    }
}
