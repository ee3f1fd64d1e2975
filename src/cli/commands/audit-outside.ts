/** What outsiders need: bundles checked with no node, and the programs that check them elsewhere. */
import { open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { FIXED_LIMITS, badInputError, notFoundError, usageError } from '../../base/index.ts';
import { headline, shippedVerifier, spaced, verifyBundle } from '../../node/index.ts';
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

export async function checkBundle(session: AuditSession, file: string | undefined): Promise<number> {
  if (file === undefined)
    throw usageError(
      'usage.argument',
      '`fractal audit verify-bundle` needs a file',
      '`fractal audit prove` makes one.',
    );
  const { key = [], json } = session.values;
  const found = await verifyBundle(await readBundle(session, file), key);
  if (json) {
    await writeJson(session, { ok: true, ...found });
    return 0;
  }
  const { entry, fingerprint } = found;
  const { style } = session;
  const isKnown = found.is_key_known || found.cosignatures.some((one) => one.is_key_known);
  await writeLine(session, isKnown ? style.green(headline(found)) : headline(found));
  await writeLine(
    session,
    `${entry.timestamp} ${oneLine(entry.actor_id)} ${oneLine(entry.event_type)} ${oneLine(entry.resource)}`,
  );
  await writeLine(session, oneLine(JSON.stringify(entry.detail)));
  for (const [title, sentences] of [
    ['Proven:', found.proven],
    ['Not proven:', found.not_proven],
  ] as const) {
    await writeLine(session, title);
    for (const sentence of sentences) await writeLine(session, `  * ${oneLine(sentence)}`);
  }
  if (!isKnown)
    await note(
      session,
      `The key is the bundle's own: ask the owner of the node whether theirs is ${found.key} (fingerprint ${spaced(fingerprint)})`,
    );
  return 0;
}

async function readBundle(session: Session, name: string): Promise<string> {
  const file = await open(path.resolve(session.io.cwd, name)).catch(() => {
    throw notFoundError('audit.bundle_absent', 'the bundle cannot be read', 'Check the path.', {
      place: { source: name },
    });
  });
  try {
    const { value: most } = FIXED_LIMITS.audit_bundle_bytes;
    const { bytesRead, buffer } = await file.read(Buffer.alloc(most + 1), 0, most + 1, 0);
    if (bytesRead > most)
      throw badInputError('audit.bundle_size', `a bundle has at most ${most} bytes`, 'Check the path.');
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
