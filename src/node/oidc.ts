/** Issuers of OpenID Connect, as `fractal.json` names them. Keys are read from files, or fetched when a token needs them. */
import path from 'node:path';
import {
  FIXED_LIMITS,
  FractalError,
  badInputError,
  sha256,
  unavailableError,
  type Clock,
  type FileSystem,
  type Limits,
} from '../base/index.ts';
import { NETWORK_OFF, NetworkPolicy, NodeHttpClient, type NetworkSettings } from '../ingest/index.ts';
import type { AuditSink } from '../schema/index.ts';
import {
  IssuerKeys,
  OidcTokens,
  configuredKeys,
  type FetchedKeys,
  type OidcIssuer,
} from '../security/index.ts';

/** One issuer in `fractal.json`. */
export interface OidcSetting extends Omit<OidcIssuer, 'keys'> {
  /** Its public keys as JWKS: a file, relative to the data directory, or an https address. */
  readonly jwks: string;
}

/** What is wrong with the section, in words. */
export function oidcFault(settings: unknown, network: NetworkSettings | undefined): string | undefined {
  if (settings === undefined) return undefined;
  if (!Array.isArray(settings)) return 'oidc must be a list of issuers';
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  for (const one of settings as unknown[]) {
    if (one === null || typeof one !== 'object') return 'oidc must hold objects';
    const { issuer, audience, jwks, claim, users, ...more } = one as Record<string, unknown>;
    const [unknown] = Object.keys(more);
    if (unknown !== undefined) return `oidc.${unknown} is not a setting`;
    if (![issuer, audience, jwks].every(isText)) return 'oidc needs issuer, audience and jwks, each a text';
    if (claim !== undefined && !isText(claim)) return 'oidc.claim must be a text';
    if (users === null || typeof users !== 'object' || !Object.values(users).every(isText))
      return 'oidc.users must name a user for each value of the claim';
    const fault = addressFault(jwks as string, network ?? NETWORK_OFF);
    if (fault !== undefined) return fault;
  }
  const issuers = (settings as OidcSetting[]).map((one) => one.issuer);
  return new Set(issuers).size < issuers.length ? 'oidc names an issuer twice' : undefined;
}

const isAddress = (jwks: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(jwks);

/** An address is asked only if the owner of the node let it ask. It may be of their own network: they named it. */
function addressFault(jwks: string, network: NetworkSettings): string | undefined {
  if (!isAddress(jwks)) return undefined;
  const url = URL.canParse(jwks) ? new URL(jwks) : undefined;
  if (url?.protocol !== 'https:') return 'oidc.jwks is neither a file nor an https address';
  if (url.username !== '' || url.password !== '') return 'oidc.jwks holds a user name or password';
  if (!network.enabled) return 'oidc.jwks is an address, and network.enabled is not true';
  return new NetworkPolicy(network).allowsHost(url.hostname)
    ? undefined
    : 'oidc.jwks is of a host that network.hosts does not allow';
}

export interface OidcPorts {
  readonly fs: FileSystem;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly network: NetworkSettings | undefined;
  readonly audit: AuditSink;
}

export async function readOidc(
  settings: readonly OidcSetting[] | undefined,
  ports: OidcPorts,
): Promise<OidcTokens | undefined> {
  if (settings === undefined) return undefined;
  const { fs, dataDir, clock } = ports;
  const issuers = await Promise.all(
    settings.map(async ({ jwks, ...rest }) => ({
      ...rest,
      keys: isAddress(jwks)
        ? await fetchedKeys(rest.issuer, new URL(jwks), ports)
        : configuredKeys(rest.issuer, await readJson(fs, path.resolve(dataDir, jwks))),
    })),
  );
  return new OidcTokens(issuers, clock);
}

const FOLDER = 'oidc';

/** Nothing is asked before a token needs it. */
async function fetchedKeys(issuer: string, url: URL, ports: OidcPorts): Promise<OidcIssuer['keys']> {
  const { fs, dataDir, clock, limits, network, audit } = ports;
  const file = path.join(dataDir, FOLDER, `${sha256(`${issuer} ${url.href}`)}.json`);
  const ca =
    network?.ca === undefined
      ? undefined
      : new TextDecoder().decode(await fs.readFile(path.resolve(dataDir, network.ca)));
  const policy = { allowsAddress: () => true };
  const source = {
    ask: async (): Promise<unknown> => {
      const client = new NodeHttpClient({ policy, limits, ca });
      try {
        return await fetchJson(client, url, AbortSignal.timeout(limits.oidc_fetch_ms));
      } finally {
        client.close();
      }
    },
    read: async (): Promise<FetchedKeys | undefined> => {
      // One that is damaged is as good as none: it is fetched again.
      const kept = (await readJson(fs, file).catch(() => null)) as FetchedKeys | null;
      return typeof kept?.fetched_at === 'number' ? kept : undefined;
    },
    write: async (fetched: FetchedKeys, changed: boolean): Promise<void> => {
      const text = JSON.stringify(fetched);
      if (changed)
        await audit.record({
          category: 'key',
          action: 'fetched',
          principal: 'system',
          resource: `oidc/${url.hostname}`,
          detail: { keys_sha256: sha256(JSON.stringify(fetched.keys)) },
        });
      await fs.makeFolder(path.dirname(file));
      await fs.writeDurable(file, text, 0o600);
    },
  };
  return new IssuerKeys({ source, clock, limits }).find;
}

const HTTP_OK = 200;

async function fetchJson(client: NodeHttpClient, url: URL, signal: AbortSignal): Promise<unknown> {
  const bad = (why: string): FractalError =>
    unavailableError('oidc.answer', `${url.host} ${why}`, 'Check the jwks address of the issuer.');
  try {
    const answer = await client.send({ url, headers: { accept: 'application/json' }, signal });
    if (answer.status !== HTTP_OK) {
      answer.close();
      throw bad(`answers with status ${answer.status}`);
    }
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of answer.body) {
      parts.push(part);
      if ((bytes += part.length) > FIXED_LIMITS.oidc_jwks_bytes.value) throw bad('answers with too much');
    }
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch (error) {
    if (error instanceof FractalError) throw error;
    throw bad(signal.aborted ? 'did not answer in time' : 'does not answer with JSON');
  }
}

async function readJson(fs: FileSystem, file: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder().decode(await fs.readFile(file)));
  } catch (error) {
    throw badInputError('node.oidc', 'a file of keys cannot be read, or is not JSON', 'Correct the file.', {
      place: { source: file },
      cause: error,
    });
  }
}
