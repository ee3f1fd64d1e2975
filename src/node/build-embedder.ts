/** The embedding model of a node. One that cannot be used does not stop the node: whoever needs it is told why. */
import path from 'node:path';
import { FractalError, type FileSystem, type Limits } from '../base/index.ts';
import { ThreadEmbedder, readModelFolder } from '../ai/index.ts';
import type { Embedder } from '../query/index.ts';
import type { NodeConfig } from './config.ts';
import { pinFault, readRegistry } from './model-registry.ts';
import { shippedModelFolder } from './paths.ts';

export interface EmbedderOptions {
  readonly dataDir: string;
  readonly config: NodeConfig;
  readonly fs: FileSystem;
  readonly limits: Limits;
}

export async function buildEmbedder({ dataDir, config, fs, limits }: EmbedderOptions): Promise<Embedder> {
  try {
    const model = await readModelFolder(fs, path.resolve(dataDir, config.model ?? shippedModelFolder()));
    const { id, version } = model.manifest;
    const fault = pinFault(await readRegistry(fs, dataDir), { id, version, sha256: model.sha256 });
    if (fault !== undefined) throw fault;
    return new ThreadEmbedder({ model, limits });
  } catch (error) {
    if (!(error instanceof FractalError)) throw error;
    return faulty(error);
  }
}

const faulty = (fault: FractalError): Embedder => ({
  model: { id: 'none', version: 'none', sha256: '', dimension: 1 },
  terms: undefined,
  fault,
  embed: () => Promise.reject(fault),
});
