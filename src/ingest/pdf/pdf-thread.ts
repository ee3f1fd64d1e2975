/**
 * Reads one PDF file in a thread of its own, started by `extract.ts`: a parser of hostile bytes can be ended only from
 * outside. It has no work but this file and says what it finds.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { getResolvedPDFJS } from 'unpdf';
import type { PdfItem, PdfMessage, PdfTask } from './messages.ts';

interface RawItem {
  readonly str?: string;
  readonly transform?: readonly number[];
  readonly width?: number;
  readonly height?: number;
  readonly hasEOL?: boolean;
}

const send = (message: PdfMessage): void => parentPort?.postMessage(message);

async function read({ bytes, pagesMax, itemsMax }: PdfTask): Promise<void> {
  const { getDocument } = await getResolvedPDFJS();
  const task = getDocument({
    data: bytes,
    // Nothing outside the file is fetched and no font is loaded; this parser runs no code of the file.
    useSystemFonts: false,
    disableFontFace: true,
    disableAutoFetch: true,
    disableStream: true,
    stopAtErrors: false,
    verbosity: 0,
  });
  const document = await task.promise;
  if (document.numPages > pagesMax) {
    send({ type: 'failed', why: 'pdf_pages' });
    return;
  }
  const { info } = await document.getMetadata();
  const facts = info as Readonly<Record<string, unknown>>;
  if (typeof facts['EncryptFilterName'] === 'string') {
    send({ type: 'failed', why: 'encrypted' });
    return;
  }
  const text = (key: string): string => (typeof facts[key] === 'string' ? facts[key].slice(0, 500) : '');
  send({ type: 'opened', pages: document.numPages, title: text('Title'), language: text('Language') });
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    const [, , , top = 0] = page.view;
    const { items } = await page.getTextContent();
    if (items.length > itemsMax) {
      send({ type: 'failed', why: 'pdf_page_items' });
      return;
    }
    const found = (items as readonly RawItem[]).flatMap(
      ({ str, transform, width, height, hasEOL }): PdfItem[] =>
        str === undefined
          ? []
          : [
              {
                text: str.replaceAll('\0', '').toWellFormed(),
                x: transform?.[4] ?? 0,
                y: transform?.[5] ?? 0,
                width: width ?? 0,
                height: height ?? 0,
                endsLine: hasEOL === true,
              },
            ],
    );
    page.cleanup();
    send({ type: 'page', page: { number, height: top, items: found } });
  }
  send({ type: 'done' });
}

// Only as a thread: a tool that looks at every module loads this file too.
if (parentPort !== null) {
  // The parser leaves promises behind that nobody waits for. Whether one fails before the last page is out is chance, so
  // only what is waited for decides.
  process.on('unhandledRejection', () => undefined);
  read(workerData as PdfTask).catch((error: unknown) => {
    const name = error instanceof Error ? error.name : '';
    send({ type: 'failed', why: name === 'PasswordException' ? 'encrypted' : 'malformed' });
  });
}
