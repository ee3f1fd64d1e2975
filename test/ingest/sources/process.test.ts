/** The command itself: no connection unless it is allowed, and a download that survives kill -9. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLog } from '../../../src/base/index.ts';
import { initNode, type ImportResult } from '../../../src/node/index.ts';
import { CLML_INSTRUMENT } from '../samples.ts';
import { Publisher, file, rangedFile } from './publisher.ts';

const FRACTAL = path.resolve('bin/fractal.cjs');
const KiB = 1024;

async function withNode(
  network: object | undefined,
  work: (dataDir: string, publisher: Publisher) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-process-'));
  const dataDir = path.join(folder, 'node');
  await using publisher = await new Publisher().start();
  try {
    await initNode({ dataDir, log: silentLog, name: 'test' });
    const config = {
      name: 'test',
      role: 'hub',
      region: '',
      sites: [],
      limits: { fetch_host_pause_ms: 1, fetch_sync_bytes: 16 * KiB, fetch_tries: 1, source_tick_ms: 100 },
      ...(network === undefined ? {} : { network }),
    };
    await writeFile(path.join(dataDir, 'fractal.json'), JSON.stringify(config));
    await work(dataDir, publisher);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function fractal(
  dataDir: string,
  ...words: string[]
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [FRACTAL, ...words, '--data', dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (out.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (out.stderr += data.toString()));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...out })));
  return { child, ended };
}

/** An instrument as large as the test needs, by a comment that readers skip. */
const large = (bytes: number): Buffer =>
  Buffer.concat([Buffer.from(CLML_INSTRUMENT.bytes), Buffer.from(`<!--${'x'.repeat(bytes)}-->`)]);

describe('fractal import URL', () => {
  it('makes no connection while the network is off, and says how to turn it on', () =>
    withNode(undefined, async (dataDir, p) => {
      p.on('/act.xml', file(CLML_INSTRUMENT.bytes));
      const { code, stderr } = await fractal(dataDir, 'import', p.url('/act.xml').href).ended;
      assert.equal(code, 3);
      assert.match(stderr, /network\.disabled/);
      assert.match(stderr, /--allow-network/);
      assert.equal(p.connections, 0);
    }));

  it('asks no loopback address, even when it is allowed to use the network', () =>
    withNode(undefined, async (dataDir, p) => {
      const { code, stdout } = await fractal(
        dataDir,
        'import',
        '--json',
        '--allow-network',
        p.url('/a', 'https').href,
      ).ended;
      assert.equal(code, 5);
      assert.equal((JSON.parse(stdout) as ImportResult).error?.code, 'network.address');
      assert.equal(p.connections, 0);
    }));

  it('goes on after kill -9 in the middle of a download', () =>
    withNode({ enabled: false, hosts: [], loopback: true }, async (dataDir, p) => {
      const bytes = large(600 * KiB);
      let stall = true;
      p.on('/act.xml', (request, response) => {
        if (!stall)
          return rangedFile(
            () => bytes,
            () => '"v1"',
          )(request, response);
        response.writeHead(200, {
          etag: '"v1"',
          'content-length': bytes.length,
          'content-type': 'application/xml',
        });
        response.write(bytes.subarray(0, 300 * KiB));
      });
      const words = ['import', '--json', '--allow-network', p.url('/act.xml').href];
      const first = fractal(dataDir, ...words);
      const fetched = async (): Promise<boolean> =>
        (await readdir(path.join(dataDir, 'fetch')).catch(() => [])).some((name) => name.endsWith('.json'));
      while (!(await fetched())) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 300));
      first.child.kill('SIGKILL');
      await first.ended;
      stall = false;
      const { code, stdout, stderr } = await fractal(dataDir, ...words).ended;
      assert.equal(code, 0, stderr);
      assert.equal((JSON.parse(stdout) as ImportResult).status, 'added');
      const from = Number(/\d+/.exec(p.asked[1]?.headers.range ?? '')?.[0] ?? 0);
      assert.ok(from >= 16 * KiB, `asked from ${from}`);
      assert.deepEqual(await readdir(path.join(dataDir, 'fetch')), []);
    }));
});

it('fractal start runs the sources that are due, and commands reach them through the running node', () =>
  withNode({ enabled: true, hosts: [], loopback: true }, async (dataDir, p) => {
    p.on(
      '/act.xml',
      rangedFile(
        () => Buffer.from(CLML_INSTRUMENT.bytes),
        () => '"v1"',
      ),
    );
    const added = await fractal(dataDir, 'source', 'add', 'act', p.url('/act.xml').href).ended;
    assert.equal(added.code, 0, added.stderr);
    const serving = fractal(dataDir, 'start', '--port', '0');
    const until = async (done: () => Promise<boolean>): Promise<void> => {
      while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await until(() => Promise.resolve(p.times('/act.xml') > 0));
    const listed = async (): Promise<{ documents: number; run_at: string | null } | undefined> => {
      const { stdout } = await fractal(dataDir, 'source', 'list', '--json').ended;
      return (JSON.parse(stdout) as { sources: { documents: number; run_at: string | null }[] }).sources[0];
    };
    await until(async () => (await listed())?.run_at != null);
    assert.equal((await listed())?.documents, 1);
    const run = await fractal(dataDir, 'source', 'run', 'act').ended;
    assert.match(run.stdout, /^unchanged/);
    serving.child.kill('SIGTERM');
    const { code, stderr } = await serving.ended;
    assert.equal(code, 0, stderr);
    assert.match(stderr, /info: source name=act added=1/);
  }));
