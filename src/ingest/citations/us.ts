/** References in US federal law: CFR, USC, Federal Register, public laws, executive orders. */
import { FIXED_LIMITS } from '../../base/index.ts';
import { itemList, labels, type Item } from './labels.ts';
import type { CitingDocument, Reference, Step, Target } from './reference.ts';
import { Scan } from './scan.ts';

const ANCHOR =
  /§|(?<![\p{L}\d])(?:sections?|paragraphs?|subparts?|parts?|appendix|appendices|appendixes|secs?\.|this (?:part|subpart|section|appendix)|(?:title )?\d{1,2},? ?(?:C\. ?F\. ?R|CFR|(?:of the )?Code of Federal Regulations)|\d{1,2} ?(?:U\. ?S\. ?C|USC)|\d{2,3} (?:FR|Fed\. Reg\.) ?\d|Pub(?:lic|\.) ?L(?:aw|\.)|P\.L\.|E\.O\.|Executive Order)(?![\p{L}])/giu;

const SECTION_NUMBER =
  /\s*(\d{1,4}[a-z]{0,2}\.\d{1,5}(?:[a-z](?![a-z]))?(?:-\d{1,4}[a-z]?)?(?:\.\d{1,3})?)(?![\d%]|,\d{3}|\.\d)/y;
