/** The process: joins the program to the node layer. `bin/fractal.cjs` loads it. */
import path from 'node:path';
import {
  VERSION,
  checkMappingOn,
  findRunningNode,
  initNode,
  listMappings,
  openNode,
  showMapping,
  verifyAuditFiles,
} from '../node/index.ts';
import { RemoteNode } from '../server/index.ts';
import { hubDoor } from './commands/audit-replicas.ts';
import type { NodeFactory } from './factory.ts';
import { processIo } from './process-io.ts';
import { main } from './program.ts';

// From src/cli and from dist/cli alike.
const root = path.join(import.meta.dirname, '../..');

const factory: NodeFactory = {
  open: async (options) => {
    const node = await openNode(options);
    return {
      node,
      limits: node.parts.limits,
      startSources: () => node.startSources(),
      startPush: (token) => node.startPush((url) => hubDoor(new RemoteNode({ url, token }))),
      admit: (caller) => node.as(caller),
      logins: node.logins(),
      flight: () => node.flight(),
      http: () => node.http(),
    };
  },
  init: (options) => initNode(options),
  mappings: { list: listMappings, show: showMapping, check: checkMappingOn },
  verifyAudit: verifyAuditFiles,
  findRunning: (dataDir) => findRunningNode(dataDir),
};

const code = await main(process.argv.slice(2), processIo({ root, version: VERSION }), factory);
// Said outright: threads of the engines may outlive their work. Every write above was awaited.
process.exit(code);
