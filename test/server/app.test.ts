import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { vectorFromArray } from 'apache-arrow';
import type { Problem } from '../../src/base/index.ts';
import { ROUTES } from '../../src/server/index.ts';
import { check, type JsonSchema } from '../../src/server/json-schema.ts';
import { safeName } from '../../src/server/import-handler.ts';
import { DOCTOR, PROBLEM, SEARCH_ANSWER, SQL_ROWS, STATUS } from '../../src/server/schemas.ts';
import { collect, collectRows } from '../contract/node-api-contract.ts';
import { HOST, JSON_BODY, SOCKET, TCP, bench, type Bench } from './harness.ts';
import { LONG_ROWS, tableBytes } from './memory-node.ts';

const logged: string[] = [];
let b: Bench;
const benches: Bench[] = [];
beforeEach(async () => {
  logged.length = 0;
  b = await bench({
    limits: { http_json_bytes: 1000, http_body_bytes: 2000 },
    log: (level, message, fields) => logged.push(JSON.stringify([level, message, fields])),
  });
  benches.push(b);
});
after(async () => {
  for (const made of benches) await made.cleanUp();
});

const get = (target: string, headers: Record<string, string> = HOST) =>
  b.app.request(target, { headers }, TCP);
const post = (target: string, body: unknown, headers: Record<string, string> = JSON_BODY) =>
  b.app.request(
    target,
    { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) },
    TCP,
  );

async function problem(
  response: Response | Promise<Response>,
  status: number,
  code: string,
): Promise<Problem> {
  const answer = await response;
  const body = await answer.text();
  assert.equal(answer.status, status, body);
  assert.equal(answer.headers.get('content-type'), 'application/problem+json');
  const parsed = JSON.parse(body) as Problem;
  check(PROBLEM, parsed);
  assert.equal(parsed.code, code);
  assert.equal(parsed.status, status);
  assert.notEqual(parsed.cure, '');
  return parsed;
}

async function good(response: Response | Promise<Response>, schema: JsonSchema): Promise<unknown> {
  const answer = await response;
  const body = await answer.text();
  assert.equal(answer.status, 200, body);
  const value = JSON.parse(body) as unknown;
  check(schema, value);
  return value;
}

