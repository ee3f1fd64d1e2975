/** Models by name from a server that cuts, lies and leads elsewhere: whole and right, or not at all. */
import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, before, beforeEach, describe, it } from 'node:test';
import { sha256 } from '../../src/base/index.ts';
import { shippedModelFolder, type ModelDetail, type PullRequest } from '../../src/node/index.ts';
import { Publisher, file, rangedFile, status } from '../ingest/sources/publisher.ts';
import { testNode, type TestNode } from './kit.ts';

/** A tiny generator: nothing of it is ever run here. */
const WEIGHTS = Buffer.alloc(1_000_000, 'fractal ');

const manifestOf = (version: string, bytes: Uint8Array = WEIGHTS, more: object = {}): object => ({
  id: 'tiny',
  version,
  kind: 'generator',
  format: 'gguf',
  licence: 'Apache-2.0',
  context_tokens: 512,
  files: [{ path: 'tiny.gguf', bytes: bytes.length, sha256: sha256(bytes) }],
  ...more,
});

const catalogue = (...models: object[]): string => JSON.stringify({ format: 'fractal.models/1', models });

describe('pulling a model', () => {
  let t: TestNode;
  let server: Publisher;

  before(async () => {
    t = await testNode();
  });
  after(async () => {
    await t[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    await server?.[Symbol.asyncDispose]();
    server = await new Publisher().start();
    const limits = {
      fetch_host_pause_ms: 1,
      fetch_retry_pause_ms: 1,
      fetch_retry_pause_max_ms: 2,
      fetch_tries: 3,
    };
    await configure({ network: { enabled: true, hosts: ['localhost'], loopback: true }, limits });
    for (const { name, shipped } of await t.node.models())
      if (!shipped) await t.node.manageModel({ action: 'remove', name });
  });

  async function configure(more: object): Promise<void> {
    const config = path.join(t.dataDir, 'fractal.json');
    const now = JSON.parse(await readFile(config, 'utf8')) as object;
    await writeFile(config, JSON.stringify({ ...now, ...more }));
    await t.reopen();
  }

  async function pull(request: Partial<PullRequest> = {}): Promise<ModelDetail> {
    const asked = { name: 'tiny', from: server.url('/models.json').href, ...request };
    for await (const event of t.node.pullModel(asked)) if (event.type === 'model') return event.model;
    throw new Error('no model');
  }

  /** Nothing of a model is left but what the next pull can go on with. */
  async function nothing(): Promise<void> {
    assert.deepEqual(
      (await readdir(path.join(t.dataDir, 'models')).catch(() => [])).filter((name) => name !== ''),
      [],
    );
  }

  it('goes on where the server cut it, and takes the newest version', async () => {
    const etag = () => '"1"';
    server
      .on('/models.json', file(catalogue({ manifest: manifestOf('1.9') }, { manifest: manifestOf('1.10') })))
      .on(
        '/tiny.gguf',
        rangedFile(() => WEIGHTS, etag, [300_000, 300_000]),
      );
    const model = await pull();
    assert.deepEqual(
      [model.name, model.kind, model.files[0]?.bytes],
      ['tiny-1.10', 'generator', WEIGHTS.length],
    );
    const ranges = server.asked
      .filter((one) => one.path === '/tiny.gguf')
      .map(({ headers }) => headers.range);
    // How much of what was sent arrived before the cut is the kernel's to say.
    const [first, second, third] = ranges.map((range) => Number(/\d+/.exec(range ?? '0')?.[0]));
    assert.ok(first === 0 && Number(second) > 0 && Number(third) > Number(second), ranges.join());
    assert.ok((await readFile(path.join(t.dataDir, 'models', 'tiny-1.10', 'tiny.gguf'))).equals(WEIGHTS));
    assert.deepEqual(await readdir(path.join(t.dataDir, 'fetch-models')), []);
    // The same again asks for no byte of it; another version stands beside it; a pin chooses.
    const asked = server.times('/tiny.gguf');
    assert.equal((await pull()).name, 'tiny-1.10');
    assert.equal(server.times('/tiny.gguf'), asked);
    assert.equal((await pull({ name: 'tiny-1.9' })).name, 'tiny-1.9');
    await t.node.manageModel({ action: 'pin', name: 'tiny-1.9' });
    assert.equal((await pull()).name, 'tiny-1.9');
    await t.node.manageModel({ action: 'unpin', name: 'tiny-1.9' });
  });

  it('gives up after its tries, and the next pull goes on with what came', async () => {
    const etag = () => '"1"';
    server.on('/models.json', file(catalogue({ manifest: manifestOf('1') }))).on(
      '/tiny.gguf',
      rangedFile(() => WEIGHTS, etag, [300_000, 200_000, 200_000]),
    );
    await assert.rejects(pull(), { kind: 'unavailable' });
    await nothing();
    await t.reopen();
    assert.equal((await pull()).name, 'tiny-1');
    assert.match(server.asked.at(-1)?.headers.range ?? '', /^bytes=[1-9]\d+-$/);
  });

  it('a flipped byte, too few and too many bytes are refused, whatever the server says of lengths', async () => {
    const flipped = Buffer.from(WEIGHTS);
    flipped[777] = (flipped[777] ?? 0) ^ 1;
    server.on('/models.json', file(catalogue({ manifest: manifestOf('1') })));
    server.on('/tiny.gguf', file(flipped));
    await assert.rejects(pull(), { code: 'model.hash', kind: 'integrity' });
    server.on('/tiny.gguf', file(WEIGHTS.subarray(1)));
    await assert.rejects(pull(), { code: 'model.hash' });
    // Endless, without a length.
    server.on('/tiny.gguf', (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(WEIGHTS));
      };
      response.on('drain', more);
      more();
    });
    await assert.rejects(pull(), { code: 'model.size', kind: 'integrity' });
    server.on('/tiny.gguf', file(Buffer.concat([WEIGHTS, WEIGHTS])));
    await assert.rejects(pull(), { code: 'model.size' });
    await nothing();
    // A wrong file is not gone on with.
    server.on('/tiny.gguf', file(WEIGHTS));
    assert.equal((await pull()).name, 'tiny-1');
  });

  it('is led nowhere but to hosts that the node may ask', async () => {
    const elsewhere = `http://127.0.0.1:${server.port('http')}/tiny.gguf`;
    server.on('/models.json', file(catalogue({ manifest: manifestOf('1') })));
    server.on(`127.0.0.1:${server.port('http')}/tiny.gguf`, file(WEIGHTS));
    server.on(`localhost:${server.port('http')}/tiny.gguf`, status(302, { location: elsewhere }));
    await assert.rejects(pull(), { code: 'network.host', kind: 'denied' });
    assert.equal(server.asked.filter(({ host }) => host.startsWith('127.')).length, 0);
    server.on(`localhost:${server.port('http')}/tiny.gguf`, status(302, { location: 'file:///etc/passwd' }));
    await assert.rejects(pull(), { code: 'http.scheme' });
    // Nor may a catalogue from elsewhere name files of this machine.
    server.on(
      '/models.json',
      file(catalogue({ manifest: manifestOf('1'), urls: { 'tiny.gguf': 'file:///etc/passwd' } })),
    );
    await assert.rejects(pull(), { code: 'model.catalogue' });
    await nothing();
  });

  it('a catalogue that is no catalogue is refused with what is wrong', async () => {
    for (const [text, code] of [
      ['nothing', 'model.catalogue'],
      ['{"format":"other"}', 'model.catalogue'],
      [catalogue({ manifest: { ...manifestOf('1'), files: [] } }), 'model.manifest'],
      [catalogue({ manifest: { ...manifestOf('1'), id: '../x' } }), 'model.manifest'],
      [catalogue(), 'model.unknown'],
    ] as const) {
      server.on('/models.json', file(text));
      await assert.rejects(pull(), { code }, text);
    }
    server.on('/models.json', status(404));
    await assert.rejects(pull(), { code: 'http.absent' });
  });

  it('asks nobody while the network is off, unless for this one pull; a stick needs none', async () => {
    await configure({ network: { enabled: false, hosts: [], loopback: true } });
    server.on('/models.json', file(catalogue({ manifest: manifestOf('1') }))).on('/tiny.gguf', file(WEIGHTS));
    await assert.rejects(pull(), { code: 'network.disabled', kind: 'denied' });
    assert.equal(server.connections, 0);
    assert.equal((await pull({ allow_network: true })).name, 'tiny-1');
    const connections = server.connections;
    await t.file('tiny.gguf', WEIGHTS);
    const list = await t.file('models.json', catalogue({ manifest: manifestOf('2') }));
    assert.equal((await pull({ from: list })).name, 'tiny-2');
    assert.equal(server.connections, connections);
    await assert.rejects(pull({ from: path.join(shippedModelFolder(), 'none.json') }), {
      code: 'model.catalogue',
    });
  });

  it('a file beside a catalogue that is longer than named is not copied; an address elsewhere is no file', async () => {
    const of = async (version: string, urls: object): Promise<unknown> =>
      pull({ from: await t.file('models.json', catalogue({ manifest: manifestOf(version), urls })) });
    const long = await t.file('long.gguf', Buffer.alloc(WEIGHTS.length + 1));
    await assert.rejects(of('3', { 'tiny.gguf': pathToFileURL(long).href }), {
      code: 'model.hash',
      message: /not as long/,
    });
    await assert.rejects(of('3', { 'tiny.gguf': 'file://elsewhere/x' }), { code: 'model.catalogue' });
    await assert.rejects(pull({ from: 'file://elsewhere/x' }), { code: 'model.catalogue' });
  });

  it('a pull that is left is given up, and goes on later', async () => {
    server.on('/models.json', file(catalogue({ manifest: manifestOf('1') })));
    let held: (() => void) | undefined;
    server.on('/tiny.gguf', (_, response) => {
      response.writeHead(200, { etag: '"1"', 'content-length': WEIGHTS.length });
      response.write(WEIGHTS.subarray(0, 400_000));
      held = () => response.destroy();
    });
    for await (const event of t.node.pullModel({ name: 'tiny', from: server.url('/models.json').href }))
      if (event.type === 'file') break;
    held?.();
    await nothing();
    server.on(
      '/tiny.gguf',
      rangedFile(
        () => WEIGHTS,
        () => '"1"',
      ),
    );
    assert.equal((await pull()).name, 'tiny-1');
  });
});
