/** The redline of a document between two versions. */
import { badInputError, type Limits } from '../../base/index.ts';
import { redline, type Edit } from '../redline/redline.ts';
import { compareVersions, type Change } from './compare.ts';
import {
  findDocument,
  knownAt,
  pickTwo,
  versionsOf,
  type LawDocument,
  type LawVersion,
} from './documents.ts';
import { findProvision, provisionsBelow, noProvision } from './find-provision.ts';
import { textsOf, type Provision, type ReadRows } from './provisions.ts';

export interface DiffQuery {
  readonly document: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Only this provision and what stands below it: an id, the part of it after `#`, a citation or a number. */
  readonly section: string | undefined;
  /** As the node knew the versions at the end of this day. */
  readonly known: string | undefined;
  /** With what moved or is only printed otherwise. */
  readonly all: boolean;
  readonly today: string;
}

export interface ProvisionChange {
  readonly kind: Change['kind'];
  readonly section_id: string;
  readonly from_section_id: string | null;
  readonly citation: string;
  readonly from_citation: string | null;
  readonly level: string;
  /** Printed numbers, old and new. */
  readonly from_num: string | null;
  readonly num: string | null;
  readonly heading: readonly Edit[];
  readonly text: readonly Edit[];
}

export interface DiffAnswer {
  readonly document: LawDocument;
  readonly from: LawVersion;
  readonly to: LawVersion;
  /** The provision asked for, by its citation. */
  readonly section: string | null;
  readonly counts: Readonly<Record<Change['kind'], number>>;
  /** What the reader must know to trust the answer. */
  readonly notes: readonly string[];
  readonly changes: readonly ProvisionChange[];
}

export async function diffLaw(rows: ReadRows, query: DiffQuery, limits: Limits): Promise<DiffAnswer> {
  const document = await findDocument(rows, query.document);
  const known = knownAt(await versionsOf(rows, document.document_id, limits), query.known);
  const [from, to] = pickTwo(known, query);
  const compared = await compareVersions(rows, from.version_id, to.version_id);
  const inside =
    query.section === undefined ? undefined : await within(rows, [from, to], document, query.section);
  const changes = compared.changes.filter(
    ({ old, now }) =>
      inside === undefined ||
      (old !== undefined && inside.old.has(old.section_id)) ||
      (now !== undefined && inside.now.has(now.section_id)),
  );
  const counts = { added: 0, changed: 0, renumbered: 0, repealed: 0, removed: 0, moved: 0, editorial: 0 };
  for (const { kind } of changes) counts[kind]++;
  const shown = query.all ? changes : changes.filter(({ kind }) => kind !== 'moved' && kind !== 'editorial');
  checkSize(
    shown.length,
    shown.reduce((sum, { old, now }) => sum + (old?.chars ?? 0) + (now?.chars ?? 0), 0),
    limits,
  );
  return {
    document,
    from,
    to,
    section: inside?.citation ?? null,
    counts,
    notes: notesOn(from, to, compared.leftOut),
    changes: await withTexts(rows, [from, to], shown),
  };
}

/** Throws `law.diff_size` when an answer would be too large to hold. */
function checkSize(provisions: number, chars: number, limits: Limits): void {
  if (provisions <= limits.law_diff_provisions && chars <= limits.law_diff_chars) return;
  throw badInputError(
    'law.diff_size',
    `the answer has ${provisions} provisions with ${chars} characters; the bounds are ${limits.law_diff_provisions} and ${limits.law_diff_chars}`,
    'Ask for one section with --section, or read the list in law.changes with `fractal sql`.',
  );
}

function notesOn(from: LawVersion, to: LawVersion, leftOut: number): string[] {
  const notes: string[] = [];
  if (from.version_id === to.version_id) notes.push('Both days fall into the same version.');
  if (leftOut > 0)
    notes.push(
      `One of the texts does not reproduce the preamble: its ${leftOut} provisions are not counted as changes.`,
    );
  if (from.format !== to.format)
    notes.push(
      `The versions come in different formats (${from.format}, ${to.format}): where the words changed, their division into provisions may differ too.`,
    );
  for (const { in_force_from } of [from, to])
    if (in_force_from === null)
      notes.push('One of the versions has no date of force; it counts as the earlier one.');
  return notes;
}

async function withTexts(
  rows: ReadRows,
  [from, to]: readonly [LawVersion, LawVersion],
  changes: readonly Change[],
): Promise<ProvisionChange[]> {
  const texts = async (
    version: LawVersion,
    all: readonly (Provision | undefined)[],
  ): Promise<Map<string, string>> => {
    const found = new Map<string, string>();
    const wanted = all.filter((one) => one !== undefined);
    for await (const [{ section_id }, text] of textsOf(rows, version.version_id, wanted))
      found.set(section_id, text);
    return found;
  };
  const old = await texts(
    from,
    changes.map((change) => change.old),
  );
  const now = await texts(
    to,
    changes.map((change) => change.now),
  );
  return changes.map(({ kind, old: before, now: after }) => {
    const here = after ?? before;
    return {
      kind,
      section_id: here?.section_id ?? '',
      from_section_id: before?.section_id ?? null,
      citation: here?.citation ?? '',
      from_citation: before?.citation ?? null,
      level: here?.level ?? '',
      from_num: before?.num ?? null,
      num: after?.num ?? null,
      heading: redline(before?.heading ?? '', after?.heading ?? ''),
      text: redline(old.get(before?.section_id ?? '') ?? '', now.get(after?.section_id ?? '') ?? ''),
    };
  });
}

async function within(
  rows: ReadRows,
  [from, to]: readonly [LawVersion, LawVersion],
  document: LawDocument,
  asked: string,
): Promise<{
  readonly citation: string;
  readonly old: ReadonlySet<string>;
  readonly now: ReadonlySet<string>;
}> {
  const side = async (version: LawVersion): Promise<{ citation?: string; ids: ReadonlySet<string> }> => {
    const found = await findProvision(rows, version, document, asked);
    if (found === undefined) return { ids: new Set() };
    const below = await provisionsBelow(rows, version.version_id, found.section_id);
    return { citation: found.citation, ids: new Set(below.map(({ section_id }) => section_id)) };
  };
  const [old, now] = [await side(from), await side(to)];
  const citation = now.citation ?? old.citation;
  if (citation !== undefined) return { citation, old: old.ids, now: now.ids };
  throw noProvision();
}
