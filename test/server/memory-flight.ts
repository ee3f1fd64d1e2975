/** A Flight backend without a node: it has no tables and answers nothing. */
import { unavailableError } from '../../src/base/index.ts';
import type { FlightBackend } from '../../src/flight/index.ts';
import type { FlightDoor } from '../../src/node/index.ts';

const nothing = async (): Promise<never> => {
  throw unavailableError('test.nothing', 'there is no node', 'None.');
};

export async function memoryFlight(): Promise<FlightDoor> {
  const backend: FlightBackend = {
    nodeId: 'n-1',
    version: '0.0.0',
    catalog: 'fractal',
    describe: nothing,
    query: nothing,
    update: nothing,
    parameters: nothing,
    ingest: nothing,
    begin: nothing,
    tables: async () => [],
  };
  return { backend, gate: { admit: nothing, readmit: nothing }, users: false, tls: undefined };
}
