/** Files that SQL reads as tables: registered, listed and removed by administrators. */
import { glob, realpath } from 'node:fs/promises';
import path from 'node:path';
import { badInputError, notFoundError, unavailableError, usageError, asFractalError } from '../base/index.ts';
import type { ExternalFile, ExternalTable } from '../query/index.ts';
import { FileReader, type FileFormat } from '../store/index.ts';
import type { NodePolicy } from './access.ts';
import type { ExternalTableInfo, ExternalTableRequest, ExternalTablesAnswer } from './api.ts';
import type { NodeParts } from './parts.ts';

interface Row {
  readonly name: string;
  readonly source: string;
  readonly format: FileFormat;
  readonly files: string;
  readonly columns: string;
}

const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const PATTERN = /[*?[\]{}]/;

/** What a file is read as, by the end of its name. Others are no tables, whoever asks. */
const FORMATS: readonly (readonly [end: RegExp, format: FileFormat])[] = [
  [/\.parquet$/i, 'parquet'],
  [/\.(?:csv|tsv)(?:\.gz)?$/i, 'csv'],
  [/\.(?:json|jsonl|ndjson)(?:\.gz)?$/i, 'json'],
];

export class ExternalTables {
  readonly #parts: NodeParts;
  readonly #policy: NodePolicy;

  constructor(parts: NodeParts, policy: NodePolicy) {
    this.#parts = parts;
    this.#policy = policy;
  }

