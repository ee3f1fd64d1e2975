/** A list of models that may be pulled: each with its whole manifest, so that every file is known by its hash beforehand. */
import { fileURLToPath } from 'node:url';
import { FIXED_LIMITS, badInputError, notFoundError, type FractalError } from '../base/index.ts';
import { checkManifest, modelName, type AnyManifest } from './model-manifest.ts';

export interface OfferedModel {
  readonly manifest: AnyManifest;
  /** What its `model.json` will be. */
  readonly bytes: Uint8Array;
  /** Of each file. */
  readonly urls: ReadonlyMap<string, URL>;
}

export const CATALOGUE_FORMAT = 'fractal.models/1';

/** `at`: where the list lies; addresses in it may be relative to that. Throws `model.catalogue` or `model.manifest`. */
export function readCatalogue(text: Uint8Array, at: URL): readonly OfferedModel[] {
  const most = FIXED_LIMITS.model_catalogue_bytes.value;
  if (text.length > most) throw bad(`it is larger than ${most} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(text));
  } catch {
    throw bad('it is not JSON');
  }
  const { format, models } = (value ?? {}) as { readonly format?: unknown; readonly models?: unknown };
  if (format !== CATALOGUE_FORMAT) throw bad(`its format is not ${CATALOGUE_FORMAT}`);
  if (!Array.isArray(models)) throw bad('it has no list of models');
  return models.map((one: unknown) => {
    const { manifest: given, urls } = (one ?? {}) as Readonly<Record<string, unknown>>;
    const bytes = new TextEncoder().encode(`${JSON.stringify(given ?? null, null, 2)}\n`);
    const manifest = checkManifest(bytes, 'a model of the catalogue');
    const named = (urls ?? {}) as Readonly<Record<string, unknown>>;
    return {
      manifest,
      bytes,
      urls: new Map(
        manifest.files.map(({ path }) => {
          const url = Object.hasOwn(named, path) ? named[path] : path;
          if (typeof url !== 'string' || !URL.canParse(url, at.href))
            throw bad(`the address of ${path} of ${modelName(manifest)}`);
          const target = new URL(url, at);
          // A list from elsewhere must not name files of this machine.
          if (target.protocol === 'file:' && at.protocol !== 'file:')
            throw bad(`the address of ${path} of ${modelName(manifest)} is a file of this machine`);
          if (target.protocol === 'file:' && !isLocal(target))
            throw bad(`the address of ${path} of ${modelName(manifest)} is not a file of this machine`);
          return [path, target] as const;
        }),
      ),
    };
  });
}

/** The model of that name; of that id, the version that is wanted or the newest. */
export function offered(
  models: readonly OfferedModel[],
  name: string,
  version: string | undefined,
): OfferedModel {
  const byName = models.find(({ manifest }) => modelName(manifest) === name);
  const byId = models
    .filter(({ manifest }) => manifest.id === name && (version === undefined || manifest.version === version))
    .sort((a, b) => compareVersions(b.manifest.version, a.manifest.version));
  const found = byName ?? byId[0];
  if (found !== undefined) return found;
  throw notFoundError(
    'model.unknown',
    'the catalogue offers no model of that name',
    `It offers ${models.map(({ manifest }) => modelName(manifest)).join(', ') || 'none'}.`,
  );
}

/** Numbers in versions count as numbers: 1.10 is newer than 1.9. */
export const compareVersions = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true, sensitivity: 'base' });

/** `file://host/x` names a file elsewhere, and not every address is that of a file. */
function isLocal(url: URL): boolean {
  try {
    return fileURLToPath(url) !== '';
  } catch {
    return false;
  }
}

const bad = (why: string): FractalError =>
  badInputError(
    'model.catalogue',
    `the catalogue of models is not usable: ${why}`,
    'docs/models.md says what it holds.',
  );
