/** OpenAI's own client and the official client of the Model Context Protocol against a node. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { silentLog } from '../../src/base/index.ts';
import { initNode } from '../../src/node/index.ts';
import { npmPeers } from './ai-setup.ts';

const peers = npmPeers();
const MAIN = path.resolve('src/cli/main.ts');
const TOOLS = ['ask', 'check', 'law_show', 'search', 'sql'];

interface OpenAi {
  readonly models: { list(): Promise<{ data: { id: string; kind?: string }[] }> };
  readonly embeddings: {
    create(request: object): Promise<{ data: { embedding: number[] }[] }>;
  };
  readonly chat: { readonly completions: { create(request: object): Promise<unknown> } };
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

  it('OpenAI: models and vectors, as numbers and packed, and errors as its own', async () => {
    const { default: OpenAI } = await load<{ default: new (options: object) => OpenAi }>(
      'openai',
      'index.mjs',
    );
    const client = new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: 'none',
      maxRetries: 0,
      defaultHeaders: { authorization: null },
    });
    const { data } = await client.models.list();
    assert.deepEqual(
      data.map(({ id }) => id),
      ['fractal-embed'],
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
      status: 400,
      code: 'model.unknown',
    });
    const chat = { model: 'none', messages: [{ role: 'user', content: 'Hello.' }] };
    await assert.rejects(client.chat.completions.create(chat), { status: 404, code: 'model.unknown' });
    await assert.rejects(client.chat.completions.create({ ...chat, stream: true }), {
      status: 404,
      code: 'model.unknown',
    });
    // Credentials that nobody gave out are not answered with all rights.
    const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'made-up', maxRetries: 0 });
    await assert.rejects(stranger.embeddings.create(ask));
  });

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
