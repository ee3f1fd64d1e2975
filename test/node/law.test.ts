/** Versions of one law, compared and shown as they were in force and as they were known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import { inForceOn, knownAt, type LawVersion } from '../../src/query/law/documents.ts';
import { annualPart, testNode, type TestNode } from './kit.ts';

const DOCUMENT = 'us/cfr/99/7';
const VALVE = 'The operator shall lock the valve before any work on the line begins.';
const NOISE = 'Noise at the boundary of the site must not exceed 55 decibels at night.';
const FEE = 'The authority may charge a fee for each application that it has to decide.';

const V1 = annualPart(7, '2022-07-01', {
  '7.1': [
    `(a) ${VALVE}`,
    '(b) Records of each inspection are kept on the site for 3 years after the day of the inspection.',
    `(c) ${FEE}`,
  ],
  '7.2': [NOISE],
});
/** A new paragraph (b); what was (b) and (c) moves down. */
const V2 = annualPart(7, '2023-07-01', {
  '7.1': [
    `(a) ${VALVE}`,
    '(b) Dust is measured every 14 days by a competent person.',
    '(c) Records of each inspection are kept on the site for 5 years after the day of the inspection.',
    `(d) ${FEE}`,
  ],
  '7.2': [NOISE],
});
/** § 7.2 is repealed. */
const V3 = V2.replace('2023-07-01', '2024-07-01')
  .replace('2023-07-01', '2024-07-01')
  .replace(NOISE, '[Reserved]')
  .replace('before any work', 'before  any work');

async function withVersions(...texts: readonly string[]): Promise<TestNode> {
  const t = await testNode();
  for (const [i, text] of texts.entries()) {
    const [result] = await t.import(await t.file(`${i}.xml`, text));
    assert.notEqual(result?.status, 'rejected', JSON.stringify(result?.error));
  }
  return t;
}

const isError =
  (kind: string, code: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof FractalError);
    assert.deepEqual([error.kind, error.code], [kind, code], error.message);
    return true;
  };

const short = (
  all: readonly { kind: string; section_id: string; from_section_id: string | null }[],
): string[] =>
  all.map(({ kind, section_id, from_section_id }) => {
    const [now, was] = [section_id, from_section_id ?? '-'].map((id) => id.replace(`${DOCUMENT}#`, ''));
    return was === now || was === '-' ? `${kind} ${now ?? ''}` : `${kind} ${now ?? ''} from ${was ?? ''}`;
  });

test('a provision put in does not change those that move down, and a mark in its place is a repeal', async () => {
  await using t = await withVersions(V1, V3, V2);
  const first = await t.node.lawDiff({ document: DOCUMENT, from: '2022-08-01', to: '2023-08-01' });
  assert.deepEqual(short(first.changes), [
    'added s7.1-b',
    'renumbered s7.1-c from s7.1-b',
    'renumbered s7.1-d from s7.1-c',
  ]);
  const second = await t.node.lawDiff({ document: DOCUMENT });
  assert.deepEqual([second.from.in_force_from, second.to.in_force_from], ['2023-07-01', '2024-07-01']);
  assert.deepEqual([...new Set(second.changes.map(({ kind }) => kind))], ['repealed']);
  assert.ok(second.changes.every(({ section_id }) => section_id.startsWith(`${DOCUMENT}#s7.2`)));
  // The list that was written at import says the same.
  assert.deepEqual(
    await t.rows(
      `select kind, section_id, from_section_id from law.changes
        where not deleted and to_version_id = '${first.to.version_id}' order by section_id`,
    ),
    first.changes
      .map(({ kind, section_id, from_section_id }) => ({
        kind,
        section_id,
        from_section_id: from_section_id === section_id ? null : from_section_id,
      }))
      .toSorted((p, q) => (p.section_id < q.section_id ? -1 : 1)),
  );
});

test('a version in between takes the place of the long step over it', async () => {
  await using t = await withVersions(V1, V3, V2);
  assert.deepEqual(
    await t.rows(
      `select distinct from_version_id[13:22] as f, to_version_id[13:22] as t from law.changes where not deleted order by 1`,
    ),
    [
      { f: '2022-07-01', t: '2023-07-01' },
      { f: '2023-07-01', t: '2024-07-01' },
    ],
  );
});

