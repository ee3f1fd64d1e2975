/**
 * Text to a statement: one statement made of what the guard knows, that only reads, or that writes one table what it
 * reads (`write/`).
 */
import { FIXED_LIMITS, badInputError, type FractalError, type Limits } from '../../base/index.ts';
import type { Parameters, Store } from '../../store/index.ts';
import { planFederated, type FederatedPlan } from '../federation/plan.ts';
import { readAst, readAstLossless, type AstNode } from './ast.ts';
import { isDerivedName } from './domain.ts';
import { guard, type TableRef } from './guard.ts';
import { placeOf } from './place.ts';
import { isRepeatable } from './repeatable.ts';
import { checkForm, formOf, type WriteForm } from './write/form.ts';
import { skipBlanks } from './write/lex.ts';
import { beginsAsWrite, parseWrite } from './write/parse.ts';

declare const parsed: unique symbol;
declare const parsedWrite: unique symbol;

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

/** A statement that writes: what `source` finds is written by `form`. */
export interface WriteStatement {
  readonly form: WriteForm;
  /** The query in it; it runs over the writer's views like any other. */
  readonly source: Statement;
  /** Whether it is only told what would be done. */
  readonly explain: boolean;
  readonly [parsedWrite]: true;
}

type Form = Pick<
  Statement,
  'sql' | 'text' | 'explain' | 'tables' | 'functions' | 'federated' | 'repeatable'
> & {
  readonly write?: WriteForm;
};

/** What was found of a text does not depend on who asks, so it is kept per store. */
const remembered = new WeakMap<Store, Map<string, Form>>();

/** A statement that only reads. */
export async function parseStatement(
  store: Store,
  sql: string,
  params: Parameters,
  limits: Limits,
): Promise<Statement> {
  const statement = await parseSql(store, sql, params, limits);
  if (isWrite(statement))
    throw badInputError('sql.read_only', 'the statement writes', 'Only statements that read are taken here.');
  return statement;
}

export const isWrite = (statement: Statement | WriteStatement): statement is WriteStatement =>
  'form' in statement;

export async function parseSql(
  store: Store,
  sql: string,
  params: Parameters,
  limits: Limits,
): Promise<Statement | WriteStatement> {
  const forms = remembered.get(store) ?? new Map<string, Form>();
  remembered.set(store, forms);
  const form = forms.get(sql) ?? (await parse(store, sql, limits));
  forms.delete(sql);
  forms.set(sql, form);
  const [oldest] = forms.keys();
  if (forms.size > limits.sql_remembered && oldest !== undefined) forms.delete(oldest);
  const { write, ...query } = form;
  if (write === undefined) return { ...query, params, limits } as unknown as Statement;
  const source = { ...query, explain: false, params, limits };
  return { form: write, source, explain: form.explain } as unknown as WriteStatement;
}

/** What follows is the statement itself. */
const EXPLAIN = /explain\b/iy;
const COMMENT = /--|\/\*/g;
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
  if ((sql.match(COMMENT)?.length ?? 0) > FIXED_LIMITS.sql_comments.value)
    throw badInputError(
      'limit.sql_comments',
      `the statement has more than ${FIXED_LIMITS.sql_comments.value} comments`,
      'Take some of them out.',
    );
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
  EXPLAIN.lastIndex = skipBlanks(sql, 0);
  const explain = EXPLAIN.test(sql);
  const run = explain ? sql.slice(EXPLAIN.lastIndex) : sql;
  if (beginsAsWrite(run)) return { ...(await readWrite(store, run)), text: sql, explain };
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
    explain,
    tables,
    functions,
    federated: whole === undefined ? undefined : await planFederated(store, whole),
    // Files change without a commit, and what is true of a site changes with the day.
    repeatable: !isFederated && isRepeatable(tree) && !tables.some(isDerivedName),
  };
}

/** The engine says whether the text is one statement; what it is made of, it tells of queries only. */
async function readWrite(store: Store, text: string): Promise<Omit<Form, 'explain' | 'text'>> {
  const count = await store.withConnection(async (connection) => {
    return (await connection.extractStatements(text)).count;
  });
  if (count !== 1) throw notOne(count);
  const parts = parseWrite(text);
  const write = formOf(parts);
  // Places in this query are none in what was sent.
  const { tree } = await readStatement(store, write.query, undefined);
  const { tables, functions, isFederated } = guard(tree);
  if (isFederated)
    throw badInputError(
      'sql.write_federated',
      'a statement that writes asks other engines: a search, the vector of a text, an external table',
      'Ask in a SELECT of its own, and write what it answered.',
    );
  checkForm(write, parts, tree['node'] as AstNode);
  return { sql: write.query, tables, functions, federated: undefined, repeatable: false, write };
}

const NODE_TABLES: TableRef = { schema: 'node', name: 'tables' };

async function readStatement(
  store: Store,
  sql: string,
  sent: string | undefined,
): Promise<{ readonly tree: AstNode; readonly json: string }> {
  const [row] = await store.rows<{ tree: string }>('select json_serialize_sql($1::varchar) as tree', [sql]);
  const json = row?.tree ?? '{}';
  const tree = readAst(json);
  if (tree['error'] !== false) throw notRead(tree, sql, sent);
  const statements = tree['statements'] as AstNode[];
  const [only] = statements;
  if (only === undefined || statements.length !== 1) throw notOne(statements.length);
  return { tree: only, json };
}

const notOne = (count: number): FractalError =>
  badInputError(
    'sql.one_statement',
    `the text holds ${count === 0 ? 'no statement' : `${count} statements`}`,
    'Send exactly one statement.',
  );

/** The engine's reason; its message quotes the statement, never data. */
function notRead(tree: AstNode, sql: string, sent: string | undefined): FractalError {
  const { error_type: type, error_message: message, position } = tree;
  if (type === 'parser') {
    const isKnown = sent !== undefined && (typeof position === 'string' || typeof position === 'number');
    return badInputError(
      'sql.syntax',
      `Parser Error: ${String(message).split('\n', 1)[0] ?? ''}`,
      isKnown ? `Correct the statement at character ${String(position)}.` : 'Correct the statement.',
      isKnown ? { place: placeOf(sent, { characters: Number(position), of: sql }) } : {},
    );
  }
  return badInputError(
    'sql.read_only',
    'the statement is neither a query nor one that writes rows, or is of a form that cannot be checked',
    'SELECT, WITH, FROM, VALUES, DESCRIBE, SUMMARIZE and EXPLAIN are answered, INSERT, UPDATE and DELETE without WITH ' +
      'in front; write PIVOT with its values behind FROM.',
  );
}
