/**
 * The statement as policy makes it, as one text: every table replaced by what its view selects. For people to read;
 * what runs is the original over the views.
 */
import { internalError } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import type { ReadableTable } from '../ports.ts';
import { foldName, readAstLossless, visitAst, writeAst, type AstNode } from './ast.ts';
import type { BoundQuery } from './bind.ts';
import { viewQuery } from './views.ts';

export async function rewriteQuery(store: Store, query: BoundQuery): Promise<string> {
  const tree = await treeOf(store, query.statement.sql);
  const views = new Map<string, string>();
  for (const table of query.tables) {
    const [only] = (await treeOf(store, viewQuery(table, '')))['statements'] as AstNode[];
    if (only !== undefined) views.set(`${table.schema}.${table.name}`, writeAst(only));
  }
  visitAst(tree, (node, ctes) => {
    if (node['type'] !== 'BASE_TABLE') return 'enter';
    const schema = foldName(String(node['schema_name']));
    const name = foldName(String(node['table_name']));
    if (schema === '' && ctes.has(name)) return 'skip';
    const table = namedTable(query.tables, schema, name);
    const view = table === undefined ? undefined : views.get(`${table.schema}.${table.name}`);
    if (view !== undefined) replace(node, readAstLossless(view));
    return 'skip';
  });
  const [row] = await store.rows<{ sql: string }>('select json_deserialize_sql($1::varchar::json) as sql', [
    writeAst(tree),
  ]);
  return row?.sql ?? '';
}

function namedTable(
  tables: readonly ReadableTable[],
  schema: string,
  name: string,
): ReadableTable | undefined {
  return (
    tables.find((table) => table.schema === schema && table.name === name) ??
    tables.find((table) => ['duckdb', 'lance'].includes(schema) && table.name === name)
  );
}

/** In place, with the name that the rest of the statement knows the table by. */
function replace(node: AstNode, view: AstNode): void {
  const { alias, table_name: name, sample, query_location: at, column_name_alias: columns } = node;
  for (const key of Object.keys(node)) delete node[key];
  Object.assign(node, {
    type: 'SUBQUERY',
    alias: alias === '' ? name : alias,
    sample,
    query_location: at,
    subquery: { node: view['node'], named_param_map: [] },
    column_name_alias: columns,
  });
}

async function treeOf(store: Store, sql: string): Promise<AstNode> {
  const [row] = await store.rows<{ tree: string }>('select json_serialize_sql($1::varchar) as tree', [sql]);
  const tree = readAstLossless(row?.tree ?? '{}');
  if (tree['error'] !== false)
    throw internalError('sql.tree', 'a statement that was read once is not read again');
  return tree;
}
