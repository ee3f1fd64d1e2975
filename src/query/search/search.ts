/** Search over the law in force on a day: full text, vector, or both fused. Filters go to the engine as prefilters. */
import type * as lancedb from '@lancedb/lancedb';
import type { Table as ArrowTable } from 'apache-arrow';
import { badInputError, deniedError, invariant, notFoundError, type Limits } from '../../base/index.ts';
import { execute, parseDate, type Store } from '../../store/index.ts';
import type { AccessPolicy, Embedder, ModelIdentity, Principal } from '../ports.ts';
import { fuse, type Evidence } from './fusion.ts';
import { InForce } from './in-force.ts';
import { interact } from './interaction.ts';
import { namedIn, type NamedProvision } from './named.ts';
import { ScopedText, endingApart } from './scoped-text.ts';
import { rerankScores, type Candidate as RerankCandidate } from './rerank.ts';
import {
  FILTER_COLUMNS,
  SECTION_TABLE,
  VECTOR_PROBES,
  VECTOR_REFINE,
  filterIndex,
  quote,
  sectionTable,
  termsFrom,
  textIndex,
  vectorIndex,
} from './section-table.ts';

export type SearchMode = 'hybrid' | 'vector' | 'text';

export interface SectionQuery {
  /** Words, or, by vector alone, a vector of the model's dimension. */
  readonly query: string | Float32Array;
  readonly mode: SearchMode;
  readonly k: number;
  /** `YYYY-MM-DD`: only text in force on that day. */
  readonly at: string;
  readonly jurisdiction: string | undefined;
  readonly document: string | undefined;
  /** Takes more time to order more candidates better; for `hybrid`. */
  readonly rerank?: boolean;
  /** Further conditions on columns of the search table, met before ranking. */
  readonly where?: readonly string[];
}

export interface FindOptions {
  readonly signal?: AbortSignal | undefined;
  /** The search table as of some commit; as of the last one when absent. */
  readonly table?: lancedb.Table | undefined;
  /** Columns of law.sections that the caller shows beside those that every hit has. */
  readonly shown?: readonly string[];
}

export interface SectionHit {
  readonly section_id: string;
  readonly version_id: string;
  readonly document_id: string;
  readonly jurisdiction: string;
  readonly citation: string;
  readonly heading: string;
  readonly text: string;
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
  /** The score that ranks: fused (1 for a provision that the query cites), cosine similarity or BM25, by mode. */
  readonly score: number;
  readonly text_score: number | null;
  readonly vector_score: number | null;
  readonly fused_score: number | null;
}

interface Ports {
  readonly store: Store;
  readonly embedder: Embedder;
  readonly policy: AccessPolicy;
  readonly limits: Limits;
  /** Sees what is ordered again, with the ids of the sections: for learning the weights. */
  readonly onRerank?: (ids: readonly string[], candidates: readonly RerankCandidate[]) => void;
}

const HIT_COLUMNS = [
  'section_id',
  'version_id',
  'document_id',
  'jurisdiction',
  'citation',
  'heading',
  'text',
  'in_force_from',
  'in_force_to',
];

/** Columns of law.sections that a hit shows, and those that the search table holds as the database does. */
const SHOWN_COLUMNS = ['section_id', 'version_id', 'document_id', 'citation', 'heading', 'text'];
const POLICY_COLUMNS = ['section_id', 'version_id', 'document_id', 'jurisdiction', 'level', 'citation'];

export class SectionSearch {
  readonly #ports: Ports;
  readonly #inForce: InForce;
  readonly #scoped: ScopedText;
  /** Commit at which the model was last found to be the index's own. */
  #modelChecked: bigint | undefined;

  constructor(ports: Ports) {
    this.#ports = ports;
    this.#inForce = new InForce(ports.store);
    this.#scoped = new ScopedText(ports.limits);
  }

  /** Makes the search table on a new node; on an old one, checks that its vectors are of this model. */
  async prepare(): Promise<void> {
    const { store, embedder } = this.#ports;
    if (store.hasLanceTable(SECTION_TABLE)) return;
    if (embedder.fault !== undefined) throw embedder.fault;
    await this.#make(embedder.model);
  }

