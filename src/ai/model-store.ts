/**
 * The models of a node as folders: those that ship, and those that were added. A model comes in whole or not at all: its
 * files are gathered beside the others under a name that no model has, hashed there, made durable, and only then renamed.
 */
import path from 'node:path';
import {
  FIXED_LIMITS,
  FractalError,
  Sha256,
  badInputError,
  integrityError,
  notFoundError,
  unavailableError,
  usageError,
  type FileSystem,
  type Limits,
} from '../base/index.ts';
import {
  checkManifest,
  hashOf,
  isModelName,
  modelName,
  readAnyModel,
  type AnyModelFolder,
  type ModelFile,
} from './model-manifest.ts';

export interface StoredModel {
  readonly name: string;
  readonly folder: string;
  readonly shipped: boolean;
  /** Absent when its `model.json` cannot be read; `fault` then says why. */
  readonly found?: AnyModelFolder;
  readonly fault?: FractalError;
}

export interface ModelStoreOptions {
  readonly fs: FileSystem;
  /** Where added models lie. */
  readonly folder: string;
  /** Folders of the distribution. */
  readonly shipped: readonly string[];
  readonly limits: Limits;
}

/** Where a model comes from, file by file. */
export interface ModelOrigin {
  /** The bytes of its `model.json`. */
  readonly manifest: Uint8Array;
  /** The long card in Markdown, when there is one. */
  readonly card: Uint8Array | undefined;
  /** Puts a file of it at the path. Nothing is believed about it. */
  readonly bring: (file: ModelFile, to: string, signal: AbortSignal) => Promise<void>;
}

export const CARD_FILE = 'README.md';
const STAGING = '.adding-';
const LEAVING = '.removing-';

export class ModelStore {
  readonly #options: ModelStoreOptions;

  constructor(options: ModelStoreOptions) {
    this.#options = options;
  }

