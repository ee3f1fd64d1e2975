/**
 * Writes what is handed to outsiders, `verifier/`, from the very sources that the product checks bundles with: types
 * are taken away, the files of `src/audit/outside` stand one behind the other. Nothing else may be imported there.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';

const FOLDER = 'src/audit/outside';
const IMPORT = /^import\s[^;]*?from '([^']+)';\n/gm;
const EXPORT_FROM = /^export\s[^;]*?from '/m;

/** What stood above a type. The first comment of a file is about the file. */
const TYPE_COMMENT = /(?<=\n)\/\*\*(?:(?!\*\/)[^])*\*\/\n(?=\n)/g;

/** A file behind all that it imports. */
function inOrder(name: string, found: string[] = []): string[] {
  const source = readFileSync(path.join(FOLDER, name), 'utf8');
  for (const [line, target = ''] of source.matchAll(IMPORT)) {
    if (line.startsWith('import type ') || target.startsWith('node:')) continue;
    if (!/^\.\/[a-z]+\.ts$/.test(target))
      throw new Error(`${name} imports ${target}, which is not beside it`);
    const next = target.slice(2);
    if (!found.includes(next)) inOrder(next, found);
  }
  if (!found.includes(name)) found.push(name);
  return found;
}

function withoutTypes(name: string): string {
  const source = readFileSync(path.join(FOLDER, name), 'utf8');
  if (EXPORT_FROM.test(source)) throw new Error(`${name} hands on what is not its own`);
  const own = source
    .replaceAll(IMPORT, (line, target: string) => (target.startsWith('node:') ? line : ''))
    .replace(/^\/\/\/ <reference.*\n/m, '');
  return stripTypeScriptTypes(own)
    .replaceAll(/^export /gm, '')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(TYPE_COMMENT, '\n');
}

async function bundle(entry: string, head: string): Promise<string> {
  const files = inOrder(entry);
  const imports = new Set<string>();
  const parts = files.map((name) => {
    const text = withoutTypes(name).replaceAll(IMPORT, (line) => {
      imports.add(line);
      return '';
    });
    return `// ${name}\n${text}`;
  });
  return await pretty(`${head}\n${[...imports].join('')}\n${parts.join('\n')}`, 'out.mjs');
}

const pretty = async (text: string, file: string): Promise<string> =>
  await format(text, { ...(await resolveConfig('.prettierrc')), filepath: file });

/** As a source of a content security policy. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const between = (text: string, start: string, end: string): string => {
  const at = text.indexOf(start) + start.length;
  return text.slice(at, text.indexOf(end, at));
};

const PROGRAM_HEAD = `#!/usr/bin/env node
/**
 * Checks a bundle of a Fractal audit log, with nothing but this file and Node 20 or newer: no network, no packages.
 *
 *   node fractal-audit-verify.mjs BUNDLE --key KEY
 *
 * Written from ${FOLDER} by \`npm run docs\`: this is the check that the product itself runs.
 */`;

async function page(): Promise<string> {
  const script = await bundle('page.ts', `// Written from ${FOLDER} by \`npm run docs\`.`);
  const template = readFileSync(path.join(FOLDER, 'page.html'), 'utf8');
  if (script.includes('</script')) throw new Error('the script would end the page');
  const whole = template.replace('SCRIPT;', () =>
    script
      .trimEnd()
      .replaceAll(/^(?=.)/gm, '      ')
      .trimStart(),
  );
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(between(whole, '<script type="module">', '</script>'))}`,
    `style-src ${hashOf(between(whole, '<style>', '</style>'))}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return whole.replace('CONTENT-SECURITY-POLICY', policy);
}

export const VERIFIERS: Readonly<Record<string, () => Promise<string>>> = {
  'verifier/fractal-audit-verify.mjs': async () => await bundle('program.ts', PROGRAM_HEAD),
  'verifier/fractal-audit-verify.html': page,
};
