/** A hub's cosignature on its way back to the edge without a network: one file. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { FIXED_LIMITS, badInputError, notFoundError, usageError } from '../../base/index.ts';
import type { ReplicaState } from '../../node/index.ts';
import { note, withNode, writeJson, writeLine } from '../session.ts';
import { writeTo, type AuditSession } from './audit-outside.ts';

const FORMAT = 'fractal.audit-cosignature/1';

/** What a hub that took a log from a file answers with. */
export async function writeCosignature(
  session: AuditSession,
  { note: cosigned, cosigner }: ReplicaState,
): Promise<void> {
  const { out } = session.values;
  if (out === undefined || cosigned === undefined) return;
  const file = { format: FORMAT, note: cosigned, key: cosigner };
  await writeTo(session, out, `${JSON.stringify(file, null, 2)}\n`);
  await note(
    session,
    `${out}: the cosigned checkpoint, for \`fractal audit accept-cosignature\` on the edge`,
  );
}

/** Keeps it as `push` does: where it is a checkpoint of this node's own log, and the signature is good. */
export async function acceptCosignature(session: AuditSession, name: string | undefined): Promise<number> {
  if (name === undefined)
    throw usageError(
      'usage.argument',
      '`fractal audit accept-cosignature` needs a file',
      '`fractal audit import-log FILE --out COSIGNATURE` makes one on the hub.',
    );
  const request = await readCosignature(path.resolve(session.io.cwd, name), name);
  const { kept } = await withNode(session, (node) => node.cosignedAudit(request));
  const size = Number(request.note.split('\n')[1]);
  if (session.values.json) await writeJson(session, { kept, size });
  else
    await writeLine(
      session,
      kept
        ? `cosigned over ${size} entries: bundles carry it from now on`
        : 'A newer cosigned checkpoint is here already.',
    );
  return 0;
}

async function readCosignature(file: string, name: string): Promise<{ note: string; key: string }> {
  const place = { place: { source: name } };
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true)
    throw notFoundError('audit.file_absent', 'the file cannot be read', 'Check the path.', place);
  let value: unknown;
  try {
    value =
      found.size > FIXED_LIMITS.audit_bundle_bytes.value ? null : JSON.parse(await readFile(file, 'utf8'));
  } catch {
    value = null;
  }
  const { format, note: cosigned, key } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (format !== FORMAT || typeof cosigned !== 'string' || typeof key !== 'string')
    throw badInputError(
      'audit.file',
      'this is no cosignature',
      '`fractal audit import-log FILE --out COSIGNATURE` makes one on the hub.',
      place,
    );
  return { note: cosigned, key };
}
