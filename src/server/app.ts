/** The HTTP application: guards, routes, errors. It knows no socket; `listen.ts` opens the doors. */
import { Hono } from 'hono';
import { usageError } from '../base/index.ts';
import type { NodeApi } from '../node/index.ts';
import { PRINCIPAL_HEADER, callerOf } from './caller.ts';
import type { App, AppOptions } from './context.ts';
import { SECURITY_HEADERS, guardRequest } from './guard.ts';
import { HANDLERS } from './handlers.ts';
import { problemResponse, shownError } from './problem.ts';
import { ROUTES } from './routes.ts';

export type HttpApp = Hono<App>;

export function createApp(node: NodeApi, options: AppOptions): HttpApp {
  const app = new Hono<App>();

  app.use(async (context, next) => {
    guardRequest(context.req.raw.headers, context.env);
    if (options.admit === undefined) checkPrincipal(context.req.header(PRINCIPAL_HEADER), options.principal);
    await next();
  });
  for (const route of ROUTES)
    app.on(route.method, honoPath(route.path), async (context) => {
      const asked = options.admit?.(callerOf(context.req.raw, context.env)) ?? node;
      return await HANDLERS[route.handler](context, options, asked);
    });

  app.notFound((context) => {
    const methods = ROUTES.filter((route) => matches(route.path, context.req.path)).map(
      (route) => route.method,
    );
    if (methods.length === 0)
      return problemResponse(
        usageError(
          'http.not_found',
          'there is nothing at this path',
          'See /v1/openapi.json for what there is.',
        ),
      );
    const response = problemResponse(
      usageError('http.method', 'this path does not answer this method', `Use ${methods.join(' or ')}.`),
    );
    response.headers.set('allow', methods.join(', '));
    return response;
  });
  app.onError((thrown) => problemResponse(shownError(thrown, options.log)));

  return withSecurityHeaders(app);
}

/** What a part of a path may be: a number where it is `{id}`. */
const partOf = (name: string): string => (name === 'id' ? '[0-9]+' : '[^/]+');

/** Parameters as OpenAPI writes them to those of the router. */
const honoPath = (path: string): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `:${name}{${partOf(name)}}`);

const matches = (path: string, asked: string): boolean =>
  new RegExp(
    `^${path.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, (_, name: string) => partOf(name))}$`,
  ).test(asked);

/** Naming a principal that we cannot become must never be answered with the rights of somebody else. */
function checkPrincipal(asked: string | undefined, principal: string): void {
  if (asked === undefined || asked === principal) return;
  throw usageError(
    'principal.unknown',
    'there is no principal of that name: the node is in single-user mode',
    `Leave --as away, or give ${principal}.`,
  );
}

/** Every answer carries the headers, also those of errors thrown before a route was found. */
function withSecurityHeaders(app: HttpApp): HttpApp {
  const fetch = app.fetch;
  app.fetch = async (request, env, execution) => {
    const response = await fetch(request, env, execution);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value);
    return response;
  };
  return app;
}
