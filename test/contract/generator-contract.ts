/** What every `Generator` keeps to, whoever runs the model. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  generateWhole,
  type GenerateChunk,
  type GenerateRequest,
  type Generator,
} from '../../src/ai/index.ts';
import { FractalError } from '../../src/base/index.ts';

export const failsWith =
  (code: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof FractalError, String(error));
    assert.equal(error.code, code, error.message);
    assert.notEqual(error.cure, '');
    return true;
  };

const ASKED: GenerateRequest = {
  messages: [{ role: 'user', content: 'Name three colours.' }],
  max_tokens: 12,
};

export function generatorContract(name: string, make: () => Generator | Promise<Generator>): void {
  describe(`${name} as a Generator`, () => {
    it('says what it is', async () => {
      const { model } = await make();
      assert.notEqual(model.id, '');
      assert.ok(model.context_tokens > 0);
      assert.match(model.sha256 ?? '0'.repeat(64), /^[0-9a-f]{64}$/);
    });

    it('ends with one end, its reason and its counts', async () => {
      const chunks: GenerateChunk[] = [];
      for await (const chunk of (await make()).generate(ASKED)) chunks.push(chunk);
      const ends = chunks.flatMap(({ end }) => end ?? []);
      assert.equal(ends.length, 1);
      assert.equal(chunks.at(-1)?.end, ends[0]);
      assert.ok((ends[0]?.prompt_tokens ?? 0) > 0 && (ends[0]?.completion_tokens ?? 0) > 0);
    });

    it('gives the same text again without a temperature', async () => {
      const generator = await make();
      assert.equal(
        (await generateWhole(generator, ASKED)).text,
        (await generateWhole(generator, ASKED)).text,
      );
    });

    it('stops at max_tokens and says so', async () => {
      const { finish_reason, completion_tokens } = await generateWhole(await make(), {
        ...ASKED,
        max_tokens: 2,
      });
      assert.equal(finish_reason, 'length');
      assert.ok((completion_tokens ?? 0) <= 2);
    });

    it('keeps to a JSON schema', async () => {
      const json_schema = {
        type: 'object',
        properties: { colour: { enum: ['red', 'blue'] } },
        required: ['colour'],
      };
      const { text } = await generateWhole(await make(), { ...ASKED, max_tokens: 60, json_schema });
      assert.ok(['red', 'blue'].includes((JSON.parse(text) as { colour: string }).colour));
    });

    it('can be left in the middle, and asked again', async () => {
      const generator = await make();
      for await (const { text } of generator.generate(ASKED)) if (text !== '') break;
      assert.notEqual((await generateWhole(generator, ASKED)).text, '');
    });

    it('is cancelled by its signal', async () => {
      const generator = await make();
      await assert.rejects(
        generateWhole(generator, ASKED, AbortSignal.abort()),
        failsWith('generate.cancelled'),
      );
    });
  });
}
