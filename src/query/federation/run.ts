/**
 * Answers the sites of a statement, on the connection that the statement will run on and in its transaction: what they
 * are asked for is read under the principal's views, what they answer lies in temporary tables that nobody else sees.
 */
import {
  DATE,
  DOUBLE,
  DuckDBArrayValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  FLOAT,
  INTEGER,
  VARCHAR,
  ARRAY,
  DuckDBTypeId,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { badInputError, today, unavailableError, type Clock } from '../../base/index.ts';
import { duckError, parseDate, streamOn, wholeResult } from '../../store/index.ts';
import type { Embedder } from '../ports.ts';
import type { SectionHit, SectionQuery, SectionSearch } from '../search/search.ts';
import { SECTION_TABLE, quote } from '../search/section-table.ts';
import { answerAudit, declareAudit, type AuditLines } from './audit-log.ts';
import type { ExternalReader } from './external.ts';
import type { Filter } from './filters.ts';
import {
  argsTable,
  answerTable,
  type Attempts,
  type EmbeddingSite,
  type SearchSite,
  type Site,
} from './plan.ts';
import { HIT_COLUMNS, type SearchArgument } from './signatures.ts';
import { append, firstThatFits, makeTable, pick, type SiteReport, type SiteRun } from './site-run.ts';

/** The other engines. */
export interface Federation {
  readonly search: SectionSearch;
  readonly embedder: Embedder;
  readonly external: ExternalReader;
  readonly audit: AuditLines;
  readonly clock: Clock;
}

export interface Run extends SiteRun {
  readonly federation: Federation;
}

/** Columns of law.sections that hits in SQL show beside those of every hit. */
const SHOWN_TOO = ['jurisdiction'];

export async function answerSites(run: Run): Promise<SiteReport[]> {
  const reports: SiteReport[] = [];
  const { clock } = run.federation;
  for (const site of run.query.statement.federated?.sites ?? []) {
    const start = clock.monotonic();
    const report = await answer(run, site);
    reports.push({ ...report, ms: clock.monotonic() - start });
  }
  return reports;
}

/** Makes the tables without asking anybody, so that the statement can be described. */
export async function declareSites(run: Run): Promise<void> {
  for (const site of run.query.statement.federated?.sites ?? []) {
    if (site.kind === 'external') await run.federation.external.declare(run, site);
    else if (site.kind === 'audit') await declareAudit(run, site);
    else {
      const types = await describeKeys(run.connection, site.keys);
      await makeTables(run, site, types);
    }
  }
}

async function answer(run: Run, site: Site): Promise<Omit<SiteReport, 'ms'>> {
  switch (site.kind) {
    case 'search':
      return await answerSearch(run, site);
    case 'embedding':
      return await answerEmbedding(run, site);
    case 'external':
      return await run.federation.external.answer(run, site);
    case 'audit':
      return await answerAudit(run, site, run.federation.audit);
  }
}

interface Keys {
  readonly types: readonly DuckDBType[];
  readonly rows: readonly (readonly DuckDBValue[])[];
}

async function answerSearch(run: Run, site: SearchSite): Promise<Omit<SiteReport, 'ms'>> {
  const { federation, query, connection, store, signal } = run;
  const { limits } = query.statement;
  federation.search.demand(query.principal, SHOWN_TOO);
  const keys = await readKeys(run, site.called, site.keys);
  await makeTables(run, site, keys.types);
  const asked = keys.rows.flatMap((row, call) => {
    const one = sectionQuery(site, row, keys.types, today(federation.clock));
    return one === undefined ? [] : [{ call, query: one }];
  });
  const most = asked.reduce((sum, one) => sum + one.query.k, 0);
  if (most > limits.sql_hits)
    throw unavailableError(
      'sql.hits',
      `${site.called} is asked for ${most} hits in one statement; ${limits.sql_hits} is the most`,
      'Narrow what it is asked for, lower top_k, or raise sql_hits in fractal.json.',
    );
  let found: SectionHit[][] = [];
  if (asked.length > 0) {
    const table = await store.lanceAt(connection, SECTION_TABLE);
    try {
      found = await federation.search.findMany(
        query.principal,
        asked.map((one) => one.query),
        { signal, table: table.reader, shown: SHOWN_TOO },
      );
    } finally {
      table.close();
    }
  }
  await append(
    connection,
    argsTable(site),
    [INTEGER, ...keys.types],
    keys.rows.map((row, call) => [call, ...row]),
  );
  const rows = found.flatMap((hits, i) =>
    hits.map((hit, rank) => [asked[i]?.call ?? 0, ...hitRow(hit, rank + 1)]),
  );
  await append(connection, answerTable(site), [INTEGER, ...HIT_TYPES], rows);
  return {
    engine: 'Lance',
    what: `${site.called}: ${site.mode === 'hybrid' ? 'full text and vectors' : site.mode === 'text' ? 'full text' : 'vectors'}`,
    pushed: [
      ...site.args.filter((name) => name !== 'query' && name !== 'top_k'),
      ...site.filters.map(({ column, op }) => `${column} ${op} …`),
    ],
    calls: asked.length,
    rows: rows.length,
  };
}

async function answerEmbedding(run: Run, site: EmbeddingSite): Promise<Omit<SiteReport, 'ms'>> {
  const { federation, connection, signal, query } = run;
  const keys = await readKeys(run, 'query_embedding', site.keys);
  await makeTables(run, site, keys.types);
  const texts = keys.rows.flatMap(([text]) => (typeof text === 'string' && text.trim() !== '' ? [text] : []));
  const { search_query_chars: chars } = query.statement.limits;
  if (texts.some((text) => text.length > chars))
    throw badInputError(
      'search.query_length',
      `a text for query_embedding has more than ${chars} characters`,
      'Shorten it.',
    );
  const { dimension } = federation.embedder.model;
  const vectors =
    texts.length === 0 ? new Float32Array(0) : await federation.embedder.embed(texts, 'query', signal);
  const type = ARRAY(FLOAT, dimension);
  await append(
    connection,
    answerTable(site),
    [VARCHAR, type],
    texts.map((text, i) => [
      text,
      new DuckDBArrayValue([...vectors.subarray(i * dimension, (i + 1) * dimension)]),
    ]),
  );
  return { engine: 'model', what: 'query_embedding', pushed: [], calls: texts.length, rows: texts.length };
}

/** Undefined where nothing can be found: no words, or a condition on a value that is not there. */
function sectionQuery(
  site: SearchSite,
  row: readonly DuckDBValue[],
  types: readonly DuckDBType[],
  day: string,
): SectionQuery | undefined {
  const given = new Map<SearchArgument, DuckDBValue>(site.args.map((name, i) => [name, row[i] ?? null]));
  const query = queryOf(site, given.get('query') ?? null, types[0]);
  if (query === undefined) return undefined;
  const where: string[] = [];
  let at = site.args.length;
  for (const { column, type, op, values } of site.filters) {
    const texts = row.slice(at, at + values).flatMap((value) => literals(value, type, op));
    at += values;
    if (texts.length === 0) return undefined;
    where.push(op === 'in' ? `${column} in (${texts.join(', ')})` : `${column} ${op} ${texts[0] ?? ''}`);
  }
  const text = (name: SearchArgument): string | undefined => {
    const value = given.get(name) ?? null;
    return value === null ? undefined : String(value);
  };
  return {
    query,
    mode: site.mode,
    k: Number(given.get('top_k') ?? DEFAULT_TOP_K),
    at: text('at') ?? day,
    jurisdiction: text('jurisdiction'),
    document: text('document'),
    where,
  };
}

const DEFAULT_TOP_K = 10;

function queryOf(
  { mode, called }: SearchSite,
  value: DuckDBValue,
  type: DuckDBType | undefined,
): string | Float32Array | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  const items =
    value instanceof DuckDBArrayValue || value instanceof DuckDBListValue ? value.items : undefined;
  const numbers = items?.map(numberOf);
  if (mode === 'vector' && numbers?.every((number) => number !== undefined) === true)
    return Float32Array.from(numbers);
  throw badInputError(
    'sql.arguments',
    `${called} searches for a text${mode === 'vector' ? ' or a vector of numbers' : ''}, not for ${String(type)}`,
    mode === 'vector' ? 'Cast it to VARCHAR, or make a vector with query_embedding.' : 'Cast it to VARCHAR.',
  );
}

