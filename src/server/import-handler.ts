/** `/v1/import`: files of this machine by path (local socket only), or one file's bytes. `/v1/reindex`. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { deniedError, type FractalError } from '../base/index.ts';
import type { ImportEvent, ImportRequest, ImportResult, NodeApi } from '../node/index.ts';
import { boundedBody, jsonBody, mediaType } from './body.ts';
import type { AppOptions, Handler, RequestContext } from './context.ts';
import { fromQuery } from './json-schema.ts';
import { toProblem, wrongContentType } from './problem.ts';
import { BYTES_TYPE, JSON_TYPE, NDJSON_TYPE } from './routes.ts';
import { IMPORT_REQUEST, REINDEX_REQUEST, UPLOAD_QUERY } from './schemas.ts';
import { followClient, streamResponse } from './stream.ts';

const NAME_CHARS_MAX = 120;
const UPLOADS = 'uploads';

type UploadQuery = Omit<ImportRequest, 'paths'> & { readonly name: string };

const line = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value) + '\n');

export const importFiles: Handler = async (context, options, node) => {
  const type = mediaType(context);
  if (type === BYTES_TYPE) return upload(context, options, node);
  if (type !== JSON_TYPE) throw wrongContentType([JSON_TYPE, BYTES_TYPE]);
  onlyBySocket(context);
  const request = await jsonBody<ImportRequest>(context, IMPORT_REQUEST, options.limits.http_json_bytes);
  const abort = followClient(context);
  return eventResponse(context, options, abort, node.import(request, untilStopping(abort, options)));
};

/** The client's going, or the node's stopping, whichever comes first: the reason tells which. */
export const untilStopping = (abort: AbortController, options: AppOptions): AbortSignal =>
  options.stopping === undefined ? abort.signal : AbortSignal.any([options.stopping, abort.signal]);

export function onlyBySocket(context: RequestContext): void {
  if (context.env.transport !== 'socket')
    throw deniedError(
      'import.paths_local_only',
      "paths of this machine are imported only through the node's local socket",
      `Use \`fractal import\`, or send the file's bytes with content-type ${BYTES_TYPE}.`,
    );
}

export const reindex: Handler = async (context, options, node) => {
  await jsonBody(context, REINDEX_REQUEST, options.limits.http_json_bytes);
  const abort = followClient(context);
  const events = async function* (): AsyncGenerator<object> {
    for await (const event of node.reindex(abort.signal)) yield { type: 'progress', ...event };
  };
  return eventResponse(context, options, abort, events());
};

async function upload(context: RequestContext, options: AppOptions, node: NodeApi): Promise<Response> {
  const query = fromQuery(UPLOAD_QUERY, new URL(context.req.url).searchParams) as unknown as UploadQuery;
  const { name: givenName, ...more } = query;
  const name = safeName(givenName);
  const folder = path.join(options.dataDir, UPLOADS, randomUUID());
  const file = path.join(folder, name);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await save(file, boundedBody(context, options.limits.http_body_bytes));
  } catch (error) {
    await remove();
    throw error;
  }
  const abort = followClient(context);
  const events = node.import({ paths: [file], name, ...more }, abort.signal);
  return eventResponse(context, options, abort, named(events, folder, remove));
}

/** Uploads left by a node that was killed. Only for the process that holds the data directory. */
export const clearUploads = (dataDir: string): Promise<void> =>
  rm(path.join(dataDir, UPLOADS), { recursive: true, force: true });

/** The last part of a path without anything a file system or a terminal could take for more than a name. */
export function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._ -]/gu, '_')
    .replace(/^[. ]+|[. ]+$/g, '');
  // Ending first: it says the format.
  const ending = /\.[A-Za-z0-9]{1,8}$/.exec(plain)?.[0] ?? '';
  const stem = plain.slice(0, plain.length - ending.length).slice(0, NAME_CHARS_MAX);
  return stem === '' ? `upload${ending}` : stem + ending;
}

async function save(file: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    for await (const chunk of chunks) await handle.writeFile(chunk);
  } finally {
    await handle.close();
  }
}

/** Events of an upload: the caller's name instead of our temporary path; the file goes when the last event went. */
async function* named(
  events: AsyncIterable<ImportEvent>,
  folder: string,
  remove: () => Promise<void>,
): AsyncGenerator<ImportEvent> {
  const shown = (source: string): string => (source.startsWith(folder) ? path.basename(source) : source);
  try {
    for await (const event of events)
      yield event.type === 'result' ? { ...event, result: withName(event.result, shown) } : event;
  } finally {
    await remove();
  }
}

function withName(result: ImportResult, shown: (source: string) => string): ImportResult {
  const renamed = { ...result, source: shown(result.source) };
  const place = result.error?.place;
  if (result.error === undefined || place?.source === undefined) return renamed;
  return { ...renamed, error: { ...result.error, place: { ...place, source: shown(place.source) } } };
}

/** Events as lines of JSON; an error is the last one. */
export function eventResponse(
  context: RequestContext,
  options: AppOptions,
  abort: AbortController,
  events: AsyncIterable<object>,
): Response {
  const lines = async function* (): AsyncGenerator<Uint8Array> {
    for await (const event of events) yield line(event);
  };
  return streamResponse(lines(), {
    context,
    type: NDJSON_TYPE,
    log: options.log,
    abort,
    onError: (error: FractalError) => line({ type: 'error', problem: toProblem(error) }),
  });
}
