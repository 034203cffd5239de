// Ends that no signal brings: a body that is cancelled or left, and a limiter that is closed, at any moment of a call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { answered, failing, GivenUp, largeCall, refusing, silent, streaming, World } from "./abort-support.mjs";
import { deferred, messagesAnswer, messagesCall, settled } from "./support.mjs";

/** How a reader gives up a body, of which one chunk has come and no other will. */
const CANCELS = {
  "before it is read": (response) => response.body.cancel("enough"),
  "twice, before it is read": (response) => Promise.all([response.body.cancel("enough"), response.body.cancel("again")]),
  "in the middle": async (response) => {
    const reader = response.body.getReader();
    await reader.read();
    await reader.cancel("enough");
  },
  "in the middle, while it waits for more": async (response) => {
    const reader = response.body.getReader();
    await reader.read();
    const read = reader.read();
    await reader.cancel("enough");
    assert.deepEqual(await read, { done: true, value: undefined });
  },
  "by leaving a loop over it": async (response) => {
    for await (const _chunk of response.body) break;
  },
  "by each of two that share it": async (response) => {
    const other = response.clone();
    await Promise.all([response.body.cancel("enough"), other.body.cancel("enough")]);
  },
};

for (const [how, cancel] of Object.entries(CANCELS)) {
  for (const [whose, init, view] of [["a call without a signal", {}, {}], ["a call with one", { signal: new AbortController().signal }, {}], ["a view with one", {}, { signal: new AbortController().signal }]]) {
    test(`the body of ${whose} is cancelled ${how}`, async () => {
      const world = new World({ answers: [streaming] });
      const signals = [init.signal, view.signal].filter((signal) => signal !== undefined);
      const call = new GivenUp({ call: () => world.limiter.with(view).fetch(...messagesCall(init)), signals });
      call.start();
      const response = await call.promise;
      world.enter();
      await cancel(response);
      world.assertPlaceIsFree();
      await world.assertOthersFollow();
      assert.notEqual(world.bodies[0].cancelled, undefined, "the server's stream goes on");
      assert.equal(world.charged(), 1);
      await world.assertNothingIsLeft();
      call.assertNoListeners();
    });
  }
}

/** `ends` is how the call ends after the limiter was closed: "closed", or with the status of what is delivered. */
const CLOSES = {
  "before the call": {
    ends: "closed",
    act(world, call) {
      world.limiter.close();
      call.start();
    },
  },
  "in the same tick": {
    ends: 200,
    act(world, call) {
      call.start();
      world.limiter.close();
    },
  },
  "in the same tick, with the place taken": {
    ends: "closed", taken: true,
    act(world, call) {
      call.start();
      world.limiter.close();
    },
  },
  "while it is queued": {
    ends: "closed", taken: true,
    async act(world, call) {
      call.start();
      await settled();
      world.limiter.close();
    },
  },
  "at the instant of its start": {
    ends: 200, taken: true,
    async act(world, call) {
      call.start();
      await settled();
      world.permit.release();
      world.limiter.close();
    },
  },
  "while its provider is asked to count it": {
    ends: "closed", world: { answers: [silent], countTokens: { aboveTokens: 1_000 } }, request: largeCall,
    async act(world, call) {
      call.start();
      await settled();
      world.limiter.close();
      // The question has a time of its own.
      await world.clock.advance(60_000);
    },
  },
  "while it is sent": {
    ends: 200, world: { answers: [(_signal, world) => world.late.promise] },
    async act(world, call) {
      world.late = deferred();
      call.start();
      await settled();
      world.limiter.close();
      world.late.resolve(messagesAnswer());
    },
  },
  "while it is sent, and fails": {
    ends: 500, world: { answers: [(_signal, world) => world.late.promise] },
    async act(world, call) {
      world.late = deferred();
      call.start();
      await settled();
      world.limiter.close();
      world.late.resolve(failing());
    },
  },
  "between two attempts": {
    ends: "closed", world: { answers: [failing] },
    async act(world, call) {
      call.start();
      await settled();
      world.limiter.close();
    },
  },
  "while it is queued for the second attempt": {
    ends: "closed", world: { answers: [failing, answered] },
    async act(world, call) {
      call.start();
      await settled();
      world.permit = world.limiter.tryAcquire();
      await world.clock.advance(60_000);
      assert.equal(world.counts().waiting, 1);
      world.limiter.close();
    },
  },
  "while the body of a refusal is read": {
    ends: 429, world: { answers: [refusing] },
    async act(world, call) {
      call.start();
      await settled();
      world.limiter.close();
      await world.clock.advance(10_000);
      (await call.promise).body.cancel();
    },
  },
  "before the body is read": {
    ends: 200,
    async act(world, call) {
      call.start();
      await call.promise;
      world.limiter.close();
    },
  },
};

for (const [when, { ends, taken = false, world: options, request = messagesCall, act }] of Object.entries(CLOSES)) {
  for (const [whose, view] of [["without a signal", {}], ["of a view with one", { signal: new AbortController().signal }]]) {
    test(`the limiter is closed ${when}, for a call ${whose}`, async () => {
      const world = new World(options);
      const { signal } = new AbortController();
      const call = new GivenUp({
        call: () => world.limiter.with(view).fetch(...request({ signal })),
        signals: [signal, view.signal].filter((signal) => signal !== undefined),
      });
      if (taken) world.permit = world.limiter.tryAcquire();
      await act(world, call);
      await settled();
      const { value, error } = await call.outcome;
      if (ends === "closed") assert.equal(error?.code, "closed", String(error));
      else assert.equal(value?.status, ends, String(error));
      if (ends === 200) assert.match(await value.text(), /claude-test-1/);
      else if (value?.bodyUsed === false) await value.text();
      world.permit?.release();
      await world.assertNothingIsLeft();
      call.assertNoListeners();
    });
  }
}
