/** Statements of all doors, as those who may see them. */
import { notFoundError, type FileSystem, type Limits, type Log } from '../base/index.ts';
import {
  cacheOf,
  deskOf,
  keepResults,
  textWithoutLiterals,
  type EndedQuery,
  type Principal,
  type QueryDesk,
} from '../query/index.ts';
import type { Store } from '../store/index.ts';
import type { NodeConfig } from './config.ts';
import type { ListedQuery, QueryFigures, SlowQuery } from './query-api.ts';
import { SlowLog } from './slow-log.ts';

interface Parts {
  readonly store: Store;
  readonly limits: Limits;
  readonly fs: FileSystem;
  readonly dataDir: string;
  readonly config: NodeConfig;
}

export class NodeQueries {
  readonly #parts: Parts;
  readonly #desk: QueryDesk;
  readonly #slow: SlowLog;
  #slowOnes = 0;

  constructor(parts: Parts, log: Log) {
    const { store, limits, dataDir, fs, config } = parts;
    this.#parts = parts;
    this.#desk = deskOf(store);
    this.#slow = new SlowLog({ fs, dataDir, limits, log });
    if (config.result_cache !== false) keepResults(store);
    this.#desk.onEnd((ended) => {
      if (ended.waitedMs + ended.durationMs < limits.sql_slow_ms) return;
      this.#slowOnes++;
      this.#slow.add(() => this.#slowQuery(ended));
    });
  }

  async list(principal: Principal, mayAdminister: boolean): Promise<ListedQuery[]> {
    const seen = this.#desk.running().filter((one) => mayAdminister || one.principal === principal.id);
    return await Promise.all(
      seen.map(async (one) => ({
        id: one.id,
        principal: one.principal,
        purpose: one.purpose ?? null,
        sql: await textWithoutLiterals(this.#parts.store, one.sql),
        state: one.state,
        started_at: new Date(one.startedAt).toISOString(),
        elapsed_ms: Math.round(one.elapsedMs),
        rows: one.rows,
      })),
    );
  }

  async slow(): Promise<SlowQuery[]> {
    return await this.#slow.list();
  }

  /** One that is not there and one that is somebody else's are answered alike. */
  cancel(id: number, principal: Principal, mayAdminister: boolean): void {
    const one = this.#desk.running().find((running) => running.id === id);
    if (one === undefined || (!mayAdminister && one.principal !== principal.id))
      throw notFoundError(
        'query.unknown',
        'no statement of that number runs',
        '`fractal queries list` shows those that do.',
      );
    this.#desk.cancel(id, principal.id);
  }

  figures(): QueryFigures {
    const { store } = this.#parts;
    const cache = cacheOf(store);
    const { entries = 0, ...rest } = cache?.figures(store.commitVersion) ?? { bytes: 0, hits: 0, misses: 0 };
    return {
      ...this.#desk.figures(),
      slow: this.#slowOnes,
      cache: { enabled: cache !== undefined, answers: entries, ...rest },
    };
  }

  async close(): Promise<void> {
    await this.#slow.settle();
  }

  async #slowQuery(ended: EndedQuery): Promise<SlowQuery> {
    return {
      principal: ended.principal,
      purpose: ended.purpose ?? null,
      sql: await textWithoutLiterals(this.#parts.store, ended.sql),
      started_at: new Date(ended.startedAt).toISOString(),
      waited_ms: Math.round(ended.waitedMs),
      duration_ms: Math.round(ended.durationMs),
      rows: ended.rows,
      cached: ended.cached,
      error_code: ended.code ?? null,
    };
  }
}
