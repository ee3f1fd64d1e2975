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

const utf8 = (text) => new TextEncoder().encode(text);

const toHex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const toBase64 = (bytes) => btoa(String.fromCharCode(...bytes));

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

/** Whether the note carries a good signature of the key. Throws `Refused` where Ed25519 is not to be had. */
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
    if (error instanceof Error && error.name === 'NotSupportedError') throw new Refused(NO_ED25519);
    return undefined;
  }
  return (await crypto.subtle.verify('Ed25519', imported, rawSignature, rawMessage))
    ? { seconds }
    : undefined;
}

const NO_ED25519 =
  'nothing was checked: this program cannot check Ed25519 signatures. Use a current browser, or the single-file program with Node 20 or newer';

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

// words.ts
/** What a bundle has shown and what it has not, in words for people who do not know what a hash is. */

function headline({ is_key_known, cosignatures }) {
  return is_key_known || cosignatures.some((one) => one.is_key_known)
    ? 'Proven'
    : 'It holds together, but whose key signed it was not compared';
}

/** Nothing that a bundle holds moves what is shown, or reaches a terminal as a command to it. */
const plain = (text) =>
  text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (letter) => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);

/** Digits in groups, for reading aloud. */
const spaced = (fingerprint) => fingerprint.replaceAll(/(.{4})(?=.)/g, '$1 ');

/** A key of one person was destroyed (crypto-shredding): `resource` is the id of the key, which names nobody. */
const isErasure = ({ entry }) => entry.event_type === 'key.destroyed';

function proven(found) {
  const { entry, checkpoint, is_key_known, fingerprint, cosignatures } = found;
  return [
    `Entry ${entry.entry_id} of the log ${checkpoint.origin} reads exactly as shown here. Not one character of it was ` +
      'changed after its checkpoint was signed.',
    `That checkpoint covers the first ${checkpoint.size} entries of the log. None of them can be changed, removed, moved ` +
      'or put in without contradicting it.',
    ...(isErasure(found)
      ? [
          `The node has written down that it destroyed the key ${entry.resource}: what was locked with that key, and with no ` +
            'other, can be read by nobody who did not keep a copy of the key.',
        ]
      : []),
    ...(is_key_known
      ? [`The checkpoint was signed with the key that you named (fingerprint ${spaced(fingerprint)}).`]
      : []),
    ...cosignatures
      .filter((one) => one.is_key_known)
      .map(
        ({ name, time }) =>
          `${name}, whose key you named, has confirmed that it saw the log in this very state on ${time}, and that it was ` +
          'the continuation of all that it had seen of the log before.',
      ),
  ];
}

function notProven(found) {
  const { entry, is_key_known, fingerprint, cosignatures } = found;
  return [
    ...(is_key_known
      ? []
      : [
          'Whose key signed. The key came with the bundle, and anybody can make a key and a bundle that fits it. Ask the ' +
            'owner of the log for the fingerprint of their key by another way than you got the bundle (by telephone, in a ' +
            `contract, from a publication) and compare it with ${spaced(fingerprint)}.`,
        ]),
    ...cosignatures
      .filter((one) => !one.is_key_known)
      .map(
        ({ name, time, fingerprint: own }) =>
          `Who ${name} is, which confirms to have seen this state of the log on ${time}. Its key came with the bundle too: ` +
          `ask its owner whether the fingerprint is ${spaced(own)}.`,
      ),
    ...(isErasure(found)
      ? [
          'That no copy of the key, or of what it locked, was kept: in a backup, on another node, in an export.',
        ]
      : []),
    'That what the entry says is true. A log shows that something was written down and not changed since, not that it ' +
      'happened.',
    `That the time is right: ${entry.timestamp} is what the clock of the node said.`,
    'That everything that happened was written down, or that nothing was written down later.',
  ];
}

// check.ts
/**
 * Checks a bundle with no log and no node: one entry, its proof of inclusion, the signed checkpoint that the proof leads
 * to, the keys of the signatures. The only check of bundles that there is: the product runs it, and so do the
 * single-file program and the page in `verifier/`, which `npm run docs` writes from this folder.
 */

