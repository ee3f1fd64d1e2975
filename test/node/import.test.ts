/** The life of a document, from bytes to a cited passage at a date. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownDocuments } from '../../src/ingest/apply/known-documents.ts';
import type { ReadEvent } from '../../src/ingest/index.ts';
import { LAW } from '../../src/schema/index.ts';
import type { Row } from '../../src/store/index.ts';
import { annualPart, importAll, testNode } from './kit.ts';

const LAW_2023 = annualPart(7, '2023-07-01', {
  '7.1': ['(a) The operator shall lock the valve before work.', '(b) Records are kept for 3 years.'],
  '7.2': ['Dust at the boundary must not exceed 50 micrograms.'],
});
const LAW_2024 = annualPart(7, '2024-07-01', {
  '7.1': ['(a) The operator shall lock the valve before work.', '(b) Records are kept for 5 years.'],
  '7.3': ['Noise at the boundary must not exceed 55 decibels.'],
});
const DOCUMENT = 'us/cfr/99/7';

test('importing the same bytes again changes nothing', async () => {
  await using t = await testNode();
  const file = await t.file('a.xml', LAW_2023);
  const [first] = await t.import(file);
  assert.equal(first?.status, 'added');
  assert.equal(first.sections, 2);
  const before = t.node.parts.store.commitVersion;
  const [again] = await t.import(file);
  // References and terms are told only of what was read anew.
  const { citations, definitions, ...told } = first;
  assert.deepEqual([citations, definitions], [0, 0]);
  assert.deepEqual(
    { ...again, source: '', warnings: [] },
    { ...told, status: 'unchanged', source: '', warnings: [] },
  );
  assert.equal(t.node.parts.store.commitVersion, before);
  // The same bytes under another name are the same text.
  const [copy] = await t.import(await t.file('copy.xml', LAW_2023));
  assert.equal(copy?.status, 'unchanged');
  assert.equal((await t.rows('select * from law.versions')).length, 1);
});

test('versions get their intervals whatever the order they come in', async () => {
  for (const order of [
    [LAW_2023, LAW_2024],
    [LAW_2024, LAW_2023],
  ]) {
    await using t = await testNode();
    for (const [i, text] of order.entries()) await t.import(await t.file(`${i}.xml`, text));
    assert.deepEqual(
      await t.rows(
        `select strftime(in_force_from, '%Y-%m-%d') f, strftime(in_force_to, '%Y-%m-%d') t, dated_by d from law.versions order by 1`,
      ),
      [
        { f: '2023-07-01', t: '2024-07-01', d: 'source' },
        { f: '2024-07-01', t: null, d: 'source' },
      ],
    );
    assert.deepEqual(await t.rows(`select section_id, kind from law.changes where not deleted order by 1`), [
      { section_id: `${DOCUMENT}#s7.1-b`, kind: 'changed' },
      { section_id: `${DOCUMENT}#s7.2`, kind: 'removed' },
      ...(await t.rows(
        `select section_id, 'removed' as kind from law.sections where section_id like '${DOCUMENT}#s7.2-%'`,
      )),
      { section_id: `${DOCUMENT}#s7.3`, kind: 'added' },
      ...(await t.rows(
        `select section_id, 'added' as kind from law.sections where section_id like '${DOCUMENT}#s7.3-%'`,
      )),
    ]);
  }
});

test('--at answers from the text in force that day, and from no other', async () => {
  await using t = await testNode();
  await t.import(await t.file('a.xml', LAW_2023), await t.file('b.xml', LAW_2024));
  for (const mode of ['text', 'vector', 'hybrid'] as const) {
    const find = async (query: string, at: string): Promise<string[]> =>
      (await t.node.search({ query, mode, at, k: 50 })).hits.map((hit) => hit.text);
    assert.deepEqual(await find('dust at the boundary', '2023-06-30'), []);
    const old = await find('records are kept', '2024-06-30');
    assert.ok(old.some((text) => text.includes('3 years')) && !old.some((text) => text.includes('5 years')));
    const now = await find('records are kept', '2024-07-01');
    assert.ok(now.some((text) => text.includes('5 years')) && !now.some((text) => text.includes('3 years')));
    assert.ok(!(await find('dust at the boundary', '2024-07-01')).some((text) => text.includes('Dust')));
  }
});

test('another text for the same date is a correction: it takes the place of the old one and both are kept', async () => {
  await using t = await testNode();
  const corrected = LAW_2023.replace('3 years', '4 years');
  await t.import(await t.file('a.xml', LAW_2023));
  const [result] = await t.import(await t.file('b.xml', corrected));
  assert.equal(result?.status, 'updated');
  assert.deepEqual(
    await t.rows(
      'select known_to is null as current, count(*)::int as n from law.versions group by all order by 1',
    ),
    [
      { current: false, n: 1 },
      { current: true, n: 1 },
    ],
  );
  const { hits } = await t.node.search({ query: 'records are kept', at: '2023-08-01', k: 50 });
  assert.ok(hits.some((hit) => hit.text.includes('4 years')));
  assert.ok(!hits.some((hit) => hit.text.includes('3 years')));
  // A file that differs in bytes and not in text is no correction.
  const [same] = await t.import(await t.file('c.xml', corrected.replace('<PART>', '<PART>\n\n')));
  assert.equal(same?.status, 'unchanged');
  assert.equal((await t.rows('select * from law.versions')).length, 2);
});

test('a date that was missing can be given later, and takes the place of the undated version', async () => {
  await using t = await testNode();
  const undated = `<?xml version="1.0"?><DIV8 N="7.9" TYPE="SECTION" hierarchy_metadata="{&quot;citation&quot;:&quot;99 CFR 7.9&quot;,&quot;path&quot;:&quot;/title-99/section-7.9&quot;}"><HEAD>§ 7.9 Valves.</HEAD><P>The operator shall lock the valve.</P></DIV8>`;
  const file = await t.file('a.xml', undated);
  const [first] = await t.import(file);
  assert.equal(first?.status, 'added', JSON.stringify(first?.error));
  assert.match(first.warnings.join(), /--in-force-from/);
  const dated = { paths: [file], in_force_from: '2024-01-01' };
  assert.equal((await importAll(t.node, dated))[0]?.status, 'updated');
  assert.equal((await importAll(t.node, dated))[0]?.status, 'unchanged');
  assert.deepEqual(
    await t.rows(
      `select strftime(in_force_from, '%Y-%m-%d') as f, dated_by from law.versions where known_to is null`,
    ),
    [{ f: '2024-01-01', dated_by: 'caller' }],
  );
  assert.deepEqual((await t.node.search({ query: 'valve', at: '2023-12-31' })).hits, []);
  assert.equal((await t.node.search({ query: 'valve', at: '2024-01-01' })).hits.length, 1);
});

/** Parts of a title in one file, as the eCFR gives them. */
function title(parts: readonly (readonly [number: number, text: string])[]): string {
  const part = ([number, text]: readonly [number, string]): string =>
    `<DIV5 N="${number}" NODE="99:1.0.1.1.${number}" TYPE="PART"><HEAD>PART ${number}—VALVES</HEAD>
     <DIV8 N="${number}.1" NODE="99:1.0.1.1.${number}.0.1.1" TYPE="SECTION"><HEAD>§ ${number}.1 Valves.</HEAD><P>${text}</P></DIV8></DIV5>`;
  return `<ECFR><AMDDATE>Dec. 29, 2022</AMDDATE><DIV1 N="99" NODE="99:1" TYPE="TITLE"><HEAD>Title 99</HEAD>${parts.map(part).join('')}</DIV1></ECFR>`;
}

