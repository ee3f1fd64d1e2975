/** A classifier as a folder: linear heads over hashed n-grams, one for each taxonomy. */
import path from 'node:path';
import type { FileSystem } from '../../base/index.ts';
import { isModelName, readAnyModel, unusable, type ModelFile } from '../model-manifest.ts';

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

/** Reads `model.json` of a classifier. Does not touch the other files. */
export async function readClassifierFolder(fs: FileSystem, folder: string): Promise<ClassifierFolder> {
  const { manifest: any, sha256 } = await readAnyModel(fs, folder);
  const manifest = any as unknown as ClassifierManifest;
  const bad = (why: string): Error => unusable(path.basename(folder), why);
  if (any.kind !== 'classifier' || sha256 === null) throw bad('its kind is not classifier');
  if ((manifest.features as string) !== 'hashed-ngrams/1') throw bad('its features are of another kind');
  const { taxonomies }: { taxonomies: unknown } = manifest;
  if (!Array.isArray(taxonomies) || taxonomies.length === 0) throw bad('it has no taxonomies');
  for (const { name, labels, factor, threshold } of manifest.taxonomies) {
    if (!isModelName(String(name)) || !Array.isArray(labels) || labels.length < 2)
      throw bad('a taxonomy has no name or fewer than two labels');
    if (!(factor > 0) || !(threshold >= 0 && threshold <= 1))
      throw bad(`factor or threshold of ${name} is no usable number`);
  }
  return { manifest, folder, sha256 };
}
