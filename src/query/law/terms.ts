/** Defined terms in a text: which of a version's definitions its words use, each by the definition of the nearest scope. */
import { FIXED_LIMITS } from '../../base/index.ts';
import type { ReadRows } from './provisions.ts';

export interface RegisterTerm {
  readonly term: string;
  readonly meaning: string;
  /** Provision that defines it. */
  readonly section_id: string;
  readonly citation: string;
}

interface Definition extends RegisterTerm {
  readonly term_key: string;
  readonly scope_section_id: string | null;
  readonly words: readonly string[];
}

const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;

const wordsOf = (text: string): string[] => text.toLowerCase().match(WORD) ?? [];
/** A term may stand in the plural. */
const isSame = (word: string | undefined, of: string): boolean =>
  word === of || word === `${of}s` || word === `${of}es`;

export class TermFinder {
  /** By first word, in the order of the document. */
  readonly #byWord = new Map<string, Definition[]>();

  static async of(rows: ReadRows, versionId: string): Promise<TermFinder> {
    const found = await rows<Omit<Definition, 'words'>>(
      `select d.term, d.term_key, d.meaning, d.section_id, s.citation, d.scope_section_id
         from law.definitions d join law.sections s on s.version_id = d.version_id and s.section_id = d.section_id
        where d.version_id = $1 and not d.deleted and not s.deleted
        order by s.ordinal, d.span_start limit ${FIXED_LIMITS.law_definitions.value}`,
      [versionId],
    );
    const finder = new TermFinder();
    for (const one of found) {
      const words = wordsOf(one.term_key);
      const [first] = words;
      if (first !== undefined)
        finder.#byWord.set(first, [...(finder.#byWord.get(first) ?? []), { ...one, words }]);
    }
    return finder;
  }

  /** `around`: ids from the provision outwards. Longer terms hide the shorter ones within them. */
  in(text: string, around: readonly string[]): RegisterTerm[] {
    const words = wordsOf(text);
    const found = new Map<string, RegisterTerm>();
    for (let i = 0; i < words.length;) {
      const best = this.#at(words, i, around);
      if (best === undefined) {
        i++;
        continue;
      }
      const { term, term_key: key, meaning, section_id, citation } = best;
      if (!found.has(key)) found.set(key, { term, meaning, section_id, citation });
      i += best.words.length;
    }
    return [...found.values()];
  }

  #at(words: readonly string[], at: number, around: readonly string[]): Definition | undefined {
    const word = words[at] ?? '';
    const singles = [word, word.replace(/s$/, ''), word.replace(/es$/, '')];
    const fitting = [...new Set(singles)]
      .flatMap((single) => this.#byWord.get(single) ?? [])
      .filter((one) => {
        const isHere = one.scope_section_id === null || around.includes(one.scope_section_id);
        const last = one.words.length - 1;
        return (
          isHere &&
          one.words.every((of, k) => (k === last ? isSame(words[at + k], of) : words[at + k] === of))
        );
      });
    const steps = ({ scope_section_id: scope }: Definition): number =>
      scope === null ? Infinity : around.indexOf(scope);
    return fitting.sort((a, b) => b.words.length - a.words.length || compare(steps(a), steps(b)))[0];
  }
}

/** Infinity minus itself is no number. */
const compare = (a: number, b: number): number => (a === b ? 0 : a < b ? -1 : 1);
