/** Search over the law in force on a day: full text, vector, or both fused. Filters go to the engine as prefilters. */
import type * as lancedb from '@lancedb/lancedb';
import type { Table as ArrowTable } from 'apache-arrow';
import { badInputError, deniedError, notFoundError, type Limits } from '../../base/index.ts';
import { execute, parseDate, type Store } from '../../store/index.ts';
import type { AccessPolicy, Embedder, ModelIdentity, Principal } from '../ports.ts';
import { fuse, type Candidate, type Fused } from './fusion.ts';
import {
  FILTER_COLUMNS,
  SECTION_TABLE,
  VECTOR_PROBES,
  VECTOR_REFINE,
  filterIndex,
  quote,
  sectionTable,
  textIndex,
  vectorIndex,
} from './section-table.ts';

export type SearchMode = 'hybrid' | 'vector' | 'text';

export interface SectionQuery {
  readonly query: string;
  readonly mode: SearchMode;
  readonly k: number;
  /** `YYYY-MM-DD`: only text in force on that day. */
  readonly at: string;
  readonly jurisdiction: string | undefined;
  readonly document: string | undefined;
}

export interface SectionHit {
  readonly section_id: string;
  readonly version_id: string;
  readonly document_id: string;
  readonly citation: string;
  readonly heading: string;
  readonly text: string;
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
  /** The score that ranks: fused, cosine similarity or BM25, by mode. */
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
}

const HIT_COLUMNS = [
  'section_id',
  'version_id',
  'document_id',
  'citation',
  'heading',
  'text',
  'in_force_from',
  'in_force_to',
];

export class SectionSearch {
  readonly #ports: Ports;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /** Makes the search table on a new node; on an old one, checks that its vectors are of this model. */
  async prepare(): Promise<void> {
    const { store, embedder } = this.#ports;
    if (store.hasLanceTable(SECTION_TABLE)) return;
    await this.#make(embedder.model);
  }

  /** Throws `search.model_mismatch` when the index was made by another model: vectors of two models do not compare. */
  async checkModel(): Promise<void> {
    const { store, embedder } = this.#ports;
    const [made] = await store.rows<{ model_id: string; model_version: string; model_sha256: string }>(
      'select model_id, model_version, model_sha256 from node.search_indexes where name = $1',
      [SECTION_TABLE],
    );
    if (made === undefined || made.model_sha256 === embedder.model.sha256) return;
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
    const { store, limits } = this.#ports;
    const where = this.#prefilter(principal, query);
    this.#check(query);
    const table = store.lanceTable(SECTION_TABLE).reader;
    const candidates = query.mode === 'hybrid' ? Math.max(limits.search_candidates, 2 * query.k) : query.k;
    const [text, vector] = await Promise.all([
      query.mode === 'vector' ? [] : this.#text(table, query.query, where, candidates),
      query.mode === 'text' ? [] : this.#vector(table, query.query, where, candidates, signal),
    ]);
    signal?.throwIfAborted();
    return await this.#fetch(table, query.mode, fuse(text, vector).slice(0, query.k));
  }

  #check(query: SectionQuery): void {
    const { limits } = this.#ports;
    if (query.query.trim() === '')
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

  /** Date, filters and policy in one predicate, evaluated before ranking: a hidden row never takes a hit's place. */
  #prefilter(principal: Principal, query: SectionQuery): string {
    const day = parseDate(query.at);
    if (day === undefined)
      throw badInputError('search.date', 'the date is not a day of the calendar', 'Write it as YYYY-MM-DD.');
    const decision = this.#ports.policy.decide(principal, { action: 'read', tables: ['law.sections'] });
    if (!decision.allowed)
      throw deniedError(
        'policy.denied',
        `${principal.id} may not search (${decision.rule})`,
        'Ask an administrator for the right.',
      );
    return [
      `from_day <= ${day}`,
      `to_day > ${day}`,
      'superseded = 0',
      ...(query.jurisdiction === undefined ? [] : [`jurisdiction = ${quote(query.jurisdiction)}`]),
      ...(query.document === undefined ? [] : [`document_id = ${quote(query.document)}`]),
      ...(decision.predicate === undefined ? [] : [`(${decision.predicate})`]),
    ].join(' and ');
  }

  async #text(table: lancedb.Table, text: string, where: string, k: number): Promise<Candidate[]> {
    const found = await table
      .query()
      .fullTextSearch(text, { columns: ['search_text'] })
      .where(where)
      .withRowId()
      .select(['_rowid', '_score'])
      .limit(k)
      .toArrow();
    return ranked(found, '_score', (score) => score);
  }

  async #vector(
    table: lancedb.Table,
    text: string,
    where: string,
    k: number,
    signal?: AbortSignal,
  ): Promise<Candidate[]> {
    await this.checkModel();
    const [vector, indexed] = await Promise.all([
      this.#ports.embedder.embed([text], 'query', signal),
      hasVectorIndex(table),
    ]);
    let query = table
      .query()
      .nearestTo(vector)
      .column('vector')
      .distanceType('cosine')
      .where(where)
      .withRowId()
      .select(['_rowid', '_distance'])
      .limit(k);
    if (indexed) query = query.nprobes(VECTOR_PROBES).refineFactor(VECTOR_REFINE);
    return ranked(await query.toArrow(), '_distance', (distance) => 1 - distance);
  }

  async #fetch(table: lancedb.Table, mode: SearchMode, fused: readonly Fused[]): Promise<SectionHit[]> {
    if (fused.length === 0) return [];
    const rows = await table
      .takeRowIds(fused.map((hit) => hit.id))
      .select([...HIT_COLUMNS, '_rowid'])
      .toArrow();
    // Lance answers in its own order.
    const byId = new Map<bigint, Record<string, unknown>>();
    for (const row of rows.toArray() as { toJSON(): Record<string, unknown> }[]) {
      const values = row.toJSON();
      byId.set(values['_rowid'] as bigint, values);
    }
    return fused.map((hit) => {
      const row = byId.get(hit.id);
      if (row === undefined)
        throw notFoundError('search.row', 'a hit vanished while it was read', 'Search again.');
      const string = (name: string): string => row[name] as string;
      return {
        section_id: string('section_id'),
        version_id: string('version_id'),
        document_id: string('document_id'),
        citation: string('citation'),
        heading: string('heading'),
        text: string('text'),
        in_force_from: dateText(row['in_force_from']),
        in_force_to: dateText(row['in_force_to']),
        score: (mode === 'hybrid' ? hit.fused : mode === 'text' ? hit.text : hit.vector) ?? 0,
        text_score: hit.text,
        vector_score: hit.vector,
        fused_score: mode === 'hybrid' ? hit.fused : null,
      };
    });
  }
}

async function hasVectorIndex(table: lancedb.Table): Promise<boolean> {
  return (await table.listIndices()).some((index) => index.columns.includes('vector'));
}

/** Lance's DATE columns come back from Arrow as milliseconds. */
function dateText(value: unknown): string | null {
  return value === null || value === undefined ? null : new Date(Number(value)).toISOString().slice(0, 10);
}

function ranked(
  found: ArrowTable,
  column: '_score' | '_distance',
  toScore: (value: number) => number,
): Candidate[] {
  const ids = found.getChild('_rowid');
  const scores = found.getChild(column);
  const out: Candidate[] = [];
  for (let i = 0; i < found.numRows; i++)
    out.push({ id: ids?.get(i) as bigint, score: toScore(scores?.get(i) as number) });
  return out;
}