test('documents of one file find each other, whichever comes first', async () => {
  await using t = await testNode();
  const [result] = await t.import(
    await t.file(
      'title.xml',
      title([
        [7, 'The operator shall comply with 99 CFR 8.1.'],
        [8, 'The operator shall comply with 99 CFR 7.1.'],
      ]),
    ),
  );
  assert.equal(result?.documents, 2);
  assert.deepEqual(
    await t.rows('select section_id, target_section_id, resolution from law.citations order by 1'),
    [
      { section_id: 'us/cfr/99/7#s7.1', target_section_id: 'us/cfr/99/8#s8.1', resolution: 'provision' },
      { section_id: 'us/cfr/99/8#s8.1', target_section_id: 'us/cfr/99/7#s7.1', resolution: 'provision' },
    ],
  );
  assert.equal(result.citations, 2);
});

test('a version of the same file is known though its rows are still on their way', async () => {
  await using t = await testNode();
  await t.import(await t.file('a.xml', LAW_2023));
  await t.node.parts.store.transact('test', async (transaction) => {
    const other = 'us/cfr/99/9';
    const documents = new KnownDocuments(transaction);
    const event = (documentId: string): ReadEvent => ({
      type: 'document',
      head: {
        ...{ documentId, jurisdiction: 'US', family: 'cfr', citation: 'c', title: 't', language: 'en' },
        ...{ inForceFrom: undefined, inForceTo: undefined },
      },
    });
    await documents.look([event(DOCUMENT), event(other)]);
    const here = await documents.begin(DOCUMENT);
    assert.deepEqual([here.isKnown, here.held.length], [true, 1]);
    const first = await documents.begin(other);
    assert.deepEqual([first.isKnown, first.held.length], [false, 0]);
    const [like] = await transaction.rows<Row>('select * from law.versions', []);
    const { node_id, hlc, commit_version, deleted, ...own } = like ?? {};
    assert.ok([node_id, hlc, commit_version, deleted].every((value) => value !== undefined));
    const version = {
      ...own,
      ...{ version_id: 'v9', document_id: other, in_force_from: '2024-01-01', in_force_to: null },
      ...{ known_from: '2024-01-01T00:00:00Z', known_to: null, warnings: [] },
    };
    await transaction.insert(LAW.versions, [version]);
    await documents.look([event(other)]);
    const again = await documents.begin(other);
    assert.equal(again.isKnown, true);
    assert.deepEqual([...again.versionIds], ['v9']);
    assert.equal(again.held[0]?.in_force_from, '2024-01-01');
  });
});

