/**
 * What policy hides makes no difference to searches and external files either: two nodes that differ only in it answer
 * every statement with the same bytes, by the same errors, and so do `explain`, HTTP and `fractal search`.
 */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { FractalError, silentLog } from '../../src/base/index.ts';
import type { NodeApi } from '../../src/node/index.ts';
import { createApp, listen, readRows, socketPathOf } from '../../src/server/index.ts';
import { SECTION_TABLE, textIndex } from '../../src/query/search/section-table.ts';
import { annualPart, importAll, testNode } from '../node/kit.ts';
import { FEDERATED_ATTACKS } from './federated-attacks.ts';
import { CANARY, NUMBER, fill } from './hidden.ts';

const SHOWN = annualPart(7, '2023-07-01', {
  '7.1': ['(a) The operator shall lock the valve before work.', '(b) Nothing else is asked.'],
  '7.2': ['Dust at the boundary must not exceed 50 micrograms.', 'Dust is measured.'],
  '7.3': ['Noise at the boundary of a quarry must be measured every month.'],
  // The same words twice: equal scores.
  '7.4': ['A valve is tagged.'],
  '7.5': ['A valve is tagged.'],
});
const LATER = annualPart(9, '2023-07-01', {
  '9.1': ['A fence keeps dust in.', 'A valve is tagged.'],
  '9.2': ['The quarry is fenced, and each fence is looked after by the operator of the quarry.'],
});
const HIDDEN = annualPart(8, '2023-07-01', {
  '8.1': [`The ${CANARY} of zirconium dust shall be fenced.`, 'Dust, dust, dust and fence.'],
  '8.2': Array.from({ length: 9 }, (_, i) => `A quarry of kind ${i} with a valve is tagged against noise.`),
});

/** Every statement as everybody, and explained. */
const IS_WHOLE = process.env['FEDERATED_ATTACKS'] === 'all';

/** Of site a two rows, the types of which are those of the whole file. */
const ROWS = ['1,a,first,Ada,s1', '2,a,22,Ada,s2'];
const HIDDEN_ROWS = [`7,b,${CANARY},${CANARY},${CANARY}`, `${NUMBER},b,17,Bo,x`, '9,b,,,'];

const own = { in: [{ column: 'site_id' }, { principal: 'sites' }] };
/** Of two nodes these are never the same. */
const STAMPS = ['node_id', 'hlc', 'commit_version'];
const us = { eq: [{ column: 'jurisdiction' }, 'US'] };
const POLICY = {
  format: 'fractal.policy/1',
  version: 'test',
  attributes: { sites: 'text[]' },
  denials: [],
  roles: {
    admin: {
      doc: 'everything',
      grants: [{ id: 'all', actions: ['administer', 'import', 'read', 'infer'], tables: ['*'] }],
    },
    reader: {
      doc: 'the law of one country, own sites',
      grants: [
        {
          id: 'law',
          actions: ['read'],
          tables: ['law.sections', 'law.documents'],
          where: us,
          columns: { hide: STAMPS },
        },
        { id: 'own', actions: ['read'], tables: ['esh.sites', 'esh.incidents'], where: own },
        {
          id: 'files',
          actions: ['read'],
          tables: ['ext.readings'],
          where: own,
          columns: { hide: ['secret'], mask: { name: { mask: 'constant', value: 'masked' } } },
        },
      ],
    },
    clerk: {
      doc: 'law without its texts, files of everybody without notes',
      grants: [
        {
          id: 'heads',
          actions: ['read'],
          tables: ['law.sections'],
          where: us,
          columns: { hide: ['text', ...STAMPS] },
        },
        {
          id: 'numbers',
          actions: ['read'],
          tables: ['ext.readings'],
          where: own,
          columns: { only: ['n', 'site_id'] },
        },
      ],
    },
  },
};

interface World {
  readonly stop: () => Promise<void>;
  readonly as: (user: string) => NodeApi;
  readonly post: (user: string, sql: string) => Promise<string>;
}