describe('endpoints', () => {
  it('health, readiness, status and doctor have the shape they promise', async () => {
    assert.deepEqual(await (await get('/healthz')).json(), { status: 'ok' });
    assert.deepEqual(await (await get('/readyz')).json(), { status: 'ok' });
    const status = (await good(get('/v1/status'), STATUS)) as { running: boolean };
    assert.equal(status.running, true);
    await good(get('/v1/doctor'), DOCTOR);
  });

  it('readiness fails with the node, health does not', async () => {
    b.node.failAlways = new Error('disk');
    assert.equal((await get('/healthz')).status, 200);
    await problem(get('/readyz'), 500, 'internal.unexpected');
  });

  it('metrics are OpenMetrics', async () => {
    const response = await get('/metrics');
    assert.match(
      response.headers.get('content-type') ?? '',
      /^application\/openmetrics-text; version=1\.0\.0/,
    );
    const text = await response.text();
    assert.match(text, /^fractal_table_rows\{table="law\.sections",class="append-only"\} 0$/m);
    assert.match(text, /^fractal_commit_version 7$/m);
    assert.match(text, /^process_resident_memory_bytes 4096$/m);
    assert.match(text, /^fractal_uptime_seconds 12\.5$/m);
    assert.ok(text.endsWith('\n# EOF\n'));
  });

  it('the description holds every route and no other', async () => {
    const api = (await (await get('/v1/openapi.json')).json()) as {
      paths: Record<string, Record<string, object>>;
    };
    const described = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    assert.deepEqual(described.sort(), ROUTES.map((route) => `${route.method} ${route.path}`).sort());
  });

  it('search answers GET and POST alike', async () => {
    b.node.imported.set('/a', 'guard rails');
    const request = { query: 'guard', k: 2, mode: 'text', at: '2024-02-03' };
    const one = await good(get('/v1/search?query=guard&k=2&mode=text&at=2024-02-03'), SEARCH_ANSWER);
    const two = await good(post('/v1/search', request), SEARCH_ANSWER);
    assert.deepEqual(one, two);
    assert.deepEqual(
      b.node.seen.map((call) => call.request),
      [request, request],
    );
  });

  it('explain answers the plan', async () => {
    const answer = await (await post('/v1/explain', { sql: 'select 42 as answer' })).json();
    assert.deepEqual(answer, { plan: 'PROJECTION\n  42' });
  });

  it('sql answers JSON by default and Arrow on request', async () => {
    const json = await good(post('/v1/sql', { sql: 'select 42 as answer' }), SQL_ROWS);
    assert.deepEqual(json, { columns: [{ name: 'answer', type: 'DOUBLE' }], rows: [[42]] });
    const arrow = await post(
      '/v1/sql',
      { sql: 'long' },
      { ...JSON_BODY, accept: 'application/vnd.apache.arrow.stream' },
    );
    assert.equal(arrow.headers.get('content-type'), 'application/vnd.apache.arrow.stream');
    const rows = await collectRows(arrow.body as unknown as AsyncIterable<Uint8Array>);
    assert.equal(rows.length, LONG_ROWS);
  });

  it('sql keeps int64 beyond 2^53 exact', async () => {
    b.node.answers.set('big', tableBytes({ i: vectorFromArray([1n, 9007199254740993n, null]) }));
    const answer = (await (await post('/v1/sql', { sql: 'big' })).json()) as { rows: unknown };
    assert.deepEqual(answer.rows, [[1], ['9007199254740993'], [null]]);
  });

  it('sql JSON is pulled as the client reads, not gathered', async () => {
    const response = await post('/v1/sql', { sql: 'long' });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    const afterFirstPart = b.node.chunks;
    await reader.cancel();
    const total = (await collect(await b.node.sql({ sql: 'long' }))).length;
    assert.ok(afterFirstPart < total, `${afterFirstPart} of ${total} chunks were read for the first part`);
  });
});

describe('what is refused', () => {
  it('unknown paths and methods', async () => {
    await problem(get('/v1/nothing'), 404, 'http.not_found');
    const response = await get('/v1/sql');
    assert.equal(response.headers.get('allow'), 'POST');
    await problem(response, 405, 'http.method');
  });

  it('bodies that are not the JSON asked for', async () => {
    await problem(post('/v1/sql', '{"sql": secret'), 400, 'http.json');
    await problem(post('/v1/sql', {}), 400, 'http.request');
    await problem(post('/v1/sql', { sql: 1 }), 400, 'http.request');
    await problem(post('/v1/sql', { sql: 'x', sq: 1 }), 400, 'http.request');
    await problem(post('/v1/sql', { sql: 'x', params: [{}] }), 400, 'http.request');
    await problem(post('/v1/search', { query: 'x', mode: 'best' }), 400, 'http.request');
    await problem(get('/v1/search?query=a&k=many'), 400, 'http.request');
    await problem(get('/v1/search?query=a&query=b'), 400, 'http.request');
    await problem(get('/v1/search'), 400, 'http.request');
    assert.equal(b.node.seen.length, 0);
  });

  it('a JSON body sent as a form would send it', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])
      await problem(
        post('/v1/sql', { sql: 'x' }, { ...HOST, 'content-type': type }),
        415,
        'http.content_type',
      );
    assert.equal(b.node.seen.length, 0);
  });

  it('an Accept that cannot be met', async () => {
    await problem(post('/v1/sql', { sql: 'x' }, { ...JSON_BODY, accept: 'text/html' }), 406, 'http.accept');
  });

  it('bodies over the limit, whether or not they say so', async () => {
    await problem(post('/v1/sql', { sql: 'x'.repeat(1001) }), 413, 'http.body_too_large');
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.alloc(100, 0x20)),
    });
    const response = b.app.request(
      '/v1/sql',
      { method: 'POST', headers: JSON_BODY, body: endless, duplex: 'half' },
      TCP,
    );
    await problem(response, 413, 'http.body_too_large');
  });

  it('errors of the node keep their code; unexpected ones show no message, in the log neither', async () => {
    const shown = await problem(post('/v1/sql', { sql: 'selec' }), 422, 'sql.syntax');
    assert.deepEqual(shown.place, { line: 1, column: 1 });
    b.node.failAlways = new Error('row 17 says:\n    at patient Smith');
    const hidden = await problem(post('/v1/sql', { sql: 'select 42 as answer' }), 500, 'internal.unexpected');
    assert.doesNotMatch(JSON.stringify(hidden), /Smith/);
    assert.equal(logged.length, 1);
    assert.doesNotMatch(logged.join(), /Smith/);
    assert.match(logged.join(), /app\.test\.ts/);
  });

  it('another principal, while the node knows none', async () => {
    const headers = { ...HOST, 'fractal-principal': 'auditor' };
    await problem(get('/v1/status', headers), 400, 'principal.unknown');
    assert.equal(b.node.seen.length, 0);
    assert.equal((await get('/v1/status', { ...HOST, 'fractal-principal': 'local-operator' })).status, 200);
  });
});

