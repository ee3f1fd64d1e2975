/**
 * Flight and Flight SQL as other implementations see them: C++ (pyarrow), Go (the ADBC driver), Java (the JDBC driver),
 * against `fractal start`. What they read is compared with what DuckDB's own Python package gives.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, it, type TestContext } from 'node:test';
import { jdbcPeer, pythonPeer } from './setup.ts';

const main = path.resolve('src/cli/main.ts');
const folder = mkdtempSync(path.join(os.tmpdir(), 'fractal-peers-'));
const nodes: Started[] = [];
let open: Started;

/** What Arrow's buffers need of Java. */
const JAVA = ['--add-opens=java.base/java.nio=ALL-UNNAMED'];

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
}

function fractal(argv: readonly string[], input = ''): string {
  return execFileSync(process.execPath, [main, ...argv], { input, encoding: 'utf8' });
}

async function start(dataDir: string, ...more: string[]): Promise<Started> {
  const child = spawn(
    process.execPath,
    [main, 'start', '--port', '0', '--data', dataDir, '--json', '--quiet', ...more],
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
  least = 11,
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
  assert.ok(lines.length >= least, `the peer said too little: ${out}${err}`);
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

/** A data directory with the user `ann`, and what lets her in. */
function withUsers(name: string, more: object = {}): { dataDir: string; env: Record<string, string> } {
  const dataDir = init(name);
  writeFileSync(path.join(dataDir, 'policy.json'), JSON.stringify(POLICY));
  const config = path.join(dataDir, 'fractal.json');
  const settings = JSON.parse(readFileSync(config, 'utf8')) as object;
  writeFileSync(config, JSON.stringify({ ...settings, policy: 'policy.json', ...more }));
  const data = ['--data', dataDir, '--quiet'];
  process.env['FRACTAL_TOKEN'] = fractal(['user', 'add', 'root', '--roles', 'admin', ...data]).trim();
  try {
    const password = 'correct horse battery';
    const attributes = JSON.stringify({ sites: ['ann'] });
    const of = ['--roles', 'own', '--attributes', attributes, '--password-stdin'];
    fractal(['user', 'add', 'ann', ...of, ...data], password);
    const token = fractal(['user', 'token', 'ann', ...data]).trim();
    return { dataDir, env: { PEER_PASSWORD: password, PEER_TOKEN: token } };
  } finally {
    delete process.env['FRACTAL_TOKEN'];
  }
}

it('Flight on a node with users', { timeout: 280_000 }, async (t) => {
  const found = pythonPeer();
  if ('missing' in found) return t.skip(found.missing);
  const { dataDir, env } = withUsers('users');
  await peer(t, await start(dataDir), found.python, ['test/peers/flight/users_peer.py'], env);
});

it('Flight over TLS, off loopback', { timeout: 280_000 }, async (t) => {
  const tls = path.resolve('test/server/tls');
  const client_users = { 'email:ann@example.org': 'ann' };
  const files = { cert: 'tls/server.pem', key: 'tls/server.key', client_ca: 'tls/clients/people.pem' };
  const { dataDir, env } = withUsers('tls', { tls: { ...files, client_users, client_optional: true } });
  cpSync(tls, path.join(dataDir, 'tls'), { recursive: true });
  const node = await start(dataDir, '--host', '127.0.0.2');
  assert.match(node.url, /^grpc\+tls:\/\/127\.0\.0\.2:/);
  await t.test('Python', async (python) => {
    const found = pythonPeer();
    if ('missing' in found) return python.skip(found.missing);
    await peer(python, node, found.python, ['test/peers/flight/tls_peer.py'], { ...env, PEER_TLS: tls });
  });
  await t.test('JDBC', async (java) => {
    const found = jdbcPeer();
    if ('missing' in found) return java.skip(found.missing);
    const argv = [...JAVA, '-cp', found.jar, 'test/peers/flight/JdbcTlsPeer.java'];
    await peer(java, node, 'java', argv, { ...env, PEER_TLS: tls }, 7);
  });
});

it('Flight SQL by JDBC', { timeout: 280_000 }, async (t) => {
  const found = jdbcPeer();
  if ('missing' in found) return t.skip(found.missing);
  const argv = [...JAVA, '-cp', found.jar, 'test/peers/flight/JdbcPeer.java'];
  await peer(t, open, 'java', argv);
});
