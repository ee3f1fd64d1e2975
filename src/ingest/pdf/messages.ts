/** What the thread that reads PDF files says. */

/** A piece of text as it is set. */
export interface PdfItem {
  readonly text: string;
  readonly x: number;
  /** From the bottom of the page. */
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly endsLine: boolean;
}

export interface PdfPage {
  readonly number: number;
  readonly height: number;
  readonly items: readonly PdfItem[];
}

export type PdfMessage =
  | { readonly type: 'opened'; readonly pages: number; readonly title: string; readonly language: string }
  | { readonly type: 'page'; readonly page: PdfPage }
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly why: 'encrypted' | 'malformed' | 'pdf_pages' | 'pdf_page_items' };

export interface PdfTask {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly pagesMax: number;
  readonly itemsMax: number;
}
