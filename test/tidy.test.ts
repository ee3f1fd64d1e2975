/** The rules of the house that the compiler and the linter do not hold. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FIXED_LIMITS, LIMITS } from '../src/base/index.ts';
import { DOCS } from '../tools/docs.ts';
import { VERIFIERS } from '../tools/verifier.ts';
import { LAYERS } from '../tools/layers.ts';

const read = (file: string): string => readFileSync(file, 'utf8');
const glob = (pattern: string): string[] =>
  globSync(pattern)
    .map((file) => file.replaceAll('\\', '/'))
    .sort();

const sources = glob('src/**/*.ts');
const layerOf = (file: string): string => file.split('/')[1] ?? '';

/** Relative imports of a file, as paths from the root. */
function importsOf(file: string): string[] {
  const found = read(file).matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g);
  return [...found].map((match) => path.posix.join(path.posix.dirname(file), match[1] ?? ''));
}
const imports = new Map(sources.map((file) => [file, importsOf(file)]));

test('project references are the layer table', () => {
  for (const [layer, below] of Object.entries(LAYERS)) {
    const config = JSON.parse(read(`src/${layer}/tsconfig.json`)) as { references: { path: string }[] };
    assert.deepEqual(
      config.references.map((reference) => reference.path),
      below.map((name) => `../${name}`),
      layer,
    );
  }
  const order = Object.keys(LAYERS);
  for (const [layer, below] of Object.entries(LAYERS))
    for (const name of below)
      assert.ok(order.indexOf(name) < order.indexOf(layer), `${layer} may not import ${name}`);
});

test('a layer is entered by its index, and only from layers above', () => {
  for (const [file, targets] of imports)
    for (const target of targets) {
      const [from, to] = [layerOf(file), layerOf(target)];
      if (from === to) continue;
      assert.ok(LAYERS[from]?.includes(to), `${file} imports ${target}: ${from} may not import ${to}`);
      assert.ok(
        [`src/${to}/index.ts`, 'src/query/ast/index.ts'].includes(target),
        `${file} reaches past the index: ${target}`,
      );
    }
});

test('no ring of imports', () => {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    assert.equal(at, -1, `ring: ${[...trail.slice(at), file].join(' → ')}`);
    if (done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...trail, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
});

test('every file has an importer', () => {
  const entries = new Set([
    'src/cli/main.ts',
    'src/store/compaction-process.ts',
    'src/ingest/pdf/pdf-thread.ts',
    // What tools/verifier.ts begins with.
    'src/audit/outside/page.ts',
    'src/audit/outside/program.ts',
  ]);
  const imported = new Set([...sources, ...glob('tools/*.ts')].flatMap(importsOf));
  for (const file of sources)
    assert.ok(imported.has(file) || entries.has(file), `${file} is imported by no file`);
});

test('no left-over marks, and no check switched off without a reason', () => {
  const marks = new RegExp(
    ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].map((word) => `\\b${word}\\b`).join('|'),
  );
  for (const file of [
    ...sources,
    ...glob('test/**/*.ts'),
    ...glob('tools/**/*.ts'),
    ...glob('bench/**/*.ts'),
    ...glob('*.md'),
  ]) {
    const text = read(file);
    assert.doesNotMatch(text, marks, file);
    for (const line of text.split('\n'))
      if (/eslint-disable|@ts-(expect-error|ignore|nocheck)/.test(line) && file !== 'test/tidy.test.ts')
        assert.match(line, / -- \w|@ts-expect-error: \w/, `${file}: ${line.trim()}`);
  }
});

test('written documents are up to date (npm run docs)', async () => {
  for (const [file, render] of Object.entries({ ...DOCS, ...VERIFIERS }))
    // Compared first: the difference of two whole documents is nothing to read.
    assert.ok(read(file) === (await render()), `${file} is not what the sources give`);
});

test('every limit is used', () => {
  const code = sources
    .filter((file) => file !== 'src/base/limits.ts')
    .map(read)
    .join('\n');
  for (const name of [...Object.keys(LIMITS), ...Object.keys(FIXED_LIMITS)])
    assert.match(code, new RegExp(`\\b${name}\\b`), `${name} bounds nothing`);
});

test('every dependency has its line in docs/dependencies.md, pinned', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const text = read('docs/dependencies.md');
  for (const group of ['dependencies', 'optionalDependencies', 'devDependencies'])
    for (const [name, version] of Object.entries(manifest[group] ?? {})) {
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, `${name} is not pinned`);
      assert.ok(text.includes(`\`${name}\``), `docs/dependencies.md does not say why ${name} is here`);
    }
  assert.doesNotMatch(read('package-lock.json'), /"resolved"/, 'the lock file names download addresses');
});

test('the repository speaks of the project alone', () => {
  for (const file of [
    ...sources,
    ...glob('*.md'),
    ...glob('docs/**/*.md'),
    ...glob('models/**/*.{md,py}'),
    ...glob('tools/*.ts'),
  ])
    assert.doesNotMatch(read(file), /\/work\/|\/root\/|\/tmp\/[a-z]/, `${file} names a path of one machine`);
});
