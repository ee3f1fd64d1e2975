/**
 * Units (articles, sections, annexes and what stands in them) that say the same in both versions although their
 * provisions are cut otherwise: a list that another format reads as paragraphs changes no word of the law.
 */
import { Sha256 } from '../../base/index.ts';
import { plainNote, plainNumber, plainText } from '../redline/hygiene.ts';
import { PROVISION_COLUMNS, textsOf, type Provision, type ReadRows } from './provisions.ts';

/** Outermost provisions that are compared as a whole. */
const UNITS: ReadonlySet<string> = new Set([
  'article',
  'section',
  'annex',
  'appendix',
  'schedule',
  'preamble',
  'signature',
]);

/** Ids of either version whose text, or that of a provision around them, is the same in both with all below it. */
export async function sameUnits(
  rows: ReadRows,
  versions: readonly [string, string],
  changed: readonly [readonly Provision[], readonly Provision[]],
): Promise<readonly ReadonlySet<string>[]> {
  const wanted = new Set<string>();
  const skeletons: Provision[][] = [];
  for (const [i, versionId] of versions.entries()) {
    const all = await rows<Provision>(SKELETON, [versionId]);
    skeletons.push(all);
    const ids = new Set(changed[i]?.map(({ section_id }) => section_id));
    for (const [unit, one] of withUnits(all))
      if (unit !== undefined && ids.has(one.section_id)) wanted.add(unit);
  }
  const hashes: Map<string, string>[] = [];
  for (const [i, versionId] of versions.entries())
    hashes.push(await wholeHashes(rows, versionId, inUnits(skeletons[i] ?? [], wanted)));
  const [old, now] = hashes;
  return skeletons.map((all) => {
    const same = new Set<string>();
    for (const { section_id: id, parent_id } of all) {
      const hash = old?.get(id);
      if ((hash !== undefined && hash === now?.get(id)) || same.has(parent_id ?? '')) same.add(id);
    }
    return same;
  });
}

const SKELETON = `
  select ${PROVISION_COLUMNS} from law.sections where version_id = $1 and not deleted order by ordinal`;

/** Each provision with the unit around it. Parents come before their children, which may stand far from them. */
function* withUnits(all: readonly Provision[]): Generator<readonly [string | undefined, Provision]> {
  const unitOf = new Map<string, string>();
  for (const one of all) {
    const unit = unitOf.get(one.parent_id ?? '') ?? (UNITS.has(one.level) ? one.section_id : undefined);
    if (unit !== undefined) unitOf.set(one.section_id, unit);
    yield [unit, one];
  }
}

function inUnits(all: readonly Provision[], wanted: ReadonlySet<string>): Provision[] {
  const out: Provision[] = [];
  for (const [unit, one] of withUnits(all)) if (unit !== undefined && wanted.has(unit)) out.push(one);
  return out;
}

/** What a provision and those below it have said so far. */
interface Said {
  readonly above: Said | undefined;
  readonly hash: Sha256;
  /** Its last character. */
  last: string;
  readonly notes: string[];
}

/** Hash of what each provision says with all below it: its text in order, and its footnotes, wherever they stand. */
async function wholeHashes(
  rows: ReadRows,
  versionId: string,
  provisions: readonly Provision[],
): Promise<Map<string, string>> {
  const all = new Map<string, Said>();
  for await (const [provision, text] of textsOf(rows, versionId, provisions)) {
    const own: Said = { above: all.get(provision.parent_id ?? ''), hash: new Sha256(), last: '', notes: [] };
    all.set(provision.section_id, own);
    const { body, notes } = saidBy(provision, text);
    for (let said: Said | undefined = own; said !== undefined; said = said.above) {
      if (body !== '') said.hash.update(Buffer.from(needsBlank(said.last, body) ? ` ${body}` : body));
      said.last = body.at(-1) ?? said.last;
      for (const note of notes) said.notes.push(note);
    }
  }
  const hashes = new Map<string, string>();
  for (const [id, { hash, notes }] of all) {
    for (const note of notes.sort()) hash.update(Buffer.from(`\n${note}`));
    hashes.set(id, hash.digest());
  }
  return hashes;
}

/** Whether a plain text has a blank between the two: provisions are joined as if they had been one text. */
const needsBlank = (last: string, next: string): boolean =>
  last !== '' && plainText(`${last} ${next.charAt(0)}`).includes(' ');

/** A footnote that stands among the lines of a quoted amendment. */
const NOTE_LINE = /^\s*\[(\w{1,4})\] /;

/** Words in order with single blanks, however they are divided into provisions, lines and cells. */
function saidBy({ level, num, heading }: Provision, text: string): { body: string; notes: string[] } {
  if (level === 'note') return { body: '', notes: [`${plainNumber(num ?? '')} ${plainNote(text)}`] };
  const isNote = (line: string): boolean => NOTE_LINE.test(line);
  const lines = text.split('\n');
  const notes = lines.filter(isNote).map((line) => {
    const [mark = '', number = ''] = NOTE_LINE.exec(line) ?? [];
    return `${number} ${plainNote(line.slice(mark.length))}`;
  });
  const body = [num ?? '', heading ?? '', ...lines.filter((line) => !isNote(line))].join(' ');
  return { body: plainText(body), notes };
}
