/** What the node remembers of models besides their folders: which version is pinned, and speeds on this machine. */
import path from 'node:path';
import { badInputError, integrityError, type FileSystem, type FractalError } from '../base/index.ts';
import type { ModelSpeed } from './models-api.ts';

export interface Pin {
  readonly version: string;
  /** Over the hashes of its files; null for an endpoint. */
  readonly sha256: string | null;
}

export interface Registry {
  /** By id. */
  readonly pins: Readonly<Record<string, Pin>>;
  /** By the hash over the model's files; of an endpoint by its name. */
  readonly measured: Readonly<Record<string, ModelSpeed>>;
}

const FORMAT = 'fractal.model-registry/1';
const fileOf = (dataDir: string): string => path.join(dataDir, 'models.json');

export async function readRegistry(fs: FileSystem, dataDir: string): Promise<Registry> {
  const file = fileOf(dataDir);
  if ((await fs.stat(file)) === undefined) return { pins: {}, measured: {} };
  try {
    const value = JSON.parse(new TextDecoder().decode(await fs.readFile(file))) as Registry & {
      format: string;
    };
    if (value.format === FORMAT && typeof value.pins === 'object' && typeof value.measured === 'object')
      return { pins: value.pins, measured: value.measured };
  } catch {
    // Told below: a pin that cannot be read must not pass for none.
  }
  throw badInputError(
    'model.registry',
    'models.json in the data directory cannot be read',
    'Restore or remove it.',
    {
      place: { source: file },
    },
  );
}

export async function writeRegistry(fs: FileSystem, dataDir: string, registry: Registry): Promise<void> {
  await fs.writeDurable(fileOf(dataDir), `${JSON.stringify({ format: FORMAT, ...registry }, null, 2)}\n`);
}

/** What stands against the use of a model. */
export function pinFault(
  { pins }: Registry,
  { id, version, sha256 }: { readonly id: string; readonly version: string; readonly sha256: string | null },
): FractalError | undefined {
  const pin = Object.hasOwn(pins, id) ? pins[id] : undefined;
  if (pin === undefined || (pin.version === version && pin.sha256 === sha256)) return undefined;
  return integrityError(
    'model.pinned',
    pin.version === version
      ? `the files of the model ${id} ${version} are not the ones that were pinned`
      : `the model ${id} is pinned to version ${pin.version}, and this is ${version}`,
    `Use the pinned one, or give it free with \`fractal models unpin ${id}\`.`,
  );
}
