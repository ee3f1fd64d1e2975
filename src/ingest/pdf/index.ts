/** Reader of PDF files. */
export { pdfReader } from './pdf.ts';
