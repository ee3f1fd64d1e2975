/**
 * Compliance of one site and of all sites: the cache beside DuckDB and PostgreSQL 15 on the same rows and rules.
 * `UV_THREADPOOL_SIZE=16 node bench/locality.ts [sites]` writes bench/results/locality.json. PostgreSQL is asked by its own
 * pgbench over a Unix socket with prepared statements, in a cluster made for the run (`PGBIN`, default from pg_config).
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, nodeFileSystem, silentLog, systemClock, systemRandom } from '../src/base/index.ts';
import { ComplianceCache, FACT_TABLES, factsSql } from '../src/query/index.ts';
import { createStatement, tableNamed } from '../src/schema/index.ts';
import { Store } from '../src/store/index.ts';
import { keep, percentile } from './kit.ts';

const SITES = Number(process.argv[2] ?? 10_000);
const DATES = ['2024-06-30', '2026-01-01'];
const DAY = Date.parse('2026-01-01') / 86_400_000;
const PGBIN = process.env['PGBIN'] ?? execFileSync('pg_config', ['--bindir'], { encoding: 'utf8' }).trim();

const site = (n: string): string => `'S' || lpad(cast(${n} as varchar), 6, '0')`;
const date = (from: string, n: string): string => `date '${from}' + cast(${n} as integer)`;
const pick = (n: string, ...values: string[]): string =>
  `case ${n} % ${values.length} ${values.map((value, i) => `when ${i} then '${value}'`).join(' ')} end`;
const none = (type: string): string => `cast(null as ${type})`;
/** A number that looks random and is the same in both engines. */
const mix = (salt: number): string => `((i * 7919 + ${salt} * 104729) % 1000003)`;

/** Rows per table as a query over `i`, in the order of the model's columns. */
const ROWS: Readonly<Record<(typeof FACT_TABLES)[number], readonly [count: number, select: string]>> = {
  'esh.permits': [
    SITES * 5,
    `'P' || i, 'R', ${site('i / 5')}, ${pick('i', 'water', 'air', 'waste')}, 'N' || i, 'A', ${date('2020-01-01', `${mix(1)} % 1500`)},
     ${date('2025-06-01', `${mix(2)} % 1500`)}, ${none('varchar')}, ${none('varchar')}`,
  ],
  'esh.permit_status': [
    SITES * 5,
    `'P' || i, 'R', ${site('i / 5')}, case ${mix(3)} % 40 when 0 then 'revoked' when 1 then 'renewal' else 'active' end, date '2024-01-01', ${none('varchar')}, ${none('varchar[]')}`,
  ],
  'esh.permit_conditions': [
    SITES * 5,
    `'C' || i, 'P' || i, 'R', ${site('i / 5')}, '1', 'Keep records.', ${none('varchar')}, ${none('double precision')}, ${none('varchar')}, ${none('varchar')},
     ${date('2025-09-01', `${mix(4)} % 900`)}, ${none('varchar')}`,
  ],
  'esh.inspections': [
    SITES * 20,
    `'I' || i, 'R', ${site('i / 20')}, ${date('2021-01-01', `${mix(5)} % 1800`)}, 'routine', ${none('varchar')}, ${none('varchar')}, ${none('varchar')},
     case ${mix(6)} % 50 when 0 then 'stopped' when 1 then 'findings' else 'satisfactory' end, ${none('varchar')}, ${none('varchar[]')}`,
  ],
  'esh.findings': [
    SITES * 2,
    `'F' || i, 'R', ${site('i / 2')}, ${none('varchar')}, ${none('varchar')}, ${date('2025-01-01', `${mix(7)} % 360`)}, ${pick(mix(8), 'minor', 'major', 'observation', 'observation')},
     ${none('varchar')}, 'Something.', ${none('varchar[]')}`,
  ],
  'esh.action_items': [
    SITES * 2,
    `'A' || i, 'R', ${site('i / 2')}, 'esh.findings', 'F' || i, 'corrective', case ${mix(9)} % 10 when 0 then 'open' else 'verified' end, 'Mend it', ${none('varchar')},
     ${date('2025-06-01', `${mix(10)} % 400`)}, ${date('2025-06-01', `${mix(11)} % 200`)}, ${none('boolean')}`,
  ],
  'esh.enforcement_actions': [
    SITES * 2,
    `'E' || i, 'R', ${site('i / 2')}, ${none('varchar')}, ${pick(mix(12), 'improvement', 'notice', 'prohibition')}, case ${mix(13)} % 20 when 0 then 'issued' else 'closed' end, 'A',
     ${date('2024-01-01', `${mix(14)} % 700`)}, ${date('2024-03-01', `${mix(14)} % 700`)}, ${none('varchar')}, ${none('varchar[]')}, ${none('decimal(18,2)')}, ${none('varchar')}, ${none('varchar')}, ${none('varchar[]')}`,
  ],
  'esh.risk_assessments': [
    SITES,
    `'K' || i, 'R', ${site('i')}, 'Work', 'Harm', 1 + ${mix(15)} % 5, 1 + ${mix(16)} % 5, 1, 1 + ${mix(17)} % 5, ${none('varchar')}, date '2025-01-01', ${date('2025-10-01', `${mix(18)} % 800`)}, ${none('varchar')}`,
  ],
  'esh.certifications': [
    SITES,
    `'Z' || i, 'R', ${site('i')}, ${none('varchar')}, 'ISO 45001:2018', ${none('varchar')}, date '2023-01-01', ${date('2025-10-01', `${mix(19)} % 800`)}`,
  ],
  'esh.audits': [
    SITES,
    `'U' || i, 'R', ${site('i')}, date '2025-02-01', 'ISO 14001:2015', ${none('varchar')}, ${none('double precision')}, case ${mix(20)} % 30 when 0 then 'failed' else 'passed' end`,
  ],
  'esh.monitoring_limits': [
    SITES,
    `'L' || i, 'M' || i, 'R', ${site('i')}, 'pm10', 'daily-mean', ${none('double precision')}, 99.0, 'ug/m3', ${none('date')}, ${none('date')}, ${none('varchar')}, ${none('varchar')}`,
  ],
  'esh.monitoring_readings': [
    SITES * 100,
    `'M' || (i / 100), 'R', ${site('i / 100')}, 'pm10', timestamp '2025-01-01 00:00:00' + (i % 100) * interval '80 hours', (${mix(21)} % 1000) / 10.0, 'ug/m3', ${none('varchar')}`,
  ],
};

