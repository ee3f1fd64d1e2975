/** CommandGetSqlInfo: what a driver wants to know about the server and its SQL. */
import {
  Bool,
  DenseUnion,
  Field,
  Int32,
  Int64,
  List,
  Map_,
  Schema,
  Struct,
  Uint32,
  Utf8,
  makeData,
  type DataType,
} from 'apache-arrow';
import type { Limits } from '../../base/index.ts';
import type { FlightBackend } from '../../flight/index.ts';
import type { ArrowMessages } from '../../store/index.ts';
import { dataOf, messagesOf } from './small-table.ts';

type Info = string | boolean | bigint | number | readonly string[] | ReadonlyMap<number, readonly number[]>;

/** Members of the union, in the protocol's order. */
const MEMBERS: readonly (readonly [string, DataType])[] = [
  ['string_value', new Utf8()],
  ['bool_value', new Bool()],
  ['bigint_value', new Int64()],
  ['int32_bitmask', new Int32()],
  ['string_list', new List(new Field('item', new Utf8(), true))],
  [
    'int32_to_int32_list_map',
    new Map_(
      new Field(
        'entries',
        new Struct<{ key: Int32; value: List<Int32> }>([
          new Field('key', new Int32(), false),
          new Field('value', new List(new Field('item', new Int32(), true)), true),
        ]),
        false,
      ),
    ),
  ],
];

function memberOf(value: Info): number {
  if (typeof value === 'string') return 0;
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'bigint') return 2;
  if (typeof value === 'number') return 3;
  return Array.isArray(value) ? 4 : 5;
}

/** The rows asked for; all when none is named. Numbers that we do not know have no row. */
export function sqlInfo(backend: FlightBackend, limits: Limits, wanted: readonly number[]): ArrowMessages {
  const all = infos(backend, limits);
  const names = (wanted.length === 0 ? [...all.keys()] : [...new Set(wanted)]).filter((name) =>
    all.has(name),
  );
  const values = names.map((name) => all.get(name)!);
  const held: Info[][] = MEMBERS.map(() => []);
  const typeIds = Int8Array.from(values, memberOf);
  const valueOffsets = Int32Array.from(values, (value) => held[memberOf(value)]!.push(value) - 1);
  const union = new DenseUnion(
    MEMBERS.map((_, i) => i),
    MEMBERS.map(([name, type]) => new Field(name, type, true)),
  );
  const children = MEMBERS.map(([, type], i) => dataOf(type, held[i]!));
  const schema = new Schema([new Field('info_name', new Uint32(), false), new Field('value', union, false)]);
  const value = makeData({ type: union, length: values.length, typeIds, valueOffsets, children });
  return messagesOf(schema, [dataOf(new Uint32(), names), value], names.length);
}

const bits = (...places: readonly number[]): number => places.reduce((sum, place) => sum | (1 << place), 0);

/** Words that DuckDB reserves and SQL:2003 does not. */
const KEYWORDS = [
  'ANALYSE',
  'ANALYZE',
  'ASC',
  'DEFERRABLE',
  'DESC',
  'DESCRIBE',
  'INITIALLY',
  'LAMBDA',
  'LIMIT',
  'OFFSET',
  'PIVOT',
  'PIVOT_LONGER',
  'PIVOT_WIDER',
  'PLACING',
  'QUALIFY',
  'RETURNING',
  'SHOW',
  'SUMMARIZE',
  'UNPIVOT',
  'VARIADIC',
];
/** Functions of the Open Group's call-level interface that DuckDB has under the same name. */
const NUMERIC = [
  'ABS',
  'ACOS',
  'ASIN',
  'ATAN',
  'ATAN2',
  'CEILING',
  'COS',
  'COT',
  'DEGREES',
  'EXP',
  'FLOOR',
  'LOG',
  'LOG10',
  'MOD',
  'PI',
  'POWER',
  'RADIANS',
  'ROUND',
  'SIGN',
  'SIN',
  'SQRT',
  'TAN',
];
const STRING = [
  'ASCII',
  'BIT_LENGTH',
  'CHAR_LENGTH',
  'CHARACTER_LENGTH',
  'CONCAT',
  'LCASE',
  'LEFT',
  'LENGTH',
  'LTRIM',
  'POSITION',
  'REPEAT',
  'REPLACE',
  'RIGHT',
  'RTRIM',
  'SUBSTRING',
  'UCASE',
];
const SYSTEM = ['COALESCE', 'IFNULL'];
const DATETIME = [
  'CURRENT_DATE',
  'DAYNAME',
  'DAYOFMONTH',
  'DAYOFWEEK',
  'DAYOFYEAR',
  'EXTRACT',
  'HOUR',
  'MINUTE',
  'MONTH',
  'MONTHNAME',
  'NOW',
  'QUARTER',
  'SECOND',
  'WEEK',
  'YEAR',
];

