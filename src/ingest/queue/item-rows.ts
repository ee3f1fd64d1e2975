/** Every statement over node.job_items: the files of jobs. */
import type { Books } from '../../store/index.ts';
import { shownResult, type FileResult, type ShownResult } from '../file-result.ts';
import type { ItemState, JobFault } from './job.ts';
import type { FoundFile } from './listing.ts';
import { micros, type Reader } from './rows.ts';

export interface Item {
  readonly ordinal: number;
  readonly path: string;
  readonly name: string;
  readonly bytes: bigint;
  /** When it was changed last, as listed; null when that does not matter any more. */
  readonly modified_ms: bigint | null;
  readonly attempts: number;
}

export interface Ending {
  readonly item: Item;
  readonly result: FileResult;
}

/** Adds files with ordinals from `from` on, and to the job's totals. */
export async function addItems(
  books: Books,
  id: number,
  from: number,
  files: readonly FoundFile[],
  name: string | undefined,
): Promise<void> {
  await books.bookkeep(
    `insert into node.job_items
      select $1, ordinal, path, coalesce($2, path), bytes, modified_ms, 'queued', 0,
             null, null, null, null, null, null, null, null
        from (select unnest($3::varchar[])::int as ordinal, unnest($4::varchar[]) as path,
                     unnest($5::varchar[])::bigint as bytes, unnest($6::varchar[])::bigint as modified_ms)`,
    [
      id,
      name ?? null,
      files.map((_, i) => String(from + i)),
      files.map((file) => file.path),
      files.map((file) => String(file.bytes)),
      files.map((file) => String(file.modifiedMs)),
    ],
  );
  await books.bookkeep('update node.jobs set files = files + $2, bytes = bytes + $3 where job_id = $1', [
    id,
    files.length,
    BigInt(files.reduce((sum, file) => sum + file.bytes, 0)),
  ]);
}

/** What a listing that was cut off has found already, and the ordinal that comes next. */
export async function listedSoFar(
  books: Reader,
  id: number,
): Promise<{ readonly paths: Set<string>; readonly next: number }> {
  const rows = await books.rows<{ path: string; ordinal: number }>(
    'select path, ordinal from node.job_items where job_id = $1',
    [id],
  );
  return {
    paths: new Set(rows.map((row) => row.path)),
    next: rows.reduce((most, row) => Math.max(most, row.ordinal), 0) + 1,
  };
}

/** Items whose turn it is, in order. */
export async function dueItems(books: Reader, id: number, nowMs: number, most: number): Promise<Item[]> {
  return await books.rows<Item>(
    `select ordinal, path, name, bytes, modified_ms, attempts from node.job_items
      where job_id = $1 and state = 'queued' and (next_try is null or next_try <= make_timestamp($2))
      order by next_try is not null, ordinal limit $3`,
    [id, micros(nowMs), most],
  );
}

/** Before a file is read: should the process die in it, the next one knows. Answers whether it is still wanted. */
export async function startItem(books: Books, id: number, ordinal: number): Promise<boolean> {
  const changed = await books.bookkeep(
    `update node.job_items set state = 'running', attempts = attempts + 1
      where job_id = $1 and ordinal = $2 and state = 'queued'`,
    [id, ordinal],
  );
  return changed > 0;
}

/** Items that were being read when a process died. */
export async function brokenOff(books: Reader): Promise<(Item & { readonly job_id: number })[]> {
  return await books.rows<Item & { readonly job_id: number }>(
    `select job_id, ordinal, path, name, bytes, modified_ms, attempts from node.job_items where state = 'running'`,
  );
}

/** Puts a started item back. `nextTryMs`: not before; absent: the try does not count. */
export async function putBack(books: Books, id: number, ordinal: number, nextTryMs?: number): Promise<void> {
  await books.bookkeep(
    `update node.job_items set state = 'queued', next_try = make_timestamp($3), attempts = attempts - $4
      where job_id = $1 and ordinal = $2 and state = 'running'`,
    [id, ordinal, nextTryMs === undefined ? null : micros(nextTryMs), nextTryMs === undefined ? 1 : 0],
  );
}

