/**
 * Every file below some paths: folders in order of names, hidden ones left out. A path that is a link is followed, for
 * somebody named it; a link below is listed and not followed: it may lead out of the folder, or round in it.
 */
import path from 'node:path';
import { badInputError, type FileSystem, type Limits } from '../../base/index.ts';

export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export async function* listFiles(
  fs: FileSystem,
  limits: Limits,
  paths: readonly string[],
): AsyncGenerator<FoundFile> {
  let found = 0;
  for (const root of paths)
    for await (const file of below(fs, root, true)) {
      if (++found > limits.import_files)
        throw badInputError(
          'import.files',
          `there are more than ${limits.import_files} files`,
          'Import the folders one by one.',
        );
      yield file;
    }
}

async function* below(fs: FileSystem, entry: string, isNamed: boolean): AsyncGenerator<FoundFile> {
  const stat = await fs.stat(entry);
  if (stat === undefined) return;
  if (!stat.isDirectory() || (!isNamed && (await fs.isLink(entry)))) {
    yield { path: entry, bytes: stat.size, modifiedMs: Math.trunc(stat.mtimeMs) };
    return;
  }
  for (const name of await fs.list(entry))
    if (!name.startsWith('.')) yield* below(fs, path.join(entry, name), false);
}
