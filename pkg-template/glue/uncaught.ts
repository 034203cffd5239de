/**
 * Calls what a user gave, from inside a loop that must go on: what it throws is reported as uncaught, as an EventTarget
 * does, and stops nothing.
 */
export function callReporting(callback: () => void): void {
  try {
    callback();
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
  }
}
