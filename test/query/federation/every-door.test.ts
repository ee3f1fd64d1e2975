/** Searches, vectors, files and worked-out tables answer alike by every door, and are listed for those who may read them. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import { silentLog } from '../../../src/base/index.ts';
import { FlightClient, FlightSqlClient, flight, flightSql as sql, ipcOf } from '../../../src/flight/index.ts';
import type { ExternalTablesAnswer, NodeApi } from '../../../src/node/index.ts';
import { ESH } from '../../../src/schema/index.ts';
import {
  RemoteNode,
  createApp,
  listen,
  listenFlight,
  readRows,
  socketPathOf,
  type JsonValue,
} from '../../../src/server/index.ts';
import { desk, type Desk } from '../../cli/kit.ts';
import { messagesOf, rowsOf } from '../../flight/kit.ts';
import { annualPart, testNode, type TestNode } from '../../node/kit.ts';
import { site } from '../../store/kit.ts';

const LAW = annualPart(7, '2023-07-01', {
  '7.1': ['The operator shall lock the valve before work.'],
  '7.2': ['Dust at the boundary must not exceed 50 micrograms.'],
});

const own = { in: [{ column: 'site_id' }, { principal: 'sites' }] };
const admin = ['administer', 'audit', 'impersonate', 'import', 'infer', 'read'];
const POLICY = {
  format: 'fractal.policy/1',
  version: 'test',
  attributes: { sites: 'text[]' },
  denials: [],
  roles: {
    admin: { doc: 'everything', grants: [{ id: 'all', actions: admin, tables: ['*'] }] },
    reader: {
      doc: 'law, and own sites',
      grants: [
        { id: 'law', actions: ['read'], tables: ['law.*'] },
        { id: 'own', actions: ['read'], tables: ['esh.*', 'ext.order'], where: own },
        {
          id: 'names',
          actions: ['read'],
          tables: ['ext.names'],
          where: { in: [{ column: 'Site Id' }, { principal: 'sites' }] },
          columns: { mask: { 'Full "Name"': { mask: 'partial', keep: 1 } } },
        },
        { id: 'tags', actions: ['read'], tables: ['ext.tags'], columns: { hide: ['secret'] } },
      ],
    },
    clerk: { doc: 'sites alone', grants: [{ id: 'sites', actions: ['read'], tables: ['esh.sites'] }] },
  },
};

/** By whom, and what they are answered. The parameter is what `$1` holds. */
const ASKED: readonly (readonly [
  user: 'root' | 'ann',
  statement: string,
  parameter: string,
  rows: JsonValue[][],
])[] = [
  ['ann', `select citation from search.text_search($1, top_k := 1)`, 'dust', [['99 CFR 7.2']]],
  ['ann', `select citation from search.hybrid_search($1, top_k := 1)`, 'lock the valve', [['99 CFR 7.1']]],
  [
    'ann',
    `select s.site_id, h.citation from esh.site_compliance s,
       lateral search.vector_search(query_embedding($1), top_k := 1) h order by all`,
    'lock the valve',
    [['a', '99 CFR 7.1']],
  ],
  ['ann', `select len(query_embedding($1))`, 'dust', [[256]]],
  [
    'root',
    `select n, price from ext."order" where site_id >= $1 order by n`,
    'a',
    [
      [1, 1.5],
      [2, 2.5],
    ],
  ],
  ['ann', `select n, price from ext."order" where site_id >= $1 order by n`, 'a', [[1, 1.5]]],
  [
    'root',
    `select event, principal from audit.log where id = 0 and event like $1`,
    'key.%',
    [['key.made', 'system']],
  ],
  ['ann', `select site_id, gaps from esh.site_compliance where region = $1 order by 1`, 'north', [['a', 0]]],
];

