/**
 * Patches of the eCFR's own editors, undone: from the context of a patch the smallest whole eCFR file around the defect.
 * The fragment is cut out of a well-formed file, so the tags it closes are opened before it and those it leaves open are
 * closed behind it.
 */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { tagsOf, type Tag } from '../fuzz/markup.ts';
import { sharedFolder } from './samples.ts';

export const CORRECTIONS = path.join(sharedFolder, 'ecfr-corrections');

export interface Correction {
  /** `29/001-amddate/001`. */
  readonly name: string;
  /** The editors' own words for it. */
  readonly description: string;
  readonly title: string;
  /** Lines before and after the correction, by hunk. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export function corrections(): readonly Correction[] {
  return globSync('*/*/*.patch', { cwd: CORRECTIONS })
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map((file) => {
      const hunks = readFileSync(path.join(CORRECTIONS, file), 'utf8')
        .split(/^@@.*@@.*\n/m)
        .slice(1);
      const side = (mark: string): readonly string[] =>
        hunks.map((hunk) =>
          hunk
            .split('\n')
            .filter((line) => line === '' || line.startsWith(' ') || line.startsWith(mark))
            .map((line) => line.slice(1))
            .join('\n'),
        );
      const meta = readFileSync(path.join(CORRECTIONS, path.dirname(file), 'meta.yml'), 'utf8');
      return {
        name: file.replace('.patch', ''),
        description: /^description:\s*['"]?(.*?)['"]?\s*$/m.exec(meta)?.[1] ?? '',
        title: file.split('/')[0] ?? '',
        before: side('-'),
        after: side('+'),
      };
    });
}

const CONTAINERS: ReadonlySet<string> = new Set(['DIV1', 'DIV2', 'DIV3', 'DIV4', 'DIV5', 'DIV6', 'DIV7']);

export interface Around {
  readonly title: string;
  /** Day of publication that a source note in the fragment names: `Mar. 1, 2019`. */
  readonly amended: string | undefined;
  /** Number of the section that the fragment begins in. */
  readonly inside: string | undefined;
}

/** Whole files around the hunks, one for each part of the CFR; undefined when a hunk needs more of its file than it shows. */
export function wholeFiles(hunks: readonly string[], around: Around): readonly string[] | undefined {
  const byPart = Map.groupBy(hunks, (hunk) => /§+ ?(\d+)\.\d/.exec(hunk)?.[1] ?? '');
  // A hunk that names no section belongs to those that do.
  const nameless = byPart.size > 1 && byPart.has('');
  const groups = nameless ? [hunks] : [...byPart.values()];
  const files = groups.map((group) => wholeFile(group, around));
  return files.every((file) => file !== undefined) ? files : undefined;
}

function wholeFile(hunks: readonly string[], { title, amended, inside }: Around): string | undefined {
  const part = /§+ ?(\d+)\.\d/.exec(hunks.join(''))?.[1] ?? '1910';
  /** Opened before the fragment, outermost first. */
  const outside: string[] = [];
  let open: string[] = [];
  let text = '';
  for (const hunk of hunks) {
    const tags = tagsOf(hunk);
    const seam = text === '' ? { closed: [], opened: [] } : joint(open, unopened(tags));
    text += `${seam.closed.map((name) => `</${name}>`).join('')}\n${seam.opened.map((name) => `<${name}>`).join('')}`;
    open = [...open.slice(0, open.length - seam.closed.length), ...seam.opened];
    for (const { name, kind } of tags) {
      if (kind === 'open') open.push(name);
      else if (kind === 'close') {
        if (open.length === 0) outside.unshift(name);
        else if (open.pop() !== name) return undefined;
      }
    }
    text += hunk;
  }
  // A paragraph around a part: the tag that closes it belongs to something the patch does not show.
  const small = outside.findIndex((name) => !/^(?:DIV\d|ECFRBRWS)$/.test(name));
  if (small >= 0 && outside.slice(small).some((name) => CONTAINERS.has(name))) return undefined;
  const content = open.at(-1) === 'DIV1' ? provision(part, amended) : '';
  const body = outside.map((name) => start(name, part, inside)).join('') + text + content;
  return around(
    title,
    part,
    body +
      open
        .reverse()
        .map((name) => `</${name}>`)
        .join(''),
  );
}

