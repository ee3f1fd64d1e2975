/** Builds what a node has of models besides its embedder: what they are used for, and the record of what they said. */
import path from 'node:path';
import { badInputError, notFoundError, type Limits } from '../base/index.ts';
import {
  EndpointGenerator,
  LlamaGenerator,
  UseCases,
  checkUseCases,
  type Generator,
  type Generators,
  type InferenceLog,
} from '../ai/index.ts';
import type { Store } from '../store/index.ts';
import { buildClassifier, type NodeClassifier } from './build-classifier.ts';
import type { NodeConfig } from './config.ts';
import { StoredInferences } from './inference-log.ts';
import { RUNTIME_FOLDER } from './model-manager.ts';
import { shippedUseCases } from './paths.ts';
import type { Outside } from './parts.ts';

export interface AiOptions {
  readonly dataDir: string;
  readonly config: NodeConfig;
  readonly limits: Limits;
  readonly outside: Outside;
  readonly store: Store;
}

export interface AiParts {
  readonly generators: Generators;
  readonly useCases: UseCases;
  readonly inferences: InferenceLog;
  readonly classifier: NodeClassifier;
}

export async function buildAi({ dataDir, config, limits, outside, store }: AiOptions): Promise<AiParts> {
  const { fs, clock, random } = outside;
  const file = path.resolve(dataDir, config.use_cases ?? shippedUseCases());
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(await fs.readFile(file)));
  } catch (error) {
    throw badInputError(
      'use_case.document',
      'the file of use cases cannot be read, or is not JSON',
      'Correct it.',
      {
        place: { source: file },
        cause: error,
      },
    );
  }
  const useCases = new UseCases(checkUseCases(value, file));
  return {
    useCases,
    classifier: await buildClassifier(dataDir, config, fs, limits),
    inferences: new StoredInferences({ store, useCases, clock, random, limits }),
    generators: generatorsOf(generatorOf(dataDir, config, limits, outside)),
  };
}

/** Nothing is opened or read before the first request. */
function generatorOf(
  dataDir: string,
  { generator }: NodeConfig,
  limits: Limits,
  { fs }: Outside,
): Generator | undefined {
  if (generator === undefined) return undefined;
  if ('endpoint' in generator) return new EndpointGenerator({ hosts: [], ...generator, limits });
  const { gguf, runtime = RUNTIME_FOLDER, draft, ...identity } = generator;
  return new LlamaGenerator({
    ...identity,
    ...(draft === undefined
      ? {}
      : {
          draft:
            draft === 'prompt' ? draft : { file: path.resolve(dataDir, draft.gguf), sha256: draft.sha256 },
        }),
    file: path.resolve(dataDir, gguf),
    runtime: path.resolve(dataDir, runtime),
    fs,
    limits,
  });
}

function generatorsOf(used: Generator | undefined): Generators {
  return {
    find: async (name) => {
      if (name === undefined || name === used?.model.id) return used;
      throw notFoundError(
        'model.unknown',
        'there is no generator of that name here',
        used === undefined
          ? 'None is configured: see generator in docs/configuration.md.'
          : 'Leave the model away.',
      );
    },
    close: async () => {
      if (used instanceof LlamaGenerator) await used.unload();
    },
  };
}