  /** Throws why the model cannot be used, and `search.model_mismatch` when the index was made by another model: vectors of two models do not compare. */
  async checkModel(): Promise<void> {
    const { store, embedder } = this.#ports;
    const { commitVersion } = store;
    if (embedder.fault !== undefined) throw embedder.fault;
    if (this.#modelChecked === commitVersion) return;
    const [made] = await store.rows<{ model_id: string; model_version: string; model_sha256: string }>(
      'select model_id, model_version, model_sha256 from node.search_indexes where name = $1',
      [SECTION_TABLE],
    );
    if (made === undefined || made.model_sha256 === embedder.model.sha256) {
      this.#modelChecked = commitVersion;
      return;
    }
    throw badInputError(
      'search.model_mismatch',
      `the search index was made with ${made.model_id} ${made.model_version} and the model in use is ${embedder.model.id} ${embedder.model.version}`,
      'Use the model that made it, or run `fractal reindex` to make the index again with the model in use.',
    );
  }

  /** Drops every row and vector; the caller fills the table again. */
  async remake(): Promise<void> {
    await this.#make(this.#ports.embedder.model);
  }

  async #make(model: ModelIdentity): Promise<void> {
    const { store } = this.#ports;
    this.#modelChecked = undefined;
    this.#scoped.clear();
    await store.makeLanceTable(sectionTable(model.dimension), async (connection) => {
      await execute(connection, 'delete from node.search_indexes where name = $1', [SECTION_TABLE]);
      await execute(
        connection,
        'insert into node.search_indexes values ($1, $2, $3, $4, $5, make_timestamp($6))',
        [
          SECTION_TABLE,
          model.id,
          model.version,
          model.sha256,
          model.dimension,
          BigInt(store.options.clock.now()) * 1000n,
        ],
      );
    });
    // On the empty table: rows that come later are found by scan until the next compaction indexes them.
    await store.maintain(SECTION_TABLE, async (table) => {
      await table.createIndex('search_text', textIndex(), true);
      for (const column of FILTER_COLUMNS) await table.createIndex(column, filterIndex(), true);
    });
  }

  /** Builds the vector index once the table has outgrown an exact scan. */
  async maintainVectorIndex(): Promise<void> {
    const { store, limits } = this.#ports;
    const table = store.lanceTable(SECTION_TABLE);
    const rows = await table.reader.countRows();
    if (rows <= limits.vector_flat_rows || (await hasVectorIndex(table.reader))) return;
    await store.maintain(SECTION_TABLE, (writer) => writer.createIndex('vector', vectorIndex(rows), true));
  }

  /** Rows that full text finds by scan, until compaction takes them into its index. */
  async unindexedRows(): Promise<number> {
    const indexes = await this.#ports.store.lanceTable(SECTION_TABLE).reader.listIndices();
    return indexes.find((index) => index.columns.includes('search_text'))?.numUnindexedRows ?? 0;
  }

  async find(principal: Principal, query: SectionQuery, signal?: AbortSignal): Promise<SectionHit[]> {
    const [hits = []] = await this.findMany(principal, [query], { signal });
    return hits;
  }

