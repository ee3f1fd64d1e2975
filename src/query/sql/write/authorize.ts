/** The one way from a statement that writes to something that is written. */
import { badInputError, deniedError, type FractalError } from '../../../base/index.ts';
import { qualifiedName, type Table } from '../../../schema/index.ts';
import type { WriteRights, WriteRule } from '../../../store/index.ts';
import type { AccessPolicy, Principal, ReadScope, ReadableTable } from '../../ports.ts';
import { authorize, type AuthorizedQuery } from '../authorize.ts';
import { unknownTable } from '../bind.ts';
import { scopeOf } from '../domain.ts';
import type { WriteStatement } from '../statement.ts';
import { ownColumns, type WriteForm } from './form.ts';

declare const authorizedWrite: unique symbol;

interface Granted {
  readonly table: Table;
  /** What will be written is what it finds. */
  readonly query: AuthorizedQuery;
  readonly principal: Principal;
}

/** Only `authorizeWrite` makes one: writing without asking policy does not compile. */
export type AuthorizedWrite = Granted & { readonly [authorizedWrite]: true } & (
    | {
        readonly kind: 'insert';
        readonly columns: readonly string[];
        readonly rights: WriteRights;
      }
    | { readonly kind: 'update'; readonly columns: readonly string[]; readonly rule: WriteRule }
    | { readonly kind: 'delete'; readonly rule: WriteRule }
  );

/**
 * Asks policy what the principal may write now, and what they may read to do it. Nothing here depends on a row: whether
 * the rows found meet the rules is seen when they are written.
 */
export function authorizeWrite(
  statement: WriteStatement,
  principal: Principal,
  policy: AccessPolicy,
): AuthorizedWrite {
  const { form } = statement;
  const scope = scopeOf(policy, principal);
  const { table, seen } = target(form, principal, policy, scope);
  const rule = (action: 'insert' | 'update' | 'delete'): WriteRule | undefined => {
    const decision = policy.writing(principal, action, qualifiedName(table));
    return decision.allowed ? decision.may : undefined;
  };
  const own = rule(form.kind) ?? refuse(policy, form, principal, table);
  const query = (): AuthorizedQuery => authorize(statement.source, principal, policy);
  const write = ((): object => {
    switch (form.kind) {
      case 'insert': {
        checkColumns(form, table, own.columns);
        return { rights: { insert: own, update: rule('update'), seen: seenWhole(table, seen) } };
      }
      case 'update':
      case 'delete': {
        checkSight(form, table, seen, own);
        const plain = plainColumns(seen);
        // Whoever writes a column without seeing it could find out by trying whether it holds a value.
        const writable = own.columns.filter((name) => plain.includes(name) && !table.key.includes(name));
        if (form.kind === 'update') checkColumns(form, table, writable);
        return { rule: own };
      }
    }
  })();
  const { kind, columns } = form;
  return { kind, table, columns, principal, query: query(), ...write } as unknown as AuthorizedWrite;
}

/** The table, if the principal may know of it, and what they see of it. */
function target(
  { kind, target: ref, table }: WriteForm,
  principal: Principal,
  policy: AccessPolicy,
  { tables }: ReadScope,
): { readonly table: Table; readonly seen: ReadableTable | undefined } {
  const seen = tables.find((one) => one.schema === ref.schema && one.name === ref.name);
  const isWritable = (): boolean =>
    kind === 'insert' &&
    table !== undefined &&
    policy.writing(principal, 'insert', qualifiedName(table)).allowed;
  if (seen === undefined && !isWritable())
    throw unknownTable(
      ref,
      tables.map((one) => `${one.schema}.${one.name}`),
      undefined,
    );
  if (table?.schema !== 'esh')
    throw badInputError(
      'sql.table_not_written',
      `${ref.schema}.${ref.name} is not written by SQL`,
      'SQL writes tables of esh. Law is made by import from its sources, and the node keeps its own tables.',
    );
  return { table, seen };
}

function refuse(policy: AccessPolicy, form: WriteForm, principal: Principal, table: Table): never {
  const decision = policy.writing(principal, form.kind, qualifiedName(table));
  throw deniedError(
    'policy.denied',
    `${principal.id} may not ${form.kind} rows of ${qualifiedName(table)}${decision.allowed ? '' : ` (${decision.rule})`}`,
    'Ask an administrator for the right.',
  );
}

const plainColumns = (seen: ReadableTable | undefined): string[] =>
  seen?.columns.filter((column) => column.shown === 'plain').map((column) => column.name) ?? [];

/** A column that may not be written is refused in the same words as one that is not there. */
function checkColumns(
  { columns, isListed, kind }: WriteForm,
  table: Table,
  writable: readonly string[],
): void {
  const name = qualifiedName(table);
  const open = ownColumns(table).filter((column) => writable.includes(column));
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (twice !== undefined)
    throw badInputError('row.column', `column ${JSON.stringify(twice)} comes twice`, 'Name it once.');
  if (!isListed && open.length < columns.length)
    throw badInputError(
      'row.column',
      `not every column of ${name} can be written by you`,
      `Name the columns: ${open.join(', ')}.`,
    );
  const not = columns.find((column) => !open.includes(column));
  if (not === undefined) return;
  const isKey = kind === 'update' && table.key.includes(not);
  throw badInputError(
    'row.column',
    isKey
      ? `${not} is of the key of ${name}, and a key stays what it is`
      : `${name} has no column ${JSON.stringify(not)} that can be written`,
    isKey ? 'Insert a row with the new key, and delete this one.' : `Its columns are ${open.join(', ')}.`,
  );
}

/** Rows are told by their key, and a refusal must not tell of what the principal does not see. */
function checkSight(
  { kind }: WriteForm,
  table: Table,
  seen: ReadableTable | undefined,
  rule: WriteRule,
): void {
  const plain = plainColumns(seen);
  // Whatever is written is no tombstone, before and after.
  const blind = [...table.key, ...rule.over].some((name) => !plain.includes(name) && name !== 'deleted');
  if (blind) throw tooLittle(kind, table, rule);
}

const tooLittle = (kind: string, table: Table, { rules }: WriteRule): FractalError =>
  deniedError(
    'policy.denied',
    `you see too little of ${qualifiedName(table)} to ${kind} its rows by SQL: the key and what ${rules.join(', ')} asks for must be shown plainly`,
    'Ask an administrator to show these columns, or to give a rule that does without them.',
  );

/** SQL over the table as `t`: the rows that are seen whole, in every column that holds what was written. */
export function seenWhole(table: Table, seen: ReadableTable | undefined): string | undefined {
  const plain = plainColumns(seen);
  return seen !== undefined && ownColumns(table).every((name) => plain.includes(name))
    ? (seen.where ?? 'true')
    : undefined;
}
