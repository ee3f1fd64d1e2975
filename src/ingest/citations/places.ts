/**
 * The provisions of one document by how law cites them, whatever the reader calls them: `unit:262.34/a/1`,
 * `schedule:1/part:2`, `unit:5/2/sub:2/a`. Built while the document is read; holds one entry or two per provision.
 */
import type { SectionLevel, SectionNode } from '../reader.ts';
import { plainStep, type Step } from './reference.ts';

export interface Place {
  readonly eid: string;
  readonly parent: Place | undefined;
  readonly level: SectionLevel;
  /** Steps down to this provision. Undefined where it cannot be cited itself: then the parent's count. */
  readonly path: readonly Step[];
}

/** Levels that are cited by word and number. */
const STEPS: Readonly<Partial<Record<SectionLevel, string>>> = {
  title: 'title',
  chapter: 'chapter',
  subchapter: 'subchapter',
  part: 'part',
  subpart: 'subpart',
  division: 'division',
  section: 'unit',
  article: 'unit',
  schedule: 'schedule',
  annex: 'schedule',
  appendix: 'appendix',
};
/** They group what has numbers of its own: a citation may leave them out. */
const GROUPS = /^(?:title|chapter|subchapter|part|subpart|division):/;
/** They count through the whole document, unless they stand in a schedule. */
const FROM_TOP: ReadonlySet<SectionLevel> = new Set(['section', 'article']);

/** `Sch. 2 para. 3(1)`, `s. 19(6)`, `regs. 3(1)(a)`. */
const ABBREVIATED =
  /(?<![\p{L}])(?:Sch(?:edule)?s?\.? (\w{1,6})(?: (para)s?\.? (\w{1,6})((?:\(\w{1,5}\)){0,6}))?|(?:(s)s?|regs?|arts?|r)\. (\w{1,8})((?:\(\w{1,5}\)){0,6}))/iu;
const NOTE_CHARS = 400;

function labelsOf(printed: string | undefined): readonly string[] {
  return (printed ?? '').split(/[()]/).filter((label) => label !== '');
}

export class Places {
  readonly #byEid = new Map<string, Place>();
  /** `null`: several provisions answer to it. */
  readonly #byPath = new Map<string, string | null>();

  /** Parents come first. */
  add(node: Pick<SectionNode, 'eid' | 'parentEid' | 'level' | 'num'>): void {
    const parent = node.parentEid === undefined ? undefined : this.#byEid.get(node.parentEid);
    const step = stepOf(node);
    const above = parent?.path ?? [];
    let path = above;
    if (step !== undefined) {
      // `2.2` below `2` says both.
      const isDotted = step.startsWith(`${above.at(-1) ?? '-'}.`);
      path = [
        ...(FROM_TOP.has(node.level) ? above.filter(isSchedule) : isDotted ? above.slice(0, -1) : above),
        step,
      ];
      this.#put(path, node.eid);
      const short = [...path.slice(0, -1).filter((one) => !GROUPS.test(one)), step];
      if (short.length < path.length) this.#put(short, node.eid);
    }
    this.#byEid.set(node.eid, { eid: node.eid, parent, level: node.level, path });
  }

  at(eid: string): Place | undefined {
    return this.#byEid.get(eid);
  }

  /** The provision a path leads to, when there is exactly one. */
  find(path: readonly Step[]): string | undefined {
    const plain = path.map(plainStep).filter((step) => step !== 'sub:1');
    return this.#byPath.get(plain.join('/')) ?? undefined;
  }

  /** The provision a note begins with: `S. 19(6) substituted …`, `Words in reg. 3(1)(a) inserted …`, `Sch. 2 para. 3 …`. */
  abbreviated(note: string): string | undefined {
    const found = ABBREVIATED.exec(note.slice(0, NOTE_CHARS));
    if (found === null) return undefined;
    const [, schedule, , paragraph, below, , unit, labels] = found;
    const first = paragraph ?? unit;
    const inner = first === undefined ? [] : [first, ...labelsOf(below ?? labels)];
    const path =
      schedule === undefined
        ? [`unit:${inner[0] ?? ''}`, ...inner.slice(1)]
        : [`schedule:${schedule}`, ...inner];
    for (let n = path.length; n > 0; n--) {
      const eid = this.find(path.slice(0, n));
      if (eid !== undefined) return eid;
    }
    return undefined;
  }

  #put(path: readonly Step[], eid: string): void {
    const key = path.join('/');
    this.#byPath.set(key, this.#byPath.has(key) ? null : eid);
  }
}

function isSchedule(step: Step): boolean {
  return step.startsWith('schedule:') || step.startsWith('appendix:');
}

function stepOf({ eid, level, num }: Pick<SectionNode, 'eid' | 'level' | 'num'>): Step | undefined {
  if (level === 'note' || level === 'table' || level === 'form') return undefined;
  const word = STEPS[level];
  if (num === undefined) {
    // Texts and dashes of EU acts have no number: their id says which they are.
    const counted = /\.(sub|indent)_(\d+)$/.exec(eid);
    if (counted !== null) return `${counted[1] ?? ''}:${counted[2] ?? ''}`;
    return word === 'schedule' || word === 'appendix' ? `${word}:` : undefined;
  }
  const indent = /\.indent_(\d+)$/.exec(eid)?.[1];
  if (indent !== undefined) return `indent:${indent}`;
  // Some formats print the word with the number: `Article 1 Subject matter`, `§ 301.`
  const bare = num
    .replace(/^(?:§|article|section|chapter|part|title|annex|schedule|appendix|regulation|subpart)\s*/i, '')
    .replace(/[()[\]‘’“”"']/g, '')
    .trim()
    .split(/\s/, 1)[0]
    ?.replace(/[.:—–-]+$/, '')
    .toLowerCase();
  if (bare === undefined || bare === '') return undefined;
  return word === undefined || word === 'division' ? bare : `${word}:${bare}`;
}
