/**
 * A download in progress: the bytes as they came, and beside them what is needed to go on. The second file is written
 * durably and after the bytes it speaks of are on disk, so that neither a kill nor a power cut makes it promise more than
 * there is.
 */
import type { FileSystem, OpenFile } from '../../base/index.ts';

export interface PartState {
  /** Bytes that are durably there. */
  readonly bytes: number;
  readonly complete: boolean;
  /** The packing of the bytes: `gzip` or ''. */
  readonly encoding: string;
  readonly contentType: string;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** What `If-Range` may say: a strong ETag or a date that is safely before the answer; absent: begin anew. */
  readonly validator: string | undefined;
  /** Where the bytes come from in the end, fit to be shown. */
  readonly url: string;
}

export class Part {
  readonly file: string;
  readonly #note: string;
  readonly #fs: FileSystem;
  #open: OpenFile | undefined;
  #state: PartState | undefined;

  constructor(fs: FileSystem, base: string) {
    this.#fs = fs;
    this.file = `${base}.part`;
    this.#note = `${base}.json`;
  }

  /** What is there, if it can be gone on with. Anything else is removed. */
  async state(): Promise<PartState | undefined> {
    if (this.#state !== undefined) return this.#state;
    const [note, data] = [await this.#fs.stat(this.#note), await this.#fs.stat(this.file)];
    const found = note === undefined ? undefined : parseState(await this.#fs.readFile(this.#note));
    if (found === undefined || data === undefined || data.size < found.bytes) {
      if (note !== undefined || data !== undefined) await this.remove();
      return undefined;
    }
    this.#state = found;
    return found;
  }

  /** Makes the file ready for bytes at `state.bytes`; what lies behind is cut off. */
  async begin(state: PartState): Promise<void> {
    await this.close();
    this.#open = await this.#fs.openFile(this.file);
    await this.#fs.truncate(this.file, state.bytes);
    await this.save(state);
  }

  async write(position: number, data: Uint8Array): Promise<void> {
    await this.#open?.write(position, data);
  }

  /** Makes what was written durable, then says so. */
  async save(state: PartState): Promise<void> {
    await this.#open?.sync();
    await this.#fs.writeDurable(this.#note, JSON.stringify(state));
    this.#state = state;
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.close();
  }

  async remove(): Promise<void> {
    await this.close();
    this.#state = undefined;
    // The note first: bytes without a note are nothing, a note without bytes would be a lie.
    await this.#fs.remove(this.#note);
    await this.#fs.remove(this.file);
  }
}

function parseState(bytes: Uint8Array): PartState | undefined {
  try {
    const state = JSON.parse(new TextDecoder().decode(bytes)) as PartState;
    return Number.isSafeInteger(state.bytes) && state.bytes >= 0 ? state : undefined;
  } catch {
    return undefined;
  }
}
