/**
 * Classification: severity by words on OSHA's abstracts, provisions near to narratives of our own, and the figures of the
 * trained heads as their training script left them (bench/results/classification.json).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'csv-parse/sync';
import { severityOf } from '../../src/ai/index.ts';
import { silentLog } from '../../src/base/index.ts';
import { initNode, openNode } from '../../src/node/index.ts';
import { percentile } from '../kit.ts';

import { FAILURES_MAX, round, type EvalFailure, type EvalRow, type Evaluation } from './kit.ts';

interface Found {
  readonly rows: EvalRow[];
  readonly failures: EvalFailure[];
}

function severity(data: string): Found {
  const file = path.join(data, 'osha-abstracts-2015-16/osha_abstracts_2015_2016.csv');
  const rows: EvalRow[] = [];
  const failures: EvalFailure[] = [];
  const table: Record<string, string>[] = parse(readFileSync(file), {
    columns: true,
    relax_quotes: true,
    bom: true,
  });
  for (const year of ['2015', '2016']) {
    const set = `OSHA abstracts ${year}, fatal or not`;
    let [tp, fp, fn, tn] = [0, 0, 0, 0];
    for (const row of table.filter((one) => one['Event Date']?.endsWith(year) === true)) {
      const text = `${row['Event Description'] ?? ''}. ${row['Abstract Text'] ?? ''}`;
      const found = severityOf(text)?.severity ?? 'unsure';
      const isFatal = row['Degree of Injury'] === 'Fatal';
      if (isFatal && found === 'fatal') tp++;
      else if (isFatal) fn++;
      else if (found === 'fatal') fp++;
      else tn++;
      if (isFatal !== (found === 'fatal') && failures.length < FAILURES_MAX)
        failures.push({ set, input: text.slice(0, 300), expected: row['Degree of Injury'] ?? '', found });
    }
    const f1 = (right: number, a: number, b: number): number => (2 * right) / Math.max(1, 2 * right + a + b);
    rows.push({
      set,
      model: 'severity-words 1.0.0',
      configuration: 'words',
      figures: {
        macro_f1: round((f1(tp, fp, fn) + f1(tn, fn, fp)) / 2),
        f1_fatal: round(f1(tp, fp, fn)),
        f1_not_fatal: round(f1(tn, fn, fp)),
        narratives: tp + fp + fn + tn,
      },
    });
  }
  return { rows, failures };
}

async function regulations(data: string): Promise<Found> {
  const set = '40 narratives of ours → sections of 29 CFR 1926';
  const { cases } = JSON.parse(
    readFileSync(path.join(import.meta.dirname, 'regulations-1926.json'), 'utf8'),
  ) as { cases: readonly (readonly [string, readonly string[]])[] };
  const folder = mkdtempSync(path.join(tmpdir(), 'fractal-eval-'));
  const dataDir = path.join(folder, 'node');
  const failures: EvalFailure[] = [];
  try {
    await initNode({ dataDir, log: silentLog, name: 'eval' });
    const node = await openNode({ dataDir, log: silentLog, principal: 'local-operator' });
    try {
      for await (const event of node.import({ paths: [path.join(data, 'osha-1926-text')] })) void event;
      const times: number[] = [];
      let [first, five, all] = [0, 0, 0];
      for (const [text, sections] of cases) {
        const start = performance.now();
        const { results } = await node.classify({ texts: [text], regulations: true });
        times.push(performance.now() - start);
        const told = (results[0]?.regulations ?? []).map(
          ({ citation }) => /\d+\.\d+/.exec(citation)?.[0] ?? citation,
        );
        if (sections.includes(told[0] ?? '')) first++;
        if (sections.some((one) => told.includes(one))) five++;
        else failures.push({ set, input: text, expected: sections.join(', '), found: told.join(', ') });
        all++;
      }
      const figures = {
        first_right: round(first / all),
        one_of_five_right: round(five / all),
        p50_ms: percentile(times, 0.5),
        narratives: all,
      };
      return {
        rows: [{ set, model: 'fractal-embed 1.0.0', configuration: 'classify --regulations', figures }],
        failures,
      };
    } finally {
      await node.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What models/scripts/classify_train.py measured on texts that no choice was made on. */
function heads(): EvalRow[] {
  const kept = JSON.parse(readFileSync('bench/results/classification.json', 'utf8')) as {
    heads: Record<string, Record<string, unknown>>;
  };
  const { version } = JSON.parse(readFileSync('models/fractal-incidents-v1/model.json', 'utf8')) as {
    version: string;
  };
  return Object.entries(kept.heads).map(([name, figures]) => ({
    set: name === 'cause' ? 'Goh, 5 folds' : 'OSHA abstracts, 2015 → 2016',
    model: `fractal-incidents ${version}`,
    configuration: name,
    figures: Object.fromEntries(
      Object.entries(figures).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
    ),
  }));
}

export const evaluation: Evaluation = {
  name: 'classify',
  doc: 'Incident narratives: event, cause, nature, severity, and the provisions that come nearest.',
  async run(data) {
    const rows = heads();
    const failures: EvalFailure[] = [];
    const notes = [
      'The lines of the heads are read from bench/results/classification.json (models/scripts/classify_train.py).',
      'Words of severity were written with abstracts of 2015 in reach of their author; the line of 2016 is the fairer one.',
      'No public set here joins narratives with cited standards: the 40 narratives and their sections are ours, written before the first run.',
    ];
    for (const [folder, measure] of [
      ['osha-abstracts-2015-16', (): Promise<Found> => Promise.resolve(severity(data))],
      ['osha-1926-text', (): Promise<Found> => regulations(data)],
    ] as const) {
      if (!existsSync(path.join(data, folder))) {
        notes.push(`${folder} is not here.`);
        continue;
      }
      const found = await measure();
      rows.push(...found.rows);
      failures.push(...found.failures);
    }
    return { rows, failures, notes };
  },
};
