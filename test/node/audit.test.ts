/** Every door of a node writes to the log, and an act that cannot be logged is not done. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { decodeEntry, verifyLog, type AuditEntry } from '../../src/audit/index.ts';
import {
  DEFAULT_LIMITS,
  FractalError,
  nodeFileSystem,
  silentLog,
  unavailableError,
  type FileSystem,
} from '../../src/base/index.ts';
import type { FlightBackend, StatementRun } from '../../src/flight/index.ts';
import { DOORS } from '../../src/node/audited/doors.ts';
import { AuditedFlight, FLIGHT_DOORS } from '../../src/node/audited/flight.ts';
import { maskSql } from '../../src/node/audited/mask-sql.ts';
import { Recorder } from '../../src/node/audited/recorder.ts';
import { droppable } from '../../src/query/index.ts';
import type { ArrowMessages } from '../../src/store/index.ts';
import { SYSTEM, openNode, type FractalNode, type NodeApi } from '../../src/node/index.ts';
import { AUDIT_CATEGORIES } from '../../src/schema/index.ts';
import { collect } from '../contract/node-api-contract.ts';
import { testNode, type TestNode } from './kit.ts';

async function entries(node: FractalNode, from = 0): Promise<AuditEntry[]> {
  const { log } = node.parts.audit;
  await log.still(async () => undefined);
  const found: AuditEntry[] = [];
  for await (const { bytes } of log.lines(from)) if (bytes !== undefined) found.push(decodeEntry(bytes)!);
  return found;
}

/** Arguments that make each call do something, or fail where it stands: both are to be logged. */
const CALLS: { readonly [K in keyof NodeApi]: (test: TestNode) => Parameters<NodeApi[K]> } = {
  status: () => [],
  doctor: () => [],
  search: () => [{ query: 'hazardous waste', mode: 'text' }],
  ask: () => [{ question: 'Who must keep records?', model: 'extractive' }],
  classify: () => [{ texts: ['A roofer fell from a roof.'] }],
  embed: () => [{ input: ['A roofer fell from a roof.'] }],
  generate: () => [{ messages: [{ role: 'user', content: 'Who fell?' }] }],
  decide: () => [{ inference_id: 'none', decision: 'accept', reason: 'it fits' }],
  aiDocumentation: () => [],
  models: () => [],
  model: () => ['fractal-embed'],
  manageModel: () => [{ action: 'verify', name: 'none' }],
  pullModel: () => [{ name: 'none', from: 'nowhere' }],
  servedModels: () => [],
  sql: () => [{ sql: `select * from esh.sites where name = 'Ms Smith'` }],
  explain: () => [{ sql: 'select 1' }],
  check: () => [{ site: 'nowhere' }],
  checkAll: () => [{}],
  lawDiff: () => [{ document: 'nothing' }],
  lawVersions: () => ['nothing'],
  lawDocuments: () => [],
  lawShow: () => [{ citation: '40 CFR 1.1' }],
  lawObligations: () => [{ of: '40 CFR 1.1' }],
  import: (test) => [{ paths: [path.join(test.folder, 'law.md')] }],
  submitImport: (test) => [{ paths: [path.join(test.folder, 'law.md')] }],
  followJob: () => [1],
  jobs: () => [],
  job: () => [1],
  pauseJob: () => [999],
  resumeJob: () => [999],
  cancelJob: () => [999],
  retryJob: () => [999],
  watch: (test) => [{ path: test.folder, kept: false }],
  watches: () => [],
  unwatch: (test) => [test.folder],
  reindex: () => [],
  sources: () => [],
  addSource: () => [{ name: 'x', source: 'ecfr:40/262', every_s: 3600 }],
  removeSource: () => ['x'],
  runSources: () => [{ names: ['x'] }],
  sourceVersions: () => [{ source: 'ecfr:40/262' }],
  queries: () => [],
  slowQueries: () => [],
  cancelQuery: () => [999],
  externalTables: () => [{ action: 'list' }],
  audit: () => [{ actor: 'ms.smith' }],
  verifyAudit: () => [],
  checkpointAudit: () => [],
  proveAudit: () => [0],
  replayAudit: () => [{ id: '0' }],
  proveReport: () => [{ id: '0', report: {} }],
  proveGrowth: () => [{ from: 1 }],
  exportAudit: () => [{ from: 0, end: 9, limit: 9 }],
  cosignedAudit: () => [{ note: 'none', key: 'none' }],
  auditReplicas: () => [{ action: 'list' }],
  auditRetention: () => [{ action: 'show' }],
  sessions: () => [{ action: 'list' }],
  users: () => [{ action: 'list' }],
  policy: () => [{ action: 'show' }],
  close: () => [],
};

