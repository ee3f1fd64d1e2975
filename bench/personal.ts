/**
 * Names of people found in real narratives, by source, on the sample that the rules were made with and on one that was
 * labelled after they were finished; and characters searched per second.
 *
 *     node bench/personal.ts
 */
import { findNames } from '../src/ingest/index.ts';
import { countNames, total } from '../test/ingest/names.ts';
import { keep } from './kit.ts';

const samples = Object.fromEntries(
  (['seen', 'unseen'] as const).map((sample) => {
    const counts = countNames(sample);
    return [sample, { all: total(counts), by_source: Object.fromEntries(counts) }];
  }),
);
const text =
  'At noon Mr. John Q. Zyxwell and the welder went to the valve when the hose of the pump broke. '.repeat(40);
const ROUNDS = 300;
for (let i = 0; i < 30; i++) findNames(text);
const start = process.cpuUsage();
for (let i = 0; i < ROUNDS; i++) findNames(text);
const { user, system } = process.cpuUsage(start);
keep('personal', {
  command: 'node bench/personal.ts',
  samples,
  chars_per_cpu_s: Math.round((text.length * ROUNDS * 1e6) / (user + system)),
});
