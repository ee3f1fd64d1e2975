/**
 * Defects of official files: every patch of the eCFR's editors for the titles at hand, undone, through the reader. A defect
 * that a reader can notice must be warned of or refused; where it cannot, nothing but the words concerned may differ.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import { ecfrReader, type ReadEvent, type SectionNode } from '../../src/ingest/index.ts';
import { chunksOf, encode, readAll, readFailing } from '../contract/reader-contract.ts';
import { CORRECTIONS, corrections, wholeFiles, type Around, type Correction } from './corrections.ts';

type Expected =
  | { readonly kind: string; readonly warns: RegExp }
  /** What the defect leaves changed, and why nothing in the file contradicts it. */
  | { readonly kind: string; readonly differsIn: 'date' | 'words'; readonly why: string }
  | { readonly kind: string; readonly whyNot: string };

const YEAR = {
  kind: 'wrong year',
  warns: /^the file is dated [\d-]+, but a source note names an amendment of/,
};
const NO_DATE = { kind: 'malformed date', warns: /^AMDDATE is not a date$/ };
const DAY = {
  kind: 'date off by days',
  differsIn: 'date',
  why: 'a real day, not before any amendment in the text',
} as const;
const NUMBER = { kind: 'wrong id', warns: /has another number in its markup/ };
const NO_NUMBER = { kind: 'wrong id', warns: /^the markup of section [\d.]+ has more than a number/ };
const EARLY = { kind: 'subpart closed early', warns: /closes without any content/ };
const UNHELD = {
  kind: 'misnested appendix',
  warns: /^an appendix in .* has its heading outside the extract/,
};
const TWICE = { kind: 'duplicate section', warns: /^the label s[\d.]+ occurs again/ };

/** By the first words of the name. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  '29/001': { ...DAY, kind: 'date in the future', why: 'a reader knows no today; the amendments are older' },
  '29/002': NUMBER,
  '29/003': TWICE,
  '29/004': YEAR,
  '29/005': { kind: 'missing id', warns: /^a part has no number$/ },
  '29/006': NO_DATE,
  '29/007': NO_DATE,
  '29/008': NO_DATE,
  '29/009': YEAR,
  '29/010-patch-March-2021-early-subpart-close/001': EARLY,
  '29/010-patch-March-2021-early-subpart-close/002': EARLY,
  '29/010-patch-March-2021-early-subpart-close/003': {
    kind: 'paragraph left open',
    whyNot: 'a paragraph opened in one hunk closes three hunks on, around parts that the patch does not show',
  },
  '29/011': NO_NUMBER,
  '29/012': NO_NUMBER,
  '29/013': { kind: 'date not moved on', warns: YEAR.warns },
  '29/014': { kind: 'misprint', differsIn: 'words', why: 'a digit for a letter in running text' },
  '29/015': DAY,
  '29/016': DAY,
  '29/017': DAY,
  '29/018': DAY,
  '29/019-fix-early-subpart-close/001': {
    kind: 'subpart closed early',
    warns: /^section [\d.-]+ follows subpart A and stands outside of it$/,
  },
  '29/019': UNHELD,
  '30/001': YEAR,
  '30/002': TWICE,
  '30/003': DAY,
  '30/004': { kind: 'subject group closed early', warns: EARLY.warns },
  '30/005': { kind: 'duplicated subparts', warns: /^the label subpart-[A-Z] occurs again/ },
};

function expectedOf(name: string): Expected {
  const found = EXPECTED[name] ?? EXPECTED[name.slice(0, 6)];
  assert.ok(found !== undefined, `no expectation for ${name}`);
  return found;
}

const MONTHS = 'Jan. Feb. Mar. Apr. May June July Aug. Sept. Oct. Nov. Dec.'.split(' ');
/** Rules take effect about two months after they are published; notes name the day of publication. */
const DAYS_BEFORE_EFFECT = 60;
/** 87 FR 61822, which the correction names. */
const PUBLISHED: Readonly<Record<string, string>> = { '29/013': 'Oct. 13, 2022' };
/** The section before the one that is there twice. */
const INSIDE: Readonly<Record<string, string>> = { '30/002': '779.25' };

/** A source note as the volume has it: that of the amendment whose day the corrected date is. */
function aroundOf({ name, title, after }: Correction): Around {
  const [, word, iso] =
    /<AMDDATE>(?:([A-Z][a-z]+\.? \d{1,2}, \d{4})|(\d{4}-\d\d-\d\d))/.exec(after.join('')) ?? [];
  const day = word ?? iso;
  const published = new Date(
    Date.parse(`${day?.replace('Sept', 'Sep') ?? ''} UTC`) - DAYS_BEFORE_EFFECT * 86_400_000,
  );
  const written = `${MONTHS[published.getUTCMonth()] ?? ''} ${published.getUTCDate()}, ${published.getUTCFullYear()}`;
  const amended = PUBLISHED[name.slice(0, 6)] ?? (day === undefined ? undefined : written);
  return { title, amended, inside: INSIDE[name.slice(0, 6)] };
}

