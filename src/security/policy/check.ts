/** Whether a policy makes sense: every rule against the model, before anybody is asked about. */
import { FIXED_LIMITS, badInputError, nearest, type FractalError } from '../../base/index.ts';
import type { Action } from '../../query/index.ts';
import type { ColumnRules, Condition, Denial, Grant, Mask, PolicyDocument, ValueType } from './document.ts';
import { misfit } from './masks.ts';
import {
  MODEL,
  covers,
  externalTable,
  isExternalPattern,
  tableName,
  type ExternalColumns,
  type ModelTable,
} from './model.ts';
import { resolve } from './resolve.ts';

export const ACTIONS: readonly Action[] = [
  'read',
  'insert',
  'update',
  'delete',
  'import',
  'export',
  'sync',
  'infer',
  'manage-models',
  'administer',
  'audit',
  'replicate',
  'hold',
  'impersonate',
];
/** Actions on rows: only these can be limited to some of them. */
export const ROW_ACTIONS: readonly Action[] = ['read', 'insert', 'update', 'delete', 'export', 'sync'];

const VALUE_TYPES: readonly ValueType[] = ['text', 'number', 'flag', 'date', 'text[]', 'hours'];
const MASKS: readonly Mask['mask'][] = ['null', 'constant', 'hash', 'partial', 'year', 'spans'];
const PERSONAL = ['name', 'contact', 'identifier', 'health', 'narrative'];

type Fail = (why: string, cure: string) => FractalError;

const failIn =
  (where: string): Fail =>
  (why, cure) =>
    badInputError('policy.invalid', `${where}: ${why}`, cure);

/**
 * The document, when all of it makes sense, over the model and the external tables there are. Throws `policy.invalid`
 * naming the rule.
 */
export function checkPolicy(value: unknown, external: readonly ExternalColumns[] = []): PolicyDocument {
  const model = [...MODEL, ...external.map(externalTable)];
  const fail = failIn('policy');
  const document = members(
    value,
    ['format', 'version', 'attributes', 'roles', 'denials'],
    ['format', 'version', 'attributes', 'roles', 'denials'],
    fail,
  ) as unknown as PolicyDocument;
  if (document.format !== 'fractal.policy/1')
    throw fail('"format" is not "fractal.policy/1"', 'This program reads that format only.');
  if (typeof document.version !== 'string' || document.version === '')
    throw fail('"version" is not a text', 'Name the version, for example "2026-03-01".');
  for (const [name, type] of Object.entries(object(document.attributes, fail)))
    if (!VALUE_TYPES.includes(type as ValueType))
      throw fail(`the attribute "${name}" has no known type`, `Types are ${VALUE_TYPES.join(', ')}.`);
  const ids = new Set<string>();
  for (const [name, role] of Object.entries(object(document.roles, fail))) {
    const inRole = failIn(`role ${name}`);
    const { grants } = members(role, ['doc', 'grants'], ['doc', 'grants'], inRole);
    for (const grant of list(grants, inRole)) checkGrant(grant, document, ids, { model, fail: inRole });
  }
  for (const denial of list(document.denials, fail)) checkDenial(denial, document, ids, { model, fail });
  if (ids.size > FIXED_LIMITS.policy_rules.value)
    throw fail(`there are more than ${FIXED_LIMITS.policy_rules.value} rules`, 'Join some of them.');
  return document;
}

/** Where a rule stands, and which tables it may speak of. */
interface Outer {
  readonly model: readonly ModelTable[];
  readonly fail: Fail;
}

function checkGrant(value: unknown, document: PolicyDocument, ids: Set<string>, outer: Outer): void {
  const grant = members(
    value,
    ['id', 'actions', 'tables'],
    ['id', 'doc', 'actions', 'tables', 'where', 'when', 'columns'],
    outer.fail,
  ) as unknown as Grant;
  const { fail, tables } = checkRule(grant, document, ids, outer);
  if (grant.columns !== undefined) checkColumns(grant.columns, tables, fail);
}

function checkDenial(value: unknown, document: PolicyDocument, ids: Set<string>, outer: Outer): void {
  const denial = members(
    value,
    ['id', 'actions', 'tables'],
    ['id', 'doc', 'roles', 'actions', 'tables', 'where', 'when', 'columns'],
    outer.fail,
  ) as unknown as Denial;
  const { fail, tables } = checkRule(denial, document, ids, outer);
  for (const role of denial.roles === undefined ? [] : list(denial.roles, fail))
    if (typeof role !== 'string' || !Object.hasOwn(document.roles, role))
      throw fail(
        `there is no role ${JSON.stringify(role)}`,
        `Roles are ${Object.keys(document.roles).join(', ')}.`,
      );
  if (denial.columns !== undefined) columnNames(denial.columns, tables, fail);
}

/** What grants and denials have in common. */
function checkRule(
  rule: Grant | Denial,
  document: PolicyDocument,
  ids: Set<string>,
  outer: Outer,
): { fail: Fail; tables: ModelTable[] } {
  if (typeof rule.id !== 'string' || rule.id === '') throw outer.fail('a rule has no "id"', 'Name it.');
  const fail = failIn(`rule ${rule.id}`);
  if (ids.has(rule.id)) throw fail('the id comes twice', 'Give every rule its own.');
  ids.add(rule.id);
  if (rule.doc !== undefined && typeof rule.doc !== 'string')
    throw fail('"doc" is not a text', 'Say in a sentence what the rule is for.');
  for (const action of list(rule.actions, fail))
    if (!ACTIONS.includes(action as Action))
      throw fail(`there is no action ${JSON.stringify(action)}`, `Actions are ${ACTIONS.join(', ')}.`);
  const tables = list(rule.tables, fail).flatMap((pattern) =>
    tablesOf(pattern, { model: outer.model, fail }),
  );
  if (rule.where !== undefined) {
    const whole = rule.actions.find((action) => !ROW_ACTIONS.includes(action));
    if (whole !== undefined)
      throw fail(`"where" cannot limit the action "${whole}"`, `It limits ${ROW_ACTIONS.join(', ')}.`);
    for (const table of tables) checkCondition(rule.where, table, document, fail);
  }
  if (rule.when !== undefined) checkCondition(rule.when, undefined, document, fail);
  return { fail, tables };
}

