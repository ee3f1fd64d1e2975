/** The models of a node: seen by who uses them, changed by who manages them. */
import path from 'node:path';
import { pathToFileURL, fileURLToPath } from 'node:url';
import {
  FIXED_LIMITS,
  FractalError,
  Serial,
  badInputError,
  integrityError,
  unavailableError,
  usageError,
  type Clock,
  type FileSystem,
  type Limits,
  type Random,
} from '../base/index.ts';
import {
  CARD_FILE,
  EndpointGenerator,
  LlamaGenerator,
  ModelStore,
  checkEndpoint,
  compareVersions,
  modelName,
  offered,
  readCatalogue,
  readClassifierFolder,
  readModelFolder,
  runtimeOf,
  type AnyModelFolder,
  type ModelFile,
  type StoredModel,
} from '../ai/index.ts';
import { Downloads, type NetworkPolicy, type Web, type WebRequest } from '../ingest/index.ts';
import { readConfig, writeConfig, type GeneratorSettings, type NodeConfig } from './config.ts';
import { measureModel, noRuntime, tryModel, type MeasurePorts } from './model-measure.ts';
import { pinFault, readRegistry, writeRegistry, type Registry } from './model-registry.ts';
import type { ModelDetail, ModelInfo, ModelRequest, PullEvent, PullRequest } from './models-api.ts';
import { shippedClassifierFolder, shippedModelFolder, shippedModels } from './paths.ts';

/** What asks other machines, and whether it may. */
export interface Fetching {
  readonly web: Web;
  readonly policy: NetworkPolicy;
}

interface ManagerParts {
  readonly dataDir: string;
  readonly limits: Limits;
  readonly outside: { readonly fs: FileSystem; readonly clock: Clock; readonly random: Random };
  readonly fetching: Fetching;
}

/** Downloads of models, and files of theirs that are on their way to their folder. */
const FETCH_FOLDER = 'fetch-models';
export const MODELS_FOLDER = 'models';
export const RUNTIME_FOLDER = path.join('runtimes', 'llama-cpp');

export class ModelManager {
  readonly #parts: ManagerParts;
  readonly #store: ModelStore;
  /** One change at a time. */
  readonly #turns = new Serial();

