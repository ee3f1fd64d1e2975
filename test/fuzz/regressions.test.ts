/** What the fuzzer and the check of all patterns found, each once: it must stay mended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_LIMITS, FractalError } from '../../src/base/index.ts';
import { asMapping } from '../../src/ingest/records/mapping.ts';
import {
  detectReader,
  findObligations,
  READERS,
  readRecords,
  type ReadEvent,
  type Reader,
} from '../../src/ingest/index.ts';
import { chunksOf, encode, readAll } from '../contract/reader-contract.ts';
import { formexAct, FORMEX_ANNEX } from '../ingest/eurlex-samples.ts';
import { CLML_INSTRUMENT } from '../ingest/samples.ts';
import { DocumentWriter } from '../../src/ingest/document-writer.ts';
import { EventJudge, judgeObligations } from './judge.ts';
import { FEDREG, pdf } from './seed-texts.ts';

function reader(format: string): Reader {
  const found = READERS.find((one) => one.format === format);
  if (found === undefined) throw new TypeError(format);
  return found;
}

async function judged(format: string, file: string | Uint8Array): Promise<readonly ReadEvent[]> {
  const events = await readAll(reader(format), chunksOf(typeof file === 'string' ? encode(file) : file));
  const judge = new EventJudge();
  for (const event of events) judge.event(event);
  judge.complete();
  return events;
}

/** Seconds of the processor that a job took. Patterns that try every way to part a text take years, not seconds. */
async function seconds(job: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await job();
  return process.cpuUsage(before).user / 1e6;
}

