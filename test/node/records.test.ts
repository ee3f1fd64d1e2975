/** Records through a node: marks of people, doubts, mappings of users, histories, and rows of an older schema. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { checkMappingOn, listMappings, showMapping } from '../../src/node/index.ts';
import { maskedText } from '../../src/query/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { importAll, testNode, type TestNode } from './kit.ts';

const INCIDENTS = 'incident_id,region,site_id,occurred_at,kind,severity,narrative';
const incident = (id: string, narrative: string, more = ''): string =>
  `${id},N,s,2024-01-01T00:00:00Z,injury,low,"${narrative}"${more}\n`;
const spansOf = async (t: TestNode): Promise<unknown[]> =>
  (await t.rows<{ s: unknown }>('select personal_spans as s from esh.incidents order by incident_id')).map(
    ({ s }) => s,
  );

test('people in free texts are marked as rows come in, and the marks hide them', async () => {
  await using t = await testNode();
  const [result] = await t.import(
    await t.file(
      'esh.incidents.csv',
      `${INCIDENTS}\n${incident('a', '👩 Mr. John Zyxwell fell. Zyxwell was hurt.')}${incident('b', 'A valve leaked.')}`,
    ),
  );
  assert.equal(result?.status, 'added', JSON.stringify(result?.error));
  const [first, second] = await spansOf(t);
  assert.ok(Array.isArray(first) && first.length === 2 && Array.isArray(second) && second.length === 0);
  assert.deepEqual(
    await t.rows(`select ${maskedText('narrative')} as m from esh.incidents order by incident_id`),
    [{ m: '👩 █████ fell. █████ was hurt.' }, { m: 'A valve leaked.' }],
  );
  // The name of another column of the row is found where the text alone tells of nobody.
  await t.import(
    await t.file(
      'esh.inspections.csv',
      'inspection_id,region,site_id,inspected_on,kind,inspector,outcome,summary\ni,N,s,2024-01-01,self,Ada Quux,findings,"all was seen by quux, who left"\n',
    ),
  );
  assert.deepEqual(await t.rows(`select ${maskedText('summary')} as m from esh.inspections`), [
    { m: 'all was seen by █████, who left' },
  ]);
});

test('marks that come with a row stay when they fit, and are refused with their line when they do not', async () => {
  await using t = await testNode();
  const file = (spans: string): string =>
    `${INCIDENTS},personal_spans\n${incident('a', 'Mr. John Zyxwell fell.', `,"[${spans}]"`)}`;
  await t.import(await t.file('esh.incidents.csv', file('""narrative:17-21:health""')));
  assert.deepEqual(await spansOf(t), [['narrative:17-21:health']]);
  for (const spans of ['""narrative:17-99:health""', '""severity:0-1:name""', '""nonsense""']) {
    const [refused] = await t.import(await t.file('esh.incidents.csv', file(spans)));
    assert.deepEqual([refused?.error?.code, refused?.error?.place?.line], ['row.spans', 2]);
  }
  // Without marks of their own the same rows are searched, and that is no other content.
  const [again] = await t.import(
    await t.file('esh.incidents.csv', `${INCIDENTS}\n${incident('a', 'Mr. John Zyxwell fell.')}`),
  );
  assert.equal(again?.status, 'added');
  assert.deepEqual(await spansOf(t), [['narrative:0-16:name']]);
});

test('rows that nobody has looked at are counted by doctor, and marked when the node starts', async () => {
  await using t = await testNode();
  const row = (i: number, narrative: string) => ({
    incident_id: `i${i}`,
    region: 'N',
    site_id: 's',
    occurred_at: '2024-01-01T00:00:00Z',
    kind: 'injury',
    severity: 'low',
    narrative,
  });
  const { store } = t.node.parts;
  await store.transact('t', async (tx) => {
    await tx.put(
      ESH.incidents,
      Array.from({ length: 1100 }, (_, i) => row(i, i === 7 ? 'Mr. John Zyxwell fell.' : 'A leak.')),
    );
    await tx.put(ESH.permitStatus, [
      { permit_id: 'p', region: 'N', site_id: 's', status: 'active', since: '2024-01-01' },
    ]);
    await tx.remove(ESH.incidents, `incident_id = 'i9'`, []);
  });
  const people = async () => (await t.node.doctor()).find(({ name }) => name === 'people in free texts');
  const before = await people();
  assert.equal(before?.ok, false);
  assert.match(before.detail, /^1100 rows/);
  await t.reopen();
  // Transactions run one after another: after this one, and as many rounds as there are batches, all is done.
  for (let round = 0; (await people())?.ok !== true; round++) {
    assert.ok(round < 1000, 'the rows were not marked');
    await t.node.parts.store.transact('t', async () => undefined);
  }
  assert.deepEqual(
    await t.rows(
      `select incident_id as id, personal_spans as s from esh.incidents where len(personal_spans) > 0`,
    ),
    [{ id: 'i7', s: ['narrative:0-16:name'] }],
  );
  assert.deepEqual(
    await t.rows('select count(*)::int as n from esh.incidents where personal_spans is null'),
    [{ n: 0 }],
  );
  assert.deepEqual(await t.rows('select deleted from esh.incidents where deleted'), [{ deleted: true }]);
});

const MINE = {
  name: 'mine',
  description: 'of a user',
  match: { columns: ['meter', 'taken', 'value'] },
  shape: { type: 'csv', delimiter: ';' },
  emit: [
    {
      table: 'esh.monitoring_readings',
      columns: {
        point_id: 'meter',
        region: { value: 'N' },
        site_id: { value: 's' },
        parameter: { value: 'SO2' },
        measured_at: { date: 'taken', formats: ['DD.MM.YYYY'], past: true },
        value: { number: 'value', min: 0 },
        unit: { value: 'mg/m3' },
      },
    },
  ],
};
const READINGS = 'meter;taken;value\nm1;01.02.2020;1\nm2;31.02.2020;1\nm3;01.02.2203;many\n';

test('doubts are kept for tables without a column for them, in the place of those of an earlier import', async () => {
  await using t = await testNode();
  const file = await t.file('readings.csv', READINGS);
  const request = { paths: [file], mapping_text: JSON.stringify(MINE) };
  const [result] = await importAll(t.node, request);
  assert.deepEqual([result?.records, result?.error?.code], [3, 'records.rejected']);
  const kept = [
    { line: 3n, table_name: null, row_key: null, column_name: null, kept: false },
    {
      line: 4n,
      table_name: 'esh.monitoring_readings',
      row_key: 'm3/SO2/2203-02-01T00:00:00.000Z',
      column_name: 'measured_at',
      kept: true,
    },
    {
      line: 4n,
      table_name: 'esh.monitoring_readings',
      row_key: 'm3/SO2/2203-02-01T00:00:00.000Z',
      column_name: 'value',
      kept: true,
    },
  ];
  const doubts = async () =>
    await t.rows(
      `select line, table_name, row_key, column_name, kept from node.record_doubts join node.sources using (source_sha256, source_name) order by all`,
    );
  assert.deepEqual(await doubts(), kept);
  await t.rows('select 1');
  // A mapping that is given is applied again, whatever was imported before.
  assert.equal((await importAll(t.node, request))[0]?.status, 'unchanged');
  assert.equal((await t.rows('from node.record_doubts')).length, 3);
  assert.deepEqual(await t.rows('select point_id, value from esh.monitoring_readings order by 1'), [
    { point_id: 'm1', value: 1 },
    { point_id: 'm3', value: null },
  ]);
});

test('a mapping in the folder of the node is found, listed and shown; a faulty one stops imports by its name', async () => {
  await using t = await testNode();
  const file = await t.file('readings.csv', READINGS);
  assert.equal((await t.import(file))[0]?.status, 'rejected');
  await mkdir(path.join(t.dataDir, 'mappings'));
  const own = path.join(t.dataDir, 'mappings', 'mine.json');
  await writeFile(own, JSON.stringify(MINE));
  const check = await checkMappingOn(t.dataDir, file, undefined);
  assert.deepEqual([check.mapping, check.records, check.rejected], ['mine', 3, 1]);
  assert.deepEqual(await t.rows('from esh.monitoring_readings'), []);
  assert.equal((await t.import(file))[0]?.status, 'added');
  const [first] = await listMappings(t.dataDir);
  assert.deepEqual([first?.name, first?.shipped], ['mine', false]);
  assert.deepEqual(await showMapping(t.dataDir, 'mine'), MINE);
  assert.equal((await importAll(t.node, { paths: [file], mapping: 'mine' }))[0]?.status, 'unchanged');
  await assert.rejects(importAll(t.node, { paths: [file], mapping: 'other' }), { code: 'mapping.unknown' });
  await writeFile(own, JSON.stringify({ ...MINE, shape: { type: 'csv' } }));
  await assert.rejects(t.import(file), (error: { code: string; place: { source: string } }) => {
    assert.equal(error.code, 'mapping.malformed');
    return error.place.source === own;
  });
  await writeFile(own, JSON.stringify({ ...MINE, name: 'hse-notices' }));
  await assert.rejects(t.import(file), { code: 'mapping.malformed' });
});

test('a file named after a table with states may tell the history of a key', async () => {
  await using t = await testNode();
  const header = 'action_item_id,region,site_id,kind,status,title';
  const items = (...steps: (readonly [string, string])[]): Promise<string> =>
    t.file(
      'esh.action_items.csv',
      `${header}\n${steps.map(([id, status]) => `${id},N,s,corrective,${status},mend it`).join('\n')}\n`,
    );
  const now = async () =>
    await t.rows('select action_item_id as id, status from esh.action_items order by 1');
  const [first] = await t.import(
    await items(['a', 'open'], ['b', 'open'], ['a', 'in-progress'], ['a', 'done']),
  );
  assert.deepEqual([first?.status, first?.records], ['added', 4], JSON.stringify(first?.error));
  assert.deepEqual(await now(), [
    { id: 'a', status: 'done' },
    { id: 'b', status: 'open' },
  ]);
  // The same history, longer.
  await t.import(
    await items(['a', 'open'], ['a', 'in-progress'], ['a', 'done'], ['a', 'verified'], ['b', 'open']),
  );
  assert.deepEqual((await now())[0], { id: 'a', status: 'verified' });
  const [bad] = await t.import(await items(['c', 'open'], ['b', 'open'], ['b', 'verified']));
  assert.equal(bad?.error?.code, 'row.transition');
  assert.equal((await now()).length, 2);
});
