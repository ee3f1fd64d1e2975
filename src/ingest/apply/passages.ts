/** Passages of the documents of one file on their way into the search table: embedded and staged by the batch. */
import type { Limits } from '../../base/index.ts';
import {
  SECTION_TABLE,
  passageVectors,
  sectionBatch,
  type Embedder,
  type IndexedSection,
} from '../../query/index.ts';
import type { Transaction } from '../../store/index.ts';

export class Passages {
  readonly #transaction: Transaction;
  readonly #embedder: Embedder;
  readonly #limits: Limits;
  #waiting: IndexedSection[] = [];

  constructor(transaction: Transaction, embedder: Embedder, limits: Limits) {
    this.#transaction = transaction;
    this.#embedder = embedder;
    this.#limits = limits;
  }

  async add(rows: readonly IndexedSection[]): Promise<void> {
    for (const row of rows) {
      this.#waiting.push(row);
      if (this.#waiting.length >= this.#limits.lance_batch_rows) await this.stage();
    }
  }

  /** Stages what waits. Before anything changes passages in the search table, and when the file ends. */
  async stage(): Promise<void> {
    const rows = this.#waiting;
    if (rows.length === 0) return;
    this.#waiting = [];
    // The model reads what full-text search reads, but for the citation in the first line.
    const texts = rows.map((row) => row.search_text.slice(row.citation.length + 1));
    const vectors = await passageVectors(this.#embedder, texts);
    const { dimension } = this.#embedder.model;
    const { commitVersion } = this.#transaction.stamp;
    await this.#transaction.stage(SECTION_TABLE, sectionBatch(rows, vectors, dimension, commitVersion));
  }
}
