/**
 * Logs of other nodes, as a hub holds them (rules H1–H7): the same files as those of a log, apart from its own. Entries wait
 * in `pending/` until a checkpoint that covers them, signed with the key that was accepted for that log, has their root;
 * then they are segments, and the checkpoint is cosigned. What was cosigned is never replaced by anything else.
 */
import path from 'node:path';
import {
  Serial,
  badInputError,
  integrityError,
  notFoundError,
  unavailableError,
  type Clock,
  type FileSystem,
  type Limits,
} from '../base/index.ts';
import type { AuditSink } from '../schema/index.ts';
import { HASH_BYTES, NO_HASH } from './entry.ts';
import { HeadFile } from './head.ts';
import { CHECKPOINT_FILE } from './log.ts';
import { TILE_WIDTH, rootOf } from './merkle.ts';
import {
  ED25519,
  checkNote,
  parseCheckpoint,
  parseKey,
  parseNote,
  printKey,
  printNote,
  signNote,
  type Checkpoint,
  type Note,
  type NoteKey,
  type NoteSigner,
} from './note.ts';
import { SEGMENT_FOLDER, firstOf, scanSegment, segmentName } from './segment.ts';
import { PUBLIC_KEYS, readKeys } from './signer.ts';
import { Tiles } from './tiles.ts';
import { verifyLog, type Verdict } from './verify.ts';

export interface ReplicasOptions {
  readonly fs: FileSystem;
  /** `replicas/` in the data directory. */
  readonly folder: string;
  readonly cosigner: NoteSigner;
  readonly clock: Clock;
  readonly limits: Limits;
  /** The hub's own log: what was refused, and why, is an entry there. */
  readonly sink: AuditSink;
}

export interface ReplicaState {
  readonly origin: string;
  /** Its key, in the note format. */
  readonly key: string;
  /** Entries under a cosigned checkpoint. */
  readonly size: number;
  /** Entries that wait for one. */
  readonly pending: number;
  /** The last cosigned checkpoint; absent when there is none. */
  readonly note?: string;
  /** The key that cosigns. */
  readonly cosigner: string;
}

export interface ReceivedPart {
  readonly origin: string;
  /** Number of the first line. */
  readonly from: number;
  /** Lines of segments, without line ends. */
  readonly lines: readonly string[];
  /** C2SP signed note of the sender, as of now. */
  readonly checkpoint: string;
}

const ORIGIN = /^fractal\.audit\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
const PENDING = 'pending';
const EVIDENCE = 'evidence';

interface Replica {
  readonly folder: string;
  readonly origin: string;
  readonly key: NoteKey;
  size: number;
  hash: string;
  /** Behind the entries that wait, and the leaf hash of the last of them. */
  end: number;
  endHash: string;
  note: Note | undefined;
}

