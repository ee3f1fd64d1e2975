/**
 * References in law of the UK and the EU: `regulation 6(2)(b)`, `paragraph 3 of Schedule 1 to the X Act 1974`,
 * `Article 5(2), first subparagraph, point (a), of Regulation (EU) No 1907/2006`.
 *
 * A group is a word with its numbers, then what stands inside it after a comma, then what it stands in after `of`, `to`
 * or `in`, down to the document. Things named together (`Article 9 and Annex I to Directive X`) share the document.
 */
import { FIXED_LIMITS } from '../../base/index.ts';
import { itemList, type Item } from './labels.ts';
import { AMENDS, type LeadIn } from './lead-ins.ts';
import { DocumentNames, type Named } from './documents.ts';
import type { CitingDocument, Reference, Step, Target } from './reference.ts';
import { Scan } from './scan.ts';
import { ORDINALS, wordOf, type Word } from './words.ts';

const WORD =
  'articles?|regulations?|sections?|rules?|paragraphs?|sub-?paragraphs?|sub-?sections?|points?|schedules?|annex(?:es)?|appendix|appendices|parts?|chapters?|titles?';
const ANCHOR = new RegExp(
  `(?<![\\p{L}\\d-])(?:this (?:article|regulation|rule|section|chapter|annex|schedule|part|appendix)(?![\\p{L}])|(?:${ORDINALS.join('|')}|last) (?:sub-?paragraph|paragraph|indent)s?(?![\\p{L}])|(?:${WORD})(?=\\s\\(?[\\dA-Z(a-z]))`,
  'giu',
);
const WORD_HERE = new RegExp(`(?:the )?(${WORD})(?![\\p{L}])`, 'iuy');
const ORDINAL_HERE = new RegExp(
  `(?:the )?((?:${ORDINALS.join('|')}|last)(?:(?:,| and| or|, and) (?:${ORDINALS.join('|')})){0,4}) (sub-?paragraphs?|paragraphs?|indents?)(?![\\p{L}])`,
  'iy',
);
const INSIDE = /\s*,\s*|\s+(?=Part\b|paragraph\b|section \d)/y;
/** `the Treaty, and in particular Article 130s(1) thereof`. */
const THEREOF = /\s+there(?:of|to)\b/y;
const LINK = /,?(?:\s+respectively,?)?\s+(?:of|to|in|under|from)\s+|,?\s+(?=TFEU\b|TEU\b)/y;
/** `sections 15 and 82 of, and paragraph 1 of Schedule 3 to, the X Act 1974`: what it stands in comes at the end. */
const LATE = /\s+(?:of|to|in)\s*,/y;
const AND = new RegExp(
  `(?:,?\\s*(?:and|or)\\s+|,\\s+)(?:(?:in|to|of|with|under)\\s+)?(?=(?:the )?(?:${WORD})\\s)`,
  'iy',
);
const BEHIND = /\s+(?:above|below)\b/y;
/** With a capital, `Regulation` and `Rule` are documents. */
const LEVEL =
  '(regulation|rule|[Aa]rticle|[Ss]ection|[Cc]hapter|[Aa]nnex|[Ss]chedule|[Pp]art|[Aa]ppendix|paragraph|sub-?paragraph|sub-?section|point)s?(?![\\p{L}])';
const THAT = new RegExp(`(?:that|those) ${LEVEL}`, 'uy');
const THIS = new RegExp(`(?:this|the present) ${LEVEL}`, 'uy');
/** `sections 202 to 204 (byelaws) of the X Act`: what a number is about. */
const ABOUT = /\s\([\p{L}“‘][^()\d]{3,120}\)(?=,? (?:of|to|in) )/uy;

/** A group: the things it names, without their document. */
interface Group {
  readonly start: number;
  readonly end: number;
  readonly items: readonly Located[];
  /** Lowest rank named: below it, the text leaves out what is around. */
  readonly rank: number;
  readonly document: Named | 'late' | undefined;
}

interface Located {
  readonly start: number;
  readonly end: number;
  readonly path: readonly Step[];
  readonly implied: boolean;
}

/** Words of a provision that changes another text. */
const CHANGES =
  /(?<![\p{L}])(?:omit|insert|substitute|repeal|repealed|inserted|substituted|there is inserted|is replaced)(?![\p{L}])/iu;
const PRIMARY: ReadonlySet<string> = new Set(
  'ukpga ukla asp anaw asc mwa nia apni mnia ukcm apgb aep'.split(' '),
);
const NEVER = /^(?!)/;
/** How far a row of a table is looked back. */
const ROW_CHARS = 400;
const HEAD_CHARS = 400;

/** From here inwards a path is relative to the provision that cites. */
const RELATIVE_RANK = 4;

