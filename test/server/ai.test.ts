/** The doors for programs that speak OpenAI's API or the Model Context Protocol. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { HOST, JSON_BODY, TCP, bench, type Bench } from './harness.ts';

let b: Bench;
const benches: Bench[] = [];
beforeEach(async () => {
  b = await bench();
  benches.push(b);
});
after(async () => {
  for (const made of benches) await made.cleanUp();
});

const post = async (target: string, body: object): Promise<Response> =>
  await b.app.request(target, { method: 'POST', headers: JSON_BODY, body: JSON.stringify(body) }, TCP);
const json = async (response: Response): Promise<Record<string, unknown>> =>
  (await response.json()) as Record<string, unknown>;

const CHAT = { model: 'g', messages: [{ role: 'user', content: [{ type: 'text', text: 'hello' }] }] };

test('models are listed, the generator when there is one', async () => {
  const ids = async (): Promise<unknown[]> => {
    const { data } = await json(await b.app.request('/v1/models', { headers: HOST }, TCP));
    return (data as { id: string }[]).map(({ id }) => id);
  };
  assert.deepEqual(await ids(), ['e']);
  b.node.words = ['Hello'];
  assert.deepEqual(await ids(), ['e', 'g']);
});

test('texts are embedded, as numbers or packed', async () => {
  const plain = await json(await post('/v1/embeddings', { model: 'e', input: ['a', 'b'] }));
  assert.deepEqual(
    (plain['data'] as { embedding: unknown }[]).map(({ embedding }) => embedding),
    [
      [1, 0],
      [1, 0],
    ],
  );
  const packed = await json(
    await post('/v1/embeddings', { model: 'e', input: 'a', encoding_format: 'base64' }),
  );
  const bytes = Buffer.from((packed['data'] as { embedding: string }[])[0]?.embedding ?? '', 'base64');
  assert.deepEqual([bytes.readFloatLE(0), bytes.readFloatLE(4)], [1, 0]);
});

test('a chat is answered whole, labelled, with the id of its record', async () => {
  b.node.words = ['Hello', ' you'];
  const answer = await json(
    await post('/v1/chat/completions', { ...CHAT, max_completion_tokens: 9, stop: 'x' }),
  );
  const [choice] = answer['choices'] as { message: { content: string }; finish_reason: string }[];
  assert.deepEqual([choice?.message.content, choice?.finish_reason], ['Hello you', 'stop']);
  assert.deepEqual(answer['usage'], { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 });
  assert.deepEqual(answer['fractal'], { inference_id: 'i-1', label: 'AI-generated' });
  assert.deepEqual(b.node.seen.at(-1)?.request, {
    messages: [{ role: 'user', content: 'hello' }],
    model: 'g',
    max_tokens: 9,
    stop: ['x'],
  });
});

test('a chat is streamed as events that end with [DONE]', async () => {
  b.node.words = ['Hello', ' you'];
  const response = await post('/v1/chat/completions', {
    ...CHAT,
    stream: true,
    stream_options: { include_usage: true },
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const lines = (await response.text()).split('\n\n').filter((line) => line !== '');
  assert.equal(lines.pop(), 'data: [DONE]');
  const events = lines.map(
    (line) => JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[]; usage?: object },
  );
  assert.equal(events.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), 'Hello you');
  assert.deepEqual(events.at(-1)?.usage, { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 });
});

test('errors have the form of OpenAI', async () => {
  const faulty: readonly (readonly [path: string, body: object, status: number, code: string])[] = [
    ['/v1/chat/completions', CHAT, 503, 'model.none'],
    ['/v1/chat/completions', { ...CHAT, stream: true }, 503, 'model.none'],
    ['/v1/chat/completions', { ...CHAT, n: 2 }, 400, 'generate.unsupported'],
    ['/v1/chat/completions', { ...CHAT, tools: [{}] }, 400, 'generate.unsupported'],
    ['/v1/chat/completions', { model: 'g' }, 400, 'http.request'],
    ['/v1/embeddings', { model: 'other', input: 'a' }, 404, 'model.unknown'],
  ];
  for (const [path, body, status, code] of faulty) {
    const response = await post(path, body);
    const { error } = (await json(response)) as { error: Record<string, unknown> };
    assert.deepEqual([response.status, error['code']], [status, code]);
    assert.equal(error['type'], status < 500 ? 'invalid_request_error' : 'server_error');
  }
});

const rpc = async (method: string, params: object = {}): Promise<Record<string, unknown>> =>
  await json(await post('/mcp', { jsonrpc: '2.0', id: 1, method, params }));

test('MCP: a client introduces itself, lists tools and calls them', async () => {
  const { result } = (await rpc('initialize', { protocolVersion: '2025-03-26' })) as {
    result: Record<string, unknown>;
  };
  assert.equal(result['protocolVersion'], '2025-03-26');
  const notice = await post('/mcp', { jsonrpc: '2.0', method: 'notifications/initialized' });
  assert.equal(notice.status, 202);
  const listed = (await rpc('tools/list')) as { result: { tools: { name: string; inputSchema: object }[] } };
  assert.deepEqual(
    listed.result.tools.map(({ name }) => name),
    ['search', 'ask', 'sql', 'check', 'law_show'],
  );
  const found = (await rpc('tools/call', { name: 'search', arguments: { query: 'valve' } })) as {
    result: { structuredContent: { query: string }; content: { text: string }[] };
  };
  assert.equal(found.result.structuredContent.query, 'valve');
  assert.deepEqual(JSON.parse(found.result.content[0]?.text ?? ''), found.result.structuredContent);
});

test('MCP: an answer comes whole, with its quotes and its record', async () => {
  b.node.imported.set('/a', 'The noise limits at work are strict.');
  const { result } = (await rpc('tools/call', { name: 'ask', arguments: { question: 'noise', k: 3 } })) as {
    result: { structuredContent: { claims: { citations: { quote: string }[] }[]; inference_id: string } };
  };
  const { claims, inference_id } = result.structuredContent;
  assert.equal(claims[0]?.citations[0]?.quote, 'The noise limits at work are strict.');
  assert.equal(inference_id, 'i-1');
  assert.deepEqual(b.node.seen.at(-2)?.request, { question: 'noise', k: 3 });
});

test('MCP: SQL asks the node to refuse what writes', async () => {
  await rpc('tools/call', { name: 'sql', arguments: { sql: 'delete from esh.sites' } });
  const asked = b.node.seen.findLast(({ call }) => call === 'sql');
  assert.deepEqual(asked?.request, { sql: 'delete from esh.sites', read_only: true });
});

test('MCP: what is wrong is said, as an error of the tool or of the protocol', async () => {
  const missing = (await rpc('tools/call', { name: 'search', arguments: {} })) as {
    result: { isError: boolean };
  };
  assert.equal(missing.result.isError, true);
  const codeOf = async (method: string, params?: object): Promise<unknown> =>
    ((await rpc(method, params)) as { error: { code: number } }).error.code;
  assert.equal(await codeOf('tools/call', { name: 'constructor' }), -32602);
  assert.equal(await codeOf('resources/list'), -32601);
  const broken = await b.app.request('/mcp', { method: 'POST', headers: JSON_BODY, body: '{' }, TCP);
  assert.equal(((await json(broken)) as { error: { code: number } }).error.code, -32700);
  const open = await b.app.request('/mcp', { headers: HOST }, TCP);
  assert.equal(open.status, 405);
});
