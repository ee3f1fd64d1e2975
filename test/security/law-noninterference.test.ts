/** `law diff`, `show`, `versions` and `documents` under a row rule: what SQL shows, and nothing hangs on what it hides. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FractalError } from '../../src/base/index.ts';
import type { Principal } from '../../src/query/index.ts';
import { LawQuestions } from '../../src/node/law.ts';
import { annualPart, importAll, testNode, type TestNode } from '../node/kit.ts';
import { CANARY } from './hidden.ts';
import { engine } from './kit.ts';

const VALVE = 'The operator shall lock the valve before any work on the line begins.';
const part = (date: string, number: number, sections: Readonly<Record<string, readonly string[]>>): string =>
  annualPart(number, date, sections);

const us = { eq: [{ column: 'jurisdiction' }, 'US'] };
const open = { all: [us, { not: { starts: [{ column: 'section_id' }, 'us/cfr/99/7#s7.3'] } }] };
const grants = (id: string, hide: readonly string[]): object[] => [
  { id: `${id}-heads`, actions: ['read'], tables: ['law.documents', 'law.versions'], where: us },
  { id: `${id}-texts`, actions: ['read'], tables: ['law.sections'], where: open, columns: { hide } },
];
const POLICY = engine({
  roles: {
    all: { doc: 'all', grants: [{ id: 'all', actions: ['read'], tables: ['*'] }] },
    us: { doc: 'one country, without what is sealed', grants: grants('us', []) },
    blind: { doc: 'the same without the numbers of provisions', grants: grants('blind', ['num']) },
  },
});
const as = (role: string): Principal => ({ id: role, roles: [role] });

/** Two versions; § 7.3 is sealed, part 8 of another country. */
async function world(isFull: boolean): Promise<TestNode> {
  const t = await testNode();
  const sealed = (text: string): Record<string, readonly string[]> => (isFull ? { '7.3': [text] } : {});
  const bring = async (name: string, text: string, jurisdiction: string): Promise<void> => {
    const [result] = await importAll(t.node, { paths: [await t.file(name, text)], jurisdiction });
    assert.notEqual(result?.status, 'rejected', JSON.stringify(result?.error));
  };
  await bring('1.xml', part('2022-07-01', 7, { '7.1': [VALVE], ...sealed(`${CANARY} one.`) }), 'US');
  if (isFull) await bring('8.xml', part('2022-07-01', 8, { '8.1': [`${CANARY} eight.`] }), 'UK');
  await bring(
    '2.xml',
    part('2023-07-01', 7, { '7.1': [`${VALVE} Twice.`], ...sealed(`${CANARY} two.`) }),
    'US',
  );
  return t;
}

type Ask = (law: LawQuestions) => Promise<unknown>;
const DOCUMENT = 'us/cfr/99/7';
const ASKED: readonly Ask[] = [
  (law) => law.documents(),
  (law) => law.versions(DOCUMENT),
  (law) => law.versions('us/cfr/99/8'),
  (law) => law.versions('uk/cfr/99/8'),
  (law) => law.versions('us/cfr/99/9'),
  (law) => law.diff({ document: DOCUMENT }),
  (law) => law.diff({ document: DOCUMENT, from: '2022-07-01', to: '2023-07-01', all: true }),
  (law) => law.diff({ document: DOCUMENT, section: '7.1' }),
  (law) => law.diff({ document: DOCUMENT, section: '7.3' }),
  (law) => law.diff({ document: DOCUMENT, section: 's7.3' }),
  (law) => law.diff({ document: 'us/cfr/99/8' }),
  (law) => law.diff({ document: DOCUMENT, known_at: '2020-01-01' }),
  (law) => law.show({ citation: '99 CFR 7.1' }),
  (law) => law.show({ citation: '99 CFR 7.3' }),
  (law) => law.show({ citation: '99 CFR 7.3', at: '2022-08-01' }),
  (law) => law.show({ citation: '99 CFR 7' }),
  (law) => law.show({ citation: '99 CFR Part 7' }),
  (law) => law.show({ citation: '99 CFR 8.1' }),
  (law) => law.show({ citation: '99 CFR 9.1' }),
];

/**
 * Without when the two nodes learned of a text, and what the row of a version, which is shown, says of the whole text: its
 * hash, which is part of its name, and the number of its provisions.
 */
const told = async (work: Promise<unknown>): Promise<string> => {
  const text = async (): Promise<string> => {
    try {
      return JSON.stringify(await work);
    } catch (error) {
      if (!(error instanceof FractalError) || error.kind === 'internal') throw error;
      const { code, message, cure } = error;
      return JSON.stringify({ code, message, cure });
    }
  };
  return (await text())
    .replaceAll(/"known_(?:from|to)":"[^"]*"/g, '"known":…')
    .replaceAll(/"provisions":\d+/g, '"provisions":…')
    .replaceAll(/~[0-9a-f]{12}/g, '~…');
};

it('law diff, show, versions under a row rule say what SQL shows, with and without what is hidden', async () => {
  await using full = await world(true);
  await using bare = await world(false);
  const law = ({ node }: TestNode, role: string): LawQuestions =>
    new LawQuestions(node.parts, as(role), POLICY);
  let answered = 0;
  for (const [i, ask] of ASKED.entries()) {
    const found = await told(ask(law(full, 'us')));
    assert.equal(found, await told(ask(law(bare, 'us'))), `${i}: ${String(ask)}`);
    assert.ok(!found.includes(CANARY), `${i}`);
    if (!found.includes('"code"')) answered++;
  }
  assert.ok(answered >= 8, `${answered} were answered`);
  const { changes } = await law(full, 'us').diff({ document: DOCUMENT });
  assert.deepEqual(
    changes.map(({ kind, section_id }) => [kind, section_id]),
    [['changed', `${DOCUMENT}#s7.1`]],
  );
  const whole = await law(full, 'all').diff({ document: DOCUMENT });
  assert.equal(whole.changes.length, 2);
  // A column that is hidden hides the answer.
  await assert.rejects(law(full, 'blind').show({ citation: '99 CFR 7.1' }), { code: 'policy.denied' });
});
