/** Where a new version stands among the others of its document, and what differs between neighbours. */
import { LAW, type Table } from '../../schema/index.ts';
import { SECTION_TABLE, closeSections, supersedeSections } from '../../query/index.ts';
import type { Transaction } from '../../store/index.ts';

/** A version the node holds to be true at present. */
interface KnownVersion {
  readonly version_id: string;
  readonly in_force_from: string | null;
  readonly in_force_to: string | null;
  readonly text_sha256: string;
  readonly source_sha256: string;
}

export interface Neighbours {
  /** A version of the same date, or of the same bytes without a date: the new one corrects it. */
  readonly same: KnownVersion | undefined;
  readonly before: KnownVersion | undefined;
  readonly after: KnownVersion | undefined;
}

/** No date counts as the earliest. */
const order = (date: string | null | undefined): string => date ?? '';

export async function neighbours(
  transaction: Transaction,
  documentId: string,
  inForceFrom: string | undefined,
  sourceSha256: string,
): Promise<Neighbours> {
  const known = await transaction.rows<KnownVersion>(
    `select version_id, strftime(in_force_from, '%Y-%m-%d') as in_force_from,
            strftime(in_force_to, '%Y-%m-%d') as in_force_to, text_sha256, source_sha256
       from law.versions where document_id = $1 and known_to is null and not deleted
      order by in_force_from nulls first`,
    [documentId],
  );
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

/** Writes what differs from the version before, and what the version after differs in. */
export async function recordChanges(
  transaction: Transaction,
  documentId: string,
  versionId: string,
  { before, after }: Neighbours,
): Promise<void> {
  if (before !== undefined && after !== undefined)
    await transaction.remove(LAW.changes, 'from_version_id = $1 and to_version_id = $2', [
      before.version_id,
      after.version_id,
    ]);
  if (before !== undefined) await diff(transaction, LAW.changes, documentId, before.version_id, versionId);
  if (after !== undefined) await diff(transaction, LAW.changes, documentId, versionId, after.version_id);
}

async function diff(
  transaction: Transaction,
  table: Table,
  documentId: string,
  from: string,
  to: string,
): Promise<void> {
  await transaction.insertSelect(
    table,
    `with a as (select section_id, text_sha256 from law.sections where version_id = $2),
          b as (select section_id, text_sha256 from law.sections where version_id = $3),
          later as (select jurisdiction, in_force_from, known_from from law.versions where version_id = $3)
     select sha256(concat_ws(chr(10), $2, $3, section_id))[:32], $1, later.jurisdiction, $2, $3, section_id,
            case when a.text_sha256 is null then 'added' when b.text_sha256 is null then 'removed' else 'changed' end,
            null,
            later.in_force_from, later.known_from
       from a full join b using (section_id), later
      where a.text_sha256 is distinct from b.text_sha256`,
    [documentId, from, to],
  );
}
