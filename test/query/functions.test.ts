/**
 * The engine's functions beside what was judged. `judged.json` holds every function of the catalogue with a hash of its
 * signatures and the judgement; an engine that brings a new one, or changes one, fails here until somebody has looked:
 * `UPDATE_JUDGED=1` writes the file anew, with what is not in src/query/sql/functions.ts as refused.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { sha256 } from '../../src/base/index.ts';
import {
  ALLOWED_FUNCTIONS,
  ALLOWED_TABLE_FUNCTIONS,
  REPEATABLE_FUNCTIONS,
} from '../../src/query/sql/functions.ts';

const FILE = new URL('./judged.json', import.meta.url);
type Judged = Readonly<Record<string, { readonly signatures: string; readonly allowed: boolean }>>;

/** Kinds that stand as tables. A pragma cannot be written in a query at all. */
const TABLE_KINDS = ['table', 'table_macro', 'pragma'];

async function catalogue(): Promise<Judged> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    `select function_type, lower(function_name) as name,
            list([parameters::varchar, parameter_types::varchar, varargs, return_type, has_side_effects::varchar,
                  stability, macro_definition] order by all)::varchar as signatures
       from duckdb_functions() where internal group by all order by all`,
  );
  const rows = reader.getRowsJS() as [string, string, string][];
  connection.closeSync();
  instance.closeSync();
  return Object.fromEntries(
    rows.map(([kind, name, signatures]) => [
      `${kind} ${name}`,
      {
        signatures: sha256(signatures).slice(0, 12),
        allowed:
          kind !== 'pragma' &&
          (TABLE_KINDS.includes(kind) ? ALLOWED_TABLE_FUNCTIONS : ALLOWED_FUNCTIONS).has(name),
      },
    ]),
  );
}

describe('functions', () => {
  it('are all judged, as they are in this engine', async () => {
    const found = await catalogue();
    if (process.env['UPDATE_JUDGED'] !== undefined)
      writeFileSync(FILE, `${JSON.stringify(found, null, 0).replaceAll('},"', '},\n"')}\n`);
    const judged = JSON.parse(readFileSync(FILE, 'utf8')) as Judged;
    const differing = [...new Set([...Object.keys(found), ...Object.keys(judged)])].filter(
      (name) => JSON.stringify(found[name]) !== JSON.stringify(judged[name]),
    );
    assert.deepEqual(differing, []);
    assert.ok(Object.keys(judged).length > 900);
  });

  it('that are allowed exist', async () => {
    const names = new Set(Object.keys(await catalogue()).map((key) => key.split(' ')[1]));
    for (const name of [...ALLOWED_FUNCTIONS, ...ALLOWED_TABLE_FUNCTIONS]) assert.ok(names.has(name), name);
  });

  it('with side effects are refused, but for random numbers and identities', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const reader = await connection.runAndReadAll(
      `select distinct lower(function_name) from duckdb_functions() where has_side_effects or stability = 'VOLATILE' order by 1`,
    );
    const volatile = (reader.getRowsJS() as [string][]).map(([name]) => name);
    connection.closeSync();
    instance.closeSync();
    assert.deepEqual(
      volatile.filter((name) => ALLOWED_FUNCTIONS.has(name)),
      ['gen_random_uuid', 'random', 'uuid', 'uuidv4', 'uuidv7'],
    );
  });

  it('[C2] whose answer the engine calls passing, and macros that use one, are not kept as answers', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const rowsOf = async (sql: string): Promise<string[]> =>
      ((await connection.runAndReadAll(sql)).getRowsJS() as [string][]).map(([name]) => name);
    const passing = await rowsOf(
      `select distinct lower(function_name) from duckdb_functions()
        where has_side_effects or stability <> 'CONSISTENT' order by 1`,
    );
    const macros = await rowsOf(
      `select distinct lower(function_name) from duckdb_functions()
        where regexp_matches(macro_definition, '(?i)\\b(${passing.filter((name) => name !== 'error').join('|')}|current_\\w+|local\\w+)\\b') order by 1`,
    );
    connection.closeSync();
    instance.closeSync();
    assert.ok(passing.length > 20 && macros.includes('ago'));
    assert.deepEqual(
      [...passing, ...macros].filter((name) => REPEATABLE_FUNCTIONS.has(name)),
      [],
    );
  });
});
