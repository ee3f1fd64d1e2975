/** Lines of a log as they stand in its files, for whoever keeps a copy. */
import type { AuditLog } from './log.ts';
import { segmentLine } from './segment.ts';

/** From an entry on, before entry `end`: at most so many, and no more bytes than a part holds, but at least one. */
export async function linesOf(log: AuditLog, from: number, end: number, most: number): Promise<string[]> {
  const { audit_batch_bytes: bytes } = log.options.limits;
  const lines: string[] = [];
  let total = 0;
  for await (const line of log.lines(from, Math.min(end, from + most))) {
    const text =
      line.bytes === undefined ? line.hash : segmentLine(line.hash, line.bytes).toString('utf8').slice(0, -1);
    total += Buffer.byteLength(text) + 1;
    if (lines.length > 0 && total > bytes) break;
    lines.push(text);
  }
  return lines;
}
