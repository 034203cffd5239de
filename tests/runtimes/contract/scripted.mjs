// Calls of the Messages API, and servers that are functions.

/** Arguments of a fetch that looks like a call of the Messages API. */
export function messagesCall(url = "https://api.example.test/v1/messages", { headers, body, ...init } = {}) {
  return [
    url,
    {
      method: "POST",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", ...headers },
      body: JSON.stringify({ model: "claude-test-1", max_tokens: 16, messages: [{ role: "user", content: "hi" }], ...body }),
      ...init,
    },
  ];
}

/** The answer of the Messages API. */
export function messagesAnswer(init, usage = { input_tokens: 8, output_tokens: 4 }) {
  return Response.json({ type: "message", model: "claude-test-1", content: [], usage }, init);
}

/** An error of the Messages API. */
export function messagesError(status, type, headers = {}) {
  return Response.json({ type: "error", error: { type, message: "no" } }, { status, headers });
}

/** A fetch that answers with each handler in turn (the last one for ever) and notes when it was called. */
export function upstream(clock, ...handlers) {
  const starts = [];
  const fetch = (...args) => {
    starts.push(clock.now());
    return Promise.resolve(handlers[Math.min(starts.length, handlers.length) - 1](...args));
  };
  return Object.assign(fetch, { starts });
}

/** A promise that is settled from outside. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((...functions) => {
    [resolve, reject] = functions;
  });
  return { promise, resolve, reject };
}