const BUNDLE_FORMAT = 'fractal.audit-bundle/1';
/** Of a bundle, in characters. */
const BUNDLE_CHARS = 1_048_576;

/**
 * `named` are keys that whoever checks has from elsewhere, whole or as fingerprints: each of them must have signed.
 * Throws `Refused` with the reason.
 */
async function checkBundle(text, named = []) {
  const wanted = named.map(readNamed);
  const bundle = readBundle(text);
  const bytes = utf8(bundle.entry);
  const entry = bundle.entry.isWellFormed() ? readEntry(bundle.entry) : undefined;
  if (entry === undefined) throw new Refused('its entry is none');
  const checkpoint = parseCheckpoint(bundle.checkpoint);
  if (checkpoint === undefined) throw new Refused('its checkpoint cannot be read');
  const { origin, size, root } = checkpoint;
  const { log, cosignatures } = await checkSigners(bundle, origin, wanted);
  if (originOf(entry.node_id) !== origin)
    throw new Refused('its checkpoint is that of the log of another node');
  const hash = await leafHashOf(bytes);
  const proof = bundle.proof.map(readHash);
  if (entry.entry_id >= size)
    throw new Refused(`its checkpoint covers ${size} entries, not entry ${entry.entry_id}`);
  if (!(await isIncluded(hash, entry.entry_id, size, proof, root)))
    throw new Refused(
      'the entry is not in the tree that was signed: it, its number or the proof was changed',
    );
  const found = {
    ...log,
    entry,
    hash: toHex(hash),
    checkpoint: { origin, size, root: toBase64(root) },
    cosignatures,
  };
  return { ...found, proven: proven(found), not_proven: notProven(found) };
}

/** A key as somebody names it: the whole of it, or its fingerprint as people write it. */
function readNamed(text) {
  const trimmed = text.trim();
  const digits = trimmed.replaceAll(/[\s:-]/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  if (/^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(trimmed)) return trimmed;
  throw new Refused(
    'the key you gave is none: a key looks like NAME+ID+BASE64, a fingerprint has 64 hexadecimal digits',
  );
}

/** Every signature is checked, and every key has made one: nothing stands in a bundle that says nothing. */
async function checkSigners(bundle, origin, wanted) {
  const note = splitNote(bundle.checkpoint);
  if (note === undefined) throw new Refused('its checkpoint is no signed note');
  if (printNote(note) !== bundle.checkpoint)
    throw new Refused('its checkpoint is written otherwise than notes are');
  let log;
  const cosignatures = [];
  const unused = new Set(wanted);
  for (const text of bundle.keys) {
    const key = await keyOf(text);
    const signed = await checkSignature(note, key);
    if (signed === undefined) throw new Refused(`no signature of its checkpoint is that of its key ${text}`);
    const fingerprint = await fingerprintOf(key);
    const names = [text, fingerprint].filter((name) => wanted.includes(name));
    for (const name of names) unused.delete(name);
    const signer = { key: text, fingerprint, is_key_known: names.length > 0 };
    if (key.kind === COSIGNATURE)
      cosignatures.push({ ...signer, name: key.name, time: isoOf(signed.seconds ?? 0) });
    else if (key.name === origin && log === undefined) log = signer;
    else throw new Refused(`its checkpoint is not that of the log of its key ${text}`);
  }
  if (unused.size > 0) throw new Refused('the key you gave did not sign its checkpoint');
  if (log === undefined) throw new Refused('no key of the bundle is that of the log');
  if (hasStranger(note, bundle.keys.length))
    throw new Refused('its checkpoint has a signature whose key is not in the bundle');
  return { log, cosignatures };
}

const hasStranger = ({ signatures }, keys) =>
  signatures.length !== keys || new Set(signatures.map(({ name, id }) => `${name} ${id}`)).size !== keys;

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

function readHash(text) {
  const bytes = fromBase64(text);
  if (bytes?.length !== HASH_BYTES) throw new Refused('its proof holds what is no hash');
  return bytes;
}

const FIELDS = ['format', 'entry', 'proof', 'checkpoint', 'keys'];

/** Only what prints as it was read: nothing can stand in the file that is not checked, no field twice. */
function readBundle(text) {
  if (text.length > BUNDLE_CHARS) throw new Refused(`it has more than ${BUNDLE_CHARS} characters`);
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refused('it is not JSON');
  }
  const { format, entry, proof, checkpoint, keys } = value ?? {};
  const areTexts = (list) => Array.isArray(list) && list.every((one) => typeof one === 'string');
  if (format !== BUNDLE_FORMAT) throw new Refused(`its format is not ${BUNDLE_FORMAT}`);
  const fits =
    typeof entry === 'string' && typeof checkpoint === 'string' && areTexts(proof) && areTexts(keys);
  if (!fits || Object.keys(value).join() !== FIELDS.join())
    throw new Refused(`its fields are not ${FIELDS.join(', ')}`);
  const printed = text.trimEnd();
  if (printed !== JSON.stringify(value) && printed !== JSON.stringify(value, null, 2))
    throw new Refused('it is not written as a bundle is');
  return value;
}

