/**
 * The hashes of the tree on disk, in tiles of 256 as C2SP tlog-tiles lays them out: `tile/LEVEL/N`. A tile that is not
 * full yet is a shorter file of the same name. Tiles are made from entries; they must be durable by themselves only
 * where entries may go (rule K3), so they are synced when a segment is sealed.
 */
import path from 'node:path';
import { FIXED_LIMITS, integrityError, type FileSystem, type OpenFile } from '../base/index.ts';
import { HASH_BYTES } from './entry.ts';
import { TILE_BYTES, TILE_HEIGHT, TILE_WIDTH, hashPair, rootOfFull, type HashAt } from './merkle.ts';

const GROUP = 1000;

/** `x001/x234/067` for 1234067 (C2SP tlog-tiles). */
export function tilePath(level: number, index: number): string {
  let text = String(index % GROUP).padStart(3, '0');
  for (let rest = Math.floor(index / GROUP); rest > 0; rest = Math.floor(rest / GROUP))
    text = `x${String(rest % GROUP).padStart(3, '0')}/${text}`;
  return `tile/${level}/${text}`;
}

/** The last tile of a level: where the next hash goes. */
interface Edge {
  readonly bytes: Buffer;
  /** Hashes of this level. */
  count: number;
  /** Hashes of this level that are on disk. */
  written: number;
  file: { readonly index: number; readonly open: OpenFile } | undefined;
  /** Of the last tile, as long as no hash comes. */
  tree: TileTree | undefined;
}

/** A tile, or what there is of one. Hashes above its own are made level by level, when one is asked for, and kept: the upper tiles serve every proof. */
class TileTree {
  readonly #levels: Buffer[];

  constructor(bytes: Buffer) {
    this.#levels = [bytes];
  }

  get bytes(): Buffer {
    return this.#levels[0]!;
  }

  /** The hash over 2^height of its hashes. */
  at(height: number, index: number): Buffer {
    while (this.#levels.length <= height) {
      const below = this.#levels.at(-1)!;
      const level = Buffer.allocUnsafe(Math.floor(below.length / HASH_BYTES / 2) * HASH_BYTES);
      for (let to = 0; to < level.length; to += HASH_BYTES) hashPair(below, 2 * to, level, to);
      this.#levels.push(level);
    }
    return this.#levels[height]!.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }
}

export class Tiles {
  readonly #fs: FileSystem;
  readonly #folder: string;
  #edges: Edge[] = [];
  /** Files written since the last `sync`. */
  readonly #dirty = new Set<string>();
  readonly #cache = new Map<string, TileTree>();

  constructor(fs: FileSystem, folder: string) {
    this.#fs = fs;
    this.#folder = folder;
  }

  get size(): number {
    return this.#edges[0]?.count ?? 0;
  }

  /** Stands at the tree of `size` leaves, whose tiles must be on disk. */
  async load(size: number): Promise<void> {
    await this.close();
    this.#cache.clear();
    this.#edges = [];
    for (
      let level = 0, count = size;
      level === 0 || count > 0;
      level++, count = Math.floor(count / TILE_WIDTH)
    ) {
      const held = count % TILE_WIDTH;
      const bytes = Buffer.alloc(TILE_BYTES);
      if (held > 0) {
        const found = await this.#read(level, Math.floor(count / TILE_WIDTH));
        if (found.length < held * HASH_BYTES) throw missingTile(level, Math.floor(count / TILE_WIDTH));
        bytes.set(found.subarray(0, held * HASH_BYTES));
      }
      this.#edges.push({ bytes, count, written: count, file: undefined, tree: undefined });
    }
  }

  /** Adds leaf hashes and writes what is new. When it fails, `load` the size before. */
  async append(leaves: Uint8Array): Promise<void> {
    for (let at = 0; at < leaves.length; at += HASH_BYTES)
      await this.#add(0, leaves.subarray(at, at + HASH_BYTES));
    for (let level = 0; level < this.#edges.length; level++) await this.#flush(level);
  }

  async #add(level: number, hash: Uint8Array): Promise<void> {
    const edge = (this.#edges[level] ??= {
      bytes: Buffer.alloc(TILE_BYTES),
      count: 0,
      written: 0,
      file: undefined,
      tree: undefined,
    });
    edge.bytes.set(hash, (edge.count % TILE_WIDTH) * HASH_BYTES);
    edge.count++;
    edge.tree = undefined;
    if (edge.count % TILE_WIDTH !== 0) return;
    await this.#flush(level);
    await this.#add(level + 1, rootOfFull(edge.bytes));
  }

