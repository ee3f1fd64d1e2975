/**
 * Records of one file through a mapping: batches of rows by column, and what is to be said of the records.
 *
 * Nothing is dropped silently. A record is added, or added with a doubt, or rejected with its line and the reason; the
 * three sum up to the records of the file. A reader is a pure function of its input: today is told to it.
 */
import { FIXED_LIMITS, badInputError } from '../../base/index.ts';
import { ESH, SPANS_COLUMN, qualifiedName, type Column, type Table } from '../../schema/index.ts';
import type { ReaderInput } from '../reader.ts';
import { cellText, type ColumnBatch } from './batch.ts';
import { overLimit } from './bounds.ts';
import { csvRows, type RawRows } from './csv.ts';
import { LineDecoder } from './decode.ts';
import { jsonCell, jsonRecords } from './json.ts';
import { KeySet } from './keys.ts';
import type { EachEntry, Emission, Mapping } from './mapping.ts';
import { PeopleMarker } from './people.ts';
import { Compiler, headerName, type Cells, type CellValue, type Doubts, type ValueOf } from './rules.ts';
import { sheetsOf, wholeFile } from './xlsx.ts';

export interface FlaggedRecord {
  readonly line: number;
  /** `esh.incidents`, and the key of the row that the doubt is about, if it became one. */
  readonly table: string;
  readonly key: string | undefined;
  readonly column: string;
  /** `date-in-future`, `number-unreadable`, … */
  readonly reason: string;
}
export interface RejectedRecord {
  readonly line: number;
  readonly reason: string;
}

/** Some records of a file. Batches of things that many records speak of come first. */
export interface RecordGroup {
  /** Records read; those that were neither flagged nor rejected are added without a doubt. */
  readonly records: number;
  /** Records added with a doubt. A record may have several. */
  readonly doubtful: number;
  readonly batches: readonly ColumnBatch[];
  readonly flagged: readonly FlaggedRecord[];
  readonly rejected: readonly RejectedRecord[];
}

export interface RecordOptions {
  /** `YYYY-MM-DD`: later days are in the future. */
  readonly today: string;
}

export async function* readRecords(
  mapping: Mapping,
  input: ReaderInput,
  options: RecordOptions,
): AsyncIterable<RecordGroup> {
  const { shape } = mapping;
  switch (shape.type) {
    case 'csv':
      yield* readCsv(mapping, shape.delimiter, shape.quote !== 'none', input, options);
      break;
    case 'json':
      yield* readJson(mapping, shape.paths, input, options);
      break;
    case 'xlsx':
      yield* readXlsx(mapping, input, options);
      break;
  }
}

/**
 * Compiles the rules of a mapping as if a file had every column that they read: throws `mapping.malformed` for a table,
 * column, definition or format that does not exist, naming its key.
 */
export function checkRules(mapping: Mapping, source: string): void {
  new Engine(
    mapping,
    new Compiler(mapping, [...columnsOf(mapping)], source, '2000-01-01'),
    source,
    undefined,
  );
}

async function* readCsv(
  mapping: Mapping,
  delimiter: string,
  quoted: boolean,
  { name, chunks, limits }: ReaderInput,
  { today }: RecordOptions,
): AsyncIterable<RecordGroup> {
  const decoder = new LineDecoder(name, mapping.encoding ?? 'detect');
  const rows = csvRows(decoder.read(chunks, limits.record_bytes), {
    source: name,
    delimiter,
    quoted,
    recordBytes: limits.record_bytes,
    fields: limits.record_fields,
  });
  let engine: Engine | undefined;
  for await (const group of rows) {
    let from = 0;
    if (engine === undefined) {
      const header = group.rows[0] ?? [];
      engine = new Engine(mapping, new Compiler(mapping, header, name, today), name, header.length);
      from = 1;
    }
    yield* engine.add(group, from);
  }
  if (engine === undefined)
    throw badInputError('records.empty', 'the file is empty', 'The first line names the columns.', {
      place: { source: name, line: 1 },
    });
  yield* engine.finish();
}

