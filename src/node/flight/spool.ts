/** Uploads over Flight, kept in a file until they are whole: a slow sender must not hold the one writer. */
import path from 'node:path';
import { badInputError, newId, type FileSystem } from '../../base/index.ts';
import type { NodeParts } from '../parts.ts';

export interface Spooled {
  /** Reads it from its beginning, as often as asked. */
  read(): AsyncIterable<Uint8Array>;
  remove(): Promise<void>;
}

/** The folder is emptied whenever a node starts to serve. */
const FOLDER = 'uploads';
const WRITE_BYTES = 1024 * 1024;

export async function spool(
  parts: NodeParts,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Spooled> {
  const { fs, clock, random } = parts.outside;
  const folder = path.join(parts.dataDir, FOLDER);
  await fs.makeFolder(folder);
  const file = path.join(folder, `${newId(clock, random)}.arrow`);
  const remove = (): Promise<void> => fs.remove(file);
  try {
    await write(fs, file, bytes, parts.limits.flight_ingest_bytes, signal);
  } catch (error) {
    await remove();
    throw error;
  }
  return { read: () => fs.readStream(file), remove };
}

async function write(
  fs: FileSystem,
  file: string,
  bytes: AsyncIterable<Uint8Array>,
  bytesMax: number,
  signal: AbortSignal,
): Promise<void> {
  const target = await fs.openFile(file);
  let at = 0;
  let held: Uint8Array[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    await target.write(at, Buffer.concat(held, size));
    at += size;
    held = [];
    size = 0;
  };
  try {
    for await (const piece of bytes) {
      signal.throwIfAborted();
      held.push(piece);
      size += piece.length;
      if (at + size > bytesMax)
        throw badInputError(
          'flight.message_size',
          `the upload has more than ${bytesMax} bytes`,
          'Send it in several parts.',
        );
      if (size >= WRITE_BYTES) await flush();
    }
    await flush();
  } finally {
    await target.close();
  }
}
