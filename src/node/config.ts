/** `fractal.json` in the data directory: what an administrator may change. */
import path from 'node:path';
import { DEFAULT_LIMITS, badInputError, notFoundError, type FileSystem, type Limits } from '../base/index.ts';
import { hubFault, retentionFault, type HubSetting, type Retention } from '../audit/index.ts';
import type { NetworkSettings } from '../ingest/index.ts';
import { certificateNameFault } from '../security/index.ts';
import { oidcFault, type OidcSetting } from './oidc.ts';

export interface FlightTls {
  readonly cert: string;
  readonly key: string;
  /** Callers must show a certificate of one of these authorities. */
  readonly client_ca?: string;
  /** The user that a certificate of them stands for, by a name of it. */
  readonly client_users?: Readonly<Record<string, string>>;
  /** Whoever shows no certificate may come in by other credentials. */
  readonly client_optional?: boolean;
}

/** The model that writes: behind an endpoint, or a GGUF file that the node runs itself. */
export type GeneratorSettings =
  | {
      /** `http://127.0.0.1:8080/v1`. */
      readonly endpoint: string;
      /** Its name there. */
      readonly model: string;
      readonly context_tokens: number;
      /** Hosts besides loopback that may be asked. */
      readonly hosts?: readonly string[];
    }
  | {
      /** Path, from the data directory. */
      readonly gguf: string;
      readonly id: string;
      readonly version: string;
      readonly sha256: string;
      readonly context_tokens: number;
      /** What loading it takes; read off the file's size when absent. */
      readonly ram_bytes_needed?: number;
      /** Who guesses tokens for it to check: a GGUF of the same vocabulary, or the prompt. Nobody when absent. */
      readonly draft?: 'prompt' | { readonly gguf: string; readonly sha256: string };
      /** Folder with llama.cpp; `runtimes/llama-cpp` in the data directory when absent. */
      readonly runtime?: string;
    };

export interface NodeConfig {
  readonly name: string;
  readonly role: 'hub' | 'edge';
  readonly region: string;
  readonly sites: readonly string[];
  /** Folder of the embedding model; the one that ships when absent. */
  readonly model?: string;
  /** Folder of the model that labels incidents; the one that ships when absent. */
  readonly classifier?: string;
  /** File or https address of a list of models that may be pulled. */
  readonly model_catalogue?: string;
  /** File with the access policy; the one that ships when absent. */
  readonly policy?: string;
  /** File with what models are used for, their risk classes and thresholds; the one that ships when absent. */
  readonly use_cases?: string;
  /** Absent: nothing on this node writes text. */
  readonly generator?: GeneratorSettings;
  /** TLS of the HTTP and Flight ports: files in PEM, relative to the data directory. */
  readonly tls?: FlightTls;
  /** TLS of the Flight port alone, in place of `tls`: files in PEM, relative to the data directory. */
  readonly flight_tls?: FlightTls;
  /** Issuers whose tokens are taken for users of this node. */
  readonly oidc?: readonly OidcSetting[];
  /** Whether answers are kept for the same question of the same rights until the next commit; true when absent. */
  readonly result_cache?: boolean;
  /** Months that texts of the audit log are kept, by category and `default`; absent: for ever. */
  readonly audit_retention?: Retention;
  /** The hub that a running node sends its audit log to. Absent: none. */
  readonly audit_hub?: HubSetting;
  /** Bounds that differ from LIMITS.md. */
  readonly limits?: Readonly<Record<string, number>>;
  /** Whether, and to whom, the node may open connections. Absent: it opens none. */
  readonly network?: NetworkSettings;
}

export const CONFIG_FILE = 'fractal.json';

const KNOWN = [
  'name',
  'role',
  'region',
  'sites',
  'model',
  'classifier',
  'model_catalogue',
  'policy',
  'use_cases',
  'tls',
  'generator',
  'flight_tls',
  'oidc',
  'result_cache',
  'audit_retention',
  'audit_hub',
  'limits',
  'network',
];

export async function readConfig(fs: FileSystem, dataDir: string): Promise<NodeConfig> {
  const file = path.join(dataDir, CONFIG_FILE);
  if ((await fs.stat(file)) === undefined)
    throw notFoundError(
      'node.absent',
      `there is no node in ${dataDir}`,
      'Run `fractal init`, or name the data directory with --data.',
    );
  const bad = (why: string): Error =>
    badInputError(
      'node.config',
      `${CONFIG_FILE}: ${why}`,
      'Correct the file; docs/configuration.md lists what it may hold.',
      { place: { source: file } },
    );
  let config: NodeConfig;
  try {
    config = JSON.parse(new TextDecoder().decode(await fs.readFile(file))) as NodeConfig;
  } catch {
    throw bad('it is not JSON');
  }
  for (const name of Object.keys(config))
    if (!KNOWN.includes(name)) throw bad(`${name} is not a setting; settings are ${KNOWN.join(', ')}`);
  for (const name of ['name', 'region'] as const)
    if (typeof config[name] !== 'string') throw bad(`${name} must be text`);
  for (const name of ['model', 'classifier', 'model_catalogue'] as const)
    if (!['string', 'undefined'].includes(typeof config[name])) throw bad(`${name} must be text`);
  if (!['hub', 'edge'].includes(config.role)) throw bad('role must be hub or edge');
  if (!Array.isArray(config.sites)) throw bad('sites must be a list');
  if (!['boolean', 'undefined'].includes(typeof config.result_cache))
    throw bad('result_cache must be true or false');
  const fault =
    retentionFault(config.audit_retention) ??
    hubFault(config.audit_hub) ??
    networkFault(config.network) ??
    oidcFault(config.oidc, config.network) ??
    generatorFault(config.generator);
  if (fault !== undefined) throw bad(fault);
  for (const name of ['tls', 'flight_tls'] as const) {
    const wrong = tlsFault(config[name]);
    if (wrong !== undefined) throw bad(`${name} ${wrong}`);
  }
  return config;
}

