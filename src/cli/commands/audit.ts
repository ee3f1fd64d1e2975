import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ERROR_KINDS, FIXED_LIMITS, badInputError, notFoundError, usageError } from '../../base/index.ts';
import { printBundle, verifyBundle, type AuditAnswer, type AuditVerdict } from '../../node/index.ts';
import { tableLines, type TableColumn } from '../output/table.ts';
import { oneLine, plural } from '../output/text.ts';
import {
  note,
  runningSocket,
  withNode,
  writeJson,
  writeLine,
  type Run,
  type Session,
  type SessionOf,
} from '../session.ts';

type AuditSession = SessionOf<'audit'>;

export const runAudit: Run<'audit'> = async (session) => {
  const [action = 'show', word] = session.arguments;
  switch (action) {
    case 'verify':
      return await verify(session);
    case 'checkpoint':
      return await checkpoint(session);
    case 'prove':
      return await prove(session, entryOf(word));
    case 'verify-bundle':
      return await checkBundle(session, word);
    default:
      return await show(session);
  }
};

async function show(session: AuditSession): Promise<number> {
  const { since, until, actor, category, resource, limit } = session.values;
  const found = await withNode(session, (node) =>
    node.audit({
      limit,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(actor === undefined ? {} : { actor }),
      ...(category === undefined ? {} : { category }),
      ...(resource === undefined ? {} : { resource }),
    }),
  );
  if (session.values.json) for (const entry of found.entries) await writeJson(session, entry);
  else if (found.entries.length > 0) await writeEntries(session, found);
  if (found.entries.length === 0) await note(session, 'No entry fits.');
  if (found.more) await note(session, 'Older entries fit too: --limit shows more, --until goes back.');
  return 0;
}

type Entry = AuditAnswer['entries'][number];

const COLUMNS: readonly (readonly [string, (entry: Entry) => string, ('left' | 'right')?])[] = [
  ['entry', (entry) => String(entry.entry_id), 'right'],
  ['time', (entry) => `${entry.timestamp.slice(0, 23)}Z`],
  ['who', (entry) => oneLine(entry.actor_id)],
  ['event', (entry) => oneLine(entry.event_type)],
  ['resource', (entry) => oneLine(entry.resource)],
  ['detail', (entry) => oneLine(JSON.stringify(entry.detail))],
];

async function writeEntries(session: Session, { entries }: AuditAnswer): Promise<void> {
  const cells = async function* (): AsyncGenerator<string[]> {
    for (const entry of entries) yield COLUMNS.map(([, cell]) => cell(entry));
  };
  const heads = COLUMNS.map(([name, , align]): TableColumn => ({ name, align: align ?? 'left' }));
  const { style, io } = session;
  const width = io.stdout.isTty ? io.stdout.columns : undefined;
  for await (const line of tableLines(heads, cells(), { style, width })) await writeLine(session, line);
}

/** A node that runs is asked; of one that does not, the files are read and nothing is written. */
async function verify(session: AuditSession): Promise<number> {
  const runs = (await runningSocket(session)) !== undefined;
  const verdict = runs
    ? await withNode(session, (node) => node.verifyAudit())
    : await session.factory.verifyAudit(session.dataDir);
  if (session.values.json) await writeJson(session, verdict);
  else await writeVerdict(session, verdict);
  return verdict.ok ? 0 : ERROR_KINDS.integrity.exit;
}

async function writeVerdict(session: Session, verdict: AuditVerdict): Promise<void> {
  const { style } = session;
  for (const { entry, reason } of verdict.faults) {
    const where = entry === null ? 'the log' : `entry ${entry}`;
    await writeLine(session, `${style.red('FAILED')}  ${where}: ${oneLine(reason)}`);
  }
  const { entries, checkpoints, root } = verdict;
  const counted = `${entries === 1 ? '1 entry' : `${entries} entries`}, ${plural(checkpoints, 'checkpoint')}`;
  await writeLine(
    session,
    verdict.ok
      ? `${style.green('ok')}  ${counted}, root ${root}`
      : `${counted} before it are as they were written`,
  );
}

async function checkpoint(session: AuditSession): Promise<number> {
  const made = await withNode(session, (node) => node.checkpointAudit());
  const { out, json } = session.values;
  if (out !== undefined) await writeTo(session, out, made.note);
  if (json) await writeJson(session, made);
  else if (out === undefined) await session.io.stdout.write(made.note);
  await note(session, `Check it with the key ${made.key}`);
  return 0;
}

async function prove(session: AuditSession, entry: number): Promise<number> {
  const text = printBundle(await withNode(session, (node) => node.proveAudit(entry)));
  const { out, json } = session.values;
  if (out === undefined) await session.io.stdout.write(text);
  else {
    await writeTo(session, out, text);
    if (json) await writeJson(session, { entry, file: out });
    else await writeLine(session, `entry ${entry}: ${out}`);
  }
  return 0;
}

async function checkBundle(session: AuditSession, file: string | undefined): Promise<number> {
  if (file === undefined)
    throw usageError(
      'usage.argument',
      '`fractal audit verify-bundle` needs a file',
      '`fractal audit prove` makes one.',
    );
  const { key, json } = session.values;
  const found = verifyBundle(await readBundle(session, file), key === undefined ? [] : [key]);
  if (json) await writeJson(session, { ok: true, ...found });
  else {
    const { entry, checkpoint: signed } = found;
    await writeLine(
      session,
      `${session.style.green('ok')}  entry ${entry.entry_id} of ${signed.origin}, under a checkpoint over ${signed.size} entries`,
    );
    await writeLine(
      session,
      `${entry.timestamp} ${oneLine(entry.actor_id)} ${oneLine(entry.event_type)} ${oneLine(entry.resource)}`,
    );
    await writeLine(session, oneLine(JSON.stringify(entry.detail)));
  }
  if (!found.is_key_known)
    await note(
      session,
      `The key is the bundle's own: ask the owner of the node whether theirs is ${found.key}`,
    );
  return 0;
}

async function readBundle(session: Session, name: string): Promise<string> {
  const file = await open(path.resolve(session.io.cwd, name)).catch(() => {
    throw notFoundError('audit.bundle_absent', 'the bundle cannot be read', 'Check the path.', {
      place: { source: name },
    });
  });
  try {
    const { value: most } = FIXED_LIMITS.audit_bundle_bytes;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(most + 1), 0, most + 1, 0);
    if (bytesRead > most)
      throw badInputError('audit.bundle_size', `a bundle has at most ${most} bytes`, 'Check the path.');
    // Bytes that are no UTF-8 become others, and then nothing fits.
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function writeTo(session: Session, name: string, text: string): Promise<void> {
  try {
    await writeFile(path.resolve(session.io.cwd, name), text);
  } catch (error) {
    throw badInputError('audit.out', 'the file cannot be written', 'Name another with --out.', {
      place: { source: name },
      cause: error,
    });
  }
}

function entryOf(text: string | undefined): number {
  if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text);
  throw usageError(
    'usage.argument',
    '`fractal audit prove` needs the number of an entry',
    '`fractal audit show` lists them.',
  );
}
