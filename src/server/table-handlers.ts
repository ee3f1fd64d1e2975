/** `/v1/tables`: files that SQL reads as tables. A path of the node's machine is taken from its local socket only. */
import { deniedError } from '../base/index.ts';
import type { ExternalTableRequest } from '../node/index.ts';
import { jsonBody } from './body.ts';
import type { Handler } from './context.ts';
import { EXTERNAL_REQUEST } from './table-schemas.ts';

export const externalTables: Handler = async (context, options, node) => {
  const { http_json_bytes: limit } = options.limits;
  const request = await jsonBody<ExternalTableRequest>(context, EXTERNAL_REQUEST, limit);
  if (request.action === 'add' && context.env.transport !== 'socket')
    throw deniedError(
      'external.local_only',
      "files are named only through the node's local socket",
      'Use `fractal table add`.',
    );
  return Response.json(await node.externalTables(request));
};
