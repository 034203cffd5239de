// For Workers alone: it brings the module as Cloudflare's runtime takes it.
import "../entry/workerd.js";

export { type PackedError, UnreachableError } from "./errors.js";
export { LimiterObject } from "./object.js";
export type { ObjectOptions } from "./options.js";
export type { SharedPermit } from "./permit.js";
export type { KeptAlive, ObjectNamespace, ObjectState, ObjectStorage, ObjectStub } from "./runtime.js";
export {
  type SharedAcquireHints,
  type SharedHints,
  type SharedLimiter,
  sharedLimiter,
  type SharedOptions,
  type SharedScheduleHints,
} from "./shared.js";