// program.ts
/** The single-file program: `node fractal-audit-verify.mjs BUNDLE [--key KEY]…`. */

const USAGE = `Usage: node fractal-audit-verify.mjs BUNDLE [--key KEY]... [--json]

Checks a bundle of an audit log. Needs Node 20 or newer; uses no network and no other file.

  --key KEY   a key that must have signed, as the owner of the log told you: NAME+ID+BASE64,
              or its fingerprint of 64 hexadecimal digits; may be given more than once
  --json      one JSON object instead of sentences

Exit codes: 0 the bundle holds, 2 wrong use, 7 refused.
`;

function readWords(words) {
  const keys = [];
  const files = [];
  let json = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '--json') json = true;
    else if (word === '--key') keys.push(words[++i] ?? '');
    else if (word.startsWith('--key=')) keys.push(word.slice('--key='.length));
    else if (word.startsWith('-')) return undefined;
    else files.push(word);
  }
  const [file] = files;
  return file === undefined || files.length > 1 ? undefined : { file, keys, json };
}

function report({ entry, hash, checkpoint, key, fingerprint, ...found }) {
  const verdict = { entry, hash, checkpoint, key, fingerprint, ...found };
  const list = (sentences) => sentences.map((one) => `  * ${plain(one)}`);
  return [
    headline(verdict).toUpperCase(),
    '',
    `Entry ${entry.entry_id}`,
    `  when      ${plain(entry.timestamp)}`,
    `  who       ${plain(entry.actor_id)}${entry.actor_role === '' ? '' : ` (${plain(entry.actor_role)})`}`,
    `  what      ${plain(entry.event_type)}`,
    `  to what   ${plain(entry.resource)}`,
    `  detail    ${plain(JSON.stringify(entry.detail))}`,
    '',
    'What this proves',
    ...list(found.proven),
    '',
    'What it does not prove',
    ...list(found.not_proven),
    '',
    `Key           ${plain(key)}`,
    `Fingerprint   ${spaced(fingerprint)}`,
    `Entry hash    ${hash}`,
    `Tree          ${checkpoint.size} entries, root ${checkpoint.root}`,
    '',
  ].join('\n');
}

async function main(words) {
  const asked = readWords(words);
  if (asked === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  let bytes;
  try {
    bytes = readFileSync(asked.file);
  } catch (error) {
    process.stderr.write(`The file cannot be read: ${String(error)}\n`);
    return 2;
  }
  try {
    if (bytes.length > 4 * BUNDLE_CHARS) throw new Refused('it is too long for a bundle');
    const verdict = await checkBundle(
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
      asked.keys,
    );
    process.stdout.write(asked.json ? `${JSON.stringify({ ok: true, ...verdict })}\n` : report(verdict));
    return 0;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { reason } = error;
    process.stdout.write(
      asked.json
        ? `${JSON.stringify({ ok: false, reason })}\n`
        : `REFUSED\n\nThe bundle proves nothing: ${plain(reason)}.\nAsk for it again where it was made.\n`,
    );
    return 7;
  }
}

process.exitCode = await main(process.argv.slice(2));
