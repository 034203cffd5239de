// When a call of fetch can be given up, and what must be true then, whatever way in the call took.
import assert from "node:assert/strict";
import { answered, deaf, failing, largeCall, refusing, silent, streaming, World } from "./abort-support.mjs";
import { messagesCall, settled } from "./support.mjs";

/**
 * `act` leads a call to its moment and gives it up there, in the same tick, unless the way in cannot.
 *
 * | Field | |
 * |---|---|
 * | `world` | options of the {@link World}: what the upstream answers |
 * | `request` | what is asked |
 * | `ends` | "rejected", "body fails" or "answered" |
 * | `sent` | how often it was sent until then |
 * | `charged` | what it costs: an attempt that the server has seen is charged as reserved, an unsent one not at all; null without a quota |
 * | `alive` | false where the upstream has nothing under way that an abort could end |
 * | `early` | before the call has begun to wait: only ways in that abort at once and by themselves |
 */
export const MOMENTS = {
  "before the call": {
    ends: "rejected", sent: 0, early: true,
    act(_world, call) {
      call.giveUp();
      call.start();
    },
  },
  "in the same tick": {
    ends: "rejected", sent: 0, early: true,
    act(world, call) {
      call.start();
      world.enter();
      call.giveUp();
    },
  },
  "in the same tick, with the place taken": {
    ends: "rejected", sent: 0, early: true,
    act(world, call) {
      world.enter();
      call.start();
      call.giveUp();
    },
  },
  "queued behind others": {
    ends: "rejected", sent: 0,
    async act(world, call) {
      world.enter();
      world.enter();
      await begun(call);
      world.enter();
      await call.giveUp();
    },
  },
  "first in the queue": {
    ends: "rejected", sent: 0,
    async act(world, call) {
      world.enter();
      await begun(call);
      world.enter();
      await call.giveUp();
    },
  },
  "at the instant of its start": {
    ends: "rejected", sent: 0, early: true,
    async act(world, call) {
      world.enter();
      await begun(call);
      world.enter();
      world.release();
      assert.equal(world.counts().waiting, 1, "it has started");
      call.giveUp();
    },
  },
  "while its provider is asked to count it": {
    world: { answers: [silent], countTokens: { aboveTokens: 1_000 } },
    request: largeCall, ends: "rejected", sent: 1,
    async act(world, call) {
      await begun(call);
      await call.giveUp();
    },
  },
  "while its provider's count is read": {
    world: { answers: [streaming], countTokens: { aboveTokens: 1_000 } },
    request: largeCall, ends: "rejected", sent: 1,
    async act(world, call) {
      await begun(call);
      await call.giveUp();
    },
  },
  "as the upstream is called": {
    world: { answers: [(signal, world) => (world.called(), silent(signal))] },
    ends: "rejected", sent: 1, charged: 1, early: true,
    async act(world, call) {
      world.called = () => call.giveUp();
      await begun(call);
    },
  },
  "being sent": {
    world: { answers: [silent] },
    ends: "rejected", sent: 1, charged: 1,
    async act(world, call) {
      await begun(call);
      world.enter();
      await call.giveUp();
    },
  },
  "being sent, to an upstream that does not listen": {
    world: { answers: [deaf] },
    ends: "rejected", sent: 1, charged: 1,
    async act(world, call) {
      await begun(call);
      world.enter();
      await call.giveUp();
      world.late();
    },
  },
  "between two attempts": {
    world: { answers: [failing] },
    ends: "rejected", sent: 1, charged: 1, alive: false,
    async act(world, call) {
      await begun(call);
      assert.equal(world.counts().waiting, 1);
      assert.equal(world.clock.armed, 1);
      await call.giveUp();
    },
  },
  "queued for the second attempt": {
    world: { answers: [failing, answered] },
    ends: "rejected", sent: 1, charged: 1, alive: false,
    async act(world, call) {
      await begun(call);
      world.enter();
      await world.clock.advance(60_000);
      assert.deepEqual(world.counts(), { waiting: 1, inFlight: 1 });
      world.enter();
      await call.giveUp();
    },
  },
  "at the instant of its second start": {
    // With a quota, whose burst is found out bit by bit, the start would come a little later.
    world: { answers: [failing, answered], limits: { concurrency: 1 } },
    ends: "rejected", sent: 1, charged: null, alive: false, early: true,
    async act(world, call) {
      await begun(call);
      world.enter();
      await world.clock.advance(60_000);
      world.enter();
      world.release();
      assert.equal(world.counts().waiting, 1, "it has started");
      call.giveUp();
    },
  },
  "being sent a second time": {
    world: { answers: [failing, silent] },
    ends: "rejected", sent: 2, charged: 2,
    async act(world, call) {
      await begun(call);
      await world.clock.advance(60_000);
      world.enter();
      await call.giveUp();
    },
  },
  "while the body of a refusal is read": {
    world: { answers: [refusing] },
    ends: "rejected", sent: 1, charged: 1,
    async act(world, call) {
      await begun(call);
      assert.equal(world.clock.armed, 1, "the body is waited for");
      world.enter();
      await call.giveUp();
      // Whoever comes now gets the number of the call that was given up, and must not lose it to what is left of that.
      world.enter();
    },
  },
  "before the body is read": {
    world: { answers: [streaming] },
    ends: "body fails", sent: 1, charged: 1,
    async act(world, call) {
      await answerOf(call);
      world.enter();
      await call.giveUp();
    },
  },
  "in the middle of the body": {
    world: { answers: [streaming] },
    ends: "body fails", sent: 1, charged: 1,
    async act(world, call) {
      await answerOf(call);
      call.reader = call.response.body.getReader();
      await call.reader.read();
      call.read = call.reader.read();
      call.read.catch(() => {});
      world.enter();
      await call.giveUp();
    },
  },
  "after the end": {
    ends: "answered", sent: 1, charged: 1, alive: false,
    async act(world, call) {
      await answerOf(call);
      call.text = await call.response.text();
      world.enter();
      await call.giveUp();
    },
  },
  "twice, first in the queue": {
    ends: "rejected", sent: 0, early: true,
    async act(world, call) {
      world.enter();
      await begun(call);
      world.enter();
      call.giveUp();
      call.giveUp();
    },
  },
  "twice, in the middle of the body": {
    world: { answers: [streaming] },
    ends: "body fails", sent: 1, charged: 1, early: true,
    async act(world, call) {
      await answerOf(call);
      world.enter();
      call.giveUp();
      call.giveUp();
    },
  },
};

