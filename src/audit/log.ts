/**
 * The log: entries in, durable and in order, one writer. Rules and their ids: SPEC.md.
 *
 * Whoever records waits for the fsync that their entry shares with all that came meanwhile. What could not be written is
 * refused to each of them, and the log stands where it stood.
 */
import path from 'node:path';
import {
  Serial,
  asFractalError,
  notFoundError,
  unavailableError,
  type Clock,
  type FileSystem,
  type FractalError,
  type Limits,
  type Log,
  type OpenFile,
} from '../base/index.ts';
import type { AuditEvent, AuditSink } from '../schema/index.ts';
import { HASH_BYTES, contentOf, encodeContent, encodeEntry, leafHash, timestampOf } from './entry.ts';
import { HeadFile, type Head } from './head.ts';
import { rootOf } from './merkle.ts';
import { checkpointText, printNote, signNote, type Note } from './note.ts';
import { recover, type Damage } from './recover.ts';
import { SEGMENT_FOLDER, firstOf, scanSegment, segmentLine, segmentName, type Line } from './segment.ts';
import type { AuditKeys } from './signer.ts';
import { Tiles } from './tiles.ts';

export interface AuditLogOptions {
  readonly fs: FileSystem;
  /** `audit/` in the data directory. */
  readonly folder: string;
  readonly nodeId: string;
  readonly keys: AuditKeys;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
}

interface Waiting {
  readonly content: string;
  readonly resolve: (entry: number) => void;
  readonly reject: (error: FractalError) => void;
}

interface Segment {
  readonly first: number;
  readonly file: OpenFile;
  readonly since: number;
  /** Of entries that are acknowledged. */
  bytes: number;
  /** Whether there may be more bytes than these in the file. */
  isDirty: boolean;
}

export const CHECKPOINT_FILE = 'checkpoint';
const HEAD_FILE = 'head';
const SEALED = 0o400;

export class AuditLog implements AuditSink {
  readonly options: AuditLogOptions;
  readonly tiles: Tiles;
  /** What was found broken when the log was opened. */
  readonly damage: Damage | undefined;
  readonly #headFile: HeadFile;
  readonly #turns = new Serial();
  #head: Head;
  #segment: Segment;
  #waiting: Waiting[] = [];
  #isDraining = false;
  #note: Note | undefined;
  /** Entries when the last checkpoint had been written down. */
  #checkedAt: number;
  #timer: NodeJS.Timeout | undefined;
  #stamp = { ms: 0, nanos: 0 };
  #isClosed = false;

  private constructor(
    options: AuditLogOptions,
    tiles: Tiles,
    headFile: HeadFile,
    segment: Segment,
    state: { readonly head: Head; readonly damage: Damage | undefined; readonly note: Note | undefined },
  ) {
    this.options = options;
    this.tiles = tiles;
    this.#headFile = headFile;
    this.#segment = segment;
    this.#head = state.head;
    this.#note = state.note;
    this.#checkedAt = state.note === undefined ? 0 : sizeOf(state.note) + 1;
    this.damage = state.damage;
  }

  /** Opens the log and mends what a crash left; both are told in it. Throws `audit.damaged` when it cannot go on. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    const { fs, folder, clock, limits } = options;
    await fs.makeFolder(path.join(folder, SEGMENT_FOLDER));
    const tiles = new Tiles(fs, folder);
    let log: AuditLog;
    try {
      const found = await recover(fs, folder, tiles, options.keys.signer.key);
      const { head, active } = found;
      const headFile = await HeadFile.open(fs, path.join(folder, HEAD_FILE), head);
      const segment = await openSegment(options, active?.first ?? head.size, active?.bytes ?? 0);
      log = new AuditLog(options, tiles, headFile, segment, found);
      for (const event of found.events) await log.record(event);
    } catch (error) {
      await tiles.close();
      throw error;
    }
    log.#timer = setInterval(() => void log.#checkpointIfDue(), limits.audit_checkpoint_ms);
    log.#timer.unref();
    log.#stamp = { ms: clock.now(), nanos: 0 };
    return log;
  }

  /** Entries that are durable. */
  get size(): number {
    return this.#head.size;
  }

  /** The last signed checkpoint. */
  get checkpointNote(): Note | undefined {
    return this.#note;
  }