/** What is wrong with the section, in words. */
function tlsFault(tls: unknown): string | undefined {
  if (tls === undefined) return undefined;
  if (tls === null || typeof tls !== 'object') return 'must be an object';
  const { cert, key, client_ca, client_users, client_optional, ...more } = tls as Record<string, unknown>;
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) return `has no setting ${unknown}`;
  if (typeof cert !== 'string' || typeof key !== 'string') return 'needs cert and key, each a path';
  if (!['string', 'undefined'].includes(typeof client_ca)) return 'client_ca must be a path';
  if (!['boolean', 'undefined'].includes(typeof client_optional))
    return 'client_optional must be true or false';
  if (client_ca === undefined && (client_users !== undefined || client_optional !== undefined))
    return 'says which certificates of clients are taken, and no client_ca to check them by';
  if (client_users === undefined) return undefined;
  if (client_users === null || typeof client_users !== 'object') return 'client_users must be an object';
  for (const [name, user] of Object.entries(client_users)) {
    const fault = certificateNameFault(name) ?? (typeof user === 'string' ? undefined : 'a user is a text');
    if (fault !== undefined) return `client_users: ${fault}`;
  }
  return undefined;
}

const isText = (value: unknown): boolean => typeof value === 'string' && !/[^ -~]/.test(value);
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const NETWORK: Readonly<Record<string, readonly [fits: (value: unknown) => boolean, what: string]>> = {
  enabled: [isFlag, 'true or false'],
  hosts: [(value) => Array.isArray(value) && value.every(isText), 'a list of host names'],
  contact: [isText, 'text in ASCII'],
  ca: [isText, 'the path of a file'],
  loopback: [isFlag, 'true or false'],
};

const ENDPOINT = { endpoint: 'text', model: 'text', context_tokens: 'whole', hosts: 'list' };
const GGUF = {
  gguf: 'text',
  id: 'text',
  version: 'text',
  sha256: 'text',
  context_tokens: 'whole',
  ram_bytes_needed: 'whole',
  draft: 'draft',
  runtime: 'text',
};
const OPTIONAL = ['hosts', 'runtime', 'ram_bytes_needed', 'draft'];

const FITS: Readonly<Record<string, (value: unknown) => boolean>> = {
  text: isText,
  whole: (value) => Number.isSafeInteger(value) && Number(value) > 0,
  list: (value) => Array.isArray(value) && value.every(isText),
  draft: (value) => {
    const { gguf, sha256, ...more } = (value ?? {}) as Readonly<Record<string, unknown>>;
    return value === 'prompt' || (isText(gguf) && isText(sha256) && Object.keys(more).length === 0);
  },
};

/** What is wrong with the section, in words. */
function generatorFault(generator: unknown): string | undefined {
  if (generator === undefined) return undefined;
  if (typeof generator !== 'object' || generator === null) return 'generator must be an object';
  const form: Readonly<Record<string, string>> = 'endpoint' in generator ? ENDPOINT : GGUF;
  const given = generator as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(given)) {
    const type = Object.hasOwn(form, name) ? form[name] : undefined;
    if (type === undefined)
      return `generator.${name} is not a setting; settings are ${Object.keys(form).join(', ')}`;
    if (FITS[type]?.(value) !== true) return `generator.${name} is not of its type`;
  }
  const missing = Object.keys(form).find((name) => !OPTIONAL.includes(name) && !Object.hasOwn(given, name));
  return missing === undefined ? undefined : `generator.${missing} is missing`;
}

/** What is wrong with the section, in words. A setting with a typing error must not pass for one. */
function networkFault(network: unknown): string | undefined {
  if (network === undefined) return undefined;
  if (typeof network !== 'object' || network === null) return 'network must be an object';
  const given = Object.entries(network);
  for (const [name, value] of given) {
    const known = Object.hasOwn(NETWORK, name) ? NETWORK[name] : undefined;
    if (known === undefined)
      return `network.${name} is not a setting; settings are ${Object.keys(NETWORK).join(', ')}`;
    if (!known[0](value)) return `network.${name} must be ${known[1]}`;
  }
  const missing = ['enabled', 'hosts'].find((name) => !Object.hasOwn(network, name));
  return missing === undefined ? undefined : `network.${missing} is missing`;
}

export async function writeConfig(fs: FileSystem, dataDir: string, config: NodeConfig): Promise<void> {
  await fs.writeDurable(path.join(dataDir, CONFIG_FILE), `${JSON.stringify(config, null, 2)}\n`);
}

/** The bounds of this node. A name that is no bound is refused: a typing error must not pass for a limit. */
export function limitsOf(config: NodeConfig): Limits {
  for (const [name, value] of Object.entries(config.limits ?? {}))
    if (!(name in DEFAULT_LIMITS) || !Number.isFinite(value) || value <= 0)
      throw badInputError(
        'node.limit',
        `limits.${name} is not a bound or not a positive number`,
        'LIMITS.md lists the bounds.',
      );
  return { ...DEFAULT_LIMITS, ...config.limits };
}
