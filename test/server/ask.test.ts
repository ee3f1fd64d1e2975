/** `/v1/ask`: server-sent events, JSON for those who want it, and errors before and after the first event. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { internalError } from '../../src/base/index.ts';
import { ASK_ANSWER, ASK_EVENT, ASK_REQUEST } from '../../src/server/ask-schemas.ts';
import { check } from '../../src/server/json-schema.ts';
import { JSON_BODY, TCP, bench, type Bench } from './harness.ts';

let b: Bench;
before(async () => {
  b = await bench();
  b.node.imported.set('/a', 'The noise limits at work are strict.');
});
after(() => b.cleanUp());

const ask = (body: object, accept?: string) =>
  b.app.request(
    '/v1/ask',
    {
      method: 'POST',
      headers: { ...JSON_BODY, ...(accept === undefined ? {} : { accept }) },
      body: JSON.stringify(body),
    },
    TCP,
  );

interface Event {
  readonly name: string;
  readonly value: { readonly type: string; readonly problem?: { readonly code: string } };
}
async function events(response: Response): Promise<Event[]> {
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  return (await response.text())
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
      return { name, value: JSON.parse(data) as Event['value'] };
    });
}

test('an answer comes as events, the whole last', async () => {
  const got = await events(await ask({ question: 'noise limits' }));
  assert.deepEqual(
    got.map(({ name }) => name),
    ['passages', 'claim', 'answer'],
  );
  for (const { name, value } of got) {
    assert.equal(value.type, name);
    check({ oneOf: [ASK_EVENT] }, value);
  }
});

test('a client that takes JSON alone gets the answer alone', async () => {
  const response = await ask({ question: 'noise limits' }, 'application/json');
  assert.equal(response.headers.get('content-type'), 'application/json');
  check(ASK_ANSWER, await response.json());
});

test('an error before the first event has a status, a later one is the last event', async () => {
  const early = await ask({ question: ' ' });
  assert.deepEqual([early.status, early.headers.get('content-type')], [422, 'application/problem+json']);
  b.node.failAsk = internalError('test.fails', 'it fails');
  try {
    const got = await events(await ask({ question: 'noise limits' }));
    assert.deepEqual(
      got.map(({ name }) => name),
      ['passages', 'claim', 'error'],
    );
    assert.equal(got.at(-1)?.value.problem?.code, 'test.fails');
  } finally {
    b.node.failAsk = undefined;
  }
});

test('a request that is none is refused', async () => {
  assert.equal(ASK_REQUEST.additionalProperties, false);
  for (const body of [{}, { question: 1 }, { question: 'x', more: 1 }])
    assert.equal((await ask(body)).status, 400);
});
