/** D7: a plan names no catalogue, whole or in part, however wide its names are and however deep it goes. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { authorize, explainQuery, parseStatement } from '../../src/query/index.ts';
import { freshStore } from '../store/kit.ts';
import { engine } from '../security/kit.ts';
import { explain } from '../security/writes-kit.ts';

const POLICY = engine({
  roles: { all: { doc: 'all', grants: [{ id: 'all', actions: ['read', 'update'], tables: ['*'] }] } },
});
const ROOT = { id: 'root', roles: ['all'] };

it('[D7] a plan has no part of the secret name of a catalogue', async (t) => {
  const { store } = await freshStore(t);
  const names = await store.rows<{ name: string }>(
    `select database_name as name from duckdb_databases() where regexp_matches(database_name, '_[0-9a-f]{32}$')`,
  );
  assert.ok(names.length > 0);
  const parts = names.flatMap(({ name }) =>
    Array.from({ length: name.length - 7 }, (_, i) => name.slice(i, i + 8)),
  );
  const check = (plan: string, sql: string): void => {
    assert.match(plan, /SCAN/, sql);
    // What a drawing puts between the parts of a word is no part of it.
    const words = plan.replaceAll(/[^a-z0-9_]/gi, '');
    for (const part of parts) assert.ok(!words.includes(part), `${sql}: ${part} in\n${plan}`);
    assert.doesNotMatch(words, /(?:data|view)_[0-9a-f]/, `${sql}\n${plan}`);
  };
  const plan = async (sql: string): Promise<string> => {
    const statement = await parseStatement(store, sql, [], store.options.limits);
    const text = await explainQuery(store, authorize(statement, ROOT, POLICY), AbortSignal.timeout(20_000));
    check(text, sql);
    return text;
  };
  for (const { schema, name } of POLICY.scope(ROOT).tables.filter((table) => table.schema !== 'node'))
    await plan(`from ${schema}.${name}`);
  for (let width = 1; width <= 120; width += 7) {
    const name = `"${'n'.repeat(width)}"`;
    await plan(
      `select ${name}.name as ${name} from esh.sites as ${name} where ${name}.name > ${name}.region`,
    );
  }
  for (const depth of [1, 3, 6, 10])
    for (const join of ['join', 'left join', 'full join']) {
      const joined = Array.from({ length: depth }, (_, i) => `${join} esh.sites t${i} using (site_id)`);
      await plan(
        `select count(*) from esh.incidents ${joined.join(' ')} group by incidents.region order by 1`,
      );
      await plan(`${'select * from ('.repeat(depth)}from esh.sites limit 9${') limit 8'.repeat(depth)}`);
    }
  const sql = "update esh.sites set name = 'x' where region in (select region from esh.incidents)";
  check(await explain(store, POLICY, ROOT, sql), sql);

  // Each operator has one line, whatever the statement has.
  const lines = (await plan("select name from esh.sites where name || 'a\nb' = region order by name")).split(
    '\n',
  );
  for (const line of lines) assert.match(line, /^ *[A-Z_]+( \[.+\])?$/);
  assert.ok((await plan('select name from esh.sites')).startsWith('SEQ_SCAN [Table: esh.sites; '));
});
