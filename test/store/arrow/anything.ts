/** Arbitrary types and values, as SQL. */
import fc, { type Arbitrary } from 'fast-check';

export interface AnyType {
  readonly sql: string;
  /** An SQL expression of the type; NULL among them. */
  readonly value: Arbitrary<string>;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const cast = (sql: string, inner: Arbitrary<string>): AnyType => ({
  sql,
  value: fc.option(inner, { nil: 'NULL', freq: 4 }).map((literal) => `(${literal})::${sql}`),
});
const whole = (min: bigint, max: bigint): Arbitrary<string> =>
  fc.bigInt({ min, max }).map((n) => quoted(String(n)));
const decimal = (width: number, scale: number): AnyType =>
  cast(
    `DECIMAL(${width},${scale})`,
    fc.bigInt({ min: -(10n ** BigInt(width)) + 1n, max: 10n ** BigInt(width) - 1n }).map((n) => {
      const digits = String(n < 0n ? -n : n).padStart(scale + 1, '0');
      return quoted(`${n < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`);
    }),
  );
const text = fc
  .string({ unit: 'grapheme', maxLength: 30 })
  .filter((t) => !t.includes('\0'))
  .map(quoted);
const day = fc.integer({ min: -700_000, max: 2_900_000 }).map((n) => `date '1970-01-01' + ${n}`);
const moment = fc.bigInt({ min: -(10n ** 16n), max: 10n ** 17n });

/** What Arrow data can be appended to, without children. */
export const LEAVES: readonly AnyType[] = [
  cast('BOOLEAN', fc.constantFrom('true', 'false')),
  cast('TINYINT', whole(-128n, 127n)),
  cast('SMALLINT', whole(-32768n, 32767n)),
  cast('INTEGER', whole(-(2n ** 31n), 2n ** 31n - 1n)),
  cast('BIGINT', whole(-(2n ** 63n), 2n ** 63n - 1n)),
  cast('UTINYINT', whole(0n, 255n)),
  cast('USMALLINT', whole(0n, 65535n)),
  cast('UINTEGER', whole(0n, 2n ** 32n - 1n)),
  cast('UBIGINT', whole(0n, 2n ** 64n - 1n)),
  cast('HUGEINT', whole(-(10n ** 38n) + 1n, 10n ** 38n - 1n)),
  cast('UHUGEINT', whole(0n, 10n ** 38n - 1n)),
  cast(
    'FLOAT',
    fc.float().map((n) => quoted(String(n))),
  ),
  cast(
    'DOUBLE',
    fc.double().map((n) => quoted(String(n))),
  ),
  decimal(4, 1),
  decimal(9, 2),
  decimal(18, 2),
  decimal(38, 10),
  cast('VARCHAR', text),
  cast(
    'BLOB',
    fc.uint8Array({ maxLength: 20 }).map((bytes) => `from_hex('${Buffer.from(bytes).toString('hex')}')`),
  ),
  cast('UUID', fc.uuid().map(quoted)),
  cast("ENUM('low', 'high', 'none of the two')", fc.constantFrom("'low'", "'high'", "'none of the two'")),
  cast('DATE', day),
  cast(
    'TIME',
    fc.bigInt({ min: 0n, max: 86_399_999_999n }).map((n) => `time '00:00:00' + to_microseconds(${n})`),
  ),
  cast(
    'TIMESTAMP',
    moment.map((n) => `make_timestamp(${n})`),
  ),
  cast(
    'TIMESTAMPTZ',
    moment.map((n) => `make_timestamptz(${n})`),
  ),
  cast(
    'TIMESTAMP_S',
    moment.map((n) => `make_timestamp(${(n / 1_000_000n) * 1_000_000n})`),
  ),
  cast(
    'TIMESTAMP_MS',
    moment.map((n) => `make_timestamp(${(n / 1000n) * 1000n})`),
  ),
  cast(
    'TIMESTAMP_NS',
    fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }).map((n) => `make_timestamp_ns(${n})`),
  ),
  cast(
    'INTERVAL',
    fc
      .tuple(
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: -1000, max: 1000 }),
        fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
      )
      .map(([m, d, u]) => `to_months(${m}) + to_days(${d}) + to_microseconds(${u})`),
  ),
];

