/** The Lance table behind search: one row per provision that has text, per version. */
import * as lancedb from '@lancedb/lancedb';
import {
  Binary,
  DateDay,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  Int64,
  RecordBatch,
  Schema,
  Struct,
  Table,
  Utf8,
  makeData,
  vectorFromArray,
  type Data,
} from 'apache-arrow';
import { invariant } from '../../base/index.ts';
import { parseDate, type LanceDefinition } from '../../store/index.ts';
import type { Embedder } from '../ports.ts';

export const SECTION_TABLE = 'sections';

/** Stands for "always was" and "still is": ranges over plain integers are what a BTREE answers fastest. */
export const DAY_MIN = -(2 ** 31);
export const DAY_MAX = 2 ** 31 - 1;

/** One row to be indexed. */
export interface IndexedSection {
  readonly section_id: string;
  readonly version_id: string;
  readonly document_id: string;
  readonly jurisdiction: string;
  readonly language: string;
  readonly level: string;
  readonly citation: string;
  readonly heading: string;
  readonly text: string;
  /** What full-text search reads: citation, headings above, text. */
  readonly search_text: string;
  /** `YYYY-MM-DD`; undefined: always was, and still is. */
  readonly in_force_from: string | undefined;
  readonly in_force_to: string | undefined;
}

/** What the model says of a batch of passages. */
export interface PassageVectors {
  /** Row-major, `rows × dimension`. */
  readonly vectors: Float32Array;
  /** The different terms of each, when the model has terms. */
  readonly terms: readonly Uint16Array[] | undefined;
}

export async function passageVectors(
  embedder: Embedder,
  passages: readonly string[],
  signal?: AbortSignal,
): Promise<PassageVectors> {
  const [vectors, terms] = await Promise.all([
    embedder.embed(passages, 'passage', signal),
    embedder.terms?.termsOf(passages),
  ]);
  return { vectors, terms };
}

const TEXT_COLUMNS = [
  'row_key',
  'section_id',
  'version_id',
  'document_id',
  'jurisdiction',
  'language',
  'level',
  'citation',
  'heading',
  'text',
  'search_text',
] as const;

export function sectionTable(dimension: number): LanceDefinition {
  return {
    name: SECTION_TABLE,
    key: 'row_key',
    schema: new Schema([
      ...TEXT_COLUMNS.map((name) => new Field(name, new Utf8(), false)),
      new Field('in_force_from', new DateDay(), true),
      new Field('in_force_to', new DateDay(), true),
      new Field('from_day', new Int32(), false),
      new Field('to_day', new Int32(), false),
      // 1 once the version has an end, whenever that is.
      new Field('closed', new Int32(), false),
      // 0 while the node knows no better text for the same date; 1 for a superseded or removed one.
      new Field('superseded', new Int32(), false),
      new Field('commit_version', new Int64(), false),
      // The different terms of the passage, as 16-bit ids; empty when the model has none.
      new Field('terms', new Binary(), false),
      new Field('vector', vectorType(dimension), false),
    ]),
  };
}

function vectorType(dimension: number): FixedSizeList<Float32> {
  return new FixedSizeList(dimension, new Field('item', new Float32(), true));
}

/** Rows with their vectors as one Arrow table. */
export function sectionBatch(
  rows: readonly IndexedSection[],
  { vectors, terms }: PassageVectors,
  dimension: number,
  commitVersion: bigint,
): Table {
  const n = rows.length;
  invariant(vectors.length === n * dimension, 'one vector per section');
  const { schema } = sectionTable(dimension);
  const texts = TEXT_COLUMNS.map((name) =>
    utf8Column(rows.map((row) => (name === 'row_key' ? `${row.version_id} ${row.section_id}` : row[name]))),
  );
  const day = (date: string | undefined): number | undefined =>
    date === undefined ? undefined : parseDate(date);
  const from = rows.map((row) => day(row.in_force_from));
  const to = rows.map((row) => day(row.in_force_to));
  const int = (values: (number | undefined)[], none: number): Data =>
    makeData({ type: new Int32(), length: n, data: Int32Array.from(values, (value) => value ?? none) });
  const children: Data[] = [
    ...texts,
    dateColumn(from),
    dateColumn(to),
    int(from, DAY_MIN),
    int(to, DAY_MAX),
    int(
      to.map((value) => (value === undefined ? 0 : 1)),
      0,
    ),
    makeData({ type: new Int32(), length: n, data: new Int32Array(n) }),
    makeData({ type: new Int64(), length: n, data: new BigInt64Array(n).fill(commitVersion) }),
    column(
      vectorFromArray(
        rows.map((_, i) => bytesOf(terms?.[i])),
        new Binary(),
      ),
    ),
    makeData({
      type: vectorType(dimension),
      length: n,
      nullCount: 0,
      child: makeData({ type: new Float32(), length: n * dimension, data: vectors }),
    }),
  ];
  return new Table([
    new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: n, children })),
  ]);
}

