/** Who must, must not or may do what: sentences of our own in the styles of US, UK and EU law. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  findObligations,
  knowsLanguage,
  METHOD,
  type Obligation,
} from '../../../src/ingest/obligations/index.ts';

const find = (text: string, leadIns: readonly string[] = []): readonly Obligation[] =>
  findObligations({ text, leadIns, language: 'en' });

type Parts = Partial<Omit<Obligation, 'sentence' | 'spanStart' | 'spanEnd' | 'confidence' | 'method'>>;

/** The parts named in `expected` of each obligation of the text; `null` for one that must not be there. */
function check(text: string, expected: readonly Parts[], leadIns: readonly string[] = []): void {
  const found = find(text, leadIns);
  const shown = found.map((one, i) =>
    Object.fromEntries(
      Object.keys(expected[i] ?? { action: '' }).map((key) => [key, one[key as keyof Parts]]),
    ),
  );
  assert.deepEqual(shown, expected);
}

const sentences: readonly (readonly [string, readonly Parts[]])[] = [
  // US
  [
    'The employer shall inspect each ladder before use.',
    [
      {
        modality: 'must',
        addressee: 'employer',
        action: 'inspect each ladder',
        object: 'each ladder',
        deadline: 'before use',
      },
    ],
  ],
  [
    'A generator who ships waste, or offers it for transport, must prepare a manifest.',
    [{ modality: 'must', addressee: 'generator', action: 'prepare a manifest', condition: undefined }],
  ],
  [
    'A registrant may not print the form unless it has received approval.',
    [
      {
        modality: 'must-not',
        addressee: 'registrant',
        action: 'print the form',
        exception: 'unless it has received approval',
      },
    ],
  ],
  [
    'Within 30 days of a spill, the owner or operator must submit a report to the Administrator.',
    [
      {
        addressee: 'owner or operator',
        action: 'submit a report to the Administrator',
        deadline: 'Within 30 days of a spill',
      },
    ],
  ],
  [
    'If a tank holds more than 1,000 gallons, the owner must install a gauge.',
    [
      {
        addressee: 'owner',
        action: 'install a gauge',
        condition: 'If a tank holds more than 1,000 gallons',
        threshold: 'more than 1,000 gallons',
      },
    ],
  ],
  [
    'Guards shall be numbered; shall be painted; and shall not be removed by any employee.',
    [
      { modality: 'must', action: 'be numbered', object: 'Guards', addressee: undefined },
      { modality: 'must', action: 'be painted', object: 'Guards', addressee: undefined },
      { modality: 'must-not', action: 'be removed by any employee', object: 'Guards', addressee: 'employee' },
    ],
  ],
  [
    'The contractor is responsible for keeping the site clean.',
    [{ modality: 'must', addressee: 'contractor', action: 'keeping the site clean' }],
  ],
  [
    'Each employer is required to post the notice.',
    [{ modality: 'must', addressee: 'employer', action: 'post the notice' }],
  ],
  [
    'The tester shall decide whether the tank is sound and, if so, whether it is dry.',
    [
      {
        addressee: 'tester',
        action: 'decide whether the tank is sound and, if so, whether it is dry',
        condition: 'if so',
      },
    ],
  ],
  [
    'The employer shall ensure that before any worker enters a tank, where it held oil, the air is tested.',
    [{ action: 'ensure that before any worker enters a tank, where it held oil, the air is tested' }],
  ],
  [
    'The U.S. exporter must keep a copy and the carrier must sign it.',
    [
      { addressee: 'U.S. exporter', action: 'keep a copy' },
      { addressee: 'carrier', action: 'sign it' },
    ],
  ],
  // UK
  [
    'It shall be the duty of every employer to keep the floor dry.',
    [{ modality: 'must', addressee: 'employer', action: 'keep the floor dry' }],
  ],
  [
    'No person shall operate a crane unless he holds a certificate.',
    [
      {
        modality: 'must-not',
        addressee: 'person',
        action: 'operate a crane',
        exception: 'unless he holds a certificate',
      },
    ],
  ],
  [
    'It shall be unlawful for any person to discharge oil into the harbour.',
    [{ modality: 'must-not', addressee: 'person', action: 'discharge oil into the harbour' }],
  ],
  [
    'Where the noise exceeds 85 dB, the employer shall provide hearing protectors.',
    [{ addressee: 'employer', condition: 'Where the noise exceeds 85 dB', threshold: 'exceeds 85 dB' }],
  ],
  [
    'Where, as a result of an inspection, a lift is found to be unsafe the occupier shall close it.',
    [
      {
        addressee: 'occupier',
        action: 'close it',
        condition: 'Where, as a result of an inspection, a lift is found to be unsafe',
      },
    ],
  ],
  [
    'The inspector may enter any premises at a reasonable time.',
    [{ modality: 'may', addressee: 'inspector', action: 'enter any premises at a reasonable time' }],
  ],
  [
    'Smoking is prohibited in the store.',
    [{ modality: 'must-not', addressee: undefined, action: 'Smoking' }],
  ],
  // EU
  [
    'Member States shall ensure that operators monitor emissions at least once every 3 months.',
    [
      {
        addressee: 'Member States',
        action: 'ensure that operators monitor emissions',
        deadline: 'at least once every 3 months',
      },
    ],
  ],
  [
    'Records shall be kept by the operator for at least five years.',
    [
      {
        addressee: 'operator',
        object: 'Records',
        action: 'be kept by the operator',
        deadline: 'for at least five years',
      },
    ],
  ],
  [
    'Where the Commission finds a risk, it shall inform the Member States without delay.',
    [{ addressee: 'Commission', action: 'inform the Member States', deadline: 'without delay' }],
  ],
  [
    'Railway undertakings, infrastructure managers and station managers shall cooperate.',
    [
      {
        addressee: 'Railway undertakings, infrastructure managers and station managers',
        action: 'cooperate',
      },
    ],
  ],
  [
    'The manufacturer shall, no later than 31 March 2027, publish the results, except where they are secret.',
    [
      {
        addressee: 'manufacturer',
        action: 'publish the results',
        deadline: 'no later than 31 March 2027',
        exception: 'except where they are secret',
      },
    ],
  ],
];

