import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formexReader } from '../../src/ingest/eurlex/formex.ts';
import {
  chunksOf,
  documentsOf,
  encode,
  readAll,
  readFailing,
  readerContract,
} from '../contract/reader-contract.ts';
import type { ReaderSample } from '../contract/reader-contract.ts';
import { FORMEX_ACT, FORMEX_ANNEX, formexAct } from './eurlex-samples.ts';
import { realSamples } from './samples.ts';

const EUR = 'eurlex-esh';
const FILES = [
  `${EUR}/31996l0061/2006-02-24--7317f3ce/en.fmx4/CL1996L0061EN0040010.0001.xml`,
  `${EUR}/31996l0061/2008-02-18--73662df9/en.fmx4/CL1996L0061EN0050010.0001.xml`,
  `${EUR}/32003l0087/2018-04-08--e5c58616/en.fmx4/CL2003L0087EN0100010.0001.xml`,
  `${EUR}/32003l0087/2024-03-01--a8543891/en.fmx4/CL2003L0087EN0160010.0001.xml`,
  `${EUR}/32018r2066/2021-01-01--0d4e78e5/en.fmx4/CL2018R2066EN0010010.0001.xml`,
  `${EUR}/32023r1542/2024-07-18--662058d8/en.fmx4/CL2023R1542EN0010030.0001.xml`,
  'akn-samples/tulit/eu/eurlex/formex/e115172d-3ab3-4b14-b0a4-dfdcc9871793.0006.04/DOC_3.xml',
];
const real = realSamples(...FILES);

/** What is marked as deleted is left out by the reader. */
function withoutDeleted({ name, bytes }: ReaderSample): ReaderSample {
  const text = Buffer.from(bytes).toString('utf8');
  const kept = text.replace(
    /<\?CLG\.MDFO ID="\w+" IDREF="(\w+)" ACTION="DELETED"[^?]*\?>[^]*?<\?CLG\.MDFC ID="\1"[^?]*\?>/g,
    '',
  );
  return { name, bytes: encode(kept) };
}

readerContract({
  reader: formexReader,
  samples: [FORMEX_ACT, FORMEX_ANNEX, ...real].map(withoutDeleted),
  leftOut: new Set(['INFO.PROD', 'BIB.INSTANCE', 'FAM.COMP']),
  // Words before a number (`Article`, `ANNEX`) are not repeated where the level says them.
  headings: new Set(['TI.ART', 'P', 'HT', 'NO.P', 'QUOT.START']),
  hostile: {
    before:
      '<ACT><TITLE><TI><P>Directive 1999/96/EC</P></TI></TITLE><ENACTING.TERMS><ARTICLE><TI.ART>Article 1</TI.ART></ARTICLE>',
    after: '</ENACTING.TERMS></ACT>',
    doctypeRoot: 'ACT',
  },
});

test('a consolidated act has the ids and citations of EUR-Lex', async () => {
  const [document] = await documentsOf(formexReader, FORMEX_ACT.bytes);
  assert.deepEqual(document?.head, {
    documentId: 'eu/dir/1999/96',
    jurisdiction: 'EU',
    family: 'dir',
    citation: 'Directive 1999/96/EC',
    title: 'Council Directive 1999/96/EC of 1 January 1999 concerning ladders',
    language: 'en',
    inForceFrom: '2001-02-03',
    inForceTo: undefined,
  });
  assert.deepEqual(document.warnings, []);
  assert.deepEqual(
    document.sections.map(
      ({ level, eid, citation }) => `${level} ${eid} = ${citation.replace('Directive 1999/96/EC', 'D')}`,
    ),
    [
      'preamble pbl_1 = D preamble',
      'paragraph rct_1 = D recital 1',
      'paragraph rct_2 = D recital 2',
      'preamble enacting-words = D',
      'note pbl_1.note_1 = D',
      'note rct_1.note_1 = D',
      'chapter cpt_I = D Chapter I',
      'article art_1 = D Art. 1',
      'article art_2 = D Art. 2',
      'paragraph art_2.point_1 = D Art. 2(1)',
      'paragraph art_2.point_1.point_a = D Art. 2(1)(a)',
      'paragraph art_2.point_1.point_b = D Art. 2(1)(b)',
      'paragraph art_2.indent_1 = D Art. 2, first indent',
      'article art_3 = D Art. 3',
      'paragraph art_3.para_1 = D Art. 3(1)',
      'paragraph art_3.para_1.sub_2 = D Art. 3(1), second subparagraph',
      'paragraph art_3.para_1.sub_2.point_a = D Art. 3(1), second subparagraph, (a)',
      'paragraph art_3.para_1.sub_3 = D Art. 3(1), third subparagraph',
      'paragraph art_3.para_2 = D Art. 3(2)',
      'signature fnp_1 = D',
      'annex anx_I = D Annex I',
      'paragraph anx_I.point_1 = D Annex I, point 1',
      'division anx_I.div_1 = D Annex I, section 1',
      'paragraph anx_I.div_1.point_1.1 = D Annex I, point 1.1',
      'paragraph anx_I.div_1.point_1.1.point_a = D Annex I, point 1.1(a)',
      'table anx_I.table = D Annex I',
      'note anx_I.note_1 = D',
      'annex anx_II = D Annex II',
      'part anx_II.prt_A = D Annex II Part A',
      'note history = D',
    ],
  );
  const textOf = (eid: string): string | undefined => document.sections.find((s) => s.eid === eid)?.text;
  assert.equal(textOf('art_2.point_1'), '‘ladder’ means:');
  assert.equal(textOf('art_2.point_1.point_a'), 'a thing of 2 m^2 with');
  assert.equal(
    textOf('art_3.para_2'),
    'Article 7 of Directive 2001/1/EC is replaced by:\n‘Article 7\n1. Trees stand.’',
  );
  assert.equal(textOf('rct_1'), 'Ladders fall[1].');
  assert.equal(textOf('anx_I.div_1.point_1.1'), 'Oak of 25 000 kg:');
  assert.equal(textOf('anx_I.table'), 'Tree\tm\nApple[2]\t4\n[2] Grown.');
  assert.equal(textOf('anx_II.prt_A'), 'h = (h/t)\nh height');
  assert.equal(document.sections.find((s) => s.eid === 'anx_II')?.heading, 'PAINT');
});

