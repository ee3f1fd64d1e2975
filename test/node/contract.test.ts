/** The real node, asked directly and through its socket: one suite, the same answers. */
import path from 'node:path';
import { DEFAULT_LIMITS, silentLog } from '../../src/base/index.ts';
import { RemoteNode, createApp, listen, socketPathOf } from '../../src/server/index.ts';
import { nodeApiContract, type NodeApiHarness } from '../contract/node-api-contract.ts';
import { testNode } from './kit.ts';

async function harness(remote: boolean): Promise<NodeApiHarness> {
  const t = await testNode();
  const socketPath = socketPathOf(t.dataDir);
  const app = createApp(t.node, {
    dataDir: t.dataDir,
    version: '0',
    limits: DEFAULT_LIMITS,
    log: silentLog,
    principal: 'local-operator',
  });
  const listening = remote
    ? await listen({ app, host: '127.0.0.1', port: 0, socketPath, limits: DEFAULT_LIMITS, log: silentLog })
    : undefined;
  return {
    node: remote ? new RemoteNode({ socketPath }) : t.node,
    goodFile: path.resolve('sample/law/ecfr-title-99-part-340-2022-06-01.xml'),
    badFile: await t.file('bad.xml', '<CFRGRANULE><PART>'),
    searchQuery: 'chlorine',
    longSql: 'select * from range(200000) t(i)',
    async cleanUp() {
      await listening?.stop();
      await t[Symbol.asyncDispose]();
    },
  };
}

nodeApiContract('the node itself', () => harness(false));
nodeApiContract('the node behind its socket', () => harness(true));
