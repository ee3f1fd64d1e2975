/**
 * Reader of sections of the CFR as scraped from osha.gov: a JSON list of `section_id`, `title`, `url` and `full_text`.
 *
 * One document for each part. The pages lost most paragraph designators; they are not invented again. What still has
 * one goes through the same outline as the official XML, a paragraph that begins with its run-in heading is a node named
 * after it, and the rest is the text of its section.
 */
import { badInputError } from '../../base/index.ts';
import { CfrFile } from '../cfr/file.ts';
import type { Reader, ReaderInput, ReadEvent, Sniff } from '../reader.ts';
import { jsonCell, jsonRecords } from '../records/json.ts';
import { oneLine } from '../text.ts';
import type { XmlElement, XmlNode } from '../xml/tree.ts';

export const cfrJsonReader: Reader = {
  format: 'cfr-json',
  description: 'sections of the CFR from osha.gov as JSON (section_id, title, full_text)',
  matches: ({ head }: Sniff) =>
    /^\ufeff?\s*\[/.test(head) &&
    ['"section_id"', '"full_text"', '"title"'].every((key) => head.includes(key)),
  read: readCfrJson,
};

interface Page {
  readonly id: string;
  readonly title: string;
  readonly url: string;
  readonly text: string;
  readonly line: number;
}

/** `Part Number Title:Safety and …` above the text. */
const FACT =
  /^(Part Number|Part Number Title|Subpart|Subpart Title|Standard Number|Title|Appendix|GPO Source):\s*(.*)$/;
/** `Hoist areas.Each employee …`: the full stop of a run-in heading lost its space. */
const RUN_IN = /^(\p{Lu}[^.:;()]{2,90})\.(?=\p{Lu}\p{Ll})/u;

async function* readCfrJson(input: ReaderInput): AsyncIterable<readonly ReadEvent[]> {
  let events: ReadEvent[] = [];
  const file = new CfrFile(input, (event) => events.push(event), new Set());
  const reader = new Sections(file, input);
  const options = { source: input.name, paths: [[]], recordBytes: input.limits.section_text_bytes };
  for await (const records of jsonRecords(input.chunks, options)) {
    for (const { value, line } of records) {
      const cell = (key: string): string => jsonCell(value, [key]);
      reader.add({
        id: cell('section_id').trim(),
        title: cell('title'),
        url: cell('url'),
        text: cell('full_text'),
        line,
      });
    }
    if (events.length > 0) yield events;
    events = [];
  }
  reader.end();
  file.finish();
  if (events.length > 0) yield events;
}

class Sections {
  readonly #file: CfrFile;
  readonly #input: ReaderInput;
  #part: string | undefined;
  #subpart: string | undefined;
  #without = 0;

  constructor(file: CfrFile, input: ReaderInput) {
    this.#file = file;
    this.#input = input;
  }

  add(page: Page): void {
    const [, part, rest] = /^(\d{1,4})\.(.+)$/.exec(page.id) ?? [];
    if (part === undefined || rest === undefined)
      throw badInputError(
        'cfr.section_id',
        'a record has no section number such as 1926.501',
        'Import sections of the CFR, each with its section_id.',
        { place: { source: this.#input.name, line: page.line } },
      );
    const { facts, paragraphs } = partsOf(page.text);
    // osha.gov publishes title 29 alone.
    this.#file.facts.title ??= /osha\.gov\//.test(page.url) ? '29' : /title-(\d{1,2})\b/.exec(page.url)?.[1];
    this.#enter(part, facts, page.line);
    const appendix = /^(\S+)\s+App\s*(\S*)/i.exec(page.id);
    const title = (facts.get('Title') ?? oneLine(page.title).replace(/^\S+ (?:App ?\S* )?- ?/, '')).trim();
    const children = paragraphs.map((text) => paragraphOf(text, page.line));
    if (paragraphs.length === 0) this.#without++;
    if (appendix === null) this.#file.section(`§ ${page.id} ${title}`, children, undefined, page.line);
    else {
      const letter = appendix[2] === undefined || appendix[2] === '' ? '' : ` ${appendix[2]}`;
      this.#file.appendix(`Appendix${letter} to § ${appendix[1] ?? ''}—${title}`, children, page.line);
    }
  }

  end(): void {
    if (this.#part === undefined) return;
    if (this.#without > 0)
      this.#file.warn(`${this.#without} sections came without text: the page held only their heading`, 1);
    if (this.#subpart !== undefined) this.#file.leave();
    this.#file.leave();
  }

  #enter(part: string, facts: ReadonlyMap<string, string>, line: number): void {
    if (part !== this.#part) {
      this.end();
      this.#without = 0;
      this.#subpart = undefined;
      this.#part = part;
      this.#file.enter('part', part, line);
      this.#file.heading(`PART ${part}—${facts.get('Part Number Title') ?? `Part ${part}`}`, line);
    }
    const subpart = /Subpart\s+([A-Z]{1,3})\b/.exec(facts.get('Subpart') ?? '')?.[1];
    if (subpart === undefined || subpart === this.#subpart) return;
    if (this.#subpart !== undefined) this.#file.leave();
    this.#subpart = subpart;
    this.#file.enter('subpart', subpart, line);
    this.#file.heading(`Subpart ${subpart}—${facts.get('Subpart Title') ?? ''}`, line);
  }
}

function partsOf(text: string): {
  readonly facts: ReadonlyMap<string, string>;
  readonly paragraphs: readonly string[];
} {
  const facts = new Map<string, string>();
  const paragraphs: string[] = [];
  let isHead = true;
  for (const line of text.split(/\n+/)) {
    const words = line.trim();
    if (words === '') continue;
    const fact = isHead ? FACT.exec(words) : null;
    if (fact?.[1] !== undefined) {
      facts.set(fact[1], fact[2] ?? '');
      continue;
    }
    isHead = false;
    paragraphs.push(words);
  }
  return { facts, paragraphs };
}

function paragraphOf(text: string, line: number): XmlElement {
  const element = (name: string, children: readonly XmlNode[]): XmlElement => ({
    name,
    attributes: {},
    children,
    line,
  });
  const heading = RUN_IN.exec(text)?.[0];
  if (heading === undefined) return element('P', [text]);
  return element('P', [element('I', [heading]), ` ${text.slice(heading.length)}`]);
}