/** Names as people write them, in none of the forms of a code. */
const HOSTILE = [
  'Zelda Quixotë-Müller',
  `Zelda's "Quixotë"; drop table esh.sites --`,
  'zelda.quixotic 4711-0815\n\u0000<b>',
];

/** Fields that the calls above leave out. */
const MORE: { readonly [K in keyof NodeApi]?: readonly Parameters<NodeApi[K]>[] } = {
  search: [[{ query: 'x', mode: 'text', jurisdiction: 'US', at: '2024-01-01', document: 'd' }]],
  ask: [[{ question: 'x', model: 'extractive', jurisdiction: 'US', at: '2024-01-01', document: 'd' }]],
  classify: [[{ texts: ['x'], taxonomy: 't', labels: ['l'] }], [{ incidents: ['i'] }]],
  decide: [[{ inference_id: 'x', decision: 'accept', reason: 'x', amendment: 'x' }]],
  sql: [[{ sql: 'select $1', params: ['x'] }]],
  check: [[{ site: 'x', at: '2024-01-01' }]],
  lawDiff: [[{ document: 'x', section: 's', from: '2020-01-01', to: '2021-01-01', known_at: '2022-01-01' }]],
  import: [[{ paths: ['x'], kind: 'law', jurisdiction: 'US', mapping: 'm', in_force_from: '2020-01-01' }]],
  users: [
    [{ action: 'set', id: 'x', roles: ['x'], attributes: { x: 'x' } }],
    [{ action: 'token', id: 'x', label: 'x' }],
  ],
  policy: [[{ action: 'explain', principal: 'x', sql: 'select 1' } as never]],
  audit: [[{ actor: 'x', resource: 'x', category: 'access', since: '2024-01-01', until: '2024-01-02' }]],
  proveReport: [[{ id: 'x', report: { x: 'x' }, evidence: [{ name: 'x', content: '' }] }]],
  replayAudit: [[{ id: 'x', input: { question: 'x' } }], [{ id: '0', input: { question: 'x' } }]],
  auditRetention: [
    [{ action: 'hold', id: 'x', reason: 'x', since: '2024-01-01', until: '2024-01-02' }],
    [{ action: 'release', id: 'x', reason: 'x' }],
  ],
  auditReplicas: [
    [{ action: 'accept', key: 'x' }],
    [{ action: 'receive', origin: 'x', from: 0, lines: ['x'], checkpoint: 'x' }],
  ],
};

/** The same arguments again and again, with another of their texts replaced each time. */
function withEachText(value: unknown, text: string, name = ''): unknown[] {
  // Words of a statement outside quotes are told, as docs/audit.md says: the name stands in quotes.
  if (typeof value === 'string') return [name === 'sql' ? `select '${text.replaceAll("'", "''")}'` : text];
  if (Array.isArray(value))
    return value.flatMap((one, i) =>
      withEachText(one, text, name).map((changed) => value.with(i, changed) as unknown),
    );
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, one]) =>
    withEachText(one, text, key).map((changed) => ({ ...value, [key]: changed })),
  );
}

/** Calls and reads to the end; what is thrown is a FractalError. */
async function callThrough(node: NodeApi, call: keyof NodeApi, args: readonly unknown[]): Promise<void> {
  try {
    const answer: unknown = await (node[call] as (...given: readonly unknown[]) => unknown)(...args);
    if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer)
      await collect(answer as AsyncIterable<unknown>);
  } catch (error) {
    assert.ok(error instanceof FractalError, `${call}: ${String(error)}`);
  }
}

const ENDS = ['done', 'failed', 'denied'];

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

