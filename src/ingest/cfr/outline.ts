/**
 * Finds the level of each paragraph of a CFR section.
 *
 * The paragraphs are flat in the XML, and a label alone does not tell its level: after `(h)(1)`, `(i)` may be the ninth
 * paragraph or the first subparagraph below `(1)`. So all readings are followed side by side and the one that breaks
 * the drafting rules least over the whole section wins (a beam search: the text ahead decides, not a guess). The rules
 * are weights: a label that continues an open sequence costs nothing, a gap, a repetition or an unusual alphabet costs.
 */
import { numberings } from './designator.ts';
import type { Designator, Numbering, Style } from './designator.ts';

/** A paragraph as the outline sees it. */
export type OutlineItem =
  | {
      readonly type: 'designated';
      readonly designator: Designator;
      /** How the text before it ended: `opens` a list (`:` or a dash), `goes on` (`;`, `and`), or neither. */
      readonly cue: 'opens' | 'goes on' | 'none';
    }
  /** A definition without designator: it may have its own `(1)`, `(2)`. */
  | {
      readonly type: 'term';
      /** Whether it closes all open levels, as italic subheadings of appendices do. */
      readonly atTop: boolean;
    }
  /** A subheading: numbering may start again. */
  | { readonly type: 'break' };

/** An open level: the path from the section to a paragraph. */
export interface Level {
  readonly above: Level | undefined;
  /** Index of the item that opened it. */
  readonly item: number;
  readonly numbering: Numbering | 'term';
  readonly style: Style;
  readonly ordinal: number;
  readonly depth: number;
}

interface Reading {
  readonly top: Level | undefined;
  readonly cost: number;
  readonly before: Reading | undefined;
  readonly afterBreak: boolean;
}

/** Readings kept after each paragraph. Ambiguities seldom overlap; real sections need fewer than 8. */
const READINGS_KEPT = 24;
/** In sections too long to be law, so that hostile input stays small and cheap. */
const READINGS_KEPT_LONG = 3;
const ITEMS_LONG = 10_000;
/** A reading this much worse than the best one does not recover: no ambiguity costs more. */
const COST_WINDOW = 8;
/** Real sections nest six deep, definitions add one. Deeper readings are dropped, so that hostile input stays cheap. */
const DEPTH_MAX = 10;

export interface Outline {
  /** For each item the level it opened; undefined where it opened none. */
  readonly levels: readonly (Level | undefined)[];
  /** Items that break the sequence: a gap, a repetition, a wrong alphabet. */
  readonly irregular: ReadonlySet<number>;
}

export function outline(items: readonly OutlineItem[]): Outline {
  let readings: readonly Reading[] = [{ top: undefined, cost: 0, before: undefined, afterBreak: false }];
  const kept = items.length > ITEMS_LONG ? READINGS_KEPT_LONG : READINGS_KEPT;
  items.forEach((item, index) => {
    const next: Reading[] = [];
    for (const reading of readings) follow(reading, item, index, next);
    readings = best(next, kept);
  });

  let reading: Reading | undefined = best(readings.map(closeAll), 1)[0]?.before;
  const levels: (Level | undefined)[] = new Array<undefined>(items.length);
  const irregular = new Set<number>();
  for (let index = items.length - 1; index >= 0 && reading !== undefined; index--) {
    if (reading.top?.item === index) levels[index] = reading.top;
    if (reading.cost - (reading.before?.cost ?? 0) >= COST.irregular) irregular.add(index);
    reading = reading.before;
  }
  return { levels, irregular };
}

const COST = {
  /** From here on a step is worth a warning. */
  irregular: 2,
  gap: 3,
  /** A first label that is not the first of its alphabet. */
  lateStart: 3,
  repeated: 4,
  backwards: 6,
  /** A level that closes with a single paragraph. */
  lonely: 0.6,
  /** The text before announces a list, or its continuation, and the label is the other. */
  cue: 0.4,
  italics: 0.5,
  dotted: 0.2,
  /** `(a)` inside `(a)(1)(i)`: the alphabet is in use further up. */
  alphabetTwice: 1.5,
  chainBroken: 8,
  notDesignated: 1.5,
  /** So that of two equal readings the one that closes fewer levels wins. */
  perLevelClosed: 0.01,
} as const;

