/**
 * One entry of the log, as bytes: JSON with its fields in a fixed order and those of `detail` sorted. These bytes are
 * the leaf of the Merkle tree; nobody has to write them again to check them.
 */
import { hash } from 'node:crypto';
import { FIXED_LIMITS, badInputError } from '../base/index.ts';
import type { AuditEvent, AuditValue } from '../schema/index.ts';
import { readEntry, type Entry } from './outside/entry.ts';
import { HASH_BYTES } from './outside/tree.ts';

export type AuditEntry = Entry;

export type EntryContent = Omit<AuditEntry, 'entry_id' | 'prev_hash'>;

export { HASH_BYTES };
export const NO_HASH = '0'.repeat(2 * HASH_BYTES);

/** RFC 9162 §2.1.1: the hash of a leaf is SHA-256 over 0x00 and its bytes. In hexadecimal. */
export function leafHash(entry: Uint8Array): string {
  const leaf = Buffer.allocUnsafe(entry.length + 1);
  leaf[0] = 0;
  leaf.set(entry, 1);
  return hash('sha256', leaf, 'hex');
}

export function contentOf(event: AuditEvent, nodeId: string, timestamp: string): EntryContent {
  return {
    timestamp,
    node_id: nodeId,
    actor_id: event.principal,
    actor_role: (event.roles ?? []).join(','),
    event_type: `${event.category}.${event.action}`,
    resource: event.resource,
    detail: event.detail,
  };
}

/** The part of an entry that does not hang on its place: made once, before its turn comes. */
export function encodeContent(content: EntryContent): string {
  const { timestamp, node_id, actor_id, actor_role, event_type, resource, detail, signature } = content;
  const text = JSON.stringify({
    timestamp,
    node_id,
    actor_id,
    actor_role,
    event_type,
    resource,
    detail: sorted(detail),
    ...(signature === undefined ? {} : { signature }),
  });
  // The head of the entry comes on top: its numbers and hash have at most these bytes.
  if (Buffer.byteLength(text) + HEAD_BYTES > FIXED_LIMITS.audit_entry_bytes.value)
    throw badInputError(
      'audit.entry_size',
      `an entry of the audit log has more than ${FIXED_LIMITS.audit_entry_bytes.value} bytes`,
      'Ask for less in one call: a shorter statement, fewer files.',
    );
  return text;
}

const HEAD_BYTES = 128;

export const encodeEntry = (id: number, prevHash: string, content: string): Buffer =>
  Buffer.from(`${entryHead(id, prevHash)}${content.slice(1)}`);

/** What every entry begins with; checked as text, before anything of it is parsed. */
export const entryHead = (id: number, prevHash: string): string =>
  `{"entry_id":${id},"prev_hash":"${prevHash}",`;

/** Undefined for bytes that are no entry. */
export function decodeEntry(bytes: Uint8Array): AuditEntry | undefined {
  try {
    return readEntry(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function sorted(value: AuditValue): AuditValue {
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(sorted);
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name] ?? null)]));
}

const isList = (value: object): value is readonly AuditValue[] => Array.isArray(value);

/** Milliseconds since 1970 and nanoseconds within them, as `timestamp` has it. */
export const timestampOf = (ms: number, nanos: number): string =>
  `${new Date(ms).toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}Z`;
