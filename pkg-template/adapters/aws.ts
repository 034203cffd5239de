import type { Limiter } from "../glue/limiter.js";
import { AwsCall } from "./aws-call.js";
import { tapAnswers } from "./aws-attempt.js";
import { type AwsContext, type AwsHandler, isRequest } from "./aws-types.js";

/** As much of the SDK's middleware stack as is needed, whatever its version. */
export interface AwsStack {
  add(middleware: object, options: object): void;
}

/** What the `middlewareStack` of a client of the AWS SDK for JavaScript v3 takes in `use`. */
export interface AwsPlugin {
  applyToStack(stack: AwsStack): void;
}

/**
 * The limiter for a client of the AWS SDK for JavaScript v3, as for Amazon Bedrock.
 *
 * ```ts
 * const bedrock = new BedrockRuntimeClient({ region: "us-east-1" });
 * bedrock.middlewareStack.use(forAws(limiter));
 * ```
 *
 * It takes the place of the SDK's retries: whatever `maxAttempts` and `retryStrategy` say, the limiter alone sends again.
 * There, each attempt is signed when it is sent, so no signature grows old in the queue (those of AWS are good for about
 * five minutes), and the timers of the client's `requestHandler`, whichever it has, run while an attempt is under way and
 * not while the call waits. A `requestHandler` that waited could not sign.
 *
 * The `abortSignal` of a call ends it also while it waits, in a version of the SDK that shows it to middleware, as those of
 * November 2026 do. A hint `attemptTimeoutMs`, and a signal of the limiter's view, end an attempt for its caller; the
 * client's handler knows its own timers and the `abortSignal` alone, and keeps the connection until the answer begins.
 * Errors are the SDK's own, and those of the limiter as they are. What the SDK cannot sign, or has no credentials for, is
 * not tried again. A stream of events that is left in its middle ends the answer.
 *
 * One command has hints of its own by `command.middlewareStack.use(forAws(limiter.with(hints)))`.
 */
export function forAws(limiter: Limiter): AwsPlugin {
  return {
    applyToStack: (stack) => {
      // In the SDK's own place for retries, by its name: signing stands behind that.
      stack.add(waitForTurns(limiter), {
        name: "retryMiddleware",
        tags: ["RETRY"],
        step: "finalizeRequest",
        priority: "high",
        override: true,
      });
      // Beside the handler: nobody has read the answer yet.
      stack.add(tapAnswers, { name: "tidegateAnswers", step: "deserialize", priority: "low", override: true });
    },
  };
}

function waitForTurns(limiter: Limiter): (next: AwsHandler, context: AwsContext) => AwsHandler {
  const middleware = limiter.middleware();
  return (next, context) => (args) => {
    const { request } = args;
    if (!isRequest(request)) return next(args);
    const signal = context.__smithy_context?.abortSignal;
    // Signals of the SDK's own making, from before there were others, are heard by the handler alone.
    const caller = typeof signal?.addEventListener === "function" ? signal : undefined;
    return new AwsCall(next, args, request).run(middleware, caller);
  };
}