const BEFORE = '<DIV8 N="1.1" TYPE="SECTION" hierarchy_metadata="title-29">';
const SLOW: readonly (readonly [what: string, format: string, file: string])[] = [
  ['a section number that goes on and on', 'ecfr', `${BEFORE}<HEAD>§ 1${'-1'.repeat(5000)}!</HEAD></DIV8>`],
  [
    'change marks without end',
    'eurlex-xhtml',
    `<html xmlns="http://www.w3.org/1999/xhtml"><body><p class="reference">01999L0096 — EN — 03.02.2001 — 001.001</p><p>${'► '.repeat(5000)}x</p></body></html>`,
  ],
  [
    'a link of white space',
    'eurlex-xhtml',
    `<html xmlns="http://www.w3.org/1999/xhtml"><body><p class="reference">01999L0096 — EN — 03.02.2001 — 001.001</p><p>Text<a href="#x">${' '.repeat(50_000)}!</a></p></body></html>`,
  ],
  ['titles that never end', 'html', `<html><body>${'<title>'.repeat(100_000)}<p>x</p>`],
  ['backticks', 'markdown', `# T\n${'`a``b'.repeat(40_000)}`],
  ['stars', 'markdown', `# T\n${'**a '.repeat(60_000)}`],
  ['open brackets', 'markdown', `# T\n${'['.repeat(200_000)}`],
  ['a heading of white space', 'markdown', `# T\n# ${' '.repeat(60_000)}x${' #'.repeat(20_000)}!`],
  ['a divider of white space', 'markdown', `# T\n|-|${' '.repeat(100_000)}x\n`],
  ['tabs', 'html', `<html><body><pre>${'\t'.repeat(200_000)}x</pre></body></html>`],
  [
    'a number of full stops',
    'akn',
    `<akomaNtoso><act><meta><identification><FRBRWork><FRBRuri value="/akn/us/act/2024-01-02/9-9"/></FRBRWork><FRBRExpression><FRBRdate date="2024-03-04"/></FRBRExpression></identification></meta><body><section><num>${'. . '.repeat(60_000)}x</num><content><p>x</p></content></section></body></act></akomaNtoso>`,
  ],
];
for (const [what, format, file] of SLOW)
  test(`${format}: ${what} is read or refused soon`, async () => {
    const taken = await seconds(() =>
      readAll(reader(format), chunksOf(encode(file))).catch((error: unknown) => {
        assert.ok(error instanceof FractalError, String(error));
      }),
    );
    assert.ok(taken < 10, `${taken} s`);
  });

test('comments before a page are passed over, however many', async () => {
  const head = `${'<!---->'.repeat(2300)}<p>`;
  const taken = await seconds(() =>
    assert.throws(() => detectReader({ name: 'x.html', head }), FractalError),
  );
  assert.ok(taken < 10);
  assert.equal(detectReader({ name: 'x', head: '<!-- a --> <!--b--><!DOCTYPE html>' }).format, 'html');
});

test('two documents of the Federal Register with one number get two ids', async () => {
  const events = await judged('federal-register', FEDREG.replaceAll('00002', '00001'));
  const ids = events.flatMap((event) => (event.type === 'document' ? [event.head.documentId] : []));
  assert.deepEqual(ids, ['us/fr/2024-00001', 'us/fr/2024-00001~2']);
  assert.ok(events.some((event) => event.type === 'warning' && event.message.includes('occurs again')));
});

test('ids and citations end, however deep the nesting', async () => {
  const nested = `${'<NP>'.repeat(230)}deep${'</NP>'.repeat(230)}`;
  const annex = Buffer.from(FORMEX_ANNEX.bytes).toString('utf8');
  const events = await judged('formex', annex.replace('<CONTENTS>', `<CONTENTS>${nested}`));
  const eids = events.flatMap((event) => (event.type === 'section' ? [event.section.eid] : []));
  assert.ok(eids.length > 230 && eids.every((eid) => eid.length <= 1000));
  assert.equal(new Set(eids).size, eids.length);
});

test('a name that is empty is absent', async () => {
  const annex = Buffer.from(FORMEX_ANNEX.bytes).toString('utf8');
  await judged('formex', annex.replace(/<TITLE>[^]*?<\/TITLE>/, '<TITLE></TITLE>'));
  await judged('formex', formexAct('20010203').replaceAll(/<NO\.PARAG>[^<]*<\/NO\.PARAG>/g, '<NO.PARAG/>'));
});

test('a day that no calendar has is no date', async () => {
  const text = Buffer.from(CLML_INSTRUMENT.bytes).toString('utf8');
  for (const day of ['2023-13-01', '2024-02-30']) {
    const events = await judged('clml', text.replaceAll(/2099-0[59]-01/g, day));
    const heads = events.flatMap((event) => (event.type === 'document' ? [event.head] : []));
    assert.deepEqual([heads[0]?.inForceFrom, heads[0]?.inForceTo], [undefined, undefined]);
  }
});

test('half a character in JSON is no text', async () => {
  const mapping = asMapping(
    {
      name: 'half',
      description: 'half a character',
      match: { columns: ['id'] },
      shape: { type: 'json', paths: [[]] },
      emit: [
        {
          table: 'esh.sites',
          columns: { site_id: 'id', region: { value: 'US' }, name: 'id', jurisdiction: { value: 'US' } },
        },
      ],
    },
    'half',
  );
  const input = {
    name: 'half.json',
    chunks: chunksOf(encode('[{"id":"a\\ud800"}]')),
    limits: DEFAULT_LIMITS,
  };
  for await (const { batches } of readRecords(mapping, input, { today: '2026-01-01' }))
    for (const column of batches[0]?.columns ?? [])
      for (const cell of column ?? []) assert.ok(typeof cell !== 'string' || cell.isWellFormed());
});

test('pdf: what the parser leaves behind does not decide', async () => {
  const broken = Buffer.from(
    pdf().toString('latin1').replace('4 0 obj', '4 0>obj').replace('6 0 obj', '6 0>obj'),
    'latin1',
  );
  for (let run = 0; run < 6; run++)
    await assert.rejects(readAll(reader('pdf'), chunksOf(broken)), (error) => {
      assert.ok(error instanceof FractalError);
      assert.equal(error.code, 'pdf.scanned');
      return true;
    });
});

test('a note of amendment without words is none', async () => {
  const note = (words: string): string =>
    Buffer.from(CLML_INSTRUMENT.bytes)
      .toString()
      .replace(
        '</Legislation>',
        `<Commentaries><Commentary id="c1" Type="F"><Para><Text>${words}</Text></Para></Commentary></Commentaries></Legislation>`,
      );
  const notes = async (words: string): Promise<number> =>
    (await judged('clml', note(words))).filter((event) => event.type === 'note').length;
  assert.equal(await notes('Words substituted (1.1.2020) by S.I. 2019/1, reg. 2'), 1);
  assert.equal(await notes(' '), 0);
});

test('an item after a joint and a line end is one item, with a span inside the text', () => {
  const text = 'The operator must:(a) wear gloves ;(b) wear boots ;and\n(c) ';
  const found = findObligations({ text, leadIns: [], language: 'en' });
  judgeObligations(text, found);
  const whole = text.replace('(c) ', '(c) wear a mask.');
  assert.deepEqual(
    findObligations({ text: whole, leadIns: [], language: 'en' }).map(({ object }) => object),
    ['gloves', 'boots', 'a mask'],
  );
});

test('a provision neither begins nor ends with an empty line', () => {
  const events: ReadEvent[] = [];
  const head = {
    documentId: 'x',
    jurisdiction: 'EU',
    family: 'x',
    citation: 'x',
    title: 'x',
    language: 'en',
  };
  const writer = new DocumentWriter(
    { ...head, inForceFrom: undefined, inForceTo: undefined },
    { emit: (event) => events.push(event), source: 'x', limits: DEFAULT_LIMITS },
  );
  const node = { eid: 'a', parentEid: undefined, level: 'note', num: undefined, heading: undefined } as const;
  writer.section({ ...node, citation: 'x', text: 'OJ No C 138, p. 1.\n' }, 1);
  const section = events.find((event) => event.type === 'section');
  assert.equal(section?.section.text, 'OJ No C 138, p. 1.');
});