describe('a web page in the same browser', () => {
  const refusedHosts = [
    'evil.example',
    'evil.example:7420',
    '127.0.0.1:7421',
    '127.0.0.1',
    'localhost.evil.example:7420',
    '127.0.0.1.evil.example:7420',
    '0.0.0.0:7420',
    '[::]:7420',
    '127.0.0.1:7420@evil.example',
    '',
  ];
  for (const host of refusedHosts)
    it(`cannot rebind its name: Host ${JSON.stringify(host)}`, async () => {
      await problem(get('/v1/status', { host }), 403, 'http.host');
      assert.equal(b.node.seen.length, 0);
    });

  for (const host of ['127.0.0.1:7420', 'localhost:7420', 'LocalHost:7420', '[::1]:7420'])
    it(`our own names are served: ${host}`, async () => {
      assert.equal((await get('/v1/status', { host })).status, 200);
    });

  it('is refused when the door is not known', async () => {
    await problem(b.app.request('/v1/status', { headers: HOST }), 403, 'http.host');
  });

  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost:3000',
    'https://127.0.0.1:7420',
    'http://localhost:7420',
    'http://127.0.0.1:7420.evil.example',
  ])
    it(`of another origin is refused: ${origin}`, async () => {
      await problem(get('/v1/status', { ...HOST, origin }), 403, 'http.cross_site');
      await problem(post('/v1/sql', { sql: 'x' }, { ...JSON_BODY, origin }), 403, 'http.cross_site');
      assert.equal(b.node.seen.length, 0);
    });

  for (const site of ['cross-site', 'same-site', 'anything'])
    it(`is refused by Sec-Fetch-Site: ${site}`, async () => {
      await problem(get('/v1/status', { ...HOST, 'sec-fetch-site': site }), 403, 'http.cross_site');
    });

  it('of ours is served', async () => {
    const ours = { ...HOST, origin: 'http://127.0.0.1:7420', 'sec-fetch-site': 'same-origin' };
    assert.equal((await get('/v1/status', ours)).status, 200);
    assert.equal((await get('/v1/status', { ...HOST, 'sec-fetch-site': 'none' })).status, 200);
  });

  it('gets no CORS header, and every answer the security headers', async () => {
    const preflight = await b.app.request(
      '/v1/sql',
      { method: 'OPTIONS', headers: { ...HOST, origin: 'https://evil.example' } },
      TCP,
    );
    assert.equal(preflight.status, 403);
    const answers = [
      preflight,
      await get('/healthz'),
      await get('/nothing'),
      await post('/v1/sql', { sql: 'long' }),
    ];
    for (const answer of answers) {
      assert.deepEqual(
        [...answer.headers.keys()].filter((name) => name.startsWith('access-control')),
        [],
      );
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
      assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    }
  });
});