/** `i` counts in integers; division is whole in PostgreSQL and `//` in DuckDB. */
const rowsOf = (table: keyof typeof ROWS, duck: boolean): string => {
  const [count, select] = ROWS[table];
  const whole = duck ? select.replaceAll(/i \/ (\d+)/g, 'i // $1') : select;
  return `select ${whole} from generate_series(cast(0 as bigint), ${count - 1}) as g(i)`;
};

const folder = mkdtempSync(path.join(tmpdir(), 'fractal-bench-'));
const store = await Store.open({
  folder,
  limits: DEFAULT_LIMITS,
  clock: systemClock,
  random: systemRandom,
  fs: nodeFileSystem,
  log: silentLog,
});
for (const table of FACT_TABLES)
  await store.transact('bench', (transaction) =>
    transaction.insertSelect(tableNamed(table), rowsOf(table, true), []),
  );

const began = performance.now();
const cache = new ComplianceCache(store, DEFAULT_LIMITS);
await cache.refresh();
const loaded_ms = Math.round(performance.now() - began);

/** Nanoseconds of one check, the median of many runs of a thousand. */
function checkNs(ask: (siteId: string) => unknown): number {
  const ids = Array.from({ length: 1000 }, (_, i) => `S${String((i * 7919 + 13) % SITES).padStart(6, '0')}`);
  const runs: number[] = [];
  for (let run = 0; run < 500; run++) {
    const start = performance.now();
    for (const id of ids) ask(id);
    runs.push((performance.now() - start) * 1000);
  }
  return percentile(runs, 0.5);
}
let sum = 0;
const worstNs = checkNs((id) => (sum += cache.worst(cache.numberOf(id) ?? 0, DAY)));
const checkedNs = checkNs((id) => cache.check(id, DAY));
const sweeps: number[] = [];
for (let run = 0; run < 50; run++) {
  const start = performance.now();
  for (let number = 0; number < SITES; number++) sum += cache.worst(number, DAY);
  sweeps.push(performance.now() - start);
}
const changes: number[] = [];
for (let run = 0; run < 20; run++) {
  await store.transact('bench', (transaction) =>
    transaction.put(tableNamed('esh.audits'), [
      {
        audit_id: `N${run}`,
        region: 'R',
        site_id: `S00000${run % 10}`,
        audited_on: '2025-03-01',
        standard: `S${run}`,
        outcome: 'passed',
      },
    ]),
  );
  const start = performance.now();
  await cache.refresh();
  changes.push(performance.now() - start);
}

const worstSql = (facts: string, day: number): string =>
  `select site_id, max(case when from_day <= ${day} and ${day} < to_day then severity else 0 end) as worst from (${facts}) f group by site_id`;

async function timed(ask: () => Promise<unknown>, times: number): Promise<number> {
  const ms: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await ask();
    ms.push(performance.now() - start);
  }
  return percentile(ms, 0.5);
}
const duckSite = await timed(() => store.rows(worstSql(factsSql(true), DAY), [['S000013']]), 30);
const duckSweep = await timed(() => store.rows(worstSql(factsSql(false), DAY)), 5);

