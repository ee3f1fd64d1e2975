/** Models come in with every hash checked, versions stand side by side, a pin binds, and an index remembers its model. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OnnxEmbedder, LazyModel, readModelFolder } from '../../src/ai/index.ts';
import { DEFAULT_LIMITS, nodeFileSystem, sha256 } from '../../src/base/index.ts';
import { shippedModelFolder, type FractalNode } from '../../src/node/index.ts';
import { shippedPolicy } from '../../src/node/paths.ts';
import { collect } from '../contract/node-api-contract.ts';
import { annualPart, testNode, type TestNode } from './kit.ts';

interface Manifest {
  id: string;
  version: string;
  kind: string;
  ram_bytes_needed: number;
  files: { path: string; bytes: number; sha256: string }[];
}
type Change = (name: string, bytes: Buffer) => Buffer;

const asIs: Change = (_, bytes) => bytes;
/** Another file in the same meaning. */
const spaced: Change = (name, bytes) =>
  name === 'tokenizer.json' ? Buffer.concat([bytes, Buffer.from(' ')]) : bytes;

/** The shipped model in a folder of its own, with files changed and a manifest that is true of them. */
export async function copyOfModel(
  folder: string,
  version: string,
  change: Change = spaced,
  more: object = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const manifest = JSON.parse(
    await readFile(path.join(shippedModelFolder(), 'model.json'), 'utf8'),
  ) as Manifest;
  for (const file of manifest.files) {
    const bytes = change(file.path, await readFile(path.join(shippedModelFolder(), file.path)));
    Object.assign(file, { sha256: sha256(bytes), bytes: bytes.length });
    await writeFile(path.join(folder, file.path), bytes);
  }
  await writeFile(path.join(folder, 'model.json'), JSON.stringify({ ...manifest, version, ...more }));
  return folder;
}

