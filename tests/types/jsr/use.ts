// What a program sees that has the package from JSR. `cargo xtask test jsr` checks and runs it with Deno, without any permission.
import { createLimiter, type Limiter, OptionError } from "@tidegate/tidegate";
import { anthropic } from "@tidegate/tidegate/presets";
import { createSimulator } from "@tidegate/tidegate/simulator";
import { tables } from "@tidegate/tidegate/tokens";

const simulator = createSimulator({ seed: 1 });
const limiter: Limiter = createLimiter({ limits: anthropic.start.limits, fetch: simulator.fetch });
const waiting: number = limiter.snapshot().waiting;
if (waiting !== 0 || limiter.tryAcquire() === undefined || tables.length === 0) throw new Error("it does not work");

try {
  // @ts-expect-error there is no such option
  createLimiter({ limts: {} });
  throw new Error("a wrong option was taken");
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
}
