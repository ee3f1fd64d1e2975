/**
 * What policy hides makes no difference over Flight either: two nodes that differ only in it answer every statement and
 * every metadata command with the same bytes, or with the same error.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import {
  descriptorOf,
  flight,
  flightSql as sql,
  type Decoded,
  type Fields,
  type FlightSqlClient,
  type Message,
} from '../../src/flight/index.ts';
import type { FractalNode } from '../../src/node/index.ts';
import { TABLES } from '../../src/schema/index.ts';
import { ATTACKS } from '../security/attacks.ts';
import { ANN, BOB, CANARY, NUMBER, RULES, fill } from '../security/hidden.ts';
import { governed, type Governed } from './governed-kit.ts';
import { messagesOf, tableOf } from './kit.ts';

/** Every statement as everybody; otherwise the second asks a third of them. */
const IS_WHOLE = process.env['FEDERATED_ATTACKS'] === 'all';

type Question = (client: FlightSqlClient) => Promise<string>;

const WITH_METERS = {
  ...RULES,
  roles: {
    ...RULES.roles,
    inspector: {
      ...RULES.roles.inspector,
      grants: [
        ...RULES.roles.inspector.grants,
        {
          id: 'own-meters',
          actions: ['read'],
          tables: ['ext.meters'],
          where: { in: [{ column: 'site_id' }, { principal: 'sites' }] },
          columns: { hide: ['secret'], mask: { note: { mask: 'partial', keep: 1 } } },
        },
      ],
    },
  },
};

/** A file of which some rows, a column and parts of another are hidden, and one of which all is. */
async function addMeters(node: FractalNode, isFull: boolean): Promise<void> {
  const folder = path.dirname(node.parts.dataDir);
  const add = async (name: string, text: string): Promise<void> => {
    const source = path.join(folder, `${name}.csv`);
    await writeFile(source, text);
    await node.externalTables({ action: 'add', name, source });
  };
  const shown = (secret: string): string => `1,shown,${secret},a${secret}\n2,shown,${secret},b${secret}\n`;
  // No type of the engine may be told by a value that is hidden: the numbers are of one kind.
  const hidden = Array.from({ length: 50 }, (_, i) => `${1000 + i},hidden,${CANARY},${CANARY}\n`).join('');
  const head = 'n,site_id,secret,note\n';
  await add('meters', head + (isFull ? shown(CANARY) + hidden : shown('other')));
  if (isFull) await add(`z_${CANARY.toLowerCase()}`, `${CANARY}\n${CANARY}\n`);
}

let nodes: readonly Governed[] = [];
const clients = new Map<string, readonly FlightSqlClient[]>();
before(async () => {
  const make = (isFull: boolean): Promise<Governed> =>
    governed(WITH_METERS, [ANN, BOB], async (node) => {
      await fill(node.parts.store, isFull);
      await addMeters(node, isFull);
    });
  nodes = [await make(true), await make(false)];
  for (const { id } of [ANN, BOB]) clients.set(id, await Promise.all(nodes.map((node) => node.as(id))));
});
after(async () => {
  for (const node of nodes) await node[Symbol.asyncDispose]();
});

/** What a question answers, or the error as a caller sees it. An error of ours that has no words is a defect. */
async function outcome(client: FlightSqlClient, question: Question): Promise<string> {
  try {
    return await question(client);
  } catch (error) {
    if (!(error instanceof FractalError)) throw error;
    if (error.kind === 'internal') throw error;
    return JSON.stringify({ code: error.code, message: error.message });
  }
}

async function sameFor(who: string, name: string, question: Question): Promise<string> {
  const [full, bare] = clients.get(who)!;
  const [found, expected] = await Promise.all([outcome(full!, question), outcome(bare!, question)]);
  assert.equal(found, expected, name);
  if (!name.includes(CANARY)) assert.ok(!found.includes(CANARY), name);
  if (!name.includes(String(NUMBER))) assert.doesNotMatch(found, /98765\d{4}|4211|4218/, name);
  assert.doesNotMatch(found, /(data|view)_[0-9a-f]{8}/, `${name}: the name of a catalogue`);
  for (const hidden of ['manager_contact', 'injured_persons'])
    if (!name.toLowerCase().includes(hidden)) assert.ok(!found.includes(hidden), `${name}: ${hidden}`);
  return found;
}

const asked = (statements: readonly string[]): (readonly ['ann' | 'bob', string])[] => [
  ...statements.map((text) => ['ann', text] as const),
  ...statements.filter((_, i) => IS_WHOLE || i % 3 === 0).map((text) => ['bob', text] as const),
];

