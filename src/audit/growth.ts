/**
 * That a log only grew: its tree of `from` entries is the beginning of its tree of `to` (RFC 9162 §2.1.4). For whoever
 * holds an older checkpoint. Made here; checked in `outside/growth.ts`.
 */
import { badInputError } from '../base/index.ts';
import { readCosigned } from './cosigned.ts';
import { decodeEntry } from './entry.ts';
import { sizeOf, type AuditLog } from './log.ts';
import { consistencyProof, rootOf } from './merkle.ts';
import { checkNote, parseNote, printKey, printNote, type Note } from './note.ts';
import { GROWTH_FORMAT, type AuditGrowth } from './outside/growth.ts';

/** `to` is the last checkpoint when absent; a new one where nothing that came since `from` is signed yet. Throws `audit.growth` for sizes that are none. */
export async function makeGrowth(log: AuditLog, from: number, to?: number): Promise<AuditGrowth> {
  const isSize = (n: number): boolean => Number.isSafeInteger(n) && n >= 1 && n <= log.size;
  if (!isSize(from) || (to !== undefined && (!isSize(to) || to < from)))
    throw badInputError(
      'audit.growth',
      `the log has ${log.size} entries: a proof is from one number of entries to another that is not smaller`,
      'Give as --from the number in the checkpoint that you hold; --to may be left out.',
    );
  // The entry right behind a checkpoint tells it, and is nothing new.
  const least = log.size > from + 1 ? from + 1 : from;
  const end = to ?? sizeOf(await log.checkpointOver(least));
  const cosigned = await readCosigned(log);
  const isCosigned = cosigned !== undefined && sizeOf(cosigned.note) === end;
  const note = isCosigned ? cosigned.note : await noteOver(log, end);
  const own = note === undefined ? [] : [printKey(log.options.keys.signer.key)];
  return await log.still(async () => {
    const at = log.tiles.hashAt;
    const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');
    return {
      format: GROWTH_FORMAT,
      from,
      from_root: base64(await rootOf(at, from)),
      to: end,
      to_root: base64(await rootOf(at, end)),
      proof: (await consistencyProof(at, from, end)).map(base64),
      checkpoint: note === undefined ? null : printNote(note),
      keys: [...own, ...(isCosigned ? cosigned.keys : [])],
    };
  });
}

/** The log tells each of its checkpoints in the entry right behind what it covers. */
async function noteOver(log: AuditLog, size: number): Promise<Note | undefined> {
  const last = log.checkpointNote;
  if (last !== undefined && sizeOf(last) === size) return last;
  if (size >= log.size) return undefined;
  const { bytes } = await log.line(size);
  const { event_type, detail } = (bytes === undefined ? undefined : decodeEntry(bytes)) ?? {};
  const printed = detail?.['note'];
  if (event_type !== 'log.checkpoint' || detail?.['size'] !== size || typeof printed !== 'string')
    return undefined;
  const note = parseNote(printed);
  return checkNote(note, log.options.keys.signer.key) === undefined ? undefined : note;
}
