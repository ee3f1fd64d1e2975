/**
 * Bundles of a report: the entry that recorded it, the report itself, files put to it as evidence. The entry holds a
 * commitment, SHA-256 over a salt and the report, so that nobody can try reports out on it; the salt is that of this entry
 * alone and lies in its bundle.
 */
import { Refused, fromBase64, sha256, toHex, utf8 } from './bytes.ts';
import { checkWithin, readFields, type Within } from './check.ts';
import type { Entry, Value } from './entry.ts';
import { areTexts, checkWriting, type Fields } from './json.ts';
import type { NamedKeys } from './signers.ts';
import type { FoundBundle, FoundEvidence } from './verdict.ts';

export const REPORT_FORMAT = 'fractal.audit-report/1';

export interface EvidenceFile {
  readonly name: string;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
  /** Its bytes in base64; null where the hash is enough. */
  readonly content: string | null;
}

export interface ReportBundle {
  readonly format: string;
  /** The very text of the entry that recorded the report. */
  readonly entry: string;
  readonly proof: readonly string[];
  /** C2SP signed note over all entries that stand here. */
  readonly checkpoint: string;
  readonly keys: readonly string[];
  /** JSON with sorted names. */
  readonly report: string;
  /** Of the commitment in the entry: 64 hexadecimal digits. */
  readonly salt: string;
  readonly evidence: readonly EvidenceFile[];
  /** The entry that wrote down the evidence; null where there is none. */
  readonly attached: {
    readonly entry: string;
    readonly proof: readonly string[];
    readonly salt: string;
  } | null;
}

/** As `printf '%s %s\n%s' FORMAT SALT TEXT | sha256sum`. */
const commitment = async (format: string, salt: string, text: string): Promise<string> =>
  toHex(await sha256(utf8(`${format} ${salt}\n${text}`)));

export const commitReport = (salt: string, report: string): Promise<string> =>
  commitment(REPORT_FORMAT, salt, report);

export const commitEvidence = (salt: string, evidence: readonly EvidenceFile[]): Promise<string> =>
  commitment(
    'fractal.audit-evidence/1',
    salt,
    JSON.stringify(evidence.map(({ name, sha256: hash }) => ({ name, sha256: hash }))),
  );

const REPORT_FIELDS = [
  ...['format', 'entry', 'proof', 'checkpoint', 'keys'],
  ...['report', 'salt', 'evidence', 'attached'],
];

/** Throws `Refused` with the reason. */
export async function checkReport(text: string, value: Fields, named: NamedKeys): Promise<FoundBundle> {
  const bundle = readReport(text, value);
  const within: Within = { text: bundle.entry, proof: bundle.proof };
  const attached: Within[] =
    bundle.attached === null ? [] : [{ text: bundle.attached.entry, proof: bundle.attached.proof }];
  const [found, link] = await checkWithin([within, ...attached], bundle.checkpoint, bundle.keys, named);
  if (found === undefined) throw new Refused('its entry is none');
  const committed = textAt(found.entry.detail['made_from'], 'report_commitment');
  if (committed === undefined) throw new Refused('its entry recorded no report');
  if ((await commitReport(bundle.salt, bundle.report)) !== committed)
    throw new Refused('the report is not the one that the entry recorded: it, or its salt, was changed');
  const evidence: FoundEvidence[] = [];
  for (const one of bundle.evidence) evidence.push(await checkEvidence(one));
  const report = JSON.parse(bundle.report) as Value;
  return {
    ...found,
    report: { content: report, evidence, attached: await attachedBy(bundle, found.entry, link?.entry) },
  };
}

async function attachedBy(
  { evidence, attached }: ReportBundle,
  report: Entry,
  entry: Entry | undefined,
): Promise<Entry | null> {
  if (attached === null || entry === undefined) {
    if (evidence.length > 0) throw new Refused('no entry wrote down its evidence');
    return null;
  }
  if (entry.event_type !== ATTACHED || entry.detail['report'] !== report.entry_id)
    throw new Refused('the entry that is to have written down its evidence is about something else');
  if ((await commitEvidence(attached.salt, evidence)) !== entry.detail['evidence_commitment'])
    throw new Refused('the evidence is not what was written down: a file, its name or the salt was changed');
  return entry;
}

/** The entry that writes down which files were put to a report. */
export const ATTACHED = 'access.attach-evidence';

async function checkEvidence({ name, sha256: hash, content }: EvidenceFile): Promise<FoundEvidence> {
  if (content === null) return { name, sha256: hash, bytes: null };
  const bytes = fromBase64(content);
  if (bytes === undefined) throw new Refused(`the content of ${name} cannot be read`);
  if (toHex(await sha256(bytes)) !== hash)
    throw new Refused(`the content of ${name} does not fit its SHA-256`);
  return { name, sha256: hash, bytes: bytes.length };
}

function readReport(text: string, value: Fields): ReportBundle {
  const bundle = value as unknown as ReportBundle;
  const { entry, proof, checkpoint, keys, report, salt, evidence, attached } = bundle;
  const fits =
    areTexts([entry, checkpoint, report, salt]) &&
    areTexts(proof) &&
    areTexts(keys) &&
    Array.isArray(evidence) &&
    evidence.every(isEvidence) &&
    (attached === null || isAttached(attached));
  if (!fits) throw new Refused(`its fields are not ${REPORT_FIELDS.join(', ')}`);
  checkWriting(value, text, REPORT_FIELDS, 'a bundle');
  if (!report.isWellFormed()) throw new Refused('its report cannot be read');
  readFields(`{"report":${report}}`);
  return bundle;
}

const isEvidence = (one: unknown): boolean => {
  const { name, sha256: hash, content } = (one ?? {}) as EvidenceFile;
  return (
    areTexts([name, hash]) &&
    name.isWellFormed() &&
    /^[0-9a-f]{64}$/.test(hash) &&
    (content === null || typeof content === 'string') &&
    Object.keys(one as object).join() === 'name,sha256,content'
  );
};

const isAttached = (one: NonNullable<ReportBundle['attached']>): boolean =>
  typeof one === 'object' &&
  areTexts([one.entry, one.salt]) &&
  areTexts(one.proof) &&
  Object.keys(one).join() === 'entry,proof,salt';

const textAt = (value: Value | undefined, name: string): string | undefined => {
  const found =
    typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, Value>>)[name]
      : undefined;
  return typeof found === 'string' ? found : undefined;
};