/** `leadIn`: what stands above, which may say what act the provision amends. */
export function findEuropean(
  text: string,
  document: CitingDocument,
  leadIn: LeadIn | undefined,
): Reference[] {
  return new Grammar(text, document, leadIn).all();
}

class Grammar {
  readonly #text: string;
  readonly #scan: Scan;
  readonly #document: CitingDocument;
  readonly #names: DocumentNames;
  readonly #isEu: boolean;
  readonly #found: Reference[] = [];
  /** What documents the columns of a table of correspondence are about. */
  readonly #columns: readonly (Named | undefined)[];
  /** What this text amends: bare numbers are of that document. */
  readonly #amended: Named | undefined;
  #lastGroup: { readonly path: readonly Step[]; readonly named: Named | undefined } | undefined;
  /** The document named last outside of a group, and where. */
  #lastStanding: { readonly end: number; readonly named: Named } | undefined;

  constructor(text: string, document: CitingDocument, leadIn: LeadIn | undefined) {
    this.#text = text;
    this.#scan = new Scan(text, 0);
    this.#document = document;
    this.#isEu = document.jurisdiction === 'EU' || /^uk\/eu/.test(document.documentId);
    this.#names = new DocumentNames(document);
    this.#columns = this.#readColumns();
    this.#amended = this.#readAmended(leadIn);
  }

