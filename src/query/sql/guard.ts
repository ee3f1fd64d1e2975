/**
 * What a statement may be made of. Everything that is not known to be harmless is refused: kinds of nodes, functions
 * and names are lists of what is allowed, never of what is not.
 */
import { FractalError, badInputError, nearest, type ErrorPlace } from '../../base/index.ts';
import { isAuditLogNode, isPassages, passageCalls } from '../federation/plan.ts';
import { EMBEDDING_FUNCTION, SEARCH_FUNCTIONS } from '../federation/signatures.ts';
import { foldName, visitAst, type AstNode } from './ast.ts';
import { ALLOWED_FUNCTIONS, ALLOWED_TABLE_FUNCTIONS, DOMAIN_FUNCTIONS } from './functions.ts';

/** A table as the statement names it, in lower case. */
export interface TableRef {
  readonly schema: string;
  readonly name: string;
  /** Where it stands first: bytes before it in the statement. */
  readonly at?: number;
}

/** Schema of external tables. */
export const EXTERNAL_SCHEMA = 'ext';

export interface Guarded {
  readonly tables: readonly TableRef[];
  /** Functions of the domain that are called. */
  readonly functions: readonly string[];
  /** Whether another engine answers a part of it. */
  readonly isFederated: boolean;
}

interface Found {
  readonly tables: Map<string, TableRef>;
  readonly functions: Set<string>;
  /** Calls that stand in a place of their own and were judged there. */
  readonly judged: Set<unknown>;
  isFederated: boolean;
}

/** Kinds of nodes that are not expressions. */
const NODE_TYPES = new Set([
  // queries
  'SELECT_NODE',
  'SET_OPERATION_NODE',
  'RECURSIVE_CTE_NODE',
  'CTE_NODE',
  'ORDER_MODIFIER',
  'LIMIT_MODIFIER',
  'LIMIT_PERCENT_MODIFIER',
  'DISTINCT_MODIFIER',
  'ORDER_DEFAULT',
  'ASCENDING',
  'DESCENDING',
  // what a query reads from
  'BASE_TABLE',
  'SUBQUERY',
  'JOIN',
  'EMPTY',
  'EXPRESSION_LIST',
  'TABLE_FUNCTION',
  'PIVOT',
  'SHOW_REF',
  // types in casts
  'UNBOUND_TYPE_INFO',
  'DECIMAL_TYPE_INFO',
  'LIST_TYPE_INFO',
  'ARRAY_TYPE_INFO',
  'STRUCT_TYPE_INFO',
  'STRING_TYPE_INFO',
]);

const EXPRESSION_CLASSES = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COLUMN_REF',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'FUNCTION',
  'LAMBDA',
  'LAMBDA_REF',
  'OPERATOR',
  'PARAMETER',
  'POSITIONAL_REFERENCE',
  'STAR',
  'SUBQUERY',
  'TYPE',
  'WINDOW',
]);

/** Only these describe what they are given; the others list what is in the catalogue. */
const SHOW_TYPES = new Set(['DESCRIBE', 'SUMMARY']);

/** Throws `sql.forbidden` for what is not allowed; answers what is named. */
export function guard(statement: AstNode, placeOf: PlaceOf = () => undefined): Guarded {
  const found: Found = { tables: new Map(), functions: new Set(), judged: new Set(), isFederated: false };
  visitAst(statement, (node, ctes) => {
    try {
      if (node['class'] !== undefined) return checkExpression(node, found);
      if (typeof node['type'] === 'string') checkNode(node, ctes, found);
      else if ('table_name' in node || 'function_name' in node) throw forbidden('a part that is not known');
      return 'enter';
    } catch (error) {
      const place = placeOf(node['query_location']);
      throw error instanceof FractalError && place !== undefined ? error.at(place) : error;
    }
  });
  return {
    tables: [...found.tables.values()],
    functions: [...found.functions],
    isFederated: found.isFederated,
  };
}

/** Where something stands that the tree places at so many bytes; undefined when the tree does not say. */
type PlaceOf = (bytes: unknown) => ErrorPlace | undefined;

function checkExpression(node: AstNode, found: Found): 'enter' | 'skip' {
  const kind = text(node, 'class');
  if (!EXPRESSION_CLASSES.has(kind)) throw forbidden(`an expression of the kind ${kind}`);
  // A literal's value is data: nothing in it is looked up.
  if (kind === 'CONSTANT') return 'skip';
  if (kind === 'FUNCTION' || kind === 'WINDOW') {
    if (!found.judged.has(node)) checkCall(node, found);
  } else if ('function_name' in node || 'table_name' in node) throw forbidden('a part that is not known');
  if (kind === 'COLUMN_REF') checkColumn(node);
  return 'enter';
}

function checkCall(node: AstNode, found: Found): void {
  const name = foldName(text(node, 'function_name'));
  const isOurs =
    text(node, 'class') === 'FUNCTION' && text(node, 'schema') === '' && text(node, 'catalog') === '';
  if (isOurs && name === EMBEDDING_FUNCTION) found.isFederated = true;
  else if (isOurs && DOMAIN_FUNCTIONS.has(name)) found.functions.add(name);
  else return checkFunction(node, ALLOWED_FUNCTIONS);
  checkPlainCall(node, name);
}

