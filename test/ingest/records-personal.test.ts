/** Names in narratives: on text of our own, and measured on real narratives that a fixture labels by offsets alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNames } from '../../src/ingest/records/personal.ts';
import { areThere, countNames, shared, total } from './names.ts';

const masked = (text: string): string => {
  let out = '';
  let at = 0;
  for (const { start, end } of findNames(text)) {
    out += `${text.slice(at, start)}*`;
    at = end;
  }
  return out + text.slice(at);
};

test('personal: names by title, given name, job and initial', () => {
  for (const [text, expected] of [
    [
      'At noon Mr. John Q. Doe and the welder fell. Doe was taken to hospital.',
      'At noon * and the welder fell. * was taken to hospital.',
    ],
    [
      'the victim john q zyxwell operator was shoveling when zyxwell slipped',
      'the victim * operator was shoveling when * slipped',
    ],
    ['REPORTED BY ROBERT SMITHSON OF THE GAS COMPANY.', 'REPORTED BY * OF THE GAS COMPANY.'],
    [
      'The employee was using a saw when the blade broke on March 2, 2016.',
      'The employee was using a saw when the blade broke on March 2, 2016.',
    ],
    ['A LEAK OCCURRED AT A VALVE IN TEXAS.', 'A LEAK OCCURRED AT A VALVE IN TEXAS.'],
    ['', ''],
  ] as const)
    assert.equal(masked(text), expected);
});

test('personal: names that the record has elsewhere are found where the text alone tells of nobody', () => {
  const text = 'The worker, Zed, told Field to wait. Later ZED and John Field left the field.';
  const known = (...names: string[]): string[] =>
    findNames(text, names).map(({ start, end }) => text.slice(start, end));
  assert.ok(!known().includes('Zed'));
  assert.deepEqual(
    known('Zed Zyxwell').filter((name) => /zed/i.test(name)),
    ['Zed', 'ZED'],
  );
  assert.ok(known('John Field').includes('John Field'));
  assert.ok(!known('John Field').includes('field'));
  assert.deepEqual(findNames('', ['Zed']), []);
});

test('personal: hostile text takes linear time', { timeout: 60_000 }, () => {
  for (const piece of ['a ', 'John ', 'john q ', 'Mr. ', "O'", 'victim x ', '\u0000'])
    findNames(piece.repeat(50_000), [piece.repeat(50_000)]);
});

/** `seen`: the sample that the rules were made with. `unseen`: labelled after they were finished. */
for (const [name, leastRecall, leastPrecision] of [
  ['seen', 0.98, 0.89],
  ['unseen', 0.89, 0.9],
] as const)
  test(
    `personal: recall and precision on the ${name} sample`,
    { skip: areThere ? false : `no data below ${shared}` },
    (t) => {
      const { narratives, recall, precision } = total(countNames(name));
      t.diagnostic(`${narratives} narratives: recall ${recall}, precision ${precision}`);
      assert.ok(recall >= leastRecall && precision >= leastPrecision, `${recall}, ${precision}`);
    },
  );
