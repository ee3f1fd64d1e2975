/** What models said. What people made of it is in `esh.human_decisions`. */
import { c, defineTable } from '../table.ts';
import { PERSONAL_SPANS } from './personal.ts';

export const inferences = defineTable({
  schema: 'ai',
  name: 'inferences',
  class: 'write-once',
  doc: 'Every answer of a model that reached a caller. Never final: decisions of people stand beside it.',
  key: ['inference_id'],
  partition: { region: 'region', site: 'site_id', category: 'inference', period: 'asked_at' },
  columns: {
    inference_id: c.text('identity'),
    region: c.text('region of the site it is about; empty when it is about none'),
    site_id: c.text('site it is about; empty when it is about none'),
    use_case: c.text('what the model was used for: `ask`, `classify`, …'),
    risk: c.text('risk class of that use when it was asked: `minimal`, `limited` or `high`'),
    standing: c.text('what it was shown as: `recommendation`, `below-threshold` or `information`'),
    threshold: c.number('confidence that a recommendation needed', { null: true }),
    confidence: c.number('how sure the model was, 0 to 1', { null: true }),
    label: c.text('what the answer was marked with: `AI-generated`, …'),
    warnings: c.list('badges it carried: a weaker model or mode answered'),
    model_id: c.text('model'),
    model_version: c.text('its version'),
    model_sha256: c.text('SHA-256 over the hashes of its files; empty behind an endpoint', { null: true }),
    runtime: c.text('what ran it: `onnx`, `llama.cpp`, `endpoint`, `rules`'),
    input_sha256: c.text('SHA-256 of what it was given; the input itself is not kept'),
    output: c.text('what it said', { personal: 'narrative' }),
    evidence: c.list('what it rests on, as `table:key`'),
    asked_by: c.text('principal who asked', { personal: 'identifier' }),
    asked_at: c.time('when'),
    personal_spans: PERSONAL_SPANS,
  },
});
