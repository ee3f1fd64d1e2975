import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cfrAnnualReader } from '../../src/ingest/index.ts';
import { documentsOf, readerContract } from '../contract/reader-contract.ts';
import { ANNUAL_PART, realSamples } from './samples.ts';

const real = realSamples(
  'cfr-annual-xml/annual/CFR-2015-title40-vol26-part262.xml',
  'cfr-annual-xml/annual/CFR-2004-title27-vol2-part555.xml',
);

readerContract({
  reader: cfrAnnualReader,
  samples: [ANNUAL_PART, ...real],
  leftOut: new Set(['FDSYS', 'CONTENTS', 'EAR', 'PRTPAGE']),
  headings: new Set(['HD', 'SECTNO']),
  hostile: {
    before:
      '<CFRGRANULE><FDSYS><CFRTITLE>40</CFRTITLE><DATE>2015-07-01</DATE></FDSYS><PART><HD SOURCE="HED">PART 1—X</HD><SECTION><SECTNO>§ 1.1</SECTNO>',
    after: '</SECTION></PART></CFRGRANULE>',
    doctypeRoot: 'CFRGRANULE',
  },
});

test('a part of the annual edition', async () => {
  const [document] = await documentsOf(cfrAnnualReader, ANNUAL_PART.bytes);
  assert.deepEqual(document?.head, {
    documentId: 'us/cfr/40/9997',
    jurisdiction: 'US',
    family: 'cfr',
    citation: '40 CFR Part 9997',
    title: 'RAIN BARRELS',
    language: 'en',
    inForceFrom: '2015-07-01',
    inForceTo: undefined,
  });
  assert.deepEqual(
    document.sections.map(({ level, eid, text }) => [level, eid, text]),
    [
      ['part', 'part-9997', ''],
      ['note', 'part-9997-auth', '42 U.S.C. 1.'],
      ['subpart', 'subpart-A', ''],
      ['section', 's9997.1', ''],
      ['paragraph', 's9997.1-a', ''],
      ['paragraph', 's9997.1-a-1', 'A barrel holds rain.'],
      ['paragraph', 's9997.1-a-2', 'It holds no snow, 10^3 flakes at most:'],
      ['paragraph', 's9997.1-a-2-i', 'Of any kind, or'],
      ['paragraph', 's9997.1-a-2-ii', 'Of one kind.'],
      ['table', 's9997.1-a-2-ii-table', 'Kind\tLitres\nSmall\t120'],
      ['paragraph', 's9997.1-b', '[Reserved]'],
      ['note', 's9997.1-b-note', 'Snow melts.'],
      ['paragraph', 's9997.1-b-figure', '[figure ER01JA00.001]'],
      ['note', 's9997.1-cita', '[45 FR 1, Jan. 1, 1980]'],
      ['section', 's9997.2', ''],
      ['appendix', 'app-A', ''],
      ['division', 'app-A-step-1', 'Empty it.'],
    ],
  );
});

const part262 = real.find(({ name }) => name.includes('part262'));
test('40 CFR 262 has 68 sections', { skip: part262 === undefined }, async () => {
  const [document] = await documentsOf(cfrAnnualReader, part262?.bytes ?? new Uint8Array());
  assert.equal(document?.sections.filter(({ level }) => level === 'section').length, 68);
  assert.deepEqual(document?.warnings, []);
});
