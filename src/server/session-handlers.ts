/** Login sessions over HTTP. */
import { unavailableError, usageError } from '../base/index.ts';
import type { LoginDoor, SessionRequest } from '../node/index.ts';
import { jsonBody } from './body.ts';
import type { AppOptions, Handler, RequestContext } from './context.ts';
import { viaOf } from './caller.ts';
import { cookieHeader, sessionOf } from './cookie.ts';
import { NO_BODY } from './json-schema.ts';
import { LOGIN_REQUEST, SESSION_REQUEST } from './session-routes.ts';

interface LoginRequest {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

export const login: Handler = async (context, options) => {
  const request = await jsonBody<LoginRequest>(context, LOGIN_REQUEST, options.limits.http_json_bytes);
  const { user, password, token } = request;
  const shown =
    token !== undefined && user === undefined && password === undefined
      ? { token }
      : token === undefined && user !== undefined && password !== undefined
        ? { id: user, password }
        : undefined;
  if (shown === undefined)
    throw usageError(
      'http.login',
      'the body holds neither name and password nor a token',
      'Send one of them.',
    );
  const { secret, session } = await doorOf(options).login(shown, {
    via: viaOf(context.env),
    address: context.env.address,
    session: sessionOf(context.req.raw.headers, context.env),
  });
  return withCookie(context, session, secret);
};

export const logout: Handler = async (context, options) => {
  await jsonBody(context, NO_BODY, options.limits.http_json_bytes);
  const secret = sessionOf(context.req.raw.headers, context.env);
  if (secret !== undefined) await doorOf(options).logout(secret, { via: viaOf(context.env) });
  return withCookie(context, {}, undefined);
};

export const sessions: Handler = async (context, options, node) => {
  const { http_json_bytes: limit } = options.limits;
  return Response.json(await node.sessions(await jsonBody<SessionRequest>(context, SESSION_REQUEST, limit)));
};

const withCookie = (context: RequestContext, body: object, secret: string | undefined): Response =>
  Response.json(body, { headers: { 'set-cookie': cookieHeader(context.env, secret) } });

function doorOf({ logins }: AppOptions): LoginDoor {
  if (logins !== undefined) return logins;
  throw unavailableError('http.login', 'this node opens no sessions', 'Send credentials with every call.');
}
