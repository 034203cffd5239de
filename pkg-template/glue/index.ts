export type { CacheHint, CacheLike, CacheOptions } from "./cache-hint.js";
export type { Clock } from "./clock.js";
export type { AsyncContext, AsyncContextClass } from "./context.js";
export type { Cost, CostRecord } from "./cost.js";
export {
  AbandonedError,
  ClosedError,
  CoreError,
  DeadlineError,
  DrainingError,
  type ErrorByCode,
  type ErrorCode,
  InsufficientCapacityError,
  isTidegateError,
  OptionError,
  QueueFullError,
  TidegateError,
} from "./errors.js";
export { type EstimateOptions, estimateTokens } from "./estimate.js";
export type {
  BreakerEvent,
  CacheFailedEvent,
  DrainedEvent,
  EventOf,
  EventType,
  LimitEvent,
  Listener,
  OverloadEvent,
  RefusedEvent,
  RetryEvent,
  TidegateEvent,
  UnknownModelEvent,
} from "./events.js";
export type { AcquireHints, FetchHints, Priority, PriorityName, ScheduleHints, ViewHints } from "./hints.js";
export { createLimiter, type Limiter } from "./limiter.js";
export type { Items, MapOptions, MapTask, MapTurn } from "./map.js";
export { MapError, type MapFailure } from "./map-error.js";
export type { Middleware, MiddlewareRequest } from "./middleware.js";
export type {
  ConcurrencyOptions,
  CountTokensOptions,
  Dimension,
  Enforcement,
  Fetch,
  LimiterOptions,
  LimitOptions,
  QueueOptions,
  RetryBudget,
  RetryOptions,
  ScopeLimits,
} from "./options.js";
export type { ModuleSource } from "./module-source.js";
export {
  type HeadersLike,
  type ParseOptions,
  parseRateLimit,
  type RateLimit,
  type ResponseKind,
  type StatedLimit,
} from "./parse.js";
export type { Permit } from "./permit.js";
export type { Progress } from "./progress.js";
export type { ProviderLimit, ProviderName, ProviderOptions, Unit } from "./provider.js";
export type { Saved } from "./saved.js";
export type { InputLearned, Learned, LimitSnapshot, ModelLearned, ScopeSnapshot, Snapshot } from "./snapshot.js";
export type { Estimate, OnWait, Standing } from "./standing.js";
