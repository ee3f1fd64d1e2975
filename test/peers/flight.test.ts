/**
 * Flight and Flight SQL as other implementations see them: C++ (pyarrow), Go (the ADBC driver), Java (the JDBC driver),
 * against `fractal start`. What they read is compared with what DuckDB's own Python package gives.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, it, type TestContext } from 'node:test';
import { jdbcPeer, pythonPeer } from './setup.ts';

const main = path.resolve('src/cli/main.ts');
const folder = mkdtempSync(path.join(os.tmpdir(), 'fractal-peers-'));
const nodes: Started[] = [];
let open: Started;

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
}

function fractal(argv: readonly string[], input = ''): string {
  return execFileSync(process.execPath, [main, ...argv], { input, encoding: 'utf8' });
}

async function start(dataDir: string): Promise<Started> {
  const child = spawn(
    process.execPath,
    [main, 'start', '--port', '0', '--data', dataDir, '--json', '--quiet'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const started = { child, url: (JSON.parse(line.toString()) as { flight: string }).flight };
  nodes.push(started);
  return started;
}

function init(name: string): string {
  const dataDir = path.join(folder, name);
  fractal(['init', '--data', dataDir, '--quiet']);
  return dataDir;
}

before(async () => {
  open = await start(init('open'));
});

after(async () => {
  for (const { child } of nodes) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a peer; each line it prints is a test. */
async function peer(
  t: TestContext,
  node: Started,
  command: string,
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const child = spawn(command, [...argv, node.url, String(node.child.pid)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (err += data.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  const lines = out.split('\n').filter((line) => line.startsWith('{'));
  for (const line of lines) {
    const { name, ok, why } = JSON.parse(line) as { name: string; ok: boolean; why?: string };
    await t.test(name, () => assert.ok(ok, why));
  }
  assert.equal(code, 0, err);
  assert.ok(lines.length > 10, `the peer said too little: ${out}${err}`);
  assert.equal(node.child.exitCode, null, 'the node runs on');
}

for (const name of ['pyarrow', 'adbc'])
  it(`Flight by ${name}`, { timeout: 280_000 }, async (t) => {
    const found = pythonPeer();
    if ('missing' in found) return t.skip(found.missing);
    await peer(t, open, found.python, [`test/peers/flight/${name}_peer.py`]);
  });

/** May read and add what is of their own site, without who does it. */
const POLICY = {
  format: 'fractal.policy/1',
  version: 'peers',
  attributes: { sites: 'text[]' },
  roles: {
    admin: { doc: 'users', grants: [{ id: 'users', actions: ['administer'], tables: ['*'] }] },
    own: {
      doc: 'own sites',
      grants: [
        {
          id: 'own',
          actions: ['read', 'insert'],
          tables: ['esh.action_items'],
          where: { in: [{ column: 'site_id' }, { principal: 'sites' }] },
          columns: { hide: ['owner'] },
        },
      ],
    },
  },
  denials: [],
};

it('Flight on a node with users', { timeout: 280_000 }, async (t) => {
  const found = pythonPeer();
  if ('missing' in found) return t.skip(found.missing);
  const dataDir = init('users');
  writeFileSync(path.join(dataDir, 'policy.json'), JSON.stringify(POLICY));
  const config = path.join(dataDir, 'fractal.json');
  const settings = JSON.parse(readFileSync(config, 'utf8')) as object;
  writeFileSync(config, JSON.stringify({ ...settings, policy: 'policy.json' }));
  const data = ['--data', dataDir, '--quiet'];
  process.env['FRACTAL_TOKEN'] = fractal(['user', 'add', 'root', '--roles', 'admin', ...data]).trim();
  try {
    const password = 'correct horse battery';
    const attributes = JSON.stringify({ sites: ['ann'] });
    const of = ['--roles', 'own', '--attributes', attributes, '--password-stdin'];
    fractal(['user', 'add', 'ann', ...of, ...data], password);
    const token = fractal(['user', 'token', 'ann', ...data]).trim();
    const env = { PEER_PASSWORD: password, PEER_TOKEN: token };
    await peer(t, await start(dataDir), found.python, ['test/peers/flight/users_peer.py'], env);
  } finally {
    delete process.env['FRACTAL_TOKEN'];
  }
});

it('Flight SQL by JDBC', { timeout: 280_000 }, async (t) => {
  const found = jdbcPeer();
  if ('missing' in found) return t.skip(found.missing);
  const argv = [
    '--add-opens=java.base/java.nio=ALL-UNNAMED',
    '-cp',
    found.jar,
    'test/peers/flight/JdbcPeer.java',
  ];
  await peer(t, open, 'java', argv);
});
