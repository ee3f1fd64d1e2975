/** Marks the people that the free texts of a row name (`personal_spans`), as rows arrive. */
import {
  SPANS_COLUMN,
  checkSpans,
  freeTexts,
  spanEntries,
  type Column,
  type Table,
} from '../../schema/index.ts';
import { findNames } from './personal.ts';
import type { CellValue } from './rules.ts';

export class PeopleMarker {
  readonly #table: Table;
  readonly #texts: readonly (readonly [number, string])[];
  readonly #names: readonly number[];
  readonly #spans: number;

  private constructor(table: Table, texts: readonly Column[]) {
    const at = (name: string): number => table.columns.findIndex((column) => column.name === name);
    this.#table = table;
    this.#texts = texts.map(({ name }) => [at(name), name] as const);
    this.#names = table.columns.flatMap((column, i) => (column.personal === 'name' ? [i] : []));
    this.#spans = at(SPANS_COLUMN);
  }

  /** Undefined for a table without free texts. */
  static for(table: Table): PeopleMarker | undefined {
    const texts = freeTexts(table);
    return texts.length === 0 ? undefined : new PeopleMarker(table, texts);
  }

  /**
   * Sets the spans of a row, its values in the order of the table's columns. `others` are names of people that other
   * rows of the same record have. Marks that came with the row stay; throws `row.spans` when they do not fit.
   */
  mark(values: CellValue[], others: readonly string[] = []): void {
    const given = values[this.#spans] ?? null;
    if (given !== null) {
      const texts = new Map(this.#texts.map(([i, name]) => [name, values[i] as string | null]));
      checkSpans(this.#table, given as readonly string[], (column) => texts.get(column) ?? null);
      return;
    }
    const names = [...others];
    for (const i of this.#names) {
      const name = values[i];
      if (typeof name === 'string') names.push(name);
    }
    const entries: string[] = [];
    for (const [i, column] of this.#texts) {
      const text = values[i];
      if (typeof text === 'string') entries.push(...spanEntries(column, text, findNames(text, names)));
    }
    values[this.#spans] = entries;
  }
}