  /** Several searches of one table at one version; the hits of each, in the order asked. */
  async findMany(
    principal: Principal,
    queries: readonly SectionQuery[],
    { signal, table, shown = [] }: FindOptions = {},
  ): Promise<SectionHit[][]> {
    const { store, limits } = this.#ports;
    const predicate = this.#mayFind(principal, shown);
    const asked = queries.map((query) => {
      this.#check(query);
      return { query, day: dayOf(query.at), fixed: prefilter(query) };
    });
    const found = async (reader: lancedb.Table): Promise<SectionHit[][]> => {
      const vectors = await this.#questions(queries, signal);
      return await inTurns(asked, limits.search_running, async ({ query, day, fixed }, i) => {
        signal?.throwIfAborted();
        const where = [...(await this.#inForce.predicate(day)), ...fixed].join(' and ');
        return await this.#rank({ table: reader, where, policy: predicate }, query, vectors[i], signal);
      });
    };
    return await store.lanceTable(SECTION_TABLE).read((current) => found(table ?? current));
  }

  /** Throws when the principal may not search. */
  demand(principal: Principal, shown: readonly string[] = []): void {
    this.#mayFind(principal, shown);
  }

  async #rank(
    rows: Searched,
    query: SectionQuery,
    question: Float32Array | undefined,
    signal?: AbortSignal,
  ): Promise<SectionHit[]> {
    const { table } = rows;
    const { limits } = this.#ports;
    const words = typeof query.query === 'string' ? query.query : '';
    if (query.mode === 'text') {
      const found = await this.#text(rows, words, query.k, HIT_COLUMNS);
      return listed(found, query.k).map(({ row, score }) =>
        asHit(row, { text: score, vector: null, fused: null }),
      );
    }
    const named = query.mode === 'hybrid' ? await this.#named(rows, words) : [];
    invariant(question, 'a search by vector has one');
    if (query.mode === 'vector') {
      const found = await this.#vector(rows, question, query.k, HIT_COLUMNS);
      return listed(found, query.k).map(({ row, score }) =>
        asHit(row, { text: null, vector: score, fused: null }),
      );
    }
    const more = query.rerank === true ? ['text', 'heading', 'document_id', 'section_id'] : [];
    const k = Math.max(query.rerank === true ? limits.rerank_candidates : limits.search_candidates, query.k);
    const [text, near] = await Promise.all([
      this.#text(rows, words, k, ['terms', 'vector', ...more]),
      this.#vector(rows, question, k, ['terms', ...more]),
    ]);
    signal?.throwIfAborted();
    const found = await this.#weigh(words, question, readCandidates(text, k), readCandidates(near, k));
    const ranking =
      query.rerank === true ? this.#rerank(words, found, passagesById(text.rows, near.rows)) : fuse(found);
    return await this.#fetch(table, [...named, ...without(ranking, named)].slice(0, query.k));
  }

  /** The provisions that the question cites, as far as they are there and may be read. */
  async #named(rows: Searched, question: string): Promise<Ranked[]> {
    const found: Ranked[] = [];
    for (const one of namedIn(question)) {
      const cited = await rows.table
        .query()
        .where(`${shownBy(rows)} and citation like '%${one.core.replace(/[^a-z0-9./]/gi, '')}%'`)
        .withRowId()
        .select(['_rowid', 'citation'])
        .limit(NAMED_ROWS)
        .toArray();
      found.push(...without(nearestTo(one, cited as NamedRow[]), found));
    }
    return found;
  }