test('an annex that does not name its act is a document of its own', async () => {
  const [document] = await documentsOf(formexReader, FORMEX_ANNEX.bytes);
  assert.equal(document?.head.documentId, 'eu/oj/l/2011/334/26');
  assert.equal(document.head.citation, 'OJ L 334, 2011, p. 26');
  assert.match(document.warnings[0] ?? '', /does not name its act/);
});

test('versions of one act are one document with the same ids', async () => {
  const before = await documentsOf(formexReader, FORMEX_ACT.bytes);
  const extra =
    '<PARAG><NO.PARAG>3.</NO.PARAG><ALINEA>New.<NOTE NOTE.ID="E9"><P>Newest.</P></NOTE></ALINEA></PARAG>';
  const after = await documentsOf(formexReader, encode(formexAct('20050101', extra)));
  assert.equal(after[0]?.head.documentId, before[0]?.head.documentId);
  assert.equal(after[0]?.head.inForceFrom, '2005-01-01');
  const old = new Map(before[0]?.sections.map((section) => [section.eid, section]));
  const changed = after[0]?.sections.filter(
    (section) => JSON.stringify(old.get(section.eid)) !== JSON.stringify(section),
  );
  assert.deepEqual(
    changed?.map(({ eid }) => eid),
    ['art_3.para_3', 'art_3.note_1', 'history'],
  );
});

test('deleted provisions are left out, however the file is divided', async () => {
  const mark = (id: string, body: string, action = 'DELETED'): string =>
    `<?CLG.MDFO ID="O${id}" IDREF="C${id}" ACTION="${action}" LEVEL="STRUCTURE"?>${body}<?CLG.MDFC ID="C${id}" IDREF="O${id}"?>`;
  const extra = `${mark('1', `<PARAG><NO.PARAG>3.</NO.PARAG><ALINEA>Gone ${mark('2', 'x', 'REPLACED')}.</ALINEA></PARAG>`)}<PARAG><NO.PARAG>4.</NO.PARAG><ALINEA>It is${mark('3', ' not')} so ${mark('4', 'now', 'REPLACED')}.</ALINEA></PARAG>`;
  const text = formexAct('20050101', extra).replace(
    '</DIVISION></ENACTING.TERMS>',
    `${mark('5', '<ARTICLE><TI.ART>Article 4</TI.ART></ARTICLE>')}$&`,
  );
  const [document] = await documentsOf(formexReader, encode(text));
  const eids = document?.sections.map(({ eid }) => eid) ?? [];
  assert.ok(!eids.includes('art_3.para_3') && !eids.includes('art_4'));
  assert.equal(document?.sections.find(({ eid }) => eid === 'art_3.para_4')?.text, 'It is so now.');
  const whole = await readAll(formexReader, chunksOf(encode(text), 1 << 20));
  for (const size of [1, 7, 33])
    assert.deepEqual(await readAll(formexReader, chunksOf(encode(text), size)), whole);
});

test('an act without type, year and number is refused', async () => {
  const { error } = await readFailing(
    formexReader,
    chunksOf(
      encode('<ACT><TITLE><TI><P>Notice</P></TI></TITLE><ENACTING.TERMS><P>x</P></ENACTING.TERMS></ACT>'),
    ),
  );
  assert.equal(error.code, 'eurlex.no_identity');
});

const skip = real.length < FILES.length;
test('real versions of one directive share their ids', { skip }, async () => {
  const [first, second] = await Promise.all(
    real.slice(0, 2).map(async ({ bytes }) => (await documentsOf(formexReader, bytes))[0]),
  );
  assert.equal(first?.head.documentId, 'eu/dir/1996/61');
  assert.equal(second?.head.documentId, 'eu/dir/1996/61');
  assert.deepEqual([first.head.inForceFrom, second.head.inForceFrom], ['2006-02-24', '2008-02-18']);
  const eids = new Set(first.sections.map(({ eid }) => eid));
  const common = second.sections.filter(({ eid }) => eids.has(eid)).length;
  assert.ok(common / Math.max(eids.size, second.sections.length) >= 0.95);
  const citations = new Set(first.sections.map(({ citation }) => citation));
  for (const cited of ['Art. 2(10)(a)', 'Art. 3(a)', 'recital 27', 'Annex I, point 2.3(a)', 'Annex III'])
    assert.ok(citations.has(`Directive 96/61/EC ${cited}`), cited);
});
