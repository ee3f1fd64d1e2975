/** An answer made again: the same, another, or one that cannot be made again. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ERROR_KINDS, badInputError, notFoundError, usageError } from '../../base/index.ts';
import type { ReplayRequest } from '../../node/index.ts';
import { oneLine } from '../output/text.ts';
import { withNode, writeJson, writeLine } from '../session.ts';
import type { AuditSession } from './audit-outside.ts';

export async function replay(session: AuditSession, id: string | undefined): Promise<number> {
  if (id === undefined)
    throw usageError(
      'usage.argument',
      '`fractal audit replay` needs the number of an entry, or the id of an inference',
      '`fractal audit show` lists entries.',
    );
  const { input, json } = session.values;
  const request: ReplayRequest = {
    id,
    ...(input === undefined ? {} : { input: await requestFrom(session, input) }),
  };
  const answer = await withNode(session, (node) => node.replayAudit(request, session.signal));
  if (json) await writeJson(session, answer);
  else {
    const { verdict, entry, kind, asked_by, replayed_as, reasons } = answer;
    const { style } = session;
    const told = verdict.replace('_', ' ');
    const about = kind === null ? '' : `  ${kind}, asked by ${oneLine(asked_by ?? '?')}`;
    await writeLine(
      session,
      `${verdict === 'identical' ? style.green(told) : style.red(told)}  entry ${entry}${about}, replayed as ${oneLine(replayed_as)}`,
    );
    for (const { code, text } of reasons) await writeLine(session, `    ${oneLine(code)}: ${oneLine(text)}`);
  }
  return answer.verdict === 'identical' ? 0 : ERROR_KINDS.integrity.exit;
}

async function requestFrom(
  session: AuditSession,
  file: string,
): Promise<NonNullable<ReplayRequest['input']>> {
  const text = file === '-' ? await standardInput(session) : await textOf(session, file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badInputError(
      'audit.replay_input',
      'the request is not an object of JSON',
      'Give it as HTTP takes it, such as {"question": "…"}.',
    );
  return value as NonNullable<ReplayRequest['input']>;
}

async function textOf(session: AuditSession, file: string): Promise<string> {
  try {
    return await readFile(path.resolve(session.io.cwd, file), 'utf8');
  } catch {
    throw notFoundError('usage.file', 'the file of the request cannot be read', 'Name a file with --input.');
  }
}

async function standardInput({ io }: AuditSession): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of io.stdin) parts.push(typeof part === 'string' ? Buffer.from(part) : part);
  return Buffer.concat(parts).toString('utf8');
}
