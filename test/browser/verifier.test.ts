/** The page for outsiders, in a real browser, opened from a file (rule O5). Pictures: FRACTAL_PICTURES names a folder. */
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeBundle, makeGrowth, printBundle, printNote, verifyBundle } from '../../src/audit/index.ts';
import { event, openLog, tempFolder } from '../audit/kit.ts';
import { Browser, chromium } from './chromium.ts';

const name = chromium();
let browser: Browser;
const skip = name === undefined ? 'needs Chromium' : false;

before(async (t) => {
  if (name !== undefined) browser = await Browser.start(name, await tempFolder(t as never));
});
after(async () => {
  if (name !== undefined) await browser.close();
});

test('O5: a bundle is checked in the page, with no network', { skip }, async (t) => {
  const folder = await tempFolder(t);
  const log = await openLog(await tempFolder(t));
  const hostile = '<img src=x onerror="document.title=1"> </script><b>bold</b> \u202e mixed';
  for (let i = 0; i < 5; i++) await log.record(event(i, { detail: { text: hostile, rows: i } }));
  const bundle = printBundle(await makeBundle(log, 3));
  const held = printNote(await log.checkpoint());
  for (let i = 0; i < 5; i++) await log.record(event(i));
  await log.checkpoint();
  const growth = await makeGrowth(log, Number(held.split('\n')[1]));
  await log.close();
  const { fingerprint } = await verifyBundle(bundle);
  const files = { good: path.join(folder, 'entry-3.json'), bad: path.join(folder, 'changed.json') };
  await writeFile(files.good, bundle);
  await writeFile(files.bad, bundle.replace('anna', 'otto'));
  await copyFile('verifier/fractal-audit-verify.html', path.join(folder, 'check.html'));
  await browser.open(pathToFileURL(path.join(folder, 'check.html')).href);

  const said = async (): Promise<string> =>
    String(await browser.value('document.querySelector("#result").innerText'));
  const picture = async (what: string): Promise<void> => {
    const to = process.env['FRACTAL_PICTURES'];
    if (to === undefined) return;
    for (const [width, isDark] of [
      [1000, false],
      [1000, true],
      [360, false],
    ] as const)
      await writeFile(
        path.join(to, `${what}-${width}${isDark ? '-dark' : ''}.png`),
        await browser.picture(width, isDark),
      );
  };
  const typeKey = (key: string): Promise<unknown> =>
    browser.value(`{ const k = document.querySelector('#key'); k.value = ${JSON.stringify(key)};
      k.dispatchEvent(new Event('input', { bubbles: true })); }`);
  await picture('empty');

  await browser.choose('#file', files.good);
  await browser.until('document.querySelector("#result").className === "open"');
  assert.match(await said(), /It holds together, but whose key signed it was not compared/);
  assert.match(await said(), /<img src=x onerror/, 'markup of a bundle is text');
  assert.match(await said(), /\\u\{202e\} mixed/, 'nothing turns the text around');
  assert.equal(await browser.value('document.querySelectorAll("#result img, #result b").length'), 0);
  await picture('open');

  await typeKey(`\n${fingerprint.toUpperCase()}\n`);
  await browser.until('document.querySelector("#result").className === "good"');
  assert.match(await said(), /^Proven\n[^]*signed with the key that you named[^]*What it does not prove/);
  await picture('good');

  await typeKey('mistyped');
  await browser.until('document.querySelector("#result").innerText.startsWith("Nothing was checked")');
  assert.match(await said(), /The key you gave is none/);

  await typeKey('f'.repeat(64));
  await browser.until('document.querySelector("#result").className === "bad"');
  assert.match(await said(), /the key you gave did not sign its checkpoint/);

  await typeKey('');
  await browser.choose('#file', files.bad);
  await browser.until('document.querySelector("#result").innerText.includes("changed.json")');
  assert.match(await said(), /^Refused\n[^]*the entry is not in the tree that was signed/);
  assert.doesNotMatch(await said(), /otto/, 'what is not proven is not shown');
  await picture('bad');

  // As dropped: the page takes a file from anywhere on it.
  await browser.value(`{ const data = new DataTransfer();
    data.items.add(new File([${JSON.stringify(bundle)}], 'dropped.json'));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })); }`);
  await browser.until('document.querySelector("#result").innerText.includes("dropped.json")');
  assert.match(await said(), /It holds together/);

  // Two files at once: a checkpoint that was kept, and the proof that the log only grew since.
  await typeKey(fingerprint);
  await browser.value(`{ const data = new DataTransfer();
    for (const [name, text] of ${JSON.stringify([
      ['kept.txt', held],
      ['growth.json', JSON.stringify(growth)],
    ])}) data.items.add(new File([text], name));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })); }`);
  await browser.until('document.querySelector("#result").innerText.includes("growth.json")');
  assert.match(await said(), /^Proven\n[^]*as kept\.txt has it[^]*All these files belong to one history/);
  await picture('history');
  await typeKey('');

  // A browser that has no Ed25519 says so, and calls nothing proven or refused.
  await browser.value(
    `crypto.subtle.importKey = () => Promise.reject(new DOMException('no', 'NotSupportedError'));`,
  );
  await typeKey(' ');
  await browser.until('document.querySelector("#result").innerText.startsWith("Nothing was checked")');
  assert.match(await said(), /cannot check Ed25519 signatures[^]*Use a current browser/);

  // The page itself asked for nothing, and may not: its policy stops it.
  const asked = browser.events.flatMap(({ method, params }) =>
    method === 'Network.requestWillBeSent' ? [(params['request'] as { url: string }).url] : [],
  );
  assert.deepEqual(asked, [pathToFileURL(path.join(folder, 'check.html')).href]);
  const kept = await browser.value(
    `fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.message)`,
  );
  assert.equal(kept, 'Failed to fetch');
  assert.ok(
    browser.events.some(({ params }) =>
      JSON.stringify(params).includes('violates the following Content Security Policy'),
    ),
  );

  // Every control has a name, and the verdict is told to who does not see it.
  const { nodes } = await browser.send('Accessibility.getFullAXTree');
  const named = (nodes as { role?: { value: string }; name?: { value: string } }[])
    .filter(({ role }) => ['textbox', 'button', 'status'].includes(role?.value ?? ''))
    .map(({ role, name: label }) => [role?.value, label?.value]);
  assert.ok(named.some(([role, label]) => role === 'textbox' && label === 'Keys that you know (one a line)'));
  assert.ok(
    named.some(([role, label]) => role === 'button' && /^Bundle, or files/.test(label ?? '')),
    JSON.stringify(named),
  );
  assert.ok(named.some(([role]) => role === 'status'));
});
