import { asFractalError, unavailableError, usageError } from '../../base/index.ts';
import type { NodeApi, SqlRequest } from '../../node/index.ts';
import { readRows, type JsonValue, type RowReader } from '../../server/index.ts';
import { csvLine } from '../output/csv.ts';
import { tableLines } from '../output/table.ts';
import { durationText, plural } from '../output/text.ts';
import { note, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';
import { told } from '../told.ts';

type Format = 'table' | 'json' | 'csv' | 'arrow';

/** Small writes are gathered up to about this size. */
const PART_CHARS = 64 * 1024;

export const runSql: Run<'sql'> = async (session) => {
  const { values, io } = session;
  const format: Format = values.format ?? (values.json ? 'json' : 'table');
  if (values.json && format !== 'json')
    throw usageError('usage.flag', `--json and --format ${format} exclude each other`, 'Give one of them.');
  if (format === 'arrow' && !values.explain && io.stdout.isTty)
    throw usageError(
      'sql.arrow_terminal',
      'an Arrow stream is binary and standard output is a terminal',
      'Send it to a file or a program: fractal sql --format arrow SQL > rows.arrows',
    );
  const request: SqlRequest = {
    sql: await statement(session),
    ...(values.timeout === undefined ? {} : { timeout_s: values.timeout }),
  };
  await withNode(session, async (node) => {
    if (!values.explain) return answer(session, node, request, format);
    const plan = await node.explain(request, session.signal);
    return format === 'json' ? writeJson(session, { plan }) : writeLine(session, plan.trimEnd());
  });
  return 0;
};

async function statement(session: Session): Promise<string> {
  const [text = ''] = session.arguments;
  if (text !== '-') return text;
  const parts: Uint8Array[] = [];
  for await (const part of session.io.stdin) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

async function answer(session: Session, node: NodeApi, request: SqlRequest, format: Format): Promise<void> {
  const { io, signal } = session;
  const start = io.clock.monotonic();
  const bytes = await node.sql(request, signal);
  if (format === 'arrow') {
    for await (const chunk of bytes) await io.stdout.write(chunk);
    return;
  }
  const reader = await readRows(bytes);
  const count = await showRows(session, { ...reader, rows: untilStopped(reader.rows, signal) }, format);
  if (format === 'table') {
    const rows =
      reader.changed === undefined ? plural(count, 'row') : `${plural(reader.changed, 'row')} changed`;
    await note(session, session.style.dim(`${rows} in ${durationText(io.clock.monotonic() - start)}`));
  }
}

/** The rows, ended with one and the same error when the caller stops, whatever the source throws then. */
async function* untilStopped(rows: RowReader['rows'], signal: AbortSignal): RowReader['rows'] {
  try {
    for await (const row of rows) {
      if (signal.aborted) break;
      yield row;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted)
    throw unavailableError('cancelled', 'the statement was stopped', 'Ask again when it suits you.');
}

/** Writes the rows as they come and says how many there were. */
export async function showRows(
  session: Session,
  reader: RowReader,
  format: Exclude<Format, 'arrow'>,
): Promise<number> {
  switch (format) {
    case 'table':
      return showTable(session, reader);
    case 'json':
      return showJson(session, reader);
    case 'csv':
      return inParts(session, csvParts(reader));
  }
}

async function showTable(session: Session, reader: RowReader): Promise<number> {
  const { io, style } = session;
  const columns = reader.columns.map(
    (column) =>
      ({
        name: column.name,
        type: column.type.toLowerCase(),
        align: column.numeric ? 'right' : 'left',
      }) as const,
  );
  let count = 0;
  const cells = async function* (): AsyncGenerator<string[]> {
    for await (const row of reader.rows) {
      count++;
      yield row.map(cellText);
    }
  };
  const lines = tableLines(columns, cells(), {
    style,
    width: io.stdout.isTty ? io.stdout.columns : undefined,
  });
  await inParts(session, withBreaks(lines));
  return count;
}

async function* withBreaks(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}

function cellText(value: JsonValue): string {
  if (value === null) return 'NULL';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

async function* csvParts(reader: RowReader): AsyncGenerator<string> {
  yield csvLine(reader.columns.map((column) => column.name));
  for await (const row of reader.rows) yield csvLine(row);
}

/** One JSON document whatever happens: an error after the first row becomes a member of it. */
async function showJson(session: Session, reader: RowReader): Promise<number> {
  const parts = async function* (): AsyncGenerator<string> {
    yield `{"columns":${JSON.stringify(reader.columns.map(({ name, type }) => ({ name, type })))},"rows":[`;
    let first = true;
    try {
      for await (const row of reader.rows) {
        yield `${first ? '\n' : ',\n'}${JSON.stringify(row)}`;
        first = false;
      }
    } catch (thrown) {
      const error = asFractalError(thrown);
      told.add(error);
      yield `\n],"error":${JSON.stringify(error.toProblem())}}\n`;
      throw error;
    }
    yield '\n]}\n';
  };
  return inParts(session, parts());
}

/** Writes what is gathered also when the source fails: those rows were true. Answers how many parts there were. */
async function inParts(session: Session, parts: AsyncIterable<string>): Promise<number> {
  let held = '';
  let count = 0;
  try {
    for await (const part of parts) {
      count++;
      held += part;
      if (held.length < PART_CHARS) continue;
      await session.io.stdout.write(held);
      held = '';
    }
  } finally {
    if (held !== '') await session.io.stdout.write(held);
  }
  return count;
}