  /** Best first; the fused score is 1 for the best, and the less, the surer the model is that the best is better. */
  #rerank(question: string, found: readonly Evidence[], passages: ReadonlyMap<bigint, Passage>): Ranked[] {
    const read = found.map(({ id }) => passages.get(id) ?? { text: '', document: '', section: '' });
    const candidates = found.map(({ text: bm25, vector, terms }, i) => {
      const { text, document, section } = read[i] ?? { text: '', document: '', section: '' };
      return { text, document, section, bm25, vector, terms };
    });
    this.#ports.onRerank?.(
      read.map(({ section }) => section),
      candidates,
    );
    const scores = rerankScores(question, candidates);
    const best = Math.max(...scores);
    return found
      .map(({ id, text, vector }, i) => ({ id, text, vector, fused: Math.exp((scores[i] ?? 0) - best) }))
      .sort((a, b) => b.fused - a.fused || (a.id < b.id ? -1 : 1));
  }

  /** All that is known of every candidate of either list. */
  async #weigh(
    query: string,
    question: Float32Array,
    text: Candidate[],
    vector: Candidate[],
  ): Promise<Evidence[]> {
    const { embedder } = this.#ports;
    const byId = new Map<bigint, { text: number | null; vector: number; terms: Uint16Array }>();
    for (const one of vector)
      byId.set(one.id, { text: null, vector: one.score, terms: termsFrom(one.terms) });
    for (const one of text) {
      const known = byId.get(one.id);
      if (known === undefined)
        byId.set(one.id, { text: one.score, vector: dot(question, one.vector), terms: termsFrom(one.terms) });
      else known.text = one.score;
    }
    const found = [...byId];
    const terms =
      embedder.terms === undefined
        ? undefined
        : await interact(
            embedder.terms,
            query,
            found.map(([, one]) => one.terms),
          );
    return found.map(([id, one], i) => ({
      id,
      text: one.text,
      vector: one.vector,
      terms: terms?.[i] ?? null,
    }));
  }

  /** The vector of each query that needs one; equal texts are read once. */
  async #questions(
    queries: readonly SectionQuery[],
    signal: AbortSignal | undefined,
  ): Promise<(Float32Array | undefined)[]> {
    const { embedder } = this.#ports;
    if (queries.every(({ mode }) => mode === 'text')) return queries.map(() => undefined);
    await this.checkModel();
    const texts = [
      ...new Set(
        queries.flatMap(({ mode, query }) => (mode === 'text' || typeof query !== 'string' ? [] : [query])),
      ),
    ];
    const { dimension } = embedder.model;
    const vectors = texts.length === 0 ? new Float32Array(0) : await embedder.embed(texts, 'query', signal);
    const byText = new Map(
      texts.map((text, i) => [text, vectors.slice(i * dimension, (i + 1) * dimension)] as const),
    );
    return queries.map(({ query }) => (typeof query === 'string' ? byText.get(query) : query));
  }

  #check(query: SectionQuery): void {
    const { limits } = this.#ports;
    if (typeof query.query !== 'string') {
      const { dimension } = this.#ports.embedder.model;
      if (
        query.query.length !== dimension ||
        query.query.every((value) => value === 0) ||
        !query.query.every(Number.isFinite)
      )
        throw badInputError(
          'search.vector',
          `a vector to search by has ${dimension} finite numbers, not all of them 0`,
          'Make it with query_embedding.',
        );
    } else if (query.query.trim() === '')
      throw badInputError(
        'search.empty',
        'the search query is empty',
        'Write a few words of what you look for.',
      );
    if (query.query.length > limits.search_query_chars)
      throw badInputError(
        'search.query_length',
        `the search query has more than ${limits.search_query_chars} characters`,
        'Shorten it.',
      );
    if (!Number.isInteger(query.k) || query.k < 1 || query.k > limits.search_k)
      throw badInputError(
        'search.k',
        `the number of hits must be 1 to ${limits.search_k}`,
        'Ask for fewer hits.',
      );
  }

  /** Policy as a predicate over the search table, evaluated before ranking: a hidden row never takes a hit's place. */
  #mayFind(principal: Principal, shown: readonly string[]): string | undefined {
    const decision = this.#ports.policy.decide(principal, {
      action: 'read',
      tables: ['law.sections'],
      shown: [...SHOWN_COLUMNS, ...shown],
      available: POLICY_COLUMNS,
    });
    if (!decision.allowed)
      throw deniedError(
        'policy.denied',
        `${principal.id} may not search (${decision.rule})`,
        'Ask an administrator for the right.',
      );
    return decision.predicate;
  }

  async #text(rows: Searched, text: string, k: number, more: readonly string[]): Promise<Found> {
    const { table, where, policy } = rows;
    if (policy === undefined) {
      const found = await table
        .query()
        .fullTextSearch(text, { columns: ['search_text'] })
        .where(where)
        .withRowId()
        .select(['_rowid', '_score', ...more])
        .limit(k)
        .toArrow();
      return { rows: found, scores: numbersOf(found, '_score') };
    }
    const scores = await this.#scoped.find(table, policy, { text, where, k });
    if (scores.size === 0) return NOTHING;
    const found = await table
      .takeRowIds([...scores.keys()])
      .select(['_rowid', ...more])
      .toArrow();
    const ids = found.getChild('_rowid');
    return {
      rows: found,
      scores: Array.from({ length: found.numRows }, (_, i) => scores.get(ids?.get(i) as bigint) ?? 0),
    };
  }

  async #vector(rows: Searched, question: Float32Array, k: number, more: readonly string[]): Promise<Found> {
    const { table, policy } = rows;
    const isIndexed = await hasVectorIndex(table);
    const ask = async (limit: number): Promise<Found> => {
      const query = table
        .query()
        .nearestTo(question)
        .column('vector')
        .distanceType('cosine')
        .where(shownBy(rows))
        .withRowId()
        .select(['_rowid', '_distance', ...more])
        .limit(limit);
      if (isIndexed) query.nprobes(VECTOR_PROBES).refineFactor(VECTOR_REFINE);
      const found = await query.toArrow();
      return { rows: found, scores: numbersOf(found, '_distance').map((distance) => 1 - distance) };
    };
    if (policy === undefined) return await ask(k);
    // Which of equal ones are listed hangs on how rows lie, hidden ones among them: no list ends between such.
    return await endingApart(k, ask, ({ scores }) => scores);
  }

  async #fetch(table: lancedb.Table, ranking: readonly Ranked[]): Promise<SectionHit[]> {
    if (ranking.length === 0) return [];
    const rows = await table
      .takeRowIds(ranking.map((hit) => hit.id))
      .select([...HIT_COLUMNS, '_rowid'])
      .toArrow();
    // Lance answers in its own order.
    const byId = new Map<bigint, Record<string, unknown>>();
    for (const row of rows.toArray() as { toJSON(): Record<string, unknown> }[]) {
      const values = row.toJSON();
      byId.set(values['_rowid'] as bigint, values);
    }
    return ranking.map((hit) => {
      const row = byId.get(hit.id);
      if (row === undefined)
        throw notFoundError('search.row', 'a hit vanished while it was read', 'Search again.');
      return asHit(row, hit);
    });
  }
}

