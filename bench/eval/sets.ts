/** The retrieval sets: corpus, questions and the passages that answer them. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface RetrievalPassage {
  /** What a hit counts as: the passage, or the section that it is a part of. */
  readonly key: string;
  readonly document: string;
  readonly heading: string;
  readonly text: string;
}

export interface RetrievalQuestion {
  readonly question: string;
  readonly gold: ReadonlySet<string>;
  /** A passage that never counts as found: the one the question was made of. */
  readonly self?: string;
}

export interface RetrievalSet {
  readonly name: string;
  readonly note: string;
  readonly passages: readonly RetrievalPassage[];
  readonly questions: readonly RetrievalQuestion[];
}

const read = <T>(...parts: string[]): T => JSON.parse(readFileSync(path.join(...parts), 'utf8')) as T;

interface ObliPassage {
  readonly DocumentID: number;
  readonly PassageID: string;
  readonly Passage: string;
}
interface ObliQuestion {
  readonly Question: string;
  readonly Passages: readonly ObliPassage[];
}
const obliKey = (one: ObliPassage): string => `${one.DocumentID}#${one.PassageID}`;

export function obliqaPassages(data: string): RetrievalPassage[] {
  return globSync('obliqa/StructuredRegulatoryDocuments/*.json', { cwd: data })
    .sort()
    .flatMap((file) => read<ObliPassage[]>(data, file))
    .map((one) => ({ key: obliKey(one), document: String(one.DocumentID), heading: '', text: one.Passage }));
}

const obliqaQuestions = (data: string, file: string): RetrievalQuestion[] =>
  read<ObliQuestion[]>(data, file).map((one) => ({
    question: one.Question,
    gold: new Set(one.Passages.map(obliKey)),
  }));

export const obliqaDev = (data: string): RetrievalQuestion[] =>
  obliqaQuestions(data, 'obliqa/ObliQA_dev.json');
export const obliqaMultiVal = (data: string): RetrievalQuestion[] =>
  obliqaQuestions(data, 'obliqa-mp/QADataset/ObliQA_MultiPassage_val.json');

/** Subparts that no model of this project has seen. */
const HELD_OUT = new Set(['L', 'N', 'P', 'R', 'V', 'CC'].map((letter) => `1926 Subpart ${letter}`));
const PASSAGE_WORDS = 110;
const TEXT_CHARS_MIN = 200;

export function oshaTitles(data: string): RetrievalSet {
  const passages: RetrievalPassage[] = [];
  const questions: RetrievalQuestion[] = [];
  const pages = read<{ section_id: string; full_text: string }[]>(
    data,
    'osha-1926-text/osha_raw_documents.json',
  );
  for (const { section_id: key, full_text: full } of pages) {
    const [head = '', rest = ''] = full.split('GPO Source:', 2);
    const body = rest.slice(rest.indexOf('\n') + 1);
    const field = (name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(head)?.[1]?.trim() ?? '';
    if (body.length < TEXT_CHARS_MIN) continue;
    let run = '';
    const flush = (): void => {
      if (run !== '') passages.push({ key, document: field('Subpart'), heading: '', text: run });
      run = '';
    };
    for (const paragraph of body.split('\n').filter((line) => line.trim() !== '')) {
      run = run === '' ? paragraph : `${run} ${paragraph}`;
      if (run.split(/\s+/).length >= PASSAGE_WORDS) flush();
    }
    flush();
    const title = field('Title').replace(/\.$/, '');
    if (
      HELD_OUT.has(field('Subpart')) &&
      title.length > 3 &&
      !/^(?:scope|definitions|general|appendix|\[?reserved)/i.test(title)
    )
      questions.push({ question: title, gold: new Set([key]) });
  }
  const note =
    'ours: title of a section of 29 CFR 1926 → the section; questions of six subparts held out of all training';
  return { name: 'OSHA 1926 titles', note, passages, questions };
}

interface RegNode {
  readonly label: readonly string[];
  readonly text?: string;
  readonly children: readonly RegNode[];
}
const REFERENCES =
  /§+\s*[\d.]+(\s*\([\w]+\))*|\b(paragraphs?|sections?|parts?)\s+(\([\w]+\))+|\(\w{1,4}\)|\b\d{3}\.\d+\b/g;

export function eregsCitations(data: string): RetrievalSet {
  const base = path.join(data, 'eregs-epa-parse/tests/integration-data/epa');
  const passages: RetrievalPassage[] = [];
  const walk = (node: RegNode): void => {
    const { label, text = '', children } = node;
    if (text.split(/\s+/).length >= 6)
      passages.push({ key: label.join('-'), document: label[0] ?? '', heading: '', text });
    children.forEach(walk);
  };
  const parts = ['262', '263', '271'];
  for (const part of parts) walk(read<RegNode>(base, 'regulation', part, `2015-annual-${part}`));
  const texts = new Map(passages.map(({ key, text }) => [key, text]));
  const questions: RetrievalQuestion[] = [];
  for (const part of parts) {
    const layer = read<Record<string, { citation: string[] }[]>>(
      base,
      `layer/internal-citations/cfr/2015-annual-${part}/${part}`,
    );
    for (const [label, cites] of Object.entries(layer).sort()) {
      const text = texts.get(label);
      if (text === undefined) continue;
      const gold = new Set<string>();
      for (const { citation } of cites)
        for (const other of texts.keys()) {
          const name = citation.join('-');
          if (other === label) continue;
          if (other === name || (citation.length <= 3 && other.startsWith(`${name}-`))) gold.add(other);
        }
      const question = text.replace(REFERENCES, ' ');
      if (gold.size > 0 && question.split(/\s+/).filter(Boolean).length >= 6)
        questions.push({ question: question.slice(0, 4000), gold, self: label });
    }
  }
  const note =
    'ours: a paragraph of 40 CFR 262, 263, 271 without its references → a paragraph that it refers to';
  return { name: 'eRegs citing → cited', note, passages, questions };
}

/** The third set that the data suggests cannot be built: the texts of the acts cited are not in it. */
export function hseNote(data: string): string {
  const file = path.join(data, 'hse-notices-uk/hse_notices.json');
  if (!existsSync(file)) return 'HSE breach → regulation: the notices are not here.';
  const { records } = read<{ records: { offence_breaches: string[] | null }[] }>(file);
  const cited = new Set(records.flatMap(({ offence_breaches: breaches }) => breaches ?? []));
  return `HSE breach → regulation: not built. ${records.length} notices cite ${cited.size} provisions, and of none of the acts they belong to is the text among the public sets here (of COSHH 2002 only its introduction).`;
}
