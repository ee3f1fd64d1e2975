/** Marks the people in rows that nobody has looked at: those written before there was a place for the marks. */
import { TABLES, SPANS_COLUMN, freeTexts, qualifiedName, type Table } from '../../schema/index.ts';
import type { Store } from '../../store/index.ts';
import { PeopleMarker, type CellValue } from '../records/index.ts';

/** Tables with free texts, and the rows of each that have some and no marks. */
export async function unmarkedRows(
  store: Store,
): Promise<readonly { readonly table: Table; readonly rows: number }[]> {
  const found: { table: Table; rows: number }[] = [];
  for (const table of TABLES) {
    if (freeTexts(table).length === 0) continue;
    const [row] = await store.rows<{ n: bigint }>(
      `select count(*) as n from ${qualifiedName(table)} where ${unmarked(table)} and $1`,
      [true],
    );
    found.push({ table, rows: Number(row?.n ?? 0n) });
  }
  return found;
}

/** A tombstone keeps its texts, so it is looked at as well. */
function unmarked(table: Table): string {
  const texts = freeTexts(table).map(({ name }) => name);
  return `${SPANS_COLUMN} is null and coalesce(${texts.join(', ')}) is not null`;
}

/** Marks all such rows, `remark_rows` in a transaction; gives their number. Stops between two of them. */
export async function remark(store: Store, principal: string, signal: AbortSignal): Promise<number> {
  let marked = 0;
  for (const { table, rows } of await unmarkedRows(store))
    for (let left = rows; left > 0 && !signal.aborted;) {
      const done = await markSome(store, table, principal);
      if (done === 0) break;
      marked += done;
      left -= done;
    }
  return marked;
}

async function markSome(store: Store, table: Table, principal: string): Promise<number> {
  const marker = PeopleMarker.for(table);
  const texts = table.columns.filter(({ personal }) => personal === 'narrative' || personal === 'name');
  const { value } = await store.transact(principal, async (transaction) => {
    const rows = await transaction.rows<Record<string, string | null>>(
      `select ${[...table.key, ...texts.map(({ name }) => name)].join(', ')} from ${qualifiedName(table)}
        where ${unmarked(table)} order by ${table.key.join(', ')} limit $1`,
      [store.options.limits.remark_rows],
    );
    const spans = rows.map((row) => {
      const values = table.columns.map(({ name }): CellValue => row[name] ?? null);
      marker?.mark(values);
      return values[table.columns.findIndex(({ name }) => name === SPANS_COLUMN)] as readonly string[];
    });
    // Every table with free texts has one text as its key; marks hold no line ends.
    const [key = ''] = table.key;
    await transaction.close(
      table,
      `${SPANS_COLUMN} = (select if(s = '', [], string_split(s, chr(10)))
         from (select unnest($1) as k, unnest($2) as s) where k = ${table.name}.${key})`,
      `list_contains($1, ${key})`,
      [rows.map((row) => String(row[key])), spans.map((entries) => entries.join('\n'))],
    );
    return rows.length;
  });
  return value;
}
