/** What policy makes of a statement, for an auditor; and errors that say where and what would be right. Rules P9 and Q6. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import type { PolicyExplanation } from '../../src/node/index.ts';
import { ANN, BOB, RULES } from './hidden.ts';
import { engine, outcome } from './kit.ts';
import { people } from './people.ts';
import { freshStore } from '../store/kit.ts';

describe('[P9] policy explain', () => {
  it('says who asks, why rows are shown and what becomes of columns, in words', async () => {
    await using p = await people();
    await p.add('inspector-7', 'regulator', { clearance: 2, purposes: ['investigation'] });
    await p.as('root').users({
      action: 'set',
      id: 'inspector-7',
      roles: ['inspector', 'regulator'],
      attributes: { assigned_sites: ['hamburg', 'kiel'], clearance: 2, purposes: ['investigation'] },
    });
    const explain = async (sql: string, purpose?: string): Promise<PolicyExplanation> => {
      const more = purpose === undefined ? {} : { purpose };
      const answer = await p.as('root').policy({ action: 'explain', principal: 'inspector-7', sql, ...more });
      assert.ok(answer.explanation !== undefined);
      return answer.explanation;
    };
    const found = await explain('select * from esh.incidents');
    assert.deepEqual(found.roles, ['inspector', 'regulator']);
    assert.match(found.role_docs[0]?.doc ?? '', /Field inspectors/);
    const [table] = found.tables;
    assert.deepEqual(
      table?.why.map(({ id, rows, when, counts }) => [id, rows, when, counts]),
      [
        [
          'inspector.records',
          'site_id is one of their assigned_sites (hamburg, kiel) and deleted is false',
          null,
          true,
        ],
        ['regulator.records', 'deleted is false', null, true],
        [
          'regulator.investigation',
          'deleted is false',
          'their clearance (2) is at least 2 and the declared purpose (none is declared) is "investigation"',
          false,
        ],
      ],
    );
    assert.ok(table?.why.every((rule) => rule.doc !== null && rule.doc !== ''));
    assert.equal(
      table?.masked.find(({ name }) => name === 'narrative')?.how,
      'as it is by inspector.records; without the people named in it by regulator.records',
    );
    const investigating = await explain('select * from esh.incidents', 'investigation');
    assert.equal(investigating.purpose, 'investigation');
    assert.deepEqual(
      investigating.tables[0]?.why.map(({ counts }) => counts),
      [true, true, true],
    );
    assert.deepEqual(investigating.tables[0]?.masked, []);
    await assert.rejects(explain('select 1', 'spying'), { code: 'purpose.denied' });
    assert.equal(found.write, null);
    const insert = await explain('insert into esh.findings select * from esh.findings');
    assert.deepEqual(
      [insert.write?.kind, insert.write?.table, insert.write?.rules],
      ['insert', 'esh.findings', ['inspector.write']],
    );
    assert.match(insert.write?.where ?? '', /site_id.*hamburg.*kiel/);
    assert.match(insert.write?.why[0]?.rows ?? '', /assigned_sites \(hamburg, kiel\)/);
    // What it reads to find the rows is told as of any statement.
    assert.deepEqual(
      insert.tables.map(({ name }) => name),
      ['esh.findings'],
    );
    const update = await explain(
      `update esh.enforcement_actions set status = 'closed' where site_id = 'kiel'`,
    );
    assert.deepEqual([update.write?.rules, update.write?.where], [['regulator.enforce'], null]);
    assert.ok(update.write?.columns.includes('status'));
    await assert.rejects(explain(`update esh.incidents set severity = 'minor'`), { code: 'policy.denied' });
    await assert.rejects(explain('delete from esh.sites'), { code: 'policy.denied' });
    await assert.rejects(explain(`insert into esh.hidden values ('x')`), { code: 'sql.name' });
    await assert.rejects(explain('select * from esh.incident'), (error: unknown) => {
      assert.ok(error instanceof FractalError);
      assert.deepEqual([error.code, error.place], ['sql.name', { line: 1, column: 15 }]);
      assert.match(error.cure, /Did you mean esh\.incidents\?/);
      return true;
    });
    await assert.rejects(explain('select *\n  , narativ from esh.incidents'), (error: unknown) => {
      assert.ok(error instanceof FractalError);
      assert.deepEqual(error.place, { line: 2, column: 5 });
      assert.match(error.cure, /Did you mean narrative\?/);
      return true;
    });
  });
});

it('[Q6] an error says where, and the nearest name that its reader may see', async (t) => {
  const { store } = await freshStore(t);
  const policy = engine(RULES);
  const found = async (who: typeof ANN, sql: string): Promise<{ place?: object; cure: string }> =>
    JSON.parse(await outcome(store, policy, who, sql)) as { place?: object; cure: string };
  for (const [sql, line, column, near] of [
    ['from esh.incident', 1, 6, 'Did you mean esh.incidents?'],
    ["select 'ü🙂', x\n\nfrom esh.sitez s", 3, 6, 'Did you mean esh.sites?'],
    ['explain from incidents', 1, 14, 'Did you mean esh.incidents?'],
    ["select 'ü🙂', nam from esh.sites", 1, 14, 'Did you mean name?'],
    ['select s.nam from esh.sites s', 1, 8, 'Did you mean name?'],
    ['select 1 from esh.sites where\n manger = 1', 2, 2, 'Did you mean manager?'],
    ['with c as (select 1 as answer) select anser from c', 1, 39, 'Did you mean answer?'],
    ['select x.name from esh.sites s', 1, 8, ''],
    ['select uper(name) from esh.sites', 1, 8, 'Did you mean upper?'],
    ["select 'ü🙂' frm b c d", 1, 17, ''],
    ['select\n from', 2, 6, ''],
    // Names that ann may not see are no hint.
    ['select manager_contac from esh.sites', 1, 8, ''],
    ['from esh.injured_person', 1, 6, ''],
  ] as const) {
    const { place, cure } = await found(ANN, sql);
    assert.deepEqual(place, { line, column }, sql);
    if (near === '') assert.doesNotMatch(cure, /manager_contact|injured_persons/, sql);
    else assert.ok(cure.startsWith(near), `${sql}: ${cure}`);
  }
  assert.doesNotMatch((await found(BOB, 'from esh.incidentz')).cure, /injured/);
});
