/** Text to a statement: one statement, of a kind that only reads. The AST allow-list comes with policies. */
import { StatementType } from '@duckdb/node-api';
import { badInputError, type FractalError, type Limits } from '../../base/index.ts';
import { duckError, type RowValue, type Store } from '../../store/index.ts';

declare const parsed: unique symbol;

export interface Statement {
  readonly sql: string;
  readonly params: readonly RowValue[];
  readonly [parsed]: true;
}

const READ_ONLY: readonly StatementType[] = [StatementType.SELECT, StatementType.EXPLAIN];

export async function parseStatement(
  store: Store,
  sql: string,
  params: readonly RowValue[],
  limits: Limits,
): Promise<Statement> {
  if (Buffer.byteLength(sql) > limits.sql_bytes)
    throw badInputError(
      'sql.length',
      `the statement is longer than ${limits.sql_bytes} bytes`,
      'Shorten it.',
    );
  const oneStatement = (count: string): FractalError =>
    badInputError('sql.one_statement', `the text holds ${count}`, 'Send exactly one statement.');
  const type = await store.withConnection(async (connection) => {
    // When it cannot read the text, this call says only that it failed; preparing the text says why.
    const statements = await connection.extractStatements(sql).catch(async () => {
      const prepared = await connection.prepare(sql).catch((error: unknown) => {
        const known = duckError(error);
        throw known.code === 'sql.syntax' ? known : oneStatement('no statement');
      });
      prepared.destroySync();
      throw oneStatement('no statement');
    });
    if (statements.count !== 1) throw oneStatement(`${statements.count} statements`);
    const prepared = await statements.prepare(0);
    try {
      return prepared.statementType;
    } finally {
      prepared.destroySync();
    }
  });
  if (!READ_ONLY.includes(type))
    throw badInputError(
      'sql.read_only',
      'the statement is not a query',
      'SELECT, WITH, FROM, VALUES and EXPLAIN are answered. Records are written with `fractal import`.',
    );
  return { sql, params } as unknown as Statement;
}
