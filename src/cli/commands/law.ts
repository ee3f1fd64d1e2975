import { usageError } from '../../base/index.ts';
import type { LawDiff, LawText, LawVersion, LawVersions, ListedDocument } from '../../node/index.ts';
import { diffPage } from '../output/redline-html.ts';
import { changeTitle, countsLine, redlineLines } from '../output/redline-text.ts';
import { tableLines, type TableColumn } from '../output/table.ts';
import { countText, oneLine } from '../output/text.ts';
import { showObligations } from './law-obligations.ts';
import { note, withNode, writeJson, writeLine, type Run, type Session } from '../session.ts';

const NEEDED: Readonly<Record<string, string>> = {
  show: 'the citation of a provision',
  obligations: 'a document or the citation of a provision',
};

export const runLaw: Run<'law'> = async (session) => {
  const { values, signal } = session;
  const [action, ...words] = session.arguments;
  const named = words.join(' ');
  if (action !== 'list' && named === '')
    throw usageError(
      'usage.missing_argument',
      `\`fractal law ${action ?? ''}\` needs ${NEEDED[action ?? ''] ?? 'a document'}`,
      'Run `fractal help law`; `fractal law list` lists the documents.',
    );
  const format = values.format ?? (values.json ? 'json' : 'text');
  await withNode(session, async (node) => {
    if (action === 'list') {
      const documents = await node.lawDocuments();
      return format === 'json' ? writeJson(session, { documents }) : showDocuments(session, documents);
    }
    if (action === 'versions') {
      const answer = await node.lawVersions(named);
      return format === 'json' ? writeJson(session, answer) : showVersions(session, answer);
    }
    if (action === 'show') {
      const answer = await node.lawShow({
        citation: named,
        ...(values.at === undefined ? {} : { at: values.at }),
      });
      return format === 'json' ? writeJson(session, answer) : showText(session, answer);
    }
    if (action === 'obligations') return await showObligations(session, node, named);
    const answer = await node.lawDiff(
      {
        document: named,
        ...(values.from === undefined ? {} : { from: values.from }),
        ...(values.to === undefined ? {} : { to: values.to }),
        ...(values.section === undefined ? {} : { section: values.section }),
        ...(values['known-at'] === undefined ? {} : { known_at: values['known-at'] }),
        ...(values.all ? { all: true } : {}),
      },
      signal,
    );
    if (format === 'json') return writeJson(session, answer);
    if (format === 'html') return session.io.stdout.write(diffPage(answer));
    return showDiff(session, answer);
  });
  return 0;
};

async function showDiff(session: Session, answer: LawDiff): Promise<void> {
  const { style } = session;
  const { document, from, to, section } = answer;
  await writeLine(
    session,
    `${style.bold(oneLine(section ?? document.citation))}  ${oneLine(document.title)}`,
  );
  await writeLine(session, style.dim(`${versionText(from)}  →  ${versionText(to)}`));
  await writeLine(session, countsLine(answer.counts));
  for (const change of answer.changes) {
    await writeLine(session);
    await writeLine(session, changeTitle(change, style));
    for (const line of redlineLines(change.heading, style)) await writeLine(session, `  ${line}`);
    for (const line of redlineLines(change.text, style)) await writeLine(session, `  ${line}`);
  }
  for (const line of answer.notes) await note(session, `note: ${oneLine(line)}`);
}

const versionText = ({ in_force_from, format, source_name }: LawVersion): string =>
  `${in_force_from ?? 'undated'} (${format}, ${oneLine(source_name)})`;

async function showText(session: Session, { version, provisions }: LawText): Promise<void> {
  const { style } = session;
  for (const { depth, num, citation, heading, text } of provisions) {
    const title = depth === 0 ? citation : (num ?? '');
    const head = [style.bold(oneLine(title)), oneLine(heading ?? '')]
      .filter((part) => part !== '')
      .join('  ');
    const indent = '  '.repeat(depth);
    if (head !== '') await writeLine(session, indent + head);
    if (text !== '')
      for (const line of text.split('\n')) await writeLine(session, `${indent}  ${oneLine(line)}`);
  }
  await writeLine(session, style.dim(versionText(version)));
}

const left = (name: string): TableColumn => ({ name, align: 'left' });

async function showVersions(session: Session, { document, versions }: LawVersions): Promise<void> {
  await writeLine(session, `${session.style.bold(oneLine(document.citation))}  ${oneLine(document.title)}`);
  const rows = versions.map((version) => [
    version.in_force_from ?? 'undated',
    version.in_force_to ?? '',
    version.known_from.slice(0, 10),
    version.known_to === null ? '' : `until ${version.known_to.slice(0, 10)}`,
    countText(version.provisions),
    version.format,
    version.source_name,
  ]);
  await writeTable(
    session,
    [
      left('in force from'),
      left('to'),
      left('known from'),
      left('corrected'),
      { name: 'provisions', align: 'right' },
      left('format'),
      left('source'),
    ],
    rows,
  );
}

async function showDocuments(session: Session, documents: readonly ListedDocument[]): Promise<void> {
  const rows = documents.map((one) => [
    one.document_id,
    one.citation,
    countText(one.versions),
    one.first ?? '',
    one.last ?? '',
    one.title,
  ]);
  const columns: readonly TableColumn[] = [
    left('document'),
    left('citation'),
    { name: 'versions', align: 'right' },
    left('first'),
    left('last'),
    left('title'),
  ];
  await writeTable(session, columns, rows);
}

async function writeTable(
  session: Session,
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  const { style, io } = session;
  const width = io.stdout.isTty ? io.stdout.columns : undefined;
  for await (const line of tableLines(columns, rows, { style, width })) await writeLine(session, line);
}