test('days choose the versions in force, a section narrows the answer, and what is absent is told', async () => {
  await using t = await withVersions(V1, V2, V3);
  const all = await t.node.lawDiff({ document: '99 CFR part 7', from: '2022-07-01', to: '2024-07-01' });
  const one = await t.node.lawDiff({
    document: '99 cfr 7',
    from: '2022-07-01',
    to: '2024-07-01',
    section: '§ 7.2',
  });
  assert.equal(one.section, '99 CFR 7.2');
  assert.ok(one.changes.length > 0 && one.changes.length < all.changes.length);
  assert.ok(one.changes.every(({ section_id }) => section_id.startsWith(`${DOCUMENT}#s7.2`)));
  for (const section of ['s7.2', '99 CFR 7.2', `${DOCUMENT}#s7.2`, '7.2'])
    assert.deepEqual(
      (await t.node.lawDiff({ document: DOCUMENT, from: '2022-07-01', to: '2024-07-01', section })).changes,
      one.changes,
    );
  const ask = (request: object): Promise<unknown> => t.node.lawDiff({ document: DOCUMENT, ...request });
  await assert.rejects(ask({ from: '2022-06-30' }), isError('not_found', 'law.not_in_force'));
  await assert.rejects(ask({ from: '2024-07-01', to: '2022-07-01' }), isError('bad_input', 'law.order'));
  await assert.rejects(ask({ from: '2024-02-30' }), isError('bad_input', 'law.date'));
  await assert.rejects(ask({ section: '7.99' }), isError('not_found', 'law.section'));
  await assert.rejects(ask({ document: "99 CFR Part 8' or true --" }), isError('not_found', 'law.document'));
  await assert.rejects(ask({ document: 'x'.repeat(501) }), isError('bad_input', 'law.document'));
  await assert.rejects(ask({ known_at: '2000-01-01' }), isError('not_found', 'law.not_in_force'));
});

test('a correction is compared as it was known then, and as it is known now', async () => {
  await using t = await withVersions(V1, V2, V2.replace('5 years', '6 years'));
  const years = async (version: string): Promise<string[]> =>
    (
      await t.rows<{ text: string }>(
        `select text from law.sections where version_id = '${version}' and text like '%years%'`,
      )
    ).map(({ text }) => text);
  const now = await t.node.lawDiff({ document: DOCUMENT });
  assert.match((await years(now.to.version_id)).join(), /6 years/);
  const { versions } = await t.node.lawVersions(DOCUMENT);
  assert.equal(versions.length, 3);
  assert.equal(versions.filter(({ known_to }) => known_to === null).length, 2);
});

test('what the node knew at the end of a day decides which text of a date counts', () => {
  const version = (id: string, known_from: string, known_to: string | null): LawVersion => ({
    version_id: id,
    in_force_from: '2023-07-01',
    in_force_to: null,
    known_from,
    known_to,
    format: 'clml',
    source_name: 'a.xml',
    provisions: 1,
  });
  const all = [
    version('first', '2024-01-05T10:00:00.000Z', '2024-03-01T09:00:00.000Z'),
    version('corrected', '2024-03-01T09:00:00.000Z', null),
  ];
  const on = (day: string | undefined): string => inForceOn(knownAt(all, day), '2024-01-01').version_id;
  assert.deepEqual(
    [on('2024-01-05'), on('2024-02-29'), on('2024-03-01'), on(undefined)],
    ['first', 'first', 'corrected', 'corrected'],
  );
  assert.equal(knownAt(all, '2024-03-01').length, 1);
  assert.deepEqual(knownAt(all, '2024-01-04'), []);
});

test('a provision is shown as in force on a day, with what stands below it', async () => {
  await using t = await withVersions(V1, V2, V3);
  const old = await t.node.lawShow({ citation: '99 CFR 7.1', at: '2022-08-01' });
  assert.deepEqual(
    old.provisions.filter(({ text }) => text !== '').map(({ num, depth }) => [num, depth]),
    [
      ['(a)', 1],
      ['(b)', 1],
      ['(c)', 1],
    ],
  );
  const now = await t.node.lawShow({ citation: '99 CFR 7.1(c)' });
  assert.match(now.provisions[0]?.text ?? '', /5 years/);
  await assert.rejects(
    t.node.lawShow({ citation: '99 CFR 7.1', at: '2022-06-30' }),
    isError('not_found', 'law.section'),
  );
});

test('a search finds the text of its day, across three versions of one act', async () => {
  await using t = await withVersions(V1, V2, V3);
  for (const mode of ['text', 'vector', 'hybrid'] as const) {
    const find = async (query: string, at: string): Promise<string> =>
      (await t.node.search({ query, mode, at, k: 50 })).hits.map(({ text }) => text).join('\n');
    const records = 'records of each inspection are kept';
    assert.equal(await find(records, '2022-06-30'), '');
    assert.match(await find(records, '2022-07-01'), /3 years/);
    assert.doesNotMatch(await find(records, '2023-06-30'), /5 years/);
    assert.match(await find(records, '2023-07-01'), /5 years/);
    assert.doesNotMatch(await find(records, '2024-07-01'), /3 years/);
    assert.match(await find('noise at the boundary', '2024-06-30'), /55 decibels/);
    assert.doesNotMatch(await find('noise at the boundary', '2024-07-01'), /55 decibels/);
  }
});
