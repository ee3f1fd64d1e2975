/** A redline as one HTML page that needs nothing else: for reading, printing and mailing. */
import type { Edit, LawDiff, LawVersion } from '../../node/index.ts';
import { countsLine, piecesOf } from './redline-text.ts';

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1rem; margin: 2rem 0 .3rem; }
  .kind { font-weight: normal; color: #555; } .about { color: #555; }
  p { white-space: pre-wrap; margin: .3rem 0; }
  ins { background: #d9f2df; color: #0b4a1c; text-decoration: underline; }
  del { background: #fbe0de; color: #7c150c; text-decoration: line-through; }
`;

/** Document text is from strangers: nothing of it is taken for markup. */
const escape = (text: string): string =>
  text
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd');

export function diffPage(answer: LawDiff): string {
  const { document, from, to, section } = answer;
  const changes = answer.changes.map((change) => {
    const { kind, citation, from_citation } = change;
    const was = from_citation !== null && from_citation !== citation ? `, was ${escape(from_citation)}` : '';
    return [
      `<section><h2>${escape(citation)} <span class="kind">${kind}${was}</span></h2>`,
      paragraph(change.heading),
      paragraph(change.text),
      '</section>',
    ].join('');
  });
  return `<!doctype html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(document.citation)}: what changed</title><style>${STYLE}</style></head>
<body><h1>${escape(section ?? document.citation)}</h1>
<p class="about">${escape(document.title)}</p>
<p class="about">${version(from)} → ${version(to)}. ${escape(countsLine(answer.counts))}.</p>
${answer.notes.map((note) => `<p class="about">${escape(note)}</p>`).join('\n')}
${changes.join('\n')}
</body></html>
`;
}

const version = ({ in_force_from, source_name, format }: LawVersion): string =>
  escape(`${in_force_from ?? 'undated'} (${format}, ${source_name})`);

function paragraph(edits: readonly Edit[]): string {
  if (edits.length === 0) return '';
  const tags = { same: ['', ''], delete: ['<del>', '</del>'], insert: ['<ins>', '</ins>'] } as const;
  const parts = piecesOf(edits).map(({ op, text }) => `${tags[op][0]}${escape(text)}${tags[op][1]}`);
  return `<p>${parts.join('')}</p>`;
}
