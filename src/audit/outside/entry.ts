/** One entry of a log, as it reads. */

/** What JSON can hold. */
export type Value = null | boolean | number | string | readonly Value[] | { readonly [name: string]: Value };

export interface Entry {
  /** Its place in the log, from 0; the index of its leaf. */
  readonly entry_id: number;
  /** Leaf hash of the entry before, in hexadecimal; zeros for the first. */
  readonly prev_hash: string;
  /** UTC with nanoseconds: `2026-01-31T08:15:00.123000004Z`. */
  readonly timestamp: string;
  readonly node_id: string;
  readonly actor_id: string;
  /** Roles, joined by commas. */
  readonly actor_role: string;
  /** `access.sql`: category and action. */
  readonly event_type: string;
  readonly resource: string;
  readonly detail: { readonly [name: string]: Value };
  /** On checkpoints: the Ed25519 signature over the note, in base64. */
  readonly signature?: string;
}

const TEXTS = [
  'prev_hash',
  'timestamp',
  'node_id',
  'actor_id',
  'actor_role',
  'event_type',
  'resource',
] as const;

/** Undefined for a text that is no entry. */
export function readEntry(text: string): Entry | undefined {
  try {
    const value = JSON.parse(text) as Entry;
    const fits =
      Number.isSafeInteger(value.entry_id) &&
      TEXTS.every((name) => typeof value[name] === 'string') &&
      typeof value.detail === 'object' &&
      (value.detail as unknown) !== null;
    return fits ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the log of a node calls itself, in its checkpoints and keys. */
export const originOf = (nodeId: string): string => `fractal.audit/${nodeId}`;
