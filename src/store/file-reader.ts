/**
 * Files read by a DuckDB of their own, which can reach these files and nothing else: the one with the node's data is
 * locked and stays so.
 */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { Limits } from '../base/index.ts';
import { duckError, streamOn, type OpenStream, type Parameters } from './duckdb.ts';

export const FILE_FORMATS = ['parquet', 'csv', 'json'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export class FileReader {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  /** `files`: their real paths. They are then `ext.<name>` of this reader. Close it. */
  static async open(
    name: string,
    files: readonly string[],
    format: FileFormat,
    limits: Limits,
  ): Promise<FileReader> {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.floor(limits.external_memory_bytes / (1024 * 1024))}MiB`,
      threads: String(limits.duckdb_threads),
      temp_directory: '',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
    });
    const connection = await instance.connect();
    const reader = new FileReader(instance, connection);
    try {
      const list = `[${files.map(literal).join(', ')}]`;
      await connection.run(`SET allowed_paths = ${list}`);
      await connection.run('SET enable_external_access = false');
      await connection.run('SET lock_configuration = true');
      await connection.run('CREATE SCHEMA ext');
      await connection.run(`CREATE VIEW ext."${name}" AS FROM read_${format}(${list})`);
      return reader;
    } catch (error) {
      reader.close();
      throw duckError(error);
    }
  }

  /** Name and DuckDB type of each column. */
  async columns(name: string): Promise<readonly { readonly name: string; readonly type: string }[]> {
    try {
      const answer = await this.#connection.runAndReadAll(`FROM ext."${name}" LIMIT 0`);
      const types = answer.columnTypes();
      return answer.columnNames().map((column, i) => ({ name: column, type: String(types[i]) }));
    } catch (error) {
      throw duckError(error);
    }
  }

  /** Shows what a query selects under another name. */
  async show(name: string, query: string): Promise<void> {
    try {
      await this.#connection.run(`CREATE VIEW ${name} AS ${query}`);
    } catch (error) {
      throw duckError(error);
    }
  }

  /** One stream at a time. */
  async stream(sql: string, params: Parameters, signal: AbortSignal): Promise<OpenStream> {
    return await streamOn(this.#connection, sql, params, signal, () => undefined);
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}
