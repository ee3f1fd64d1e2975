/** Records of a known source into a transaction, by its mapping. The good ones are kept, the bad ones are listed. */
import type { Clock } from '../../base/index.ts';
import { today } from '../../base/index.ts';
import type { Stage, Transaction } from '../../store/index.ts';
import type { ReaderInput } from '../reader.ts';
import { readRecords, toRecordBatch, type Mapping, type RecordGroup } from '../records/index.ts';

/** A file as `node.sources` names it. */
export interface RecordSource {
  readonly sha256: string;
  readonly name: string;
}

export interface MappedRecords {
  /** Records read: added, added with a doubt, or rejected. */
  readonly records: number;
  readonly doubtful: number;
  readonly rejected: number;
  /** Rows written. */
  readonly changed: number;
  /** The first doubts and rejections, with their lines. All of them are in `node.record_doubts`. */
  readonly warnings: readonly string[];
}

export async function applyMappedRecords(
  transaction: Transaction,
  mapping: Mapping,
  source: RecordSource,
  input: ReaderInput,
  clock: Clock,
): Promise<MappedRecords> {
  const stages = new Map<number, { readonly stage: Stage; readonly once: boolean }>();
  const said = new Said(source, input.limits.record_doubts);
  for await (const group of readRecords(mapping, input, { today: today(clock) })) {
    for (const batch of group.batches) {
      const { table, once, emission } = batch;
      const staged = stages.get(emission) ?? { stage: await transaction.stageFor(table), once };
      stages.set(emission, staged);
      await staged.stage.appendBatch(toRecordBatch(batch));
    }
    said.add(group);
  }
  let changed = 0;
  // Things that many records speak of (a site, a monitoring point) come first, are added once and not touched again.
  for (const { stage, once } of [...stages.values()].sort((a, b) => Number(b.once) - Number(a.once))) {
    if (once) changed += await transaction.putNew(stage);
    else {
      const { added, updated } = await transaction.putStaged(stage);
      changed += added + updated;
    }
    await stage.drop();
  }
  await said.keep(transaction);
  const { records, doubtful, rejected } = said;
  return { records, doubtful, rejected, changed, warnings: said.warnings() };
}

/** Doubts and rejections told one by one; the rest are counted. */
const TOLD = 10;
/** Doubts written by one statement. */
const WRITTEN = 8192;

interface Doubt {
  readonly line: number;
  readonly table: string | null;
  readonly key: string | null;
  readonly column: string | null;
  readonly reason: string;
  readonly kept: boolean;
}

/** What is to be said of the records of a file. */
class Said {
  records = 0;
  doubtful = 0;
  rejected = 0;
  readonly #source: RecordSource;
  readonly #most: number;
  readonly #doubts: Doubt[] = [];
  #beyond = 0;

  constructor(source: RecordSource, most: number) {
    this.#source = source;
    this.#most = most;
  }

  add({ records, doubtful, flagged, rejected }: RecordGroup): void {
    this.records += records;
    this.doubtful += doubtful;
    this.rejected += rejected.length;
    for (const { line, reason } of rejected)
      this.#add({ line, table: null, key: null, column: null, reason, kept: false });
    for (const { key = null, ...doubt } of flagged) this.#add({ ...doubt, key, kept: true });
  }

  #add(doubt: Doubt): void {
    if (this.#doubts.length < this.#most) this.#doubts.push(doubt);
    else this.#beyond++;
  }

  warnings(): string[] {
    const lines = (kept: boolean, total: number, what: string): string[] => {
      const told = this.#doubts.filter((doubt) => doubt.kept === kept).slice(0, TOLD);
      const texts = told.map(({ line, column, reason }) =>
        kept ? `line ${line}: ${column ?? ''} is in doubt (${reason})` : `line ${line}: rejected (${reason})`,
      );
      const more = total - new Set(told.map(({ line }) => line)).size;
      return more > 0 ? [...texts, `${more} more records ${what}`] : texts;
    };
    const warnings = [
      ...lines(false, this.rejected, 'were rejected'),
      ...lines(true, this.doubtful, 'are in doubt'),
    ];
    if (this.#beyond > 0) warnings.push(`${this.#beyond} more doubts and rejections are not kept by line`);
    return warnings;
  }

  /** In the place of what an earlier import of the same file said. */
  async keep(transaction: Transaction): Promise<void> {
    const { sha256, name } = this.#source;
    await transaction.bookkeep(
      'delete from node.record_doubts where source_sha256 = $1 and source_name = $2',
      [sha256, name],
    );
    for (let from = 0; from < this.#doubts.length; from += WRITTEN) {
      const part = this.#doubts.slice(from, from + WRITTEN);
      const column = (of: (doubt: Doubt) => string | null): string[] => part.map((doubt) => of(doubt) ?? '');
      // Lists are bound as texts, and an empty one stands for none.
      await transaction.bookkeep(
        `insert into node.record_doubts
         select $1, $2, line::bigint, nullif(t, ''), nullif(k, ''), nullif(c, ''), reason, kept::boolean, $9
           from (select unnest($3) as line, unnest($4) as t, unnest($5) as k, unnest($6) as c,
                        unnest($7) as reason, unnest($8) as kept)`,
        [
          sha256,
          name,
          column(({ line }) => String(line)),
          column(({ table }) => table),
          column(({ key }) => key),
          column((doubt) => doubt.column),
          column(({ reason }) => reason),
          column(({ kept }) => String(kept)),
          transaction.stamp.commitVersion,
        ],
      );
    }
  }
}