for (const [text, expected] of sentences) test(`obligation: ${text}`, () => check(text, expected));

for (const text of [
  'For the purposes of this Regulation, ‘barrel’ means a vessel made of staves.',
  'This Regulation shall enter into force on the twentieth day following that of its publication.',
  'This Directive shall apply from 1 January 2030.',
  'Annex I is replaced by the text in the Annex to this Regulation.',
  'This Regulation shall be binding in its entirety and directly applicable in all Member States.',
  'Paragraph 1 shall not apply to small boats.',
  'Section 12 is hereby repealed.',
  'This section does not apply to farms.',
  'These Regulations may be cited as the Ladder Regulations 2031.',
  'Exposure to dust may cause harm.',
  'A person who may be exposed is an affected person.',
  'The term shall have the meaning given in section 2.',
  'The licence fee was paid in May 2020.',
  'Duties of the employer',
  '',
])
  test(`no obligation: ${text}`, () => check(text, []));

const items: readonly (readonly [
  name: string,
  leadIns: readonly string[],
  text: string,
  expected: readonly Parts[],
])[] = [
  [
    'verb in the item',
    ['The operator shall:'],
    '(a) keep records;',
    [{ modality: 'must', addressee: 'operator', action: 'keep records', object: 'records' }],
  ],
  [
    'negated lead-in',
    ['An employee must not—'],
    'remove a guard; or',
    [{ modality: 'must-not', action: 'remove a guard' }],
  ],
  [
    'object in the item',
    ['Safety', 'The employer shall provide:'],
    '(2) hearing protectors; and',
    [{ addressee: 'employer', action: 'provide hearing protectors' }],
  ],
  [
    'clause in the item',
    ['Where staff work at height, the employer shall ensure that—'],
    'a net is rigged;',
    [
      {
        addressee: 'employer',
        action: 'ensure that a net is rigged',
        condition: 'Where staff work at height',
      },
    ],
  ],
  [
    'all of the following',
    ['The owner must do all of the following:'],
    '(1) Train each guard annually.',
    [{ addressee: 'owner', action: 'Train each guard', deadline: 'annually' }],
  ],
  [
    'its own sentence',
    ['The following applies:'],
    'The owner must pay.',
    [{ addressee: 'owner', action: 'pay' }],
  ],
  [
    'text after the list',
    ['The employer shall ensure that—'],
    'and shall display a sign.',
    [{ addressee: 'employer', action: 'display a sign' }],
  ],
  [
    'the nearest sentence leads',
    ['The owner must train everyone as follows:', 'A trained officer must:'],
    'Sign the list.',
    [{ addressee: 'trained officer', action: 'Sign the list' }],
  ],
  [
    'no verb: a detail of what the lead-in said',
    ['The form must contain the following information:'],
    'Name of the owner;',
    [],
  ],
  ['a condition of a permission', ['The owner may build provided that:'], '(1) The plan has been filed;', []],
];
for (const [name, leadIns, text, expected] of items)
  test(`obligation of an item: ${name}`, () => check(text, expected, leadIns));

