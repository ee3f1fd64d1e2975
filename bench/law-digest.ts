/**
 * What an import leaves in the tables of the law, as one hash per table: two ways of importing that leave the same hashes
 * leave the same rows, ids and spans. `node bench/law-digest.ts [--rows FOLDER] PATH…`; without paths the law of
 * ../shared/data (or FRACTAL_SHARED). The clock stands still; what differs with each node (its id, its commits) is left
 * out. `--rows` writes the rows of each table to a file, for `diff`.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, globSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_LIMITS, nodeFileSystem, systemClock } from '../src/base/index.ts';
import { Importer } from '../src/ingest/index.ts';
import type { Embedder } from '../src/query/index.ts';
import { LAW, qualifiedName } from '../src/schema/index.ts';
import { bench } from './kit.ts';

const shared = path.resolve(process.env['FRACTAL_SHARED'] ?? '../shared', 'data');
const FOLDERS = [
  'eurlex-esh',
  'gpo-ecfr-fr-xml',
  'akn-samples',
  'uk-clml',
  'cfr-annual-xml',
  'ecfr-7cfr1b-nepa',
  'ecfr-osha-1910-147',
  'ecfr-corrections',
  'osha-1926-text',
  'code-accord',
];
const ROWS = 2000;
const EMBEDDER: Embedder = {
  model: { id: 'zeros', version: '1', sha256: '0'.repeat(64), dimension: 8 },
  embed: async (texts) => new Float32Array(texts.length * 8),
  terms: undefined,
};

let args = process.argv.slice(2);
let folder: string | undefined;
if (args[0] === '--rows') {
  folder = path.resolve(args[1] ?? 'rows');
  mkdirSync(folder, { recursive: true });
  args = args.slice(2);
}
const paths = args.length > 0 ? args : FOLDERS.map((name) => path.join(shared, name));
const files = paths.flatMap((name) =>
  statSync(name).isDirectory()
    ? globSync(`${name}/**/*.{xml,xhtml,html,htm,md,json,txt}`)
        .filter((file) => statSync(file).isFile())
        .sort()
    : [name],
);
const more = { document_bytes: 400_000_000 };
const opened = await bench(EMBEDDER, more);
const { store } = opened;
const importer = new Importer({
  store,
  embedder: EMBEDDER,
  clock: { ...systemClock, now: () => Date.UTC(2026, 0, 1) },
  fs: nodeFileSystem,
  limits: { ...DEFAULT_LIMITS, ...more },
});
const statuses = new Map<string, number>();
const outcome = createHash('sha256');
for (const file of files) {
  const result = await importer.importFile(file, path.relative(shared, file), {
    kind: undefined,
    jurisdiction: undefined,
    inForceFrom: undefined,
    principal: 'bench',
  });
  statuses.set(result.status, (statuses.get(result.status) ?? 0) + 1);
  outcome.update(JSON.stringify(result));
}
console.log(`${files.length} files`, Object.fromEntries(statuses), outcome.digest('hex').slice(0, 16));
for (const table of Object.values(LAW)) {
  const columns = table.columns.map((column) => column.name).join(', ');
  const order = table.key.join(', ');
  const hash = createHash('sha256');
  const out = folder === undefined ? undefined : createWriteStream(path.join(folder, `${table.name}.txt`));
  let count = 0;
  for (;;) {
    const rows = await store.rows<Record<string, unknown>>(
      `select ${columns}, deleted from ${qualifiedName(table)} order by ${order} limit ${ROWS} offset ${count}`,
    );
    for (const row of rows) {
      const text = `${JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`;
      hash.update(text);
      out?.write(text);
    }
    count += rows.length;
    if (rows.length < ROWS) break;
  }
  out?.end();
  console.log(qualifiedName(table).padEnd(20), String(count).padStart(8), hash.digest('hex').slice(0, 32));
}
await store.snapshot(async (snapshot) => {
  const table = await snapshot.lance('sections');
  const hashes: string[] = [];
  for await (const batch of table
    .query()
    .select(['row_key', 'search_text', 'heading', 'from_day', 'to_day', 'closed', 'superseded']))
    for (const row of batch) hashes.push(createHash('sha256').update(JSON.stringify(row)).digest('hex'));
  const hash = createHash('sha256').update(hashes.sort().join('\n')).digest('hex');
  console.log('search: sections'.padEnd(20), String(hashes.length).padStart(8), hash.slice(0, 32));
});
await opened.close();
