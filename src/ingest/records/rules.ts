/** Compiles the rules of a mapping against the header of a file: a rule becomes a function of a record's cells. */
import { createHash } from 'node:crypto';
import { FIXED_LIMITS, badInputError, type FractalError } from '../../base/index.ts';
import type { Column } from '../../schema/index.ts';
import { overLimit } from './bounds.ts';
import { dateParser, timeParser } from './dates.ts';
import type {
  Condition,
  DateRule,
  EachEntry,
  ListRule,
  Mapping,
  NumberRule,
  Rule,
  TextRule,
} from './mapping.ts';

export type Cells = readonly string[];
export type TextOf = (cells: Cells) => string | null;
type Test = (cells: Cells) => boolean;

/**
 * A value of a column as the batch holds it: DATE as days, TIMESTAMP as microseconds, decimals as hundredths, lists as
 * arrays.
 */
export type CellValue = string | number | bigint | boolean | readonly string[] | null;

/** What is told of a record while its rows are made. */
export interface Doubts {
  doubt(reason: string, column: string): void;
}
export type ValueOf = (cells: Cells, doubts: Doubts) => CellValue;

const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,3})?$/;
const YES: ReadonlySet<string> = new Set(['yes', 'y', 'true', '1', 't']);
const DAY_US = 86_400e6;
/** Greatest magnitude that a column holds exactly as a number. */
const MOST = {
  INTEGER: 2 ** 31 - 1,
  BIGINT: Number.MAX_SAFE_INTEGER,
  DOUBLE: Number.MAX_VALUE,
  'DECIMAL(18,2)': 1e15,
} as const;

export class Compiler {
  readonly #mapping: Mapping;
  readonly #columns = new Map<string, number>();
  readonly #header: readonly string[];
  readonly #optional: ReadonlySet<string>;
  readonly #empty: ReadonlySet<string>;
  readonly #source: string;
  /** First microsecond after today. */
  readonly #tomorrow: number;
  /** Definitions that are being written out. */
  readonly #using: string[] = [];
  #rules = 0;
  /** Key of the mapping that is compiled, for errors. */
  where = '';

