/** An engine's error about a name, with its place in what was sent and the nearest name that the principal sees. */
import {
  asFractalError,
  badInputError,
  nearest,
  type ErrorPlace,
  type FractalError,
} from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import { foldName, readAst, visitAst } from './ast.ts';
import type { AuthorizedQuery } from './authorize.ts';
import { placeOf } from './place.ts';

const MISSING_COLUMN = /(?:Referenced column|have a column named) "([^"]+)"/;
const MISSING_TABLE = /Referenced table "([^"]+)" not found/;
const MISSING_FUNCTION = /Function with name ([^ "]+) does not exist/;
/** What the engine offers. It sees the principal's views alone, and the names that the statement gives itself. */
const CANDIDATES = /^Candidate (?:bindings|tables)(.*)$/m;

export async function named(store: Store, error: unknown, query: AuthorizedQuery): Promise<FractalError> {
  const known = asFractalError(error);
  if (known.code !== 'sql.name') return known;
  const column = MISSING_COLUMN.exec(known.message)?.[1];
  const name = column ?? MISSING_TABLE.exec(known.message)?.[1] ?? MISSING_FUNCTION.exec(known.message)?.[1];
  if (name === undefined) return known;
  const offered = CANDIDATES.exec(causeOf(known))?.[1]?.matchAll(/"([^"]+)"/g) ?? [];
  const names = [
    ...[...offered].map((match) => (match[1] ?? '').split('.').at(-1) ?? ''),
    ...(column === undefined ? [] : query.tables.flatMap((table) => table.columns.map((one) => one.name))),
  ];
  const near = nearest(name, names);
  const place = await findName(store, query, name);
  return badInputError(
    known.code,
    known.message,
    `${near === undefined ? '' : `Did you mean ${near}? `}${known.cure}`,
    { cause: error, ...(place === undefined ? {} : { place }) },
  );
}

const causeOf = ({ cause }: FractalError): string => (cause instanceof Error ? cause.message : '');

/** Where the statement first says the name as a column, a table before a dot, or a function. */
async function findName(
  store: Store,
  { statement: { sql, text } }: AuthorizedQuery,
  name: string,
): Promise<ErrorPlace | undefined> {
  // The query in a statement that writes stands nowhere in what was sent.
  if (!text.endsWith(sql)) return undefined;
  const [row] = await store.rows<{ tree: string }>('select json_serialize_sql($1::varchar) as tree', [sql]);
  const wanted = foldName(name);
  let bytes: number | undefined;
  visitAst(readAst(row?.tree ?? '{}'), (node) => {
    const { column_names: columns, function_name: called, query_location: at } = node;
    const said = [...(Array.isArray(columns) ? (columns as unknown[]) : []), called].map((one) =>
      foldName(String(one)),
    );
    // The engine writes 2^64-1 where it does not know.
    if (said.includes(wanted) && typeof at === 'number' && at < sql.length * 4)
      bytes = Math.min(bytes ?? at, at);
    return node['class'] === 'CONSTANT' ? 'skip' : 'enter';
  });
  return bytes === undefined ? undefined : placeOf(text, { bytes, of: sql });
}
