/** Defined terms and amending notes: what is found, where it counts, and that spans quote the text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findAmendments, isHistory, textualNote } from '../../src/ingest/amendments/index.ts';
import { findDefinitions } from '../../src/ingest/definitions/index.ts';
import type { SectionLevel } from '../../src/ingest/index.ts';

interface Given {
  readonly heading?: string;
  readonly num?: string;
  readonly level?: SectionLevel;
  readonly leadIns?: readonly string[];
  readonly headings?: readonly string[];
}

/** `term = meaning (scope words → path)`. */
function terms(
  text: string,
  { heading, num, level = 'paragraph', leadIns = [], headings = [] }: Given = {},
): string[] {
  return findDefinitions({ node: { text, heading, num, level }, leadIns, headings }).map(
    ({ term, meaning, scope }) => {
      const path =
        scope?.target === undefined || !('path' in scope.target) ? 'whole' : scope.target.path.join('/');
      return `${term} = ${meaning}${scope === undefined ? '' : ` (${scope.text} → ${path})`}`;
    },
  );
}

test('quoted terms, alone and in lists, with their scope', () => {
  assert.deepEqual(terms('“noise” means any audible sound;', { leadIns: ['In these Regulations—'] }), [
    'noise = any audible sound; (In these Regulations → whole)',
  ]);
  assert.deepEqual(
    terms('‘emission reduction unit’ or ‘ERU’ means a unit issued;', {
      num: '(m)',
      leadIns: ['For the purposes of this Directive:'],
    }),
    [
      'emission reduction unit = a unit issued; (For the purposes of this Directive → whole)',
      'ERU = a unit issued; (For the purposes of this Directive → whole)',
    ],
  );
  assert.deepEqual(terms('For the purposes of this paragraph “ship” includes a vessel. It sails.'), [
    'ship = a vessel. (For the purposes of this paragraph → own:paragraph)',
  ]);
  assert.deepEqual(
    terms(
      'In this Part of this Act, “charity” means a body (see section 2 of the Charities Act 1990 (c. 40)) that is registered.',
    ),
    [
      'charity = a body (see section 2 of the Charities Act 1990 (c. 40)) that is registered. (In this Part → own:part)',
    ],
  );
});

test('terms without quotation marks, where a list says that they are terms', () => {
  const list = {
    headings: ['Definitions'],
    leadIns: ['The following definitions apply to subpart D of this part.'],
  };
  assert.deepEqual(terms('Exporter means the person who ships.', { ...list, heading: 'Exporter' }), [
    'Exporter = the person who ships. (apply to subpart D → subpart:D)',
  ]);
  assert.deepEqual(terms('A device that locks.', { ...list, heading: 'Lockout device' }), [
    'Lockout device = A device that locks. (apply to subpart D → subpart:D)',
  ]);
  assert.deepEqual(terms('Plan (EMP) means a written program.', { ...list, num: '(3)' }), [
    'Plan = a written program. (apply to subpart D → subpart:D)',
  ]);
  assert.deepEqual(terms('Term\tMeaning\nVent\tAn opening\nStack\tA chimney', { ...list, level: 'table' }), [
    'Vent = An opening (apply to subpart D → subpart:D)',
    'Stack = A chimney (apply to subpart D → subpart:D)',
  ]);
});

test('names in brackets mean what stands before them', () => {
  assert.deepEqual(
    terms('A system for trading within the Union (hereinafter referred to as the ‘EU ETS’) exists.'),
    ['EU ETS = A system for trading within the Union'],
  );
});

test('words that are only quoted, or mean nothing here, define nothing', () => {
  for (const text of [
    'Mark containers with the words “Hazardous Waste”.',
    'In subsection (1), after “dwelling-house” insert “in England”;',
    'By means of a pump, water is moved.',
    'This means that the operator stops.',
    'The operator includes the record.',
  ])
    assert.deepEqual(terms(text), [], text);
});

test('spans of definitions lie in the text and hold the term', () => {
  const piece = fc.constantFrom(
    '“a”',
    ' means ',
    ' or ',
    '‘b c’',
    '. ',
    '; ',
    '\n',
    ' (“x”) ',
    'The word y',
    ' and ',
    '😀',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
      const text = parts.join('');
      for (const { term, spanStart, spanEnd } of findDefinitions({
        node: { text, heading: undefined, num: undefined, level: 'paragraph' },
        leadIns: [],
        headings: ['Definitions'],
      })) {
        assert.ok(spanStart >= 0 && spanStart < spanEnd && spanEnd <= text.length);
        assert.ok(text.slice(spanStart, spanEnd).includes(term), term);
      }
    }),
    { numRuns: 1000 },
  );
});

test('source notes of the CFR: which register page made and changed a section', () => {
  const note = {
    eid: 's262.10-cita',
    level: 'note' as const,
    text: '[61 FR 16309, Apr. 12, 1996, as amended at 70 FR 10818, Mar. 4, 2005; 71 FR 1; redesignated at 72 FR 2, July 1, 2007]',
  };
  assert.ok(isHistory(note));
  assert.deepEqual(
    findAmendments(note).map(({ kind, citation, publishedOn }) => [kind, citation, publishedOn]),
    [
      ['made', '61 FR 16309', '1996-04-12'],
      ['amended', '70 FR 10818', '2005-03-04'],
      ['amended', '71 FR 1', undefined],
      ['renumbered', '72 FR 2', '2007-07-01'],
    ],
  );
  assert.deepEqual(findAmendments({ eid: 's262.10-note', level: 'note', text: 'See 61 FR 16309.' }), []);
});

test('acts behind a consolidated version, and notes of the British editors', () => {
  const history = [
    'Consolidated version of 2003L0087',
    'Amended by 32004L0101: Directive 2004/101/EC of 27 October 2004 amending …',
    'DIRECTIVE 2008/101/EC OF THE COUNCIL of 19 November 2008\tL 8\t3\t13.1.2009',
  ].join('\n');
  assert.deepEqual(
    findAmendments({ eid: 'history', level: 'note', text: history }).map(
      ({ kind, documentId, publishedOn }) => [kind, documentId, publishedOn],
    ),
    [
      ['amended', 'eu/dir/2004/101', '2004-10-27'],
      ['amended', 'eu/dir/2008/101', '2009-01-13'],
    ],
  );
  const note = textualNote('Words in s. 19(5) inserted (20.6.2003) by Enterprise Act 2002 (c. 40), s. 279');
  assert.deepEqual(
    [note?.kind, note?.citation, note?.effectiveOn],
    ['added', 'Enterprise Act 2002 (c. 40)', '2003-06-20'],
  );
  assert.equal(textualNote('1974 c.37; section 11(2) is to be read with care'), undefined);
});