  /** Those that ship first, then by name. */
  async list(): Promise<readonly StoredModel[]> {
    const { fs, folder, shipped } = this.#options;
    const added: string[] = [];
    for (const name of await fs.list(folder))
      if (isModelName(name) && (await fs.stat(path.join(folder, name)))?.isDirectory() === true)
        added.push(path.join(folder, name));
    return [
      ...(await Promise.all(shipped.map((one) => this.#read(one, true)))),
      ...(await Promise.all(added.map((one) => this.#read(one, false)))),
    ];
  }

  async #read(folder: string, shipped: boolean): Promise<StoredModel> {
    try {
      const found = await readAnyModel(this.#options.fs, folder);
      const name = shipped ? modelName(found.manifest) : path.basename(folder);
      return { name, folder, shipped, found };
    } catch (error) {
      if (!(error instanceof FractalError)) throw error;
      return { name: path.basename(folder), folder, shipped, fault: error };
    }
  }

  /** Whatever stands in a folder of that name, readable or not. */
  async named(name: string): Promise<StoredModel> {
    const models = await this.list();
    const found = models.find((one) => one.name === name);
    if (found !== undefined) return found;
    throw notFoundError(
      'model.unknown',
      'there is no model of that name here',
      `Models here: ${models.map((one) => one.name).join(', ')}. \`fractal models add FOLDER\` adds one.`,
    );
  }

  /** What a model folder (a USB stick, say) holds. */
  async originIn(folder: string): Promise<ModelOrigin> {
    const { fs } = this.#options;
    await readAnyModel(fs, folder);
    const card = path.join(folder, CARD_FILE);
    const stat = await fs.stat(card);
    const isCard = stat?.isFile() === true && stat.size <= FIXED_LIMITS.model_card_bytes.value;
    return {
      manifest: await fs.readFile(path.join(folder, 'model.json')),
      card: isCard ? await fs.readFile(card) : undefined,
      bring: async (entry, to) => {
        await this.copy(entry, path.join(folder, entry.path), to);
      },
    };
  }

  /** Copies a file of a model that is as long as its manifest says: a longer one could fill the disk before it is hashed. */
  async copy({ path: name, bytes }: ModelFile, from: string, to: string): Promise<void> {
    const { fs } = this.#options;
    const stat = await fs.stat(from);
    if (stat?.isFile() !== true)
      throw unavailableError(
        'model.missing',
        `the folder of the model has no file ${name}`,
        'Copy the whole folder again.',
      );
    if (stat.size !== bytes)
      throw integrityError(
        'model.hash',
        `${name} is not as long as its manifest says`,
        'Take the model from its source again.',
      );
    await fs.copy(from, to);
  }

  /** The model in its own folder. The same model again changes nothing. */
  async add({ manifest: bytes, card, bring }: ModelOrigin, signal: AbortSignal): Promise<AnyModelFolder> {
    const { fs, folder, limits } = this.#options;
    const manifest = checkManifest(bytes, 'the model');
    const name = modelName(manifest);
    for (const file of manifest.files)
      if (file.bytes > limits.model_file_bytes)
        throw badInputError(
          'model.size',
          `${file.path} is larger than ${limits.model_file_bytes} bytes`,
          'Raise model_file_bytes in fractal.json.',
        );
    const models = await this.list();
    const here = models.find((one) => one.name === name);
    if (here?.found !== undefined) {
      const same =
        here.found.sha256 === hashOf(manifest) &&
        here.found.manifest.endpoint === manifest.endpoint &&
        here.found.manifest.model === manifest.model;
      if (same) return here.found;
      throw badInputError(
        'model.conflict',
        `another model is here as ${manifest.id} ${manifest.version}`,
        'Give the new one a version of its own.',
      );
    }
    if (here === undefined && models.length >= limits.models)
      throw badInputError(
        'model.count',
        `this node holds ${limits.models} models already`,
        'Remove one, or raise models in fractal.json.',
      );
    await fs.makeFolder(folder);
    const staging = path.join(folder, STAGING + name);
    await fs.remove(staging);
    try {
      await fs.makeFolder(staging);
      for (const file of manifest.files) {
        signal.throwIfAborted();
        const to = path.join(staging, file.path);
        await bring(file, to, signal);
        // The copy is hashed, not what it was made of: that may change in between.
        await this.#check(file, to, name, signal);
        await fs.setMode(to, 0o600);
        await fs.sync(to);
      }
      await fs.writeDurable(path.join(staging, 'model.json'), bytes);
      if (card !== undefined && !manifest.files.some((one) => one.path === CARD_FILE))
        await fs.writeDurable(path.join(staging, CARD_FILE), card);
      await fs.sync(staging);
      const target = path.join(folder, name);
      // A folder that could not be read makes way for the whole one.
      if (here !== undefined) await this.#takeAway(here);
      await fs.rename(staging, target);
      await fs.sync(folder);
      return await readAnyModel(fs, target);
    } catch (error) {
      await fs.remove(staging).catch(() => undefined);
      throw fullDisk(error) ?? error;
    }
  }

  /** Reads every byte of every file. Throws `model.missing`, `model.hash`. */
  async verify(
    { folder, name }: StoredModel,
    { manifest }: AnyModelFolder,
    signal: AbortSignal,
  ): Promise<void> {
    for (const file of manifest.files) await this.#check(file, path.join(folder, file.path), name, signal);
  }

  async remove(model: StoredModel): Promise<void> {
    const { fs, folder } = this.#options;
    if (model.shipped)
      throw usageError('model.shipped', `${model.name} ships with Fractal and stays`, 'Use another one.');
    await this.#takeAway(model);
    await fs.sync(folder);
  }

  /** Renamed first: a kill in the middle leaves no half of a model. */
  async #takeAway({ name, folder }: StoredModel): Promise<void> {
    const { fs } = this.#options;
    const leaving = path.join(path.dirname(folder), LEAVING + name);
    await fs.remove(leaving);
    await fs.rename(folder, leaving);
    await fs.remove(leaving);
  }

  /** What a killed process left. */
  async clear(): Promise<void> {
    const { fs, folder } = this.#options;
    for (const name of await fs.list(folder))
      if (name.startsWith(STAGING) || name.startsWith(LEAVING)) await fs.remove(path.join(folder, name));
  }

  async #check(file: ModelFile, where: string, model: string, signal: AbortSignal): Promise<void> {
    const { fs } = this.#options;
    const stat = await fs.stat(where);
    if (stat?.isFile() !== true)
      throw unavailableError(
        'model.missing',
        `the model ${model} has no file ${file.path}`,
        'Take the model from its source again.',
      );
    const hash = new Sha256();
    // A file of another length is not worth reading.
    if (stat.size === file.bytes)
      for await (const chunk of fs.readStream(where)) {
        signal.throwIfAborted();
        hash.update(chunk);
      }
    if (stat.size === file.bytes && hash.digest() === file.sha256) return;
    throw integrityError(
      'model.hash',
      `${file.path} of the model ${model} is not the file its manifest names`,
      'Take the model from its source again; a changed model must carry a version and hashes of its own.',
    );
  }
}

function fullDisk(error: unknown): FractalError | undefined {
  const isFull =
    error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
  if (!isFull) return undefined;
  return unavailableError('model.disk', 'there is no room on the disk for the model', 'Free disk space.', {
    cause: error,
  });
}
