/** What the statements of the queue share. */
import type { Books } from '../../store/index.ts';

export type Reader = Pick<Books, 'rows'>;

/** Milliseconds as `make_timestamp` takes them. */
export const micros = (ms: number): bigint => BigInt(Math.trunc(ms)) * 1000n;
