import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectOf } from '../../src/ingest/federal-register/dates.ts';
import { federalRegisterReader } from '../../src/ingest/federal-register/federal-register.ts';
import { chunksOf, documentsOf, encode, readFailing, readerContract } from '../contract/reader-contract.ts';
import type { ReaderSample } from '../contract/reader-contract.ts';
import { realSamples } from './samples.ts';

const ISSUE: ReaderSample = {
  name: 'issue of our own',
  bytes: encode(`<?xml version="1.0" encoding="UTF-8"?>
<FEDREG><VOL>89</VOL><NO>29</NO><DATE>Monday, February 12, 2024</DATE><UNITNAME>Contents</UNITNAME><CNTNTS><AGCY><HD>Trees</HD></AGCY></CNTNTS>
<RULES><RULE><PREAMB><PRTPAGE P="9741"/><AGENCY TYPE="F">DEPARTMENT OF ORCHARDS</AGENCY><CFR>29 CFR Part 9999</CFR><RIN>RIN 1–2</RIN><SUBJECT>Ladders in Orchards</SUBJECT>
<AGY><HD SOURCE="HED">AGENCY:</HD><P>Orchards.</P></AGY><EFFDATE><HD SOURCE="HED">DATES:</HD><P>This rule is effective March 13, 2024.</P></EFFDATE></PREAMB>
<SUPLINF><HD SOURCE="HED">SUPPLEMENTARY INFORMATION:</HD><HD SOURCE="HD1">I. Background</HD><P>Ladders fall.<SU>1</SU><FTREF/></P><FTNT><P><SU>1</SU> See trees.</P></FTNT><PRTPAGE P="9742"/>
<HD SOURCE="HD2">A. Costs</HD><P>Small:</P><GPOTABLE><TTITLE>Costs</TTITLE><ROW><ENT>Oak</ENT><ENT>4</ENT></ROW></GPOTABLE><P>All in all.</P>
<LSTSUB><HD SOURCE="HED">List of Subjects</HD><P>Ladders.</P></LSTSUB>
<HD SOURCE="HD1">The Amendment</HD><PART><HD SOURCE="HED">PART 9999—LADDERS</HD><REGTEXT TITLE="29" PART="9999"><AMDPAR>1. Revise § 9999.12 to read as follows:</AMDPAR><AUTH><HD SOURCE="HED">Authority:</HD><P>29 U.S.C. 1.</P></AUTH><SECTION><SECTNO>§ 9999.12</SECTNO><SUBJECT>Feet.</SUBJECT><P>(a) Two.</P><STARS/></SECTION></REGTEXT>
<REGTEXT TITLE="29" PART="9999"><AMDPAR>2. Add:</AMDPAR><EXTRACT><HD SOURCE="HD1">(a) Day</HD><P>Now.</P></EXTRACT></REGTEXT></PART>
<SIG><DATED>Dated: February 2, 2024.</DATED><NAME>A. Person,</NAME><TITLE>Director.</TITLE></SIG></SUPLINF><FRDOC>[FR Doc. 2024–00001 Filed 2–8–24; 2:00 pm]</FRDOC><BILCOD>BILLING CODE 1–P</BILCOD></RULE></RULES>
<NOTICES><NOTICE><PREAMB><AGENCY>ORCHARDS</AGENCY><SUBJECT>Meeting</SUBJECT></PREAMB><P>We meet.</P><FRDOC>[FR Doc. 2024–00002 Filed 2–8–24; 2:00 pm]</FRDOC></NOTICE></NOTICES>
<NEWPART><PTITLE><PRTPAGE P="9919"/><PARTNO>Part II</PARTNO></PTITLE><PRORULES><PRORULE><PREAMB><PRTPAGE P="9920"/><SUBJECT>Pears</SUBJECT><DATES><HD SOURCE="HED">DATES:</HD><P>Comments by March 1, 2024.</P></DATES></PREAMB><FRDOC>[FR Doc. 2024–00003 Filed 2–8–24; 2:00 pm]</FRDOC></PRORULE></PRORULES></NEWPART>
</FEDREG>`),
};

const FILE = 'gpo-ecfr-fr-xml/ndash-changes-March2024/current/FR-2024-02-12.xml';
const real = realSamples(FILE);

readerContract({
  reader: federalRegisterReader,
  samples: [ISSUE, ...real],
  leftOut: new Set('CNTNTS UNITNAME PTITLE VOL NO DATE CONTENTS'.split(' ')),
  headings: new Set(['HD', 'SECTNO']),
  hostile: {
    before:
      '<RULE><PREAMB><PRTPAGE P="1"/><SUBJECT>Trees</SUBJECT></PREAMB><FRDOC>[FR Doc. 2024–00001 Filed]</FRDOC>',
    after: '</RULE>',
    doctypeRoot: 'RULE',
  },
});

