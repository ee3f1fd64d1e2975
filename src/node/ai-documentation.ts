/** What is documented of the node's models: for a conformity file, and for whoever asks what answers them. */
import path from 'node:path';
import { readModelFolder, type UseCaseDocument } from '../ai/index.ts';
import { shippedModelFolder } from './paths.ts';
import type { NodeParts } from './parts.ts';

export interface DocumentedModel {
  readonly id: string;
  readonly version: string;
  readonly kind: 'embedding' | 'classifier' | 'generator';
  readonly runtime: string;
  /** Null behind an endpoint. */
  readonly sha256: string | null;
  /** Its manifest or settings, as they are. */
  readonly manifest: object;
  /** The model card in Markdown; null when the model came without one. */
  readonly card: string | null;
}

export interface AiDocumentation {
  readonly use_cases: UseCaseDocument;
  readonly models: readonly DocumentedModel[];
}

export async function documentAi(parts: NodeParts): Promise<AiDocumentation> {
  const { dataDir, config, generators, useCases, outside } = parts;
  const classifier = parts.classifier.demand();
  const cardIn = async (folder: string): Promise<string | null> => {
    const file = path.join(folder, 'README.md');
    if ((await outside.fs.stat(file)) === undefined) return null;
    return new TextDecoder().decode(await outside.fs.readFile(file));
  };
  const folder = path.resolve(dataDir, config.model ?? shippedModelFolder());
  const embedding = await readModelFolder(outside.fs, folder);
  const generator = (await generators.find())?.model;
  return {
    use_cases: useCases.document,
    models: [
      {
        ...identityOf(embedding),
        kind: 'embedding',
        runtime: 'onnx',
        card: await cardIn(folder),
      },
      {
        ...identityOf(classifier.model),
        kind: 'classifier',
        runtime: 'onnx',
        card: await cardIn(classifier.model.folder),
      },
      ...(generator === undefined
        ? []
        : [{ ...generator, kind: 'generator', manifest: generator, card: null } as const]),
    ],
  };
}

function identityOf<M extends { readonly id: string; readonly version: string }>({
  manifest,
  sha256,
}: {
  readonly manifest: M;
  readonly sha256: string;
}): Pick<DocumentedModel, 'id' | 'version' | 'sha256' | 'manifest'> {
  return { id: manifest.id, version: manifest.version, sha256, manifest };
}
