/** What every model says of itself in `model.json`, whatever its kind. What only one kind has is read where it is used. */
import path from 'node:path';
import {
  FIXED_LIMITS,
  badInputError,
  sha256,
  unavailableError,
  type FileSystem,
  type FractalError,
} from '../base/index.ts';

export const MODEL_KINDS = ['embedding', 'classifier', 'reranker', 'generator'] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What a reader must know before they rely on it. The long form is README.md beside it. */
export interface ModelCard {
  readonly purpose: string;
  /** What it was trained on. */
  readonly data: string;
  /** How often it is right, and on what that was measured. */
  readonly figures: readonly string[];
  /** What it cannot do. */
  readonly limits: readonly string[];
}

export interface AnyManifest {
  readonly id: string;
  readonly version: string;
  readonly kind: ModelKind;
  readonly format: 'onnx' | 'onnx-int8' | 'gguf' | 'endpoint';
  readonly licence: string;
  readonly files: readonly ModelFile[];
  readonly card: ModelCard | undefined;
  /** What loading it takes; for a GGUF without one, its size and a quarter. */
  readonly ram_bytes_needed: number;
  /** Length of an embedding model's vectors. */
  readonly dimension?: number;
  /** Of a generator: prompt and answer together. */
  readonly context_tokens?: number;
  /** Of an endpoint: its address, and the model's name there. */
  readonly endpoint?: string;
  readonly model?: string;
}

export interface AnyModelFolder {
  readonly manifest: AnyManifest;
  readonly folder: string;
  /** SHA-256 over the sorted hashes of its files; null for an endpoint, whose files nobody here sees. */
  readonly sha256: string | null;
  /** SHA-256 of `model.json` itself. */
  readonly manifest_sha256: string;
}

export type ModelRuntime = 'onnx' | 'llama.cpp' | 'endpoint';

/** Of each format the program that runs it, and the kinds that it can be. */
const FORMATS: Readonly<Record<AnyManifest['format'], readonly [ModelRuntime, readonly ModelKind[]]>> = {
  onnx: ['onnx', ['embedding', 'classifier', 'reranker']],
  'onnx-int8': ['onnx', ['embedding', 'classifier', 'reranker']],
  gguf: ['llama.cpp', ['generator']],
  endpoint: ['endpoint', ['generator']],
};

/** What a GGUF file of that size takes when nothing says it: itself, and room for context and buffers. */
export const ggufMemory = (bytes: number): number => Math.ceil(bytes * 1.25);

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
const HASH = /^[0-9a-f]{64}$/;

export const runtimeOf = ({ format }: Pick<AnyManifest, 'format'>): ModelRuntime => FORMATS[format][0];

/** What commands call it. */
export const modelName = ({ id, version }: Pick<AnyManifest, 'id' | 'version'>): string => `${id}-${version}`;

export const isModelName = (name: string): boolean => /^[a-z0-9][a-z0-9._-]{0,128}$/i.test(name);

/** Throws `model.missing` or `model.manifest`. Does not touch the files. */
export async function readAnyModel(fs: FileSystem, folder: string): Promise<AnyModelFolder> {
  const file = path.join(folder, 'model.json');
  const stat = await fs.stat(file);
  if (stat === undefined)
    throw unavailableError(
      'model.missing',
      `there is no model.json in the folder of the model ${path.basename(folder)}`,
      'Name a folder with a model, or restore this one from its source.',
    );
  const most = FIXED_LIMITS.model_manifest_bytes.value;
  if (!stat.isFile() || stat.size > most)
    throw unusable(path.basename(folder), `it is not a file of at most ${most} bytes`);
  const bytes = await fs.readFile(file);
  const manifest = checkManifest(bytes, path.basename(folder));
  return { manifest, folder, sha256: hashOf(manifest), manifest_sha256: sha256(bytes) };
}

export function hashOf({ format, files }: Pick<AnyManifest, 'format' | 'files'>): string | null {
  return format === 'endpoint'
    ? null
    : sha256(
        files
          .map((entry) => entry.sha256)
          .sort()
          .join('\n'),
      );
}

