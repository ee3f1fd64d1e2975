/** Records of a known source into a transaction, by its mapping. The good ones are kept, the bad ones are listed. */
import type { Clock } from '../../base/index.ts';
import { today } from '../../base/index.ts';
import { qualifiedName } from '../../schema/index.ts';
import type { Row, Transaction } from '../../store/index.ts';
import type { ReaderInput } from '../reader.ts';
import { readRecords, toRows, type ColumnBatch, type Mapping } from '../records/index.ts';

export interface MappedRecords {
  /** Records read: added, added with a doubt, or rejected. */
  readonly records: number;
  readonly doubtful: number;
  readonly rejected: number;
  /** Rows written. */
  readonly changed: number;
  /** The first doubts and rejections, with their lines. */
  readonly warnings: readonly string[];
}

/** Doubts and rejections told one by one; the rest are counted. */
const TOLD = 10;

export async function applyMappedRecords(
  transaction: Transaction,
  mapping: Mapping,
  input: ReaderInput,
  clock: Clock,
): Promise<MappedRecords> {
  let [records, doubtful, rejected, changed] = [0, 0, 0, 0];
  const doubts: string[] = [];
  const rejections: string[] = [];
  for await (const group of readRecords(mapping, input, { today: today(clock) })) {
    for (const batch of group.batches) {
      const rows = await newRows(transaction, batch);
      const counts = await transaction.put(batch.table, rows);
      changed += counts.added + counts.updated;
    }
    records += group.records;
    doubtful += group.doubtful;
    rejected += group.rejected.length;
    for (const { line, column, reason } of group.flagged.slice(0, TOLD - doubts.length))
      doubts.push(`line ${line}: ${column} is in doubt (${reason})`);
    for (const { line, reason } of group.rejected.slice(0, TOLD - rejections.length))
      rejections.push(`line ${line}: rejected (${reason})`);
  }
  const more = (total: number, told: number, what: string): string[] =>
    total > told ? [`${total - told} more records ${what}`] : [];
  return {
    records,
    doubtful,
    rejected,
    changed,
    warnings: [
      ...rejections,
      ...more(rejected, rejections.length, 'were rejected'),
      ...doubts,
      ...more(doubtful, doubts.length, 'are in doubt'),
    ],
  };
}

/** Things that many records speak of (a site, a monitoring point) are added once and not touched again. */
async function newRows(transaction: Transaction, batch: ColumnBatch): Promise<Row[]> {
  const rows = toRows(batch);
  const [key] = batch.table.key;
  if (!batch.once || key === undefined) return rows;
  const known = await transaction.rows<{ k: string }>(
    `select ${key} as k from ${qualifiedName(batch.table)} where list_contains($1, ${key})`,
    [rows.map((row) => String(row[key]))],
  );
  const here = new Set(known.map(({ k }) => k));
  return rows.filter((row) => !here.has(String(row[key])));
}
