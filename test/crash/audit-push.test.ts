/**
 * Two nodes on this machine, each a process: an edge pushes its audit log to a hub with users, over HTTP, by a token. The hub
 * is killed while it receives; a copy of the edge's folder that went another way is found out (H1, H3, H6).
 */
import assert from 'node:assert/strict';
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { SeededRandom } from '../../src/base/index.ts';
import { tempFolder } from '../audit/kit.ts';

const main = path.resolve('src/cli/main.ts');

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const fractal = async (words: readonly string[], env: Record<string, string> = {}): Promise<Ran> =>
  await new Promise((resolve) =>
    execFile(process.execPath, [main, ...words], { env: { ...process.env, ...env } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    ),
  );

const children: ChildProcess[] = [];

async function start(dataDir: string, port = 0): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(
    process.execPath,
    [main, 'start', '--port', String(port), '--data', dataDir, '--json', '--quiet'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout }))
    return { child, url: (JSON.parse(line) as { url: string }).url };
  throw new Error('the node did not start');
}

const kill = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
};

test('H1 H3 H6: an edge pushes to a hub that is killed, and a forked copy of the edge is found out', async (t) => {
  const folder = await tempFolder(t);
  t.after(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  const [hub, edge, copy] = ['hub', 'edge', 'copy'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const ok = async (words: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const { code, out, err } = await fractal(words, env);
    assert.equal(code, 0, `${words.join(' ')}: ${err}${out}`);
    return out;
  };
  await ok(['init', '--data', hub, '--role', 'hub', '--quiet']);
  await ok(['init', '--data', edge, '--quiet']);
  const root = (
    await ok(['user', 'add', 'root', '--roles', 'system-admin', '--data', hub, '--quiet'])
  ).trim();
  const asRoot = { FRACTAL_TOKEN: root };
  const token = (
    await ok(['user', 'add', 'edge-1', '--roles', 'edge', '--data', hub, '--quiet'], asRoot)
  ).trim();
  const auditor = (
    await ok(['user', 'add', 'eve', '--roles', 'auditor', '--data', hub, '--quiet'], asRoot)
  ).trim();
  const { key } = JSON.parse(await ok(['audit', 'checkpoint', '--json', '--data', edge])) as { key: string };

  // Many entries: each call is two.
  const running = await start(edge);
  for (let round = 0; round < 60; round++)
    await Promise.all(
      Array.from({ length: 25 }, async () => await (await fetch(`${running.url}/v1/law/documents`)).text()),
    );
  await kill(running.child);

  let serving = await start(hub);
  const port = Number(new URL(serving.url).port);
  const push = async (data: string, env: Record<string, string> = {}): Promise<Ran> =>
    await fractal(['audit', 'push', '--to', `http://127.0.0.1:${port}`, '--data', data, '--json'], {
      FRACTAL_HUB_TOKEN: token,
      ...env,
    });
  const early = await push(edge);
  assert.match(early.err, /no log of that name is accepted here/);
  await ok(['audit', 'accept', key, '--data', hub, '--quiet'], asRoot);
  assert.match(
    (await push(edge, { FRACTAL_HUB_TOKEN: root })).err,
    /policy|right/,
    'the right is replicate alone',
  );
  assert.notEqual((await push(edge, { FRACTAL_HUB_TOKEN: 'none' })).code, 0);

  const random = new SeededRandom(Number(process.env['FRACTAL_SEED'] ?? 7));
  let done: Ran = { code: 1, out: '', err: '' };
  let kills = 0;
  for (; kills < 4; kills++) {
    const pushing = push(edge);
    await new Promise((resolve) => setTimeout(resolve, 900 + random.below(1500)));
    await kill(serving.child, 'SIGKILL');
    serving = await start(hub, port);
    done = await pushing;
  }
  done = await push(edge);
  assert.equal(done.code, 0, done.err);
  const state = JSON.parse(done.out) as { origin: string; size: number; note: string; cosigner: string };
  assert.ok(state.size > 3000, `${state.size} entries`);
  const asAuditor = { FRACTAL_TOKEN: auditor };
  assert.match(await ok(['audit', 'replicas', state.origin, '--data', hub], asAuditor), /^ok {2}/);

  // A bundle carries the cosignature.
  const bundle = path.join(folder, 'b.json');
  await ok(['audit', 'prove', '5', '--out', bundle, '--data', edge]);
  const verdict = JSON.parse(
    await ok(['audit', 'verify-bundle', bundle, '--key', state.cosigner, '--json']),
  ) as {
    cosignatures: { is_key_known: boolean }[];
  };
  assert.deepEqual(
    verdict.cosignatures.map((one) => one.is_key_known),
    [true],
  );

  // The folder is copied, both go on. The hub has seen one of them.
  await cp(edge, copy, { recursive: true });
  const before = JSON.parse(await ok(['audit', 'checkpoint', '--json', '--data', edge])) as { size: number };
  assert.equal((await push(edge)).code, 0);
  await ok(['audit', 'show', '--data', copy, '--quiet']);
  const forked = await push(copy);
  assert.equal(forked.code, 7, forked.err);
  const [, entry] =
    /entry (\d+) is not the one that was cosigned here; all before it are/.exec(forked.err) ?? [];
  assert.ok(Number(entry) >= state.size && Number(entry) <= before.size, forked.err);

  // By file: the same hub, the same refusal; and the log itself once more changes nothing.
  const file = path.join(folder, 'log.ndjson');
  await ok(['audit', 'export', '--from', '0', '--out', file, '--data', copy]);
  const byFile = await fractal(['audit', 'import-log', file, '--data', hub], { FRACTAL_TOKEN: token });
  assert.match(byFile.err, new RegExp(`entry ${entry} is not the one`));
  await writeFile(file, 'nonsense');
  assert.equal(
    (await fractal(['audit', 'import-log', file, '--data', hub], { FRACTAL_TOKEN: token })).code,
    5,
  );
  assert.equal((await push(edge)).code, 0);
  assert.ok((await ok(['audit', 'replicas', '--data', hub], asAuditor)).includes(state.origin));
  await kill(serving.child);
  await rm(copy, { recursive: true });
  t.diagnostic(`${kills} kills, ${state.size} entries, fork named at ${entry}`);
});
