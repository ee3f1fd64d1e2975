/** Logs of other nodes on a hub: received, compared, cosigned (rules H1–H7). */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import {
  DEFAULT_LIMITS,
  ManualClock,
  SeededRandom,
  nodeFileSystem,
  unavailableError,
} from '../../src/base/index.ts';
import {
  Replicas,
  keepCosigned,
  linesOf,
  makeBundle,
  openKeys,
  printBundle,
  printKey,
  printNote,
  pushLog,
  verifyBundle,
  verifyLog,
  type AuditLog,
  type LogSource,
  type ReceivedPart,
} from '../../src/audit/index.ts';
import { sizeOf } from '../../src/audit/log.ts';
import type { AuditEvent } from '../../src/schema/index.ts';
import { event, openLog, tempFolder, NODE_ID, START } from './kit.ts';

const SMALL = { audit_batch_entries: 3, audit_push_tries: 3, audit_push_pause_ms: 1 };

interface Hub {
  readonly folder: string;
  readonly replicas: Replicas;
  readonly told: AuditEvent[];
  readonly receive: (part: ReceivedPart) => ReturnType<Replicas['receive']>;
}

async function hubOn(folder: string): Promise<Hub> {
  const keys = await openKeys(nodeFileSystem, folder, NODE_ID.replace(/1$/, '9'), new SeededRandom(9));
  const told: AuditEvent[] = [];
  const replicas = new Replicas({
    fs: nodeFileSystem,
    folder: path.join(folder, 'replicas'),
    cosigner: keys.cosigner,
    clock: new ManualClock(START),
    limits: DEFAULT_LIMITS,
    sink: { record: async (one) => told.push(one) },
  });
  return { folder, replicas, told, receive: (part) => replicas.receive(part) };
}

/** The same entries each time, but for those from `unlike` on. */
async function edge(t: TestContext, count: number, unlike = Infinity, seed = 1): Promise<AuditLog> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fractal-audit-'));
  const log = await openLog(folder, { seed });
  t.after(async () => {
    await log.close();
    await rm(folder, { recursive: true, force: true });
  });
  await add(log, 0, count, unlike);
  return log;
}

async function add(log: AuditLog, first: number, count: number, unlike = Infinity): Promise<void> {
  for (let i = first; i < first + count; i++)
    await log.record(event(i, i < unlike ? {} : { principal: 'otto' }));
}

async function sourceOf(log: AuditLog, first = 0): Promise<LogSource> {
  const note = await log.checkpoint();
  const size = sizeOf(note);
  const origin = log.options.keys.signer.key.name;
  return {
    origin,
    size,
    first,
    checkpoint: printNote(note),
    lines: (from, most) => linesOf(log, from, size, most),
  };
}

const keyOf = (log: AuditLog): string => printKey(log.options.keys.signer.key);

const held = async (hub: Hub): Promise<string> => {
  const [id = ''] = await readdir(path.join(hub.folder, 'replicas'));
  return path.join(hub.folder, 'replicas', id);
};

test('H1 H2: a log is received in parts, again and again, verified and cosigned; the edge keeps the cosignature', async (t) => {
  const hub = await hubOn(await tempFolder(t));
  const log = await edge(t, 10);
  await hub.replicas.accept(keyOf(log));
  let state = await pushLog(await sourceOf(log), hub.receive, { limits: SMALL });
  assert.deepEqual([state.size, state.pending], [10, 0]);
  await add(log, 10, 300);
  const source = await sourceOf(log);
  state = await pushLog(source, hub.receive, { limits: { ...SMALL, audit_batch_entries: 50 } });
  assert.equal(state.size, 311);
  assert.deepEqual(await pushLog(source, hub.receive, { limits: SMALL }), state, 'once more changes nothing');
  const verdict = await hub.replicas.verify(state.origin);
  assert.deepEqual([verdict.ok, verdict.entries, verdict.checkpoints], [true, 311, 1]);
  assert.deepEqual(await (await hubOn(hub.folder)).replicas.list(), [state], 'so it stands on disk');

  assert.equal(await keepCosigned(log, state.note ?? '', state.cosigner), true);
  await add(log, 320, 3);
  await log.checkpoint();
  const bundle = printBundle(await makeBundle(log, 5));
  const found = await verifyBundle(bundle, [state.cosigner]);
  assert.deepEqual(
    found.cosignatures.map(({ time, is_key_known }) => [time, is_key_known]),
    [[new Date(START).toISOString(), true]],
  );
  // What was not cosigned yet is proved by the newest checkpoint.
  assert.deepEqual((await verifyBundle(printBundle(await makeBundle(log, 313)))).cosignatures, []);
  const wrong = { code: 'audit.cosignature' };
  await assert.rejects(keepCosigned(log, printNote(await log.checkpoint()), state.cosigner), wrong);
  await assert.rejects(keepCosigned(log, state.note ?? '', keyOf(log)), wrong);
});

