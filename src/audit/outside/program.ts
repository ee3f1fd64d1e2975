/** The single-file program: `node fractal-audit-verify.mjs BUNDLE [--key KEY]…`. */
import { readFileSync } from 'node:fs';
import { Refused } from './bytes.ts';
import { BUNDLE_CHARS, checkBundle } from './check.ts';
import type { BundleVerdict } from './verdict.ts';
import { headline, plain, spaced } from './words.ts';

const USAGE = `Usage: node fractal-audit-verify.mjs BUNDLE [--key KEY]... [--json]

Checks a bundle of an audit log. Needs Node 20 or newer; uses no network and no other file.

  --key KEY   a key that must have signed, as the owner of the log told you: NAME+ID+BASE64,
              or its fingerprint of 64 hexadecimal digits; may be given more than once
  --json      one JSON object instead of sentences

Exit codes: 0 the bundle holds, 2 wrong use, 7 refused.
`;

interface Words {
  readonly file: string;
  readonly keys: readonly string[];
  readonly json: boolean;
}

function readWords(words: readonly string[]): Words | undefined {
  const keys: string[] = [];
  const files: string[] = [];
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

function report({ entry, hash, checkpoint, key, fingerprint, ...found }: BundleVerdict): string {
  const verdict = { entry, hash, checkpoint, key, fingerprint, ...found };
  const list = (sentences: readonly string[]): string[] => sentences.map((one) => `  * ${plain(one)}`);
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

async function main(words: readonly string[]): Promise<number> {
  const asked = readWords(words);
  if (asked === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  let bytes: Uint8Array;
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
