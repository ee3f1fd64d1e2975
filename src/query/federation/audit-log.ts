/**
 * `audit.log`: the entries of the audit log, for who may audit. They lie in files of their own; what a statement's
 * conditions on `id` and `time` leave of them comes into a temporary table of its connection.
 */
import type { DuckDBValue } from '@duckdb/node-api';
import { badInputError, unavailableError } from '../../base/index.ts';
import { streamOn, wholeResult } from '../../store/index.ts';
import { foldName } from '../sql/ast.ts';
import { AUDIT_COLUMNS, isAuditLog, type AuditColumn, type AuditLine } from '../sql/audit-table.ts';
import type { AuditBounds } from './audit-bounds.ts';
import { answerTable, type AuditSite } from './plan.ts';
import { append, makeTable, pick, type SiteReport, type SiteRun } from './site-run.ts';

/** The log, as the node hands it in. */
export interface AuditLines {
  /** Entries from number `from` to before `end`; where times are given (milliseconds), those with a time within them. */
  read(
    bounds: {
      readonly from: number;
      readonly end: number;
      readonly since?: number | undefined;
      readonly until?: number | undefined;
    },
    signal: AbortSignal,
  ): AsyncIterable<readonly AuditLine[]>;
}

/** Makes the table that the statement will read, empty. */
export async function declareAudit(run: SiteRun, site: AuditSite): Promise<readonly AuditColumn[]> {
  // The statement was bound to what its principal may read.
  if (!run.query.tables.some(isAuditLog))
    throw badInputError('sql.name', 'there is no such table', '`show tables` lists them.');
  const named = AUDIT_COLUMNS.filter(({ name }) => site.names?.has(foldName(name)) !== false);
  const columns = named.length > 0 ? named : AUDIT_COLUMNS.slice(0, 1);
  await makeTable(
    run.connection,
    answerTable(site),
    columns.map(({ name, type }) => `"${name}" ${String(type)}`),
  );
  return columns;
}

export async function answerAudit(
  run: SiteRun,
  site: AuditSite,
  log: AuditLines,
): Promise<Omit<SiteReport, 'ms'>> {
  const columns = await declareAudit(run, site);
  const bounds = site.isDescribed
    ? { from: 0, end: 0 }
    : site.bounds === undefined
      ? EVERYTHING
      : await boundsOf(run, site.bounds);
  const { audit_sql_rows: most } = run.query.statement.limits;
  const types = columns.map(({ type }) => type);
  let rows = 0;
  for await (const lines of log.read(bounds, run.signal)) {
    rows += lines.length;
    if (rows > most)
      throw unavailableError(
        'audit.sql_rows',
        `the statement reads more than ${most} entries of the audit log`,
        'Narrow it by conditions on id or time in WHERE, or raise audit_sql_rows in fractal.json.',
      );
    const values = lines.map((line) => columns.map(({ of }) => of(line)));
    await append(run.connection, answerTable(site), types, values);
  }
  return {
    engine: 'audit log',
    what: `audit.log: ${columns.length} of ${AUDIT_COLUMNS.length} columns`,
    pushed: (site.bounds?.bounds ?? []).map(
      ({ column, side }) => `${column} ${side === 'from' ? '>=' : '<='} …`,
    ),
    calls: undefined,
    rows,
  };
}

type Bounds = Parameters<AuditLines['read']>[0];

const EVERYTHING: Bounds = { from: 0, end: Infinity };

/** Wide enough for whatever rounding there was. */
async function boundsOf(run: SiteRun, { bounds, values }: AuditBounds): Promise<Bounds> {
  const given = pick(values, run.query.statement.params);
  const open = await streamOn(run.connection, values.sql, given, run.signal, () => undefined);
  let row: readonly DuckDBValue[] = [];
  try {
    for await (const chunk of wholeResult(open.result)) row = chunk.getRows()[0] ?? row;
  } finally {
    open.close();
  }
  const least = (column: string): number => edge(column, 'from', -Infinity, Math.max);
  const most = (column: string): number => edge(column, 'to', Infinity, Math.min);
  const edge = (column: string, side: string, none: number, of: typeof Math.max): number =>
    bounds.reduce((found, bound, i) => {
      const value = row[i];
      const counts = bound.column === column && bound.side === side && typeof value === 'number';
      return counts && !Number.isNaN(value) ? of(found, value) : found;
    }, none);
  const [since, until] = [least('time'), most('time')];
  return {
    from: Math.max(0, Math.floor(least('id'))),
    end: Math.floor(most('id')) + 1,
    since: since === -Infinity ? undefined : Math.floor(since / 1000),
    until: until === Infinity ? undefined : Math.ceil(until / 1000),
  };
}
