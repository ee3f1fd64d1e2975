/**
 * Terms a provision defines: `“X” means …`, `X means …` in a list of definitions, nodes that readers named after their
 * italic term, `(hereinafter ‘X’)`, and tables of terms.
 */
import { FIXED_LIMITS } from '../../base/index.ts';
import type { SectionNode } from '../reader.ts';
import { scopeOf, type Scope } from './scope.ts';

export interface Definition {
  /** As printed, without quotation marks. */
  readonly term: string;
  readonly meaning: string;
  /** Offsets of the definition in the text, in UTF-16 units. */
  readonly spanStart: number;
  readonly spanEnd: number;
  readonly scope: Scope | undefined;
}

export interface DefinitionInput {
  readonly node: Pick<SectionNode, 'text' | 'heading' | 'num' | 'level'>;
  /** Texts above, outermost first. */
  readonly leadIns: readonly string[];
  /** Headings above, outermost first. */
  readonly headings: readonly string[];
}

const QUOTED = /“([^“”\n]{1,120})”|‘((?:[^‘’\n]|’(?=s ?\p{L}|\p{L})){1,120})’(?!\p{L})|"([^"\n]{1,120})"/gu;
const ANOTHER =
  /(?:,| and| or|, and|, or|\/| ?\() ?(?:the )?(?:“([^“”\n]{1,120})”|‘([^‘’\n]{1,120})’|"([^"\n]{1,120})")\)?/y;
const VERB =
  /(?:,? ?(?:in relation to|in respect of|in connection with|with respect to|when used|as used|where used|when applied|of|for|to|on|by|at)\b[^“‘;.\n]{1,160}?,?)?,? (?:(?:shall |also )?means?\b|shall (?:also )?(?:have|include|be construed|be interpreted)|(?:has|have) the (?:same |following |respective )?meanings?|(?:is|are) (?:to be )?(?:defined|construed|interpreted|taken|treated)\b|(?:also )?includes?\b|(?:does|do) not include|refers? to|(?:is|are) the (?:aggregate|sum|total)\b|have? )/y;
