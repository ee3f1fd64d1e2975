/** Questions about the audit log, under the right `audit`. */
import path from 'node:path';
import {
  keepCosigned,
  linesOf,
  findEntries,
  checkNote,
  makeBundle,
  makeGrowth,
  parseCheckpoint,
  printKey,
  printNote,
  readPushState,
  rootOf,
  verifyLog,
  verifyOpenLog,
  type AuditLog,
} from '../audit/index.ts';
import { FIXED_LIMITS, badInputError, notFoundError } from '../base/index.ts';
import type { Principal } from '../query/index.ts';
import { AUDIT_CATEGORIES } from '../schema/index.ts';
import { demand, type NodePolicy } from './access.ts';
import type {
  AuditAnswer,
  AuditApi,
  AuditBundle,
  AuditCheckpoint,
  AuditGrowth,
  AuditExport,
  AuditExportRequest,
  AuditRequest,
  CosignatureRequest,
  AuditVerdict,
  GrowthRequest,
} from './audit-api.ts';
import { AUDIT_FOLDER } from './audited/open-audit.ts';
import { SYSTEM } from './parts.ts';

const DEFAULT_LIMIT = 100;

export class AuditQuestions implements Omit<
  AuditApi,
  'auditReplicas' | 'auditRetention' | 'replayAudit' | 'proveReport'
> {
  readonly #log: AuditLog;

  constructor(log: AuditLog, policy: NodePolicy, principal: Principal) {
    demand(policy, principal, 'audit');
    this.#log = log;
  }

  async audit({
    since,
    until,
    category,
    limit = DEFAULT_LIMIT,
    ...rest
  }: AuditRequest): Promise<AuditAnswer> {
    const most = FIXED_LIMITS.audit_shown_entries.value;
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > most)
      throw badInputError('audit.limit', `the limit must be from 1 to ${most}`, 'Ask for fewer at a time.');
    if (category !== undefined && !(AUDIT_CATEGORIES as readonly string[]).includes(category))
      throw badInputError(
        'audit.category',
        'there is no such category',
        `Categories are ${AUDIT_CATEGORIES.join(', ')}.`,
      );
    const filter = { ...rest, category, since: timeOf(since, 0), until: timeOf(until, DAY_MS) };
    return await findEntries(this.#log, filter, limit);
  }

  async verifyAudit(): Promise<AuditVerdict> {
    return await verifyOpenLog(this.#log);
  }

  async checkpointAudit(): Promise<AuditCheckpoint> {
    const note = await this.#log.checkpoint();
    const { origin = '', size = 0, root = new Uint8Array() } = parseCheckpoint(note.text) ?? {};
    return {
      origin,
      size,
      root: Buffer.from(root).toString('base64'),
      note: printNote(note),
      key: printKey(this.#log.options.keys.signer.key),
    };
  }

  async exportAudit({ from, end, limit }: AuditExportRequest): Promise<AuditExport> {
    const most = this.#log.options.limits.audit_batch_entries;
    const areWhole = [from, end, limit].every((one) => Number.isSafeInteger(one) && one >= 0);
    if (!areWhole || limit < 1 || limit > most)
      throw badInputError('audit.limit', `the limit must be from 1 to ${most}`, 'Ask for fewer at a time.');
    return { lines: await linesOf(this.#log, from, end, limit) };
  }

  async cosignedAudit({ note, key }: CosignatureRequest): Promise<{ kept: boolean }> {
    return { kept: await keepCosigned(this.#log, note, key) };
  }

  async proveAudit(entry: number): Promise<AuditBundle> {
    return await makeBundle(this.#log, entry);
  }

  async proveGrowth({ from, to }: GrowthRequest): Promise<AuditGrowth> {
    return await makeGrowth(this.#log, from, to);
  }
}

const DAY_MS = 86_400_000;

/** As timestamps have it. A day alone is its beginning, with `day` added. */
function timeOf(text: string | undefined, day: number): string | undefined {
  if (text === undefined) return undefined;
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text);
  const ms = isDay || isTime ? Date.parse(text) : NaN;
  if (Number.isNaN(ms) || (isDay && !new Date(ms).toISOString().startsWith(text)))
    throw badInputError(
      'audit.time',
      'a time is neither a day nor ISO 8601 with a time zone',
      'Write 2026-01-31 or 2026-01-31T08:15:00Z.',
    );
  return new Date(ms + (isDay ? day : 0)).toISOString();
}

/** The log of a node that does not run, from its files. Nothing is written. */
export async function verifyAuditFiles(dataDir: string): Promise<AuditVerdict> {
  const { fs } = SYSTEM;
  const folder = path.join(dataDir, AUDIT_FOLDER);
  if ((await fs.stat(folder)) === undefined)
    throw notFoundError(
      'audit.absent',
      'there is no audit log in this data directory',
      'Name the data directory of a node with --data.',
    );
  return await verifyLog(fs, folder);
}

/** What `doctor` says: what was found on opening, and whether the tiles still make what was signed last. */
export async function auditState(log: AuditLog): Promise<{ ok: boolean; detail: string; cure: string }> {
  const cure = '`fractal audit verify` names the first bad entry; take audit/ back from a copy.';
  const { damage, checkpointNote: note, size } = log;
  if (damage !== undefined)
    return { ok: false, detail: `damaged from entry ${damage.entry} on: ${damage.reason}`, cure };
  if (note === undefined) return { ok: true, detail: `${size} entries, none signed for yet`, cure };
  const checkpoint = parseCheckpoint(note.text);
  const isSigned = checkNote(note, log.options.keys.signer.key) !== undefined;
  if (checkpoint === undefined || !isSigned)
    return { ok: false, detail: 'the last checkpoint is not signed by this node', cure };
  const root = await log.still(() => rootOf(log.tiles.hashAt, checkpoint.size));
  const ok = Buffer.compare(root, checkpoint.root) === 0;
  const detail = ok
    ? `${size} entries, ${checkpoint.size} of them under the last checkpoint`
    : 'its tiles do not make what was signed last';
  return { ok, detail, cure };
}

/** What `doctor` says of the hub that the log is sent to. */
export async function hubState(log: AuditLog): Promise<{ ok: boolean; detail: string; cure: string }> {
  const state = await readPushState(log);
  if (state === undefined)
    return { ok: true, detail: 'nothing was pushed yet: a running node does it', cure: '' };
  const { cosigned, failures, error, at } = state;
  const last =
    cosigned === null
      ? 'never cosigned'
      : `${cosigned.size} of ${log.size} entries cosigned, last on ${cosigned.at}`;
  return error === null
    ? { ok: true, detail: last, cure: '' }
    : {
        ok: false,
        detail: `${last}; ${failures === 1 ? '1 try' : `${failures} tries`} failed since, last on ${at}: ${error.message} (${error.code})`,
        cure: error.cure,
      };
}
