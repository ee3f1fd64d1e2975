/**
 * Files by address, into the data directory. A download that was cut, stopped or killed goes on where it was (`Range`),
 * if the server still has the same document (`If-Range`); otherwise it begins anew. Nothing is believed about lengths.
 */
import path from 'node:path';
import {
  Serial,
  badInputError,
  newId,
  sha256,
  unavailableError,
  type Clock,
  type FileSystem,
  type Limits,
  type Random,
} from '../../base/index.ts';
import { Part, type PartState } from './part.ts';
import { tooLarge, unpack } from './unpack.ts';
import { shownUrl } from './url.ts';
import type { Web, WebAnswer, WebRequest } from './web.ts';

/** What the server told of a document when it was last fetched. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
}

export interface Downloaded extends Validators {
  /** A file of its own, for the caller to remove. */
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly contentType: string;
  /** Where it came from in the end, fit to be shown. */
  readonly url: string;
}

interface DownloadPorts {
  readonly web: Web;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  /** Folder of its own below the data directory. */
  readonly folder: string;
}

type Outcome = 'complete' | 'not-modified';

export class Downloads {
  readonly #ports: DownloadPorts;
  /** One task at a time on each part file. */
  readonly #busy = new Map<string, Serial>();

  constructor(ports: DownloadPorts) {
    this.#ports = ports;
  }

  /** `not-modified` when the server still has what `known` tells of. */
  async fetch(
    request: WebRequest,
    known: Validators | undefined,
    signal: AbortSignal,
  ): Promise<Downloaded | 'not-modified'> {
    const { fs, clock, random, folder } = this.#ports;
    await fs.makeFolder(folder);
    const id = partId(request);
    return await this.#alone(id, async () => {
      const part = new Part(fs, path.join(folder, id));
      try {
        const outcome = await this.#receive(part, request, known, signal);
        if (outcome === 'not-modified') return outcome;
        const state = await part.state();
        if (state === undefined) throw lost(request.url);
        const file = path.join(folder, `${newId(clock, random)}.file`);
        const from = { file: part.file, encoding: state.encoding, packedBytes: state.bytes };
        try {
          const { etag, lastModified, contentType, url } = state;
          return {
            file,
            etag,
            lastModified,
            contentType,
            url,
            ...(await unpack(this.#ports, from, file, url)),
          };
        } catch (error) {
          // What does not unpack now will not unpack later.
          await part.remove();
          throw error;
        }
      } finally {
        await part.close();
      }
    });
  }

  /** Forgets a download whose document is in, or is not wanted. Until then it would not be fetched a second time. */
  async forget(request: WebRequest): Promise<void> {
    const id = partId(request);
    await this.#alone(id, () => new Part(this.#ports.fs, path.join(this.#ports.folder, id)).remove());
  }

  /** Removes what a killed process left: files that were being imported, and parts nobody went on with. */
  async clear(): Promise<void> {
    const { fs, clock, limits, folder } = this.#ports;
    for (const name of await fs.list(folder)) {
      const file = path.join(folder, name);
      const modified = (await fs.stat(file))?.mtimeMs ?? 0;
      const isOld = clock.now() - modified > limits.fetch_part_age_ms;
      if (isOld || name.endsWith('.file') || name.endsWith('.next')) await fs.remove(file);
    }
  }

