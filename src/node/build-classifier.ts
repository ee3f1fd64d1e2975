/** The model that labels incidents. One that cannot be used does not stop the node: whoever needs it is told why. */
import path from 'node:path';
import { IncidentClassifier, readClassifierFolder, type ClassifierFolder } from '../ai/index.ts';
import { FractalError, type FileSystem, type Limits } from '../base/index.ts';
import type { NodeConfig } from './config.ts';
import { pinFault, readRegistry } from './model-registry.ts';
import { shippedClassifierFolder } from './paths.ts';

export interface NodeClassifier {
  /** Undefined when it cannot be used. */
  readonly model: ClassifierFolder | undefined;
  /** Throws why it cannot be used. */
  demand(): IncidentClassifier;
  unload(): Promise<void>;
}

export async function buildClassifier(
  dataDir: string,
  config: NodeConfig,
  fs: FileSystem,
  limits: Limits,
): Promise<NodeClassifier> {
  try {
    const folder = path.resolve(dataDir, config.classifier ?? shippedClassifierFolder());
    const model = await readClassifierFolder(fs, folder);
    const fault = pinFault(await readRegistry(fs, dataDir), { ...model.manifest, sha256: model.sha256 });
    if (fault !== undefined) throw fault;
    const classifier = new IncidentClassifier({ model, fs, limits });
    return { model, demand: () => classifier, unload: () => classifier.unload() };
  } catch (error) {
    if (!(error instanceof FractalError)) throw error;
    const demand = (): never => {
      throw error;
    };
    return { model: undefined, demand, unload: () => Promise.resolve() };
  }
}