describe('doors of a node', () => {
  let test: TestNode;
  before(async () => {
    test = await testNode();
    await test.file('law.md', '# Act\n\n## 1 Duty\n\nThe operator must keep records.\n');
    await test.import(
      await test.file('law-2020.md', '# Act Two\n\n## 1 Duty\n\nThe operator must label drums.\n'),
    );
  });
  after(() => test[Symbol.asyncDispose]());

  for (const call of Object.keys(CALLS) as (keyof NodeApi)[])
    it(`D1 ${call} is in the log, its beginning and its end`, async () => {
      const door = DOORS[call];
      if ('unaudited' in door) {
        assert.ok(door.unaudited.length > 10);
        return;
      }
      const { size } = test.node.parts.audit.log;
      await callThrough(test.node, call, CALLS[call](test));
      const found = (await entries(test.node, size)).filter((entry) =>
        entry.event_type.endsWith(`.${kebab(call)}`),
      );
      assert.equal(found[0]?.event_type, `${door.category}.${kebab(call)}`);
      assert.deepEqual(
        found.map((entry) => entry.detail['stage']),
        ['begun', ENDS.find((end) => end === found[1]?.detail['stage']) ?? 'done'],
        JSON.stringify(found),
      );
      assert.equal(found[1]?.detail['begun'], found[0]?.entry_id);
      assert.equal(found[0]?.actor_id, 'local-operator');
    });

  it('D1 a call that is in no table cannot be made', () => {
    const made = new Set(Object.keys(DOORS));
    for (const name of Object.keys(CALLS)) assert.ok(made.has(name), name);
    assert.equal(made.size, Object.keys(CALLS).length);
  });

  it('D1 every category of the reference has its name, and those of what is built are written', async () => {
    // Access, modification, sync, conflict, inference, app lifecycle, authentication, denial; and ours beside them.
    const reference = 'access modification sync conflict inference app authentication denial'.split(' ');
    const ours = 'administration key decision lifecycle log'.split(' ');
    assert.deepEqual([...AUDIT_CATEGORIES].sort(), [...reference, ...ours].sort());
    await callThrough(test.node, 'checkpointAudit', []);
    const seen = new Set((await entries(test.node, 0)).map((entry) => entry.event_type.split('.')[0]));
    // D4 has authentication and denial, on a node with users. Conflicts and apps are not built yet.
    const here = [
      'access',
      'modification',
      'sync',
      'inference',
      'administration',
      'key',
      'decision',
      'lifecycle',
      'log',
    ];
    for (const category of here) assert.ok(seen.has(category), category);
  });

  it('D2 tells statement, tables, columns and rows of what was read, and no value', async () => {
    const { size } = test.node.parts.audit.log;
    await callThrough(test.node, 'sql', [
      { sql: `select title from law.documents where title <> 'Ms Smith' and 7 = 7` },
    ]);
    const [begun, done] = await entries(test.node, size);
    assert.equal(begun?.detail['statement'], 'select title from law.documents where title <> ? and ? = ?');
    assert.match(begun?.detail['statement_hash'] as string, /^[0-9a-f]{64}$/);
    assert.equal(done?.detail['rows'], 2);
    const [table] = done?.detail['tables'] as { name: string; columns: string[] }[];
    assert.equal(table?.name, 'law.documents');
    assert.ok(table?.columns.includes('title'));
  });

  it('D2 what stands where a code belongs is told only if it looks like one', async () => {
    const { size } = test.node.parts.audit.log;
    const name = 'Ms Smith of Mill Lane';
    await callThrough(test.node, 'search', [{ query: 'x', jurisdiction: name, at: name }]);
    await callThrough(test.node, 'import', [{ paths: [test.folder], kind: name, jurisdiction: name }]);
    await callThrough(test.node, 'users', [{ action: 'set', id: 'nobody', roles: [name] }]);
    await callThrough(test.node, 'search', [{ query: 'x', jurisdiction: 'US-CA', at: '2024-01-01' }]);
    const found = await entries(test.node, size);
    assert.doesNotMatch(JSON.stringify(found), /Smith|Mill/);
    assert.equal(found[0]?.detail['jurisdiction'], '(not a code)');
    const last = found.findLast((entry) => entry.event_type === 'access.search' && 'at' in entry.detail);
    assert.deepEqual([last?.detail['jurisdiction'], last?.detail['at']], ['US-CA', '2024-01-01']);
  });

  it('D2 a person named in any text of any call is nowhere in the log', async () => {
    const { size } = test.node.parts.audit.log;
    let told = 0;
    for (const call of Object.keys(CALLS) as (keyof NodeApi)[]) {
      if (call === 'close') continue;
      const all: readonly unknown[] = [CALLS[call](test), ...(MORE[call] ?? [])];
      for (const args of all)
        for (const hostile of HOSTILE)
          for (const changed of withEachText(args, hostile)) {
            await callThrough(test.node, call, changed as readonly unknown[]);
            told++;
          }
    }
    assert.ok(told > 100, `${told} calls`);
    const { log } = test.node.parts.audit;
    await log.still(async () => undefined);
    for await (const { id, bytes } of log.lines(size))
      assert.doesNotMatch(bytes?.toString('utf8') ?? '', /Zelda|Quixot|4711-0815/u, `entry ${id}`);
  });

  it('D3 a commit is in the log before it is made: tables, rows, hashes of content, files', async () => {
    const { size } = test.node.parts.audit.log;
    await test.import(
      await test.file('law-3.md', '# Act Three\n\n## 1 Duty\n\nThe operator must train staff.\n'),
    );
    const all = await entries(test.node, size);
    // Of an import only counts are kept, however many files it has.
    const end = all.find((one) => one.event_type === 'modification.import' && one.detail['stage'] === 'done');
    assert.deepEqual([end?.detail['files'], end?.detail['whole']], [{ added: 1 }, true]);
    const commits = all.filter((entry) => entry.event_type === 'modification.commit');
    const [commit] = commits.filter((entry) => 'files' in entry.detail);
    assert.equal(commit?.detail['commit_version'], Number(test.node.parts.store.commitVersion));
    const [file] = commit?.detail['files'] as { status: string; sha256: string }[];
    assert.equal(file?.status, 'added');
    const tables = commit?.detail['tables'] as { table: string; after: { rows: number; hash: string } }[];
    assert.ok(tables.some((one) => one.table === 'law.sections' && one.after.rows > 0));
    for (const { after: content } of tables) assert.match(content.hash, /^[0-9a-f]{64}$/);
  });

  it('D3 tells what rows were before they changed', async () => {
    const { store } = test.node.parts;
    const { ESH } = await import('../../src/schema/index.ts');
    const site = (name: string) => ({ site_id: 's-1', region: 'eu', name });
    const columns = ESH.sites.columns.filter((column) => !column.nullable).map((column) => column.name);
    const full = (name: string): Record<string, string> =>
      Object.fromEntries(
        columns.map((column) => [column, (site(name) as Record<string, string>)[column] ?? 'x']),
      );
    const { size } = test.node.parts.audit.log;
    for (const name of ['one', 'two', 'one'])
      await store.transact('anna', (transaction) => transaction.put(ESH.sites, [full(name)]));
    const told = (await entries(test.node, size)).map(
      (entry) => (entry.detail['tables'] as { after: object; before?: object }[])[0]!,
    );
    assert.equal(told[0]?.before, undefined);
    // The store's own columns are part of a row: what it was after one commit it was before the next.
    assert.deepEqual(told[1]?.before, told[0]?.after);
    assert.deepEqual(told[2]?.before, told[1]?.after);
    assert.notDeepEqual(told[2]?.after, told[0]?.after);
  });

  it('D4 the start, the stop and who was kept out are in the log', async () => {
    await assert.rejects(
      test.node.as({ credentials: { token: 'frt_nothing' }, via: 'http' }).search({ query: 'x' }),
    );
    const kept = (await entries(test.node)).filter((entry) => entry.event_type === 'authentication.failure');
    assert.equal(kept.length, 1);
    assert.equal(kept[0]?.detail['via'], 'http');
    const from = test.node.parts.audit.log.size;
    await test.reopen();
    const types = (await entries(test.node, from)).map((entry) => entry.event_type);
    assert.deepEqual(types, ['lifecycle.stop', 'log.checkpoint', 'lifecycle.start']);
    assert.deepEqual((await verifyLog(nodeFileSystem, path.join(test.dataDir, 'audit'))).faults, []);
  });

  it('D5 each part of the Flight backend is decided', () => {
    for (const [name, door] of Object.entries(FLIGHT_DOORS))
      assert.ok(door === 'audited' || door.unaudited.length > 5, name);
  });
});

