/**
 * The file system as a port, so that tests can fail a write or count the fsyncs. Only what Fractal itself writes goes
 * through it; the engines do their own input and output.
 */
import { createReadStream, type Stats } from 'node:fs';
import * as fsp from 'node:fs/promises';
import path from 'node:path';

export interface FileSystem {
  readFile(file: string): Promise<Uint8Array>;
  /** Chunks of the file, in order. */
  readStream(file: string): AsyncIterable<Uint8Array>;
  /** Writes all or nothing: to a neighbour, fsync, rename over, fsync the folder. `mode` defaults to 0o600. */
  writeDurable(file: string, data: Uint8Array | string, mode?: number): Promise<void>;
  /** Makes what was written to the file, or the names in the folder, survive a power cut. */
  sync(fileOrFolder: string): Promise<void>;
  stat(file: string): Promise<Stats | undefined>;
  /** Names in a folder, sorted; empty when the folder does not exist. */
  list(folder: string): Promise<string[]>;
  makeFolder(folder: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(fileOrFolder: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  truncate(file: string, bytes: number): Promise<void>;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

export const nodeFileSystem: FileSystem = {
  readFile: (file) => fsp.readFile(file),
  readStream: (file) => createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>,
  async writeDurable(file, data, mode = 0o600) {
    const next = `${file}.next`;
    const handle = await fsp.open(next, 'w', mode);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fsp.rename(next, file);
    await this.sync(path.dirname(file));
  },
  async sync(fileOrFolder) {
    const handle = await fsp.open(fileOrFolder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async stat(file) {
    try {
      return await fsp.stat(file);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async list(folder) {
    try {
      return (await fsp.readdir(folder)).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  },
  async makeFolder(folder) {
    await fsp.mkdir(folder, { recursive: true, mode: 0o700 });
  },
  rename: (from, to) => fsp.rename(from, to),
  remove: (fileOrFolder) => fsp.rm(fileOrFolder, { recursive: true, force: true }),
  copy: (from, to) => fsp.copyFile(from, to),
  truncate: (file, bytes) => fsp.truncate(file, bytes),
};
