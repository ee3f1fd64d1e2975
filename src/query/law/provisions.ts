/** Provisions of a version as rows, and their texts in batches. */
import { FIXED_LIMITS } from '../../base/index.ts';
import type { RowValue } from '../../store/index.ts';

/** The node's rows, inside a transaction or outside. */
export type ReadRows = <T>(sql: string, params: readonly RowValue[]) => Promise<T[]>;

/** A provision of a version, without its text. */
export interface Provision {
  readonly section_id: string;
  readonly parent_id: string | null;
  readonly ordinal: number;
  readonly depth: number;
  readonly level: string;
  readonly num: string | null;
  readonly citation: string;
  readonly heading: string | null;
  /** Length of its text. */
  readonly chars: number;
}

/** Columns of a {@link Provision} in law.sections. */
export const PROVISION_COLUMNS =
  'section_id, parent_id, ordinal, depth, level, num, citation, heading, length(text)::int as chars';

/** Texts of provisions of one version, in their order. */
export async function* textsOf<P extends Provision>(
  rows: ReadRows,
  versionId: string,
  provisions: readonly P[],
): AsyncGenerator<readonly [P, string]> {
  const { compare_read_rows, compare_read_chars } = FIXED_LIMITS;
  for (let from = 0; from < provisions.length;) {
    let to = from;
    for (let chars = 0; to < provisions.length && to - from < compare_read_rows.value; to++) {
      chars += provisions[to]?.chars ?? 0;
      if (to > from && chars > compare_read_chars.value) break;
    }
    const batch = provisions.slice(from, to);
    const found = await rows<{ ordinal: number; text: string }>(
      `select ordinal, text from law.sections
        where version_id = $1 and ordinal in (select unnest($2)::int) and not deleted`,
      [versionId, batch.map(({ ordinal }) => String(ordinal))],
    );
    const texts = new Map(found.map(({ ordinal, text }) => [ordinal, text]));
    for (const one of batch) yield [one, texts.get(one.ordinal) ?? ''];
    from = to;
  }
}
