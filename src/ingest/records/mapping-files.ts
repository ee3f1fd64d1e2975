/** Mappings that users write: one from a file or a text, and those in the folder `mappings/` of a node. */
import path from 'node:path';
import {
  FIXED_LIMITS,
  badInputError,
  notFoundError,
  type FileSystem,
  type FractalError,
} from '../../base/index.ts';
import { overLimit } from './bounds.ts';
import { mappingFault } from './mapping-check.ts';
import { asMapping, type Mapping } from './mapping.ts';
import { MAPPINGS } from './mappings.ts';
import { checkRules } from './read.ts';

/** Throws `mapping.json`, `mapping.malformed` or a `limit.…` error with `source` as its place. */
export function parseMapping(text: string, source: string): Mapping {
  if (Buffer.byteLength(text) > FIXED_LIMITS.mapping_bytes.value)
    throw overLimit(source, 'mapping_bytes', 'the mapping');
  const mapping = asMapping(parseJson(text, source), source);
  checkRules(mapping, source);
  return mapping;
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw notJson(text, source, error);
  }
}

/** The parser's own message may quote the file. */
function notJson(text: string, source: string, cause: unknown): FractalError {
  const at = /position (\d+)/.exec(cause instanceof Error ? cause.message : '')?.[1];
  const line = at === undefined ? undefined : text.slice(0, Number(at)).split('\n').length;
  return badInputError('mapping.json', 'the mapping is not JSON', 'Correct it where the place says.', {
    place: line === undefined ? { source } : { source, line },
    cause,
  });
}

export async function readMapping(fs: FileSystem, file: string): Promise<Mapping> {
  const stat = await fs.stat(file);
  if (stat?.isFile() !== true)
    throw notFoundError('mapping.absent', 'there is no such mapping file', 'Check the path.');
  if (stat.size > FIXED_LIMITS.mapping_bytes.value) throw overLimit(file, 'mapping_bytes', 'the mapping');
  return parseMapping(Buffer.from(await fs.readFile(file)).toString('utf8'), file);
}

/**
 * The mappings in a folder, by file name; none when there is no folder. One with a fault is an error, not left out: its
 * files would be read by another mapping without a word.
 */
export async function readMappings(fs: FileSystem, folder: string): Promise<readonly Mapping[]> {
  const names = (await fs.list(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  if (names.length > FIXED_LIMITS.mapping_files.value)
    throw overLimit(folder, 'mapping_files', 'the folder of mappings');
  const found: Mapping[] = [];
  for (const name of names) {
    const file = path.join(folder, name);
    const mapping = await readMapping(fs, file);
    if ([...MAPPINGS, ...found].some((other) => other.name === mapping.name))
      throw mappingFault(file, 'name', 'is that of another mapping', 'Give it a name of its own.');
    found.push(mapping);
  }
  return found;
}

/** A mapping by its name, among those of the node's folder and those that come with the node. */
export function mappingNamed(name: string, mappings: readonly Mapping[]): Mapping {
  const found = [...mappings, ...MAPPINGS].find((mapping) => mapping.name === name);
  if (found !== undefined) return found;
  throw notFoundError(
    'mapping.unknown',
    'there is no mapping of that name',
    'Run `fractal mappings` for their names, or give a file.',
  );
}
