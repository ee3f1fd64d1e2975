/**
 * What of a text counts as law. Two texts that differ only in white space, soft hyphens, styles of quotation marks and
 * dashes, or the marks of a consolidation say the same: such a change is editorial.
 */

/** Soft hyphens, zero-width characters and the byte order mark. */
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;
/** Marks with which EUR-Lex shows who changed what, and where words were taken out: `▼M1`, `►C2`, `◄`, `—————`. */
const CONSOLIDATION = /[▼►]\s?[ABCMR]\d{0,3}(?![\p{L}\p{N}])|[▼►◄▲]|[—–]{3,}/gu;
/** Marks of footnotes as the readers write them. They count anew in each version; the notes are provisions themselves. */
const FOOTNOTE_MARK = /\[\d{1,3}\]/g;
/** Places of pictures; the readers keep none. */
const FIGURE = /\[figure[^\]\n]{0,80}\]/g;
/** A long dash between blanks marks an item or sets words off; between numbers it may be a range. */
const LONE_DASH = /(?<!\d\s*)(?<=^|\s)—(?=\s|$)|(?<=^|\s)—(?=\s|$)(?!\s*\d)/g;
/** A quotation mark after a digit may be a unit (minutes and seconds of arc, feet and inches), so it keeps its kind. */
const QUOTES = /(\d)?(?:([‘’‚‛′`´']{1,2})|[“”„‟″«»"])/g;
const DASHES = /[‐‑‒–—―−]/g;
const SPACE_BEFORE = /\s+(?=[,;:.!?)\]([=/×])/g;
const SPACE_AFTER = /(?<=[([=/×])\s+/g;

/** The text as it is compared. Only characters that carry no meaning are lost. */
export function plainText(text: string): string {
  return text
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(CONSOLIDATION, ' ')
    .replace(FOOTNOTE_MARK, '')
    .replace(FIGURE, ' ')
    .replace(LONE_DASH, ' ')
    .replace(QUOTES, (_mark, digit: string | undefined, single: string | undefined) =>
      digit === undefined ? "'" : `${digit}${single?.length === 1 ? "'" : '"'}`,
    )
    .replace(DASHES, '-')
    .replace(/-{2,}/g, '-')
    .replace(/…/g, '...')
    .replace(/\s+/g, ' ')
    .replace(SPACE_BEFORE, '')
    .replace(SPACE_AFTER, '')
    .trim();
}

/** A provision's text as it is compared: in tables, cells and rows stay apart; empty ones at an end do not count. */
export function plainBody(text: string): string {
  if (!text.includes('\t')) return plainText(text);
  const rows = text.split('\n').map((row) => row.split('\t').map(plainText).join('\t').trimEnd());
  return rows.filter((row) => row !== '').join('\n');
}

/** A footnote's text: a quoted amendment may leave its closing quotation mark behind it. */
export function plainNote(text: string): string {
  return plainBody(text).replace(/['".;\s]+$/, '');
}

/** A printed number without brackets and stops: `(a)` and `a)` are the same, and a dash is no number. */
export function plainNumber(num: string): string {
  return plainText(num)
    .replace(/[()[\]'".:]+|^[-•·*▪]+$/g, ' ')
    .trim();
}

/** Whole texts that say that nothing is here any more: `(deleted)`, `[Reserved]`, `Repealed`, `. . . . .`, `—————`. */
const LABEL = '(?:\\(\\w{1,5}\\)|\\d\\w{0,4})';
const REPEAL_WORDS = new RegExp(
  `^(?:${LABEL}(?: ?(?:-|to|and|,) ?${LABEL})* ?)?['"([]*(?:this \\w+ (?:is|was|has been) )?(?:deleted|repealed|omitted|revoked|removed|reserved|removed and reserved)[\\])'"]*[.;,]?$`,
  'i',
);
const REPEAL_LINE = /^(?:[.\-_*] ?)*$/;
/** A line of dots may be long. */
const REPEAL_CHARS = 200;

/** Whether a text stands where a provision was. */
export function isRepealMark(text: string): boolean {
  if (text.length > REPEAL_CHARS) return false;
  const plain = plainText(text);
  return REPEAL_WORDS.test(plain) || (REPEAL_LINE.test(plain) && /(?:[.\-_*–—―…]\s?){3,}/.test(text));
}

/** Whether a heading without a text says so: `Scope [Reserved]`. */
export function isRepealHeading(heading: string): boolean {
  return isRepealMark(heading) || /\[(?:removed and )?reserved\]\.?\s*$/i.test(heading);
}

/** Words and numbers of a plain text, in lower case. */
export function wordsOf(plain: string): string[] {
  return plain.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}
