/** The single-file program: `node fractal-audit-verify.mjs FILE… [--key KEY]…`. */
import { readFileSync } from 'node:fs';
import { Misused, Refused } from './bytes.ts';
import { BUNDLE_CHARS } from './check.ts';
import { checkFiles, type GivenFile } from './files.ts';
import { hashRows, mainRows, type Rows } from './shown.ts';
import type { Verdict } from './verdict.ts';
import { plain } from './words.ts';

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

interface Words {
  readonly files: readonly string[];
  readonly keys: readonly string[];
  readonly json: boolean;
}

function readWords(words: readonly string[]): Words | undefined {
  const lists: Record<string, string[]> = { '--key': [], '--checkpoint': [], '': [] };
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

function report(verdict: Verdict): string {
  const list = (sentences: readonly string[]): string[] => sentences.map((one) => `  * ${plain(one)}`);
  const rows = (some: Rows): string[] =>
    some.map(([name, text]) => `  ${name.padEnd(12)}  ${plain(text)}`.trimEnd());
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

function readGiven(name: string): GivenFile {
  const bytes = readFileSync(name);
  if (bytes.length > 4 * BUNDLE_CHARS) throw new Refused(`${name} is too long`);
  return { name, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) };
}

async function main(words: readonly string[]): Promise<number> {
  const asked = readWords(words);
  if (asked === undefined) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { files, keys, json } = asked;
  const tell = (object: object, text: string): void => {
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
    else if ((error as NodeJS.ErrnoException).syscall !== undefined)
      process.stderr.write(`A file cannot be read: ${plain(String(error))}\n`);
    else throw error;
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