test('a lead-in without its items says nothing, a whole sentence with a colon does', () => {
  check('The operator shall:', []);
  check('The employer shall ensure that—', []);
  check('The operator shall submit a report with the following:', [{ addressee: 'operator' }]);
});

test('a list in one text is read item by item, with spans of that text', () => {
  const text = 'General. The operator shall: (a) keep records; and (b) train staff annually.';
  const found = find(text);
  assert.deepEqual(
    found.map(({ addressee, action, deadline }) => [addressee, action, deadline]),
    [
      ['operator', 'keep records', undefined],
      ['operator', 'train staff', 'annually'],
    ],
  );
  assert.deepEqual(
    found.map(({ sentence }) => sentence),
    ['(a) keep records; and', '(b) train staff annually.'],
  );
});

test('duties of someone are surer than rules about things', () => {
  const [duty] = find('The employer shall notify the authority of every accident.');
  const [thing] = find('The label shall be yellow.');
  assert.ok((duty?.confidence ?? 0) > 0.8);
  assert.ok((thing?.confidence ?? 0) < 0.5);
  assert.equal(duty?.method, METHOD);
});

test('languages other than English are not guessed at', () => {
  assert.equal(knowsLanguage('en-GB'), true);
  assert.equal(knowsLanguage('de'), false);
  assert.deepEqual(findObligations({ text: 'The owner shall pay.', leadIns: [], language: 'fr' }), []);
});

const words = fc.constantFrom(
  ...[
    'shall',
    'must not',
    'may',
    'The operator',
    'Member States',
    'it',
    'is prohibited',
    'by',
    'if',
    'where',
    'that',
    'who',
  ],
  ...[
    'keep',
    'be kept',
    'records',
    'within 30 days',
    'more than 5 kg',
    'except',
    'unless',
    'and',
    ',',
    ';',
    ':',
    '(a)',
    '.',
    '\n',
  ],
  ...[
    'It shall be unlawful for',
    'to',
    'the duty of',
    '—',
    '(',
    ')',
    '\ud800',
    '𝒳',
    '\u0000',
    'No',
    'following',
    'be',
    '1.',
    '’',
  ],
);
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(words, { maxLength: 50 }).map((list) => list.join(' ')),
);

const PARTS = ['addressee', 'action', 'object', 'condition', 'threshold', 'deadline', 'exception'] as const;
const bare = (text: string): string => text.replace(/[\s;]+/g, '');