describe('a log that cannot be written', () => {
  it('D6 refuses reads and changes with a clear error, and nothing is done; then goes on', async () => {
    let isFull = false;
    const full = (): void => {
      if (isFull) throw Object.assign(new TypeError('full'), { code: 'ENOSPC' });
    };
    const fs: FileSystem = {
      ...nodeFileSystem,
      openFile: async (name) => {
        const file = await nodeFileSystem.openFile(name);
        if (!name.includes(`${path.sep}segments${path.sep}`)) return file;
        return {
          ...file,
          sync: async () => {
            full();
            await file.sync();
          },
        };
      },
    };
    await using test = await testNode();
    await test.node.close();
    test.node = await openNode({ dataDir: test.dataDir, log: silentLog, outside: { ...SYSTEM, fs } });
    const law = await test.file('law.md', '# Act\n\n## 1 Duty\n\nThe operator must keep records.\n');
    const version = test.node.parts.store.commitVersion;
    isFull = true;
    const refused = { code: 'audit.unavailable', kind: 'unavailable' };
    await assert.rejects(test.node.search({ query: 'records', mode: 'text' }), refused);
    // More often than statements may run at one time: a refused one gives its place back.
    for (let i = 0; i <= DEFAULT_LIMITS.duckdb_connections; i++)
      await assert.rejects(test.node.sql({ sql: 'select 1' }), refused);
    await assert.rejects(test.node.users({ action: 'add', id: 'root', roles: ['system-admin'] }), refused);
    await assert.rejects(collect(test.node.import({ paths: [law] })), refused);
    // The store itself refuses too, whoever asks it.
    await assert.rejects(
      test.node.parts.store.transact('anna', (one) =>
        one.bookkeep(`insert into node.watches values ('a', 'b', 'c', true, $1::timestamp)`, ['2026-01-01']),
      ),
      refused,
    );
    isFull = false;
    assert.equal(test.node.parts.store.commitVersion, version);
    assert.deepEqual((await test.node.users({ action: 'list' })).users, []);
    assert.equal((await test.import(law))[0]?.status, 'added');
    assert.deepEqual((await verifyLog(nodeFileSystem, path.join(test.dataDir, 'audit'))).ok, true);
  });
});

