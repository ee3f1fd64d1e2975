/**
 * Files about one log, checked together: each by itself, and whether they belong to one history, which is that every
 * state of the log that was signed is the beginning of the newest one.
 */
import { Misused, Refused, toBase64 } from './bytes.ts';
import { BUNDLE_FORMAT, checkBundle, readFields } from './check.ts';
import { GROWTH_FORMAT, checkGrowth, type FoundGrowth } from './growth.ts';
import { areTexts, type Fields } from './json.ts';
import { REPORT_FORMAT, checkReport } from './report.ts';
import { NamedKeys, checkKept, type Signed } from './signers.ts';
import type { BundleVerdict, FoundBundle, HistoryVerdict, State, Verdict } from './verdict.ts';
import { bundleVerdict, historyVerdict } from './words.ts';

export interface GivenFile {
  /** As whoever checks calls it. */
  readonly name: string;
  readonly text: string;
}

/** Files that are checked at once. */
export const FILES_MOST = 16;

/**
 * One bundle, or several files. `named` are keys that whoever checks has from elsewhere, whole or as fingerprints: each
 * of them must have signed. Throws `Refused` with the reason, `Misused` for what cannot be checked as it was given.
 */
export async function checkFiles(
  files: readonly GivenFile[],
  named: readonly string[] = [],
): Promise<Verdict> {
  if (files.length === 0 || files.length > FILES_MOST)
    throw new Misused(`${files.length} files were given`, `Give 1 to ${FILES_MOST}.`);
  const keys = new NamedKeys(named);
  const [only] = files;
  if (files.length === 1 && only !== undefined) {
    const verdict = await checkOne(only.text, keys);
    keys.checkAllUsed();
    return verdict;
  }
  const known = [...keys.whole, ...files.flatMap(keysIn)];
  const found: Found[] = [];
  // Checkpoints come without their keys: first those that have them.
  const inOrder = [...files].sort((a, b) => Number(isNote(a.text)) - Number(isNote(b.text)));
  for (const { name, text } of inOrder)
    try {
      found.push({ name, ...(await readFile(text, known, keys)) });
    } catch (error) {
      if (error instanceof Refused) throw new Refused(`${name}: ${error.reason}`);
      throw error instanceof Misused ? new Misused(`${name}: ${error.message}`, error.cure) : error;
    }
  const verdict = together(found);
  keys.checkAllUsed();
  return verdict;
}

async function checkOne(text: string, keys: NamedKeys): Promise<BundleVerdict> {
  if (isNote(text))
    throw new Misused(
      'this is a checkpoint, and there is nothing to compare it with',
      'Give with it a bundle, or a proof that the log only grew since (`fractal audit prove --from N`).',
    );
  const fields = readFields(text);
  if (fields['format'] === GROWTH_FORMAT) {
    await checkGrowth(text, fields, keys);
    throw new Misused(
      'this proof of growth holds together, and says nothing by itself',
      `Give with it the checkpoint, or a bundle, that you hold over ${String(fields['from'])} entries.`,
    );
  }
  const bundle = await checkAnyBundle(text, fields, keys);
  if (bundle === undefined) throw new Refused(`its format is neither ${BUNDLE_FORMAT} nor ${REPORT_FORMAT}`);
  return bundleVerdict(bundle);
}

/** Undefined for what is none by its format. */
async function checkAnyBundle(
  text: string,
  fields: Fields,
  keys: NamedKeys,
): Promise<FoundBundle | undefined> {
  if (fields['format'] === BUNDLE_FORMAT) return await checkBundle(text, fields, keys);
  if (fields['format'] === REPORT_FORMAT) return await checkReport(text, fields, keys);
  return undefined;
}

type Found = { readonly name: string } & (
  | { readonly kind: 'bundle'; readonly bundle: FoundBundle }
  | { readonly kind: 'growth'; readonly growth: FoundGrowth }
  | { readonly kind: 'checkpoint'; readonly signed: Signed }
);

type WithoutName<F> = F extends unknown ? Omit<F, 'name'> : never;

/** Signed notes begin with the name of a log, JSON with a brace. */
const isNote = (text: string): boolean => !text.trimStart().startsWith('{') && text.includes('\n\n— ');

