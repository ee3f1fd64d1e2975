/** Checks files of entries in a thread of its own, started by `verify-pool.ts`. */
import { parentPort } from 'node:worker_threads';
import { cleanSegment, type CleanSegment } from './clean-segment.ts';

export interface CheckTask {
  readonly first: number;
  readonly bytes: Uint8Array;
}

/** Its buffers come as plain bytes. */
export type CheckReply = CleanSegment | undefined;

parentPort?.on('message', ({ first, bytes }: CheckTask) => {
  const reply: CheckReply = cleanSegment(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), first);
  parentPort?.postMessage(reply);
});
