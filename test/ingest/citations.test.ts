/** References: what is found, what it points at, what is none; and that hostile text costs no more than long text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FIXED_LIMITS } from '../../src/base/index.ts';
import {
  Aliases,
  LeadIns,
  Places,
  findReferences,
  resolve,
  type CitingDocument,
  type Holdings,
} from '../../src/ingest/citations/index.ts';
import type { SectionLevel } from '../../src/ingest/index.ts';

const US = document('us/cfr/40/262', 'US', 'cfr');
const SI = document('uk/uksi/2005/1643', 'UK', 'uksi');
const ACT = document('uk/ukpga/2021/5', 'UK', 'ukpga');
const EU = document('eu/dir/2003/87', 'EU', 'dir');

function document(
  documentId: string,
  jurisdiction: string,
  family: string,
  aliases?: ReadonlyMap<string, string>,
): CitingDocument {
  return { documentId, jurisdiction, family, aliases: aliases ?? new Map() };
}

/** `printed → where`, with what is inside of a range in brackets. */
function found(text: string, from: CitingDocument): string[] {
  return findReferences(text, from).map(({ start, end, target, implied }) => {
    const path = 'path' in target ? target.path.join('/') : '';
    const where =
      target.in === 'here'
        ? `${target.from} ${path}`
        : target.in === 'document'
          ? `${target.documentId} ${path}`
          : target.in === 'titled'
            ? `“${target.title}” ${path}`
            : 'unknown';
    const line = `${text.slice(start, end)} → ${where.trim()}`;
    return implied ? `[${line}]` : line;
  });
}

test('US: sections, labels, lists and ranges', () => {
  assert.deepEqual(
    found('Comply with § 262.34(a)(1)(i) and (c), §§ 262.11 and 265.16 of this chapter.', US),
    [
      '§ 262.34(a)(1)(i) → root section:262.34/a/1/i',
      '(c) → root section:262.34/c',
      '§§ 262.11 → root section:262.11',
      '265.16 of this chapter → us/cfr/40/265 section:265.16',
    ],
  );
  assert.deepEqual(found('under paragraphs (a)(1) through (a)(4) of this section', US), [
    'paragraphs (a)(1) → unit a/1',
    '[paragraphs (a)(1) through (a)(4) → unit a/2]',
    '[paragraphs (a)(1) through (a)(4) → unit a/3]',
    '(a)(4) of this section → unit a/4',
  ]);
  assert.deepEqual(
    found('paragraphs (c)(1)(i) through (c)(1)(iii) of § 262.87', US).at(-1),
    '(c)(1)(iii) of § 262.87 → root section:262.87/c/1/iii',
  );
});

test('US: parts, subparts, appendices and other systems', () => {
  assert.deepEqual(
    found(
      'subpart I of part 265 of this chapter, subparts C and D of 40 CFR part 261, this part, appendix A to this subpart',
      US,
    ),
    [
      'subpart I of part 265 of this chapter → us/cfr/40/265 subpart:I',
      'subparts C → us/cfr/40/261 subpart:C',
      'D of 40 CFR part 261 → us/cfr/40/261 subpart:D',
      'this part → root',
      'appendix A to this subpart → around appendix:A',
    ],
  );
  assert.deepEqual(
    found(
      '42 U.S.C. 6912 and 6937; 61 FR 16309; Pub. L. 94-580; section 3008 of the Act; 29 CFR 1910.147(c)',
      US,
    ),
    [
      '42 U.S.C. 6912 → us/usc/title-42 section:6912',
      '6937 → us/usc/title-42 section:6937',
      '61 FR 16309 → “61 FR 16309”',
      'Pub. L. 94-580 → unknown',
      'section 3008 of the Act → unknown',
      '29 CFR 1910.147(c) → us/cfr/29/1910 section:1910.147/c',
    ],
  );
});

