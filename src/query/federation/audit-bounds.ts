/**
 * Conditions of a statement on the number and the time of entries of the audit log: files that hold none within them
 * are not read. What is found here is only ever a part of what the statement itself asks, which it asks again.
 */
import type { Store } from '../../store/index.ts';
import { foldName, type AstNode } from '../sql/ast.ts';
import { DOMAIN_FUNCTIONS } from '../sql/functions.ts';
import { columnRefs, isMovable, made, textOf, type QueryText } from './tree.ts';

export interface AuditBound {
  readonly column: 'id' | 'time';
  readonly side: 'from' | 'to';
}

export interface AuditBounds {
  readonly bounds: readonly AuditBound[];
  /** One row: a number for each bound, microseconds since 1970 for times; null where it bounds nothing. */
  readonly values: QueryText;
}

const SIDES: Readonly<Record<string, readonly AuditBound['side'][]>> = {
  COMPARE_EQUAL: ['from', 'to'],
  COMPARE_LESSTHAN: ['to'],
  COMPARE_LESSTHANOREQUALTO: ['to'],
  COMPARE_GREATERTHAN: ['from'],
  COMPARE_GREATERTHANOREQUALTO: ['from'],
};

const turned = (side: AuditBound['side']): AuditBound['side'] => (side === 'from' ? 'to' : 'from');

/** `conditions` must all hold for a row; undefined where none of them bounds anything. */
export async function auditBounds(
  store: Store,
  conditions: readonly AstNode[],
  { alias, isAlone }: { readonly alias: string; readonly isAlone: boolean },
): Promise<AuditBounds | undefined> {
  const columnOf = (node: AstNode): AuditBound['column'] | undefined => {
    const names = node['class'] === 'COLUMN_REF' ? (node['column_names'] as string[]).map(foldName) : [];
    const isOurs = names.length === 2 ? names[0] === foldName(alias) : isAlone && names.length === 1;
    const column = names.at(-1);
    return isOurs && (column === 'id' || column === 'time') ? column : undefined;
  };
  const isValue = (node: AstNode): boolean =>
    isMovable(node, (name) => DOMAIN_FUNCTIONS.has(name)) && [...columnRefs(node)].length === 0;
  const found: (AuditBound & { readonly value: AstNode })[] = [];
  const add = (column: AstNode, sides: readonly AuditBound['side'][], value: AstNode): void => {
    const name = columnOf(column);
    if (name !== undefined && isValue(value))
      found.push(...sides.map((side) => ({ column: name, side, value })));
  };
  for (const node of conditions) {
    const sides = node['class'] === 'COMPARISON' ? SIDES[String(node['type'])] : undefined;
    if (sides !== undefined) {
      const [left, right] = [node['left'] as AstNode, node['right'] as AstNode];
      add(left, sides, right);
      add(right, sides.map(turned), left);
    } else if (node['class'] === 'BETWEEN') {
      add(node['input'] as AstNode, ['from'], node['lower'] as AstNode);
      add(node['input'] as AstNode, ['to'], node['upper'] as AstNode);
    }
  }
  if (found.length === 0) return undefined;
  const list = found.map(({ column }, i) => (column === 'id' ? numberSql(i) : timeSql(i)));
  const query = await made(
    store,
    `select ${list.join(', ')}`,
    found.map(({ value }) => value),
  );
  return { bounds: found.map(({ column, side }) => ({ column, side })), values: await textOf(store, query) };
}

/** Only what compares with a number as a number does, and only what is read as a time: others bound nothing. */
const numberSql = (i: number): string =>
  `case when regexp_matches(typeof(fractal_arg_${i}), '^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL.*)$')
        then try(try_cast(fractal_arg_${i} as double)) end`;
const timeSql = (i: number): string =>
  `case when regexp_matches(typeof(fractal_arg_${i}), '^(VARCHAR|DATE|TIMESTAMP.*)$')
        then try(try_cast(epoch_us(try_cast(fractal_arg_${i} as timestamp)) as double)) end`;
