import { VirtualClock } from "./clock.mjs";
import { equal, failureOf, ok, thrownBy } from "./expect.mjs";

export const errors = {
  "errors: typed": async ({ tidegate }) => {
    const { createLimiter, isTidegateError } = tidegate;
    const wrong = thrownBy(() => createLimiter({ limits: { default: { rpm: -1 } } }), "a wrong option");
    ok(wrong instanceof tidegate.OptionError && wrong instanceof tidegate.TidegateError && wrong instanceof Error, "its classes");
    equal([wrong.name, wrong.code, wrong.option, String(wrong.value)], ["OptionError", "invalid-option", "limits.default.rpm", "-1"], "it");
    ok(wrong.message.includes("limits.default.rpm") && wrong.fix.length > 0, "it names the option and the fix");

    const limiter = createLimiter({ limits: { default: { rpm: 10 } }, clock: new VirtualClock(), seed: 1 });
    const large = await failureOf(limiter.acquire(11), "a call that never fits");
    equal([large.code, large.limit, large.cost, large.dimension], ["insufficient-capacity", 10, 11, "requests"], "its error");
    ok(isTidegateError(large, "insufficient-capacity") && !isTidegateError(large, "closed"), "it is told by its code");
    const hint = thrownBy(() => limiter.with({ priority: "urgent" }), "a wrong hint");
    equal(hint.option, "hints.priority", "its error");
    const secret = thrownBy(() => createLimiter({ fetch: { authorization: "Bearer secret" } }), "an object for fetch");
    ok(!String(secret.message).includes("secret"), "no error shows what an object holds");
  },
};
