/** The same suite for the double and for a node behind its socket: the door changes nothing. */
import { RemoteNode, socketPathOf } from '../../src/server/index.ts';
import { nodeApiContract } from '../contract/node-api-contract.ts';
import { bench } from './harness.ts';

const common = async (remote: boolean) => {
  const made = await bench();
  if (remote) await made.listen();
  return {
    node: remote ? new RemoteNode({ socketPath: socketPathOf(made.folder) }) : made.node,
    goodFile: await made.file('good.txt', 'The employer shall provide guard rails.'),
    badFile: await made.file('bad.txt', 'bad'),
    searchQuery: 'guard rails',
    longSql: 'long',
    cleanUp: made.cleanUp,
  };
};

nodeApiContract('in memory', () => common(false));
nodeApiContract('over the local socket', () => common(true));