  constructor(parts: ManagerParts) {
    this.#parts = parts;
    this.#store = new ModelStore({
      fs: parts.outside.fs,
      folder: path.join(parts.dataDir, MODELS_FOLDER),
      shipped: shippedModels(),
      limits: parts.limits,
    });
  }

  /** What a killed process left. */
  async clear(): Promise<void> {
    await this.#store.clear();
    await this.#downloads(1).clear();
  }

  async list(): Promise<readonly ModelInfo[]> {
    const [config, registry] = [await this.#config(), await this.#registry()];
    return (await this.#store.list()).map((model) => this.#info(model, config, registry));
  }

  async show(name: string): Promise<ModelDetail> {
    return await this.#detail(await this.#named(name, await this.#registry()));
  }

  async manage(request: ModelRequest, signal: AbortSignal): Promise<ModelDetail> {
    return await this.#turns.run(async () => {
      if (request.action === 'add') {
        const added = await this.#store.add(await this.#store.originIn(request.folder), signal);
        return await this.#detail(await this.#store.named(modelName(added.manifest)));
      }
      const registry = await this.#registry();
      const model = await this.#named(request.name, registry);
      switch (request.action) {
        case 'use':
          await this.#use(model, registry);
          break;
        case 'pin':
          await this.#pin(model, registry);
          break;
        case 'unpin':
          await this.#unpin(model, registry);
          break;
        case 'verify':
          await this.#store.verify(model, usable(model), signal);
          if (usable(model).manifest.kind !== 'reranker') await tryModel(this.#measuring(), usable(model));
          break;
        case 'measure':
          await this.#measure(model, registry, signal);
          break;
        case 'remove': {
          const detail = await this.#detail(model);
          await this.#remove(model, registry);
          return detail;
        }
      }
      return await this.#detail(model);
    });
  }

  /** The whole of it in one turn: two pulls of one model would fetch it twice. */
  async *pull(request: PullRequest, signal: AbortSignal): AsyncGenerator<PullEvent> {
    const events: PullEvent[] = [];
    let wake = (): void => undefined;
    const tell = (event: PullEvent): void => {
      events.push(event);
      wake();
    };
    const left = new AbortController();
    let ended = false;
    const work = this.#turns
      .run(() => this.#pull(request, tell, AbortSignal.any([signal, left.signal])))
      .finally(() => {
        ended = true;
        wake();
      });
    // Looked at below, when the events are told.
    work.catch(() => undefined);
    try {
      for (;;) {
        const event = events.shift();
        if (event !== undefined) yield event;
        else if (ended) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      left.abort(
        unavailableError('model.cancelled', 'the download was given up', 'Pull again to go on with it.'),
      );
      await work.catch(() => undefined);
    }
    await work;
  }

  async #pull(request: PullRequest, tell: (event: PullEvent) => void, signal: AbortSignal): Promise<void> {
    const registry = await this.#registry();
    const { allow_network: allowed = false } = request;
    const at = await this.#catalogue(request.from);
    const text = await this.#readCatalogue(at, allowed, signal);
    const pin = Object.hasOwn(registry.pins, request.name) ? registry.pins[request.name] : undefined;
    const { manifest, bytes, urls } = offered(readCatalogue(text, at), request.name, pin?.version);
    const total = manifest.files.length;
    let done = 0;
    const bring = async (file: ModelFile, to: string): Promise<void> => {
      tell({ type: 'file', file: file.path, bytes: file.bytes, done, total });
      const url = urls.get(file.path) ?? at;
      if (url.protocol === 'file:') await this.#store.copy(file, fileURLToPath(url), to);
      else await this.#fetchTo(url, file, to, allowed, signal);
      done++;
    };
    const added = await this.#store.add({ manifest: bytes, card: undefined, bring }, signal);
    tell({ type: 'model', model: await this.#detail(await this.#store.named(modelName(added.manifest))) });
  }

  async #catalogue(from: string | undefined): Promise<URL> {
    const { dataDir } = this.#parts;
    const named = from ?? (await this.#config()).model_catalogue;
    if (named === undefined)
      throw usageError(
        'model.catalogue_missing',
        'no catalogue of models is named',
        'Give --from FILE|URL, or set model_catalogue in fractal.json.',
      );
    if (/^https?:/i.test(named) && URL.canParse(named)) return new URL(named);
    if (/^[a-z]+:\/\//i.test(named))
      throw usageError(
        'model.catalogue',
        'a catalogue is a file of this machine or an http address',
        'Give the path of the file, without file://.',
      );
    return pathToFileURL(path.resolve(dataDir, named));
  }

  async #readCatalogue(at: URL, allowed: boolean, signal: AbortSignal): Promise<Uint8Array> {
    const { fs } = this.#parts.outside;
    const most = FIXED_LIMITS.model_catalogue_bytes.value;
    if (at.protocol === 'file:') {
      const file = fileURLToPath(at);
      const stat = await fs.stat(file);
      if (stat?.isFile() === true && stat.size <= most) return await fs.readFile(file);
      throw badInputError(
        'model.catalogue',
        `there is no catalogue of at most ${most} bytes there`,
        'Name a file or an https address: docs/models.md says what it holds.',
      );
    }
    const { request, file, remove } = await this.#fetch(at, most, allowed, signal);
    try {
      return await fs.readFile(file);
    } finally {
      await remove(request);
    }
  }

  async #fetchTo(
    url: URL,
    file: ModelFile,
    to: string,
    allowed: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const got = await this.#fetch(url, file.bytes, allowed, signal);
    try {
      if (got.sha256 !== file.sha256)
        throw integrityError(
          'model.hash',
          `${file.path} came with another SHA-256 than the catalogue names`,
          'Nothing was taken in. Pull again; if it stays so, tell whoever offers it.',
        );
      await this.#parts.outside.fs.rename(got.file, to);
    } finally {
      await got.remove(got.request);
    }
  }

  /** Fetched whole; resumed by the next call when it was cut. `most` bounds what is taken, whatever the server says. */
  async #fetch(url: URL, most: number, allowed: boolean, signal: AbortSignal) {
    const { fetching, outside } = this.#parts;
    fetching.policy.require(allowed);
    const downloads = this.#downloads(most);
    const request: WebRequest = { url, headers: {}, robots: false };
    const got = await downloads.fetch(request, undefined, signal).catch((error: unknown) => {
      if (!(error instanceof FractalError) || error.code !== 'http.too_large') throw error;
      throw integrityError(
        'model.size',
        `${url.host} sends more than the ${most} bytes that were to come`,
        'Nothing was taken in. Tell whoever offers the model.',
        { cause: error },
      );
    });
    if (got === 'not-modified')
      throw unavailableError('model.fetch', 'the server sent nothing', 'Pull again.');
    const remove = async (asked: WebRequest): Promise<void> => {
      await outside.fs.remove(got.file);
      await downloads.forget(asked);
    };
    return { ...got, request, remove };
  }

  #downloads(most: number): Downloads {
    const { outside, limits, fetching, dataDir } = this.#parts;
    const { fs, clock, random } = outside;
    return new Downloads({
      web: fetching.web,
      fs,
      clock,
      random,
      limits: { ...limits, document_bytes: most },
      folder: path.join(dataDir, FETCH_FOLDER),
    });
  }

  async #use(model: StoredModel, registry: Registry): Promise<void> {
    const { fs } = this.#parts.outside;
    const found = usable(model);
    const { manifest } = found;
    const fault = pinFault(registry, { ...manifest, sha256: found.sha256 });
    if (fault !== undefined) throw fault;
    const config: Record<string, unknown> = { ...(await this.#config()) };
    const set = (name: 'model' | 'classifier', standard: string): void => {
      if (model.folder === standard) Reflect.deleteProperty(config, name);
      else config[name] = model.shipped ? model.folder : path.join(MODELS_FOLDER, model.name);
    };
    switch (manifest.kind) {
      case 'embedding':
        await readModelFolder(fs, model.folder);
        set('model', shippedModelFolder());
        break;
      case 'classifier':
        await readClassifierFolder(fs, model.folder);
        set('classifier', shippedClassifierFolder());
        break;
      case 'generator':
        config['generator'] = generatorSettings(model, found);
        break;
      case 'reranker':
        throw noRuntime(found);
    }
    await writeConfig(fs, this.#parts.dataDir, config as unknown as NodeConfig);
  }

  async #pin(model: StoredModel, registry: Registry): Promise<void> {
    const { manifest, sha256 } = usable(model);
    const config = await this.#config();
    const other = (await this.#store.list()).find(
      (one) =>
        one.found?.manifest.id === manifest.id &&
        one.name !== model.name &&
        isUsed(one, config, this.#parts.dataDir),
    );
    // The node would not start with it.
    if (other !== undefined)
      throw usageError(
        'model.in_use',
        `${other.name} is in use, so ${manifest.id} cannot be pinned to ${manifest.version}`,
        `\`fractal models use ${model.name}\` first.`,
      );
    await this.#remember({
      ...registry,
      pins: { ...registry.pins, [manifest.id]: { version: manifest.version, sha256 } },
    });
  }

  async #unpin(model: StoredModel, registry: Registry): Promise<void> {
    const { id } = usable(model).manifest;
    await this.#remember({
      ...registry,
      pins: Object.fromEntries(Object.entries(registry.pins).filter(([name]) => name !== id)),
    });
  }

  async #remove(model: StoredModel, registry: Registry): Promise<void> {
    if (isPinned(model, registry))
      throw usageError(
        'model.pinned',
        `${model.name} is pinned`,
        `\`fractal models unpin ${model.name}\` first.`,
      );
    if (isUsed(model, await this.#config(), this.#parts.dataDir))
      throw usageError('model.in_use', `${model.name} is in use`, '`fractal models use` another one first.');
    await this.#store.remove(model);
  }

  async #measure(model: StoredModel, registry: Registry, signal: AbortSignal): Promise<void> {
    const found = usable(model);
    const speed = await measureModel(this.#measuring(), found, signal);
    await this.#remember({
      ...registry,
      measured: { ...registry.measured, [found.sha256 ?? model.name]: speed },
    });
  }

  #measuring(): MeasurePorts {
    const { outside, limits, dataDir } = this.#parts;
    const { fs, clock } = outside;
    return {
      fs,
      clock,
      limits,
      generator: ({ manifest, folder }) => {
        const { endpoint, model, context_tokens: context = 1 } = manifest;
        if (endpoint !== undefined && model !== undefined)
          return new EndpointGenerator({ endpoint, model, context_tokens: context, hosts: [], limits });
        const gguf = ggufOf(manifest.files);
        return new LlamaGenerator({
          file: path.join(folder, gguf.path),
          id: manifest.id,
          version: manifest.version,
          sha256: gguf.sha256,
          context_tokens: context,
          ram_bytes_needed: manifest.ram_bytes_needed,
          runtime: path.join(dataDir, RUNTIME_FOLDER),
          fs,
          limits,
        });
      },
    };
  }

  /** By its name, or by its id alone: the pinned version, else the newest. */
  async #named(name: string, registry: Registry): Promise<StoredModel> {
    const models = await this.#store.list();
    if (models.some((one) => one.name === name)) return await this.#store.named(name);
    const pin = Object.hasOwn(registry.pins, name) ? registry.pins[name] : undefined;
    const [newest] = models
      .filter(({ found }) => found?.manifest.id === name)
      .filter(({ found }) => pin === undefined || found?.manifest.version === pin.version)
      .sort((a, b) => compareVersions(b.found?.manifest.version ?? '', a.found?.manifest.version ?? ''));
    return newest ?? (await this.#store.named(name));
  }

  async #detail(model: StoredModel): Promise<ModelDetail> {
    const { fs } = this.#parts.outside;
    const file = path.join(model.folder, CARD_FILE);
    const stat = await fs.stat(file);
    const isCard = stat?.isFile() === true && stat.size <= FIXED_LIMITS.model_card_bytes.value;
    return {
      ...this.#info(model, await this.#config(), await this.#registry()),
      card: model.found?.manifest.card ?? null,
      card_text: isCard ? new TextDecoder().decode(await fs.readFile(file)) : null,
      files: model.found?.manifest.files ?? [],
    };
  }

  #info(model: StoredModel, config: NodeConfig, registry: Registry): ModelInfo {
    const { name, shipped, found, fault } = model;
    const manifest = found?.manifest;
    return {
      name,
      id: manifest?.id ?? name,
      version: manifest?.version ?? '',
      kind: manifest?.kind ?? null,
      format: manifest?.format ?? null,
      runtime: manifest === undefined ? null : runtimeOf(manifest),
      licence: manifest?.licence ?? null,
      bytes: (manifest?.files ?? []).reduce((sum, file) => sum + file.bytes, 0),
      ram_bytes_needed: manifest?.ram_bytes_needed ?? 0,
      sha256: found?.sha256 ?? null,
      dimension: manifest?.dimension ?? null,
      context_tokens: manifest?.context_tokens ?? null,
      in_use: isUsed(model, config, this.#parts.dataDir),
      pinned: isPinned(model, registry),
      shipped,
      measured: registry.measured[found?.sha256 ?? name] ?? null,
      fault: fault?.toProblem() ?? null,
    };
  }

  #config(): Promise<NodeConfig> {
    return readConfig(this.#parts.outside.fs, this.#parts.dataDir);
  }

  #registry(): Promise<Registry> {
    return readRegistry(this.#parts.outside.fs, this.#parts.dataDir);
  }

  #remember(registry: Registry): Promise<void> {
    return writeRegistry(this.#parts.outside.fs, this.#parts.dataDir, registry);
  }
}