test('a bad file is rejected with its place and stops no other; the reason is kept', async () => {
  await using t = await testNode();
  const bad = await t.file('b-bad.xml', LAW_2023.replace('</SECTION>', '</SECTON>'));
  const good = await t.file('a-good.xml', LAW_2024);
  const results = await t.import(t.folder);
  const byName = new Map(results.map((result) => [result.source, result]));
  assert.equal(byName.get(good)?.status, 'added');
  const rejected = byName.get(bad);
  assert.equal(rejected?.status, 'rejected');
  assert.equal(rejected.error?.kind, 'bad_input');
  assert.equal(rejected.error.place?.source, bad);
  assert.ok((rejected.error.place.line ?? 0) > 1);
  assert.deepEqual(
    await t.rows(
      `select source_name, error_code from node.sources where status = 'rejected' and source_name = 'b-bad.xml'`,
    ),
    [{ source_name: 'b-bad.xml', error_code: rejected.error.code }],
  );
  assert.equal((await t.rows('select * from law.documents')).length, 1);
});

test('a document that fails half way leaves nothing in either engine', async () => {
  await using t = await testNode();
  const sections: Record<string, string[]> = {};
  for (let i = 1; i <= 1500; i++) sections[`7.${i}`] = [`(a) Provision ${i} applies.`, '(b) It is kept.'];
  const whole = annualPart(7, '2023-07-01', sections);
  // Batches have been written to both engines by the time the end is missing.
  const [result] = await t.import(await t.file('torn.xml', whole.slice(0, whole.length - 40)));
  assert.equal(result?.status, 'rejected');
  assert.deepEqual(await t.rows('select count(*)::int as n from law.sections'), [{ n: 0 }]);
  assert.equal(await t.node.parts.store.lanceTable('sections').reader.countRows(), 0);
  const [again] = await t.import(await t.file('whole.xml', whole));
  assert.equal(again?.sections, 1500);
  const [stored] = await t.rows<{ n: number }>(
    `select count(*)::int as n from law.sections where text <> ''`,
  );
  assert.equal(await t.node.parts.store.lanceTable('sections').reader.countRows(), stored?.n);
});

