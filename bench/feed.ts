/**
 * The change feed on a large table: what a feed of a small change costs beside reading the whole table.
 * `UV_THREADPOOL_SIZE=16 node bench/feed.ts [rows]` writes bench/results/feed.json.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, nodeFileSystem, silentLog, systemClock, systemRandom } from '../src/base/index.ts';
import { ESH } from '../src/schema/index.ts';
import { Store, changes, type ChangeRequest } from '../src/store/index.ts';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const CHANGED = 150;
const REPEATS = 7;

const folder = await mkdtemp(path.join(os.tmpdir(), 'fractal-bench-'));
const store = await Store.open({
  folder,
  limits: DEFAULT_LIMITS,
  clock: systemClock,
  random: systemRandom,
  fs: nodeFileSystem,
  log: silentLog,
});

const contact = (i: number, name: string) => ({
  contact_id: `c${String(i).padStart(8, '0')}`,
  region: i % 2 === 0 ? 'north' : 'south',
  site_id: `s${i % 1000}`,
  role: 'manager',
  name,
});

async function read(request: ChangeRequest): Promise<number> {
  let rows = 0;
  for await (const { batch } of changes(store, request)) rows += batch.numRows;
  return rows;
}

/** Median, in milliseconds. */
async function measure(request: ChangeRequest): Promise<{ rows: number; ms: number }> {
  const times: number[] = [];
  let rows = 0;
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    rows = await read(request);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { rows, ms: Math.round((times[REPEATS >> 1] ?? 0) * 10) / 10 };
}

const loading = performance.now();
const PART = 100_000;
for (let start = 0; start < ROWS; start += PART)
  await store.transact('bench', (tx) =>
    tx.insert(
      ESH.contacts,
      [...Array(Math.min(PART, ROWS - start)).keys()].map((i) => contact(start + i, `name ${start + i}`)),
    ),
  );
await store.checkpoint();
const loadMs = performance.now() - loading;
const loaded = store.commitVersion;

const appended = await store.transact('bench', (tx) =>
  tx.put(
    ESH.contacts,
    [...Array(CHANGED).keys()].map((i) => contact(ROWS + i, 'new')),
  ),
);
const atTheEnd = await measure({ since: loaded });
const scattered = await store.transact('bench', (tx) =>
  tx.put(
    ESH.contacts,
    [...Array(CHANGED).keys()].map((i) => contact(Math.floor((i * ROWS) / CHANGED), 'changed')),
  ),
);
const everywhere = await measure({ since: appended.commitVersion });
const onePartition = await measure({
  since: appended.commitVersion,
  partition: { region: 'north', category: 'contact' },
});
const nothing = await measure({ since: scattered.commitVersion });
const start = performance.now();
const whole = await read({ since: 0n });
const wholeMs = performance.now() - start;

const results = {
  what: 'change feed of esh.contacts, median of 7',
  machine: `${os.cpus()[0]?.model ?? '?'}, ${os.availableParallelism()} cores, shared`,
  rows: ROWS,
  load_ms: Math.round(loadMs),
  feeds: {
    nothing_changed: nothing,
    appended_150: atTheEnd,
    scattered_150: everywhere,
    scattered_150_of_one_partition: onePartition,
    whole_table: { rows: whole, ms: Math.round(wholeMs) },
  },
  peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
};
await store.close();
await rm(folder, { recursive: true });
await writeFile(new URL('./results/feed.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