function usable({ found, fault, name }: StoredModel): AnyModelFolder {
  if (found !== undefined) return found;
  throw fault ?? unavailableError('model.missing', `the model ${name} is not there`, 'Add it again.');
}

const ggufOf = (files: readonly ModelFile[]): ModelFile => {
  const found = files.find((one) => one.path.endsWith('.gguf'));
  if (found === undefined)
    throw unavailableError('model.missing', 'the model has no GGUF file', 'Add it again.');
  return found;
};

function generatorSettings({ name }: StoredModel, { manifest }: AnyModelFolder): GeneratorSettings {
  const { id, version, endpoint, model, context_tokens: context = 0, files } = manifest;
  if (endpoint !== undefined && model !== undefined) {
    // A folder from a stick must not lead questions off this machine: hosts are named in fractal.json by hand.
    checkEndpoint(endpoint, []);
    return { endpoint, model, context_tokens: context };
  }
  const file = ggufOf(files);
  return {
    gguf: path.join(MODELS_FOLDER, name, file.path),
    id,
    version,
    sha256: file.sha256,
    context_tokens: context,
    ram_bytes_needed: manifest.ram_bytes_needed,
  };
}

function isUsed({ name, folder, found }: StoredModel, config: NodeConfig, dataDir: string): boolean {
  const here = (setting: string | undefined, standard: string): boolean =>
    setting === undefined ? folder === standard : path.resolve(dataDir, setting) === path.resolve(folder);
  switch (found?.manifest.kind) {
    case 'classifier':
      return here(config.classifier, shippedClassifierFolder());
    case 'generator': {
      const { generator } = config;
      if (generator === undefined) return false;
      return 'endpoint' in generator
        ? generator.endpoint === found.manifest.endpoint && generator.model === found.manifest.model
        : generator.gguf.startsWith(path.join(MODELS_FOLDER, name) + path.sep);
    }
    case 'reranker':
      return false;
    case 'embedding':
      return here(config.model, shippedModelFolder());
    case undefined:
      return here(config.model, shippedModelFolder()) || here(config.classifier, shippedClassifierFolder());
  }
}

function isPinned({ found }: StoredModel, { pins }: Registry): boolean {
  if (found === undefined) return false;
  const { id, version } = found.manifest;
  return Object.hasOwn(pins, id) && pins[id]?.version === version;
}