/** Throws `model.manifest`. */
export function checkManifest(bytes: Uint8Array, where: string): AnyManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw unusable(where, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw unusable(where, 'it is not an object');
  const given = value as Readonly<Record<string, unknown>>;
  const { id, version, kind, format, licence } = given;
  if (!NAME.test(String(id)) || !NAME.test(String(version)))
    throw unusable(where, 'its id or version is not a plain name');
  if (!MODEL_KINDS.includes(kind as ModelKind))
    throw unusable(where, `its kind is none of ${MODEL_KINDS.join(', ')}`);
  if (typeof format !== 'string' || !Object.hasOwn(FORMATS, format))
    throw unusable(where, `its format is none of ${Object.keys(FORMATS).join(', ')}`);
  if (!FORMATS[format as AnyManifest['format']][1].includes(kind as ModelKind))
    throw unusable(where, `a ${String(kind)} cannot be of the format ${format}`);
  if (typeof licence !== 'string' || licence === '') throw unusable(where, 'it names no licence');
  const files = filesOf(given['files'] ?? [], where);
  if (format === 'endpoint' ? files.length > 0 : files.length === 0)
    throw unusable(where, format === 'endpoint' ? 'an endpoint has no files' : 'it names no files');
  if (format === 'gguf' && files.filter((one) => one.path.endsWith('.gguf')).length !== 1)
    throw unusable(where, 'it must name one file that ends in .gguf');
  for (const name of ['endpoint', 'model'])
    if (format === 'endpoint' && typeof given[name] !== 'string') throw unusable(where, `${name} is missing`);
  const whole = (name: string): number | undefined => {
    const number = given[name];
    if (number === undefined) return undefined;
    if (!Number.isSafeInteger(number) || Number(number) < 1)
      throw unusable(where, `${name} is no whole number above 0`);
    return Number(number);
  };
  const ram = whole('ram_bytes_needed');
  if (ram === undefined && runtimeOf({ format: format as AnyManifest['format'] }) === 'onnx')
    throw unusable(where, 'ram_bytes_needed is missing');
  if (kind === 'generator' && whole('context_tokens') === undefined)
    throw unusable(where, 'context_tokens is missing');
  if (kind === 'embedding' && whole('dimension') === undefined) throw unusable(where, 'dimension is missing');
  const bytesOfAll = files.reduce((sum, one) => sum + one.bytes, 0);
  return {
    ...(given as unknown as AnyManifest),
    files,
    card: cardOf(given['card'], where),
    ram_bytes_needed: ram ?? ggufMemory(bytesOfAll),
  };
}

function filesOf(value: unknown, where: string): readonly ModelFile[] {
  const most = FIXED_LIMITS.model_files.value;
  if (!Array.isArray(value) || value.length > most)
    throw unusable(where, `files is no list of at most ${most}`);
  const files = value as readonly Partial<ModelFile>[];
  for (const one of files) {
    const name = one?.path;
    if (typeof name !== 'string' || name !== path.basename(name) || !NAME.test(name) || name === 'model.json')
      throw unusable(where, 'a file has no plain name, or lies outside its folder');
    if (!Number.isSafeInteger(one.bytes) || Number(one.bytes) < 0)
      throw unusable(where, `the size of ${name}`);
    if (!HASH.test(String(one.sha256))) throw unusable(where, `the SHA-256 of ${name}`);
  }
  if (new Set(files.map((one) => one.path?.toLowerCase())).size < files.length)
    throw unusable(where, 'it names a file twice');
  return files as readonly ModelFile[];
}

function cardOf(value: unknown, where: string): ModelCard | undefined {
  if (value === undefined) return undefined;
  const { purpose, data, figures, limits } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const lines = (list: unknown): boolean =>
    Array.isArray(list) && list.every((one) => typeof one === 'string');
  if (typeof purpose === 'string' && typeof data === 'string' && lines(figures) && lines(limits))
    return value as ModelCard;
  throw unusable(where, 'its card needs purpose and data as text, figures and limits as lists of text');
}

export const unusable = (where: string, why: string): FractalError =>
  badInputError(
    'model.manifest',
    `model.json of ${where} is not usable: ${why}`,
    'Take the model from its source again; docs/models.md says what model.json holds.',
  );
