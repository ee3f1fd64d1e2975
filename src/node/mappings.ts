/** Mappings of record files: what there is, and what one would make of a file. No node is opened, nothing is written. */
import path from 'node:path';
import { DEFAULT_LIMITS, badInputError, notFoundError, today } from '../base/index.ts';
import {
  MAPPINGS,
  dryRun,
  findMapping,
  mappingNamed,
  parseMapping,
  readMapping,
  readMappings,
  type DryRun,
  type Mapping,
} from '../ingest/index.ts';
import type { ImportRequest } from './api.ts';
import { CONFIG_FILE, limitsOf, readConfig } from './config.ts';
import { SYSTEM, type Outside } from './parts.ts';

export interface MappingInfo {
  readonly name: string;
  readonly description: string;
  readonly format: string;
  readonly tables: readonly string[];
  /** Whether it came with the node; else it lies in the folder `mappings/` of the data directory. */
  readonly shipped: boolean;
}

const { fs, clock } = SYSTEM;
const HEAD_BYTES = 16 * 1024;

export const mappingsFolder = (dataDir: string): string => path.join(dataDir, 'mappings');

export async function listMappings(dataDir: string): Promise<readonly MappingInfo[]> {
  const own = await readMappings(fs, mappingsFolder(dataDir));
  return [...own, ...MAPPINGS].map((mapping) => ({
    name: mapping.name,
    description: mapping.description,
    format: mapping.shape.type,
    tables: [...new Set(mapping.emit.map(({ table }) => table))],
    shipped: MAPPINGS.includes(mapping),
  }));
}

/** A mapping by name or by file. */
export async function showMapping(dataDir: string, nameOrFile: string): Promise<Mapping> {
  if ((await fs.stat(nameOrFile))?.isFile() === true) return await readMapping(fs, nameOrFile);
  return mappingNamed(nameOrFile, await readMappings(fs, mappingsFolder(dataDir)));
}

/** What a mapping makes of a file; without one, the mapping that an import would find. */
export async function checkMappingOn(
  dataDir: string,
  file: string,
  nameOrFile: string | undefined,
): Promise<DryRun> {
  const stat = await fs.stat(file);
  if (stat?.isFile() !== true)
    throw notFoundError('import.path', 'there is no such file', 'Check the path.', {
      place: { source: file },
    });
  const isNode = (await fs.stat(path.join(dataDir, CONFIG_FILE))) !== undefined;
  const limits = isNode ? limitsOf(await readConfig(fs, dataDir)) : DEFAULT_LIMITS;
  const mapping =
    nameOrFile === undefined ? await foundFor(dataDir, file) : await showMapping(dataDir, nameOrFile);
  const input = { name: file, chunks: fs.readStream(file), limits };
  return await dryRun(mapping, input, { today: today(clock) });
}

async function foundFor(dataDir: string, file: string): Promise<Mapping> {
  let head = Buffer.alloc(0);
  for await (const chunk of fs.readStream(file)) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= HEAD_BYTES) break;
  }
  const sniff = { name: path.basename(file), head: head.toString('utf8', 0, HEAD_BYTES) };
  const mapping = findMapping(sniff, await readMappings(fs, mappingsFolder(dataDir)));
  if (mapping !== undefined) return mapping;
  throw badInputError(
    'records.unknown',
    'no mapping fits the name and the columns of the file',
    'Give one with --mapping; docs/mappings.md says how to write it.',
    { place: { source: file, line: 1 } },
  );
}

/** What an import is told of mappings: the one that was asked for, and those of the node's folder. */
export async function mappingsFor(
  dataDir: string,
  { mapping, mapping_text: text }: Pick<ImportRequest, 'mapping' | 'mapping_text'>,
  outside: Outside,
): Promise<{ readonly mapping?: Mapping; readonly mappings: readonly Mapping[] }> {
  const mappings = await readMappings(outside.fs, mappingsFolder(dataDir));
  if (text !== undefined) return { mapping: parseMapping(text, mapping ?? 'mapping'), mappings };
  return mapping === undefined ? { mappings } : { mapping: mappingNamed(mapping, mappings), mappings };
}
