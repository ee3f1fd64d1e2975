/** What every reader promises of its events and errors, whatever the bytes were. */
import { FractalError } from '../../src/base/index.ts';
import type { Obligation, ReadEvent } from '../../src/ingest/index.ts';
import { SECTION_LEVELS } from '../../src/ingest/index.ts';

/** A promise that was broken: `code` tells the kind, so that a smaller mutant can be told to break the same one. */
export class Broken extends TypeError {
  readonly code: string;
  constructor(code: string, what: string) {
    super(`${code}: ${what}`);
    this.code = code;
  }
}

function check(holds: boolean, code: string, what: string): void {
  if (!holds) throw new Broken(code, what);
}

const LEVELS: ReadonlySet<string> = new Set(SECTION_LEVELS);
/** Ids and citations become keys and columns; nothing real comes near. */
const NAME_CHARS_MAX = 2048;

/** A lone surrogate cannot be stored, and NUL ends a string in too many places. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** Checks events as they come; `complete` when the reader is done. */
export class EventJudge {
  #eids: Set<string> | undefined;
  readonly #ids = new Set<string>();
  #documents = 0;

  event(event: ReadEvent): void {
    switch (event.type) {
      case 'document': {
        const { head } = event;
        check(this.#eids === undefined, 'document-in-document', 'a document begins inside another');
        check(!this.#ids.has(head.documentId), 'document-twice', 'two documents have one id');
        for (const [key, value] of Object.entries(head)) {
          const text: unknown = value;
          if (typeof text === 'string') {
            check(isStorable(text), 'text', `${key} of the head cannot be stored`);
            check(text !== '', 'head-empty', `${key} of the head is empty`);
          }
        }
        check(
          head.documentId.length + head.citation.length <= NAME_CHARS_MAX,
          'name-long',
          'the id is endless',
        );
        for (const date of [head.inForceFrom, head.inForceTo]) check(isDate(date), 'date', 'a date is none');
        check(/^[A-Z]{2}$/.test(head.jurisdiction), 'jurisdiction', 'the jurisdiction is no code');
        this.#ids.add(head.documentId);
        this.#eids = new Set();
        break;
      }
      case 'section': {
        const { eid, parentEid, level, num, heading, citation, text } = event.section;
        const eids = this.#eids;
        if (eids === undefined) throw new Broken('section-alone', 'a section stands outside a document');
        check(!eids.has(eid), 'eid-twice', 'an eid comes twice');
        check(/^\S+$/.test(eid), 'eid-form', 'an eid is empty or has white space');
        check(
          parentEid === undefined || eids.has(parentEid),
          'parent-late',
          'a section comes before its parent',
        );
        check(LEVELS.has(level), 'level', 'a level is not known');
        for (const [key, value] of [
          ['citation', citation],
          ['heading', heading],
          ['num', num],
        ] as const)
          check(value !== '', `empty ${key}`, `${key} is empty and not absent`);
        check(eid.length + citation.length <= NAME_CHARS_MAX, 'name-long', 'an eid or citation is endless');
        for (const part of [eid, num ?? '', heading ?? '', citation, text])
          check(isStorable(part), 'text', 'text cannot be stored');
        check(!/^[ \n]|[ \n]$| {2}|[\r\v\f]/.test(text), 'white-space', 'white space is not made one');
        eids.add(eid);
        break;
      }
      case 'note':
        check(this.#eids !== undefined, 'note-alone', 'a note stands outside a document');
        check(event.text !== '' && isStorable(event.text), 'text', 'a note is empty or cannot be stored');
        break;
      case 'warning':
        check(this.#eids !== undefined, 'warning-alone', 'a warning stands outside a document');
        check(event.message !== '' && event.message.length < 1000, 'warning-long', 'a warning is endless');
        check(event.line === undefined || event.line >= 0, 'line', 'a warning has no line');
        break;
      case 'end':
        check(this.#eids !== undefined, 'end-alone', 'a document ends that never began');
        this.#eids = undefined;
        this.#documents++;
    }
  }

  complete(): void {
    check(this.#eids === undefined, 'end-missing', 'the last document does not end');
    check(this.#documents > 0, 'document-none', 'nothing was read and nothing said');
  }
}

function isDate(date: string | undefined): boolean {
  if (date === undefined) return true;
  if (!/^\d{4}-\d\d-\d\d$/.test(date)) return false;
  const time = Date.parse(`${date}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}

/** A refusal must be typed, placed, and quote nothing of the file. */
export function judgeError(error: unknown, fileText: string): string {
  if (error instanceof Broken) throw error;
  if (!(error instanceof FractalError)) {
    const { name, message, stack } =
      error instanceof Error ? error : { name: typeof error, message: '', stack: '' };
    const frame = /\((?:file:\/\/)?[^()]*?\/src\/([^():]*:\d+)/.exec(stack ?? '')?.[1] ?? '';
    throw new Broken(`untyped ${name} ${frame}`, message.slice(0, 200));
  }
  check(
    error.kind === 'bad_input',
    `kind ${error.code}`,
    `a file cannot cause ${error.kind}: ${error.message}`,
  );
  check(error.message.length + error.cure.length < 2000, `long ${error.code}`, 'an error is endless');
  for (let at = 0; at + 32 <= error.message.length; at += 8)
    check(
      !fileText.includes(error.message.slice(at, at + 32)),
      `quote ${error.code}`,
      'an error quotes the file',
    );
  return error.code;
}

const PARTS = ['addressee', 'action', 'object', 'condition', 'threshold', 'deadline', 'exception'] as const;

export function judgeObligations(text: string, found: readonly Obligation[]): void {
  const isWhole = text.isWellFormed();
  for (const one of found) {
    const { spanStart, spanEnd } = one;
    check(
      spanStart >= 0 && spanStart < spanEnd && spanEnd <= text.length,
      'span',
      'a span lies outside the text',
    );
    check(text.slice(spanStart, spanEnd) === one.sentence, 'span', 'the sentence is not what the span holds');
    check(one.confidence >= 0 && one.confidence <= 1, 'confidence', 'the confidence is no probability');
    for (const part of PARTS) check(one[part] !== '', 'empty', 'a part is empty and not absent');
    for (const part of PARTS)
      check(!isWhole || (one[part] ?? '').isWellFormed(), 'text', 'a part cuts a character in two');
  }
}
