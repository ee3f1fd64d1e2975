/** What the benches share: a store in a folder of its own, the shipped model, percentiles, a result file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { OnnxEmbedder, readModelFolder } from '../src/ai/index.ts';
import {
  DEFAULT_LIMITS,
  nodeFileSystem,
  silentLog,
  systemClock,
  systemRandom,
  type Limits,
} from '../src/base/index.ts';
import {
  SectionSearch,
  type Embedder,
  type Principal,
  type SearchMode,
  type SectionHit,
} from '../src/query/index.ts';
import { Store } from '../src/store/index.ts';

export const PRINCIPAL: Principal = { id: 'bench', roles: [] };
const policy = {
  decide: () => ({ allowed: true, predicate: undefined }) as const,
  scope: () => ({ key: '', tables: [] }),
  writing: () => ({ allowed: false, rule: 'nothing is written here' }) as const,
};

export interface Bench {
  readonly store: Store;
  readonly search: SectionSearch;
  find(query: string, mode: SearchMode, k: number, rerank?: boolean): Promise<SectionHit[]>;
  close(): Promise<void>;
}

export async function shippedModel(): Promise<OnnxEmbedder> {
  const model = await readModelFolder(nodeFileSystem, process.env['MODEL'] ?? 'models/fractal-embed-v1');
  return new OnnxEmbedder({ model, fs: nodeFileSystem, limits: DEFAULT_LIMITS });
}

export async function bench(
  embedder: Embedder,
  more: Partial<Limits> = {},
  onRerank?: ConstructorParameters<typeof SectionSearch>[0]['onRerank'],
): Promise<Bench> {
  const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
  const limits = { ...DEFAULT_LIMITS, ...more };
  const fs = nodeFileSystem;
  const store = await Store.open({
    folder,
    limits,
    clock: systemClock,
    random: systemRandom,
    fs,
    log: silentLog,
  });
  const search = new SectionSearch({
    store,
    embedder,
    policy,
    limits,
    ...(onRerank === undefined ? {} : { onRerank }),
  });
  await search.prepare();
  return {
    store,
    search,
    find: (query, mode, k, rerank = false) =>
      search.find(PRINCIPAL, {
        query,
        mode,
        k,
        at: '2026-01-01',
        jurisdiction: undefined,
        document: undefined,
        rerank,
      }),
    async close() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The value below which `share` of the sorted values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(2));
}

export function machine(): { node: string; cpu: string; cores: number; memory_gb: number } {
  return {
    node: process.versions.node,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gb: Math.round(totalmem() / 1e9),
  };
}

/** Prints the result and keeps it in bench/results. */
export function keep(name: string, result: object): void {
  const text = `${JSON.stringify({ ...result, machine: machine() }, null, 2)}\n`;
  process.stdout.write(text);
  writeFileSync(`bench/results/${name}.json`, text);
}