/** Texts written straight into one buffer: Arrow's own builder costs several times as much. */
function utf8Column(values: readonly string[]): Data {
  const valueOffsets = new Int32Array(values.length + 1);
  values.forEach((value, i) => {
    valueOffsets[i + 1] = (valueOffsets[i] ?? 0) + Buffer.byteLength(value);
  });
  const data = Buffer.allocUnsafeSlow(valueOffsets[values.length] ?? 0);
  values.forEach((value, i) => data.write(value, valueOffsets[i] ?? 0));
  return makeData({ type: new Utf8(), length: values.length, nullCount: 0, valueOffsets, data });
}

function dateColumn(days: readonly (number | undefined)[]): Data {
  const nullBitmap = new Uint8Array((days.length + 7) >> 3);
  days.forEach((day, i) => {
    if (day !== undefined) nullBitmap[i >> 3] = (nullBitmap[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return makeData({
    type: new DateDay(),
    length: days.length,
    nullCount: days.filter((day) => day === undefined).length,
    nullBitmap,
    data: Int32Array.from(days, (day) => day ?? 0),
  });
}

const NO_TERMS = new Uint16Array(0);

function bytesOf(terms: Uint16Array = NO_TERMS): Uint8Array {
  return new Uint8Array(terms.buffer, terms.byteOffset, terms.byteLength);
}

/** The terms of a stored row; copied, because Arrow's bytes may lie at an odd address. */
export function termsFrom(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(bytes.slice().buffer);
}

function column(vector: { readonly data: readonly Data[] }): Data {
  const [data] = vector.data;
  invariant(data, 'a column has data');
  return data;
}

/** SQL that moves a version's end date in the search table. */
export function closeSections(
  versionId: string,
  to: string | undefined,
): { where: string; set: Record<string, string> } {
  return {
    where: `version_id = ${quote(versionId)}`,
    set: {
      in_force_to: to === undefined ? 'cast(null as date)' : `date '${to}'`,
      to_day: String(to === undefined ? DAY_MAX : (parseDate(to) ?? DAY_MAX)),
      closed: to === undefined ? '0' : '1',
    },
  };
}

/** SQL that takes a version out of the search: the node knows a better text for the same date. */
export function supersedeSections(versionId: string): { where: string; set: Record<string, string> } {
  return { where: `version_id = ${quote(versionId)}`, set: { superseded: '1' } };
}

export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Full text without positions: phrase queries are not offered, and compacting positional indexes has crashed Lance
 * (field notes on EverOS#315).
 */
export function textIndex(): lancedb.Index {
  return lancedb.Index.fts({
    withPosition: false,
    baseTokenizer: 'simple',
    language: 'English',
    lowercase: true,
    stem: true,
    removeStopWords: true,
    asciiFolding: true,
  });
}

/** Columns of the search table that a comparison may be evaluated over before ranking. */
export const PUSHED_COLUMNS: readonly string[] = [
  'section_id',
  'version_id',
  'document_id',
  'jurisdiction',
  'citation',
  'in_force_from',
  'in_force_to',
];

/** Columns that have an index for prefilters. */
export const FILTER_COLUMNS = [
  'from_day',
  'to_day',
  'closed',
  'superseded',
  'jurisdiction',
  'document_id',
  'version_id',
] as const;

export function filterIndex(): lancedb.Index {
  return lancedb.Index.btree();
}

/** Measured choice (data plane notes §5): IVF_RQ with √N partitions, refine 5. */
export function vectorIndex(rows: number): lancedb.Index {
  return lancedb.Index.ivfRq({
    distanceType: 'cosine',
    numPartitions: Math.max(1, Math.round(Math.sqrt(rows))),
  });
}
export const VECTOR_PROBES = 20;
export const VECTOR_REFINE = 5;
