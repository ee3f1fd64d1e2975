/** Work on trees of statements: copies, names, conjuncts, and pieces made from text by the engine's own parser. */
import { badInputError, internalError } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import { foldName, readAstLossless, writeAst, type AstNode } from '../sql/ast.ts';
import { EMBEDDING_FUNCTION, SEARCH_FUNCTIONS } from './signatures.ts';

export const copyOf = (node: AstNode): AstNode => readAstLossless(writeAst(node));

/** In place, so that whoever holds the node holds the new one. */
export function become(node: AstNode, other: AstNode): void {
  for (const key of Object.keys(node)) delete node[key];
  Object.assign(node, other);
}

/** Every object below a value, outside in. */
export function* below(value: unknown): Generator<AstNode> {
  if (value === null || typeof value !== 'object') return;
  if (Array.isArray(value)) {
    for (const item of value) yield* below(item);
    return;
  }
  const node = value as AstNode;
  yield node;
  for (const key in node) yield* below(node[key]);
}

export const isFunction = (node: AstNode, name: string): boolean =>
  node['class'] === 'FUNCTION' && foldName(String(node['function_name'])) === name;

/** Answers anew whenever they are asked: what is asked twice must not be made of them. */
const VOLATILE = new Set([
  'random',
  'uuid',
  'uuidv4',
  'uuidv7',
  'gen_random_uuid',
  'get_current_time',
  'reservoir_quantile',
]);

export function isVolatile(value: unknown): boolean {
  for (const node of below(value)) {
    if (node['class'] === 'FUNCTION' && VOLATILE.has(foldName(String(node['function_name'])))) return true;
    if (node['sample'] !== undefined && node['sample'] !== null) return true;
  }
  return false;
}

/** A reference to a column, as folded names. */
export function* columnRefs(value: unknown): Generator<readonly string[]> {
  for (const node of below(value))
    if (node['class'] === 'COLUMN_REF') yield (node['column_names'] as string[]).map(foldName);
}

export function hasSubquery(value: unknown): boolean {
  for (const node of below(value)) if (node['class'] === 'SUBQUERY') return true;
  return false;
}

/** Whether it can be evaluated elsewhere and before: nothing that answers anew, no query, no function of ours. */
export function isMovable(value: unknown, isOurs: (name: string) => boolean): boolean {
  if (isVolatile(value) || hasSubquery(value)) return false;
  for (const node of below(value)) {
    const kind = node['class'];
    if (kind === 'WINDOW' || kind === 'COLLATE' || kind === 'STAR' || kind === 'POSITIONAL_REFERENCE')
      return false;
    if (kind !== 'FUNCTION') continue;
    const name = foldName(String(node['function_name']));
    if (name === EMBEDDING_FUNCTION || SEARCH_FUNCTIONS.has(name) || isOurs(name)) return false;
  }
  return true;
}

/** The parts of a condition that must all hold. */
export function conjuncts(condition: unknown): AstNode[] {
  if (condition === null || condition === undefined) return [];
  const node = condition as AstNode;
  if (node['type'] !== 'CONJUNCTION_AND') return [node];
  return (node['children'] as AstNode[]).flatMap(conjuncts);
}

export function conjunction(parts: readonly AstNode[]): AstNode | null {
  const [first] = parts;
  if (first === undefined) return null;
  if (parts.length === 1) return first;
  return { class: 'CONJUNCTION', type: 'CONJUNCTION_AND', alias: '', query_location: 0, children: parts };
}

export function crossJoin(left: AstNode, right: AstNode): AstNode {
  return {
    type: 'JOIN',
    alias: '',
    sample: null,
    query_location: 0,
    left,
    right,
    condition: null,
    join_type: 'INNER',
    ref_type: 'CROSS',
    using_columns: [],
    delim_flipped: false,
    duplicate_eliminated_columns: [],
  };
}

/** Names that the tables of a FROM are known by, folded. */
export function aliasesOf(from: AstNode | undefined): string[] {
  if (from === undefined) return [];
  if (from['type'] === 'JOIN')
    return [...aliasesOf(from['left'] as AstNode), ...aliasesOf(from['right'] as AstNode)];
  const alias = String(from['alias']);
  return [foldName(alias === '' ? ((from['table_name'] as string | undefined) ?? '') : alias)];
}

/** The node of one query of our own making. `fractal_arg_N` in it stands for the N-th of `args`. */
export async function made(store: Store, sql: string, args: readonly AstNode[]): Promise<AstNode> {
  const [row] = await store.rows<{ tree: string }>('select json_serialize_sql($1::varchar) as tree', [sql]);
  const tree = readAstLossless(row?.tree ?? '{}');
  const [only] = (tree['statements'] ?? []) as AstNode[];
  if (only === undefined) throw internalError('sql.tree', 'a statement of our own is not read');
  const node = only['node'] as AstNode;
  for (const one of [...below(node)]) {
    if (one['class'] !== 'COLUMN_REF') continue;
    const at = /^fractal_arg_(\d+)$/.exec(String((one['column_names'] as string[])[0]))?.[1];
    const arg = at === undefined ? undefined : args[Number(at)];
    if (arg !== undefined) become(one, { ...copyOf(arg), alias: one['alias'] });
  }
  return node;
}

/** A condition that holds also where it fails: what it fails on is left to the statement itself. */
export async function tried(store: Store, condition: AstNode): Promise<AstNode> {
  const query = await made(store, 'select coalesce(try((fractal_arg_0) is true), true)', [condition]);
  return (query['select_list'] as AstNode[])[0] as AstNode;
}

/** A query as text, with the numbers of the statement's parameters that are `$1`, `$2`, … in it. */
export interface QueryText {
  readonly sql: string;
  readonly parameters: readonly number[];
}

export async function textOf(store: Store, query: AstNode): Promise<QueryText> {
  const node = copyOf(query);
  const parameters: number[] = [];
  for (const one of below(node)) {
    if (one['class'] !== 'PARAMETER') continue;
    const number = Number(one['identifier']);
    if (!Number.isInteger(number))
      throw badInputError(
        'sql.parameter',
        'a parameter with a name stands in a statement that asks the search',
        'Write $1, $2, … or ?.',
      );
    if (!parameters.includes(number)) parameters.push(number);
    one['identifier'] = String(parameters.indexOf(number) + 1);
  }
  const [row] = await store.rows<{ sql: string }>('select json_deserialize_sql($1::varchar::json) as sql', [
    writeAst({ error: false, statements: [{ node, named_param_map: [] }] }),
  ]);
  return { sql: row?.sql ?? '', parameters };
}
