/**
 * Full text for readers of whom policy hides rows. BM25 weighs a word by how many rows have it and a row by how long rows
 * are: over one index for all, the scores that somebody sees, and so the order, would tell of words in rows that they do
 * not. So their rows have an index of their own, in memory, made at the first search over a version of the table.
 */
import * as lancedb from '@lancedb/lancedb';
import { Serial, unavailableError, type Limits } from '../../base/index.ts';
import { PUSHED_COLUMNS, textIndex } from './section-table.ts';

/** What a prefilter may be over, besides policy, which is met by all that is here. */
const COLUMNS = [...PUSHED_COLUMNS, 'from_day', 'to_day', 'closed', 'superseded'];

export class ScopedText {
  readonly #limits: Limits;
  /** Made one at a time: each holds all its rows. */
  readonly #making = new Serial();
  /** By version and predicate, the one used longest ago first. */
  readonly #indexes = new Map<string, Promise<lancedb.Table>>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Scores of the best `k` by row id, and of those that are as good as the last of them. */
  async find(
    table: lancedb.Table,
    predicate: string,
    asked: { readonly text: string; readonly where: string; readonly k: number },
  ): Promise<ReadonlyMap<bigint, number>> {
    const index = await this.#index(table, predicate);
    const ask = async (limit: number): Promise<[id: bigint, score: number][]> => {
      const found = await index
        .query()
        .fullTextSearch(asked.text, { columns: ['search_text'] })
        .where(asked.where)
        .select(['row', '_score'])
        .limit(limit)
        .toArrow();
      const [ids, scores] = [found.getChild('row'), found.getChild('_score')];
      return Array.from({ length: found.numRows }, (_, i) => [
        ids?.get(i) as bigint,
        scores?.get(i) as number,
      ]);
    };
    return new Map(await endingApart(asked.k, ask, (list) => list.map(([, score]) => score)));
  }

  /** Versions begin anew: nothing made before is of use. */
  clear(): void {
    this.#indexes.clear();
  }

  async #index(table: lancedb.Table, predicate: string): Promise<lancedb.Table> {
    const key = `${await table.version()} ${predicate}`;
    const made = this.#indexes.get(key) ?? this.#making.run(() => this.#make(table, predicate));
    this.#indexes.delete(key);
    this.#indexes.set(key, made);
    const [oldest] = this.#indexes.keys();
    // Whoever still searches the one that goes keeps it until then.
    if (this.#indexes.size > this.#limits.search_scopes && oldest !== undefined) this.#indexes.delete(oldest);
    try {
      return await made;
    } catch (error) {
      if (this.#indexes.get(key) === made) this.#indexes.delete(key);
      throw error;
    }
  }

  async #make(table: lancedb.Table, predicate: string): Promise<lancedb.Table> {
    const { search_scope_rows: most } = this.#limits;
    const columns = ['search_text', ...COLUMNS].map((name) => [name, name] as const);
    const rows = await table
      .query()
      .where(predicate)
      .select(new Map([['row', '_rowid'], ...columns]))
      .limit(most + 1)
      .toArrow();
    if (rows.numRows > most)
      throw unavailableError(
        'search.scope_rows',
        `policy shows you some of the law, more than ${most} provisions; full text over a part of the law is not made for as many`,
        'Search by vector, or raise search_scope_rows in fractal.json.',
      );
    const db = await lancedb.connect('memory://');
    const made = await db.createTable('rows', rows);
    await made.createIndex('search_text', { config: textIndex() });
    return made;
  }
}

/**
 * A list of the best `k` and more that does not end among equal scores. Of equal ones an engine lists any, as its files
 * happen to lie, and they lie as hidden rows have them lie.
 */
export async function endingApart<T>(
  k: number,
  ask: (limit: number) => Promise<T>,
  scoresOf: (list: T) => readonly number[],
): Promise<T> {
  for (let limit = k + 1; ; limit *= 4) {
    const list = await ask(limit);
    const scores = scoresOf(list);
    if (scores.length < limit || scores[k - 1] !== scores.at(-1)) return list;
  }
}
