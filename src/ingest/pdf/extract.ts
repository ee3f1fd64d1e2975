/** Pages of a PDF file as pieces of text. The parser runs in a thread that is ended when it passes a bound. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { FIXED_LIMITS, badInputError, internalError } from '../../base/index.ts';
import { overDocumentLimit } from '../plain/bounds.ts';
import type { PdfMessage, PdfPage, PdfTask } from './messages.ts';
import { encrypted, malformed } from './preflight.ts';

/** Source runs as it is or compiled: the thread's file ends as this one does. */
const THREAD = new URL(`pdf-thread${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);
const WATCH_MS = 100;

export interface PdfFacts {
  readonly pages: number;
  readonly title: string;
  readonly language: string;
}

/** First the facts of the file, then its pages in order. */
export async function* extractPages(
  file: Buffer,
  source: string,
): AsyncGenerator<PdfFacts | PdfPage, void, undefined> {
  // A copy of its own is handed over, so the thread holds the only one.
  const bytes = new Uint8Array(file);
  const task: PdfTask = {
    bytes,
    pagesMax: FIXED_LIMITS.pdf_pages.value,
    itemsMax: FIXED_LIMITS.pdf_page_items.value,
  };
  const worker = new Worker(THREAD, {
    workerData: task,
    transferList: [bytes.buffer],
    resourceLimits: { maxOldGenerationSizeMb: FIXED_LIMITS.pdf_heap_mib.value },
    // Its words may quote the file.
    stdout: true,
    stderr: true,
  });
  const inbox: (PdfMessage | { readonly type: 'error'; readonly error: Error })[] = [];
  let wake: () => void = () => undefined;
  const tell = (message: (typeof inbox)[number]): void => {
    inbox.push(message);
    wake();
  };
  worker.on('message', (message: PdfMessage) => tell(message));
  worker.on('error', (cause) => {
    const code = (cause as NodeJS.ErrnoException).code;
    tell({
      type: 'error',
      error:
        code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? overDocumentLimit(source, 'pdf_heap_mib', 'what the file takes to read')
          : malformed('its parser failed', source, cause),
    });
  });
  worker.on('exit', () =>
    tell({ type: 'error', error: internalError('pdf.thread', 'the thread of the parser ended') }),
  );

  const memoryBefore = process.memoryUsage.rss();
  let passed = 0;
  const watch = setInterval(() => {
    passed += WATCH_MS;
    if (process.memoryUsage.rss() - memoryBefore > FIXED_LIMITS.pdf_memory_bytes.value)
      tell({
        type: 'error',
        error: overDocumentLimit(source, 'pdf_memory_bytes', 'what the file takes to read'),
      });
    else if (passed > FIXED_LIMITS.pdf_time_ms.value)
      tell({ type: 'error', error: overDocumentLimit(source, 'pdf_time_ms', 'the time to read the file') });
  }, WATCH_MS);
  try {
    for (;;) {
      const message = inbox.shift();
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      switch (message.type) {
        case 'opened':
          yield { pages: message.pages, title: message.title, language: message.language };
          break;
        case 'page':
          yield message.page;
          break;
        case 'done':
          return;
        case 'error':
          throw message.error;
        case 'failed':
          if (message.why === 'encrypted') throw encrypted(source);
          if (message.why === 'malformed') throw malformed('its structure is damaged', source);
          throw overDocumentLimit(source, message.why, message.why === 'pdf_pages' ? 'the file' : 'a page');
      }
    }
  } finally {
    clearInterval(watch);
    worker.removeAllListeners();
    // A last error on its way here would end the process, had it no listener.
    worker.on('error', () => undefined);
    await worker.terminate();
  }
}

export function scanned(source: string): Error {
  return badInputError(
    'pdf.scanned',
    'the PDF file has pictures of pages and no text',
    'Run text recognition (OCR) on it first, then import the result.',
    { place: { source, line: 1 } },
  );
}
