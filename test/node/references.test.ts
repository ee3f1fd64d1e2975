/** References, terms and amending notes from import to answer: forwards, across documents, by scope, as of the law held to be true. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { citedBy, citesOf, definitionsFor, type ReferencePorts } from '../../src/query/index.ts';
import { engine } from '../security/kit.ts';
import { annualPart, testNode, type TestNode } from './kit.ts';

const SEVEN = annualPart(7, '2023-07-01', {
  '7.1': [
    '(a) See § 7.2(b) and paragraph (b) of this section, § 7.9, and 99 CFR 8.1(a).',
    '(b) For purposes of this section, “valve” means a tap.',
  ],
  '7.2': ['(a) “Valve” means anything that shuts.', '(b) Text.'],
});
const EIGHT = annualPart(8, '2023-07-01', {
  '8.1': ['(a) Keep it as part 7 of this chapter says in § 7.2(b).', '(b) More.'],
});
const PRINCIPAL = { id: 'reader', roles: ['reader'] };
const POLICY = engine({
  roles: { reader: { doc: 'the law', grants: [{ id: 'law', actions: ['read'], tables: ['law.*'] }] } },
});

function ports(t: TestNode): ReferencePorts {
  const { store, limits } = t.node.parts;
  return { store, limits, policy: POLICY };
}

test('references point forwards, and into documents that come later', async () => {
  await using t = await testNode();
  const [seven] = await t.import(await t.file('7.xml', SEVEN));
  assert.equal(seven?.citations, 5);
  assert.equal(seven.definitions, 2);
  const cites = async (): Promise<unknown[]> =>
    (await citesOf(ports(t), PRINCIPAL, 'us/cfr/99/7#s7.1-a')).map((one) => [
      one.text,
      one.kind,
      one.resolution,
      one.target_section_id,
      one.is_here,
    ]);
  assert.deepEqual(await cites(), [
    ['§ 7.2(b)', 'internal', 'provision', 'us/cfr/99/7#s7.2-b', true],
    ['paragraph (b) of this section', 'internal', 'provision', 'us/cfr/99/7#s7.1-b', true],
    ['§ 7.9', 'internal', 'document', null, true],
    ['99 CFR 8.1(a)', 'external', 'named', 'us/cfr/99/8#s8.1-a', false],
  ]);
  await t.import(await t.file('8.xml', EIGHT));
  assert.deepEqual((await cites()).at(-1), [
    '99 CFR 8.1(a)',
    'external',
    'named',
    'us/cfr/99/8#s8.1-a',
    true,
  ]);
  const back = await citedBy(ports(t), PRINCIPAL, 'us/cfr/99/7#s7.2-b');
  assert.deepEqual(
    back.map((one) => [one.section_id, one.resolution]),
    [
      ['us/cfr/99/7#s7.1-a', 'provision'],
      ['us/cfr/99/8#s8.1-a', 'provision'],
    ],
  );
  // Spans quote the text.
  for (const row of await t.rows<{ text: string; section: string; span_start: number; span_end: number }>(
    'select c.text, s.text as section, c.span_start, c.span_end from law.citations c join law.sections s using (version_id, section_id)',
  ))
    assert.equal(row.section.slice(row.span_start, row.span_end), row.text);
});

test('what points below a provision is asked with it, and a corrected text no longer cites', async () => {
  await using t = await testNode();
  await t.import(await t.file('7.xml', SEVEN));
  assert.deepEqual(await citedBy(ports(t), PRINCIPAL, 'us/cfr/99/7#s7.2'), []);
  assert.equal((await citedBy(ports(t), PRINCIPAL, 'us/cfr/99/7#s7.2', { below: true })).length, 1);
  await t.import(await t.file('7b.xml', SEVEN.replace('§ 7.2(b)', '§ 7.2(a)')));
  assert.equal((await citedBy(ports(t), PRINCIPAL, 'us/cfr/99/7#s7.2-b')).length, 0);
  assert.equal((await citedBy(ports(t), PRINCIPAL, 'us/cfr/99/7#s7.2-a')).length, 1);
});

test('the definition of the nearest scope wins', async () => {
  await using t = await testNode();
  await t.import(await t.file('7.xml', SEVEN));
  const [version] = await t.rows<{ version_id: string }>('select version_id from law.versions');
  const meaning = async (section: string): Promise<unknown[]> =>
    (await definitionsFor(ports(t), PRINCIPAL, `us/cfr/99/7#${section}`, version?.version_id ?? '')).map(
      (one) => [one.term, one.meaning, one.scope_section_id],
    );
  assert.deepEqual(await meaning('s7.1-a'), [['valve', 'a tap.', 'us/cfr/99/7#s7.1']]);
  assert.deepEqual(await meaning('s7.2-b'), [['Valve', 'anything that shuts.', null]]);
  await assert.rejects(meaning('s7.77'), { code: 'law.no_provision' });
});

test('who may not read gets no references', async () => {
  await using t = await testNode();
  await t.import(await t.file('7.xml', SEVEN));
  const stranger = { id: 'stranger', roles: [] };
  await assert.rejects(citesOf(ports(t), stranger, 'us/cfr/99/7#s7.1-a'), { code: 'policy.denied' });
});

test('the same text again leaves no second row of any fact', async () => {
  await using t = await testNode();
  const count = async (): Promise<unknown> =>
    await t.rows(
      'select (select count(*) from law.citations) c, (select count(*) from law.definitions) d, (select count(*) from law.amendments) a',
    );
  await t.import(await t.file('7.xml', SEVEN));
  const before = await count();
  await t.import(await t.file('copy.xml', `${SEVEN}\n`));
  assert.deepEqual(await count(), before);
});
