/**
 * Speed and memory of a whole import: read, parse, find obligations, write rows, stage passages, commit.
 * `node bench/ingest-speed.ts` runs all, in some minutes; needs ../shared/data (or FRACTAL_SHARED).
 *
 * Law: sections of a real eCFR title, repeated under other part numbers, as one file of 20 MB and, with `--large`, one of
 * 200 MB (memory); 5 MB of them as one document; and the folders of real law. The embedder gives zeros and costs nothing,
 * which stands for "embeddings off"; 1 MB is measured with the model that comes with the node too. DuckDB's own memory is
 * bounded to 64 MiB and `document_bytes` is raised; both are in the result. Every measurement is a process of its own, so
 * the memory is that of it alone; `rss_file_mb` of it are pages of libraries, which the system may drop.
 * On a machine with other work the processor seconds are what to compare: the load is in the result.
 * PDF: the largest real file, read to events.
 */
import { spawnSync } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { once } from 'node:events';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { DEFAULT_LIMITS, nodeFileSystem, systemClock } from '../src/base/index.ts';
import { Importer, READERS, ecfrReader, type FileResult } from '../src/ingest/index.ts';
import type { Embedder } from '../src/query/index.ts';
import { bench, keep, shippedModel } from './kit.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const TITLE = path.join(shared, 'gpo-ecfr-fr-xml/ndash-changes-March2024/current/ECFR-title1.xml');
const PDF = path.join(shared, 'pdf-samples/OSHA2001_OSH_Act_1970.pdf');
const LIMITS = { duckdb_memory_bytes: 64 * 1024 * 1024, document_bytes: 400_000_000 };
const FOLDERS = ['eurlex-esh', 'uk-clml', 'cfr-annual-xml'];
const MB = 1e6;

/** Vectors of zeros: a bench of everything but the model. */
const NO_EMBEDDER: Embedder = {
  model: { id: 'zeros', version: '1', sha256: '0'.repeat(64), dimension: 256 },
  embed: async (texts) => new Float32Array(texts.length * 256),
  terms: undefined,
};

interface Measured {
  readonly megabytes: number;
  readonly seconds: number;
  readonly cpu_seconds: number;
  readonly mb_per_s: number;
  readonly rss_peak_mb: number;
  readonly rss_file_mb: number;
  readonly heap_peak_mb: number;
  readonly files: number;
  readonly documents: number;
  readonly sections: number;
  readonly obligations: number;
}

/** The title's parts again and again, each time with numbers of its own, up to a size; or their sections in one part. */
async function writeLaw(file: string, bytes: number, asOne = false): Promise<void> {
  const text = readFileSync(TITLE, 'utf8');
  const parts = [...text.matchAll(/<DIV5 N="(\d+)"[^]*?<\/DIV5>/g)].map(
    ([part, number = '']): [string, string] => [
      asOne ? [...part.matchAll(/<DIV8[^]*?<\/DIV8>/g)].join('\n') : part,
      number,
    ],
  );
  const out = createWriteStream(file);
  let written = 0;
  const write = async (piece: string): Promise<void> => {
    written += Buffer.byteLength(piece);
    if (!out.write(piece)) await once(out, 'drain');
  };
  await write(
    '<ECFR><AMDDATE>Dec. 29, 2022</AMDDATE><DIV1 N="1" NODE="1:1" TYPE="TITLE"><HEAD>Title 1</HEAD>',
  );
  if (asOne) await write('<DIV5 N="1" NODE="1:1.0.1" TYPE="PART"><HEAD>PART 1—ALL</HEAD>');
  for (let round = 1; written < bytes; round++)
    for (const [part, number] of parts)
      if (written < bytes)
        await write(
          part.replaceAll(new RegExp(`\\b${number}(?=[.—"\\s])`, 'g'), `${round}${number.padStart(4, '0')}`),
        );
  await write(`${asOne ? '</DIV5>' : ''}</DIV1></ECFR>`);
  out.end();
  await once(out, 'finish');
}

/** Memory of this process in bytes, of which pages of files. */
function resident(): { rss: number; file: number; heap: number } {
  const { rss, heapTotal: heap } = process.memoryUsage();
  const file = /RssFile:\s+(\d+) kB/.exec(
    existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '',
  );
  return { rss, file: Number(file?.[1] ?? 0) * 1024, heap };
}