export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #turns = new Serial();
  readonly #open = new Map<string, Replica>();

  constructor(options: ReplicasOptions) {
    this.#options = options;
  }

  /** From now on the log of this key may be received. Another key for a log that has one is refused. */
  async accept(text: string): Promise<ReplicaState> {
    return await this.#turns.run(async () => {
      const { fs, folder, limits } = this.#options;
      const key = parseKey(text.trim());
      const [, id] = ORIGIN.exec(key.name) ?? [];
      if (id === undefined || key.kind !== ED25519)
        throw badInputError(
          'audit.key',
          'this is no key that signs the log of a node',
          '`fractal audit checkpoint` prints it.',
        );
      const file = path.join(folder, id, PUBLIC_KEYS);
      const [known] = await readKeys(fs, file);
      if (known !== undefined && known !== printKey(key)) throw otherKey(key.name);
      if (known === undefined) {
        if ((await fs.list(folder)).length >= limits.audit_replicas)
          throw unavailableError(
            'audit.replicas',
            `this node holds ${limits.audit_replicas} logs of others`,
            'Raise audit_replicas in fractal.json.',
          );
        await fs.makeFolder(path.join(folder, id, SEGMENT_FOLDER));
        await fs.makeFolder(path.join(folder, id, PENDING));
        await fs.writeDurable(file, `${printKey(key)}\n`);
      }
      return this.#state(await this.#replica(key.name));
    });
  }

  async list(): Promise<ReplicaState[]> {
    return await this.#turns.run(async () => {
      const states: ReplicaState[] = [];
      for (const id of await this.#options.fs.list(this.#options.folder))
        states.push(this.#state(await this.#replica(`fractal.audit/${id}`)));
      return states;
    });
  }

  /** Reads every entry that is held of a log. */
  async verify(origin: string): Promise<Verdict> {
    return await this.#turns.run(
      async () => await verifyLog(this.#options.fs, (await this.#replica(origin)).folder),
    );
  }

  /**
   * Takes lines, once or again. Answers where to go on. Throws `audit.fork` when a log is not the continuation of what is
   * held, with the first entry that is known to differ (`audit.replica_differs` while none is), and `audit.replica_stale`
   * when entries are missing at its end.
   */
  async receive(part: ReceivedPart): Promise<ReplicaState> {
    return await this.#turns.run(async () => {
      const replica = await this.#replica(part.origin);
      const signed = this.#signed(replica, part.checkpoint);
      try {
        await this.#take(replica, part);
        // A part that is held already asks whether it is the same, and says nothing about the end.
        const isHeld = part.lines.length > 0 && part.from + part.lines.length <= replica.size;
        if (!isHeld) await this.#settle(replica, signed);
      } catch (error) {
        // Some steps on the disk may be done and some not: what is there is looked at anew.
        this.#open.delete(replica.origin);
        await this.#tell(replica, part, error);
        throw error;
      }
      return this.#state(replica);
    });
  }

  #state({ origin, key, size, end, note }: Replica): ReplicaState {
    return {
      origin,
      key: printKey(key),
      size,
      pending: end - size,
      ...(note === undefined ? {} : { note: printNote(note) }),
      cosigner: printKey(this.#options.cosigner.key),
    };
  }

  async #replica(origin: string): Promise<Replica> {
    const known = this.#open.get(origin);
    if (known !== undefined) return known;
    const { fs } = this.#options;
    const [, id = ''] = ORIGIN.exec(origin) ?? [];
    const folder = path.join(this.#options.folder, id);
    const [text] = id === '' ? [] : await readKeys(fs, path.join(folder, PUBLIC_KEYS));
    if (text === undefined)
      throw notFoundError(
        'audit.replica_unknown',
        'no log of that name is accepted here',
        'On the hub, `fractal audit accept KEY` with the key that `fractal audit checkpoint` prints on the edge.',
      );
    const file = path.join(folder, CHECKPOINT_FILE);
    const note =
      (await fs.stat(file)) === undefined
        ? undefined
        : parseNote(Buffer.from(await fs.readFile(file)).toString('utf8'));
    const held = await this.#scan(path.join(folder, SEGMENT_FOLDER), 0, NO_HASH);
    const waiting = await this.#scan(path.join(folder, PENDING), held.size, held.hash);
    const replica = {
      folder,
      origin,
      key: parseKey(text),
      ...held,
      end: waiting.size,
      endHash: waiting.hash,
      note,
    };
    this.#open.set(origin, replica);
    return replica;
  }

  /** Where the files of a folder end that follow each other from an entry on. Only the last one is read. */
  async #scan(folder: string, from: number, before: string): Promise<{ size: number; hash: string }> {
    const { fs } = this.#options;
    const firsts = (await fs.list(folder))
      .flatMap((name) => firstOf(name) ?? [])
      .filter((one) => one >= from);
    const last = firsts.at(-1);
    if (last === undefined) return { size: from, hash: before };
    const { count, hash } = scanSegment(await this.#read(folder, last), last, undefined);
    return { size: last + count, hash };
  }

  async #read(folder: string, first: number): Promise<Buffer> {
    return Buffer.from(await this.#options.fs.readFile(path.join(folder, segmentName(first))));
  }

  #signed(replica: Replica, printed: string): { note: Note; checkpoint: Checkpoint } {
    const note = parseNote(printed);
    const checkpoint = parseCheckpoint(note.text);
    if (checkpoint?.origin !== replica.origin || checkNote(note, replica.key) === undefined)
      throw otherKey(replica.origin);
    // One line of the key: more of them would be kept, and every bundle under the note refused.
    const own = note.signatures
      .filter(({ name, id }) => name === replica.key.name && id === replica.key.id)
      .slice(0, 1);
    return { note: { text: note.text, signatures: own }, checkpoint };
  }

  /** Compares what is held already, and keeps what is new as waiting. */
  async #take(replica: Replica, { from, lines }: ReceivedPart): Promise<void> {
    const { fs, limits } = this.#options;
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    if (from > replica.end || lines.length === 0) return;
    let isBeforeSame = from === 0;
    const read: string[] = [];
    const { fault } = scanSegment(bytes, from, undefined, (line) => read.push(line.hash));
    if (fault !== undefined)
      throw badInputError(
        'audit.replica_line',
        `entry ${fault.entry} that was sent is none: ${fault.reason}`,
        'Run `fractal audit verify` where it was sent from.',
      );
    for (const [i, hash] of read.entries()) {
      const id = from + i;
      if (id >= replica.end) break;
      if (hash === (await this.#heldHash(replica, id))) isBeforeSame = true;
      else if (id < replica.size) throw forked(replica.origin, id, isBeforeSame);
      // What waits is vouched for by nobody: whoever sends from here on may have it right.
      else return await this.#drop(replica);
    }
    const first = replica.end;
    const fresh = lines.slice(first - from);
    if (fresh.length === 0) return;
    const added = Buffer.from(fresh.map((line) => `${line}\n`).join(''));
    const scanned = scanSegment(added, first, replica.endHash);
    if (scanned.fault !== undefined) {
      if (first > replica.size) return await this.#drop(replica);
      throw differs(replica.origin);
    }
    const pending = path.join(replica.folder, PENDING);
    const names = await fs.list(pending);
    if ((names.length + 1) * limits.audit_batch_bytes > limits.audit_pending_bytes)
      throw unavailableError(
        'audit.replica_pending',
        `more than ${limits.audit_pending_bytes} bytes of one log wait for its checkpoint`,
        'Raise audit_pending_bytes in fractal.json.',
      );
    await fs.writeDurable(path.join(pending, segmentName(first)), added);
    replica.end = first + fresh.length;
    replica.endHash = scanned.hash;
  }

  async #heldHash(replica: Replica, id: number): Promise<string | undefined> {
    const { fs } = this.#options;
    if (id < replica.size) {
      const tiles = new Tiles(fs, replica.folder);
      const at = (id % TILE_WIDTH) * HASH_BYTES;
      const tile = await tiles.onDisk(0, Math.floor(id / TILE_WIDTH));
      // Not the sender's doing: nobody must be told to have changed their log.
      if (tile.length < at + HASH_BYTES)
        throw integrityError(
          'audit.replica_damaged',
          `what is held of ${replica.origin} is damaged here, at entry ${id}`,
          'On the hub, `fractal audit replicas LOG` tells more; take audit-replicas/ back from a copy.',
        );
      return Buffer.from(tile.subarray(at, at + HASH_BYTES)).toString('hex');
    }
    const folder = path.join(replica.folder, PENDING);
    const first = (await fs.list(folder))
      .flatMap((name) => firstOf(name) ?? [])
      .filter((one) => one <= id)
      .at(-1);
    let found: string | undefined;
    if (first !== undefined)
      scanSegment(await this.#read(folder, first), first, undefined, (line) => {
        if (line.id === id) found = line.hash;
      });
    return found;
  }

  async #drop(replica: Replica): Promise<void> {
    const { fs } = this.#options;
    const folder = path.join(replica.folder, PENDING);
    for (const name of (await fs.list(folder)).reverse()) await fs.remove(path.join(folder, name));
    replica.end = replica.size;
    replica.endHash = replica.hash;
  }

  /** When a checkpoint covers all that is held: its root is compared, entries become segments, it is cosigned. */
  async #settle(
    replica: Replica,
    { note, checkpoint }: { note: Note; checkpoint: Checkpoint },
  ): Promise<void> {
    const { fs, cosigner, clock } = this.#options;
    const { size, root } = checkpoint;
    if (size < replica.size)
      throw integrityError(
        'audit.replica_stale',
        `entry ${size} is missing: the checkpoint covers ${size} entries, and ${replica.size} were cosigned here`,
        'It is an old checkpoint, or the end of the log was cut off. `fractal audit verify` on the edge tells more.',
      );
    // What waits beyond a signed size makes way for what is signed.
    if (size < replica.end) return await this.#drop(replica);
    if (size !== replica.end) return;
    const tiles = new Tiles(fs, replica.folder);
    const pending = path.join(replica.folder, PENDING);
    const firsts = (await fs.list(pending)).flatMap((name) => firstOf(name) ?? []);
    try {
      await tiles.load(replica.size);
      for (const first of firsts) {
        const hashes: string[] = [];
        scanSegment(await this.#read(pending, first), first, undefined, (line) => hashes.push(line.hash));
        await tiles.append(Buffer.from(hashes.join(''), 'hex'));
      }
      const own = await rootOf(tiles.hashAt, tiles.size);
      if (tiles.size !== size || !Buffer.from(own).equals(root)) {
        if (firsts.length === 0) throw differs(replica.origin);
        await this.#drop(replica);
        throw integrityError(
          'audit.replica_root',
          `entries from ${replica.size} on are not those that the checkpoint of the log was signed over`,
          'They were changed on their way: send them again.',
        );
      }
      await tiles.sync();
    } finally {
      await tiles.close();
    }
    for (const first of firsts) {
      const to = path.join(replica.folder, SEGMENT_FOLDER, segmentName(first));
      await fs.rename(path.join(pending, segmentName(first)), to);
      await fs.setMode(to, 0o400);
    }
    await fs.sync(path.join(replica.folder, SEGMENT_FOLDER));
    [replica.size, replica.hash] = [replica.end, replica.endHash];
    const head = await HeadFile.open(fs, path.join(replica.folder, 'head'), replica);
    await head.close();
    if (replica.note?.text === note.text) return;
    const cosigned = await signNote(note, cosigner, Math.floor(clock.now() / 1000));
    await fs.writeDurable(path.join(replica.folder, CHECKPOINT_FILE), printNote(cosigned));
    replica.note = cosigned;
  }

  /** A log that says two things under one key is kept as evidence, and told in the hub's own log. */
  async #tell(replica: Replica, { from, lines, checkpoint }: ReceivedPart, error: unknown): Promise<void> {
    const { fs, sink, limits, clock } = this.#options;
    const { code = '', message = '' } = error as { code?: string; message?: string };
    if (!['audit.fork', 'audit.replica_differs', 'audit.replica_stale'].includes(code)) return;
    const folder = path.join(replica.folder, EVIDENCE);
    await fs.makeFolder(folder);
    const name = `${Buffer.from(parseCheckpoint(checkpoint)?.root ?? [])
      .toString('hex')
      .slice(0, 32)}.json`;
    const known = await fs.list(folder);
    if (!known.includes(name) && known.length < limits.audit_evidence) {
      const evidence = { code, message, received: clock.now(), from, lines: lines.slice(0, 2), checkpoint };
      await fs.writeDurable(path.join(folder, name), `${JSON.stringify(evidence)}\n`);
    }
    const detail = { code, reason: message, held: replica.size };
    await sink.record({
      category: 'log',
      action: 'replica-refused',
      principal: 'system',
      resource: replica.origin,
      detail,
    });
  }
}

const otherKey = (origin: string): Error =>
  integrityError(
    'audit.replica_key',
    `the key that was accepted for ${origin} did not sign this`,
    'Find out why the log has another key: whoever has it is not known here.',
  );

const KEEP =
  'What is held here stays as it is. Keep both logs: the two signed checkpoints prove that there are two.';

/** Known to be another, not yet from which entry on: whoever sends shows entries until that is known. */
const differs = (origin: string): Error =>
  integrityError(
    'audit.replica_differs',
    `${origin} was written anew, or forked: it does not go on from what was cosigned here`,
    KEEP,
  );

const forked = (origin: string, entry: number, isFirst: boolean): Error =>
  integrityError(
    'audit.fork',
    isFirst
      ? `${origin} was written anew, or forked: entry ${entry} is not the one that was cosigned here; all before it are`
      : `${origin} was written anew, or forked: entry ${entry} is not the one that was cosigned here, and maybe some before it`,
    KEEP,
  );
