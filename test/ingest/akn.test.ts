import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aknReader } from '../../src/ingest/akn/akn.ts';
import { chunksOf, documentsOf, encode, readFailing, readerContract } from '../contract/reader-contract.ts';
import type { ReaderSample } from '../contract/reader-contract.ts';
import { realSamples } from './samples.ts';

const meta = (uri: string, date: string, more = ''): string =>
  `<meta><identification source="#s"><FRBRWork><FRBRthis value="${uri}/!main"/><FRBRuri value="${uri}"/>${more}<FRBRcountry value="us"/><FRBRnumber value="9-9"/><FRBRname value="Public Law"/></FRBRWork><FRBRExpression><FRBRdate date="${date}" name="x"/><FRBRlanguage language="eng"/></FRBRExpression></identification></meta>`;

const ACT: ReaderSample = {
  name: 'act of our own',
  bytes:
    encode(`<?xml version="1.0" encoding="UTF-8"?><akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><act name="act">${meta('/akn/us/act/2024-01-02/9-9', '2024-03-04')}
<preface><longTitle><p>An <docTitle>Act about ladders</docTitle></p></longTitle></preface>
<preamble><formula name="x"><p>The people,</p></formula><recitals><recital eId="recs_1__rec_1"><num>(1)</num><p>Ladders fall.</p></recital></recitals><formula name="y"><p>enact:</p></formula></preamble>
<body><chapter eId="chp_1"><num>CHAPTER 1</num><heading>General</heading>
<article eId="art_1"><num>Article 1</num><heading>Scope<authorialNote marker="1"><p>See 2.</p></authorialNote></heading>
<paragraph eId="art_1__para_1"><num>(1)</num><subparagraph><content><p>All <b>ladders</b> of 2 m<sup>2</sup>:</p></content></subparagraph>
<list><intro><p>namely</p></intro><point eId="art_1__para_1__list_1__point_a"><num>(a)</num><content><p>wood;</p><table><tr><td><p>Apple</p></td><td><p>4</p></td></tr></table></content></point><wrapUp><p>and no others.</p></wrapUp></list></paragraph>
<paragraph><num>(2)</num><content><p>New text: <mod><quotedStructure><section><num>7.</num><content><p>Trees stand.</p></content></section></quotedStructure></mod></p></content></paragraph></article></chapter>
<section><num>§ 2</num><content><blockList><listIntroduction>It has</listIntroduction><item><num>(a)</num><p>feet.</p></item></blockList></content></section></body>
<conclusions><p>Signed.</p></conclusions>
<attachments><attachment><heading>Annex I</heading><doc name="annex">${meta('/akn/us/act/2024-01-02/9-9', '2024-03-04')}<mainBody><p>Kinds of trees.</p></mainBody></doc></attachment></attachments></act></akomaNtoso>`),
};

const COLLECTION: ReaderSample = {
  name: 'collection of our own',
  bytes: encode(
    `<akomaNtoso><documentCollection name="c">${meta('/akn/eu/doc/1', '2024-01-01')}<collectionBody><component><documentRef href="#c1"/></component></collectionBody></documentCollection><components><component><doc name="memo">${meta('/akn/eu/doc/1', '2024-01-01')}<mainBody><p>Why.</p></mainBody></doc></component><component><bill name="b">${meta('/akn/eu/doc/1', '2999-01-01', '<FRBRalias name="CELEX" value="32014L0092"/>')}<body><article><num>Article 1</num><content><p>What.</p></content></article></body></bill></component></components></akomaNtoso>`,
  ),
};

const OASIS = 'akn-samples/oasis/csprd02-part2-specs/csprd02-part2-specs-examples';
const EURLEX = 'akn-samples/tulit/eu/eurlex/akn';
const FILES = [
  `${OASIS}/eu_COM(2013)0619_EN-8.xml`,
  `${OASIS}/uk_pga-2014-27-enacted-data.xml`,
  `${OASIS}/us_Act_2011-11-29.xml`,
  `${OASIS}/us_Title9-Chap3-eng.xml`,
  `${EURLEX}/32014L0092.akn`,
  `${EURLEX}/DIR-cmcxketrh00ca8x00qxqd29bn-en.xml`,
  `${EURLEX}/akn4eu.xml`,
];
const real = realSamples(...FILES);