/** Notes how items ended, and in which order. Answers how many of them were still wanted. */
export async function endItems(
  books: Books,
  id: number,
  endings: readonly Ending[],
  nowMs: number,
): Promise<number> {
  const column = (value: (ending: Ending, i: number) => string | number | undefined): string[] =>
    endings.map((ending, i) => String(value(ending, i) ?? ''));
  const [last] = await books.rows<{ finished: number }>(
    'select coalesce(max(finished), 0)::int as finished from node.job_items where job_id = $1',
    [id],
  );
  return await books.bookkeep(
    `update node.job_items set state = v.state, status = v.status, result = v.result,
        error_code = nullif(v.code, ''), error_message = nullif(v.message, ''),
        error_line = try_cast(v.line as int), finished = v.finished, finished_at = make_timestamp($2), next_try = null
      from (select unnest($3::varchar[])::int as ordinal, unnest($4::varchar[]) as state,
                   unnest($5::varchar[]) as status, unnest($6::varchar[]) as result, unnest($7::varchar[]) as code,
                   unnest($8::varchar[]) as message, unnest($9::varchar[]) as line,
                   unnest($10::varchar[])::int as finished) as v
      where job_items.job_id = $1 and job_items.ordinal = v.ordinal and job_items.state in ('queued', 'running')`,
    [
      id,
      micros(nowMs),
      column(({ item }) => item.ordinal),
      column(({ result }) => stateOf(result)),
      column(({ result }) => result.status),
      column(({ result }) => JSON.stringify(shownResult(result))),
      column(({ result }) => result.error?.code),
      column(({ result }) => result.error?.message),
      column(({ result }) => result.error?.place?.line),
      column((_, i) => (last?.finished ?? 0) + 1 + i),
    ],
  );
}

function stateOf({ status, error }: FileResult): ItemState {
  if (status !== 'rejected') return 'done';
  return error?.kind === 'bad_input' ? 'rejected' : 'failed';
}

export async function cancelItems(books: Books, id: number): Promise<void> {
  await books.bookkeep(
    `update node.job_items set state = 'cancelled', next_try = null
      where job_id = $1 and state in ('queued', 'running')`,
    [id],
  );
}

/** Queues rejected and failed items again, all or those named; answers how many there were. Their numbers stay taken. */
export async function requeueItems(
  books: Books,
  id: number,
  ordinals: readonly number[] | undefined,
): Promise<number> {
  return await books.bookkeep(
    `update node.job_items set state = 'queued', attempts = 0, modified_ms = null, next_try = null, status = null,
        result = null, error_code = null, error_message = null, error_line = null, finished_at = null
      where job_id = $1 and state in ('rejected', 'failed') and ($2 or list_contains($3::varchar[], ordinal::varchar))`,
    [id, ordinals === undefined, (ordinals ?? []).map(String)],
  );
}

/** Items wait no longer for their next try. */
export async function tryNow(books: Books, id: number): Promise<void> {
  await books.bookkeep(
    `update node.job_items set next_try = null, attempts = 0 where job_id = $1 and state = 'queued'`,
    [id],
  );
}

/** Results after the one numbered `after`, in the order in which the items ended. */
export async function readResults(
  books: Reader,
  id: number,
  after: number,
  most: number,
): Promise<{ readonly finished: number; readonly bytes: number; readonly result: ShownResult }[]> {
  const rows = await books.rows<{ finished: number; bytes: bigint; result: string }>(
    `select finished, bytes, result from node.job_items where job_id = $1 and finished > $2 and result is not null
      order by finished limit $3`,
    [id, after, most],
  );
  return rows.map((row) => ({
    finished: row.finished,
    bytes: Number(row.bytes),
    result: JSON.parse(row.result) as ShownResult,
  }));
}

export async function readFaults(
  books: Reader,
  id: number,
  most: number,
): Promise<{ readonly faults: JobFault[]; readonly total: number }> {
  interface Row {
    readonly ordinal: number;
    readonly state: ItemState;
    readonly attempts: number;
    readonly result: string;
    readonly total: bigint;
  }
  const rows = await books.rows<Row>(
    `select ordinal, state, attempts, result, count(*) over () as total from node.job_items
      where job_id = $1 and error_code is not null order by ordinal limit $2`,
    [id, most],
  );
  return {
    faults: rows.flatMap((row) => {
      const { source, error } = JSON.parse(row.result) as ShownResult;
      return error === undefined
        ? []
        : [{ item: row.ordinal, source, state: row.state, attempts: row.attempts, error }];
    }),
    total: Number(rows[0]?.total ?? 0n),
  };
}
