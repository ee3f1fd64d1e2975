/**
 * Checks a whole log from its files: every byte of every entry, the chain, the tiles, every checkpoint. Needs no node and
 * writes nothing. Names the first entry that is not as it was written.
 */
import path from 'node:path';
import type { FileSystem } from '../base/index.ts';
import { tileFrom, type CleanSegment } from './clean-segment.ts';
import { HASH_BYTES, NO_HASH, decodeEntry } from './entry.ts';
import { isInForm } from './form.ts';
import { readHead, type Head } from './head.ts';
import type { AuditLog } from './log.ts';
import { TILE_BYTES, TILE_WIDTH, TreeEdge } from './merkle.ts';
import {
  checkNote,
  parseCheckpoint,
  parseKey,
  parseNote,
  type Checkpoint,
  type Note,
  type NoteKey,
} from './note.ts';
import { codeOf } from './recover.ts';
import { SEGMENT_FOLDER, firstOf, scanSegment, segmentName, type Fault, type Line } from './segment.ts';
import { PUBLIC_KEYS, readKeys } from './signer.ts';
import { tilePath } from './tiles.ts';
import { VerifyPool } from './verify-pool.ts';

export interface Verdict {
  readonly ok: boolean;
  /** Entries that are good, from the first on. */
  readonly entries: number;
  /** Of these, how many have given up their body by a rule that the log tells of. */
  readonly expired: number;
  /** Where, and since when. */
  readonly retired: readonly RetiredTexts[];
  readonly checkpoints: number;
  /** The root over these entries, in base64. */
  readonly root: string;
  /** Leaf hash of the last one, in hexadecimal. */
  readonly head: string;
  readonly faults: readonly LogFault[];
}

/** Entries whose texts are gone by retention, both counted; their hashes are there. */
export interface RetiredTexts {
  readonly first: number;
  readonly last: number;
  /** When the log told it, or told it again. */
  readonly on: string;
}

export interface LogFault {
  /** The first bad entry; null when it is not an entry that is bad. */
  readonly entry: number | null;
  readonly reason: string;
}

const CHECKPOINT_MARK = '"event_type":"log.checkpoint"';
const EXPIRED_MARK = '"event_type":"log.expired"';

export async function verifyLog(fs: FileSystem, folder: string): Promise<Verdict> {
  const verification = new Verification(fs, folder);
  await verification.begin();
  return await verification.run();
}

/** The same for a log that goes on meanwhile: all that was in it when asked. */
export async function verifyOpenLog(log: AuditLog): Promise<Verdict> {
  const { fs, folder } = log.options;
  const verification = new Verification(fs, folder);
  await log.still(() => verification.begin(log.size));
  return await verification.run();
}

