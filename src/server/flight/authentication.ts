/** Who calls: by the rules of HTTP, and by a token that a handshake gave for name and password. */
import { FractalError, deniedError } from '../../base/index.ts';
import type { GrpcCall } from '../../flight/index.ts';
import {
  LOCAL_OPERATOR,
  readKey,
  type Caller,
  type FlightGate,
  type FlightIdentity,
} from '../../node/index.ts';
import { PRINCIPAL_HEADER, PURPOSE_HEADER } from '../caller.ts';
import type { Handles } from './handles.ts';

/** What a token of a handshake stands for: it is good as long as what was shown for it. */
export interface Grant {
  readonly credential: string | undefined;
  readonly as: string | undefined;
}

/** What decides about who comes in at a port. */
export interface Admission {
  readonly gate: FlightGate;
  readonly clientUsers?: Readonly<Record<string, string>> | undefined;
}

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);

/** The name of the principal who calls. Throws `flight.unauthenticated`, the same for all that was shown in vain. */
export async function principalOf(
  call: GrpcCall,
  { gate, clientUsers }: Admission,
  tokens: Handles<Grant>,
): Promise<string> {
  const as = headerOf(call, PRINCIPAL_HEADER);
  const purpose = headerOf(call, PURPOSE_HEADER);
  const shown = shownBy(call);
  const handle = shown.bearer === undefined ? undefined : readBearer(shown.bearer);
  const { principal } = await checked(call, async () => {
    if (handle === undefined)
      return await gate.admit({
        credentials: credentialsOf(shown) ?? certificateOf(call, clientUsers),
        ...{ as, purpose, address: call.peer.address },
      });
    const grant = tokens.find(handle.principal, handle.bytes);
    return { principal: await gate.readmit(grant.credential, as ?? grant.as, purpose) };
  });
  return principal;
}

/** The same for a handshake, with a token for later calls as an `authorization` header. */
export async function handshake(
  call: GrpcCall,
  { gate, clientUsers }: Admission,
  tokens: Handles<Grant>,
): Promise<string> {
  const as = headerOf(call, PRINCIPAL_HEADER);
  const { principal, credential } = await checked(call, () =>
    gate.admit({
      credentials: credentialsOf(shownBy(call)) ?? certificateOf(call, clientUsers),
      ...{ as, address: call.peer.address },
    }),
  );
  const token = tokens.issue(principal, { credential, as });
  return `Bearer ${base64url(token)}.${base64url(Buffer.from(principal))}`;
}

/** Where certificates of clients are credentials, the one of this connection. */
function certificateOf({ peer }: GrpcCall, users: Admission['clientUsers']): Caller['credentials'] {
  const { certificate } = peer;
  return users === undefined || certificate === undefined ? undefined : { certificate, users };
}

/** Whom the caller wants to act as, or what for. */
function headerOf(call: GrpcCall, name: string): string | undefined {
  const header = call.metadata[name];
  return typeof header === 'object' ? header.join() : header;
}

async function checked(call: GrpcCall, ask: () => Promise<FlightIdentity>): Promise<FlightIdentity> {
  let identity: FlightIdentity;
  try {
    identity = await ask();
  } catch (error) {
    if (!(error instanceof FractalError)) throw error;
    if (error.code === 'auth.required')
      throw unauthenticated('the node has users, and the call shows no credentials');
    if (!VAIN.includes(error.code)) throw error;
    throw unauthenticated('the credentials are not accepted');
  }
  if (readKey(identity.principal).id === LOCAL_OPERATOR.id && !LOOPBACK.has(call.peer.address))
    throw unauthenticated('single-user mode answers this machine only');
  return identity;
}

/** How it is refused: with users, without, by a token that is none. */
const VAIN = ['auth.failed', 'principal.unknown', 'flight.handle'];

interface Shown {
  readonly basic?: { readonly id: string; readonly password: string };
  readonly bearer?: string;
}

function shownBy(call: GrpcCall): Shown {
  const [scheme = '', rest = ''] = (call.metadata.authorization ?? '').split(' ', 2);
  switch (scheme.toLowerCase()) {
    case '':
      return {};
    case 'basic':
      return { basic: readBasic(rest) };
    case 'bearer':
      return { bearer: rest };
    default:
      throw unauthenticated('the authorization header is of no known kind', 'Send Basic or Bearer.');
  }
}

/** Drivers that insist on a name give the operator's, with an empty password: that is to show nothing. */
function credentialsOf({ basic, bearer }: Shown): Caller['credentials'] {
  if (bearer !== undefined) return { token: bearer };
  if (basic === undefined || (basic.id === LOCAL_OPERATOR.id && basic.password === '')) return undefined;
  return basic;
}

/** A token of a handshake; undefined for any other. */
function readBearer(text: string): { readonly principal: string; readonly bytes: Uint8Array } | undefined {
  const [handle = '', principal, ...more] = text.split('.');
  // One of OpenID Connect has three parts.
  if (principal === undefined || more.length > 0) return undefined;
  return {
    principal: Buffer.from(principal, 'base64url').toString('utf8'),
    bytes: Buffer.from(handle, 'base64url'),
  };
}

function readBasic(text: string): { readonly id: string; readonly password: string } {
  const plain = Buffer.from(text, 'base64').toString('utf8');
  const at = plain.indexOf(':');
  if (at < 0) throw unauthenticated('the Basic credentials are malformed');
  return { id: plain.slice(0, at), password: plain.slice(at + 1) };
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

function unauthenticated(why: string, cure = 'Authenticate again.'): FractalError {
  return deniedError('flight.unauthenticated', why, cure);
}
