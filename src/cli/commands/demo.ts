import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { internalError, notFoundError } from '../../base/index.ts';
import type { NodeApi } from '../../node/index.ts';
import { alreadyRunning, readRows, type JsonValue } from '../../server/index.ts';
import {
  note,
  openLocal,
  runningSocket,
  writeJson,
  writeLine,
  type Run,
  type Session,
  type SessionOf,
} from '../session.ts';
import { answerTo, showAnswer as showWhole, showClaim } from './ask.ts';
import { importInto } from './import.ts';
import { showRows } from './sql.ts';
import { serve } from './start.ts';

/** Below `sample/`, in this order: updates move what the records began. */
const FOLDERS = ['law', 'records', 'updates'];

/** `sample/demo.json`. */
interface Script {
  readonly question: string;
  readonly sql: string;
}

export const runDemo: Run<'demo'> = async (session) => {
  const sample = path.join(session.io.root, 'sample');
  const script = await readScript(sample);
  const isOwn = session.given.has('data');
  const dataDir = isOwn ? session.dataDir : await mkdtemp(path.join(tmpdir(), 'fractal-demo-'));
  try {
    await demo({ ...session, dataDir }, sample, script);
  } finally {
    if (!isOwn) await rm(dataDir, { recursive: true, force: true });
  }
  return 0;
};

async function demo(session: SessionOf<'demo'>, sample: string, script: Script): Promise<void> {
  const { factory, dataDir, values, signal, log } = session;
  if ((await runningSocket(session)) !== undefined) throw alreadyRunning();
  if (await isEmpty(dataDir)) {
    await factory.init({ dataDir, log, name: 'demo', sites: [] });
    await note(session, `Made a node in ${dataDir}`);
  }
  const opened = await openLocal(session, !values.once);
  const { node } = opened;
  try {
    await note(session, `Importing ${sample}`);
    await importInto(quietly(session), node, { paths: FOLDERS.map((name) => path.join(sample, name)) });
    await showAnswer(session, node, script);
    signal.throwIfAborted();
    if (!values.once) await serve(session, opened, { port: values.port, flightPort: values['flight-port'] });
  } finally {
    await node.close();
  }
}

/** With --json the document is the answer: what was imported is not part of it. */
const quietly = (session: SessionOf<'demo'>): Session =>
  session.values.json ? { ...session, values: { ...session.values, json: false, quiet: true } } : session;

async function showAnswer(session: SessionOf<'demo'>, node: NodeApi, script: Script): Promise<void> {
  const { signal, style } = session;
  const reader = await readRows(await node.sql({ sql: script.sql }, signal));
  const request = { question: script.question };
  if (session.values.json) {
    const answer = await answerTo(session, node, request);
    const rows: (readonly JsonValue[])[] = [];
    for await (const row of reader.rows) rows.push(row);
    const columns = reader.columns.map(({ name, type }) => ({ name, type }));
    return writeJson(session, {
      ...answer,
      sql: { text: script.sql, columns, rows },
    });
  }
  await writeLine(session);
  await writeLine(session, `Question: ${style.bold(script.question)}`);
  const answer = await answerTo(session, node, request, (claim) => showClaim(session, claim));
  await showWhole(session, answer);
  await writeLine(session);
  await writeLine(session, `SQL: ${script.sql}`);
  await showRows(session, reader, 'table');
  await writeLine(session);
}

async function isEmpty(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch {
    return true;
  }
}

async function readScript(sample: string): Promise<Script> {
  const file = path.join(sample, 'demo.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw notFoundError(
      'demo.sample',
      'the sample organisation is not there',
      'Run the demo from a complete checkout.',
      {
        place: { source: file },
        cause: error,
      },
    );
  }
  const value = JSON.parse(text) as Partial<Script>;
  if (typeof value.question !== 'string' || typeof value.sql !== 'string')
    throw internalError('demo.script', 'sample/demo.json needs "question" and "sql"');
  return { question: value.question, sql: value.sql };
}
