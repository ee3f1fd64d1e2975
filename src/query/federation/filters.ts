/**
 * Conditions of a statement that a search meets before it ranks: comparisons of a column of its hits with a value. They
 * are part of what is asked for: `where r.jurisdiction = 'UK'` asks for the best hits in the United Kingdom.
 */
import type { AstNode } from '../sql/ast.ts';
import { PUSHED_COLUMNS } from '../search/section-table.ts';
import { aliasesOf, columnRefs, isMovable } from './tree.ts';

export interface Filter {
  readonly column: string;
  readonly type: 'VARCHAR' | 'DATE';
  /** `in` takes any number of values, the others one. */
  readonly op: '=' | '<' | '<=' | '>' | '>=' | 'in';
  readonly values: number;
}

export interface FoundFilter {
  readonly filter: Filter;
  readonly values: readonly AstNode[];
}

const OPS: Readonly<Record<string, readonly [op: Filter['op'], turned: Filter['op']]>> = {
  COMPARE_EQUAL: ['=', '='],
  COMPARE_LESSTHAN: ['<', '>'],
  COMPARE_GREATERTHAN: ['>', '<'],
  COMPARE_LESSTHANOREQUALTO: ['<=', '>='],
  COMPARE_GREATERTHANOREQUALTO: ['>=', '<='],
};

export interface FilterSearch {
  readonly conditions: readonly AstNode[];
  /** What the hits are called; undefined when their columns were renamed. */
  readonly alias: string | undefined;
  /** Whether they are all that FROM holds: then their columns need no name before them. */
  readonly isAlone: boolean;
  /** What stands before them, whose columns values may be of. */
  readonly before: AstNode | undefined;
  readonly isOurs: (name: string) => boolean;
}

export function filtersOf(search: FilterSearch): FoundFilter[] {
  if (search.alias === undefined) return [];
  const { alias, isAlone, isOurs } = search;
  const known = aliasesOf(search.before);
  const columnOf = (node: AstNode): string | undefined => {
    const [names] = node['class'] === 'COLUMN_REF' ? [...columnRefs(node)] : [];
    if (names === undefined) return undefined;
    const isOfHits = names.length === 2 ? names[0] === alias : isAlone && names.length === 1;
    const column = names.at(-1);
    return isOfHits && column !== undefined && PUSHED_COLUMNS.includes(column) ? column : undefined;
  };
  const isValue = (node: AstNode): boolean =>
    isMovable(node, isOurs) &&
    [...columnRefs(node)].every((names) => names.length === 2 && known.includes(names[0] ?? ''));
  const made = (node: AstNode, op: Filter['op'], values: readonly AstNode[]): FoundFilter[] => {
    const column = columnOf(node);
    if (column === undefined || !values.every(isValue)) return [];
    const type = column.startsWith('in_force') ? 'DATE' : 'VARCHAR';
    return [{ filter: { column, type, op, values: values.length }, values }];
  };
  return search.conditions.flatMap((node) => {
    const ops = node['class'] === 'COMPARISON' ? OPS[String(node['type'])] : undefined;
    if (ops !== undefined) {
      const [left, right] = [node['left'] as AstNode, node['right'] as AstNode];
      return columnOf(left) === undefined ? made(right, ops[1], [left]) : made(left, ops[0], [right]);
    }
    if (node['class'] === 'BETWEEN') {
      const input = node['input'] as AstNode;
      return [
        ...made(input, '>=', [node['lower'] as AstNode]),
        ...made(input, '<=', [node['upper'] as AstNode]),
      ];
    }
    if (node['type'] === 'COMPARE_IN') {
      const [input, ...values] = node['children'] as AstNode[];
      return input === undefined ? [] : made(input, 'in', values);
    }
    return [];
  });
}
