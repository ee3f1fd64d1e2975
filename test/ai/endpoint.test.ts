/** The driver of endpoints, beside a server that speaks as they do, and servers that do not. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { EndpointGenerator, checkEndpoint, generateWhole } from '../../src/ai/index.ts';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/index.ts';
import { failsWith, generatorContract } from '../contract/generator-contract.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: Body) => void;
interface Body {
  readonly max_tokens: number;
  readonly response_format?: object;
}

const undo: (() => void)[] = [];
after(() => {
  for (const one of undo) one();
});

async function endpoint(answer: Answer, limits: Partial<Limits> = {}): Promise<EndpointGenerator> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => answer(request, response, JSON.parse(text) as Body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return at((server.address() as AddressInfo).port, limits);
}

const at = (port: number, limits: Partial<Limits> = {}): EndpointGenerator =>
  new EndpointGenerator({
    endpoint: `http://127.0.0.1:${port}/v1`,
    model: 'words',
    context_tokens: 512,
    hosts: [],
    limits: { ...DEFAULT_LIMITS, ...limits },
  });

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`;
const piece = (content: string): string => event({ choices: [{ delta: { content }, finish_reason: null }] });
const ASKED = { messages: [{ role: 'user', content: 'x' }], max_tokens: 8 } as const;

/** Says as many words as it may, in chunks that cut lines in two. */
const wellBehaved: Answer = (_request, response, body) => {
  const words =
    body.response_format === undefined ? ['Red', ' green', ' blue', ' é'] : ['{"colour":', '"red"}'];
  const said = words.slice(0, body.max_tokens);
  const finish_reason = said.length < words.length ? 'length' : 'stop';
  const all = Buffer.from(
    `: hello\n\n${said.map(piece).join('')}${event({ choices: [{ delta: {}, finish_reason }] })}` +
      `${event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: said.length } })}data: [DONE]\n\n`,
  );
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let i = 0; i < all.length; i += 7) response.write(all.subarray(i, i + 7));
  response.end();
};

generatorContract('an endpoint', () => endpoint(wellBehaved));

test('letters that are cut between chunks come out whole', async () => {
  assert.equal((await generateWhole(await endpoint(wellBehaved), ASKED)).text, 'Red green blue é');
});

const bad: readonly (readonly [what: string, code: string, answer: Answer])[] = [
  ['refuses', 'endpoint.refused', (_r, response) => response.writeHead(404).end('no such model: secret')],
  ['answers with a page', 'endpoint.protocol', (_r, response) => response.end('<html>\nhello\n</html>\n')],
  ['answers with broken JSON', 'endpoint.protocol', (_r, response) => response.end('data: {"choices\n\n')],
  [
    'answers with an error in the stream',
    'endpoint.protocol',
    (_r, response) => response.end(event({ error: {} })),
  ],
  ['ends before it is done', 'endpoint.protocol', (_r, response) => response.end(piece('Red'))],
  [
    'cuts the connection',
    'endpoint.dead',
    (_r, response) => void response.write(piece('Red'), () => response.destroy()),
  ],
  [
    'sends elsewhere',
    'endpoint.dead',
    (_r, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  ],
];
for (const [what, code, answer] of bad)
  test(`an endpoint that ${what} is an error`, async () => {
    await assert.rejects(generateWhole(await endpoint(answer), ASKED), failsWith(code));
  });

test('an endpoint that says nothing is given up', async () => {
  const silent = await endpoint((_r, response) => void response.write(': wait\n\n'), {
    generate_wait_ms: 50,
  });
  await assert.rejects(generateWhole(silent, ASKED), failsWith('endpoint.timeout'));
});

test('an endpoint that never ends is stopped by time, and by size', async () => {
  const talk: Answer = (_r, response) => {
    const timer = setInterval(() => response.write(piece('word '.repeat(50))), 1);
    response.on('close', () => clearInterval(timer));
  };
  await assert.rejects(
    generateWhole(await endpoint(talk, { generate_time_ms: 200 }), ASKED),
    failsWith('endpoint.timeout'),
  );
  await assert.rejects(
    generateWhole(await endpoint(talk, { inference_output_bytes: 1000 }), ASKED),
    failsWith('endpoint.protocol'),
  );
});

test('an endpoint that does not know schemas is found out', async () => {
  const plain = await endpoint((request, response, body) =>
    wellBehaved(request, response, { max_tokens: body.max_tokens }),
  );
  await assert.rejects(generateWhole(plain, { ...ASKED, json_schema: {} }), failsWith('endpoint.protocol'));
});

test('a dead endpoint is an error', async () => {
  await assert.rejects(generateWhole(at(1), ASKED), failsWith('endpoint.dead'));
});

test('only this machine is asked, and what is allowed by name', () => {
  for (const address of [
    'http://10.0.0.1/v1',
    'http://127.0.0.1.example.org/v1',
    'ftp://localhost/',
    'x',
    'http://a@localhost/',
  ])
    assert.throws(() => checkEndpoint(address, ['gpu.plant']), failsWith('endpoint.address'));
  for (const address of ['http://localhost:1/v1', 'http://[::1]:1/v1', 'http://gpu.plant:1/v1'])
    assert.equal(checkEndpoint(address, ['gpu.plant']).href, address);
});