test('H3: a log that was written anew, or forked, is refused with the first entry that differs', async (t) => {
  const rounds = Number(process.env['FRACTAL_RUNS'] ?? 12);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.nat(39),
      fc.nat(20),
      fc.integer({ min: 1, max: 7 }),
      async (count, at, more, batch) => {
        const hub = await hubOn(await tempFolder(t));
        const first = await edge(t, count);
        await hub.replicas.accept(keyOf(first));
        const limits = { ...SMALL, audit_batch_entries: batch };
        const before = await pushLog(await sourceOf(first), hub.receive, { limits });
        const unlike = at % count;
        // The whole chain was made again, under the same key, and may be longer or as long.
        const other = await edge(t, count + more, unlike);
        await assert.rejects(pushLog(await sourceOf(other), hub.receive, { limits }), (error: Error) => {
          assert.match(
            error.message,
            new RegExp(`entry ${unlike} is not the one that was cosigned here; all before it are`),
          );
          return true;
        });
        assert.deepEqual(await hub.replicas.list(), [before], 'what was cosigned stays');
        assert.ok((await hub.replicas.verify(before.origin)).ok);
        assert.equal(hub.told.at(-1)?.action, 'replica-refused');
        // Two checkpoints of one key that contradict each other are evidence.
        assert.ok((await readdir(path.join(await held(hub), 'evidence'))).length > 0);
      },
    ),
    { numRuns: rounds },
  );
});

test('H4: a log that was cut is refused with the first entry that is missing; an old checkpoint is not cosigned', async (t) => {
  const hub = await hubOn(await tempFolder(t));
  const log = await edge(t, 20);
  await hub.replicas.accept(keyOf(log));
  const old = await sourceOf(log);
  await add(log, 20, 20);
  await pushLog(await sourceOf(log), hub.receive, { limits: SMALL });
  const cut = await edge(t, 17);
  await assert.rejects(pushLog(await sourceOf(cut), hub.receive, { limits: SMALL }), {
    code: 'audit.replica_stale',
    message: /^entry 17 is missing: the checkpoint covers 17 entries, and 41 were cosigned/,
  });
  await assert.rejects(pushLog(old, hub.receive, { limits: SMALL }), { code: 'audit.replica_stale' });
  // Cut, and gone on with otherwise: then the entry is there, and another one.
  const gone = await edge(t, 60, 17);
  await assert.rejects(
    pushLog(await sourceOf(gone), hub.receive, { limits: SMALL }),
    /entry 17 is not the one/,
  );
});

