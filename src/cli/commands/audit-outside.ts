/** What outsiders need: bundles checked with no node, and the programs that check them elsewhere. */
import { open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FIXED_LIMITS, badInputError, notFoundError, usageError } from '../../base/index.ts';
import { mainRows, shippedVerifier, spaced, verifyFiles, type GivenFile } from '../../node/index.ts';
import { oneLine } from '../output/text.ts';
import { note, writeJson, writeLine, type Session, type SessionOf } from '../session.ts';

export type AuditSession = SessionOf<'audit'>;

/** The program of one file; the page where the name ends in `.html`. */
export async function writeVerifier(session: AuditSession): Promise<number> {
  const { out, json } = session.values;
  const kind = out !== undefined && /\.html?$/i.test(out) ? 'page' : 'program';
  const text = await readFile(shippedVerifier(kind), 'utf8');
  if (out === undefined) await session.io.stdout.write(text);
  else {
    await writeTo(session, out, text);
    if (json) await writeJson(session, { kind, file: out });
    else
      await writeLine(
        session,
        kind === 'page'
          ? `${out}: open it in a browser`
          : `${out}: run it with \`node ${path.basename(out)} BUNDLE\``,
      );
  }
  return 0;
}

/** Bundles, checkpoints that somebody kept and proofs of growth, checked together. */
export async function checkBundle(session: AuditSession, names: readonly string[]): Promise<number> {
  const { key = [], checkpoint = [], json } = session.values;
  const files: GivenFile[] = [];
  for (const name of [...names, ...checkpoint]) files.push({ name, text: await readBundle(session, name) });
  if (files.length === 0)
    throw usageError(
      'usage.argument',
      '`fractal audit verify-bundle` needs a file',
      '`fractal audit prove` makes one.',
    );
  const found = await verifyFiles(files, key);
  if (json) {
    await writeJson(session, { ok: true, ...found });
    return 0;
  }
  const { style } = session;
  await writeLine(session, found.is_proven ? style.green(found.headline) : found.headline);
  for (const [name, text] of mainRows(found))
    await writeLine(session, `  ${oneLine(name).padEnd(8)}  ${oneLine(text)}`.trimEnd());
  for (const [title, sentences] of [
    ['Proven:', found.proven],
    ['Not proven:', found.not_proven],
  ] as const) {
    await writeLine(session, title);
    for (const sentence of sentences) await writeLine(session, `  * ${oneLine(sentence)}`);
  }
  if (!found.is_proven && 'key' in found)
    await note(
      session,
      `The key is the bundle's own: ask the owner of the node whether theirs is ${found.key} (fingerprint ${spaced(found.fingerprint)})`,
    );
  return 0;
}

async function readBundle(session: Session, name: string): Promise<string> {
  const file = await open(path.resolve(session.io.cwd, name)).catch(() => {
    throw notFoundError('audit.bundle_absent', 'the file cannot be read', 'Check the path.', {
      place: { source: name },
    });
  });
  try {
    const { value: most } = FIXED_LIMITS.audit_bundle_bytes;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(most + 1), 0, most + 1, 0);
    if (bytesRead > most)
      throw badInputError('audit.bundle_size', `a file has at most ${most} bytes`, 'Check the path.', {
        place: { source: name },
      });
    // Bytes that are no UTF-8 become others, and then nothing fits.
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

export async function writeTo(
  session: Session,
  name: string,
  text: string,
  flag: 'w' | 'a' = 'w',
): Promise<void> {
  try {
    await writeFile(path.resolve(session.io.cwd, name), text, { flag });
  } catch (error) {
    throw badInputError('audit.out', 'the file cannot be written', 'Name another with --out.', {
      place: { source: name },
      cause: error,
    });
  }
}