let t: TestNode;
let cli: Desk;
let address = { http: '', flight: '', socket: '' };
const tokens = new Map<string, string>();
const closing: (() => unknown)[] = [];
before(async () => {
  t = await testNode();
  closing.push(() => t[Symbol.asyncDispose]());
  await writeFile(path.join(t.dataDir, 'policy.json'), JSON.stringify(POLICY));
  const config = path.join(t.dataDir, 'fractal.json');
  await writeFile(
    config,
    JSON.stringify({ name: 'test', role: 'edge', region: 'north', sites: [], policy: 'policy.json' }),
  );
  const node = await t.reopen();
  await t.import(await t.file('a.xml', LAW));
  await node.parts.store.transact('test', (tx) => tx.put(ESH.sites, [site('a', {}), site('b', {})]));
  for (const [id, role] of [
    ['root', 'admin'],
    ['ann', 'reader'],
    ['carl', 'clerk'],
  ] as const) {
    const by = tokens.has('root') ? node.as({ credentials: { token: tokens.get('root')! } }) : node;
    const { token } = await by.users({ action: 'add', id, roles: [role], attributes: { sites: ['a'] } });
    tokens.set(id, token ?? '');
  }
  const { limits } = node.parts;
  const app = createApp(node, {
    ...{ dataDir: t.dataDir, version: '0', limits, log: silentLog, principal: 'local-operator' },
    admit: (caller) => node.as(caller),
  });
  const socket = socketPathOf(t.dataDir);
  const common = { host: '127.0.0.1', port: 0, limits, log: silentLog };
  const http = await listen({ ...common, app, socketPath: socket });
  const door = await listenFlight({ ...common, ...(await node.flight()) });
  closing.push(
    () => http.stop(),
    () => door.stop(),
  );
  address = { http: http.url, flight: door.url, socket };
  cli = await desk();
  cli.socketPath = socket;
  closing.push(() => cli.cleanUp());
});
after(async () => {
  for (const close of closing.reverse()) await close();
});

const token = (user: string): string => tokens.get(user) ?? '';

async function connect(user: string): Promise<FlightSqlClient> {
  const client = await FlightClient.connect(address.flight, { limits: t.node.parts.limits });
  client.useToken(`Bearer ${token(user)}`);
  closing.push(() => client.close());
  return new FlightSqlClient(client);
}

async function read(bytes: AsyncIterable<Uint8Array>): Promise<JsonValue[][]> {
  const rows: JsonValue[][] = [];
  for await (const row of (await readRows(bytes)).rows) rows.push([...row]);
  return rows;
}

