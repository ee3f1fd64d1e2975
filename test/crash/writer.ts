/**
 * The process that is killed: writes to both engines until it is, and says which commits it was told are durable.
 * Arguments: data directory, seed.
 */
import { writeSync } from 'node:fs';
import { SeededRandom } from '../../src/base/index.ts';
import { ESH } from '../../src/schema/index.ts';
import { makeMirror, mirrorRows, openStore, site } from '../store/kit.ts';

const [folder = '', seed = '1'] = process.argv.slice(2);
const random = new SeededRandom(Number(seed));
const store = await openStore(folder);
if (!store.hasLanceTable('mirror')) await makeMirror(store);
writeSync(1, 'ready\n');

for (;;) {
  const what = random.below(10);
  try {
    const { commitVersion } = await store.transact('crash', async (tx) => {
      const n = Number(tx.stamp.commitVersion);
      const id = `c${n}`;
      // Each commit adds one row, named and numbered by it, to both engines.
      const rows = [site(id, { employees: n })];
      if (what < 3) {
        // And sometimes rewrites the row before, in both.
        const before = `c${n - 1}`;
        await tx.stageUpdate('mirror', { where: `id = '${before}'`, set: { n: String(n) } });
        if ((await tx.rows('select 1 from esh.sites where site_id = $1', [before])).length > 0)
          rows.push(site(before, { employees: n }));
      }
      if (random.below(2) === 0) await tx.put(ESH.sites, rows);
      await tx.stage('mirror', mirrorRows([{ id, n }]));
      await tx.put(ESH.sites, rows);
      if (what === 9) throw new TypeError('on purpose');
    });
    writeSync(1, `ack ${commitVersion}\n`);
  } catch (error) {
    if (!String((error as Error).cause).includes('on purpose')) throw error;
  }
  if (what === 8) await store.checkpoint();
}
