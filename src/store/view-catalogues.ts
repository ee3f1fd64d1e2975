/**
 * Catalogues of views, kept for the next statement of the same reader. Views cost milliseconds to make and nothing to
 * keep; the number is bounded, and the one used longest ago goes first.
 */
import type { Limits } from '../base/index.ts';
import type { DuckDb } from './duckdb.ts';

export interface ViewLease {
  /** Name of the catalogue: a secret of this run. */
  readonly catalogue: string;
  /** Must be called once, when the statement is over. */
  release(): void;
}

interface Entry {
  readonly name: Promise<string>;
  uses: number;
}

export class ViewCatalogues {
  readonly #duck: DuckDb;
  readonly #limits: Limits;
  /** By key, the one used longest ago first. */
  readonly #entries = new Map<string, Entry>();

  constructor(duck: DuckDb, limits: Limits) {
    this.#duck = duck;
    this.#limits = limits;
  }

  async lease(
    key: string,
    statements: (name: string, data: string) => readonly string[],
  ): Promise<ViewLease> {
    const entry = this.#entries.get(key) ?? { name: this.#duck.makeCatalogue(statements), uses: 0 };
    entry.uses++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    try {
      const catalogue = await entry.name;
      await this.#shrink();
      return {
        catalogue,
        release: () => {
          entry.uses--;
        },
      };
    } catch (error) {
      // Nobody gets a catalogue that could not be made; the next one tries again.
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  async #shrink(): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.#limits.sql_views) return;
      if (entry.uses > 0) continue;
      this.#entries.delete(key);
      await this.#duck.dropCatalogue(await entry.name);
    }
  }
}