const MEANS =
  /^(?:the terms? |term )?(\p{L}[^.;:“”‘’"\n]{0,110}?)(?: \(([^()\n]{1,40})\))?,? (?:(?:shall )?means?|has the (?:same )?meaning|is defined as)(?![\p{L}])/iu;
const DASHED = /^([^—\n.;]{1,60}?)(?: ?— ?|\t)(?=\S)/;
const PARENTHESIS =
  /\(\s?(?:(?:hereinafter|hereafter|henceforth|collectively|together|each|individually|in this [\p{L}]{1,14}|below)[^()“‘"\n]{0,60})?(?:referred to (?:[\p{L} ]{0,24})?as )?(?:the |an? )?(?:“([^“”\n]{1,80})”|‘([^‘’\n]{1,80})’)(?:,? (?:or|and) (?:the )?(?:“([^“”\n]{1,80})”|‘([^‘’\n]{1,80})’))?\s?\)/gu;
/** Headings and sentences under which terms are listed without quotation marks. */
const LISTS_TERMS =
  /defin|interpretation|glossary|acronym|abbreviation|meaning of|(?:following|these) (?:terms|expressions)|following meanings|words .{0,40}mean(?:ing)?s?\b/i;
const TABLE_HEAD =
  /^(?:terms?|expressions?|words?(?: or expressions?)?|definitions?|defined terms?)\t(?:meanings?|definitions?|interpretations?)(?:[\t\n]|$)/i;
const NO_TERM =
  /^(?:the|an?|by|other|same|it|this|that|which|such|these|those|he|they|there|who|what|and|or|if|where|when|note)$/i;
const BACK_CHARS = 240;
const AFTER_CHARS = 80;
/** The end of a sentence, not of an abbreviation. */
const SENTENCE =
  /(?<!(?<![\p{L}])(?:c|s|p|ss|cf|no|art|reg|para|sch|pt|etc|e\.g|i\.e|u\.s\.c|u\.s|l))\.(?=\s+[\p{Lu}(“‘])|;(?=\s)|\n/giu;

const MOST = FIXED_LIMITS.definitions_per_provision.value;

interface Mark {
  readonly terms: readonly string[];
  readonly start: number;
  /** Where the meaning begins. */
  readonly from: number;
  /** Fixed end, of a parenthesis. */
  readonly end?: number;
  readonly meaning?: string;
}

export function findDefinitions({ node, leadIns, headings }: DefinitionInput): readonly Definition[] {
  const { text } = node;
  if (text === '' || node.level === 'note') return [];
  const above = [...leadIns].reverse();
  const isList =
    LISTS_TERMS.test(headings.at(-1) ?? '') ||
    LISTS_TERMS.test(headings.at(-2) ?? '') ||
    above.slice(0, 2).some((one) => LISTS_TERMS.test(one.slice(-BACK_CHARS)));
  if (node.level === 'table') return fromTable(text, above);
  const marks = [...quoted(text), ...parentheses(text)];
  if (marks.every(({ start }) => start > 0)) {
    const named = ownTerm(node, isList);
    if (named !== undefined) marks.push(named);
  }
  marks.sort((a, b) => a.start - b.start);
  return marks.flatMap((mark, i) => {
    const limit = marks.slice(i + 1).find(({ end }) => end === undefined)?.start ?? text.length;
    const end = mark.end ?? endOf(text, mark, limit);
    const meaning = mark.meaning ?? text.slice(mark.from, end).replace(/^[\s,:—-]+/, '');
    if (/^\W*(?:and|or)?\W*$/.test(meaning)) return [];
    const before = text.slice(Math.max(0, mark.start - BACK_CHARS), mark.start);
    const after = mark.end === undefined ? text.slice(mark.from, mark.from + AFTER_CHARS) : '';
    const scope = scopeOf({ before: lastSentence(before), after, above, headings: [...headings].reverse() });
    return mark.terms.map((term) => ({
      term,
      meaning: meaning.trim(),
      spanStart: mark.start,
      spanEnd: end,
      scope,
    }));
  });
}

/** `“X” or “Y”, in relation to Z, means …` */
function quoted(text: string): Mark[] {
  const found: Mark[] = [];
  QUOTED.lastIndex = 0;
  for (let first = QUOTED.exec(text); first !== null && found.length < MOST; first = QUOTED.exec(text)) {
    const terms = [first[1] ?? first[2] ?? first[3] ?? ''];
    let at = QUOTED.lastIndex;
    for (let n = 0; n < 8; n++) {
      ANOTHER.lastIndex = at;
      const more = ANOTHER.exec(text);
      if (more === null) break;
      terms.push(more[1] ?? more[2] ?? more[3] ?? '');
      at = ANOTHER.lastIndex;
    }
    VERB.lastIndex = at;
    const verb = VERB.exec(text);
    if (verb !== null && !/have? $/.test(verb[0])) {
      found.push({
        terms: terms.map((term) => term.replace(/,$/, '').trim()),
        start: first.index,
        from: VERB.lastIndex,
      });
      QUOTED.lastIndex = VERB.lastIndex;
    } else QUOTED.lastIndex = at;
  }
  return found;
}

/** `the United Nations Convention (hereinafter ‘the Convention’)`: what stands before it is what it means. */
function parentheses(text: string): Mark[] {
  const found: Mark[] = [];
  let tries = 0;
  PARENTHESIS.lastIndex = 0;
  for (let one = PARENTHESIS.exec(text); one !== null && tries++ < MOST; one = PARENTHESIS.exec(text)) {
    const meaning = lastSentence(text.slice(Math.max(0, one.index - BACK_CHARS), one.index)).trim();
    const terms = one.slice(1).filter((term) => term !== undefined);
    if (/\p{L}{2}/u.test(meaning))
      found.push({ terms, start: one.index, from: one.index, end: PARENTHESIS.lastIndex, meaning });
  }
  return found;
}

/** The term a node is named after, or begins with in a list of definitions. */
function ownTerm({ text, heading, num }: DefinitionInput['node'], isList: boolean): Mark | undefined {
  const printed = MEANS.exec(text);
  const term = printed?.[1]?.trim();
  const isTerm = term !== undefined && !NO_TERM.test(term) && term.split(' ').length <= 12;
  if (heading !== undefined && num === undefined) {
    const isSame = isTerm && term.toLowerCase().startsWith(heading.toLowerCase());
    if (isSame || isList)
      return { terms: [heading], start: 0, from: isSame ? (printed?.[0].length ?? 0) : 0 };
    return undefined;
  }
  if (!isList) return undefined;
  if (isTerm && /^\p{Lu}|^\p{Ll}[^,]*$/u.test(term))
    return { terms: [term], start: 0, from: printed?.[0].length ?? 0 };
  if (heading !== undefined)
    return LISTS_TERMS.test(heading) ? undefined : { terms: [heading], start: 0, from: 0 };
  const dashed = DASHED.exec(text);
  return dashed === null ? undefined : { terms: [dashed[1] ?? ''], start: 0, from: dashed[0].length };
}

/** Rows of a table whose head says term and meaning. */
function fromTable(text: string, above: readonly string[]): readonly Definition[] {
  if (!TABLE_HEAD.test(text)) return [];
  const scope = scopeOf({ before: '', after: '', above, headings: [] });
  let at = 0;
  return text.split('\n').flatMap((row, i) => {
    const start = at;
    at += row.length + 1;
    const tab = row.indexOf('\t');
    const term = row
      .slice(0, tab)
      .replace(/^[“‘"']|[”’"']$/g, '')
      .trim();
    const meaning = row.slice(tab + 1).trim();
    return i === 0 || tab < 1 || meaning === ''
      ? []
      : [{ term, meaning, spanStart: start, spanEnd: start + row.length, scope }];
  });
}

/** A definition that begins a line goes on to the next one; one inside a sentence ends with it. */
function endOf(text: string, { start, from }: Mark, limit: number): number {
  const before = text.slice(Math.max(0, start - 40), start);
  const beginsLine = start === 0 || /(?:^|\n)(?:and |or |the |\(\w{1,4}\) )*$/i.test(before);
  SENTENCE.lastIndex = 0;
  const stop = beginsLine ? null : SENTENCE.exec(text.slice(from, limit));
  const end = stop === null ? limit : from + stop.index + 1;
  return from + text.slice(from, end).replace(/(?:\s+(?:and|or|the|terms?))*\s*$/, '').length;
}

/** What stands behind the last end of a sentence; whole words when there is none. */
function lastSentence(text: string): string {
  let at = -1;
  SENTENCE.lastIndex = 0;
  for (let stop = SENTENCE.exec(text); stop !== null; stop = SENTENCE.exec(text)) at = stop.index;
  if (at < 0 && text.length === BACK_CHARS) at = text.indexOf(' ');
  return text.slice(at + 1);
}