// PostgreSQL
const cluster = path.join(folder, 'pg');
const asPostgres = (command: string, words: readonly string[], input?: string): string => {
  const [program, all] =
    process.getuid?.() === 0
      ? ['runuser', ['-u', 'postgres', '--', command, ...words]]
      : [command, [...words]];
  return execFileSync(program, all, {
    encoding: 'utf8',
    input,
    cwd: folder,
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
};
const psql = (sql: string): string =>
  asPostgres(
    `${PGBIN}/psql`,
    ['-h', folder, '-d', 'postgres', '-XAtqF', ' ', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
    sql,
  );
chmodSync(folder, 0o777);
asPostgres(`${PGBIN}/initdb`, ['-D', cluster, '-A', 'trust', '--locale=C.UTF-8', '-N']);
asPostgres(`${PGBIN}/pg_ctl`, [
  ...['-D', cluster, '-w', '-s', '-l', path.join(folder, 'pg.log'), 'start', '-o'],
  `-k ${folder} -h '' -c shared_buffers=1GB -c fsync=off -c work_mem=64MB -c jit=off`,
]);
const differing: Record<string, number> = {};
let pg: { site_us: number; sweep_ms: number };
try {
  psql('create schema esh');
  for (const table of FACT_TABLES) {
    const columns = createStatement(tableNamed(table)).replaceAll(' DOUBLE', ' double precision');
    psql(columns);
    psql(`insert into ${table} select *, 'n', 0, 0, false from (${rowsOf(table, false)}) x`);
    psql(`create index on ${table} (site_id)`);
  }
  psql(
    'create index on esh.permit_status (permit_id); create index on esh.action_items (source_id); vacuum analyze',
  );
  const facts = (filter: string): string =>
    filter === ''
      ? factsSql(false)
      : factsSql(true).replaceAll('list_contains($1, site_id)', `site_id = ${filter}`);

  for (const day of DATES) {
    const number = Date.parse(day) / 86_400_000;
    const answers = psql(worstSql(facts(''), number))
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    differing[day] = answers.filter(
      ([id = '', worst]) => cache.worst(cache.numberOf(id) ?? -1, number) !== Number(worst),
    ).length;
    if (answers.length !== SITES)
      throw new RangeError(`PostgreSQL answers ${answers.length} of ${SITES} sites`);
  }
  const script = path.join(folder, 'site.sql');
  writeFileSync(
    script,
    `\\set id random(0, ${SITES - 1})\n${worstSql(facts(site(':id')), DAY).replaceAll(/\s+/g, ' ')};\n`,
  );
  const log = path.join(folder, 'latency');
  asPostgres(`${PGBIN}/pgbench`, [
    ...['-h', folder, '-n', '-M', 'prepared', '-c', '1', '-T', '15', '-l'],
    ...[`--log-prefix=${log}`, '-f', script, 'postgres'],
  ]);
  const lines = readdirSync(folder)
    .filter((name) => name.startsWith('latency'))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').trim().split('\n'));
  const latencies = lines.slice(200).map((line) => Number(line.split(' ')[2]));
  const timing = psql(`\\timing on\n${`${worstSql(facts(''), DAY)} \\g /dev/null\n`.repeat(5)}`);
  const sweepMs = [...timing.matchAll(/Time: ([\d.]+) ms/g)].map((match) => Number(match[1]));
  pg = { site_us: percentile(latencies, 0.5), sweep_ms: percentile(sweepMs, 0.5) };
} finally {
  asPostgres(`${PGBIN}/pg_ctl`, ['-D', cluster, '-m', 'immediate', '-s', 'stop']);
  await store.close();
}
const sweepMs = percentile(sweeps, 0.5);
keep('locality', {
  sites: SITES,
  rows: Object.values(ROWS).reduce((total, [count]) => total + count, 0),
  sites_with_another_answer_than_postgresql: differing,
  cache: {
    load_ms: loaded_ms,
    site_worst_ns: worstNs,
    site_check_with_gaps_ns: checkedNs,
    sweep_ms: sweepMs,
    refresh_after_a_commit_ms: percentile(changes, 0.5),
  },
  duckdb: { site_ms: duckSite, sweep_ms: duckSweep },
  postgresql: pg,
  times_faster_than_postgresql: {
    site: Math.round((pg.site_us * 1000) / worstNs),
    site_with_gaps: Math.round((pg.site_us * 1000) / checkedNs),
    sweep: Math.round(pg.sweep_ms / sweepMs),
  },
  checksum: sum,
});
rmSync(folder, { recursive: true });
