/** Entries by number and time, oldest first, a file at a time: for whoever reads many of them. */
import { FIXED_LIMITS, unavailableError } from '../base/index.ts';
import { decodeEntry, type AuditEntry } from './entry.ts';
import type { AuditLog } from './log.ts';
import { scanSegment } from './segment.ts';

/** All bounds are of entries that may be wanted; times in milliseconds since 1970. */
export interface EntryBounds {
  readonly from: number;
  /** Before this one. */
  readonly end: number;
  readonly since?: number | undefined;
  /** Up to then, that millisecond too. */
  readonly until?: number | undefined;
}

export interface LoggedEntry {
  readonly id: number;
  /** Leaf hash, in hexadecimal. */
  readonly hash: string;
  /** Undefined once its text was retired. */
  readonly entry: AuditEntry | undefined;
}

/** Times of a file's entries; undefined where none has a text. */
type Span = { readonly oldest: number; readonly newest: number } | undefined;

const STAMP_CHARS = 23;
const timeOf = (entry: AuditEntry): number => Date.parse(`${entry.timestamp.slice(0, STAMP_CHARS)}Z`);

export class LoggedEntries {
  readonly #log: AuditLog;
  /** Of sealed files, which get no more entries, by their first. */
  readonly #spans = new Map<number, Span>();

  constructor(log: AuditLog) {
    this.#log = log;
  }

  /** Entries within the bounds, as the log was when asked. Throws `audit.entry_damaged`. */
  async *read(bounds: EntryBounds, signal: AbortSignal): AsyncGenerator<readonly LoggedEntry[]> {
    const end = Math.min(this.#log.size, bounds.end);
    const isTimed = bounds.since !== undefined || bounds.until !== undefined;
    for (const { first, next } of await this.#files({ ...bounds, end }, signal)) {
      const span = this.#spans.get(first);
      if (isTimed && this.#spans.has(first) && (span === undefined || !meets(span, bounds))) continue;
      const found = await this.#file(first, next);
      signal.throwIfAborted();
      yield found.filter(
        ({ id, entry }) =>
          id >= bounds.from && id < end && (!isTimed || (entry !== undefined && isWithin(entry, bounds))),
      );
    }
  }

  /** Files that may hold entries within the bounds. */
  async #files(bounds: EntryBounds, signal: AbortSignal): Promise<{ first: number; next: number }[]> {
    const firsts = await this.#log.segments();
    const files = firsts
      .map((first, i) => ({ first, next: firsts[i + 1] ?? Infinity }))
      .filter(({ first, next }) => first < bounds.end && next > bounds.from);
    if (bounds.since === undefined) return files;
    for (let i = files.length - 1; i >= 0; i--) {
      const { first, next } = files[i]!;
      if (!this.#spans.has(first)) await this.#file(first, next);
      signal.throwIfAborted();
      const span = this.#spans.get(first);
      // Clocks may be set back a little, whole files are not: as `audit show` has it.
      if (span !== undefined && span.newest < bounds.since) return files.slice(i + 1);
    }
    return files;
  }

  /** All entries of a file, `next` being the first of the one after it. */
  async #file(first: number, next: number): Promise<LoggedEntry[]> {
    const { size } = this.#log;
    const end = Math.min(next, size);
    const found: LoggedEntry[] = [];
    let [oldest, newest] = [Infinity, -Infinity];
    // What is behind the last acknowledged entry may be half written.
    scanSegment(await this.#log.readSegment(first), first, undefined, ({ id, hash, bytes }) => {
      if (id >= end) return;
      const entry = bytes === undefined ? undefined : decodeEntry(bytes);
      if (bytes !== undefined && entry === undefined) throw damaged(id);
      if (entry !== undefined) {
        oldest = Math.min(oldest, timeOf(entry));
        newest = Math.max(newest, timeOf(entry));
      }
      found.push({ id, hash, entry });
    });
    if (found.length < end - first) throw damaged(first + found.length);
    if (next !== Infinity) {
      this.#spans.set(first, newest < oldest ? undefined : { oldest, newest });
      const [old] = this.#spans.keys();
      if (this.#spans.size > FIXED_LIMITS.audit_spans.value && old !== undefined) this.#spans.delete(old);
    }
    return found;
  }
}

const meets = ({ oldest, newest }: NonNullable<Span>, { since, until }: EntryBounds): boolean =>
  newest >= (since ?? -Infinity) && oldest <= (until ?? Infinity);

const isWithin = (entry: AuditEntry, bounds: EntryBounds): boolean => {
  const time = timeOf(entry);
  return meets({ oldest: time, newest: time }, bounds);
};

const damaged = (id: number): Error =>
  unavailableError(
    'audit.entry_damaged',
    `entry ${id} of the audit log is damaged, and so the file that it is in is not read`,
    '`fractal audit verify` names all that is damaged; entries of other files are read by a condition on id.',
  );
