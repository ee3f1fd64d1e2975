/** CommandGetXdbcTypeInfo: the types of SQL by their numbers in ODBC and JDBC. */
import { Bool, Field, Int32, List, Utf8 } from 'apache-arrow';
import type { ArrowMessages } from '../../store/index.ts';
import { column, smallTable } from './small-table.ts';

interface SqlType {
  readonly name: string;
  /** XdbcDataType. */
  readonly code: number;
  /** Digits, characters, or bits of a float. */
  readonly size?: number;
  readonly quote?: string;
  readonly params?: readonly string[];
  readonly unsigned?: boolean;
  readonly radix?: 2 | 10;
  readonly scale?: readonly [number, number];
  /** For dates and times: the subcode under the generic type 9. */
  readonly datetime?: number;
}

const TYPES: readonly SqlType[] = [
  { name: 'BOOLEAN', code: -7, size: 1 },
  { name: 'TINYINT', code: -6, size: 3, unsigned: false, radix: 10 },
  { name: 'BIGINT', code: -5, size: 19, unsigned: false, radix: 10 },
  { name: 'BLOB', code: -3, quote: "'" },
  {
    name: 'DECIMAL',
    code: 3,
    size: 38,
    unsigned: false,
    radix: 10,
    params: ['precision', 'scale'],
    scale: [0, 38],
  },
  { name: 'INTEGER', code: 4, size: 10, unsigned: false, radix: 10 },
  { name: 'SMALLINT', code: 5, size: 5, unsigned: false, radix: 10 },
  { name: 'FLOAT', code: 7, size: 24, unsigned: false, radix: 2 },
  { name: 'DOUBLE', code: 8, size: 53, unsigned: false, radix: 2 },
  { name: 'VARCHAR', code: 12, quote: "'" },
  { name: 'DATE', code: 91, size: 10, quote: "'", datetime: 1 },
  { name: 'TIME', code: 92, size: 15, quote: "'", datetime: 2 },
  { name: 'TIMESTAMP', code: 93, size: 26, quote: "'", datetime: 3 },
];

const NULLABLE = 1;
const SEARCHABLE_BASIC = 2;
const SEARCHABLE_FULL = 3;
const GENERIC_DATETIME = 9;

/** All types, or those of one number. */
export function xdbcTypes(code: number | undefined): ArrowMessages {
  const text = new Utf8();
  const int = new Int32();
  const flag = new Bool();
  return smallTable(
    [
      column('type_name', text),
      column('data_type', int),
      column('column_size', int, true),
      column('literal_prefix', text, true),
      column('literal_suffix', text, true),
      column('create_params', new List(new Field('item', text, false)), true),
      column('nullable', int),
      column('case_sensitive', flag),
      column('searchable', int),
      column('unsigned_attribute', flag, true),
      column('fixed_prec_scale', flag),
      column('auto_increment', flag, true),
      column('local_type_name', text, true),
      column('minimum_scale', int, true),
      column('maximum_scale', int, true),
      column('sql_data_type', int),
      column('datetime_subcode', int, true),
      column('num_prec_radix', int, true),
      column('interval_precision', int, true),
    ],
    TYPES.filter((type) => code === undefined || type.code === code).map((type) => ({
      type_name: type.name,
      data_type: type.code,
      column_size: type.size,
      literal_prefix: type.quote,
      literal_suffix: type.quote,
      create_params: type.params,
      nullable: NULLABLE,
      case_sensitive: type.name === 'VARCHAR',
      searchable: type.name === 'VARCHAR' ? SEARCHABLE_FULL : SEARCHABLE_BASIC,
      unsigned_attribute: type.unsigned,
      fixed_prec_scale: false,
      auto_increment: type.unsigned === undefined ? undefined : false,
      local_type_name: type.name,
      minimum_scale: type.scale?.[0],
      maximum_scale: type.scale?.[1],
      sql_data_type: type.datetime === undefined ? type.code : GENERIC_DATETIME,
      datetime_subcode: type.datetime,
      num_prec_radix: type.radix,
      interval_precision: undefined,
    })),
  );
}
