// One call by the provider's own SDK, its answer read to the end and checked.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

/** An SDK's client for the family of APIs. What is not among its `own` options is as the SDK has it. */
export function clientOf(family, url, own = {}) {
  const options = { apiKey: API_KEY, timeout: LONGER_THAN_A_RUN_MS, ...own };
  return family === "openai" ? new OpenAI({ ...options, baseURL: `${url}/v1` }) : new Anthropic({ ...options, baseURL: url });
}

/**
 * Makes the call that a job stands for.
 *
 * @param began Called when the answer begins: with the first event of a stream, or with the whole answer.
 * @throws What the SDK throws, or an error if the answer is not that of this job.
 */
export async function perform(client, job, began, headers = {}) {
  const options = { headers: { "x-simulate-output-tokens": String(job.outputTokens), ...headers } };
  const { create, tokensOf, tokensOfEvent } = client instanceof OpenAI ? CHAT : MESSAGES;
  const answer = await create(client, job.body, options);
  let tokens;
  if (job.stream) {
    for await (const event of answer) {
      began();
      tokens = tokensOfEvent(event) ?? tokens;
    }
  } else {
    began();
    tokens = tokensOf(answer);
  }
  if (tokens !== job.outputTokens) throw new Error(`an answer of ${tokens} tokens in place of ${job.outputTokens}`);
}

const MESSAGES = {
  create: (client, body, options) => client.messages.create(body, options),
  tokensOf: (message) => message.usage.output_tokens,
  tokensOfEvent: (event) => (event.type === "message_delta" ? event.usage.output_tokens : undefined),
};

const CHAT = {
  create: (client, body, options) => client.chat.completions.create(body, options),
  tokensOf: (completion) => completion.usage.completion_tokens,
  tokensOfEvent: (chunk) => chunk.usage?.completion_tokens,
};

const API_KEY = "key";
/** The SDKs' own ten minutes, and their refusal to wait for long answers, are not what is measured. */
const LONGER_THAN_A_RUN_MS = 3_600_000;