async function* readJson(
  mapping: Mapping,
  paths: readonly (readonly string[])[],
  { name, chunks, limits }: ReaderInput,
  { today }: RecordOptions,
): AsyncIterable<RecordGroup> {
  const header = [...columnsOf(mapping)];
  const keys = header.map((column) => (column === '@path' ? [] : column.split('.')));
  const engine = new Engine(mapping, new Compiler(mapping, header, name, today), name, header.length);
  const pathAt = header.indexOf('@path');
  for await (const records of jsonRecords(chunks, {
    source: name,
    paths,
    recordBytes: limits.record_bytes,
  })) {
    const rows = records.map(({ value, path }) =>
      keys.map((key, i) => (i === pathAt ? path : jsonCell(value, key))),
    );
    yield* engine.add({ rows, lines: records.map(({ line }) => line) }, 0);
  }
  yield* engine.finish();
}

/** Every sheet with the mapping's columns is read; rows above its header are titles. */
async function* readXlsx(
  mapping: Mapping,
  { name, chunks, limits }: ReaderInput,
  { today }: RecordOptions,
): AsyncIterable<RecordGroup> {
  const wanted = mapping.match.columns ?? [];
  const has = (header: readonly string[], column: string): boolean =>
    column.endsWith('*')
      ? header.some((cell) => cell.startsWith(column.slice(0, -1)))
      : header.includes(column);
  let found = 0;
  for (const sheet of await sheetsOf(await wholeFile(chunks, name), { source: name, limits })) {
    let engine: Engine | undefined;
    for await (const { rows, lines } of sheet.rows()) {
      let from = 0;
      if (engine === undefined) {
        const at = rows.findIndex((row) => {
          const header = row.map((cell) => headerName(cell ?? ''));
          return wanted.every((column) => has(header, column));
        });
        if (at < 0) continue;
        const header = rows[at] ?? [];
        engine = new Engine(mapping, new Compiler(mapping, header, name, today), name, undefined);
        from = at + 1;
        found++;
      }
      const filled = rows.map((row, i) => [row, lines[i] ?? 0] as const).slice(from);
      const real = filled.filter(([row]) => row.some((cell) => cell !== undefined && cell !== ''));
      yield* engine.add({ rows: real.map(([row]) => row), lines: real.map(([, line]) => line) }, 0);
    }
    if (engine !== undefined) yield* engine.finish();
  }
  if (found === 0)
    throw badInputError(
      'records.header',
      `no sheet has the columns of the mapping ${mapping.name}`,
      'Check that this is the sheet with the records, or write a mapping for this edition.',
      { place: { source: name, line: 1 } },
    );
}

/** The columns that the rules of a mapping read. */
function columnsOf(mapping: Mapping): ReadonlySet<string> {
  const names = new Set<string>(['@path', ...(mapping.unique ?? [])]);
  const visit = (value: unknown, key: string): void => {
    if (typeof value === 'string') {
      if (!CONSTANT_KEYS.has(key)) names.add(value);
    } else if (Array.isArray(value)) for (const item of value) visit(item, key);
    else if (typeof value === 'object' && value !== null)
      for (const [inner, entry] of Object.entries(value)) if (inner !== 'codes') visit(entry, inner);
  };
  for (const rule of Object.values(mapping.define ?? {})) visit(rule, 'define');
  for (const { when } of mapping.reject ?? []) visit(when, 'when');
  for (const emission of mapping.emit) {
    visit(emission.columns, 'columns');
    if (emission.when !== undefined) visit(emission.when, 'when');
    for (const entry of emission.each ?? []) if (entry['column'] !== undefined) names.add(entry['column']);
  }
  return names;
}
/** Keys of rules whose text is no name of a column. */
const CONSTANT_KEYS: ReadonlySet<string> = new Set(
  'value separator all after before last whole as prefix use each source split formats timeFormats notBefore plus is contains codes past'.split(
    ' ',
  ),
);

/** Records of one key that are counted through; more are rejected. */
const REPEATS_MAX = 1000;
const REPEATED = 'a record with this key has come before';