const METER_ATTACKS = [
  'from ext.meters',
  'select count(*), max(n), sum(n) from ext.meters',
  'summarize ext.meters',
  'describe ext.meters',
  'select secret from ext.meters',
  `select n from ext.meters where note like '%CANARY%'`,
  'select n::tinyint from ext.meters where n::tinyint > 0',
  `select n from ext.meters where case when n > 900 then error('there') else true end`,
  `select n from ext.meters where cast(n as utinyint) < 255 and site_id = 'hidden'`,
  'select distinct on (site_id) site_id from ext.meters',
  'select m.n, s.name from ext.meters m full join esh.sites s using (site_id) order by all',
  'select n from ext.meters order by note limit 1 offset 3',
  'select approx_count_distinct(n), quantile_cont(n, 0.9) from ext.meters',
  'explain from ext.meters',
  `from ext.z_canary`,
  `from ext.z_absent`,
  `select 1 from node.tables where schema_name = 'ext'`,
  `from node.columns where schema_name = 'ext'`,
  'show tables',
  'from ext.meter',
  'select * from ext.meters where n = (select max(n) from ext.meters)',
];

const bytes = (part: Uint8Array): string => Buffer.from(part).toString('latin1');

/** Every byte that is not drawn by chance: what is told beforehand, and the data. */
const fetched =
  <F extends Fields>(command: Message<F>, value: Partial<Decoded<F>>): Question =>
  async (client) => {
    const { schema, endpoint, totalRecords, totalBytes } = await client.info(command, value);
    const parts = [bytes(schema), String(totalRecords), String(totalBytes)];
    for (const { ticket } of endpoint)
      for await (const data of client.flight.doGet(ticket!.ticket))
        parts.push(bytes(data.dataHeader), bytes(data.dataBody), bytes(data.appMetadata));
    return parts.join('\n');
  };

/** The rows of an answer, sorted: the order of groups is the engine's own business. */
const rows =
  (query: string): Question =>
  async (client) => {
    const info = await client.info(sql.CommandStatementQuery, { query });
    const table = await tableOf(client.flight.doGet(info.endpoint[0]!.ticket!.ticket));
    const show = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);
    const found = table.toArray().map((row) => JSON.stringify(row, show));
    return [bytes(info.schema), ...found.sort()].join('\n');
  };

const prepared =
  (query: string): Question =>
  async (client) => {
    const { handle, datasetSchema, parameterSchema, isUpdate } = await client.prepare(query);
    await client.closePrepared(handle);
    return [bytes(datasetSchema), bytes(parameterSchema), String(isUpdate)].join('\n');
  };

const inTransaction =
  (query: string): Question =>
  async (client) => {
    const transaction = await client.begin();
    try {
      const table = await tableOf(client.query(query, transaction));
      return String(table.numRows);
    } finally {
      await client.end(transaction, 'rollback');
    }
  };

const both = [ANN.id, BOB.id];

