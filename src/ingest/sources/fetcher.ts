/**
 * One document by its item: fetched in the first form there is, checked to be what was asked for, and handed on as a
 * local file with a name. What runs imports needs no more than this to hold a fetch as a step of its own.
 */
import { FractalError, badInputError, integrityError, type FileSystem } from '../../base/index.ts';
import { detectReader } from '../detect.ts';
import { SNIFF_BYTES, decodeHead } from '../sniff.ts';
import type { Downloaded, Downloads, Validators } from './downloads.ts';
import type { Listings, SourceItem } from './source.ts';
import { shownUrl } from './url.ts';
import type { WebRequest } from './web.ts';

export interface Fetched extends Downloaded {
  /** File name that the readers see. */
  readonly name: string;
  readonly inForceFrom: string | undefined;
  /** To be called when the document is in or refused: the file is removed and the download forgotten. */
  readonly done: () => Promise<void>;
}

export interface FetchOptions {
  /** What the server told last time; absent: fetch in any case. */
  readonly known: Validators | undefined;
  /** Of the unpacked file, in hexadecimal. */
  readonly sha256: string | undefined;
  /** Reader that the caller chose: then any format will do. */
  readonly kind: string | undefined;
}

interface FetcherPorts {
  readonly downloads: Downloads;
  readonly listings: Listings;
  readonly fs: FileSystem;
}

export class Fetcher {
  readonly #ports: FetcherPorts;

  constructor(ports: FetcherPorts) {
    this.#ports = ports;
  }

  /** Throws `http.…`, `source.…` or `network.…`; nothing is left behind then but what can be gone on with. */
  async fetch(
    listed: SourceItem,
    options: FetchOptions,
    signal: AbortSignal,
  ): Promise<Fetched | 'not-modified'> {
    const { downloads, fs } = this.#ports;
    const item = listed.via === undefined ? listed : await listed.via.one(this.#ports.listings, signal);
    const { request, got } = await this.#first(item, options.known, signal);
    if (got === 'not-modified') return got;
    const remove = async (): Promise<void> => {
      await fs.remove(got.file);
      await downloads.forget(request);
    };
    try {
      this.#checkHash(got, options.sha256);
      if (options.kind === undefined) await this.#checkFormat(got, item);
    } catch (error) {
      await remove();
      throw error;
    }
    return { ...got, name: item.name, inForceFrom: item.inForceFrom, done: remove };
  }

  /** The forms in turn: the next one when the publisher does not have it in this. */
  async #first(
    item: SourceItem,
    known: Validators | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly request: WebRequest; readonly got: Downloaded | 'not-modified' }> {
    let absent: unknown;
    for (const request of item.requests) {
      try {
        return { request, got: await this.#ports.downloads.fetch(request, known, signal) };
      } catch (error) {
        if (!(error instanceof FractalError) || error.code !== 'http.absent') throw error;
        absent ??= error;
      }
    }
    if (absent instanceof FractalError) throw absent;
    throw badInputError(
      'source.entry',
      'the entry of the feed leads to no document',
      'Some feeds only tell of changes: give the document itself.',
    );
  }

  #checkHash(got: Downloaded, wanted: string | undefined): void {
    if (wanted === undefined || wanted.toLowerCase() === got.sha256) return;
    throw integrityError(
      'http.sha256',
      `${got.url} has the SHA-256 ${got.sha256}, not the one given`,
      'Do not use it. Check the hash, then ask the publisher which file is right.',
    );
  }

  /** A page that says "not found" or "are you a robot" is no document, whatever its status. */
  async #checkFormat(got: Downloaded, item: SourceItem): Promise<void> {
    const head = await this.#head(got.file);
    let format: string | undefined;
    let what = '';
    try {
      const reader = detectReader({ name: item.name, head });
      format = reader.format;
      what = reader.description;
    } catch (error) {
      if (!(error instanceof FractalError)) throw error;
      what = error.message;
    }
    const wanted =
      item.expect.length > 0 ? !item.expect.includes(format ?? '') : isPageInstead(format, got, item);
    if (!wanted) return;
    throw badInputError(
      'http.not_document',
      `${got.url} answered with something else than a document: ${what}`,
      'Open the address in a browser to see what it says, or try again later.',
    );
  }

  async #head(file: string): Promise<string> {
    let head = new Uint8Array(0);
    for await (const chunk of this.#ports.fs.readStream(file)) {
      head = Buffer.concat([head, chunk.subarray(0, SNIFF_BYTES - head.length)]);
      if (head.length >= SNIFF_BYTES) break;
    }
    return decodeHead(head);
  }
}

/** Endings and types of files that are no pages. */
const FILE_NAME = /\.(?:xml|xht|akn|pdf|csv|json|geojson|xlsx|zip|md|txt)$/i;
const FILE_TYPE =
  /^(?:application\/(?:[\w.+-]*xml|pdf|json|[\w.+-]*\+json|zip)|text\/(?:xml|csv|markdown))\b/i;

function isPageInstead(format: string | undefined, got: Downloaded, item: SourceItem): boolean {
  if (format !== 'html') return false;
  const type = got.contentType.trim();
  return FILE_NAME.test(item.name) || (FILE_TYPE.test(type) && !/^application\/xhtml/i.test(type));
}

/** What an item is called where people read it. */
export function shownItem(item: SourceItem): string {
  const [first] = item.requests;
  return first === undefined ? (item.via?.word ?? item.key) : shownUrl(first.url);
}