const UNION_LEAVES = [cast('BIGINT', whole(-9n, 9n)), cast('VARCHAR', text)] as const;

/** Lists, arrays, structs and maps of types, `depth` deep; unions only where they are not appended. */
export function anyType(depth: number, withUnions: boolean): Arbitrary<AnyType> {
  const leaf = fc.constantFrom(...LEAVES);
  if (depth === 0) return leaf;
  const inner = anyType(depth - 1, withUnions);
  const kinds: { arbitrary: Arbitrary<AnyType>; weight: number }[] = [
    { arbitrary: leaf, weight: 2 },
    {
      arbitrary: inner.map((t) =>
        cast(
          `${t.sql}[]`,
          fc.array(t.value, { maxLength: 5 }).map((v) => `[${v.join(', ')}]`),
        ),
      ),
      weight: 2,
    },
    {
      arbitrary: inner.map((t) =>
        cast(
          `${t.sql}[2]`,
          fc.tuple(t.value, t.value).map((v) => `[${v.join(', ')}]`),
        ),
      ),
      weight: 1,
    },
    {
      arbitrary: fc.tuple(inner, inner).map(([a, b]) =>
        cast(
          `STRUCT(a ${a.sql}, "b c" ${b.sql})`,
          fc.tuple(a.value, b.value).map(([x, y]) => `{'a': ${x}, 'b c': ${y}}`),
        ),
      ),
      weight: 2,
    },
    {
      arbitrary: inner.map((t) =>
        cast(
          `MAP(VARCHAR, ${t.sql})`,
          fc
            .uniqueArray(fc.tuple(text, t.value), { maxLength: 3, selector: ([key]) => key })
            .map(
              (pairs) =>
                `map([${pairs.map(([key]) => `${key}::VARCHAR`).join(', ')}]::VARCHAR[], [${pairs.map(([, value]) => value).join(', ')}]::${t.sql}[])`,
            ),
        ),
      ),
      weight: 1,
    },
  ];
  if (withUnions)
    kinds.push({
      arbitrary: fc.constant(
        cast(
          'UNION(n BIGINT, t VARCHAR)',
          fc.oneof(
            UNION_LEAVES[0].value.map((v) => `union_value(n := ${v})`),
            UNION_LEAVES[1].value.map((v) => `union_value(t := ${v})`),
          ),
        ),
      ),
      weight: 1,
    });
  return fc.oneof(...kinds);
}

export interface AnyTable {
  readonly types: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How often the rows are repeated. */
  readonly copies: number;
}

export function anyTable(depth: number, withUnions: boolean): Arbitrary<AnyTable> {
  return fc
    .tuple(
      fc.array(anyType(depth, withUnions), { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0, 1, 1, 3, 90, 700),
    )
    .chain(([types, copies]) =>
      fc.record({
        types: fc.constant(types.map((t) => t.sql)),
        rows: fc.array(fc.tuple(...types.map((t) => t.value)), { minLength: 1, maxLength: 7 }),
        copies: fc.constant(copies),
      }),
    );
}

/** The statement that makes the table; `n` keeps the order of its rows. */
export function createAny(name: string, { types, rows, copies }: AnyTable): string {
  const columns = types.map((_, i) => `c${i}`);
  const values = rows.map((row, k) => `(${k}, ${row.join(', ')})`).join(', ');
  return `create or replace table ${name} as select i * ${rows.length} + k as n, ${columns.join(', ')} from (values ${values}) v(k, ${columns.join(', ')}), range(${copies}) r(i) order by n`;
}