  all(): Reference[] {
    const names = this.#names.standing(this.#text);
    let name = names.next();
    ANCHOR.lastIndex = 0;
    for (;;) {
      const found = ANCHOR.exec(this.#text);
      // Documents named without a provision, up to here.
      for (; name.done !== true && name.value.start < (found?.index ?? Infinity); name = names.next())
        if (name.value.start >= this.#scan.at) {
          this.#names.remember(name.value.named);
          this.#lastStanding = { end: name.value.end, named: name.value.named };
          this.#scan.at = name.value.end;
          this.#push({ ...name.value, path: [], implied: false }, name.value.named, 1);
        }
      if (found === null || this.#found.length >= FIXED_LIMITS.citations_per_provision.value)
        return this.#found;
      if (found.index < this.#scan.at) {
        ANCHOR.lastIndex = this.#scan.at;
        continue;
      }
      this.#scan.at = found.index;
      if (!this.#anchor(found[0])) {
        this.#scan.at = found.index;
        ANCHOR.lastIndex = found.index + found[0].length;
      } else ANCHOR.lastIndex = this.#scan.at;
    }
  }

  #anchor(printed: string): boolean {
    const scan = this.#scan;
    const start = scan.at;
    if (/^this /i.test(printed)) {
      // In words that go into another text, it is that text's own.
      if ((this.#isEu && /Regulation$/.test(printed)) || this.#amended !== undefined) return false;
      scan.at = start + printed.length;
      this.#found.push({
        start,
        end: scan.at,
        target: { in: 'here', from: 'around', path: [`own:${printed.slice(5).toLowerCase()}`] },
        implied: false,
      });
      return true;
    }
    const groups: Group[] = [];
    while (groups.length < FIXED_LIMITS.citation_depth.value) {
      const group = scan.attempt(() => {
        if (groups.length > 0 && scan.take(AND) === undefined) return undefined;
        return this.#group(FIXED_LIMITS.citation_depth.value);
      });
      if (group === undefined) break;
      groups.push(group);
      // Only a group that still lacks its document goes on.
      if (group.document !== undefined && group.document !== 'late') break;
    }
    if (groups.length === 0) return false;
    this.#settle(groups);
    return groups.some(({ document }) => document !== undefined) || this.#found.length > 0;
  }

  /** The last group says in which document the ones before it are, unless they are relative. */
  #settle(groups: readonly Group[]): void {
    const late = groups.some(({ document }) => document === 'late');
    let shared: Named | undefined;
    const last = groups.at(-1);
    if (last?.document !== undefined && last.document !== 'late') shared = last.document;
    else if (late) {
      this.#scan.take(/\s*,?\s*/y);
      shared = this.#names.here(this.#scan) ?? 'unknown';
    }
    for (const group of groups) {
      const said = group === last || late || group.rank < RELATIVE_RANK ? shared : undefined;
      const own = said === 'here' ? (this.#amended ?? said) : said;
      if (own === 'not-law') continue;
      const named = own ?? this.#implied(group);
      for (const item of group.items) this.#push(item, named, group.rank);
      const [item] = group.items;
      if (item !== undefined && group.rank < RELATIVE_RANK) this.#lastGroup = { path: item.path, named };
    }
    if (shared !== undefined) this.#names.remember(shared);
  }

  /** The document of a group that names none, when it is not the one at hand. */
  #implied({ start, items, rank }: Group): Named | undefined {
    if (this.#columns.length > 0) {
      const row = this.#rowOf(start);
      const column = this.#text.slice(row, start).split('\t').length - 1;
      if (row > 0) return this.#columns[column];
    }
    if (this.#amended !== undefined) return this.#amended;
    if (rank >= RELATIVE_RANK) return undefined;
    const last = this.#lastStanding;
    // In a table, the document a row begins with.
    if (last !== undefined) {
      const between = this.#text.slice(last.end, Math.min(start, last.end + ROW_CHARS));
      if (last.end + ROW_CHARS > start && between.includes('\t') && !between.includes('\n'))
        return last.named;
    }
    // Regulations have no sections, acts no regulations.
    // British articles are printed small.
    const isCapital = !this.#isEu && /^Articles? /.test(this.#text.slice(start, start + 9));
    const isForeign = isCapital || items.some(({ path: [step = ''] }) => this.#foreign.test(step));
    return isForeign ? (this.#names.last ?? 'unknown') : undefined;
  }

  /** Where the row begins that a place is in. */
  #rowOf(at: number): number {
    const floor = Math.max(0, at - FIXED_LIMITS.citation_row_chars.value);
    return floor + this.#text.slice(floor, at).lastIndexOf('\n') + 1;
  }

  get #foreign(): RegExp {
    if (this.#document.jurisdiction !== 'UK') return NEVER;
    return PRIMARY.has(this.#document.family)
      ? /^(?:regulation|article|rule):/
      : this.#isEu
        ? NEVER
        : /^section:/;
  }

  /** The act this text amends: said above it, or by a heading above a text that changes words. */
  #readAmended(leadIn: LeadIn | undefined): Named | undefined {
    if (leadIn === undefined) return undefined;
    if (AMENDS.test(leadIn.amends)) return this.#names.lastIn(leadIn.amends);
    if (!CHANGES.test(this.#text.slice(0, ROW_CHARS))) return undefined;
    const heading = leadIn.headings.findLast((one) => /\d{4}\b/.test(one));
    return heading === undefined ? undefined : this.#names.lastIn(heading);
  }

  /** The head of a table of correspondence: every column names a document. */
  #readColumns(): readonly (Named | undefined)[] {
    const end = this.#text.indexOf('\n');
    const head = this.#text.slice(0, end < 0 ? 0 : Math.min(end, HEAD_CHARS));
    if (!head.includes('\t')) return [];
    const columns = head.split('\t').map((cell) => this.#names.here(new Scan(cell.trim(), 0)));
    return columns.every((named) => named !== undefined) ? columns : [];
  }

  /** One group, or undefined: then the place is undefined too. */
  #group(depth: number): Group | undefined {
    const scan = this.#scan;
    const start = scan.at;
    const own = this.#things();
    if (own === undefined) return undefined;
    let { items, rank } = own;
    const { word } = own;
    let innermost = word.rank;
    // In the UK a unit with its labels is complete: `regulation 6(2), paragraph (3)` are two.
    const isComplete = !this.#isEu && word.kind === 'unit' && items.some(({ path }) => path.length > 1);
    for (let n = 0; n < depth && !isComplete; n++) {
      const inner = scan.attempt(() => {
        if (scan.take(INSIDE) === undefined) return undefined;
        const things = this.#things();
        return things === undefined || things.word.rank <= innermost ? undefined : things;
      });
      if (inner === undefined) break;
      innermost = inner.word.rank;
      items = nested(items, inner.items);
    }
    scan.take(BEHIND);
    scan.take(ABOUT);
    const before = scan.at;
    if (scan.take(LATE) !== undefined)
      return { start, end: before, items: widen(items, start, before), rank, document: 'late' };
    const outer =
      scan.take(THEREOF) === undefined
        ? this.#outer(depth, rank)
        : { items: [], rank, document: this.#names.last ?? ('unknown' as const) };
    const end = outer?.document === 'late' && 'end' in outer ? outer.end : scan.at;
    if (outer === undefined)
      return { start, end, items: widen(items, start, end), rank, document: undefined };
    rank = Math.min(rank, outer.rank);
    const around = outer.items[0]?.path ?? [];
    const inside = items.map((item) => ({ ...item, path: [...around, ...item.path] }));
    return { start, end, items: widen(inside, start, end), rank, document: outer.document };
  }

  /** What a group stands in. */
  #outer(
    depth: number,
    rank: number,
  ): (Omit<Group, 'start' | 'end'> & { readonly end?: number }) | undefined {
    const scan = this.#scan;
    if (depth <= 0) return undefined;
    return scan.attempt(() => {
      if (scan.take(LINK) === undefined) return undefined;
      const level = scan.take(THIS)?.[1]?.toLowerCase();
      if (level !== undefined) {
        // `paragraph 3 of this Article`: as if nothing were said; `Part A of this Annex`: from there inwards.
        this.#outer(depth - 1, 0);
        return { items: [], rank: 9, document: undefined };
      }
      const that = scan.take(THAT)?.[1]?.toLowerCase();
      if (that !== undefined) return this.#that(that);
      const group = scan.attempt(() => {
        const found = this.#group(depth - 1);
        return found === undefined || found.rank > rank ? undefined : found;
      });
      if (group !== undefined && group.items.length >= 1) return group;
      const document = this.#names.here(scan);
      return document === undefined ? undefined : { items: [], rank, document };
    });
  }

  /** `that Article`: the one named last. */
  #that(level: string): { items: readonly Located[]; rank: number; document: Group['document'] } {
    const word = wordOf(level, this.#isEu);
    const last = this.#lastGroup;
    const at =
      last?.path.findIndex(
        (step) => word !== undefined && word.step !== '' && step.startsWith(`${word.step}:`),
      ) ?? -1;
    if (last === undefined || at < 0) return { items: [], rank: 9, document: undefined };
    const path = last.path.slice(0, at + 1);
    return {
      items: [{ start: 0, end: 0, path, implied: false }],
      rank: word?.rank ?? 9,
      document: last.named,
    };
  }

  /** A word with its numbers, or ordinals with their word. */
  #things(): { readonly word: Word; readonly items: readonly Located[]; readonly rank: number } | undefined {
    const scan = this.#scan;
    const start = scan.at;
    const ordinal = scan.take(ORDINAL_HERE);
    if (ordinal !== undefined) {
      // An article without numbers has a `second paragraph`, a numbered paragraph a `second subparagraph`.
      const printed = (ordinal[2] ?? '').replace(/^paragraph/i, 'subparagraph');
      const word = this.#isEu ? wordOf(printed, true) : undefined;
      if (word === undefined || word.kind !== 'sub') return undefined;
      const counts = (ordinal[1] ?? '')
        .toLowerCase()
        .split(/[^a-z]+/)
        .map((name) => ORDINALS.indexOf(name) + 1);
      const items = counts
        .filter((count) => count > 0)
        .map((count) => ({ start, end: scan.at, path: [`${word.step}:${count}`], implied: false }));
      const self = { start, end: scan.at, path: [], implied: false };
      return { word, items: items.length === 0 ? [self] : items, rank: word.rank };
    }
    const printed = scan.take(WORD_HERE)?.[1];
    const word = printed === undefined ? undefined : wordOf(printed, this.#isEu);
    if (printed === undefined || word === undefined || word.kind === 'sub') return undefined;
    if (word.kind === 'unit' && /^Regulation$/.test(printed) && this.#isEu) return undefined;
    const many = /s$/i.test(printed) || /^appendices$/i.test(printed);
    const items = this.#numbers(word, many);
    if (items.length === 0) return undefined;
    return { word, items: items.map((item) => located(word, item, start)), rank: word.rank };
  }

  #numbers(word: Word, many: boolean): readonly Item[] {
    const scan = this.#scan;
    const bracketed = word.kind === 'paragraph' || word.kind === 'point';
    if (word.number === undefined || (bracketed && scan.sees(/\s?\(/y)))
      return itemList(scan, undefined, many);
    return itemList(scan, word.number, many);
  }

  #push(item: Omit<Located, never>, named: Named | undefined, rank: number): void {
    const { start, end, path, implied } = item;
    if (named === 'not-law') return;
    const isRelative = rank >= RELATIVE_RANK;
    const own: Target = { in: 'here', from: isRelative ? 'around' : 'root', path };
    const target: Target =
      named === undefined
        ? own
        : named === 'unknown'
          ? { in: 'unknown' }
          : named === 'here' || ('documentId' in named && named.documentId === this.#document.documentId)
            ? { ...own, from: 'root' }
            : 'documentId' in named
              ? { in: 'document', documentId: named.documentId, path }
              : { in: 'titled', title: named.title, path };
    this.#found.push({ start, end, target, implied });
  }
}

function located(word: Word, { start, end, parts, implied }: Item, from: number): Located {
  const [first, ...rest] = parts;
  const path = word.step === '' || first === undefined ? parts : [`${word.step}:${first}`, ...rest];
  return { start: implied ? from : start, end, path, implied };
}

/** The inner things are of the last of the outer ones. */
function nested(outer: readonly Located[], inner: readonly Located[]): readonly Located[] {
  const last = outer.at(-1);
  if (last === undefined) return inner;
  return [
    ...outer.slice(0, -1),
    ...inner.map((item, i) => ({
      ...item,
      start: i === 0 ? last.start : item.start,
      path: [...last.path, ...item.path],
    })),
  ];
}

/** The first begins with the word before it, the last ends with what is said behind it. */
function widen(items: readonly Located[], start: number, end: number): readonly Located[] {
  return items.map((item, i) => ({
    ...item,
    start: i === 0 ? start : item.start,
    end: i === items.length - 1 ? end : item.end,
  }));
}