test('each rule and notice is a document, cited by volume and page', async () => {
  const documents = await documentsOf(federalRegisterReader, ISSUE.bytes);
  assert.deepEqual(
    documents.map(({ head }) => [head.documentId, head.citation, head.title, head.inForceFrom]),
    [
      ['us/fr/2024-00001', '89 FR 9741', 'Ladders in Orchards', '2024-03-13'],
      ['us/fr/2024-00002', '89 FR 9742', 'Meeting', undefined],
      ['us/fr/2024-00003', '89 FR 9920', 'Pears', undefined],
    ],
  );
  const [rule] = documents;
  assert.deepEqual(rule?.warnings, []);
  assert.deepEqual(
    rule?.sections.map(
      ({ level, eid, parentEid, citation }) => `${level} ${eid} < ${parentEid ?? ''} = ${citation}`,
    ),
    [
      'preamble preamble <  = 89 FR 9741',
      'preamble agency < preamble = 89 FR 9741',
      'preamble dates < preamble = 89 FR 9741',
      'preamble supplementary-information <  = 89 FR 9741',
      'division i-background < supplementary-information = 89 FR 9741',
      'note footnote-1 < i-background = 89 FR 9741',
      'division i-background-a-costs < i-background = 89 FR 9741, 9742',
      'table i-background-a-costs-table < i-background-a-costs = 89 FR 9741, 9742',
      'paragraph i-background-a-costs-text < i-background-a-costs = 89 FR 9741, 9742',
      'preamble subjects < supplementary-information = 89 FR 9741, 9742',
      'division the-amendment < supplementary-information = 89 FR 9741, 9742',
      'part part-9999 < supplementary-information = 29 CFR Part 9999',
      'paragraph amendment-1 < part-9999 = 29 CFR Part 9999',
      'note amendment-1-auth < amendment-1 = 89 FR 9741, 9742',
      'section amendment-1-s9999.12 < amendment-1 = 29 CFR 9999.12',
      'paragraph amendment-2 < part-9999 = 29 CFR Part 9999',
      'division amendment-2-a-day < amendment-2 = 89 FR 9741, 9742',
      'signature signature <  = 89 FR 9741, 9742',
      'note filing <  = 89 FR 9741, 9742',
      'note billing-code <  = 89 FR 9741, 9742',
    ],
  );
  const textOf = (eid: string): string | undefined =>
    rule.sections.find((section) => section.eid === eid)?.text;
  assert.equal(textOf('i-background'), 'Ladders fall.[1]');
  assert.equal(textOf('i-background-a-costs-table'), 'Oak\t4');
  assert.equal(textOf('amendment-1-s9999.12'), '(a) Two.\n* * * * *');
});

test('a day counts only when it is stated plainly', () => {
  const cases: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['This rule is effective on March 13, 2024.', '2024-03-13', undefined],
    ['Effective February 9, 2024, through December 31, 2024.', '2024-02-09', '2025-01-01'],
    ['Effective date: January 5, 2024.', '2024-01-05', undefined],
    ['This rule is effective from 10:30 a.m. until 11:35 a.m. on February 10, 2024.', undefined, undefined],
    ['Part 1 is effective May 1, 2024. Part 2 is effective June 1, 2024.', undefined, undefined],
    ['Effective February 31, 2024.', undefined, undefined],
    ['Comments must be received by March 28, 2024.', undefined, undefined],
  ];
  for (const [text, from, to] of cases) assert.deepEqual(effectOf(text), { from, to }, text);
});

test('a document without number and page is refused', async () => {
  const { error } = await readFailing(
    federalRegisterReader,
    chunksOf(encode('<RULE><PREAMB><SUBJECT>Trees</SUBJECT></PREAMB></RULE>')),
  );
  assert.equal(error.code, 'federal-register.no_number');
});

test('a real issue is 96 documents', { skip: real.length === 0 }, async () => {
  const documents = await documentsOf(federalRegisterReader, real[0]?.bytes ?? new Uint8Array());
  assert.equal(documents.length, 96);
  const byId = new Map(documents.map((document) => [document.head.documentId, document]));
  assert.equal(byId.get('us/fr/2024-02741')?.head.citation, '89 FR 9743');
  assert.equal(byId.get('us/fr/2024-02741')?.head.inForceFrom, '2024-03-13');
  const citations = new Set(documents.flatMap(({ sections }) => sections.map(({ citation }) => citation)));
  assert.ok(citations.has('14 CFR 39.13'));
});