/** One cell of the matrix. `way` makes a call in a world, of what `request` returns. */
export async function giveUp(way, { world: options, request = messagesCall, act, ends, sent, charged = 0, alive = true }) {
  const { call, world } = await reached(way, options, request, act);
  // A way that cannot abort in this tick has let others go on, which is what is asked of all of them in the end.
  if (!way.isSlow) world.assertPlaceIsFree();
  await world.assertOthersFollow();
  await settled();

  const { value, error } = await call.outcome;
  if (ends === "rejected") call.assertIsReason(error);
  else assert.equal(error, undefined);
  if (ends === "body fails") await assertBodyFails(call, world);
  if (ends === "answered") assert.match(call.text ?? (await value.text()), /claude-test-1/);

  assert.equal(world.fetch.calls.length, sent);
  if (alive && sent > 0) assertToldUpstream(call, world.fetch.calls.at(-1));
  for (const { cancelled } of world.bodies) assert.notEqual(cancelled, undefined, "the server's stream goes on");
  assert.equal(world.charged(), charged);
  await world.assertNothingIsLeft();
  call.assertNoListeners();
}

/** A call that has come to its moment and was given up there: sooner than its own time has run out. */
async function reached(way, options, request, act) {
  for (let patienceMs = 20; ; patienceMs *= 4) {
    const world = new World(options);
    const call = way.make(world, request, patienceMs);
    try {
      await act(world, call);
    } catch (error) {
      if (!call.cameTooSoon()) throw error;
    }
    if (!call.cameTooSoon()) return { call, world };
  }
}

/** The call has gone as far as it goes by itself. */
async function begun(call) {
  call.start();
  await settled();
}

/** The call until its response is there. */
async function answerOf(call) {
  await begun(call);
  call.response = await call.promise;
}

async function assertBodyFails(call, world) {
  const reader = call.reader ?? call.response.body.getReader();
  for (const read of [call.read ?? reader.read(), reader.read()]) {
    await assert.rejects(read, (error) => (call.assertIsReason(error), true));
  }
  call.assertIsReason(world.bodies[0].cancelled.reason);
}

function assertToldUpstream(call, [input, init]) {
  const signal = init?.signal ?? input.signal;
  assert.equal(signal.aborted, true, "the upstream was not told");
  call.assertIsReason(signal.reason);
}