  constructor(mapping: Mapping, header: readonly string[], source: string, today: string) {
    this.#mapping = mapping;
    this.#source = source;
    this.#header = header.map(headerName);
    this.#header.forEach((name, i) => {
      if (!this.#columns.has(name)) this.#columns.set(name, i);
    });
    this.#optional = new Set(mapping.optional);
    this.#empty = new Set(mapping.empty);
    const day = dateParser(['YYYY-MM-DD'])(today);
    if (typeof day !== 'number') throw this.fault('was given a today that is no date');
    this.#tomorrow = day + DAY_US;
  }

  /** Index of a column; undefined when it is missing and may be. */
  column(name: string): number | undefined {
    const at = name.endsWith('*')
      ? this.#header.findIndex((column) => column.startsWith(name.slice(0, -1)))
      : (this.#columns.get(name) ?? -1);
    if (at >= 0) return at;
    if (this.#optional.has(name)) return undefined;
    throw badInputError(
      'records.column',
      'a column that the mapping reads is missing from the file',
      `The mapping ${this.#mapping.name} reads the column ${JSON.stringify(name)}; fetch the file with its header, or write a mapping for this edition.`,
      { place: { source: this.#source, line: 1 } },
    );
  }

  text(rule: TextRule, each?: EachEntry): TextOf {
    if (++this.#rules > FIXED_LIMITS.mapping_rules.value)
      throw overLimit(this.#source, 'mapping_rules', `the mapping ${this.#mapping.name}`);
    if (typeof rule === 'string') return this.#cell(rule);
    if ('value' in rule) {
      const { value } = rule;
      return () => value;
    }
    if ('column' in rule) return this.#cell(rule.column);
    if ('concat' in rule) {
      const parts = rule.concat.map((part) => this.text(part, each));
      const { separator = '', all = false } = rule;
      return (cells) => {
        let out = '';
        for (const part of parts) {
          const text = part(cells);
          if (text === null) {
            if (all) return null;
            continue;
          }
          out = out === '' ? text : out + separator + text;
        }
        return out === '' ? null : out;
      };
    }
    if ('first' in rule) {
      const parts = rule.first.map((part) => this.text(part, each));
      return (cells) => {
        for (const part of parts) {
          const text = part(cells);
          if (text !== null) return text;
        }
        return null;
      };
    }
    if ('lookup' in rule) {
      const of = this.text(rule.lookup, each);
      const codes = typeof rule.codes === 'string' ? this.#mapping.codes?.[rule.codes] : rule.codes;
      if (codes === undefined) throw this.fault('uses a code table that it does not have');
      const table = new Map(Object.entries(codes));
      const otherwise = rule.otherwise === undefined ? () => null : this.text(rule.otherwise, each);
      return (cells) => {
        const text = of(cells);
        return (text === null ? undefined : table.get(text)) ?? otherwise(cells);
      };
    }
    if ('cases' in rule) {
      const cases = rule.cases.map(
        ({ when, then }) => [this.condition(when), this.text(then, each)] as const,
      );
      const otherwise = rule.otherwise === undefined ? () => null : this.text(rule.otherwise, each);
      return (cells) => {
        for (const [when, then] of cases) if (when(cells)) return then(cells);
        return otherwise(cells);
      };
    }
    if ('part' in rule) return this.#part(rule, each);
    if ('letters' in rule) {
      const of = this.text(rule.letters, each);
      return rule.as === 'lower'
        ? (cells) => of(cells)?.toLowerCase() ?? null
        : (cells) => of(cells)?.toUpperCase() ?? null;
    }
    if ('plain' in rule) {
      const of = this.text(rule.plain, each);
      return (cells) => {
        const text = of(cells);
        if (text === null) return null;
        const number = numberOf(text);
        return number === undefined ? text : String(number);
      };
    }
    if ('padded' in rule) {
      const of = this.text(rule.padded, each);
      const { digits } = rule;
      return (cells) => of(cells)?.padStart(digits, '0') ?? null;
    }
    if ('id' in rule) {
      const parts = rule.id.map((part) => this.text(part, each));
      const { prefix = '' } = rule;
      return (cells) => {
        const values = parts.map((part) => part(cells));
        if (values.every((value) => value === null)) return null;
        const hash = createHash('sha256').update(JSON.stringify(values)).digest('hex');
        return prefix + hash.slice(0, 32);
      };
    }
    if ('use' in rule) {
      const defined = this.#mapping.define?.[rule.use];
      if (defined === undefined) throw this.fault('uses a definition that it does not have');
      if (this.#using.includes(rule.use)) throw this.fault('defines a text by itself');
      if (this.#using.length >= FIXED_LIMITS.mapping_depth.value)
        throw overLimit(this.#source, 'mapping_depth', `the mapping ${this.#mapping.name}`);
      this.#using.push(rule.use);
      const text = this.text(defined, each);
      this.#using.pop();
      return text;
    }
    if ('each' in rule) {
      const value = each?.[rule.each];
      // The entry names the column that holds the value of its row.
      if (rule.each === 'column' && value !== undefined) return this.#cell(value);
      return () => value ?? null;
    }
    if ('join' in rule) {
      const of = this.#list(rule.join, each);
      const { separator } = rule;
      return (cells) => of(cells)?.join(separator) ?? null;
    }
    const { source } = rule;
    if (source === 'name') {
      const name = this.#source.replace(/^.*[\\/]/, '');
      return () => name;
    }
    throw this.fault('has a rule that is not known');
  }

  condition(condition: Condition): Test {
    if ('any' in condition) {
      const tests = condition.any.map((one) => this.condition(one));
      return (cells) => tests.some((test) => test(cells));
    }
    if ('all' in condition) {
      const tests = condition.all.map((one) => this.condition(one));
      return (cells) => tests.every((test) => test(cells));
    }
    if ('not' in condition) {
      const test = this.condition(condition.not);
      return (cells) => !test(cells);
    }
    if ('is' in condition) {
      const of = this.#cell(condition.column);
      const values = new Set(condition.is);
      return (cells) => values.has(of(cells) ?? '');
    }
    if ('contains' in condition) {
      const of = this.#cell(condition.column);
      const words = condition.contains.map((word) => word.toLowerCase());
      return (cells) => {
        const text = of(cells)?.toLowerCase() ?? '';
        return words.some((word) => text.includes(word));
      };
    }
    const [names, holds] =
      'positive' in condition
        ? [condition.positive, (text: string | null) => (numberOf(text ?? '') ?? 0) > 0]
        : 'yes' in condition
          ? [condition.yes, (text: string | null) => YES.has((text ?? '').toLowerCase())]
          : [condition.filled, (text: string | null) => text !== null];
    const cells = names.map((name) => this.#cell(name));
    return (record) => cells.some((cell) => holds(cell(record)));
  }

  /** The rule of a column of a table, by the type of the column. */
  value(column: Column, rule: Rule, each?: EachEntry): ValueOf {
    const { name } = column;
    if (isDate(rule)) return this.#date(column, rule, each);
    if (isList(rule)) {
      if (column.type !== 'VARCHAR[]') throw this.fault('puts a list where none belongs');
      return this.#list(rule, each);
    }
    const number = isNumber(rule) ? rule : undefined;
    const of = this.text(number?.number ?? (rule as TextRule), each);
    switch (column.type) {
      case 'VARCHAR':
        return of;
      case 'VARCHAR[]':
        return (cells) => {
          const text = of(cells);
          return text === null ? null : [text];
        };
      case 'BOOLEAN':
        return (cells, doubts) => {
          const text = of(cells);
          if (text === 'true') return true;
          if (text === 'false') return false;
          if (text !== null) doubts.doubt('flag-unreadable', name);
          return null;
        };
      case 'DATE':
      case 'TIMESTAMP':
        throw this.fault('gives no format for a date');
      case 'INTEGER':
      case 'BIGINT':
      case 'DOUBLE':
      case 'DECIMAL(18,2)': {
        const isWhole = column.type === 'INTEGER' || column.type === 'BIGINT';
        const isMoney = column.type === 'DECIMAL(18,2)';
        const most = MOST[column.type];
        const { min = -Infinity, max = Infinity, times = 1 } = number ?? {};
        return (cells, doubts) => {
          const text = of(cells);
          if (text === null) return null;
          const value = numberOf(text);
          if (value === undefined || (isWhole && !Number.isInteger(value))) {
            doubts.doubt('number-unreadable', name);
            return null;
          }
          const scaled = times === 1 ? value : value * times;
          if (value < min || value > max || Math.abs(scaled) > most) {
            doubts.doubt('number-out-of-range', name);
            return null;
          }
          return isMoney ? hundredths(scaled) : scaled;
        };
      }
    }
  }

  #list(rule: ListRule, each?: EachEntry): (cells: Cells) => readonly string[] | null {
    if ('items' in rule) {
      const items = rule.items.map((item) => this.text(item, each));
      return (cells) => {
        const found = items.map((item) => item(cells)).filter((text) => text !== null);
        return found.length === 0 ? null : found;
      };
    }
    const of = this.text(rule.list, each);
    const { split } = rule;
    return (cells) => {
      const text = of(cells);
      if (text === null) return null;
      const parts = split === 'json' ? jsonList(text) : text.split(split);
      const found = parts.map((part) => part.trim()).filter((part) => part !== '');
      return found.length === 0 ? null : found;
    };
  }

  #date(column: Column, rule: DateRule, each?: EachEntry): ValueOf {
    const { name } = column;
    if (column.type !== 'DATE' && column.type !== 'TIMESTAMP')
      throw this.fault('puts a date where none belongs');
    const of = this.text(rule.date, each);
    const parse = dateParser(rule.formats);
    const timeOf = rule.time === undefined ? undefined : this.text(rule.time, each);
    const parseTime = timeParser(rule.timeFormats ?? ['hh:mm']);
    const least = dateParser(['YYYY-MM-DD'])(rule.notBefore ?? '1900-01-01');
    if (typeof least !== 'number') throw this.fault('has a first day that is no date');
    const plus = rule.plus === undefined ? 0 : timeParser(['hh:mm:ss'])(rule.plus);
    if (typeof plus !== 'number') throw this.fault('adds a time that is none');
    const isDay = column.type === 'DATE';
    return (cells, doubts) => {
      const text = of(cells);
      if (text === null) return null;
      const found = parse(text);
      if (typeof found !== 'number') {
        doubts.doubt(found === 'unreadable' ? 'date-unreadable' : 'date-not-in-calendar', name);
        return null;
      }
      let value = found + plus * 1e6;
      const time = timeOf?.(cells) ?? null;
      if (time !== null) {
        const seconds = parseTime(time);
        if (typeof seconds === 'number') value += seconds * 1e6;
        else doubts.doubt('time-unreadable', name);
      }
      // The day exists, so a date that cannot be left out is kept as it is printed.
      const doubtful =
        value < least
          ? 'date-before-1900'
          : rule.past === true && value >= this.#tomorrow
            ? 'date-in-future'
            : undefined;
      if (doubtful !== undefined) {
        doubts.doubt(doubtful, name);
        if (column.nullable) return null;
      }
      return isDay ? Math.floor(value / DAY_US) : value;
    };
  }

  #part(rule: Extract<TextRule, { part: TextRule }>, each?: EachEntry): TextOf {
    const of = this.text(rule.part, each);
    const { after, before, last = false, whole = false } = rule;
    return (cells) => {
      const text = of(cells);
      if (text === null) return null;
      let from = 0;
      if (after !== undefined) {
        const at = last ? text.lastIndexOf(after) : text.indexOf(after);
        if (at < 0) return whole ? text : null;
        from = at + after.length;
      }
      let to = text.length;
      if (before !== undefined) {
        const at = last && after === undefined ? text.lastIndexOf(before) : text.indexOf(before, from);
        if (at < 0) return whole ? text : null;
        to = at;
      }
      const part = text.slice(from, to).trim();
      return part === '' ? null : part;
    };
  }

  #cell(name: string): TextOf {
    const at = this.column(name);
    if (at === undefined) return () => null;
    const empty = this.#empty;
    if (empty.size === 0)
      return (cells) => {
        const text = trim(cells[at]);
        return text === '' ? null : text;
      };
    return (cells) => {
      const text = trim(cells[at]);
      return text === '' || empty.has(text) ? null : text;
    };
  }

  /** `mapping.malformed` at the key that is compiled. */
  fault(what: string, cure = 'Correct the mapping; docs/mappings.md has its words.'): FractalError {
    const at = this.where === '' ? '' : ` at ${this.where}`;
    return badInputError('mapping.malformed', `the mapping ${this.#mapping.name}${at} ${what}`, cure, {
      place: { source: this.#source, line: 1 },
    });
  }
}

/** Most cells have nothing to trim. */
function trim(text: string | undefined): string {
  if (text === undefined || text === '') return '';
  return text.charCodeAt(0) > 32 && text.charCodeAt(text.length - 1) > 32 && text.charCodeAt(0) < 127
    ? text
    : text.trim();
}

/** A header cell on one line. */
export function headerName(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** A number as people and programs write it: `1,234.50`, `$12`, `.5`. Undefined when it is none. */
export function numberOf(text: string): number | undefined {
  let digits = text;
  const first = digits.charCodeAt(0);
  if (first === 36 || first === 163 || first === 8364) digits = digits.slice(1);
  if (digits.includes(',')) {
    if (!/^-?\d{1,3}(?:,\d{3})+(?:\.\d*)?$/.test(digits)) return undefined;
    digits = digits.replaceAll(',', '');
  }
  if (!NUMBER.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefined;
}

function hundredths(value: number): bigint {
  return BigInt(value.toFixed(2).replace('.', ''));
}

function jsonList(text: string): readonly string[] {
  if (!text.startsWith('[')) return [text];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  } catch {
    return [text];
  }
}

function isDate(rule: Rule): rule is DateRule {
  return typeof rule === 'object' && 'date' in rule;
}
function isNumber(rule: Rule): rule is NumberRule {
  return typeof rule === 'object' && 'number' in rule;
}
function isList(rule: Rule): rule is ListRule {
  return typeof rule === 'object' && ('list' in rule || 'items' in rule);
}
