/** What {@link Limiter.snapshot} shows. For people and dashboards: fields may be added in any version. */
export interface Snapshot {
  readonly [field: string]: unknown;
}
