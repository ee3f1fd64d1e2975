/**
 * Rows per second of whole imports of records: the file is hashed, read, staged, checked against the class of its table
 * and for duplicates, and committed. Each case runs in a process of its own, so that its peak of memory is its own.
 *
 *     [ROUNDS=3] node bench/import-records.ts [ROWS]
 */
import { execFileSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, nodeFileSystem, silentLog, systemClock, systemRandom } from '../src/base/index.ts';
import { Importer, parseMapping, type Mapping } from '../src/ingest/index.ts';
import { Store } from '../src/store/index.ts';
import { keep, shippedModel } from './kit.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);

/** A row a reading, as most exports of monitoring are; the shape of ECHO's effluent charts. */
const NARROW: Mapping = parseMapping(
  JSON.stringify({
    name: 'bench-readings',
    description: 'a row a reading',
    match: {},
    shape: { type: 'csv', delimiter: ',' },
    emit: [
      {
        table: 'esh.monitoring_readings',
        columns: {
          point_id: {
            concat: [{ value: 'us-npdes-' }, 'npdes_id', { value: '-' }, 'perm_feature_nmbr'],
            all: true,
          },
          region: { value: 'US' },
          site_id: { concat: [{ value: 'us-npdes-' }, 'npdes_id'], all: true },
          parameter: 'parameter_desc',
          measured_at: { date: 'monitoring_period_end_date', formats: ['MM/DD/YYYY'], past: true },
          value: { number: 'dmr_value_nmbr' },
          unit: { lookup: 'dmr_unit_desc', codes: { 'mg/L': 'mg/L' } },
        },
      },
    ],
  }),
  'bench',
);

interface Case {
  readonly name: string;
  /** Header, and row number `i`; or a file of the shared data. */
  readonly make?: readonly [string, (i: number) => string];
  readonly file?: string;
  readonly as: string;
  readonly mapping?: Mapping;
  /** Whether the rows are in the table already, under another name. */
  readonly again?: boolean;
}
const day = (i: number): string => new Date(Date.UTC(2015, 0, 1) + i * 86_400_000).toISOString().slice(0, 10);
const narrow = [
  'npdes_id,perm_feature_nmbr,monitoring_period_end_date,parameter_desc,dmr_value_nmbr,dmr_unit_desc',
  (i: number) => {
    const [year, month, date] = day(i % 3000).split('-');
    return `TX${String(i % 500).padStart(7, '0')},001,${month}/${date}/${year},"Solids, suspended ${Math.floor(i / 3000)}",${(i % 997) / 10},mg/L`;
  },
] as const;
const CASES: readonly Case[] = [
  { name: 'monitoring CSV through a mapping', make: narrow, as: 'readings.csv', mapping: NARROW },
  {
    name: 'the same rows again, all duplicates',
    make: narrow,
    as: 'readings.csv',
    mapping: NARROW,
    again: true,
  },
  {
    name: 'CSV named after its table',
    make: [
      'point_id,region,site_id,parameter,measured_at,value,unit,qualifier',
      (i) =>
        `p-${i % 500},US,s-${i % 500},parameter ${Math.floor(i / 3000)},${day(i % 3000)}T00:00:00Z,${(i % 997) / 10},mg/L,`,
    ],
    as: 'esh.monitoring_readings.csv',
  },
  {
    name: 'Marylebone, 9 rows a record',
    file: 'air-quality-marylebone/marylebone_hourly_1998_2005.csv',
    as: 'marylebone.csv',
  },
  {
    name: 'ECHO effluent chart',
    file: 'epa-echo/vignettes/int/0/eff_rest_services.download_effluent_chart-79e012.csv',
    as: 'effluent.csv',
  },
  { name: 'RMP accidents, 72 columns', file: 'epa-rmp/data/output/accidents.csv', as: 'accidents.csv' },
  {
    name: 'OSHA abstracts, narratives searched for people',
    file: 'osha-abstracts-2015-16/osha_abstracts_2015_2016.csv',
    as: 'abstracts.csv',
  },
  {
    name: 'storm overflows, XLSX',
    file: 'uk-edm-storm-overflows/2020/eav_edm_return_anglian_water_annual_2020.xlsx',
    as: 'eav_edm_return_anglian_water_annual_2020.xlsx',
  },
];

async function fileOf(one: Case, folder: string, rows: number): Promise<string> {
  if (one.file !== undefined) return path.join(shared, one.file);
  const [header, row] = one.make ?? narrow;
  const file = path.join(folder, 'made.csv');
  const out = createWriteStream(file);
  out.write(`${header}\n`);
  for (let from = 0; from < rows; from += 10_000) {
    let part = '';
    for (let i = from; i < Math.min(rows, from + 10_000); i++) part += `${row(i)}\n`;
    if (!out.write(part)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return file;
}

async function measure(one: Case, rows: number): Promise<object> {
  const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
  const file = await fileOf(one, folder, rows);
  const [fs, clock, limits] = [nodeFileSystem, systemClock, DEFAULT_LIMITS];
  const store = await Store.open({
    folder: path.join(folder, 'db'),
    limits,
    clock,
    random: systemRandom,
    fs,
    log: silentLog,
  });
  const importer = new Importer({ store, embedder: await shippedModel(), clock, fs, limits });
  const options = { kind: undefined, jurisdiction: undefined, inForceFrom: undefined, principal: 'bench' };
  const more = one.mapping === undefined ? {} : { mapping: one.mapping };
  if (one.again === true) await importer.importFile(file, `before-${one.as}`, { ...options, ...more });
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = await importer.importFile(file, one.as, { ...options, ...more });
  const ms = performance.now() - start;
  const used = process.cpuUsage(cpu);
  const [changed] = await store.rows<{ n: bigint }>(
    'select changed_rows as n from node.commits order by commit_version desc limit 1',
  );
  await store.close();
  const bytes = statSync(file).size;
  rmSync(folder, { recursive: true });
  return {
    records: result.records,
    rows_changed: Number(changed?.n ?? 0n),
    status: result.status,
    seconds: Number((ms / 1000).toFixed(2)),
    records_per_s: Math.round((result.records / ms) * 1000),
    records_per_cpu_s: Math.round((result.records / (used.user + used.system)) * 1e6),
    megabytes: Number((bytes / 1e6).toFixed(1)),
    /** Work that waits for a core, of this and of everything else on the machine, at the end. */
    load: loadavg()[0],
    peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

const [first = '1000000', second] = process.argv.slice(2);
if (second !== undefined) {
  const one = CASES.find(({ name }) => name === second);
  if (one !== undefined) console.log(JSON.stringify(await measure(one, Number(first))));
} else {
  const results: Record<string, unknown> = {};
  for (const { name, file } of CASES) {
    if (file !== undefined && !existsSync(path.join(shared, file))) {
      console.log(`${file}: skipped, not there`);
      continue;
    }
    const rounds = Array.from({ length: ROUNDS }, () => {
      const out = execFileSync(process.execPath, [import.meta.filename, first, name], { encoding: 'utf8' });
      return JSON.parse(out) as { records_per_s: number };
    }).sort((a, b) => b.records_per_s - a.records_per_s);
    results[name] = { best: rounds[0], all_records_per_s: rounds.map((round) => round.records_per_s) };
    const command = `ROUNDS=${ROUNDS} node bench/import-records.ts ${first}`;
    // After each case: the whole takes long.
    keep('import-records', { command, rounds: ROUNDS, results });
  }
}
