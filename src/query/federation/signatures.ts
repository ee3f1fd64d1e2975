/** What SQL may call that another engine answers, with arguments and results. docs/functions.md tells them in words. */
import { badInputError, nearest } from '../../base/index.ts';
import { foldName, type AstNode } from '../sql/ast.ts';
import type { SearchMode } from '../search/search.ts';

/** Search functions, which stand where a table stands. */
export const SEARCH_FUNCTIONS: ReadonlyMap<string, SearchMode> = new Map([
  ['vector_search', 'vector'],
  ['text_search', 'text'],
  ['hybrid_search', 'hybrid'],
]);

/** A scalar function that the model answers. */
export const EMBEDDING_FUNCTION = 'query_embedding';

/** `lance.regulation_embeddings r join … on r.vector_search(…)`: the passages of the law, by what they are searched for. */
export const PASSAGES = { schema: 'lance', name: 'regulation_embeddings' } as const;

export interface HitColumn {
  readonly name: string;
  readonly type: 'VARCHAR' | 'DATE' | 'INTEGER' | 'DOUBLE';
}

const column =
  (type: HitColumn['type']) =>
  (name: string): HitColumn => ({ name, type });

export const HIT_COLUMNS: readonly HitColumn[] = [
  ...['section_id', 'version_id', 'document_id', 'jurisdiction', 'citation', 'heading', 'text'].map(
    column('VARCHAR'),
  ),
  ...['in_force_from', 'in_force_to'].map(column('DATE')),
  ...['rank'].map(column('INTEGER')),
  ...['score', 'distance', 'text_score', 'vector_score', 'fused_score'].map(column('DOUBLE')),
];
export const RANK_COLUMN = HIT_COLUMNS.findIndex(({ name }) => name === 'rank');

/** Other names of hit columns in `lance.regulation_embeddings`, as the reference spells them. */
export const PASSAGE_COLUMNS: Readonly<Record<string, string>> = {
  regulation_text: 'text',
  relevance_score: 'score',
};

/** Arguments in their order, with the type each is read as; the query is a text or a vector. */
export const SEARCH_ARGUMENTS = [
  { name: 'query', type: undefined },
  { name: 'top_k', type: 'INTEGER' },
  { name: 'at', type: 'DATE' },
  { name: 'jurisdiction', type: 'VARCHAR' },
  { name: 'document', type: 'VARCHAR' },
] as const;
export type SearchArgument = (typeof SEARCH_ARGUMENTS)[number]['name'];

const OTHER_NAMES: Readonly<Record<string, SearchArgument>> = { k: 'top_k' };

/** The arguments of a call by name. `name := value` is in the tree as an alias. */
export function searchArguments(call: AstNode): Map<SearchArgument, AstNode> {
  const called = foldName(String(call['function_name']));
  const found = new Map<SearchArgument, AstNode>();
  const names = SEARCH_ARGUMENTS.map(({ name }) => name);
  (call['children'] as AstNode[]).forEach((value, at) => {
    const given = foldName(String(value['alias']));
    const name = given === '' ? names[at] : names.find((one) => one === (OTHER_NAMES[given] ?? given));
    if (name === undefined)
      throw badArguments(
        called,
        given === '' ? 'takes at most five arguments' : `has no argument ${JSON.stringify(given)}`,
        given === '' ? undefined : nearest(given, names),
      );
    if (found.has(name)) throw badArguments(called, `is given ${name} twice`, undefined);
    found.set(name, value);
  });
  if (!found.has('query')) throw badArguments(called, 'needs what to search for', undefined);
  return found;
}

export function badArguments(called: string, why: string, near: string | undefined): Error {
  return badInputError(
    'sql.arguments',
    `${called} ${why}`,
    `${near === undefined ? '' : `Did you mean ${near}? `}Write ${called}(query, top_k := 10, at := date '2026-01-01', jurisdiction := 'UK', document := 'uk/uksi/2005/1643').`,
  );
}
