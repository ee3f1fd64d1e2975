/** Downloads: going on after a cut, a stop or another document; packing; bounds. All over a real connection. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { sha256 } from '../../../src/base/index.ts';
import { Publisher, file, never, rangedFile, readerOf, status, type Reader } from './publisher.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
/** A cut may lose what is on its way in memory, some 100 KiB; so a file that is cut has more. */
function bytesOf(length: number, seed = 7): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * seed + (i >> 8)) & 255;
  return bytes;
}

async function withFolder(work: (folder: string, publisher: Publisher) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-fetch-'));
  await using publisher = await new Publisher().start();
  try {
    await work(folder, publisher);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const request = (url: URL): { url: URL; headers: { accept: string }; robots: false } => ({
  url,
  headers: { accept: '*/*' },
  robots: false,
});

async function get(reader: Reader, url: URL): Promise<Buffer> {
  const got = await reader.downloads.fetch(request(url), undefined, never);
  assert.ok(got !== 'not-modified');
  const bytes = await readFile(got.file);
  assert.equal(got.sha256, sha256(bytes));
  assert.equal(got.bytes, bytes.length);
  await rm(got.file);
  return bytes;
}

describe('a download', () => {
  it('that is cut goes on where it was', () =>
    withFolder(async (folder, p) => {
      const bytes = bytesOf(3 * MiB);
      p.on(
        '/a',
        rangedFile(
          () => bytes,
          () => '"v1"',
          [1 * MiB, 1 * MiB],
        ),
      );
      const reader = readerOf(p, { folder });
      assert.ok((await get(reader, p.url('/a'))).equals(bytes));
      const ranges = p.asked.map((one) => one.headers.range);
      assert.deepEqual(ranges[0], undefined);
      assert.equal(ranges.length, 3);
      assert.ok(
        ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? '')),
        String(ranges),
      );
      assert.equal(p.asked[1]?.headers['if-range'], '"v1"');
    }));

  it('begins anew when the document has changed in between', () =>
    withFolder(async (folder, p) => {
      let version = 1;
      const cuts = [1 * MiB];
      const answer = rangedFile(
        () => bytesOf(2 * MiB, version),
        () => `"v${version}"`,
        cuts,
      );
      p.on('/a', (...exchange) => {
        answer(...exchange);
        version = 2;
      });
      const got = await get(readerOf(p, { folder }), p.url('/a'));
      assert.ok(got.equals(bytesOf(2 * MiB, 2)));
      assert.ok(p.asked[1]?.headers.range !== undefined);
    }));

  it('does not go on with what cannot be told apart: weak tags, young dates, other ranges', () =>
    withFolder(async (folder, p) => {
      const bytes = bytesOf(2 * MiB);
      p.on(
        '/weak',
        rangedFile(
          () => bytes,
          () => 'W/"v1"',
          [1 * MiB],
        ),
      );
      const reader = readerOf(p, { folder });
      assert.ok((await get(reader, p.url('/weak'))).equals(bytes));
      assert.deepEqual(
        p.asked.map((one) => one.headers.range),
        [undefined, undefined],
      );
      const lie = rangedFile(
        () => bytes,
        () => '"v1"',
        [1 * MiB],
      );
      p.on(
        '/lie',
        lie,
        (_request, response) => {
          response.writeHead(206, { 'content-range': 'bytes 5-9/10', etag: '"v1"' }).end('12345');
        },
        lie,
      );
      assert.ok((await get(reader, p.url('/lie'))).equals(bytes));
      p.on(
        '/416',
        rangedFile(
          () => bytes,
          () => '"v1"',
          [1 * MiB],
        ),
        status(416),
        lie,
      );
      assert.ok((await get(reader, p.url('/416'))).equals(bytes));
    }));

  it('survives its process: what was made durable is not asked for again', () =>
    withFolder(async (folder, p) => {
      const bytes = bytesOf(3 * MiB);
      p.on(
        '/a',
        rangedFile(
          () => bytes,
          () => '"v1"',
          [2 * MiB],
        ),
      );
      const limits = { fetch_tries: 1, fetch_sync_bytes: 16 * KiB };
      await assert.rejects(get(readerOf(p, { folder, limits }), p.url('/a')), { code: 'http.network' });
      assert.ok((await get(readerOf(p, { folder, limits }), p.url('/a'))).equals(bytes));
      const from = Number(/\d+/.exec(p.asked[1]?.headers.range ?? '')?.[0]);
      assert.ok(from >= 16 * KiB, String(from));
      // Taken in by nobody yet: the server is only asked whether it is still the same.
      assert.ok((await get(readerOf(p, { folder, limits }), p.url('/a'))).equals(bytes));
      assert.equal(p.asked[2]?.headers['if-none-match'], '"v1"');
      await readerOf(p, { folder }).downloads.forget(request(p.url('/a')));
      assert.deepEqual(await readdir(folder), []);
    }));

  it('trusts no note that promises more than there is', () =>
    withFolder(async (folder, p) => {
      const bytes = bytesOf(2 * MiB);
      const limits = { fetch_tries: 1 };
      for (const damage of [
        (part: string) => writeFile(part, 'short'),
        (part: string) => rm(part),
        (part: string) => writeFile(part.replace(/part$/, 'json'), '{"bytes": -1}'),
        (part: string) => writeFile(part.replace(/part$/, 'json'), 'no json'),
      ]) {
        p.on(
          '/a',
          rangedFile(
            () => bytes,
            () => '"v1"',
            [1 * MiB],
          ),
        );
        await assert.rejects(get(readerOf(p, { folder, limits }), p.url('/a')));
        const name = (await readdir(folder)).find((one) => one.endsWith('.part')) ?? '';
        await damage(path.join(folder, name));
        assert.ok((await get(readerOf(p, { folder, limits }), p.url('/a'))).equals(bytes));
        assert.equal(p.asked.at(-1)?.headers.range, undefined);
        await readerOf(p, { folder }).downloads.forget(request(p.url('/a')));
      }
    }));

  it('is not made when nothing changed', () =>
    withFolder(async (folder, p) => {
      p.on(
        '/a',
        rangedFile(
          () => bytesOf(10),
          () => '"v1"',
        ),
      );
      p.on('/date', (incoming, response) => {
        const same = incoming.headers['if-modified-since'] === 'Sat, 01 Jun 2024 00:00:00 GMT';
        response.writeHead(same ? 304 : 200).end();
      });
      const { downloads } = readerOf(p, { folder });
      const known = { etag: '"v1"', lastModified: 'Sat, 01 Jun 2024 00:00:00 GMT' };
      assert.equal(await downloads.fetch(request(p.url('/a')), known, never), 'not-modified');
      const dated = { ...known, etag: undefined };
      assert.equal(await downloads.fetch(request(p.url('/date')), dated, never), 'not-modified');
    }));

  it('may come packed, also in pieces', () =>
    withFolder(async (folder, p) => {
      const text = Buffer.from('The operator shall keep records. '.repeat(20_000));
      const packed = gzipSync(text);
      p.on(
        '/a',
        rangedFile(
          () => packed,
          () => '"z"',
          [1000],
          { 'content-encoding': 'gzip' },
        ),
      );
      assert.ok((await get(readerOf(p, { folder }), p.url('/a'))).equals(text));
      assert.equal(p.asked.length, 2);
    }));

  it('that unpacks to too much, or not at all, is refused and not kept', () =>
    withFolder(async (folder, p) => {
      const bomb = gzipSync(Buffer.alloc(300 * 1024 * KiB));
      p.on('/bomb', file(bomb, { 'content-encoding': 'gzip' }));
      p.on('/cut', file(gzipSync(bytesOf(5000)).subarray(0, -20), { 'content-encoding': 'gzip' }));
      p.on('/plain', file('no gzip', { 'content-encoding': 'gzip' }));
      p.on('/odd', file('x', { 'content-encoding': 'br' }));
      const reader = readerOf(p, { folder });
      await assert.rejects(get(reader, p.url('/bomb')), { code: 'http.too_large' });
      for (const target of ['/cut', '/plain', '/odd'])
        await assert.rejects(get(reader, p.url(target)), { code: 'http.encoding', kind: 'bad_input' });
      assert.deepEqual(await readdir(folder), []);
    }));

  it('that is too large is refused by what it says of itself, and by what it is', () =>
    withFolder(async (folder, p) => {
      p.on('/says', (_request, response) => {
        response.writeHead(200, { 'content-length': '99999999' });
        response.flushHeaders();
      });
      p.on('/endless', (_request, response) => {
        const more = (): void => {
          while (response.write(Buffer.alloc(65_536, 'x')));
        };
        response.on('drain', more);
        more();
      });
      const reader = readerOf(p, { folder, limits: { document_bytes: 1_000_000 } });
      for (const target of ['/says', '/endless'])
        await assert.rejects(get(reader, p.url(target)), { code: 'http.too_large' });
      assert.deepEqual(await readdir(folder), []);
    }));

  it('asked for twice at a time comes twice, whole', () =>
    withFolder(async (folder, p) => {
      const bytes = bytesOf(2 * MiB);
      p.on(
        '/a',
        rangedFile(
          () => bytes,
          () => '"v1"',
          [1 * MiB],
        ),
      );
      const reader = readerOf(p, { folder });
      const both = await Promise.all([get(reader, p.url('/a')), get(reader, p.url('/a'))]);
      assert.ok(both.every((one) => one.equals(bytes)));
    }));

  it('that nobody went on with is removed in the end', () =>
    withFolder(async (folder, p) => {
      const { downloads, limits } = readerOf(p, { folder });
      const seconds = p.clock.now() / 1000;
      for (const [name, age] of [
        ['a.part', 0],
        ['b.part', limits.fetch_part_age_ms / 1000 + 1],
        ['c.file', 0],
      ] as const) {
        await writeFile(path.join(folder, name), 'x');
        await utimes(path.join(folder, name), seconds - age, seconds - age);
      }
      await downloads.clear();
      assert.deepEqual(await readdir(folder), ['a.part']);
    }));
});
