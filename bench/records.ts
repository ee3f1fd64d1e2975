/**
 * Records per second: cells of CSV (ours, csv-parse), records to typed columns, columns to Arrow, Arrow into DuckDB; and
 * pages of PDF per second.
 *
 *     node bench/records.ts
 *
 * Rates are per wall second, median of the rounds; `cpu` is per second of processor time, which a busy machine changes
 * less.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parse } from 'csv-parse/sync';
import { DEFAULT_LIMITS } from '../src/base/index.ts';
import { pdfReader } from '../src/ingest/pdf/index.ts';
import { CsvParser } from '../src/ingest/records/csv.ts';
import { findMapping, readRecords, toRecordBatch, type ColumnBatch } from '../src/ingest/records/index.ts';
import { createStatement, qualifiedName } from '../src/schema/index.ts';
import { ArrowAppender } from '../src/store/arrow/index.ts';
import { keep, machine, percentile } from './kit.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const ROUNDS = 5;
const results: Record<string, { unit: string; wall: number; cpu: number; rounds: number[] }> = {};

async function measure(name: string, unit: string, count: number, job: () => Promise<void>): Promise<void> {
  await job();
  const walls: number[] = [];
  const cpus: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const cpu = process.cpuUsage();
    const start = performance.now();
    await job();
    const used = process.cpuUsage(cpu);
    walls.push(Math.round((count / (performance.now() - start)) * 1000));
    cpus.push(Math.round((count / (used.user + used.system)) * 1e6));
  }
  const wall = percentile(walls, 0.5);
  const cpu = percentile(cpus, 0.5);
  results[name] = { unit, wall, cpu, rounds: walls };
  console.log(
    `${name.padEnd(52)} ${String(wall).padStart(9)} ${unit}/s ${String(cpu).padStart(9)} ${unit}/cpu-s`,
  );
}

async function* chunksOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}

/** Readings as most monitoring exports are: a row a reading. */
function readings(count: number): Buffer {
  const lines = [
    'npdes_id,perm_feature_nmbr,monitoring_period_end_date,parameter_desc,dmr_value_nmbr,dmr_unit_desc',
  ];
  for (let i = 0; i < count; i++) {
    const day = new Date(Date.UTC(2015, 0, 1) + (i % 3000) * 86_400_000).toISOString().slice(0, 10);
    const [year, month, date] = day.split('-');
    lines.push(
      `TX${String(i % 500).padStart(7, '0')},001,${month}/${date}/${year},"Solids, suspended ${Math.floor(i / 3000)}",${(i % 997) / 10},mg/L`,
    );
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}
const NARROW = {
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
} as const;

async function columnsOf(bytes: Buffer, mapping: Parameters<typeof readRecords>[0]): Promise<ColumnBatch[]> {
  const batches: ColumnBatch[] = [];
  const input = { name: 'bench.csv', chunks: chunksOf(bytes), limits: DEFAULT_LIMITS };
  for await (const group of readRecords(mapping, input, { today: '2026-01-01' }))
    batches.push(...group.batches);
  return batches;
}

async function benchFile(
  name: string,
  bytes: Buffer,
  mapping: Parameters<typeof readRecords>[0],
): Promise<void> {
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  const options = { source: '', delimiter: ',', quoted: true, recordBytes: 1e6, fields: 512 };
  let records = -1;
  for (const group of new CsvParser(options).parse(text, true)) records += group.rows.length;
  await measure(`${name}: cells, ours`, 'records', records, async () => {
    let rows = 0;
    for (const group of new CsvParser(options).parse(text, true)) rows += group.rows.length;
    if (rows !== records + 1) throw new RangeError(String(rows));
  });
  await measure(`${name}: cells, csv-parse`, 'records', records, async () => {
    parse(text, { relax_column_count: true });
  });
  await measure(`${name}: records to typed columns`, 'records', records, async () => {
    await columnsOf(bytes, mapping);
  });
  const batches = await columnsOf(bytes, mapping);
  const rows = batches.reduce((sum, { length }) => sum + length, 0);
  results[`${name}: rows made of ${records} records`] = { unit: 'rows', wall: rows, cpu: rows, rounds: [] };
  await measure(`${name}: columns to Arrow`, 'rows', rows, async () => {
    for (const batch of batches) toRecordBatch(batch);
  });
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  await connection.run('create schema esh');
  await measure(`${name}: bytes into DuckDB by Arrow`, 'rows', rows, async () => {
    for (const { table } of batches)
      await connection.run(createStatement(table).replace('CREATE TABLE', 'CREATE OR REPLACE TABLE'));
    for (const batch of await columnsOf(bytes, mapping)) {
      const appender = await connection.createAppender(batch.table.name, batch.table.schema);
      new ArrowAppender(appender).append(toRecordBatch(batch));
      appender.closeSync();
    }
    const tables = [...new Set(batches.map(({ table }) => qualifiedName(table)))];
    let stored = 0;
    for (const table of tables)
      stored += Number((await connection.runAndReadAll(`select count(*) from ${table}`)).getRows()[0]?.[0]);
    if (stored !== rows) throw new RangeError(`${stored} of ${rows}`);
  });
  connection.closeSync();
  instance.closeSync();
}

await benchFile('readings, 6 columns', readings(300_000), NARROW);
for (const [name, file] of [
  ['Marylebone, 10 columns, 9 rows a record', 'air-quality-marylebone/marylebone_hourly_1998_2005.csv'],
  ['RMP accidents, 72 columns', 'epa-rmp/data/output/accidents.csv'],
  ['PHMSA, 480 columns', 'phmsa-pipeline/gd2010toPresent.csv'],
] as const) {
  const at = path.join(shared, file);
  if (!existsSync(at)) {
    console.log(`${file}: skipped, not there`);
    continue;
  }
  const bytes = readFileSync(at);
  const mapping = findMapping({ name: path.basename(file), head: bytes.toString('utf8', 0, 16 * 1024) });
  if (mapping !== undefined) await benchFile(name, bytes, mapping);
}

const PDFS = [
  'pdf-samples/OSHA2001_OSH_Act_1970.pdf',
  'uk-edm-storm-overflows/2022/dataset_guide.pdf',
  'code-accord/English Regulations/PDF/Chapters Content/Approved_Document_K-Content.pdf',
];
let pages = 0;
const files = PDFS.map((file) => path.join(shared, file)).filter((file) => existsSync(file));
const readPdfs = async (): Promise<void> => {
  pages = 0;
  for (const file of files) {
    const seen = new Set<string>();
    const input = { name: path.basename(file), chunks: chunksOf(readFileSync(file)), limits: DEFAULT_LIMITS };
    for await (const events of pdfReader.read(input))
      for (const event of events)
        if (event.type === 'section') seen.add(/ p\. (\d+)/.exec(event.section.citation)?.[1] ?? '');
    pages += Math.max(...[...seen].map(Number));
  }
};
if (files.length > 0) {
  await readPdfs();
  await measure(`PDF, ${files.length} files, a thread for each`, 'pages', pages, readPdfs);
}
keep('records', { command: 'node bench/records.ts', machine: machine(), rounds: ROUNDS, results });