test('UK: regulations, schedules, acts by title, number and the name the document gives them', () => {
  assert.deepEqual(
    found('regulation 6(2)(b), paragraph (3), Schedule 1, Part 2 and regulations 7(1) to (3)', SI),
    [
      'regulation 6(2)(b) → root regulation:6/2/b',
      'paragraph (3) → around 3',
      'Schedule 1, Part 2 → root schedule:1/part:2',
      'regulations 7(1) → root regulation:7/1',
      '[regulations 7(1) to (3) → root regulation:7/2]',
      '(3) → root regulation:7/3',
    ],
  );
  assert.deepEqual(
    found('section 2(1) of the Health and Safety at Work etc. Act 1974 and S.I. 1999/3242', SI),
    [
      'section 2(1) of the Health and Safety at Work etc. Act 1974 → uk/ukpga/1974/37 section:2/1',
      'S.I. 1999/3242 → uk/uksi/1999/3242',
    ],
  );
  assert.deepEqual(
    found(
      'sections 15(1) and 82 of, and paragraphs 8(1) and 9 of Schedule 3 to, the Railways Act 1993 (c. 43)',
      SI,
    ),
    [
      'sections 15(1) → uk/ukpga/1993/43 section:15/1',
      '82 → uk/ukpga/1993/43 section:82',
      'paragraphs 8(1) → uk/ukpga/1993/43 schedule:3/8/1',
      '9 of Schedule 3 → uk/ukpga/1993/43 schedule:3/9',
    ],
  );
  const aliases = new Aliases();
  aliases.learn('“the 1974 Act” means the Health and Safety at Work etc. Act 1974;');
  assert.deepEqual(
    found(
      'under section 11(2)(d) of the 1974 Act',
      document('uk/uksi/1994/397', 'UK', 'uksi', aliases.names),
    ),
    ['section 11(2)(d) of the 1974 Act → uk/ukpga/1974/37 section:11/2/d'],
  );
  assert.deepEqual(found('paragraph 16(2)(b) of Schedule 6 to the Coal Mines (Control) Act 1999', ACT), [
    'paragraph 16(2)(b) of Schedule 6 to the Coal Mines (Control) Act 1999 → “Coal Mines (Control) Act 1999” schedule:6/16/2/b',
  ]);
});

test('UK: what a provision amends is where its bare numbers point', () => {
  const leadIns = new LeadIns();
  const node = (eid: string, parentEid: string | undefined, text: string) =>
    leadIns.enter({ eid, parentEid, text, heading: undefined });
  node('s1', undefined, '');
  node('s1-1', 's1', 'The Housing Act 1985 is amended as follows.');
  const text = 'In section 121, omit subsection (2).';
  const targets = findReferences(text, ACT, node('s1-2', 's1', text)).map(({ target }) => target);
  assert.deepEqual(targets[0], { in: 'document', documentId: 'uk/ukpga/1985/68', path: ['section:121'] });
  // A list of its own does not speak for the paragraphs behind it.
  node('s2', undefined, '');
  node('s2-1', 's2', 'The Housing Act 1985 is modified as follows—');
  const own = findReferences('Schedule 1 applies.', ACT, node('s2-2', 's2', 'Schedule 1 applies.'));
  assert.equal(own[0]?.target.in, 'here');
});

test('EU: articles with what stands in them, annexes, acts of every numbering', () => {
  assert.deepEqual(
    found(
      'Article 5(2), first subparagraph, point (a), Annex I and the second subparagraph of paragraph 1',
      EU,
    ),
    [
      'Article 5(2), first subparagraph, point (a) → root article:5/2/sub:1/a',
      'Annex I → root annex:I',
      'second subparagraph of paragraph 1 → around 1/sub:2',
    ],
  );
  assert.deepEqual(
    found('Article 4 of Regulation (EU) No 1907/2006, Directives 2003/88/EC and 96/61/EC, 32018R2066', EU),
    [
      'Article 4 of Regulation (EU) No 1907/2006 → eu/reg/2006/1907 article:4',
      'Directives 2003/88/EC → eu/dir/2003/88',
      '96/61/EC → eu/dir/1996/61',
      '32018R2066 → eu/reg/2018/2066',
    ],
  );
  assert.deepEqual(
    found(
      'Article 9 and Annex I to Directive 2009/31/EC; Article 10 of that Directive; Article 192(1) TFEU',
      EU,
    ),
    [
      'Article 9 → eu/dir/2009/31 article:9',
      'Annex I to Directive 2009/31/EC → eu/dir/2009/31 annex:I',
      'Article 10 of that Directive → eu/dir/2009/31 article:10',
      'Article 192(1) TFEU → unknown',
    ],
  );
});

