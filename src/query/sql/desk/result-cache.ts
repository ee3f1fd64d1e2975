/**
 * Answers kept for the same question of the same rights. What is asked is the text, the values and the views that
 * answer; a commit ends all of it. Only statements that say the same as long as the data do are kept, and only answers
 * that were read to their end.
 */
import { sha256, type Limits } from '../../../base/index.ts';
import type { Store } from '../../../store/index.ts';
import type { AuthorizedQuery } from '../authorize.ts';
import { CATALOGUE_TABLES } from '../bind.ts';

export interface CacheFigures {
  readonly entries: number;
  readonly bytes: number;
  /** Since the node opened. */
  readonly hits: number;
  readonly misses: number;
}

interface Entry {
  readonly value: unknown;
  readonly bytes: number;
}

/** What only a commit changes: files of others, and the node's bookkeeping, change without one. */
const KEPT_SCHEMAS = ['law', 'esh'];

export class ResultCache {
  readonly #limits: Limits;
  /** By key, the one used longest ago first. */
  readonly #entries = new Map<string, Entry>();
  #version = -1n;
  #bytes = 0;
  #hits = 0;
  #misses = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The key of an answer in some form; undefined when it may not be kept. */
  keyOf(query: AuthorizedQuery, form: string): string | undefined {
    const { statement, scope, tables } = query;
    if (!statement.repeatable || statement.explain) return undefined;
    if (tables.some((table) => !KEPT_SCHEMAS.includes(table.schema))) return undefined;
    const isKnown = (name: string): boolean =>
      CATALOGUE_TABLES.includes(name) || tables.some((table) => name.endsWith(`.${table.name}`));
    if (!statement.tables.every(({ schema, name }) => isKnown(`${schema}.${name}`))) return undefined;
    const params: string[] = [];
    for (const param of statement.params) {
      if (typeof param === 'object' && param !== null) return undefined;
      // With its type: 1 and '1' are two questions, and so are -0 and 0.
      params.push(`${typeof param} ${Object.is(param, -0) ? '-0' : String(param)}`);
    }
    return sha256(JSON.stringify([form, scope.key, statement.sql, params]));
  }

  /** What is kept of the state of the data. */
  find<T>(key: string, version: bigint): T | undefined {
    this.#atVersion(version);
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#misses++;
      return undefined;
    }
    this.#hits++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value as T;
  }

  /** Keeps an answer that was begun and ended at one state of the data. */
  keep(key: string, value: unknown, bytes: number, version: bigint): void {
    this.#atVersion(version);
    if (bytes > this.#limits.result_cache_answer_bytes) return;
    this.#remove(key);
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (
        this.#bytes <= this.#limits.result_cache_bytes &&
        this.#entries.size <= this.#limits.result_cache_entries
      )
        return;
      this.#remove(oldest);
    }
  }

  figures(version: bigint): CacheFigures {
    this.#atVersion(version);
    return { entries: this.#entries.size, bytes: this.#bytes, hits: this.#hits, misses: this.#misses };
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #remove(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }

  /** Versions only grow. What was read of an older one is of no use, and a late answer of one is not taken. */
  #atVersion(version: bigint): void {
    if (version === this.#version) return;
    this.clear();
    this.#version = version;
  }
}

const caches = new WeakMap<Store, ResultCache>();

/** From now on answers of the store are kept. They go with each commit. */
export function keepResults(store: Store): ResultCache {
  const cache = new ResultCache(store.options.limits);
  caches.set(store, cache);
  store.onCommit(() => cache.clear());
  return cache;
}

export const cacheOf = (store: Store): ResultCache | undefined => caches.get(store);