test('what an import was stopped in the middle of is not there, what came before is', async () => {
  await using t = await testNode();
  const files = [await t.file('a.xml', LAW_2023), await t.file('b.xml', LAW_2024)];
  const stop = new AbortController();
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const event of t.node.import({ paths: files }, stop.signal))
      if (event.type === 'result') {
        seen.push(event.result.status);
        stop.abort();
      }
  });
  assert.deepEqual(seen, ['added']);
  assert.equal((await t.rows('select * from law.versions')).length, 1);
});

test('records: a file named after its table, all rows or none', async () => {
  await using t = await testNode();
  const header = 'site_id,region,name,jurisdiction,activities,employees,opened_on\n';
  const good = await t.file(
    'esh.sites.csv',
    `${header}s1,North,Works,UK,"[""mixing""]",12,2020-02-29\ns2,North,Yard,UK,,,\n`,
  );
  const [result] = await t.import(good);
  assert.deepEqual([result?.status, result?.records, result?.kind], ['added', 2, 'records']);
  assert.deepEqual(await t.rows('select site_id, activities, employees from esh.sites order by 1'), [
    { site_id: 's1', activities: ['mixing'], employees: 12 },
    { site_id: 's2', activities: null, employees: null },
  ]);
  const bad = await t.file('esh.sites.csv', `${header}s3,North,Pit,UK,,,\ns4,North,Hall,UK,,many,\n`);
  const [refused] = await t.import(bad);
  assert.equal(refused?.error?.code, 'records.value');
  assert.equal(refused.error.place?.line, 3);
  assert.ok(!JSON.stringify(refused.error).includes('many'));
  assert.equal((await t.rows('select * from esh.sites')).length, 2);
});

test('obligations are found as documents come in, with the sentence as evidence', async () => {
  await using t = await testNode();
  const file = await t.file(
    'a.xml',
    annualPart(7, '2023-07-01', {
      '7.1': [
        '(a) The operator shall:',
        '(1) Test the alarm at least once every 3 months; and',
        '(2) Keep records.',
      ],
      '7.2': ['No person may enter the pit unless the pump is locked.', 'Pit means a hole.'],
    }),
  );
  const [result] = await t.import(file);
  assert.equal(result?.obligations, 3);
  const found = await t.rows<{
    section_id: string;
    modality: string;
    addressee: string;
    deadline: string | null;
    evidence: boolean;
  }>(
    `select o.section_id, modality, addressee, deadline,
            substring(s.text, span_start + 1, span_end - span_start) = sentence as evidence
       from law.obligations o join law.sections s using (version_id, section_id) order by 1`,
  );
  assert.deepEqual(
    found.map((one) => [one.section_id.split('#')[1], one.modality, one.addressee, one.evidence]),
    [
      ['s7.1-a-1', 'must', 'operator', true],
      ['s7.1-a-2', 'must', 'operator', true],
      ['s7.2', 'must-not', 'person', true],
    ],
  );
  assert.match(found[0]?.deadline ?? '', /every 3 months/);
  // The addressee of an item stands in the provision that leads it in.
  const [places] = await t.rows<{ spans: string[]; topics: string[]; lead: string }>(
    `select o.spans, o.topics, s.text as lead from law.obligations o join law.sections s using (version_id)
      where o.section_id like '%#s7.1-a-1' and s.section_id like '%#s7.1-a'`,
  );
  const at = places?.lead.indexOf('operator') ?? -1;
  assert.ok(places?.spans.includes(`addressee:${at}-${at + 8}@us/cfr/99/7#s7.1-a`));
  assert.deepEqual(places?.topics, ['inspection', 'emergency']);
  // Unchanged text adds none; the same bytes tell the same number.
  assert.equal((await t.import(file))[0]?.obligations, 3);
  assert.equal((await t.rows('select * from law.obligations')).length, 3);
});

