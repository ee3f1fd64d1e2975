/** What the kill loops of imports share: sources, counts of what came in, and whether it is whole. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SeededRandom } from '../../src/base/index.ts';
import type { FractalNode } from '../../src/node/index.ts';
import { annualPart } from '../node/kit.ts';

const DOCUMENTS = 30;
const random = new SeededRandom(7);

export async function writeSources(folder: string): Promise<void> {
  await mkdir(folder);
  for (let d = 0; d < DOCUMENTS; d++) {
    const sections: Record<string, string[]> = {};
    for (let s = 1; s <= 5 + random.below(60); s++)
      sections[`${100 + d}.${s}`] = [
        `(a) The operator shall keep pump ${s} of unit ${d} isolated.`,
        `(1) Isolation is tested every ${1 + random.below(90)} days.`,
        '(b) Records are kept.',
      ];
    await writeFile(path.join(folder, `d${d}.xml`), annualPart(100 + d, '2024-07-01', sections));
  }
  const sites = Array.from({ length: 3000 }, (_, i) => `s${i},North,Site ${i},UK,,${i},`).join('\n');
  await writeFile(
    path.join(folder, 'esh.sites.csv'),
    `site_id,region,name,jurisdiction,activities,employees,opened_on\n${sites}\n`,
  );
}

export interface Counts {
  readonly documents: number;
  readonly sections: number;
  readonly sites: number;
  readonly indexed: number;
  readonly textHash: string;
}

export async function counts(node: FractalNode): Promise<Counts> {
  const { store } = node.parts;
  const [row] = await store.rows<Omit<Counts, 'indexed'>>(
    `select (select count(*)::int from law.versions) as documents, (select count(*)::int from law.sections) as sections,
            (select count(*)::int from esh.sites) as sites,
            coalesce((select md5(string_agg(version_id || text_sha256, ',' order by version_id)) from law.versions), '') as "textHash"
       where $1 = 1`,
    [1],
  );
  assert.ok(row);
  return { ...row, indexed: await store.lanceTable('sections').reader.countRows() };
}

/** Both engines tell of the same documents, and each document is whole. */
export async function assertWhole(node: FractalNode): Promise<void> {
  const { store } = node.parts;
  const torn = await store.rows(
    `select v.version_id from law.versions v left join law.sections s using (version_id)
      group by v.version_id, v.provisions having count(s.section_id) <> v.provisions
     union all select version_id from law.sections where version_id not in (select version_id from law.versions) and $1 = 1`,
    [1],
  );
  assert.deepEqual(torn, []);
  const [texts] = await store.rows<{ n: number }>(
    `select count(*)::int as n from law.sections where text <> $1`,
    [''],
  );
  assert.equal(await store.lanceTable('sections').reader.countRows(), texts?.n);
}
