/** `/v1/openapi.json`, derived from the routes. */
import type { JsonSchema } from './json-schema.ts';
import { PROBLEM_TYPE, ROUTES, type Route } from './routes.ts';
import { PROBLEM } from './schemas.ts';

const content = (types: Readonly<Record<string, JsonSchema>>): Record<string, { schema: JsonSchema }> =>
  Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema }]));

function operation(route: Route): object {
  // A parameter is required only if the route takes nothing but the query: an upload has one, JSON import does not.
  const required = route.request === undefined ? (route.query?.required ?? []) : [];
  const parameters = [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: name === 'id' ? 'integer' : 'string' },
    })),
    ...Object.entries(route.query?.properties ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      required: required.includes(name),
      schema,
    })),
  ];
  return {
    operationId: route.handler,
    summary: route.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.request === undefined
      ? {}
      : { requestBody: { required: true, content: content(route.request) } }),
    responses: {
      '200': { description: 'Done.', content: content(route.response) },
      default: {
        description: 'What went wrong and what cures it.',
        content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

export function openApi(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of ROUTES as readonly Route[])
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Fractal',
      version,
      description:
        'A node for environment, safety and health law. In single-user mode it answers on loopback and on a local ' +
        'socket only, without credentials, as the local operator.',
    },
    paths,
    components: { schemas: { Problem: PROBLEM } },
  };
}