describe('over Flight, what is hidden makes no difference', () => {
  it('what is shown is shown, and what is not is not', async () => {
    const [full] = clients.get('ann')!;
    const incidents = await tableOf(full!.query('select incident_id, narrative from esh.incidents'));
    assert.equal(incidents.numRows, 3);
    assert.equal((await tableOf(full!.query('from esh.monitoring_readings'))).numRows, 7);
    assert.equal(
      await nodes[0]!.node.parts.store
        .rows('from esh.monitoring_readings where $1 = 1', [1])
        .then((all) => all.length),
      4218,
    );
  });

  for (const [kind, statements] of Object.entries(ATTACKS))
    it(`${kind} (${statements.length})`, async () => {
      for (const [who, text] of asked(statements)) {
        const answer = await sameFor(who, text, rows(text));
        const told = await sameFor(who, text, prepared(text));
        // Preparing must not tell more than running: a name unknown to one is unknown to the other.
        if (told.startsWith('{"code":"sql.name"')) assert.ok(answer.startsWith('{"code":'), text);
      }
    });

  it(`in files that are read as tables (${METER_ATTACKS.length})`, async () => {
    for (const [who, text] of asked(METER_ATTACKS)) {
      const name = text.includes('canary') ? `${text} ${CANARY}` : text;
      await sameFor(who, name, rows(text));
      await sameFor(who, name, prepared(text));
    }
    await sameFor('ann', 'a transaction', inTransaction('from ext.meters'));
    const [full] = clients.get('ann')!;
    assert.equal((await tableOf(full!.query('from ext.meters'))).numRows, 2);
  });

  it('byte by byte, for statements whose order is their own', async () => {
    for (const who of both)
      for (const text of [
        'from esh.sites',
        'from esh.incidents',
        'from esh.monitoring_readings',
        'select * from esh.incidents order by all',
        'describe esh.sites',
        'summarize esh.incidents',
        'show tables',
        'from node.columns',
        'explain from esh.incidents',
      ])
        await sameFor(who, text, fetched(sql.CommandStatementQuery, { query: text }));
  });

  it('in transactions', async () => {
    for (const who of both)
      for (const text of [
        'from esh.incidents',
        'from esh.injured_persons',
        'select manager_contact from esh.sites',
      ])
        await sameFor(who, text, inTransaction(text));
  });

  it('in every metadata command', async () => {
    const names = [
      ...TABLES.map(({ schema, name }) => [schema, name]),
      ['esh', 'no_such'],
      ['node', 'principals'],
      ['ext', 'meters'],
      ['ext', 'z_absent'],
    ];
    const questions: [string, Question][] = [
      ['catalogs', fetched(sql.CommandGetCatalogs, {})],
      ['schemas', fetched(sql.CommandGetDbSchemas, {})],
      ['tables', fetched(sql.CommandGetTables, {})],
      ['tables with schema', fetched(sql.CommandGetTables, { includeSchema: true })],
      ['tables like', fetched(sql.CommandGetTables, { tableNameFilterPattern: '%i%', includeSchema: true })],
      ['types', fetched(sql.CommandGetTableTypes, {})],
      ['info', fetched(sql.CommandGetSqlInfo, {})],
      ['xdbc', fetched(sql.CommandGetXdbcTypeInfo, {})],
      [
        'flights',
        async (client) =>
          (await client.flight.listFlights())
            .map(({ schema, flightDescriptor }) => `${flightDescriptor?.path.join('.')} ${bytes(schema)}`)
            .join('\n'),
      ],
      ...names.flatMap(([dbSchema = '', table = '']): [string, Question][] => [
        [`primary ${table}`, fetched(sql.CommandGetPrimaryKeys, { dbSchema, table })],
        [`imported ${table}`, fetched(sql.CommandGetImportedKeys, { dbSchema, table })],
        [`exported ${table}`, fetched(sql.CommandGetExportedKeys, { dbSchema, table })],
        [
          `path ${table}`,
          async (client) => {
            const descriptor = {
              type: flight.DESCRIPTOR.path,
              cmd: new Uint8Array(0),
              path: [dbSchema, table],
            };
            const told = bytes(await client.flight.getSchema(descriptor));
            const info = await client.flight.getFlightInfo(descriptor);
            return `${told}\n${(await tableOf(client.flight.doGet(info.endpoint[0]!.ticket!.ticket))).numRows}`;
          },
        ],
      ]),
    ];
    for (const who of both) for (const [name, question] of questions) await sameFor(who, name, question);
  });

  it('a table that is not shown is one that is not there', async () => {
    const about = (question: Question): Promise<string> => outcome(clients.get('ann')![0]!, question);
    const alike = async (make: (table: string) => Question): Promise<void> => {
      const blur = (text: string): string => text.replaceAll(/injured_persons|nothing_here/g, '…');
      const [hidden, absent] = [await about(make('injured_persons')), await about(make('nothing_here'))];
      assert.equal(blur(hidden), blur(absent));
    };
    await alike((table) => fetched(sql.CommandGetPrimaryKeys, { dbSchema: 'esh', table }));
    await alike((table) => fetched(sql.CommandGetTables, { tableNameFilterPattern: table }));
    await alike(
      (table) => (client) =>
        client.flight
          .getSchema({ type: flight.DESCRIPTOR.path, cmd: new Uint8Array(0), path: ['esh', table] })
          .then(bytes),
    );
    await alike(
      (table) => async (client) =>
        String(await client.ingest({ schema: 'esh', table }, await messagesOf('select 1 as a'))),
    );
    await alike(
      (table) => (client) =>
        client.flight
          .getFlightInfo(descriptorOf(sql.CommandStatementQuery, { query: `from esh.${table}` }))
          .then(({ schema }) => bytes(schema)),
    );
  });

  it('tells tables as statements answer them', async () => {
    for (const who of both) {
      const [client] = clients.get(who)!;
      const flights = await client!.flight.listFlights();
      assert.ok(flights.length > 0);
      for (const { schema, flightDescriptor } of flights) {
        const name = flightDescriptor!.path.join('.');
        const columns = (await tableOf(client!.query(`from ${name} limit 0`))).schema.fields;
        const told = (await tableOf(oneMessage(schema))).schema.fields;
        assert.deepEqual(told.map(String), columns.map(String), name);
      }
      const sites = flights.find(({ flightDescriptor }) => flightDescriptor?.path[1] === 'sites');
      const told = (await tableOf(oneMessage(sites!.schema))).schema.fields;
      const names = told.map((field) => field.name);
      assert.ok(!names.includes('manager_contact'));
      // Masked for ann; a planner's rows come without it.
      assert.equal(told.find((field) => field.name === 'manager')?.nullable, true);
    }
  });
});

/** The bytes of an IPC schema message as FlightData. */
async function* oneMessage(ipc: Uint8Array): AsyncGenerator<flight.FlightData> {
  const length = Buffer.from(ipc).readInt32LE(4);
  yield {
    flightDescriptor: undefined,
    dataHeader: ipc.subarray(8, 8 + length),
    appMetadata: new Uint8Array(0),
    dataBody: new Uint8Array(0),
  };
}
