/** From the bytes as they came to the file to be imported: unpacked within bounds, counted and hashed. */
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import {
  FIXED_LIMITS,
  Sha256,
  asFractalError,
  badInputError,
  type FileSystem,
  type Limits,
} from '../../base/index.ts';

export interface Unpacked {
  readonly sha256: string;
  readonly bytes: number;
}

/** Small answers pack well beyond any ratio. */
const RATIO_FREE_BYTES = 1024 * 1024;

/** Writes `to`. Throws `http.too_large` or `http.encoding`; `name` is what the address is called in errors. */
export async function unpack(
  ports: { readonly fs: FileSystem; readonly limits: Limits },
  from: { readonly file: string; readonly encoding: string; readonly packedBytes: number },
  to: string,
  name: string,
): Promise<Unpacked> {
  const { fs, limits } = ports;
  const most = Math.min(
    limits.document_bytes,
    from.encoding === ''
      ? Infinity
      : Math.max(RATIO_FREE_BYTES, from.packedBytes * FIXED_LIMITS.fetch_ratio.value),
  );
  const hash = new Sha256();
  let bytes = 0;
  const open = await fs.openFile(to);
  const sink = async (chunks: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of chunks) {
      if (bytes + chunk.length > most) throw tooLarge(name, limits);
      await open.write(bytes, chunk);
      hash.update(chunk);
      bytes += chunk.length;
    }
  };
  let failure: unknown;
  try {
    if (from.encoding === '') await sink(fs.readStream(from.file));
    else await pipeline(fs.readStream(from.file), createGunzip(), sink);
  } catch (error) {
    failure = error;
  }
  await open.close();
  if (failure !== undefined) {
    await fs.remove(to);
    throw isPackingFault(failure) ? damaged(name, failure) : asFractalError(failure);
  }
  return { sha256: hash.digest(), bytes };
}

export const tooLarge = (name: string, limits: Limits): Error =>
  badInputError(
    'http.too_large',
    `${name} is larger than document_bytes (${limits.document_bytes}) or unpacks to more than ${FIXED_LIMITS.fetch_ratio.value} times its size`,
    'Fetch a part of it, or raise document_bytes in fractal.json.',
  );

const isPackingFault = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');

const damaged = (name: string, cause: unknown): Error =>
  badInputError('http.encoding', `${name} came packed as gzip and does not unpack`, 'Fetch it again.', {
    cause,
  });
