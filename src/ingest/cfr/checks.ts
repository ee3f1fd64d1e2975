/**
 * What can be noticed of a CFR file that is well-formed and still wrong. The slips are those that the publisher's own
 * corrections mend: a number that its markup does not repeat, a subpart closed too early, text between the sections, a date
 * before the amendments it claims to hold. Each is said once where it shows; the text is kept as it stands.
 */
import type { XmlElement, XmlNode } from '../xml/tree.ts';
import { rawText } from '../xml/tree.ts';
import { label } from '../text.ts';
import { dateOf } from './headings.ts';

export type Warn = (message: string, line: number) => void;

/** A part, subpart or subject group as the checks see it. */
export interface CheckedContainer {
  readonly level: string;
  /** As the heading says, else as its markup does. */
  num: string | undefined;
  /** The subpart that closed last inside it. */
  closed: string | undefined;
  /** Whether loose text was warned of. */
  isLoose: boolean;
}

/** `§ 1910.147`, `§§ 1.2-1.9`, `§ 1.401(a)(9)-1`: nothing but numbers. */
const NUMBER = /^(?:§|\s)*\d[\w.()]*(?:\s?[-–,]\s?[\w.()]+)*$/;
const EMPTY_ON_PURPOSE = /reserved|removed|expired|withdrawn|transferred|redesignated|superseded|vacated/i;
/** `84 FR 21490, May 14, 2019`. */
const PUBLISHED = /\b\d{1,3} FR \d{1,6}, ([A-Z][a-z]{2,8}\.? \d{1,2}, \d{4})/g;
const SOURCES: ReadonlySet<string> = new Set(['CITA', 'SOURCE']);

export class CfrChecks {
  readonly #warn: Warn;
  /** Dates found to be too early. */
  readonly #dates = new Set<string>();

  constructor(warn: Warn) {
    this.#warn = warn;
  }

  /** The number of a container in its heading and in its markup. */
  containerNumber(
    level: string,
    heading: string | undefined,
    markup: string | undefined,
    line: number,
  ): void {
    if (heading === undefined || markup === undefined || label(heading) === label(markup)) return;
    this.#warn(`${level} ${heading} has another number in its markup; the heading is believed`, line);
  }

  /** A container closes; `parent` is what it stands in. */
  closed(
    container: CheckedContainer,
    parent: CheckedContainer | undefined,
    heading: string,
    isEmpty: boolean,
    line: number,
  ): void {
    const name = nameOf(container);
    if (isEmpty && !EMPTY_ON_PURPOSE.test(heading))
      this.#warn(`${name} closes without any content; what follows may belong to it`, line);
    if (container.level === 'subpart' && parent !== undefined) parent.closed = name;
  }

  /** A section in its container; `markup` is the number its start tag has. */
  section(
    num: string | undefined,
    markup: string | undefined,
    open: readonly CheckedContainer[],
    line: number,
  ): void {
    if (markup !== undefined && markup.trim() !== '' && !NUMBER.test(markup.trim()))
      this.#warn(`the markup of ${sectionName(num)} has more than a number where the number stands`, line);
    const innermost = open.at(-1);
    if (innermost?.level === 'part' && innermost.closed !== undefined) {
      this.#warn(`${sectionName(num)} follows ${innermost.closed} and stands outside of it`, line);
      innermost.closed = undefined;
    }
    // Some parts have subparts with numbers of their own, and their sections count by them.
    const counted = open.findLast(({ level, num: own }) => /part$/.test(level) && /^\d/.test(own ?? ''))?.num;
    if (num === undefined || counted === undefined || /[-–]/.test(counted)) return;
    if (!num.startsWith(`${counted}.`) && !num.startsWith(`${counted}-`))
      this.#warn(`section ${num} stands in part ${counted}, which its number does not begin with`, line);
  }

  /** Text directly in a container. */
  loose(container: CheckedContainer | undefined, line: number): void {
    if (container === undefined || container.isLoose) return;
    container.isLoose = true;
    this.#warn(`text stands in ${nameOf(container)} outside any section`, line);
  }

  /** What holds a section or something larger though it is no container: a tag that was not closed in time. */
  nested(what: string, children: readonly XmlNode[], provisions: ReadonlySet<string>): void {
    const inner = findElement(
      children,
      ({ name, attributes }) => provisions.has(name) && attributes['N'] !== '',
    );
    if (inner !== undefined)
      this.#warn(
        `${what} holds the ${inner.name} of another provision: a closing tag is missing or misplaced`,
        inner.line,
      );
  }

  /** No source note can name an amendment published after the day the file is dated. */
  sources(nodes: readonly XmlNode[], date: string | undefined): void {
    if (date === undefined || this.#dates.has(date)) return;
    for (const node of nodes)
      if (typeof node !== 'string' && SOURCES.has(node.name)) this.#source(node, date);
  }

  #source(note: XmlElement, date: string): void {
    for (const [, day = ''] of rawText(note).matchAll(PUBLISHED)) {
      const published = dateOf(day);
      if (published === undefined || published <= date) continue;
      this.#dates.add(date);
      this.#warn(
        `the file is dated ${date}, but a source note names an amendment of ${published}`,
        note.line,
      );
      return;
    }
  }
}

function nameOf({ level, num }: CheckedContainer): string {
  return `${level} ${num ?? ''}`.trim();
}

function sectionName(num: string | undefined): string {
  return num === undefined ? 'a section without number' : `section ${num}`;
}

/** The first element below that fits. */
function findElement(
  nodes: readonly XmlNode[],
  fits: (element: XmlElement) => boolean,
): XmlElement | undefined {
  for (const node of nodes) {
    if (typeof node === 'string') continue;
    const found = fits(node) ? node : findElement(node.children, fits);
    if (found !== undefined) return found;
  }
  return undefined;
}
