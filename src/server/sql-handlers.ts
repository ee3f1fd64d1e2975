/** `/v1/sql` and `/v1/explain`. */
import { usageError, type FractalError } from '../base/index.ts';
import type { SqlRequest } from '../node/index.ts';
import { jsonBody } from './body.ts';
import type { Handler, RequestContext } from './context.ts';
import { dataFrame, problemFrame } from './frames.ts';
import { toProblem } from './problem.ts';
import { ARROW_TYPE, FRAMES_TYPE, JSON_TYPE } from './routes.ts';
import { readRows } from './rows.ts';
import { SQL_REQUEST } from './schemas.ts';
import { followClient, streamResponse } from './stream.ts';

type SqlForm = typeof JSON_TYPE | typeof ARROW_TYPE | typeof FRAMES_TYPE;

/** The first form we know in the Accept header, JSON when any will do. */
function wantedForm(context: RequestContext): SqlForm {
  const accept = context.req.header('accept') ?? '*/*';
  for (const part of accept.split(',')) {
    const type = part.split(';')[0]?.trim().toLowerCase() ?? '';
    if (type === ARROW_TYPE || type === FRAMES_TYPE || type === JSON_TYPE) return type;
    if (type === '*/*' || type === 'application/*') return JSON_TYPE;
  }
  throw usageError(
    'http.accept',
    'none of the accepted types can be answered',
    `Accept ${JSON_TYPE} or ${ARROW_TYPE}.`,
  );
}

export const sql: Handler = async (context, options, node) => {
  const form = wantedForm(context);
  const request = await jsonBody<SqlRequest>(context, SQL_REQUEST, options.limits.http_json_bytes);
  const abort = followClient(context);
  const bytes = await node.sql(request, abort.signal);
  const common = { context, log: options.log, abort };
  switch (form) {
    case 'application/vnd.apache.arrow.stream':
      return streamResponse(bytes, { ...common, type: ARROW_TYPE });
    case 'application/vnd.fractal.frames':
      return streamResponse(framed(bytes), {
        ...common,
        type: FRAMES_TYPE,
        onError: (error: FractalError) => problemFrame(toProblem(error)),
      });
    case 'application/json':
      return streamResponse(await jsonText(bytes), { ...common, type: JSON_TYPE });
  }
};

export const explain: Handler = async (context, options, node) => {
  const request = await jsonBody<SqlRequest>(context, SQL_REQUEST, options.limits.http_json_bytes);
  return Response.json({ plan: await node.explain(request, followClient(context).signal) });
};

async function* framed(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) yield dataFrame(chunk);
}

/** Rows go out in parts of about this size: small enough to keep the event loop free between them. */
const PART_CHARS = 64 * 1024;

/** `{"columns":[…],"rows":[…]}` in parts. The schema is read before the first byte leaves, so early errors have a status. */
export async function jsonText(bytes: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const reader = await readRows(bytes);
  return (async function* () {
    const columns = reader.columns.map(({ name, type }) => ({ name, type }));
    let part = `{"columns":${JSON.stringify(columns)},"rows":[`;
    let first = true;
    for await (const row of reader.rows) {
      part += (first ? '\n' : ',\n') + JSON.stringify(row);
      first = false;
      if (part.length >= PART_CHARS) {
        yield Buffer.from(part);
        part = '';
        // Decoding is synchronous: let other requests in.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    yield Buffer.from(part + '\n]}\n');
  })();
}
