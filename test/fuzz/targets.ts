/** One mutant through the reader it was made for: what came of it as a short text, the same for the same bytes. */
import { DEFAULT_LIMITS, Sha256 } from '../../src/base/index.ts';
import {
  detectReader,
  findMapping,
  findObligations,
  MAPPINGS,
  readRecords,
  READERS,
} from '../../src/ingest/index.ts';
import { EventJudge, judgeError, judgeObligations } from './judge.ts';
import type { Seed } from './seeds.ts';

/** Groups are small, so that what lies between them is tried as well. */
async function* chunksOf(bytes: Buffer): AsyncIterable<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 8192) yield bytes.subarray(from, from + 8192);
}

/** Reads the mutant and judges it; throws `Broken`. The answer is a digest of all that was read. */
export async function readMutant(seed: Seed, bytes: Buffer): Promise<string> {
  const hash = new Sha256();
  const add = (value: unknown): void => {
    hash.update(Buffer.from(JSON.stringify(value) ?? 'undefined'));
  };
  try {
    if (seed.format === 'obligations') readObligations(bytes, add);
    else if (seed.format === 'records') await readRecordFile(seed, bytes, add);
    else await readLaw(seed, bytes, add);
  } catch (error) {
    return judgeError(error, bytes.toString('utf8'));
  }
  return hash.digest();
}

async function readLaw(seed: Seed, bytes: Buffer, add: (value: unknown) => void): Promise<void> {
  const sniff = { name: seed.name, head: bytes.toString('utf8', 0, 16 * 1024) };
  for (const reader of READERS) reader.matches(sniff);
  const reader = READERS.find(({ format }) => format === seed.format) ?? detectReader(sniff);
  const judge = new EventJudge();
  const input = { name: seed.name, chunks: chunksOf(bytes), limits: DEFAULT_LIMITS };
  for await (const events of reader.read(input))
    for (const event of events) {
      judge.event(event);
      add(event);
    }
  judge.complete();
}

async function readRecordFile(seed: Seed, bytes: Buffer, add: (value: unknown) => void): Promise<void> {
  const sniff = (from: Buffer): { name: string; head: string } => ({
    name: seed.name,
    head: from.toString('utf8', 0, 16 * 1024),
  });
  findMapping(sniff(bytes));
  const mapping = findMapping(sniff(seed.bytes)) ?? MAPPINGS[0];
  if (mapping === undefined) throw new TypeError('there are no mappings');
  const input = { name: seed.name, chunks: chunksOf(bytes), limits: DEFAULT_LIMITS };
  for await (const { batches, ...group } of readRecords(mapping, input, { today: '2026-01-01' })) {
    add(group);
    if (group.rejected.length > group.records) throw new TypeError('more records were rejected than read');
    for (const { table, length, columns } of batches) {
      for (const column of columns)
        if (column !== undefined && column.length !== length)
          throw new TypeError(`a column of ${table.name} is short`);
      add([table.name, columns.map((column) => column?.map(storable))]);
    }
  }
}

/** What a row may hold; text must be storable. */
function storable(value: unknown): unknown {
  if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError('a cell cannot be stored');
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a number is none');
  return typeof value === 'bigint' ? value.toString() : value;
}

function readObligations(bytes: Buffer, add: (value: unknown) => void): void {
  const text = bytes.toString('utf8');
  const half = text.indexOf('\n', text.length / 2);
  for (const [leadIns, own] of [
    [[], text],
    [[text.slice(0, Math.max(0, half))], text.slice(half + 1)],
  ] as const) {
    const found = findObligations({ text: own, leadIns, language: 'en' });
    judgeObligations(own, found);
    add(found);
  }
}
