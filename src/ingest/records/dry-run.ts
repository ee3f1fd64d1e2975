/** What a mapping would make of a file, without a store: nothing is written. */
import { qualifiedName, tableNamed } from '../../schema/index.ts';
import type { ReaderInput } from '../reader.ts';
import { cellText } from './batch.ts';
import type { Mapping } from './mapping.ts';
import { readRecords, type FlaggedRecord, type RecordOptions, type RejectedRecord } from './read.ts';

export interface ColumnOutcome {
  /** `esh.incidents` */
  readonly table: string;
  readonly column: string;
  readonly type: string;
  /** The rule as it stands in the mapping, as JSON. */
  readonly rule: string;
  /** Rows that have a value. */
  readonly filled: number;
  /** The first value. */
  readonly sample: string;
}

export interface DryRun {
  readonly mapping: string;
  readonly records: number;
  readonly doubtful: number;
  readonly rejected: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly columns: readonly ColumnOutcome[];
  /** The first of each. */
  readonly doubts: readonly FlaggedRecord[];
  readonly rejections: readonly RejectedRecord[];
}

/** Doubts and rejections that are shown. */
const SHOWN = 20;
const SAMPLE_CHARS = 80;

export async function dryRun(mapping: Mapping, input: ReaderInput, options: RecordOptions): Promise<DryRun> {
  let [records, doubtful, rejected] = [0, 0, 0];
  const rows: Record<string, number> = {};
  const seen = new Map<string, { filled: number; sample: string }>();
  const doubts: FlaggedRecord[] = [];
  const rejections: RejectedRecord[] = [];
  for await (const group of readRecords(mapping, input, options)) {
    records += group.records;
    doubtful += group.doubtful;
    rejected += group.rejected.length;
    doubts.push(...group.flagged.slice(0, SHOWN - doubts.length));
    rejections.push(...group.rejected.slice(0, SHOWN - rejections.length));
    for (const { table, emission, columns, length } of group.batches) {
      const name = qualifiedName(table);
      rows[name] = (rows[name] ?? 0) + length;
      for (const [i, column] of table.columns.entries()) {
        const filled = columns[i]?.filter((value) => value !== null) ?? [];
        const key = `${emission}.${column.name}`;
        const known = seen.get(key);
        if (known !== undefined) known.filled += filled.length;
        else if (filled.length > 0)
          seen.set(key, {
            filled: filled.length,
            sample: cellText(column.type, filled[0] ?? null).slice(0, SAMPLE_CHARS),
          });
      }
    }
  }
  const columns = mapping.emit.flatMap(({ table, columns: rules }, emission) =>
    Object.entries(rules).map(([column, rule]): ColumnOutcome => {
      const { filled = 0, sample = '' } = seen.get(`${emission}.${column}`) ?? {};
      const type = typeOf(table, column);
      return { table, column, type, rule: JSON.stringify(rule), filled, sample };
    }),
  );
  return { mapping: mapping.name, records, doubtful, rejected, rows, columns, doubts, rejections };
}

function typeOf(table: string, column: string): string {
  return tableNamed(table).columns.find(({ name }) => name === column)?.type ?? '';
}
