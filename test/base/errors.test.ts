import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  ERROR_KINDS,
  FractalError,
  asFractalError,
  badInputError,
  deniedError,
  integrityError,
  internalError,
  invariant,
  notFoundError,
  unavailableError,
  unreachable,
  usageError,
  type ErrorKind,
} from '../../src/base/index.ts';

const MAKERS = {
  usage: usageError,
  denied: deniedError,
  not_found: notFoundError,
  bad_input: badInputError,
  unavailable: unavailableError,
  integrity: integrityError,
} as const;

describe('errors', () => {
  it('each kind has an exit code of its own, from 1, and an HTTP status of 400 or more', () => {
    const exits = Object.values(ERROR_KINDS).map((kind) => kind.exit);
    assert.deepEqual([...exits].sort(), [1, 2, 3, 4, 5, 6, 7]);
    for (const { http } of Object.values(ERROR_KINDS)) assert.ok(http >= 400 && http < 600);
  });

  it('each maker makes its kind', () => {
    for (const [kind, make] of Object.entries(MAKERS)) {
      const error = make('a.code', 'message', 'cure');
      assert.equal(error.kind, kind);
      assert.equal(error.exitCode, ERROR_KINDS[kind as ErrorKind].exit);
      assert.equal(error.toProblem().status, ERROR_KINDS[kind as ErrorKind].http);
    }
    assert.equal(internalError('a.code', 'message').exitCode, 1);
  });

  it('the problem form keeps every field through JSON, and nothing of the cause', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(ERROR_KINDS) as ErrorKind[])),
        fc.string(),
        fc.string(),
        fc.option(fc.record({ source: fc.string(), line: fc.nat(), column: fc.nat() }), { nil: undefined }),
        (kind, message, cure, place) => {
          const secret = 'SECRET-7f3a';
          const error = new FractalError(kind, {
            code: 'a.b',
            message,
            cure,
            cause: new Error(secret),
            ...(place === undefined ? {} : { place }),
          });
          const text = JSON.stringify(error.toProblem());
          assert.ok(!text.includes(secret));
          const problem = JSON.parse(text) as Record<string, unknown>;
          assert.equal(problem['code'], 'a.b');
          assert.equal(problem['kind'], kind);
          assert.equal(problem['detail'], message);
          assert.equal(problem['cure'], cure);
          assert.deepEqual(problem['place'], place === undefined ? undefined : { ...place });
        },
      ),
    );
  });

  it('a foreign error keeps its words to itself', () => {
    const original = new TypeError('row 4: Jane Doe, 555-0199');
    const error = asFractalError(original);
    assert.equal(error.code, 'internal.unexpected');
    assert.ok(!error.message.includes('Jane'));
    assert.ok(!JSON.stringify(error.toProblem()).includes('Jane'));
    assert.equal(error.cause, original);
    assert.equal(asFractalError(error), error);
    assert.equal(asFractalError('text').code, 'internal.unexpected');
  });

  it('`at` adds a place and keeps the rest', () => {
    const cause = new Error('x');
    const error = badInputError('xml.depth', 'm', 'c', { cause, place: { line: 3 } }).at({ source: 'a.xml' });
    assert.deepEqual(error.place, { line: 3, source: 'a.xml' });
    assert.equal(error.cause, cause);
    assert.equal(error.kind, 'bad_input');
  });

  it('an invariant lets truth pass and throws an internal error otherwise', () => {
    for (const fine of [true, 1, 'x', {}, 0n, Number.NaN]) invariant(fine, 'fine');
    for (const broken of [false, null, undefined, 0, ''])
      assert.throws(() => invariant(broken, 'what'), { code: 'internal.invariant', kind: 'internal' });
    assert.throws(() => unreachable('x' as never), { code: 'internal.unreachable' });
  });
});