  async #alone<T>(id: string, task: () => Promise<T>): Promise<T> {
    const turns = this.#busy.get(id) ?? new Serial();
    this.#busy.set(id, turns);
    try {
      return await turns.run(task);
    } finally {
      if (turns.length === 0) this.#busy.delete(id);
    }
  }

  async #receive(
    part: Part,
    request: WebRequest,
    known: Validators | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const next = async (): Promise<WebRequest> => {
      const state = await part.state();
      return { ...request, headers: { ...request.headers, ...conditions(state, known) } };
    };
    return await this.#ports.web.get(next, (answer) => this.#take(part, answer), signal);
  }

  async #take(part: Part, answer: WebAnswer): Promise<Outcome> {
    const before = await part.state();
    switch (answer.status) {
      case 304:
        return before?.complete === true ? 'complete' : 'not-modified';
      case 416:
        await part.remove();
        throw cut(answer.url, 'has another length than before');
      case 206:
        if (before === undefined || !continues(answer, before)) {
          await part.remove();
          throw cut(answer.url, 'sent a part that was not asked for');
        }
        return await this.#write(part, answer, { ...before, complete: false });
      default:
        return await this.#write(part, answer, stateOf(answer));
    }
  }

  async #write(part: Part, answer: WebAnswer, begin: PartState): Promise<Outcome> {
    const { limits } = this.#ports;
    const name = shownUrl(answer.url);
    const length = Number(answer.headers['content-length'] ?? 0);
    if (begin.bytes + length > limits.document_bytes) throw tooLarge(name, limits);
    await part.begin(begin);
    let bytes = begin.bytes;
    let saved = bytes;
    try {
      for await (const chunk of answer.body) {
        if (bytes + chunk.length > limits.document_bytes) throw tooLarge(name, limits);
        await part.write(bytes, chunk);
        bytes += chunk.length;
        if (bytes - saved >= limits.fetch_sync_bytes) {
          await part.save({ ...begin, bytes });
          saved = bytes;
        }
      }
    } catch (error) {
      if (isTooLarge(error)) await part.remove();
      else await part.save({ ...begin, bytes });
      throw error;
    }
    await part.save({ ...begin, bytes, complete: true });
    return 'complete';
  }
}

/** The same document in the same form. */
const partId = ({ url, headers }: WebRequest): string =>
  sha256(JSON.stringify([url.href, headers['accept'] ?? '', headers['accept-language'] ?? ''])).slice(0, 32);

function conditions(state: PartState | undefined, known: Validators | undefined): Record<string, string> {
  if (state?.complete === true) return ifChanged(state);
  if (state !== undefined && state.bytes > 0 && state.validator !== undefined)
    return { range: `bytes=${state.bytes}-`, 'if-range': state.validator };
  return known === undefined ? {} : ifChanged(known);
}

function ifChanged({ etag, lastModified }: Validators): Record<string, string> {
  if (etag !== undefined) return { 'if-none-match': etag };
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified };
}

function stateOf({ headers, url }: WebAnswer): PartState {
  const encoding = encodingOf(headers['content-encoding']);
  if (encoding === undefined)
    throw badInputError(
      'http.encoding',
      `${shownUrl(url)} came packed in a way that was not asked for`,
      'Download the file yourself and import it.',
    );
  return {
    bytes: 0,
    complete: false,
    encoding,
    contentType: headers['content-type'] ?? '',
    etag: headers['etag'],
    lastModified: headers['last-modified'],
    validator: strongValidator(headers['etag'], headers['last-modified'], headers['date']),
    url: shownUrl(url),
  };
}

function encodingOf(header: string | undefined): '' | 'gzip' | undefined {
  const encoding = (header ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return '';
  return encoding === 'gzip' || encoding === 'x-gzip' ? 'gzip' : undefined;
}

/** RFC 9110 §8.8: a weak ETag does not promise the same bytes, a date only when it lies before the answer's own. */
function strongValidator(
  etag: string | undefined,
  lastModified: string | undefined,
  date: string | undefined,
): string | undefined {
  if (etag !== undefined) return etag.startsWith('"') ? etag : undefined;
  const age = Date.parse(date ?? '') - Date.parse(lastModified ?? '');
  return age >= 1000 ? lastModified : undefined;
}

function continues({ headers }: WebAnswer, before: PartState): boolean {
  const from = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
  const sameTag = headers['etag'] === undefined || headers['etag'] === before.etag;
  const samePacking = encodingOf(headers['content-encoding']) === before.encoding;
  return !before.complete && Number(from) === before.bytes && sameTag && samePacking;
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'http.too_large';

const cut = (url: URL, what: string): Error =>
  unavailableError('http.cut', `${shownUrl(url)} ${what}`, 'Give the command again.');

const lost = (url: URL): Error =>
  unavailableError('http.lost', `the download of ${shownUrl(url)} is gone`, 'Give the command again.');
