/**
 * Certificates of clients as credentials. The port has checked the chain to its authority and that the client holds the key;
 * here is whose a certificate is, by the names that the owner of the node gave users. What is not named lets nobody in.
 */
import type { X509Certificate } from 'node:crypto';

/** A certificate that a port has checked, and what that port says about names. */
export interface ShownCertificate {
  readonly certificate: X509Certificate;
  /** User of this node by name of the certificate, in one of `NAME_FORMS`. */
  readonly users: Readonly<Record<string, string>>;
}

/** How a name is written in the configuration. */
export const NAME_FORMS = [
  'subject:O=Example, CN=Ann',
  'email:ann@example.org',
  'uri:spiffe://example.org/ann',
  'dns:edge-7.example.org',
  'sha256:<fingerprint>',
] as const;

/** What is wrong with a name of the configuration, in words. */
export function certificateNameFault(name: string): string | undefined {
  if (/^sha256:[0-9a-f]{64}$/.test(name) || /^(?:subject|email|uri|dns):[ -~]+$/.test(name)) return undefined;
  return `a name of a certificate is written as one of ${NAME_FORMS.join(', ')}`;
}

/** The user of a certificate and when it ends (milliseconds since 1970); undefined when it is nobody's, or of several. */
export function userOfCertificate({
  certificate,
  users,
}: ShownCertificate): { readonly user: string; readonly expires: number } | undefined {
  const found = new Set(
    namesOf(certificate).flatMap((name) => (Object.hasOwn(users, name) ? [users[name]] : [])),
  );
  const [user] = found;
  // Two users of one certificate is nobody's intention.
  if (user === undefined || found.size > 1) return undefined;
  return { user, expires: certificate.validToDate.getTime() };
}

const FORMS: Readonly<Record<string, string>> = { email: 'email', URI: 'uri', DNS: 'dns' };
/** Node writes values that could be mistaken for several as JSON. */
const ENTRY = /([A-Za-z][\w ]*):("(?:[^"\\]|\\.)*"|[^,"]*)(?:, |$)/gy;

function namesOf(certificate: X509Certificate): string[] {
  const names = [
    `sha256:${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`,
    ...(certificate.subject === '' ? [] : [`subject:${certificate.subject.split('\n').join(', ')}`]),
  ];
  for (const [, kind = '', written = ''] of (certificate.subjectAltName ?? '').matchAll(ENTRY)) {
    const form = FORMS[kind];
    if (form === undefined) continue;
    const value = written.startsWith('"') ? (JSON.parse(written) as string) : written;
    names.push(`${form}:${value}`);
  }
  return names;
}
