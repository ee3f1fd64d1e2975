/** What a server needs to open the Flight port of a node. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import path from 'node:path';
import { badInputError } from '../../base/index.ts';
import type { FlightBackend, TlsKeys } from '../../flight/index.ts';
import type { Caller } from '../access.ts';
import type { FlightTls } from '../config.ts';
import type { NodeParts } from '../parts.ts';

/** Who calls, and the id of the credential that says so; without one in single-user mode. */
export interface FlightIdentity {
  /** Name, with the purpose that was declared if there is one: `keyOf`. */
  readonly principal: string;
  readonly credential?: string;
}

/** Tells callers apart, by the rules of all doors. */
export interface FlightGate {
  admit(caller: Caller): Promise<FlightIdentity>;
  /** The name of the principal who was admitted some time ago, as long as they would be admitted now. */
  readmit(
    credential: string | undefined,
    as: string | undefined,
    purpose: string | undefined,
  ): Promise<string>;
}

export interface FlightDoor {
  readonly backend: FlightBackend;
  readonly gate: FlightGate;
  /** Whether the node has users; once it has, it always has. */
  readonly users: boolean;
  /** Undefined: plaintext, which is opened on loopback only. */
  readonly tls: TlsKeys | undefined;
}

/** Keys of the Flight port: its own, or those of all ports. */
export async function readFlightKeys(parts: NodeParts): Promise<TlsKeys | undefined> {
  const { flight_tls: own, tls } = parts.config;
  return own === undefined ? await readKeys(parts, tls, 'tls') : await readKeys(parts, own, 'flight_tls');
}

/** Keys of the HTTP port. */
export const readHttpKeys = (parts: NodeParts): Promise<TlsKeys | undefined> =>
  readKeys(parts, parts.config.tls, 'tls');

async function readKeys(
  parts: NodeParts,
  files: FlightTls | undefined,
  setting: string,
): Promise<TlsKeys | undefined> {
  if (files === undefined) return undefined;
  const read = async (file: string): Promise<Uint8Array> => {
    try {
      return await parts.outside.fs.readFile(path.resolve(parts.dataDir, file));
    } catch (error) {
      throw badInputError(
        `node.${setting}`,
        `a file of ${setting} in fractal.json cannot be read`,
        `Correct the path, or take ${setting} away.`,
        { place: { source: file }, cause: error },
      );
    }
  };
  const [key, cert] = [await read(files.key), await read(files.cert)];
  checkPair(key, cert, setting);
  if (files.client_ca === undefined) return { key, cert };
  return {
    key,
    cert,
    clientAuthorities: await read(files.client_ca),
    clientsOptional: files.client_optional === true,
    ...(files.client_users === undefined ? {} : { clientUsers: files.client_users }),
  };
}

/** A pair that does not fit would be told by every handshake, and by nothing before. */
function checkPair(key: Uint8Array, cert: Uint8Array, setting: string): void {
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(Buffer.from(key)))) return;
  } catch {
    // What is wrong with a key is not for a log.
  }
  throw badInputError(
    `node.${setting}`,
    `cert and key of ${setting} in fractal.json are not a certificate and its key in PEM`,
    'Name the files that belong together.',
  );
}
