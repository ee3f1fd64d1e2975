/** Names that a document gives to other acts: `“the 1974 Act” means the Health and Safety at Work etc. Act 1974`. */
import { FIXED_LIMITS } from '../../base/index.ts';

const NAME = '[“‘"](?:the )?([^“”‘’"\\n]{2,60})[”’"]';
const FULL =
  "(?:(?:the )?(\\p{Lu}(?:[\\p{L},.&’'-]+|\\([^()]{1,60}\\))?(?: (?:[\\p{L},.&’'-]+|\\([^()]{1,60}\\))){0,20} (?:19|20)\\d\\d)|((?:(?:Council|Commission) )?(?:Directive|Regulation|Decision) (?:\\([\\w, ]{2,12}\\) )?(?:No ?)?\\d{1,4}\\/\\d{1,4}(?:\\/\\w{2,7})?))";
const MEANS = new RegExp(`${NAME} means ${FULL}`, 'u');
const NAMED = new RegExp(`${FULL}(?: \\([^()]{1,20}\\))? \\( ?${NAME} ?\\)`, 'u');
const ACT = /\b(?:Act|Regulations?|Order|Rules|Directive|Decision|Measure)\b/;

/** Bounded: a document that names more acts is not understood beyond that. */
export class Aliases {
  readonly names = new Map<string, string>();

  learn(text: string): void {
    if (!ACT.test(text) || !/[“‘"]/.test(text)) return;
    for (const line of text.split('\n')) {
      if (line.length > LINE_CHARS) continue;
      const means = MEANS.exec(line);
      if (means !== null) this.#put(means[1], means[2] ?? means[3]);
      const named = NAMED.exec(line);
      if (named !== null) this.#put(named[3], named[1] ?? named[2]);
    }
  }

  #put(name: string | undefined, full: string | undefined): void {
    if (name === undefined || full === undefined || !ACT.test(name)) return;
    if (this.names.size < FIXED_LIMITS.citation_aliases.value)
      this.names.set(name.trim().toLowerCase(), full.trim());
  }
}

/** Longer lines are not searched for names. */
const LINE_CHARS = 20_000;
