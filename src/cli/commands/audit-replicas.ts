/** The log leaves its node, and logs of other nodes are held: by a file, or from node to node. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  DEFAULT_LIMITS,
  ERROR_KINDS,
  FIXED_LIMITS,
  badInputError,
  notFoundError,
  usageError,
} from '../../base/index.ts';
import {
  hubAddress,
  pushLog,
  type HubDoor,
  type LogSource,
  type NodeApi,
  type ReplicaState,
} from '../../node/index.ts';
import { RemoteNode } from '../../server/index.ts';
import { countText } from '../output/text.ts';
import { note, withNode, writeJson, writeLine, type Session } from '../session.ts';
import { writeCosignature } from './audit-cosignature.ts';
import { writeTo, type AuditSession } from './audit-outside.ts';

const countEntries = (count: number): string => `${countText(count)} ${count === 1 ? 'entry' : 'entries'}`;

const FILE_FORMAT = 'fractal.audit-log/1';

interface FileHead {
  readonly format: typeof FILE_FORMAT;
  readonly origin: string;
  readonly key: string;
  readonly first: number;
  readonly size: number;
  readonly checkpoint: string;
}

/** The log of a node as of now. */
async function sourceOf(node: NodeApi): Promise<LogSource & { readonly key: string }> {
  const { origin, size, note: checkpoint, key } = await node.checkpointAudit();
  const lines = async (from: number, limit: number): Promise<readonly string[]> =>
    (await node.exportAudit({ from, end: size, limit })).lines;
  return { origin, size, checkpoint, key, first: 0, lines };
}

/** Writes the log, from an entry on, to a file for another node: its head, then its lines. */
export async function exportLog(session: AuditSession): Promise<number> {
  const { out, from = 0, json } = session.values;
  if (out === undefined)
    throw usageError('usage.argument', '`fractal audit export` needs --out', 'Name the file to write.');
  const head = await withNode(session, async (node) => {
    const { origin, key, size, checkpoint, lines } = await sourceOf(node);
    if (from >= size)
      throw badInputError('audit.from', `the log has ${size} entries`, 'Give a smaller number with --from.');
    const made: FileHead = { format: FILE_FORMAT, origin, key, first: from, size, checkpoint };
    await writeTo(session, out, `${JSON.stringify(made)}\n`);
    for (let at = from; at < size;) {
      const some = await lines(at, DEFAULT_LIMITS.audit_batch_entries);
      if (some.length === 0)
        throw badInputError('audit.from', `entry ${at} cannot be read`, '`fractal audit verify` tells why.');
      await writeTo(session, out, some.map((line) => `${line}\n`).join(''), 'a');
      at += some.length;
    }
    return made;
  });
  if (json) await writeJson(session, { ...head, file: out });
  else await writeLine(session, `${countEntries(head.size - head.first)} from ${head.first} on: ${out}`);
  return 0;
}

/** Takes a file of `export` into the logs that are held for others, and cosigns it; --out takes the cosignature back. */
export async function importLog(session: AuditSession, name: string | undefined): Promise<number> {
  if (name === undefined)
    throw usageError(
      'usage.argument',
      '`fractal audit import-log` needs a file',
      '`fractal audit export` makes one.',
    );
  const source = await fileSource(path.resolve(session.io.cwd, name));
  return await withNode(
    session,
    async (node) => await send(session, source, node, (state) => writeCosignature(session, state)),
  );
}

async function fileSource(file: string): Promise<LogSource> {
  const absent = (): never => {
    throw notFoundError('audit.file_absent', 'the file cannot be read', 'Check the path.', {
      place: { source: file },
    });
  };
  const bad = (): Error =>
    badInputError('audit.file', 'this is no exported audit log', '`fractal audit export` makes one.', {
      place: { source: file },
    });
  const { value: most } = FIXED_LIMITS.audit_file_bytes;
  const { size } = await stat(file).catch(absent);
  if (size > most)
    throw badInputError(
      'audit.file_size',
      `an exported log has at most ${most} bytes`,
      'Export from a later entry on with --from.',
      { place: { source: file } },
    );
  const bytes = await readFile(file).catch(absent);
  const [first = '', ...all] = bytes.toString('utf8').trimEnd().split('\n');
  let head: FileHead;
  try {
    head = (JSON.parse(first) ?? {}) as FileHead;
  } catch {
    throw bad();
  }
  const { format, origin, checkpoint } = head;
  if (format !== FILE_FORMAT || typeof origin !== 'string' || typeof checkpoint !== 'string') throw bad();
  if (!Number.isSafeInteger(head.first) || head.first + all.length !== head.size) throw bad();
  const lines = async (from: number, most: number): Promise<readonly string[]> => {
    const some: string[] = [];
    let total = 0;
    for (const line of all.slice(from - head.first, from - head.first + most)) {
      total += Buffer.byteLength(line) + 1;
      if (some.length > 0 && total > DEFAULT_LIMITS.audit_batch_bytes) break;
      some.push(line);
    }
    return some;
  };
  return { origin, size: head.size, checkpoint, first: head.first, lines };
}

