/**
 * From a condition as written to one about columns alone: types are checked, attributes of the principal and the day
 * are put in. What cannot be known becomes SQL's NULL, and so shows nothing.
 */
import { parseDate } from '../../store/index.ts';
import type { Attribute } from '../../query/index.ts';
import type { Comparison, Condition, Operand, ValueType } from './document.ts';
import {
  UNKNOWN,
  all,
  any,
  constant,
  folded,
  isText,
  not,
  type Resolved,
  type ScalarType,
  type Term,
} from './condition.ts';
import { isWithin } from './hours.ts';
import type { ModelTable } from './model.ts';

export interface Asker {
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What the call is for. */
  readonly purpose?: string | undefined;
}

export interface Context {
  /** Undefined where no column may be named. */
  readonly table: ModelTable | undefined;
  readonly declared: Readonly<Record<string, ValueType>>;
  /** Undefined while a policy is checked: then nothing is known of who asks. */
  readonly asker: Asker | undefined;
  /** Says what is wrong and what would be right. */
  readonly fail: (why: string, cure: string) => Error;
}

const COMPARISONS: readonly Comparison[] = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'];
const WORDS = ['all', 'any', 'not', ...COMPARISONS, 'in', 'has', 'starts', 'missing', 'within'];

export function resolve(condition: Condition, context: Context): Resolved {
  const [[word, value] = ['', undefined], ...more] = entriesOf(condition, context);
  if (more.length > 0) throw context.fail('a condition has one word', 'Join conditions with "all" or "any".');
  switch (word) {
    case 'all':
      return all(conditions(value, context));
    case 'any':
      return any(conditions(value, context));
    case 'not':
      return not(resolve(value as Condition, context));
    case 'in':
      return inList(pair(value, word, context), context);
    case 'has':
      return has(pair(value, word, context), context);
    case 'starts':
      return starts(pair(value, word, context), context);
    case 'missing':
      return { op: 'missing', column: columnNamed(value, context).name };
    case 'within':
      return within(value, context);
    default:
      if (!COMPARISONS.includes(word as Comparison))
        throw context.fail(`there is no condition "${word}"`, `Conditions are ${WORDS.join(', ')}.`);
      return compare(word as Comparison, pair(value, word, context), context);
  }
}

function entriesOf(condition: unknown, context: Context): [string, unknown][] {
  if (condition === null || typeof condition !== 'object' || Array.isArray(condition))
    throw context.fail('a condition is an object', `Write { "eq": […] } or another of ${WORDS.join(', ')}.`);
  return Object.entries(condition);
}

function conditions(value: unknown, context: Context): Resolved[] {
  if (!Array.isArray(value) || value.length === 0)
    throw context.fail('"all" and "any" take a list of conditions', 'Give at least one.');
  return value.map((one: Condition) => resolve(one, context));
}

function pair(value: unknown, word: string, context: Context): readonly [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2)
    throw context.fail(`"${word}" takes two values`, `Write { "${word}": [first, second] }.`);
  return [value[0], value[1]];
}

/** A typed value; `term` is undefined when it is not known. */
interface Typed {
  readonly type: ScalarType;
  readonly term: Term | undefined;
  readonly isColumn: boolean;
}

function operand(value: unknown, context: Context): Typed {
  const known = (type: ScalarType, literal: string | number | boolean): Typed => ({
    type,
    term: { type, value: literal },
    isColumn: false,
  });
  if (typeof value === 'boolean') return known('flag', value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw context.fail('a number is not finite', 'Write a plain number.');
    return known(Number.isSafeInteger(value) ? 'whole' : 'number', value);
  }
  if (typeof value === 'string') {
    if (!isText(value)) throw context.fail('a text holds a character that is none', 'Write plain text.');
    return known('text', value);
  }
  const [[word, name] = ['', undefined], ...more] =
    value !== null && typeof value === 'object' ? Object.entries(value) : [];
  if (more.length === 0)
    switch (word) {
      case 'column': {
        const { name: column, type } = columnNamed(value, context);
        return { type, term: { column, type }, isColumn: true };
      }
      case 'principal':
        return attribute(name, context);
      case 'environment':
        if (name === 'purpose') return purposeOf(context);
        if (name !== 'today') break;
        return context.asker === undefined
          ? { type: 'date', term: undefined, isColumn: false }
          : known('date', new Date(context.asker.now).toISOString().slice(0, 10));
      case 'date':
        if (typeof name !== 'string' || parseDate(name) === undefined)
          throw context.fail('a date is not a day of the calendar', 'Write { "date": "YYYY-MM-DD" }.');
        return known('date', name);
    }
  throw context.fail(
    'a value is not of a known form',
    'Write a text, number or flag, or { "column": … }, { "principal": … }, { "environment": "today" }, { "environment": "purpose" }, { "date": … }.',
  );
}