class Verification {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #faults: LogFault[] = [];
  readonly #bodiless: number[] = [];
  readonly #expired: { readonly first: number; readonly end: number; readonly on: string }[] = [];
  readonly #keys: NoteKey[] = [];
  /** Tiles of the tree that wait to be compared with those on disk. */
  #full: { readonly level: number; readonly index: number; readonly bytes: Buffer }[] = [];
  readonly #tree = new TreeEdge((level, index, bytes) =>
    this.#full.push({ level, index, bytes: Buffer.from(bytes) }),
  );
  #checkpoints = 0;
  #end: number | undefined;
  /** The last acknowledged entry, as the file beside the log has it. */
  #mark: Head | undefined;
  /** Entries under the last good checkpoint of the log. */
  #signed = 0;
  #last = NO_HASH;
  /** The first entry that its tile knows otherwise. */
  #firstUnlike: number | undefined;
  readonly #badTiles: string[] = [];
  /** The last checkpoint, as the file beside the log has it. */
  #note: { readonly checkpoint: Checkpoint | undefined; readonly isSigned: boolean } | undefined;
  /** Root of the tree at its size. */
  #noteRoot: Buffer | undefined;

  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs;
    this.#folder = folder;
  }

  /** Reads what changes while a log goes on. `end`: how many entries are checked; all when absent. */
  async begin(end?: number): Promise<void> {
    const fs = this.#fs;
    this.#end = end;
    this.#mark = await readHead(fs, path.join(this.#folder, 'head'));
    for (const text of await readKeys(fs, path.join(this.#folder, PUBLIC_KEYS)))
      try {
        this.#keys.push(parseKey(text));
      } catch {
        this.#fault(null, `${PUBLIC_KEYS} holds a line that is no key`);
      }
    await this.#readNote();
    this.#rootAtNote();
  }

  async run(): Promise<Verdict> {
    await this.#entries();
    if (this.#faults.every((fault) => fault.entry === null)) await this.#ends();
    return {
      ok: this.#faults.length === 0,
      entries: this.#tree.size,
      expired: this.#bodiless.length,
      retired: this.#retired(),
      checkpoints: this.#checkpoints,
      root: this.#tree.root().toString('base64'),
      head: this.#last,
      faults: this.#faults,
    };
  }

  #fault(entry: number | null, reason: string): void {
    this.#faults.push({ entry, reason });
  }

  async #entries(): Promise<void> {
    const fs = this.#fs;
    const segments = path.join(this.#folder, SEGMENT_FOLDER);
    const names = await fs.list(segments);
    const end = this.#end ?? Infinity;
    const firsts = names.flatMap((name) => firstOf(name) ?? []).filter((first) => first === 0 || first < end);
    for (const name of names)
      if (firstOf(name) === undefined)
        this.#fault(null, `segments/ holds ${name}, which is no file of the log`);
    const pool = new VerifyPool(firsts.at(-1) ?? 0);
    try {
      await this.#files(firsts, end, pool);
    } finally {
      await pool.close();
    }
  }

  /** Files in their order; some are read and checked ahead, all but the last, which may go on meanwhile. */
  async #files(firsts: readonly number[], end: number, pool: VerifyPool): Promise<void> {
    const ahead: Promise<CleanSegment | undefined>[] = [];
    let next = 0;
    const check = async (first: number): Promise<CleanSegment | undefined> =>
      await pool.check(first, await this.#fs.readFile(this.#fileOf(first)));
    const lookAhead = (): void => {
      for (; ahead.length < pool.width && next < firsts.length - 1; next++) {
        const one = check(firsts[next] ?? 0);
        // Whoever waits for it hears of a failure; after a fault nobody may.
        one.catch(() => undefined);
        ahead.push(one);
      }
    };
    for (const [i, first] of firsts.entries()) {
      const size = this.#tree.size;
      if (first !== size) {
        this.#fault(
          Math.min(first, size),
          first > size ? 'it is missing, with the end of its file' : 'its file begins too early',
        );
        return;
      }
      const isLast = i === firsts.length - 1;
      lookAhead();
      const clean = await ahead.shift();
      // The threads go on while this one compares tiles.
      lookAhead();
      const isWhole =
        clean !== undefined && (clean.before ?? this.#last) === this.#last
          ? await this.#takeClean(clean)
          : await this.#takeLines(first, end, isLast);
      if (!isWhole) return;
    }
  }

  #fileOf(first: number): string {
    return path.join(this.#folder, SEGMENT_FOLDER, segmentName(first));
  }

  /** A file line by line: it is the last, or something about it is wrong. */
  async #takeLines(first: number, end: number, isLast: boolean): Promise<boolean> {
    const bytes = await this.#fs.readFile(this.#fileOf(first));
    const file = linesOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), end - first);
    let stopped: LogFault | undefined;
    const scanned = scanSegment(file, first, this.#last, (line) => {
      if (stopped === undefined) stopped = this.#take(line);
    });
    await this.#compareTiles(isLast || stopped !== undefined || scanned.fault !== undefined);
    if (stopped !== undefined) this.#stop(stopped);
    else if (scanned.fault !== undefined) await this.#broken(scanned.fault, file, scanned.bytes, isLast);
    return stopped === undefined && scanned.fault === undefined;
  }

  #stop(fault: LogFault): void {
    this.#faults.push({ ...fault, entry: this.#firstUnlike ?? fault.entry });
  }

  /** A file whose entries are good by themselves: what is left is the tree, and what is said about it. */
  async #takeClean({ first, leaves, own, bodiless, roots, last }: CleanSegment): Promise<boolean> {
    for (const id of bodiless) this.#bodiless.push(id);
    const places = own.map(({ id }) => id);
    if (this.#note?.checkpoint !== undefined) places.push(this.#note.checkpoint.size);
    const waiting = [...own].reverse();
    let root = 0;
    const count = leaves.length / HASH_BYTES;
    for (let i = 0; i < count;) {
      const id = first + i;
      const hasTile = i >= tileFrom(first) && id % TILE_WIDTH === 0 && root < roots.length;
      const tileRoot = roots.subarray(root, root + HASH_BYTES);
      if (hasTile) root += HASH_BYTES;
      // Where something is said about the tree inside a tile, it grows entry by entry.
      if (hasTile && !places.some((place) => place >= id && place < id + TILE_WIDTH)) {
        this.#tree.addTile(leaves.subarray(i * HASH_BYTES, i * HASH_BYTES + TILE_BYTES), tileRoot);
        i += TILE_WIDTH;
      } else {
        const entry = waiting.at(-1)?.id === id ? waiting.pop() : undefined;
        const stopped = entry === undefined ? undefined : this.#aboutLog(id, entry.bytes);
        if (stopped !== undefined) {
          await this.#compareTiles(true);
          this.#stop(stopped);
          return false;
        }
        this.#tree.add(leaves.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
        i++;
      }
      this.#rootAtNote();
    }
    this.#last = last === '' ? this.#last : last;
    await this.#compareTiles(false);
    return true;
  }

  /** One entry whose own hash and chain are good. Answers why it is not the one that was written. */
  #take({ id, hash, bytes }: Line): LogFault | undefined {
    if (bytes === undefined) this.#bodiless.push(id);
    else {
      if (!isInForm(bytes)) return { entry: id, reason: 'it is not in the form that entries have' };
      const fault = this.#aboutLog(id, bytes);
      if (fault !== undefined) return fault;
    }
    this.#tree.add(Buffer.from(hash, 'hex'));
    this.#rootAtNote();
    this.#last = hash;
    return undefined;
  }

  /** What an entry says about the log itself. */
  #aboutLog(id: number, bytes: Buffer): LogFault | undefined {
    const text = bytes.toString('latin1', 0, KIND_BYTES);
    const fault = text.includes(CHECKPOINT_MARK) ? this.#checkpointEntry(id, bytes) : undefined;
    if (fault === undefined && text.includes(EXPIRED_MARK)) this.#expiredEntry(bytes);
    return fault;
  }

  async #compareTiles(withPartial: boolean): Promise<void> {
    const tiles = this.#full;
    this.#full = [];
    if (withPartial)
      for (let level = 0; level < this.#tree.height; level++)
        tiles.push({ level, ...this.#tree.partial(level) });
    for (const { level, index, bytes } of tiles) {
      const stored = await this.#stored(level, index);
      const held = Math.min(stored.length, bytes.length);
      const isLike = bytes.subarray(0, held).equals(stored.subarray(0, held));
      if (isLike && held >= Math.min(bytes.length, this.#acknowledged(level, index))) continue;
      this.#badTiles.push(tilePath(level, index));
      if (level > 0 || this.#firstUnlike !== undefined) continue;
      for (let at = 0; at < Math.min(stored.length, bytes.length); at += HASH_BYTES)
        if (!bytes.subarray(at, at + HASH_BYTES).equals(stored.subarray(at, at + HASH_BYTES))) {
          this.#firstUnlike = index * TILE_WIDTH + at / HASH_BYTES;
          break;
        }
    }
  }

  /**
   * Bytes of a tile that acknowledged entries make. A process that is killed after its entries and before their tiles leaves
   * these behind; whoever opens the log makes them.
   */
  #acknowledged(level: number, index: number): number {
    const size = this.#mark?.size ?? Infinity;
    return Math.max(0, Math.floor(size / TILE_WIDTH ** level) - index * TILE_WIDTH) * HASH_BYTES;
  }

  async #stored(level: number, index: number): Promise<Uint8Array> {
    const file = path.join(this.#folder, tilePath(level, index));
    try {
      return await this.#fs.readFile(file);
    } catch (error) {
      if ((await this.#fs.stat(file)) === undefined) return new Uint8Array();
      throw error;
    }
  }

  /** A checkpoint in the log says what the tree was before it. */
  #checkpointEntry(id: number, bytes: Uint8Array): LogFault | undefined {
    const entry = decodeEntry(bytes);
    if (entry?.event_type !== 'log.checkpoint') return undefined;
    const reason = this.#noteFault(textOf(entry.detail['note']), id);
    return reason === undefined ? undefined : { entry: reason === WRONG_ROOT ? this.#signed : id, reason };
  }

  #noteFault(printed: string, size: number): string | undefined {
    let note: Note;
    try {
      note = parseNote(printed);
    } catch {
      return 'it is a checkpoint that is no signed note';
    }
    const signed = parseCheckpoint(note.text);
    if (signed === undefined) return 'it is a checkpoint that cannot be read';
    if (!this.#keys.some((key) => key.name === signed.origin && checkNote(note, key) !== undefined))
      return 'no known key signed this checkpoint';
    if (signed.size > size) return `it is missing: a checkpoint over ${signed.size} entries was signed`;
    if (signed.size === this.#tree.size) {
      if (!this.#tree.root().equals(signed.root)) return WRONG_ROOT;
      this.#signed = signed.size;
      this.#checkpoints++;
    }
    return undefined;
  }

  #expiredEntry(bytes: Uint8Array): void {
    const { detail, timestamp = '' } = decodeEntry(bytes) ?? {};
    const ranges = Array.isArray(detail?.['ranges'])
      ? (detail['ranges'] as readonly (readonly number[])[])
      : [];
    for (const [first = 0, end = 0] of ranges) this.#expired.push({ first, end, on: timestamp });
  }

  #retired(): RetiredTexts[] {
    const found: { first: number; last: number; on: string }[] = [];
    for (const id of this.#bodiless) {
      const told = this.#expired.find(({ first, end }) => id >= first && id < end);
      if (told === undefined) continue;
      const before = found.at(-1);
      if (before?.last === id - 1 && before.on === told.on) before.last = id;
      else found.push({ first: id, last: id, on: told.on });
    }
    return found;
  }

  /** The scan stopped: at the entry itself, or at the one that names it. */
  async #broken({ entry, kind, reason }: Fault, file: Buffer, at: number, isLast: boolean): Promise<void> {
    const head = this.#mark;
    if (this.#firstUnlike !== undefined)
      return this.#fault(this.#firstUnlike, 'it is not the entry its tile knows');
    if (kind !== 'chain' || entry === 0) {
      if (kind === 'torn' && isLast && head !== undefined && entry >= head.size)
        return this.#fault(
          null,
          `behind entry ${entry - 1} is the beginning of one that was never acknowledged`,
        );
      return this.#fault(entry, reason);
    }
    // Two entries disagree. The one that its successor, or the mark, knows as it is, is the good one.
    const line = file.subarray(at, file.indexOf(0x0a, at));
    const own = line.toString('latin1', 0, 2 * HASH_BYTES);
    const next = file.toString('latin1', at + line.length + 1, at + line.length + 1 + 256);
    const isVouched =
      next.includes(`"prev_hash":"${own}"`) || (head?.size === entry + 1 && head.hash === own);
    if (isVouched) this.#fault(entry - 1, 'it is not the entry that the next one names');
    else this.#fault(entry, reason);
  }

  /** What is said about the end: the mark, the last checkpoint, the tiles, the bodies. */
  async #ends(): Promise<void> {
    const size = this.#tree.size;
    const head = this.#mark;
    if (head === undefined) {
      if (size > 0) this.#fault(null, 'the mark of the last acknowledged entry is missing or damaged');
    } else if (head.size > size) this.#fault(size, `it is missing: ${head.size} entries were acknowledged`);
    else if (head.size === size && head.hash !== this.#last)
      this.#fault(this.#firstUnlike ?? size - 1, 'it is not the entry that was acknowledged');
    this.#lastNote(size);
    if (this.#faults.length === 0)
      for (const tile of this.#badTiles) {
        // Entries that were signed for are good: then it is the tile that is not.
        const isEntry = this.#firstUnlike !== undefined && this.#firstUnlike >= this.#signed;
        this.#fault(
          isEntry ? (this.#firstUnlike ?? null) : null,
          `${tile} is missing, or not what the entries make`,
        );
      }
    for (const id of this.#bodiless)
      if (!this.#expired.some(({ first, end }) => id >= first && id < end)) {
        this.#fault(id, 'its body is gone, and no entry tells of its expiry');
        break;
      }
  }

  async #readNote(): Promise<void> {
    const file = path.join(this.#folder, 'checkpoint');
    let printed: string;
    try {
      if ((await this.#fs.stat(file)) === undefined) return;
      printed = Buffer.from(await this.#fs.readFile(file)).toString('utf8');
    } catch (error) {
      this.#fault(null, `the file of the last checkpoint cannot be read (${codeOf(error)})`);
      return;
    }
    this.#note = { checkpoint: parseCheckpoint(printed), isSigned: this.#isSigned(printed) };
  }

  #rootAtNote(): void {
    if (this.#tree.size === this.#note?.checkpoint?.size) this.#noteRoot = this.#tree.root();
  }

  #lastNote(size: number): void {
    if (this.#note === undefined) return;
    const { checkpoint, isSigned } = this.#note;
    if (checkpoint === undefined || !isSigned)
      this.#fault(null, 'the file of the last checkpoint is damaged, or signed by no known key');
    else if (checkpoint.size > size)
      this.#fault(size, `it is missing: a checkpoint over ${checkpoint.size} entries was signed`);
    else if (this.#noteRoot?.equals(checkpoint.root) !== true)
      this.#fault(this.#firstUnlike ?? this.#signed, WRONG_ROOT);
  }

  #isSigned(printed: string): boolean {
    try {
      const note = parseNote(printed);
      return this.#keys.some((key) => checkNote(note, key) !== undefined);
    } catch {
      return false;
    }
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** An entry begins with what kind it is; `resource` and `detail` come behind. */
const KIND_BYTES = 512;
const WRONG_ROOT = 'from here to the next checkpoint, entries are not those that were signed';

/** The first `count` lines of a file. */
function linesOf(file: Buffer, count: number): Buffer {
  if (count === Infinity) return file;
  let end = 0;
  for (let line = 0; line < count; line++) {
    const at = file.indexOf(0x0a, end);
    if (at < 0) return file;
    end = at + 1;
  }
  return file.subarray(0, end);
}