/** One import of a file, or of the files of a folder, in this process. */
async function importLaw(what: string, embedder: Embedder): Promise<Measured> {
  const files = statSync(what).isDirectory() ? globSync(`${what}/**/*.{xml,xhtml,html}`).sort() : [what];
  const opened = await bench(embedder, LIMITS);
  const { store } = opened;
  const limits = { ...DEFAULT_LIMITS, ...LIMITS };
  const importer = new Importer({ store, embedder, clock: systemClock, fs: nodeFileSystem, limits });
  let peak = resident();
  const watch = setInterval(() => {
    const now = resident();
    if (now.rss > peak.rss) peak = now;
  }, 20);
  const cpu = process.cpuUsage();
  const started = performance.now();
  const results: FileResult[] = [];
  for (const file of files)
    results.push(
      await importer.importFile(file, path.basename(file), {
        kind: undefined,
        jurisdiction: undefined,
        inForceFrom: undefined,
        principal: 'bench',
      }),
    );
  const seconds = (performance.now() - started) / 1000;
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  const added = results.filter(({ status }) => status === 'added' || status === 'updated');
  const [first] = results;
  if (added.length === 0)
    throw new TypeError(`${first?.status ?? 'nothing'}: ${first?.error?.message ?? ''}`);
  const megabytes =
    files.reduce((sum, file, i) => sum + (results[i]?.status === 'rejected' ? 0 : statSync(file).size), 0) /
    MB;
  await opened.close();
  return {
    megabytes: round(megabytes),
    seconds: round(seconds),
    cpu_seconds: round((user + system) / 1e6),
    mb_per_s: round(megabytes / seconds),
    rss_peak_mb: round(peak.rss / MB),
    rss_file_mb: round(peak.file / MB),
    heap_peak_mb: round(peak.heap / MB),
    files: added.length,
    documents: added.reduce((sum, { documents }) => sum + documents, 0),
    sections: added.reduce((sum, { sections }) => sum + sections, 0),
    obligations: added.reduce((sum, { obligations }) => sum + obligations, 0),
  };
}

async function readPdf(): Promise<object> {
  const reader = READERS.find(({ format }) => format === 'pdf') ?? ecfrReader;
  const bytes = readFileSync(PDF);
  let best = Infinity;
  let pages = 0;
  for (let run = 0; run < 3; run++) {
    const started = performance.now();
    for await (const events of reader.read({ name: 'a.pdf', chunks: one(bytes), limits: DEFAULT_LIMITS }))
      for (const event of events)
        if (event.type === 'section')
          pages = Math.max(pages, Number(/ p\. (\d+)/.exec(event.section.citation)?.[1] ?? 0));
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  return { pages, seconds: round(best), pages_per_s: round(pages / best) };
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

const round = (value: number): number => Number(value.toFixed(2));

/** Runs this file again for one measurement; the best of some runs. */
function apart(args: readonly string[], runs: number): unknown {
  const results = Array.from({ length: runs }, () => {
    const child = spawnSync(process.execPath, [...process.execArgv, 'bench/ingest-speed.ts', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '16', LANCEDB_LOG: 'error' },
    });
    if (child.status !== 0) throw new TypeError(`${args.join(' ')} failed`);
    return JSON.parse(child.stdout.toString()) as { seconds: number };
  });
  const [load = 0] = loadavg();
  return { ...results.sort((a, b) => a.seconds - b.seconds)[0], load: round(load) };
}

const [mode, file = ''] = process.argv.slice(2);
if (mode === '--zeros') process.stdout.write(JSON.stringify(await importLaw(file, NO_EMBEDDER)));
else if (mode === '--model')
  process.stdout.write(JSON.stringify(await importLaw(file, await shippedModel())));
else if (mode === '--pdf') process.stdout.write(JSON.stringify(await readPdf()));
else if (!existsSync(TITLE)) console.log(`skipped: ${TITLE} is not there`);
else {
  const folder = mkdtempSync(path.join(tmpdir(), 'fractal-ingest-'));
  const law = path.join(folder, 'ecfr-20.xml');
  await writeLaw(law, 20 * MB);
  const result: Record<string, unknown> = {
    command: `node bench/ingest-speed.ts ${mode ?? ''}`.trim(),
    limits: LIMITS,
    law_20mb_embeddings_off: apart(['--zeros', law], 1),
  };
  const one = path.join(folder, 'ecfr-one.xml');
  await writeLaw(one, 5 * MB, true);
  result['law_5mb_one_document_embeddings_off'] = apart(['--zeros', one], 1);
  const small = path.join(folder, 'ecfr-1.xml');
  await writeLaw(small, 1 * MB);
  result['law_1mb_with_model'] = apart(['--model', small], 1);
  for (const name of FOLDERS)
    result[`${name}_embeddings_off`] = apart(['--zeros', path.join(shared, name)], 1);
  if (mode === '--large') {
    const large = path.join(folder, 'ecfr-200.xml');
    await writeLaw(large, 200 * MB);
    result['law_200mb_embeddings_off'] = apart(['--zeros', large], 1);
  }
  if (existsSync(PDF)) result['pdf'] = apart(['--pdf'], 1);
  rmSync(folder, { recursive: true });
  keep('ingest-speed', result);
}