  async #flush(level: number): Promise<void> {
    const edge = this.#edges[level];
    if (edge === undefined || edge.written === edge.count) return;
    const index = Math.floor(edge.written / TILE_WIDTH);
    if (edge.file?.index !== index) {
      await edge.file?.open.close();
      edge.file = undefined;
      const name = path.join(this.#folder, tilePath(level, index));
      if (index % GROUP === 0 || edge.written === 0) await this.#fs.makeFolder(path.dirname(name));
      edge.file = { index, open: await this.#fs.openFile(name) };
    }
    const from = (edge.written % TILE_WIDTH) * HASH_BYTES;
    const end = from + (edge.count - edge.written) * HASH_BYTES;
    await edge.file.open.write(from, edge.bytes.subarray(from, end));
    this.#dirty.add(tilePath(level, index));
    edge.written = edge.count;
  }

  /** Makes all tiles durable. */
  async sync(): Promise<void> {
    const folders = new Set<string>();
    for (const tile of this.#dirty) {
      await this.#fs.sync(path.join(this.#folder, tile));
      for (let folder = path.dirname(tile); folder !== '.'; folder = path.dirname(folder))
        folders.add(folder);
    }
    for (const folder of [...folders].sort()) await this.#fs.sync(path.join(this.#folder, folder));
    this.#dirty.clear();
  }

  /** The hash over a full subtree. Throws `audit.tile` when a tile is missing. */
  readonly hashAt: HashAt = async (level, index) => {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const width = 2 ** (level % TILE_HEIGHT);
    const first = index * width;
    const tile = Math.floor(first / TILE_WIDTH);
    const tree = this.#growing(tileLevel, tile) ?? (await this.#full(tileLevel, tile));
    if (tree.bytes.length < ((first % TILE_WIDTH) + width) * HASH_BYTES) throw missingTile(tileLevel, tile);
    // What grows is written over; a hash that was asked for is not.
    return Buffer.from(tree.at(level % TILE_HEIGHT, (first % TILE_WIDTH) / width));
  };

  /** Hashes of one tile, as far as there are any. */
  async tile(level: number, index: number): Promise<Uint8Array> {
    return (this.#growing(level, index) ?? (await this.#full(level, index))).bytes;
  }

  /** The last tile of a level, which is not full; undefined for another one. */
  #growing(level: number, index: number): TileTree | undefined {
    const edge = this.#edges[level];
    if (edge === undefined || index !== Math.floor(edge.count / TILE_WIDTH)) return undefined;
    return (edge.tree ??= new TileTree(edge.bytes.subarray(0, (edge.count % TILE_WIDTH) * HASH_BYTES)));
  }

  async #full(level: number, index: number): Promise<TileTree> {
    const name = tilePath(level, index);
    const known = this.#cache.get(name);
    if (known !== undefined) {
      this.#cache.delete(name);
      this.#cache.set(name, known);
      return known;
    }
    const bytes = await this.#read(level, index);
    if (bytes.length < TILE_BYTES) throw missingTile(level, index);
    const tile = new TileTree(Buffer.from(bytes.buffer, bytes.byteOffset, TILE_BYTES));
    this.#cache.set(name, tile);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > FIXED_LIMITS.audit_tiles_cached.value && oldest !== undefined)
      this.#cache.delete(oldest);
    return tile;
  }

  /** What is on disk of a tile; nothing when it is missing. */
  async onDisk(level: number, index: number): Promise<Uint8Array> {
    return await this.#read(level, index);
  }

  async #read(level: number, index: number): Promise<Uint8Array> {
    const file = path.join(this.#folder, tilePath(level, index));
    return (await this.#fs.stat(file)) === undefined ? new Uint8Array() : await this.#fs.readFile(file);
  }

  async close(): Promise<void> {
    for (const edge of this.#edges) {
      await edge.file?.open.close();
      edge.file = undefined;
    }
  }
}

const missingTile = (level: number, index: number): Error =>
  integrityError(
    'audit.tile',
    `${tilePath(level, index)} of the audit log is missing or too short`,
    'Run `fractal audit verify`; take audit/ back from a copy, the hub has one.',
  );
