/** A node whose generator is a real GGUF: what it answers is cited or dropped, and a reader who leaves ends the work. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { AskAnswer } from '../../src/ai/index.ts';
import { TEST_GGUF, TEST_RUNTIME } from '../../tools/fetch-test-model.ts';
import { annualPart, testNode, type TestNode } from '../node/kit.ts';

const LAW = annualPart(7, '2023-07-01', {
  '7.1': [
    '(a) Before work begins on a machine that is locked out, the operator shall verify that its energy is isolated.',
    '(b) The operator shall inspect every lockout device at least once every 12 months.',
  ],
  '7.2': ['Dust at the boundary must not exceed 50 micrograms per cubic metre.'],
});
const QUESTIONS = [
  'What must be verified before work on a locked out machine?',
  'How often must a lockout device be inspected?',
  'How much dust may there be at the boundary?',
];
let t: TestNode;

before(async () => {
  t = await testNode();
  await t.import(await t.file('law.xml', LAW));
  const file = path.join(t.dataDir, 'fractal.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  const generator = {
    gguf: TEST_GGUF.file,
    sha256: TEST_GGUF.sha256,
    id: 'smollm2-135m-instruct',
    version: 'q4_1',
    context_tokens: 2048,
    draft: 'prompt',
    runtime: TEST_RUNTIME,
  };
  await writeFile(file, JSON.stringify({ ...config, generator }));
  await t.reopen();
});
after(() => t[Symbol.asyncDispose]());

test('every claim that a real model makes is cited by words of the law, or dropped with its reason', async () => {
  let claims = 0;
  let dropped = 0;
  for (const question of QUESTIONS) {
    let answer: AskAnswer | undefined;
    for await (const event of t.node.ask({ question })) if (event.type === 'answer') answer = event.answer;
    assert.ok(answer !== undefined);
    claims += answer.claims.length;
    dropped += answer.dropped.length;
    for (const { citations } of answer.claims) {
      assert.ok(citations.length > 0);
      for (const { version_id, section_id, quote, start, end } of citations) {
        const [row] = await t.node.parts.store.rows<{ text: string }>(
          'select text from law.sections where version_id = $1 and section_id = $2',
          [version_id, section_id],
        );
        assert.equal(row?.text.slice(start, end), quote);
      }
    }
    if (answer.mode === 'generated') assert.equal(answer.label, 'AI-generated');
  }
  assert.ok(claims + dropped > 0, 'the model said something');
});

test('whoever leaves a text in the middle ends the work, and the record has what they saw', async () => {
  const request = {
    messages: [{ role: 'user', content: 'Write a long story about a fox, a river and a mill.' }],
    max_tokens: 1500,
  } as const;
  let seen = '';
  for await (const event of t.node.generate(request)) {
    if (event.type === 'text') seen += event.text;
    if (seen.length > 20) break;
  }
  const [row] = await t.rows<{ output: string }>(
    `select output from ai.inferences where use_case = 'generate'`,
  );
  assert.equal(row?.output, seen);
  // One text is written at a time: this one is not held up by the rest of the other.
  const events = [];
  for await (const event of t.node.generate({ ...request, max_tokens: 2 })) events.push(event);
  assert.equal(events.at(-1)?.type, 'end');
});
