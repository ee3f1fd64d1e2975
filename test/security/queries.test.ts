/** Statements as their owners and administrators see them: listed, stopped, slow. Rules R2 and R3, and P6 on open things. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { silentLog } from '../../src/base/index.ts';
import { openNode } from '../../src/node/index.ts';
import { createApp } from '../../src/server/index.ts';
import { JSON_BODY, TCP, until } from '../server/harness.ts';
import { people, rowsOf } from './people.ts';

/** Runs until it is stopped. */
const ENDLESS = 'select count(*) from range(100000000) a, range(100000000) b where a.range + b.range = 7';

describe('statements that run', () => {
  it("[R2] are listed and stopped: one's own by everybody, all by who may administer", async () => {
    await using p = await people();
    const running = assert.rejects(rowsOf(p.as('ann'), `${ENDLESS} and 'secret' <> ''`), {
      code: 'sql.cancelled',
      kind: 'denied',
    });
    await until(async () => (await p.as('ann').queries()).length === 1, 'the statement runs');
    const [own] = await p.as('ann').queries();
    assert.ok(own !== undefined);
    assert.deepEqual([own.principal, own.state, own.purpose], ['ann', 'running', null]);
    assert.match(own.sql, /SELECT count_star\(\) FROM .*range/);
    assert.ok(!own.sql.includes('secret') && !own.sql.includes('100000000'));
    assert.deepEqual(await p.as('bob').queries(), []);
    assert.deepEqual(
      (await p.as('root').queries()).map((query) => query.id),
      [own.id],
    );
    // For bob the statement of ann is not there: neither more nor less than one that never was.
    const told = async (id: number): Promise<string> => {
      const error = await p
        .as('bob')
        .cancelQuery(id)
        .then(
          () => undefined,
          (reason: unknown) => reason,
        );
      return JSON.stringify((error as { toProblem(): object }).toProblem());
    };
    assert.equal(await told(own.id), await told(12345));
    await p.as('root').cancelQuery(own.id);
    await running;
    assert.deepEqual(await p.as('root').queries(), []);
    await assert.rejects(p.as('root').cancelQuery(own.id), { code: 'query.unknown', kind: 'not_found' });

    const stopped = assert.rejects(rowsOf(p.as('bob'), ENDLESS), {
      code: 'sql.cancelled',
      kind: 'unavailable',
    });
    await until(async () => (await p.as('bob').queries()).length === 1, 'the statement runs');
    await p.as('bob').cancelQuery((await p.as('bob').queries())[0]?.id ?? 0);
    await stopped;
    await assert.rejects(p.node.queries(), { code: 'auth.required' });
    await assert.rejects(p.node.cancelQuery(own.id), { code: 'auth.required' });
  });

  it('[R2] the same over HTTP', async () => {
    await using p = await people();
    const app = createApp(p.node, {
      dataDir: p.test.dataDir,
      version: '0',
      limits: p.node.parts.limits,
      log: silentLog,
      principal: 'local-operator',
      admit: (caller) => p.node.as(caller),
    });
    const ask = async (
      user: string,
      method: string,
      at: string,
    ): Promise<{ status: number; body: string }> => {
      const headers = { ...JSON_BODY, authorization: `Bearer ${p.token(user)}` };
      const body = method === 'POST' ? '{}' : undefined;
      const response = await app.request(
        at,
        { method, headers, ...(body === undefined ? {} : { body }) },
        TCP,
      );
      return { status: response.status, body: await response.text() };
    };
    const running = assert.rejects(rowsOf(p.as('ann'), ENDLESS), { code: 'sql.cancelled' });
    await until(async () => (await p.as('ann').queries()).length === 1, 'the statement runs');
    const { queries } = JSON.parse((await ask('ann', 'GET', '/v1/queries')).body) as {
      queries: { id: number }[];
    };
    const id = queries[0]?.id ?? 0;
    assert.equal((await ask('bob', 'POST', `/v1/queries/${id}/cancel`)).status, 404);
    assert.equal((await ask('bob', 'GET', '/v1/queries/slow')).status, 403);
    assert.equal((await ask('ann', 'POST', `/v1/queries/${id}/cancel`)).status, 200);
    await running;
    assert.equal((await ask('root', 'GET', '/v1/queries/slow')).status, 200);
    // Figures of everybody's statements are for administrators.
    assert.match((await ask('root', 'GET', '/metrics')).body, /fractal_queries_ended\{which="failed"\} 1/);
    assert.doesNotMatch((await ask('ann', 'GET', '/metrics')).body, /fractal_queries|fractal_result_cache/);
  });
});

