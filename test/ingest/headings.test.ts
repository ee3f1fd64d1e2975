/** Headings of the CFR, also as real files have spoilt them (see the corrections of the eCFR team). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appendixName, containerHeading, dateOf, sectionHeading } from '../../src/ingest/cfr/headings.ts';
import { ecfrReader } from '../../src/ingest/index.ts';
import { documentsOf, encode } from '../contract/reader-contract.ts';

test('section headings', () => {
  const cases: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['§ 262.34 Accumulation time.', '262.34', 'Accumulation time'],
    ['§ 1.1   Definitions.', '1.1', 'Definitions'],
    ['§§ 586.116-586.117   [Reserved]', '586.116-586.117', '[Reserved]'],
    ['§ § 285.654-285.659   [Reserved]', '285.654-285.659', '[Reserved]'],
    ['§§ 457.104–457.109 [Reserved]', '457.104–457.109', '[Reserved]'],
    ['sect; 810.145   Currency exchange.', '810.145', 'Currency exchange'],
    ['§ 1.401(a)(9)-1 Minimum distributions.', '1.401(a)(9)-1', 'Minimum distributions'],
    ['262.88 Pre-approval', '262.88', 'Pre-approval'],
    ['§ 1926.1', '1926.1', undefined],
    ['Note to readers', undefined, 'Note to readers'],
  ];
  for (const [text, num, heading] of cases) assert.deepEqual(sectionHeading(text), { num, heading }, text);
});

test('headings of parts and subparts', () => {
  const cases: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ['PART 262—STANDARDS', '262', 'STANDARDS'],
    ['PART 1b—NATIONAL ENVIRONMENT POLICY ACT', '1b', 'NATIONAL ENVIRONMENT POLICY ACT'],
    ['PARTS 23–49 [RESERVED]', '23-49', '[RESERVED]'],
    ['PART 63 (CONTINUED)—AIR', '63', 'AIR'],
    ['Subpart A—General', 'A', 'General'],
    ['Subpart E-1 - Occupations', 'E-1', 'Occupations'],
    ['Subpart AAAA [Reserved]', 'AAAA', '[Reserved]'],
    ['CHAPTER I—ENVIRONMENTAL PROTECTION AGENCY', 'I', 'ENVIRONMENTAL PROTECTION AGENCY'],
    ['PROCEDURE FOR VARIATIONS', undefined, 'PROCEDURE FOR VARIATIONS'],
  ];
  for (const [text, num, heading] of cases) assert.deepEqual(containerHeading(text), { num, heading }, text);
});

test('appendices are named after what they belong to', () => {
  const eids = [
    'Appendix A to Part 262—Manifest',
    'Appendix B-1 to Subpart C of Part 60—Methods',
    'Appendix to § 1910.119—List',
    'Appendix A to § 1910.119—List',
    'Appendix to Part 5',
    'Exhibit 1—Form',
  ].map((text) => appendixName(text).eid);
  assert.deepEqual(eids, [
    'app-A',
    'app-B-1-subpart-C',
    'app-s1910.119',
    'app-A-s1910.119',
    'app',
    'app-exhibit-1-form',
  ]);
});

test('dates, and what is none', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['Dec. 29, 2022(fm)', '2022-12-29'],
    ['Sept. 9, 2015', '2015-09-09'],
    ['November 21, 2017', '2017-11-21'],
    ['2015-07-01', '2015-07-01'],
    ['July 30. 18, 2020', undefined],
    ['JFeb. 24, 2021', undefined],
    ['Feb. 30, 2021', undefined],
    ['', undefined],
  ];
  for (const [text, date] of cases) assert.equal(dateOf(text), date, text);
});

test('defects of real titles cost a warning, not the title', async () => {
  const [part, ...more] = await documentsOf(
    ecfrReader,
    encode(`<ECFR><AMDDATE>JFeb. 24, 2021</AMDDATE><DIV1 NODE="29:7"><DIV5 N="" TYPE="PART"><HEAD>PROCEDURE FOR VARIATIONS</HEAD>
<DIV6 N="E" TYPE="SUBPART"><HEAD>Subpart E-1 - Occupations</HEAD><DIV7 N="11" TYPE="SUBJGRP"><HEAD>Duties</HEAD></DIV7><CITA TYPE="N">[62 FR 1]</CITA>
<DIV8 N="sect; 810.145" TYPE="SECTION"><HEAD>sect; 810.145   Currency exchange.</HEAD><P>Text.</P></DIV8></DIV6>
<DIV8 N="§ 779.25" TYPE="SECTION"><HEAD>§ 779.25   Scope.</HEAD><P>Text.</P></DIV8>
<DIV8 N="§ 779.25" TYPE="SECTION"><HEAD>§ 779.25   [Reserved]</HEAD></DIV8>
<DIV6 N="A" TYPE="SUBPART"><HEAD>Subpart A</HEAD></DIV6><DIV6 N="A" TYPE="SUBPART"><HEAD>Subpart A</HEAD></DIV6></DIV5></DIV1></ECFR>`),
  );
  assert.deepEqual(more, []);
  assert.ok(part);
  assert.equal(part.head.inForceFrom, undefined);
  assert.deepEqual(
    part.sections.map(({ eid }) => eid),
    [
      'part-procedure-for-variations',
      'subpart-E-1',
      'group-duties',
      'subpart-E-1-cita',
      's810.145',
      's779.25',
      's779.25~2',
      'subpart-A',
      'subpart-A~2',
    ],
  );
  assert.deepEqual(part.warnings, [
    'AMDDATE is not a date',
    'a part has no number',
    'subpart E-1 has another number in its markup; the heading is believed',
    'subject-group 11 closes without any content; what follows may belong to it',
    'the markup of section 810.145 has more than a number where the number stands',
    'section 779.25 follows subpart E-1 and stands outside of it',
    'the label s779.25 occurs again; this one is kept as s779.25~2',
    'subpart A closes without any content; what follows may belong to it',
    'the label subpart-A occurs again; this one is kept as subpart-A~2',
    'subpart A closes without any content; what follows may belong to it',
  ]);
});
