/**
 * What a provision of a document is called that this node may not have: by the naming rules of the readers, so that the
 * reference joins once the document arrives. The most exact name comes first; every other names what is around it.
 */
import { label } from '../text.ts';
import type { Step } from './reference.ts';

/** Ids below the document, from the provision itself outwards. */
export function eidsOf(documentId: string, path: readonly Step[]): readonly string[] {
  const write = documentId.startsWith('eu/') ? euEid : documentId.startsWith('uk/') ? ukEid : usEid;
  const found: string[] = [];
  for (let n = path.length; n > 0; n--) {
    const eid = write(path.slice(0, n), documentId);
    if (eid !== undefined && !found.includes(eid)) found.push(eid);
  }
  return found;
}

function split(step: Step): readonly [word: string, number: string] {
  const at = step.indexOf(':');
  return at < 0 ? ['', label(step)] : [step.slice(0, at), label(step.slice(at + 1))];
}

/** `s262.34-a-1-i`, `subpart-I`, `app-VIII`; `sec_6901` in the United States Code. */
function usEid(path: readonly Step[], documentId: string): string | undefined {
  const [first = '', ...rest] = path;
  const [word, number] = split(first);
  const below = rest.map((step) => `-${split(step)[1]}`).join('');
  if (word === 'section')
    return documentId.startsWith('us/usc/')
      ? rest.length > 0
        ? undefined
        : `sec_${number}`
      : `s${number}${below}`;
  if (word === 'subpart') return `subpart-${number}${below}`;
  return word === 'appendix' ? `app${number === '' ? '' : `-${number}`}` : undefined;
}

/** `regulation-6-2-b`, `schedule-1-paragraph-2`, `schedule-1-part-2`. */
function ukEid(path: readonly Step[]): string | undefined {
  const parts = path.map((step, i) => {
    const [word, number] = split(step);
    const isFirstLabel = word === '' && i > 0 && /^(?:schedule|annex|appendix)/.test(path[i - 1] ?? '');
    return word === '' ? (isFirstLabel ? `paragraph-${number}` : number) : `${word}-${number}`;
  });
  return path[0]?.includes(':') === true ? parts.join('-') : undefined;
}

const EU_WORDS: Readonly<Record<string, string>> = {
  article: 'art',
  annex: 'anx',
  schedule: 'anx',
  appendix: 'apx',
  part: 'prt',
  chapter: 'cpt',
  title: 'tis',
  division: 'div',
  sub: 'sub',
  indent: 'indent',
};

/** `art_5.para_2.sub_2.point_a`, `anx_I.prt_A.point_1`. */
function euEid(path: readonly Step[]): string | undefined {
  if (path[0]?.includes(':') !== true) return undefined;
  const steps = path.filter((step) => step !== 'sub:1');
  return steps
    .map((step, i) => {
      const [word, number] = split(step);
      if (word !== '') return `${EU_WORDS[word] ?? word}_${number}`;
      const isParagraph = /^\d/.test(number) && i === 1 && path[0]?.startsWith('article:') === true;
      return `${isParagraph ? 'para' : 'point'}_${number}`;
    })
    .join('.');
}
