/**
 * DuckDB to Arrow, streamed: rows a second and peak memory, beside the two naive ways.
 *
 *   node bench/arrow-stream.ts [--runs 5] [--write]
 *
 * Each measurement is a process of its own, so that memory of one does not count for the next. `--write` keeps the
 * numbers in bench/results/arrow-stream.json.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '16';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance, version, type DuckDBConnection } from '@duckdb/node-api';
import { toIpcStream, toRecordBatches } from '../src/store/arrow/index.ts';
import { ArrowAppender } from '../src/store/arrow/index.ts';

/** Inspection records as they are: keys, codes, a sentence of text, times, money, a list and a struct; NULLs in one. */
const MIX = (rows: number): string => `
  select i::bigint as id,
    'S' || lpad((i % 50000)::varchar, 6, '0') as site_code,
    'EPA-PERMIT-' || lpad(i::varchar, 8, '0') as permit,
    'Inspection ' || i || ': storage within the limits' as narrative,
    timestamp '2020-01-01' + to_seconds(i % 100000000) as observed_at,
    date '2020-01-01' + (i % 2000)::int as due,
    ((i * 37) % 9999999 / 100.0)::decimal(12,2) as penalty,
    (i * 0.001)::double as reading,
    case when i % 3 = 0 then null else (i % 100)::int end as findings,
    i % 2 = 0 as is_open,
    ['air', 'waste/' || (i % 40)] as media,
    { 'value': (i % 1000)::double, 'unit': 'mg/l' } as result
  from range(${rows}) r(i)`;

type Mode = 'ipc' | 'batches' | 'chunks' | 'getColumns' | 'materialised' | 'append';

interface Measured {
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
  /** Processor time of all threads, DuckDB's included: what a busy machine changes least. */
  readonly cpuMs: number;
  readonly firstMs: number;
  readonly peakRssMb: number;
  readonly sampledRssMb: number;
  readonly baseRssMb: number;
}

const MB = 1024 * 1024;
/** The engine's own cache of table blocks is not what is measured; small, so that the converter's memory shows. */
const MEMORY = '48MB';
/** No table: the query makes the rows up as they are read. */
const COMPUTED = ':memory:';
const self = fileURLToPath(import.meta.url);

/** A table file, so that the numbers are of reading records and not of making them up. */
async function makeTable(file: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.fromCache(file);
  const connection = await instance.connect();
  await connection.run(`create table records as ${MIX(rows)}`);
  await connection.run('checkpoint');
  connection.closeSync();
  instance.closeSync();
}

async function open(file: string): Promise<DuckDBConnection> {
  if (file === COMPUTED) return (await DuckDBInstance.create(COMPUTED, { threads: '2' })).connect();
  const options = { threads: '2', memory_limit: MEMORY, access_mode: 'read_only' };
  return (await DuckDBInstance.fromCache(file, options)).connect();
}

async function measure(mode: Mode, rows: number, file: string): Promise<Measured> {
  const connection = await open(file);
  await connection.run(MIX(1000));
  // From a table as in the product, or computed as it is read: then the engine holds no blocks at all.
  const sql = file === COMPUTED ? MIX(rows) : 'select * from records';
  const baseRssMb = process.memoryUsage.rss() / MB;
  let sampled = 0;
  const sample = (): void => {
    sampled = Math.max(sampled, process.memoryUsage.rss());
  };
  let bytes = 0;
  let done = 0;
  let firstMs = 0;
  let start = performance.now();
  let cpu = process.cpuUsage();
  const first = (): void => {
    if (firstMs === 0) firstMs = performance.now() - start;
  };
  switch (mode) {
    case 'ipc':
      for await (const piece of toIpcStream(await connection.stream(sql))) {
        if (piece.length > 4096) first();
        bytes += piece.length;
        sample();
      }
      done = rows;
      break;
    case 'batches':
      for await (const batch of toRecordBatches(await connection.stream(sql)).batches) {
        first();
        done += batch.numRows;
        sample();
      }
      break;
    case 'chunks':
      for await (const chunk of await connection.stream(sql)) {
        first();
        done += chunk.rowCount;
        sample();
      }
      break;
    case 'getColumns': {
      const columns = await (await connection.stream(sql)).getColumns();
      done = columns[0]?.length ?? 0;
      break;
    }
    case 'materialised':
      for await (const piece of toIpcStream(await connection.run(sql))) {
        first();
        bytes += piece.length;
        sample();
      }
      done = rows;
      break;
    case 'append': {
      const batches = [];
      const { batches: source } = toRecordBatches(await connection.stream(sql));
      for await (const batch of source) batches.push(batch);
      await connection.run(`create table target as select * from (${MIX(1)}) limit 0`);
      start = performance.now();
      cpu = process.cpuUsage();
      const appender = await connection.createAppender('target');
      const arrow = new ArrowAppender(appender);
      for (const batch of batches) {
        done += arrow.append(batch);
        sample();
      }
      appender.closeSync();
      break;
    }
  }
  const ms = performance.now() - start;
  const used = process.cpuUsage(cpu);
  const cpuMs = (used.user + used.system) / 1000;
  sample();
  const peakRssMb = process.resourceUsage().maxRSS / 1024;
  return { rows: done, bytes, ms, cpuMs, firstMs, peakRssMb, sampledRssMb: sampled / MB, baseRssMb };
}