/** What is read of a candidate when it is ordered again. */
interface Passage {
  readonly text: string;
  readonly document: string;
  readonly section: string;
}

function passagesById(...answers: readonly Found['rows'][]): Map<bigint, Passage> {
  const passages = new Map<bigint, Passage>();
  for (const answer of answers) {
    const column = (name: string): ReturnType<ArrowTable['getChild']> => answer.getChild(name);
    const [ids, texts, headings] = [column('_rowid'), column('text'), column('heading')];
    const [documents, sections] = [column('document_id'), column('section_id')];
    for (let i = 0; i < answer.numRows; i++) {
      const id = ids?.get(i) as bigint;
      if (passages.has(id)) continue;
      const text = `${String(headings?.get(i))}\n${String(texts?.get(i))}`;
      passages.set(id, { text, document: String(documents?.get(i)), section: String(sections?.get(i)) });
    }
  }
  return passages;
}

/** Provisions of a cited act that are looked through. */
const NAMED_ROWS = 10_000;
/** Of what lies below a cited provision, so many come first. */
const NAMED_BELOW = 5;

interface NamedRow {
  readonly _rowid: bigint;
  readonly citation: string;
}

/** The provision itself and what lies below it; where it has no text of its own, the nearest one around it. */
function nearestTo(named: NamedProvision, rows: readonly NamedRow[]): Ranked[] {
  const placed = rows
    .flatMap(({ _rowid: id, citation }) => {
      const place = named.place(citation);
      return place === undefined ? [] : [{ id, citation, place }];
    })
    .sort((a, b) => a.place - b.place || compareCitations(a.citation, b.citation));
  const inside = placed.filter(({ place }) => place <= 1).slice(0, 1 + NAMED_BELOW);
  return (inside.length > 0 ? inside : placed.slice(0, 1)).map(({ id }) => ({
    id,
    text: null,
    vector: null,
    fused: 1,
  }));
}

const compareCitations = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

const without = (ranking: readonly Ranked[], taken: readonly Ranked[]): Ranked[] => {
  const ids = new Set(taken.map(({ id }) => id));
  return ranking.filter(({ id }) => !ids.has(id));
};

/** What is searched, and what of it. */
interface Searched {
  readonly table: lancedb.Table;
  /** What is asked for: day, filters. */
  readonly where: string;
  /** What policy shows; undefined: all. */
  readonly policy: string | undefined;
}

const shownBy = ({ where, policy }: Searched): string =>
  policy === undefined ? where : `${where} and (${policy})`;

/** Filters of the query, evaluated with the date and policy before ranking. */
function prefilter({ jurisdiction, document, where = [] }: SectionQuery): string[] {
  return [
    ...(jurisdiction === undefined ? [] : [`jurisdiction = ${quote(jurisdiction)}`]),
    ...(document === undefined ? [] : [`document_id = ${quote(document)}`]),
    ...where,
  ];
}

