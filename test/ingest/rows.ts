/** A batch as rows: what the columns path is compared with. */
import { plainValue, type ColumnBatch } from '../../src/ingest/records/index.ts';
import type { Row, RowValue } from '../../src/store/index.ts';

export function toRows({ table, length, columns }: ColumnBatch): Row[] {
  return Array.from({ length }, (_, r) =>
    Object.fromEntries(
      table.columns.flatMap(({ name, type }, i): [string, RowValue][] => {
        const value = columns[i]?.[r];
        if (columns[i] === undefined || value === undefined) return [];
        return [[name, value === null ? null : plainValue(type, value)]];
      }),
    ),
  );
}