async function world(isFull: boolean): Promise<World> {
  const test = await testNode();
  await writeFile(path.join(test.dataDir, 'policy.json'), JSON.stringify(POLICY));
  const config = path.join(test.dataDir, 'fractal.json');
  const text = JSON.parse(await readFile(config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...text, policy: 'policy.json' }));
  const node = await test.reopen();
  const bring = async (name: string, law: string, jurisdiction: string): Promise<void> => {
    await importAll(node, { paths: [await test.file(name, law)], jurisdiction });
  };
  await bring('a.xml', SHOWN, 'US');
  if (isFull) await bring('b.xml', HIDDEN, 'UK');
  await bring('c.xml', LATER, 'US');
  await fill(node.parts.store, isFull);
  const lines = ['n,site_id,note,name,secret', ...ROWS.slice(0, 1), ...(isFull ? HIDDEN_ROWS : []), ROWS[1]];
  const source = await test.file('readings.csv', `${lines.join('\n')}\n`);
  await node.externalTables({ action: 'add', name: 'readings', source });
  if (isFull) await node.externalTables({ action: 'add', name: 'sealed', source });
  // As compaction does: from here on, the figures of the index are those of all rows.
  await node.parts.store.maintain(SECTION_TABLE, (table) =>
    table.createIndex('search_text', textIndex(), true),
  );
  const tokens = new Map<string, string>();
  const as = (user: string): NodeApi => node.as({ credentials: { token: tokens.get(user) ?? '' } });
  for (const [id, role] of [
    ['root', 'admin'],
    ['ann', 'reader'],
    ['carl', 'clerk'],
  ] as const) {
    const by = tokens.size > 0 ? as('root') : node;
    const answer = await by.users({
      action: 'add',
      id,
      roles: [role],
      attributes: { sites: ['a', 'shown'] },
    });
    tokens.set(id, answer.token ?? '');
  }
  const { limits } = node.parts;
  const { dataDir } = test;
  const app = createApp(node, {
    ...{ dataDir, version: '0', limits, log: silentLog, principal: 'local-operator' },
    admit: (caller) => node.as(caller),
  });
  const common = { host: '127.0.0.1', port: 0, limits, log: silentLog };
  const http = await listen({ ...common, app, socketPath: socketPathOf(dataDir) });
  const post = async (user: string, sql: string): Promise<string> => {
    const answer = await fetch(`${http.url}/v1/sql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        authorization: `Bearer ${tokens.get(user) ?? ''}`,
      },
      body: JSON.stringify({ sql }),
    });
    return `${answer.status} ${await answer.text()}`;
  };
  const stop = async (): Promise<void> => {
    await http.stop();
    await test[Symbol.asyncDispose]();
  };
  return { as, post, stop };
}

/** The answer, or the error as a caller sees it. Anything that is not a FractalError is a defect. */
async function told(work: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify(await work());
  } catch (error) {
    if (!(error instanceof FractalError) || error.kind === 'internal') throw error;
    const { code, message, cure, place } = error;
    return JSON.stringify({ code, message, cure, place });
  }
}

async function answer(node: NodeApi, sql: string): Promise<unknown> {
  const reader = await readRows(await node.sql({ sql }));
  const rows: string[] = [];
  for await (const row of reader.rows) rows.push(JSON.stringify(row));
  // No order was asked for where two engines' rows meet.
  return { columns: reader.columns, rows: /order by|limit|rank/i.test(sql) ? rows : rows.sort() };
}

describe('what is hidden makes no difference to other engines', () => {
  let full: World;
  let bare: World;
  before(async () => {
    full = await world(true);
    bare = await world(false);
  });
  after(async () => {
    await full.stop();
    await bare.stop();
  });

  function checkSilent(found: string, sql: string): void {
    if (!sql.includes(CANARY)) assert.ok(!found.includes(CANARY), `${sql}: ${found}`);
    if (!sql.includes(String(NUMBER))) assert.ok(!found.includes(String(NUMBER)), `${sql}: ${found}`);
    assert.doesNotMatch(found, /(data|view)_[0-9a-f]{8}|fractal-test/, `${sql}: a name of the inside`);
    if (!/secret|sealed/i.test(sql)) assert.doesNotMatch(found, /secret|sealed/, sql);
  }

  it('what is hidden is there for whom policy shows it', async () => {
    const hits = await answer(full.as('root'), `select * from search.text_search('zirconium', 5)`);
    assert.match(JSON.stringify(hits), new RegExp(CANARY));
    assert.match(JSON.stringify(await answer(full.as('root'), 'from ext.readings')), new RegExp(CANARY));
    assert.equal((await bare.as('root').search({ query: 'zirconium', mode: 'text', k: 5 })).hits.length, 0);
  });

  for (const [kind, statements] of Object.entries(FEDERATED_ATTACKS))
    for (const user of ['ann', 'carl'])
      it(`${kind}, as ${user} (${statements.length})`, async () => {
        let answered = 0;
        // Each file is opened anew for each statement, which costs: Carl asks a third of them, and a quarter is explained.
        for (const [i, sql] of statements.entries()) {
          if (user === 'carl' && i % 3 > 0 && !IS_WHOLE) continue;
          const found = await told(() => answer(full.as(user), sql));
          assert.equal(found, await told(() => answer(bare.as(user), sql)), sql);
          checkSilent(found, sql);
          if (found.startsWith('{"columns"')) answered++;
          if (i % 4 > 0 && !IS_WHOLE) continue;
          const explained = async ({ as }: World): Promise<string> =>
            (await told(() => as(user).explain({ sql }))).replaceAll(/[\d.]+ ms/g, '… ms');
          const plan = await explained(full);
          assert.equal(plan, await explained(bare), `explain ${sql}`);
          checkSilent(plan, sql);
        }
        if (user === 'ann') assert.ok(answered > statements.length / 4, `${answered} were answered`);
      });

  it('the same by HTTP, errors too', async () => {
    let answered = 0;
    for (const sql of Object.values(FEDERATED_ATTACKS).flatMap((list) =>
      list.filter((_, i) => i % 7 === 0),
    )) {
      const found = await full.post('ann', sql);
      if (found.startsWith('200')) answered++;
      assert.equal(found, await bare.post('ann', sql), sql);
      checkSilent(found, sql);
    }
    assert.ok(answered > 5, `${answered} were answered`);
  });

  it('the same by `fractal search`', async () => {
    for (const mode of ['text', 'vector', 'hybrid'] as const)
      for (const query of [
        'dust',
        'zirconium dust fence',
        'valve is tagged',
        'tagged',
        '99 CFR 8.1',
        'quarry',
      ])
        for (const k of [1, 3, 1000]) {
          const ask = ({ as }: World): Promise<string> =>
            told(async () => (await as('ann').search({ query, mode, k })).hits);
          const found = await ask(full);
          assert.equal(found, await ask(bare), `${mode} ${query} ${k}`);
          checkSilent(found, query);
        }
  });
});
