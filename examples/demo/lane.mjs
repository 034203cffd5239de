import Anthropic from "@anthropic-ai/sdk";

/** Pushes all jobs through one client at once, and counts what becomes of them. */
export class Lane {
  done = 0;
  failed = 0;
  /** What calls failed with, and how many of them. */
  reasons = new Map();
  /** Failures that no limiter can prevent: the service itself failed, or the connection did. */
  faults = 0;
  /** Milliseconds from the start to the end of the answer, by priority. */
  latencies = new Map();
  startedAt = performance.now();
  endedAt;

  /**
   * @param name What the server calls the organisation.
   * @param client An Anthropic client.
   * @param jobs The calls to make, each with its `content`.
   * @param headersOf Request headers for a job, besides those for the simulator.
   */
  constructor(name, client, jobs, headersOf = () => ({})) {
    this.name = name;
    this.client = client;
    this.jobs = jobs;
    this.headersOf = headersOf;
  }

  get total() {
    return this.jobs.length;
  }

  get elapsedMs() {
    return (this.endedAt ?? performance.now()) - this.startedAt;
  }

  /** Resolves when every call has ended, one way or the other. */
  async run(signal) {
    this.startedAt = performance.now();
    await Promise.all(this.jobs.map((job) => this.#call(job, signal)));
    this.endedAt = performance.now();
  }

  async #call(job, signal) {
    const body = { model: job.model, max_tokens: job.maxTokens, messages: [{ role: "user", content: job.content }] };
    const headers = { "x-simulate-output-tokens": String(job.outputTokens), ...this.headersOf(job) };
    try {
      const { messages } = this.client;
      const options = { headers, signal };
      const message = job.stream ? await messages.stream(body, options).finalMessage() : await messages.create(body, options);
      if (message.usage.output_tokens !== job.outputTokens) throw new Error("an answer that belongs to another call");
      this.done += 1;
      this.#record(job.priority, performance.now() - this.startedAt);
    } catch (error) {
      if (signal.aborted) return;
      this.failed += 1;
      if (error.status >= 500 || (error instanceof Anthropic.APIConnectionError && error.status === undefined)) this.faults += 1;
      const reason = error.status ? `HTTP ${error.status}` : (error.code ?? error.constructor.name);
      this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
    }
  }

  #record(priority, ms) {
    if (!this.latencies.has(priority)) this.latencies.set(priority, []);
    this.latencies.get(priority).push(ms);
  }
}
