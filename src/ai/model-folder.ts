/** A model as a folder: a manifest and files whose hashes it names. Nothing is loaded that does not match. */
import path from 'node:path';
import {
  badInputError,
  integrityError,
  sha256,
  unavailableError,
  type FileSystem,
  type Limits,
} from '../base/index.ts';
import { readAnyModel, unusable, type ModelFile } from './model-manifest.ts';

export interface ModelManifest {
  readonly id: string;
  readonly version: string;
  readonly kind: 'embedding';
  readonly format: 'onnx-int8' | 'onnx';
  /** Length of its vectors. */
  readonly dimension: number;
  /** Longer texts are cut after this many tokens. */
  readonly max_tokens: number;
  /** The model is order-free: a text of one token gives that token's vector, and `length` its weight. */
  readonly terms?: boolean;
  readonly query_prefix: string;
  readonly passage_prefix: string;
  readonly licence: string;
  readonly ram_bytes_needed: number;
  readonly files: readonly ModelFile[];
  /** A text and the tokens that the right tokenizer makes of it: asked when the model is loaded. */
  readonly probe?: { readonly text: string; readonly tokens: readonly number[] };
}

export interface ModelFolder {
  readonly manifest: ModelManifest;
  readonly folder: string;
  /** SHA-256 over the sorted hashes of its files: what an index remembers. */
  readonly sha256: string;
}

/** Reads `model.json`. Does not touch the other files. */
export async function readModelFolder(fs: FileSystem, folder: string): Promise<ModelFolder> {
  const { manifest: any, sha256 } = await readAnyModel(fs, folder);
  const manifest = any as unknown as ModelManifest;
  const bad = (why: string): Error => unusable(path.basename(folder), why);
  if (any.kind !== 'embedding' || sha256 === null) throw bad('its kind is not embedding');
  if (manifest.dimension > 4096) throw bad('its dimension');
  if (!Number.isInteger(manifest.max_tokens) || manifest.max_tokens < 1) throw bad('its max_tokens');
  for (const prefix of [manifest.query_prefix, manifest.passage_prefix] as unknown[])
    if (typeof prefix !== 'string') throw bad('a prefix is no text');
  const { probe }: { probe?: unknown } = manifest;
  if (probe !== undefined && !isProbe(probe)) throw bad('its probe');
  return { manifest, folder, sha256 };
}

function isProbe(probe: unknown): boolean {
  const { text, tokens } = (probe ?? {}) as Readonly<Record<string, unknown>>;
  return typeof text === 'string' && Array.isArray(tokens) && tokens.every(Number.isInteger);
}

/** The bytes of one file, once their hash is right. */
export async function readModelFile(
  fs: FileSystem,
  model: {
    readonly folder: string;
    readonly manifest: Pick<ModelManifest, 'id' | 'version' | 'files'>;
  },
  name: string,
  limits: Limits,
): Promise<Uint8Array> {
  const entry = model.manifest.files.find((file) => file.path === name);
  const file = path.join(model.folder, name);
  const stat = await fs.stat(file);
  if (entry === undefined || stat === undefined)
    throw unavailableError(
      'model.missing',
      `the model ${model.manifest.id} has no file ${name}`,
      'Take the folder from the release again.',
    );
  if (stat.size > limits.model_bytes)
    throw badInputError(
      'model.size',
      `${name} is larger than ${limits.model_bytes} bytes`,
      'Raise model_bytes in fractal.json.',
    );
  const bytes = await fs.readFile(file);
  if (sha256(bytes) !== entry.sha256)
    throw integrityError(
      'model.hash',
      `${name} of the model ${model.manifest.id} ${model.manifest.version} is not the file its manifest names`,
      'Take the folder from the release again; a changed model must carry a version and hashes of its own.',
    );
  return bytes;
}
