/** Retention and legal holds (rules B1–B5), by a clock that the test sets. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { ManualClock, nodeFileSystem } from '../../src/base/index.ts';
import {
  decodeEntry,
  makeBundle,
  printBundle,
  readHolds,
  releaseHold,
  retentionFault,
  setHold,
  verifyBundle,
  verifyLog,
  type AuditLog,
  type Retention,
} from '../../src/audit/index.ts';
import { monthsAfter, retire } from '../../src/audit/retention.ts';
import { scanSegment, segmentName } from '../../src/audit/segment.ts';
import type { AuditCategory } from '../../src/schema/index.ts';
import { event, openLog, START } from './kit.ts';

const DAY = 86_400_000;
const MONTH = 31 * DAY;

async function logOf(t: TestContext): Promise<{ log: AuditLog; clock: ManualClock; folder: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'fractal-audit-'));
  const clock = new ManualClock(START);
  const log = await openLog(folder, { clock });
  t.after(async () => {
    await log.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { log, clock, folder };
}

/** A file a month: whoever writes a month later begins another. */
async function month(log: AuditLog, clock: ManualClock, categories: readonly AuditCategory[]): Promise<void> {
  for (const [i, category] of categories.entries()) await log.record(event(i, { category }));
  clock.advance(MONTH);
}

const run = async (log: AuditLog, retention: Retention): Promise<(readonly [number, number])[]> =>
  (await retire(log, retention, false)).ranges.map(({ first, end }) => [first, end] as const);

test('B1: texts go when the time of every entry of their file is over, and verify tells; hashes and proofs stay', async (t) => {
  const { log, clock, folder } = await logOf(t);
  await month(log, clock, ['access', 'access']);
  await month(log, clock, ['access', 'decision']);
  await month(log, clock, ['access']);
  await log.checkpoint();
  const retention = { access: 6, decision: 12, log: 12 };
  assert.deepEqual(await run(log, retention), [], 'too early');
  clock.advance(4 * MONTH);
  assert.deepEqual(await run(log, retention), [[0, 2]], 'the second file has a decision');
  assert.deepEqual(await run(log, retention), [], 'once');
  const [gone] = (await verifyLog(nodeFileSystem, folder)).retired;
  assert.deepEqual(
    [gone?.first, gone?.last, gone?.on.slice(0, 10)],
    [0, 1, new Date(clock.now()).toISOString().slice(0, 10)],
  );
  await assert.rejects(makeBundle(log, 0), { code: 'audit.entry_expired' });
  assert.equal((await verifyBundle(printBundle(await makeBundle(log, 3)))).entry.entry_id, 3);
  clock.advance(30 * MONTH);
  await log.record(event(9));
  clock.advance(30 * MONTH);
  await log.record(event(10));
  await run(log, { default: 6 });
  const verdict = await verifyLog(nodeFileSystem, folder);
  assert.deepEqual(
    [verdict.ok, verdict.faults],
    [true, []],
    'though the entry that told of the first has gone too',
  );
  assert.ok(verdict.expired >= 6);
});

test('B2: texts that somebody took away are not told as retired by the next that retires', async (t) => {
  const { log, clock, folder } = await logOf(t);
  await month(log, clock, ['decision', 'decision']);
  await month(log, clock, ['access']);
  await log.record(event(2));
  await log.checkpoint();
  const file = path.join(folder, 'segments', segmentName(0));
  const hashes: string[] = [];
  scanSegment(await log.readSegment(0), 0, undefined, ({ hash }) => hashes.push(`${hash}\n`));
  await nodeFileSystem.writeDurable(file, hashes.join(''), 0o400);
  clock.advance(7 * MONTH);
  assert.deepEqual(await run(log, { access: 6 }), [[2, 3]]);
  const { ok, faults } = await verifyLog(nodeFileSystem, folder);
  assert.deepEqual([ok, faults[0]?.entry], [false, 0]);
});

test('B3: a hold that is set while texts go keeps those that are still there', async (t) => {
  const { log, clock } = await logOf(t);
  await month(log, clock, ['access']);
  await log.record(event(1));
  clock.advance(7 * MONTH);
  // The hold waits for its turn on the log before the first file is touched.
  const retired = retire(log, { access: 6 }, false);
  const held = setHold(log, { id: 'CASE-8', by: 'ann' });
  await held;
  assert.deepEqual((await retired).ranges, []);
  const reversed = { id: 'CASE-9', by: 'ann', from: '2026-03-01', until: '2026-01-01' };
  await assert.rejects(setHold(log, reversed), { code: 'audit.hold' });
  await assert.rejects(setHold(log, { ...reversed, from: '2026-02-31', until: '2026-04-01' }), {
    code: 'audit.hold',
  });
});