async function readFile(
  text: string,
  known: readonly string[],
  keys: NamedKeys,
): Promise<WithoutName<Found>> {
  if (isNote(text)) return { kind: 'checkpoint', signed: await checkKept(text, known, keys) };
  const fields = readFields(text);
  if (fields['format'] === GROWTH_FORMAT)
    return { kind: 'growth', growth: await checkGrowth(text, fields, keys) };
  const bundle = await checkAnyBundle(text, fields, keys);
  if (bundle !== undefined) return { kind: 'bundle', bundle };
  throw new Refused(`its format is none of ${BUNDLE_FORMAT}, ${REPORT_FORMAT}, ${GROWTH_FORMAT}`);
}

/** Keys that a file says are its own: what they signed shows whether they are. */
function keysIn({ text }: GivenFile): readonly string[] {
  try {
    const { keys } = isNote(text) ? {} : readFields(text);
    return areTexts(keys) ? keys : [];
  } catch {
    return [];
  }
}

function together(found: readonly Found[]): HistoryVerdict {
  const states = new Map<number, State>();
  let origin: string | undefined;
  const add = (
    name: string,
    kind: State['files'][number]['kind'],
    signed: State['signed'][number],
    at: At,
  ): void => {
    origin ??= at.origin;
    if (at.origin !== origin) throw new Refused(`the files are of two logs, ${origin} and ${at.origin}`);
    const same = states.get(at.size);
    if (same !== undefined && same.root !== at.root)
      throw new Refused(
        `two different lists of the same ${at.size} entries were signed, in ${same.files.map((one) => one.name).join(', ')} and ` +
          `${name}: the log was written anew or forked. Keep these files, they are the evidence of it`,
      );
    states.set(at.size, {
      size: at.size,
      root: at.root,
      files: [...(same?.files ?? []), { name, kind }],
      signed: [...(same?.signed ?? []), signed],
    });
  };
  for (const one of found)
    if (one.kind === 'bundle') {
      const { key, fingerprint, is_key_known, cosignatures, checkpoint } = one.bundle;
      add(one.name, 'bundle', { key, fingerprint, is_key_known, cosignatures, unchecked: [] }, checkpoint);
    } else {
      const signed = one.kind === 'growth' ? one.growth.signed : one.signed;
      if (signed === undefined) continue;
      const { log, cosignatures, unchecked, checkpoint } = signed;
      add(
        one.name,
        one.kind,
        { ...log, cosignatures, unchecked },
        { ...checkpoint, root: toBase64(checkpoint.root) },
      );
    }
  if (origin === undefined)
    throw new Misused(
      'none of the files has a checkpoint',
      'Give the checkpoint, or a bundle, that you hold.',
    );
  const steps = found.flatMap((one) => (one.kind === 'growth' ? [{ name: one.name, ...one.growth }] : []));
  for (const step of steps) checkEnds(step, states);
  const sorted = [...states.values()].sort((a, b) => a.size - b.size);
  const newest = sorted.at(-1)?.size ?? 0;
  return historyVerdict({
    origin,
    states: sorted,
    bundles: found.flatMap((one) => (one.kind === 'bundle' ? [{ file: one.name, ...one.bundle }] : [])),
    growth: steps.map(({ name, from, to }) => ({ file: name, from, to })),
    unlinked: sorted.map(({ size }) => size).filter((size) => !reaches(size, newest, steps)),
  });
}

interface At {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

type Step = FoundGrowth & { readonly name: string };

/** Both ends of a proof of growth are states that were signed. */
function checkEnds(step: Step, states: ReadonlyMap<number, State>): void {
  const { name, from, to } = step;
  for (const [size, root] of [
    [from, step.from_root],
    [to, step.to_root],
  ] as const) {
    const state = states.get(size);
    if (state === undefined)
      throw new Refused(
        `${name} is about ${size} entries, and none of the files has a checkpoint over so many: nothing that was signed ` +
          'stands behind it',
      );
    if (state.root !== root)
      throw new Refused(
        `${name} is about another list of ${size} entries than the one that was signed in ` +
          `${state.files.map((one) => one.name).join(', ')}: the log was written anew, or the file is of another log`,
      );
  }
}

/** Steps lead from older to newer: what is the beginning of a beginning is one too. */
function reaches(from: number, to: number, steps: readonly Step[]): boolean {
  const seen = new Set([from]);
  for (const size of seen) for (const step of steps) if (step.from === size) seen.add(step.to);
  return seen.has(to);
}
