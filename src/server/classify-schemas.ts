/** JSON Schemas of classification. */
import type { JsonSchema, ObjectSchema } from './json-schema.ts';

const text = (description: string): JsonSchema => ({ type: 'string', description });
const texts = (description: string): JsonSchema => ({
  type: 'array',
  items: { type: 'string' },
  description,
});

export const CLASSIFY_REQUEST: ObjectSchema = {
  type: 'object',
  properties: {
    text: text('one narrative; the answer is then one classification, unless all taxonomies are asked for'),
    incident: text('id of one stored incident, read with the rights of the caller; the answer as for a text'),
    texts: texts('many narratives; the answer is then a list'),
    incidents: texts('ids of many stored incidents'),
    taxonomy: text('name of a taxonomy, severity, or all; event when absent'),
    labels: texts('labels of your own instead of a taxonomy: likeness of words, not calibrated'),
    regulations: { type: 'boolean', description: 'with the provisions of law here that come nearest' },
    at: { type: 'string', format: 'date', description: 'the law of this day, for regulations' },
  },
  required: [],
  additionalProperties: false,
};

const CLASSIFICATION: ObjectSchema = {
  type: 'object',
  properties: {
    index: { type: 'integer', description: 'place of the text in the request: texts first, then incidents' },
    incident: { type: ['string', 'null'], description: 'id of the stored incident' },
    taxonomy: { type: ['string', 'null'], description: 'null for labels of your own' },
    verdict: text('best label, or unsure'),
    labels: {
      type: 'array',
      description: 'best first',
      items: {
        type: 'object',
        properties: { category: text('label'), score: { type: 'number', description: 'chance or cosine' } },
        required: ['category', 'score'],
      },
    },
    threshold: { type: ['number', 'null'], description: 'below it the verdict is unsure' },
    label: text('what the answer is marked with'),
    badge: { type: ['string', 'null'], description: 'what weakens the answer' },
    model: text('model and version'),
    inference_id: text('id of the record of this answer'),
    evidence: {
      type: 'object',
      description: 'of severity: the words that say so, with their offsets in UTF-16 units',
    },
    regulations: {
      type: 'array',
      description: 'nearest first, with the first answer about a text; leads to follow, never a verdict',
      items: {
        type: 'object',
        properties: {
          section_id: text('provision'),
          citation: text('how to cite it'),
          heading: text('heading'),
          score: { type: 'number', description: 'cosine, no chance' },
        },
        required: ['section_id', 'citation', 'heading', 'score'],
      },
    },
  },
  required: ['taxonomy', 'verdict', 'labels', 'threshold', 'label', 'badge', 'model', 'inference_id'],
};

export const CLASSIFY_ANSWER: ObjectSchema = {
  type: 'object',
  description: 'One classification, or a list of them.',
  properties: {
    ...CLASSIFICATION.properties,
    results: { type: 'array', items: CLASSIFICATION },
  },
  required: [],
};
