/**
 * The law in force on a day, as the cheapest predicate that says so.
 *
 * Measured at 1 M rows: a range that nearly every row meets costs more than the search itself, because the index lists
 * the rows that meet it; `column != value` lists the few that do not, and is free. What the versions' own dates make
 * certain is left out or said that way.
 */
import type { Store } from '../../store/index.ts';

/** Latest days over all versions the node holds to be true; undefined where none has such a day. */
interface Bounds {
  readonly commitVersion: bigint;
  readonly lastStart: number | undefined;
  readonly lastEnd: number | undefined;
}

export class InForce {
  readonly #store: Store;
  #bounds: Bounds | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Call with the reader in hand: bounds may be newer than what is read, never older. */
  async predicate(day: number): Promise<string[]> {
    const { lastStart, lastEnd } = await this.#current();
    return [
      'superseded != 1',
      ...(lastStart === undefined || lastStart <= day ? [] : [`from_day <= ${day}`]),
      // Once every known end has passed, what has an end is over.
      ...(lastEnd === undefined ? [] : lastEnd <= day ? ['closed != 1'] : [`to_day > ${day}`]),
    ];
  }

  async #current(): Promise<Bounds> {
    const { commitVersion } = this.#store;
    if (this.#bounds?.commitVersion === commitVersion) return this.#bounds;
    const [row] = await this.#store.rows<{ s: number | null; e: number | null }>(
      `select datediff('day', date '1970-01-01', max(in_force_from))::int as s,
              datediff('day', date '1970-01-01', max(in_force_to))::int as e
         from law.versions where known_to is null and not deleted and provisions >= $1`,
      [0],
    );
    this.#bounds = { commitVersion, lastStart: row?.s ?? undefined, lastEnd: row?.e ?? undefined };
    return this.#bounds;
  }
}
