/**
 * Our IPC stream, read by Arrow's C++ implementation through pyarrow, and the other way. Needs python3 with pyarrow;
 * FRACTAL_PYTHON names another interpreter.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { appendIpcStream } from '../../src/store/arrow/index.ts';
import { connect, engineRows, ipcOf } from '../store/arrow/support.ts';

const python = process.env['FRACTAL_PYTHON'] ?? 'python3';

function pyarrowVersion(): string | undefined {
  try {
    return execFileSync(python, ['-c', 'import pyarrow; print(pyarrow.__version__)'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

const SQL = `select i as n, i::tinyint as i8, i::uhugeint as uh, -i::hugeint as h,
  case when i % 3 > 0 then 'text ' || repeat('ü', (i % 20)::int) end as t, case when i % 4 > 0 then i % 2 = 0 end as b,
  i::decimal(4,1) as d4, (i / 8)::decimal(9,3) as d9, (-i)::decimal(18,2) as d18, i::decimal(38,5) as d38,
  (i / 4)::float as f, i / 8 as d, date '2020-01-01' + i::int as day, time '10:00:00' + to_microseconds(i) as tm,
  make_timestamp(i * 1000003) as ts, make_timestamp(i * 1000000)::timestamp_s as ts_s, make_timestamp(i * 1000)::timestamp_ms as ts_ms,
  make_timestamp_ns(i * 7000) as ts_ns, make_timestamptz(i * 1000003) as tz,
  to_months(i::int) + to_days(2) + to_microseconds(i) as iv, ('\\x00' || i)::blob as bl,
  ('00000000-0000-0000-0000-' || lpad(i::varchar, 12, '0'))::uuid as u, bitstring('1', 3 + (i % 10)::int)::bit as bits,
  case i % 3 when 0 then 'low' when 1 then 'high' end::enum('low', 'high') as e,
  case when i % 5 > 0 then ['a' || i, null] end as l, {'x': i, 'y': {'z': [i, null]}} as s, map(['k' || i], [i]) as m,
  case when i % 2 = 0 then i::union(n bigint, t varchar) else ('text ' || i)::union(n bigint, t varchar) end as un,
  [i::float, 0, null]::float[3] as arr, ['low'::enum('low', 'high')] as le, null as nothing
  from range(100) t(i)`;

/** Validates the buffers in full, and prints every row as JSON. */
const READ = `
import json, sys
import pyarrow as pa
from pyarrow import ipc
table = ipc.open_stream(sys.argv[1]).read_all()
table.validate(full=True)
for column in table.columns:
    for chunk in column.chunks:
        chunk.validate(full=True)
def plain(v):
    if v is None or isinstance(v, (bool, str)): return v
    if isinstance(v, (int, float)): return repr(v)
    if isinstance(v, bytes): return v.hex()
    if isinstance(v, dict): return [plain(x) for x in v.values()]
    if isinstance(v, (list, tuple)): return [plain(x) for x in v]
    return str(v)
print(json.dumps({'rows': table.num_rows, 'types': [str(f.type) for f in table.schema],
  'columns': {name: [plain(v) for v in table.column(name).to_pylist()] for name in table.column_names}}))
`;

/** Written by pyarrow: sliced, dictionary-encoded, in several batches. */
const WRITE = `
import decimal, sys
import pyarrow as pa
from pyarrow import ipc
table = pa.table({
  'n': pa.array(range(5000), pa.int64()),
  't': pa.array([None if i % 3 == 0 else 'text number %d' % i for i in range(5000)]).dictionary_encode(),
  'l': pa.array([None if i % 4 == 0 else ['a', None, 'longer than twelve bytes %d' % i] for i in range(5000)]),
  'f': pa.array([[i, i + 0.5] for i in range(5000)], pa.list_(pa.float32(), 2)),
  'm': pa.array([None if i % 7 == 0 else decimal.Decimal(i) for i in range(5000)], pa.decimal128(18, 2)),
  's': pa.array([{'a': i, 'b': None if i % 2 else 'x'} for i in range(5000)], pa.struct([('a', pa.int32()), ('b', pa.string())])),
}).slice(1, 4001)
with ipc.new_stream(sys.argv[1], table.schema) as writer:
    for batch in table.to_batches(max_chunksize=999): writer.write_batch(batch)
`;