/** Sends the log to a hub and keeps the checkpoint that it cosigned. */
export async function push(session: AuditSession): Promise<number> {
  const { to } = session.values;
  const url = hubAddress(to);
  if (url === undefined)
    throw usageError(
      'usage.argument',
      '`fractal audit push` needs --to with an https address',
      'Write https://HUB:PORT; http is for this machine only.',
    );
  const token = session.io.env['FRACTAL_HUB_TOKEN'];
  const hub = new RemoteNode({ url, token });
  try {
    return await withNode(session, async (node) => {
      const source = await sourceOf(node);
      return await send(session, source, hub, async ({ note: cosigned, cosigner }) => {
        if (cosigned === undefined) return;
        const { kept } = await node.cosignedAudit({ note: cosigned, key: cosigner });
        if (!kept) await note(session, 'A newer cosigned checkpoint is here already.');
      });
    });
  } finally {
    await hub.close();
  }
}

/** A node as a hub. */
export const hubDoor = (hub: NodeApi): HubDoor => ({
  receive: async (part) => {
    const [state] = (await hub.auditReplicas({ action: 'receive', ...part })).replicas;
    if (state === undefined)
      throw badInputError(
        'audit.answer',
        'the hub answers otherwise than one does',
        'Check the address of the hub.',
      );
    return state;
  },
  close: () => hub.close(),
});

async function send(
  session: AuditSession,
  source: LogSource,
  hub: NodeApi,
  after: (state: ReplicaState) => Promise<void> = async () => undefined,
): Promise<number> {
  const receive: HubDoor['receive'] = (part) => hubDoor(hub).receive(part);
  const state = await pushLog(source, receive, { limits: DEFAULT_LIMITS });
  await after(state);
  await told(session, [state]);
  return 0;
}

/** The key of a log that may be sent from now on. */
export async function accept(session: AuditSession, key: string | undefined): Promise<number> {
  if (key === undefined)
    throw usageError(
      'usage.argument',
      '`fractal audit accept` needs the key of a log',
      '`fractal audit checkpoint` prints it on the other node.',
    );
  await told(
    session,
    (await withNode(session, (node) => node.auditReplicas({ action: 'accept', key }))).replicas,
  );
  return 0;
}

export async function replicas(session: AuditSession, origin: string | undefined): Promise<number> {
  if (origin === undefined) {
    await told(session, (await withNode(session, (node) => node.auditReplicas({ action: 'list' }))).replicas);
    return 0;
  }
  const { verdict } = await withNode(session, (node) => node.auditReplicas({ action: 'verify', origin }));
  if (session.values.json) await writeJson(session, verdict);
  else
    for (const { entry, reason } of verdict?.faults ?? [])
      await writeLine(
        session,
        `${session.style.red('FAILED')}  ${entry === null ? 'the log' : `entry ${entry}`}: ${reason}`,
      );
  if (verdict?.ok === true && !session.values.json)
    await writeLine(session, `${session.style.green('ok')}  ${countEntries(verdict.entries)}`);
  return verdict?.ok === true ? 0 : ERROR_KINDS.integrity.exit;
}

async function told(
  session: Session & { values: { json: boolean } },
  states: readonly ReplicaState[],
): Promise<void> {
  if (session.values.json) for (const state of states) await writeJson(session, state);
  else
    for (const { origin, size, pending } of states)
      await writeLine(
        session,
        `${origin}: ${countEntries(size)} cosigned${pending === 0 ? '' : `, ${pending} waiting`}`,
      );
  if (states.length === 0) await note(session, 'No log of another node is held here.');
}
