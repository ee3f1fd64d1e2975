/** A classifier as a folder: linear heads over hashed n-grams, one for each taxonomy. */
import path from 'node:path';
import { badInputError, sha256, unavailableError, type FileSystem } from '../../base/index.ts';
import type { ModelFile } from '../model-manifest.ts';

export interface Taxonomy {
  readonly name: string;
  readonly title: string;
  readonly labels: readonly string[];
  /** On the scores before the softmax; found on texts that the head had not seen. */
  readonly factor: number;
  /** A best score below it is answered with `unsure`. */
  readonly threshold: number;
  /** What a reader must know of the training data. */
  readonly caution?: string;
}

export interface ClassifierManifest {
  readonly id: string;
  readonly version: string;
  readonly kind: 'classifier';
  readonly features: 'hashed-ngrams/1';
  readonly licence: string;
  readonly ram_bytes_needed: number;
  readonly taxonomies: readonly Taxonomy[];
  readonly files: readonly ModelFile[];
}

export interface ClassifierFolder {
  readonly manifest: ClassifierManifest;
  readonly folder: string;
  /** SHA-256 over the sorted hashes of its files. */
  readonly sha256: string;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** Reads `model.json` of a classifier. Does not touch the other files. */
export async function readClassifierFolder(fs: FileSystem, folder: string): Promise<ClassifierFolder> {
  const file = path.join(folder, 'model.json');
  const bad = (why: string): Error =>
    badInputError(
      'model.manifest',
      `model.json of ${path.basename(folder)} is not usable: ${why}`,
      'Take the folder from the release again.',
    );
  if ((await fs.stat(file)) === undefined)
    throw unavailableError(
      'model.missing',
      `there is no model.json in the folder of the model ${path.basename(folder)}`,
      'Restore the folder from the release.',
    );
  let manifest: ClassifierManifest;
  try {
    manifest = JSON.parse(new TextDecoder().decode(await fs.readFile(file))) as ClassifierManifest;
  } catch {
    throw bad('it is not JSON');
  }
  if ((manifest.kind as string) !== 'classifier') throw bad('its kind is not classifier');
  if ((manifest.features as string) !== 'hashed-ngrams/1') throw bad('its features are of another kind');
  if (!NAME.test(String(manifest.id)) || !NAME.test(String(manifest.version)))
    throw bad('its id or version is not a plain name');
  const { taxonomies, files }: { taxonomies: unknown; files: unknown } = manifest;
  if (!Array.isArray(taxonomies) || taxonomies.length === 0) throw bad('it has no taxonomies');
  if (!Array.isArray(files) || files.length === 0) throw bad('it names no files');
  for (const { name, labels, factor, threshold } of manifest.taxonomies) {
    if (!NAME.test(String(name)) || !Array.isArray(labels) || labels.length < 2)
      throw bad('a taxonomy has no name or fewer than two labels');
    if (!(factor > 0) || !(threshold >= 0 && threshold <= 1))
      throw bad(`factor or threshold of ${name} is no usable number`);
  }
  const hashes = manifest.files.map((entry) => entry.sha256).sort();
  return { manifest, folder, sha256: sha256(hashes.join('\n')) };
}
