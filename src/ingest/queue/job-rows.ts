/** Every statement over node.jobs. */
import type { FractalError, Problem } from '../../base/index.ts';
import type { Books } from '../../store/index.ts';
import type { ImportOptions } from '../importer.ts';
import type { JobState } from './job.ts';
import { micros, type Reader } from './rows.ts';

export interface JobOptions {
  readonly paths: readonly string[];
  /** What to call the source, when the path is that of a copy. */
  readonly name?: string;
  readonly import: ImportOptions;
}

export interface JobRow {
  readonly job_id: number;
  readonly state: JobState;
  readonly priority: number;
  readonly principal: string;
  readonly options: string;
  readonly listed: boolean;
  readonly files: number;
  readonly bytes: bigint;
  readonly error: string | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
}

/** How a job's items ended so far. `bytes`: of those that ended otherwise than by cancelling. */
export interface Tally {
  readonly job_id: number;
  readonly bytes: bigint;
  /** Highest number given to an ending. */
  readonly finished: number;
  readonly done: number;
  readonly added: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly next_try: Date | null;
}

export async function insertJob(
  books: Books,
  job: { priority: number; options: JobOptions; listed: boolean; nowMs: number },
): Promise<number> {
  const [last] = await books.rows<{ id: number }>(
    'select coalesce(max(job_id), 0)::int as id from node.jobs',
  );
  const id = (last?.id ?? 0) + 1;
  await books.bookkeep(
    `insert into node.jobs values
      ($1, 'import', 'queued', $2, $3, $4, $5, 0, 0, null, make_timestamp($6), null, null)`,
    [
      id,
      job.priority,
      job.options.import.principal,
      JSON.stringify(job.options),
      job.listed,
      micros(job.nowMs),
    ],
  );
  return id;
}

export async function setListed(books: Books, id: number): Promise<void> {
  await books.bookkeep('update node.jobs set listed = true where job_id = $1', [id]);
}

/** Moves a job to another state if it is in one of `from`; answers whether it was. */
export async function moveJob(
  books: Books,
  id: number,
  from: readonly JobState[],
  to: JobState,
  nowMs: number,
  error?: FractalError,
): Promise<boolean> {
  const isEnd = to === 'done' || to === 'cancelled' || to === 'failed';
  const changed = await books.bookkeep(
    `update node.jobs set state = $3, error = $4,
        started_at = case when $3 = 'running' then coalesce(started_at, make_timestamp($5)) else started_at end,
        finished_at = case when $6 then make_timestamp($5) else null end
      where job_id = $1 and list_contains($2::varchar[], state)`,
    [id, [...from], to, error === undefined ? null : JSON.stringify(error.toProblem()), micros(nowMs), isEnd],
  );
  return changed > 0;
}

/** A job is done when it was running and no item is left; answers whether it was. */
export async function finishJob(books: Books, id: number, nowMs: number): Promise<boolean> {
  const [left] = await books.rows<{ n: number }>(
    `select count(*)::int as n from node.job_items where job_id = $1 and state in ('queued', 'running')`,
    [id],
  );
  return left?.n === 0 && (await moveJob(books, id, ['running'], 'done', nowMs));
}

export async function noteError(books: Books, id: number, error: FractalError | undefined): Promise<void> {
  await books.bookkeep('update node.jobs set error = $2 where job_id = $1', [
    id,
    error === undefined ? null : JSON.stringify(error.toProblem()),
  ]);
}

export async function readJobs(books: Reader, id?: number): Promise<JobRow[]> {
  return await books.rows<JobRow>(
    `select job_id, state, priority, principal, options, listed, files, bytes, error, created_at, started_at, finished_at
       from node.jobs where $1 or job_id = $2 order by job_id desc`,
    [id === undefined, id ?? 0],
  );
}

export async function readTallies(books: Reader, id?: number): Promise<Map<number, Tally>> {
  const rows = await books.rows<Tally>(
    `select job_id, coalesce(sum(bytes) filter (result is not null), 0)::bigint as bytes,
            coalesce(max(finished), 0)::int as finished, count(result)::int as done,
            (count(*) filter (status = 'added'))::int as added,
            (count(*) filter (status = 'updated'))::int as updated,
            (count(*) filter (status = 'unchanged'))::int as unchanged,
            (count(*) filter (state = 'rejected'))::int as rejected,
            (count(*) filter (state = 'failed'))::int as failed,
            (count(*) filter (state = 'cancelled'))::int as cancelled,
            min(next_try) as next_try
       from node.job_items where $1 or job_id = $2 group by job_id`,
    [id === undefined, id ?? 0],
  );
  return new Map(rows.map((row) => [row.job_id, row]));
}

/** Forgets the oldest finished jobs beyond the bounds; the newest stays whatever its size. */
export async function forgetJobs(books: Books, jobs: number, items: number): Promise<void> {
  const forgotten = await books.bookkeep(
    `delete from node.jobs where job_id in (
      select job_id from (
        select job_id, row_number() over newest as place, sum(files) over newest as so_far
          from node.jobs where state in ('done', 'cancelled', 'failed') window newest as (order by job_id desc))
       where place > 1 and (place > $1 or so_far > $2))`,
    [jobs, items],
  );
  if (forgotten > 0)
    await books.bookkeep('delete from node.job_items where job_id not in (select job_id from node.jobs)');
}

export const problemOf = (json: string | null): Problem | null =>
  json === null ? null : (JSON.parse(json) as Problem);

export const optionsOf = (row: Pick<JobRow, 'options'>): JobOptions => JSON.parse(row.options) as JobOptions;
