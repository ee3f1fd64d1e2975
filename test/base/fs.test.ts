import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { nodeFileSystem, type FileSystem } from '../../src/base/index.ts';
import { tempFolder } from '../store/kit.ts';

describe('file system', () => {
  it('writeDurable replaces the whole file, with a private mode, and leaves nothing beside it', async (t) => {
    const folder = await tempFolder(t);
    const file = path.join(folder, 'a.json');
    await nodeFileSystem.writeDurable(file, 'first, and long');
    await nodeFileSystem.writeDurable(file, 'second');
    assert.equal(await readFile(file, 'utf8'), 'second');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(folder), ['a.json']);
    await nodeFileSystem.writeDurable(file, new Uint8Array([1, 2]), 0o644);
    assert.equal((await stat(file)).mode & 0o777, 0o644);
  });

  it('writeDurable asks for the folder to be synced after the rename', async (t) => {
    const folder = await tempFolder(t);
    const file = path.join(folder, 'a');
    const synced: { what: string; there: boolean }[] = [];
    const fs: FileSystem = {
      ...nodeFileSystem,
      async sync(what) {
        synced.push({ what, there: (await nodeFileSystem.stat(file)) !== undefined });
      },
    };
    await fs.writeDurable(file, 'x');
    assert.deepEqual(synced, [{ what: folder, there: true }]);
  });

  it('a write that fails keeps the old file and no half of the new one', async (t) => {
    const folder = await tempFolder(t);
    const file = path.join(folder, 'a');
    await nodeFileSystem.writeDurable(file, 'old');
    // Data that cannot be turned into bytes half way through is a disk that fills up half way through.
    const full = {
      *[Symbol.iterator]() {
        yield 'half';
        throw Object.assign(new TypeError('no space left on device'), { code: 'ENOSPC' });
      },
    };
    await assert.rejects(nodeFileSystem.writeDurable(file, full as unknown as string), { code: 'ENOSPC' });
    assert.equal(await readFile(file, 'utf8'), 'old');
    assert.deepEqual(await readdir(folder), ['a']);
  });

  it('a rename that fails keeps what was there', async (t) => {
    const folder = await tempFolder(t);
    const file = path.join(folder, 'a');
    await mkdir(path.join(file, 'inside'), { recursive: true });
    await assert.rejects(nodeFileSystem.writeDurable(file, 'x'));
    assert.deepEqual(await readdir(folder), ['a']);
    assert.deepEqual(await readdir(file), ['inside']);
  });

  it('what is missing is undefined or empty; what is forbidden throws', async (t) => {
    const folder = await tempFolder(t);
    assert.equal(await nodeFileSystem.stat(path.join(folder, 'no')), undefined);
    assert.deepEqual(await nodeFileSystem.list(path.join(folder, 'no')), []);
    await writeFile(path.join(folder, 'file'), '');
    assert.equal(await nodeFileSystem.stat(path.join(folder, 'file', 'below')), undefined);
    if (process.getuid?.() !== 0) {
      await mkdir(path.join(folder, 'shut'));
      await chmod(path.join(folder, 'shut'), 0o000);
      await assert.rejects(nodeFileSystem.list(path.join(folder, 'shut')), { code: 'EACCES' });
      await chmod(path.join(folder, 'shut'), 0o700);
    }
  });

  it('a file opened in place is read and written at positions', async (t) => {
    const file = path.join(await tempFolder(t), 'slots');
    const open = await nodeFileSystem.openFile(file);
    assert.equal((await open.read(0, 10)).length, 0);
    await open.write(4, Buffer.from('abcd'));
    await open.write(0, Buffer.from('wxyz'));
    await open.sync();
    assert.equal(Buffer.from(await open.read(2, 4)).toString(), 'yzab');
    await open.close();
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const again = await nodeFileSystem.openFile(file);
    assert.equal(Buffer.from(await again.read(0, 99)).toString(), 'wxyzabcd');
    await again.close();
  });

  it('list sorts, copy and truncate do what they say, a stream gives all bytes in order', async (t) => {
    const folder = await tempFolder(t);
    const bytes = Buffer.alloc(700_000, 'abcdefg');
    await writeFile(path.join(folder, 'b'), bytes);
    await nodeFileSystem.copy(path.join(folder, 'b'), path.join(folder, 'a'));
    await nodeFileSystem.truncate(path.join(folder, 'a'), 3);
    assert.deepEqual(await nodeFileSystem.list(folder), ['a', 'b']);
    assert.equal(await readFile(path.join(folder, 'a'), 'utf8'), 'abc');
    const chunks: Uint8Array[] = [];
    for await (const chunk of nodeFileSystem.readStream(path.join(folder, 'b'))) chunks.push(chunk);
    assert.ok(chunks.length > 1);
    assert.ok(Buffer.concat(chunks).equals(bytes));
    await nodeFileSystem.remove(path.join(folder, 'b'));
    await nodeFileSystem.remove(path.join(folder, 'b'));
    assert.deepEqual(await nodeFileSystem.list(folder), ['a']);
  });
});
