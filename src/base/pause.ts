import { setTimeout as sleep } from 'node:timers/promises';

/** Waiting comes in as an argument, so that a test need not wait. Rejects with the signal's reason. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

export const systemPause: Pause = async (ms, signal) => {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
};
