/** Numbers that the engine's own tree cannot tell. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseStatement } from '../../src/query/index.ts';
import { freshStore } from '../store/kit.ts';

it('a literal beyond the range of DOUBLE is the caller’s fault, and told as such', async (t) => {
  const { store } = await freshStore(t);
  for (const sql of ['select 1e400', 'select * from esh.sites where -1e999 < 1', 'select [1, 2e309]'])
    await assert.rejects(parseStatement(store, sql, [], store.options.limits), {
      kind: 'bad_input',
      code: 'sql.number',
    });
  await parseStatement(
    store,
    `select 1e308, 'Infinity', "Infinity" from esh.sites`,
    [],
    store.options.limits,
  );
});