describe('slow statements', () => {
  it('[R3] are noted with who, how long, how many rows and what ended them, and without a literal', async () => {
    await using p = await people({ limits: { sql_slow_ms: 0.001 } });
    await rowsOf(
      p.as('ann'),
      `select 'S3CRET' as "it's S3CRET", name from esh.sites where name <> $$S3CRET$$ -- S3CRET`,
    );
    await assert.rejects(rowsOf(p.as('bob'), `select nam from esh.sites where name = 'S3CRET'`));
    const slow = await p.as('root').slowQueries();
    assert.deepEqual(
      slow.map(({ principal, rows, cached, error_code: code }) => [principal, rows, cached, code]),
      [
        ['bob', 0, false, 'sql.name'],
        ['ann', 1, false, null],
      ],
    );
    assert.equal(slow[1]?.sql, 'SELECT ? AS "…", "name" FROM esh.sites WHERE ("name" != ?)');
    assert.ok(slow.every((one) => one.duration_ms >= 0 && one.started_at.endsWith('Z')));
    await assert.rejects(p.as('ann').slowQueries(), { code: 'policy.denied' });
    for (const name of ['slow-queries.jsonl', 'slow-queries.old.jsonl'])
      assert.ok(
        !(await readFile(path.join(p.test.dataDir, name), 'utf8').catch(() => '')).includes('S3CRET'),
      );
  });

  it('[R3] outlive the process, in files of bounded size; half a line is passed over', async () => {
    await using p = await people({ limits: { sql_slow_ms: 0.001, slow_log_bytes: 800 } });
    for (let n = 0; n < 12; n++) await rowsOf(p.as('ann'), `select ${'1, '.repeat(n)} 1`);
    const file = path.join(p.test.dataDir, 'slow-queries.jsonl');
    const before = await p.as('root').slowQueries();
    assert.ok(before.length < 12 && before.length >= 2, String(before.length));
    for (const one of [file, file.replace('.jsonl', '.old.jsonl')])
      assert.ok((await readFile(one)).length <= 800);
    await p.node.close();
    await writeFile(file, '{"principal":"cut', { flag: 'a' });
    p.test.node = await openNode({ dataDir: p.test.dataDir, log: silentLog, token: p.token('root') });
    await rowsOf(p.test.node, 'select 1');
    const after = await p.test.node.slowQueries();
    assert.deepEqual(after[0]?.principal, 'root');
    assert.ok(after.length >= 2);
  });

  it('statements below the threshold are not noted', async () => {
    await using p = await people({ limits: { sql_slow_ms: 3_600_000 } });
    await rowsOf(p.as('ann'), 'select 1');
    assert.deepEqual(await p.as('root').slowQueries(), []);
    assert.equal((await p.as('root').status()).queries?.ended, 1);
    assert.equal((await p.as('ann').status()).queries, undefined);
  });
});

describe('the result cache of a node', () => {
  it('[C1] [P6] a site that is taken from somebody is gone from the next answer, kept or not', async () => {
    await using p = await people();
    const sql = 'select site_id from esh.sites order by all';
    const hits = async (): Promise<number> => (await p.as('root').status()).queries?.cache.hits ?? -1;
    assert.deepEqual(await rowsOf(p.as('ann'), sql), [['a']]);
    assert.deepEqual(await rowsOf(p.as('ann'), sql), [['a']]);
    assert.equal(await hits(), 1);
    const assign = (sites: string[]): Promise<unknown> =>
      p.as('root').users({ action: 'set', id: 'ann', attributes: { assigned_sites: sites } });
    await assign([]);
    assert.deepEqual(await rowsOf(p.as('ann'), sql), []);
    await assign(['b']);
    assert.deepEqual(await rowsOf(p.as('ann'), sql), [['b']]);
    assert.deepEqual(await rowsOf(p.as('bob'), sql), [['b']]);
    assert.equal(await hits(), 2);
    await p.as('root').users({ action: 'remove', id: 'bob' });
    await assert.rejects(rowsOf(p.as('bob'), sql), { code: 'auth.failed' });
  });

  it('is off where the configuration says so', async () => {
    await using p = await people({ result_cache: false });
    for (let n = 0; n < 2; n++) await rowsOf(p.as('ann'), 'from esh.sites');
    assert.deepEqual((await p.as('root').status()).queries?.cache, {
      enabled: false,
      answers: 0,
      bytes: 0,
      hits: 0,
      misses: 0,
    });
  });
});

describe('memory', () => {
  it('[R4] a statement that needs more than the node may use is refused, and the node goes on', async () => {
    await using p = await people({
      limits: { duckdb_memory_bytes: 96 * 1024 * 1024, duckdb_spill_bytes: 16 * 1024 * 1024 },
    });
    await assert.rejects(
      rowsOf(p.as('ann'), "select length(string_agg(repeat(range::varchar, 50), ',')) from range(2000000)"),
      { kind: 'unavailable', code: 'sql.memory' },
    );
    assert.deepEqual(await rowsOf(p.as('ann'), 'select 1'), [[1]]);
  });
});