interface Plan {
  readonly emission: Emission;
  readonly table: Table;
  readonly when: ((cells: Cells) => boolean) | undefined;
  /** Rules by column of the table, for each entry of `each`. */
  readonly rows: readonly (readonly (ValueOf | undefined)[])[];
  readonly keyColumns: readonly number[];
  readonly flagsColumn: number;
  readonly marker: PeopleMarker | undefined;
  readonly order: readonly (readonly [number, number])[];
  readonly keys: KeySet;
  columns: (CellValue[] | undefined)[];
  length: number;
}

class Engine {
  readonly #mapping: Mapping;
  readonly #source: string;
  readonly #width: number | undefined;
  readonly #plans: readonly Plan[];
  readonly #rejects: readonly { readonly when: (cells: Cells) => boolean; readonly reason: string }[];
  readonly #nameRules: readonly (ValueOf | undefined)[];
  readonly #unique: readonly number[];
  readonly #records = new KeySet();
  readonly #doubts = new RecordDoubts();
  #flagged: FlaggedRecord[] = [];
  #rejected: RejectedRecord[] = [];
  #count = 0;
  #doubtful = 0;
  #chars = 0;
  #total = 0;
  /** What tells a record from earlier ones of the same key. */
  #suffix = '';

  constructor(mapping: Mapping, compiler: Compiler, source: string, width: number | undefined) {
    this.#mapping = mapping;
    this.#source = source;
    this.#width = width;
    const rules = mapping.refuse === undefined ? mapping.emit : [];
    this.#plans = rules.map((emission, at) => planOf(emission, at, compiler));
    this.#rejects = (mapping.reject ?? []).map(({ when, reason }) => ({
      when: compiler.condition(when),
      reason,
    }));
    this.#nameRules = this.#plans.flatMap(({ table, rows: [first = []] }) =>
      first.filter((rule, i) => rule !== undefined && table.columns[i]?.personal === 'name'),
    );
    this.#unique = (mapping.unique ?? [])
      .map((name) => compiler.column(name))
      .filter((column) => column !== undefined);
  }

  *add({ rows, lines }: RawRows, from: number): Generator<RecordGroup> {
    for (let i = from; i < rows.length; i++) {
      this.#record(rows[i] ?? [], lines[i] ?? 0);
      if (this.#isFull()) yield this.#take();
    }
  }

  *finish(): Generator<RecordGroup> {
    if (this.#count > 0) yield this.#take();
  }

  #record(cells: Cells, line: number): void {
    this.#count++;
    if (++this.#total > FIXED_LIMITS.record_rows.value)
      throw overLimit(this.#source, 'record_rows', 'the file', line);
    const reason = this.#fault(cells) ?? this.#rows(cells);
    if (reason !== undefined) this.#rejected.push({ line, reason });
    else if (this.#doubts.list.length > 0) {
      this.#doubtful++;
      for (const doubt of this.#doubts.list) this.#flagged.push({ line, ...doubt });
    }
  }

  /** Why a record cannot be taken, before any rule is applied. */
  #fault(cells: Cells): string | undefined {
    if (this.#mapping.refuse !== undefined) return this.#mapping.refuse;
    if (this.#width !== undefined && cells.length !== this.#width)
      return cells.length < this.#width
        ? 'it has fewer cells than the header'
        : 'it has more cells than the header';
    for (const { when, reason } of this.#rejects) if (when(cells)) return reason;
    if (this.#unique.length === 0) return undefined;
    let key = '';
    for (const column of this.#unique) key += `${cells[column] ?? ''}\u0001`;
    this.#suffix = '';
    let isNew = this.#records.add(key);
    if (this.#mapping.repeats === 'number')
      for (let n = 2; !isNew && n <= REPEATS_MAX; n++) {
        this.#suffix = `#${n}`;
        isNew = this.#records.add(key + this.#suffix);
      }
    return isNew ? undefined : REPEATED;
  }

  /** Makes the rows of a record in all tables, or says why it makes none. */
  #rows(cells: Cells): string | undefined {
    const doubts = this.#doubts;
    doubts.clear();
    let names: readonly string[] | undefined;
    for (const [index, plan] of this.#plans.entries()) {
      if (plan.when !== undefined && !plan.when(cells)) {
        if (index === 0) return 'it is no record of this kind';
        continue;
      }
      let made = 0;
      let lacking: string | undefined;
      for (const rules of plan.rows) {
        doubts.begin(qualifiedName(plan.table));
        const values = rules.map((rule) => (rule === undefined ? null : rule(cells, doubts)));
        for (const [start, end] of plan.order) {
          const [a, b] = [values[start], values[end]];
          if (typeof a !== 'number' || typeof b !== 'number' || b >= a) continue;
          doubts.doubt('end-before-start', plan.table.columns[end]?.name ?? '');
          if (plan.table.columns[end]?.nullable === true) values[end] = null;
        }
        const missing = plan.table.columns.find((column, i) => !column.nullable && values[i] === null);
        if (missing !== undefined) {
          if (index === 0) {
            lacking = missing.name;
            continue;
          }
          if (plan.emission.once !== true)
            doubts.doubt('derived-row-incomplete', `${plan.table.name}.${missing.name}`);
          continue;
        }
        const keyColumn = plan.keyColumns[0] ?? 0;
        if (index === 0 && this.#suffix !== '') {
          values[keyColumn] = `${String(values[keyColumn])}${this.#suffix}`;
          doubts.doubt('record-repeated', plan.table.columns[keyColumn]?.name ?? '');
        }
        if (index > 0 || this.#unique.length === 0) {
          let key = '';
          for (const column of plan.keyColumns) key += `${String(values[column])}\u0001`;
          if (!plan.keys.add(key)) {
            if (plan.emission.once === true) continue;
            if (index === 0 && plan.rows.length === 1) return REPEATED;
            doubts.doubt('derived-row-repeated', plan.table.name);
            continue;
          }
        }
        if (plan.flagsColumn >= 0 && doubts.list.length > 0) {
          const own = (values[plan.flagsColumn] ?? []) as readonly string[];
          values[plan.flagsColumn] = [...new Set([...own, ...doubts.list.map(({ reason }) => reason)])];
        }
        doubts.about(plan, values);
        plan.marker?.mark(values, (names ??= this.#names(cells)));
        this.#push(plan, values);
        made++;
      }
      if (index > 0 || lacking === undefined) continue;
      if (made === 0) return `${lacking} is missing or unreadable`;
      doubts.doubt('row-incomplete', lacking);
    }
    return undefined;
  }

  /** Names of people that the record has in columns of their own; its free texts may tell them too. */
  #names(cells: Cells): readonly string[] {
    const unheard = new RecordDoubts();
    return this.#nameRules.map((rule) => rule?.(cells, unheard)).filter((name) => typeof name === 'string');
  }

  #push(plan: Plan, values: readonly CellValue[]): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? null;
      const column = plan.columns[i];
      if (column !== undefined) column.push(value);
      else if (value !== null) {
        const fresh = new Array<CellValue>(plan.length).fill(null);
        fresh.push(value);
        plan.columns[i] = fresh;
      }
      if (typeof value === 'string') this.#chars += value.length;
    }
    plan.length++;
  }

  #isFull(): boolean {
    if (this.#chars >= FIXED_LIMITS.record_group_chars.value) return true;
    if (this.#count >= FIXED_LIMITS.record_group_rows.value) return true;
    return this.#plans.some(({ length }) => length >= FIXED_LIMITS.record_group_rows.value);
  }

  #take(): RecordGroup {
    const batches: ColumnBatch[] = [];
    for (const [emission, plan] of this.#plans.entries()) {
      if (plan.length === 0) continue;
      const once = plan.emission.once === true;
      batches.push({ table: plan.table, emission, once, length: plan.length, columns: plan.columns });
      plan.columns = plan.table.columns.map(() => undefined);
      plan.length = 0;
    }
    batches.sort((a, b) => Number(b.once) - Number(a.once));
    const group: RecordGroup = {
      records: this.#count,
      doubtful: this.#doubtful,
      batches,
      flagged: this.#flagged,
      rejected: this.#rejected,
    };
    this.#flagged = [];
    this.#rejected = [];
    this.#count = 0;
    this.#doubtful = 0;
    this.#chars = 0;
    return group;
  }
}

class RecordDoubts implements Doubts {
  list: Omit<FlaggedRecord, 'line'>[] = [];
  #table = '';
  /** First doubt of the row at hand. */
  #from = 0;

  clear(): void {
    this.list = [];
    this.#from = 0;
  }

  /** Doubts that follow are about a row of this table. */
  begin(table: string): void {
    this.#table = table;
    this.#from = this.list.length;
  }

  doubt(reason: string, column: string): void {
    const isKnown = this.list.slice(this.#from).some((one) => one.reason === reason && one.column === column);
    if (!isKnown) this.list.push({ table: this.#table, key: undefined, column, reason });
  }

  /** The row has been made: its doubts get its key. */
  about({ table, keyColumns }: Plan, values: readonly CellValue[]): void {
    if (this.list.length === this.#from) return;
    const key = keyColumns.map((at) => cellText(table.columns[at]?.type ?? 'VARCHAR', values[at] ?? null));
    this.list = this.list.map((doubt, i) => (i < this.#from ? doubt : { ...doubt, key: key.join('/') }));
  }
}

function planOf(emission: Emission, at: number, compiler: Compiler): Plan {
  const where = `emit[${at}]`;
  compiler.where = `${where}.table`;
  const table = Object.values(ESH).find((one) => qualifiedName(one) === emission.table);
  if (table === undefined)
    throw compiler.fault(
      'speaks of a table that is not one of esh',
      `Tables are ${Object.values(ESH).map(qualifiedName).join(', ')}.`,
    );
  const cure = `Columns of ${emission.table} are ${table.columns.map(({ name }) => name).join(', ')}.`;
  const indexOf = (name: string): number => {
    const index = table.columns.findIndex((column) => column.name === name);
    if (index < 0)
      throw compiler.fault(
        `speaks of ${JSON.stringify(name)}, which is no column of ${emission.table}`,
        cure,
      );
    return index;
  };
  compiler.where = `${where}.columns`;
  for (const name of Object.keys(emission.columns)) indexOf(name);
  if (SPANS_COLUMN in emission.columns)
    throw compiler.fault(`gives ${SPANS_COLUMN}`, 'Leave it out: it is found by the node.');
  for (const { name, nullable, doc } of table.columns)
    if (!nullable && emission.columns[name] === undefined)
      throw compiler.fault(`gives nothing for ${name}`, `${name} is required: ${doc}.`);
  const entries: readonly (EachEntry | undefined)[] = emission.each ?? [undefined];
  // What does not depend on the entry is worked out once for a record.
  const shared = new Map<Column, ValueOf>();
  const rows = entries.map((entry) =>
    table.columns.map((column) => {
      const rule = emission.columns[column.name];
      if (rule === undefined) return undefined;
      compiler.where = `${where}.columns.${column.name}`;
      if (entries.length === 1 || JSON.stringify(rule).includes('"each"'))
        return compiler.value(column, rule, entry);
      const known = shared.get(column) ?? onceARecord(compiler.value(column, rule, entry));
      shared.set(column, known);
      return known;
    }),
  );
  compiler.where = `${where}.when`;
  const when = emission.when === undefined ? undefined : compiler.condition(emission.when);
  compiler.where = `${where}.order`;
  const order = (emission.order ?? []).map(([start, end]) => [indexOf(start), indexOf(end)] as const);
  compiler.where = '';
  return {
    emission,
    table,
    when,
    rows,
    keyColumns: table.key.map(indexOf),
    flagsColumn: table.columns.findIndex(({ name }) => name === 'flags'),
    marker: PeopleMarker.for(table),
    order,
    keys: new KeySet(),
    columns: table.columns.map(() => undefined),
    length: 0,
  };
}

function onceARecord(rule: ValueOf): ValueOf {
  let last: Cells | undefined;
  let value: CellValue = null;
  return (cells, doubts) => {
    if (cells !== last) {
      value = rule(cells, doubts);
      last = cells;
    }
    return value;
  };
}
