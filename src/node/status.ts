/** What runs, how much of it, and what is not well. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { TABLES, qualifiedName } from '../schema/index.ts';
import { SECTION_TABLE } from '../query/index.ts';
import type { FileSystem } from '../base/index.ts';
import type { JobState, NodeStatus } from './api.ts';
import type { NodeParts } from './parts.ts';

export const VERSION = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;

async function folderBytes(fs: FileSystem, folder: string): Promise<number> {
  let sum = 0;
  for (const name of await fs.list(folder)) {
    const file = path.join(folder, name);
    const stat = await fs.stat(file);
    if (stat?.isDirectory() === true) sum += await folderBytes(fs, file);
    else sum += stat?.size ?? 0;
  }
  return sum;
}

async function searchState(parts: NodeParts): Promise<NodeStatus['search']> {
  const { model } = parts.embedder;
  const name = `${model.id} ${model.version}`;
  if (parts.store.lanceDamage !== undefined)
    return { sections: 0, model: name, text_index: false, vector_index: 'flat', unindexed_rows: 0 };
  const table = parts.store.lanceTable(SECTION_TABLE).reader;
  const indexes = await table.listIndices();
  const text = indexes.find((index) => index.columns.includes('search_text'));
  return {
    sections: await table.countRows('superseded = 0'),
    model: name,
    text_index: text !== undefined,
    vector_index: indexes.some((index) => index.columns.includes('vector')) ? 'ivf-rq' : 'flat',
    unindexed_rows: text?.numUnindexedRows ?? 0,
  };
}

/** One look at the queue for `status`, `/metrics` and `doctor`. */
export async function queueState(parts: NodeParts): Promise<NodeStatus['queue']> {
  const jobs = await parts.queue.jobs();
  const watches = await parts.watcher.list();
  const count = (state: JobState): number => jobs.filter((job) => job.state === state).length;
  const unfinished = jobs.filter((job) => ['queued', 'running', 'paused'].includes(job.state));
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  return {
    queued: count('queued'),
    running: count('running'),
    paused: count('paused'),
    interrupted: unfinished.filter((job) => job.state !== 'paused' && !job.active).length,
    files_left: sum(unfinished.map((job) => job.files_total - job.files_done - job.cancelled)),
    files_at_fault: sum(jobs.map((job) => job.rejected + job.failed)),
    watches: watches.length,
    files_missing: sum(watches.map((watch) => watch.missing_total)),
  };
}

export async function describeNode(parts: NodeParts): Promise<Omit<NodeStatus, 'mode'>> {
  const { store, config, outside, dataDir } = parts;
  const counts = await store.rows<{ name: string; n: bigint }>(
    TABLES.map(
      (table) =>
        `select '${qualifiedName(table)}' as name, count(*) as n from ${qualifiedName(table)} where deleted = $1`,
    ).join(' union all '),
    [false],
  );
  const rows = new Map(counts.map(({ name, n }) => [name, Number(n)]));
  return {
    node: { id: store.nodeId, name: config.name, role: config.role, region: config.region },
    version: VERSION,
    data_dir: dataDir,
    running: false,
    uptime_s: Math.round((outside.clock.monotonic() - parts.startedAt) / 1000),
    commit_version: Number(store.commitVersion),
    tables: TABLES.map((table) => ({
      name: qualifiedName(table),
      class: table.class,
      rows: rows.get(qualifiedName(table)) ?? 0,
    })),
    search: await searchState(parts),
    storage: {
      duckdb_bytes:
        ((await outside.fs.stat(path.join(dataDir, 'fractal.duckdb')))?.size ?? 0) +
        ((await outside.fs.stat(path.join(dataDir, 'fractal.duckdb.wal')))?.size ?? 0),
      lance_bytes: await folderBytes(outside.fs, path.join(dataDir, 'lance')),
    },
    memory: { rss_bytes: process.memoryUsage().rss },
    queue: await queueState(parts),
    warnings: [
      ...store.warnings,
      ...parts.maintenance.warnings,
      ...(store.lanceDamage === undefined ? [] : [`${store.lanceDamage.message}: ${store.lanceDamage.cure}`]),
    ],
  };
}