describe('import', () => {
  const bytes = { ...HOST, 'content-type': 'application/octet-stream' };
  const events = async (response: Response | Promise<Response>) => {
    const answer = await response;
    const body = await answer.text();
    assert.equal(answer.status, 200, body);
    assert.equal(answer.headers.get('content-type'), 'application/x-ndjson');
    return body
      .trim()
      .split('\n')
      .map(
        (line) => JSON.parse(line) as { type: string; result?: Record<string, unknown>; problem?: Problem },
      );
  };

  it('takes paths on the local socket only', async () => {
    const file = await b.file('good.txt', 'text');
    await problem(post('/v1/import', { paths: [file] }), 403, 'import.paths_local_only');
    assert.equal(b.node.seen.length, 0);
    const lines = await events(
      b.app.request(
        '/v1/import',
        { method: 'POST', headers: JSON_BODY, body: JSON.stringify({ paths: [file] }) },
        SOCKET,
      ),
    );
    assert.deepEqual(
      lines.map((line) => line.type),
      ['result', 'progress'],
    );
  });

  it('takes bytes on the port, under the name given, and leaves nothing behind', async () => {
    const lines = await events(post('/v1/import?name=..%2F..%2Fetc%2Fact.xml&kind=akn', 'some law', bytes));
    assert.equal(lines[0]?.result?.['source'], 'act.xml');
    assert.equal(lines[0]?.result?.['status'], 'added');
    const request = b.node.seen[0]?.request as { paths: string[]; kind: string };
    assert.equal(request.kind, 'akn');
    assert.ok(request.paths[0]?.startsWith(path.join(b.folder, 'uploads') + path.sep));
    assert.equal(b.node.imported.get(request.paths[0] ?? ''), 'some law');
    assert.deepEqual(await readdir(path.join(b.folder, 'uploads')), []);
  });

  it('names the upload in the error too', async () => {
    const [line] = await events(post('/v1/import?name=act.xml', 'bad', bytes));
    const error = line?.result?.['error'] as Problem;
    assert.deepEqual(error.place, { source: 'act.xml', line: 3, column: 5 });
    assert.doesNotMatch(JSON.stringify(line), /uploads/);
  });

  it('refuses an upload without name or over the limit, and keeps no part of it', async () => {
    await problem(post('/v1/import', 'x', bytes), 400, 'http.request');
    await problem(post('/v1/import?name=a.xml', 'x'.repeat(2001), bytes), 413, 'http.body_too_large');
    assert.deepEqual(await readdir(path.join(b.folder, 'uploads')), []);
    assert.equal(b.node.seen.length, 0);
  });

  it('a defect half way is the last line, without its message', async () => {
    b.node.failImport = new Error('secret');
    const lines = await events(post('/v1/import?name=a.xml', 'x', bytes));
    assert.deepEqual(
      lines.map((line) => line.type),
      ['result', 'progress', 'error'],
    );
    assert.equal(lines.at(-1)?.problem?.code, 'internal.unexpected');
    assert.doesNotMatch(JSON.stringify(lines), /secret/);
  });

  it('reindex tells its progress', async () => {
    const lines = await events(post('/v1/reindex', {}));
    assert.deepEqual(lines, [
      { type: 'progress', done: 1, total: 2 },
      { type: 'progress', done: 2, total: 2 },
    ]);
    await problem(post('/v1/reindex', '', HOST), 415, 'http.content_type');
  });

  it('file names are made harmless', () => {
    assert.equal(safeName('../../etc/passwd'), 'passwd');
    assert.equal(safeName('C:\\x\\Act 1.PDF'), 'Act 1.PDF');
    assert.equal(safeName('..'), 'upload');
    assert.equal(safeName(''), 'upload');
    assert.equal(safeName('a\u0000b\u001b[2J.xml'), 'a_b__2J.xml');
    assert.equal(safeName('-rf'), '-rf');
    assert.equal(safeName('Verordnung über Lärm.xml'), 'Verordnung über Lärm.xml');
    const long = safeName('x'.repeat(500) + '.xml');
    assert.ok(long.length < 130 && long.endsWith('.xml'));
  });
});