function numberOf(value: DuckDBValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof DuckDBDecimalValue ? value.toDouble() : undefined;
}

/** The first and the last day that Lance reads, in days since 1970-01-01; no law is of another. */
const [FIRST_DAY, LAST_DAY] = [parseDate('0001-01-01') ?? 0, parseDate('9999-12-31') ?? 0];

/** A day, a text: as Lance reads it. None, where nothing equals it. */
function literals(value: DuckDBValue, type: 'VARCHAR' | 'DATE', op: Filter['op']): string[] {
  if (value === null) return [];
  if (!(value instanceof DuckDBDateValue))
    return [type === 'DATE' ? `date ${quote(String(value))}` : quote(String(value))];
  const day = Math.min(Math.max(value.days, FIRST_DAY), LAST_DAY);
  if (day !== value.days && (op === '=' || op === 'in')) return [];
  return [`date ${quote(String(new DuckDBDateValue(day)))}`];
}

const HIT_TYPES: readonly DuckDBType[] = HIT_COLUMNS.map(
  ({ type }) => ({ VARCHAR, DATE, INTEGER, DOUBLE })[type],
);

function hitRow(hit: SectionHit, rank: number): DuckDBValue[] {
  const day = (date: string | null): DuckDBValue =>
    date === null ? null : new DuckDBDateValue(parseDate(date) ?? 0);
  const values: Readonly<Record<string, DuckDBValue>> = {
    ...hit,
    in_force_from: day(hit.in_force_from),
    in_force_to: day(hit.in_force_to),
    rank,
    distance: hit.vector_score === null ? null : 1 - hit.vector_score,
  };
  return HIT_COLUMNS.map(({ name }) => values[name] ?? null);
}

