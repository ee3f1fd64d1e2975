/**
 * Slow statements, as lines of JSON in the data directory: one file, and the full one before it. Nothing waits for a
 * line to be written, and a line that cannot be written is only reported: the log is for people who look for what is slow.
 */
import path from 'node:path';
import {
  FIXED_LIMITS,
  Serial,
  type FileSystem,
  type Limits,
  type Log,
  type OpenFile,
} from '../base/index.ts';
import type { SlowQuery } from './query-api.ts';

const FILE = 'slow-queries.jsonl';
const OLD = 'slow-queries.old.jsonl';

export class SlowLog {
  readonly #fs: FileSystem;
  readonly #file: string;
  readonly #old: string;
  readonly #limits: Limits;
  readonly #log: Log;
  readonly #writes = new Serial();

  constructor(options: { fs: FileSystem; dataDir: string; limits: Limits; log: Log }) {
    this.#fs = options.fs;
    this.#file = path.join(options.dataDir, FILE);
    this.#old = path.join(options.dataDir, OLD);
    this.#limits = options.limits;
    this.#log = options.log;
  }

  /** `make` is called when its turn has come. */
  add(make: () => Promise<SlowQuery>): void {
    if (this.#writes.length >= FIXED_LIMITS.slow_log_waiting.value) return;
    void this.#writes
      .run(async () => this.#append(`${JSON.stringify(await make())}\n`))
      .catch(() => this.#log('error', 'the log of slow queries could not be written'));
  }

  /** Newest first. */
  async list(): Promise<SlowQuery[]> {
    const texts = await this.#writes.run(async () => [
      await this.#read(this.#old),
      await this.#read(this.#file),
    ]);
    return texts
      .flatMap((text) => text.split('\n'))
      .flatMap(readLine)
      .reverse();
  }

  /** When all that waits is written. */
  async settle(): Promise<void> {
    await this.#writes.run(async () => undefined);
  }

  async #append(line: string): Promise<void> {
    const size = (await this.#fs.stat(this.#file))?.size ?? 0;
    if (size > 0 && size + line.length > this.#limits.slow_log_bytes) {
      await this.#fs.rename(this.#file, this.#old);
      await this.#write(0, line);
    } else await this.#write(size, line);
  }

  async #write(at: number, line: string): Promise<void> {
    const file: OpenFile = await this.#fs.openFile(this.#file);
    try {
      // A process that was killed may have left half a line.
      const isWhole = at === 0 || Buffer.from(await file.read(at - 1, 1)).toString() === '\n';
      await file.write(at, Buffer.from(isWhole ? line : `\n${line}`));
    } finally {
      await file.close();
    }
  }

  async #read(file: string): Promise<string> {
    if ((await this.#fs.stat(file)) === undefined) return '';
    return Buffer.from(await this.#fs.readFile(file)).toString();
  }
}

/** A line that was cut short says nothing. */
function readLine(line: string): SlowQuery[] {
  try {
    return line === '' ? [] : [JSON.parse(line) as SlowQuery];
  } catch {
    return [];
  }
}
