/** Flight SQL from end to end: our client, our server, a real node, over loopback. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordBatchReader } from 'apache-arrow';
import { DEFAULT_LIMITS } from '../../src/base/index.ts';
import {
  FlightClient,
  type FlightSqlClient,
  commandDescriptor,
  flight,
  flightSql as sql,
} from '../../src/flight/index.ts';
import { listenFlight } from '../../src/server/index.ts';
import { messagesOf, rowsOf, served, sites, tableOf, type Served } from './kit.ts';

let s: Served;
let client: FlightSqlClient;
before(async () => {
  s = await served();
  client = await s.connect();
});
after(() => s[Symbol.asyncDispose]());

const count = async (prefix: string, transaction?: Uint8Array): Promise<bigint> =>
  (
    await rowsOf(
      client.query(`select count(*) as n from esh.sites where site_id like '${prefix}%'`, transaction),
    )
  )[0]?.['n'] as bigint;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('queries', () => {
  it('answer with the bytes that the store gives', async () => {
    const text = `select i, 'r' || i as t, i::decimal(9,2) as d, ['a' || i, null] as l, {'x': i} as s,
      case i % 2 when 0 then 'low' else 'high' end::enum('low', 'high') as e from range(70000) r(i)`;
    const ours = await tableOf(client.query(text));
    const theirs = await s.test.node.sql({ sql: text });
    const direct = RecordBatchReader.from(Buffer.concat(await all(theirs)));
    let row = 0;
    for (const batch of direct)
      for (const one of batch) {
        if (row % 997 === 0) assert.equal(JSON.stringify(ours.get(row), show), JSON.stringify(one, show));
        row++;
      }
    assert.equal(ours.numRows, 70_000);
    assert.equal(row, 70_000);
    assert.ok(ours.batches.length > 2, 'the answer comes in batches');
  });

  it('tell their schema beforehand', async () => {
    const descriptor = commandDescriptor(
      sql.pack(
        sql.CommandStatementQuery.name,
        sql.CommandStatementQuery.encode({ query: 'select 1 as a, 2.5::decimal(5,1) as d' }),
      ),
    );
    const told = await client.flight.getSchema(descriptor);
    const info = await client.flight.getFlightInfo(descriptor);
    assert.deepEqual(told, info.schema);
    const { schema } = RecordBatchReader.from(told).open();
    assert.deepEqual(schema.fields.map(String), ['a: Int32', 'd: Decimal[5e+1]']);
    assert.equal(schema.fields[1]?.metadata.get('ARROW:FLIGHT:SQL:SCALE'), '1');
  });

  it('fail with code, words and no data', async () => {
    await assert.rejects(rowsOf(client.query('selec 1')), { code: 'sql.syntax', kind: 'bad_input' });
    await assert.rejects(
      rowsOf(client.query("select 'very secret'::int")),
      (error: Error) => !error.message.includes('secret'),
    );
    // After a million rows have gone out, too: what came is never taken for a whole.
    await assert.rejects(
      rowsOf(client.query("select if(i = 1500000, error('late'), i) from range(2000000) t(i)")),
    );
  });

  it('end when nobody reads on, and give their connection back', async () => {
    for (let i = 0; i < 80; i++)
      for await (const data of client.query("select i, repeat('x', 100) from range(5000000) t(i)"))
        if (data.dataBody.length > 0) break;
    assert.deepEqual(await rowsOf(client.query('select 1 as a')), [{ a: 1 }]);
  });

  it('end at the deadline of the caller', async () => {
    const long = client.query(
      'select count(*) from range(1000000) a(i), range(1000000) b(j) where i * j = 7',
      undefined,
      { timeoutMs: 300 },
    );
    await assert.rejects(rowsOf(long), (error: { code: string }) =>
      ['flight.deadline', 'flight.cancelled'].includes(error.code),
    );
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    await assert.rejects(
      rowsOf(
        client.query(
          'select count(*) from range(1000000) a(i), range(1000000) b(j) where i * j = 7',
          undefined,
          { signal: abort.signal },
        ),
      ),
    );
    assert.equal(await count('nothing'), 0n);
  });
});

describe('prepared statements', () => {
  it('bind rows, run again and again, and close', async () => {
    const prepared = await client.prepare('select $1::int * 2 as twice, $2::varchar as t');
    assert.equal(prepared.isUpdate, false);
    assert.deepEqual(RecordBatchReader.from(prepared.parameterSchema).open().schema.fields.map(String), [
      '1: Int32',
      '2: Utf8',
    ]);
    for (const n of [1, 2]) {
      const handle = await client.bind(prepared.handle, await messagesOf(`select ${n} as a, 'x' as b`));
      assert.deepEqual(await rowsOf(client.fetchPrepared(handle)), [{ twice: 2 * n, t: 'x' }]);
    }
    const several = await client.bind(
      prepared.handle,
      await messagesOf('select i::int, null::varchar from range(3) t(i)'),
    );
    assert.deepEqual(
      (await rowsOf(client.fetchPrepared(several))).map((row) => row['twice']),
      [0, 2, 4],
    );
    await client.closePrepared(prepared.handle);
    await assert.rejects(rowsOf(client.fetchPrepared(prepared.handle)), { code: 'flight.handle' });
  });

  it('take values of every type', async () => {
    for (const value of [
      'true',
      '1::tinyint',
      '2::ubigint',
      '1.5::float',
      "'ü'",
      "'\\x00\\xff'::blob",
      "date '2024-02-29'",
      "timestamp '2024-02-29 12:00:00.000001'",
      'make_timestamptz(5)',
      '12.345::decimal(20,3)',
      "time '10:11:12'",
      '[1, null]',
      "{'a': 1, 'b': ['x']}",
      "'00000000-0000-0000-0000-000000000001'::uuid",
      'null',
      'interval 3 months',
      '[[1.5], null]',
    ]) {
      const { handle } = await client.prepare(`select $1 is not distinct from ${value} as same`);
      await client.bind(handle, await messagesOf(`select ${value} as v`));
      assert.deepEqual(await rowsOf(client.fetchPrepared(handle)), [{ same: true }], value);
    }
  });

  it('say that they write, and what they ask for', async () => {
    const { isUpdate, datasetSchema, parameterSchema } = await client.prepare(
      'insert into esh.sites (site_id, region, name, jurisdiction, employees, opened_on) values (?, ?, ?, ?, ?, ?)',
    );
    assert.equal(isUpdate, true);
    assert.equal(datasetSchema.length, 0);
    const { schema } = RecordBatchReader.from(parameterSchema).open();
    assert.deepEqual(
      schema.fields.map((field) => String(field.type)),
      ['Utf8', 'Utf8', 'Utf8', 'Utf8', 'Int32', 'Date32<DAY>'],
    );
    assert.equal((await client.prepare('explain delete from esh.sites')).isUpdate, false);
  });

  it('are bounded in number and in rows', async () => {
    await using small = await served({ limits: { flight_statements: 2 } });
    const one = await small.connect();
    await one.prepare('select 1');
    await one.prepare('select 2');
    await assert.rejects(one.prepare('select 3'), { code: 'flight.full' });
    const { handle } = await client.prepare('select $1::bigint as v');
    await assert.rejects(client.bind(handle, await messagesOf('select i from range(10001) t(i)')), {
      code: 'arrow.rows',
    });
  });

  it('go with their connection', async () => {
    await using small = await served({ limits: { flight_statements: 2 } });
    const one = await small.connect();
    const { handle } = await one.prepare('select 1');
    await one.prepare('select 2');
    const other = await small.connect();
    assert.deepEqual((await tableOf(other.fetchPrepared(handle))).numRows, 1);
    one.flight.close();
    await sleep(100);
    await assert.rejects(rowsOf(other.fetchPrepared(handle)), { code: 'flight.handle' });
    await other.prepare('select 3');
  });
});

describe('ingest', () => {
  it('appends by the rules of the table', async () => {
    assert.equal(await client.ingest({ schema: 'esh', table: 'sites' }, await sites(s, 'i-1', 'i-2')), 2n);
    assert.equal(await client.ingest({ schema: 'esh', table: 'sites' }, await sites(s, 'i-2', 'i-3')), 2n);
    assert.equal(await count('i-'), 3n);
    const [row] = await rowsOf(
      client.query(
        "select node_id is not null and hlc > 0 and not deleted as stamped from esh.sites where site_id = 'i-1'",
      ),
    );
    assert.deepEqual(row, { stamped: true });
  });

  it('refuses what does not fit, and then writes nothing', async () => {
    const before_ = s.test.node.parts.store.commitVersion;
    const into =
      (table: string, schema = 'esh') =>
      async (query: string) =>
        client.ingest({ schema, table }, await messagesOf(query));
    await assert.rejects(into('sites')("select 's' as site_id, 1 as what"), { code: 'row.column' });
    await assert.rejects(into('sites')("select 's' as site_id, 'n' as node_id"), { code: 'row.column' });
    await assert.rejects(into('sites')("select 's' as site_id"), { code: 'row.missing' });
    await assert.rejects(into('nothing')('select 1 as a'), { code: 'table.unknown' });
    await assert.rejects(into('documents', 'law')('select 1 as document_id'), {
      code: 'flight.ingest_table',
    });
    await assert.rejects(into('commits', 'node')('select 1 as a'), { code: 'flight.ingest_table' });
    await assert.rejects(into('credentials', 'node')('select 1 as a'), { code: 'table.unknown' });
    await assert.rejects(client.ingest({ schema: 'esh', table: 'sites' }, await sites(s, 'd-1', 'd-1')), {
      code: 'row.duplicate',
    });
    assert.equal(s.test.node.parts.store.commitVersion, before_);
  });

  it('changes no value on its way: other types are taken only if they hold the same', async () => {
    const columns = (await s.backend.tables('local-operator')).find(
      ({ name }) => name === 'monitoring_readings',
    )!.columns.fields;
    const system = ['node_id', 'hlc', 'commit_version', 'deleted'];
    const values = (overrides: Record<string, string>): string =>
      columns
        .filter(({ name, nullable }) => !system.includes(name) && (!nullable || name in overrides))
        .map(
          ({ name, type }) =>
            `${overrides[name] ?? ({ Utf8: "'x'", 'Timestamp<MICROSECOND>': "timestamp '2024-01-01 00:00:00'", Float64: '1.5', Bool: 'false', 'Date32<DAY>': "date '2024-01-01'" } as Record<string, string>)[String(type)] ?? '1'} as ${name}`,
        )
        .join(', ');
    const time = columns.find(({ type }) => String(type).startsWith('Timestamp'))!.name;
    const put = async (id: string, overrides: Record<string, string>): Promise<bigint> =>
      client.ingest(
        { schema: 'esh', table: 'monitoring_readings' },
        await messagesOf(`select ${values({ [columns[0]!.name]: `'${id}'`, ...overrides })}`),
      );
    assert.equal(await put('m-1', {}), 1n);
    assert.equal(await put('m-2', { [time]: 'make_timestamptz(1700000000000000)' }), 1n);
    assert.equal(await put('m-3', { [time]: "'2024-01-01 00:00:00'" }), 1n);
    await assert.rejects(put('m-4', { [time]: "'yesterday'" }), { code: 'row.type' });
    await assert.rejects(put('m-5', { [time]: "'2024-1-1'" }), { code: 'row.type' });
    const found = await rowsOf(
      client.query(
        `select epoch_us(${time})::bigint as us from esh.monitoring_readings where ${columns[0]!.name} = 'm-2'`,
      ),
    );
    assert.deepEqual(found, [{ us: 1_700_000_000_000_000n }]);
  });

  it('refuses Arrow data that lies about itself', async () => {
    const [schema, batch] = await all(await sites(s, 'lie-1'));
    async function* lying(): AsyncGenerator<NonNullable<typeof schema>> {
      yield schema!;
      yield { ...batch!, bodyLength: batch!.bodyLength + 64, body: [...batch!.body, new Uint8Array(64)] };
    }
    await assert.rejects(client.ingest({ schema: 'esh', table: 'sites' }, lying()), {
      code: 'arrow.malformed',
    });
    async function* headless(): AsyncGenerator<NonNullable<typeof schema>> {
      yield { ...schema!, header: Buffer.alloc(64, 0xff) };
    }
    await assert.rejects(client.ingest({ schema: 'esh', table: 'sites' }, headless()), {
      code: 'arrow.malformed',
    });
    async function* backwards(): AsyncGenerator<NonNullable<typeof schema>> {
      yield batch!;
      yield schema!;
    }
    await assert.rejects(client.ingest({ schema: 'esh', table: 'sites' }, backwards()));
    assert.equal(await count('lie-'), 0n);
  });
});

describe('transactions', () => {
  it('read one state and write at their commit, all or nothing', async () => {
    const transaction = await client.begin();
    assert.equal(await count('t-', transaction), 0n);
    await client.ingest({ schema: 'esh', table: 'sites', transactionId: transaction }, await sites(s, 't-1'));
    await client.ingest(
      { schema: 'esh', table: 'sites', transactionId: transaction },
      await sites(s, 't-2', 't-3'),
    );
    await client.ingest({ schema: 'esh', table: 'sites' }, await sites(s, 't-4'));
    assert.equal(await count('t-'), 1n);
    assert.equal(await count('t-', transaction), 0n);
    const version = s.test.node.parts.store.commitVersion;
    await client.end(transaction, 'commit');
    assert.equal(await count('t-'), 4n);
    assert.equal(s.test.node.parts.store.commitVersion, version + 1n);
    await assert.rejects(client.end(transaction, 'commit'), { code: 'flight.handle' });
    await assert.rejects(count('t-', transaction), { code: 'flight.handle' });
  });

  it('leave nothing behind when rolled back or refused', async () => {
    const back = await client.begin();
    await client.ingest({ schema: 'esh', table: 'sites', transactionId: back }, await sites(s, 'u-1'));
    await client.end(back, 'rollback');
    const refused = await client.begin();
    await client.ingest({ schema: 'esh', table: 'sites', transactionId: refused }, await sites(s, 'u-2'));
    await client.ingest(
      { schema: 'esh', table: 'sites', transactionId: refused },
      await sites(s, 'u-3', 'u-3'),
    );
    await assert.rejects(client.end(refused, 'commit'), { code: 'row.duplicate' });
    assert.equal(await count('u-'), 0n);
    assert.deepEqual(await s.test.node.parts.outside.fs.list(path.join(s.test.dataDir, 'uploads')), []);
  });

  it('run one statement at a time: a second waits, then is told', async () => {
    const transaction = await client.begin();
    const first = client.query("select i, repeat('x', 1000) as t from range(1000000) t(i)", transaction);
    await first.next();
    const second = await s.connect();
    await assert.rejects(rowsOf(second.query('select 1', transaction)), { code: 'flight.transaction_busy' });
    await first.return();
    await sleep(100);
    assert.equal(await count('none', transaction), 0n);
    await client.end(transaction, 'rollback');
  });

  it('are bounded, and go with their connection', async () => {
    await using small = await served({ limits: { flight_transactions: 2 } });
    const one = await small.connect();
    await one.begin();
    await one.begin();
    const other = await small.connect();
    await assert.rejects(other.begin(), { code: 'flight.full' });
    one.flight.close();
    await sleep(100);
    await other.begin();
  });
});

describe('tickets', () => {
  const ticketOf = async (query: string): Promise<Uint8Array> =>
    (await client.info(sql.CommandStatementQuery, { query })).endpoint[0]!.ticket!.ticket;

  it('are fetched once, and not after they were cancelled', async () => {
    const ticket = await ticketOf('select 1 as a');
    assert.equal((await tableOf(client.flight.doGet(ticket))).numRows, 1);
    await assert.rejects(tableOf(client.flight.doGet(ticket)), { code: 'flight.handle' });
    const info = await client.info(sql.CommandStatementQuery, { query: 'select 2' });
    const cancel = flight.CancelFlightInfoRequest.encode({ info });
    const [answer] = await all(client.flight.doAction('CancelFlightInfo', cancel));
    assert.equal(flight.CancelFlightInfoResult.decode(answer!).status, flight.CANCEL.cancelled);
    await assert.rejects(tableOf(client.flight.doGet(info.endpoint[0]!.ticket!.ticket)), {
      code: 'flight.handle',
    });
    await assert.rejects(all(client.flight.doAction('CancelFlightInfo', cancel)), { code: 'flight.handle' });
  });

  it('stop the query that runs when they are cancelled', async () => {
    const info = await client.info(sql.CommandStatementQuery, {
      query: "select i, repeat('x', 1000) from range(100000000) t(i)",
    });
    const reading = client.flight.doGet(info.endpoint[0]!.ticket!.ticket);
    await reading.next();
    const packed = sql.pack(
      sql.ActionCancelQueryRequest.name,
      sql.ActionCancelQueryRequest.encode({ info: flight.FlightInfo.encode(info) }),
    );
    await all(client.flight.doAction('CancelQuery', packed));
    await assert.rejects(all(reading));
  });

  it('of another node are worth nothing', async () => {
    await using other = await served();
    const stranger = await other.connect();
    await assert.rejects(tableOf(stranger.flight.doGet(await ticketOf('select 1'))), {
      code: 'flight.handle',
    });
  });
});

describe('metadata', () => {
  const rows = rowsOf;

  it('names every table, filtered by patterns', async () => {
    const names = (await rows(client.fetch(sql.CommandGetTables, {}))).map((row) => row['table_name']);
    const model = (await s.backend.tables('local-operator')).map(({ name }) => name);
    assert.deepEqual([...names].sort(), [...model].sort());
    const some = await rows(
      client.fetch(sql.CommandGetTables, { dbSchemaFilterPattern: 'e%', tableNameFilterPattern: 'site_' }),
    );
    assert.deepEqual(
      some.map((row) => row['table_name']),
      ['sites'],
    );
    const views = await rows(client.fetch(sql.CommandGetTables, { tableTypes: ['VIEW'] }));
    assert.deepEqual(
      views.map((row) => row['table_name']),
      ['site_compliance'],
    );
    assert.equal((await rows(client.fetch(sql.CommandGetTables, { catalog: 'other' }))).length, 0);
    assert.deepEqual(await rows(client.fetch(sql.CommandGetCatalogs, {})), [{ catalog_name: 'fractal' }]);
    assert.deepEqual(
      (await rows(client.fetch(sql.CommandGetDbSchemas, {}))).map((row) => row['db_schema_name']),
      ['ai', 'audit', 'esh', 'law', 'node'],
    );
  });

  it('tells the schema that the engine has', async () => {
    for (const row of await rows(client.fetch(sql.CommandGetTables, { includeSchema: true }))) {
      const told = RecordBatchReader.from(row['table_schema'] as Uint8Array).open().schema;
      const name = `${String(row['db_schema_name'])}.${String(row['table_name'])}`;
      const { schema } = await tableOf(client.query(`from ${name} limit 0`));
      assert.deepEqual(told.fields.map(String), schema.fields.map(String), name);
      // What is not of the model may always be empty, as far as it is told.
      if (row['table_type'] !== 'TABLE') continue;
      const engine = await s.test.rows<{ column_name: string; is_nullable: boolean }>(
        `select column_name, is_nullable from duckdb_columns() where database_name like 'data_%' and schema_name = '${String(row['db_schema_name'])}' and table_name = '${String(row['table_name'])}' order by column_index`,
      );
      assert.deepEqual(
        told.fields.map(({ name: column, nullable }) => ({ column_name: column, is_nullable: nullable })),
        engine,
      );
    }
  });

  it('has columns, types and nullability to the letter', async () => {
    const shape = async (command: Parameters<typeof client.info>[0]): Promise<string[]> =>
      RecordBatchReader.from(Uint8Array.from((await client.info(command, {})).schema))
        .open()
        .schema.fields.map((field) => `${field.name}${field.nullable ? '' : '!'}: ${String(field.type)}`);
    assert.deepEqual(await shape(sql.CommandGetCatalogs), ['catalog_name!: Utf8']);
    assert.deepEqual(await shape(sql.CommandGetDbSchemas), ['catalog_name: Utf8', 'db_schema_name!: Utf8']);
    assert.deepEqual(await shape(sql.CommandGetTables), [
      'catalog_name: Utf8',
      'db_schema_name: Utf8',
      'table_name!: Utf8',
      'table_type!: Utf8',
    ]);
    assert.deepEqual(await shape(sql.CommandGetTableTypes), ['table_type!: Utf8']);
    assert.deepEqual(await shape(sql.CommandGetPrimaryKeys), [
      'catalog_name: Utf8',
      'db_schema_name: Utf8',
      'table_name!: Utf8',
      'column_name!: Utf8',
      'key_name: Utf8',
      'key_sequence!: Int32',
    ]);
    const keys = [
      'pk_catalog_name: Utf8',
      'pk_db_schema_name: Utf8',
      'pk_table_name!: Utf8',
      'pk_column_name!: Utf8',
      'fk_catalog_name: Utf8',
      'fk_db_schema_name: Utf8',
      'fk_table_name!: Utf8',
      'fk_column_name!: Utf8',
      'key_sequence!: Int32',
      'fk_key_name: Utf8',
      'pk_key_name: Utf8',
      'update_rule!: Uint8',
      'delete_rule!: Uint8',
    ];
    for (const command of [
      sql.CommandGetImportedKeys,
      sql.CommandGetExportedKeys,
      sql.CommandGetCrossReference,
    ])
      assert.deepEqual(await shape(command), keys);
    assert.equal((await shape(sql.CommandGetXdbcTypeInfo)).length, 19);
    const [name, value] = await shape(sql.CommandGetSqlInfo);
    assert.equal(name, 'info_name!: Uint32');
    assert.match(value ?? '', /^value!: Union<Utf8 \| Bool \| Int64 \| Int32 \| List<Utf8> \| Map</);
  });

  it('tells keys by the columns that tables share', async () => {
    const imported = await rows(
      client.fetch(sql.CommandGetImportedKeys, { table: 'sections', dbSchema: 'law' }),
    );
    assert.deepEqual(
      imported.map((row) => [row['pk_table_name'], row['pk_column_name']]),
      [
        ['documents', 'document_id'],
        ['versions', 'version_id'],
      ],
    );
    const primary = await rows(client.fetch(sql.CommandGetPrimaryKeys, { table: 'sections' }));
    assert.deepEqual(
      primary.map((row) => row['column_name']),
      ['version_id', 'section_id'],
    );
    const exported = await rows(client.fetch(sql.CommandGetExportedKeys, { table: 'sites' }));
    const crossed = await rows(
      client.fetch(sql.CommandGetCrossReference, { pkTable: 'sites', fkTable: 'permits' }),
    );
    assert.ok(exported.some((row) => row['fk_table_name'] === 'permits'));
    assert.equal(crossed.length, 1);
  });

  it('gives the facts asked for, and all without asking', async () => {
    const some = await rows(client.fetch(sql.CommandGetSqlInfo, { info: [0, 8, 504, 9999] }));
    assert.deepEqual(
      some.map((row) => [row['info_name'], row['value']]),
      [
        [0, 'Fractal'],
        [8, 1],
        [504, '"'],
      ],
    );
    const every = await rows(client.fetch(sql.CommandGetSqlInfo, {}));
    assert.ok(every.length > 66 && every.every((row) => row['value'] !== null));
  });
});

describe('sessions and callers', () => {
  it('keep options until they are closed', async () => {
    const one = await s.connect();
    const set = async (key: string, text: string | undefined): Promise<number | undefined> => {
      const [body] = await all(
        one.flight.doAction(
          'SetSessionOptions',
          flight.SetSessionOptionsRequest.encode({
            sessionOptions: [
              {
                key,
                value: { text, flag: undefined, integer: undefined, number: undefined, texts: undefined },
              },
            ],
          }),
        ),
      );
      return flight.SetSessionOptionsResult.decode(body!).errors[0]?.value?.value;
    };
    const options = async (): Promise<string[]> => {
      const [body] = await all(one.flight.doAction('GetSessionOptions', new Uint8Array(0)));
      return flight.GetSessionOptionsResult.decode(body!).sessionOptions.map(
        ({ key, value }) => `${key}=${value?.text}`,
      );
    };
    assert.equal(await set('catalog', 'fractal'), undefined);
    assert.equal(await set('catalog', 'other'), flight.SESSION_ERROR.invalidValue);
    assert.equal(await set('color', 'red'), flight.SESSION_ERROR.invalidName);
    assert.deepEqual(await options(), ['catalog=fractal']);
    const { handle } = await one.prepare('select 1');
    const [closed] = await all(one.flight.doAction('CloseSession', new Uint8Array(0)));
    assert.equal(flight.CloseSessionResult.decode(closed!).status, flight.SESSION_CLOSED);
    assert.deepEqual(await options(), []);
    await assert.rejects(rowsOf(one.fetchPrepared(handle)), { code: 'flight.handle' });
  });

  it('are told who they are by token, or refused', async () => {
    const one = await s.connect();
    await assert.rejects(one.flight.handshake('somebody', ''), { code: 'flight.unauthenticated' });
    await assert.rejects(one.flight.handshake('local-operator', 'guess'), { code: 'flight.unauthenticated' });
    await one.flight.handshake('local-operator', '');
    assert.equal((await one.flight.listActions()).length, 9);
    one.flight.useToken('Bearer AAAA');
    await assert.rejects(one.flight.listActions(), { code: 'flight.unauthenticated' });
    one.flight.useToken('Digest x');
    await assert.rejects(one.flight.listFlights(), { code: 'flight.unauthenticated' });
  });
});

describe('the door', () => {
  it('is opened on this machine only, unless there are users and it speaks TLS', async () => {
    const options = { backend: s.backend, port: 0, limits: DEFAULT_LIMITS, log: () => undefined };
    const { gate } = await s.test.node.flight();
    await assert.rejects(listenFlight({ ...options, gate, host: '0.0.0.0' }), {
      code: 'server.not_loopback',
    });
    await assert.rejects(listenFlight({ ...options, gate, users: true, host: '0.0.0.0' }), {
      code: 'server.plaintext',
    });
    await assert.rejects(listenFlight({ ...options, gate, host: '127.0.0.1', port: s.listening.port }), {
      code: 'server.port_in_use',
    });
  });

  it('speaks TLS 1.3, and asks for certificates when told to', async (t) => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'fractal-tls-'));
    try {
      try {
        const openssl = (...argv: string[]): void =>
          void execFileSync('openssl', argv, { cwd: folder, stdio: 'ignore' });
        openssl(
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-keyout',
          'key.pem',
          '-out',
          'cert.pem',
          '-days',
          '2',
          '-subj',
          '/CN=localhost',
          '-addext',
          'subjectAltName=IP:127.0.0.1',
        );
      } catch {
        t.skip('there is no openssl here to make a certificate');
        return;
      }
      const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(path.join(folder, name)));
      await using secure = await served({ tls: { key: key!, cert: cert!, clientAuthorities: cert! } });
      assert.match(secure.listening.url, /^grpc\+tls:/);
      const connect = (tls: object): Promise<FlightClient> =>
        FlightClient.connect(secure.listening.url, { limits: DEFAULT_LIMITS, tls });
      const ok = await connect({ ca: cert, key, cert });
      assert.equal((await ok.listActions()).length, 9);
      ok.close();
      await assert.rejects(async () => (await connect({ ca: cert })).listActions(), {
        code: 'flight.connection_lost',
      });
      await assert.rejects(connect({}), { code: 'flight.connection_lost' });
      await assert.rejects(
        FlightClient.connect(secure.listening.url.replace('+tls', ''), { limits: DEFAULT_LIMITS }),
        { code: 'flight.connection_lost' },
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const show = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);
