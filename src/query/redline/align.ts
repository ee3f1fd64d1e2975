/**
 * Which provision of the new version is which of the old one.
 *
 * Parents first: what stands in one provision is looked for in the same provision before it is looked for elsewhere.
 * There the same text is the same provision, then the same number with a similar text, then a text so similar that no
 * other comes near, then the same number whatever it says (it was replaced). Everything else was added or removed: two
 * provisions that are merely alike are never made one.
 */
import { FIXED_LIMITS, sha256 } from '../../base/index.ts';
import { bagOf, likeness, likenessAtMost, type Bag } from './bag.ts';

/** A provision that one version has and the other has not, or has with another text. */
export interface Leaf {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly level: string;
  /** Whether its id says more than its place among its neighbours: a printed number, a heading. */
  readonly isNamed: boolean;
  /** Hash of its own plain heading and text, without number. */
  readonly said: string;
  /** Hashes of its own words; empty when they are too many to be compared. */
  readonly words: Uint32Array;
  readonly wordCount: number;
}

/** Ids of provisions that are the same one, old to new. What is missing was removed or added. */
export type Pairs = ReadonlyMap<string, string>;

/** With the same name, in the same place. */
const LIKE_BY_NAME = 0.3;
/** Under the same provision, where neither has a name but its place. */
const LIKE_IN_PLACE = 0.6;
/** Under the same provision, with another name. */
const LIKE_RENAMED = 0.75;
/** Anywhere. */
const LIKE_ELSEWHERE = 0.8;
/** How far the next best must stay behind. */
const AHEAD = 0.1;
/** Words (with those below) that a text must have to be known by its words. */
const WORDS_IN_PLACE = 5;
const WORDS_ELSEWHERE = 12;

/** Of those that share most with a provision, how many are looked at. */
const CANDIDATES = 8;

/** A provision with all below it. */
interface Node extends Leaf {
  readonly children: Node[];
  /** Own part of the id, below that of the parent. */
  readonly name: string;
  readonly parent: Node | undefined;
  partner: Node | undefined;
  /** Hash of what it says with all below it. */
  saidWhole: string;
  /** Words with those below. */
  size: number;
  bag: Bag | undefined;
}

interface Found {
  readonly a: Node;
  readonly b: Node;
  readonly score: number;
}

const isFree = ({ partner }: Node): boolean => partner === undefined;

export function align(old: readonly Leaf[], now: readonly Leaf[]): Pairs {
  return new Alignment(nodesOf(old), nodesOf(now)).pairs();
}

/** Leaves come parents first. */
function nodesOf(leaves: readonly Leaf[]): Map<string, Node> {
  const nodes = new Map<string, Node>();
  for (const leaf of leaves) {
    const { id, parentId = '' } = leaf;
    const node: Node = {
      ...leaf,
      children: [],
      name: parentId !== '' && id.startsWith(parentId) ? id.slice(parentId.length) : id,
      parent: nodes.get(parentId),
      partner: undefined,
      saidWhole: leaf.said,
      size: leaf.wordCount,
      bag: undefined,
    };
    node.parent?.children.push(node);
    nodes.set(id, node);
  }
  for (const node of [...nodes.values()].reverse()) {
    for (const child of node.children) node.size += child.size;
    if (node.children.length > 0)
      node.saidWhole = sha256([node.said, ...node.children.map((child) => child.saidWhole)].join(' '));
  }
  return nodes;
}

class Alignment {
  readonly #old: Map<string, Node>;
  readonly #new: Map<string, Node>;
  #words: number = FIXED_LIMITS.align_words.value;

  constructor(old: Map<string, Node>, now: Map<string, Node>) {
    this.#old = old;
    this.#new = now;
  }

  pairs(): Pairs {
    this.#inPlace();
    this.#sameId();
    // Whole provisions first, so that what stands below them follows; then what is left.
    const isTop = ({ parent }: Node): boolean => parent === undefined || !isFree(parent);
    this.#elsewhere([...this.#old.values()].filter(isTop), [...this.#new.values()].filter(isTop));
    this.#elsewhere([...this.#old.values()], [...this.#new.values()]);
    const pairs = new Map<string, string>();
    for (const node of this.#old.values())
      if (node.partner !== undefined) pairs.set(node.id, node.partner.id);
    return pairs;
  }

  /** Provisions below others that are in both versions: those that are not listed here, or the same as each other. */
  #inPlace(): void {
    const groups = new Map<string, { readonly old: Node[]; readonly now: Node[] }>();
    const group = ({ parentId = '' }: Node): { readonly old: Node[]; readonly now: Node[] } => {
      const known = groups.get(parentId) ?? { old: [], now: [] };
      groups.set(parentId, known);
      return known;
    };
    for (const node of this.#old.values()) if (node.parent === undefined) group(node).old.push(node);
    for (const node of this.#new.values()) if (node.parent === undefined) group(node).now.push(node);
    for (const { old, now } of groups.values()) this.#siblings(old, now);
  }

  /** Articles count through an act: one that came into another chapter keeps its id. */
  #sameId(): void {
    for (const node of this.#old.values()) {
      const same = this.#new.get(node.id);
      if (same === undefined || !isFree(node) || !isFree(same)) continue;
      if (likeness(this.#bag(node), this.#bag(same)) >= LIKE_BY_NAME) this.#withBelow(node, same);
    }
  }

  /** Pairs the children of one provision, then theirs. */
  #siblings(old: readonly Node[], now: readonly Node[]): void {
    const open: [readonly Node[], readonly Node[]][] = [[old, now]];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const [before, after] = [next[0].filter(isFree), next[1].filter(isFree)];
      this.#sameText(before, after, (node) => !node.isNamed || node.size >= WORDS_IN_PLACE);
      this.#likeText(
        before,
        after,
        (a, b) => (a.name === b.name ? LIKE_BY_NAME : a.isNamed || b.isNamed ? LIKE_RENAMED : LIKE_IN_PLACE),
        WORDS_IN_PLACE,
      );
      const named = new Map(after.map((node) => [node.name, node]));
      for (const node of before) {
        const same = named.get(node.name);
        if (isFree(node) && node.isNamed && same !== undefined && isFree(same)) pair(node, same);
        if (node.partner !== undefined) open.push([node.children, node.partner.children]);
      }
    }
  }

