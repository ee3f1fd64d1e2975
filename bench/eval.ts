/**
 * Every evaluation as one table: `npm run eval [-- NAME…] [--data FOLDER] [--most N]` (default ../shared/data, all of them;
 * `--most`: so many questions of each retrieval set).
 *
 * Prints figures per set, model and configuration, then the failures, and keeps both in bench/results/eval-NAME.json. An
 * evaluation is a file of bench/eval that exports `evaluation` (see bench/eval/kit.ts).
 */
import { globSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { EvalRow, Evaluation } from './eval/kit.ts';
import { machine } from './kit.ts';

// Before any thread of the pool is made; a node refuses to open with fewer.
process.env['UV_THREADPOOL_SIZE'] ??= '16';
process.env['LANCEDB_LOG'] ??= 'error';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string', default: '../shared/data' }, most: { type: 'string' } },
});
const folder = path.join(import.meta.dirname, 'eval');
const found: Evaluation[] = [];
for (const file of globSync('*.ts', { cwd: folder }).sort()) {
  const loaded = (await import(path.join(folder, file))) as { evaluation?: Evaluation };
  if (loaded.evaluation !== undefined) found.push(loaded.evaluation);
}
const chosen = positionals.length === 0 ? found : found.filter(({ name }) => positionals.includes(name));
if (chosen.length === 0) {
  process.stderr.write(`No such evaluation. There are: ${found.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

function table(rows: readonly EvalRow[]): string {
  const lines = rows.map(({ set, model, configuration, figures }) => [
    set,
    model,
    configuration,
    Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join('  '),
  ]);
  const widths = [0, 1, 2].map((i) => Math.max(...lines.map((line) => (line[i] ?? '').length)));
  return lines.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')).join('\n');
}

for (const one of chosen) {
  const { name, doc } = one;
  process.stdout.write(`\n## ${name}: ${doc}\n\n`);
  const result = await one.run(values.data, values.most === undefined ? undefined : Number(values.most));
  const kept = {
    command: `npm run eval -- ${name}${values.most === undefined ? '' : ` --most ${values.most}`}`,
    ...result,
    machine: machine(),
  };
  writeFileSync(`bench/results/eval-${name}.json`, `${JSON.stringify(kept, null, 2)}\n`);
  process.stdout.write(`\n${table(result.rows)}\n\nfailures\n`);
  for (const { set, input, expected, found: got } of result.failures)
    process.stdout.write(`- ${set}: ${input.replace(/\s+/g, ' ')}\n    expected ${expected}; found ${got}\n`);
  for (const note of result.notes) process.stdout.write(`note: ${note}\n`);
}
