/**
 * Records of a JSON file in a stream: the lists named by a path, or one record a line. Only one record is parsed at a
 * time, so a file may be larger than memory.
 */
import { FIXED_LIMITS, badInputError } from '../../base/index.ts';
import { overLimit } from './bounds.ts';

export interface JsonRecord {
  readonly value: unknown;
  readonly line: number;
  /** The path of its list, joined by dots. */
  readonly path: string;
}

export interface JsonOptions {
  readonly source: string;
  readonly paths: readonly (readonly string[])[];
  readonly recordBytes: number;
}

interface Open {
  readonly isList: boolean;
  key: string;
  /** Path of the list when its members are records. */
  readonly records: string | undefined;
  /** In an object: whether the next string is a key. */
  wantsKey: boolean;
}

export async function* jsonRecords(
  chunks: AsyncIterable<Uint8Array>,
  options: JsonOptions,
): AsyncIterable<readonly JsonRecord[]> {
  const scanner = new JsonScanner(options);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (cause) {
      throw badInputError('records.encoding', 'the file is not UTF-8', 'Save it as UTF-8.', {
        place: { source: options.source, line: scanner.line },
        cause,
      });
    }
  };
  for await (const chunk of chunks) {
    const found = scanner.scan(decode(chunk), false);
    if (found.length > 0) yield found;
  }
  const rest = scanner.scan(decode(), true);
  if (rest.length > 0) yield rest;
}

export class JsonScanner {
  readonly #options: JsonOptions;
  readonly #paths: ReadonlySet<string>;
  readonly #open: Open[] = [];
  #text = '';
  line = 1;
  #seen = false;

  constructor(options: JsonOptions) {
    this.#options = options;
    this.#paths = new Set(options.paths.map((path) => path.join('.')));
  }

  scan(more: string, last: boolean): JsonRecord[] {
    const text = this.#text + more;
    const found: JsonRecord[] = [];
    let at = 0;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === 10) this.line++;
      if (code <= 32 || code === 0xfeff || code === 44 || code === 58) {
        const top = this.#open.at(-1);
        if (code === 44 && top !== undefined) top.wantsKey = !top.isList;
        if (code === 58 && top !== undefined) top.wantsKey = false;
        at++;
        continue;
      }
      const next = this.#value(text, at, found, last);
      if (next < 0) break;
      at = next;
    }
    this.#text = text.slice(at);
    if (this.#text.length > this.#options.recordBytes)
      throw overLimit(this.#options.source, 'record_bytes', 'a record', this.line);
    if (last) {
      if (this.#open.length > 0 || this.#text !== '') throw this.#malformed('it ends too early');
      if (!this.#seen) throw this.#malformed('it is empty');
    }
    return found;
  }

  /** Reads one value, key or closing mark; gives where it ends, or -1 when it is not whole yet. */
  #value(text: string, at: number, found: JsonRecord[], last: boolean): number {
    const code = text.charCodeAt(at);
    const top = this.#open.at(-1);
    this.#seen = true;
    if (code === 125 || code === 93) {
      if (top === undefined || top.isList !== (code === 93))
        throw this.#malformed('a bracket closes nothing');
      this.#open.pop();
      return at + 1;
    }
    if (code === 34 && top?.wantsKey === true) {
      const end = stringEnd(text, at);
      if (end < 0) return -1;
      top.key = String(this.#parse(text.slice(at, end)));
      return end;
    }
    // One record a line: an object at the top where a list is expected.
    const path = top === undefined && code === 123 && this.#paths.has('') ? '' : top?.records;
    if (path !== undefined) {
      const end = valueEnd(text, at, last);
      if (end < 0) return -1;
      if (end - at > this.#options.recordBytes)
        throw overLimit(this.#options.source, 'record_bytes', 'a record', this.line);
      const raw = text.slice(at, end);
      found.push({ value: this.#parse(raw), line: this.line, path });
      for (let i = raw.indexOf('\n'); i >= 0; i = raw.indexOf('\n', i + 1)) this.line++;
      return end;
    }
    if (code === 123 || code === 91) {
      if (this.#open.length >= FIXED_LIMITS.record_json_depth.value)
        throw overLimit(this.#options.source, 'record_json_depth', 'the nesting', this.line);
      const here = this.#open.map(({ key, isList }) => (isList ? '*' : key)).join('.');
      const isRecords = code === 91 && this.#paths.has(here);
      this.#open.push({
        isList: code === 91,
        key: '',
        records: isRecords ? here : undefined,
        wantsKey: code === 123,
      });
      return at + 1;
    }
    const end = valueEnd(text, at, last);
    if (end < 0) return -1;
    this.#parse(text.slice(at, end));
    return end;
  }

  #parse(raw: string): unknown {
    try {
      return JSON.parse(raw) as unknown;
    } catch (cause) {
      throw this.#malformed('a value is not one', cause);
    }
  }

  #malformed(what: string, cause?: unknown): Error {
    return badInputError(
      'records.json',
      `the file is not well-formed JSON: ${what}`,
      'Fetch the file again.',
      {
        place: { source: this.#options.source, line: this.line },
        cause,
      },
    );
  }
}

function stringEnd(text: string, at: number): number {
  for (let i = at + 1; ;) {
    const quote = text.indexOf('"', i);
    if (quote < 0) return -1;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 92) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    i = quote + 1;
  }
}

/** End of the value that begins at `at`; -1 when it may go on. */
function valueEnd(text: string, at: number, last: boolean): number {
  const first = text.charCodeAt(at);
  if (first === 34) return stringEnd(text, at);
  if (first !== 123 && first !== 91) {
    for (let i = at; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 44 || code === 93 || code === 125 || code <= 32) return i === at ? at + 1 : i;
    }
    return last ? text.length : -1;
  }
  let depth = 0;
  for (let i = at; i < text.length;) {
    const code = text.charCodeAt(i);
    if (code === 34) {
      i = stringEnd(text, i);
      if (i < 0) return -1;
      continue;
    }
    if (code === 123 || code === 91) {
      if (++depth > FIXED_LIMITS.record_json_depth.value) return i + 1;
    } else if ((code === 125 || code === 93) && --depth === 0) return i + 1;
    i++;
  }
  return -1;
}

/** The cell at a dotted path: scalars as text, lists and objects as JSON. */
export function jsonCell(record: unknown, path: readonly string[]): string {
  let value: unknown = record;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return '';
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  if (value === null || value === undefined) return '';
  // `"\\ud800"` is JSON and no text.
  if (typeof value === 'string') return value.toWellFormed();
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(value);
}
