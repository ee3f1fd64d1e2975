/**
 * What differs between two versions of a document, provision by provision. Only provisions with another hash are read,
 * and their texts a batch at a time.
 */
import { FIXED_LIMITS, sha256 } from '../../base/index.ts';
import { align, type Leaf } from '../redline/align.ts';
import { wordHashes } from '../redline/bag.ts';
import {
  isRepealHeading,
  isRepealMark,
  plainBody,
  plainNote,
  plainNumber,
  plainText,
  wordsOf,
} from '../redline/hygiene.ts';
import { PROVISION_COLUMNS, textsOf, type Provision, type ReadRows } from './provisions.ts';
import { sameUnits } from './same-units.ts';

/**
 * `moved`: the same words under an id that shifted with the neighbours or the parent; `editorial`: the same words,
 * printed otherwise. Neither changes the law.
 */
export type ChangeKind = 'added' | 'changed' | 'renumbered' | 'repealed' | 'removed' | 'moved' | 'editorial';

export interface Change {
  readonly kind: ChangeKind;
  readonly old: Provision | undefined;
  readonly now: Provision | undefined;
}

export interface Comparison {
  /** In the order of the new version; what was removed stands where it was. */
  readonly changes: readonly Change[];
  /** Provisions of a preamble that only one of the texts reproduces; they are no changes. */
  readonly leftOut: number;
}

/** A provision with what its text says. */
interface Read extends Provision {
  /** Ordinal in the new version after which it stands. */
  readonly place: number;
  readonly number: string;
  readonly said: string;
  readonly isMark: boolean;
  readonly isClosing: boolean;
  readonly leaf: Leaf;
}

interface Listed extends Provision {
  readonly side: 'old' | 'now';
  readonly place: number | null;
}

export async function compareVersions(rows: ReadRows, from: string, to: string): Promise<Comparison> {
  const listed = await rows<Listed>(DIFFERENT, [from, to]);
  const lacks = await lacksPreamble(rows, from, to);
  const kept = lacks ? withoutPreamble(listed) : listed;
  const old = kept.filter(({ side }) => side === 'old');
  const now = kept.filter(({ side }) => side === 'now');
  const [sameOld, sameNow] = await sameUnits(rows, [from, to], [old, now]);
  const before = changedOf(old, sameOld);
  const after = changedOf(now, sameNow);
  return {
    changes: [
      ...pairUp(await readAll(rows, from, before.changed), await readAll(rows, to, after.changed)),
      ...after.same.map((one): Change => ({ kind: 'editorial', old: undefined, now: one })),
    ],
    leftOut: listed.length - kept.length,
  };
}

const COLUMNS = `${PROVISION_COLUMNS}, text_sha256`;

/** Provisions of either version that the other has not, or has with another hash, parents first. */
const DIFFERENT = `
  with a as (select ${COLUMNS} from law.sections where version_id = $1 and not deleted),
       b as (select ${COLUMNS} from law.sections where version_id = $2 and not deleted),
       old as (
         select a.*, b.text_sha256 as other, last_value(b.ordinal ignore nulls) over (order by a.ordinal) as place
           from a left join b using (section_id)),
       new as (
         select b.*, a.text_sha256 as other, b.ordinal as place from b left join a using (section_id))
  select * exclude (text_sha256, other) from (
    select 'old' as side, * from old union all by name select 'now' as side, * from new)
   where other is distinct from text_sha256
   order by side, ordinal`;

