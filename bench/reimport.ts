/**
 * Importing a folder again in which nothing changed, as a user sees it: `node bench/reimport.ts`. Writes
 * bench/results/reimport.json.
 *
 * 100 documents of 20 provisions each, made for this bench. The whole process `fractal import FOLDER`, wall
 * clock: once when all is new, then 10 times when nothing is; beside it `fractal sql "select 1"` on the same node, which
 * is what starting the process and opening the node cost.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { keep, percentile } from './kit.ts';

const DOCUMENTS = 100;
const RUNS = 10;
const SECTIONS = 20;
const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));

function law(part: number): string {
  const sections = Array.from(
    { length: SECTIONS },
    (_, i) =>
      `<SECTION><SECTNO>§ ${part}.${i + 1}</SECTNO><SUBJECT>Isolation.</SUBJECT><P>The operator shall keep pump ${i} of unit ${part} isolated and test it every ${i + 1} days.</P></SECTION>`,
  );
  return `<?xml version="1.0"?>
<CFRGRANULE><FDSYS><CFRTITLE>99</CFRTITLE><CFRTITLETEXT>Invented</CFRTITLETEXT><VOL>1</VOL><DATE>2024-07-01</DATE>
<ORIGINALDATE>2024-07-01</ORIGINALDATE><TITLE>INVENTED PART</TITLE><GRANULENUM>${part}</GRANULENUM><HEADING>PART ${part}</HEADING></FDSYS>
<PART><HD SOURCE="HED">PART ${part}—INVENTED PART</HD>
${sections.join('\n')}
</PART></CFRGRANULE>`;
}

function timed(data: string, ...args: string[]): number {
  const from = performance.now();
  execFileSync(process.execPath, ['bin/fractal.cjs', ...args, '--data', data], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  return Math.round(performance.now() - from);
}

const sources = path.join(folder, 'sources');
const data = path.join(folder, 'node');
mkdirSync(sources);
for (let d = 0; d < DOCUMENTS; d++) writeFileSync(path.join(sources, `d${d}.xml`), law(1000 + d));
timed(data, 'init');
const first = timed(data, 'import', sources);
const again = Array.from({ length: RUNS }, () => timed(data, 'import', sources));
const bare = Array.from({ length: RUNS }, () => timed(data, 'sql', 'select 1'));
keep('reimport', {
  command: 'node bench/reimport.ts',
  documents: DOCUMENTS,
  sections_per_document: SECTIONS,
  load_average: loadavg().map((load) => Number(load.toFixed(1))),
  first_import_ms: first,
  unchanged_ms: again,
  unchanged_best_ms: Math.min(...again),
  unchanged_median_ms: percentile(again, 0.5),
  sql_select_1_ms: bare,
  sql_select_1_best_ms: Math.min(...bare),
  sql_select_1_median_ms: percentile(bare, 0.5),
});
rmSync(folder, { recursive: true });