/** Names that are closed and were not opened, innermost first. */
function unopened(tags: readonly Tag[]): readonly string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const { name, kind } of tags)
    if (kind === 'open') open.push(name);
    else if (kind === 'close' && open.pop() === undefined) names.push(name);
  return names;
}

/**
 * What lies between two hunks: elements of the first that end there, and those of the second that begin there. Of all that
 * is left open the second closes as much as its closing tags name.
 */
function joint(
  open: readonly string[],
  names: readonly string[],
): { readonly closed: readonly string[]; readonly opened: readonly string[] } {
  for (let from = 0; from < names.length; from++) {
    const outer = names.slice(from);
    for (let top = open.length - 1; top >= 0; top--)
      if (outer.every((name, i) => top - i < 0 || open[top - i] === name))
        return { closed: open.slice(top + 1).reverse(), opened: names.slice(0, from).reverse() };
  }
  // Nothing of the first goes on: small elements begin between the two, large ones before both.
  const large = names.findIndex((name) => CONTAINERS.has(name));
  const kept = open.findLastIndex((name) => CONTAINERS.has(name)) + 1;
  return {
    closed: open.slice(kept).reverse(),
    opened: names.slice(0, large < 0 ? names.length : large).reverse(),
  };
}

/** The start of an element that began before the fragment. */
function start(name: string, part: string, inside = `${part}.0`): string {
  switch (name) {
    case 'DIV5':
      return `<DIV5 N="${part}" TYPE="PART"><HEAD>PART ${part}—Of the Fragment</HEAD>`;
    case 'DIV6':
      return '<DIV6 N="A" TYPE="SUBPART"><HEAD>Subpart A—Of the Fragment</HEAD>';
    case 'DIV7':
      return '<DIV7 N="1" TYPE="SUBJGRP"><HEAD>Of the fragment</HEAD>';
    case 'DIV8':
      return `<DIV8 N="§ ${inside}" TYPE="SECTION"><HEAD>§ ${inside}   Of the fragment.</HEAD>`;
    case 'DIV9':
      return '<DIV9 N="Appendix" TYPE="APPENDIX"><HEAD>Appendix to the fragment</HEAD>';
    default:
      return `<${name}>`;
  }
}

function provision(part: string, amended: string | undefined): string {
  const note = amended === undefined ? '' : `<CITA TYPE="N">[84 FR 1, ${amended}]</CITA>`;
  return `<HEAD>Title</HEAD>${start('DIV5', part)}${start('DIV8', part)}<P>Text.</P>${note}</DIV8></DIV5>`;
}

/** What must stand around a fragment: its title, and a part when it is smaller than one. */
function around(title: string, part: string, body: string): string {
  const header = `<HEADER><IDNO TYPE="title">${title}</IDNO></HEADER>`;
  const tops = topsOf(body);
  // Paragraphs of one section.
  if (![...tops].some((name) => /^(?:DIV\d|ECFRBRWS)$/.test(name)))
    return around(title, part, `${start('DIV8', part)}${body}</DIV8>`);
  if (tops.has('ECFRBRWS')) return `<ECFR>${header}${body}</ECFR>`;
  const inPart = [...tops].every((name) => !/^DIV[1-5]$/.test(name));
  const inner = inPart ? `${start('DIV5', part)}${body}</DIV5>` : body;
  return `<ECFR>${header}<DIV1 NODE="${title}:1" TYPE="TITLE"><HEAD>Title</HEAD>${inner}</DIV1></ECFR>`;
}

function topsOf(body: string): ReadonlySet<string> {
  const names = new Set<string>();
  let depth = 0;
  for (const { name, kind } of tagsOf(body)) {
    if (depth === 0) names.add(name);
    if (kind === 'open') depth++;
    else if (kind === 'close') depth--;
  }
  return names;
}
