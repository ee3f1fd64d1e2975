/** Errors as `application/problem+json`. What we did not foresee shows its kind only: its message may quote data. */
import { type FractalError, asFractalError, usageError, type Log, type Problem } from '../base/index.ts';
import { PROBLEM_TYPE } from './routes.ts';

/** Where HTTP has a better word than the kind's own status. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  'auth.required': 401,
  'auth.failed': 401,
  'auth.locked': 429,
  'http.not_found': 404,
  'http.method': 405,
  'http.accept': 406,
  'http.body_too_large': 413,
  'http.content_type': 415,
};

export function toProblem(error: FractalError): Problem {
  const problem = error.toProblem();
  return { ...problem, status: STATUS_OF_CODE[error.code] ?? problem.status };
}

export function problemResponse(error: FractalError): Response {
  const problem = toProblem(error);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      'content-type': PROBLEM_TYPE,
      ...(problem.status === 401
        ? { 'www-authenticate': 'Bearer, Basic realm="fractal", charset="UTF-8"' }
        : {}),
    },
  });
}

/** Any thrown value as an error that may be shown; defects are logged with their place in the code, without message. */
export function shownError(thrown: unknown, log: Log): FractalError {
  const error = asFractalError(thrown);
  if (error.kind === 'internal') log('error', error.code, { where: placeOf(error.cause ?? error) });
  return error;
}

/** First frames of a stack: file and line, never the message above them. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const stack = error.stack ?? '';
  const start = Math.max(stack.indexOf(error.message), 0) + error.message.length;
  const frames = stack
    .slice(start)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  return `${error.name} ${frames
    .slice(0, 4)
    .map((line) => line.trim())
    .join(' ')}`;
}

export const bodyTooLarge = (limitBytes: number): FractalError =>
  usageError(
    'http.body_too_large',
    `the body is larger than ${limitBytes} bytes`,
    'Send less, or import the file by its path with `fractal import`.',
  );

export const wrongContentType = (accepted: readonly string[]): FractalError =>
  usageError(
    'http.content_type',
    `the content-type is not accepted here`,
    `Send content-type: ${accepted.join(' or ')}.`,
  );