/** Tables for the arguments, where they are kept apart, and for the answers. */
async function makeTables(
  { connection, federation }: Run,
  site: SearchSite | EmbeddingSite,
  types: readonly DuckDBType[],
): Promise<void> {
  if (site.kind === 'embedding') {
    const { dimension } = federation.embedder.model;
    await makeTable(connection, answerTable(site), ['fractal_a0 VARCHAR', `fractal_v FLOAT[${dimension}]`]);
    return;
  }
  await makeTable(connection, argsTable(site), [
    'fractal_call INTEGER',
    ...types.map((type, i) => `fractal_a${i} ${type.toString()}`),
  ]);
  await makeTable(connection, answerTable(site), [
    'fractal_call INTEGER',
    ...HIT_COLUMNS.map(({ type }, i) => `fractal_c${i} ${type}`),
  ]);
}

async function readKeys(run: Run, called: string, attempts: Attempts): Promise<Keys> {
  const { connection, query, signal } = run;
  const { statement } = query;
  const most = statement.limits.sql_calls;
  return await firstThatFits(attempts, async (attempt) => {
    const open = await streamOn(
      connection,
      attempt.sql,
      pick(attempt, statement.params),
      signal,
      () => undefined,
    );
    try {
      const types = open.result.columnTypes();
      const rows: DuckDBValue[][] = [];
      for await (const chunk of wholeResult(open.result)) {
        rows.push(...chunk.getRows());
        if (rows.length > most)
          throw unavailableError(
            'sql.calls',
            `${called} is asked for more than ${most} different things in one statement`,
            'Narrow the rows it is asked for, or raise sql_calls in fractal.json.',
          );
      }
      return { types, rows };
    } catch (error) {
      throw duckError(error);
    } finally {
      open.close();
    }
  });
}

async function describeKeys(connection: DuckDBConnection, attempts: Attempts): Promise<DuckDBType[]> {
  return await firstThatFits(attempts, async ({ sql }) => {
    try {
      const prepared = await connection.prepare(sql);
      const types = Array.from({ length: prepared.columnCount }, (_, i) =>
        prepared.columnTypeId(i) === DuckDBTypeId.INVALID ? VARCHAR : prepared.columnType(i),
      );
      prepared.destroySync();
      return types;
    } catch (error) {
      throw duckError(error);
    }
  });
}

export type { SiteReport };