test('B2 B3 B4: whatever is kept, held and released, in any order, the chain is whole and nothing goes before its time', async (t) => {
  const categories: readonly AuditCategory[] = ['access', 'denial', 'decision'];
  const step = fc.oneof(
    fc.record({
      do: fc.constant('write' as const),
      of: fc.array(fc.constantFrom(...categories), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ do: fc.constant('wait' as const), months: fc.integer({ min: 1, max: 30 }) }),
    fc.record({
      do: fc.constant('hold' as const),
      from: fc.option(fc.integer({ min: 0, max: 60 })),
      long: fc.integer({ min: 0, max: 20 }),
    }),
    fc.record({ do: fc.constant('release' as const) }),
    fc.record({ do: fc.constant('retire' as const) }),
    fc.record({ do: fc.constant('sign' as const) }),
  );
  const months = fc.option(fc.integer({ min: 6, max: 84 }), { nil: undefined });
  const rules = fc.record({ access: months, denial: months, default: months });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), rules, async (steps, given) => {
      const retention = Object.fromEntries(
        Object.entries(given).filter(([, count]) => count !== undefined),
      ) as Retention;
      const { log, clock, folder } = await logOf(t);
      const dayOf = (count: number): string => new Date(START + count * MONTH).toISOString().slice(0, 10);
      let holds = 0;
      const texts = new Map<number, { category: string; timestamp: string }>();
      const note = async (): Promise<void> => {
        for await (const { id, bytes } of log.lines())
          if (bytes !== undefined) {
            const entry = decodeEntry(bytes);
            assert.ok(entry);
            texts.set(id, { category: entry.event_type.split('.')[0] ?? '', timestamp: entry.timestamp });
          }
      };
      for (const one of steps)
        switch (one.do) {
          case 'write':
            await month(log, clock, one.of);
            break;
          case 'wait':
            clock.advance(one.months * MONTH);
            break;
          case 'hold': {
            const from =
              one.from === null ? {} : { from: dayOf(one.from), until: dayOf(one.from + one.long) };
            await setHold(log, { id: `CASE-${holds++}`, by: 'counsel', ...from });
            break;
          }
          case 'release': {
            const [hold] = await readHolds(log);
            if (hold !== undefined) await releaseHold(log, hold.id);
            break;
          }
          case 'sign':
            await log.checkpoint();
            break;
          case 'retire': {
            await note();
            const held = await readHolds(log);
            const now = new Date(clock.now()).toISOString();
            for (const [first, end] of await run(log, retention))
              for (let id = first; id < end; id++) {
                const entry = texts.get(id);
                if (entry === undefined) continue;
                const count = retention[entry.category as AuditCategory] ?? retention.default;
                assert.ok(
                  count !== undefined && monthsAfter(entry.timestamp, count) <= now,
                  `entry ${id} went early`,
                );
                const day = entry.timestamp.slice(0, 10);
                for (const { from = '', until = '9999' } of held)
                  assert.ok(day < from || day > until, `entry ${id} was held`);
              }
          }
        }
      const verdict = await verifyLog(nodeFileSystem, folder);
      assert.deepEqual([verdict.ok, verdict.faults, verdict.entries], [true, [], log.size]);
    }),
    { numRuns: Number(process.env['FRACTAL_RUNS'] ?? 25) },
  );
});

test('B4: a list of holds that cannot be read keeps everything; names and days are checked', async (t) => {
  const { log, clock, folder } = await logOf(t);
  await month(log, clock, ['access']);
  await month(log, clock, ['access']);
  clock.advance(20 * MONTH);
  await writeFile(path.join(folder, 'holds.json'), '{');
  await assert.rejects(run(log, { default: 6 }), { code: 'audit.holds' });
  await writeFile(path.join(folder, 'holds.json'), '[]');
  await setHold(log, { id: 'CASE-1', by: 'counsel' });
  await assert.rejects(setHold(log, { id: 'CASE-1', by: 'counsel' }), { code: 'audit.hold' });
  await assert.rejects(setHold(log, { id: 'Ms Smith', by: 'counsel' }), { code: 'audit.hold' });
  await assert.rejects(setHold(log, { id: 'A', by: 'counsel', from: '2026-13-40' }), { code: 'audit.hold' });
  await assert.rejects(releaseHold(log, 'CASE-2'), { code: 'audit.hold_unknown' });
  assert.deepEqual(await run(log, { default: 6 }), []);
  await releaseHold(log, 'CASE-1');
  assert.deepEqual(await run(log, { default: 6 }), [[0, 1]]);
});

test('B5: times are from 6 months to 7 years, to the day', () => {
  assert.equal(retentionFault({ access: 6, default: 84 }), undefined);
  for (const bad of [
    { access: 5 },
    { access: 85 },
    { access: 6.5 },
    { nothing: 6 },
    [],
    'x',
    { access: '6' },
  ])
    assert.notEqual(retentionFault(bad), undefined, JSON.stringify(bad));
  assert.equal(monthsAfter('2026-08-31T10:00:00.000000001Z', 6), '2027-02-28T10:00:00.000Z');
  assert.equal(monthsAfter('2024-02-29T00:00:00.000000000Z', 12), '2025-02-28T00:00:00.000Z');
  assert.equal(monthsAfter('2026-01-31T23:59:59.999000000Z', 84), '2033-01-31T23:59:59.999Z');
});
