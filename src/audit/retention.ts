/**
 * Retention (rules B1–B5): texts of entries go when their time is over, as whole sealed files; their hashes stay, so that
 * the chain and the tree stand as they stood. The log tells it first. A hold keeps what it covers. Nothing else takes
 * anything away.
 */
import path from 'node:path';
import { Serial, asFractalError, badInputError, integrityError, notFoundError } from '../base/index.ts';
import { AUDIT_CATEGORIES, type AuditCategory } from '../schema/index.ts';
import { decodeEntry } from './entry.ts';
import type { AuditLog } from './log.ts';
import { SEGMENT_FOLDER, scanSegment, segmentName } from './segment.ts';

/** Months that texts of a category are kept; `default` for those that are not named. Without it these stay for ever. */
export type Retention = { readonly [K in AuditCategory | 'default']?: number };

export const RETENTION_MONTHS = { least: 6, most: 84 } as const;

/** What is wrong with `audit_retention` of fractal.json, in words. */
export function retentionFault(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'audit_retention must hold months by category';
  const names: readonly string[] = [...AUDIT_CATEGORIES, 'default'];
  const { least, most } = RETENTION_MONTHS;
  for (const [name, months] of Object.entries(value)) {
    if (!names.includes(name)) return `audit_retention: ${name} is none of ${names.join(', ')}`;
    if (!Number.isInteger(months) || Number(months) < least || Number(months) > most)
      return `audit_retention: ${name} must be ${least} to ${most} months`;
  }
  return undefined;
}

export interface Hold {
  /** What whoever set it calls it: a code. */
  readonly id: string;
  readonly by: string;
  /** Days, both counted whole; absent: from the beginning, to the end. */
  readonly from?: string;
  readonly until?: string;
}

/** Entries `first` to `end`, without `end`. */
export interface EntryRange {
  readonly first: number;
  readonly end: number;
}

const HOLDS_FILE = 'holds.json';
const CODE = /^[A-Za-z0-9][A-Za-z0-9:.+-]{0,63}$/;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Days of the calendar that are in order, or left away: a hold that covers nothing would be told to be in force. */
function areDays(from: unknown, until: unknown): boolean {
  const days = [from, until].filter((day) => day !== undefined);
  const isDay = (day: unknown): day is string => {
    const at = typeof day === 'string' && DAY.test(day) ? Date.parse(day) : Number.NaN;
    return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 10) === day;
  };
  if (!days.every(isDay)) return false;
  const [first, last] = days;
  return first === undefined || last === undefined || first <= last;
}

/** Throws `audit.holds` where they cannot be read: then nothing may go. */
export async function readHolds(log: AuditLog): Promise<readonly Hold[]> {
  const { fs, folder } = log.options;
  const file = path.join(folder, HOLDS_FILE);
  if ((await fs.stat(file)) === undefined) return [];
  try {
    const holds = JSON.parse(Buffer.from(await fs.readFile(file)).toString('utf8')) as readonly Hold[];
    const isRead = ({ id, by, from, until }: Hold): boolean =>
      typeof id === 'string' && typeof by === 'string' && areDays(from, until);
    if (holds.every(isRead)) return holds;
  } catch {
    // Told below.
  }
  throw integrityError(
    'audit.holds',
    `${HOLDS_FILE} of the audit log cannot be read: nothing is taken away meanwhile`,
    'Write it anew from the entries hold.set and hold.released of the log.',
  );
}

/** From now on what the hold covers stays. Who set it, and why, is the entry of the call. */
export async function setHold(log: AuditLog, hold: Hold): Promise<readonly Hold[]> {
  if (!CODE.test(hold.id) || !areDays(hold.from, hold.until))
    throw badInputError(
      'audit.hold',
      'a hold has a code for its name, and days of the calendar in their order',
      'Write CASE-7, 2026-01-31.',
    );
  return await changeHolds(log, (holds) => {
    if (holds.some(({ id }) => id === hold.id))
      throw badInputError('audit.hold', 'there is a hold of this name', 'Give another, or release it first.');
    if (holds.length >= log.options.limits.audit_holds)
      throw badInputError('audit.hold', 'there are too many holds', 'Raise audit_holds in fractal.json.');
    return [...holds, hold];
  });
}

export async function releaseHold(log: AuditLog, id: string): Promise<readonly Hold[]> {
  return await changeHolds(log, (holds) => {
    if (!holds.some((hold) => hold.id === id))
      throw notFoundError(
        'audit.hold_unknown',
        'there is no hold of this name',
        '`fractal audit holds` lists them.',
      );
    return holds.filter((hold) => hold.id !== id);
  });
}

async function changeHolds(
  log: AuditLog,
  change: (holds: readonly Hold[]) => readonly Hold[],
): Promise<readonly Hold[]> {
  const { fs, folder } = log.options;
  return await log.still(async () => {
    const holds = change(await readHolds(log));
    await fs.writeDurable(path.join(folder, HOLDS_FILE), `${JSON.stringify(holds)}\n`);
    return holds;
  });
}

/** The end of a time: so many months after, to the day; of a day that the month does not have, its last. */
export function monthsAfter(timestamp: string, months: number): string {
  const date = new Date(`${timestamp.slice(0, 23)}Z`);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, last));
  return date.toISOString();
}

