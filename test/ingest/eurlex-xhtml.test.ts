import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formexReader } from '../../src/ingest/eurlex/formex.ts';
import { eurlexXhtmlReader } from '../../src/ingest/eurlex/xhtml.ts';
import { chunksOf, documentsOf, encode, readFailing, readerContract } from '../contract/reader-contract.ts';
import type { ReaderSample } from '../contract/reader-contract.ts';
import { FORMEX_ACT, XHTML_CONSOLIDATED, XHTML_JOURNAL } from './eurlex-samples.ts';
import { realSamples } from './samples.ts';

const EUR = 'eurlex-esh';
const FILES = [
  `${EUR}/31996l0061/2006-02-24--7317f3ce/en.html`,
  `${EUR}/32008l0001/2008-01-15--a0900ad8/en.xml`,
  `${EUR}/32018r2066/2018-12-19--663b4dad/en.xml`,
  `${EUR}/32023r1542/2023-07-12--9f2bb2b6/en.xml`,
  `${EUR}/32023r1542/2024-07-18--662058d8/en.html`,
];
const real = realSamples(...FILES);

/** Marks of changes and numbers of footnotes are left out by the reader; numbers count anew in each article. */
function withoutMarks({ name, bytes }: ReaderSample): ReaderSample {
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/[►▼◄]\s*(?:[A-Z]\d*)?(?=\s*<)/g, '')
    .replace(
      /(<a\b[^>]*\bhref="#[^>]*>)([^]*?)(<\/a>)/g,
      (_, open: string, inner: string, close: string) =>
        open + inner.replace(/>[^<]*</g, '>1<').replace(/^[^<]*|[^<>]*$/g, '') + close,
    );
  return { name, bytes: encode(text.trimStart()) };
}

readerContract({
  reader: eurlexXhtmlReader,
  samples: [XHTML_JOURNAL, XHTML_CONSOLIDATED, ...real].map(withoutMarks),
  leftOut: new Set(['head', 'a']),
  headings: new Set(['p', 'span']),
  hostile: {
    before:
      '<html xmlns="http://www.w3.org/1999/xhtml"><body><p class="oj-doc-ti">Directive 1999/96/EC</p><p class="oj-ti-art">Article 1</p>',
    after: '</body></html>',
    doctypeRoot: 'html',
  },
});

test('pages of EUR-Lex are told from others', () => {
  const head = (text: string): boolean => eurlexXhtmlReader.matches({ name: 'a', head: text });
  assert.ok(head(Buffer.from(XHTML_CONSOLIDATED.bytes).toString('utf8')));
  assert.ok(head(Buffer.from(XHTML_JOURNAL.bytes).toString('utf8')));
  assert.ok(!head('<html xmlns="http://www.w3.org/1999/xhtml"><body><p class="x">a</p></body></html>'));
  assert.ok(!head('<!DOCTYPE html><html lang="en"><p class="reference">'));
});

test('the same act in Formex and XHTML has the same id, dates and eids', async () => {
  const [formex] = await documentsOf(formexReader, FORMEX_ACT.bytes);
  const [page] = await documentsOf(eurlexXhtmlReader, XHTML_CONSOLIDATED.bytes);
  assert.ok(formex !== undefined && page !== undefined);
  assert.deepEqual(
    [page.head.documentId, page.head.citation, page.head.inForceFrom, page.head.language],
    [formex.head.documentId, formex.head.citation, formex.head.inForceFrom, formex.head.language],
  );
  assert.deepEqual(page.warnings, []);
  const only = (a: typeof page, b: typeof page): string[] => {
    const eids = new Set(b.sections.map(({ eid }) => eid));
    return a.sections.map(({ eid }) => eid).filter((eid) => !eids.has(eid));
  };
  // A page does not say where a point of an annex ends.
  assert.deepEqual(only(page, formex), ['anx_I.div_1.point_1.1.table']);
  assert.deepEqual(only(formex, page), ['rct_1.note_1', 'fnp_1', 'anx_I.table']);
  const texts = new Map(formex.sections.map(({ eid, text }) => [eid, text]));
  for (const eid of [
    'art_1',
    'art_2.point_1.point_a',
    'art_3.para_1.sub_2.point_a',
    'anx_I.point_1',
    'anx_I.note_1',
  ])
    assert.equal(page.sections.find((section) => section.eid === eid)?.text, texts.get(eid), eid);
  const citations = (document: typeof page): Map<string, string> =>
    new Map(document.sections.map(({ eid, citation }) => [eid, citation]));
  for (const [eid, citation] of citations(formex))
    assert.equal(citations(page).get(eid) ?? citation, citation, eid);
});

test('an act of the Official Journal counts its entry into force from its publication', async () => {
  const [document] = await documentsOf(eurlexXhtmlReader, XHTML_JOURNAL.bytes);
  assert.equal(document?.head.documentId, 'eu/reg/2024/77');
  assert.equal(document.head.citation, 'Regulation (EU) 2024/77');
  assert.equal(document.head.title, 'REGULATION (EU) 2024/77 OF THE COUNCIL on trees');
  assert.equal(document.head.inForceFrom, '2024-02-18');
  assert.deepEqual(
    document.sections.map(({ eid, text }) => [eid, text.slice(0, 40)]),
    [
      ['pbl_1', 'THE COUNCIL,'],
      ['rct_1', 'Trees grow[1].'],
      ['enacting-words', 'HAS ADOPTED THIS REGULATION:'],
      ['art_1', ''],
      ['art_1.para_1', 'A tree:'],
      ['art_1.para_1.point_a', 'stands;'],
      ['art_2', 'This Regulation shall enter into force o'],
      ['fnp_1', 'Done at Brussels.\nThe President'],
      ['rct_1.note_1', 'OJ C 1.'],
      ['anx', ''],
      ['anx.table', 'Apple\t4'],
      ['history', '29.1.2024\tEN\tL 24/8'],
    ],
  );
});

test('a page without provisions is refused', async () => {
  const page = Buffer.from(XHTML_CONSOLIDATED.bytes).toString('utf8');
  const front = page.slice(0, page.indexOf('<div class="eli-container">'));
  const { error } = await readFailing(eurlexXhtmlReader, chunksOf(encode(`${front}</body></html>`)));
  assert.equal(error.code, 'eurlex.no_text');
});

const skip = real.length < FILES.length;
test('a real act as published and as consolidated share their ids', { skip }, async () => {
  const [journal, consolidated] = await Promise.all(
    real.slice(3).map(async ({ bytes }) => (await documentsOf(eurlexXhtmlReader, bytes))[0]),
  );
  assert.equal(journal?.head.documentId, 'eu/reg/2023/1542');
  assert.equal(consolidated?.head.documentId, 'eu/reg/2023/1542');
  assert.deepEqual([journal.head.inForceFrom, consolidated.head.inForceFrom], ['2023-08-17', '2024-07-18']);
  const articles = (document: typeof journal): readonly string[] =>
    document.sections.map(({ eid }) => eid).filter((eid) => eid.startsWith('art_') && !eid.includes('note_'));
  const known = new Set(articles(journal));
  const common = articles(consolidated).filter((eid) => known.has(eid)).length;
  assert.ok(common / articles(consolidated).length >= 0.95, `${common} of ${articles(consolidated).length}`);
});