/** What the caller declared; it is not known when they declared nothing. */
function purposeOf({ declared, asker, fail }: Context): Typed {
  if (declared['purposes'] !== 'text[]')
    throw fail(
      'a rule asks for the purpose, and nobody could be allowed to declare one',
      'Declare the attribute "purposes" as "text[]": what a user may declare.',
    );
  const purpose = asker?.purpose;
  return {
    type: 'text',
    term: purpose === undefined ? undefined : { type: 'text', value: purpose },
    isColumn: false,
  };
}

const SCALARS: Readonly<Record<string, ScalarType>> = {
  VARCHAR: 'text',
  BOOLEAN: 'flag',
  INTEGER: 'whole',
  BIGINT: 'whole',
  DOUBLE: 'number',
  DATE: 'date',
};

function modelColumn(value: unknown, context: Context): { name: string; type: string } {
  const name =
    value !== null && typeof value === 'object' ? (value as { column?: unknown }).column : undefined;
  if (typeof name !== 'string') throw context.fail('a column has no name', 'Write { "column": "site_id" }.');
  const { table } = context;
  if (table === undefined)
    throw context.fail('"when" asks of the principal and the moment alone', 'Put columns into "where".');
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined)
    throw context.fail(
      `${table.schema}.${table.name} has no column "${name}"`,
      `Its columns are ${table.columns.map((one) => one.name).join(', ')}.`,
    );
  return column;
}

function columnNamed(value: unknown, context: Context): { name: string; type: ScalarType } {
  const column = modelColumn(value, context);
  const type = Object.hasOwn(SCALARS, column.type) ? SCALARS[column.type] : undefined;
  if (type === undefined)
    throw context.fail(
      `"${column.name}" is ${column.type}, which conditions do not compare`,
      `They compare ${Object.keys(SCALARS).join(', ')}; a VARCHAR[] takes "has".`,
    );
  return { name: column.name, type };
}

function declaredType(name: unknown, context: Context): ValueType {
  const type =
    typeof name === 'string' && Object.hasOwn(context.declared, name) ? context.declared[name] : undefined;
  if (type === undefined)
    throw context.fail(
      `there is no attribute ${JSON.stringify(name)}`,
      `Declare it under "attributes"; declared are ${Object.keys(context.declared).join(', ')}.`,
    );
  return type;
}

/** The value, or undefined when the principal has none of that type. */
function attributeValue(name: string, type: ValueType, context: Context): Attribute | undefined {
  const value = Object.hasOwn(context.asker?.attributes ?? {}, name)
    ? context.asker?.attributes[name]
    : undefined;
  return value !== undefined && isOfType(value, type) ? value : undefined;
}

export function isOfType(value: unknown, type: ValueType): value is Attribute {
  switch (type) {
    case 'text':
    case 'hours':
      return typeof value === 'string' && isText(value);
    case 'date':
      return typeof value === 'string' && parseDate(value) !== undefined;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
    case 'flag':
      return typeof value === 'boolean';
    case 'text[]':
      return Array.isArray(value) && value.every((one) => typeof one === 'string' && isText(one));
  }
}

function attribute(name: unknown, context: Context): Typed {
  const type = declaredType(name, context);
  if (type === 'text[]' || type === 'hours')
    throw context.fail(
      `the attribute "${String(name)}" is ${type}`,
      type === 'hours' ? 'Use it with "within".' : 'Use it with "in".',
    );
  const value = attributeValue(String(name), type, context);
  if (value === undefined || Array.isArray(value)) return { type, term: undefined, isColumn: false };
  const scalar = value as string | number | boolean;
  const kind: ScalarType = type === 'number' && Number.isSafeInteger(scalar) ? 'whole' : type;
  return { type: kind, term: { type: kind, value: scalar }, isColumn: false };
}

