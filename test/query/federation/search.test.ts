/** Searches inside SQL: what they find is what `fractal search` finds. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ESH } from '../../../src/schema/index.ts';
import { readRows, type JsonValue } from '../../../src/server/index.ts';
import type { SqlRequest } from '../../../src/node/index.ts';
import { annualPart, importAll, testNode, type TestNode } from '../../node/kit.ts';
import { codeOf, site } from '../../store/kit.ts';

const LAW = annualPart(7, '2023-07-01', {
  '7.1': ['(a) The operator shall lock the valve before work.', '(b) Nothing else is asked.'],
  '7.2': ['Dust at the boundary must not exceed 50 micrograms.'],
  '7.3': ['Noise at the boundary of a quarry must be measured every month.'],
});
const OTHER = annualPart(8, '2023-07-01', {
  '8.1': [
    'The operator of a quarry shall lock each valve.',
    'A quarry must be fenced against dust and noise.',
  ],
});

let node: TestNode;

async function rows(request: string | SqlRequest): Promise<JsonValue[][]> {
  const asked = typeof request === 'string' ? { sql: request } : request;
  const reader = await readRows(await node.node.sql(asked));
  const found: JsonValue[][] = [];
  for await (const row of reader.rows) found.push([...row]);
  return found;
}
const code = async (sql: string): Promise<string> => await codeOf(rows(sql));

describe('search in SQL', () => {
  before(async () => {
    node = await testNode();
    await node.import(await node.file('a.xml', LAW));
    await importAll(node.node, { paths: [await node.file('b.xml', OTHER)], jurisdiction: 'UK' });
    await node.node.parts.store.transact('test', async (transaction) => {
      await transaction.put(ESH.sites, [
        site('s1', { industry_sector: 'quarry noise' }),
        site('s2', { industry_sector: 'locking valves', jurisdiction: 'US', region: 'south' }),
        site('s3', { industry_sector: null }),
        site('s4', { industry_sector: 'quarry noise', region: 'south' }),
      ]);
    });
  });
  after(() => node[Symbol.asyncDispose]());

  it('finds what `fractal search` finds, with its scores and in its order', async () => {
    for (const mode of ['text', 'vector', 'hybrid'] as const)
      for (const query of ['lock the valve', 'dust', 'quarry noise']) {
        const { hits } = await node.node.search({ query, mode, k: 4 });
        const columns =
          'rank, section_id, document_id, citation, heading, text, score, vector_score, text_score';
        const expected = hits.map((hit) => [
          hit.rank,
          hit.section_id,
          hit.document_id,
          hit.citation,
          hit.heading,
          hit.text,
          hit.score,
          hit.scores.vector,
          hit.scores.text,
        ]);
        for (const call of [
          `search.${mode}_search('${query}', 4)`,
          `${mode}_search('${query}', top_k := 4)`,
          `${mode.toUpperCase()}_search('${query}', k := 2 + 2)`,
        ])
          assert.deepEqual(await rows(`select ${columns} from ${call}`), expected, call);
        assert.deepEqual(
          await rows({
            sql: `select ${columns} from ${mode}_search($2, $1) h order by h.rank`,
            params: [4, query],
          }),
          expected,
        );
      }
  });

  it('takes any day that SQL knows to compare with', async () => {
    const all = await rows(`select citation from text_search('dust', 5) order by 1`);
    for (const [condition, expected] of [
      [`h.in_force_from < date 'infinity'`, all],
      [`h.in_force_from <= date '290000-01-01'`, all],
      [`h.in_force_from > date '-infinity'`, all],
      [`h.in_force_from > date '0044-03-15 (BC)'`, all],
      [`h.in_force_from >= date 'infinity'`, []],
      [`h.in_force_from < date '0044-03-15 (BC)'`, []],
      [`h.in_force_from = date 'infinity'`, []],
      [`h.in_force_from in (date 'infinity', date '0001-01-01')`, []],
    ] as const)
      assert.deepEqual(
        await rows(`select h.citation from text_search('dust', 5) h where ${condition} order by 1`),
        expected,
        condition,
      );
  });

  it('takes a vector as it takes the text it is made of', async () => {
    const expected = await rows(`select section_id, distance from vector_search('dust', 3)`);
    assert.equal(expected.length, 3);
    assert.deepEqual(
      await rows(`select section_id, distance from vector_search(query_embedding('dust'), 3)`),
      expected,
    );
    assert.deepEqual(
      await rows(
        `with q as (select query_embedding('dust') as v) select h.section_id, h.distance from q, vector_search(q.v, 3) h order by rank`,
      ),
      expected,
    );
    const [[type, length, same] = []] = await rows(
      `select typeof(query_embedding('dust')), len(query_embedding('dust')), query_embedding('dust') = query_embedding(lower('DUST'))`,
    );
    assert.deepEqual([type, length, same], [`FLOAT[${Number(length)}]`, length, true]);
    assert.deepEqual(await rows('select query_embedding(null), query_embedding($$ $$)'), [[null, null]]);
  });

  it('is asked once per different value of a row before it', async () => {
    const found = await rows(
      `select s.site_id, r.citation, r.rank from esh.sites s, text_search(s.industry_sector, 1) r order by all`,
    );
    assert.deepEqual(
      found.map(([id]) => id),
      ['s1', 's2', 's4'],
    );
    assert.equal(found[0]?.[1], found[2]?.[1]);
    assert.deepEqual(
      await rows(
        `select s.site_id, r.rank from esh.sites s left join lateral text_search(s.industry_sector, 1) r on true order by all`,
      ),
      [
        ['s1', 1],
        ['s2', 1],
        ['s3', null],
        ['s4', 1],
      ],
    );
    const plan = await node.node.explain({
      sql: `select * from esh.sites s, text_search(s.industry_sector, 1) r where s.region = 'south'`,
    });
    assert.match(plan, /^Lance: text_search: full text; 2 calls, 2 rows, [\d.]+ ms$/m);
  });

  it('is asked in every place where a table stands', async () => {
    const [[citation] = []] = await rows(`select citation from text_search('dust', 1)`);
    for (const sql of [
      `with c as (from text_search('dust', 1)) select citation from c`,
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < 1) select citation from n, text_search('dust', i)`,
      `select (select citation from text_search('dust', 1))`,
      `select (select citation from text_search(t.x, 1)) from (values ('dust')) t(x)`,
      `select citation from (values ('dust')) t(x), lateral (select * from text_search(x, 1))`,
      `select c from text_search('dust', 1) h(a, b, d, e, c)`,
      `select citation from text_search('dust', 1) union select citation from text_search('dust', 1)`,
      `select h.citation from text_search('dust', 1) h where exists (from text_search(h.text, 1) g where g.section_id = h.section_id)`,
      `select citation from text_search((select 'dust'), 1)`,
      `with t as (select 'dust' as w) select citation from t, text_search(t.w, 1)`,
      `select max(citation) from text_search('dust', 1) group by all having count(*) = 1`,
    ])
      assert.deepEqual(await rows(sql), [[citation]], sql);
  });

  it('meets conditions on its hits before it ranks', async () => {
    const { hits } = await node.node.search({ query: 'quarry', mode: 'text', k: 1, jurisdiction: 'UK' });
    const uk = [[hits[0]?.section_id]];
    for (const sql of [
      `select section_id from text_search('quarry', 1, jurisdiction := 'UK')`,
      `select section_id from text_search('quarry', 1) where jurisdiction = 'UK'`,
      `select r.section_id from text_search('quarry', 1) r where 'UK' = r.jurisdiction and r.in_force_from <= date '2024-01-01'`,
      `select r.section_id from text_search('quarry', 1) r where r.jurisdiction in ('UK', 'FR')`,
      `select r.section_id from esh.sites s join text_search('quarry', 1) r on true where s.site_id = 's1' and r.jurisdiction = s.jurisdiction`,
    ])
      assert.deepEqual(await rows(sql), uk, sql);
    for (const sql of [
      `select 1 from text_search('quarry', 5) where in_force_from > date '2024-01-01'`,
      `select 1 from text_search('quarry', 5) r where r.jurisdiction = null`,
      `select 1 from text_search('quarry', 5, at := date '2020-01-01')`,
      `select 1 from text_search('quarry', 5, document := $$x' or '1'='1$$)`,
    ])
      assert.deepEqual(await rows(sql), [], sql);
  });

  it("runs the reference's join of sites and passages", async () => {
    const found = await rows(`
      SELECT s.name, r.regulation_text, r.relevance_score
      FROM duckdb.sites s
      JOIN lance.regulation_embeddings r
          ON r.vector_search(query_embedding(s.industry_sector), top_k := 2)
      WHERE s.region = 'south' AND s.employees IS NULL
      ORDER BY r.relevance_score DESC`);
    assert.equal(found.length, 4);
    const { hits } = await node.node.search({ query: 'locking valves', mode: 'vector', k: 2 });
    assert.deepEqual(
      found.filter(([name]) => name === 'site s2'),
      hits.map((hit) => ['site s2', hit.text, hit.score]),
    );
  });

  it('says what is wrong', async () => {
    for (const [sql, expected] of [
      [`from text_search()`, 'sql.arguments'],
      [`from text_search('a', top := 3)`, 'sql.arguments'],
      [`from text_search('a', 1, k := 3)`, 'sql.arguments'],
      [`from text_search([1.0, 2.0])`, 'sql.arguments'],
      [`from vector_search([1.0, 2.0])`, 'search.vector'],
      [`from vector_search(42::bigint + 1)`, 'sql.arguments'],
      [`from text_search('a', 0)`, 'search.k'],
      [`from text_search('a', 1001)`, 'search.k'],
      [`from text_search(random()::varchar)`, 'sql.search_volatile'],
      [`from esh.sites s tablesample 1 rows, text_search(s.name)`, 'sql.search_volatile'],
      [`from lance.regulation_embeddings`, 'sql.search_join'],
      [`from esh.sites s join lance.regulation_embeddings r on true`, 'sql.search_join'],
      [`from esh.sites s, text_search(s.nope)`, 'sql.name'],
      [`from esh.hidden s, text_search(s.nope)`, 'sql.name'],
      [`from other.text_search('a')`, 'sql.forbidden'],
      [`select text_search('a')`, 'sql.forbidden'],
      [`select r.text_search('a') from esh.sites r`, 'sql.forbidden'],
      [`select query_embedding(name) over () from esh.sites`, 'sql.forbidden'],
      [`select query_embedding(distinct name) from esh.sites`, 'sql.forbidden'],
      [`from text_search('a') with ordinality`, 'sql.arguments'],
      [`select text_search from text_search('a', $1)`, 'sql.parameters'],
    ] as const)
      assert.equal(await code(sql), expected, sql);
  });
});
