/**
 * Speed of the document readers on real files held in memory: `node bench/ingest-readers.ts`.
 * Needs ../shared/data (or FRACTAL_SHARED).
 *
 * Each file is read again and again for about two seconds. Bytes of XML per second of wall time, and per second of processor
 * time (which says more on a machine that is shared).
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_LIMITS } from '../src/base/index.ts';
import { cfrAnnualReader, clmlReader, ecfrReader } from '../src/ingest/index.ts';
import type { Reader } from '../src/ingest/index.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const files: readonly (readonly [Reader, string])[] = [
  [ecfrReader, 'gpo-ecfr-fr-xml/ndash-changes-March2024/current/ECFR-title1.xml'],
  [ecfrReader, 'ecfr-7cfr1b-nepa/title-7.xml'],
  [ecfrReader, 'ecfr-osha-1910-147/osha_1910_147_raw.xml'],
  [cfrAnnualReader, 'cfr-annual-xml/annual/CFR-2015-title40-vol26-part262.xml'],
  [cfrAnnualReader, 'cfr-annual-xml/annual/CFR-2004-title27-vol2-part555.xml'],
  [clmlReader, 'uk-clml/sampleXML/uksi_20051643_en.xml'],
  [clmlReader, 'uk-clml/sampleXML/asp_20030002_en.xml'],
  [clmlReader, 'uk-clml/sampleXML/eur_20140319_adopted_en.xml'],
  [clmlReader, 'uk-clml/sampleXML/uksi_1994_397_sld_made.xml'],
];
const MEASURE_MS = 2000;

async function* chunksOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 65_536) yield bytes.subarray(from, from + 65_536);
}

async function read(reader: Reader, name: string, bytes: Uint8Array): Promise<number> {
  let sections = 0;
  for await (const events of reader.read({ name, chunks: chunksOf(bytes), limits: DEFAULT_LIMITS }))
    for (const event of events) if (event.type === 'section') sections++;
  return sections;
}

for (const [reader, file] of files) {
  const at = path.join(shared, file);
  if (!existsSync(at)) {
    console.log(`${file}: skipped, not there`);
    continue;
  }
  const bytes = readFileSync(at);
  const sections = await read(reader, file, bytes);
  let rounds = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  while (performance.now() - start < MEASURE_MS) {
    await read(reader, file, bytes);
    rounds++;
  }
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const megabytes = (rounds * bytes.length) / 1e6;
  const perWall = (megabytes / seconds).toFixed(1).padStart(6);
  const perCpu = ((megabytes * 1e6) / (user + system)).toFixed(1).padStart(6);
  console.log(
    `${reader.format.padEnd(10)} ${perWall} MB/s ${perCpu} MB/cpu-s  ${String(sections).padStart(5)} nodes  ${path.basename(file)}`,
  );
}
