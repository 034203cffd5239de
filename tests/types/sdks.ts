// The SDKs take the limiter's fetch without a cast.
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { createLimiter } from "tidegate";

const limiter = createLimiter();

export const claude: Anthropic = new Anthropic({ apiKey: "key", fetch: limiter.fetch, maxRetries: 0 });
export const nightly: Anthropic = claude.withOptions({ fetch: limiter.with({ priority: "low" }).fetch });
export const openai: OpenAI = new OpenAI({ apiKey: "key", fetch: limiter.fetch, maxRetries: 0 });
export const plain: typeof fetch = limiter.fetch;