test('what is no reference to law is none', () => {
  for (const text of [
    'section 5 of the standard',
    'clause 4.2 of EN ISO 17025 and Table 1',
    'part 2 of the form',
    'a section of pipe 5 m long',
    'parts per million',
    'the following section of the report',
    'discussed in this section of the environmental impact statement',
  ])
    assert.deepEqual(found(text, US), [], text);
  for (const text of [
    'section 5 of the standard',
    'paragraph 3 of the code of practice',
    'point 4 of ISO 9001',
    'within regulation limits',
    'rules apply',
  ])
    assert.deepEqual(found(text, SI), [], text);
  for (const text of [
    'Table 1 of EN 590',
    'point 3 of the questionnaire',
    'article 30 days',
    'this Regulation',
    '2 points',
  ])
    assert.deepEqual(found(text, EU), [], text);
});

/** A small document: nodes by eid, parent, level and number. */
function places(
  ...nodes: readonly (readonly [string, string | undefined, SectionLevel, string | undefined])[]
): Places {
  const all = new Places();
  for (const [eid, parentEid, level, num] of nodes) all.add({ eid, parentEid, level, num });
  return all;
}

const NOTHING: Holdings = { titled: () => undefined, hasDocument: () => false, hasSection: () => false };

function answers(
  text: string,
  from: string,
  document: CitingDocument,
  all: Places,
  holdings: Holdings = NOTHING,
): string[] {
  return findReferences(text, document).flatMap((reference) => {
    const answer = resolve(reference, from, document.documentId, all, holdings);
    return answer === undefined
      ? []
      : [`${answer.resolution} ${answer.sectionId ?? answer.documentId ?? ''}`.trim()];
  });
}

test('a reference resolves from where it stands, to the provision, what is around it, or the document', () => {
  const cfr = places(
    ['part-262', undefined, 'part', '262'],
    ['subpart-A', 'part-262', 'subpart', 'A'],
    ['s262.10', 'subpart-A', 'section', '262.10'],
    ['s262.10-a', 's262.10', 'paragraph', '(a)'],
    ['s262.10-a-1', 's262.10-a', 'paragraph', '(1)'],
    ['s262.10-a-term', 's262.10-a', 'paragraph', undefined],
    ['s262.12', 'subpart-A', 'section', '262.12'],
    ['s262.14', 'subpart-A', 'section', '262.14'],
  );
  const at = (text: string): string[] => answers(text, 's262.10-a-term', US, cfr);
  assert.deepEqual(at('paragraph (a)(1) of this section'), ['provision us/cfr/40/262#s262.10-a-1']);
  assert.deepEqual(at('paragraph (a)(9) of this section'), ['ancestor us/cfr/40/262#s262.10-a']);
  assert.deepEqual(at('§ 262.99'), ['document us/cfr/40/262']);
  assert.deepEqual(at('this subpart'), ['provision us/cfr/40/262#subpart-A']);
  // Of a range, what exists; of one elsewhere, its ends.
  assert.deepEqual(at('§§ 262.10 through 262.14'), [
    'provision us/cfr/40/262#s262.10',
    'provision us/cfr/40/262#s262.12',
    'provision us/cfr/40/262#s262.14',
  ]);
  assert.deepEqual(at('§§ 265.10 through 265.14'), [
    'named us/cfr/40/265#s265.10',
    'named us/cfr/40/265#s265.14',
  ]);
});

