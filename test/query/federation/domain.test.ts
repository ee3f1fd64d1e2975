/** The domain in SQL: equal to `fractal check`, three-valued where a thing is not known, and no oracle of what is hidden. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import path from 'node:path';
import { readRows, type JsonValue } from '../../../src/server/index.ts';
import { importAll, testNode, type TestNode } from '../../node/kit.ts';
import { codeOf } from '../../store/kit.ts';

const SAMPLE = path.resolve(import.meta.dirname, '../../../sample');

let t: TestNode;

async function rows(sql: string): Promise<JsonValue[][]> {
  const reader = await readRows(await t.node.sql({ sql }));
  const found: JsonValue[][] = [];
  for await (const row of reader.rows) found.push([...row]);
  return found;
}

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

describe('the domain in SQL', () => {
  before(async () => {
    t = await testNode();
    for (const result of await importAll(t.node, {
      paths: [
        path.join(SAMPLE, 'law/clml-uksi-2021-9901-2024-10-01.xml'),
        path.join(SAMPLE, 'law/ecfr-title-99-part-310-2025-09-01.xml'),
        path.join(SAMPLE, 'records'),
      ],
    }))
      assert.notEqual(result.status, 'rejected', JSON.stringify(result));
  });
  after(() => t[Symbol.asyncDispose]());

  it('says of each site what `fractal check` says, on any day', async () => {
    const checks = await t.node.checkAll({});
    assert.equal(checks.length, 12);
    assert.deepEqual(
      await rows(
        'select site_id, region, site_name, compliance_status, compliance_score, gaps from esh.site_compliance order by 1',
      ),
      checks
        .map((check) => [check.site_id, check.region, check.name, check.status, check.score, check.gaps])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
    assert.deepEqual(
      await rows('from duckdb.site_compliance order by 1'),
      await rows('from esh.site_compliance order by 1'),
    );
    for (const at of ['2024-06-01', '2025-11-28', '2026-03-01', '1990-01-01'])
      assert.deepEqual(
        await rows(`select site_id, compliance_status(site_id, date '${at}') from esh.sites order by 1`),
        (await t.node.checkAll({ at }))
          .map((check) => [check.site_id, check.status])
          .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
        at,
      );
    assert.deepEqual(
      await rows(
        `select compliance_status('UKN-01', on_day := '2026-03-01'), compliance_status('nowhere'), compliance_status(null)`,
      ),
      [[(await t.node.check({ site: 'UKN-01', at: '2026-03-01' })).status, null, null]],
    );
  });

  it('scores risk from 0 to 100, and nothing where nothing is known', async () => {
    const scores = await rows('select site_id, risk_score(site_id) from esh.sites order by 1');
    assert.ok(
      scores.every(([, score]) => typeof score === 'number' && score >= 0 && score <= 100),
      JSON.stringify(scores),
    );
    assert.ok(new Set(scores.map(([, score]) => score)).size > 4);
    assert.deepEqual(await rows(`select risk_score('nowhere'), risk_score(null)`), [[null, null]]);
    const [[worst, parts] = []] = await rows(`
      select max(residual), max(x) from (
        select 40 * max(coalesce(residual_likelihood, likelihood) * coalesce(residual_severity, severity)) / 25.0 as residual, risk_score('UKN-01') as x
          from esh.risk_assessments where site_id = 'UKN-01')`);
    assert.ok(Number(parts) >= Math.floor(Number(worst)));
  });

  it('says whether a provision applies only where the records say so', async () => {
    const [[section, site] = []] = await rows(
      `select law_section_id, site_id from esh.permits where law_section_id in (select section_id from law.sections) order by all limit 1`,
    );
    assert.ok(section);
    assert.deepEqual(await rows(`select regulation_applies('${textOf(section)}', '${textOf(site)}')`), [
      [true],
    ]);
    assert.deepEqual(
      await rows(
        `select regulation_applies('nothing', '${textOf(site)}'), regulation_applies('${textOf(section)}', 'nowhere'), regulation_applies(null, null)`,
      ),
      [[null, null, null]],
    );
    const counted = await rows(`
      select p.jurisdiction = s.jurisdiction, regulation_applies(p.section_id, s.site_id), count(*)
        from (select distinct section_id, jurisdiction from law.sections) p, esh.sites s group by all order by all`);
    const kinds = counted.map(([same, applies]) => JSON.stringify([same, applies]));
    // Law of another place never applies unless a record says so; of the same place it is seldom known.
    assert.ok(
      kinds.includes('[false,false]') && kinds.includes('[true,true]') && kinds.includes('[true,null]'),
      kinds.join(),
    );
    assert.ok(!kinds.includes('[false,null]'), kinds.join());
  });

  it("answers the reference's example", async () => {
    const found = await rows(`
      SELECT
          s.site_name,
          s.compliance_score,
          r.regulation_text,
          r.relevance_score
      FROM duckdb.site_compliance s
      JOIN lance.regulation_embeddings r
          ON r.vector_search(
              query_embedding(s.industry_sector),
              top_k := 5
          )
      WHERE s.region = 'UK-North'
        AND s.last_audit_date < '2025-11-01'
      ORDER BY r.relevance_score DESC`);
    const sites = await rows(
      `select site_name, compliance_score, industry_sector from esh.site_compliance where region = 'UK-North' and last_audit_date < '2025-11-01'`,
    );
    assert.ok(sites.length > 0);
    assert.equal(found.length, sites.length * 5);
    const expected: JsonValue[][] = [];
    for (const [name, score, sector] of sites) {
      const { hits } = await t.node.search({ query: textOf(sector), mode: 'vector', k: 5 });
      expected.push(...hits.map((hit) => [name ?? null, score ?? null, hit.text, hit.score]));
    }
    const text = (list: JsonValue[][]): string[] => list.map((row) => JSON.stringify(row)).sort();
    assert.deepEqual(text(found), text(expected));
    const scores = found.map((row) => Number(row[3]));
    assert.deepEqual(
      scores,
      [...scores].sort((a, b) => b - a),
    );
  });

  it('is told of like other tables', async () => {
    assert.deepEqual(await rows(`select table_name from node.tables where table_name = 'site_compliance'`), [
      ['site_compliance'],
    ]);
    const described = await rows('select column_name, column_type from (describe esh.site_compliance)');
    const listed = await rows(
      `select column_name, data_type from node.columns where table_name = 'site_compliance'`,
    );
    assert.deepEqual(described, listed);
    for (const sql of [
      'select risk_score()',
      `select risk_score('a', 'b')`,
      `select main.risk_score('a') over ()`,
      `select list_transform(['a'], x -> risk_score(x))`,
    ])
      assert.match(await codeOf(rows(sql)), /^sql\./, sql);
  });
});
