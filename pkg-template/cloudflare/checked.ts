import type { BodyUsage } from "../glue/core.js";
import { checkCost, type StatedCost } from "../glue/cost.js";
import { OptionError } from "../glue/errors.js";
import type { EstimateMessage, Message, PermitMessage, RequestMessage } from "./protocol.js";

/**
 * The message, if it can be one: whoever has the binding may say anything.
 *
 * @throws {OptionError} naming the field.
 */
export function checkedMessage(given: unknown): Message {
  const fields = new Fields(given);
  const type = fields.text("type", 16);
  switch (type) {
    case "request":
      return requestMessage(fields);
    case "permit":
      return permitMessage(fields);
    case "wait":
      return { type, id: fields.id() };
    case "renew":
      return { type, id: fields.id(), usage: fields.usage() };
    case "answered":
      return {
        type,
        id: fields.id(),
        start: fields.whole("start", MAX_WHOLE),
        status: fields.whole("status", 999),
        headers: fields.text("headers", MAX_HEADERS),
      };
    case "failed":
      return { type, id: fields.id(), start: fields.whole("start", MAX_WHOLE) };
    case "ended":
      return { type, id: fields.id(), complete: fields.flag("complete"), usage: fields.usage() };
    case "settle":
      return { type, id: fields.id(), cost: fields.cost(AS_RESERVED) };
    case "cancel":
      return { type, id: fields.id(), isSent: fields.flag("isSent") };
    case "count":
      return { type, url: fields.text("url", MAX_URL), status: fields.whole("status", 999) };
    case "snapshot":
      return { type };
    case "estimate":
      return estimateMessage(fields);
    default:
      throw new OptionError("message.type", type, "Deploy the object and its callers with one version of tidegate.");
  }
}

function requestMessage(fields: Fields): RequestMessage {
  const counted = fields.numberOrNull("counted");
  return {
    type: "request",
    ...waiting(fields),
    method: fields.text("method", 64),
    url: fields.text("url", MAX_URL),
    headers: fields.text("headers", MAX_HEADERS),
    body: fields.oneOf("body", ["none", "hidden", "sent"]),
    replayable: fields.flag("replayable"),
    cost: fields.cost(AS_RESERVED),
    counted,
  };
}

function permitMessage(fields: Fields): PermitMessage {
  return { type: "permit", ...waiting(fields), model: fields.textOrNull("model", MAX_MODEL), cost: fields.cost(0) };
}

function estimateMessage(fields: Fields): EstimateMessage {
  const model = fields.textOrNull("model", MAX_MODEL);
  const tenant = fields.text("tenant", MAX_TENANT);
  return { type: "estimate", model, cost: fields.cost(0), priority: fields.priority(), tenant };
}

function waiting(fields: Fields): Pick<RequestMessage, "id" | "ageMs" | "priority" | "deadlineMs" | "tenant"> {
  return {
    id: fields.id(),
    ageMs: fields.positive("ageMs"),
    priority: fields.priority(),
    deadlineMs: fields.numberOrNull("deadlineMs"),
    tenant: fields.text("tenant", MAX_TENANT),
  };
}

/** The members of one message. */
class Fields {
  private readonly values: Readonly<Record<string, unknown>>;

  constructor(given: unknown) {
    if (typeof given !== "object" || given === null) throw new OptionError("message", given, "Use an object.");
    this.values = given as Record<string, unknown>;
  }

  id(): string {
    return this.text("id", 64);
  }

  text(name: string, most: number): string {
    const value = this.values[name];
    if (typeof value !== "string") throw wrong(name, value, "Use a text.");
    if (value.length > most) throw wrong(name, undefined, `Use at most ${most} characters.`);
    return value;
  }

  textOrNull(name: string, most: number): string | null {
    return this.values[name] === null ? null : this.text(name, most);
  }

  whole(name: string, most: number): number {
    const value = this.values[name];
    if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most) return value as number;
    throw wrong(name, value, `Use a whole number from 0 to ${most}.`);
  }

  positive(name: string): number {
    const value = this.values[name];
    if (typeof value === "number" && value >= 0) return value;
    throw wrong(name, value, "Use a number that is not negative.");
  }

  numberOrNull(name: string): number | null {
    const value = this.values[name];
    if (value === null || typeof value === "number") return value;
    throw wrong(name, value, "Use a number or null.");
  }

  priority(): number {
    const value = this.values["priority"];
    if (Number.isInteger(value) && Math.abs(value as number) <= 100) return value as number;
    throw wrong("priority", value, "Use a whole number from -100 to 100.");
  }

  flag(name: string): boolean {
    const value = this.values[name];
    if (typeof value === "boolean") return value;
    throw wrong(name, value, "Use true or false.");
  }

  oneOf<T extends string>(name: string, known: readonly T[]): T {
    const value = this.values[name];
    if (known.includes(value as T)) return value as T;
    throw wrong(name, value, `Use one of ${known.join(", ")}.`);
  }

  /** Handed on to the core, which checks it. */
  usage(): BodyUsage | null {
    return (this.values["usage"] ?? null) as BodyUsage | null;
  }

  /** In each dimension a whole number, or `unstated` where that is allowed. */
  cost(unstated: number): StatedCost {
    const cost = this.values["cost"] as StatedCost;
    const { requests, inputTokens, outputTokens, custom } = new Fields(cost).values as unknown as StatedCost;
    for (const amount of [requests, inputTokens, outputTokens, custom]) {
      if (amount !== unstated) checkCost(amount, "message.cost");
    }
    return { requests, inputTokens, outputTokens, custom };
  }
}

/** Of a text nothing is shown but that it is wrong: it may be a secret that is in the wrong place. */
function wrong(name: string, value: unknown, fix: string): OptionError {
  return new OptionError(`message.${name}`, typeof value === "string" ? undefined : value, fix);
}

const AS_RESERVED = -1;
const MAX_WHOLE = 2 ** 32 - 1;
/** What Workers let through: URLs of 16 KB, 128 KB of headers (read 2026-11-27). */
const MAX_URL = 16 * 1024;
const MAX_HEADERS = 128 * 1024;
const MAX_TENANT = 256;
/** Longer than any name of a model; the core keeps 128 bytes. */
const MAX_MODEL = 1_024;
