import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clmlReader } from '../../src/ingest/index.ts';
import { documentsOf, readerContract } from '../contract/reader-contract.ts';
import { CLML_INSTRUMENT, realSamples } from './samples.ts';

const SAMPLES = [
  'anaw-2018-1-historical-2018-01-24',
  'asp_20030002_en',
  'eudn-2011-382-annex-adopted',
  'eur_20140319_adopted_en',
  'nia-2021-6-section-43-1',
  'ukpga-1985-67-section-6-2007-09-01',
  'ukpga-2000-38-section-19',
  'ukpga_20210005_en',
  'uksi-2002-2677-introduction-made',
  'uksi-2004-129-schedule-1-made',
  'uksi-2014-869-regulation-2-5-made',
  'uksi_1988_361_kqpap_made',
  'uksi_1994_397_sld_made',
  'uksi_200300562_en',
  'uksi_20051643_en',
  'wsi_2019_110_kqpap_made',
].map((name) => `uk-clml/sampleXML/${name}.xml`);
const real = realSamples(...SAMPLES);

readerContract({
  reader: clmlReader,
  samples: [CLML_INSTRUMENT, ...real],
  leftOut: new Set([
    'Metadata',
    'Contents',
    'Commentaries',
    'Versions',
    'Resources',
    'annotation',
    'FootnoteRef',
    'Warning',
  ]),
  headings: new Set(['Number', 'Pnumber']),
  hostile: {
    before:
      '<Legislation><Metadata><identifier>http://www.legislation.gov.uk/uksi/2099/7</identifier></Metadata><Secondary><Body><P1 id="regulation-1"><Pnumber>1</Pnumber>',
    after: '</P1></Body></Secondary></Legislation>',
    doctypeRoot: 'Legislation',
  },
});

test('a statutory instrument as it stood on a day', async () => {
  const [document] = await documentsOf(clmlReader, CLML_INSTRUMENT.bytes);
  assert.deepEqual(document?.head, {
    documentId: 'uk/uksi/2099/7',
    jurisdiction: 'UK',
    family: 'uksi',
    citation: 'SI 2099/7',
    title: 'The Ladders Regulations 2099',
    language: 'en',
    inForceFrom: '2099-05-01',
    inForceTo: '2099-09-01',
  });
  assert.deepEqual(
    document.sections.map(({ level, eid, citation, text }) => [level, eid, citation, text]),
    [
      [
        'preamble',
        'introduction',
        'SI 2099/7',
        '2099 No. 7\nThe Ladders Regulations 2099\nMade 1st January 2099\nThe Minister makes these Regulations.',
      ],
      ['part', 'part-1', 'SI 2099/7 Pt. 1', ''],
      ['section', 'regulation-1', 'SI 2099/7 reg. 1', ''],
      ['paragraph', 'regulation-1-1', 'SI 2099/7 reg. 1(1)', 'In these Regulations—'],
      [
        'paragraph',
        'regulation-1-1-ladder',
        'SI 2099/7 reg. 1(1) “ladder”',
        '“ladder” means a thing with—\n(a) rungs; or\n(b) steps.',
      ],
      ['subject-group', 'crossheading-duties', 'SI 2099/7', ''],
      ['section', 'regulation-6', 'SI 2099/7 reg. 6', ''],
      ['paragraph', 'regulation-6-1', 'SI 2099/7 reg. 6(1)', 'An employer must—'],
      [
        'paragraph',
        'regulation-6-1-a',
        'SI 2099/7 reg. 6(1)(a)',
        'inspect each ladder, at Lmax of 10^2 kg; and',
      ],
      ['paragraph', 'regulation-6-1-a-i', 'SI 2099/7 reg. 6(1)(a)(i)', 'clean it.'],
      ['paragraph', 'regulation-6-1-b', 'SI 2099/7 reg. 6(1)(b)', 'keep a record,'],
      ['paragraph', 'regulation-6-1-para', 'SI 2099/7 reg. 6(1)', 'for three years.'],
      [
        'paragraph',
        'regulation-6-2',
        'SI 2099/7 reg. 6(2)',
        'In the other Regulations, after regulation 3 insert—\nSaws\n3A Saws must be sharp.\n.',
      ],
      ['signature', 'signature', 'SI 2099/7', 'A. Person\n1st January 2099'],
      ['schedule', 'schedule-1', 'SI 2099/7 Sch. 1', 'Regulation 6'],
      ['paragraph', 'schedule-1-paragraph-2', 'SI 2099/7 Sch. 1 para. 2', 'A ladder is h/(t^2) high:'],
      ['paragraph', 'schedule-1-paragraph-2-a', 'SI 2099/7 Sch. 1 para. 2(a)', 'at least.'],
      ['table', 'schedule-1-table', 'SI 2099/7 Sch. 1', 'Tree\tm\nApple\t4'],
      ['note', 'explanatory-note', 'SI 2099/7', '(This note is not part of the Regulations)'],
      ['note', 'footnote-1', 'SI 2099/7', '1974 c. 37.'],
    ],
  );
});

const byName = (part: string): Uint8Array =>
  real.find(({ name }) => name.includes(part))?.bytes ?? new Uint8Array();
const skip = real.length < SAMPLES.length;

test('real acts and instruments are cited as lawyers do', { skip }, async () => {
  const cited = async (file: string): Promise<Set<string>> =>
    new Set((await documentsOf(clmlReader, byName(file)))[0]?.sections.map(({ citation }) => citation));
  assert.ok((await cited('20051643')).has('SI 2005/1643 reg. 6(4)(b)(ii)'));
  assert.ok((await cited('20051643')).has('SI 2005/1643 Sch. 1 para. 2'));
  assert.ok((await cited('ukpga_20210005')).has('2021 c. 5 s. 1(2)(b)'));
  assert.ok((await cited('asp_2003')).has('2003 asp 2 Pt. 1 Ch. 1'));
  assert.ok((await cited('anaw')).has('2018 anaw 1 Sch. 1 para. 3(7)(c)'));
  assert.ok((await cited('eur_2014')).has('Regulation (EU) No 319/2014 art. 3(1)'));
  assert.ok((await cited('wsi')).has('SI 2019/110 (W. 27) reg. 3(c)(ii)'));
});

test('a part of an act is a document of its own, with the dates of its version', { skip }, async () => {
  const [document] = await documentsOf(clmlReader, byName('ukpga-1985-67'));
  assert.equal(document?.head.documentId, 'uk/ukpga/1985/67/section/6');
  assert.equal(document.head.citation, '1985 c. 67 s. 6');
  assert.equal(document.head.inForceFrom, '2007-09-01');
  assert.equal(document.head.inForceTo, '2007-10-17');
});
