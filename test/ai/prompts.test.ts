import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prompts } from '../../src/ai/llama/prompts.ts';

const asked = (content: string): { readonly role: 'user'; readonly content: string }[] => [
  { role: 'user', content },
];

test('a prompt goes on from one that begins alike, of the same owner only; what is taken over is foreign', () => {
  const prompts = new Prompts(['one', 'two']);
  const law = 'The employer shall keep records of waste. ';
  const { value } = prompts.take(asked(`${law}Who?`), 'ann');
  assert.deepEqual(prompts.take(asked(`${law}When?`), 'ann'), { value, isForeign: false });
  const other = prompts.take(asked(`${law}When?`), 'bob');
  assert.equal(other.isForeign, true);
  assert.notEqual(other.value, value);
  // The longest not used goes, whoever asks.
  assert.deepEqual(prompts.take(asked(`${law}Why?`), 'cid'), { value, isForeign: true });
  assert.deepEqual(prompts.take(asked(`${law}How?`), 'bob'), { value: other.value, isForeign: false });
});