/** Files whose every entry is past its time and under no hold; never the last one, which may be written to. */
async function retirable(log: AuditLog, retention: Retention, now: string): Promise<EntryRange[]> {
  const holds = await readHolds(log);
  const firsts = await log.segments();
  const found: EntryRange[] = [];
  for (const [i, first] of firsts.entries()) {
    const end = firsts[i + 1];
    if (end === undefined) break;
    let [isOver, texts, lines] = [true, 0, 0];
    const { fault } = scanSegment(await log.readSegment(first), first, undefined, ({ bytes }) => {
      lines++;
      if (bytes === undefined) return;
      texts++;
      const entry = decodeEntry(bytes);
      const category = entry?.event_type.split('.')[0] as AuditCategory | undefined;
      const months = category === undefined ? undefined : (retention[category] ?? retention.default);
      if (entry === undefined || months === undefined || monthsAfter(entry.timestamp, months) > now)
        isOver = false;
      else if (holds.some((hold) => covers(hold, entry.timestamp))) isOver = false;
    });
    // What is damaged is evidence, and stays.
    if (isOver && texts > 0 && fault === undefined && lines === end - first) found.push({ first, end });
  }
  return found;
}

const covers = ({ from, until }: Hold, timestamp: string): boolean => {
  const day = timestamp.slice(0, 10);
  return (from === undefined || day >= from) && (until === undefined || day <= until);
};

export interface Retired {
  /** What went now. */
  readonly ranges: readonly EntryRange[];
}

/** Takes away the texts whose time is over; `isDry` only tells which. One at a time: the caller sees to that. */
export async function retire(log: AuditLog, retention: Retention, isDry: boolean): Promise<Retired> {
  const { fs, folder, clock } = log.options;
  const now = new Date(clock.now()).toISOString();
  const ranges = await retirable(log, retention, now);
  if (isDry || ranges.length === 0) return { ranges };
  const before = await toldSoFar(log);
  // All that ever went: whoever checks finds it in one entry, though older ones of its kind have gone too.
  await log.record({
    category: 'log',
    action: 'expired',
    principal: 'system',
    resource: 'audit',
    detail: {
      now: ranges.map(({ first, end }) => [first, end]),
      ranges: merged([...before, ...ranges]).map(({ first, end }) => [first, end]),
      holds: (await readHolds(log)).map(({ id }) => id),
      retention: { ...retention },
    },
  });
  const gone: EntryRange[] = [];
  for (const range of ranges)
    await log.still(async () => {
      const { first, end } = range;
      // A hold may have been set, and a disk may have failed, since the file was looked at.
      const holds = await readHolds(log);
      const hashes: string[] = [];
      let isHeld = false;
      const { fault } = scanSegment(await log.readSegment(first), first, undefined, ({ hash, bytes }) => {
        hashes.push(`${hash}\n`);
        const at = bytes === undefined ? undefined : decodeEntry(bytes)?.timestamp;
        if (at !== undefined && holds.some((hold) => covers(hold, at))) isHeld = true;
      });
      if (isHeld || fault !== undefined || hashes.length !== end - first) return;
      await fs.writeDurable(path.join(folder, SEGMENT_FOLDER, segmentName(first)), hashes.join(''), 0o400);
      gone.push(range);
    });
  return { ranges: gone };
}

/**
 * What the newest entry of its kind says went: it holds all that ever did. What the files look like says nothing: somebody
 * may have taken texts away, and the log must not vouch for that.
 */
async function toldSoFar(log: AuditLog): Promise<EntryRange[]> {
  for (const first of [...(await log.segments())].reverse()) {
    let told: EntryRange[] | undefined;
    scanSegment(await log.readSegment(first), first, undefined, ({ bytes }) => {
      const entry = bytes === undefined ? undefined : decodeEntry(bytes);
      if (entry?.event_type !== 'log.expired') return;
      const ranges = entry.detail['ranges'] as readonly (readonly [number, number])[];
      told = ranges.map(([from, end]) => ({ first: from, end }));
    });
    if (told !== undefined) return told;
  }
  return [];
}

function merged(ranges: readonly EntryRange[]): EntryRange[] {
  const sorted = [...ranges].sort((a, b) => a.first - b.first);
  const found: EntryRange[] = [];
  for (const { first, end } of sorted) {
    const last = found.at(-1);
    if (last !== undefined && last.end >= first)
      found[found.length - 1] = { first: last.first, end: Math.max(last.end, end) };
    else found.push({ first, end });
  }
  return found;
}

/** Takes away what is over, now and again; one at a time. */
export class Retirement {
  readonly retention: Retention;
  readonly #log: AuditLog;
  readonly #turns = new Serial();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(log: AuditLog, retention: Retention = {}) {
    this.#log = log;
    this.retention = retention;
    if (Object.keys(retention).length === 0) return;
    this.#timer = setInterval(() => void this.#inBackground(), log.options.limits.audit_retire_ms);
    this.#timer.unref();
    void this.#inBackground();
  }

  async #inBackground(): Promise<void> {
    await this.run(false).catch((error: unknown) =>
      this.#log.options.log(
        'error',
        `texts of the audit log could not be retired: ${asFractalError(error).message}`,
      ),
    );
  }

  async run(isDry: boolean): Promise<Retired> {
    return await this.#turns.run(async () =>
      this.#isStopped ? { ranges: [] } : await retire(this.#log, this.retention, isDry),
    );
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopped = true;
    await this.#turns.run(async () => undefined);
  }
}