/** What the places of a part hold, one after the other, is the part. */
function checkEvidence(one: Obligation, text: string, leadIns: readonly string[]): void {
  const slices = (name: string): string[] =>
    one.evidence
      .filter(({ part }) => part === name)
      .map(({ source, start, end }) => (source < 0 ? text : (leadIns[source] ?? '')).slice(start, end));
  for (const part of PARTS) assert.equal(bare(slices(part).join(' ')), bare(one[part] ?? ''), part);
  assert.ok(slices('modality').length > 0);
  for (const { part, name, start, end } of one.evidence) {
    assert.ok(start < end);
    assert.equal(name !== '', ['topic', 'sector', 'substance', 'size'].includes(part));
  }
}

test('each part says where it stands: in the item, and in what leads it in', () => {
  const text = '(a)  a net is rigged for 10 or more employees;';
  const leadIns = ['Safety.', 'This is new. Where staff work at height, the employer shall ensure that—'];
  const [one, ...rest] = find(text, leadIns);
  assert.ok(one !== undefined && rest.length === 0);
  checkEvidence(one, text, leadIns);
  const places = one.evidence.map(({ part, name, source, start, end }) => [
    name === '' ? part : name,
    source,
    (source < 0 ? text : (leadIns[source] ?? '')).slice(start, end),
  ]);
  assert.deepEqual(places, [
    ['modality', 1, 'shall'],
    ['addressee', 1, 'employer'],
    ['action', 1, 'ensure that'],
    ['action', -1, 'a net is rigged for 10 or more employees'],
    ['condition', 1, 'Where staff work at height'],
    ['threshold', -1, '10 or more employees'],
    ['at-least 10 employees', -1, '10 or more employees'],
    ['work at height', 1, 'work at height'],
  ]);
});

test('any text: never throws, evidence is an exact piece of it, in order, the same each time', () => {
  fc.assert(
    fc.property(anyText, fc.array(anyText, { maxLength: 3 }), (text, leadIns) => {
      const found = find(text, leadIns);
      let last: readonly [number, number] = [0, 0];
      for (const { sentence, spanStart, spanEnd, confidence } of found) {
        assert.equal(sentence, text.slice(spanStart, spanEnd));
        assert.ok(confidence >= 0 && confidence <= 1);
        const isSame = spanStart === last[0] && spanEnd === last[1];
        assert.ok(isSame || spanStart >= last[1]);
        last = [spanStart, spanEnd];
      }
      for (const one of found) checkEvidence(one, text, leadIns);
      assert.deepEqual(find(text, leadIns), found);
    }),
    { numRuns: 600, seed: 5 },
  );
});

const MILLION = 1_000_000;
const hostile: readonly (readonly [string, string])[] = [
  ['commas', ','],
  ['brackets', '('],
  ['closed brackets', '()'],
  ['shall', 'shall '],
  ['subjects and verbs', 'the operator shall '],
  ['conditions', 'if, where, when unless '],
  ['passives', 'shall be kept by the '],
  ['full stops', '. '],
  ['semicolons with markers', '; (a) '],
  ['lists in lists', 'x: (a) '],
  ['line ends', '\n'],
  ['spaces', ' '],
  ['numbers', 'more than 5 '],
  ['one word', 'a'],
  ['duties', 'It shall be the duty of every '],
];
for (const [name, unit] of hostile)
  test(`a million units of ${name} take less than two seconds`, () => {
    const text = unit.repeat(Math.ceil(MILLION / unit.length));
    const before = process.cpuUsage();
    find(text, [text]);
    const { user } = process.cpuUsage(before);
    assert.ok(user < 2_000_000, `${user / 1000} ms`);
  });

test('a million units of real sentences take less than two seconds', () => {
  const text = sentences.map(([sentence]) => sentence).join(' ');
  const long = `${text} `.repeat(Math.ceil(MILLION / text.length));
  const before = process.cpuUsage();
  assert.ok(find(long).length > 5000);
  assert.ok(process.cpuUsage(before).user < 2_000_000);
});
