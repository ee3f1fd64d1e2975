/** An async iterable as the body of a response: pulled as the client reads, ended when the client leaves. */
import type { FractalError, Log } from '../base/index.ts';
import type { RequestContext } from './context.ts';
import { shownError } from './problem.ts';

export interface StreamOptions {
  readonly context: RequestContext;
  readonly type: string;
  readonly log: Log;
  /** Ends the work behind the chunks. */
  readonly abort: AbortController;
  /** The last bytes after an error. Absent: the connection is cut, so that a part is not taken for the whole. */
  readonly onError?: (error: FractalError) => Uint8Array;
}

/** An abort controller that follows the client: it fires when the connection closes early. */
export function followClient(context: RequestContext): AbortController {
  const abort = new AbortController();
  const signal = context.req.raw.signal;
  if (signal.aborted) abort.abort();
  else signal.addEventListener('abort', () => abort.abort(), { once: true });
  return abort;
}

export function streamResponse(chunks: AsyncIterable<Uint8Array>, options: StreamOptions): Response {
  const { context, type, log, abort, onError } = options;
  const iterator = chunks[Symbol.asyncIterator]();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await iterator.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        } catch (thrown) {
          if (abort.signal.aborted) {
            controller.close();
            return;
          }
          const error = shownError(thrown, log);
          if (onError !== undefined) {
            controller.enqueue(onError(error));
            controller.close();
          } else if (context.env.cut !== undefined) {
            context.env.cut();
          } else {
            controller.error(error);
          }
        }
      },
      async cancel() {
        abort.abort();
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  // Said outright, the adapter sends the head at once instead of waiting for the first chunks.
  return new Response(body, { headers: { 'content-type': type, 'transfer-encoding': 'chunked' } });
}
