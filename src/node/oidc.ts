/** Issuers of OpenID Connect, as `fractal.json` names them. Keys are read from files: nothing is fetched. */
import path from 'node:path';
import { badInputError, type Clock, type FileSystem } from '../base/index.ts';
import { OidcTokens, type OidcIssuer } from '../security/index.ts';

/** One issuer in `fractal.json`. */
export interface OidcSetting extends Omit<OidcIssuer, 'keys'> {
  /** File with its public keys as JWKS, relative to the data directory. */
  readonly jwks: string;
}

/** What is wrong with the section, in words. */
export function oidcFault(settings: unknown): string | undefined {
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
  }
  const issuers = (settings as OidcSetting[]).map((one) => one.issuer);
  return new Set(issuers).size < issuers.length ? 'oidc names an issuer twice' : undefined;
}

export async function readOidc(
  fs: FileSystem,
  dataDir: string,
  settings: readonly OidcSetting[] | undefined,
  clock: Clock,
): Promise<OidcTokens | undefined> {
  if (settings === undefined) return undefined;
  const issuers = await Promise.all(
    settings.map(async ({ jwks, ...rest }) => ({
      ...rest,
      keys: await readJson(fs, path.resolve(dataDir, jwks)),
    })),
  );
  return new OidcTokens(issuers, clock);
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
