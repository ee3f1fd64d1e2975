import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ecfrReader } from '../../src/ingest/index.ts';
import { documentsOf, readerContract } from '../contract/reader-contract.ts';
import { ECFR_SECTION, ECFR_TITLE, ECFR_VOLUMES, realSamples } from './samples.ts';

const real = realSamples(
  'ecfr-osha-1910-147/osha_1910_147_raw.xml',
  'ecfr-7cfr1b-nepa/title-7.xml',
  'gpo-ecfr-fr-xml/ndash-changes-March2024/current/ECFR-title1.xml',
  'gpo-ecfr-fr-xml/ndash-changes-March2024/updated/ECFR-title1.xml',
);

readerContract({
  reader: ecfrReader,
  samples: [ECFR_SECTION, ECFR_TITLE, ...real],
  leftOut: new Set(['HEADER', 'CFRTOC', 'AMDDATE', 'PRTPAGE']),
  isHeadingLeftOut: (element, parent) => element === 'HEAD' && /^DIV[1-4]$/.test(parent ?? ''),
  headings: new Set(['HEAD']),
  hostile: {
    before: '<DIV8 N="1.1" TYPE="SECTION" hierarchy_metadata="title-29"><HEAD>§ 1.1 X.</HEAD>',
    after: '</DIV8>',
    doctypeRoot: 'DIV8',
  },
});

test('a section alone is a document with citations down to the italic levels', async () => {
  const [document] = await documentsOf(ecfrReader, ECFR_SECTION.bytes);
  assert.equal(document?.head.documentId, 'us/cfr/29/9999.12');
  assert.equal(document.head.citation, '29 CFR 9999.12');
  assert.equal(document.head.title, 'Ladders in orchards');
  assert.equal(document.head.inForceFrom, undefined);
  assert.deepEqual(document.warnings, []);
  assert.deepEqual(
    document.sections.map(({ level, eid, citation }) => `${level} ${eid} = ${citation}`),
    [
      'section s9999.12 = 29 CFR 9999.12',
      'paragraph s9999.12-a = 29 CFR 9999.12(a)',
      'paragraph s9999.12-a-1 = 29 CFR 9999.12(a)(1)',
      'paragraph s9999.12-a-1-i = 29 CFR 9999.12(a)(1)(i)',
      'paragraph s9999.12-a-1-ii = 29 CFR 9999.12(a)(1)(ii)',
      'paragraph s9999.12-a-1-ii-A = 29 CFR 9999.12(a)(1)(ii)(A)',
      'paragraph s9999.12-a-1-ii-B = 29 CFR 9999.12(a)(1)(ii)(B)',
      'paragraph s9999.12-a-1-ii-B-1 = 29 CFR 9999.12(a)(1)(ii)(B)(1)',
      'paragraph s9999.12-a-1-ii-B-2 = 29 CFR 9999.12(a)(1)(ii)(B)(2)',
      'note s9999.12-a-1-note = 29 CFR 9999.12(a)(1)',
      'note s9999.12-a-1-ii-B-2-footnote = 29 CFR 9999.12(a)(1)(ii)(B)(2)',
      'paragraph s9999.12-a-2 = 29 CFR 9999.12(a)(2)',
      'paragraph s9999.12-b = 29 CFR 9999.12(b)',
      'paragraph s9999.12-b-ladder = 29 CFR 9999.12(b) “Ladder”',
      'paragraph s9999.12-b-ladder-1 = 29 CFR 9999.12(b) “Ladder”(1)',
      'paragraph s9999.12-b-ladder-2 = 29 CFR 9999.12(b) “Ladder”(2)',
      'paragraph s9999.12-b-rung = 29 CFR 9999.12(b) “Rung”',
      'paragraph s9999.12-c..e = 29 CFR 9999.12(c)-(e)',
      'paragraph s9999.12-f = 29 CFR 9999.12(f)',
      'paragraph s9999.12-f-1 = 29 CFR 9999.12(f)(1)',
      'paragraph s9999.12-f-2 = 29 CFR 9999.12(f)(2)',
      'paragraph s9999.12-f-para = 29 CFR 9999.12(f)',
      'table s9999.12-f-2-table = 29 CFR 9999.12(f)(2)',
      'paragraph s9999.12-g = 29 CFR 9999.12(g)',
      'paragraph s9999.12-h = 29 CFR 9999.12(h)',
      'paragraph s9999.12-h-1 = 29 CFR 9999.12(h)(1)',
      'paragraph s9999.12-h-2 = 29 CFR 9999.12(h)(2)',
      'paragraph s9999.12-i = 29 CFR 9999.12(i)',
      'paragraph s9999.12-j = 29 CFR 9999.12(j)',
      'appendix s9999.12-app-A = 29 CFR 9999.12 Appendix A',
      'division s9999.12-app-A-before-use = 29 CFR 9999.12 Appendix A, Before use',
      'paragraph s9999.12-app-A-before-use-1 = 29 CFR 9999.12 Appendix A, Before use, 1',
      'paragraph s9999.12-app-A-before-use-2 = 29 CFR 9999.12 Appendix A, Before use, 2',
      'division s9999.12-app-A-after-use = 29 CFR 9999.12 Appendix A, After use',
      'note s9999.12-cita = 29 CFR 9999.12',
    ],
  );
  const textOf = (eid: string): string | undefined => document.sections.find((s) => s.eid === eid)?.text;
  assert.equal(textOf('s9999.12'), 'This section is about ladders.');
  assert.equal(textOf('s9999.12-a-1-i'), 'This section covers ladders longer than 2 m^2 of tread.');
  assert.equal(textOf('s9999.12-a-1-ii-B-1'), 'Apple trees, 8 1/2 m high;');
  assert.equal(textOf('s9999.12-a-1-ii-B-2'), 'Pear trees with a CO2 sensor.');
  assert.equal(textOf('s9999.12-a-1-note'), 'Trees are not ladders.[1]');
  assert.equal(textOf('s9999.12-f-2-table'), 'Tree\tHeight\nApple\t4 m');
});

