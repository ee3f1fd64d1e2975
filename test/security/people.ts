/** A node with users: `root`, who administers, and others of whom each test says what they are. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Attribute } from '../../src/query/index.ts';
import type { Caller, FractalNode, NodeApi } from '../../src/node/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { readRows } from '../../src/server/index.ts';
import { testNode, type TestNode } from '../node/kit.ts';
import { site } from '../store/kit.ts';

export interface People {
  readonly test: TestNode;
  readonly node: FractalNode;
  readonly as: (user: string, more?: Omit<Caller, 'credentials'>) => NodeApi;
  readonly token: (user: string) => string;
  readonly add: (id: string, role: string, attributes?: Record<string, Attribute>) => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `config` goes into fractal.json. Inspectors `ann` of site a and `bob` of site b are there. */
export async function people(config: object = {}): Promise<People> {
  const test = await testNode();
  const file = path.join(test.dataDir, 'fractal.json');
  const text = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...text, ...config }));
  const node = await test.reopen();
  await node.parts.store.transact('t', (tx) => tx.put(ESH.sites, [site('a'), site('b')]));
  const { token: first = '' } = await node.users({ action: 'add', id: 'root', roles: ['system-admin'] });
  const tokens = new Map([['root', first]]);
  const token = (user: string): string => tokens.get(user) ?? '';
  const as: People['as'] = (user, more = {}) => node.as({ credentials: { token: token(user) }, ...more });
  const add: People['add'] = async (id, role, attributes = {}) => {
    const answer = await as('root').users({ action: 'add', id, roles: [role], attributes });
    tokens.set(id, answer.token ?? '');
  };
  await add('ann', 'inspector', { assigned_sites: ['a'] });
  await add('bob', 'inspector', { assigned_sites: ['b'] });
  return { test, node, as, token, add, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
}

export async function rowsOf(node: NodeApi, sql: string): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  for await (const row of (await readRows(await node.sql({ sql }))).rows) rows.push([...row]);
  return rows;
}