async function flip(file: string, at: number): Promise<void> {
  await using handle = await open(file, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
  await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
}

const add = (node: FractalNode, folder: string) => node.manageModel({ action: 'add', folder });
const use = (node: FractalNode, name: string) => node.manageModel({ action: 'use', name });
const names = async (node: FractalNode): Promise<string[]> =>
  (await node.models()).filter(({ shipped }) => !shipped).map(({ name }) => name);

describe('models of a node', () => {
  let t: TestNode;
  before(async () => {
    t = await testNode();
    await t.import(
      await t.file('a.xml', annualPart(7, '2023-07-01', { '7.1': ['The operator shall lock the valve.'] })),
    );
  });
  after(() => t[Symbol.asyncDispose]());

  it('those that ship tell all that a user must know, and are whole', async () => {
    for (const { name, shipped } of await t.node.models()) {
      assert.ok(shipped);
      const model = await t.node.model(name);
      assert.deepEqual([model.fault, model.licence], [null, 'Apache-2.0']);
      assert.ok(model.card !== null && model.card.limits.length > 0, name);
      assert.match(model.card_text ?? '', /^# /);
      assert.ok(model.bytes > 1e6 && model.ram_bytes_needed > model.bytes);
      assert.equal((await t.node.manageModel({ action: 'verify', name })).name, name);
    }
  });

  it('a model that ships, added again, is the one that is here', async () => {
    assert.equal((await add(t.node, shippedModelFolder())).shipped, true);
    assert.deepEqual(await names(t.node), []);
  });

  it('a flipped byte, a missing file and a broken manifest are refused and leave nothing behind', async () => {
    const folder = await copyOfModel(path.join(t.folder, 'bad'), '9.0.0');
    await flip(path.join(folder, 'model.onnx'), 1000);
    await assert.rejects(add(t.node, folder), { code: 'model.hash', kind: 'integrity' });
    await rm(path.join(folder, 'model.onnx'));
    await assert.rejects(add(t.node, folder), { code: 'model.missing', kind: 'unavailable' });
    const manifest = JSON.parse(await readFile(path.join(folder, 'model.json'), 'utf8')) as Manifest;
    const bad: object[] = [
      { id: '../up' },
      { version: 'a/b' },
      { kind: 'oracle' },
      { format: 'gguf' },
      { licence: '' },
      { files: [] },
      { files: [{ ...manifest.files[0], path: '../../etc/passwd' }] },
      { files: [{ ...manifest.files[0], sha256: 'none' }] },
      { files: [manifest.files[0], manifest.files[0]] },
      { ram_bytes_needed: -1 },
      { card: { purpose: 1 } },
    ];
    for (const change of bad) {
      await writeFile(path.join(folder, 'model.json'), JSON.stringify({ ...manifest, ...change }));
      await assert.rejects(add(t.node, folder), { code: 'model.manifest' }, JSON.stringify(change));
    }
    await writeFile(path.join(folder, 'model.json'), 'null');
    await assert.rejects(add(t.node, folder), { code: 'model.manifest' });
    assert.deepEqual(await names(t.node), []);
    assert.deepEqual(await readdir(path.join(t.dataDir, 'models')), []);
  });

  it('versions stand side by side; what an add left in the middle is cleared', async () => {
    await copyOfModel(path.join(t.dataDir, 'models', '.adding-fractal-embed-1.0.9'), '1.0.9');
    const older = await add(t.node, await copyOfModel(path.join(t.folder, 'usb'), '1.0.1'));
    assert.deepEqual([older.name, older.in_use, older.shipped], ['fractal-embed-1.0.1', false, false]);
    await t.reopen();
    assert.deepEqual(await readdir(path.join(t.dataDir, 'models')), ['fractal-embed-1.0.1']);
    // The same version with other bytes is another model.
    const other = await copyOfModel(path.join(t.folder, 'other'), '1.0.1', (name, bytes) =>
      name === 'tokenizer.json' ? Buffer.concat([bytes, Buffer.from('  ')]) : bytes,
    );
    await assert.rejects(add(t.node, other), { code: 'model.conflict' });
    assert.equal(
      (await add(t.node, await copyOfModel(path.join(t.folder, 'usb2'), '1.0.10'))).version,
      '1.0.10',
    );
    assert.equal((await t.node.model('fractal-embed')).version, '1.0.10');
  });

  it('a model is used from the next start, and the index must be made again', async () => {
    const config = path.join(t.dataDir, 'fractal.json');
    const policy = shippedPolicy();
    await writeFile(
      config,
      JSON.stringify({ ...(JSON.parse(await readFile(config, 'utf8')) as object), policy }),
    );
    assert.equal((await use(t.node, 'fractal-embed-1.0.1')).in_use, true);
    // What else is configured stays, the policy above all.
    assert.equal((JSON.parse(await readFile(config, 'utf8')) as { policy: string }).policy, policy);
    await t.reopen();
    await assert.rejects(t.node.search({ query: 'valve' }), { code: 'search.model_mismatch' });
    for await (const event of t.node.reindex()) assert.ok(event.total === 1);
    assert.equal((await t.node.search({ query: 'valve' })).model, 'fractal-embed 1.0.1');
    await assert.rejects(use(t.node, 'other'), { code: 'model.unknown', kind: 'not_found' });
  });

  it('a pin binds the bytes: no other version is used, and none of other bytes opens', async () => {
    const pinned = await t.node.manageModel({ action: 'pin', name: 'fractal-embed-1.0.1' });
    assert.ok(pinned.pinned && pinned.in_use);
    await assert.rejects(use(t.node, 'fractal-embed-1.0.10'), { code: 'model.pinned' });
    assert.equal((await t.node.model('fractal-embed')).version, '1.0.1');
    const remove = (name: string) => t.node.manageModel({ action: 'remove', name });
    await assert.rejects(remove('fractal-embed-1.0.1'), { code: 'model.pinned' });
    // Somebody puts a consistent folder of other bytes in its place.
    const folder = path.join(t.dataDir, 'models', 'fractal-embed-1.0.1');
    await copyOfModel(folder, '1.0.1', asIs);
    await t.reopen();
    await assert.rejects(t.node.search({ query: 'valve', mode: 'vector' }), { code: 'model.pinned' });
    await copyOfModel(folder, '1.0.1');
    await t.reopen();
    assert.equal((await t.node.search({ query: 'valve' })).hits.length, 1);
    await t.node.manageModel({ action: 'unpin', name: 'fractal-embed' });
    await assert.rejects(remove('fractal-embed-1.0.1'), { code: 'model.in_use' });
    await assert.rejects(remove('fractal-embed-1.0.0'), { code: 'model.shipped' });
    await remove('fractal-embed-1.0.10');
    assert.deepEqual(await names(t.node), ['fractal-embed-1.0.1']);
  });

  it('its speed is measured on this machine and remembered', async () => {
    const { measured } = await t.node.manageModel({ action: 'measure', name: 'fractal-embed-1.0.1' });
    assert.ok(measured !== null && measured.cores > 0 && measured.figures.every(({ value }) => value > 0));
    assert.deepEqual((await t.node.model('fractal-embed-1.0.1')).measured, measured);
  });

  it('a folder that is gone or damaged is told, and does not keep the node from being mended', async () => {
    const folder = path.join(t.dataDir, 'models', 'fractal-embed-1.0.1');
    await flip(path.join(folder, 'model.onnx'), 1000);
    await t.reopen();
    const verify = t.node.manageModel({ action: 'verify', name: 'fractal-embed-1.0.1' });
    await assert.rejects(verify, { code: 'model.hash', kind: 'integrity' });
    await assert.rejects(t.node.embed({ input: ['a'] }), { code: 'model.hash', kind: 'integrity' });
    await assert.rejects(t.node.search({ query: 'valve' }), { code: 'model.hash', kind: 'integrity' });
    // Not there at all: words alone are left, and the answer says so. What needs the model is an error.
    await rm(path.join(folder, 'model.json'));
    await t.reopen();
    const found = await t.node.search({ query: 'valve', rerank: true });
    assert.deepEqual([found.mode, found.model, found.hits.length], ['text', null, 1]);
    assert.match(found.badges.join(), /Found by words alone[^]*model\.missing[^]*Not ordered again/);
    assert.deepEqual((await t.node.search({ query: 'valve', mode: 'text' })).badges, []);
    for (const failing of [
      t.node.search({ query: 'valve', mode: 'vector' }),
      t.node.classify({ texts: ['A worker fell.'], labels: ['fall', 'fire'] }),
      collect(t.node.ask({ question: 'What shall the operator lock?' })),
      collect(t.node.import({ paths: [path.join(t.folder, 'a.xml')] })),
      t.node
        .sql({ sql: `select section_id from search.hybrid_search('valve', 3)` })
        .then((batches) => collect(batches)),
    ])
      await assert.rejects(failing, { code: 'model.missing', kind: 'unavailable' });
    await writeFile(path.join(folder, 'model.json'), '{');
    await t.reopen();
    await assert.rejects(t.node.embed({ input: ['a'] }), { code: 'model.manifest' });
    const [broken] = (await t.node.models()).filter(({ fault }) => fault !== null);
    assert.deepEqual([broken?.name, broken?.fault?.code], ['fractal-embed-1.0.1', 'model.manifest']);
    assert.ok((await t.node.doctor()).some(({ name, ok }) => name === 'model' && !ok));
    await use(t.node, 'fractal-embed-1.0.0');
    await t.reopen();
    assert.equal((await t.node.embed({ input: ['a'] })).model, 'fractal-embed 1.0.0');
  });

  it('a generator behind an endpoint is a model without files; one off this machine is not taken', async () => {
    const folder = path.join(t.folder, 'endpoint');
    await mkdir(folder);
    const manifest = {
      id: 'local-llama',
      version: '1',
      kind: 'generator',
      format: 'endpoint',
      licence: 'Apache-2.0',
      context_tokens: 4096,
      model: 'llama',
      ram_bytes_needed: 1,
    };
    const write = (endpoint: string) =>
      writeFile(path.join(folder, 'model.json'), JSON.stringify({ ...manifest, endpoint }));
    await write('http://127.0.0.1:9/v1');
    const added = await add(t.node, folder);
    assert.deepEqual([added.runtime, added.sha256, added.files], ['endpoint', null, []]);
    await use(t.node, 'local-llama');
    await t.reopen();
    assert.ok((await t.node.model('local-llama')).in_use);
    const said = { messages: [{ role: 'user', content: 'Hello.' }] } as const;
    await assert.rejects(collect(t.node.generate(said)), { code: 'endpoint.dead', kind: 'unavailable' });
    for await (const { total } of t.node.reindex()) assert.equal(total, 1);
    // No sentence of the law answers in its place.
    await assert.rejects(collect(t.node.ask({ question: 'What shall the operator lock?' })), {
      code: 'endpoint.dead',
    });
    await write('http://models.example.org/v1');
    await rm(path.join(t.dataDir, 'models', 'local-llama-1'), { recursive: true });
    await add(t.node, folder);
    await assert.rejects(use(t.node, 'local-llama'), { code: 'endpoint.address' });
  });

  it('an AI operator manages models; who uses them sees them; nobody else does either', async () => {
    // The first user ends the single-user mode: from then on one who may administers.
    const { token = '' } = await t.node.users({
      action: 'add',
      id: 'ada',
      roles: ['system-admin'],
      attributes: {},
    });
    const admin = t.node.as({ credentials: { token } });
    const add = async (id: string, role: string) => {
      const made = await admin.users({ action: 'add', id, roles: [role], attributes: {} });
      return t.node.as({ credentials: { token: made.token ?? '' } });
    };
    const [operator, user, auditor] = [
      await add('ida', 'ai-operator'),
      await add('sam', 'site-operator'),
      await add('tom', 'auditor'),
    ];
    const change = { action: 'verify', name: 'fractal-embed-1.0.0' } as const;
    assert.equal((await operator.manageModel(change)).name, change.name);
    for (const who of [user, admin]) {
      assert.ok((await who.models()).length > 0);
      await assert.rejects(who.manageModel(change), { code: 'policy.denied', kind: 'denied' });
      await assert.rejects(collect(who.pullModel({ name: 'x', from: 'nowhere' })), { code: 'policy.denied' });
    }
    await assert.rejects(auditor.models(), { code: 'policy.denied' });
    await assert.rejects(auditor.model('fractal-embed'), { code: 'policy.denied' });
  });
});

describe('a model that does not fit', () => {
  const embedderOf = async (folder: string, free = Infinity): Promise<OnnxEmbedder> =>
    new OnnxEmbedder({
      model: await readModelFolder(nodeFileSystem, folder),
      fs: nodeFileSystem,
      limits: DEFAULT_LIMITS,
      freeMemory: () => free,
    });

  it('with too little memory is not loaded, and the error says what is needed and what is there', async () => {
    const embedder = await embedderOf(shippedModelFolder(), 1000);
    await assert.rejects(embedder.embed(['a'], 'query'), {
      code: 'model.memory',
      kind: 'unavailable',
      message: /needs 65620038 bytes of memory and 1000 are free/,
    });
  });

  it('with the tokenizer of another model is not loaded, though every hash is right', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'fractal-test-'));
    try {
      const swapped = await copyOfModel(path.join(folder, 'swapped'), '2.0.0', (name, bytes) => {
        if (name !== 'tokenizer.json') return bytes;
        const tokenizer = JSON.parse(bytes.toString()) as { model: { vocab: Record<string, number> } };
        const words = Object.entries(tokenizer.model.vocab);
        const shifted = words.map(([word], i) => [word, words[(i + 1) % words.length]?.[1]]);
        tokenizer.model.vocab = Object.fromEntries(shifted) as Record<string, number>;
        return Buffer.from(JSON.stringify(tokenizer));
      });
      await assert.rejects((await embedderOf(swapped)).embed(['a'], 'query'), {
        code: 'model.tokenizer',
        kind: 'integrity',
      });
      // An index is not thrown away for one that cannot be made.
      await using t = await testNode();
      await t.import(await t.file('a.md', '# Act\n\n## 1 Duty\n\nThe operator must keep records.\n'));
      const file = path.join(t.dataDir, 'fractal.json');
      const config = JSON.parse(await readFile(file, 'utf8')) as object;
      await writeFile(file, JSON.stringify({ ...config, model: swapped }));
      const node = await t.reopen();
      await assert.rejects(collect(node.reindex()), { code: 'model.tokenizer' });
      assert.equal((await node.search({ query: 'records', mode: 'text' })).hits.length, 1);
      const junk = await copyOfModel(path.join(folder, 'junk'), '2.0.1', (name, bytes) =>
        name === 'model.onnx' ? Buffer.from('no weights') : bytes,
      );
      await assert.rejects((await embedderOf(junk)).embed(['a'], 'query'), { code: 'model.format' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('a model in memory', () => {
  const made = (idleMs: number) => {
    const seen = { loads: 0, frees: 0, fail: false };
    const lazy = new LazyModel<number>({
      load: async () => {
        seen.loads++;
        if (seen.fail) throw new Error('no');
        return seen.loads;
      },
      free: async () => void seen.frees++,
      idleMs,
    });
    return { seen, lazy };
  };

  it('is loaded once for all who ask, and freed only after they left', async () => {
    const { seen, lazy } = made(60_000);
    let leave = (): void => undefined;
    const held = new Promise<void>((resolve) => (leave = resolve));
    const users = [lazy.use(() => held), lazy.use(async (n) => assert.equal(n, 1))];
    const unloaded = lazy.unload();
    await users[1];
    assert.equal(seen.frees, 0);
    leave();
    await Promise.all([...users, unloaded]);
    assert.deepEqual([seen.loads, seen.frees, lazy.isLoaded], [1, 1, false]);
    assert.equal(await lazy.use(async (n) => n), 2);
    await lazy.unload();
  });

  it('rests when nobody asks, and a load that failed is tried again', async () => {
    const { seen, lazy } = made(1);
    seen.fail = true;
    await assert.rejects(lazy.use(async () => undefined));
    seen.fail = false;
    await lazy.use(async () => undefined);
    while (lazy.isLoaded || seen.frees === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual([seen.loads, seen.frees], [2, 1]);
  });
});
