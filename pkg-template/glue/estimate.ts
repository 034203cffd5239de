import { loadedCore } from "./core.js";
import { OptionError } from "./errors.js";
import { coreErrorOf } from "./thrown.js";

/** Whose tokens are estimated. */
export interface EstimateOptions {
  /**
   * The model's name, as its provider or a gateway writes it: "claude-sonnet-5", "us.anthropic.claude-opus-4-8-v1:0",
   * "openai/gpt-5". A name that tells nothing is estimated by a mean over tokenizers.
   * @default the model that a body names itself; for a text, unknown
   */
  readonly model?: string | undefined;
}

/**
 * How many model tokens a text has, or the input of a request, before anybody counted them: a whole number from 0 to
 * 4,294,967,295.
 *
 * * A string is a text.
 * * An object is the body of a request, as an API takes it (Messages, Chat Completions, Responses, generateContent,
 *   Converse): system prompt, messages, tools and results count, keys and what is not for the model to read do not. It is
 *   turned into JSON once.
 * * A Uint8Array or an ArrayBuffer holds the JSON of such a body.
 *
 * ```ts
 * estimateTokens("How much is this?", { model: "claude-sonnet-5" });
 * estimateTokens({ model: "gpt-5", messages: [{ role: "user", content: "And this?" }] });
 * ```
 *
 * No vocabulary is carried, so this is an estimate and no tokenizer: off by about 5 % on average for texts of a few kB, by 2
 * to 3 % for Claude, GPT-4o and later, and Gemini with `import "tidegate/tokens"`; single sentences by two tokens or so. It
 * errs to both sides, and more for rare scripts. The weights were fitted on counts of the published tokenizers of OpenAI,
 * Google, Meta, Mistral, Qwen and DeepSeek. Anthropic publishes none since Claude 3: for its models they were fitted on
 * `ctok` 1.3.0, a third party's reconstruction that agreed with all 522 recorded answers of Anthropic's own counting
 * endpoint that it was tried on.
 *
 * @throws {OptionError} naming the wrong argument, its value and the fix. No text and no JSON is wrong.
 * @throws {CoreError} for a defect in tidegate.
 */
export function estimateTokens(
  textOrBody: string | object | Uint8Array | ArrayBuffer,
  options: EstimateOptions = {},
): number {
  if (typeof options !== "object" || options === null) {
    throw new OptionError("(all)", options, "Use an object.");
  }
  const { model } = options;
  if (model !== undefined && typeof model !== "string") {
    throw new OptionError("model", model, "Use the name of a model.");
  }
  const isBody = typeof textOrBody !== "string";
  const content = isBody ? bodyOf(textOrBody) : textOrBody;
  try {
    return loadedCore().estimateTokens(content, isBody, model);
  } catch (thrown) {
    throw coreErrorOf(thrown);
  }
}

function bodyOf(body: object): string | Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  let json: string | undefined;
  if (typeof body === "object" && body !== null && !ArrayBuffer.isView(body)) {
    try {
      json = JSON.stringify(body);
    } catch {
      // A circle, a bigint, or a getter that throws.
    }
  }
  // What is no data (a stream, a Blob, a Request) has no members, or turns into something else than an object.
  if (json === undefined || json === "{}" || !/^[[{]/.test(json)) {
    throw new OptionError("textOrBody", body, "Use a text, the bytes of a request's body, or an object that JSON can hold.");
  }
  return json;
}
