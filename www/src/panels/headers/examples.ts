/** A response to begin with. */
export interface Example {
  readonly label: string;
  readonly text: string;
}

/** Responses as `curl -i` shows them, with what the providers document or were seen to send. */
export const EXAMPLES: readonly Example[] = [
  {
    label: "Claude, 200",
    text: `HTTP/2 200
date: Mon, 23 Nov 2026 12:00:00 GMT
content-type: application/json
anthropic-ratelimit-requests-limit: 1000
anthropic-ratelimit-requests-remaining: 999
anthropic-ratelimit-requests-reset: 2026-11-23T12:00:01Z
anthropic-ratelimit-input-tokens-limit: 2000000
anthropic-ratelimit-input-tokens-remaining: 1998000
anthropic-ratelimit-input-tokens-reset: 2026-11-23T12:00:02Z
anthropic-ratelimit-output-tokens-limit: 400000
anthropic-ratelimit-output-tokens-remaining: 400000
anthropic-ratelimit-output-tokens-reset: 2026-11-23T12:00:00Z
`,
  },
  {
    label: "Claude, 429",
    text: `HTTP/2 429
date: Mon, 18 May 2026 11:41:55 GMT
content-type: application/json
retry-after: 23
anthropic-ratelimit-requests-limit: 1000
anthropic-ratelimit-requests-remaining: 994
anthropic-ratelimit-requests-reset: 2026-05-18T11:42:16Z
anthropic-ratelimit-input-tokens-limit: 450000
anthropic-ratelimit-input-tokens-remaining: 0
anthropic-ratelimit-input-tokens-reset: 2026-05-18T11:42:18Z
anthropic-ratelimit-output-tokens-limit: 90000
anthropic-ratelimit-output-tokens-remaining: 14000
anthropic-ratelimit-output-tokens-reset: 2026-05-18T11:42:17Z

{"type":"error","error":{"type":"rate_limit_error","message":"Number of input tokens has exceeded the per-minute rate limit."}}
`,
  },
  {
    label: "Claude, budget spent",
    text: `HTTP/2 429
date: Mon, 23 Nov 2026 12:00:00 GMT
content-type: application/json
x-should-retry: true

{"type":"error","error":{"type":"rate_limit_error","message":"Spend cap","details":{"error_code":"enforced_spend_limit_reached"}}}
`,
  },
  {
    label: "OpenAI, 200",
    text: `HTTP/2 200
date: Mon, 23 Nov 2026 12:00:00 GMT
content-type: application/json
openai-processing-ms: 412
openai-version: 2020-10-01
x-ratelimit-limit-requests: 60
x-ratelimit-limit-tokens: 150000
x-ratelimit-remaining-requests: 59
x-ratelimit-remaining-tokens: 149984
x-ratelimit-reset-requests: 1s
x-ratelimit-reset-tokens: 6m0s
`,
  },
  {
    label: "GitHub, 403",
    text: `HTTP/2 403
date: Mon, 23 Nov 2026 12:00:00 GMT
content-type: application/json; charset=utf-8
x-ratelimit-limit: 5000
x-ratelimit-remaining: 4900
x-ratelimit-used: 100
x-ratelimit-reset: 1795437000
x-ratelimit-resource: core
x-github-request-id: 9E24:3F19:1A2B3C:4D5E6F:6923F8C0
retry-after: 60

{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"}
`,
  },
  {
    label: "IETF draft, 200",
    text: `HTTP/1.1 200 OK
Date: Mon, 23 Nov 2026 12:00:00 GMT
Content-Type: application/json
RateLimit-Policy: "permin";q=50;w=60,"perhr";q=1000;w=3600
RateLimit: "permin";r=3;t=12,"perhr";r=700;t=2400
`,
  },
];
