/**
 * Files that an administrator registered, read as tables `ext.<name>`. Policy is applied where they are read: what comes
 * over into the statement's own temporary table is what the principal may see.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import {
  FractalError,
  badInputError,
  notFoundError,
  unavailableError,
  type FileSystem,
  type Limits,
} from '../../base/index.ts';
import { FileReader, duckError, wholeResult, type FileFormat, type OpenStream } from '../../store/index.ts';
import type { ReadableTable } from '../ports.ts';
import { foldName } from '../sql/ast.ts';
import { EXTERNAL_SCHEMA } from '../sql/guard.ts';
import { viewQuery } from '../sql/views.ts';
import { answerTable, type ExternalSite } from './plan.ts';
import { firstThatFits, makeTable, pick, type SiteReport, type SiteRun } from './site-run.ts';

/** A file as it was when its table was registered. */
export interface ExternalFile {
  /** Its real path. */
  readonly path: string;
  readonly bytes: number;
  readonly modified_ms: number;
}

export interface ExternalTable {
  readonly name: string;
  /** The path or pattern it was registered with. */
  readonly source: string;
  readonly format: FileFormat;
  readonly files: readonly ExternalFile[];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;

export class ExternalReader {
  readonly #fs: FileSystem;
  readonly #limits: Limits;
  readonly #tables = new Map<string, ExternalTable>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(fs: FileSystem, limits: Limits) {
    this.#fs = fs;
    this.#limits = limits;
  }

  get tables(): readonly ExternalTable[] {
    return [...this.#tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** From now on these are there. */
  setTables(tables: readonly ExternalTable[]): void {
    this.#tables.clear();
    for (const table of tables) this.#tables.set(table.name, table);
  }

  /** Makes the table that the statement will read, empty. */
  async declare(run: SiteRun, site: ExternalSite): Promise<void> {
    const columns = columnsOf(readable(run, site), site);
    await makeTable(
      run.connection,
      answerTable(site),
      columns.map((column) => `${name(column.name)} ${column.type}`),
    );
  }

  async answer(run: SiteRun, site: ExternalSite): Promise<Omit<SiteReport, 'ms'>> {
    const table = readable(run, site);
    const registered = this.#tables.get(site.name);
    if (registered === undefined)
      throw notFoundError('external.unknown', 'there is no such table', '`show tables` lists them.');
    const columns = columnsOf(table, site);
    await this.#enter(run.signal);
    try {
      await this.check(registered);
      const files = registered.files.map((file) => file.path);
      const reader = await FileReader.open(registered.name, files, registered.format, this.#limits);
      try {
        await reader.show('fractal_source', viewQuery(table, ''));
        const list = columns.map((column) => name(column.name)).join(', ');
        const { rows, condition } = await firstThatFits(
          site.reads,
          async (attempt) => {
            const sql = `select ${list} from (${attempt.sql})`;
            const open = await reader.stream(sql, pick(attempt, run.query.statement.params), run.signal);
            try {
              const found = await takeOver(
                run.connection,
                answerTable(site),
                open,
                this.#limits.external_rows,
              );
              return { rows: found, condition: / WHERE (.*)$/s.exec(attempt.sql)?.[1] };
            } finally {
              open.close();
            }
          },
          ['sql.name', 'sql.value'],
        );
        // What changed while it was read may be half of one and half of the other.
        await this.check(registered);
        return {
          engine: `${registered.format} files`,
          what: `${EXTERNAL_SCHEMA}.${site.name}: ${columns.length} of ${table.columns.length} columns`,
          pushed: condition === undefined ? [] : [condition],
          calls: undefined,
          rows,
        };
      } finally {
        reader.close();
      }
    } catch (error) {
      throw unreadable(error, site.name);
    } finally {
      this.#leave();
    }
  }

  /** Throws when a file is not what it was when the table was registered. Who reads the table is not told its path. */
  async check(table: ExternalTable): Promise<void> {
    for (const file of table.files) {
      const stat = await this.#fs.stat(file.path);
      const cure = `An administrator registers it anew: \`fractal table refresh ${table.name}\`.`;
      if (stat?.isFile() !== true)
        throw unavailableError(
          'external.missing',
          `a file behind ${EXTERNAL_SCHEMA}.${table.name} is not there`,
          cure,
        );
      if (stat.size !== file.bytes || Math.floor(stat.mtimeMs) !== file.modified_ms)
        throw unavailableError(
          'external.changed',
          `a file behind ${EXTERNAL_SCHEMA}.${table.name} has changed since it was registered`,
          cure,
        );
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    while (this.#running >= this.#limits.external_running) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      signal.throwIfAborted();
    }
    this.#running++;
  }

  #leave(): void {
    this.#running--;
    // All of them look again, in their order: the first may have given up, and would wake nobody.
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** What the engine says of a file is for the log: it may hold its path. */
function unreadable(error: unknown, table: string): unknown {
  if (!(error instanceof FractalError) || error.code !== 'store.duckdb') return error;
  return unavailableError(
    'external.unreadable',
    `the files behind ${EXTERNAL_SCHEMA}.${table} cannot be read`,
    'They may be damaged: ask an administrator.',
    { cause: error },
  );
}

/** The table as the principal sees it; the statement was bound to it. */
function readable({ query }: SiteRun, site: ExternalSite): ReadableTable {
  const table = query.tables.find((one) => one.schema === EXTERNAL_SCHEMA && one.name === site.name);
  if (table === undefined)
    throw badInputError('sql.name', 'there is no such table', '`show tables` lists them.');
  return table;
}

/** The columns that the statement may read; one at least, so that its rows can be counted. */
function columnsOf(table: ReadableTable, { names }: ExternalSite): ReadableTable['columns'] {
  if (names === undefined) return table.columns;
  const read = table.columns.filter((column) => names.has(foldName(column.name)));
  return read.length > 0 ? read : table.columns.slice(0, 1);
}

/** Chunks of one engine into a table of the other, as they are. Answers the rows. */
async function takeOver(
  connection: DuckDBConnection,
  table: string,
  open: OpenStream,
  most: number,
): Promise<number> {
  const types = open.result.columnTypes();
  await makeTable(
    connection,
    table,
    open.result.columnNames().map((column, i) => `${name(column)} ${String(types[i])}`),
  );
  const appender = await connection.createAppender(table, 'main', 'temp');
  try {
    let rows = 0;
    for await (const chunk of wholeResult(open.result)) {
      rows += chunk.rowCount;
      if (rows > most)
        throw unavailableError(
          'external.rows',
          `more than ${most} rows of an external table are left after what can be filtered where it lies`,
          'Put conditions on its columns into WHERE, or raise external_rows in fractal.json.',
        );
      appender.appendDataChunk(chunk);
    }
    appender.flushSync();
    return rows;
  } catch (error) {
    throw duckError(error);
  } finally {
    appender.closeSync();
  }
}
