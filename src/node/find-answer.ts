/** The entry of the audit log that ended a call with an answer. */
import { decodeEntry, findEntries, type AuditEntry } from '../audit/index.ts';
import { FIXED_LIMITS, notFoundError } from '../base/index.ts';
import type { NodeParts } from './parts.ts';

export interface FoundAnswer {
  readonly id: number;
  /** Absent when its text is gone. */
  readonly entry: AuditEntry | undefined;
}

/** The entry that ended the call: by its number, that of its beginning, or the id of its record in `ai.inferences`. */
export async function findAnswer(parts: NodeParts, id: string): Promise<FoundAnswer> {
  const { log } = parts.audit;
  if (!/^\d{1,15}$/.test(id)) return await byInference(parts, id);
  const number = Number(id);
  const { bytes } = await log.line(number);
  const entry = bytes === undefined ? undefined : decodeEntry(bytes);
  if (entry?.detail['stage'] !== 'begun') return { id: number, entry };
  const end = Math.min(log.size, number + 1 + FIXED_LIMITS.audit_shown_entries.value);
  for await (const line of log.lines(number + 1, end)) {
    const later = line.bytes === undefined ? undefined : decodeEntry(line.bytes);
    if (later?.detail['begun'] === number) return { id: later.entry_id, entry: later };
  }
  return { id: number, entry };
}

const HOUR_MS = 3_600_000;

async function byInference({ store, audit }: NodeParts, id: string): Promise<FoundAnswer> {
  const [row] = await store.rows<{ ms: number }>(
    'select epoch_ms(asked_at)::double as ms from ai.inferences where inference_id = $1',
    [id],
  );
  if (row !== undefined) {
    const [since, until] = [row.ms - 1000, row.ms + HOUR_MS].map((ms) => new Date(ms).toISOString());
    const most = FIXED_LIMITS.audit_shown_entries.value;
    const { entries } = await findEntries(audit.log, { category: 'inference', since, until }, most);
    const entry = entries.find(({ detail }) => {
      const { inference_id, inferences } = detail;
      return inference_id === id || (Array.isArray(inferences) && inferences.includes(id));
    });
    if (entry !== undefined) return { id: entry.entry_id, entry };
  }
  throw notFoundError(
    'audit.answer_unknown',
    'there is no answer of this id in the log',
    'Give the number of its entry: `fractal audit show` lists them.',
  );
}
