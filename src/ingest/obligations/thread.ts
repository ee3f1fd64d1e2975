/** Finds obligations in a thread of its own, started by `finder.ts`. */
import { parentPort } from 'node:worker_threads';
import { findObligations, type ObligationInput } from './detect.ts';
import { packed, type PackedObligations } from './packed.ts';

export interface FindTask {
  readonly id: number;
  readonly inputs: readonly ObligationInput[];
}

export interface FindReply {
  readonly id: number;
  readonly found: PackedObligations;
}

parentPort?.on('message', ({ id, inputs }: FindTask) => {
  const reply: FindReply = { id, found: packed(inputs.map((input) => findObligations(input))) };
  parentPort?.postMessage(reply);
});
