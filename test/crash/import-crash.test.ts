/**
 * kill -9 in a loop during import: nothing acknowledged is lost, nothing is torn, and running again finishes the job
 * with the counts of a run that was never disturbed.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { SeededRandom, silentLog } from '../../src/base/index.ts';
import { initNode, openNode, type FractalNode, type ImportResult } from '../../src/node/index.ts';
import { annualPart, importAll } from '../node/kit.ts';

const KILLS = Number(process.env['CRASH_KILLS'] ?? 55);
const DOCUMENTS = 30;
const FRACTAL = path.resolve('bin/fractal.cjs');
const random = new SeededRandom(7);

async function writeSources(folder: string): Promise<void> {
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

interface Counts {
  readonly documents: number;
  readonly sections: number;
  readonly sites: number;
  readonly indexed: number;
  readonly textHash: string;
}

async function counts(node: FractalNode): Promise<Counts> {
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
async function assertWhole(node: FractalNode): Promise<void> {
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

/** Runs the import as a user would and kills it after `ms`. Answers what it acknowledged, and whether it was killed. */
async function importAndKill(
  data: string,
  sources: string,
  ms: number,
): Promise<{ acknowledged: ImportResult[]; killed: boolean }> {
  const child = spawn(process.execPath, [FRACTAL, 'import', sources, '--json', '--quiet', '--data', data], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const acknowledged: ImportResult[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    // A line that was cut off acknowledges nothing.
    if (line.endsWith('}')) acknowledged.push(JSON.parse(line) as ImportResult);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  const [signal] = await Promise.all([
    new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_, by) => resolve(by))),
    new Promise<void>((resolve) => lines.on('close', resolve)),
  ]);
  clearTimeout(timer);
  return { acknowledged, killed: signal === 'SIGKILL' };
}

test(`import survives ${KILLS} kills`, async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fractal-crash-'));
  const sources = path.join(folder, 'sources');
  await writeSources(sources);
  const open = (dataDir: string): Promise<FractalNode> =>
    openNode({ dataDir, log: silentLog, principal: 'local-operator' });

  const undisturbed = path.join(folder, 'undisturbed');
  await initNode({ dataDir: undisturbed, log: silentLog });
  let node = await open(undisturbed);
  for (const result of await importAll(node, { paths: [sources] }))
    assert.equal(result.status, 'added', JSON.stringify(result.error));
  const expected = await counts(node);
  await node.close();

  let kills = 0;
  let finishes = 0;
  for (let round = 0; kills < KILLS; round++) {
    const data = path.join(folder, `node${round}`);
    await initNode({ dataDir: data, log: silentLog });
    const acknowledged = new Set<string>();
    for (let killed = true; killed;) {
      const run = await importAndKill(data, sources, 350 + random.below(1400));
      killed = run.killed;
      if (killed) kills++;
      for (const result of run.acknowledged) {
        assert.notEqual(result.status, 'rejected', JSON.stringify(result.error));
        if (acknowledged.has(result.source))
          assert.equal(result.status, 'unchanged', `${result.source} was lost`);
        acknowledged.add(result.source);
      }
      node = await open(data);
      assert.deepEqual(node.parts.store.warnings, []);
      await assertWhole(node);
      const here = new Set(
        (
          await node.parts.store.rows<{ source_name: string }>(
            'select source_name from node.sources where records >= $1',
            [0],
          )
        ).map((row) => row.source_name),
      );
      for (const source of acknowledged)
        assert.ok(here.has(path.basename(source)), `${source} was acknowledged and is gone`);
      if (!killed) {
        assert.deepEqual(await counts(node), expected);
        finishes++;
      }
      await node.close();
    }
    await rm(data, { recursive: true });
  }
  t.diagnostic(`${kills} kills, ${finishes} runs finished with equal counts`);
  await rm(folder, { recursive: true });
});
