/** The page: a file dropped or chosen is checked here, in the browser, and the verdict is told. Nothing leaves the page. */
/// <reference lib="dom" />
import { Refused } from './bytes.ts';
import { BUNDLE_CHARS, checkBundle } from './check.ts';
import type { BundleVerdict } from './verdict.ts';
import { NO_ED25519 } from './note.ts';
import { headline, plain, spaced } from './words.ts';

function find<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Refused(`the page has no ${id}`);
  return found;
}

const [result, drop] = [find('result', HTMLElement), find('drop', HTMLElement)];
const [file, key] = [find('file', HTMLInputElement), find('key', HTMLTextAreaElement)];

/** What was given last, so that it is checked again when a key is named. */
let given: { readonly name: string; readonly text: string } | undefined;
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

function table(rows: readonly (readonly [string, string])[]): HTMLElement {
  return element('dl', '', ...rows.flatMap(([name, text]) => [element('dt', name), element('dd', text)]));
}

function show(kind: 'good' | 'open' | 'bad', title: string, ...parts: readonly Node[]): void {
  result.className = kind;
  result.replaceChildren(element('h2', title), ...parts);
  result.hidden = false;
}

function showVerdict(name: string, verdict: BundleVerdict): void {
  const { entry, checkpoint, hash, fingerprint } = verdict;
  const title = headline(verdict);
  const details = element(
    'details',
    '',
    element('summary', 'Hashes and keys'),
    table([
      ['Key', verdict.key],
      ['Fingerprint', spaced(fingerprint)],
      ...verdict.cosignatures.map((one): [string, string] => ['Cosigned by', `${one.key} on ${one.time}`]),
      ['Entry hash', hash],
      ['Tree', `${checkpoint.size} entries, root ${checkpoint.root}`],
      ['Text of the entry', JSON.stringify(entry)],
    ]),
  );
  show(
    title === 'Proven' ? 'good' : 'open',
    title,
    table([
      ['File', name],
      ['Entry', `${entry.entry_id} of ${checkpoint.origin}`],
      ['When', entry.timestamp],
      ['Who', entry.actor_role === '' ? entry.actor_id : `${entry.actor_id} (${entry.actor_role})`],
      ['What', entry.event_type],
      ['To what', entry.resource],
      ['Detail', JSON.stringify(entry.detail, null, 2)],
    ]),
    list('What this proves', verdict.proven, 'proven'),
    list('What it does not prove', verdict.not_proven, 'unproven'),
    details,
  );
}

async function check(): Promise<void> {
  if (given === undefined) return;
  const { name, text } = given;
  const mine = ++turn;
  const named = key.value.split('\n').filter((line) => line.trim() !== '');
  try {
    if ((globalThis.crypto as Crypto | undefined)?.subtle === undefined) throw new Refused(NO_ED25519);
    const verdict = await checkBundle(text, named);
    if (mine === turn) showVerdict(name, verdict);
  } catch (error) {
    if (mine !== turn) return;
    const reason = error instanceof Refused ? error.reason : 'something went wrong in this page';
    if (reason === NO_ED25519) show('open', 'Nothing was checked', element('p', `${capital(reason)}.`));
    else
      show(
        'bad',
        'Refused',
        table([['File', name]]),
        element('p', `The bundle proves nothing: ${reason}.`),
        element(
          'p',
          'Ask for it again where it was made. What stands in it is not shown, because it is not proven.',
        ),
      );
  }
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

async function take(chosen: File | undefined): Promise<void> {
  if (chosen === undefined) return;
  const name = chosen.name;
  if (chosen.size > 4 * BUNDLE_CHARS) {
    given = undefined;
    turn++;
    show('bad', 'Refused', table([['File', name]]), element('p', 'The file is too long for a bundle.'));
    return;
  }
  const bytes = await chosen.arrayBuffer();
  given = { name, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) };
  await check();
}

file.addEventListener('change', () => void take(file.files?.[0]));
key.addEventListener('input', () => void check());
for (const kind of ['dragover', 'dragleave', 'drop'])
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', kind === 'dragover');
  });
document.addEventListener('drop', (event) => void take(event.dataTransfer?.files[0]));
