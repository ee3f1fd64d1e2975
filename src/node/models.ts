/** Models in a data directory: what is here, what is in use, adding one from a folder. No network. */
import path from 'node:path';
import { addModel, readModelFolder, type ModelFolder } from '../ai/index.ts';
import { notFoundError } from '../base/index.ts';
import { limitsOf, readConfig, writeConfig } from './config.ts';
import { SYSTEM } from './parts.ts';
import { shippedModelFolder } from './paths.ts';

export interface ModelInfo {
  /** `id-version`: what `use` takes. */
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly dimension: number;
  readonly licence: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly in_use: boolean;
  readonly shipped: boolean;
}

const { fs } = SYSTEM;
const modelsFolder = (dataDir: string): string => path.join(dataDir, 'models');

async function folders(dataDir: string): Promise<string[]> {
  const added = (await fs.list(modelsFolder(dataDir))).filter((name) => !name.endsWith('.adding'));
  return [shippedModelFolder(), ...added.map((name) => path.join(modelsFolder(dataDir), name))];
}

const nameOf = ({ manifest }: ModelFolder): string => `${manifest.id}-${manifest.version}`;

export async function listModels(dataDir: string): Promise<ModelInfo[]> {
  const config = await readConfig(fs, dataDir);
  const used = path.resolve(dataDir, config.model ?? shippedModelFolder());
  const models = await Promise.all((await folders(dataDir)).map((folder) => readModelFolder(fs, folder)));
  return models.map((model) => ({
    name: nameOf(model),
    id: model.manifest.id,
    version: model.manifest.version,
    dimension: model.manifest.dimension,
    licence: model.manifest.licence,
    bytes: model.manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    sha256: model.sha256,
    in_use: model.folder === used,
    shipped: model.folder === shippedModelFolder(),
  }));
}

/** Copies a model into the data directory once every hash is right. Answers its name. */
export async function addModelFrom(dataDir: string, folder: string): Promise<string> {
  const config = await readConfig(fs, dataDir);
  const { sha256 } = await readModelFolder(fs, folder);
  const here = (await listModels(dataDir)).find((model) => model.sha256 === sha256);
  if (here !== undefined) return here.name;
  await fs.makeFolder(modelsFolder(dataDir));
  return nameOf(await addModel(fs, folder, modelsFolder(dataDir), limitsOf(config)));
}

/** The node uses the model from its next start; its index must then be made again. */
export async function useModel(dataDir: string, name: string): Promise<void> {
  const models = await listModels(dataDir);
  const chosen = models.find((model) => model.name === name);
  if (chosen === undefined)
    throw notFoundError(
      'model.unknown',
      'there is no model of that name here',
      `Models here: ${models.map((model) => model.name).join(', ')}. \`fractal models add FOLDER\` adds one.`,
    );
  const config = await readConfig(fs, dataDir);
  // All but the model as it was.
  const next = { ...config, model: path.join('models', name) };
  if (chosen.shipped) Reflect.deleteProperty(next, 'model');
  await writeConfig(fs, dataDir, next);
}