/** What is no aggregate takes nothing but arguments. */
function checkPlainCall(node: AstNode, name: string): void {
  const orders = (node['order_bys'] as { orders?: unknown } | null)?.orders;
  const isPlain =
    node['filter'] === null && node['distinct'] === false && Array.isArray(orders) && orders.length === 0;
  if (!isPlain || node['export_state'] !== false) throw forbidden(`more than arguments for ${name}`);
}

/** The standard's words that are functions written like columns; this one tells the name of the catalogue. */
function checkColumn(node: AstNode): void {
  const names = node['column_names'];
  if (!Array.isArray(names)) throw forbidden('a column that is not known');
  if (names.length === 1 && foldName(String(names[0])) === 'current_catalog')
    throw forbidden('the name of the catalogue');
}

function checkNode(node: AstNode, ctes: ReadonlySet<string>, found: Found): void {
  const type = text(node, 'type');
  if (!NODE_TYPES.has(type)) throw forbidden(`a part of the kind ${type}`);
  if (type === 'BASE_TABLE') {
    const ref = tableRef(node, ctes);
    if (ref === undefined) return;
    if (ref.schema === EXTERNAL_SCHEMA || isAuditLogNode(node) || isPassages(node)) found.isFederated = true;
    const known = `${ref.schema}.${ref.name}`;
    if (!isPassages(node) && !found.tables.has(known)) found.tables.set(known, ref);
  } else if (type === 'JOIN') {
    const right = node['right'];
    if (right === null || typeof right !== 'object' || !isPassages(right as AstNode)) return;
    for (const call of passageCalls(node)) {
      if (text(call, 'catalog') !== '') throw forbidden('a qualified function');
      checkPlainCall(call, text(call, 'function_name'));
      found.judged.add(call);
    }
  } else if (type === 'TABLE_FUNCTION') {
    const call = node['function'];
    if (call === null || typeof call !== 'object') throw forbidden('a table function that is not known');
    checkTableCall(call as AstNode, found);
    found.judged.add(call);
  } else if (type === 'SHOW_REF') {
    if (!SHOW_TYPES.has(text(node, 'show_type')) || node['query'] === null || text(node, 'table_name') !== '')
      throw forbidden(
        'a list of the catalogue',
        'Ask `show tables`, `from node.tables` or `from node.columns`.',
      );
  } else if (type === 'UNBOUND_TYPE_INFO') {
    if (text(node, 'catalog') !== '' || text(node, 'schema') !== '') throw forbidden('a qualified type');
  } else if ('table_name' in node) throw forbidden('a table in a place that is not known');
}

function checkTableCall(call: AstNode, found: Found): void {
  const name = foldName(text(call, 'function_name'));
  if (!SEARCH_FUNCTIONS.has(name)) return checkFunction(call, ALLOWED_TABLE_FUNCTIONS);
  if (!['', 'search'].includes(foldName(text(call, 'schema'))) || text(call, 'catalog') !== '')
    throw forbidden('a qualified function');
  checkPlainCall(call, name);
  found.isFederated = true;
}

/** The table that is named; undefined for a common table expression in sight. */
function tableRef(node: AstNode, ctes: ReadonlySet<string>): TableRef | undefined {
  const schema = foldName(text(node, 'schema_name'));
  const name = foldName(text(node, 'table_name'));
  if (text(node, 'catalog_name') !== '')
    throw forbidden('a name of three parts', 'Write `schema.table`, as `show tables` lists them.');
  if (node['at_clause'] !== null)
    throw forbidden('a table as of a version', 'Law has its dates in law.versions.');
  if ((schema === '' || schema === 'recurring') && ctes.has(name)) return undefined;
  const at = node['query_location'];
  return { schema, name, ...(typeof at === 'number' ? { at } : {}) };
}

function checkFunction(node: AstNode, allowed: ReadonlySet<string>): void {
  const name = foldName(text(node, 'function_name'));
  const schema = text(node, 'schema');
  const catalog = text(node, 'catalog');
  if ((schema !== '' && schema !== 'main') || (catalog !== '' && catalog !== 'system'))
    throw forbidden('a qualified function');
  if (node['export_state'] === true) throw forbidden('the inner state of an aggregate');
  const near = allowed.has(name) ? undefined : nearest(name, [...allowed]);
  if (!allowed.has(name))
    throw forbidden(
      `the function ${JSON.stringify(name)}`,
      `${near === undefined ? '' : `Did you mean ${near}? `}` +
        'Functions that compute from their arguments are open; docs/policy.md says which are not, and why.',
    );
}

/** A text that must be there: a tree that leaves it out is not the one we know. */
function text(node: AstNode, key: string): string {
  const value = node[key];
  if (typeof value !== 'string') throw forbidden(`a part without ${key}`);
  return value;
}

const forbidden = (what: string, cure = 'Ask for the tables that `show tables` lists.'): FractalError =>
  badInputError('sql.forbidden', `the statement holds ${what}, which is not open to SQL`, cure);
