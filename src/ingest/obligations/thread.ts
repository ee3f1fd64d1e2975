/** Finds obligations in a thread of its own, started by `finder.ts`. */
import { parentPort } from 'node:worker_threads';
import { findObligations, type Obligation, type ObligationInput } from './detect.ts';

export interface FindTask {
  readonly id: number;
  readonly inputs: readonly ObligationInput[];
}

export interface FindReply {
  readonly id: number;
  readonly found: readonly (readonly Obligation[])[];
}

parentPort?.on('message', ({ id, inputs }: FindTask) => {
  const reply: FindReply = { id, found: inputs.map((input) => findObligations(input)) };
  parentPort?.postMessage(reply);
});