const version = pyarrowVersion();
const skip =
  version === undefined ? `needs ${python} with pyarrow (pip install pyarrow), or FRACTAL_PYTHON` : false;

describe(`pyarrow ${version ?? 'is absent'}`, { skip }, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fractal-arrow-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'stream.arrows');

  it('reads what we write', async () => {
    const connection = await connect();
    writeFileSync(file, await ipcOf(connection, SQL, { batchRows: 33 }));
    const read = JSON.parse(
      execFileSync(python, ['-c', READ, file], { encoding: 'utf8', maxBuffer: 1 << 26 }),
    ) as {
      rows: number;
      types: string[];
      columns: Record<string, unknown[]>;
    };
    assert.equal(read.rows, 100);
    const types = Object.fromEntries(Object.keys(read.columns).map((name, i) => [name, read.types[i]]));
    assert.equal(types['h'], 'decimal128(38, 0)');
    assert.equal(types['e'], 'dictionary<values=string, indices=uint8, ordered=0>');
    assert.equal(types['iv'], 'month_day_nano_interval');
    assert.match(types['u']!, /uuid/);
    assert.match(types['un']!, /^sparse_union/);
    assert.equal(types['tz'], 'timestamp[us, tz=UTC]');
    // The engine's own words for the same values, for the columns that both print alike.
    const alike = ['n', 'i8', 'uh', 'h', 't', 'd4', 'd9', 'd18', 'd38', 'day', 'u', 'bits', 'e'];
    const engine = await engineRows(
      connection,
      `select ${alike.map((name) => `${name}::varchar`).join(', ')} from (${SQL})`,
    );
    alike.forEach((name, i) =>
      assert.deepEqual(
        read.columns[name],
        engine.map((row) => row[i]),
        name,
      ),
    );
    const { columns } = read;
    assert.deepEqual(columns['l']!.slice(0, 3), [null, ['a1', null], ['a2', null]]);
    assert.deepEqual(columns['s']![7], ['7', [['7', null]]]);
    assert.deepEqual(columns['m']![7], [['k7', '7']]);
    assert.deepEqual(columns['un']!.slice(6, 8), ['6', 'text 7']);
    assert.deepEqual(columns['arr']![9], ['9.0', '0.0', null]);
    assert.deepEqual(columns['le']![9], ['low']);
    assert.deepEqual(columns['b']!.slice(0, 4), [null, false, true, false]);
    assert.deepEqual(columns['bl']![12], Buffer.from('\x00' + '12', 'latin1').toString('hex'));
    assert.deepEqual(columns['iv']![13], ['13', '2', '13000']);
    assert.deepEqual(columns['ts']![3], '1970-01-01 00:00:03.000009');
    assert.deepEqual(columns['nothing']![0], null);
    connection.closeSync();
  });

  it('reads a stream without rows', async () => {
    const connection = await connect();
    writeFileSync(file, await ipcOf(connection, `select * from (${SQL}) where false`));
    const read = JSON.parse(execFileSync(python, ['-c', READ, file], { encoding: 'utf8' })) as {
      rows: number;
    };
    assert.equal(read.rows, 0);
    connection.closeSync();
  });

  it('writes what we read', async () => {
    execFileSync(python, ['-c', WRITE, file]);
    const connection = await connect();
    await connection.run(
      'create table t (n bigint, t varchar, l varchar[], f float[2], m decimal(18,2), s struct(a integer, b varchar))',
    );
    const appender = await connection.createAppender('t');
    const { readFileSync } = await import('node:fs');
    assert.equal(await appendIpcStream(appender, readFileSync(file)), 4001);
    appender.closeSync();
    const expected = `select i as n, case when i % 3 > 0 then 'text number ' || i end as t,
      case when i % 4 > 0 then ['a', null, 'longer than twelve bytes ' || i] end as l, [i, i + 0.5]::float[2] as f,
      case when i % 7 > 0 then i::decimal(18,2) end as m, {'a': i::int, 'b': case when i % 2 = 0 then 'x' end} as s from range(1, 4002) r(i)`;
    assert.deepEqual(await engineRows(connection, `select count(*) from (from t except all (${expected}))`), [
      ['0'],
    ]);
    connection.closeSync();
  });
});