  /** Pairs provisions that moved, then what stands below them. */
  #elsewhere(old: readonly Node[], now: readonly Node[]): void {
    const [before, after] = [old.filter(isFree), now.filter(isFree)];
    this.#sameText(before, after, (node) => node.size >= WORDS_ELSEWHERE);
    this.#likeText(before, after, () => LIKE_ELSEWHERE, WORDS_ELSEWHERE);
    for (const node of before)
      if (node.partner !== undefined) this.#siblings(node.children, node.partner.children);
  }

  #withBelow(old: Node, now: Node): void {
    pair(old, now);
    this.#siblings(old.children, now.children);
  }

  /** Pairs what says the same, with all below it: first under the same name, then in order. */
  #sameText(old: readonly Node[], now: readonly Node[], counts: (node: Node) => boolean): void {
    const keys = [
      (node: Node) => `${node.level} ${node.saidWhole} ${node.name}`,
      (node: Node) => `${node.level} ${node.saidWhole}`,
    ];
    for (const key of keys) {
      const waiting = new Map<string, Node[]>();
      for (const node of now.toReversed())
        if (isFree(node) && counts(node)) {
          const list = waiting.get(key(node));
          if (list === undefined) waiting.set(key(node), [node]);
          else list.push(node);
        }
      for (const node of old) {
        const same = isFree(node) && counts(node) ? waiting.get(key(node))?.pop() : undefined;
        if (same !== undefined) pair(node, same);
      }
    }
  }

  /** Pairs the most alike first; those with another name only where no other comes near. */
  #likeText(
    old: readonly Node[],
    now: readonly Node[],
    least: (a: Node, b: Node) => number,
    words: number,
  ): void {
    const found: Found[] = [];
    const best = new Map<Node, readonly [number, number]>();
    const candidates = this.#candidates(now.filter(isFree));
    for (const a of old.filter(isFree))
      for (const b of candidates(a)) {
        if (a.level !== b.level && a.name !== b.name) continue;
        if (likenessAtMost(this.#bag(a), this.#bag(b)) < LIKE_BY_NAME) continue;
        const score = likeness(this.#bag(a), this.#bag(b));
        for (const node of [a, b]) best.set(node, bestTwo(best.get(node), score));
        if (score >= least(a, b)) found.push({ a, b, score });
      }
    const isClear = ({ a, b, score }: Found): boolean =>
      [a, b].every((node) => {
        const [first, second] = best.get(node) ?? [0, 0];
        return score >= first && second <= score - AHEAD && node.size >= words;
      });
    for (const one of found.sort((p, q) => q.score - p.score)) {
      const { a, b } = one;
      if (isFree(a) && isFree(b) && (a.name === b.name || isClear(one))) pair(a, b);
    }
  }

  /** Those that share pairs of words which are not everywhere, and the one with the same name. */
  #candidates(now: readonly Node[]): (node: Node) => Iterable<Node> {
    const most = FIXED_LIMITS.align_postings.value;
    const byWords = new Map<number, Node[]>();
    const byName = new Map<string, Node>();
    for (const node of now) {
      byName.set(node.name, node);
      for (const words of new Set(this.#bag(node))) {
        const list = byWords.get(words);
        if (list === undefined) byWords.set(words, [node]);
        else if (list.length <= most) list.push(node);
      }
    }
    return (node) => {
      const shared = new Map<Node, number>();
      for (const words of this.#bag(node)) {
        const list = byWords.get(words) ?? [];
        if (list.length <= most) for (const other of list) shared.set(other, (shared.get(other) ?? 0) + 1);
      }
      const likely = [...shared].sort((p, q) => q[1] - p[1]).slice(0, CANDIDATES);
      const same = byName.get(node.name);
      return new Set([...likely.map(([other]) => other), ...(same === undefined ? [] : [same])]);
    };
  }

  /** Word pairs of a provision and of all below it. */
  #bag(node: Node): Bag {
    if (node.bag === undefined) {
      node.bag = this.#words > 0 ? bagOf(textsBelow(node)) : new Uint32Array(0);
      this.#words -= node.bag.length;
    }
    return node.bag;
  }
}

function pair(old: Node, now: Node): void {
  old.partner = now;
  now.partner = old;
}

/** Words of a provision and of all below it, in reading order. */
function* textsBelow(node: Node): Generator<Uint32Array> {
  const open = [node];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next.words;
    for (const child of next.children.toReversed()) open.push(child);
  }
}

function bestTwo(
  [first, second]: readonly [number, number] = [0, 0],
  score: number,
): readonly [number, number] {
  return score > first ? [score, first] : [first, Math.max(second, score)];
}
