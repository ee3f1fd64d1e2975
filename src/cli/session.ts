/** One run of one command: its flags, its output, its signal, its node. */
import path from 'node:path';
import { FractalError, silentLog, type Log } from '../base/index.ts';
import type { NodeApi } from '../node/index.ts';
import { RemoteNode, socketAnswers } from '../server/index.ts';
import type { CommandName, ValuesOf } from './commands.ts';
import type { NodeFactory, OpenedNode } from './factory.ts';
import type { GlobalValues } from './flags.ts';
import type { Io } from './io.ts';
import { styleFor, type Style } from './output/style.ts';
import { jsonText, oneLine } from './output/text.ts';

/** What every command has. */
export interface Session {
  readonly io: Io;
  readonly factory: NodeFactory;
  readonly values: GlobalValues;
  readonly arguments: readonly string[];
  /** Names of the flags that the caller set, by command line or environment. */
  readonly given: ReadonlySet<string>;
  /** Fires on Ctrl-C and when nobody reads standard output any more. */
  readonly signal: AbortSignal;
  readonly dataDir: string;
  readonly style: Style;
  readonly log: Log;
}

/** What one command has: its own flags too. */
export interface SessionOf<N extends CommandName> extends Session {
  readonly values: ValuesOf<N>;
}

/** The exit code. */
export type Run<N extends CommandName> = (session: SessionOf<N>) => Promise<number>;

export const dataDirOf = (io: Io, flag: string): string => path.resolve(io.cwd, flag);
export const styleOf = (io: Io): Style => styleFor(io.stdout.isTty, io.env);

/** One JSON document, or one JSON line of a stream. */
export const writeJson = (session: Session, value: unknown): Promise<void> =>
  session.io.stdout.write(`${jsonText(JSON.stringify(value))}\n`);

export const writeLine = (session: Session, line = ''): Promise<void> => session.io.stdout.write(`${line}\n`);

/** That a weaker model or mode answered is part of the answer: neither --quiet nor a pipe hides it. */
export async function showBadges(session: Session, badges: readonly string[]): Promise<void> {
  for (const badge of badges) await writeLine(session, session.style.yellow(`! ${oneLine(badge)}`));
}

/** A note for people: never on standard output, never with --quiet. */
export async function note(session: Session, line: string): Promise<void> {
  if (!session.values.quiet) await session.io.stderr.write(`${line}\n`);
}

/** Log lines of the node on standard error. `info` is for those who serve. */
export function logTo(io: Io, options: { quiet: boolean; info: boolean }): Log {
  if (options.quiet) return silentLog;
  return (level, message, fields) => {
    if (level === 'info' && !options.info) return;
    const pairs = Object.entries(fields ?? {}).map(([name, value]) => ` ${name}=${oneLine(String(value))}`);
    void io.stderr.write(`${level}: ${oneLine(message)}${pairs.join('')}\n`);
  };
}

/** The node that runs on the directory, or the directory opened by this process. */
export async function openNode(session: Session): Promise<NodeApi> {
  const running = await remoteNode(session);
  if (running !== undefined) return running;
  try {
    return (await openLocal(session)).node;
  } catch (error) {
    // Another process may have opened the directory since we looked.
    if (!(error instanceof FractalError) || error.kind !== 'unavailable') throw error;
    const started = await remoteNode(session);
    if (started === undefined) throw error;
    return started;
  }
}

/** Who the caller is on a node with users. Not a flag: other users see the command lines of a machine. */
const tokenOf = (session: Session): string | undefined => session.io.env['FRACTAL_TOKEN'];

export const openLocal = (session: Session, serving = false): Promise<OpenedNode> =>
  session.factory.open({
    serving,
    dataDir: session.dataDir,
    log: session.log,
    principal: session.values.as,
    purpose: session.values.purpose,
    token: tokenOf(session),
  });

/** The socket of the node that runs on the directory and answers. */
export async function runningSocket(session: Session): Promise<string | undefined> {
  const running = await session.factory.findRunning(session.dataDir);
  return running !== undefined && (await socketAnswers(running.socketPath)) ? running.socketPath : undefined;
}

async function remoteNode(session: Session): Promise<NodeApi | undefined> {
  const socketPath = await runningSocket(session);
  if (socketPath === undefined) return undefined;
  const { as } = session.values;
  return new RemoteNode({
    socketPath,
    token: tokenOf(session),
    purpose: session.values.purpose,
    ...(as === undefined ? {} : { principal: as }),
  });
}

/** Opens, works, closes, whatever happens. */
export async function withNode<T>(session: Session, work: (node: NodeApi) => Promise<T>): Promise<T> {
  const node = await openNode(session);
  try {
    return await work(node);
  } finally {
    await node.close();
  }
}