  async record(event: AuditEvent): Promise<number> {
    const { limits, nodeId } = this.options;
    const content = encodeContent(contentOf(event, nodeId, this.#now()));
    if (this.#isClosed) throw closed();
    if (this.#waiting.length >= limits.audit_queue_entries)
      throw unavailableError(
        'audit.busy',
        `${limits.audit_queue_entries} entries of the audit log wait for the disk`,
        'Try again in a moment; a slow disk is seen with `fractal doctor`.',
      );
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ content, resolve, reject });
      if (this.#isDraining) return;
      this.#isDraining = true;
      void this.#turns.run(() => this.#drain());
    });
  }

  /** Milliseconds of the clock; entries of one millisecond are told apart by nanoseconds. */
  #now(): string {
    const ms = this.options.clock.now();
    this.#stamp = { ms, nanos: ms === this.#stamp.ms ? this.#stamp.nanos + 1 : 0 };
    return timestampOf(ms, this.#stamp.nanos);
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0, this.options.limits.audit_group_entries);
      try {
        const first = await this.#write(group.map((one) => one.content));
        group.forEach((one, i) => one.resolve(first + i));
      } catch (error) {
        for (const one of group) one.reject(notWritten(error));
      }
    }
    this.#isDraining = false;
  }

  /** Writes entries, all or none of them acknowledged; answers the number of the first. */
  async #write(contents: readonly string[]): Promise<number> {
    const segment = await this.#place();
    const { size } = this.#head;
    const leaves = Buffer.allocUnsafe(contents.length * HASH_BYTES);
    let last = this.#head.hash;
    const lines = contents.map((content, i) => {
      const entry = encodeEntry(size + i, last, content);
      last = leafHash(entry);
      leaves.write(last, i * HASH_BYTES, 'hex');
      return segmentLine(last, entry);
    });
    const bytes = Buffer.concat(lines);
    const head = { size: size + contents.length, hash: last };
    try {
      segment.isDirty = true;
      await segment.file.write(segment.bytes, bytes);
      // The mark of the group before becomes durable with this one: it is never ahead of the entries.
      await Promise.all([segment.file.sync(), this.#headFile.sync()]);
      await this.tiles.append(leaves);
      await this.#headFile.write(head);
    } catch (error) {
      await this.#standBack().catch(() => undefined);
      throw error;
    }
    segment.bytes += bytes.length;
    segment.isDirty = false;
    this.#head = head;
    return size;
  }

  /** Where the next entries go: what a failed write left is cut away, a full file is sealed. */
  async #place(): Promise<Segment> {
    const { fs, folder, limits, clock } = this.options;
    if (this.#segment.isDirty) {
      await this.#standBack();
      await fs.truncate(
        path.join(folder, SEGMENT_FOLDER, segmentName(this.#segment.first)),
        this.#segment.bytes,
      );
      this.#segment.isDirty = false;
    }
    const { first, bytes, since } = this.#segment;
    const isOld = clock.now() - since >= limits.audit_segment_age_ms;
    if (this.#head.size > first && (bytes >= limits.audit_segment_bytes || isOld)) await this.#seal();
    return this.#segment;
  }

  /** The tiles and the mark as of the last acknowledged entry. */
  async #standBack(): Promise<void> {
    if (this.tiles.size !== this.#head.size) await this.tiles.load(this.#head.size);
    await this.#headFile.write(this.#head);
  }

  async #seal(): Promise<void> {
    const { fs, folder } = this.options;
    const { first, file } = this.#segment;
    await this.tiles.sync();
    const next = await openSegment(this.options, this.#head.size, 0);
    this.#segment = next;
    await file.close();
    await fs.setMode(path.join(folder, SEGMENT_FOLDER, segmentName(first)), SEALED);
  }

  /** Signs the tree as it is now and writes the note down, beside the log and in it. */
  async checkpoint(): Promise<Note> {
    return await this.#turns.run(async () => {
      if (this.#isClosed) throw closed();
      return await this.#sign();
    });
  }

  async #sign(): Promise<Note> {
    const { fs, folder, nodeId, keys, clock } = this.options;
    const { size } = this.#head;
    const root = await rootOf(this.tiles.hashAt, size);
    const { key } = keys.signer;
    const text = checkpointText({ origin: key.name, size, root });
    const note = await signNote({ text, signatures: [] }, keys.signer, Math.floor(clock.now() / 1000));
    try {
      await fs.writeDurable(path.join(folder, CHECKPOINT_FILE), printNote(note));
      const event = {
        category: 'log',
        action: 'checkpoint',
        principal: 'system',
        resource: key.name,
        detail: { size, note: printNote(note) },
      } as const;
      const signature = Buffer.from(note.signatures[0]?.bytes ?? []).toString('base64');
      await this.#write([encodeContent({ ...contentOf(event, nodeId, this.#now()), signature })]);
    } catch (error) {
      throw notWritten(error);
    }
    this.#note = note;
    this.#checkedAt = this.#head.size;
    return note;
  }

  async #checkpointIfDue(): Promise<void> {
    if (this.#isClosed || this.#head.size === this.#checkedAt) return;
    await this.checkpoint().catch((error: unknown) =>
      this.options.log('error', `the audit log could not be signed: ${asFractalError(error).message}`),
    );
  }

  /** A checkpoint over at least so many entries: the last one, or a new one. */
  async checkpointOver(size: number): Promise<Note> {
    const note = this.#note;
    return note !== undefined && sizeOf(note) >= size ? note : await this.checkpoint();
  }

  /** Keeps a note with more signatures of the same checkpoint. */
  async keepNote(note: Note): Promise<void> {
    await this.#turns.run(async () => {
      if (note.text !== this.#note?.text) return;
      await this.options.fs.writeDurable(path.join(this.options.folder, CHECKPOINT_FILE), printNote(note));
      this.#note = note;
    });
  }

  /** Lines from entry `from` on, as they were when asked; before entry `end`. */
  async *lines(from = 0, end = Infinity): AsyncGenerator<Line, void, undefined> {
    const size = Math.min(this.#head.size, end);
    const segments = await this.segments();
    for (const [i, first] of segments.entries()) {
      const next = segments[i + 1] ?? size;
      if (next <= from || first >= size) continue;
      const found: Line[] = [];
      const file = await this.readSegment(first);
      const { fault } = scanSegment(file, first, undefined, (line) => {
        if (line.id >= from && line.id < size) found.push(line);
      });
      yield* found;
      if (fault !== undefined && fault.entry < Math.min(next, size)) continue;
    }
  }

  /** First entries of the files, in order. */
  async segments(): Promise<number[]> {
    const { fs, folder } = this.options;
    return (await fs.list(path.join(folder, SEGMENT_FOLDER))).flatMap((name) => firstOf(name) ?? []);
  }

  async readSegment(first: number): Promise<Buffer> {
    const { fs, folder } = this.options;
    const bytes = await fs.readFile(path.join(folder, SEGMENT_FOLDER, segmentName(first)));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** One entry. Throws `audit.entry_unknown`. */
  async line(id: number): Promise<Line> {
    const first = (await this.segments()).filter((one) => one <= id).at(-1);
    if (first !== undefined && id < this.#head.size) {
      let found: Line | undefined;
      scanSegment(await this.readSegment(first), first, undefined, (line) => {
        if (line.id === id) found = line;
      });
      if (found !== undefined) return found;
    }
    throw notFoundError('audit.entry_unknown', `there is no entry ${id}`, '`fractal audit show` lists them.');
  }

  /** Runs between two groups: the log does not change meanwhile. */
  async still<T>(work: () => Promise<T>): Promise<T> {
    return await this.#turns.run(work);
  }

  /** Signs what is not signed yet and lets the files go. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    clearInterval(this.#timer);
    await this.#checkpointIfDue();
    this.#isClosed = true;
    await this.#turns.run(async () => {
      await this.tiles.sync();
      await this.#headFile.sync();
      await this.#headFile.close();
      await this.#segment.file.close();
      await this.tiles.close();
    });
  }
}

async function openSegment(
  { fs, folder, clock }: AuditLogOptions,
  first: number,
  bytes: number,
): Promise<Segment> {
  const segments = path.join(folder, SEGMENT_FOLDER);
  const name = path.join(segments, segmentName(first));
  const known = await fs.stat(name);
  const file = await fs.openFile(name);
  // The name must survive a power cut before an entry in it is acknowledged.
  if (known === undefined)
    try {
      await fs.sync(segments);
    } catch (error) {
      await file.close();
      throw error;
    }
  const since = known === undefined ? clock.now() : known.birthtimeMs;
  return { first, file, since, bytes, isDirty: known !== undefined && known.size > bytes };
}

/** The size that a checkpoint speaks of. */
export const sizeOf = (note: Note): number => Number(note.text.split('\n')[1] ?? 0);

const closed = (): FractalError =>
  unavailableError('audit.closed', 'the audit log is closed', 'Start the node again.');

function notWritten(error: unknown): FractalError {
  const known = asFractalError(error);
  if (known.code.startsWith('audit.')) return known;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return unavailableError(
    'audit.unavailable',
    `the audit log cannot be written${code === undefined ? '' : ` (${code})`}: what would go unlogged is refused`,
    'Free disk space, or see to the permissions of audit/ in the data directory.',
    { cause: error },
  );
}
