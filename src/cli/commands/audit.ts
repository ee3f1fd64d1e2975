import { ERROR_KINDS, usageError } from '../../base/index.ts';
import { printBundle, type AuditAnswer, type AuditVerdict } from '../../node/index.ts';
import { tableLines, type TableColumn } from '../output/table.ts';
import { oneLine, plural } from '../output/text.ts';
import { acceptCosignature } from './audit-cosignature.ts';
import { retention } from './audit-retention.ts';
import { accept, exportLog, importLog, push, replicas } from './audit-replicas.ts';
import { replay } from './audit-replay.ts';
import { proveReport } from './audit-report.ts';
import { checkBundle, writeTo, writeVerifier, type AuditSession } from './audit-outside.ts';
import { note, runningSocket, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

export const runAudit: Run<'audit'> = async (session) => {
  const [action = 'show', word, ...more] = session.arguments;
  if (more.length > 0 && action !== 'verify-bundle')
    throw usageError(
      'usage.argument',
      `\`fractal audit ${action}\` does not take "${more[0] ?? ''}"`,
      '`fractal audit --help` shows how it is used.',
    );
  switch (action) {
    case 'verify':
      return await verify(session);
    case 'checkpoint':
      return await checkpoint(session);
    case 'prove':
      if (session.values.report !== undefined) return await proveReport(session, word, session.values.report);
      return session.values.from === undefined
        ? await prove(session, entryOf(word))
        : await proveGrowth(session, session.values.from);
    case 'replay':
      return await replay(session, word);
    case 'export':
      return await exportLog(session);
    case 'import-log':
      return await importLog(session, word);
    case 'push':
      return await push(session);
    case 'accept-cosignature':
      return await acceptCosignature(session, word);
    case 'accept':
      return await accept(session, word);
    case 'holds':
    case 'hold':
    case 'release':
    case 'retire':
      return await retention(session, action, word);
    case 'replicas':
      return await replicas(session, word);
    case 'verifier':
      return await writeVerifier(session);
    case 'verify-bundle':
      return await checkBundle(session, word === undefined ? [] : [word, ...more]);
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
  for (const { first, last, on } of verdict.retired)
    await writeLine(
      session,
      `texts of entries ${first}–${last} retired by retention on ${on.slice(0, 10)}; their hashes are there`,
    );
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

async function proveGrowth(session: AuditSession, from: number): Promise<number> {
  const { out, json } = session.values;
  const to = session.values.to === undefined ? undefined : entryOf(session.values.to);
  const growth = await withNode(session, (node) =>
    node.proveGrowth({ from, ...(to === undefined ? {} : { to }) }),
  );
  const text = `${JSON.stringify(growth, null, 2)}\n`;
  if (out === undefined) await session.io.stdout.write(text);
  else {
    await writeTo(session, out, text);
    if (json) await writeJson(session, { from, to: growth.to, file: out });
    else await writeLine(session, `from ${from} to ${growth.to} entries: ${out}`);
  }
  return 0;
}

function entryOf(text: string | undefined): number {
  if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text);
  throw usageError(
    'usage.argument',
    '`fractal audit prove` needs the number of an entry',
    '`fractal audit show` lists them.',
  );
}
