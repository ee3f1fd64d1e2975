/** The register of obligations through the node: structure, evidence, terms, references, and policy before anything else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LawQuestions } from '../../src/node/law.ts';
import type { LawObligations } from '../../src/node/index.ts';
import { engine } from '../security/kit.ts';
import { annualPart, importAll, testNode } from './kit.ts';

const LAW = annualPart(7, '2023-07-01', {
  '7.1': ['<I>Pit operator</I> means a person who runs a pit.', '<I>Pit</I> means a hole.'],
  '7.2': [
    '(a) If a pit holds more than 1,000 gallons, the pit operator shall:',
    '(1) Train staff as § 7.3 says within 30 days; and',
    '(2) Keep records.',
  ],
  '7.3': ['No person may enter the pit unless the pump is locked.', 'The contractor may inspect the alarm.'],
});

const engineWith = (grants: readonly object[]): ReturnType<typeof engine> =>
  engine({ roles: { reader: { doc: 'reads law', grants } } });

test('the register: parts with their places, terms, references, filters, and what policy hides', async () => {
  await using t = await testNode();
  await importAll(t.node, { paths: [await t.file('a.xml', LAW)] });
  const all = await t.node.lawObligations({ of: '99 CFR 7' });
  assert.deepEqual(all.counts, { must: 2, 'must-not': 1, may: 1 });
  assert.deepEqual([all.total, all.section, all.notes], [4, null, []]);
  assert.match(all.badges.join(), /^found by .+; no person has confirmed them$/);
  const [train] = all.obligations;
  assert.ok(train !== undefined);
  const { citation, heading, modality, addressee, action, condition, deadline, threshold, topics } = train;
  assert.deepEqual(
    { citation, heading, modality, addressee, action, condition, deadline },
    {
      citation: '99 CFR 7.2(a)(1)',
      heading: 'Subject of 7.2',
      modality: 'must',
      addressee: 'pit operator',
      action: 'Train staff as § 7.3 says',
      condition: 'If a pit holds more than 1,000 gallons',
      deadline: 'within 30 days',
    },
  );
  assert.deepEqual(threshold, {
    text: 'more than 1,000 gallons',
    comparison: 'more-than',
    value: 1000,
    unit: 'gallons',
  });
  assert.deepEqual(topics, ['training']);
  const places = train.evidence.map(({ part, section_id, text }) => [part, section_id.split('#')[1], text]);
  for (const place of [
    ['addressee', 's7.2-a', 'pit operator'],
    ['modality', 's7.2-a', 'shall'],
    ['action', 's7.2-a-1', 'Train staff as § 7.3 says'],
    ['condition', 's7.2-a', 'If a pit holds more than 1,000 gallons'],
    ['threshold', 's7.2-a', 'more than 1,000 gallons'],
  ])
    assert.ok(
      places.some((one) => String(one) === String(place)),
      String(place),
    );
  assert.deepEqual(
    train.terms.map(({ term, citation: at }) => [term, at]),
    [
      ['Pit operator', '99 CFR 7.1 “Pit operator”'],
      ['Pit', '99 CFR 7.1 “Pit”'],
    ],
  );
  assert.deepEqual(
    train.references.map(({ text, citation: at }) => [text, at]),
    [['§ 7.3', '99 CFR 7.3']],
  );
  const citationsOf = ({ obligations }: LawObligations): string[] => obligations.map((one) => one.citation);
  const below = await t.node.lawObligations({ of: '99 CFR 7.3' });
  assert.equal(below.section, '99 CFR 7.3');
  assert.deepEqual(citationsOf(below), ['99 CFR 7.3', '99 CFR 7.3']);
  for (const [more, found] of [
    [{ addressee: 'OPERATOR' }, ['99 CFR 7.2(a)(1)', '99 CFR 7.2(a)(2)']],
    [{ topic: 'records' }, ['99 CFR 7.2(a)(2)']],
    [{ modality: 'must-not' }, ['99 CFR 7.3']],
    [{ modality: 'may', topic: 'training' }, []],
  ] as const)
    assert.deepEqual(citationsOf(await t.node.lawObligations({ of: '99 CFR 7', ...more })), found);
  await assert.rejects(t.node.lawObligations({ of: '99 CFR 7', at: '2020-01-01' }), {
    code: 'law.not_in_force',
  });

  const principal = { id: 'reader', roles: ['reader'] };
  const ask = (grants: readonly object[]): Promise<LawObligations> =>
    new LawQuestions(t.node.parts, principal, engineWith(grants)).obligations({ of: '99 CFR 7' });
  const read = { actions: ['read'], tables: ['law.*'] };
  const duties = { eq: [{ column: 'modality' }, 'must'] };
  const some = await ask([
    {
      id: 'law',
      ...read,
      tables: ['law.documents', 'law.versions', 'law.sections', 'law.citations', 'law.definitions'],
    },
    { id: 'duties', ...read, tables: ['law.obligations'], where: duties },
  ]);
  assert.deepEqual([some.counts, some.obligations.length], [{ must: 2, 'must-not': 0, may: 0 }, 2]);
  await assert.rejects(
    ask([{ id: 'texts', ...read, tables: ['law.documents', 'law.versions', 'law.sections'] }]),
    /no table "law\.obligations" that you may read/,
  );
});

test('the register says what an earlier version found without topics, also where a topic is asked for', async () => {
  await using t = await testNode();
  await importAll(t.node, { paths: [await t.file('a.xml', LAW)] });
  await t.node.parts.store.withConnection((connection) =>
    connection.run('update law.obligations set topics = null, spans = null'),
  );
  const found = await t.node.lawObligations({ of: '99 CFR 7', topic: 'training' });
  assert.equal(found.total, 0);
  assert.match(found.notes.join(), /4 here were found by an earlier version/);
});
