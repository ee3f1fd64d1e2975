/** Entries that fit, newest first: files are read from the last one back, as far as needed. */
import { decodeEntry, type AuditEntry } from './entry.ts';
import type { AuditLog } from './log.ts';

export interface EntryFilter {
  /** ISO 8601 in UTC with milliseconds: from then on. */
  readonly since?: string | undefined;
  /** The same: before then. */
  readonly until?: string | undefined;
  readonly actor?: string | undefined;
  readonly category?: string | undefined;
  /** One of the resources that the entry names. */
  readonly resource?: string | undefined;
}

export interface FoundEntries {
  /** In the order of the log. */
  readonly entries: readonly AuditEntry[];
  /** Whether older ones fit too. */
  readonly more: boolean;
}

/** `2026-01-31T08:15:00.123`: what two times are compared by. */
const STAMP_CHARS = 23;

export async function findEntries(log: AuditLog, filter: EntryFilter, limit: number): Promise<FoundEntries> {
  const found: AuditEntry[] = [];
  const segments = await log.segments();
  const { size } = log;
  for (const [i, first] of [...segments.entries()].reverse()) {
    const here: AuditEntry[] = [];
    let newest = '';
    for await (const { bytes } of log.lines(first, segments[i + 1] ?? size)) {
      const entry = bytes === undefined ? undefined : decodeEntry(bytes);
      if (entry === undefined) continue;
      if (entry.timestamp > newest) newest = entry.timestamp;
      if (fits(entry, filter)) here.push(entry);
    }
    found.unshift(...here);
    if (found.length > limit) return { entries: found.slice(-limit), more: true };
    // Clocks may be set back a little, whole files are not.
    if (filter.since !== undefined && newest !== '' && newest < filter.since) break;
  }
  return { entries: found, more: false };
}

function fits(entry: AuditEntry, { since, until, actor, category, resource }: EntryFilter): boolean {
  const time = entry.timestamp.slice(0, STAMP_CHARS);
  return (
    (since === undefined || time >= since.slice(0, STAMP_CHARS)) &&
    (until === undefined || time < until.slice(0, STAMP_CHARS)) &&
    (actor === undefined || entry.actor_id === actor) &&
    (category === undefined || entry.event_type.startsWith(`${category}.`)) &&
    (resource === undefined || entry.resource.split(',').includes(resource))
  );
}
