/** Certificates that callers show to a TLS port: asked for, checked, and read. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket, TlsOptions } from 'node:tls';

export interface TlsKeys {
  readonly key: string | Uint8Array;
  readonly cert: string | Uint8Array;
  /** Asks clients for certificates of these authorities and refuses others. */
  readonly clientAuthorities?: string | Uint8Array;
  /** Whether a client may also come without one. One that does not hold is refused in any case. */
  readonly clientsOptional?: boolean;
  /** The user that a certificate stands for, by a name of it; without this it is no credential. */
  readonly clientUsers?: Readonly<Record<string, string>>;
}

export function tlsOptions({ key, cert, clientAuthorities, clientsOptional }: TlsKeys): TlsOptions {
  return {
    key: Buffer.from(key),
    cert: Buffer.from(cert),
    minVersion: 'TLSv1.3',
    ...(clientAuthorities === undefined
      ? {}
      : {
          ca: Buffer.from(clientAuthorities),
          requestCert: true,
          rejectUnauthorized: clientsOptional !== true,
        }),
  };
}

/** The certificate of a connection, if it was shown and its chain holds. */
export function peerCertificate(socket: TLSSocket | undefined): X509Certificate | undefined {
  // A session that is taken up again counts as authorized also without a certificate: then there is none to read.
  return socket?.encrypted && socket.authorized ? socket.getPeerX509Certificate() : undefined;
}

/** For `secureConnection`: whoever shows a certificate that does not hold is not answered as one who shows none. */
export function refuseUnchecked(socket: TLSSocket): void {
  if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) socket.destroy();
}