function checkCondition(
  condition: Condition,
  table: ModelTable | undefined,
  { attributes }: PolicyDocument,
  fail: Fail,
): void {
  resolve(condition, { table, declared: attributes, asker: undefined, fail });
}

function tablesOf(pattern: unknown, { model, fail }: Outer): ModelTable[] {
  const found = typeof pattern === 'string' ? model.filter((table) => covers(pattern, table)) : [];
  // External tables come and go: a rule about one that is not there is checked when it comes.
  if (found.length > 0 || (typeof pattern === 'string' && isExternalPattern(pattern))) return found;
  const near = nearest(String(pattern), model.map(tableName));
  throw fail(
    `there is no table ${JSON.stringify(pattern)}`,
    `${near === undefined ? '' : `Did you mean ${near}? `}Write schema.table, schema.* or *.`,
  );
}

function columnNames(names: unknown, tables: readonly ModelTable[], fail: Fail): void {
  for (const name of list(names, fail)) {
    if (tables.length === 0 && typeof name === 'string') continue;
    const all = [...new Set(tables.flatMap((table) => table.columns.map((column) => column.name)))];
    if (typeof name === 'string' && all.includes(name)) continue;
    const near = nearest(String(name), all);
    throw fail(
      `no table of the rule has a column ${JSON.stringify(name)}`,
      near === undefined ? 'docs/tables.md lists the columns.' : `Did you mean ${near}?`,
    );
  }
}

function checkColumns(value: unknown, tables: readonly ModelTable[], fail: Fail): void {
  const rules = members(value, [], ['only', 'hide', 'mask', 'personal'], fail) as ColumnRules;
  if (rules.only !== undefined) columnNames(rules.only, tables, fail);
  if (rules.hide !== undefined) columnNames(rules.hide, tables, fail);
  for (const [name, mask] of Object.entries(rules.mask ?? {})) {
    columnNames([name], tables, fail);
    checkMask(mask, fail);
    for (const table of tables)
      for (const column of table.columns) if (column.name === name) fits(mask, table, name, fail);
  }
  for (const [kind, what] of Object.entries(rules.personal ?? {})) {
    if (!PERSONAL.includes(kind))
      throw fail(`there is no personal data "${kind}"`, `Kinds are ${PERSONAL.join(', ')}.`);
    if (what === 'hide') continue;
    checkMask(what, fail);
    for (const table of tables)
      for (const column of table.columns) if (column.personal === kind) fits(what, table, column.name, fail);
  }
}

function fits(mask: Mask, table: ModelTable, name: string, fail: Fail): void {
  const column = table.columns.find((one) => one.name === name);
  const why = column === undefined ? undefined : misfit(mask, table, column);
  if (why !== undefined) throw fail(why, 'Choose another mask; "null" fits every column.');
}

function checkMask(value: unknown, fail: Fail): void {
  const mask = members(value, ['mask'], ['mask', 'value', 'keep'], fail);
  // Sealing needs the keys of persons: the word is reserved, and must not pass for something weaker.
  if (mask['mask'] === 'seal')
    throw fail(
      'the mask "seal" needs sealed columns, which are not part of this version',
      'Use "null" or "hide".',
    );
  if (!MASKS.includes(mask['mask'] as Mask['mask']))
    throw fail(`there is no mask ${JSON.stringify(mask['mask'])}`, `Masks are ${MASKS.join(', ')}.`);
  const { value: text, keep } = mask;
  if (
    (mask['mask'] === 'constant') !== (text !== undefined) ||
    (text !== undefined && typeof text !== 'string')
  )
    throw fail(
      '"value" is the text of the mask "constant", and of no other',
      'Write { "mask": "constant", "value": "…" }.',
    );
  const isCount = typeof keep === 'number' && Number.isInteger(keep) && keep >= 0 && keep <= 1000;
  if ((mask['mask'] === 'partial') !== (keep !== undefined) || (keep !== undefined && !isCount))
    throw fail(
      '"keep" is how many characters the mask "partial" shows, and of no other',
      'Write { "mask": "partial", "keep": 3 }.',
    );
  if (typeof text === 'string' && (text.includes('\0') || !text.isWellFormed()))
    throw fail('"value" holds a character that is none', 'Write plain text.');
}

function object(value: unknown, fail: Fail): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw fail('an object is missing', 'docs/policy.md shows the form.');
  return value as Record<string, unknown>;
}

function list(value: unknown, fail: Fail): readonly unknown[] {
  if (!Array.isArray(value)) throw fail('a list is missing', 'docs/policy.md shows the form.');
  return value;
}

/** An object with all of some members, and none but the known: a typing error must not pass for a rule. */
function members(
  value: unknown,
  needed: readonly string[],
  known: readonly string[],
  fail: Fail,
): Record<string, unknown> {
  const found = object(value, fail);
  for (const name of needed)
    if (!Object.hasOwn(found, name)) throw fail(`"${name}" is missing`, `It has ${known.join(', ')}.`);
  for (const name of Object.keys(found))
    if (!known.includes(name)) throw fail(`"${name}" is not known`, `Known are ${known.join(', ')}.`);
  return found;
}
