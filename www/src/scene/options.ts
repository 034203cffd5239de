/** What a scene is made of. The same options and the same version of Tidegate are the same scene, to the last request. */
export interface SceneOptions {
  /** The published tier whose limits hold, or the ones below. */
  tier: Tier;
  /** Requests a minute, where the limits are one's own. */
  rpm: number;
  /** Input tokens a minute. */
  itpm: number;
  /** Output tokens a minute. */
  otpm: number;
  /** How many seconds' worth of a limit the server lets go at once. */
  bucket: number;
  /** How many requests there are. */
  requests: number;
  /** How many of them come at the very beginning. */
  burst: number;
  /** How many of the others come in a minute. */
  rate: number;
  /** What a prompt has on average, in tokens. */
  input: number;
  /** What an answer has on average, in tokens. */
  output: number;
  /** The share of requests that somebody waits for, in per cent; the others are a batch. */
  interactive: number;
  /** The share of every limit that somebody else uses, in per cent. */
  neighbour: number;
  /** The share of requests that fail for other reasons than limits, in per cent. */
  faults: number;
  /** What everything random depends on. */
  seed: number;
}

/** Whose limits hold. */
export type Tier = (typeof TIERS)[number];
export const TIERS = ["start", "build", "scale", "own"] as const;

/** The options that are numbers. */
export type NumberName = Exclude<keyof SceneOptions, "tier">;

/** The least and the most of each, both whole numbers, as are all between. */
export const RANGES: Readonly<Record<NumberName, readonly [least: number, most: number]>> = {
  rpm: [1, 100_000],
  itpm: [100, 100_000_000],
  otpm: [100, 100_000_000],
  bucket: [1, 60],
  requests: [1, 5_000],
  burst: [0, 5_000],
  rate: [1, 20_000],
  input: [20, 20_000],
  output: [1, 8_000],
  interactive: [0, 100],
  neighbour: [0, 80],
  faults: [0, 30],
  seed: [0, 999_999],
};

/** What a visitor sees first. */
export const DEFAULTS: Readonly<SceneOptions> = {
  tier: "start",
  rpm: 300,
  itpm: 300_000,
  otpm: 100_000,
  bucket: 10,
  requests: 1_500,
  burst: 400,
  rate: 1_100,
  input: 400,
  output: 350,
  interactive: 20,
  neighbour: 0,
  faults: 0,
  seed: 1,
};

/** The nearest value that an option can have, or its default for what is no number. */
export function inRange(name: NumberName, value: number): number {
  if (!Number.isFinite(value)) return DEFAULTS[name];
  const [least, most] = RANGES[name];
  return Math.min(Math.max(Math.round(value), least), most);
}

/** Options of which each is in its range. */
export function brought(options: SceneOptions): SceneOptions {
  const result = { ...options };
  for (const name of Object.keys(RANGES) as NumberName[]) result[name] = inRange(name, options[name]);
  return result;
}

/** Limits by the minute. */
export interface Amounts {
  readonly rpm: number;
  readonly itpm: number;
  readonly otpm: number;
}
