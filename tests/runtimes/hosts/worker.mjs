// A workerd with one worker.
import { Miniflare } from "miniflare";

/** Starts it, and ends it whatever happens. */
export async function withWorker({ manifest, compatibilityDate, compatibilityFlags = [] }, use) {
  const config = { name: "worker", compatibilityDate, compatibilityFlags, env: {}, manifest };
  // Neither is anything asked of Cloudflare, nor are other workers on this machine looked for.
  const worker = new Miniflare({ workers: [{ config }], cf: false, enableDevRegistry: false });
  try {
    return await use(worker);
  } finally {
    await worker.dispose();
  }
}
