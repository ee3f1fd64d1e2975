/** Whether a statement says the same as long as the data do: no clock, no chance. What is not known is not taken for it. */
import { foldName, visitAst, type AstNode } from './ast.ts';
import { PASSING_WORDS, REPEATABLE_FUNCTIONS } from './functions.ts';

export function isRepeatable(statement: AstNode): boolean {
  let found = true;
  visitAst(statement, (node) => {
    const { class: kind, function_name: name, column_names: columns, sample } = node;
    if (sample !== null && sample !== undefined) found = false;
    if (typeof name === 'string' && !REPEATABLE_FUNCTIONS.has(foldName(name))) found = false;
    if (Array.isArray(columns) && columns.length === 1 && PASSING_WORDS.has(foldName(String(columns[0]))))
      found = false;
    return found && kind !== 'CONSTANT' ? 'enter' : 'skip';
  });
  return found;
}
