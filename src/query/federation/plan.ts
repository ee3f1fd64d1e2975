/**
 * What of a statement other engines answer, found in its tree: searches, vectors of texts, files. Each such part is a
 * site: it is answered first, into temporary tables, and the statement is rewritten to read those. Everything here is
 * about the text alone; who asks comes in when it runs.
 */
import { badInputError } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import type { SearchMode } from '../search/search.ts';
import { foldName, writeAst, type AstNode } from '../sql/ast.ts';
import { DOMAIN_FUNCTIONS } from '../sql/functions.ts';
import { auditBounds, type AuditBounds } from './audit-bounds.ts';
import { filtersOf, type Filter } from './filters.ts';
import {
  EMBEDDING_FUNCTION,
  HIT_COLUMNS,
  PASSAGES,
  PASSAGE_COLUMNS,
  RANK_COLUMN,
  SEARCH_ARGUMENTS,
  SEARCH_FUNCTIONS,
  badArguments,
  searchArguments,
  type SearchArgument,
} from './signatures.ts';
import {
  aliasesOf,
  become,
  below,
  columnRefs,
  conjunction,
  conjuncts,
  copyOf,
  crossJoin,
  isFunction,
  isMovable,
  isVolatile,
  made,
  textOf,
  tried,
  type QueryText,
} from './tree.ts';

/** Queries for one thing, the narrowest first: the first whose names are all there is asked. */
export type Attempts = readonly QueryText[];

export interface SearchSite {
  readonly kind: 'search';
  readonly number: number;
  readonly mode: SearchMode;
  readonly called: string;
  /** What `fractal_a0`, `fractal_a1`, … are: arguments, then values of filters. */
  readonly args: readonly SearchArgument[];
  readonly filters: readonly Filter[];
  /** All different argument lists that the statement may ask with. */
  readonly keys: Attempts;
}

export interface EmbeddingSite {
  readonly kind: 'embedding';
  readonly number: number;
  readonly keys: Attempts;
}

export interface ExternalSite {
  readonly kind: 'external';
  readonly number: number;
  readonly name: string;
  /** Columns that the statement names; undefined when it may read any. */
  readonly names: ReadonlySet<string> | undefined;
  /** Over `fractal_source`, which shows what policy shows. */
  readonly reads: Attempts;
}

/** The audit log. */
export interface AuditSite {
  readonly kind: 'audit';
  readonly number: number;
  /** Columns that the statement names; undefined when it may read any. */
  readonly names: ReadonlySet<string> | undefined;
  /** What of it is asked for; undefined for all. */
  readonly bounds: AuditBounds | undefined;
  /** Whether it stands in a DESCRIBE, which asks for no row. */
  readonly isDescribed: boolean;
}

export type Site = SearchSite | EmbeddingSite | ExternalSite | AuditSite;

export interface FederatedPlan {
  /** In the order to be answered in: later ones may ask what earlier ones answered. */
  readonly sites: readonly Site[];
  /** The statement over the answers; its parameters are those of the statement. */
  readonly sql: string;
}

export const argsTable = (site: Site): string => `fractal_args_${site.number}`;
export const answerTable = (site: Site): string => `fractal_answer_${site.number}`;

/** Where names of an expression may come from. */
interface Scope {
  readonly from: AstNode | undefined;
  readonly where: unknown;
}

interface Env {
  /** Innermost first. */
  readonly scopes: readonly Scope[];
  readonly ctes: readonly AstNode[];
}

/** A place in a FROM. */
interface Place {
  /** What stands before it, and may be named in it. */
  readonly before: AstNode | undefined;
  readonly select: AstNode;
  /** Whether rows that WHERE drops may be dropped here. */
  readonly isKept: boolean;
}

const TABLE_REFS = new Set([
  'BASE_TABLE',
  'JOIN',
  'SUBQUERY',
  'TABLE_FUNCTION',
  'EXPRESSION_LIST',
  'PIVOT',
  'SHOW_REF',
]);

export async function planFederated(store: Store, statement: AstNode): Promise<FederatedPlan> {
  const tree = copyOf(statement);
  const planner = new Planner(store, tree);
  await planner.walk(tree['node'], { scopes: [], ctes: [] });
  const [row] = await store.rows<{ sql: string }>('select json_deserialize_sql($1::varchar::json) as sql', [
    writeAst({ error: false, statements: [tree] }),
  ]);
  return { sites: planner.sites, sql: row?.sql ?? '' };
}

class Planner {
  readonly sites: Site[] = [];
  readonly #store: Store;
  /** Every column that is named anywhere; undefined when a star may name others. */
  readonly #names: ReadonlySet<string> | undefined;
  /** Below a DESCRIBE. */
  #isDescribed = false;