/** Notes that list the acts which made and amended a text: apparatus of the publisher, kept in law.amendments. */
const APPARATUS = /[#-](?:history|cita)$/;
/** The formula at the end of an EU act: some texts have it in the last article, some below it. */
const CLOSING =
  /^this (?:regulation|decision|directive) (?:shall be|is) (?:binding in its entirety|addressed to the member states)/i;
/** Place, date and names below a law. */
const SIGNATURE = 'signature';

/** Whether only one version has what a preamble holds: consolidations leave the recitals out. */
async function lacksPreamble(rows: ReadRows, from: string, to: string): Promise<boolean> {
  const found = await rows<{ version_id: string }>(
    `select distinct s.version_id from law.sections s
       join law.sections p on p.version_id = s.version_id and p.section_id = s.parent_id
      where s.version_id in ($1, $2) and p.level = 'preamble' and not s.deleted and not p.deleted`,
    [from, to],
  );
  return found.length === 1;
}

function withoutPreamble<P extends Provision>(all: readonly P[]): P[] {
  const out = new Set<string>();
  return all.filter(({ section_id, parent_id, level }) => {
    const isOut = level === 'preamble' || (parent_id !== null && out.has(parent_id));
    if (isOut) out.add(section_id);
    return !isOut;
  });
}

/** Provisions that may say something else, and those that say the same or no law at all. */
function changedOf(
  all: readonly Listed[],
  same: ReadonlySet<string> | undefined,
): { readonly changed: readonly Listed[]; readonly same: readonly Listed[] } {
  const changed: Listed[] = [];
  const other: Listed[] = [];
  for (const one of all) {
    // A container that says nothing itself comes and goes with the format.
    const isSilent = one.chars === 0 && one.num === null && one.heading === null;
    const isSame = same?.has(one.section_id) === true || APPARATUS.test(one.section_id);
    (isSame || isSilent || one.level === SIGNATURE ? other : changed).push(one);
  }
  return { changed, same: other };
}

async function readAll(rows: ReadRows, versionId: string, provisions: readonly Listed[]): Promise<Read[]> {
  const out: Read[] = [];
  let words = FIXED_LIMITS.align_words.value;
  for await (const [provision, text] of textsOf(rows, versionId, provisions)) {
    const heading = plainText(provision.heading ?? '');
    const body = provision.level === 'note' ? plainNote(text) : plainBody(text);
    const own = wordsOf(`${heading} ${body}`);
    words -= own.length;
    const said = sha256(`${heading}\n${body}`);
    const number = plainNumber(provision.num ?? '');
    out.push({
      ...provision,
      place: provision.place ?? -1,
      number,
      said,
      // A repealed provision may keep its heading, or say so in it.
      isMark: body === '' ? isRepealHeading(provision.heading ?? '') : isRepealMark(text),
      isClosing: CLOSING.test(body),
      leaf: {
        id: provision.section_id,
        parentId: provision.parent_id ?? undefined,
        level: provision.level,
        // An id that ends in a count says only where the provision stands.
        isNamed: /[\p{L}\p{N}]/u.test(number) || !/(?:^|[^\d])\d+$/.test(provision.section_id),
        said,
        words: words < 0 ? new Uint32Array(0) : wordHashes(own),
        wordCount: own.length,
      },
    });
  }
  return out;
}

function pairUp(old: readonly Read[], now: readonly Read[]): Change[] {
  const pairs = align(
    old.map(({ leaf }) => leaf),
    now.map(({ leaf }) => leaf),
  );
  const nowById = new Map(now.map((one) => [one.section_id, one]));
  const changes: { readonly change: Change; readonly at: number; readonly order: number }[] = [];
  const taken = new Set<string>();
  const repealed = new Set<string>();
  for (const before of old) {
    const after = nowById.get(pairs.get(before.section_id) ?? '');
    if (after === undefined) {
      const isRepealed = before.parent_id !== null && repealed.has(before.parent_id);
      if (isRepealed) repealed.add(before.section_id);
      const kind = before.isClosing ? 'editorial' : isRepealed ? 'repealed' : 'removed';
      changes.push({
        change: { kind, old: before, now: undefined },
        at: before.place,
        order: before.ordinal,
      });
      continue;
    }
    taken.add(after.section_id);
    const kind = kindOf(before, after, pairs);
    if (kind === 'repealed') repealed.add(before.section_id);
    changes.push({ change: { kind, old: before, now: after }, at: after.ordinal, order: -1 });
  }
  for (const after of now)
    if (!taken.has(after.section_id))
      changes.push({
        change: { kind: after.isClosing ? 'editorial' : 'added', old: undefined, now: after },
        at: after.ordinal,
        order: -1,
      });
  return changes.sort((p, q) => p.at - q.at || p.order - q.order).map(({ change }) => change);
}

function kindOf(before: Read, after: Read, pairs: ReadonlyMap<string, string>): ChangeKind {
  const isSaid = before.said === after.said;
  const isNumbered = before.number === after.number;
  if (!isSaid && after.isMark && !before.isMark) return 'repealed';
  const parent = before.parent_id ?? '';
  const isInPlace = (pairs.get(parent) ?? parent) === (after.parent_id ?? '');
  if (before.section_id === after.section_id) return isSaid && isNumbered ? 'editorial' : 'changed';
  // A footnote goes where it is first cited.
  if (isSaid && after.level === 'note') return 'moved';
  if (!isNumbered || !isInPlace) return 'renumbered';
  return isSaid ? 'moved' : 'changed';
}