test('what is on the node decides over references to other documents', () => {
  const all = places(['art_1', undefined, 'article', '1']);
  const text = 'Article 4(2) of Regulation (EU) 2018/2066';
  assert.deepEqual(answers(text, 'art_1', EU, all), ['named eu/reg/2018/2066#art_4.para_2']);
  const has = (...sections: string[]): Holdings => ({
    ...NOTHING,
    hasDocument: () => true,
    hasSection: (id) => sections.includes(id),
  });
  assert.deepEqual(answers(text, 'art_1', EU, all, has('eu/reg/2018/2066#art_4.para_2')), [
    'provision eu/reg/2018/2066#art_4.para_2',
  ]);
  assert.deepEqual(answers(text, 'art_1', EU, all, has('eu/reg/2018/2066#art_4')), [
    'ancestor eu/reg/2018/2066#art_4',
  ]);
  assert.deepEqual(answers(text, 'art_1', EU, all, has()), ['document eu/reg/2018/2066']);
  assert.deepEqual(answers('Article 6 of the Kyoto Protocol', 'art_1', EU, all), ['none']);
});

test('letters and subparagraphs are looked for from the inside out', () => {
  const all = places(
    ['art_3', undefined, 'article', '3'],
    ['art_3.para_1', 'art_3', 'paragraph', '1.'],
    ['art_3.para_1.point_a', 'art_3.para_1', 'paragraph', '(a)'],
    ['art_3.para_1.sub_2', 'art_3.para_1', 'paragraph', undefined],
    ['art_3.para_2', 'art_3', 'paragraph', '2.'],
    ['art_3.para_2.point_a', 'art_3.para_2', 'paragraph', '(a)'],
  );
  assert.deepEqual(answers('point (a)', 'art_3.para_2', EU, all), [
    'provision eu/dir/2003/87#art_3.para_2.point_a',
  ]);
  assert.deepEqual(answers('point (a) of paragraph 1', 'art_3.para_2', EU, all), [
    'provision eu/dir/2003/87#art_3.para_1.point_a',
  ]);
  assert.deepEqual(answers('the second subparagraph', 'art_3.para_1.point_a', EU, all), [
    'provision eu/dir/2003/87#art_3.para_1.sub_2',
  ]);
  assert.deepEqual(answers('the first subparagraph', 'art_3.para_1.sub_2', EU, all), [
    'provision eu/dir/2003/87#art_3.para_1',
  ]);
});

const PIECES = [
  '§ ',
  '§§ ',
  '262.34',
  '(a)',
  '(1)',
  '(iv)',
  ' and ',
  ', ',
  ' through ',
  ' to ',
  ' of ',
  'this section',
  'this part',
  '40 CFR ',
  'part ',
  'subpart I ',
  'Article ',
  'Articles ',
  '5',
  '3a',
  'Annex I ',
  'point ',
  'paragraph ',
  'first subparagraph',
  'Directive 2003/87/EC',
  'that Directive',
  'Schedule 1 ',
  'regulation ',
  'the Water Act 1989',
  'S.I. 1999/1',
  '“X” means',
  '\n',
  '\t',
  'é',
  '😀',
  ' thereof',
  'TFEU',
  'the Act',
];

test('every span quotes the text, in order and within it, whatever the text', () => {
  const text = fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', maxLength: 200 }),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(US, SI, ACT, EU), (content, from) => {
      let last = 0;
      for (const { start, end, implied } of findReferences(content, from)) {
        assert.ok(start >= last && start < end && end <= content.length);
        const printed = content.slice(start, end);
        assert.equal(printed, printed.trim());
        if (!implied) last = start;
      }
    }),
    { numRuns: 1500 },
  );
});

test('hostile text ends, with bounded lists', () => {
  const megabyte = 1024 * 1024;
  const lists = FIXED_LIMITS.citation_list_items.value;
  for (const from of [US, SI, EU])
    for (const piece of [
      '(a)',
      'Article ',
      'Article 1 of ',
      '§ 1.1(a)',
      'paragraph (a) to (z), ',
      'the A of the B Act ',
      '“X” ',
      '( ',
      'Schedule 1 to ',
    ]) {
      const text = piece.repeat(Math.ceil(megabyte / piece.length));
      const refs = findReferences(text, from);
      assert.ok(refs.length <= text.length * 2, piece);
    }
  const long = `§§ ${Array.from({ length: lists * 3 }, (_, i) => `1.${i + 1}`).join(', ')}`;
  assert.equal(findReferences(long, US).length, lists);
  assert.ok(findReferences('paragraphs (1) through (99999) of this section', US).length <= lists + 2);
});
