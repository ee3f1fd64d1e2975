/** Where a new version stands among the others of its document, and what differs between neighbours. */
import { sha256 } from '../../base/index.ts';
import { LAW } from '../../schema/index.ts';
import { SECTION_TABLE, closeSections, compareVersions, supersedeSections } from '../../query/index.ts';
import type { Row, Transaction } from '../../store/index.ts';

/** A version the node holds to be true at present. */
export interface KnownVersion {
  readonly version_id: string;
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
  readonly text_sha256: string;
  readonly source_sha256: string;
  readonly format: string;
}

export interface Neighbours {
  /** A version of the same date, or of the same bytes without a date: the new one corrects it. */
  readonly same: KnownVersion | undefined;
  readonly before: KnownVersion | undefined;
  readonly after: KnownVersion | undefined;
}

/** No date counts as the earliest. */
const order = (date: string | null | undefined): string => date ?? '';

export function neighbours(
  known: readonly KnownVersion[],
  inForceFrom: string | undefined,
  sourceSha256: string,
): Neighbours {
  const own = order(inForceFrom);
  // Imported again with the date that was missing: the undated one was this very version.
  const undated = known.find(
    (version) => version.in_force_from === null && version.source_sha256 === sourceSha256,
  );
  const same = known.find((version) => order(version.in_force_from) === own) ?? undated;
  return {
    same,
    before: known.findLast((version) => version !== same && order(version.in_force_from) < own),
    after: known.find((version) => order(version.in_force_from) > own),
  };
}

/**
 * The text of the same version in a format that divides acts more exactly: it is kept. Formex has the numbers and the
 * nesting of provisions, which a page of EUR-Lex shows by layout only; to take one for a correction of the other would
 * report changes that nobody made.
 */
export function betterText({ same }: Neighbours, format: string): KnownVersion | undefined {
  return same?.format === 'formex' && format === 'eurlex-xhtml' ? same : undefined;
}

/** First day the new version no longer applies: what the source says, or the first day of the next, whichever is earlier. */
export function endOf(sourceSays: string | undefined, { after }: Neighbours): string | undefined {
  const next = after?.in_force_from ?? undefined;
  if (sourceSays === undefined || next === undefined) return sourceSays ?? next;
  return sourceSays < next ? sourceSays : next;
}

/** Ends the version before the new one, and retires the one it corrects. */
export async function makeRoom(
  transaction: Transaction,
  { same, before }: Neighbours,
  inForceFrom: string | undefined,
  knownAt: string,
): Promise<void> {
  if (same !== undefined) {
    await transaction.close(LAW.versions, 'known_to = $2::timestamp', 'version_id = $1', [
      same.version_id,
      knownAt,
    ]);
    await transaction.stageUpdate(SECTION_TABLE, supersedeSections(same.version_id));
    await transaction.remove(LAW.changes, 'from_version_id = $1 or to_version_id = $1', [same.version_id]);
  }
  if (before === undefined || inForceFrom === undefined) return;
  if (before.in_force_to !== null && before.in_force_to <= inForceFrom) return;
  await transaction.close(LAW.versions, 'in_force_to = $2::date', 'version_id = $1', [
    before.version_id,
    inForceFrom,
  ]);
  await transaction.stageUpdate(SECTION_TABLE, closeSections(before.version_id, inForceFrom));
}

/** Writes what differs from the version before, and what the version after differs in, `rows` rows at a time. */
export async function recordChanges(
  transaction: Transaction,
  documentId: string,
  versionId: string,
  { before, after }: Neighbours,
  rows: number,
): Promise<void> {
  if (before !== undefined && after !== undefined)
    await transaction.remove(LAW.changes, 'from_version_id = $1 and to_version_id = $2', [
      before.version_id,
      after.version_id,
    ]);
  if (before !== undefined) await diff(transaction, documentId, before.version_id, versionId, rows);
  if (after !== undefined) await diff(transaction, documentId, versionId, after.version_id, rows);
}

/** What changed in the law: what is only printed otherwise, or has moved with its neighbours, is no row. */
async function diff(
  transaction: Transaction,
  documentId: string,
  from: string,
  to: string,
  batchRows: number,
): Promise<void> {
  const { changes } = await compareVersions((sql, params) => transaction.rows(sql, params), from, to);
  const [later] = await transaction.rows<Pick<Row, 'jurisdiction' | 'in_force_from' | 'known_from'>>(
    `select jurisdiction, strftime(in_force_from, '%Y-%m-%d') as in_force_from,
            strftime(known_from, '%Y-%m-%dT%H:%M:%S.%gZ') as known_from from law.versions where version_id = $1`,
    [to],
  );
  const rows = changes.flatMap((change): Row[] => {
    const { kind, old, now } = change;
    const section_id = now?.section_id ?? old?.section_id ?? '';
    if (kind === 'editorial') return [];
    return [
      {
        change_id: sha256([from, to, section_id, kind].join('\n')).slice(0, 32),
        document_id: documentId,
        jurisdiction: later?.jurisdiction,
        from_version_id: from,
        to_version_id: to,
        section_id,
        // The same words under another id: whoever followed the old id finds them here.
        kind: kind === 'moved' ? 'renumbered' : kind,
        from_section_id: old === undefined || old.section_id === section_id ? null : old.section_id,
        in_force_from: later?.in_force_from,
        known_from: later?.known_from,
      },
    ];
  });
  for (let at = 0; at < rows.length; at += batchRows)
    await transaction.insert(LAW.changes, rows.slice(at, at + batchRows));
}
