/** The program as a process, over a node in memory. Started by `process.test.ts`. */
import { DEFAULT_LIMITS } from '../../src/base/index.ts';
import { processIo } from '../../src/cli/process-io.ts';
import { main } from '../../src/cli/program.ts';
import { memoryFlight } from '../server/memory-flight.ts';
import { MemoryNode } from '../server/memory-node.ts';

const node = new MemoryNode();
const code = await main(process.argv.slice(2), processIo({ root: '/', version: '1' }), {
  open: async () => ({
    node,
    limits: DEFAULT_LIMITS,
    startSources: () => undefined,
    startPush: () => undefined,
    flight: memoryFlight,
  }),
  init: async () => ({ nodeId: 'n', name: 'n' }),
  mappings: {
    list: async () => [],
    show: async () => ({}),
    check: async () => ({
      mapping: 'x',
      records: 0,
      doubtful: 0,
      rejected: 0,
      rows: {},
      columns: [],
      doubts: [],
      rejections: [],
    }),
  },
  verifyAudit: () => node.verifyAudit(),
  findRunning: async () => undefined,
});
process.exit(code);
