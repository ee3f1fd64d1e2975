/** A report that somebody has, with files put to it as evidence, made into one bundle for an outsider. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { FIXED_LIMITS, badInputError, notFoundError, usageError } from '../../base/index.ts';
import { printBundle, type ReportProofRequest } from '../../node/index.ts';
import { oneLine } from '../output/text.ts';
import { note, withNode, writeJson, writeLine } from '../session.ts';
import { writeTo, type AuditSession } from './audit-outside.ts';

type Evidence = NonNullable<ReportProofRequest['evidence']>[number];

export async function proveReport(
  session: AuditSession,
  word: string | undefined,
  file: string,
): Promise<number> {
  const { evidence = [], out, json } = session.values;
  const { report, size } = await readReport(session, file);
  const id = word ?? inferenceOf(report);
  if (id === undefined)
    throw usageError(
      'usage.argument',
      '`fractal audit prove --report` needs the number of the entry that recorded the report',
      '`fractal audit show` lists entries.',
    );
  // What is left for contents, in base64, beside the report (its text is quoted once more) and the proofs.
  let room = FIXED_LIMITS.audit_bundle_bytes.value - 2 * size - BESIDE_BYTES;
  const files: Evidence[] = [];
  for (const name of evidence) {
    const one = await readEvidence(session, name, room);
    room -= one.content?.length ?? 0;
    files.push(one);
  }
  const bundle = await withNode(session, (node) => node.proveReport({ id, report, evidence: files }));
  const text = printBundle(bundle);
  if (out === undefined) await session.io.stdout.write(text);
  else {
    await writeTo(session, out, text);
    if (json) await writeJson(session, { id, file: out });
    else await writeLine(session, `report of ${oneLine(id)}: ${out}`);
  }
  for (const { name, content } of files)
    if (content === undefined)
      await note(
        session,
        `${oneLine(name)} is too long for the bundle: its SHA-256 is in it. Hand over the file too.`,
      );
  return 0;
}

/** Of proofs, checkpoint, keys and names. */
const BESIDE_BYTES = 128 * 1024;

async function readReport(
  session: AuditSession,
  file: string,
): Promise<{ readonly report: object; readonly size: number }> {
  const name = path.resolve(session.io.cwd, file);
  await sizeOf(name, file);
  const text = await readFile(name, 'utf8');
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    report = undefined;
  }
  if (typeof report !== 'object' || report === null)
    throw badInputError(
      'audit.report',
      'the report is no JSON',
      'Give what `fractal ask --json`, `classify --json` or `check --json` printed.',
      { place: { source: file } },
    );
  return { report, size: text.length };
}

/** Answers of `ask`, and one of `classify`, name their record. */
function inferenceOf(report: object): string | undefined {
  const { inference_id: id } = report as { readonly inference_id?: unknown };
  return typeof id === 'string' ? id : undefined;
}

async function readEvidence(session: AuditSession, file: string, room: number): Promise<Evidence> {
  const name = path.basename(file);
  const full = path.resolve(session.io.cwd, file);
  if ((await sizeOf(full, file)) * BASE64 <= room)
    return { name, content: (await readFile(full)).toString('base64') };
  const hash = createHash('sha256');
  for await (const part of createReadStream(full)) hash.update(part as Buffer);
  return { name, sha256: hash.digest('hex') };
}

const BASE64 = 4 / 3;

async function sizeOf(name: string, given: string): Promise<number> {
  const found = await stat(name).catch(() => undefined);
  if (found?.isFile() !== true)
    throw notFoundError('audit.file_absent', 'the file cannot be read', 'Check the path.', {
      place: { source: given },
    });
  return found.size;
}