function follow(reading: Reading, item: OutlineItem, index: number, next: Reading[]): void {
  if (item.type === 'break') {
    next.push({ top: reading.top, cost: reading.cost, before: reading, afterBreak: true });
    return;
  }
  const step = (top: Level, cost: number): void => {
    next.push({ top, cost: reading.cost + cost, before: reading, afterBreak: false });
  };
  if (item.type === 'term') {
    const above = item.atTop ? undefined : termParent(reading.top);
    const cost = lonely(reading.top, above);
    step(open(above, index, 'term', 'plain', 1), cost);
    return;
  }

  const { designator, cue } = item;
  const { style } = designator;
  // `1.` may be the end of a sentence that a line break cut: then it opens nothing.
  if (style === 'dotted')
    next.push({
      top: reading.top,
      cost: reading.cost + COST.notDesignated,
      before: reading,
      afterBreak: false,
    });
  for (const [numbering, ordinal] of numberings(designator.label)) {
    const last = designator.to === undefined ? ordinal : (ordinalIn(numbering, designator.to) ?? ordinal);
    if ((reading.top?.depth ?? 0) < DEPTH_MAX) {
      const cost =
        childCost(reading.top, numbering, style) +
        (ordinal === 1 ? 0 : COST.lateStart) +
        (cue === 'goes on' && !designator.chained ? COST.cue : 0);
      step(open(reading.top, index, numbering, style, last), cost);
    }
    let closed = 0;
    for (let level = reading.top; level !== undefined; level = level.above) {
      if (level.numbering === numbering && (level.style === 'dotted') === (style === 'dotted')) {
        const cost =
          siblingCost(level.ordinal, ordinal, reading.afterBreak) +
          (level.style === style ? 0 : COST.italics) +
          lonely(reading.top, level) +
          closed * COST.perLevelClosed +
          (cue === 'opens' ? COST.cue : 0) +
          (designator.chained ? COST.chainBroken : 0);
        step(open(level.above, index, numbering, style, last), cost);
      }
      closed++;
    }
  }
}

function open(
  above: Level | undefined,
  item: number,
  numbering: Level['numbering'],
  style: Style,
  ordinal: number,
): Level {
  return { above, item, numbering, style, ordinal, depth: (above?.depth ?? 0) + 1 };
}

/** A term stands beside the open term, or below the innermost open paragraph. */
function termParent(top: Level | undefined): Level | undefined {
  for (let level = top; level !== undefined; level = level.above)
    if (level.numbering === 'term') return level.above;
  return top;
}

function siblingCost(before: number, now: number, afterBreak: boolean): number {
  if (now === before + 1) return 0;
  if (afterBreak && now === 1) return COST.lonely;
  if (now > before) return COST.gap + Math.min(2, (now - before) / 10);
  return now === before ? COST.repeated : COST.backwards;
}

/** Cost of the levels from `top` up to, not including, `until` that close with one paragraph. */
function lonely(top: Level | undefined, until: Level | undefined): number {
  let cost = 0;
  for (let level = top; level !== undefined && level !== until; level = level.above)
    if (level.ordinal === 1 && level.numbering !== 'term') cost += COST.lonely;
  return cost;
}

function closeAll(reading: Reading): Reading {
  return { ...reading, cost: reading.cost + lonely(reading.top, undefined), before: reading };
}

/** Which alphabet follows which: (a)(1)(i)(A)(1)(i), the last two in italics. Others cost, but are read. */
const CHILD_COSTS: Readonly<Record<Level['numbering'] | 'section', Readonly<Record<Numbering, number>>>> = {
  section: { lower: 0, arabic: 1, roman: 1.2, upper: 1.5, ROMAN: 1.8 },
  term: { lower: 0.3, arabic: 0.2, roman: 0.4, upper: 1, ROMAN: 1.5 },
  lower: { arabic: 0, roman: 1, upper: 1.5, ROMAN: 2, lower: 3 },
  arabic: { roman: 0, lower: 0.9, upper: 1.2, ROMAN: 2, arabic: 3 },
  roman: { upper: 0, arabic: 1.2, lower: 1, ROMAN: 1.2, roman: 3 },
  upper: { arabic: 0, roman: 1, lower: 1, ROMAN: 2, upper: 3 },
  ROMAN: { arabic: 0.5, lower: 0.5, upper: 0.5, roman: 1, ROMAN: 3 },
};

function childCost(parent: Level | undefined, numbering: Numbering, style: Style): number {
  const twice = inUse(parent, numbering, style) ? COST.alphabetTwice : 0;
  // Appendices count as they like.
  if (style === 'dotted' || parent?.style === 'dotted') return COST.dotted + twice;
  // Italics belong to the fifth and sixth level.
  const wantsItalic =
    (parent?.numbering === 'upper' && numbering === 'arabic') ||
    (parent?.style === 'italic' && numbering === 'roman');
  return (
    CHILD_COSTS[parent?.numbering ?? 'section'][numbering] +
    (wantsItalic === (style === 'italic') ? 0 : COST.italics) +
    twice
  );
}

function inUse(top: Level | undefined, numbering: Numbering, style: Style): boolean {
  for (let level = top; level !== undefined; level = level.above)
    if (level.numbering === numbering && level.style === style) return true;
  return false;
}

function ordinalIn(numbering: Numbering, label: string): number | undefined {
  return numberings(label).find(([other]) => other === numbering)?.[1];
}

/** The cheapest readings; of equal open levels only one. */
function best(readings: readonly Reading[], count: number): readonly Reading[] {
  const sorted = [...readings].sort((a, b) => a.cost - b.cost);
  const seen = new Set<string>();
  const kept: Reading[] = [];
  const worst = (sorted[0]?.cost ?? 0) + COST_WINDOW;
  for (const reading of sorted) {
    if (reading.cost > worst) break;
    const key = keyOf(reading.top);
    if (seen.has(key)) continue;
    seen.add(key);
    kept.push(reading);
    if (kept.length === count) break;
  }
  return kept;
}

function keyOf(top: Level | undefined): string {
  let key = '';
  for (let level = top; level !== undefined; level = level.above)
    key += `${level.numbering}${level.style}${level.ordinal}/`;
  return key;
}
