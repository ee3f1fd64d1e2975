/** Text to a statement: one statement, that only reads, made of what the guard knows. */
import { badInputError, type FractalError, type Limits } from '../../base/index.ts';
import type { Parameters, Store } from '../../store/index.ts';
import { planFederated, type FederatedPlan } from '../federation/plan.ts';
import { readAst, readAstLossless, type AstNode } from './ast.ts';
import { isDerivedName } from './domain.ts';
import { guard, type TableRef } from './guard.ts';
import { placeOf } from './place.ts';
import { isRepeatable } from './repeatable.ts';

declare const parsed: unique symbol;

export interface Statement {
  /** What runs. */
  readonly sql: string;
  /** What was sent. */
  readonly text: string;
  readonly params: Parameters;
  /** Whether the plan is asked for instead of the rows. */
  readonly explain: boolean;
  readonly tables: readonly TableRef[];
  /** Functions of the domain that it calls. */
  readonly functions: readonly string[];
  /** What other engines answer of it, and what is left for this one; undefined when that is all. */
  readonly federated: FederatedPlan | undefined;
  /** Whether it says the same as long as the data do. */
  readonly repeatable: boolean;
  readonly limits: Limits;
  readonly [parsed]: true;
}

type Form = Pick<Statement, 'sql' | 'text' | 'explain' | 'tables' | 'functions' | 'federated' | 'repeatable'>;

/** What was found of a text does not depend on who asks, so it is kept per store. */
const remembered = new WeakMap<Store, Map<string, Form>>();

export async function parseStatement(
  store: Store,
  sql: string,
  params: Parameters,
  limits: Limits,
): Promise<Statement> {
  const forms = remembered.get(store) ?? new Map<string, Form>();
  remembered.set(store, forms);
  const form = forms.get(sql) ?? (await parse(store, sql, limits));
  forms.delete(sql);
  forms.set(sql, form);
  const [oldest] = forms.keys();
  if (forms.size > limits.sql_remembered && oldest !== undefined) forms.delete(oldest);
  return { ...form, params, limits } as unknown as Statement;
}

/** Blanks and comments, then the word: what follows is the statement itself. */
const EXPLAIN = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*explain\b/i;
const SHOW_TABLES = /^\s*show\s+(?:all\s+)?tables\s*;?\s*$/i;

async function parse(store: Store, sql: string, limits: Limits): Promise<Form> {
  if (Buffer.byteLength(sql) > limits.sql_bytes)
    throw badInputError(
      'sql.length',
      `the statement is longer than ${limits.sql_bytes} bytes`,
      'Shorten it.',
    );
  // The engine would stop reading there, and half a surrogate would reach it as another character.
  if (sql.includes('\0') || !sql.isWellFormed())
    throw badInputError('sql.syntax', 'the statement is not well-formed Unicode text', 'Send plain text.');
  if (SHOW_TABLES.test(sql))
    return {
      sql: 'from node.tables',
      text: sql,
      explain: false,
      tables: [NODE_TABLES],
      functions: [],
      federated: undefined,
      repeatable: true,
    };
  const prefix = EXPLAIN.exec(sql)?.[0];
  const run = sql.slice(prefix?.length ?? 0);
  const { tree, json } = await readStatement(store, run, sql);
  const { tables, functions, isFederated } = guard(tree, (bytes) =>
    typeof bytes === 'number' && bytes <= Buffer.byteLength(run)
      ? placeOf(sql, { bytes, of: run })
      : undefined,
  );
  const [whole] = isFederated ? (readAstLossless(json)['statements'] as AstNode[]) : [];
  return {
    sql: run,
    text: sql,
    explain: prefix !== undefined,
    tables,
    functions,
    federated: whole === undefined ? undefined : await planFederated(store, whole),
    // Files change without a commit, and what is true of a site changes with the day.
    repeatable: !isFederated && isRepeatable(tree) && !tables.some(isDerivedName),
  };
}

const NODE_TABLES: TableRef = { schema: 'node', name: 'tables' };

async function readStatement(
  store: Store,
  sql: string,
  sent: string,
): Promise<{ readonly tree: AstNode; readonly json: string }> {
  const [row] = await store.rows<{ tree: string }>('select json_serialize_sql($1::varchar) as tree', [sql]);
  const json = row?.tree ?? '{}';
  const tree = readAst(json);
  if (tree['error'] !== false) throw notRead(tree, sql, sent);
  const statements = tree['statements'] as AstNode[];
  const [only] = statements;
  if (only === undefined || statements.length !== 1)
    throw badInputError(
      'sql.one_statement',
      `the text holds ${only === undefined ? 'no statement' : `${statements.length} statements`}`,
      'Send exactly one statement.',
    );
  return { tree: only, json };
}

/** The engine's reason; its message quotes the statement, never data. */
function notRead(tree: AstNode, sql: string, sent: string): FractalError {
  const { error_type: type, error_message: message, position } = tree;
  if (type === 'parser') {
    const isKnown = typeof position === 'string' || typeof position === 'number';
    return badInputError(
      'sql.syntax',
      `Parser Error: ${String(message).split('\n', 1)[0] ?? ''}`,
      isKnown ? `Correct the statement at character ${String(position)}.` : 'Correct the statement.',
      isKnown ? { place: placeOf(sent, { characters: Number(position), of: sql }) } : {},
    );
  }
  return badInputError(
    'sql.read_only',
    'the statement is not a query, or is of a form that cannot be checked',
    'SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE and EXPLAIN are answered; write PIVOT with its values behind FROM. ' +
      'Records are written with `fractal import`.',
  );
}
