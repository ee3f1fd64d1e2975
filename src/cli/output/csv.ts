/** CSV by RFC 4180: CRLF, quotes doubled. NULL is an empty field, empty text is `""`, nested values are JSON. */
import type { JsonValue } from '../../server/index.ts';

export function csvField(value: JsonValue): string {
  if (value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text === '' || /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvLine = (values: readonly JsonValue[]): string => `${values.map(csvField).join(',')}\r\n`;
