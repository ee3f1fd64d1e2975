/** The names that a certificate is for. */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

/** Whether a host name or address, without port and brackets, is one of a certificate's. */
export function namesOf(cert: string | Uint8Array): (host: string) => boolean {
  const certificate = new X509Certificate(Buffer.from(cert));
  return (host) =>
    isIP(host) === 0 ? certificate.checkHost(host) !== undefined : certificate.checkIP(host) !== undefined;
}