readerContract({
  reader: aknReader,
  samples: [ACT, COLLECTION, ...real],
  leftOut: new Set(['meta', 'toc']),
  headings: new Set(),
  hostile: {
    before: `<akomaNtoso><act name="a">${meta('/akn/us/act/1', '2024-01-01')}<body><section><num>1</num><content><p>x</p></content></section>`,
    after: '</body></act></akomaNtoso>',
    doctypeRoot: 'akomaNtoso',
  },
});

test('an act has the eids of the file, and the names of the standard where there are none', async () => {
  const [document] = await documentsOf(aknReader, ACT.bytes);
  assert.deepEqual(document?.head, {
    documentId: 'us/act/2024-01-02/9-9',
    jurisdiction: 'US',
    family: 'act',
    citation: 'Public Law 9-9',
    title: 'Act about ladders',
    language: 'en',
    inForceFrom: '2024-03-04',
    inForceTo: undefined,
  });
  assert.deepEqual(document.warnings, []);
  assert.deepEqual(
    document.sections.map(
      ({ level, eid, citation }) => `${level} ${eid} = ${citation.replace('Public Law 9-9', 'P')}`,
    ),
    [
      'preamble preface = P',
      'preamble preamble = P',
      'paragraph recs_1__rec_1 = P recital 1',
      'paragraph preamble__formula_1 = P',
      'chapter chp_1 = P Ch. 1',
      'article art_1 = P Art. 1',
      'note art_1__note_1 = P Art. 1',
      'paragraph art_1__para_1 = P Art. 1(1)',
      'paragraph art_1__para_1__list_1__point_a = P Art. 1(1)(a)',
      'table art_1__para_1__list_1__point_a__table = P Art. 1(1)(a)',
      'paragraph art_1__para_1__wrapUp_1 = P Art. 1(1)',
      'paragraph art_1__para_2 = P Art. 1(2)',
      'section sec_2 = P s. 2',
      'signature conclusions = P',
      'annex att_1 = P Annex',
    ],
  );
  const textOf = (eid: string): string | undefined => document.sections.find((s) => s.eid === eid)?.text;
  assert.equal(textOf('art_1__para_1'), 'All ladders of 2 m^2:\nnamely');
  assert.equal(textOf('art_1__para_2'), 'New text:\n7. Trees stand.');
  assert.equal(textOf('sec_2'), 'It has\n(a) feet.');
  assert.equal(textOf('att_1'), 'Kinds of trees.');
  assert.equal(document.sections.find(({ eid }) => eid === 'art_1')?.heading, 'Scope[1]');
});

test('the components of a collection are documents', async () => {
  const documents = await documentsOf(aknReader, COLLECTION.bytes);
  assert.deepEqual(
    documents.map(({ head }) => [head.documentId, head.inForceFrom]),
    [
      ['eu/doc/1', '2024-01-01'],
      ['eu/dir/2014/92', undefined],
    ],
  );
});

test('a document without a work is refused', async () => {
  const { error } = await readFailing(
    aknReader,
    chunksOf(
      encode(
        '<akomaNtoso><act><meta/><body><section><content><p>x</p></content></section></body></act></akomaNtoso>',
      ),
    ),
  );
  assert.equal(error.code, 'akn.no_identity');
});

test('real documents keep the ids of other sources', { skip: real.length < FILES.length }, async () => {
  const ids = await Promise.all(
    real.map(async ({ bytes }) => (await documentsOf(aknReader, bytes)).map(({ head }) => head.documentId)),
  );
  assert.deepEqual(ids.slice(1).flat(), [
    'uk/ukpga/2014/27',
    'us/act/2011-11-29/112-61',
    'us/usc/title-9',
    'eu/dir/2014/92',
    'eu/bill/com-2025-162',
    'eu/bill/join-2022-19',
  ]);
  assert.equal(ids[0]?.length, 4);
});
