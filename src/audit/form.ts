/**
 * Whether the bytes of an entry are in the one form that entries have (rule A2). A scan over the bytes answers for nearly
 * all; what it does not know (escapes, other alphabets, long numbers) is decided by making the bytes again.
 */
import { decodeEntry, encodeContent, encodeEntry } from './entry.ts';

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [ZERO, NINE, MINUS, DOT] = [0x30, 0x39, 0x2d, 0x2e];

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Between the values of the fields that every entry has, from behind `prev_hash`. */
const BETWEEN = [
  '"timestamp":"',
  '","node_id":"',
  '","actor_id":"',
  '","actor_role":"',
  '","event_type":"',
  '","resource":"',
].map(bytesOf);
const DETAIL = bytesOf('","detail":');
const SIGNATURE = bytesOf(',"signature":"');
const WORDS = ['true', 'false', 'null'].map(bytesOf);
const LOG = bytesOf('log.');
const EVENT_TYPE = 4;

/** Bytes that stand for themselves inside quotes. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x7f && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

/** More levels are decided the slow way. */
const DEPTH = 8;
/** A decimal of so many digits is the shortest for its number. */
const DIGITS = 15;

/** An entry that speaks of the log itself is looked at closely; `unknown`: the scan does not say. */
export type Form = 'entry' | 'of-the-log' | 'unknown';

/** One pass over `bytes` from behind the head of an entry to `end`. */
export function scanForm(bytes: Uint8Array, from: number, end: number): Form {
  let at = from;
  let form: Form = 'entry';
  for (let field = 0; field < BETWEEN.length; field++) {
    const before = BETWEEN[field] ?? LOG;
    if (!isAt(bytes, at, before)) return 'unknown';
    at += before.length;
    if (field === EVENT_TYPE && isAt(bytes, at, LOG)) form = 'of-the-log';
    at = endOfText(bytes, at);
    if (at < 0) return 'unknown';
  }
  if (!isAt(bytes, at, DETAIL) || bytes[at + DETAIL.length] !== OPEN) return 'unknown';
  at = endOfValue(bytes, at + DETAIL.length, 0);
  if (at < 0) return 'unknown';
  if (isAt(bytes, at, SIGNATURE)) {
    at = endOfText(bytes, at + SIGNATURE.length);
    if (at < 0) return 'unknown';
    at++;
  }
  return bytes[at] === CLOSE && at + 1 === end ? form : 'unknown';
}

/** Whether these bytes are what the log writes for the entry they tell. */
export function isInForm(entry: Uint8Array): boolean {
  const told = decodeEntry(entry);
  if (told === undefined || Array.isArray(told.detail)) return false;
  const { entry_id, prev_hash, ...content } = told;
  try {
    return encodeEntry(entry_id, prev_hash, encodeContent(content)).equals(entry);
  } catch {
    return false;
  }
}

function isAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Where the closing quote is; -1 when a byte does not stand for itself. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (IS_PLAIN[bytes[at] ?? 0] === 1) at++;
  return bytes[at] === QUOTE ? at : -1;
}

/** Behind the value; -1 when this scan does not know it. */
function endOfValue(bytes: Uint8Array, at: number, depth: number): number {
  const first = bytes[at];
  if (first === QUOTE) {
    const end = endOfText(bytes, at + 1);
    return end < 0 ? -1 : end + 1;
  }
  if (first === OPEN) return endOfObject(bytes, at, depth);
  if (first === OPEN_LIST) return endOfList(bytes, at, depth);
  for (const word of WORDS) if (isAt(bytes, at, word)) return at + word.length;
  return endOfNumber(bytes, at);
}

function endOfList(bytes: Uint8Array, from: number, depth: number): number {
  if (depth >= DEPTH) return -1;
  let at = from + 1;
  if (bytes[at] === CLOSE_LIST) return at + 1;
  for (; ; at++) {
    at = endOfValue(bytes, at, depth + 1);
    if (at < 0) return -1;
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return -1;
  }
}

function endOfObject(bytes: Uint8Array, from: number, depth: number): number {
  if (depth >= DEPTH) return -1;
  let at = from + 1;
  if (bytes[at] === CLOSE) return at + 1;
  let last = -1;
  let lastEnd = -1;
  for (; ; at++) {
    if (bytes[at] !== QUOTE) return -1;
    const name = at + 1;
    const nameEnd = endOfText(bytes, name);
    // Names that begin with a digit are put in another order by JavaScript.
    if (nameEnd <= name || isDigit(bytes[name])) return -1;
    if (last >= 0 && !isBefore(bytes, last, lastEnd, name, nameEnd)) return -1;
    last = name;
    lastEnd = nameEnd;
    if (bytes[nameEnd + 1] !== COLON) return -1;
    at = endOfValue(bytes, nameEnd + 2, depth + 1);
    if (at < 0) return -1;
    if (bytes[at] === CLOSE) return at + 1;
    if (bytes[at] !== COMMA) return -1;
  }
}

function isBefore(bytes: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): boolean {
  for (; a < aEnd && b < bEnd; a++, b++) {
    const one = bytes[a] ?? 0;
    const other = bytes[b] ?? 0;
    if (one !== other) return one < other;
  }
  return a === aEnd && b < bEnd;
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;

function endOfNumber(bytes: Uint8Array, from: number): number {
  let at = from;
  if (bytes[at] === MINUS) at++;
  const whole = at;
  while (isDigit(bytes[at])) at++;
  const isZero = bytes[whole] === ZERO;
  if (at === whole || (isZero && at > whole + 1) || at - whole > DIGITS) return -1;
  if (bytes[at] !== DOT) return isZero && whole > from ? -1 : at;
  const fraction = ++at;
  while (isDigit(bytes[at])) at++;
  // A last zero is not written, and below a millionth there is an exponent.
  const isTiny = isZero && isAt(bytes, fraction, bytesOfZeros);
  return at === fraction || bytes[at - 1] === ZERO || isTiny || at - whole - 1 > DIGITS ? -1 : at;
}

const bytesOfZeros = bytesOf('000000');
