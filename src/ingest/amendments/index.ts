/** Notes that say which act made or changed a provision, as the readers give them. */
import { dateOf } from '../cfr/headings.ts';
import { identityOf, isoDay } from '../eurlex/identity.ts';
import type { SectionNode } from '../reader.ts';

export type AmendmentKind = 'made' | 'amended' | 'added' | 'repealed' | 'renumbered' | 'corrected';

export interface Amendment {
  readonly kind: AmendmentKind;
  /** The amending act as printed. */
  readonly citation: string;
  /** Identity of the amending act, when its name gives it; else it may be found by its citation. */
  readonly documentId: string | undefined;
  readonly publishedOn: string | undefined;
  readonly effectiveOn: string | undefined;
  readonly text: string;
}

/** Whether a node is a note on the history of the text, whose references are no citations of the law. */
export function isHistory({ eid, level }: Pick<SectionNode, 'eid' | 'level'>): boolean {
  return level === 'note' && /(?:^|-)(?:cita|source|secauth)(?:-\d+)?$|^history$/.test(eid);
}

/** What a note says; it speaks of the provision it stands in. */
export function findAmendments(node: Pick<SectionNode, 'eid' | 'level' | 'text'>): readonly Amendment[] {
  if (node.level !== 'note') return [];
  if (/(?:^|-)(?:cita|source|ednote)(?:-\d+)?$/.test(node.eid)) return ofRegister(node.text);
  return node.eid === 'history' ? ofConsolidation(node.text) : [];
}

const REGISTER =
  /(\d{2,3} FR \d{1,6})(?:,? ((?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]{0,6}\.? \d{1,2}, \d{4}))?/g;
const REGISTER_KINDS: readonly (readonly [RegExp, AmendmentKind])[] = [
  [/redesignat/i, 'renumbered'],
  [/correct/i, 'corrected'],
  [/remov|revok/i, 'repealed'],
  [/amended|revised|changes|suspended/i, 'amended'],
  [/added/i, 'added'],
];

/** `[61 FR 16309, Apr. 12, 1996, as amended at 70 FR 10818, Mar. 4, 2005; 71 FR 40272, July 14, 2006]` */
function ofRegister(text: string): readonly Amendment[] {
  const found: Amendment[] = [];
  let kind: AmendmentKind = 'made';
  let before = 0;
  for (const match of text.matchAll(REGISTER)) {
    const words = text.slice(before, match.index);
    kind = REGISTER_KINDS.find(([pattern]) => pattern.test(words))?.[1] ?? kind;
    before = match.index + match[0].length;
    const publishedOn = dateOf(match[2] ?? '');
    found.push({
      kind,
      citation: match[1] ?? '',
      documentId: undefined,
      publishedOn,
      effectiveOn: undefined,
      text: match[0],
    });
  }
  return found;
}

const CONSOLIDATED = /^(Amended|Corrected) by (?:(\d{5}[A-Z]\d{4})\S*: )?(.+)$/;
const LISTED =
  /^((?:[A-Z]+ ){0,4}(?:DIRECTIVE|REGULATION|DECISION)\b[^\t]{3,400})\t[LC] \d+\t\d+\t(\d{1,2}\.\d{1,2}\.\d{4})/i;
const NAME =
  /(?:(?:Commission|Council|Delegated|Implementing) ){0,3}(?:Directive|Regulation|Decision) (?:\([\w, ]{2,14}\) )?(?:No )?\d{1,4}\/\d{1,4}(?:\/(?:EU|EC|EEC|Euratom))?/i;
const MADE_ON = /\bof (\d{1,2} [A-Z][a-z]{2,8} \d{4})\b/;

/** The acts a consolidated version of EU law was made of. */
function ofConsolidation(text: string): readonly Amendment[] {
  return text.split('\n').flatMap((line) => {
    const named = CONSOLIDATED.exec(line);
    const listed = LISTED.exec(line);
    const title = named?.[3] ?? listed?.[1];
    if (title === undefined) return [];
    const citation = NAME.exec(title)?.[0] ?? title.slice(0, CITATION_CHARS);
    const publishedOn = isoDay(listed?.[2]) ?? dayInWords(MADE_ON.exec(title)?.[1]);
    const documentId = identityOf(named?.[2], title)?.documentId;
    const kind = named?.[1] === 'Corrected' ? 'corrected' : 'amended';
    return [
      { kind, citation, documentId, publishedOn, effectiveOn: undefined, text: line.slice(0, TEXT_CHARS) },
    ];
  });
}

const CITATION_CHARS = 120;
const TEXT_CHARS = 1000;

const TEXTUAL =
  /\b(substituted|inserted|added|repealed|revoked|omitted|ceased to have effect|renumbered|amended|words)\b[^()]{0,120}(?:\(([^()]{4,60})\))?[^()]{0,40}\bby (.{3,300})/;
const TEXTUAL_KINDS: Readonly<Record<string, AmendmentKind>> = {
  inserted: 'added',
  added: 'added',
  repealed: 'repealed',
  revoked: 'repealed',
  omitted: 'repealed',
  'ceased to have effect': 'repealed',
  renumbered: 'renumbered',
};
const UK_ACT =
  /(?:The )?\p{Lu}[^;\n]{2,160}? (?:Act|Regulations|Order|Rules)(?: \([^()]{3,30}\))? \d{4}(?: \((?:c\. \d+|asp \d+|S\.[\w. ]{1,6}\d{4}\/\d+)\))?|S\.(?:S\.)?I\. \d{4}\/\d+|\d{4} c\. \w+/u;

/** `S. 19(6) substituted (20.6.2003) by Enterprise Act 2002 (c. 40), s. 279`; undefined when it says nothing of the kind. */
export function textualNote(text: string): Amendment | undefined {
  const found = TEXTUAL.exec(text);
  if (found === null) return undefined;
  const [, verb = '', dates = '', by = ''] = found;
  const citation = UK_ACT.exec(by)?.[0] ?? by.slice(0, CITATION_CHARS);
  return {
    kind: TEXTUAL_KINDS[verb] ?? 'amended',
    citation,
    documentId: undefined,
    publishedOn: undefined,
    effectiveOn: isoDay(/\d{1,2}\.\d{1,2}\.\d{4}/.exec(dates)?.[0]),
    text: text.slice(0, TEXT_CHARS),
  };
}

const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
);

/** `27 October 2004` as `2004-10-27`. */
function dayInWords(words: string | undefined): string | undefined {
  const [day = '', month = '', year = ''] = (words ?? '').split(' ');
  const number = MONTHS.indexOf(month.toLowerCase()) + 1;
  return number === 0 ? undefined : isoDay(`${day}.${number}.${year}`);
}
