/**
 * DuckDB's own tree of a statement, as `json_serialize_sql` tells it. The engine's parser reads the text, so what is
 * checked is what will run.
 */
import { badInputError, internalError, FIXED_LIMITS } from '../../base/index.ts';

/** An object of the tree. Kinds of nodes have a `type`; expressions have a `class` too. */
export type AstNode = Record<string, unknown>;

/** Called for every object of the tree, with the common table expressions in sight. */
export type Visit = (node: AstNode, ctes: ReadonlySet<string>) => 'enter' | 'skip';

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * The engine folds only these letters; folding more (the Kelvin sign to k) would take two names for one that the engine
 * keeps apart.
 */
export const foldName = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** For reading only: numbers beyond 2^53 lose digits. */
export function readAst(json: string): AstNode {
  return read(() => JSON.parse(json) as AstNode);
}

/** The engine writes a literal beyond the range of DOUBLE as `Infinity`, which is no JSON. */
function read(parse: () => AstNode): AstNode {
  try {
    return parse();
  } catch (error) {
    throw badInputError(
      'sql.number',
      'the statement holds a number that is too large for the engine',
      "Write a smaller one, or 'infinity'::double.",
      { cause: error },
    );
  }
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
interface SourceJson {
  readonly parse: (text: string, reviver: Reviver) => unknown;
  readonly rawJSON: (text: string) => unknown;
}

/** For changing and writing back: a number that JavaScript would write otherwise keeps its digits. */
export function readAstLossless(json: string): AstNode {
  // ES2026, in Node 24; the compiler's library does not know it yet.
  const { parse, rawJSON } = JSON as unknown as SourceJson;
  return read(
    () =>
      parse(json, (_key, value, { source }) =>
        typeof value === 'number' && source !== undefined && String(value) !== source
          ? rawJSON(source)
          : value,
      ) as AstNode,
  );
}

export function writeAst(ast: AstNode): string {
  return JSON.stringify(ast);
}

/** Visits every object once, outside in. */
export function visitAst(root: unknown, visit: Visit): void {
  descend(root, visit, NO_NAMES, 0);
}

function descend(value: unknown, visit: Visit, ctes: ReadonlySet<string>, depth: number): void {
  if (value === null || typeof value !== 'object') return;
  if (depth > FIXED_LIMITS.sql_depth.value)
    throw badInputError(
      'sql.depth',
      `the statement has more than ${FIXED_LIMITS.sql_depth.value} nodes inside each other`,
      'Write it flatter.',
    );
  if (Array.isArray(value)) {
    for (const item of value) descend(item, visit, ctes, depth + 1);
    return;
  }
  const node = value as AstNode;
  if (visit(node, ctes) === 'skip') return;
  // The names that a query gives are seen by later ones of the same list and by the whole query, and nowhere else.
  const map = node['cte_map'] === undefined ? [] : cteEntries(node['cte_map']);
  let inside = ctes;
  for (const { name, value: body } of map) {
    descend(body, visit, isRecursive(body) ? withName(inside, name) : inside, depth + 1);
    inside = withName(inside, name);
  }
  for (const key in node) if (key !== 'cte_map') descend(node[key], visit, inside, depth + 1);
}

function cteEntries(map: unknown): { readonly name: string; readonly value: AstNode }[] {
  const entries = (map as { map?: unknown }).map;
  if (!Array.isArray(entries)) throw unknownTree();
  return entries.map((entry: AstNode) => {
    const { key, value } = entry;
    if (typeof key !== 'string' || value === null || typeof value !== 'object') throw unknownTree();
    return { name: foldName(key), value: value as AstNode };
  });
}

function isRecursive(body: AstNode): boolean {
  const query = body['query'] as { node?: { type?: unknown } } | undefined;
  return query?.node?.type === 'RECURSIVE_CTE_NODE';
}

const withName = (names: ReadonlySet<string>, name: string): ReadonlySet<string> => new Set([...names, name]);

const unknownTree = (): Error =>
  internalError('sql.tree', 'the engine tells the tree of a statement in a form that is not known');
