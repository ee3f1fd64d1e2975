/** The process: joins the program to the node layer. `bin/fractal.cjs` loads it. */
import { writeSync } from 'node:fs';
import path from 'node:path';
import { ERROR_KINDS } from '../base/index.ts';
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

// Work that nothing waits for any more ends a process without a word, and with the code of success.
let isDone = false;
process.on('exit', () => {
  if (isDone) return;
  process.exitCode = ERROR_KINDS.internal.exit;
  writeSync(
    process.stderr.fd,
    'error[internal.unfinished]: the command ended before its work did\n' +
      '  cure: This is a defect in Fractal. Report it with the output of `fractal doctor --json`.\n',
  );
});
const code = await main(process.argv.slice(2), processIo({ root, version: VERSION }), factory);
isDone = true;
// Said outright: threads of the engines may outlive their work. Every write above was awaited.
process.exit(code);
