#!/usr/bin/env node
/**
 * Checks a bundle of a Fractal audit log, with nothing but this file and Node 20 or newer: no network, no packages.
 *
 *   node fractal-audit-verify.mjs BUNDLE --key KEY
 *
 * Written from src/audit/outside by `npm run docs`: this is the check that the product itself runs.
 */
import { readFileSync } from 'node:fs';

// bytes.ts
/** Bytes and their spellings. This folder runs anywhere: it imports nothing from outside itself, see `check.ts`. */

/** What whoever checks refuses; `reason` is told as it stands. */
class Refused extends Error {
  reason;

  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** What whoever checks did wrong themselves: nothing was checked. */
class Misused extends Error {
  cure;

  constructor(message, cure) {
    super(message);
    this.cure = cure;
  }
}

const utf8 = (text) => new TextEncoder().encode(text);

const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** In pieces: a call takes only so many arguments. */
function toBase64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(text);
}

const PIECE = 8192;

/** Only the one spelling of these bytes; undefined for any other text. */
function fromBase64(text) {
  try {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return toBase64(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function joined(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const areEqual = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i]);

async function sha256(...parts) {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', joined(...parts)));
}

// entry.ts
/** One entry of a log, as it reads. */

const TEXTS = ['prev_hash', 'timestamp', 'node_id', 'actor_id', 'actor_role', 'event_type', 'resource'];

/** Undefined for a text that is no entry. */
function readEntry(text) {
  try {
    const value = JSON.parse(text);
    const fits =
      Number.isSafeInteger(value.entry_id) &&
      TEXTS.every((name) => typeof value[name] === 'string') &&
      typeof value.detail === 'object' &&
      value.detail !== null;
    return fits ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the log of a node calls itself, in its checkpoints and keys. */
const originOf = (nodeId) => `fractal.audit/${nodeId}`;

// json.ts
/** Files of JSON that are checked: only what prints as it was read, so that nothing in them goes unchecked. */

/** Undefined for what is no object of JSON. */
function parseObject(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
}

/** With exactly these fields, in this order, none of them twice, written as the product writes it. */
function checkWriting(value, text, fields, what) {
  if (Object.keys(value).join() !== fields.join())
    throw new Refused(`its fields are not ${fields.join(', ')}`);
  const printed = text.trimEnd();
  if (printed !== JSON.stringify(value) && printed !== JSON.stringify(value, null, 2))
    throw new Refused(`it is not written as ${what} is`);
}

const areTexts = (list) => Array.isArray(list) && list.every((one) => typeof one === 'string');

// note.ts
/**
 * Signed notes of C2SP (signed-note, tlog-checkpoint, tlog-cosignature), as texts and with their signatures checked. Keys
 * are the text of the note format: `NAME+ID+BASE64`.
 */

/** Kinds of signatures, as the first byte of a key says. */
const ED25519 = 0x01;
/** Ed25519 over the note with the time of signing: `cosignature/v1`. */
const COSIGNATURE = 0x04;

const ID_BYTES = 4;
const TIME_BYTES = 8;
const SIGNATURE_BYTES = 64;

const printKey = ({ name, id, kind, publicKey }) =>
  `${name}+${id}+${toBase64(joined(Uint8Array.of(kind), publicKey))}`;

/** A key without its id compared; undefined for what is none. */
function splitKey(text) {
  const [, name = '', id = '', body = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? [];
  const bytes = fromBase64(body);
  const kind = bytes?.[0];
  if (bytes?.length !== 33 || (kind !== ED25519 && kind !== COSIGNATURE)) return undefined;
  return { name, id, kind, publicKey: bytes.subarray(1) };
}

/**
 * SHA-256 over name, kind and key, in hexadecimal. Its first eight digits are the id, which is short enough to be
 * imitated: whoever compares keys compares all of it.
 */
const fingerprintOf = async ({ name, kind, publicKey }) =>
  toHex(await sha256(utf8(`${name}\n`), Uint8Array.of(kind), publicKey));

/** Undefined for what is no key, or has the id of another. */
async function readKey(text) {
  const key = splitKey(text);
  return key !== undefined && (await fingerprintOf(key)).startsWith(key.id) ? key : undefined;
}

const checkpointText = ({ origin, size, root }) => `${origin}\n${size}\n${toBase64(root)}\n`;

/** Undefined when the text is none. Further lines are extensions and say nothing here. */
function parseCheckpoint(text) {
  const [, origin = '', size = '', body = ''] =
    /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n/.exec(text) ?? [];
  const root = fromBase64(body);
  const count = Number(size);
  return origin === '' || root === undefined || !Number.isSafeInteger(count)
    ? undefined
    : { origin, size: count, root };
}

function printNote({ text, signatures }) {
  const lines = signatures.map(
    ({ name, id, bytes }) => `— ${name} ${toBase64(joined(bytesOfId(id), bytes))}\n`,
  );
  return `${text}\n${lines.join('')}`;
}

const bytesOfId = (id) => Uint8Array.from(id.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** Undefined for what is no signed note. */
function splitNote(printed) {
  const split = printed.lastIndexOf('\n\n');
  const lines = printed.slice(split + 2).split('\n');
  if (split < 0 || lines.pop() !== '' || lines.length === 0) return undefined;
  const signatures = [];
  for (const line of lines) {
    const [, name = '', body = ''] = /^— ([^+\s]+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
    const bytes = fromBase64(body);
    if (bytes === undefined || bytes.length <= ID_BYTES) return undefined;
    signatures.push({ name, id: toHex(bytes.subarray(0, ID_BYTES)), bytes: bytes.subarray(ID_BYTES) });
  }
  return { text: printed.slice(0, split + 1), signatures };
}

/** What a cosignature is made over. */
const cosigned = (text, seconds) => `cosignature/v1\ntime ${seconds}\n${text}`;

/** What a key of this name and id has signed in a note, to be checked; undefined when it has not. */
function signedBy(note, key) {
  const found = note.signatures.find((one) => one.name === key.name && one.id === key.id)?.bytes;
  if (found === undefined) return undefined;
  if (key.kind === ED25519)
    return found.length === SIGNATURE_BYTES
      ? { message: utf8(note.text), signature: found, seconds: undefined }
      : undefined;
  if (found.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const seconds = new DataView(found.buffer, found.byteOffset).getBigUint64(0);
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return {
    message: utf8(cosigned(note.text, seconds)),
    signature: found.subarray(TIME_BYTES),
    seconds: Number(seconds),
  };
}

/** Whether the note carries a good signature of the key. Throws `Misused` where Ed25519 is not to be had. */
async function checkSignature(note, key) {
  const signed = signedBy(note, key);
  if (signed === undefined) return undefined;
  const { message, signature, seconds } = signed;
  const [rawKey, rawMessage, rawSignature] = [key.publicKey, message, signature];
  if (rawKey === undefined || rawMessage === undefined || rawSignature === undefined) return undefined;
  let imported;
  try {
    imported = await crypto.subtle.importKey('raw', rawKey, 'Ed25519', false, ['verify']);
  } catch (error) {
    if (error instanceof Error && error.name === 'NotSupportedError') throw noEd25519();
    return undefined;
  }
  return (await crypto.subtle.verify('Ed25519', imported, rawSignature, rawMessage))
    ? { seconds }
    : undefined;
}

const noEd25519 = () =>
  new Misused(
    'nothing was checked: this program cannot check Ed25519 signatures',
    'Use a current browser, or the single-file program with Node 20 or newer.',
  );

// signers.ts
/** Who signed a checkpoint, and whether whoever checks knows them. */

/** Keys that whoever checks has from elsewhere, whole or as fingerprints. Each of them must have signed. */
class NamedKeys {
  #names;
  #unused;

  constructor(texts) {
    this.#names = new Set(texts.map(readNamed));
    this.#unused = new Set(this.#names);
  }

  /** Those that were given whole. */
  get whole() {
    return [...this.#names].filter((name) => name.includes('+'));
  }

  has(...spellings) {
    const found = spellings.filter((one) => this.#names.has(one));
    for (const one of found) this.#unused.delete(one);
    return found.length > 0;
  }

  /** Throws when one of them signed nothing. */
  checkAllUsed() {
    if (this.#unused.size > 0) throw new Refused('the key you gave did not sign its checkpoint');
  }
}

/** A key as somebody names it: the whole of it, or its fingerprint as people write it. */
function readNamed(text) {
  const trimmed = text.trim();
  const digits = trimmed.replaceAll(/[\s:-]/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  if (/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(trimmed)) return trimmed;
  throw new Misused(
    'the key you gave is none',
    'A key looks like NAME+ID+BASE64, a fingerprint has 64 hexadecimal digits.',
  );
}

function readSigned(printed) {
  const checkpoint = parseCheckpoint(printed);
  if (checkpoint === undefined) throw new Refused('its checkpoint cannot be read');
  const note = splitNote(printed);
  if (note === undefined) throw new Refused('its checkpoint is no signed note');
  if (printNote(note) !== printed) throw new Refused('its checkpoint is written otherwise than notes are');
  return { note, checkpoint };
}

/** A checkpoint that came with its keys: each of them has signed it, and nobody else. */
async function checkSigned(printed, keys, named) {
  const { note, checkpoint } = readSigned(printed);
  const signed = await signersOf(note, checkpoint, keys, named);
  if (hasStranger(note, keys.length))
    throw new Refused('its checkpoint has a signature whose key is not in the file');
  return signed;
}

/** A checkpoint that came without keys: those of its signatures are looked for among `known`. */
async function checkKept(printed, known, named) {
  const { note, checkpoint } = readSigned(printed);
  const own = new Set(note.signatures.map(nameOf));
  const keys = new Map();
  let isNamed = false;
  for (const text of known) {
    const key = await readKey(text);
    if (key === undefined) continue;
    isNamed ||= key.name === checkpoint.origin;
    if (own.has(nameOf(key)) && !keys.has(nameOf(key))) keys.set(nameOf(key), text);
  }
  if (keys.size === 0 && isNamed)
    throw new Refused(
      `it is signed with another key of ${checkpoint.origin} than those that were given: it was changed, or that key must be named too`,
    );
  if (keys.size === 0)
    throw new Misused(
      'the key of a checkpoint is not among those that were given',
      'Name it with --key, whole (NAME+ID+BASE64).',
    );
  return {
    ...(await signersOf(note, checkpoint, [...keys.values()], named)),
    unchecked: note.signatures.filter((one) => !keys.has(nameOf(one))).map(({ name }) => name),
  };
}

const nameOf = ({ name, id }) => `${name} ${id}`;

async function signersOf(note, checkpoint, keys, named) {
  const { origin } = checkpoint;
  let log;
  const cosignatures = [];
  for (const text of keys) {
    const key = await keyOf(text);
    const signed = await checkSignature(note, key);
    if (signed === undefined) throw new Refused(`no signature of its checkpoint is that of its key ${text}`);
    const fingerprint = await fingerprintOf(key);
    const signer = { key: text, fingerprint, is_key_known: named.has(text, fingerprint) };
    if (key.kind === COSIGNATURE)
      cosignatures.push({ ...signer, name: key.name, time: isoOf(signed.seconds ?? 0) });
    else if (key.name === origin && log === undefined) log = signer;
    else throw new Refused(`its checkpoint is not that of the log of its key ${text}`);
  }
  if (log === undefined) throw new Refused('no key that signed its checkpoint is that of the log');
  return { checkpoint, log, cosignatures, unchecked: [] };
}

const hasStranger = ({ signatures }, keys) =>
  signatures.length !== keys || new Set(signatures.map(nameOf)).size !== keys;

async function keyOf(text) {
  const key = await readKey(text);
  if (key === undefined) throw new Refused('one of its keys is none');
  if (printKey(key) !== text) throw new Refused('one of its keys is written otherwise than keys are');
  return key;
}

function isoOf(seconds) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new Refused('the time of a cosignature is none');
  return date.toISOString();
}

// tree.ts
/** Hashes of the Merkle tree of RFC 9162, as whoever checks needs them. */

const HASH_BYTES = 32;

const leafHashOf = (entry) => sha256(Uint8Array.of(0), entry);

const nodeHashOf = (left, right) => sha256(Uint8Array.of(1), left, right);

/** Bits of an index: halves are taken by division, since numbers may be longer than 32 bits. */
const half = (n) => Math.floor(n / 2);
const isOdd = (n) => n % 2 === 1;

/** Whether leaf `index` with this hash is in the tree of `size` leaves with this root: RFC 9162 §2.1.3.2. */
async function isIncluded(leaf, index, size, proof, root) {
  if (index < 0 || index >= size || proof.some((one) => one.length !== HASH_BYTES)) return false;
  let [at, last] = [index, size - 1];
  let hash = leaf;
  for (const one of proof) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      hash = await nodeHashOf(one, hash);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = await nodeHashOf(hash, one);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && areEqual(hash, root);
}

/** Whether the tree of `older` leaves is the beginning of that of `size`: RFC 9162 §2.1.4.2. */
async function isConsistent(older, olderRoot, size, root, proof) {
  if (older > size || proof.some((one) => one.length !== HASH_BYTES)) return false;
  if (older === size) return proof.length === 0 && areEqual(olderRoot, root);
  // Every tree begins with the empty one.
  if (older === 0) return proof.length === 0;
  const isWhole = 2 ** Math.round(Math.log2(older)) === older;
  const [first, ...rest] = isWhole ? [olderRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [at, last] = [older - 1, size - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  let [olderHash, hash] = [first, first];
  for (const one of rest) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      olderHash = await nodeHashOf(one, olderHash);
      hash = await nodeHashOf(one, hash);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = await nodeHashOf(hash, one);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && areEqual(olderHash, olderRoot) && areEqual(hash, root);
}

// check.ts
/**
 * Checks files about a log with no log and no node: bundles, proofs of growth, checkpoints. The only check that there
 * is: the product runs it, and so do the single-file program and the page in `verifier/`, which `npm run docs` writes
 * from this folder.
 */

const BUNDLE_FORMAT = 'fractal.audit-bundle/1';
/** Of a file, in characters. */
const BUNDLE_CHARS = 1_048_576;

/** Throws `Refused` with the reason. */
async function checkBundle(text, fields, named) {
  const { entry, proof, checkpoint, keys } = readBundle(text, fields);
  const [found] = await checkWithin([{ text: entry, proof }], checkpoint, keys, named);
  if (found === undefined) throw new Refused('its entry is none');
  return found;
}

/** Entries under one checkpoint. Throws `Refused` with the reason. */
async function checkWithin(entries, printed, keys, named) {
  const { checkpoint, log, cosignatures } = await checkSigned(printed, keys, named);
  const { origin, size, root } = checkpoint;
  const found = [];
  for (const { text, proof } of entries) {
    const entry = text.isWellFormed() ? readEntry(text) : undefined;
    if (entry === undefined) throw new Refused('its entry is none');
    if (originOf(entry.node_id) !== origin)
      throw new Refused('its checkpoint is that of the log of another node');
    if (entry.entry_id >= size)
      throw new Refused(`its checkpoint covers ${size} entries, not entry ${entry.entry_id}`);
    const hash = await leafHashOf(utf8(text));
    if (!(await isIncluded(hash, entry.entry_id, size, proof.map(readHash), root)))
      throw new Refused(
        'the entry is not in the tree that was signed: it, its number or the proof was changed',
      );
    const tree = { origin, size, root: toBase64(root) };
    found.push({ ...log, entry, hash: toHex(hash), checkpoint: tree, cosignatures });
  }
  return found;
}

function readHash(text) {
  const bytes = fromBase64(text);
  if (bytes?.length !== HASH_BYTES) throw new Refused('it holds what is no hash');
  return bytes;
}

const FIELDS = ['format', 'entry', 'proof', 'checkpoint', 'keys'];

function readBundle(text, value) {
  const { entry, proof, checkpoint, keys } = value;
  const fits =
    typeof entry === 'string' && typeof checkpoint === 'string' && areTexts(proof) && areTexts(keys);
  if (!fits) throw new Refused(`its fields are not ${FIELDS.join(', ')}`);
  checkWriting(value, text, FIELDS, 'a bundle');
  return value;
}

const readFields = (text) => {
  if (text.length > BUNDLE_CHARS) throw new Refused(`it has more than ${BUNDLE_CHARS} characters`);
  const fields = parseObject(text);
  if (fields === undefined) throw new Refused('it is not JSON');
  return fields;
};

// growth.ts
/** That a log only grew: its tree of `from` entries is the beginning of its tree of `to` (RFC 9162 §2.1.4). */

const GROWTH_FORMAT = 'fractal.audit-growth/2';

const GROWTH_FIELDS = ['format', 'from', 'from_root', 'to', 'to_root', 'proof', 'checkpoint', 'keys'];

/** Whose the two ends are is for whoever has checkpoints over them. Throws `Refused` with the reason. */
async function checkGrowth(text, value, named) {
  const { from, from_root, to, to_root, proof, checkpoint, keys } = value;
  const areSizes = [from, to].every((one) => Number.isSafeInteger(one) && one >= 1);
  const fits =
    areSizes &&
    areTexts([from_root, to_root]) &&
    areTexts(proof) &&
    areTexts(keys) &&
    (checkpoint === null || typeof checkpoint === 'string');
  if (!fits) throw new Refused(`its fields are not ${GROWTH_FIELDS.join(', ')}`);
  checkWriting(value, text, GROWTH_FIELDS, 'a proof of growth');
  const [olderRoot, root] = [readHash(from_root), readHash(to_root)];
  if (!(await isConsistent(from, olderRoot, to, root, proof.map(readHash))))
    throw new Refused('the older entries are not the beginning of the newer ones');
  const found = { from, from_root, to, to_root };
  if (checkpoint === null) {
    if (keys.length > 0) throw new Refused('it has keys and nothing that they signed');
    return { ...found, signed: undefined };
  }
  const signed = await checkSigned(checkpoint, keys, named);
  if (signed.checkpoint.size !== to || toBase64(signed.checkpoint.root) !== to_root)
    throw new Refused('its checkpoint is over another tree');
  return { ...found, signed };
}

// report.ts
/**
 * Bundles of a report: the entry that recorded it, the report itself, files put to it as evidence. The entry holds a
 * commitment, SHA-256 over a salt and the report, so that nobody can try reports out on it; the salt is that of this entry
 * alone and lies in its bundle.
 */

const REPORT_FORMAT = 'fractal.audit-report/1';

/** As `printf '%s %s\n%s' FORMAT SALT TEXT | sha256sum`. */
const commitment = async (format, salt, text) => toHex(await sha256(utf8(`${format} ${salt}\n${text}`)));

const commitReport = (salt, report) => commitment(REPORT_FORMAT, salt, report);

const commitEvidence = (salt, evidence) =>
  commitment(
    'fractal.audit-evidence/1',
    salt,
    JSON.stringify(evidence.map(({ name, sha256: hash }) => ({ name, sha256: hash }))),
  );

const REPORT_FIELDS = [
  ...['format', 'entry', 'proof', 'checkpoint', 'keys'],
  ...['report', 'salt', 'evidence', 'attached'],
];

/** Throws `Refused` with the reason. */
async function checkReport(text, value, named) {
  const bundle = readReport(text, value);
  const within = { text: bundle.entry, proof: bundle.proof };
  const attached =
    bundle.attached === null ? [] : [{ text: bundle.attached.entry, proof: bundle.attached.proof }];
  const [found, link] = await checkWithin([within, ...attached], bundle.checkpoint, bundle.keys, named);
  if (found === undefined) throw new Refused('its entry is none');
  const committed = textAt(found.entry.detail['made_from'], 'report_commitment');
  if (committed === undefined) throw new Refused('its entry recorded no report');
  if ((await commitReport(bundle.salt, bundle.report)) !== committed)
    throw new Refused('the report is not the one that the entry recorded: it, or its salt, was changed');
  const evidence = [];
  for (const one of bundle.evidence) evidence.push(await checkEvidence(one));
  const report = JSON.parse(bundle.report);
  return {
    ...found,
    report: { content: report, evidence, attached: await attachedBy(bundle, found.entry, link?.entry) },
  };
}

async function attachedBy({ evidence, attached }, report, entry) {
  if (attached === null || entry === undefined) {
    if (evidence.length > 0) throw new Refused('no entry wrote down its evidence');
    return null;
  }
  if (entry.event_type !== ATTACHED || entry.detail['report'] !== report.entry_id)
    throw new Refused('the entry that is to have written down its evidence is about something else');
  if ((await commitEvidence(attached.salt, evidence)) !== entry.detail['evidence_commitment'])
    throw new Refused('the evidence is not what was written down: a file, its name or the salt was changed');
  return entry;
}

/** The entry that writes down which files were put to a report. */
const ATTACHED = 'access.attach-evidence';

async function checkEvidence({ name, sha256: hash, content }) {
  if (content === null) return { name, sha256: hash, bytes: null };
  const bytes = fromBase64(content);
  if (bytes === undefined) throw new Refused(`the content of ${name} cannot be read`);
  if (toHex(await sha256(bytes)) !== hash)
    throw new Refused(`the content of ${name} does not fit its SHA-256`);
  return { name, sha256: hash, bytes: bytes.length };
}

function readReport(text, value) {
  const bundle = value;
  const { entry, proof, checkpoint, keys, report, salt, evidence, attached } = bundle;
  const fits =
    areTexts([entry, checkpoint, report, salt]) &&
    areTexts(proof) &&
    areTexts(keys) &&
    Array.isArray(evidence) &&
    evidence.every(isEvidence) &&
    (attached === null || isAttached(attached));
  if (!fits) throw new Refused(`its fields are not ${REPORT_FIELDS.join(', ')}`);
  checkWriting(value, text, REPORT_FIELDS, 'a bundle');
  if (!report.isWellFormed()) throw new Refused('its report cannot be read');
  readFields(`{"report":${report}}`);
  return bundle;
}

const isEvidence = (one) => {
  const { name, sha256: hash, content } = one ?? {};
  return (
    areTexts([name, hash]) &&
    name.isWellFormed() &&
    /^[0-9a-f]{64}$/.test(hash) &&
    (content === null || typeof content === 'string') &&
    Object.keys(one).join() === 'name,sha256,content'
  );
};

const isAttached = (one) =>
  typeof one === 'object' &&
  areTexts([one.entry, one.salt]) &&
  areTexts(one.proof) &&
  Object.keys(one).join() === 'entry,proof,salt';

const textAt = (value, name) => {
  const found = typeof value === 'object' && value !== null ? value[name] : undefined;
  return typeof found === 'string' ? found : undefined;
};

// words.ts
/** What files have shown and what they have not, in words for people who do not know what a hash is. */

/** Whether somebody whom whoever checks knows has signed: the one place that decides it. */
const isSignerKnown = ({ is_key_known, cosignatures }) =>
  is_key_known || cosignatures.some((one) => one.is_key_known);

const PROVEN = 'Proven';
const UNKNOWN_KEY = 'It holds together, but whose key signed it was not compared';
const UNLINKED = 'Each file holds together, but that they belong to one history was not shown';

function bundleVerdict(found) {
  const is_proven = isSignerKnown(found);
  const headline = is_proven ? PROVEN : UNKNOWN_KEY;
  return { ...found, headline, is_proven, proven: proven(found), not_proven: notProven(found) };
}

function historyVerdict(found) {
  const areKnown = found.states.every(({ signed }) => signed.some(isSignerKnown));
  const isLinked = found.unlinked.length === 0;
  return {
    ...found,
    headline: !isLinked ? UNLINKED : areKnown ? PROVEN : UNKNOWN_KEY,
    is_proven: isLinked && areKnown,
    proven: historyProven(found),
    not_proven: historyNotProven(found),
  };
}

/** Nothing that a bundle holds moves what is shown, or reaches a terminal as a command to it. */
const plain = (text) =>
  text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);

/** Digits in groups, for reading aloud. */
const spaced = (fingerprint) => fingerprint.replaceAll(/(.{4})(?=.)/g, '$1 ');

/** A key of one person was destroyed (crypto-shredding): `resource` is the id of the key, which names nobody. */
const isErasure = ({ entry }) => entry.event_type === 'key.destroyed';

function proven(found) {
  const { checkpoint, is_key_known, fingerprint } = found;
  return [
    ...entryProven(found, 'as shown here'),
    `That checkpoint covers the first ${checkpoint.size} entries of the log. None of them can be changed, removed, moved ` +
      'or put in without contradicting it.',
    ...(is_key_known
      ? [`The checkpoint was signed with the key that you named (fingerprint ${spaced(fingerprint)}).`]
      : []),
    ...found.cosignatures.filter((one) => one.is_key_known).map(cosignedInWords),
  ];
}

const entryProven = (found, where) => [
  `Entry ${found.entry.entry_id} of the log ${found.checkpoint.origin} reads exactly ${where}. Not one character of it was ` +
    'changed after its checkpoint was signed.',
  ...(found.report === undefined ? [] : reportProven(found, found.report)),
  ...(isErasure(found)
    ? [
        `The node has written down that it destroyed the key ${found.entry.resource}: what was locked with that key, and with no ` +
          'other, can be read by nobody who did not keep a copy of the key.',
      ]
    : []),
];

function reportProven({ entry }, { evidence, attached }) {
  const made = entry.detail['made_from'];
  const said = (name) => {
    const value = made[name] ?? 'not recorded';
    const text = Array.isArray(value) ? value.join('; ') : JSON.stringify(value);
    return text.replace(/^"(.*)"$/, '$1') || 'none';
  };
  return [
    `The report in this file is, word for word, the one that was recorded as entry ${entry.entry_id} on ${entry.timestamp}, ` +
      `as the answer to ${entry.actor_id} (${entry.event_type}).`,
    `It was recorded as made from the data of the node after commit ${said('data_version')}, law and records, ` +
      `with ${said('day')} as the day; policy: ${said('policy')}; version of Fractal: ` +
      `${said('app_version')}; models: ${said('models')}.`,
    ...(attached === null
      ? []
      : [
          `On ${attached.timestamp}, ${attached.actor_id} put ${evidence.length === 1 ? 'a file' : `${evidence.length} files`} to ` +
            `it as evidence, and entry ${attached.entry_id} wrote down which: ` +
            `${evidence.map(({ name, sha256 }) => `${name} (SHA-256 ${sha256})`).join(', ')}. They were not exchanged since.`,
        ]),
  ];
}

function reportNotProven({ evidence }) {
  return [
    'That the report is right, or complete. What was asked is in the log as a hash only: what of it the report does not ' +
      'repeat is not shown.',
    ...(evidence.length === 0
      ? []
      : [
          'That the report was made from this evidence: somebody put it to the report, and the log says who and when.',
        ]),
    ...evidence
      .filter(({ bytes }) => bytes === null)
      .map(
        ({ name, sha256 }) =>
          `What ${name} says: only its SHA-256 is here. Compare that of the file you hold: ${sha256}`,
      ),
  ];
}

const cosignedInWords = ({ name, time }) =>
  `${name}, whose key you named, has confirmed that it saw the log in this very state on ${time}, and that it was ` +
  'the continuation of all that it had seen of the log before.';

function notProven(found) {
  const { entry } = found;
  return [
    ...keyNotProven(found),
    ...cosignersNotProven(found),
    ...entryNotProven(found),
    ...ALWAYS,
    timeOf(entry),
  ];
}

const keyNotProven = ({ is_key_known, fingerprint }) =>
  is_key_known
    ? []
    : [
        'Whose key signed. The key came with the file, and anybody can make a key and a file that fits it. Ask the ' +
          'owner of the log for the fingerprint of their key by another way than you got the file (by telephone, in a ' +
          `contract, from a publication) and compare it with ${spaced(fingerprint)}.`,
      ];

const cosignersNotProven = ({ cosignatures }) =>
  cosignatures
    .filter((one) => !one.is_key_known)
    .map(
      ({ name, time, fingerprint }) =>
        `Who ${name} is, which confirms to have seen this state of the log on ${time}. Its key came with the file too: ` +
        `ask its owner whether the fingerprint is ${spaced(fingerprint)}.`,
    );

const entryNotProven = (found) => [
  ...(isErasure(found)
    ? ['That no copy of the key, or of what it locked, was kept: in a backup, on another node, in an export.']
    : []),
  ...(found.report === undefined ? [] : reportNotProven(found.report)),
];

const ALWAYS = [
  'That what the log says is true. A log shows that something was written down and not changed since, not that it ' +
    'happened.',
  'That everything that happened was written down, or that nothing was written down later.',
];

const timeOf = ({ timestamp }) => `That the time is right: ${timestamp} is what the clock of the node said.`;

const filesOf = ({ files }) => files.map(({ name }) => name).join(', ');

const counted = (entries) => (entries === 1 ? '1 entry' : `${entries} entries`);

function historyProven({ origin, states, bundles, unlinked }) {
  const linked = states.filter(({ size }) => !unlinked.includes(size));
  const newest = states.at(-1);
  return [
    ...linked
      .filter((state) => state !== newest)
      .map(
        (state) =>
          `The log ${origin} as ${filesOf(state)} has it, of ${counted(state.size)}, is the beginning of the log as ` +
          `${newest === undefined ? '' : `${filesOf(newest)} has it, of ${counted(newest.size)}`}: since then entries were ` +
          'added, and not one was changed, removed, moved or put in before them.',
      ),
    ...(states.length === 1 && newest !== undefined && newest.files.length > 1
      ? [`${filesOf(newest)} are about the same ${counted(newest.size)} of the log ${origin}.`]
      : []),
    ...(unlinked.length === 0 ? ['All these files belong to one history of one log.'] : []),
    ...bundles.flatMap((one) => entryProven(one, `as in ${one.file}`)),
    ...onePerText(
      states.flatMap((state) =>
        state.signed.flatMap((one) => [
          ...(one.is_key_known
            ? [
                `The checkpoint over ${counted(state.size)} was signed with a key that you named (fingerprint ${spaced(one.fingerprint)}).`,
              ]
            : []),
          ...one.cosignatures
            .filter((other) => other.is_key_known)
            .map((other) => `Of the log of ${counted(state.size)}: ${cosignedInWords(other)}`),
        ]),
      ),
    ),
  ];
}

function historyNotProven({ states, bundles, unlinked }) {
  const newest = states.at(-1)?.size ?? 0;
  const signed = states.flatMap((state) => state.signed);
  return [
    ...unlinked.map(
      (size) =>
        `That the log of ${counted(size)} is the beginning of that of ${counted(newest)}. Ask the owner of the log for the ` +
        `proof: fractal audit prove --from ${size} --to ${newest}`,
    ),
    ...onePerText([
      ...signed.flatMap(keyNotProven),
      ...signed.flatMap(cosignersNotProven),
      ...signed.flatMap(({ unchecked }) =>
        unchecked.map(
          (name) => `A signature of ${name} on a checkpoint: its key was not given, so it was not looked at.`,
        ),
      ),
    ]),
    ...onePerText(bundles.flatMap(entryNotProven)),
    ...ALWAYS,
    ...bundles.map(({ entry }) => timeOf(entry)),
  ];
}

const onePerText = (sentences) => [...new Set(sentences)];

// files.ts
/**
 * Files about one log, checked together: each by itself, and whether they belong to one history, which is that every
 * state of the log that was signed is the beginning of the newest one.
 */

/** Files that are checked at once. */
const FILES_MOST = 16;

/**
 * One bundle, or several files. `named` are keys that whoever checks has from elsewhere, whole or as fingerprints: each
 * of them must have signed. Throws `Refused` with the reason, `Misused` for what cannot be checked as it was given.
 */
async function checkFiles(files, named = []) {
  if (files.length === 0 || files.length > FILES_MOST)
    throw new Misused(`${files.length} files were given`, `Give 1 to ${FILES_MOST}.`);
  const keys = new NamedKeys(named);
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    const verdict = await checkOne(only.text, keys);
    keys.checkAllUsed();
    return verdict;
  }
  const known = [...keys.whole, ...files.flatMap(keysIn)];
  const found = [];
  // Checkpoints come without their keys: first those that have them.
  const inOrder = [...files].sort((a, b) => Number(isNote(a.text)) - Number(isNote(b.text)));
  for (const { name, text } of inOrder)
    try {
      found.push({ name, ...(await readFile(text, known, keys)) });
    } catch (error) {
      if (error instanceof Refused) throw new Refused(`${name}: ${error.reason}`);
      throw error instanceof Misused ? new Misused(`${name}: ${error.message}`, error.cure) : error;
    }
  const verdict = together(found);
  keys.checkAllUsed();
  return verdict;
}

async function checkOne(text, keys) {
  if (isNote(text))
    throw new Misused(
      'this is a checkpoint, and there is nothing to compare it with',
      'Give with it a bundle, or a proof that the log only grew since (`fractal audit prove --from N`).',
    );
  const fields = readFields(text);
  if (fields['format'] === GROWTH_FORMAT) {
    await checkGrowth(text, fields, keys);
    throw new Misused(
      'this proof of growth holds together, and says nothing by itself',
      `Give with it the checkpoint, or a bundle, that you hold over ${String(fields['from'])} entries.`,
    );
  }
  const bundle = await checkAnyBundle(text, fields, keys);
  if (bundle === undefined) throw new Refused(`its format is neither ${BUNDLE_FORMAT} nor ${REPORT_FORMAT}`);
  return bundleVerdict(bundle);
}

/** Undefined for what is none by its format. */
async function checkAnyBundle(text, fields, keys) {
  if (fields['format'] === BUNDLE_FORMAT) return await checkBundle(text, fields, keys);
  if (fields['format'] === REPORT_FORMAT) return await checkReport(text, fields, keys);
  return undefined;
}

/** Signed notes begin with the name of a log, JSON with a brace. */
const isNote = (text) => !text.trimStart().startsWith('{') && text.includes('\n\n— ');

async function readFile(text, known, keys) {
  if (isNote(text)) return { kind: 'checkpoint', signed: await checkKept(text, known, keys) };
  const fields = readFields(text);
  if (fields['format'] === GROWTH_FORMAT)
    return { kind: 'growth', growth: await checkGrowth(text, fields, keys) };
  const bundle = await checkAnyBundle(text, fields, keys);
  if (bundle !== undefined) return { kind: 'bundle', bundle };
  throw new Refused(`its format is none of ${BUNDLE_FORMAT}, ${REPORT_FORMAT}, ${GROWTH_FORMAT}`);
}

/** Keys that a file says are its own: what they signed shows whether they are. */
function keysIn({ text }) {
  try {
    const { keys } = isNote(text) ? {} : readFields(text);
    return areTexts(keys) ? keys : [];
  } catch {
    return [];
  }
}

function together(found) {
  const states = new Map();
  let origin;
  const add = (name, kind, signed, at) => {
    origin ??= at.origin;
    if (at.origin !== origin) throw new Refused(`the files are of two logs, ${origin} and ${at.origin}`);
    const same = states.get(at.size);
    if (same !== undefined && same.root !== at.root)
      throw new Refused(
        `two different lists of the same ${at.size} entries were signed, in ${same.files.map((one) => one.name).join(', ')} and ` +
          `${name}: the log was written anew or forked. Keep these files, they are the evidence of it`,
      );
    states.set(at.size, {
      size: at.size,
      root: at.root,
      files: [...(same?.files ?? []), { name, kind }],
      signed: [...(same?.signed ?? []), signed],
    });
  };
  for (const one of found)
    if (one.kind === 'bundle') {
      const { key, fingerprint, is_key_known, cosignatures, checkpoint } = one.bundle;
      add(one.name, 'bundle', { key, fingerprint, is_key_known, cosignatures, unchecked: [] }, checkpoint);
    } else {
      const signed = one.kind === 'growth' ? one.growth.signed : one.signed;
      if (signed === undefined) continue;
      const { log, cosignatures, unchecked, checkpoint } = signed;
      add(
        one.name,
        one.kind,
        { ...log, cosignatures, unchecked },
        { ...checkpoint, root: toBase64(checkpoint.root) },
      );
    }
  if (origin === undefined)
    throw new Misused(
      'none of the files has a checkpoint',
      'Give the checkpoint, or a bundle, that you hold.',
    );
  const steps = found.flatMap((one) => (one.kind === 'growth' ? [{ name: one.name, ...one.growth }] : []));
  for (const step of steps) checkEnds(step, states);
  const sorted = [...states.values()].sort((a, b) => a.size - b.size);
  const newest = sorted.at(-1)?.size ?? 0;
  return historyVerdict({
    origin,
    states: sorted,
    bundles: found.flatMap((one) => (one.kind === 'bundle' ? [{ file: one.name, ...one.bundle }] : [])),
    growth: steps.map(({ name, from, to }) => ({ file: name, from, to })),
    unlinked: sorted.map(({ size }) => size).filter((size) => !reaches(size, newest, steps)),
  });
}

/** Both ends of a proof of growth are states that were signed. */
function checkEnds(step, states) {
  const { name, from, to } = step;
  for (const [size, root] of [
    [from, step.from_root],
    [to, step.to_root],
  ]) {
    const state = states.get(size);
    if (state === undefined)
      throw new Refused(
        `${name} is about ${size} entries, and none of the files has a checkpoint over so many: nothing that was signed ` +
          'stands behind it',
      );
    if (state.root !== root)
      throw new Refused(
        `${name} is about another list of ${size} entries than the one that was signed in ` +
          `${state.files.map((one) => one.name).join(', ')}: the log was written anew, or the file is of another log`,
      );
  }
}

/** Steps lead from older to newer: what is the beginning of a beginning is one too. */
function reaches(from, to, steps) {
  const seen = new Set([from]);
  for (const size of seen) for (const step of steps) if (step.from === size) seen.add(step.to);
  return seen.has(to);
}

// shown.ts
/** A verdict as rows of a name and a text, for whatever shows it. Texts of files are as they stand: see `plain`. */

/** What people look at first. `indent`: of JSON, on lines of its own. */
function mainRows(verdict, indent = 0) {
  if ('entry' in verdict) return entryRows(verdict, indent);
  return [
    ['Log', verdict.origin],
    ...verdict.states.flatMap(({ size, files }) =>
      files
        .filter(({ kind }) => kind !== 'growth')
        .map(({ name, kind }) => [
          name,
          `${kind === 'bundle' ? 'bundle, under a checkpoint' : kind} over ${size} entries`,
        ]),
    ),
    ...verdict.growth.map(({ file, from, to }) => [file, `growth from ${from} to ${to} entries`]),
    ...verdict.bundles.flatMap((one) => [['', ''], ['File', one.file], ...entryRows(one, indent)]),
  ];
}

const entryRows = ({ entry, checkpoint, report }, indent) => [
  ['Entry', `${entry.entry_id} of ${checkpoint.origin}`],
  ['When', entry.timestamp],
  ['Who', entry.actor_role === '' ? entry.actor_id : `${entry.actor_id} (${entry.actor_role})`],
  ['What', entry.event_type],
  ['To what', entry.resource],
  ['Detail', JSON.stringify(entry.detail, null, indent)],
  ...(report === undefined ? [] : [['Report', JSON.stringify(report.content, null, indent)]]),
  ...(report?.evidence ?? []).map(({ name, sha256, bytes }) => [
    'Evidence',
    `${name}, ${bytes === null ? 'by its SHA-256 alone' : `${bytes} bytes`}, SHA-256 ${sha256}`,
  ]),
];

/** Hashes and keys. */
function hashRows(verdict) {
  if ('entry' in verdict) {
    const { checkpoint, hash, entry } = verdict;
    return [
      ...signerRows(verdict),
      ['Entry hash', hash],
      ['Tree', `${checkpoint.size} entries, root ${checkpoint.root}`],
      ['Entry text', JSON.stringify(entry)],
    ];
  }
  return verdict.states.flatMap(({ size, root, signed }) => [
    ['Tree', `${size} entries, root ${root}`],
    ...signed.flatMap(signerRows),
  ]);
}

const signerRows = ({ key, fingerprint, cosignatures }) => [
  ['Key', key],
  ['Fingerprint', spaced(fingerprint)],
  ...cosignatures.map((one) => ['Cosigned by', `${one.key} on ${one.time}`]),
];

// program.ts
/** The single-file program: `node fractal-audit-verify.mjs FILE… [--key KEY]…`. */

const USAGE = `Usage: node fractal-audit-verify.mjs FILE... [--key KEY]... [--json]

Checks a bundle of an audit log; or several files of one log together: bundles, checkpoints that
you kept, and proofs that the log only grew between two of them. Needs Node 20 or newer; uses no
network and no other file.

  --key KEY          a key that must have signed, as the owner of the log told you: NAME+ID+BASE64,
                     or its fingerprint of 64 hexadecimal digits; may be given more than once
  --checkpoint FILE  the same as FILE
  --json             one JSON object instead of sentences

Exit codes: 0 the files hold, 2 wrong use, 7 refused.
`;

function readWords(words) {
  const lists = { '--key': [], '--checkpoint': [], '': [] };
  let json = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    const [flag = '', inline] = word.startsWith('-') ? word.split(/=(.*)/s) : [''];
    const list = Object.hasOwn(lists, flag) ? lists[flag] : undefined;
    const value = flag === '' ? word : (inline ?? words[++i]);
    if (word === '--json') {
      json = true;
      i--;
    } else if (list === undefined || value === undefined) return undefined;
    else list.push(value);
  }
  const { '': files = [], '--checkpoint': kept = [], '--key': keys = [] } = lists;
  const all = [...files, ...kept];
  return all.length === 0 ? undefined : { files: all, keys, json };
}

function report(verdict) {
  const list = (sentences) => sentences.map((one) => `  * ${plain(one)}`);
  const rows = (some) => some.map(([name, text]) => `  ${name.padEnd(12)}  ${plain(text)}`.trimEnd());
  return [
    verdict.headline.toUpperCase(),
    '',
    ...rows(mainRows(verdict)),
    '',
    'What this proves',
    ...list(verdict.proven),
    '',
    'What it does not prove',
    ...list(verdict.not_proven),
    '',
    ...rows(hashRows(verdict)),
    '',
  ].join('\n');
}

function readGiven(name) {
  const bytes = readFileSync(name);
  if (bytes.length > 4 * BUNDLE_CHARS) throw new Refused(`${name} is too long`);
  return { name, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) };
}

async function main(words) {
  const asked = readWords(words);
  if (asked === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { files, keys, json } = asked;
  const tell = (object, text) => {
    process.stdout.write(json ? `${JSON.stringify(object)}\n` : text);
  };
  try {
    const verdict = await checkFiles(files.map(readGiven), keys);
    tell({ ok: true, ...verdict }, report(verdict));
    return 0;
  } catch (error) {
    if (error instanceof Refused) {
      const { reason } = error;
      tell(
        { ok: false, reason },
        `REFUSED\n\nWhat was given proves nothing: ${plain(reason)}.\nAsk for it again where it was made.\n`,
      );
      return 7;
    }
    if (error instanceof Misused) process.stderr.write(`${plain(error.message)}.\n${plain(error.cure)}\n`);
    else if (error.syscall !== undefined)
      process.stderr.write(`A file cannot be read: ${plain(String(error))}\n`);
    else throw error;
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
