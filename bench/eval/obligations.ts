/**
 * Obligations: the parts of a hundred duties against what was read by hand, and whether each place of evidence holds the
 * words it is for. The detection itself has its own figures (bench/results/obligations.json, `node bench/obligations.ts`).
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { structureOf } from '../../src/ingest/apply/obligation-structure.ts';
import { findObligations, type Obligation } from '../../src/ingest/obligations/index.ts';
import { round, type EvalFailure, type EvalRow, type Evaluation } from './kit.ts';

const PARTS = [
  'modality',
  'addressee',
  'action',
  'object',
  'condition',
  'deadline',
  'threshold',
  'exception',
] as const;
const LISTS = ['topics', 'sectors', 'substances', 'sizes'] as const;
type Part = (typeof PARTS)[number];

interface Case {
  readonly jurisdiction: string;
  readonly citation: string;
  readonly text: string;
  readonly lead_ins: readonly string[];
  readonly headings: readonly string[];
  /** Which of the obligations found in the text. */
  readonly index: number;
  /** Null where there is no obligation. */
  readonly expected:
    | (Readonly<Record<Part, string | null>> &
        Readonly<Record<(typeof LISTS)[number], readonly string[]>> & { readonly quantity: unknown })
    | null;
}

const SET = '100 obligations of US, UK and EU law, read by hand';
const MODEL = 'rules';
const SHOWN = 40;
const same = (a: string | null | undefined, b: string | null): boolean =>
  (a ?? '').replace(/\s+/g, ' ').toLowerCase() === (b ?? '').replace(/\s+/g, ' ').toLowerCase();

/** Whether all places of all parts hold the words of the part. */
function evidenceHolds(found: Obligation, { text, lead_ins: leads }: Case): boolean {
  const bare = (words: string): string => words.replace(/[\s;]+/g, '');
  return PARTS.filter((part) => part !== 'modality').every((part) => {
    const places = found.evidence.filter((one) => one.part === part);
    const words = places.map(({ source, start, end }) =>
      (source < 0 ? text : (leads[source] ?? '')).slice(start, end),
    );
    return bare(words.join(' ')) === bare(found[part] ?? '');
  });
}

function parts(): { rows: EvalRow[]; failures: EvalFailure[] } {
  const file = path.join(import.meta.dirname, 'obligations-read-by-hand.json');
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };
  const failures: EvalFailure[] = [];
  const tally = new Map<string, { right: number; said: number; expected: number; both: number }>();
  const note = (field: string, right: boolean, said: boolean, expected: boolean): void => {
    const one = tally.get(field) ?? { right: 0, said: 0, expected: 0, both: 0 };
    if (right) one.right++;
    if (said) one.said++;
    if (expected) one.expected++;
    if (right && said && expected) one.both++;
    tally.set(field, one);
  };
  let duties = 0;
  let found = 0;
  let whole = 0;
  let evidence = 0;
  for (const one of cases) {
    const obligations = findObligations({ text: one.text, leadIns: one.lead_ins, language: 'en' });
    const got = obligations[one.index] ?? obligations.at(-1);
    if (got !== undefined) found++;
    if (got !== undefined && evidenceHolds(got, one)) evidence++;
    const { expected } = one;
    if (expected === null) {
      if (got !== undefined)
        failures.push({
          set: SET,
          input: one.text.slice(0, 200),
          expected: 'no obligation',
          found: got.action ?? '',
        });
      continue;
    }
    duties++;
    let isWhole = true;
    for (const part of PARTS) {
      const right = same(got?.[part], expected[part]);
      isWhole &&= right;
      note(part, right, got?.[part] !== undefined, expected[part] !== null);
      if (!right)
        failures.push({
          set: SET,
          input: `${one.citation}: ${one.text.slice(0, 160)}`,
          expected: `${part}: ${expected[part] ?? 'none'}`,
          found: got?.[part] ?? 'none',
        });
    }
    const quantity = got?.quantity ?? null;
    note(
      'quantity',
      JSON.stringify(quantity) === JSON.stringify(expected.quantity),
      quantity !== null,
      expected.quantity !== null,
    );
    const structure =
      got === undefined
        ? undefined
        : structureOf(
            {
              sectionId: 'own',
              leadPlaces: one.lead_ins.map(() => ({ sectionId: 'lead', start: 0 })),
              headings: one.headings.map((heading) => ({ sectionId: 'heading', text: heading })),
            },
            got,
          );
    for (const list of LISTS) {
      const names = (structure?.[list] as readonly string[] | undefined) ?? [];
      const right = [...names].sort().join() === [...expected[list]].sort().join();
      note(list, right, names.length > 0, expected[list].length > 0);
      if (!right)
        failures.push({
          set: SET,
          input: `${one.citation}: ${one.text.slice(0, 160)}`,
          expected: `${list}: ${expected[list].join(', ') || 'none'}`,
          found: names.join(', ') || 'none',
        });
    }
    if (isWhole) whole++;
  }
  const rows = [...tally].map(([field, { right, said, expected, both }]): EvalRow => ({
    set: SET,
    model: MODEL,
    configuration: field,
    figures: {
      right,
      of: duties,
      share: round(right / duties),
      ...(said > 0 ? { precision: round(both / said) } : {}),
      ...(expected > 0 ? { recall: round(both / expected) } : {}),
    },
  }));
  rows.unshift({
    set: SET,
    model: MODEL,
    configuration: 'as a whole',
    figures: {
      found_that_are_duties: duties,
      of: found,
      all_eight_parts_right: whole,
      evidence_equals_text: evidence,
    },
  });
  return { rows, failures: failures.slice(0, SHOWN) };
}

/** What bench/obligations.ts found by cross-validation on the EU sentences. */
function detection(): EvalRow[] {
  const file = 'bench/results/obligations.json';
  if (!existsSync(file)) return [];
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  const found = kept['cross_validation'] as Record<string, unknown> | undefined;
  if (found === undefined) return [];
  const figures = Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
  return [
    {
      set: 'EU sentences, 685',
      model: 'rules + linear',
      configuration: 'detection, cross-validated',
      figures,
    },
  ];
}

export const evaluation: Evaluation = {
  name: 'obligations',
  doc: 'Parts, topics and evidence of obligations, against a sample read by hand.',
  run() {
    const { rows, failures } = parts();
    return Promise.resolve({
      rows: [...rows, ...detection()],
      failures,
      notes: [
        'One person read the answers of the rules and put right what was wrong, so what both overlook is not counted; a part is right when all its words are.',
        'The sample is 45 US, 25 UK and 30 EU sentences drawn with a seed from what an import found; it says nothing of duties that were not found.',
        'The line of detection is read from bench/results/obligations.json (`node bench/obligations.ts`).',
      ],
    });
  },
};