/** One answer per item, at most `most` being worked at. */
async function inTurns<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T, i: number) => Promise<R>,
): Promise<R[]> {
  const answers: R[] = [];
  const turns = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of turns) answers[i] = await work(item, i);
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, worker));
  return answers;
}

/** Rows that an engine found, with the score of each: BM25, or cosine. */
interface Found {
  readonly rows: Pick<ArrowTable, 'numRows' | 'getChild' | 'toArray'>;
  readonly scores: readonly number[];
}

const NOTHING: Found = { rows: { numRows: 0, getChild: () => null, toArray: () => [] }, scores: [] };

const numbersOf = (rows: ArrowTable, column: string): number[] => [
  ...((rows.getChild(column)?.toArray() ?? []) as Float32Array),
];

/** The best `k` rows, best first; of equal ones those of the smaller id. */
function listed(
  { rows, scores }: Found,
  k: number,
): { readonly row: Record<string, unknown>; readonly score: number }[] {
  return (rows.toArray() as { toJSON(): Record<string, unknown> }[])
    .map((one, i) => {
      const row = one.toJSON();
      return { row, id: row['_rowid'] as bigint, score: scores[i] ?? 0 };
    })
    .sort(bestFirst)
    .slice(0, k);
}

const bestFirst = (a: Pick<Candidate, 'id' | 'score'>, b: typeof a): number =>
  b.score - a.score || (a.id < b.id ? -1 : 1);

/** A stored row and the scores it was ranked by. */
function asHit(row: Record<string, unknown>, scores: Omit<Ranked, 'id'>): SectionHit {
  const string = (name: string): string => row[name] as string;
  return {
    section_id: string('section_id'),
    version_id: string('version_id'),
    document_id: string('document_id'),
    jurisdiction: string('jurisdiction'),
    citation: string('citation'),
    heading: string('heading'),
    text: string('text'),
    in_force_from: dateText(row['in_force_from']),
    in_force_to: dateText(row['in_force_to']),
    score: scores.fused ?? scores.text ?? scores.vector ?? 0,
    text_score: scores.text,
    vector_score: scores.vector,
    fused_score: scores.fused,
  };
}

/** One row of either list. */
interface Candidate {
  readonly id: bigint;
  readonly score: number;
  /** Bytes of the `terms` column; empty when it was not asked for. */
  readonly terms: Uint8Array;
  readonly vector: Float32Array;
}

/** A row with the scores it was ranked by. */
interface Ranked {
  readonly id: bigint;
  readonly text: number | null;
  readonly vector: number | null;
  readonly fused: number | null;
}

/** Days since 1970-01-01. */
function dayOf(date: string): number {
  const day = parseDate(date);
  if (day === undefined)
    throw badInputError('search.date', 'the date is not a day of the calendar', 'Write it as YYYY-MM-DD.');
  return day;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** A reader never changes what it reads, so it is asked once. */
const vectorIndexed = new WeakMap<lancedb.Table, boolean>();

async function hasVectorIndex(table: lancedb.Table): Promise<boolean> {
  const known = vectorIndexed.get(table);
  if (known !== undefined) return known;
  const found = (await table.listIndices()).some((index) => index.columns.includes('vector'));
  vectorIndexed.set(table, found);
  return found;
}

/** Lance's DATE columns come back from Arrow as milliseconds. */
function dateText(value: unknown): string | null {
  return value === null || value === undefined ? null : new Date(Number(value)).toISOString().slice(0, 10);
}

const NO_BYTES = new Uint8Array(0);
const NO_VECTOR = new Float32Array(0);

function readCandidates({ rows, scores }: Found, k: number): Candidate[] {
  const [ids, terms, vectors] = [rows.getChild('_rowid'), rows.getChild('terms'), rows.getChild('vector')];
  return scores
    .map((score, i) => {
      const vector = vectors?.get(i) as { toArray(): Float32Array } | null | undefined;
      return {
        id: ids?.get(i) as bigint,
        score,
        terms: (terms?.get(i) as Uint8Array | null | undefined) ?? NO_BYTES,
        vector: vector?.toArray() ?? NO_VECTOR,
      };
    })
    .sort(bestFirst)
    .slice(0, k);
}
