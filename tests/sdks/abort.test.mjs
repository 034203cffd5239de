// Giving up through the real SDKs, by the caller's signal and by the SDK's own clock, at each moment of a call.
import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { forOpenAI } from "tidegate/openai";
import { GivenUp, listeners } from "../glue/abort-support.mjs";
import { giveUp, MOMENTS } from "../glue/abort-moments.mjs";

const SDKS = {
  Anthropic: {
    client: (options) => new Anthropic({ apiKey: "key", baseURL: "https://api.example.test", ...options }),
    create: (client, body, options) => client.messages.create(body, options),
    errors: Anthropic,
  },
  OpenAI: {
    client: (options) => new OpenAI({ apiKey: "key", baseURL: "https://api.example.test/v1", ...options }),
    create: (client, body, options) => client.chat.completions.create(body, options),
    errors: OpenAI,
  },
};

/** Ways through which an SDK's own clock does not run while a call waits. */
const OUTSIDE_OF_THE_CLOCK = {
  "Anthropic's SDK, with the limiter as its middleware,": {
    ...SDKS.Anthropic,
    client({ fetch: _, ...options }, world, saw) {
      const own = world.limiter.middleware();
      const middleware = (request, next) => own((saw(request.signal), request), next);
      return SDKS.Anthropic.client({ ...options, fetch: world.fetch, middleware: [middleware] });
    },
  },
  "OpenAI's SDK, through its adapter,": {
    ...SDKS.OpenAI,
    client(options, world, saw) {
      const adapter = forOpenAI(world.limiter);
      const fetch = (input, init) => adapter.fetch(input, (saw(init.signal), init));
      return SDKS.OpenAI.client({ ...options, ...adapter, fetch });
    },
  },
};
/** Of the SDK's clock: longer than whatever happens before it is moved. */
const PATIENCE_MS = 3_600_000;

afterEach(() => mock.timers.reset());

for (const [name, sdk] of Object.entries(SDKS)) {
  for (const [when, moment] of Object.entries(MOMENTS)) {
    // Only one of the APIs has a way to ask for a count.
    if (moment.world?.countTokens !== undefined && name !== "Anthropic") continue;
    test(`the signal that ${name}'s SDK was given aborts ${when}`, () => giveUp(bySignal(sdk), moment));
    // The SDK's clock runs from its call of fetch to the head of the answer.
    const runs = moment.ends === "rejected" && when !== "before the call" && !when.startsWith("in the same tick");
    if (runs) test(`the timeout of ${name}'s SDK comes ${when}`, () => giveUp(byTimeout(sdk), moment));
  }
}

for (const [name, sdk] of Object.entries(OUTSIDE_OF_THE_CLOCK)) {
  for (const [when, moment] of Object.entries(MOMENTS)) {
    if (moment.world?.countTokens !== undefined && sdk.errors === OpenAI) continue;
    test(`the signal that ${name} was given aborts ${when}`, () => giveUp(bySignal(sdk), moment));
  }
}

function bySignal(sdk) {
  return {
    make(world, request) {
      const controller = new AbortController();
      const why = new Error("the caller's own reason");
      return callOf(sdk, world, request, { signal: controller.signal }, {
        giveUp: () => controller.abort(why),
        // What it gives its fetch is a signal of its own, which need not tell the caller's reason.
        reason: (error) => error instanceof sdk.errors.APIUserAbortError || error.name === "AbortError" || error === why,
      });
    },
  };
}

function byTimeout(sdk) {
  return {
    make(world, request) {
      mock.timers.enable({ apis: ["setTimeout"] });
      return callOf(sdk, world, request, { timeout: PATIENCE_MS }, {
        giveUp: () => mock.timers.tick(PATIENCE_MS),
        reason: (error) => error instanceof sdk.errors.APIConnectionTimeoutError || error.name === "AbortError",
      });
    },
  };
}

function callOf(sdk, world, request, options, how) {
  const [, asked] = request();
  /** The signals that the SDK gave to the limiter, with what they had then. */
  const seen = [];
  const saw = (signal) => seen.push([signal, listeners(signal)]);
  const fetch = (input, init) => world.limiter.fetch(input, (saw(init.signal), init));
  const client = sdk.client({ fetch, maxRetries: 0 }, world, saw);
  const call = new GivenUp({ call: () => sdk.create(client, JSON.parse(asked.body), options).asResponse(), ...how });
  call.assertNoListeners = () => {
    for (const [signal, before] of seen) assert.ok(listeners(signal) <= before, "a listener is left");
  };
  return call;
}