async function overHttp<T>(user: string, route: string, body: unknown): Promise<T> {
  const answer = await fetch(`${address.http}${route}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token(user)}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as T;
}

const overSocket = (user: string): NodeApi =>
  new RemoteNode({ socketPath: address.socket, token: token(user) });

async function byCommand<T>(user: string, ...argv: string[]): Promise<{ code: number; answer: T }> {
  cli.env['FRACTAL_TOKEN'] = token(user);
  const code = await cli.run(...argv, '--json');
  return { code, answer: JSON.parse(cli.stdout.text) as T };
}

describe('federated statements', () => {
  before(async () => {
    for (const [name, text] of [
      ['order', 'n,site_id,price\n1,a,1.50\n2,b,2.50\n'],
      ['tags', '{"id": 1, "tags": ["x"], "at": {"x": 1}, "secret": "s"}\n'],
    ] as const)
      await overSocket('root').externalTables({
        action: 'add',
        name,
        source: await t.file(`${name}.${name === 'tags' ? 'jsonl' : 'csv'}`, text),
      });
  });

  it('read columns by the names that files give them, also where rules speak of them', async () => {
    const text = 'Site Id,"Full ""Name""",Größe,select\na,Ann Smith,1,2\nb,Bob Brown,3,4\n';
    const source = await t.file('names.csv', text);
    await overSocket('root').externalTables({ action: 'add', name: 'names', source });
    const sql = `select "Full ""Name""", "Größe" from ext.names where "select" > 1 order by 2`;
    for (const [user, rows] of [
      [
        'root',
        [
          ['Ann Smith', 1],
          ['Bob Brown', 3],
        ],
      ],
      ['ann', [['A***', 1]]],
    ] as const) {
      assert.deepEqual(await read(await overSocket(user).sql({ sql })), rows);
      assert.deepEqual(await read(ipcOf((await connect(user)).query(sql))), rows);
    }
    assert.deepEqual(await read(await overSocket('ann').sql({ sql: 'select 1 as one' })), [[1]]);
    const { explanation } = await overSocket('root').policy({ action: 'explain', principal: 'ann', sql });
    const [told] = explanation?.tables ?? [];
    assert.deepEqual(
      [told?.why.map((rule) => rule.id), told?.masked.map((one) => one.name)],
      [['names'], ['Full "Name"']],
    );
    await overSocket('root').externalTables({ action: 'remove', name: 'names' });
  });

  for (const [user, statement, parameter, rows] of ASKED)
    it(`${user}: ${statement.replaceAll(/\s+/g, ' ')}`, async () => {
      const literal = statement.replace('$1', `'${parameter}'`);
      assert.deepEqual(await read(await overSocket(user).sql({ sql: literal })), rows, 'socket');
      const bound = { sql: statement, params: [parameter] };
      assert.deepEqual(await read(await overSocket(user).sql(bound)), rows, 'socket, with parameters');
      const http = await overHttp<{ rows: JsonValue[][] }>(user, '/v1/sql', bound);
      assert.deepEqual(http.rows, rows, 'HTTP');
      const command = await byCommand<{ rows: JsonValue[][] }>(user, 'sql', literal);
      assert.deepEqual([command.code, command.answer.rows], [0, rows], 'command');
      const client = await connect(user);
      assert.deepEqual(await read(ipcOf(client.query(literal))), rows, 'Flight');
      const transaction = await client.begin();
      assert.deepEqual(
        await read(ipcOf(client.query(literal, transaction))),
        rows,
        'Flight, in a transaction',
      );
      await client.end(transaction, 'rollback');
      const prepared = await client.prepare(statement);
      const [told] = tableFromIPC(prepared.parameterSchema).schema.fields;
      assert.equal(String(told?.type), 'Utf8');
      const handle = await client.bind(prepared.handle, await messagesOf(`select '${parameter}' as "1"`));
      assert.deepEqual(await read(ipcOf(client.fetchPrepared(handle))), rows, 'Flight, prepared');
    });

  it('tables of files are registered and listed alike by command and socket, and listed by HTTP', async () => {
    const file = await t.file('more.csv', 'n\n1\n');
    const added = await byCommand<ExternalTablesAnswer>('root', 'table', 'add', 'more', file);
    assert.equal(added.code, 0);
    const listed = await overSocket('root').externalTables({ action: 'list' });
    assert.deepEqual(
      listed.tables.map(({ name, state }) => [name, state]),
      [
        ['more', 'ok'],
        ['order', 'ok'],
        ['tags', 'ok'],
      ],
    );
    assert.deepEqual(added.answer.tables, listed.tables);
    assert.deepEqual(await overHttp('root', '/v1/tables', { action: 'list' }), listed);
    const denied = await overHttp<{ code: string }>('ann', '/v1/tables', { action: 'list' });
    assert.equal(denied.code, 'policy.denied');
    assert.equal((await byCommand('ann', 'table', 'list')).code, 3);
    assert.equal((await byCommand('root', 'table', 'remove', 'more')).code, 0);
  });
});

describe('the lists of Flight', () => {
  /** What `node.tables` and `node.columns` say to the same user at the same moment. */
  const inSql = async (user: string): Promise<{ tables: JsonValue[][]; columns: JsonValue[][] }> => ({
    tables: await read(
      await overSocket(user).sql({ sql: 'select schema_name, table_name from node.tables order by all' }),
    ),
    columns: await read(
      await overSocket(user).sql({
        sql: 'select schema_name, table_name, column_name from node.columns order by all',
      }),
    ),
  });

  for (const user of ['root', 'ann', 'carl'])
    it(`are those of node.tables and node.columns: ${user}`, async () => {
      const client = await connect(user);
      const expected = await inSql(user);
      const told = await rowsOf(client.fetch(sql.CommandGetTables, { includeSchema: true }));
      assert.deepEqual(
        told.map((row) => [row['db_schema_name'], row['table_name']]),
        expected.tables,
      );
      const columns = told.flatMap((row) =>
        tableFromIPC(row['table_schema'] as Uint8Array).schema.fields.map((field) => [
          row['db_schema_name'],
          row['table_name'],
          field.name,
        ]),
      );
      const byText = (rows: unknown[][]): string[] => rows.map((row) => row.join('\0')).sort();
      assert.deepEqual(byText(columns), byText(expected.columns));
      const schemas = await rowsOf(client.fetch(sql.CommandGetDbSchemas, {}));
      assert.deepEqual(
        schemas.map((row) => row['db_schema_name']),
        [...new Set(expected.tables.map(([schema]) => schema))],
      );
      const paths: string[][] = [];
      for (const { flightDescriptor, schema } of await client.flight.listFlights()) {
        paths.push([...(flightDescriptor?.path ?? [])]);
        assert.ok(tableFromIPC(schema).schema.fields.length > 0);
      }
      assert.deepEqual(paths.sort(), expected.tables);
    });

  it('show files and worked-out tables to those who may read them, with the types of their answers', async () => {
    const named = async (user: string): Promise<unknown[]> => {
      const client = await connect(user);
      const rows = await rowsOf(client.fetch(sql.CommandGetTables, { includeSchema: false }));
      return rows
        .filter((row) => row['db_schema_name'] === 'ext' || row['table_name'] === 'site_compliance')
        .map((row) => [row['table_name'], row['table_type']]);
    };
    const all = [
      ['site_compliance', 'VIEW'],
      ['order', 'TABLE'],
      ['tags', 'TABLE'],
    ];
    assert.deepEqual(await named('root'), all);
    assert.deepEqual(await named('ann'), all);
    assert.deepEqual(await named('carl'), [], 'who may not read the records behind it');
    const ann = await connect('ann');
    for (const at of [
      ['ext', 'order'],
      ['ext', 'tags'],
      ['esh', 'site_compliance'],
    ]) {
      const descriptor = { type: flight.DESCRIPTOR.path, cmd: new Uint8Array(0), path: at };
      const { schema, endpoint } = await ann.flight.getFlightInfo(descriptor);
      const listed = (await ann.flight.listFlights()).find(
        ({ flightDescriptor }) => flightDescriptor?.path.join('.') === at.join('.'),
      );
      const types = (bytes: Uint8Array): string[] =>
        tableFromIPC(bytes).schema.fields.map((field) => `${field.name} ${String(field.type)}`);
      assert.deepEqual(types(listed!.schema), types(schema), at.join('.'));
      const rows = await rowsOf(ann.flight.doGet(endpoint[0]!.ticket!.ticket));
      assert.equal(rows.length, 1, at.join('.'));
    }
    assert.doesNotMatch(
      JSON.stringify((await rowsOf(ann.fetch(sql.CommandGetTables, { includeSchema: true }))).map(String)),
      /secret/,
    );
  });

  it('are there also beside a column that Arrow has no type for', async () => {
    const source = path.join(t.folder, 'odd.parquet');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run(`copy (select 1 as n, {'a': 1}::variant as "odd one") to '${source}'`);
    connection.closeSync();
    instance.closeSync();
    await overSocket('root').externalTables({ action: 'add', name: 'odd', source });
    const client = await connect('root');
    const told = await rowsOf(
      client.fetch(sql.CommandGetTables, { dbSchemaFilterPattern: 'ext', includeSchema: true }),
    );
    const odd = told.find((row) => row['table_name'] === 'odd');
    const { fields } = tableFromIPC(odd?.['table_schema'] as Uint8Array).schema;
    assert.deepEqual(
      fields.map((field) => [field.name, String(field.type)]),
      [
        ['n', 'Int32'],
        ['odd one', 'Null'],
      ],
    );
    await overSocket('root').externalTables({ action: 'remove', name: 'odd' });
  });

  it('follow what is registered and what may be read, at once', async () => {
    const client = await connect('ann');
    const listed = async (): Promise<unknown[]> =>
      (await rowsOf(client.fetch(sql.CommandGetTables, { dbSchemaFilterPattern: 'ext' }))).map(
        (row) => row['table_name'],
      );
    const root = overSocket('root');
    await root.externalTables({ action: 'remove', name: 'tags' });
    assert.deepEqual(await listed(), ['order']);
    await root.users({ action: 'set', id: 'ann', roles: ['clerk'] });
    assert.deepEqual(await listed(), []);
    await assert.rejects(
      client.flight.getFlightInfo({
        type: flight.DESCRIPTOR.path,
        cmd: new Uint8Array(0),
        path: ['ext', 'order'],
      }),
      { code: 'table.unknown' },
    );
    await root.users({ action: 'set', id: 'ann', roles: ['reader'] });
    assert.deepEqual(await listed(), ['order']);
    const order = { schema: 'ext', table: 'order' };
    await assert.rejects(client.ingest(order, await messagesOf('select 1 as n')), {
      code: 'flight.ingest_table',
    });
    await assert.rejects(client.ingest({ ...order, table: 'none' }, await messagesOf('select 1 as n')), {
      code: 'table.unknown',
    });
  });
});
