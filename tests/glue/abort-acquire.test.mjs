// Giving up `acquire` and `schedule` at any moment, by every way in.
import assert from "node:assert/strict";
import { test } from "node:test";
import { GivenUp, World } from "./abort-support.mjs";
import { deferred, settled } from "./support.mjs";

const REASON = Object.freeze({ name: "the caller's own reason" });

/** How a call is made and told that nobody wants it any more. `isTask` where what starts is a task, and not the caller. */
const WAYS = {
  acquire: way((limiter, [own]) => limiter.acquire(1, { signal: own }), 1),
  "acquire of a view": way((limiter, [own]) => limiter.with({ signal: own }).acquire(), 1),
  "acquire with two signals": way((limiter, [own, other]) => limiter.with({ signal: other }).acquire(1, { signal: own }), 2),
  "acquire with AbortSignal.any": way((limiter, signals) => limiter.acquire(1, { signal: AbortSignal.any(signals) }), 2),
  schedule: way((limiter, [own], task) => limiter.schedule(task, { signal: own }), 1, true),
  "schedule of a view": way((limiter, [own], task) => limiter.with({ signal: own }).schedule(task), 1, true),
  "schedule with two signals": way((limiter, [own, other], task) => limiter.with({ signal: own }).schedule(task, { signal: other }), 2, true),
};

/** Like those of fetch; `starts` where a caller who acquires has its permit already, and may do with it what it likes. */
const MOMENTS = {
  "before the call": {
    act(_world, call) {
      call.giveUp();
      call.start();
    },
  },
  "in the same tick": {
    starts: true,
    act(_world, call) {
      call.start();
      call.giveUp();
    },
  },
  "in the same tick, with the place taken": {
    act(world, call) {
      world.enter();
      call.start();
      world.enter();
      call.giveUp();
    },
  },
  "queued behind others": {
    async act(world, call) {
      world.enter();
      world.enter();
      call.start();
      world.enter();
      await settled();
      call.giveUp();
    },
  },
  "first in the queue": {
    async act(world, call) {
      world.enter();
      call.start();
      world.enter();
      await settled();
      call.giveUp();
    },
  },
  "twice, first in the queue": {
    async act(world, call) {
      world.enter();
      call.start();
      world.enter();
      await settled();
      call.giveUp();
      call.giveUp();
    },
  },
  "at the instant of its start": {
    starts: true,
    async act(world, call) {
      world.enter();
      call.start();
      world.enter();
      await settled();
      world.release();
      call.giveUp();
    },
  },
};

for (const [name, { isTask, make }] of Object.entries(WAYS)) {
  for (const [when, { act, starts = false }] of Object.entries(MOMENTS)) {
    test(`${name} is given up ${when}`, async () => {
      const world = new World();
      const call = make(world);
      await act(world, call);
      if (!starts) world.assertPlaceIsFree();
      const { value: permit, error } = await call.outcome;
      if (starts && !isTask) permit.release();
      else call.assertIsReason(error);
      assert.equal(call.ran, 0, "a task ran that nobody wants");
      await world.assertOthersFollow();
      assert.equal(world.charged(), starts && !isTask ? 1 : 0);
      await world.assertNothingIsLeft();
      call.assertNoListeners();
    });
  }
  if (!isTask) continue;
  test(`${name} is given up while the task runs, which goes on to its end`, async () => {
    const world = new World();
    const call = make(world);
    const running = deferred();
    call.task = () => running.promise;
    call.start();
    world.enter();
    await settled();
    call.giveUp();
    assert.equal(world.counts().waiting, 1, "the task keeps its place");
    running.resolve("done");
    assert.deepEqual(await call.outcome, { value: "done" });
    await world.assertOthersFollow();
    assert.equal(world.charged(), 1);
    await world.assertNothingIsLeft();
    call.assertNoListeners();
  });
}

/** `count` controllers, of which the first aborts. */
function way(start, count, isTask = false) {
  return {
    isTask,
    make(world) {
      const controllers = Array.from({ length: count }, () => new AbortController());
      const signals = controllers.map(({ signal }) => signal);
      const call = new GivenUp({
        call: () => start(world.limiter, signals, () => ((call.ran += 1), call.task?.())),
        giveUp: () => controllers[0].abort(REASON),
        signals,
        reason: REASON,
      });
      return Object.assign(call, { ran: 0 });
    },
  };
}