const isNumber = (type: ScalarType): boolean => type === 'number' || type === 'whole';

function compare(how: Comparison, [a, b]: readonly [unknown, unknown], context: Context): Resolved {
  const left = operand(a, context);
  const right = operand(b, context);
  if (left.type !== right.type && !(isNumber(left.type) && isNumber(right.type)))
    throw context.fail(
      `"${how}" compares ${left.type} with ${right.type}`,
      'Compare values of one type; a day is { "date": "YYYY-MM-DD" }.',
    );
  if (left.isColumn && right.isColumn && left.type !== right.type)
    throw context.fail(
      'a whole number column is compared with one that is not',
      'Compare columns of one type.',
    );
  if (left.term === undefined || right.term === undefined) return UNKNOWN;
  const numbers = numeric(left, right);
  if (numbers === 'unknown') return UNKNOWN;
  return folded({ op: 'compare', how, left: as(left.term, numbers), right: as(right.term, numbers) });
}

/**
 * How two numbers are compared: as whole ones beside a whole column, else as floats. A fraction beside a whole column
 * is not known: the engines would round in ways of their own.
 */
function numeric(left: Typed, right: Typed): ScalarType | 'unknown' | undefined {
  if (!isNumber(left.type)) return undefined;
  const column = left.isColumn ? left.type : right.isColumn ? right.type : 'number';
  if (column === 'number') return 'number';
  return left.type === 'whole' && right.type === 'whole' ? 'whole' : 'unknown';
}

const as = (term: Term, type: ScalarType | undefined): Term =>
  type === undefined ? term : { ...term, type };

function inList([a, b]: readonly [unknown, unknown], context: Context): Resolved {
  const value = operand(a, context);
  if (value.type !== 'text') throw context.fail(`"in" looks for a text, not for ${value.type}`, 'Use "eq".');
  let list: readonly string[] | undefined;
  if (Array.isArray(b)) {
    if (!isOfType(b, 'text[]')) throw context.fail('"in" takes a list of texts', 'Write ["a", "b"].');
    list = b as readonly string[];
  } else {
    const name = b !== null && typeof b === 'object' ? (b as { principal?: unknown }).principal : undefined;
    const type = declaredType(name, context);
    if (type !== 'text[]')
      throw context.fail(`the attribute "${String(name)}" is ${type}, not a list`, 'Use "eq".');
    list = attributeValue(String(name), type, context) as readonly string[] | undefined;
  }
  if (value.term === undefined || list === undefined) return UNKNOWN;
  return folded({ op: 'in', value: value.term, list });
}

function has([a, b]: readonly [unknown, unknown], context: Context): Resolved {
  const column = modelColumn(a, context);
  if (column.type !== 'VARCHAR[]')
    throw context.fail(`"${column.name}" is ${column.type}, not a list`, 'Use "in" or "eq".');
  const value = operand(b, context);
  if (value.type !== 'text') throw context.fail('"has" looks for a text', 'Give a text.');
  return value.term === undefined ? UNKNOWN : { op: 'has', column: column.name, value: value.term };
}

function starts([a, b]: readonly [unknown, unknown], context: Context): Resolved {
  const value = operand(a, context);
  const prefix = operand(b, context);
  if (value.type !== 'text' || prefix.type !== 'text')
    throw context.fail('"starts" takes two texts', 'Give a text column and the text it starts with.');
  if (value.term === undefined || prefix.term === undefined) return UNKNOWN;
  return folded({ op: 'starts', value: value.term, prefix: prefix.term });
}

function within(value: unknown, context: Context): Resolved {
  const name =
    value !== null && typeof value === 'object'
      ? (value as Operand as { principal?: unknown }).principal
      : undefined;
  if (declaredType(name, context) !== 'hours')
    throw context.fail(`the attribute "${String(name)}" does not hold hours`, 'Declare it as "hours".');
  const hours = attributeValue(String(name), 'hours', context);
  if (hours === undefined || context.asker === undefined) return UNKNOWN;
  return constant(isWithin(String(hours), context.asker.now) ?? null);
}
