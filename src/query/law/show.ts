/** The text of one provision with all below it, as in force on a day. */
import { badInputError, type Limits } from '../../base/index.ts';
import {
  findDocument,
  inForceOn,
  knownAt,
  versionsOf,
  type LawDocument,
  type LawVersion,
} from './documents.ts';
import { findAnywhere, noProvision, provisionsBelow } from './find-provision.ts';
import { textsOf, type ReadRows } from './provisions.ts';

export interface ShownProvision {
  readonly section_id: string;
  /** 0 for the provision asked for. */
  readonly depth: number;
  readonly level: string;
  readonly num: string | null;
  readonly citation: string;
  readonly heading: string | null;
  readonly text: string;
}

export interface ShowAnswer {
  readonly document: LawDocument;
  readonly version: LawVersion;
  readonly at: string;
  readonly provisions: readonly ShownProvision[];
}

/** Throws `law.section` (not found), `law.ambiguous` or `law.show_size`. */
export async function showLaw(
  rows: ReadRows,
  query: { readonly citation: string; readonly at: string },
  limits: Limits,
): Promise<ShowAnswer> {
  const found = await findAnywhere(rows, query.citation, query.at);
  const [first] = found;
  if (first === undefined) throw noProvision();
  if (found.length > 1)
    throw badInputError(
      'law.ambiguous',
      'several documents have a provision that is cited so',
      `Give the id of one: ${found.map(({ section_id }) => section_id).join(', ')}.`,
    );
  const document = await findDocument(rows, first.document_id);
  const version = inForceOn(knownAt(await versionsOf(rows, first.document_id, limits), undefined), query.at);
  const below = await provisionsBelow(rows, version.version_id, first.section_id);
  const chars = below.reduce((sum, one) => sum + one.chars, 0);
  if (below.length > limits.law_diff_provisions || chars > limits.law_diff_chars)
    throw badInputError(
      'law.show_size',
      `the provision has ${below.length} others below it and ${chars} characters; the bounds are ${limits.law_diff_provisions} and ${limits.law_diff_chars}`,
      'Ask for one of those below it.',
    );
  const top = below[0]?.depth ?? 0;
  const provisions: ShownProvision[] = [];
  for await (const [one, text] of textsOf(rows, version.version_id, below)) {
    const { section_id, depth, level, num, citation, heading } = one;
    provisions.push({ section_id, depth: depth - top, level, num, citation, heading, text });
  }
  return { document, version, at: query.at, provisions };
}
