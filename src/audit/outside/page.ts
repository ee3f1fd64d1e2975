/** The page: a file dropped or chosen is checked here, in the browser, and the verdict is told. Nothing leaves the page. */
/// <reference lib="dom" />
import { Misused, Refused } from './bytes.ts';
import { BUNDLE_CHARS } from './check.ts';
import { checkFiles, type GivenFile } from './files.ts';
import { noEd25519 } from './note.ts';
import { hashRows, mainRows, type Rows } from './shown.ts';
import type { Verdict } from './verdict.ts';
import { plain } from './words.ts';

function find<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Refused(`the page has no ${id}`);
  return found;
}

const [result, drop] = [find('result', HTMLElement), find('drop', HTMLElement)];
const [file, key] = [find('file', HTMLInputElement), find('key', HTMLTextAreaElement)];

/** What was given last, so that it is checked again when a key is named. */
let given: readonly GivenFile[] = [];
let turn = 0;

/** Texts of a bundle become text of the page, never markup. */
function element(name: string, text: string, ...children: readonly Node[]): HTMLElement {
  const made = document.createElement(name);
  made.append(text.split('\n').map(plain).join('\n'), ...children);
  return made;
}

function list(title: string, sentences: readonly string[], kind: string): HTMLElement {
  const made = element(
    'section',
    '',
    element('h3', title),
    element('ul', '', ...sentences.map((one) => element('li', one))),
  );
  made.className = kind;
  return made;
}

function table(rows: Rows): HTMLElement {
  return element('dl', '', ...rows.flatMap(([name, text]) => [element('dt', name), element('dd', text)]));
}

function show(kind: 'good' | 'open' | 'bad', title: string, ...parts: readonly Node[]): void {
  result.className = kind;
  result.replaceChildren(element('h2', title), ...parts);
  result.hidden = false;
}

function showVerdict(names: Rows, verdict: Verdict): void {
  show(
    verdict.is_proven ? 'good' : 'open',
    verdict.headline,
    table('entry' in verdict ? [...names, ...mainRows(verdict, 2)] : mainRows(verdict, 2)),
    list('What this proves', verdict.proven, 'proven'),
    list('What it does not prove', verdict.not_proven, 'unproven'),
    element('details', '', element('summary', 'Hashes and keys'), table(hashRows(verdict))),
  );
}

async function check(): Promise<void> {
  if (given.length === 0) return;
  const names = given.map(({ name }): [string, string] => ['File', name]);
  const mine = ++turn;
  const named = key.value.split('\n').filter((line) => line.trim() !== '');
  try {
    if ((globalThis.crypto as Crypto | undefined)?.subtle === undefined) throw noEd25519();
    const verdict = await checkFiles(given, named);
    if (mine === turn) showVerdict(names, verdict);
  } catch (error) {
    if (mine !== turn) return;
    const reason = error instanceof Refused ? error.reason : 'something went wrong in this page';
    if (error instanceof Misused)
      show(
        'open',
        'Nothing was checked',
        table(names),
        element('p', `${capital(error.message)}.`),
        element('p', error.cure),
      );
    else
      show(
        'bad',
        'Refused',
        table(names),
        element('p', `What was given proves nothing: ${reason}.`),
        element(
          'p',
          'Ask for it again where it was made. What stands in it is not shown, because it is not proven.',
        ),
      );
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

async function take(chosen: readonly File[]): Promise<void> {
  if (chosen.length === 0) return;
  const long = chosen.find(({ size }) => size > 4 * BUNDLE_CHARS);
  if (long !== undefined) {
    given = [];
    turn++;
    show('bad', 'Refused', table([['File', long.name]]), element('p', 'The file is too long.'));
    return;
  }
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  given = await Promise.all(
    chosen.map(async (one) => ({ name: one.name, text: decoder.decode(await one.arrayBuffer()) })),
  );
  await check();
}

file.addEventListener('change', () => void take([...(file.files ?? [])]));
key.addEventListener('input', () => void check());
for (const kind of ['dragover', 'dragleave', 'drop'])
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', kind === 'dragover');
  });
document.addEventListener('drop', (event) => void take([...(event.dataTransfer?.files ?? [])]));