  /** Tables of earlier runs. Throws when a rule of the policy does not fit one. */
  async load(): Promise<void> {
    const rows = await this.#parts.store.rows<Row>(
      'select name, source, format, files, columns from node.external_tables where name <> $1',
      [''],
    );
    this.#set(
      rows.map(({ files, columns, ...row }) => ({
        ...row,
        files: JSON.parse(files) as ExternalFile[],
        columns: JSON.parse(columns) as ExternalTable['columns'],
      })),
    );
  }

  async ask(request: ExternalTableRequest, principal: string): Promise<ExternalTablesAnswer> {
    // Over HTTP only the shape was checked, and it does not know which action needs what.
    if (request.action !== 'list' && typeof request.name !== 'string')
      throw usageError('external.request', 'the name of the table is missing', 'Say which one.');
    switch (request.action) {
      case 'list':
        break;
      case 'add':
        if (typeof request.source !== 'string')
          throw usageError(
            'external.request',
            'the file is missing',
            'Give a path, or a pattern such as data/*.parquet.',
          );
        await this.#add(request.name, request.source, principal);
        break;
      case 'refresh':
        await this.#write(await this.#read(request.name, this.#named(request.name).source), principal);
        break;
      case 'remove':
        await this.#remove(request.name);
        break;
    }
    return { tables: await Promise.all(this.#reader.tables.map((table) => this.#info(table))) };
  }

  get #reader(): NodeParts['federation']['external'] {
    return this.#parts.federation.external;
  }

  #set(tables: readonly ExternalTable[]): void {
    this.#policy.setExternal(tables);
    this.#reader.setTables(tables);
  }

  #named(name: string): ExternalTable {
    const found = this.#reader.tables.find((table) => table.name === name);
    if (found !== undefined) return found;
    throw notFoundError(
      'external.unknown',
      'there is no external table of this name',
      '`fractal table list` lists them.',
    );
  }

  async #add(name: string, source: string, principal: string): Promise<void> {
    if (!NAME.test(name))
      throw usageError(
        'external.name',
        'the name of an external table is not a name',
        'Take small letters, digits and _, at most 63, a letter first.',
      );
    if (this.#reader.tables.some((table) => table.name === name))
      throw usageError(
        'external.exists',
        'there is an external table of this name',
        `\`fractal table refresh ${name}\` reads its files anew; remove it first to read others.`,
      );
    const { external_tables: most } = this.#parts.limits;
    if (this.#reader.tables.length >= most)
      throw unavailableError(
        'external.tables',
        `there are ${most} external tables`,
        'Remove one, or raise external_tables in fractal.json.',
      );
    await this.#write(await this.#read(name, source), principal);
  }

  /** The files as they are now. */
  async #read(name: string, source: string): Promise<ExternalTable> {
    const files = await this.#files(source);
    const formats = new Set(files.map((file) => formatOf(file.path)));
    const [format] = formats;
    if (format === undefined || formats.size > 1)
      throw badInputError(
        'external.format',
        'the files are of several formats',
        'Register each format as a table of its own.',
        {
          place: { source },
        },
      );
    const reader = await this.#open(name, files, format, source);
    try {
      const columns = await reader.columns(name);
      const { external_columns: most } = this.#parts.limits;
      const folded = new Set(columns.map((column) => column.name.toLowerCase()));
      if (columns.length > most || folded.size < columns.length)
        throw badInputError(
          'external.columns',
          columns.length > most ? `the files have more than ${most} columns` : 'two columns have one name',
          'Register files with fewer, differently named columns.',
          { place: { source } },
        );
      return { name, source, format, files, columns };
    } finally {
      reader.close();
    }
  }

  async #open(
    name: string,
    files: readonly ExternalFile[],
    format: FileFormat,
    source: string,
  ): Promise<FileReader> {
    try {
      const paths = files.map((file) => file.path);
      return await FileReader.open(name, paths, format, this.#parts.limits);
    } catch (error) {
      throw badInputError(
        'external.unreadable',
        `the files are not read as ${format}: ${asFractalError(error).message}`,
        'Check the files.',
        {
          place: { source },
          cause: error,
        },
      );
    }
  }

  async #files(source: string): Promise<ExternalFile[]> {
    if (!path.isAbsolute(source))
      throw usageError('external.path', 'the path does not begin at the root', 'Give the whole path.');
    const found: string[] = [];
    const { external_files: most } = this.#parts.limits;
    if (PATTERN.test(source)) {
      for await (const file of glob(source)) {
        found.push(path.resolve(file));
        if (found.length > most)
          throw badInputError(
            'external.files',
            `more than ${most} files fit`,
            'Narrow the pattern, or raise external_files in fractal.json.',
            {
              place: { source },
            },
          );
      }
    } else found.push(source);
    const files = await Promise.all(found.sort().map((file) => this.#file(file)));
    if (files.length > 0) return files;
    throw notFoundError('external.missing', 'no file fits', 'Check the path.', { place: { source } });
  }

  async #file(file: string): Promise<ExternalFile> {
    const { outside, dataDir } = this.#parts;
    const place = { source: file };
    const real = await realpath(file).catch(() => undefined);
    const stat = real === undefined ? undefined : await outside.fs.stat(real);
    if (real === undefined || stat?.isFile() !== true)
      throw notFoundError('external.missing', 'there is no such file', 'Check the path.', { place });
    // What the node keeps is read under its own rules only.
    if (!path.relative(await realpath(dataDir), real).startsWith('..'))
      throw badInputError(
        'external.own',
        'the file belongs to the node',
        'Register files outside its data directory.',
        { place },
      );
    if (PATTERN.test(real))
      throw badInputError(
        'external.path',
        'the name of the file holds a character of patterns',
        'Rename the file.',
        { place },
      );
    formatOf(real);
    return { path: real, bytes: stat.size, modified_ms: Math.floor(stat.mtimeMs) };
  }

  async #write(table: ExternalTable, principal: string): Promise<void> {
    const others = this.#reader.tables.filter((one) => one.name !== table.name);
    const { clock } = this.#parts.outside;
    // Policy first: a table that its rules do not fit is not registered.
    this.#set([...others, table]);
    try {
      await this.#parts.store.bookkeep(async (books) => {
        await books.bookkeep('delete from node.external_tables where name = $1', [table.name]);
        await books.bookkeep(
          'insert into node.external_tables values ($1, $2, $3, $4, $5, $6, make_timestamp($7))',
          [
            table.name,
            table.source,
            table.format,
            JSON.stringify(table.files),
            JSON.stringify(table.columns),
            principal,
            BigInt(clock.now()) * 1000n,
          ],
        );
      });
    } catch (error) {
      await this.load();
      throw error;
    }
  }

  async #remove(name: string): Promise<void> {
    this.#named(name);
    await this.#parts.store.bookkeep((books) =>
      books.bookkeep('delete from node.external_tables where name = $1', [name]),
    );
    this.#set(this.#reader.tables.filter((table) => table.name !== name));
  }

  async #info(table: ExternalTable): Promise<ExternalTableInfo> {
    let state: ExternalTableInfo['state'] = 'ok';
    try {
      await this.#reader.check(table);
    } catch (error) {
      state = asFractalError(error).code === 'external.missing' ? 'missing' : 'changed';
    }
    const { name, source, format, files, columns } = table;
    return {
      name,
      source,
      format,
      files: files.length,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      columns,
      state,
    };
  }
}

function formatOf(file: string): FileFormat {
  const [, format] = FORMATS.find(([end]) => end.test(file)) ?? [];
  if (format !== undefined) return format;
  throw badInputError(
    'external.format',
    'the name of the file does not tell a format that is read',
    'Read are .parquet, .csv, .tsv, .json, .jsonl and .ndjson, texts also with .gz.',
    { place: { source: file } },
  );
}