function inChild(mode: Mode, rows: number, file: string): Measured {
  const out = execFileSync(process.execPath, [self, '--measure', mode, String(rows), file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(out) as Measured;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
};

const round = (value: number): number => Math.round(value * 10) / 10;

function main(argv: readonly string[]): void {
  const runs = Number(argv[argv.indexOf('--runs') + 1] ?? 5);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fractal-bench-'));
  const file = (rows: number): string => path.join(folder, `${rows}.duckdb`);
  for (const rows of [1_000_000, 5_000_000])
    execFileSync(process.execPath, [self, '--make', file(rows), String(rows)]);
  const plan: readonly [mode: Mode, rows: number, source: 'table' | 'computed', runs: number][] = [
    ['ipc', 1_000_000, 'table', runs],
    ['ipc', 5_000_000, 'table', runs],
    ['ipc', 1_000_000, 'computed', runs],
    ['ipc', 5_000_000, 'computed', runs],
    ['batches', 1_000_000, 'table', runs],
    ['chunks', 1_000_000, 'table', runs],
    ['materialised', 1_000_000, 'table', runs],
    ['append', 1_000_000, 'computed', runs],
    ['getColumns', 1_000_000, 'table', 1],
  ];
  const results = plan.map(([mode, rows, source, times]) => {
    const samples = Array.from({ length: times }, () =>
      inChild(mode, rows, source === 'table' ? file(rows) : COMPUTED),
    );
    const rate = samples.map((sample) => Math.round(sample.rows / (sample.ms / 1000)));
    const line = {
      mode,
      rows,
      source,
      rowsPerSecondMedian: median(rate),
      cpuMsPerMillionRowsMedian: Math.round(median(samples.map((s) => (s.cpuMs * 1e6) / s.rows))),
      mbPerSecondMedian: round(median(samples.map((s) => s.bytes / MB / (s.ms / 1000)))),
      firstBatchMsMedian: round(median(samples.map((s) => s.firstMs))),
      peakRssMbMax: round(Math.max(...samples.map((s) => s.peakRssMb))),
      runs: samples.map((s) => ({
        ms: round(s.ms),
        cpuMs: round(s.cpuMs),
        peakRssMb: round(s.peakRssMb),
        sampledRssMb: round(s.sampledRssMb),
        baseRssMb: round(s.baseRssMb),
        bytes: s.bytes,
      })),
    };
    console.log(
      `${mode} ${rows} rows, ${source}: ${(line.rowsPerSecondMedian / 1e6).toFixed(2)} M rows/s, ${line.cpuMsPerMillionRowsMedian} ms CPU per M rows, ` +
        `${line.mbPerSecondMedian} MB/s, first ${line.firstBatchMsMedian} ms, peak ${line.peakRssMbMax} MB`,
    );
    return line;
  });
  rmSync(folder, { recursive: true });
  if (!argv.includes('--write')) return;
  const target = path.join(path.dirname(self), 'results');
  mkdirSync(target, { recursive: true });
  const report = {
    method:
      'Each run a process of its own; 12 mixed columns; 2 DuckDB threads, converter on the main thread. `table`: rows of a ' +
      `table file read with memory_limit ${MEMORY}, so peak RSS includes the engine's block cache; \`computed\`: rows the ` +
      'query makes up, so it does not. `ipc`: streaming to IPC bytes; `batches`: to apache-arrow batches in process; ' +
      '`chunks`: only fetching; `materialised`: run() and then IPC; `getColumns`: node-api JS values, no Arrow; `append`: ' +
      'Arrow to a table, batches ready in memory. peakRss: maximum of the process; sampledRss: highest seen between ' +
      'batches; baseRss: before the query, libraries loaded. The machine is shared: load average is that of the start.',
    loadAverage: round(os.loadavg()[0] ?? 0),
    node: process.version,
    duckdb: version(),
    cpu: os.cpus()[0]?.model,
    cores: os.cpus().length,
    platform: `${process.platform}-${process.arch}`,
    results,
  };
  writeFileSync(path.join(target, 'arrow-stream.json'), `${JSON.stringify(report, null, 2)}\n`);
}

const argv = process.argv.slice(2);
if (argv[0] === '--make') await makeTable(argv[1] ?? '', Number(argv[2]));
else if (argv[0] === '--measure')
  console.log(JSON.stringify(await measure(argv[1] as Mode, Number(argv[2]), argv[3] ?? COMPUTED)));
else main(argv);
