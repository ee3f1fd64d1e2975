/**
 * A search under a row rule finds what it finds in a table that holds only the rows that the rule shows, indexed the same
 * way: the same ones, in the same order, with the same scores. `SEARCH_RUNS` sets how many rules are drawn.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  SECTION_TABLE,
  SectionSearch,
  passageVectors,
  sectionBatch,
  type IndexedSection,
  type Principal,
  type SectionHit,
  type SectionQuery,
} from '../../src/query/index.ts';
import { textIndex } from '../../src/query/search/section-table.ts';
import { LAW } from '../../src/schema/index.ts';
import type { Condition } from '../../src/security/policy/document.ts';
import type { Store } from '../../src/store/index.ts';
import { testNode } from '../node/kit.ts';
import { freshStore } from '../store/kit.ts';
import { maybe, pick, random, shown } from './drawn.ts';
import { engine } from './kit.ts';

const RUNS = Number(process.env['SEARCH_RUNS'] ?? 5);
const QUERIES = 12;
const ROWS = 90;
const WORDS = 'dust valve lock quarry noise fence operator water permit tank zirconium month'.split(' ');
const JURISDICTIONS = ['US', 'UK', 'EU'];
/** The first ones are in most texts, the last ones in few. */
const word = (): string => WORDS[Math.floor(WORDS.length * random.float() ** 2)] ?? '';
const words = (most: number): string => Array.from({ length: 1 + random.below(most) }, word).join(' ');

function drawRow(n: number, before: readonly IndexedSection[]): IndexedSection {
  const document = `d${random.below(6)}`;
  // Now and then a text that is there already: equal scores.
  const text = before.length > 0 && maybe(0.15) ? pick(before).text : words(12);
  const citation = `${7 + random.below(3)} CFR ${n}.1`;
  return {
    section_id: `${document}#s${n}`,
    version_id: `${document}@${pick(['2020', '2021'])}`,
    document_id: document,
    jurisdiction: pick(JURISDICTIONS),
    language: 'en',
    level: pick(['section', 'paragraph']),
    citation,
    heading: words(2),
    text,
    search_text: text,
    in_force_from: undefined,
    in_force_to: undefined,
  };
}

function drawRule(depth = 2): Condition {
  if (depth > 0 && maybe(0.5)) {
    const parts = [drawRule(depth - 1), drawRule(depth - 1)];
    return maybe(0.4) ? { all: parts } : { any: parts };
  }
  return pick<() => Condition>([
    () => ({ eq: [{ column: 'jurisdiction' }, pick(JURISDICTIONS)] }),
    () => ({ ne: [{ column: 'level' }, 'section'] }),
    () => ({ in: [{ column: 'document_id' }, ['d1', 'd2', `d${random.below(6)}`]] }),
    () => ({ not: { eq: [{ column: 'jurisdiction' }, pick(JURISDICTIONS)] } }),
    () => ({ starts: [{ column: 'citation' }, '8 CFR'] }),
    () => ({ gt: [{ column: 'version_id' }, 'd3'] }),
  ])();
}

function drawQuery(dimension: number): SectionQuery {
  const mode = pick(['text', 'vector', 'hybrid'] as const);
  const vector = (): Float32Array => Float32Array.from({ length: dimension }, () => random.float() - 0.5);
  return {
    query: mode === 'vector' && maybe(0.5) ? vector() : maybe(0.1) ? '8 CFR 12.1' : words(4),
    mode,
    k: pick([1, 3, 10, 1000]),
    at: '2024-01-01',
    jurisdiction: maybe(0.2) ? pick(JURISDICTIONS) : undefined,
    document: maybe(0.1) ? 'd1' : undefined,
    rerank: mode === 'hybrid' && maybe(0.2),
    where: maybe(0.2) ? [`citation >= '8'`] : [],
  };
}

const ASKER: Principal = { id: 'asker', roles: ['role'] };
const ruled = (where: Condition | undefined): ReturnType<typeof engine> =>
  engine({
    roles: {
      role: {
        doc: 'drawn',
        grants: [{ id: 'g', actions: ['read'], tables: ['law.sections'], ...(where ? { where } : {}) }],
      },
    },
  });

it(`a search under a rule finds what it finds where there is nothing else (${RUNS} rules)`, async (t) => {
  await using made = await testNode();
  const { embedder, limits, store } = made.node.parts;
  const { dimension } = embedder.model;
  const { store: copy } = await freshStore(t);
  const rows: IndexedSection[] = [];
  for (let n = 0; n < ROWS; n++) rows.push(drawRow(n, rows));

  const fill = async (target: Store, some: readonly IndexedSection[]): Promise<void> => {
    const search = new SectionSearch({ store: target, embedder, limits, policy: ruled(undefined) });
    await (target.hasLanceTable(SECTION_TABLE) ? search.remake() : search.prepare());
    const vectors = await passageVectors(
      embedder,
      some.map((row) => row.text),
    );
    await target.transact('test', async (transaction) => {
      const { commitVersion } = transaction.stamp;
      if (some.length > 0)
        await transaction.stage(SECTION_TABLE, sectionBatch(some, vectors, dimension, commitVersion));
    });
    await target.maintain(SECTION_TABLE, (table) => table.createIndex('search_text', textIndex(), true));
  };
  await fill(store, rows);

  let [found, hidden] = [0, 0];
  for (let run = 0; run < RUNS; run++) {
    const where = drawRule();
    const grant = { id: 'g', actions: ['read' as const], tables: ['law.sections'], where };
    const visible = rows.filter((row) => shown(LAW.sections, { ...row, deleted: false }, [grant], []));
    if (visible.length === 0) continue;
    hidden += rows.length - visible.length;
    await fill(copy, visible);
    const over = (target: Store, rule: Condition | undefined): SectionSearch =>
      new SectionSearch({ store: target, embedder, limits, policy: ruled(rule) });
    const [governed, filtered, bare] = [over(store, where), over(copy, where), over(copy, undefined)];
    for (let i = 0; i < QUERIES; i++) {
      const query = drawQuery(dimension);
      const what = JSON.stringify({ where, query });
      const hits = await governed.find(ASKER, query);
      assert.deepEqual(hits, await filtered.find(ASKER, query), what);
      // For a reader of all it is the engine that decides among equal ones.
      if (query.mode !== 'hybrid') {
        const scores = (list: readonly SectionHit[]): number[] => list.map(({ score }) => score);
        assert.deepEqual(scores(hits), scores(await bare.find(ASKER, query)), `nothing hidden: ${what}`);
      }
      const allowed = new Set(visible.map(({ section_id }) => section_id));
      assert.ok(
        hits.every(({ section_id }) => allowed.has(section_id)),
        what,
      );
      found += hits.length;
    }
  }
  assert.ok(found > RUNS * QUERIES && hidden > 0, `${found} hits, ${hidden} rows hidden`);
});
