/**
 * The audit log: `node bench/audit.ts [VERIFY_ENTRIES] [PROOF_ENTRIES]`. Writes bench/results/audit.json.
 *
 * Appends: `writers` callers, each waiting for its entry to be durable before the next; real files, real fsync. Latency is
 * what a caller waits. Verify: all of a log of VERIFY_ENTRIES, second of two runs, by the clock and by processor time of
 * all threads. Proofs: inclusion proofs of random leaves in a tree of PROOF_ENTRIES, from tiles on disk, with the small cache
 * of tiles that a node has; checked, outside the time. The log is written by the log itself; the tree of the proofs by its
 * tiles alone, from made-up leaf hashes: a proof reads no entry. All in a temporary folder.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, SeededRandom, nodeFileSystem, silentLog, systemClock } from '../src/base/index.ts';
import { AuditLog, inclusionProof, isIncluded, openKeys, rootOf, verifyLog } from '../src/audit/index.ts';
import { HASH_BYTES } from '../src/audit/entry.ts';
import { Tiles } from '../src/audit/tiles.ts';
import type { AuditEvent } from '../src/schema/index.ts';
import { keep, percentile } from './kit.ts';

const VERIFIED = Number(process.argv[2] ?? 1_000_000);
const PROVED = Number(process.argv[3] ?? 10_000_000);
const NODE_ID = '01900000-0000-7000-8000-000000000001';
/** Leaf hashes made at one time. */
const LEAVES = 65_536;
const random = new SeededRandom(7);

/** As a read writes them: a statement without its values, hashes, tables and columns. */
const event = (i: number): AuditEvent => ({
  category: 'access',
  action: 'sql',
  principal: `user-${i % 40}`,
  roles: ['inspector'],
  resource: 'esh.sites',
  detail: {
    statement: 'select name, region from esh.sites where site_id = ? and region = ?',
    statement_hash: 'a'.repeat(64),
    via: 'http',
    credential: `c-${i % 40}`,
    stage: 'begun',
    ms: (i % 970) / 10,
  },
});

async function openLog(folder: string): Promise<AuditLog> {
  await nodeFileSystem.makeFolder(folder);
  return await AuditLog.open({
    fs: nodeFileSystem,
    folder,
    nodeId: NODE_ID,
    keys: await openKeys(nodeFileSystem, folder, NODE_ID, random),
    clock: systemClock,
    limits: DEFAULT_LIMITS,
    log: silentLog,
  });
}

interface Appended {
  readonly writers: number;
  readonly entries: number;
  readonly per_second: number;
  readonly cpu_us_per_entry: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

async function append(log: AuditLog, writers: number, entries: number): Promise<Appended> {
  const waits: number[] = [];
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < entries) {
      const from = performance.now();
      await log.record(event(next++));
      if (waits.length < 1_000_000) waits.push(performance.now() - from);
    }
  };
  const from = performance.now();
  const spent = process.cpuUsage();
  await Promise.all(Array.from({ length: writers }, writer));
  const { user, system } = process.cpuUsage(spent);
  return {
    writers,
    entries,
    per_second: Math.round((entries / (performance.now() - from)) * 1000),
    cpu_us_per_entry: Number(((user + system) / entries).toFixed(2)),
    p50_ms: percentile(waits, 0.5),
    p99_ms: percentile(waits, 0.99),
  };
}

async function verified(folder: string): Promise<object> {
  let told = {};
  for (let run = 0; run < 2; run++) {
    const from = performance.now();
    const spent = process.cpuUsage();
    const { ok, entries } = await verifyLog(nodeFileSystem, folder);
    if (!ok) throw new Error('the log is not good');
    const ms = performance.now() - from;
    const { user, system } = process.cpuUsage(spent);
    told = {
      entries,
      per_second: Math.round((entries / ms) * 1000),
      per_second_of_processor: Math.round((entries / (user + system)) * 1e6),
    };
  }
  return told;
}

async function proved(folder: string, size: number, rounds: number): Promise<object> {
  const tiles = new Tiles(nodeFileSystem, folder);
  await tiles.load(0);
  for (let done = 0; done < size; done += LEAVES)
    await tiles.append(random.bytes(Math.min(LEAVES, size - done) * HASH_BYTES));
  const at = tiles.hashAt;
  const root = await rootOf(at, size);
  const times: number[] = [];
  const cpu = process.cpuUsage();
  for (let i = 0; i < rounds; i++) {
    const entry = random.below(size);
    const from = performance.now();
    const proof = await inclusionProof(at, entry, size);
    times.push(performance.now() - from);
    if (!(await isIncluded(await at(0, entry), entry, size, proof, root)))
      throw new Error('a proof does not hold');
  }
  const { user, system } = process.cpuUsage(cpu);
  await tiles.close();
  return {
    entries: size,
    proofs: rounds,
    p50_ms: percentile(times, 0.5),
    p99_ms: percentile(times, 0.99),
    cpu_ms_with_check: Number(((user + system) / 1000 / rounds).toFixed(3)),
  };
}

const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
try {
  const small = await openLog(path.join(folder, 'small'));
  const appends: Appended[] = [];
  for (const [writers, entries] of [
    [1, 500],
    [8, 4000],
    [64, 30_000],
    [1000, 200_000],
  ] as const)
    appends.push(await append(small, writers, entries));
  await small.close();
  const large = await openLog(path.join(folder, 'large'));
  const bulk = await append(large, 4000, VERIFIED);
  await large.close();
  const verify = await verified(path.join(folder, 'large'));
  const proofs = await proved(path.join(folder, 'tree'), PROVED, 2000);
  keep('audit', {
    command: `node bench/audit.ts ${VERIFIED} ${PROVED}`,
    appends,
    appends_bulk: bulk,
    verify,
    inclusion_proof: proofs,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
