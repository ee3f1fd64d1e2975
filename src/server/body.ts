/** Request bodies, read within their bounds. */
import { usageError } from '../base/index.ts';
import type { RequestContext } from './context.ts';
import { check, type ObjectSchema } from './json-schema.ts';
import { bodyTooLarge, wrongContentType } from './problem.ts';
import { JSON_TYPE } from './routes.ts';

/** The media type without parameters, lower case. */
export function mediaType(context: RequestContext): string {
  return (context.req.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The body's chunks; throws once they are more than `limitBytes`, before reading when the client says so itself. */
export async function* boundedBody(context: RequestContext, limitBytes: number): AsyncGenerator<Uint8Array> {
  if (Number(context.req.header('content-length') ?? 0) > limitBytes) throw bodyTooLarge(limitBytes);
  const body = context.req.raw.body;
  if (body === null) return;
  let total = 0;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    total += chunk.byteLength;
    if (total > limitBytes) throw bodyTooLarge(limitBytes);
    yield chunk;
  }
}

/**
 * A JSON body of the given shape. The content type is demanded because a form on a foreign page can send text/plain
 * without asking, but not application/json.
 */
export async function jsonBody<T>(
  context: RequestContext,
  schema: ObjectSchema,
  limitBytes: number,
): Promise<T> {
  if (mediaType(context) !== JSON_TYPE) throw wrongContentType([JSON_TYPE]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of boundedBody(context, limitBytes)) chunks.push(chunk);
  const value = parse(Buffer.concat(chunks));
  check(schema, value);
  return value as T;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    // The engine's message quotes the body.
    throw usageError('http.json', 'the body is not JSON in UTF-8', 'Send one JSON object.');
  }
}