test('options are checked before anything is read', async () => {
  await using t = await testNode();
  const file = await t.file('a.xml', LAW_2023);
  for (const [request, code] of [
    [{ paths: [file], kind: 'word' }, 'import.kind'],
    [{ paths: [file], in_force_from: '2023-02-30' }, 'import.date'],
    [{ paths: [file], jurisdiction: 'united kingdom' }, 'import.jurisdiction'],
    [{ paths: [`${file}.not`] }, 'import.path'],
  ] as const)
    await assert.rejects(importAll(t.node, request), { code });
  assert.deepEqual(await t.rows('select * from node.sources'), []);
});

test('records of a known source come in by their mapping: the good part is kept, the bad part is listed', async () => {
  await using t = await testNode();
  const header = 'date,ws,wd,nox,no2,o3,pm10,so2,co,pm25';
  const rows = ['2024-01-01T00:00:00Z,1,90,285,39,,29,,,', '2024-02-31T01:00:00Z,1,90,1,1,1,1,1,1,1'];
  const file = await t.file('hourly.csv', `${header}\n${rows.join('\n')}\n`);
  const [result] = await t.import(file);
  assert.equal(result?.status, 'added');
  assert.equal(result.records, 2);
  assert.equal(result.error?.code, 'records.rejected');
  assert.match(result.warnings[0] ?? '', /^line 3: rejected/);
  assert.deepEqual(
    await t.rows(`select parameter, value from esh.monitoring_readings where value is not null order by 1`),
    [
      { parameter: 'NO2', value: 39 },
      { parameter: 'NOx', value: 285 },
      { parameter: 'PM10', value: 29 },
      { parameter: 'wind direction', value: 90 },
      { parameter: 'wind speed', value: 1 },
    ],
  );
  // The site and the point are there once, and the same bytes change nothing.
  assert.equal((await t.rows('select * from esh.monitoring_points')).length, 1);
  assert.equal((await t.import(file))[0]?.status, 'unchanged');
  const [unknown] = await t.import(await t.file('unknown.csv', 'a,b\n1,2\n'));
  assert.equal(unknown?.error?.code, 'format.unknown');
});

test('a note beside the data is not a document, unless it is named as one', async () => {
  await using t = await testNode();
  const note = await t.file('README.md', '# About these files\n\nThe operator shall read this.\n');
  const [refused] = await t.import(note);
  assert.equal(refused?.error?.code, 'format.companion');
  const [taken] = await importAll(t.node, { paths: [note], kind: 'markdown' });
  assert.equal(taken?.status, 'added');
});

test('two files of one name in two folders are two documents', async () => {
  await using t = await testNode();
  await t.node.parts.outside.fs.makeFolder(`${t.folder}/a`);
  await t.node.parts.outside.fs.makeFolder(`${t.folder}/b`);
  await t.import(
    await t.file('a/index.md', '# Pumps\n\nThe operator shall lock pump 1.\n'),
    await t.file('b/index.md', '# Valves\n\nThe operator shall lock valve 2.\n'),
  );
  assert.deepEqual(await t.rows('select document_id from law.documents order by 1'), [
    { document_id: 'md/a/index' },
    { document_id: 'md/b/index' },
  ]);
});
