/** The register of obligations, for `fractal law obligations`. */
import type { LawObligations, NodeApi } from '../../node/index.ts';
import { oneLine } from '../output/text.ts';
import { note, showBadges, writeJson, writeLine, type SessionOf } from '../session.ts';

type RegisteredObligation = LawObligations['obligations'][number];

export async function showObligations(session: SessionOf<'law'>, node: NodeApi, of: string): Promise<void> {
  const { addressee, topic, modality, at, json } = session.values;
  const answer = await node.lawObligations({
    of,
    ...(addressee === undefined ? {} : { addressee }),
    ...(topic === undefined ? {} : { topic }),
    ...(modality === undefined ? {} : { modality }),
    ...(at === undefined ? {} : { at }),
  });
  if (json || session.values.format === 'json') return await writeJson(session, answer);
  const { style } = session;
  const { document, version, section, counts } = answer;
  await writeLine(
    session,
    `${style.bold(oneLine(section ?? document.citation))}  ${oneLine(document.title)}`,
  );
  await writeLine(session, style.dim(`in force from ${version.in_force_from ?? 'an unknown day'}`));
  await writeLine(
    session,
    `${counts.must} must, ${counts['must-not']} must not, ${counts.may} may${answer.total === 0 ? ': nothing fits' : ''}`,
  );
  await showBadges(session, answer.badges);
  let last = '';
  for (const one of answer.obligations) {
    if (one.citation !== last) {
      last = one.citation;
      await writeLine(session);
      await writeLine(
        session,
        `${style.bold(oneLine(one.citation))}  ${oneLine(one.heading ?? '')}`.trimEnd(),
      );
    }
    for (const line of linesOf(one)) await writeLine(session, `  ${line}`);
  }
  for (const line of answer.notes) await note(session, `note: ${oneLine(line)}`);
}

function linesOf(one: RegisteredObligation): string[] {
  const { threshold, applies_to: applies } = one;
  const number =
    threshold === null || threshold.value === null
      ? ''
      : ` (${[threshold.comparison, threshold.value, threshold.unit].filter((part) => part !== null).join(' ')})`;
  const parts: readonly (readonly [string, string | null])[] = [
    ['of', one.object === null || (one.action ?? '').includes(one.object) ? null : one.object],
    ['when', one.condition],
    ['by', one.deadline],
    ['from', threshold === null ? null : `${threshold.text}${number}`],
    ['but', one.exception],
    ['about', listed(one.topics)],
    ['applies to', listed([...applies.sectors, ...applies.substances, ...applies.sizes])],
    ['terms', listed(one.terms.map(({ term, citation }) => `${term} (${citation})`))],
    ['refers to', listed(one.references.map(({ text, citation }) => citation ?? `${text} (not here)`))],
  ];
  return [
    oneLine(
      `${MODAL[one.modality] ?? one.modality}  ${one.addressee ?? '(not said who)'}: ${one.action ?? ''}`,
    ),
    ...parts.flatMap(([name, value]) => (value === null ? [] : [`    ${name}: ${oneLine(value)}`])),
  ];
}

const MODAL: Readonly<Record<string, string>> = { must: 'must', 'must-not': 'must not', may: 'may' };

const listed = (names: readonly string[]): string | null =>
  names.length === 0 ? null : [...new Set(names)].join(', ');
