/**
 * Opaque handles: tickets, prepared statements, transactions, tokens. A handle is a random number with a seal over it,
 * over what it is for, whose it is and on which node; the key of the seal lives as long as the process.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  notFoundError,
  unavailableError,
  type Clock,
  type FractalError,
  type Random,
} from '../../base/index.ts';

const ID_BYTES = 16;
const SEAL_BYTES = 16;

export interface HandleOptions<T> {
  /** What the handles are, for people: `ticket`. */
  readonly kind: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly key: Uint8Array;
  readonly nodeId: string;
  /** Handles of one principal. */
  readonly max: number;
  /** Handles of everybody together. */
  readonly maxOfAll?: number;
  /** When `max` is reached, the oldest gives way; else a new one is refused. */
  readonly oldestGivesWay?: boolean;
  readonly lifeMs: number;
  /** Whether use renews its life. */
  readonly renew: boolean;
  /** A handle ends before its owner ended it. */
  readonly onDrop?: (value: T) => void;
}

interface Entry<T> {
  readonly principal: string;
  readonly owner: object | undefined;
  readonly value: T;
  until: number;
}

export class Handles<T> {
  readonly #options: HandleOptions<T>;
  /** Oldest first. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor(options: HandleOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** `owner` is what it ends with. */
  issue(principal: string, value: T, owner?: object): Uint8Array {
    this.sweep();
    this.#makeRoom(principal);
    const id = this.#options.random.bytes(ID_BYTES);
    const until = this.#options.clock.monotonic() + this.#options.lifeMs;
    this.#entries.set(hex(id), { principal, owner, value, until });
    return Buffer.concat([id, this.#seal(id, principal)]);
  }

  /** Throws `flight.handle` for one that is forged, of somebody else, expired or ended: which, is not told. */
  find(principal: string, handle: Uint8Array): T {
    const [id, entry] = this.#entry(principal, handle);
    if (this.#options.renew) {
      entry.until = this.#options.clock.monotonic() + this.#options.lifeMs;
      this.#entries.delete(id);
      this.#entries.set(id, entry);
    }
    return entry.value;
  }

  /** Ends it; gives its value. */
  take(principal: string, handle: Uint8Array): T {
    const [id, entry] = this.#entry(principal, handle);
    this.#entries.delete(id);
    return entry.value;
  }

  /** Whether it was there to be ended. */
  end(principal: string, handle: Uint8Array): boolean {
    try {
      this.take(principal, handle);
      return true;
    } catch {
      return false;
    }
  }

  endOf(owner: object): void {
    for (const [id, entry] of this.#entries) if (entry.owner === owner) this.#drop(id, entry);
  }

  endAll(): void {
    for (const [id, entry] of this.#entries) this.#drop(id, entry);
  }

  sweep(): void {
    const now = this.#options.clock.monotonic();
    for (const [id, entry] of this.#entries) if (entry.until <= now) this.#drop(id, entry);
  }

  #entry(principal: string, handle: Uint8Array): [string, Entry<T>] {
    const id = handle.subarray(0, ID_BYTES);
    if (handle.length !== ID_BYTES + SEAL_BYTES) throw this.#unknown();
    if (!timingSafeEqual(handle.subarray(ID_BYTES), this.#seal(id, principal))) throw this.#unknown();
    const entry = this.#entries.get(hex(id));
    if (
      entry === undefined ||
      entry.principal !== principal ||
      entry.until <= this.#options.clock.monotonic()
    )
      throw this.#unknown();
    return [hex(id), entry];
  }

  #makeRoom(principal: string): void {
    const { max, maxOfAll = Infinity, oldestGivesWay, kind } = this.#options;
    if (this.#entries.size >= maxOfAll)
      throw unavailableError(
        'flight.full',
        `the node has no more ${kind}s to give`,
        'Try again when others have closed theirs.',
      );
    const own = [...this.#entries].filter(([, entry]) => entry.principal === principal);
    if (own.length < max) return;
    const [oldest] = own;
    if (oldestGivesWay !== true || oldest === undefined)
      throw unavailableError(
        'flight.full',
        `there are ${max} open ${kind}s already`,
        `Close those that are not needed.`,
      );
    this.#drop(...oldest);
  }

  #drop(id: string, entry: Entry<T>): void {
    this.#entries.delete(id);
    this.#options.onDrop?.(entry.value);
  }

  #seal(id: Uint8Array, principal: string): Uint8Array {
    const { key, kind, nodeId } = this.#options;
    return createHmac('sha256', key)
      .update(JSON.stringify([kind, nodeId, principal]))
      .update(id)
      .digest()
      .subarray(0, SEAL_BYTES);
  }

  #unknown(): FractalError {
    const { kind } = this.#options;
    return notFoundError(
      'flight.handle',
      `this ${kind} is not known here, or has expired`,
      `Ask for another ${kind}.`,
    );
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
