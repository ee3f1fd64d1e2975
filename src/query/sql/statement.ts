/** Text to a statement: one statement, of a kind that only reads. The AST allow-list comes with policies. */
import { StatementType } from '@duckdb/node-api';
import { badInputError, type Limits } from '../../base/index.ts';
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
  const type = await store
    .withConnection(async (connection) => {
      const statements = await connection.extractStatements(sql);
      if (statements.count !== 1)
        throw badInputError(
          'sql.one_statement',
          `the text holds ${statements.count} statements`,
          'Send exactly one.',
        );
      const prepared = await statements.prepare(0);
      try {
        return prepared.statementType;
      } finally {
        prepared.destroySync();
      }
    })
    .catch((error: unknown) => {
      throw duckError(error);
    });
  if (!READ_ONLY.includes(type))
    throw badInputError(
      'sql.read_only',
      'the statement is not a query',
      'SELECT, WITH, FROM, VALUES and EXPLAIN are answered. Records are written with `fractal import`.',
    );
  return { sql, params } as unknown as Statement;
}
