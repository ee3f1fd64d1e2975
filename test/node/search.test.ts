/** Search and SQL as a node answers them. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../src/base/index.ts';
import { openNode } from '../../src/node/index.ts';
import { annualPart, testNode } from './kit.ts';

const LAW = annualPart(7, '2023-07-01', {
  '7.1': ['(a) The operator shall lock the valve before work.', '(b) Nothing else is asked.'],
  '7.2': ['Dust at the boundary must not exceed 50 micrograms.'],
});

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const item of stream) assert.ok(item);
}

test('a hit carries its citation down to the paragraph', async () => {
  await using t = await testNode();
  await t.import(await t.file('a.xml', LAW));
  const { hits } = await t.node.search({ query: 'lock the valve', k: 3 });
  assert.equal(hits[0]?.citation, '99 CFR 7.1(a)');
  assert.equal(hits[0].section_id, 'us/cfr/99/7#s7.1-a');
  assert.equal(hits[0].in_force_from, '2023-07-01');
  assert.deepEqual(
    hits.map((hit) => hit.rank),
    hits.map((_, i) => i + 1),
  );
});

test('filters are prefilters: they never cost a hit', async () => {
  await using t = await testNode();
  // A hundred better matches in another jurisdiction must not push the only allowed one out.
  const many: Record<string, string[]> = {};
  for (let i = 1; i <= 150; i++) many[`8.${i}`] = ['The operator shall lock the valve before work.'];
  await t.import(await t.file('many.xml', annualPart(8, '2023-07-01', many)));
  for await (const event of t.node.import({ paths: [await t.file('a.xml', LAW)], jurisdiction: 'UK' }))
    if (event.type === 'result') assert.equal(event.result.status, 'added');
  for (const mode of ['text', 'vector', 'hybrid'] as const) {
    const { hits } = await t.node.search({
      query: 'operator shall lock the valve before work',
      mode,
      jurisdiction: 'UK',
      k: 1,
    });
    assert.equal(hits[0]?.citation, '99 CFR 7.1(a)', mode);
  }
});

test('hostile words in queries and filters are words', async () => {
  await using t = await testNode();
  await t.import(await t.file('a.xml', LAW));
  for (const query of [
    `' or 1=1 --`,
    'valve) OR (',
    '"valve',
    '+valve -work',
    'valve~2',
    '*',
    '\u0000valve',
    '🙂 valve',
  ])
    for (const mode of ['text', 'vector', 'hybrid'] as const) await t.node.search({ query, mode });
  const { hits } = await t.node.search({ query: 'valve', document: `x' or '1'='1` });
  assert.deepEqual(hits, []);
  for (const [request, code] of [
    [{ query: '  ' }, 'search.empty'],
    [{ query: 'a', k: 0 }, 'search.k'],
    [{ query: 'a', k: 1.5 }, 'search.k'],
    [{ query: 'a', at: '2023-13-01' }, 'search.date'],
    [{ query: 'a'.repeat(5000) }, 'search.query_length'],
  ] as const)
    await assert.rejects(t.node.search(request), { code });
});

test('SQL only reads, one statement at a time, and cannot leave the node', async () => {
  await using t = await testNode();
  await t.import(await t.file('a.xml', LAW));
  for (const [sql, code] of [
    ['delete from law.sections', 'sql.table_not_written'],
    ['create table x(i int)', 'sql.read_only'],
    [`copy law.sections to 'out.csv'`, 'sql.read_only'],
    [`attach 'other.db'`, 'sql.read_only'],
    ['set memory_limit = 1', 'sql.read_only'],
    [`call enable_logging()`, 'sql.read_only'],
    ['select 1; select 2', 'sql.one_statement'],
    ['', 'sql.one_statement'],
    ['selct 1', 'sql.syntax'],
    ['select nope from law.sections', 'sql.name'],
    [`select * from read_csv('/etc/passwd')`, 'sql.forbidden'],
    [`select * from read_text('/etc/passwd')`, 'sql.forbidden'],
  ] as const)
    await assert.rejects(
      async () => {
        await drain(await t.node.sql({ sql }));
      },
      { code },
      sql,
    );
  assert.deepEqual(await t.rows('select count(*)::int as n from law.documents'), [{ n: 1 }]);
});

test('a statement that takes too long is stopped, and the node goes on', async () => {
  await using t = await testNode();
  await assert.rejects(async () => {
    await drain(
      await t.node.sql({
        sql: 'select count(*) from range(1000000000) a, range(1000) b where a.range + b.range = 7',
        timeout_s: 0.2,
      }),
    );
  });
  assert.equal((await t.node.status()).commit_version, 0);
});

test('an index made by another model is refused with a cure, and reindex cures it', async () => {
  await using t = await testNode();
  const file = await t.file('a.xml', LAW);
  await t.import(file);
  await t.node.parts.store.transact('test', (transaction) =>
    transaction.bookkeep(`update node.search_indexes set model_sha256 = 'other', model_version = '0.0.1'`),
  );
  await assert.rejects(t.node.search({ query: 'valve' }), { code: 'search.model_mismatch' });
  await assert.rejects(t.import(await t.file('b.xml', LAW.replaceAll('7.', '9.'))), {
    code: 'search.model_mismatch',
  });
  // Full text needs no model.
  assert.equal((await t.node.search({ query: 'valve', mode: 'text' })).hits.length > 0, true);
  const before = await t.node.search({ query: 'lock the valve', mode: 'text' });
  await drain(t.node.reindex());
  assert.equal((await t.node.search({ query: 'lock the valve' })).hits[0]?.citation, '99 CFR 7.1(a)');
  assert.deepEqual(
    (await t.node.search({ query: 'lock the valve', mode: 'text' })).hits.map((hit) => hit.section_id),
    before.hits.map((hit) => hit.section_id),
  );
});

test('a model whose file was changed does not load', async () => {
  await using t = await testNode();
  const { manifest, folder } = await (
    await import('../../src/ai/index.ts')
  ).readModelFolder((await import('../../src/base/index.ts')).nodeFileSystem, 'models/fractal-embed-v1');
  const copy = path.join(t.folder, 'model');
  await t.node.parts.outside.fs.makeFolder(copy);
  for (const name of ['model.json', ...manifest.files.map((file) => file.path)])
    await writeFile(path.join(copy, name), await readFile(path.join(folder, name)));
  const config = JSON.parse(await readFile(path.join(t.dataDir, 'fractal.json'), 'utf8')) as object;
  await writeFile(path.join(t.dataDir, 'fractal.json'), JSON.stringify({ ...config, model: copy }));
  await t.reopen();
  await t.import(await t.file('a.xml', LAW));
  const bytes = await readFile(path.join(copy, 'model.onnx'));
  bytes[bytes.length - 9] = (bytes[bytes.length - 9] ?? 0) ^ 1;
  await writeFile(path.join(copy, 'model.onnx'), bytes);
  await t.reopen();
  await assert.rejects(t.node.search({ query: 'valve' }), { code: 'model.hash', kind: 'integrity' });
});

test('a second process cannot open the same node', async () => {
  await using t = await testNode();
  await assert.rejects(openNode({ dataDir: t.dataDir, log: silentLog, principal: 'someone' }), {
    code: 'store.locked',
  });
  await assert.rejects(async () => t.node.as({ as: 'someone' }).status(), { code: 'principal.unknown' });
});