interface Reading {
  readonly warnings: readonly string[];
  readonly sections: readonly SectionNode[];
  readonly refused: string | undefined;
}

async function readingOf(files: readonly string[]): Promise<Reading> {
  const events: ReadEvent[] = [];
  let refused: string | undefined;
  for (const file of files)
    try {
      events.push(...(await readAll(ecfrReader, chunksOf(encode(file)))));
    } catch (error) {
      assert.ok(error instanceof FractalError && error.place?.line !== undefined, String(error));
      refused = error.code;
    }
  return {
    warnings: events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
    sections: events.flatMap((event) => (event.type === 'section' ? [event.section] : [])),
    refused,
  };
}

const all = existsSync(CORRECTIONS) ? corrections() : [];
if (all.length === 0) console.log('# skipped: ecfr-corrections is not below shared data');

test('corrections of official files, undone, are warned of', { skip: all.length === 0 }, async () => {
  const rows: string[] = [];
  const counts = { warned: 0, unseen: 0, 'not reversed': 0 };
  const row = (name: string, kind: string, what: string): void => {
    rows.push(`# ${name.replace(/-[^/]*/, '').padEnd(12)} ${kind.padEnd(28)} ${what}`);
  };
  for (const correction of all) {
    const { name, before, after } = correction;
    const around = aroundOf(correction);
    const expected = expectedOf(name);
    const [defective, corrected] = [wholeFiles(before, around), wholeFiles(after, around)];
    if ('whyNot' in expected) {
      assert.equal(defective, undefined, name);
      counts['not reversed']++;
      row(name, expected.kind, `not reversed: ${expected.whyNot}`);
      continue;
    }
    assert.ok(defective !== undefined && corrected !== undefined, name);
    const [bad, good] = [await readingOf(defective), await readingOf(corrected)];
    assert.equal(bad.refused ?? good.refused, undefined, name);
    // What the cutting of the fragment brings is in both.
    const told = bad.warnings.filter((warning) => !good.warnings.includes(warning));
    if ('warns' in expected) {
      const warning = told.find((message) => expected.warns.test(message));
      assert.ok(warning !== undefined, `${name}: ${JSON.stringify(told)}`);
      counts.warned++;
      row(name, expected.kind, `warned: ${warning}`);
      continue;
    }
    assert.deepEqual(told, [], name);
    if (expected.differsIn === 'date') assert.deepEqual(bad.sections, good.sections, name);
    counts.unseen++;
    row(name, expected.kind, `not noticeable: ${expected.why}`);
  }
  console.log(`# ${all.length} patches: ${JSON.stringify(counts)}\n${rows.join('\n')}`);
  assert.ok(counts['not reversed'] <= 1);
});

const WHOLE = (part: string): Uint8Array =>
  encode(`<ECFR><DIV1 NODE="29:1" TYPE="TITLE"><HEAD>Title 29</HEAD>${part}</DIV1></ECFR>`);
const warningsOf = async (part: string): Promise<readonly string[]> =>
  (await readAll(ecfrReader, chunksOf(WHOLE(part)))).flatMap((event) =>
    event.type === 'warning' ? [event.message] : [],
  );
const PART = '<DIV5 N="9" TYPE="PART"><HEAD>PART 9—TREES</HEAD>';
const section = (number: string, more = ''): string =>
  `<DIV8 N="§ ${number}" TYPE="SECTION"><HEAD>§ ${number} Of trees.</HEAD><P>Text.</P>${more}</DIV8>`;

test('a section that another one swallowed, or a paragraph did, is warned of', async () => {
  assert.deepEqual(await warningsOf(`${PART}${section('9.1')}${section('9.2')}</DIV5>`), []);
  for (const part of [
    `${PART}${section('9.1', section('9.2'))}</DIV5>`,
    `${PART}${section('9.1')}<P>Loose.${section('9.2')}</P></DIV5>`,
    `${PART}${section('9.1')}</DIV5><P>Above.${section('9.2')}</P>${PART}</DIV5>`,
  ])
    assert.match((await warningsOf(part)).join('\n'), /holds the DIV8 of another provision/);
});

test('text outside any part is left out, and that is said', async () => {
  const warnings = await warningsOf(
    `${PART}${section('9.1')}</DIV5><P>The rest of it.</P>${PART.replaceAll('9', '8')}</DIV5>`,
  );
  assert.ok(warnings.includes('text outside any part is left out'));
  const { error } = await readFailing(ecfrReader, chunksOf(WHOLE('<P>All of it.</P>')));
  assert.equal(error.code, 'cfr.no_text');
});

test('a section in the wrong part is warned of, not one that its subpart numbers', async () => {
  const inside = `<DIV6 N="3161" TYPE="SUBPART"><HEAD>Subpart 3161—Roots</HEAD>${section('3161.1')}</DIV6>`;
  assert.deepEqual(await warningsOf(`${PART}${section('8.1')}</DIV5>`), [
    'section 8.1 stands in part 9, which its number does not begin with',
  ]);
  assert.deepEqual(await warningsOf(`${PART}${inside}</DIV5>`), []);
});
