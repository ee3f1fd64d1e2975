/** Builds what fetches. Opens nothing: the first connection is made by the first document asked for. */
import path from 'node:path';
import type { Limits } from '../base/index.ts';
import {
  Downloads,
  NETWORK_OFF,
  NetworkPolicy,
  NodeHttpClient,
  Sources,
  Web,
  type HttpClient,
  type Importer,
} from '../ingest/index.ts';
import type { Store } from '../store/index.ts';
import type { NodeConfig } from './config.ts';
import type { Fetching } from './model-manager.ts';
import type { Outside } from './parts.ts';
import { VERSION } from './status.ts';

const FETCH_FOLDER = 'fetch';

export async function buildSources(made: {
  readonly dataDir: string;
  readonly config: NodeConfig;
  readonly limits: Limits;
  readonly outside: Outside;
  readonly store: Store;
  readonly importer: Importer;
}): Promise<{ readonly sources: Sources; readonly http: HttpClient; readonly fetching: Fetching }> {
  const { dataDir, config, limits, outside, store, importer } = made;
  const { clock, random, fs, pause } = outside;
  const settings = config.network ?? NETWORK_OFF;
  const policy = new NetworkPolicy(settings);
  const ca =
    settings.ca === undefined
      ? undefined
      : new TextDecoder().decode(await fs.readFile(path.resolve(dataDir, settings.ca)));
  const http = new NodeHttpClient({ policy, limits, ca });
  const contact = settings.contact === undefined ? '' : ` (${settings.contact})`;
  const web = new Web({
    client: http,
    policy,
    clock,
    random,
    pause,
    limits,
    userAgent: `Fractal/${VERSION}${contact}`,
  });
  const downloads = new Downloads({
    web,
    fs,
    clock,
    random,
    limits,
    folder: path.join(dataDir, FETCH_FOLDER),
  });
  await downloads.clear();
  return {
    sources: new Sources({ store, importer, web, downloads, policy, fs, clock, limits }),
    http,
    fetching: { web, policy },
  };
}