const PART_NUMBER = /\s*(\d{1,4}[a-z]{0,2})(?![\w.]*\d|[-–]\d|\()/y;
const STATUTE_NUMBER = /\s*(\d{1,5}[A-Za-z]{0,2}(?:[-–]\d{1,3}[a-z]?)?)(?![\d.]*\d)/y;
const SUBPART_NUMBER = /\s*([A-Z]{1,5})(?![\w-])/y;
const APPENDIX_NUMBER = /\s*([IVXL]{1,7}|[A-Z]{1,2}|\d{1,2})(?:-\d{1,2})?(?![\w.])/y;

const LINK = /\s*,?\s*(?:of|in|to|under|at|from|for)\s+/y;
const COMMA = /\s*,?\s*/y;
const THIS = /this (section|paragraph|part|subpart|chapter|subchapter|title|appendix)\b/iy;
const CFR = /(?:title )?(\d{1,2}),? ?(?:C\. ?F\. ?R\.?|CFR|(?:of the )?Code of Federal Regulations)/iy;
const WORD_SECTION = /\s*(?:§+|sections?\b|secs?\.)\s*/iy;
const WORD_PART = /\s*parts?\b\s*/iy;
const WORD_SUBPART = /\s*subparts?\b\s*/iy;
const WORD_APPENDIX = /\s*(?:the )?append(?:ix|ices|ixes)\b\s*/iy;
/** An act of Congress by name, short name or initials. */
const STATUTE =
  /(?:the |such |that )?(?:Act|RCRA|CERCLA|FIFRA|TSCA|CAA|CWA|SDWA|EPCRA|SARA|FFDCA|HSWA|APA|FOIA|NEPA|OSH Act|Immigration and Nationality Act|Internal Revenue Code|(?:[A-Z][\w’'-]*,? (?:(?:and|of|for|on|the|to|in|with|by) )*){1,10}(?:Act|Code|Law|Statute|Amendments)|title [IVXLC\d]{1,6}|Pub(?:lic|\.) ?L|P\.L\.|\d{1,2} ?U\. ?S\. ?C)(?![\p{L}])/uy;

/** `NEPA section 106(b)(1)`. */
const NAMED_BEFORE =
  /(?<![\p{L}])(?:RCRA|CERCLA|FIFRA|TSCA|CAA|CWA|SDWA|EPCRA|SARA|FFDCA|HSWA|APA|FOIA|NEPA|OSH Act) $/u;

/** Where something stands. */
interface Place {
  /** Undefined is this document. */
  readonly documentId: string | undefined;
  readonly path: readonly Step[];
  readonly from: 'root' | 'unit' | 'around';
}

type Outer = Place | 'statute' | undefined;

/** `this section of the environmental impact statement`. */
const OF_ELSE = /\s+of (?:the|an?|your|each) (?!(?:chapter|part|title|regulations?|rules?|subpart)\b)[a-z]/y;

/** A named thing that is no federal regulation: `Appendix 4 of the OECD Decision`. */
const OTHER = /(?:the|an?) (?:[A-Z][\w-]* ){0,3}[A-Z][\w-]*/y;

const HERE: Place = { documentId: undefined, path: [], from: 'root' };
const UNIT: Place = { documentId: undefined, path: [], from: 'unit' };
const AROUND: Place = { documentId: undefined, path: [], from: 'around' };

export function findUs(text: string, document: CitingDocument): Reference[] {
  return new UsFinder(text, document).all();
}

class UsFinder {
  readonly #text: string;
  readonly #scan: Scan;
  readonly #found: Reference[] = [];
  readonly #documentId: string;
  /** `40`; undefined outside the CFR. */
  readonly #title: string | undefined;
  /** The part, of a document that is one section of it. */
  readonly #partAround: string | undefined;

  constructor(text: string, { documentId }: CitingDocument) {
    this.#text = text;
    this.#scan = new Scan(text, 0);
    this.#documentId = documentId;
    this.#title = /^us\/cfr\/(\w+)/.exec(documentId)?.[1];
    this.#partAround = /^us\/cfr\/\w+\/\w+(?=\.)/.exec(documentId)?.[0];
  }

  all(): Reference[] {
    const most = FIXED_LIMITS.citations_per_provision.value;
    ANCHOR.lastIndex = 0;
    for (
      let found = ANCHOR.exec(this.#text);
      found !== null && this.#found.length < most;
      found = ANCHOR.exec(this.#text)
    ) {
      this.#scan.at = found.index;
      const before = this.#found.length;
      this.#anchor(found[0].toLowerCase(), found.index);
      const isCitation = this.#found.length > before;
      ANCHOR.lastIndex = isCitation
        ? Math.max(this.#scan.at, found.index + 1)
        : found.index + found[0].length;
    }
    return this.#found;
  }

  #anchor(word: string, start: number): void {
    const scan = this.#scan;
    if (word.startsWith('this')) this.#self(word.slice(5), start);
    else if (/c\. ?f\. ?r|cfr|code of/.test(word)) this.#cfr(start);
    else if (/^\d+ ?u/.test(word)) this.#usc(start);
    else if (/^\d+ f/.test(word)) this.#register(start);
    else if (/^pub|^p\.l/.test(word)) this.#named(/\S+ ?L?\S* ?(?:No\. ?)?\d{2,3}[-–—]\d{1,4}/y, start);
    else if (/^e/.test(word)) this.#named(/(?:E\.O\.|Executive Order)\s(?:No\. ?)?\d{4,5}/iy, start);
    else if (word.startsWith('paragraph')) {
      scan.at += word.length;
      this.#paragraphs(start);
    } else if (word.startsWith('subpart')) this.#subparts(start, word.endsWith('s'));
    else if (word.startsWith('part')) this.#parts(start);
    else if (word.startsWith('app')) this.#appendices(start, word !== 'appendix');
    else this.#sections(start, /s$|s\.$|^§/.test(word));
  }

  /** `this part`, `this subpart`. `this paragraph (h)` comes with the paragraphs. */
  #self(level: string, start: number): void {
    const end = start + 'this '.length + level.length;
    this.#scan.at = end;
    if (this.#scan.sees(OF_ELSE)) return;
    this.#push(start, end, level === 'part' ? this.#thisPart() : { ...AROUND, path: [`own:${level}`] });
  }

  /** `40 CFR 261.5(c) and (d)`, `40 CFR parts 264 and 265, subparts AA, BB, and CC`. */
  #cfr(start: number): void {
    const scan = this.#scan;
    const title = scan.take(CFR)?.[1];
    if (title === undefined) return;
    scan.take(COMMA);
    const wordAppendix = scan.attempt(() => scan.take(WORD_APPENDIX));
    if (wordAppendix !== undefined) return;
    const isPart = scan.take(WORD_PART) !== undefined;
    if (!isPart) scan.take(WORD_SECTION);
    const sections = isPart ? [] : itemList(scan, SECTION_NUMBER, true);
    if (sections.length > 0) {
      this.#emit(sections, start, ({ parts }) => this.#section(title, parts));
      return;
    }
    // `3 CFR, 1978 Comp., p. 123` is a compilation of presidential documents, `40 CFR 1500-1508` parts.
    const at = scan.at;
    if (!isPart && scan.sees(/\s*\d{4}(?:[-–]\d{4})? Comp\./y)) {
      scan.take(/\s*\d{4}(?:[-–]\d{4})? Comp\.(?:,? p\. \d{1,4})?/y);
      this.#unknown(start, scan.at);
      return;
    }
    const parts = itemList(scan, PART_NUMBER, true);
    if (parts.length === 0) {
      scan.at = at;
      return;
    }
    this.#partItems(parts, start, title);
  }

  /** Parts, with what is printed behind them: `part 265, subpart I`, `part 261, appendix VIII`. */
  #partItems(parts: readonly Item[], start: number, title: string): void {
    const scan = this.#scan;
    const last = parts.at(-1);
    const inside = scan.attempt(() => {
      scan.take(COMMA);
      const at = scan.at;
      const isAppendix = scan.take(WORD_APPENDIX) !== undefined;
      if (!isAppendix && scan.take(WORD_SUBPART) === undefined) return undefined;
      const items = itemList(scan, isAppendix ? APPENDIX_NUMBER : SUBPART_NUMBER, true);
      return items.length === 0 ? undefined : { at, items, kind: isAppendix ? 'appendix' : 'subpart' };
    });
    this.#chapterTail();
    // Only the last part is looked into: `parts 264 and 265, subpart I` says so of both, but prints it once.
    if (inside === undefined) {
      this.#emit(parts, start, ({ parts: [part = ''] }) => this.#part(title, part));
      return;
    }
    this.#emit(parts.slice(0, -1), start, ({ parts: [part = ''] }) => this.#part(title, part));
    const from = parts.length === 1 ? start : (last?.start ?? start);
    const outer = this.#part(title, last?.parts[0] ?? '');
    this.#emit(inside.items, from, ({ parts: [number = ''] }) => ({
      ...outer,
      path: [`${inside.kind}:${number}`],
    }));
  }

  /** `§ 262.34(a)(1)(i) and (c)`, `section 3008 of the Act`. */
  #sections(start: number, many: boolean): void {
    const scan = this.#scan;
    if (scan.take(WORD_SECTION) === undefined) return;
    const items = itemList(scan, SECTION_NUMBER, many || this.#text.charAt(start) === '§');
    if (items.length > 0) {
      const title = this.#titleTail() ?? this.#title;
      const end = scan.at;
      this.#emit(
        items,
        start,
        ({ parts }) => (title === undefined ? undefined : this.#section(title, parts)),
        end,
      );
      return;
    }
    const statute = itemList(scan, STATUTE_NUMBER, many);
    if (statute.length === 0) return;
    // A number without a part is of a statute, if the text says so; of anything else it is no citation.
    const isStatute =
      NAMED_BEFORE.test(this.#text.slice(Math.max(0, start - 30), start)) ||
      this.#linked(() => scan.take(STATUTE)) !== undefined;
    if (isStatute) this.#emit(statute, start, () => undefined, scan.at);
  }

  /** `paragraph (a)(1) of this section`, `paragraphs (b) and (c) of § 262.34`. */
  #paragraphs(start: number): void {
    const scan = this.#scan;
    const items = itemList(scan, undefined, true);
    if (items.length === 0) return;
    const inside = scan.at;
    const outer = this.#outer();
    if (outer === 'statute') {
      this.#emit(items, start, () => undefined);
      return;
    }
    const place = outer ?? UNIT;
    this.#emit(
      items,
      start,
      ({ parts }) => ({ ...place, path: [...place.path, ...parts] }),
      outer === undefined ? inside : scan.at,
    );
  }

  #subparts(start: number, many: boolean): void {
    const scan = this.#scan;
    if (scan.take(WORD_SUBPART) === undefined) return;
    const items = itemList(scan, SUBPART_NUMBER, many);
    if (items.length === 0) return;
    const outer = this.#outer();
    if (outer === 'statute') return;
    const place = outer ?? HERE;
    this.#emit(
      items,
      start,
      ({ parts: [letter = ''] }) => ({ ...place, from: 'root', path: [`subpart:${letter}`] }),
      scan.at,
    );
  }

  /** `part 265 of this chapter`; a bare `part 1` may be of a form. */
  #parts(start: number): void {
    const scan = this.#scan;
    scan.take(WORD_PART);
    const items = itemList(scan, PART_NUMBER, true);
    if (items.length === 0 || this.#title === undefined) return;
    const before = scan.at;
    const title = this.#titleTail();
    const isSaid = scan.at > before;
    if (!isSaid && items.some(({ parts: [number = ''] }) => number.length < 2)) return;
    if (!isSaid && this.#linked(() => scan.take(/(?:the|a|an|EPA|OMB|such)\b/iy)) !== undefined) return;
    scan.at = before;
    if (!isSaid) this.#partItems(items, start, this.#title);
    else {
      this.#chapterTail();
      this.#emit(
        items,
        start,
        ({ parts: [part = ''] }) => this.#part(title ?? this.#title ?? '', part),
        scan.at,
      );
    }
  }

  #appendices(start: number, many: boolean): void {
    const scan = this.#scan;
    scan.take(WORD_APPENDIX);
    const items = itemList(scan, APPENDIX_NUMBER, many);
    const end = scan.at;
    const outer = this.#outer();
    if (outer === 'statute' || (items.length === 0 && outer === undefined)) return;
    // `appendix to part 262` has no number: it is the only one.
    const place = outer === undefined ? HERE : outer;
    const name = (number: string | undefined): Step =>
      number === undefined ? 'appendix:' : `appendix:${number}`;
    const at: Item = { start, end, parts: [], implied: false };
    const from = place.documentId === undefined && place.from !== 'root' ? 'around' : place.from;
    this.#emit(
      items.length === 0 ? [at] : items,
      start,
      ({ parts: [number] }) => ({ ...place, from, path: [...place.path, name(number)] }),
      scan.at,
    );
  }

  /** `42 U.S.C. 6901 et seq.` */
  #usc(start: number): void {
    const scan = this.#scan;
    const title = scan.take(/(\d{1,2}) ?(?:U\. ?S\. ?C\.?|USC)\s*(?:§+\s*|sections?\s+|secs?\.\s*)?/iy)?.[1];
    if (title === undefined) return;
    const items = itemList(scan, STATUTE_NUMBER, true);
    scan.take(/,?\s*et\.? seq\b\.?|,?\s*note\b/y);
    const documentId = `us/usc/title-${title}`;
    this.#emit(
      items,
      start,
      ({ parts: [section = ''] }) => ({ documentId, from: 'root', path: [`section:${section}`] }),
      scan.at,
    );
  }

  #register(start: number): void {
    const found = this.#scan.take(/(\d{2,3}) (?:FR|Fed\. Reg\.) ?(\d{1,3}(?:,\d{3})|\d{1,6})(?!\d)/iy);
    if (found === undefined) return;
    const title = `${found[1] ?? ''} FR ${(found[2] ?? '').replace(',', '')}`;
    this.#found.push({
      start,
      end: this.#scan.at,
      target: { in: 'titled', title, path: [] },
      implied: false,
    });
  }

  #named(pattern: RegExp, start: number): void {
    if (this.#scan.take(pattern) !== undefined) this.#unknown(start, this.#scan.at);
  }

  /** What stands around: `of this section`, `of § 262.34`, `of part 265 of this chapter`. */
  #outer(): Outer {
    const scan = this.#scan;
    return this.#linked<Place | 'statute'>(() => {
      const level = scan.take(THIS)?.[1]?.toLowerCase();
      if (level === 'section' || level === 'paragraph') return UNIT;
      if (level === 'appendix' || level === 'subpart') {
        this.#outer();
        return { ...AROUND };
      }
      if (level === 'part') return this.#thisPart();
      if (level === 'chapter' || level === 'subchapter' || level === 'title') return HERE;
      const title = scan.take(CFR)?.[1];
      if (title !== undefined) scan.take(COMMA);
      if (scan.take(WORD_SUBPART) !== undefined && itemList(scan, SUBPART_NUMBER, false).length > 0) {
        const around = this.#outer();
        return around === undefined || around === 'statute' ? HERE : around;
      }
      const isPart = scan.take(WORD_PART) !== undefined;
      if (!isPart) scan.take(WORD_SECTION);
      const section = isPart ? undefined : scan.take(SECTION_NUMBER)?.[1];
      const own = title ?? this.#title;
      if (section !== undefined && own !== undefined) {
        const place = this.#section(own, [section, ...labels(scan)]);
        this.#chapterTail();
        return place;
      }
      const part = isPart || title !== undefined ? scan.take(PART_NUMBER)?.[1] : undefined;
      if (part !== undefined && own !== undefined) {
        this.#chapterTail();
        return this.#part(own, part);
      }
      if (scan.take(WORD_APPENDIX) !== undefined) {
        const [one] = itemList(scan, APPENDIX_NUMBER, false);
        const around = this.#outer() ?? HERE;
        return one === undefined || around === 'statute'
          ? undefined
          : { ...around, path: [...around.path, `appendix:${one.parts[0] ?? ''}`] };
      }
      scan.take(/(?:sections?\s+\d{1,5}[a-z]{0,2}(?:\([\da-zA-Z]{1,4}\)){0,6}\s+of\s+)/iy);
      return scan.take(STATUTE) === undefined && scan.take(OTHER) === undefined ? undefined : 'statute';
    });
  }

  #linked<T>(step: () => T | undefined): T | undefined {
    return this.#scan.attempt(() => (this.#scan.take(LINK) === undefined ? undefined : step()));
  }

  /** `of Subpart K of this part`, `of this chapter`: says nothing that the number has not said. */
  #chapterTail(): void {
    this.#titleTail();
  }

  /** The same, but of another title: `of title 29`, `of 29 CFR`. */
  #titleTail(): string | undefined {
    const scan = this.#scan;
    for (let i = 0; i < 3; i++) {
      const found = this.#linked(() => {
        if (scan.take(THIS) !== undefined) return '';
        const title = scan.take(CFR)?.[1];
        if (title !== undefined) return title;
        return scan.take(/subpart [A-Z]{1,5}\b/iy) === undefined ? undefined : '';
      });
      if (found === undefined) return undefined;
      if (found !== '') return found;
    }
    return undefined;
  }

  #thisPart(): Place {
    return { ...HERE, documentId: this.#partAround };
  }

  #section(title: string, parts: readonly string[]): Place {
    const [number = '', ...rest] = parts;
    const part = number.split('.', 1)[0] ?? '';
    const documentId = `us/cfr/${title}/${part}`;
    const own = this.#documentId;
    const isHere =
      own === documentId || own === `us/cfr/${title}/${number}` || own.startsWith(`${documentId}/`);
    return {
      documentId: isHere ? undefined : documentId,
      from: 'root',
      path: [`section:${number}`, ...rest],
    };
  }

  #part(title: string, part: string): Place {
    const documentId = `us/cfr/${title}/${part}`;
    return { documentId: documentId === this.#documentId ? undefined : documentId, from: 'root', path: [] };
  }

  /** One reference per thing; the first begins with the word before it, the last ends with the words behind it. */
  #emit(items: readonly Item[], start: number, place: (item: Item) => Place | undefined, end?: number): void {
    items.forEach((item, i) => {
      const from = i === 0 ? start : item.implied && items[0]?.start === item.start ? start : item.start;
      const to = i === items.length - 1 && end !== undefined ? Math.max(end, item.end) : item.end;
      this.#push(from, to, place(item), item.implied);
    });
  }

  #push(start: number, end: number, place: Place | undefined, implied = false): void {
    const target: Target =
      place === undefined
        ? { in: 'unknown' }
        : place.documentId === undefined
          ? { in: 'here', from: place.from, path: place.path }
          : { in: 'document', documentId: place.documentId, path: place.path };
    this.#found.push({ start, end, target, implied });
  }

  #unknown(start: number, end: number): void {
    this.#found.push({ start, end, target: { in: 'unknown' }, implied: false });
  }
}