/** Numbers of SqlSupportsConvert. What CAST takes each type to. */
const CONVERT = {
  bigint: 0,
  bit: 2,
  date: 4,
  decimal: 5,
  float: 6,
  integer: 7,
  real: 13,
  smallint: 14,
  time: 15,
  timestamp: 16,
  tinyint: 17,
  varbinary: 18,
  varchar: 19,
} as const;
const NUMBERS = [
  CONVERT.bigint,
  CONVERT.bit,
  CONVERT.decimal,
  CONVERT.float,
  CONVERT.integer,
  CONVERT.real,
  CONVERT.smallint,
  CONVERT.tinyint,
  CONVERT.varchar,
];
const CONVERSIONS: ReadonlyMap<number, readonly number[]> = new Map([
  ...NUMBERS.filter((type) => type !== CONVERT.varchar).map((type): [number, readonly number[]] => [
    type,
    NUMBERS,
  ]),
  [CONVERT.date, [CONVERT.date, CONVERT.timestamp, CONVERT.varchar]],
  [CONVERT.time, [CONVERT.time, CONVERT.varchar]],
  [CONVERT.timestamp, [CONVERT.date, CONVERT.time, CONVERT.timestamp, CONVERT.varchar]],
  [CONVERT.varbinary, [CONVERT.varbinary, CONVERT.varchar]],
  [CONVERT.varchar, Object.values(CONVERT)],
]);

/** Numbers of the enum SqlInfo. No limit, or none known, is 0. */
function infos(backend: FlightBackend, limits: Limits): ReadonlyMap<number, Info> {
  const unlimited = [541, 542, 543, 544, 546, 547, 548, 550, 551, 552, 553, 554, 555, 559, 560, 561];
  return new Map<number, Info>([
    [0, 'Fractal'],
    [1, backend.version],
    [2, '18.1.0'],
    [3, false],
    [4, true], // SQL
    [5, false], // Substrait
    [8, 1], // transactions without savepoints
    [9, true], // cancel
    [10, true], // ingest
    [11, true], // ingest in transactions
    [100, limits.flight_statement_ms],
    [101, limits.flight_transaction_ms],
    [500, false], // catalogues, schemas and tables are not made by SQL
    [501, false],
    [502, false],
    [503, 1], // names are case-insensitive
    [504, '"'],
    [505, 1],
    [506, true],
    [507, 3], // NULL sorts last
    [508, KEYWORDS],
    [509, NUMERIC],
    [510, STRING],
    [511, SYSTEM],
    [512, DATETIME],
    [513, '\\'],
    [514, ''],
    [515, true],
    [516, true],
    [517, CONVERSIONS],
    [518, true],
    [519, false],
    [520, true],
    [521, true],
    [522, bits(0, 1)],
    [523, true],
    [524, true],
    [525, bits(0, 1)],
    [526, bits(0)],
    [527, false],
    [528, bits(1, 2)], // limited and full outer joins: drivers read bits, whatever the protocol calls it
    [529, 'schema'],
    [530, ''],
    [531, 'catalog'],
    [532, true],
    [533, 0],
    [534, 0],
    [535, 0],
    [536, false],
    [537, false],
    [538, bits(0, 1, 2, 3)],
    [539, true],
    [540, bits(0, 1)],
    [545, 0n],
    ...unlimited.map((name): [number, Info] => [name, 0n]),
    [549, BigInt(limits.flight_connections)],
    [556, false],
    [557, BigInt(limits.sql_bytes)],
    [558, BigInt(limits.flight_statements)],
    [562, 3n], // one state of the database for a whole transaction: repeatable read
    [563, true],
    [564, bits(0, 3)],
    [565, false],
    [566, false],
    [567, bits(0, 1)],
    [568, bits(0, 1)],
    [569, bits(0, 1)],
    [570, 0],
    [571, 0],
    [572, true],
    [573, false],
    [574, false],
    [575, false],
    [576, false],
  ]);
}
