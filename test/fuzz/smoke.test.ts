/** A slice of `npm run test:fuzz`: the harness works, each seed is read, and some mutants of each are read or refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broken, EventJudge, judgeError } from './judge.ts';
import { Mutants } from './mutants.ts';
import { loadSeeds } from './seeds.ts';
import { readMutant } from './targets.ts';
import { Verdicts } from './verdict.ts';

const seeds = loadSeeds();

test('every seed is read whole, and every reader has one', async () => {
  for (const seed of seeds.filter(({ kind }) => kind !== 'pdf'))
    assert.match(await readMutant(seed, seed.bytes), /^[0-9a-f]{64}$/, `${seed.format} ${seed.name}`);
  const { READERS } = await import('../../src/ingest/index.ts');
  for (const { format } of READERS)
    assert.ok(
      seeds.some((seed) => seed.format === format),
      format,
    );
});

test('a mutant is the same bytes again', () => {
  const [a, b] = [new Mutants(7, seeds), new Mutants(7, seeds)];
  for (let index = 0; index < 200; index++) assert.deepEqual(a.at(index).bytes, b.at(index).bytes);
});

test('600 mutants are read or refused as they should be', async () => {
  const mutants = new Mutants(2, seeds);
  const verdicts = new Verdicts();
  for (let index = 0; index < 600; index++) {
    const mutant = mutants.at(index);
    if (mutant.seed.kind === 'pdf' && index > 60) continue;
    const { broken, detail } = await verdicts.of(mutant, index);
    assert.equal(broken, undefined, `mutant ${index} of seed 2 (${mutant.seed.name}): ${broken} ${detail}`);
  }
});

test('the judge sees what is broken', () => {
  const head = {
    documentId: 'a',
    jurisdiction: 'US',
    family: 'x',
    citation: 'A',
    title: 'A',
    language: 'en',
  };
  const open = (): EventJudge => {
    const judge = new EventJudge();
    judge.event({ type: 'document', head: { ...head, inForceFrom: undefined, inForceTo: undefined } });
    return judge;
  };
  const section = { level: 'section', num: undefined, citation: 'A', heading: undefined, text: '' } as const;
  const add = (judge: EventJudge, eid: string, parentEid?: string, text = ''): void =>
    judge.event({ type: 'section', section: { ...section, eid, parentEid, text } });
  assert.throws(() => add(open(), 'b', 'late'), Broken);
  assert.throws(() => add(open(), 'b', undefined, '\ud800'), Broken);
  assert.throws(() => open().complete(), Broken);
  assert.throws(() => {
    const judge = open();
    add(judge, 'b');
    add(judge, 'b');
  }, Broken);
  assert.throws(
    () => judgeError(new TypeError('x'), ''),
    (error) => error instanceof Broken && error.code.startsWith('untyped TypeError'),
  );
});