test('H5: another key, an unknown log, lines that are none, lines that no checkpoint covers', async (t) => {
  const hub = await hubOn(await tempFolder(t));
  const log = await edge(t, 10);
  const source = await sourceOf(log);
  const { origin, checkpoint } = source;
  await assert.rejects(pushLog(source, hub.receive, { limits: SMALL }), { code: 'audit.replica_unknown' });
  for (const name of ['../x', 'fractal.audit/..', 'fractal.audit/../../etc', ''])
    await assert.rejects(hub.receive({ origin: name, checkpoint, from: 0, lines: [] }), {
      code: 'audit.replica_unknown',
    });
  await hub.replicas.accept(keyOf(log));
  const thief = await edge(t, 10, Infinity, 2);
  const stolen = await sourceOf(thief);
  assert.equal(stolen.origin, origin);
  await assert.rejects(pushLog(stolen, hub.receive, { limits: SMALL }), { code: 'audit.replica_key' });
  await assert.rejects(hub.replicas.accept(keyOf(thief)), { code: 'audit.replica_key' });
  await assert.rejects(hub.replicas.accept('nonsense'), { code: 'audit.key' });
  const lines = await source.lines(0, 10);
  const bad = lines.map((line, i) => (i === 4 ? line.replace('anna', 'otto') : line));
  await assert.rejects(hub.receive({ origin, checkpoint, from: 0, lines: bad }), {
    code: 'audit.replica_line',
    message: /entry 4/,
  });
  // A chain that holds but was never signed waits, is found out, and makes way for the real one.
  const forged = await edge(t, 10, 4);
  const others = await linesOf(forged, 0, 10, 10);
  await assert.rejects(hub.receive({ origin, checkpoint, from: 0, lines: others }), {
    code: 'audit.replica_root',
  });
  await hub.receive({ origin, checkpoint, from: 0, lines: others.slice(0, 7) });
  assert.equal((await pushLog(source, hub.receive, { limits: SMALL })).size, 10);
  assert.ok((await hub.replicas.verify(origin)).ok);
});

test('H6: a hub that fails at any step of receiving goes on from where it stood', async (t) => {
  const log = await edge(t, 9);
  const source = await sourceOf(log);
  for (let failAt = 1, isOver = false; !isOver; failAt++) {
    const folder = await tempFolder(t);
    const hub = await hubOn(folder);
    await hub.replicas.accept(keyOf(log));
    let steps = 0;
    const failing = new Proxy(nodeFileSystem, {
      get: (target, name, self) => {
        const value: unknown = Reflect.get(target, name, self);
        if (!['writeDurable', 'rename', 'setMode', 'sync', 'openFile', 'remove'].includes(String(name)))
          return value;
        return async (...args: unknown[]) => {
          if (++steps === failAt) throw unavailableError('test.killed', 'killed', 'none');
          return await (value as (...all: unknown[]) => Promise<unknown>).apply(target, args);
        };
      },
    });
    const keys = await openKeys(nodeFileSystem, folder, NODE_ID.replace(/1$/, '9'), new SeededRandom(9));
    const dying = new Replicas({
      fs: failing,
      folder: path.join(folder, 'replicas'),
      cosigner: keys.cosigner,
      clock: new ManualClock(START),
      limits: DEFAULT_LIMITS,
      sink: { record: async () => 0 },
    });
    isOver = await pushLog(source, (part) => dying.receive(part), {
      limits: { ...SMALL, audit_push_tries: 1 },
    }).then(
      () => steps < failAt,
      () => false,
    );
    // Another process takes over what is on disk.
    const next = await hubOn(folder);
    const state = await pushLog(source, next.receive, { limits: SMALL });
    assert.deepEqual([state.size, state.pending], [9, 0], `step ${failAt}`);
    assert.ok((await verifyLog(nodeFileSystem, await held(next))).ok, `step ${failAt}`);
  }
});

test('H7: a byte changed on the hub is named by its verify; a passing failure is tried again', async (t) => {
  const hub = await hubOn(await tempFolder(t));
  const log = await edge(t, 12);
  await hub.replicas.accept(keyOf(log));
  let failures = 2;
  const flaky = async (part: ReceivedPart): ReturnType<Replicas['receive']> => {
    if (part.from > 3 && failures-- > 0) throw unavailableError('test.down', 'down', 'wait');
    return await hub.receive(part);
  };
  const { origin } = await pushLog(await sourceOf(log), flaky, { limits: SMALL });
  const folder = path.join(await held(hub), 'segments');
  const [name = ''] = (await readdir(folder)).slice(1);
  const bytes = await readFile(path.join(folder, name));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(path.join(folder, name), bytes, { mode: 0o600 });
  const verdict = await hub.replicas.verify(origin);
  assert.deepEqual([verdict.ok, verdict.faults[0]?.entry], [false, Number(name.slice(0, 12))]);
});
