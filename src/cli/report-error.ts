/** How an error reaches the caller. */
import { type FractalError } from '../base/index.ts';
import type { Io } from './io.ts';
import { styleFor } from './output/style.ts';
import { oneLine } from './output/text.ts';

/** `file:line:column`, as editors read it. */
export function placeText(place: FractalError['place']): string | undefined {
  if (place === undefined) return undefined;
  const parts = [place.source, place.line, place.line === undefined ? undefined : place.column];
  const text = parts.filter((part) => part !== undefined).join(':');
  if (text === '') return undefined;
  return place.source === undefined ? `line ${text}` : text;
}

export function errorText(error: FractalError): string[] {
  const lines = [`error[${error.code}]: ${oneLine(error.message)}`];
  const where = placeText(error.place);
  if (where !== undefined) lines.push(`  where: ${oneLine(where)}`);
  if (error.cure !== '') lines.push(`  cure: ${oneLine(error.cure)}`);
  return lines;
}

export async function reportError(error: FractalError, io: Io): Promise<void> {
  const style = styleFor(io.stderr.isTty, io.env);
  const [first = '', ...rest] = errorText(error);
  await io.stderr.write([style.red(first), ...rest].join('\n') + '\n');
  // For those who work on Fractal: the original error, which may quote data, only when asked for.
  if (io.env['FRACTAL_DEBUG'] !== undefined && error.cause instanceof Error)
    await io.stderr.write(`${error.cause.stack ?? error.cause.message}\n`);
}
