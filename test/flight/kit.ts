/** A real node behind a real Flight port, and our own client. */
import { tableFromIPC, type Table } from 'apache-arrow';
import { DEFAULT_LIMITS, silentLog, type Limits } from '../../src/base/index.ts';
import {
  FlightClient,
  FlightSqlClient,
  ipcOf,
  type FlightBackend,
  type TlsKeys,
  type flight,
} from '../../src/flight/index.ts';
import type { FlightGate } from '../../src/node/index.ts';
import { listenFlight, type FlightListening } from '../../src/server/index.ts';
import { DuckDBInstance } from '@duckdb/node-api';
import { toArrowMessages, type ArrowMessage } from '../../src/store/index.ts';
import { testNode, type TestNode } from '../node/kit.ts';

export interface Served {
  readonly test: TestNode;
  readonly backend: FlightBackend;
  readonly listening: FlightListening;
  connect(): Promise<FlightSqlClient>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function served(
  more: { limits?: Partial<Limits>; tls?: TlsKeys; gate?: FlightGate } = {},
): Promise<Served> {
  const test = await testNode();
  const limits = { ...DEFAULT_LIMITS, shutdown_ms: 500, ...more.limits };
  const { backend, gate } = await test.node.flight();
  const listening = await listenFlight({
    backend,
    tls: more.tls,
    gate: more.gate ?? gate,
    host: '127.0.0.1',
    port: 0,
    limits,
    log: silentLog,
  });
  const clients: FlightClient[] = [];
  return {
    test,
    backend,
    listening,
    connect: async () => {
      const client = await FlightClient.connect(listening.url, { limits });
      clients.push(client);
      return new FlightSqlClient(client);
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      await listening.stop();
      await test[Symbol.asyncDispose]();
    },
  };
}

/** FlightData of our own server as a table; only for tests, where both sides are ours. */
export async function tableOf(data: AsyncIterable<flight.FlightData>): Promise<Table> {
  const pieces: Uint8Array[] = [];
  for await (const piece of ipcOf(data)) pieces.push(piece);
  return tableFromIPC(Buffer.concat(pieces));
}

export async function rowsOf(data: AsyncIterable<flight.FlightData>): Promise<Record<string, unknown>[]> {
  return (await tableOf(data))
    .toArray()
    .map((row) => (row as { toJSON(): Record<string, unknown> }).toJSON());
}

/** The answer of a statement as Arrow messages to send. */
export async function messagesOf(sql: string): Promise<AsyncIterable<ArrowMessage>> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  return toArrowMessages(await connection.stream(sql)).messages;
}

/** Rows for esh.sites: what is required there, and an id each. */
export async function sites(served_: Served, ...ids: string[]): Promise<AsyncIterable<ArrowMessage>> {
  const table = (await served_.backend.tables('local-operator')).find(
    ({ schema, name }) => schema === 'esh' && name === 'sites',
  );
  const system = ['node_id', 'hlc', 'commit_version', 'deleted'];
  const columns = (table?.columns.fields ?? [])
    .filter(({ nullable, name }) => !nullable && !system.includes(name))
    .map(({ name }) => (name === 'site_id' ? 'id as site_id' : `'x' as ${name}`));
  return messagesOf(
    `select ${columns.join(', ')} from unnest([${ids.map((id) => `'${id}'`).join(', ')}]) t(id)`,
  );
}
