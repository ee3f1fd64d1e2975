/**
 * A report with its evidence, for an outsider. Whoever asks brings the report: the node says that it is the one that was
 * recorded, and opens that one record. A salt is told to nobody who does not have the report already.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  ATTACHED,
  commitEvidence,
  commitReport,
  makeReport,
  type EvidenceFile,
  type ReportBundle,
} from '../audit/index.ts';
import { FIXED_LIMITS, badInputError } from '../base/index.ts';
import { demand } from './access.ts';
import type { ReportProofRequest } from './audit-api.ts';
import { findAnswer } from './find-answer.ts';
import { reportText, type Asking } from './replay.ts';

export async function proveReport(
  { parts, policy, principal }: Asking,
  { id, report, evidence = [] }: ReportProofRequest,
): Promise<ReportBundle> {
  demand(policy, principal, 'audit');
  const files = evidence.map(readEvidence);
  const most = FIXED_LIMITS.audit_evidence_files.value;
  if (files.length > most)
    throw badInputError('audit.evidence', `there are more than ${most} files`, 'Give fewer.');
  const { id: number, entry } = await findAnswer(parts, id);
  const { log } = parts.audit;
  const made = entry?.detail['made_from'] as Readonly<Record<string, unknown>> | undefined;
  const { report_id: salted, report_commitment: committed } = made ?? {};
  if (typeof salted !== 'string' || typeof committed !== 'string')
    throw badInputError(
      'audit.report_none',
      `entry ${number} recorded no report`,
      'Give the entry that ended an ask, classify, check, law diff or law obligations: `fractal audit show` lists them.',
    );
  const salt = log.options.keys.saltOf(salted);
  const text = await recorded(report, salt, committed);
  if (text === undefined)
    throw badInputError(
      'audit.report_differs',
      `this is not the report that entry ${number} recorded`,
      'Give the answer as it was printed with --json, whole and unchanged.',
    );
  if (files.length === 0) return await makeReport(log, { id: number, report: text, salt, evidence: files });
  const own = randomBytes(32).toString('hex');
  const [category = '', action = ''] = ATTACHED.split('.');
  const attached = await log.record({
    category: category as 'access',
    action,
    principal: principal.id,
    roles: principal.roles,
    resource: `audit/${number}`,
    detail: {
      report: number,
      files: files.length,
      evidence_commitment: await commitEvidence(own, files),
    },
  });
  return await makeReport(log, {
    id: number,
    report: text,
    salt,
    evidence: files,
    attached: { id: attached, salt: own },
  });
}

/** As it was recorded: the answer itself, or as the command line and HTTP print it. */
async function recorded(report: unknown, salt: string, committed: string): Promise<string | undefined> {
  const { answer, sites } = (report ?? {}) as Readonly<Record<string, unknown>>;
  for (const one of [report, { results: [report] }, sites, answer]) {
    if (one === undefined) continue;
    const text = reportText(one);
    if ((await commitReport(salt, text)) === committed) return text;
  }
  return undefined;
}

function readEvidence({ name, sha256, content }: EvidenceInput): EvidenceFile {
  const bad = (what: string): Error =>
    badInputError('audit.evidence', what, 'Evidence has a name, and its bytes in base64 or their SHA-256.');
  if (name === '' || name.length > FIXED_LIMITS.audit_evidence_name_chars.value || !name.isWellFormed())
    throw bad('the name of a file is empty, too long or cannot be read');
  if (content === undefined) {
    if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256))
      throw bad('a file has neither bytes nor a SHA-256');
    return { name, sha256, content: null };
  }
  const bytes = Buffer.from(content, 'base64');
  if (bytes.toString('base64') !== content) throw bad('the bytes of a file are not in base64');
  const hash = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== undefined && sha256 !== hash) throw bad('the bytes of a file do not fit its SHA-256');
  return { name, sha256: hash, content };
}

type EvidenceInput = NonNullable<ReportProofRequest['evidence']>[number];
