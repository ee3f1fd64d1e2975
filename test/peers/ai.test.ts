/** OpenAI's own client and the official client of the Model Context Protocol against a node. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { silentLog } from '../../src/base/index.ts';
import { initNode } from '../../src/node/index.ts';
import { npmPeers, realGenerator } from './ai-setup.ts';

const peers = npmPeers();
const model = realGenerator();
const MAIN = path.resolve('src/cli/main.ts');
const TOOLS = ['ask', 'check', 'law_show', 'search', 'sql'];

interface OpenAi {
  readonly models: { list(): Promise<{ data: { id: string; kind?: string }[] }> };
  readonly embeddings: {
    create(request: object): Promise<{ data: { embedding: number[] }[] }>;
  };
  readonly chat: { readonly completions: { create(request: object): Promise<unknown> } };
}
interface Completion {
  readonly choices: { message: { content: string }; finish_reason: string }[];
  readonly usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
  readonly fractal: { inference_id: string; label: string };
}
interface Chunks extends AsyncIterable<{
  readonly choices: { delta: { content?: string }; finish_reason: string | null }[];
  readonly usage?: Completion['usage'];
}> {
  readonly controller: AbortController;
}
interface Mcp {
  connect(transport: unknown): Promise<void>;
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(request: object): Promise<{ isError?: boolean; content: { text: string }[] }>;
  close(): Promise<void>;
}

describe('programs for language models', { skip: 'missing' in peers ? peers.missing : false }, () => {
  if ('missing' in peers) return;
  let folder: string;
  let server: ChildProcess;
  let url = '';
  const load = async <T>(name: 'openai' | '@modelcontextprotocol/sdk', file: string): Promise<T> =>
    (await import(pathToFileURL(path.join(peers.folderOf(name), file)).href)) as T;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    await initNode({ dataDir: folder, log: silentLog, name: 'test' });
    if ('generator' in model) {
      const file = path.join(folder, 'fractal.json');
      const config = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...config, ...model }));
    }
    const flags = ['start', '--port', '0', '--flight-port', '0', '--data', folder];
    server = spawn(process.execPath, [MAIN, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
    let told = '';
    for await (const chunk of server.stdout ?? []) {
      told += String(chunk);
      url = /http:\/\/[\d.]+:\d+/.exec(told)?.[0] ?? '';
      if (url !== '') break;
    }
  });
  after(async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await gone;
    await rm(folder, { recursive: true, force: true });
  });

  const openai = async (more: object): Promise<OpenAi> => {
    const { default: OpenAI } = await load<{ default: new (options: object) => OpenAi }>(
      'openai',
      'index.mjs',
    );
    return new OpenAI({ baseURL: `${url}/v1`, maxRetries: 0, ...more });
  };
  const LOCAL = { apiKey: 'none', defaultHeaders: { authorization: null } };

  it('OpenAI: models and vectors, as numbers and packed, and errors as its own', async () => {
    const client = await openai(LOCAL);
    const { data } = await client.models.list();
    assert.deepEqual(
      data.map(({ id }) => id),
      ['fractal-embed', ...('missing' in model ? [] : ['smollm2-135m-instruct'])],
    );
    const ask = { model: 'fractal-embed', input: ['lockout', 'hot work'] };
    const [packed, plain] = [
      await client.embeddings.create(ask),
      await client.embeddings.create({ ...ask, encoding_format: 'float' }),
    ];
    assert.equal(packed.data.length, 2);
    packed.data.forEach(({ embedding }, i) =>
      embedding.forEach((value, j) => assert.ok(Math.abs(value - (plain.data[i]?.embedding[j] ?? 9)) < 1e-6)),
    );
    await assert.rejects(client.embeddings.create({ model: 'other', input: 'a' }), {
      status: 404,
      code: 'model.unknown',
    });
    const chat = { model: 'none', messages: [{ role: 'user', content: 'Hello.' }] };
    await assert.rejects(client.chat.completions.create(chat), { status: 404, code: 'model.unknown' });
    await assert.rejects(client.chat.completions.create({ ...chat, stream: true }), {
      status: 404,
      code: 'model.unknown',
    });
    // Credentials that nobody gave out are not answered with all rights.
    const stranger = await openai({ apiKey: 'made-up' });
    await assert.rejects(stranger.embeddings.create(ask));
  });

  it(
    'OpenAI: a chat with a real model, whole and streamed; a reader who leaves ends it',
    { skip: 'missing' in model ? model.missing : false },
    async () => {
      const { chat } = await openai(LOCAL);
      const request = {
        model: 'smollm2-135m-instruct',
        messages: [{ role: 'user', content: 'Name three colours.' }],
        max_tokens: 12,
      };
      const whole = (await chat.completions.create(request)) as Completion;
      const { content } = whole.choices[0]?.message ?? { content: '' };
      assert.notEqual(content, '');
      assert.match(whole.choices[0]?.finish_reason ?? '', /^(stop|length)$/);
      assert.equal(whole.usage.total_tokens, whole.usage.prompt_tokens + whole.usage.completion_tokens);
      assert.equal(whole.fractal.label, 'AI-generated');

      const streaming = { ...request, stream: true, stream_options: { include_usage: true } };
      const chunks = (await chat.completions.create(streaming)) as Chunks;
      let text = '';
      let finish: string | null = null;
      let usage: Completion['usage'] | undefined;
      for await (const chunk of chunks) {
        text += chunk.choices[0]?.delta.content ?? '';
        finish = chunk.choices[0]?.finish_reason ?? finish;
        usage = chunk.usage ?? usage;
      }
      assert.deepEqual([text, finish], [content, whole.choices[0]?.finish_reason]);
      assert.equal(usage?.completion_tokens, whole.usage.completion_tokens);

      const long = {
        ...request,
        max_tokens: 1800,
        messages: [{ role: 'user', content: 'Write a long story.' }],
      };
      const story = (await chat.completions.create({ ...long, stream: true })) as Chunks;
      for await (const chunk of story)
        if ((chunk.choices[0]?.delta.content ?? '') !== '') story.controller.abort();
      // One text is written at a time, so the next one waits until that one has ended and is recorded.
      await chat.completions.create({ ...request, max_tokens: 1 });
      const response = await fetch(`${url}/v1/sql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sql: 'select max(length(output)) from ai.inferences' }),
      });
      // The whole would have some 6,000 characters.
      assert.ok(Number(/\d+/.exec(await response.text())?.[0] ?? 'none') < 1500);
    },
  );

  const drive = async (transport: unknown): Promise<void> => {
    const { Client } = await load<{ Client: new (info: object) => Mcp }>(
      '@modelcontextprotocol/sdk',
      'dist/esm/client/index.js',
    );
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(transport);
    const { tools } = await client.listTools();
    assert.deepEqual(tools.map(({ name }) => name).sort(), TOOLS);
    const sql = await client.callTool({ name: 'sql', arguments: { sql: 'select 42 as answer' } });
    assert.match(sql.content[0]?.text ?? '', /42/);
    assert.equal((await client.callTool({ name: 'sql', arguments: { sql: 'drop table x' } })).isError, true);
    await client.close();
  };

  it('Model Context Protocol over HTTP', async () => {
    const { StreamableHTTPClientTransport: Http } = await load<
      Record<'StreamableHTTPClientTransport', new (url: URL) => unknown>
    >('@modelcontextprotocol/sdk', 'dist/esm/client/streamableHttp.js');
    await drive(new Http(new URL(`${url}/mcp`)));
  });

  it('Model Context Protocol over standard input and output', async () => {
    const { StdioClientTransport: Stdio } = await load<
      Record<'StdioClientTransport', new (options: object) => unknown>
    >('@modelcontextprotocol/sdk', 'dist/esm/client/stdio.js');
    await drive(new Stdio({ command: process.execPath, args: [MAIN, 'mcp', '--data', folder] }));
  });
});