describe('a log that cannot be written, by Flight', () => {
  it('D6 the answer of a refused statement is closed unread', async () => {
    let isClosed = false;
    const messages = droppable(
      (async function* (): ArrowMessages['messages'] {
        await Promise.reject(new Error('read'));
      })(),
      () => (isClosed = true),
    );
    await using test = await testNode();
    const { recorder } = test.node.parts.audit;
    const sink = {
      record: () => Promise.reject(unavailableError('audit.unavailable', 'full', 'Free space.')),
    };
    const answering = { query: async () => ({ schema: new Uint8Array(), messages }) };
    const flight = new AuditedFlight(
      answering as unknown as FlightBackend,
      new Recorder({ ...recorder.options, sink }),
      async (id) => ({ id, roles: [] }),
    );
    const run = { sql: 'select 1', parameters: [] } as unknown as StatementRun;
    await assert.rejects(flight.query('anna', run), { code: 'audit.unavailable' });
    assert.ok(isClosed);
  });
});

describe('statements in the log', () => {
  const isName = (name: string): boolean => name === 'site_id';
  for (const [sql, masked] of [
    [
      `select 'O''Brien', "site_id", "Mary" from t where a=12.5e3 -- Bob`,
      'select ?, "site_id", "?" from t where a=?',
    ],
    [`select $tag$ Mary $tag$, $1, 0xFF, E'x' /* Eve */ from esh.sites`, 'select ?, $1, ?, ? from esh.sites'],
    [`select 'never ends`, 'select ?'],
    [`select "never ends`, 'select "?"'],
    [`select col1 from t1`, 'select col1 from t1'],
  ] as const)
    it(`D2 ${sql}`, () => assert.equal(maskSql(sql, isName), masked));
});
