/** What a server needs to open the Flight port of a node. */
import path from 'node:path';
import { badInputError } from '../../base/index.ts';
import type { FlightBackend, TlsKeys } from '../../flight/index.ts';
import type { Caller } from '../access.ts';
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
  /** Undefined: plaintext, which is opened on loopback only. */
  readonly tls: TlsKeys | undefined;
}

export async function readFlightKeys(parts: NodeParts): Promise<TlsKeys | undefined> {
  const { flight_tls: files } = parts.config;
  if (files === undefined) return undefined;
  const read = async (file: string): Promise<Uint8Array> => {
    try {
      return await parts.outside.fs.readFile(path.resolve(parts.dataDir, file));
    } catch (error) {
      throw badInputError(
        'node.flight_tls',
        'a file of flight_tls in fractal.json cannot be read',
        'Correct the path, or take flight_tls away.',
        { place: { source: file }, cause: error },
      );
    }
  };
  const [key, cert] = [await read(files.key), await read(files.cert)];
  const clientAuthorities = files.client_ca === undefined ? undefined : await read(files.client_ca);
  return { key, cert, ...(clientAuthorities === undefined ? {} : { clientAuthorities }) };
}
