/** What a policy is expected to say, as data: a policy is tested before it is used. */
import { badInputError } from '../../base/index.ts';
import type { Action, Attribute, ReadableTable } from '../../query/index.ts';
import { ACTIONS } from './check.ts';
import type { PolicyEngine } from './engine.ts';

export interface PolicyCase {
  readonly name: string;
  readonly roles: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** What the call is for, as declared. */
  readonly purpose?: string;
  readonly action: Action;
  /** `schema.name`, or `*` for the action as such. */
  readonly table: string;
  readonly expect: {
    readonly allowed: boolean;
    /** For `read` of one table. */
    readonly rows?: 'all' | 'some';
    readonly hidden?: readonly string[];
    readonly masked?: readonly string[];
  };
}

export interface CaseResult {
  readonly name: string;
  readonly ok: boolean;
  /** What was found instead; empty when all is as expected. */
  readonly found: string;
}

export function runCases(engine: PolicyEngine, cases: unknown): CaseResult[] {
  if (!Array.isArray(cases)) throw bad('"cases" is not a list');
  return cases.map((one: unknown, i) => {
    const isCase =
      one !== null &&
      typeof one === 'object' &&
      Array.isArray((one as PolicyCase).roles) &&
      ACTIONS.includes((one as PolicyCase).action) &&
      typeof (one as PolicyCase).table === 'string' &&
      typeof (one as { expect?: { allowed?: unknown } }).expect?.allowed === 'boolean';
    if (!isCase) throw bad(`case ${i + 1} lacks roles, a known action, a table, or expect.allowed`);
    return runCase(engine, one as PolicyCase);
  });
}

const bad = (why: string): Error =>
  badInputError('policy.cases', why, 'docs/policy.md shows the form of a case.');

function runCase(
  engine: PolicyEngine,
  { name, roles, attributes, purpose, action, table, expect }: PolicyCase,
): CaseResult {
  const principal = {
    id: name,
    roles,
    attributes: attributes ?? {},
    ...(purpose === undefined ? {} : { purpose }),
  };
  const decision = engine.decide(principal, { action, tables: [table] });
  const found: string[] = [];
  if (decision.allowed !== expect.allowed)
    found.push(decision.allowed ? 'it is allowed' : `it is denied: ${decision.rule}`);
  const shown = engine.scope(principal).tables.find((one) => `${one.schema}.${one.name}` === table);
  if (shown !== undefined) found.push(...differences(shown, expect));
  else if ((expect.rows ?? expect.hidden ?? expect.masked) !== undefined)
    found.push('the table is not readable');
  return { name, ok: found.length === 0, found: found.join('; ') };
}

function differences(table: ReadableTable, { rows, hidden, masked }: PolicyCase['expect']): string[] {
  const found: string[] = [];
  const isSome = table.where !== undefined;
  if (rows !== undefined && (rows === 'some') !== isSome) found.push(isSome ? 'some rows' : 'all rows');
  const compare = (what: string, wanted: readonly string[] | undefined, are: readonly string[]): void => {
    if (wanted !== undefined && [...wanted].sort().join() !== [...are].sort().join())
      found.push(`${what}: ${are.join(', ') || 'none'}`);
  };
  compare(
    'hidden',
    hidden,
    table.hidden.map((column) => column.name),
  );
  const limited = table.columns.filter((column) => column.shown !== 'plain');
  compare(
    'masked',
    masked,
    limited.map((column) => column.name),
  );
  return found;
}
