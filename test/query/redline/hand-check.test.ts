/**
 * The provisions that were read in the sources by eye (docs/hand-check-law-diff.md), asked of a node again; and every
 * article of one directive, compared by a second reading of the sources that shares no code with the first.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { LawDiff, ProvisionChange } from '../../../src/node/index.ts';
import { realSamples } from '../../ingest/samples.ts';
import { testNode, type TestNode } from '../../node/kit.ts';

interface Checked {
  readonly document: string;
  readonly from: string;
  readonly to: string;
  readonly kind: ProvisionChange['kind'] | 'unchanged';
  readonly section?: string;
  readonly from_section?: string;
  readonly deleted?: string;
  readonly inserted?: string;
}

const { documents, provisions } = JSON.parse(
  readFileSync(new URL('./hand-check.json', import.meta.url), 'utf8'),
) as { documents: Record<string, [string, string]>; provisions: Checked[] };
const FILES = Object.values(documents).flat();
const real = realSamples(...FILES.map((file) => `eurlex-esh/${file}`));
const skip = real.length < FILES.length;

async function withActs(body: (t: TestNode, diffs: Map<string, LawDiff>) => Promise<void>): Promise<void> {
  await using t = await testNode();
  for (const [i, { bytes }] of real.entries()) {
    const [result] = await t.import(await t.file(`${i}.xml`, bytes));
    assert.notEqual(result?.status, 'rejected', JSON.stringify(result?.error));
  }
  const diffs = new Map<string, LawDiff>();
  for (const document of Object.keys(documents))
    diffs.set(document, await t.node.lawDiff({ document, all: true }));
  await body(t, diffs);
}

test('what was read in the sources is what is reported, no more and no less', { skip }, async () => {
  await withActs(async (t, diffs) => {
    assert.equal(provisions.length, 50);
    for (const one of provisions) {
      const diff = diffs.get(one.document);
      assert.deepEqual([diff?.from.in_force_from, diff?.to.in_force_from], [one.from, one.to]);
      const id = (eid: string | undefined): string | undefined => eid && `${one.document}#${eid}`;
      const found = diff?.changes.filter(
        ({ section_id, from_section_id }) =>
          section_id === (id(one.section) ?? id(one.from_section)) &&
          (one.from_section === undefined || from_section_id === id(one.from_section)),
      );
      const told = `${one.document}#${one.section ?? one.from_section ?? ''}`;
      if (one.kind === 'unchanged') {
        assert.deepEqual(found, [], told);
        const versions = await t.rows(
          `select version_id from law.sections where section_id = '${id(one.section) ?? ''}'`,
        );
        assert.equal(versions.length, 2, told);
        continue;
      }
      assert.deepEqual(
        found?.map(({ kind }) => kind),
        [one.kind],
        told,
      );
      const has = (op: 'delete' | 'insert', words: string | undefined): void => {
        if (words === undefined) return;
        assert.ok(
          found?.[0]?.text.some((edit) => edit.op === op && edit.text.trim() === words),
          `${told}: ${words}`,
        );
      };
      has('delete', one.deleted);
      has('insert', one.inserted);
    }
    assert.deepEqual(
      diffs.get('eu/dir/1996/61')?.changes.filter(({ kind }) => kind !== 'editorial'),
      [],
    );
    const batteries = diffs.get('eu/reg/2023/1542');
    assert.deepEqual(
      [batteries?.counts.changed, batteries?.counts.added, batteries?.counts.removed],
      [2, 2, 0],
    );

    const [old = '', now = ''] = (documents['eu/dir/2003/87'] ?? []).map((file) =>
      Buffer.from(real[FILES.indexOf(file)]?.bytes ?? []).toString(),
    );
    const [before, after] = [articles(old), articles(now)];
    const differ = [...new Set([...before.keys(), ...after.keys()])].filter(
      (number) => before.get(number) !== after.get(number),
    );
    const reported = new Set<string>();
    for (const { kind, level, section_id, from_section_id } of diffs.get('eu/dir/2003/87')?.changes ?? [])
      for (const eid of [section_id, from_section_id])
        if (kind !== 'editorial' && kind !== 'moved' && level !== 'note' && eid !== null) {
          const number = /#art_([\w-]+)/.exec(eid)?.[1];
          if (number !== undefined) reported.add(number);
        }
    assert.ok(before.size > 50 && differ.length > 50);
    assert.deepEqual([...reported].sort(), differ.sort());
  });
});

/** Letters, digits and punctuation of each article of a Formex file, without footnotes and without what is deleted. */
function articles(formex: string): Map<string, string> {
  let text = formex;
  for (const [, end = ''] of formex.matchAll(/<\?CLG\.MDFO[^?]*IDREF="(\w+)"[^?]*ACTION="DELETED"[^?]*\?>/g))
    text = text.replace(
      new RegExp(
        `<\\?CLG\\.MDFO[^?]*IDREF="${end}"[^?]*\\?>[\\s\\S]*?<\\?CLG\\.MDFC[^?]*ID="${end}"[^?]*\\?>`,
      ),
      '',
    );
  const plain = text.replace(/<\?[\s\S]*?\?>|<NOTE[\s\S]*?<\/NOTE>|<QUOT\.[^>]*>/g, '');
  const found = new Map<string, string>();
  for (const [article] of plain.matchAll(/<ARTICLE [\s\S]*?<\/ARTICLE>/g)) {
    const number = /<TI\.ART>([\s\S]*?)<\/TI\.ART>/.exec(article)?.[1] ?? '';
    found.set(
      number.replace(/<[^>]+>|Article|\s/g, ''),
      article
        .replace(/<[^>]+>/g, '')
        .replace(/[\s‘’'"“”]+/g, '')
        .replace(/[—–]/g, '-'),
    );
  }
  return found;
}