  constructor(store: Store, tree: AstNode) {
    this.#store = store;
    this.#names = namesIn(tree);
  }

  async walk(value: unknown, env: Env): Promise<void> {
    if (value === null || typeof value !== 'object') return;
    if (Array.isArray(value)) {
      for (const item of value) await this.walk(item, env);
      return;
    }
    const node = value as AstNode;
    const inner = node['cte_map'] === undefined ? env : await this.#ctes(node, env);
    if (node['type'] === 'SELECT_NODE') return await this.#select(node, inner);
    if (node['class'] === undefined && TABLE_REFS.has(String(node['type'])))
      return await this.#from(node, { before: undefined, select: {}, isKept: false }, inner);
    for (const key in node) if (key !== 'cte_map') await this.walk(node[key], inner);
    if (isFunction(node, EMBEDDING_FUNCTION)) await this.#embed(node, inner);
  }

  async #ctes(node: AstNode, env: Env): Promise<Env> {
    let inner = env;
    for (const entry of (node['cte_map'] as { map: AstNode[] }).map) {
      await this.walk(entry['value'], inner);
      inner = { ...inner, ctes: [...inner.ctes.filter((one) => one['key'] !== entry['key']), entry] };
    }
    return inner;
  }

  async #select(node: AstNode, env: Env): Promise<void> {
    const from = node['from_table'] as AstNode;
    const isKept = node['sample'] === null;
    await this.#from(from, { before: undefined, select: node, isKept }, env);
    const scope = { from: from['type'] === 'EMPTY' ? undefined : from, where: node['where_clause'] };
    const inner = { ...env, scopes: [scope, ...env.scopes] };
    for (const key in node) if (key !== 'cte_map' && key !== 'from_table') await this.walk(node[key], inner);
  }

  async #from(node: AstNode, place: Place, env: Env): Promise<void> {
    const here: Scope = { from: place.before, where: place.select['where_clause'] };
    const lateral = { ...env, scopes: [here, ...env.scopes] };
    switch (node['type']) {
      case 'JOIN':
        return await this.#join(node, place, env);
      case 'TABLE_FUNCTION': {
        const call = node['function'] as AstNode;
        const mode = SEARCH_FUNCTIONS.get(foldName(String(call['function_name'])));
        if (mode === undefined) return await this.walk(call, lateral);
        if (node['with_ordinality'] !== 'WITHOUT_ORDINALITY')
          throw badArguments(String(call['function_name']), 'counts its rows itself, as rank', undefined);
        return await this.#search(node, { call, mode, place, conditions: [], columns: HIT_NAMES }, lateral);
      }
      case 'BASE_TABLE':
        if (isPassages(node)) throw notJoined();
        if (foldName(String(node['schema_name'])) === 'ext') await this.#external(node, place);
        else if (isAuditLogNode(node)) await this.#auditLog(node, place);
        return;
      case 'SHOW_REF': {
        const outer = this.#isDescribed;
        this.#isDescribed ||= node['show_type'] === 'DESCRIBE';
        for (const key in node) await this.walk(node[key], lateral);
        this.#isDescribed = outer;
        return;
      }
      default:
        for (const key in node) await this.walk(node[key], lateral);
    }
  }

  async #join(node: AstNode, place: Place, env: Env): Promise<void> {
    const [left, right] = [node['left'] as AstNode, node['right'] as AstNode];
    const { isLeftKept, isRightKept } = keptSides(node);
    await this.#from(left, { ...place, isKept: place.isKept && isLeftKept }, env);
    const before = place.before === undefined ? left : crossJoin(place.before, left);
    const where = place.select['where_clause'];
    if (isPassages(right)) await this.#passages(node, { ...place, before }, env);
    else await this.#from(right, { ...place, before, isKept: place.isKept && isRightKept }, env);
    const from = crossJoin(before, right);
    await this.walk(node['condition'], { ...env, scopes: [{ from, where }, ...env.scopes] });
  }

  /** `… join lance.regulation_embeddings r on r.vector_search(…) and …` */
  async #passages(join: AstNode, place: Place, env: Env): Promise<void> {
    const passages = join['right'] as AstNode;
    const [call, ...rest] = passageCalls(join);
    if (call === undefined || rest.length > 0 || !['INNER', 'LEFT'].includes(String(join['join_type'])))
      throw notJoined();
    const mode = SEARCH_FUNCTIONS.get(foldName(String(call['function_name'])));
    if (mode === undefined) throw notJoined();
    const others = conjuncts(join['condition']).filter((one) => one !== call);
    const here = { from: place.before, where: place.select['where_clause'] };
    const inner = { ...env, scopes: [here, ...env.scopes] };
    const site = { call: copyOf(call), mode, place, conditions: others, columns: PASSAGE_NAMES };
    await this.#search(passages, site, inner);
    join['condition'] = conjunction(others) ?? (await this.#true());
  }

  async #true(): Promise<AstNode> {
    return ((await made(this.#store, 'select true', []))['select_list'] as AstNode[])[0] as AstNode;
  }

  async #search(
    node: AstNode,
    found: {
      readonly call: AstNode;
      readonly mode: SearchMode;
      readonly place: Place;
      /** Conditions of the join beside the call. */
      readonly conditions: readonly AstNode[];
      readonly columns: readonly (readonly [name: string, hit: number])[];
    },
    env: Env,
  ): Promise<void> {
    const { call, place, conditions, columns } = found;
    const called = foldName(String(call['function_name']));
    const given = searchArguments(call);
    if (isVolatile([...given.values()])) throw notTwice(called);
    let { mode } = found;
    const query = given.get('query');
    // The vector of a text is what a search by vector makes of it anyway.
    if (query !== undefined && isFunction(query, EMBEDDING_FUNCTION)) {
      if (mode !== 'vector') throw badArguments(called, 'searches for a text, not for a vector', undefined);
      given.set('query', onlyArgument(query));
      mode = 'vector';
    }
    for (const value of given.values()) await this.walk(value, env);
    const alias = foldName(aliasOf(node, called));
    const filters = filtersOf({
      conditions: [...conditions, ...conjuncts(place.select['where_clause'])],
      alias: (node['column_name_alias'] as unknown[]).length === 0 ? alias : undefined,
      isAlone: place.select['from_table'] === node,
      before: place.before,
      isOurs: (name) => DOMAIN_FUNCTIONS.has(name),
    });
    const args = SEARCH_ARGUMENTS.flatMap(({ name, type }) => {
      const value = given.get(name);
      if (value === undefined) return [];
      const isOpen = value['class'] === 'PARAMETER' || value['class'] === 'CONSTANT';
      return [{ name, type: type ?? (isOpen ? 'VARCHAR' : undefined), value }];
    });
    const values = [
      ...args,
      ...filters.flatMap(({ filter, values: of }) => of.map((value) => ({ type: filter.type, value }))),
    ];
    const exprs = values.map(({ type }, i) =>
      type === undefined ? `fractal_arg_${i}` : `cast(fractal_arg_${i} as ${type})`,
    );
    const site: SearchSite = {
      kind: 'search',
      number: this.sites.length,
      mode,
      called,
      args: args.map(({ name }) => name),
      filters: filters.map(({ filter }) => filter),
      keys: await this.#keys(
        called,
        exprs,
        values.map(({ value }) => value),
        env,
      ),
    };
    this.sites.push(site);
    const isConstant = [...columnRefs(values.map(({ value }) => value))].length === 0;
    const hits = await made(
      this.#store,
      `select ${columns.map(([, hit]) => `fractal_h.fractal_c${hit}`).join(', ')}
         from temp.main.${argsTable(site)} as fractal_a
         join temp.main.${answerTable(site)} as fractal_h on fractal_h.fractal_call = fractal_a.fractal_call
        where ${exprs.map((expr, i) => `fractal_a.fractal_a${i} is not distinct from ${expr}`).join(' and ')}
        ${isConstant ? `order by fractal_h.fractal_c${RANK_COLUMN}` : ''}`,
      values.map(({ value }) => value),
    );
    const own = node['column_name_alias'] as string[];
    become(node, {
      type: 'SUBQUERY',
      alias: aliasOf(node, called),
      sample: node['sample'],
      query_location: node['query_location'],
      subquery: { node: hits, named_param_map: [] },
      column_name_alias: columns.map(([name], i) => own[i] ?? name),
    });
  }

  /** A vector of a text, where an expression stands. */
  async #embed(node: AstNode, env: Env): Promise<void> {
    const value = onlyArgument(node);
    if (isVolatile(value)) throw notTwice(EMBEDDING_FUNCTION);
    const expr = 'cast(fractal_arg_0 as varchar)';
    const site: EmbeddingSite = {
      kind: 'embedding',
      number: this.sites.length,
      keys: await this.#keys(EMBEDDING_FUNCTION, [expr], [value], env),
    };
    this.sites.push(site);
    const query = await made(
      this.#store,
      `select (select any_value(fractal_h.fractal_v)
                 from temp.main.${answerTable(site)} as fractal_h where fractal_h.fractal_a0 is not distinct from ${expr})`,
      [value],
    );
    const [subquery] = query['select_list'] as AstNode[];
    become(node, { ...subquery, alias: node['alias'] });
  }

  /** The different values of expressions that refer to what is in sight. */
  async #keys(
    called: string,
    exprs: readonly string[],
    args: readonly AstNode[],
    env: Env,
  ): Promise<Attempts> {
    const list = exprs.map((expr, i) => `${expr} as fractal_a${i}`).join(', ');
    const refs = [...columnRefs(args)];
    const attempts: QueryText[] = [];
    const attempt = async (from: AstNode | undefined, where: AstNode | null): Promise<void> => {
      const query = await made(this.#store, `select distinct ${list}`, args);
      if (from !== undefined) query['from_table'] = from;
      // Rows that the statement drops must not fail here, nor end the transaction.
      query['where_clause'] = conjunction(
        await Promise.all(conjuncts(where).map((one) => tried(this.#store, one))),
      );
      query['cte_map'] = { map: env.ctes };
      const text = await textOf(this.#store, query);
      if (attempts.every(({ sql }) => sql !== text.sql)) attempts.push(text);
    };
    if (refs.length === 0 || args.some((arg) => arg['class'] === 'SUBQUERY')) await attempt(undefined, null);
    if (refs.length === 0) return attempts;
    let from: AstNode | undefined;
    let conditions: AstNode[] = [];
    for (const scope of env.scopes) {
      if (scope.from === undefined) continue;
      if (isVolatile(scope.from)) throw notTwice(called);
      from = from === undefined ? scope.from : crossJoin(scope.from, from);
      conditions = [...conditions, ...conjuncts(scope.where)].filter((one) =>
        isMovable(one, (name) => DOMAIN_FUNCTIONS.has(name)),
      );
      const known = aliasesOf(from);
      const isQualified = (one: AstNode): boolean =>
        [...columnRefs(one)].every((names) => names.length === 2 && known.includes(names[0] ?? ''));
      const mayBe = (one: AstNode): boolean =>
        [...columnRefs(one)].every(
          (names) =>
            (names.length === 2 && known.includes(names[0] ?? '')) ||
            (names.length === 1 && !HIT_COLUMNS.some(({ name }) => name === names[0])),
        );
      await attempt(from, conjunction(conditions.filter(mayBe)));
      await attempt(from, conjunction(conditions.filter(isQualified)));
      await attempt(from, null);
    }
    if (attempts.length === 0) throw outOfSight(called);
    return attempts;
  }

  async #external(node: AstNode, place: Place): Promise<void> {
    const name = foldName(String(node['table_name']));
    const alias = aliasOf(node, name);
    const source = await made(this.#store, 'select * from fractal_source', []);
    Object.assign(source['from_table'] as AstNode, { alias });
    const isAlone = place.select['from_table'] === node;
    const pushed = conjuncts(place.isKept && isPlain(node) ? place.select['where_clause'] : null).filter(
      (one) =>
        isMovable(one, (called) => DOMAIN_FUNCTIONS.has(called)) &&
        [...columnRefs(one)].every(
          (names) => (names.length === 2 && names[0] === foldName(alias)) || (names.length === 1 && isAlone),
        ),
    );
    const all = await textOf(this.#store, source);
    const reads = [all];
    if (pushed.length > 0) {
      // Should one fail, on a row that is hidden maybe, what comes over must be the same as without that row.
      source['where_clause'] = conjunction(await Promise.all(pushed.map((one) => tried(this.#store, one))));
      reads.unshift(await textOf(this.#store, source));
      source['where_clause'] = conjunction(pushed);
      reads.unshift(await textOf(this.#store, source));
    }
    const site: ExternalSite = {
      kind: 'external',
      number: this.sites.length,
      name,
      names: this.#namesOf(node, alias),
      reads,
    };
    this.sites.push(site);
    Object.assign(node, {
      alias,
      catalog_name: 'temp',
      schema_name: 'main',
      table_name: answerTable(site),
    });
  }

  /** Columns that the statement may read of a table; undefined for any. New names go by place, so they need all. */
  #namesOf(node: AstNode, alias: string): ReadonlySet<string> | undefined {
    return isRenamed(node) || this.#names?.has(foldName(alias)) === true ? undefined : this.#names;
  }

  async #auditLog(node: AstNode, place: Place): Promise<void> {
    const alias = aliasOf(node, foldName(String(node['table_name'])));
    const where = place.isKept && isPlain(node) ? place.select['where_clause'] : null;
    const isAlone = place.select['from_table'] === node;
    const site: AuditSite = {
      kind: 'audit',
      number: this.sites.length,
      names: this.#namesOf(node, alias),
      bounds: await auditBounds(this.#store, conjuncts(where), { alias, isAlone }),
      isDescribed: this.#isDescribed,
    };
    this.sites.push(site);
    Object.assign(node, {
      alias,
      catalog_name: 'temp',
      schema_name: 'main',
      table_name: answerTable(site),
    });
  }
}

const HIT_NAMES = HIT_COLUMNS.map(({ name }, hit) => [name, hit] as const);
const PASSAGE_NAMES = [
  ...HIT_NAMES,
  ...Object.entries(PASSAGE_COLUMNS).map(
    ([name, of]) => [name, HIT_COLUMNS.findIndex((one) => one.name === of)] as const,
  ),
];

const aliasOf = (node: AstNode, otherwise: string): string =>
  node['alias'] === '' ? otherwise : String(node['alias']);

const isRenamed = (node: AstNode): boolean => (node['column_name_alias'] as unknown[]).length > 0;

/** Whether WHERE may be met early: its names are those of the table, and no sample is drawn before it. */
const isPlain = (node: AstNode): boolean => !isRenamed(node) && node['sample'] === null;

/** Written here so that the guard knows it without the engine that reads it. */
export const isAuditLogNode = (node: AstNode): boolean =>
  node['type'] === 'BASE_TABLE' &&
  foldName(String(node['schema_name'])) === 'audit' &&
  foldName(String(node['table_name'])) === 'log';

export const isPassages = (node: AstNode): boolean =>
  node['type'] === 'BASE_TABLE' &&
  foldName(String(node['schema_name'])) === PASSAGES.schema &&
  foldName(String(node['table_name'])) === PASSAGES.name;

/** The calls of search functions, by the name of the passages, among the conditions of a join with them. */
export function passageCalls(join: AstNode): AstNode[] {
  const alias = foldName(aliasOf(join['right'] as AstNode, PASSAGES.name));
  return conjuncts(join['condition']).filter(
    (one) =>
      one['class'] === 'FUNCTION' &&
      foldName(String(one['schema'])) === alias &&
      SEARCH_FUNCTIONS.has(foldName(String(one['function_name']))),
  );
}

function keptSides(join: AstNode): { readonly isLeftKept: boolean; readonly isRightKept: boolean } {
  const type = String(join['join_type']);
  const ref = String(join['ref_type']);
  const isPlain = ['REGULAR', 'CROSS', 'NATURAL'].includes(ref);
  return {
    isLeftKept: (isPlain || ref === 'ASOF') && ['INNER', 'LEFT', 'SEMI', 'ANTI'].includes(type),
    isRightKept: isPlain && ['INNER', 'RIGHT'].includes(type),
  };
}

function onlyArgument(call: AstNode): AstNode {
  const [value, ...more] = call['children'] as AstNode[];
  if (value === undefined || more.length > 0)
    throw badInputError(
      'sql.arguments',
      `${EMBEDDING_FUNCTION} takes one text`,
      `Write ${EMBEDDING_FUNCTION}('words to compare').`,
    );
  return value;
}

/** Undefined where columns are read without being named. */
function namesIn(tree: AstNode): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const node of below(tree)) {
    const kind = node['class'];
    if (kind === 'STAR' || kind === 'POSITIONAL_REFERENCE' || node['ref_type'] === 'NATURAL')
      return undefined;
    if (node['type'] === 'PIVOT' || node['type'] === 'SHOW_REF') return undefined;
    if (Array.isArray(node['column_name_alias']) && node['column_name_alias'].length > 0) return undefined;
    for (const list of [node['column_names'], node['using_columns']])
      if (Array.isArray(list)) for (const name of list) names.add(foldName(String(name)));
  }
  return names;
}

const notJoined = (): Error =>
  badInputError(
    'sql.search_join',
    `${PASSAGES.schema}.${PASSAGES.name} answers searches only, and none is asked of it`,
    `Write: join ${PASSAGES.schema}.${PASSAGES.name} r on r.vector_search('words', top_k := 5). All texts are in lance.sections.`,
  );

const notTwice = (called: string): Error =>
  badInputError(
    'sql.search_volatile',
    `what ${called} is asked for comes out differently each time (random values, samples)`,
    'Ask for something that stays the same.',
  );

const outOfSight = (called: string): Error =>
  badInputError(
    'sql.name',
    `the arguments of ${called} name columns that are not in sight`,
    'Name columns of tables that stand before it in FROM.',
  );
