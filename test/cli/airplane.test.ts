/** Airplane mode: the demo's import, search, ask, classify, check and sql with no way to the outside. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

const KIT = pathToFileURL(path.join(import.meta.dirname, 'airplane-kit.ts')).href;
const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts');
const NODE = pathToFileURL(path.join(import.meta.dirname, '../../src/node/index.ts')).href;
/** One process, so that the test takes no longer than it must. */
const CALLS = `
  const { openNode } = await import(${JSON.stringify(NODE)});
  const node = await openNode({ dataDir: process.env.FRACTAL_DATA, log: () => undefined });
  let last;
  for await (const event of node.ask({ question: 'Who must keep records?' })) last = event;
  let bytes = 0;
  const sql = "select citation from search.hybrid_search('waste', 3)";
  for await (const batch of await node.sql({ sql })) bytes += batch.length;
  const counts = {
    search: (await node.search({ query: 'lockout device' })).hits.length,
    ask: last.answer.passages.length,
    classify: (await node.classify({ texts: ['A roofer fell from a roof.'] })).results.length,
    check: (await node.checkAll({})).length,
    sql: bytes,
    embed: (await node.embed({ input: ['a'] })).vectors.length,
  };
  await node.close();
  console.log(JSON.stringify(counts));
  process.exit(0);
`;
const CUT = ['unshare', '--map-root-user', '--net'];

/** Whether the kernel lets us take the network away, and why not. */
function cannotCut(): string | undefined {
  const [command = '', ...flags] = CUT;
  try {
    execFileSync(command, [...flags, 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `no network namespace: ${String(error).split('\n')[0]}`;
  }
}

describe('airplane mode', () => {
  let folder: string;
  let outside: string;
  const refused = cannotCut();
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    outside = path.join(folder, 'outside');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const node = (...args: readonly string[]): ReturnType<typeof spawnSync> => {
    const [command = '', ...rest] = [
      ...(refused === undefined ? CUT : []),
      process.execPath,
      '--import',
      KIT,
      ...args,
    ];
    const env = { ...process.env, FRACTAL_OUTSIDE: outside, FRACTAL_DATA: path.join(folder, 'data') };
    return spawnSync(command, rest, { env, encoding: 'utf8' });
  };
  it('a connection to the outside is seen', () => {
    const script = `fetch('http://192.0.2.1/').catch(() => import('node:net').then(({ connect }) => connect(80, 'example.org')))`;
    assert.notEqual(node('--input-type=module', '-e', script).status, 0);
    assert.match(readFileSync(outside, 'utf8'), /192\.0\.2\.1[^]*example\.org/);
  });

  it('everything answers, and nothing asks the outside', async () => {
    await rm(outside, { force: true });
    const demo = node(MAIN, 'demo', '--once', '--data', path.join(folder, 'data'));
    assert.equal(demo.status, 0, String(demo.stderr));
    const { status, stdout, stderr } = node('--input-type=module-typescript', '-e', CALLS);
    assert.equal(status, 0, String(stderr));
    const counts = JSON.parse(String(stdout).trim().split('\n').at(-1) ?? '') as Record<string, number>;
    assert.deepEqual(Object.keys(counts), ['search', 'ask', 'classify', 'check', 'sql', 'embed']);
    for (const [call, count] of Object.entries(counts)) assert.ok(count > 0, call);
    assert.ok(!existsSync(outside), existsSync(outside) ? readFileSync(outside, 'utf8') : '');
  });

  it('with the network namespace cut', { skip: refused ?? false }, () => {
    const script = `import('node:os').then(({ networkInterfaces }) => console.log(JSON.stringify(networkInterfaces())))`;
    assert.equal(String(node('--input-type=module', '-e', script).stdout).trim(), '{}');
  });
});