test('a whole title is one document for each part, also when a part goes over volumes', async () => {
  const documents = await documentsOf(ecfrReader, ECFR_VOLUMES);
  assert.deepEqual(
    documents.map(({ head }) => [head.documentId, head.citation, head.title, head.inForceFrom]),
    [
      ['us/cfr/29/9998', '29 CFR Part 9998', 'TREES', '2022-12-29'],
      ['us/cfr/29/9999', '29 CFR Part 9999', 'LADDERS', '2023-03-01'],
    ],
  );
  assert.deepEqual(
    documents[0]?.sections.map(({ eid, parentEid, citation }) => [eid, parentEid, citation]),
    [
      ['part-9998', undefined, '29 CFR Part 9998'],
      ['part-9998-auth', 'part-9998', '29 CFR Part 9998'],
      ['subpart-A', 'part-9998', '29 CFR Part 9998 Subpart A'],
      ['group-pruning', 'subpart-A', '29 CFR Part 9998 Subpart A'],
      ['s9998.1', 'group-pruning', '29 CFR 9998.1'],
      ['s9998.2-9998.4', 'group-pruning', '29 CFR 9998.2-9998.4'],
      ['subpart-B', 'part-9998', '29 CFR Part 9998 Subpart B'],
      ['app-A', 'part-9998', '29 CFR Part 9998 Appendix A'],
      ['app-A-i-fruit', 'app-A', '29 CFR Part 9998 Appendix A, I. Fruit'],
      ['app-A-i-fruit-A', 'app-A-i-fruit', '29 CFR Part 9998 Appendix A, I. Fruit, A'],
      ['app-A-i-fruit-B', 'app-A-i-fruit', '29 CFR Part 9998 Appendix A, I. Fruit, B'],
      ['subpart-C', 'part-9998', '29 CFR Part 9998 Subpart C'],
      ['s9998.9', 'subpart-C', '29 CFR 9998.9'],
    ],
  );
});

const osha = real.find(({ name }) => name.startsWith('osha'));
test('29 CFR 1910.147 is cited down to its paragraphs', { skip: osha === undefined }, async () => {
  const [document] = await documentsOf(ecfrReader, osha?.bytes ?? new Uint8Array());
  const citations = new Set(document?.sections.map(({ citation }) => citation));
  for (const citation of ['(a)(2)(iii)(B)', '(c)(5)(ii)(C)(2)', '(d)(4)(i)', '(f)(1)(v)', '(f)(3)(ii)(D)'])
    assert.ok(citations.has(`29 CFR 1910.147${citation}`), citation);
  assert.deepEqual(document?.warnings, []);
});
